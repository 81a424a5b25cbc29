"""The pages of the numbers of the desks: each number with its list, the workbook, and who finds no page."""

import re
from datetime import date
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from portal import desk_numbers, windows
from portal.models import Filing
from portal.vocabulary import State
from tests import factories
from tests.campaigning import get
from tests.factories import KUIWEN, PROVINCE, WEIFANG, act, approver, filer, filing, publish, reviewer
from tests.test_dashboard_pages import Page

pytestmark = pytest.mark.django_db
JINING, KIND, CANARY = "3708", "exam-projects", "金丝雀"
PAGES = ["desk-numbers", "desk-numbers-download", "desk-numbers-behind"]


@pytest.fixture(scope="module")
def history(for_the_module) -> Filing:
    """A small history of two cities and a county; returns a filing that waits with somebody."""
    publish(filing(KIND, State.APPROVED, name="演示甲"))
    filing(KIND, State.REJECTED, name="演示乙")
    again = filing(KIND, State.RETURNED, name="演示丙")
    again = act(again, "submit", filer())
    held = act(again, "accept", reviewer())
    filing(KIND, State.CITY_REVIEW, place=KUIWEN, name="演示丁")
    for number in range(3):
        filing(KIND, State.CITY_REVIEW, place=JINING, name=f"{CANARY}{number}")
    filing(KIND, State.APPROVED, place=JINING, name=f"{CANARY}四")
    filing(KIND, State.DRAFT, place=JINING, name=f"{CANARY}草稿")
    return held


READERS = {"province": lambda: reviewer(PROVINCE), "city": reviewer, "auditor": factories.auditor}


def tables(client, user, **params) -> dict[str, list[list[str]]]:
    return Page(get(client, user, "desk-numbers", **params).content.decode()).tables


def row(table: list[list[str]], label: str) -> list[str]:
    return next(cells[1:] for cells in table if cells[0] == label)


def test_the_province_reads_its_cities_and_who_holds_what(client, history):
    found = tables(client, reviewer(PROVINCE))

    waiting, roads = found["waiting-city-review-table"], found["roads-table"]
    assert (row(waiting, "潍坊市")[0], row(waiting, "济宁市")[0], row(waiting, "合计")[0]) == ("2", "3", "5")
    assert row(found["step-publication-table"], "合计") == ["1", "0.0", "0.0"]
    assert row(found["step-whole-table"], "合计")[0] == "2"
    assert row(roads, "合计")[0] == "3"
    assert "holders-table" not in found


def test_a_city_reads_its_counties_and_its_own_people(client, history):
    found = tables(client, reviewer())

    waiting = found["waiting-city-review-table"]
    assert (row(waiting, "奎文区")[0], row(waiting, "市本级")[0], row(waiting, "合计")[-2]) == ("1", "1", "2")
    assert [cells[0] for cells in found["holders-table"]] == ["经办人", str(reviewer()), "未受理"]
    assert row(found["roads-table"], "市本级")[0] == "2"


@pytest.mark.parametrize("who", READERS)
def test_every_number_opens_a_list_of_just_so_many(client, history, who):
    page = Page(get(client, READERS[who](), "desk-numbers").content.decode())
    assert len(page.links) > 10

    counted = {url: client.get(url).context["page"].paginator.count for _, url in page.links}

    assert {url: said for said, url in page.links} == {url: str(number) for url, number in counted.items()}


@pytest.mark.parametrize("params", [{}, {"kind": KIND}, {"region": WEIFANG}], ids=str)
def test_the_workbook_says_just_what_the_page_says(client, history, params):
    user = reviewer(PROVINCE)
    shown = tables(client, user, **params)
    answered = get(client, user, "desk-numbers-download", **params)

    book = load_workbook(BytesIO(b"".join(answered.streaming_content)))

    sheets = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
    written = [rows for rows in sheets if {line[0] for line in rows} & {"合计", "未受理"}]
    assert len(written) == len(shown)
    for rows, expected in zip(written, shown.values(), strict=True):
        start = next(n for n, line in enumerate(rows) if list(line[: len(expected[0])]) == expected[0])
        said = [list(line[: len(expected[0])]) for line in rows[start : start + len(expected)]]
        assert [[as_number(cell) for cell in line] for line in said] == [
            [as_number(cell) for cell in line] for line in expected
        ]


def as_number(cell):
    try:
        return float(cell)
    except (TypeError, ValueError):
        return cell


def test_a_period_without_decisions_says_so_and_keeps_the_queue(client, history):
    found = tables(client, reviewer(PROVINCE), since="2001-01-01", until="2001-12-31")

    assert "waiting-city-review-table" in found
    assert not [slug for slug in found if slug.startswith("step-")]


def test_an_empty_desk_says_what_will_stand_there(client, history):
    page = get(client, reviewer("3709"), "desk-numbers").content.decode()

    assert "没有在办的填报，这段时间也没有办结的" in page


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        ("gestern", "", "没有看懂起止日期"),
        ("2026-02-30", "", "没有看懂起止日期"),
        ("2026-03-02", "2026-03-01", "开始日期晚于截止日期"),
        ("1999-12-31", "", "须在 2000 年至 2100 年之间"),
        ("0001-01-01", "9999-12-31", "须在 2000 年至 2100 年之间"),
    ],
)
def test_days_nothing_can_be_counted_for_are_told_and_kept(client, history, since, until, told):
    answered = get(client, reviewer(PROVINCE), "desk-numbers", since=since, until=until, kind=KIND)

    page = answered.content.decode()
    assert answered.status_code == 422
    assert told in page and f'value="{since}"' in page and f'value="{KIND}" selected' in page
    assert (
        get(client, reviewer(PROVINCE), "desk-numbers-download", since=since, until=until).status_code == 404
    )


