"""The elements of a public page: head and foot of a government site, feeds, sitemap, what is not there."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import registry
from portal.models import CatalogueEntry, PublicNotice
from portal.views import feeds
from portal.vocabulary import NoticeKind, State
from tests import copies, factories
from tests.public import Links, address, leave, read
from tests.timelines import KIND, LIST, amended, day, edition, left, merged, published

pytestmark = pytest.mark.django_db
SITE_FACTS = {
    "domain": "portal.example",
    "owner": "演示主办单位",
    "undertaker": "演示承办单位",
    "contact": "0000-0000000",
    "icp": "演示ICP备案号",
    "icp_url": "https://icp.example/",
    "police_record": "演示公安备案号",
    "police_url": "https://police.example/",
    "site_code": "0000000000",
    "badge_url": "https://badge.example/",
    "errata_url": "https://errata.example/",
}
SAID = ("主办单位：", "承办单位：", "联系方式：", "网站标识码：", "党政机关网站标识", "我为政府网站找错")
ATOM, MAP = "{http://www.w3.org/2005/Atom}", "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def test_the_foot_holds_nothing_that_was_not_filled_in(client, settings):
    before = read(client, "/")
    settings.SITE = settings.SITE | SITE_FACTS

    after = read(client, "/")

    assert [word in before for word in SAID] == [False] * len(SAID)
    assert [word in after for word in SAID] == [True] * len(SAID)
    assert [
        url for url in SITE_FACTS.values() if url.startswith("https") and f'href="{url}"' not in after
    ] == []
    assert [value for value in SITE_FACTS.values() if value not in after] == []


def test_the_codes_of_the_site_stand_in_the_head_once_they_are_known(client, settings):
    before = read(client, "/")
    settings.SITE = settings.SITE | SITE_FACTS

    after = read(client, "/")

    names = [f'<meta name="{name}" content="' for name in ("SiteName", "SiteDomain", "SiteIDCode")]
    assert [name in before for name in names] == [True, False, False]
    assert [name in after for name in names] == [True] * 3


def test_lists_and_articles_say_their_column_and_their_facts(client):
    entry = published("演示风筝制作", day(3))

    column, article = read(client, LIST), read(client, address(entry))

    wanted = ("ColumnName", "ColumnType", "ColumnDescription", "ColumnKeywords")
    assert [f'<meta name="{name}" content="' in column for name in wanted] == [True] * 4
    facts = {"ArticleTitle": entry.title, "PubDate": "2024-03-01", "ContentSource": entry.publisher}
    assert [f'<meta name="{k}" content="{v}">' in article for k, v in facts.items()] == [True] * 3
    head = ("当前位置", "发布机构", "公布文号", "公布日期", "有效性", "主动公开", "字号", "打印")
    assert [word in article for word in head] == [True] * len(head)


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        (f"{LIST}?sort=code&view=table", LIST),
        (f"{LIST}?q=制作&sort=code", f"{LIST}?q=%E5%88%B6%E4%BD%9C"),
        (f"{LIST}EP-3707-0001/?version=1&from=x", f"{LIST}EP-3707-0001/"),
        (f"{LIST}editions/2024-06-01/?sort=new", f"{LIST}editions/2024-06-01/"),
        (f"{LIST}editions/2024-06-01/?region=3707&q=1", f"{LIST}editions/2024-06-01/?region=3707"),
    ],
)
def test_a_page_has_one_canonical_address(client, settings, url, canonical):
    published("演示风筝制作", day(3))
    here = read(client, url)
    settings.SITE = settings.SITE | {"domain": "portal.example"}

    there = read(client, url)

    assert f'<link rel="canonical" href="http://testserver{canonical}">' in here
    assert f'<link rel="canonical" href="http://portal.example{canonical}">' in there


@pytest.mark.parametrize(("sent", "kept"), [("large", "large"), ("small", "small"), ("", ""), ("huge", "")])
def test_the_size_of_the_text_is_chosen_without_scripts(client, sent, kept):
    entry = published("演示风筝制作", day(3))

    client.post("/preferences/", {"text": sent, "next": address(entry)})

    page = read(client, address(entry))
    assert (f'data-text="{kept}"' in page) == bool(kept)
    assert f'value="{kept}" aria-pressed="true"' in page


def test_a_page_that_did_not_change_is_not_sent_again(client):
    entry = published("演示风筝制作", day(3))
    urls = ["/", "/catalogue/", LIST, address(entry), f"{LIST}editions/", f"{LIST}editions/2024-06-01/"]

    tags = {url: client.get(url)["ETag"] for url in urls}
    again = {url: client.get(url, headers={"If-None-Match": tag}).status_code for url, tag in tags.items()}
    amended(entry, timezone.localdate(), name="演示纸鸢制作")
    then = {url: client.get(url, headers={"If-None-Match": tag}).status_code for url, tag in tags.items()}

    assert again == dict.fromkeys(urls, 304)
    changed = ("/", LIST, address(entry), f"{LIST}editions/2024-06-01/")
    assert then == {url: 200 if url in changed else 304 for url in urls}


def test_a_code_met_in_the_wrong_place_is_found_elsewhere(client):
    entry = published("演示风筝制作", day(3))
    wrong = [
        f"/catalogue/labour-brands/{entry.code}/",
        f"{LIST}{entry.code.lower()}/",
        f"/{entry.code}",
        f"{LIST}{entry.code}/nothing/",
        f"{LIST}{entry.code.replace('EP', 'ＥＰ')}/",
    ]

    answers = [client.get(url) for url in wrong]

    assert [answer.status_code for answer in answers] == [404] * len(wrong)
    found = [address(entry) in Links(answer.content.decode()).found for answer in answers]
    assert found == [True] * len(wrong)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("/nothing/", "/catalogue/"),
        (f"{LIST}EP-3707-9999/", LIST),
        (f"{LIST}?page=99", LIST),
        ("/风筝制作/", "在全部目录中查询"),
        ("/%00/", "/catalogue/"),
        ("/" + "x" * 2000, "/catalogue/"),
        ("/<script>alert(1)</script>/", "/catalogue/"),
    ],
)
def test_a_page_that_is_not_there_helps_on(client, url, says):
    page = client.get(url)

    assert (page.status_code, says in page.content.decode()) == (404, True)
    assert "<script>alert" not in page.content.decode()


def test_a_chinese_address_is_offered_to_the_search(client):
    assert 'value="风筝&lt;制作"' in client.get("/文章/风筝<制作/").content.decode()


def test_what_is_not_published_is_not_said_by_the_page_of_what_is_not_there(client):
    record = factories.filing(KIND, State.APPROVED, name="金丝雀制作")
    later = factories.publish(factories.approved(KIND, name="演示风筝制作"))
    later.valid_from = timezone.localdate() + timedelta(days=1)
    later.save()

    pages = [client.get(f"/x/{later.code}/"), client.get(f"/desk/filings/{record.pk}/x/")]

    assert [word in page.content.decode() for page in pages for word in ("金丝雀", "演示风筝")] == [False] * 4


def atom(client, url: str) -> list[dict[str, str]]:
    answer = client.get(url)
    assert answer["Content-Type"].startswith("application/atom+xml")
    entries = ElementTree.fromstring(answer.content).findall(f"{ATOM}entry")
    return [{child.tag.removeprefix(ATOM): child.text or "" for child in entry} for entry in entries]


def test_a_feed_tells_what_was_published_and_what_exited_newest_first(client):
    kite = published("演示风筝制作", day(3))
    brand = published("潍坊演示家政", day(4), "labour-brands")
    left(kite, day(5))

    everything, own = atom(client, "/feeds/catalogue.atom"), atom(client, f"/feeds/{KIND}.atom")

    assert [e["title"] for e in everything][:3] == [
        "退出：演示风筝制作",
        "公布：潍坊演示家政",
        "公布：演示风筝制作",
    ]
    assert [e["title"] for e in own] == ["退出：演示风筝制作", "公布：演示风筝制作"]
    assert own[0]["id"] == f"http://testserver{address(kite)}#exited-2024-05-01"
    assert own[0]["updated"] == "2024-05-01T00:00:00+08:00"
    assert len({e["id"] for e in everything}) == len(everything)
    assert brand.code in everything[1]["summary"]


def test_a_feed_is_the_size_it_is_however_much_there_is(client):
    copies.many_entries(60, KIND)

    with CaptureQueriesContext(connection) as captured:
        entries = atom(client, f"/feeds/{KIND}.atom")

    assert (len(entries), len(captured)) == (feeds.NEWEST, 2)


@pytest.mark.parametrize("url", ["/feeds/catalogue.atom", f"/sitemap-{KIND}.xml"])
def test_what_machines_follow_is_sent_again_only_when_it_changed(client, url):
    published("演示风筝制作", day(3))
    asked = {"If-None-Match": client.get(url)["ETag"]}

    again = client.get(url, headers=asked)
    published("演示年画制作", timezone.localdate())

    assert (again.status_code, client.get(url, headers=asked).status_code) == (304, 200)


def notice(title: str, **facts) -> PublicNotice:
    today = timezone.localdate()
    facts = {"starts_on": today, "ends_on": today, "published_at": timezone.now(), **facts}
    return PublicNotice.objects.create(
        kind=NoticeKind.PUBLICITY,
        title=title,
        organisation=factories.bureau(factories.PROVINCE),
        basis="演示依据",
        created_by=factories.reviewer(factories.PROVINCE),
        **facts,
    )


def test_the_feed_of_notices_holds_the_published_ones_alone(client):
    notice("演示公示")
    notice("演示撤销的公示", withdrawn_at=timezone.now(), withdrawal_reason="演示原因")
    notice("金丝雀草稿", published_at=None)
    tomorrow = timezone.localdate() + timedelta(days=1)
    notice("金丝雀明天", starts_on=tomorrow, ends_on=tomorrow)

    entries = atom(client, "/feeds/notices.atom")

    assert sorted(e["title"] for e in entries) == ["已撤销：演示撤销的公示", "演示公示"]
    assert "金丝雀" not in read(client, "/sitemap-notices.xml")


def located(client, url: str) -> list[str]:
    root = ElementTree.fromstring(client.get(url).content)
    return [found.text.removeprefix("http://testserver") for found in root.iter(f"{MAP}loc")]


def test_the_sitemap_names_every_page_that_is_there_and_no_other(client):
    kite, print_, clay = [published(f"演示{word}制作", day(3)) for word in ("风筝", "年画", "泥塑")]
    merged(print_, kite, day(4))
    left(clay, day(4))
    edition("演示版", day(6))
    notice("演示公示")
    factories.filing(KIND, State.APPROVED, name="金丝雀制作")

    files = located(client, "/sitemap.xml")
    pages = [url for file in files for url in located(client, file)]

    kinds = [t.slug for t in registry.all_types() if t.public]
    assert files == [f"/sitemap-{name}.xml" for name in ("pages", *kinds, "editions", "notices")]
    assert {address(kite), f"{LIST}editions/2024-06-01/", LIST, "/"} - set(pages) == set()
    assert [address(entry) in pages for entry in (print_, clay)] == [False, False]
    assert [url for url in pages if client.get(url).status_code != 200] == []


def test_a_long_part_of_the_sitemap_is_several_files_of_bounded_size(client, monkeypatch):
    monkeypatch.setattr(feeds.EntryMap, "limit", 100)
    copies.many_entries(250, KIND)

    files = [url for url in located(client, "/sitemap.xml") if KIND in url]
    sizes = [len(located(client, url)) for url in files]

    assert files == [f"/sitemap-{KIND}.xml{query}" for query in ("", "?p=2", "?p=3")]
    assert sizes == [100, 100, 50]
    with CaptureQueriesContext(connection) as captured:
        client.get(files[0])
    assert len(captured) == 2


def test_the_index_of_the_sitemap_loads_no_entry(client):
    copies.many_entries(30, KIND)

    with CaptureQueriesContext(connection) as captured:
        client.get("/sitemap.xml")

    loading = [q["sql"] for q in captured if '"title"' in q["sql"] and "COUNT" not in q["sql"].upper()]
    assert loading == []


def test_a_page_was_changed_when_its_entry_was_not_when_it_is_in_force_from(client):
    entry = published("演示风筝制作", day(3))

    root = ElementTree.fromstring(client.get(f"/sitemap-{KIND}.xml").content)

    assert root.find(f"{MAP}url/{MAP}lastmod").text[:10] == str(timezone.localdate())
    assert CatalogueEntry.objects.get(pk=entry.pk).valid_from == day(3)


@pytest.mark.parametrize("url", ["/sitemap-x.xml", "/sitemap-pages.xml?p=9", "/sitemap-pages.xml?p=x"])
def test_a_part_of_the_sitemap_that_does_not_exist_is_not_found(client, url):
    assert client.get(url).status_code == 404


def test_the_feed_of_a_type_without_a_catalogue_is_not_found(client):
    assert client.get("/feeds/project-training-returns.atom").status_code == 404


def test_crawlers_are_told_what_to_leave_alone_and_where_the_sitemap_is(client):
    lines = read(client, "/robots.txt").splitlines()

    assert lines[0] == "User-agent: *"
    assert {"Disallow: /desk/", "Disallow: /admin/", "Sitemap: http://testserver/sitemap.xml"} - set(
        lines
    ) == set()


@pytest.mark.parametrize(
    "url",
    ["/sitemap.xml", "/sitemap-pages.xml", "/robots.txt", "/feeds/catalogue.atom", "/feeds/notices.atom"],
)
def test_what_machines_read_sets_no_cookie_and_takes_no_post(client, url):
    leave(published("演示风筝制作", day(3)))

    assert (dict(Client().get(url).cookies), client.post(url).status_code) == ({}, 405)
