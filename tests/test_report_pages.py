"""The pages of the reports: what is asked, what is shown, what a number counts, who finds nothing."""

from datetime import datetime, timedelta
from io import BytesIO
from urllib.parse import quote

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from portal import guards, report_pages, reports, windows
from portal.models import Event, Filing, FilingVersion, Job
from portal.vocabulary import State
from tests import copies, factories, report_desk
from tests.campaigning import campaign, get, now_due, post
from tests.factories import KUIWEN, PROVINCE, WEIFANG, filing
from tests.pages import rewritten
from tests.public import Links
from tests.report_desk import KIND, MANY, SLUG, reader

pytestmark = pytest.mark.django_db
READERS = {
    "the province": lambda: reader(PROVINCE),
    "a filer of the province": lambda: factories.filer(PROVINCE),
    "a city": lambda: reader(WEIFANG),
    "a county": lambda: factories.filer(KUIWEN),
    "a joint department": factories.joint,
    "the auditor": factories.auditor,
}
OTHERS = {
    "somebody without a post": factories.stranger,
    "the system administrator": factories.sysadmin,
    "the security administrator": factories.secadmin,
}


@pytest.fixture(autouse=True)
def kind():
    """Give a report of the tests' own."""
    with report_desk.registered():
        yield


def brands(number: int = 1, place: str = WEIFANG) -> list[Filing]:
    """Return submitted brands of a city."""
    name = f"{factories.bureau(place).region.short_name}特色品牌（演示）"
    first = filing(KIND, State.CITY_REVIEW, place=place, name=name)
    return [first, *copies.multiply(first, number - 1)]


def page(client, user=None, name="report", **params):
    """Return the answer to a person who opens a page of the report."""
    return get(client, user or reader(), name, SLUG, **params)


def numbers(answer, table: int = 0) -> dict[str, tuple[str, str]]:
    """Return place → number and link of a table of the page."""
    found = answer.context["tables"][table].lines
    return {line["cells"][0]["text"]: (line["cells"][1]["text"], line["cells"][1]["url"]) for line in found}


def words(answer) -> str:
    return answer.content.decode()


def test_the_list_names_every_kind_with_basis_and_a_sentence(client):
    answer = get(client, reader(), "reports")

    listed = [item["kind"].code for item in answer.context["kinds"]]
    assert listed == sorted(kind.code for kind in reports.kinds.values())
    assert all(kind.basis in words(answer) for kind in reports.all_kinds())
    assert [kind.slug for kind in reports.all_kinds() if kind.slug not in report_pages.ABOUT] == [SLUG]


@pytest.mark.parametrize("who", READERS.values(), ids=READERS)
def test_whoever_reads_numbers_finds_the_reports(client, who):
    user = who()

    assert [get(client, user, name).status_code for name in ("reports", "downloads")] == [200, 200]
    assert page(client, user).status_code == 200
    assert reverse("reports") in Links(words(get(client, user, "desk"))).found


@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS)
def test_others_find_no_page_of_the_reports_and_no_link(client, who):
    user = who()

    found = [get(client, user, name).status_code for name in ("reports", "downloads", "schedule-new")]
    found += [page(client, user, name).status_code for name in ("report", "report-behind")]
    found.append(post(client, user, "report-make", SLUG, format="xlsx").status_code)

    assert found == [404] * 6
    assert reverse("reports") not in Links(words(get(client, user, "desk"))).found
    assert Job.objects.count() == 0


def test_a_kind_that_does_not_exist_is_not_found(client):
    assert get(client, reader(), "report", "no-such-kind").status_code == 404


def test_without_a_cut_off_a_report_is_of_this_moment_and_its_address_says_which(client):
    brands()

    answer = page(client)
    url = numbers(answer)["潍坊市"][1]

    assert "截至此刻" in words(answer)
    asked = answer.context["wish"].asked
    assert asked.region == PROVINCE
    again = client.get(url.replace("behind/", "")).context["wish"]
    assert (again.asked, again.is_now) == (asked, False)


