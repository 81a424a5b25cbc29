"""The dashboards: what each desk reads, each number with its list, the workbook, and who finds no page."""

import re
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from portal import dashboards, panels, windows
from portal.dashboards import Dashboard
from portal.reports import Number
from portal.vocabulary import State
from tests import factories
from tests.campaigning import answer, campaign, get
from tests.factories import KUIWEN, PROVINCE, WEIFANG, act, filer, filing, reviewer, sysadmin

pytestmark = pytest.mark.django_db
JINING, KIND, CANARY = "3708", "exam-projects", "金丝雀"
PAGE, SHEET = "/desk/dashboard/", "/desk/dashboard/download.xlsx"


@pytest.fixture(scope="module")
def history(for_the_module):
    """A small history of two cities and a county; returns an instant at its beginning and one in its middle.

    A brand goes back to an exam project, which was published before it.
    """
    owed = campaign(places=[WEIFANG, JINING])
    opened = timezone.now()
    answer(owed)
    filing(KIND, State.APPROVED, name="演示甲")
    returned = filing(KIND, State.RETURNED, name="演示乙")
    filing(KIND, State.CITY_REVIEW, place=KUIWEN, name="演示丙")
    middle = timezone.now()
    act(returned, "submit", filer())
    for number in range(7):
        filing(KIND, State.CITY_REVIEW, place=JINING, name=f"{CANARY}{number}")
    filing(KIND, State.DRAFT, name="从未提交")
    filing(KIND, State.CANCELLED, name="从未提交又作废")
    return opened, middle


def board(user, **params) -> Dashboard:
    return Dashboard(dashboards.read(params, user), user)


def table(user, slug: str, **params) -> dict[str, list]:
    """Return first cell → the other cells of a panel, numbers as such."""
    found = next(panel for panel in panels.panels(board(user, **params)) if panel.slug == slug)
    return {line.cells[0]: [plain(cell) for cell in line.cells[1:]] for line in found.table.lines()}


def plain(cell):
    return cell.value if isinstance(cell, Number) else cell


def at(middle) -> str:
    return middle.astimezone(windows.SHANGHAI).isoformat()


def test_the_province_reads_its_cities_in_every_state(history):
    rows = table(reviewer(PROVINCE), "places")

    assert rows["潍坊市"] == [2, 1, 0, 2, 0, 0, 0, 5]
    assert rows["济宁市"] == [7, 0, 0, 0, 0, 0, 0, 7]
    assert rows["合计"] == [9, 1, 0, 2, 0, 0, 0, 12]
    assert list(rows)[:2] == ["济南市", "青岛市"] and len(rows) == 17


def test_at_an_instant_the_numbers_are_those_of_then(history):
    rows = table(reviewer(PROVINCE), "places", at=at(history[1]))

    assert rows["潍坊市"] == [1, 1, 1, 2, 0, 0, 0, 5]
    assert rows["济宁市"] == [0] * 8


def test_a_city_reads_its_counties_and_nothing_of_another_city(history):
    rows = table(reviewer(WEIFANG), "places")

    assert (rows["市本级"][-1], rows["奎文区"], rows["合计"][-1]) == (4, [1, 0, 0, 0, 0, 0, 0, 1], 5)
    assert len(rows) == 1 + 12 + zones(WEIFANG) + 1


def zones(city: str) -> int:
    return factories.bureau(city).region.children.filter(level="zone").count()


def test_a_county_reads_itself(history):
    assert table(filer(KUIWEN), "places") == {"奎文区": [1] + [0] * 6 + [1], "合计": [1] + [0] * 6 + [1]}


def test_one_type_alone_is_counted_when_asked_for(history):
    rows = table(reviewer(PROVINCE), "places", kind="skill-brands")

    assert (rows["潍坊市"], rows["合计"][-1]) == ([0, 1, 0, 0, 0, 0, 0, 1], 1)


def test_types_and_cities_stand_against_each_other(history):
    rows = table(reviewer(PROVINCE), "kinds")
    cities = table(reviewer(PROVINCE), "matrix")

    assert rows["专项职业能力考核项目"] == [9, 0, 0, 2, 0, 0, 0, 11]
    assert (cities["潍坊市"][-1], cities["济宁市"][-1], cities["合计"][-1]) == (5, 7, 12)


