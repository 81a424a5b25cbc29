"""R6: what an edition changed, the projects by class, who examines what where.

鲁人社发〔2020〕18号 三（三）13.
"""

from dataclasses import dataclass
from datetime import date, datetime

import pytest
from django.utils import timezone

from portal import reports, targets
from portal.models import CatalogueEntry, Filing, PolicyTarget, Region
from tests import timelines
from tests.copies import multiply_entry
from tests.factories import WEIFANG, entry
from tests.rolling import asked, numbers, queries, tables, unequal, whole
from tests.timelines import day

pytestmark = pytest.mark.django_db
SLUG, JINAN, KUIWEN = "exam-catalogue", "3701", "370705"
CHANGES, SUMS, CLASSES, EXAMINERS = "目录变化", "变化汇总", "分类统计", "考核机构"
KITE, CLAY = "演示风筝制作", "演示泥塑制作"
FIRST, LATER = "演示文〔2024〕1号", "演示文〔2024〕8号"


@dataclass
class History:
    """What happened: the entries by a word, the cut-off between early and late acts."""

    entries: dict[str, CatalogueEntry]
    early: datetime
    before: list
    late: datetime


def institution(name: str, *regions: str, place: str = WEIFANG, project: str = KITE, **row) -> CatalogueEntry:
    """Publish an institution that may examine one project in some regions."""
    rows = [{"project": project, "region": region, **row} for region in regions]
    facts = {"name": name, "authorizations": rows, "explanation": "演示说明"}
    return entry("exam-institutions", place=place, on=day(5), **facts)


def begin() -> dict[str, CatalogueEntry]:
    """Publish two editions, the second with a change of each kind, and nine institutions."""
    found = {
        word: timelines.published(f"演示{name}制作", day(3, year=2023), catalogue_class=of)
        for word, name, of in (
            ("kite", "风筝", "handcraft"),
            ("print", "年画", "handcraft"),
            ("paper", "剪纸", "handcraft"),
            ("clay", "泥塑", "handcraft"),
            ("dough", "面塑", "food"),
        )
    }
    timelines.edition("2023年版", day(6, year=2023), document_number="演示文〔2023〕1号")
    found["potter"] = institution("演示泥塑学校", "潍坊市", project=CLAY)
    found["added"] = timelines.published("演示草编制作", day(4))
    found["changed"] = timelines.amended(
        found["kite"], day(4), catalogue_class="other", summary="演示数据。新的简介。"
    )
    found["renamed"] = timelines.amended(found["print"], day(4), name="演示木版年画制作")
    timelines.merged(found["paper"], found["renamed"], day(4))
    timelines.left(found["clay"], day(4))
    timelines.edition("2024年版", day(6))
    for number in range(6):
        found[f"school {number}"] = institution(f"演示学校{number}", "潍坊市", "奎文区")
    found["jinan"] = institution("演示济南学校", "济南市", place=JINAN)
    institution("演示过期学校", "潍坊市", valid_from=date(2023, 1, 1), valid_to=date(2023, 12, 31))
    return found


def go_on(found: dict[str, CatalogueEntry]) -> None:
    """Publish back-dated, bring out another edition, let an institution leave, change limit and names."""
    timelines.published("演示苗木种植", day(7), catalogue_class="planting")
    timelines.amended(found["added"], day(8), summary="演示数据。草编的新简介。")
    timelines.edition("2025年版", day(1, year=2025), document_number="")
    timelines.left(found["school 0"], timezone.localdate())
    timelines.left(found["jinan"], timezone.localdate())
    institution("演示补登学校", "潍坊市", project="演示木版年画制作")
    limit = PolicyTarget.objects.get(pk="institutions-per-project")
    limit.number = 4
    limit.save()
    region = Region.objects.get(pk=WEIFANG)
    region.name = "潍坊市（演示更名）"
    region.save()