@pytest.mark.parametrize(
    ("params", "cutoff"),
    [
        ({"on": "2024-06-15"}, "2024-06-15T23:59:59.999999"),
        ({"on": "2024-06-15", "time": "24:00"}, "2024-06-15T23:59:59.999999"),
        ({"on": "2024-06-15", "time": "18:00"}, "2024-06-15T18:00:00.999999"),
        ({"on": "2024-06-15", "time": "18:00:07"}, "2024-06-15T18:00:07.999999"),
        ({"on": "2024-06-15", "time": "00:00"}, "2024-06-15T00:00:00.999999"),
    ],
)
def test_the_cut_off_is_the_time_of_the_day_or_its_end(client, params, cutoff):
    asked = page(client, **params).context["wish"].asked

    assert asked.cutoff.astimezone(windows.SHANGHAI).replace(tzinfo=None) == datetime.fromisoformat(cutoff)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"on": "2024-13-01"}, "统计截止日期要写成"),
        ({"on": "昨天"}, "统计截止日期要写成"),
        ({"on": "0001-01-01"}, "不早于 2000 年"),
        ({"on": "2024-06-15", "time": "6点"}, "统计截止时刻要写成"),
        ({"on": "2024-06-15", "time": "25:00"}, "统计截止时刻要写成"),
        ({"on": "2999-01-01"}, "不能晚于现在"),
        ({"period": "2999-01"}, "没有这个期次"),
        ({"campaign": "999999"}, "没有这个筛选条件"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_sentence_and_nothing_typed_is_lost(client, params, sentence):
    answer = page(client, **params)

    assert answer.status_code == 422
    assert sentence in answer.context["wish"].fault
    assert "tables" not in answer.context
    for name in ("on", "time"):
        assert f'name="{name}"' in words(answer) and answer.context["wish"].cut[name] == params.get(name, "")


def test_a_period_sets_the_cut_off_and_a_campaign_the_filter_too(client):
    one = now_due(campaign(), due_at=timezone.now().replace(microsecond=0) - timedelta(days=1))
    month = report_pages.periods(reports.get(SLUG), timezone.now())[0]

    asked = [page(client, period=name).context["wish"].asked for name in (month.name, f"campaign-{one.pk}")]

    assert [(a.cutoff, a.filters["campaign"]) for a in asked] == [
        (month.cutoff, ""),
        (windows.through(one.due_at), str(one.pk)),
    ]


def test_of_campaigns_a_kind_is_offered_those_it_can_be_narrowed_to(client):
    ended = {"due_at": timezone.now().replace(microsecond=0) - timedelta(days=1)}
    brands, others = (now_due(campaign(kind=slug), **ended) for slug in (KIND, "labour-brands"))

    def past(slug: str) -> set[int]:
        found = report_pages.periods(reports.get(slug), timezone.now())
        return {brands.pk, others.pk} & {one.campaign.pk for one in found if one.campaign}

    assert (past("brands"), past("targets")) == ({brands.pk}, {brands.pk, others.pk})
    refused = [
        get(client, reader(), "report", "brands", period=f"campaign-{one.pk}").context["wish"].fault
        for one in (others, brands)  # both were opened today and are due since yesterday
    ]
    assert refused == [report_pages.ODD_PERIOD, report_pages.ODD_CAMPAIGN]


def test_after_a_period_was_chosen_the_fields_hold_its_end(client):
    month = report_pages.periods(reports.get(SLUG), timezone.now())[0]

    wish = page(client, period=month.name, on="2020-01-01").context["wish"]

    assert wish.cut == {"on": f"{month.cutoff.astimezone(windows.SHANGHAI):%Y-%m-%d}", "time": ""}


def test_a_kind_has_no_filter_that_an_address_needs_for_itself():
    names = {narrowing.name for kind in reports.all_kinds() for narrowing in kind.filters}

    assert names & set(report_pages.RESERVED) == set()


@pytest.mark.parametrize(
    ("place", "region", "status"),
    [
        (PROVINCE, "", 200),
        (PROVINCE, "3707", 200),
        (PROVINCE, "370705", 200),
        (PROVINCE, "9999", 404),
        (WEIFANG, "3707", 200),
        (WEIFANG, "370705", 200),
        (WEIFANG, "37", 404),
        (WEIFANG, "3701", 404),
        (KUIWEN, "370705", 200),
        (KUIWEN, "3707", 404),
        (KUIWEN, "3", 404),
    ],
)
def test_everybody_reads_his_own_region_and_below(client, place, region, status):
    user = factories.filer(place)

    asked = page(client, user, region=region) if region else page(client, user)

    assert asked.status_code == status
    assert page(client, user, "report-behind", region=region or place, cell="city=3702").status_code == 404


def test_a_city_reads_only_its_own_part_and_can_choose_only_from_it(client):
    brands()
    brands(2, place="3701")

    answer = page(client, reader(WEIFANG))

    assert {place: number for place, (number, _) in numbers(answer).items()} == {"潍坊市": "1", "合计": "1"}
    offered = {region.code for _, group in answer.context["regions"] for region in group}
    assert offered and {code[:4] for code in offered} == {WEIFANG}


def test_every_number_but_nought_leads_to_what_it_counts(client):
    brands(3)
    brands(2, place="3701")

    found = numbers(page(client))
    counted = {place: len(client.get(url).context["lines"]) for place, (_, url) in found.items() if url}

    assert counted == {"济南市": 2, "潍坊市": 3, "合计": 5}
    assert {place for place, (number, url) in found.items() if (number == "0") == bool(url)} == set()


def test_totals_are_told_apart_and_percentages_bear_their_sign(client):
    brands()

    answer = page(client)
    last = answer.context["tables"][0].lines[-1]

    assert (last["style"], [cell["text"] for cell in last["cells"]]) == ("total", ["合计", "1", "7%"])
    assert '<tr class="total"' in words(answer) and '<tr class="subtotal"' in words(answer)
    assert "注：只计已提交的。" in words(answer)


def test_a_long_table_shows_its_first_lines_and_says_where_the_rest_is(client):
    answer = page(client)

    long = answer.context["tables"][1]
    assert len(long.lines) == report_pages.SHOWN < MANY
    assert "这里列出前 200 行，其余各行请下载 Excel 查看。" in words(answer)


def test_no_line_past_the_shown_ones_is_fetched(client, monkeypatch):
    fetched = []

    def lines(asked):
        for number in range(500_000):
            fetched.append(number)
            yield reports.Line((number, "", None))

    monkeypatch.setattr(report_desk, "_long", lines)
    page(client)

    assert len(fetched) == report_pages.SHOWN + 1


def test_a_page_costs_the_same_queries_at_any_size(client):
    (first,), cost = brands(), []
    for more in (0, 2, 37):
        copies.multiply(first, more)
        names = ("report", "report-behind")
        cost.append([queries(client, name, cell="column=people") for name in names])

    assert Filing.objects.filter(kind=KIND).count() == 40
    assert cost == [cost[0]] * 3


def queries(client, name: str, **params) -> int:
    """Return how many queries a page costs that was opened before."""
    page(client, name=name, **params)
    with CaptureQueriesContext(connection) as captured:
        assert page(client, name=name, **params).status_code == 200
    return len(captured)


def test_the_list_behind_a_number_says_what_stood_at_the_cut_off(client):
    record = filing(KIND, State.PROVINCE_REVIEW, name="潍坊旧名品牌（演示）")
    backdated(record, timedelta(days=2))
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    factories.act(record, "return", factories.reviewer(PROVINCE), comment=factories.COMMENT)
    rewritten(record, name="潍坊没有提交的新名（演示）")

    answer = page(client, name="report-behind", on=yesterday, cell="city=3707")

    assert [(line["title"], line["word"]) for line in answer.context["lines"]] == [
        ("潍坊旧名品牌（演示）", "待省级审核")
    ]
    assert "没有提交的新名" not in words(answer)


def backdated(record: Filing, by: timedelta) -> None:
    """Let everything done to a filing so far have been done earlier, as time would."""
    guards.remove(connection)
    Event.objects.filter(filing=record.pk).update(at=F("at") - by)
    FilingVersion.objects.filter(filing=record.pk).update(submitted_at=F("submitted_at") - by)
    Filing.objects.filter(pk=record.pk).update(created_at=F("created_at") - by)
    guards.install(connection)


def test_what_each_filing_adds_sums_up_to_the_number(client):
    brands(3)

    answer = page(client, name="report-behind", cell="column=people")

    assert [line["amount"] for line in answer.context["lines"]] == [7, 14, 21]
    assert (answer.context["sum"], "人数合计 <b>42</b>" in words(answer)) == (42, True)


def test_the_list_is_paged_and_sorted_and_keeps_what_was_asked(client):
    brands(25)

    first = page(client, name="report-behind", cell="column=people", sort="-amount")
    link = next(url for url in Links(words(first)).found if "page=2" in url)
    second = client.get(reverse("report-behind", args=[SLUG]) + link)

    assert [line["amount"] for line in first.context["lines"]][:2] == [175, 168]
    assert [line["amount"] for line in second.context["lines"]] == [35, 28, 21, 14, 7]
    assert (first.context["sum"], second.context["sum"]) == (2275, 2275)
    assert first.context["headings"]["amount"]["direction"] == "descending"


def test_the_list_behind_a_number_is_taken_away_as_a_workbook(client):
    brands(3)

    answer = page(client, name="report-behind-download", cell="column=people")
    sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]

    assert [row[-1] for row in rows if row[1] == "专项职业能力品牌"] == [7, 14, 21]
    assert (rows[-1][0], rows[-1][-1]) == ("合计", 42)
    assert quote("测试用报表-数据反查") in answer["Content-Disposition"]


@pytest.mark.parametrize("cell", ["", "nothing", "city=3702", "city=9999", "column=all&x=1", "%00"])
def test_a_cell_that_counts_nothing_or_does_not_exist_is_not_found(client, cell):
    brands()

    names = ("report-behind", "report-behind-download")
    assert [page(client, name=name, cell=cell).status_code for name in names] == [404, 404]


def test_a_city_does_not_find_what_a_number_of_another_city_counts(client):
    brands(place="3701")

    asked = [
        page(client, reader(WEIFANG), "report-behind", region=region, cell="city=3701").status_code
        for region in ("3707", "3701", "37", "")
    ]

    assert asked == [404] * 4