def test_a_campaign_has_its_rates_with_numerator_and_denominator(history):
    rows = table(reviewer(PROVINCE), "campaigns")
    cities = table(reviewer(PROVINCE), "bureaus")

    assert rows["演示任务"][1:] == [2, 1, "50%", 1, "50%"]
    assert (cities["潍坊市"], cities["济宁市"]) == ([1, 1, "100%", 1, "100%"], [1, 0, "0%", 0, "0%"])


def test_a_campaign_stands_as_it_stood_at_an_instant(history):
    assert table(reviewer(PROVINCE), "campaigns", at=at(history[0]))["演示任务"][1:] == [2, 0, "0%", 0, "0%"]


def test_the_trend_ends_with_this_month(history):
    rows = table(reviewer(PROVINCE), "trend")

    assert (len(rows), rows["合计"]) == (13, [13, 2, 1])
    assert rows[f"{windows.timezone.localdate():%Y-%m}"] == [13, 2, 1]


def test_the_queue_says_how_long(history):
    found = panels.queue(board(reviewer(PROVINCE)))

    assert found.facts[0] == ("待审", "10 件", "")
    assert [word for word, _, _ in found.facts] == ["待审", "停留最久", "停留时长中位数"]
    assert table(reviewer(PROVINCE), "queue")["不到1天"] == [9, 1, 10]


READERS = {"province": lambda: reviewer(PROVINCE), "city": reviewer, "county": lambda: filer(KUIWEN)}


class Page(HTMLParser):
    """The tables of a page by the number of their panel: rows of texts, and the links of the cells."""

    def __init__(self, html: str):
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.links: list[tuple[str, str]] = []
        self._rows, self._cell, self._url = None, None, ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        if tag == "table" and "figures" in facts.get("class", ""):
            self._rows = self.tables[facts["id"]] = []
        elif self._rows is not None and tag == "tr":
            self._rows.append([])
        elif self._rows is not None and tag in ("td", "th"):
            self._cell = ""
        elif self._cell is not None and tag == "a":
            self._url = facts["href"]

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data

    def handle_endtag(self, tag):
        if tag == "table":
            self._rows = None
        elif self._cell is not None and tag in ("td", "th"):
            self._rows[-1].append(self._cell)
            if self._url:
                self.links.append((self._cell, self._url))
            self._cell, self._url = None, ""


@pytest.mark.parametrize(
    ("who", "when"), [("province", "now"), ("province", "then"), ("city", "now"), ("county", "then")]
)
def test_every_number_opens_a_list_of_just_so_many(client, history, who, when):
    user, asked = READERS[who](), {"at": at(history[1])} if when == "then" else {}
    page = Page(get(client, user, "dashboard", **asked).content.decode())
    lists = [(said, url) for said, url in page.links if urlsplit(url).path.endswith("behind/")]
    assert len(lists) > 5 and len(lists) == len(page.links) - sum("/targets/" in url for _, url in page.links)

    counted = {url: client.get(url).context["page"].paginator.count for _, url in lists}

    assert {url: said for said, url in lists} == {url: str(number) for url, number in counted.items()}