@pytest.fixture(scope="module")
def history(for_the_module) -> History:
    entries = begin()
    early = timezone.now()
    before = whole(asked(SLUG, early))
    go_on(entries)
    return History(entries, early, before, timezone.now())


def test_an_edition_is_told_by_its_changes_from_the_one_before(history):
    found = asked(SLUG, history.early)

    assert reports.in_words(found) == [
        ("版次", "2024年版（2024-06-01）"),
        ("对比版次", "2023年版（2023-06-01）"),
    ]
    assert tables(found)[CHANGES] == [
        (1, "新增", "EP-3707-0006", "演示草编制作", "手工制作", "", FIRST),
        (2, "调整", "EP-3707-0001", KITE, "其它", "类别：“手工制作”改为“其它”；项目简介有调整", LATER),
        (
            3,
            "更名",
            "EP-3707-0002",
            "演示木版年画制作",
            "手工制作",
            "考核项目名称：“演示年画制作”改为“演示木版年画制作”",
            LATER,
        ),
        (4, "合并", "EP-3707-0003", "演示剪纸制作", "手工制作", "并入 EP-3707-0002 演示木版年画制作", LATER),
        (5, "移出", "EP-3707-0004", CLAY, "手工制作", "移出原因：自愿退出", LATER),
    ]
    assert tables(found)[SUMS] == [
        ("新增", 1),
        ("调整", 1),
        ("更名", 1),
        ("合并", 1),
        ("移出", 1),
        ("合计", 5),
    ]


def test_the_projects_are_counted_by_class_in_both_editions_and_at_the_cut_off(history):
    assert tables(asked(SLUG, history.early))[CLASSES] == [
        ("食品制作", 1, 1, 0, 1),
        ("种植", 0, 0, 0, 0),
        ("手工制作", 4, 2, -2, 2),
        ("其它", 0, 1, 1, 1),
        ("合计", 5, 4, -1, 4),
    ]


def test_more_institutions_of_a_project_in_a_city_than_the_limit_are_flagged(history):
    assert tables(asked(SLUG, history.early))[EXAMINERS] == [
        (1, "济南市", "EP-3707-0001", KITE, 1, ""),
        (2, "潍坊市", "EP-3707-0001", KITE, 6, "超过5个"),
        (3, "潍坊市", "EP-3707-0004", f"{CLAY}（已不在目录）", 1, ""),
        ("", "合计", "", "3 项次", 8, "超过5个 1 项次"),
    ]


def test_the_target_counts_the_same_projects_and_institutions(history):
    target = PolicyTarget.objects.get(pk="institutions-per-project")
    question = targets.Asked(target, timezone.localdate(), 2024, at=history.early)

    found = targets.counters[target.pk].count(question)
    assert found.of == {"3701": 1, "3707": 2}
    assert found.behind.count() == 8


def test_later_acts_leave_the_report_of_an_earlier_cut_off_as_it_was(history):
    assert whole(asked(SLUG, history.early)) == history.before


def test_a_later_cut_off_knows_the_later_edition_and_limit(history):
    question, city = asked(SLUG, history.late), "潍坊市（演示更名）"
    found = tables(question)

    assert reports.in_words(question)[0] == ("版次", "2025年版（2025-01-01）")
    assert [row[:4] for row in found[CHANGES]] == [
        (1, "新增", "EP-3707-0007", "演示苗木种植"),
        (2, "调整", "EP-3707-0006", "演示草编制作"),
    ]
    assert found[CLASSES][1:3] == [("种植", 0, 1, 1, 1), ("手工制作", 2, 2, 0, 2)]
    assert found[EXAMINERS] == [
        (1, city, "EP-3707-0001", KITE, 5, "超过4个"),
        (2, city, "EP-3707-0002", "演示木版年画制作", 1, ""),
        (3, city, "EP-3707-0004", f"{CLAY}（已不在目录）", 1, ""),
        ("", "合计", "", "3 项次", 7, "超过4个 1 项次"),
    ]


