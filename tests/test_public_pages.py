"""The public pages: what a stranger finds, what he never sees, and how odd requests are answered."""

import re
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from portal import browse, check_codes, registry
from portal.models import CatalogueEntry, Edition
from portal.vocabulary import BrandLevel, State
from tests import copies, factories
from tests.public import Links, address, leave, read

pytestmark = pytest.mark.django_db
PUBLIC_TYPES = [pytest.param(t, id=t.slug) for t in registry.all_types() if t.public]
LIST, SEARCH = "/catalogue/skill-brands/", "/search/"


def titles(answer) -> list[str]:
    return [line["entry"].title for line in answer.context["lines"]]


def test_a_stranger_finds_a_published_brand_by_one_character(client):
    kite = factories.entry("skill-brands", name="潍坊风筝扎制品牌（演示）")
    factories.entry("skill-brands", name="潍坊剪纸品牌（演示）")

    answer = client.get(LIST, {"q": "筝"})

    assert titles(answer) == [kite.title]


def test_a_stranger_finds_a_brand_by_its_city_and_by_every_word_he_types(client):
    factories.entry("skill-brands", name="潍坊风筝扎制品牌（演示）")
    factories.entry("skill-brands", place="3701", name="济南剪纸品牌（演示）")

    answers = [client.get(LIST, {"q": q}) for q in ("济南", "济南　剪纸", "济南 风筝")]

    assert [titles(answer) for answer in answers] == [
        ["济南剪纸品牌（演示）"],
        ["济南剪纸品牌（演示）"],
        [],
    ]


def test_the_search_over_all_catalogues_groups_what_it_finds(client):
    factories.entry("skill-brands", name="潍坊剪纸品牌（演示）")

    answer = client.get(SEARCH, {"q": "剪纸"})

    found = {group["type"].slug: group["count"] for group in answer.context["groups"]}
    assert found == {"skill-brands": 1, "exam-projects": 1}


def test_the_search_of_one_catalogue_leads_to_its_list(client):
    answer = client.get(SEARCH, {"q": "剪纸", "in": "exam-projects"})

    assert answer.url == "/catalogue/exam-projects/?q=%E5%89%AA%E7%BA%B8"


def test_what_is_not_published_is_on_no_public_page(client):
    factories.entry("skill-brands", name="潍坊已公布品牌（演示）")
    for state in State.values:
        factories.filing("skill-brands", state, name=f"潍坊未公布{state}（演示）")

    pages = [
        read(client, url) for url in ("/", "/catalogue/", LIST, f"{LIST}?view=table", f"{SEARCH}?q=潍坊")
    ]

    assert ["未公布" in page for page in pages] == [False] * len(pages)
    assert [browse.counts_for("未公布"), browse.counts_for("已公布")] == [{}, {"skill-brands": 1}]


def test_names_and_numbers_of_persons_are_on_no_public_page(client):
    canary = "13800138000"
    for param in PUBLIC_TYPES:
        record_type = param.values[0]
        factories.entry(record_type, **dict.fromkeys(record_type.personal, canary))
        named = {"name": "演示版", "on": timezone.localdate(), "published_at": timezone.now()}
        Edition.objects.create(kind=record_type.slug, **named)

    pages = crawl(client, "/")

    assert [sum(end in url for url in pages) >= len(PUBLIC_TYPES) for end in (".xlsx", ".csv", ".json")] == [
        True
    ] * 3
    assert [url for url, content in pages.items() if canary in content] == []


def crawl(client: Client, start: str) -> dict[str, str]:
    """Return every page and file a stranger reaches by links, as text; workbooks as their cells."""
    seen, waiting = {}, [start]
    inner = (reverse("login"), reverse("desk"))
    while waiting:
        url = waiting.pop()
        if url in seen or not url.startswith("/") or url.startswith(("/static/", *inner)):
            continue
        answer = client.get(url)
        seen[url] = content = cells(answer) if ".xlsx" in url else text_of(answer)
        base = url.split("?")[0]
        links = Links(content).found if "download" not in url else []
        # Facets multiply without end; one step into each is enough, none into those of a dated list.
        last = "?" in url or "/editions/" in url
        deeper = [link for link in links if not (last and link.startswith("?"))]
        waiting += [base + link if link.startswith("?") else link for link in deeper]
    return seen