def test_the_usual_periods_are_offered_and_marked(client, history):
    today = timezone.localdate()
    first = today.replace(day=1)

    page = get(client, reviewer(), "desk-numbers", since=str(first), until=str(today)).content.decode()

    assert re.findall(r'aria-current="true">(\w+)</a>', page) == (
        ["本月", "今年"] if today.month == 1 else ["本月"]
    )
    assert desk_numbers.presets(date(2026, 1, 15))["上月"] == (date(2025, 12, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    "who",
    [
        factories.stranger,
        factories.sysadmin,
        factories.secadmin,
        filer,
        lambda: filer(KUIWEN),
        factories.publisher,
        factories.joint,
    ],
    ids=[
        "nobody's post",
        "system administrator",
        "security administrator",
        "filer",
        "county",
        "publisher",
        "joint",
    ],
)
@pytest.mark.parametrize("page", PAGES)
def test_whoever_reviews_at_no_desk_finds_no_page(client, history, who, page):
    assert get(client, who(), page).status_code == 404
    assert get(client, who(), page, since="gestern").status_code == 404


@pytest.mark.parametrize("region", [PROVINCE, JINING, "370811", "3799", "x", "37%"])
@pytest.mark.parametrize("page", PAGES)
def test_nobody_reads_the_numbers_of_another_desk(client, history, region, page):
    assert get(client, reviewer(WEIFANG), page, region=region).status_code == 404


def test_nothing_of_another_city_shows_in_any_page_or_list(client, history):
    shown = get(client, reviewer(WEIFANG), "desk-numbers").content.decode()
    pages = [shown, *(client.get(url).content.decode() for _, url in Page(shown).links)]

    leaks = [re.search(f".{{0,60}}(?:{CANARY}|济宁).{{0,30}}", page) for page in pages]

    assert [found[0] for found in leaks if found] == []
    told = get(
        client, reviewer(PROVINCE), "desk-numbers-behind", place=JINING, desk="city_review", band="all"
    )
    assert told.content.decode().count(CANARY) == 3


@pytest.mark.parametrize(
    "cell",
    [
        {"place": JINING, "desk": "city_review", "band": "all"},
        {"own": JINING, "desk": "city_review", "band": "all"},
        {"place": "3799", "step": "city"},
        {"step": "secret"},
        {"desk": "approved", "band": "all"},
        {"desk": "city_review", "band": "6"},
        {"desk": "city_review", "band": "-1"},
        {"desk": "city_review"},
        {"desk": "city_review", "band": "all", "holder": "x"},
        {"desk": "city_review", "band": "all", "holder": "９"},
        {"desk": "city_review", "band": "all", "holder": "9" * 39},
        {"desk": "city_review", "band": "all", "holder": "999999"},
        {},
    ],
    ids=str,
)
def test_a_number_there_is_not_opens_nothing(client, history, cell):
    assert get(client, reviewer(WEIFANG), "desk-numbers-behind", **cell).status_code == 404


def test_a_list_says_how_long_and_with_whom(client, history):
    page = get(client, reviewer(), "desk-numbers-behind", all="1", desk="city_review", band="all")
    lines = {line["title"]: [text for _, text in line["cells"]] for line in page.context["lines"]}

    assert lines["演示丙"][2:] == [windows.moment(history.arrived_at), 0.0, str(reviewer())]
    assert lines["演示丁"][-1] == "—"
    decided = get(client, reviewer(), "desk-numbers-behind", all="1", step="desks").context["lines"]
    assert [line["title"] for line in decided] == ["演示甲", "演示乙"]


@pytest.mark.parametrize("page", ["dashboard", "desk"])
def test_links_lead_there_for_those_it_is_for(client, history, page):
    there = 'href="/desk/numbers/"'

    assert there in get(client, approver(), page).content.decode()
    assert there not in get(client, filer(), page).content.decode()


def test_each_picture_has_its_table_and_a_name(client, history):
    page = get(client, reviewer(PROVINCE), "desk-numbers").content.decode()

    charts = re.findall(r'<svg class="chart"[^>]*role="img" aria-labelledby="([\w-]+) ([\w-]+)"', page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert charts and len(ids) == len(set(ids))
    assert all(f'<title id="{title}">' in page and f'<desc id="{says}">' in page for title, says in charts)
    assert {f"{title.removesuffix('-title')}-table" for title, _ in charts} <= set(ids)


def test_a_page_asks_the_same_number_of_queries_at_any_size(client, history):
    sizes = []
    for user in (reviewer("3709"), reviewer(WEIFANG), reviewer(PROVINCE)):
        factories.sign_in(client, user)
        with CaptureQueriesContext(connection) as asked:
            client.get("/desk/numbers/")
        sizes.append(len(asked))

    # of a city the names of its holders too, of the province no parent region
    assert max(sizes) - min(sizes) <= 1 and max(sizes) <= 20


def test_a_list_sets_its_numbers_to_the_right_and_no_words(client, history):
    asked = {"all": "1", "desk": "city_review", "band": "all"}

    waiting = get(client, reviewer(), "desk-numbers-behind", **asked).context["numbers"]
    decided = get(client, reviewer(), "desk-numbers-behind", all="1", step="desks").context["numbers"]

    assert (waiting, "退回次数" in decided, "类型" in decided) == ({"在办天数"}, True, False)
