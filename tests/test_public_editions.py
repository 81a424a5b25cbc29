"""The catalogue in time: its editions, and what it held on a day."""

import json

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal import catalogue
from portal.models import CatalogueEntry, Edition
from portal.vocabulary import BrandLevel
from tests import copies, factories
from tests.public import Links, read
from tests.timelines import (
    DOCUMENT,
    KIND,
    LIST,
    address,
    build_two_editions,
    day,
    downloaded,
    edition,
    left,
    names,
    published,
    shown,
    tomorrow,
    words,
)

pytestmark = pytest.mark.django_db
EDITIONS = f"{LIST}editions/"


@pytest.fixture
def two_editions() -> dict[str, CatalogueEntry]:
    return build_two_editions()


def test_the_editions_are_listed_with_document_date_number_and_changes(client, two_editions):
    rows = client.get(EDITIONS).context["rows"]

    said = [(r["edition"].name, r["count"], r["is_current"], words(r["changes"])) for r in rows]
    assert said == [
        ("2024年版", 4, True, {"新增": 1, "调整": 1, "更名": 1, "合并": 1, "移出": 1}),
        ("2023年版", 5, False, {}),
    ]
    page = read(client, EDITIONS)
    assert [word in page for word in ("演示文〔2023〕1号", "2023-06-01", "首版")] == [True] * 3


def test_a_catalogue_without_editions_says_so_and_leads_to_what_is_in_force(client):
    page = read(client, "/catalogue/labour-brands/editions/")

    assert "还没有公布过目录版次" in page
    assert "/catalogue/labour-brands/" in Links(page).found


def test_each_day_shows_what_was_in_force_under_the_name_of_that_day(client, two_editions):
    before = ["演示风筝制作", "演示年画制作", "演示剪纸制作", "演示泥塑制作", "演示面塑制作"]
    after = ["演示风筝制作", "演示木版年画制作", "演示面塑制作", "演示草编制作"]

    days = [day(2, 28, 2023), day(3, year=2023), day(6, year=2023), day(3, 31), day(4), day(6)]

    assert [shown(client, address(on)) for on in days] == [[], before, before, before, after, after]
    assert [list(names(client, on).values()) for on in days] == [[], before, before, before, after, after]


def test_a_day_that_bears_an_edition_is_named_and_cited(client, two_editions):
    page, other = read(client, address(day(6))), read(client, address(day(5)))

    cited = (
        f"《专项职业能力考核项目目录》2024年版，{DOCUMENT}，2024-06-01，http://testserver{address(day(6))}"
    )
    assert [f"引用：{cited}" in page, "<h1>专项职业能力考核项目目录 2024年版" in page] == [True, True]
    assert "<h1>2024-05-01当日的专项职业能力考核项目目录" in other
    assert ['content="noindex"' in text for text in (page, other)] == [False, True]


def test_what_became_of_an_entry_since_is_said_beside_it(client, two_editions):
    rows = client.get(address(day(6, year=2023))).context["table"]["rows"]

    assert [row[-1]["text"] for row in rows] == [
        "2024-04-01 变更",
        "2024-04-01 更名为“演示木版年画制作”",
        "2024-04-01 并入 EP-3707-0002 演示木版年画制作",
        "2024-04-01 退出",
        "",
    ]
    versions = [row[0]["url"].partition("?")[2] for row in rows]
    assert versions == ["version=1", "version=1", "version=1", "", ""]


def test_the_level_of_a_day_is_the_one_it_had_then(client):
    entry = published("潍坊风筝品牌（演示）", day(3), "skill-brands")
    province = {"by": factories.publisher(), "document_number": DOCUMENT}
    catalogue.promote(entry, level=BrandLevel.PROVINCIAL, on=day(5), **province)
    days = (day(4, 30), day(5))

    levels = [json.loads(downloaded(client, on, kind="skill-brands"))["entries"][0]["level"] for on in days]
    chosen = [client.get(address(on, "skill-brands"), {"level": "provincial"}) for on in days]

    assert levels == ["municipal", "provincial"]
    assert [answer.context["page"].paginator.count for answer in chosen] == [0, 1]
    counts = [answer.context["facets"][0]["options"][1]["count"] for answer in chosen]
    assert counts == [0, 1]


@pytest.mark.parametrize("on", ["2024-02-30", "2024-13-01", "1999-01-01", "20240101", "2024-6-1", "today"])
def test_what_is_no_day_is_not_found(client, on):
    assert client.get(f"{EDITIONS}{on}/").status_code == 404


def test_a_day_that_has_not_come_is_not_found(client):
    found = [client.get(address(on)).status_code for on in (timezone.localdate(), tomorrow())]
    files = [
        client.get(f"{address(tomorrow())}download.{kind}").status_code for kind in ("csv", "json", "xlsx")
    ]

    assert (found, files) == ([200, 404], [404] * 3)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("page=2", 404),
        ("status=exited", 404),
        ("region=3707", 200),
        ("region=37", 200),
        ("region=370705", 404),
        ("region=9999", 404),
        ("region=%00", 404),
        ("city=9999", 404),
        ("sort=random", 404),
        ("q=%00", 200),
    ],
)
def test_odd_questions_about_a_day_are_refused_or_passed_over(client, query, code):
    assert client.get(f"{address(day(6))}?{query}").status_code == code


