"""Carrying a plan out: each row means what it meant, in batches, with progress, and its digest is kept."""

import pytest

from portal import bulk_drafts, drafts, import_files, imports, registry
from portal.import_plans import Plan
from portal.import_writing import MOVED, Writing, _means
from portal.importing.held import Known
from portal.models import Filing, Import, ImportedRow, RowOutcome, User
from portal.refusals import Refused
from portal.vocabulary import State
from tests import factories
from tests import made_files as made

pytestmark = pytest.mark.django_db
UNIT = registry.get("building-units")
ROW = {"f": 7, "n": 3}


@pytest.fixture
def by() -> User:
    return factories.filer()


def received(by: User, *rows: list) -> Import:
    header = ["单位全称", "单位类型", "法定代表人"]
    return imports.receive(made.xlsx([header, *rows]), "单位.xlsx", UNIT, by=by)


def known(pk: int = 7, revision: int = 3, *, is_editable: bool = True) -> Known:
    """Return a filing as a plan finds it."""
    state = State.DRAFT if is_editable else State.CITY_REVIEW
    return Known("甲公司", pk, state, version=1, revision=revision, is_published=False)


@pytest.mark.parametrize(
    ("outcome", "found", "is_so"),
    [
        (RowOutcome.NEW, None, True),
        (RowOutcome.NEW, known(), False),
        (RowOutcome.LEFT, None, False),
        (RowOutcome.LEFT, known(), False),
        (RowOutcome.LEFT, known(is_editable=False), True),
        (RowOutcome.LEFT, known(8, is_editable=False), False),
        (RowOutcome.LEFT, known(revision=4, is_editable=False), True),
        (RowOutcome.CHANGED, None, False),
        (RowOutcome.CHANGED, known(), True),
        (RowOutcome.CHANGED, known(8), False),
        (RowOutcome.CHANGED, known(revision=4), False),
        (RowOutcome.CHANGED, known(is_editable=False), False),
        (RowOutcome.SAME, known(), True),
        (RowOutcome.SAME, known(revision=4), False),
    ],
)
def test_a_row_means_what_it_meant_while_its_filing_is_there_untouched(outcome, found, is_so):
    assert _means(outcome, ROW, found) == is_so


def writing(imported: Import, by: User, heard: list) -> Writing:
    plan = Plan(import_files.opened(imported.plan))
    progress = lambda *told: heard.append(told)  # noqa: E731 -- a list has no such shape
    return Writing(plan, UNIT, imported.organisation, by=by, progress=progress)


def mixed(by: User) -> Import:
    """Return an import with a row of each outcome that can be carried out."""
    for name, person in (("甲公司", "张三"), ("乙公司", "李四")):
        values = {"name": name, "unit_type": "other", "legal_representative": person}
        drafts.create(UNIT, by=by, values=values)
    factories.submitted(UNIT, name="丙公司")
    rows = [["甲公司", "其他", "张三"], ["乙公司", "其他", "王五"], ["丙公司", "其他", ""]]
    return received(by, *rows, ["丁公司", "其他", ""], ["戊公司", "其他", ""])


def test_progress_counts_every_row_of_the_plan_once_up_to_all_of_them(by):
    heard: list = []
    work = writing(mixed(by), by, heard)

    with work.plan.file:
        written = work.carry_out()

    assert written == 3
    assert heard == [(1, 5, "写入"), (2, 5, "写入"), (3, 5, "写入"), (5, 5, "写入")]


def test_many_rows_are_written_in_batches_and_each_keeps_its_own_digest(by):
    held = ["甲公司", "乙公司", "丙公司"]
    for name in held:
        drafts.create(UNIT, by=by, values={"name": name, "unit_type": "other"})
    new = [f"新公司{n}" for n in range(bulk_drafts.BATCH + 1)]
    sheet = [[name, "其他", "张三"] for name in [*held, *new]]
    imported, heard = received(by, *sheet), []
    work = writing(imported, by, heard)

    with work.plan.file:
        written = work.carry_out()

    whole = len(sheet)
    assert (written, heard) == (
        whole,
        [(3, whole, "写入"), (whole - 1, whole, "写入"), (whole, whole, "写入")],
    )
    kept = ImportedRow.objects.values_list("filing__title", "revision")
    assert sorted(kept) == sorted([*[(name, 1) for name in held], *[(name, 0) for name in new]])
    assert len(set(ImportedRow.objects.values_list("digest", flat=True))) == whole
    assert {name: n for name, n in received(by, *sheet).counts.items() if n} == {"same": whole}


def test_what_was_written_is_found_the_same_by_its_digest_alone(by):
    imports.confirm(mixed(by), by=by)

    persons = {"甲公司": "张三", "乙公司": "王五", "丁公司": "", "戊公司": ""}
    again = received(by, *[[name, "其他", person] for name, person in persons.items()])

    revisions = dict(ImportedRow.objects.values_list("filing__title", "revision"))
    assert revisions == {"甲公司": 0, "乙公司": 1, "丁公司": 0, "戊公司": 0}
    assert {name: n for name, n in again.counts.items() if n} == {"same": 4}


@pytest.mark.parametrize("outcome", ["same", "changed", "left", "new"])
def test_a_row_that_means_another_thing_is_named_with_its_line_and_nothing_is_written(by, outcome):
    imported = mixed(by)
    moved = {
        "same": lambda: drafts.save(draft("甲公司"), by=by, revision=0, values={"address": "某路"}),
        "changed": lambda: drafts.save(draft("乙公司"), by=by, revision=0, values={"address": "某路"}),
        "left": lambda: factories.act(Filing.objects.get(title="丙公司"), "withdraw", by),
        "new": lambda: drafts.create(UNIT, by=by, values={"name": "戊公司"}),
    }
    moved[outcome]()
    before = list(Filing.objects.order_by("pk").values_list("title", "revision"))

    with pytest.raises(Refused) as refused:
        imports.confirm(imported, by=by)

    named = {"same": (2, "甲公司"), "changed": (3, "乙公司"), "left": (4, "丙公司"), "new": (6, "戊公司")}
    assert str(refused.value) == MOVED.format(*named[outcome])
    assert list(Filing.objects.order_by("pk").values_list("title", "revision")) == before
    assert ImportedRow.objects.count() == 0


def draft(name: str):
    return UNIT.model.objects.get(name=name)
