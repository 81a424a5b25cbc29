"""The quick reading of cells says what the careful one says, for every column there is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import registry
from portal.forms import form_class
from portal.importing.cells import Names, Unfit, is_empty, value
from portal.importing.columns import EMPTY, reader
from portal.sheets import layout
from tests import factories

pytestmark = pytest.mark.django_db
ABSENT = ["", " ", "无", "暂无", "—", "、、", "没有"]
NUMBERS = ["1", "0", "1.0", "１２", "-3", "1,200", "12.50", "9" * 12, "２０２４", "²", "١٢", "0536-1234567"]
DAYS = ["2024-06-01", "2024年6月1日", "2024/13/01"]
WORDS = ["是", "否", "其他", "其他、行业协会", "龙头企业", "91370000MA3DEM0X11", "甲" * 61, "甲" * 301]
LONG = "甲（演示：）" * 5
TEXTS = [
    f"{LONG[:30]} {LONG}",
    "9137 0000 MA3D EM0X 11 " * 3,
    "甲\n乙",
    " 甲 ",
    "甲　乙",
    "甲\u200b乙",
    "e\u0301",
]
ODD = [*ABSENT, *NUMBERS, *DAYS, *WORDS, *TEXTS]
TYPES = list(registry.all_types())


def carefully(column, field, names, limit, said: str):
    try:
        return EMPTY if is_empty(column, said) else value(column, field, said, names, limit)
    except Unfit as unfit:
        return str(unfit)


def quickly(read, said: str):
    try:
        return read(said) if said else EMPTY
    except Unfit as unfit:
        return str(unfit)


def columns_of(record_type):
    """Return what reads each column, quickly and carefully."""
    bureau = factories.bureau("3707")
    names = Names(record_type.model(organisation=bureau, region=bureau.region))
    for column in layout(record_type)[0].columns:
        field, limit = form_class(record_type).base_fields[column.name], record_type.limits.get(column.name)
        yield (
            reader(column.field, field, names, limit),
            lambda said, c=column.field, f=field, m=limit: carefully(c, f, names, m, said),
        )


@pytest.mark.parametrize("record_type", TYPES, ids=lambda record_type: record_type.slug)
def test_odd_cells_are_read_alike_the_first_time_and_the_second(record_type):
    for quick, careful in columns_of(record_type):
        for said in [*ODD, *ODD]:
            assert quickly(quick, said) == careful(said), said


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=12))
def test_any_cell_is_read_alike(said):
    for quick, careful in columns_of(registry.get("building-units")):
        assert quickly(quick, said) == careful(said)


def test_what_is_remembered_is_not_shared():
    unit = registry.get("building-units")
    field = form_class(unit).base_fields["services"]
    quick = reader(unit.field("services"), field, Names(unit.model(region_id="3707")))
    quick("培训、维权").append("other")

    assert quick("培训、维权") == ["training", "rights"]