def test_a_day_can_be_chosen_and_nonsense_is_explained(client):
    chosen = [client.get(EDITIONS, {"on": on}) for on in ("2024-06-01", "")]
    city = client.get(EDITIONS, {"on": "2024-06-01", "region": "3707"})
    wrong = [client.get(EDITIONS, {"on": on}) for on in ("2024.6.1", "<b>", str(tomorrow()))]

    assert [answer.url for answer in chosen] == [address(day(6)), LIST]
    assert city.url == f"{address(day(6))}?region=3707"
    assert [answer.status_code for answer in wrong] == [404] * 3
    assert "“&lt;b&gt;”不是可以查询的日期" in wrong[1].content.decode()


def test_every_choice_beside_the_list_of_a_day_leads_to_as_many_as_it_says(client):
    published("演示风筝制作", day(3))
    published("演示面点制作", day(3), catalogue_class="food", place="3701")
    gone = published("演示泥塑制作", day(3), place="370105")
    left(gone, day(5))

    for asked in ("", "?q=制作", "?city=3701", "?city=3701&q=泥", "?county=370105"):
        for on in (day(4), day(6)):
            context = client.get(address(on) + asked).context
            options = [option for facet in context["facets"] for option in facet["options"]]
            fresh = [o for o in [*options, *context["cities"], *context["counties"]] if not o["is_chosen"]]
            counted = [client.get(address(on) + o["query"]).context["page"].paginator.count for o in fresh]
            assert (asked, on, counted) == (asked, on, [option["count"] for option in fresh])


def test_a_city_has_editions_and_a_catalogue_of_its_own(client):
    kind = "building-units"
    published("演示潍坊单位", day(3), kind, place="370705")
    published("演示济南单位", day(3), kind, place="370105")
    edition("潍坊2024年版", day(6), region="3707", kind=kind)
    edition("济南2024年版", day(6), region="3701", kind=kind)

    rows = client.get(f"/catalogue/{kind}/editions/").context["rows"]

    assert [(r["edition"].name, r["count"]) for r in rows] == [("济南2024年版", 1), ("潍坊2024年版", 1)]
    assert list(names(client, day(6), kind, region="3707").values()) == ["演示潍坊单位"]
    assert len(names(client, day(6), kind)) == 2
    page = read(client, f"{address(day(6), kind)}?region=3707")
    assert "《潍坊市劳务品牌建设单位目录》潍坊2024年版" in page
    own = [link for link in Links(page).found if link.startswith("?") or "download" in link]
    assert [link for link in own if "region=3707" not in link] == []


def test_an_edition_that_is_not_published_is_nowhere(client):
    published("演示风筝制作", day(3))
    never = {"published_at": None}
    edition("金丝雀编制中", day(4), **never)
    edition("金丝雀已放弃", day(5), abandoned_at=timezone.now(), **never)
    edition("金丝雀明天", tomorrow())
    file = Edition.objects.get(name="金丝雀编制中")
    file.file.save("x.pdf", ContentFile(b"%PDF-1.4 canary"))
    entry = CatalogueEntry.objects.get(kind=KIND)
    urls = ["/", "/catalogue/", LIST, EDITIONS, address(day(4)), address(day(5)), f"{EDITIONS}compare/"]
    urls += [reverse("catalogue-entry", args=[KIND, entry.code]), "/sitemap.xml", "/sitemap-editions.xml"]

    pages = [read(client, url) for url in urls]

    assert [url for url, page in zip(urls, pages, strict=True) if "金丝雀" in page] == []
    assert client.get(reverse("edition-file", args=[KIND, day(4)])).status_code == 404
    assert "金丝雀".encode() not in downloaded(client, day(4))
    file.file.delete()


def test_the_document_of_an_edition_is_sent_as_a_file(client):
    announced = edition("2024年版", day(6), file_name="演示公布文件.pdf")
    announced.file.save("x.pdf", ContentFile(b"%PDF-1.4 demo"))
    url = reverse("edition-file", args=[KIND, day(6)])

    answer = client.get(url)

    assert b"".join(answer.streaming_content) == b"%PDF-1.4 demo"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert url in Links(read(client, EDITIONS)).found
    announced.file.delete(save=False)
    assert client.get(url).status_code == 404


def test_the_pages_of_a_day_cost_as_many_queries_for_a_thousand_rows_as_for_one(client):
    entries = copies.many_entries(1000, KIND)
    on = timezone.localdate()
    for month in range(1, 6):
        edition(f"第{month}版", day(month))
    urls = [address(on), f"{address(on)}?q=制&city=3707", EDITIONS, f"{EDITIONS}compare/"]

    number = {}
    for rows in (1000, 3, 1):
        kept = [entry.pk for entry in entries[:rows]]
        CatalogueEntry.objects.filter(kind=KIND).exclude(pk__in=kept).delete()
        number[rows] = [queries(client, url) for url in urls]
    Edition.objects.filter(on__gt=day(2)).delete()

    assert number == dict.fromkeys(number, number[1])
    assert queries(client, EDITIONS) == number[1][2]


def queries(client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        read(client, url)
    return len(captured)
