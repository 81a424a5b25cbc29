"""Imports: every row sorted into 新增, 更新, 相同, left alone or wrong; carried out all or nothing."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from portal import drafts, exports, import_files, imports, registry
from portal.models import Filing, Import, ImportedRow, Job, User
from portal.refusals import Refused
from portal.registry import RecordType
from portal.vocabulary import State
from tests import factories
from tests import made_files as made

pytestmark = pytest.mark.django_db
every_type = pytest.mark.parametrize(
    "record_type", list(registry.all_types()), ids=lambda record_type: record_type.slug
)
UNIT = registry.get("building-units")
HEADER = ["单位全称", "单位类型", "统一社会信用代码", "地址"]


@pytest.fixture
def by() -> User:
    return factories.filer()


def lines(*rows: list) -> bytes:
    return made.xlsx([["单位全称", "单位类型", "法定代表人"], *rows])


def received(by: User, *rows: list, name: str = "单位.xlsx") -> Import:
    return imports.receive(lines(*rows), name, UNIT, by=by)


def counts(imported: Import) -> dict[str, int]:
    return {name: number for name, number in imported.counts.items() if number}


def titles(imported: Import, outcome: str) -> list[str]:
    return [row.title for row in imports.page(imported, outcome).rows]


def test_new_rows_become_drafts_of_the_bureau_once_confirmed(by):
    imported = received(by, ["甲公司", "其他", "张三"], ["乙公司", "龙头企业", None])
    before = Filing.objects.count()

    done = imports.confirm(imported, by=by)

    assert (before, counts(imported), done.committed_at is not None) == (0, {"new": 2}, True)
    assert [(f.title, f.state, f.revision, f.created_by) for f in Filing.objects.order_by("pk")] == [
        ("甲公司", State.DRAFT, 0, by),
        ("乙公司", State.DRAFT, 0, by),
    ]
    assert ImportedRow.objects.count() == 2