@pytest.mark.parametrize("params", [{}, {"kind": KIND}, {"region": WEIFANG}], ids=str)
def test_the_workbook_says_just_what_the_page_says(client, history, params):
    user = reviewer(PROVINCE)
    page = Page(get(client, user, "dashboard", **params).content.decode())
    answered = get(client, user, "dashboard-download", **params)

    book = load_workbook(BytesIO(b"".join(answered.streaming_content)))

    assert len(book.worksheets) == len(page.tables)
    for sheet, shown in zip(book.worksheets, page.tables.values(), strict=True):
        rows = [
            ["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)
        ]
        start = next(n for n, row in enumerate(rows) if row[: len(shown[0])] == shown[0])
        assert [row[: len(shown[0])] for row in rows[start : start + len(shown)]] == shown, sheet.title


def test_each_chart_shows_the_numbers_of_the_table_beside_it(history):
    for panel in (panel for panel in panels.panels(board(reviewer(PROVINCE))) if panel.chart):
        lines = list(panel.table.lines())
        numbers = {str(plain(cell)).rstrip("%") for line in lines for cell in line.cells}
        drawn = {str(value) for one in panel.chart.legend for value in one.values}
        derived = {str(one) for one in panel.chart.legend[-1].values} if panel.slug == "bureaus" else set()
        assert drawn - derived <= numbers | {"0"}, panel.slug


@pytest.mark.parametrize(
    "who",
    [factories.stranger, sysadmin, factories.secadmin],
    ids=["nobody's post", "system administrator", "security administrator"],
)
@pytest.mark.parametrize("page", ["dashboard", "dashboard-download", "dashboard-behind"])
def test_whoever_has_no_reading_post_finds_no_page(client, history, who, page):
    assert get(client, who(), page).status_code == 404
    assert get(client, who(), page, at="gestern").status_code == 404


@pytest.mark.parametrize("region", [PROVINCE, JINING, "370811", "3799", "x", "37%"])
@pytest.mark.parametrize("page", ["dashboard", "dashboard-download", "dashboard-behind"])
def test_nobody_reads_the_numbers_of_another_region(client, history, region, page):
    assert get(client, reviewer(WEIFANG), page, region=region).status_code == 404


def test_nothing_of_another_city_shows_in_any_page_or_list(client, history):
    user = reviewer(WEIFANG)
    shown = get(client, user, "dashboard").content.decode()
    links = [url for _, url in Page(shown).links if url.startswith(PAGE)]
    pages = [shown, *(client.get(url).content.decode() for url in links)]

    leaks = [re.search(f".{{0,60}}(?:{CANARY}|济宁).{{0,30}}", page) for page in pages]
    assert [found[0] for found in leaks if found] == []
    province = [client.get(PAGE)]
    assert province[0].status_code == 200
    told = get(client, reviewer(PROVINCE), "dashboard-behind", place=JINING, state="city_review")
    assert told.content.decode().count(CANARY) == 7


@pytest.mark.parametrize(
    "cell",
    [
        {"place": JINING},
        {"own": JINING},
        {"place": "3799"},
        {"state": "secret"},
        {"kind": "no-such-kind"},
        {"month": "1999-01", "act": "submit"},
        {"month": "all", "act": "promote"},
        {"band": "6"},
        {"band": "-1"},
        {"band": "0", "desk": "approved"},
        {"handled": "x"},
        {"duty": "expected", "campaign": "999999"},
        {"duty": "all"},
    ],
    ids=str,
)
def test_a_number_there_is_not_opens_nothing(client, history, cell):
    assert get(client, reviewer(WEIFANG), "dashboard-behind", **cell).status_code == 404


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("gestern", "没有看懂统计截至的时间"),
        ("2024-02-30", "没有看懂统计截至的时间"),
        ("2999-01-01", "还没有到"),
        ("1999-12-31", "早于2000年"),
        ("0001-01-01", "早于2000年"),
    ],
)
def test_an_instant_nothing_can_be_counted_for_is_told_and_kept(client, history, typed, told):
    answered = get(client, reviewer(PROVINCE), "dashboard", at=typed, kind=KIND)

    page = answered.content.decode()
    assert answered.status_code == 422
    assert told in page and f'value="{typed}"' in page and f'value="{KIND}" selected' in page
    assert get(client, reviewer(PROVINCE), "dashboard-download", at=typed).status_code == 404


def test_the_picture_and_its_table_are_there_for_whoever_sees_nothing(client, history):
    page = get(client, reviewer(PROVINCE), "dashboard").content.decode()

    charts = re.findall(r'<svg class="chart"[^>]*role="img" aria-labelledby="([\w-]+) ([\w-]+)"', page)
    assert len(charts) == 7
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert all(f'<title id="{title}">' in page and f'<desc id="{says}">' in page for title, says in charts)
    assert {f"{title.removesuffix('-title')}-table" for title, _ in charts} <= set(ids)