def text_of(answer) -> str:
    return b"".join(answer.streaming_content if answer.streaming else [answer.content]).decode()


def cells(answer) -> str:
    book = load_workbook(BytesIO(b"".join(answer.streaming_content)))
    return "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)


def test_every_choice_beside_the_list_leads_to_as_many_entries_as_it_says(client):
    factories.entry("skill-brands", name="潍坊剪纸品牌（演示）", level=BrandLevel.PROVINCIAL)
    factories.entry("skill-brands", name="潍坊剪纸美食品牌（演示）", direction="food")
    factories.entry("skill-brands", place="370105", name="济南天桥剪纸品牌（演示）", stage="discovered")
    leave(factories.entry("skill-brands", name="潍坊剪纸退出品牌（演示）"))

    for asked in ("", "?city=3707", "?q=剪纸&city=3707", "?status=exited", "?county=370105"):
        context = client.get(LIST + asked).context
        options = [option for facet in context["facets"] for option in facet["options"]]
        options += [*context["statuses"], *context["cities"], *context["counties"]]
        fresh = [option for option in options if not option["is_chosen"]]
        counted = [client.get(LIST + option["query"]).context["page"].paginator.count for option in fresh]
        assert (asked, counted) == (asked, [option["count"] for option in fresh])


def test_two_choices_of_one_facet_show_both(client):
    factories.entry("skill-brands", name="潍坊剪纸品牌（演示）")
    factories.entry("skill-brands", name="潍坊剪纸美食品牌（演示）", direction="food")
    factories.entry("skill-brands", name="潍坊剪纸其他品牌（演示）", direction="other")

    answer = client.get(LIST, {"direction": ["food", "other"]})

    assert sorted(titles(answer)) == ["潍坊剪纸其他品牌（演示）", "潍坊剪纸美食品牌（演示）"]
    assert [option["count"] for option in facet(answer, "品牌方向")] == [1, 0, 1, 1]


def facet(answer, label: str) -> list[dict]:
    return next(facet["options"] for facet in answer.context["facets"] if facet["label"] == label)


def test_a_county_is_chosen_within_its_city(client):
    factories.entry("building-units", place="370705", name="演示奎文单位")
    factories.entry("building-units", place="370703", name="演示寒亭单位")

    answer = client.get("/catalogue/building-units/", {"county": "370705"})

    assert titles(answer) == ["演示奎文单位"]
    assert answer.context["wish"].city == "3707"


def test_an_empty_list_offers_the_condition_whose_removal_shows_most(client):
    factories.entry("skill-brands", name="潍坊剪纸品牌（演示）")
    factories.entry("skill-brands", name="潍坊剪纸二号品牌（演示）")

    answer = client.get(LIST, {"q": "剪纸", "city": "3701"})

    assert answer.context["way_out"]["text"] == "去掉“地区：济南市”后有 2 个。"
    assert answer.context["way_out"]["query"] == "?q=%E5%89%AA%E7%BA%B8"


def test_hits_are_marked_and_what_was_typed_is_escaped(client):
    factories.entry("skill-brands", name="潍坊<b>剪纸</b>品牌（演示）")

    page = read(client, f"{LIST}?q=剪纸")

    assert "潍坊&lt;b&gt;<mark>剪纸</mark>&lt;/b&gt;品牌" in page
    assert "<b>剪纸</b>" not in page