def test_any_two_editions_can_be_compared(history):
    found = tables(asked(SLUG, history.late, **{"to": "2025-01-01", "from": "2023-06-01"}))

    assert dict(found[SUMS]) == {"新增": 2, "调整": 1, "更名": 1, "合并": 1, "移出": 1, "合计": 6}
    assert found[CLASSES][-1] == ("合计", 5, 5, 0, 5)


@pytest.mark.parametrize("filters", [{"to": "2025-01-01"}, {"to": "2024-06-01", "from": "2024-06-01"}])
def test_an_edition_of_later_does_not_exist_yet(history, filters):
    with pytest.raises(reports.Unknown):
        asked(SLUG, history.early, **filters)


def test_the_first_edition_has_nothing_to_be_held_against(history):
    question = asked(SLUG, history.early, to="2023-06-01")

    found = reports.content(question)
    assert found.title == "专项职业能力考核项目目录（2023年版）"
    assert found.tables[0].notes == ("统计截止时没有可以对比的更早版次。",)
    assert tables(question)[CHANGES] == []
    assert tables(question)[CLASSES][-1] == ("合计", 0, 5, 5, 4)


def test_before_any_edition_the_catalogue_of_the_cut_off_is_counted(db):
    question = asked(SLUG, datetime(2019, 1, 1, tzinfo=timezone.get_current_timezone()))

    assert question.filters == {"to": "", "from": ""}
    assert tables(question)[CLASSES][-1] == ("合计", 0, 0, 0, 0)
    assert tables(question)[EXAMINERS] == []


@pytest.mark.parametrize("when", ["early", "late"])
@pytest.mark.parametrize("region", ["37", WEIFANG, JINAN, KUIWEN])
def test_behind_each_number_are_the_filings_it_counts(history, when, region):
    question = asked(SLUG, getattr(history, when), region)

    assert unequal(question) == []
    assert [n for n in numbers(reports.content(question)) if n.value and not n.cell] == []


def test_behind_a_number_are_those_very_filings(history):
    question, schools = (
        asked(SLUG, history.early),
        [history.entries[f"school {n}"].filing_id for n in range(6)],
    )

    behind = reports.behind(question, "city=3707&project=EP-3707-0001")
    assert sorted(behind.filings.values_list("pk", flat=True)) == sorted(schools)
    behind = reports.behind(question, "change=removed")
    assert (behind.title, behind.filings.get()) == (
        "移出的考核项目",
        Filing.objects.get(pk=history.entries["clay"].filing_id),
    )


def test_a_city_gets_its_own_projects_and_institutions(history):
    jinan = tables(asked(SLUG, history.early, JINAN))

    assert (jinan[CHANGES], jinan[CLASSES][-1]) == ([], ("合计", 0, 0, 0, 0))
    assert jinan[EXAMINERS][:-1] == [(1, "济南市", "EP-3707-0001", KITE, 1, "")]
    assert len(tables(asked(SLUG, history.early, WEIFANG))[CHANGES]) == 5
    assert tables(asked(SLUG, history.early, KUIWEN))[EXAMINERS] == []


CELLS = [
    "change=odd",
    "at=odd",
    "at=to&class=odd",
    "city=3707&project=EP-3707-9999",
    "city=3707",
    "table=odd",
    "",
]


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_there_is_not_is_unknown(history, cell):
    with pytest.raises(reports.Unknown):
        reports.behind(asked(SLUG, history.early), cell)


def test_the_number_of_queries_does_not_depend_on_the_number_of_entries(history):
    first = timelines.published("演示面点制作", day(2, year=2025))
    timelines.edition("2026年版", day(1, year=2026))
    one = queries(asked(SLUG))
    multiply_entry(first, 2)
    multiply_entry(history.entries["potter"], 2)
    three = queries(asked(SLUG))
    multiply_entry(first, 40)
    multiply_entry(history.entries["potter"], 40)

    assert one == three == queries(asked(SLUG))
    assert len(tables(asked(SLUG))[CHANGES]) == 43
