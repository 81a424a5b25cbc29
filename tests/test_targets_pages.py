"""The pages of the targets: what everybody reads, what province and cities read, who finds nothing."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from portal import catalogue, reference, targets
from portal.models import CatalogueEntry, PolicyTarget
from portal.vocabulary import BrandLevel
from tests import copies, factories
from tests.administration import enter, url
from tests.factories import KUIWEN, PROVINCE, WEIFANG, entry, sign_in
from tests.public import Links, leave, read
from tests.test_targets_counted import institution, unit
from tests.test_targets_counties import returned, row

pytestmark = pytest.mark.django_db
ALL, DESK, SHEET = "/targets/", "/desk/targets/", "/desk/targets/download.xlsx"
PUBLIC = [slug for slug, counter in targets.counters.items() if counter.is_public]
INSIDE = [slug for slug, counter in targets.counters.items() if not counter.is_public]
READERS = {
    "the province": lambda: factories.reviewer(PROVINCE),
    "a filer of the province": lambda: factories.filer(PROVINCE),
    "a city": factories.reviewer,
    "a joint department": factories.joint,
    "the auditor": factories.auditor,
}
OTHERS = {
    "a county": lambda: factories.filer(KUIWEN),
    "somebody without a post": factories.stranger,
    "the system administrator": factories.sysadmin,
    "the security administrator": factories.secadmin,
}


def gauges(answer) -> dict[str, dict]:
    return {gauge["slug"]: gauge for gauge in answer.context["gauges"]}


def titles(answer) -> list[str]:
    return [line["title"] for line in answer.context["lines"]]


def test_a_stranger_reads_each_public_target_with_its_number_clause_and_sentence(client):
    entry("skill-brands", level=BrandLevel.PROVINCIAL)

    page = read(client, ALL)

    assert {gauge for gauge in gauges(client.get(ALL))} == set(PUBLIC)
    assert "不少于 10 个" in page and "鲁人社字〔2024〕95号 一" in page
    for slug in PUBLIC:
        target = PolicyTarget.objects.get(pk=slug)
        assert target.sentence in read(client, f"{ALL}{slug}/")


def test_the_way_from_a_gauge_leads_to_the_sentence_and_to_as_many_entries_as_it_says(client):
    first = entry("skill-brands", level=BrandLevel.PROVINCIAL)
    copies.multiply_entry(first, 24)

    gauge = gauges(client.get(ALL))["provincial-skill-brands"]
    pages = [client.get(gauge["url"], {"page": number}) for number in (1, 2)]

    assert (gauge["number"], gauge["behind"], gauge["width"], gauge["tick"]) == (25, 25, 100, 40)
    assert [len(titles(page)) for page in pages] == [20, 5]
    assert {f"{gauge['url']}#sentence", f"{gauge['url']}#behind"} <= set(Links(read(client, ALL)).found)
    assert 'id="sentence"' in (page := read(client, gauge["url"])) and 'id="behind"' in page


def test_what_a_round_promoted_stands_with_the_day_it_became_provincial(client):
    there = {"place": "3701", "name": "济南乙品牌（演示）"}
    first, born = entry("skill-brands"), entry("skill-brands", level=BrandLevel.PROVINCIAL, **there)
    today = timezone.localdate()
    CatalogueEntry.objects.update(valid_from=today - timedelta(days=30))
    decision = {"by": factories.publisher(), "document_number": "演示公布〔2026〕1号", "on": today}
    catalogue.promote(CatalogueEntry.objects.get(pk=first.pk), level=BrandLevel.PROVINCIAL, **decision)

    page = client.get(f"{ALL}provincial-skill-brands/")

    days = {line["code"]: line["on"] for line in page.context["lines"]}
    assert days == {first.code: today, born.code: today - timedelta(days=30)}
    assert "列为省级日期" in page.content.decode()


def test_each_city_of_a_target_leads_to_its_own_entries(client):
    entry("skill-brands", name="潍坊甲品牌（演示）", level=BrandLevel.PROVINCIAL)
    entry("skill-brands", place="3701", name="济南乙品牌（演示）", level=BrandLevel.PROVINCIAL)

    page = client.get(f"{ALL}provincial-skill-brands/")
    counted = {
        found["place"].code: len(titles(client.get(f"{ALL}provincial-skill-brands/{found['query']}")))
        for found in page.context["places"]
    }

    assert counted == {found["place"].code: found["place"].number for found in page.context["places"]}
    assert sum(counted.values()) == 2


def test_the_numbers_of_an_earlier_day_are_those_of_that_day(client):
    entry("exam-projects", name="演示风筝制作", on=date(2024, 5, 1))
    leave(entry("exam-projects", name="演示退出项目", on=date(2024, 5, 1)))

    now = client.get(f"{ALL}exam-projects/")
    then = client.get(f"{ALL}exam-projects/", {"on": "2024-05-01"})
    before = client.get(f"{ALL}exam-projects/", {"on": "2024-04-30"})

    assert [titles(now), titles(then), titles(before)] == [
        ["演示风筝制作"],
        ["演示风筝制作", "演示退出项目"],
        [],
    ]
    assert then.context["gauge"]["due"] == "期限 2025-12-31，还有 609 天"


def test_the_home_page_shows_what_is_meant_for_the_whole_province(client):
    entry("labour-brands", worker_count=1200)

    shown = {gauge["slug"]: gauge["number"] for gauge in client.get("/").context["gauges"]}

    assert shown == {
        "provincial-skill-brands": 0,
        "provincial-labour-brands": 0,
        "municipal-labour-brands": 1,
        "labour-brand-workers": 1200,
        "exam-projects": 0,
    }


@pytest.mark.parametrize(
    "query",
    ["on=2999-01-01", "on=x", "on=2024-02-30", "on=%00", "city=9999", "city=370705", "city=%00", "year=x"],
)
def test_what_cannot_be_counted_is_not_found(client, query):
    entry("labour-brands")

    asked = [f"{ALL}key-labour-brands/?{query}"] + [f"{ALL}?{query}"] * query.startswith("on=")

    assert {url: client.get(url).status_code for url in asked} == dict.fromkeys(asked, 404)


def test_odd_pages_answer_and_unknown_parameters_are_passed_over(client):
    entry("labour-brands")

    for query in ("page=x", "page=99999999999999999999", "unknown=1", "short=1", "on="):
        assert client.get(f"{ALL}municipal-labour-brands/?{query}").status_code == 200


@pytest.mark.parametrize("slug", [*INSIDE, "nonsense"])
def test_what_is_not_public_is_not_found_by_strangers(client, slug):
    unit("演示甲公司", y2024=(500, 0, 500))
    returned(row())

    assert client.get(f"{ALL}{slug}/").status_code == 404
    assert client.get(f"{DESK}{slug}/").status_code == 302


@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS)
def test_whoever_looks_after_no_targets_finds_no_page_at_the_desk(client, who):
    sign_in(client, who())

    asked = [DESK, SHEET, *(f"{DESK}{slug}/" for slug in targets.counters)]

    assert {page: client.get(page).status_code for page in asked} == dict.fromkeys(asked, 404)
    assert reverse("desk-targets") not in Links(client.get("/desk/").content.decode()).found


@pytest.mark.parametrize("who", READERS.values(), ids=READERS)
def test_whoever_looks_after_targets_opens_every_page_at_the_desk(client, who):
    sign_in(client, who())

    asked = [DESK, SHEET, *(f"{DESK}{slug}/" for slug in targets.counters)]

    assert {page: client.get(page).status_code for page in asked} == dict.fromkeys(asked, 200)
    assert reverse("desk-targets") in Links(read(client, DESK)).found


def test_a_city_reads_what_is_not_public_of_itself_alone(client):
    unit("演示潍坊公司", y2024=(620, 0, 500))
    unit("演示济南公司", place="370102", y2024=(400, 0, 500))
    returned(row())
    returned(row(), place="370102")
    sign_in(client, factories.reviewer())

    trained, counties = (client.get(f"{DESK}{slug}/") for slug in ("unit-trained", "county-trainings"))

    assert (titles(trained), [found["place"].code for found in trained.context["places"]]) == (
        ["演示潍坊公司"],
        [WEIFANG],
    )
    assert [city["code"] for city in counties.context["counties"]] == [WEIFANG]
    assert [line["city"].code for line in client.get(DESK).context["matrix"]] == [WEIFANG]
    for page in (DESK, SHEET, f"{DESK}unit-trained/", f"{DESK}county-trainings/"):
        assert "历下" not in words(client.get(page)) and "济南公司" not in words(client.get(page))
    assert client.get(f"{DESK}unit-trained/", {"city": "3701"}).status_code == 404


def words(answer) -> str:
    if not answer.streaming:
        return answer.content.decode()
    book = load_workbook(BytesIO(b"".join(answer.streaming_content)))
    return "\n".join(
        str(cell) for sheet in book for line in sheet.iter_rows(values_only=True) for cell in line
    )


def test_units_below_their_number_are_marked_and_can_be_listed_alone(client):
    unit("演示达标公司", y2024=(500, 0, 500))
    unit("演示不足公司", y2024=(499, 0, 500))
    unit("演示未报公司", y2023=(500, 0, 500))
    sign_in(client, factories.reviewer(PROVINCE))

    page = client.get(f"{DESK}unit-trained/")
    short = client.get(f"{DESK}unit-trained/", {"short": "1"})

    assert {line["title"]: (line["amount"], line["is_below"]) for line in page.context["lines"]} == {
        "演示达标公司": ("500", False),
        "演示不足公司": ("499", True),
        "演示未报公司": ("未报", True),
    }
    assert sorted(titles(short)) == ["演示不足公司", "演示未报公司"]


def test_cities_below_or_above_are_marked_in_words_and_signs(client):
    PolicyTarget.objects.filter(pk="city-training-brands").update(operator="between", number=1, most=1)
    entry("city-training-brands", name="潍坊甲培训品牌（演示）")
    entry("city-training-brands", name="潍坊乙培训品牌（演示）")
    entry("city-training-brands", place="3701", name="济南丙培训品牌（演示）")
    sign_in(client, factories.reviewer(PROVINCE))

    page = client.get(DESK)

    place = [heading["label"] for heading in page.context["headings"]].index("“领航型”职业技能培训品牌")
    marked = {line["city"].code: line["cells"][place] for line in page.context["matrix"]}
    assert (marked["3707"]["sign"], marked["3707"]["word"]) == ("△", "超出")
    assert (marked["3701"]["sign"], marked["3717"]["word"]) == ("", "尚未达到")
    assert "（尚未达到）" in page.content.decode()


def test_counties_without_a_class_are_named_with_their_city(client):
    returned(row())
    sign_in(client, factories.reviewer(PROVINCE))

    page = read(client, f"{DESK}county-trainings/")
    of_city = client.get(f"{DESK}county-trainings/", {"city": WEIFANG})

    assert "寒亭区" in page and "市中区" in page
    shown = {line.name: line.number for line in of_city.context["county_lines"] if not line.is_apart}
    assert (shown["奎文区"], shown["寒亭区"], len(shown)) == (1, 0, 12)


def test_pairs_over_the_limit_lead_to_their_institutions(client):
    for number in range(6):
        institution(f"演示学校{number}", "潍坊市")
    sign_in(client, factories.reviewer(PROVINCE))

    page = read(client, f"{DESK}institutions-per-project/")

    found = CatalogueEntry.objects.filter(kind="exam-institutions")
    links = {reverse("catalogue-entry", args=[e.kind, e.code]) for e in found}
    assert len(links) == 6 and links <= set(Links(page).found)
    assert "1 组超过 5 家" in page
    assert "省级通知未规定 参照菏泽市2023年的做法" in page


def test_the_workbook_says_what_the_pages_say(client):
    entry("skill-brands", level=BrandLevel.PROVINCIAL)
    returned(row())
    sign_in(client, factories.reviewer(PROVINCE))

    book = load_workbook(BytesIO(b"".join(client.get(SHEET).streaming_content)))

    first = [list(line) for line in book.worksheets[0].iter_rows(values_only=True)]
    assert first[0][:2] == ["统计截至", str(timezone.localdate())]
    assert first[2][:5] == ["省级专项职业能力品牌", "不少于 10 个", None, 1, "不少于 10 个"]
    assert [sheet.title for sheet in book] == ["政策目标进度", "分市", "县（市、区）", "机构超出上限"]
    assert book["县（市、区）"].max_row == 1 + 136 + 51


def test_pages_cost_as_many_queries_for_many_rows_as_for_one(client):
    brand = entry("labour-brands", level=BrandLevel.PROVINCIAL)
    company = unit("演示甲公司", y2024=(500, 0, 500))
    returned(row())
    sign_in(client, factories.reviewer(PROVINCE))
    asked = [
        ALL,
        "/",
        DESK,
        f"{ALL}labour-brand-workers/",
        f"{DESK}unit-trained/",
        f"{DESK}county-trainings/",
    ]

    numbers = []
    for more in (0, 2, 17):
        copies.multiply_entry(brand, more)
        copies.multiply_entry(company, more)
        numbers.append([cost(client, page) for page in asked])

    assert numbers == [numbers[0]] * 3


def cost(client, page: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        read(client, page)
    return len(queries)


def change(client, slug: str, **typed):
    target = PolicyTarget.objects.get(pk=slug)
    plain = {
        "number": target.number,
        "most": target.most or "",
        "due_on": target.due_on or "",
        "document_number": target.document_number,
        "clause": target.clause,
        "sentence": target.sentence,
    }
    return client.post(url(PolicyTarget, "change", slug), plain | typed)


@pytest.mark.parametrize("who", [factories.publisher, factories.sysadmin])
def test_a_change_of_a_number_is_logged_and_changes_the_gauge_and_outlives_the_next_load(client, who):
    entry("exam-projects", name="演示风筝制作")
    enter(client, who())

    answer = change(client, "exam-projects", number=1)

    assert answer.status_code == 302
    assert LogEntry.objects.get().get_change_message() == "数值：500 → 1"
    assert gauges(client.get(ALL))["exam-projects"]["word"] == "已达到"
    assert "政策目标：新增 0，更正 0，停用 0" in [str(loaded) for loaded in reference.load()]
    assert targets.limit("exam-projects") == 1


@pytest.mark.parametrize(
    ("slug", "typed", "told"),
    [
        ("exam-projects", {"number": 0}, "数值至少为 1。"),
        ("exam-projects", {"most": 600}, "“不少于”不填上限。"),
        ("key-labour-brands", {"most": ""}, "“介于”要填写上限，并且不小于数值。"),
        ("key-labour-brands", {"number": 6}, "“介于”要填写上限，并且不小于数值。"),
    ],
)
def test_a_number_that_fits_nothing_is_refused_in_words(client, slug, typed, told):
    enter(client, factories.publisher())

    answer = change(client, slug, **typed)

    assert (answer.status_code, LogEntry.objects.count()) == (200, 0)
    assert told in [str(e) for errors in answer.context["adminform"].errors.values() for e in errors]


@pytest.mark.parametrize(
    "who",
    [factories.reviewer, factories.approver, lambda: factories.publisher(WEIFANG), factories.secadmin],
)
def test_nobody_else_changes_a_number(client, who):
    enter(client, who())

    assert change(client, "exam-projects", number=1).status_code in (403, 404)
    assert PolicyTarget.objects.get(pk="exam-projects").number == 500


def test_a_target_is_neither_added_nor_deleted(client):
    enter(client, factories.publisher())

    answers = [
        client.post(url(PolicyTarget, *page)).status_code for page in (("add",), ("delete", "exam-projects"))
    ]

    assert answers == [403, 403]
    assert PolicyTarget.objects.count() == 11


def test_the_day_before_an_entry_was_published_is_shown_in_the_workbook_too(client):
    entry("exam-projects", name="演示风筝制作")
    sign_in(client, factories.reviewer(PROVINCE))
    yesterday = timezone.localdate() - timedelta(days=1)

    book = load_workbook(BytesIO(b"".join(client.get(SHEET, {"on": str(yesterday)}).streaming_content)))

    lines = {line[0]: line[3] for line in book.worksheets[0].iter_rows(min_row=3, values_only=True)}
    assert lines["公布专项职业能力考核项目"] == 0