def test_a_list_costs_as_many_queries_for_a_thousand_rows_as_for_one(client):
    entries = copies.many_entries(1000, "skill-brands")
    exam = CatalogueEntry.objects.get(kind="exam-projects")
    urls = [LIST, f"{LIST}?view=table", f"{LIST}?city=3707&q=剪", f"{SEARCH}?q=剪纸", "/", "/catalogue/"]
    urls += [address(entries[0]), address(exam)]

    number = {}
    for rows in (1000, 3, 1):
        kept = [entry.pk for entry in entries[:rows]]
        CatalogueEntry.objects.filter(kind="skill-brands").exclude(pk__in=kept).delete()
        number[rows] = [queries(client, url) for url in urls]

    # of one type more lie beside the project than are looked through: these are counted
    more = [many - one for many, one in zip(number[1000], number[1], strict=True)]
    assert (number[3], more) == (number[1], [0] * 7 + [1])


def queries(client: Client, url: str) -> int:
    """Return how many queries a page costs."""
    with CaptureQueriesContext(connection) as captured:
        read(client, url)
    return len(captured)


def test_the_pages_of_a_list_are_numbered_and_end(client):
    copies.many_entries(21, "skill-brands")

    codes = [client.get(LIST, {"page": page}).status_code for page in ("1", "2", "3")]

    assert codes == [200, 200, 404]
    assert len(titles(client.get(LIST, {"page": "2"}))) == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("page=0", 404),
        ("page=-1", 404),
        ("page=1.5", 404),
        ("page=٣", 404),
        ("page=99999999999999999999", 404),
        ("page=%00", 404),
        ("q=%00", 200),
        ("q=%F0%9F%90%89", 200),
        ("q=%25%25", 200),
        ("q=" + "%E7%AD%9D" * 500, 200),
        ("q=%27%22%3B--", 200),
        ("city=9999", 404),
        ("city=370705", 404),
        ("city=%00", 404),
        ("county=3707", 404),
        ("city=3701&county=370705", 404),
        ("direction=nonsense", 404),
        ("direction=food&direction=handicraft", 200),
        ("level=provincial", 200),
        ("status=draft", 404),
        ("sort=random", 404),
        ("view=nonsense", 200),
        ("unknown=1", 200),
    ],
)
def test_odd_parameters_are_refused_or_passed_over(client, query, code):
    factories.entry("skill-brands")

    answers = [client.get(f"{LIST}{path}?{query}").status_code for path in ("", "download.xlsx")]

    assert answers[0] == code
    assert answers[1] in (code, 200)


@pytest.mark.parametrize(
    "url",
    [
        "/catalogue/nonsense/",
        "/catalogue/skill-brands/SB-3707-9999/",
        "/catalogue/skill-brands/%00/",
        "/catalogue/skill-brands/sb-3707-0001/",
        "/catalogue/Filing/",
    ],
)
def test_what_does_not_exist_is_not_found(client, url):
    assert client.get(url).status_code == 404


def test_a_code_is_found_in_its_own_catalogue_alone(client):
    entry = factories.entry("exam-projects")

    codes = [
        client.get(f"/catalogue/{slug}/{entry.code}/").status_code
        for slug in ("exam-projects", "labour-brands")
    ]

    assert codes == [200, 404]


@pytest.mark.parametrize("url", ["/", "/catalogue/", LIST, SEARCH])
def test_public_pages_are_read_only(client, url):
    assert client.post(url).status_code == 405


@pytest.mark.parametrize("record_type", PUBLIC_TYPES)
def test_each_type_has_its_list_its_table_and_its_page(client, record_type):
    entry = factories.entry(record_type)
    url = reverse("catalogue-list", args=[record_type])

    pages = [
        read(client, page) for page in (url, f"{url}?view=table", address(entry), f"{url}?q={entry.code[0]}")
    ]

    assert [entry.title in page for page in pages[:3]] == [True] * 3
    assert entry.document_number in pages[2]


def test_a_fault_of_ours_is_told_with_the_number_of_the_request(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.delattr("portal.models.catalogue.EntryQuerySet.in_force")

    answer = client.get("/")

    assert answer.status_code == 500
    assert answer["X-Request-ID"] in answer.content.decode()


def test_the_home_page_counts_what_is_in_force(client):
    factories.entry("skill-brands", name="潍坊剪纸品牌（演示）", level=BrandLevel.PROVINCIAL)
    factories.entry("skill-brands", place="3701", name="济南剪纸品牌（演示）")
    leave(factories.entry("skill-brands", name="潍坊剪纸退出品牌（演示）"))
    out = {"kind": "exam-projects", "published_at": timezone.now(), "is_demo": True}
    Edition.objects.create(name="演示版", on=date(2024, 1, 1), **out)
    Edition.objects.create(name="明天版", on=timezone.localdate() + timedelta(days=1), **out)

    context = client.get("/").context

    shown = {r["type"].slug: (r["count"], r["note"]) for r in context["registries"]}
    assert shown["skill-brands"] == (2, "其中省级 1 个")
    assert shown["exam-projects"] == (1, "现行目录：演示版")
    assert {tile["code"]: tile["count"] for tile in context["map"]["cities"] if tile["count"]} == {
        "3701": 1,
        "3707": 1,
    }
    assert len(context["map"]["cities"]) == 16


def test_a_catalogue_is_counted_by_its_own_measure_word_below_its_plain_question(client):
    factories.entry("building-units", place="370705")  # of a labour brand
    factories.entry("exam-projects", name="演示风筝制作")
    homes = {slug: f"/catalogue/{slug}/" for slug in ("building-units", "exam-projects", "skill-brands")}

    home, index = (" ".join(read(client, url).split()) for url in ("/", "/catalogue/"))

    counted = '<strong>1</strong> <span class="small soft">'
    assert f"<p>到哪里就业</p><h3>劳务品牌建设单位</h3><div>{counted}家</span>" in home
    assert f"<p>考什么</p><h3>专项职业能力考核项目</h3><div>{counted}项</span>" in home
    assert re.findall(r'class="big">1</strong> <span class="small soft">(.)', index) == ["家", "个", "项"]
    lists = {slug: re.search(r'role="status"><b>(.*?)</b>', read(client, url)) for slug, url in homes.items()}
    assert {slug: found[1] for slug, found in lists.items()} == {
        "building-units": "1 家",
        "exam-projects": "1 项",
        "skill-brands": "0 个",
    }


def test_an_entry_in_force_leads_to_the_check_of_its_sheet_and_tells_no_code(client):
    entry = factories.entry("skill-brands")
    code = check_codes.code_of(entry.filing.versions.get())

    page = read(client, address(entry))

    assert ['href="/verify/">按校验码核验' in page, code in page] == [True, False]


def test_the_examples_of_the_home_page_are_found(client):
    factories.entry("exam-projects", name="演示风筝制作")

    context = client.get("/").context

    assert context["examples"] == ["演示风筝制作"]
    assert client.get(SEARCH, {"q": context["examples"][0]}).context["total"] == 1


def test_the_download_holds_the_list_and_public_columns_only(client):
    factories.entry("building-units", place="370705", name="演示奎文单位", contact_phone="13800138000")
    factories.entry("building-units", place="370703", name="演示寒亭单位")

    answer = client.get("/catalogue/building-units/download.xlsx", {"county": "370705"})

    content = cells(answer)
    assert ("演示奎文单位" in content, "演示寒亭单位" in content) == (True, False)
    assert [word in content for word in ("13800138000", "联系人", "法定代表人")] == [False] * 3


def test_a_public_page_sets_no_cookie_and_is_the_same_for_everybody():
    factories.entry("skill-brands")
    urls = ("/", "/catalogue/", LIST, SEARCH, "/catalogue/skill-brands/SB-3707-0001/")

    answers = [[Client().get(url) for _ in range(2)] for url in urls]

    assert [dict(answer.cookies) for pair in answers for answer in pair] == [{}] * 10
    assert [one.content == other.content for one, other in answers] == [True] * 5
