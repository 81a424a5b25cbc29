"""Notices for everybody: what a page says, what is found, and what never leaves the desk."""

import re
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from portal import notices, publicity
from portal.models import Campaign, NoticeItem, PublicNotice
from portal.vocabulary import ExitReason
from tests.campaigning import campaign, get, post
from tests.crawling import words
from tests.factories import (
    PROVINCE,
    WEIFANG,
    act,
    approved,
    approver,
    entry,
    filer,
    publish,
    publisher,
    reviewer,
)
from tests.noticing import (
    CONTACTS,
    DAY,
    KIND,
    announced,
    closed,
    drafted,
    noon,
    objected,
    over,
    published,
    running,
    today,
)
from tests.public import Links, address, leave, read

pytestmark = pytest.mark.django_db

CANARY = "金丝雀"


def page_of(client, notice) -> str:
    return read(client, reverse("notice", args=[notice.pk]))


def rows(client, **asked) -> list[PublicNotice]:
    return [row["notice"] for row in client.get(reverse("notices"), asked).context["rows"]]


def test_a_running_notice_says_what_everybody_needs_to_object(client):
    notice = running()

    page = page_of(client, notice)

    said = [publicity.dates(notice), "公示中", notice.basis, notice.items.get().title, *CONTACTS.values()]
    assert [words for words in said if words not in page] == []


def test_the_page_of_january_2024_shows_both_days_and_the_number_as_the_notice_did(client):
    notice = drafted(starts_on=today() - 40 * DAY)
    dates = {"starts_on": "2024-01-31", "ends_on": "2024-02-05", "working_days": 5}
    PublicNotice.objects.filter(pk=notice.pk).update(**dates, published_at=notice.created_at)

    page = page_of(client, notice)

    assert "2024年1月31日至2024年2月5日（5个工作日）" in page
    assert "公示已结束" in page


@pytest.mark.parametrize("number", [0, 1])
def test_after_its_last_day_a_notice_stays_marked_as_ended(client, number):
    notice = running()
    PublicNotice.objects.filter(pk=notice.pk).update(
        starts_on=today() - 9 * DAY, ends_on=today() - number * DAY
    )

    page = page_of(client, notice)

    assert ("公示已结束" in page, "今天期满" in page) == ((False, True) if number == 0 else (True, False))


def test_a_withdrawn_notice_stays_with_its_reason(client):
    notice = running()
    notices.withdraw(notice, by=publisher(), reason="名单有误（演示）")

    page = page_of(client, notice)

    assert f"这份公告已于 {today()} 撤销" in page
    assert "原因：名单有误（演示）" in page
    assert rows(client) == [notice]


def test_what_is_not_published_or_not_begun_is_nowhere(client):
    draft = drafted(title=f"{CANARY}草稿")
    later = published(title=f"{CANARY}未开始", starts=3)
    cut = published(title=f"{CANARY}未开始即撤销", starts=3)
    notices.withdraw(cut, by=publisher(), reason="名单有误（演示）")
    PublicNotice.objects.filter(pk=cut.pk).update(starts_on=today(), withdrawn_at=noon(today()) - DAY)
    shown = running()

    pages = [read(client, reverse(name)) for name in ("home", "notices", "feed-notices")]
    pages += [words(client.get("/api/v1/notices"))]

    assert [CANARY in page for page in pages] == [False] * 4
    assert [shown.title in page for page in pages] == [True] * 4
    for notice in (draft, later, cut):
        assert client.get(reverse("notice", args=[notice.pk])).status_code == 404
        assert client.get(reverse("notice-download", args=[notice.pk])).status_code == 404
        assert client.get(f"/api/v1/notices/{notice.pk}").status_code == 404


def test_who_objected_what_and_how_to_reach_him_is_nowhere(client):
    record = approved(KIND)
    notice = over(record)
    said = {"objector": f"{CANARY}甲", "contact": "13900003707", "text": f"{CANARY}内容"}
    closed(objected(notice, item=notice.items.get(), **said))
    shown = publish(record)

    answers = [
        client.get(reverse(name, args=arguments))
        for name, arguments in (
            ("home", []),
            ("notices", []),
            ("notice", [notice.pk]),
            ("notice-download", [notice.pk]),
            ("feed-notices", []),
            ("catalogue-entry", [shown.kind, shown.code]),
        )
    ]
    answers += [client.get("/api/v1/notices"), client.get(f"/api/v1/notices/{notice.pk}")]

    told = [words(answer) for answer in answers]
    assert [answer.status_code for answer in answers] == [200] * 8
    assert [page for page in told if CANARY in page or "13900003707" in page or "异议不成立" in page] == []


def test_the_bureau_whose_filing_it_is_does_not_read_who_objected(client):
    record = approved(KIND)
    notice = over(record)
    objected(notice, item=notice.items.get(), objector=f"{CANARY}甲")

    page = get(client, filer(), "filing", record.pk).content.decode()

    assert CANARY not in page


def test_the_list_is_narrowed_by_kind_catalogue_and_year(client):
    units = {"record_kind": "building-units"}
    one, two = running(), running(approved("building-units"), **units)
    final = announced(entry(KIND).filing)
    year = str(today().year)

    assert rows(client) == [final, two, one]
    assert rows(client, kind="publicity") == [two, one]
    assert rows(client, kind="publicity", catalogue=KIND) == [one]
    assert rows(client, year=year) == [final, two, one]
    assert rows(client, year="2001") == []


def test_each_choice_leads_to_as_many_notices_as_it_says(client):
    running(), running(approved("building-units"), record_kind="building-units")
    announced(entry(KIND).filing)

    facets = client.get(reverse("notices"), {"kind": "publicity"}).context["facets"]

    options = [option for facet in facets for option in facet["options"]]
    assert len(options) == 5
    for option in options:
        found = client.get(reverse("notices") + option["query"]).context["page"].paginator.count
        assert found == (3 if option["is_chosen"] else option["count"])


@pytest.mark.parametrize(
    "asked", ["kind=x", "catalogue=no-such", "year=0000", "year=二〇二四", "page=2", "page=x"]
)
def test_what_there_is_not_is_404(client, asked):
    running()

    assert client.get(f"{reverse('notices')}?{asked}").status_code == 404


def test_an_empty_list_says_what_will_stand_there(client):
    assert "公示和公布的名单发布后，会列在这里。" in read(client, reverse("notices"))
    assert "去掉筛选条件再看。" in read(client, f"{reverse('notices')}?kind=publicity")


def test_a_line_that_moved_since_stays_and_is_marked(client):
    record, kept = approved(KIND), approved(KIND)
    notice = running(record, kept)
    act(record, "reopen", approver(), comment="演示")
    act(record, "return", reviewer(PROVINCE), comment="演示")

    lines = client.get(reverse("notice", args=[notice.pk])).context["lines"]

    assert [(line["title"], line["mark"]) for line in lines] == [(str(record), "已中止"), (str(kept), "")]
    assert "备注“已中止”的，名单发布后有变动" in page_of(client, notice)


def test_an_entry_and_the_notices_it_went_through_lead_to_each_other(client):
    record = approved(KIND)
    notice = over(record)
    shown = publish(record)
    final = announced(shown.filing)
    withdrawn = announced(shown.filing)
    notices.withdraw(withdrawn, by=publisher(), reason="名单有误（演示）")

    links = [link for link in Links(read(client, address(shown))).found if link.startswith("/notices/")]

    numbers = [link for link in links if re.fullmatch("/notices/[0-9]+/", link)]
    assert numbers == [reverse("notice", args=[n.pk]) for n in (notice, final)]
    assert address(shown) in Links(page_of(client, notice)).found
    (line,) = client.get(reverse("notice", args=[notice.pk])).context["lines"]
    assert line["mark"] == "已公布"


def test_a_line_that_was_in_the_catalogue_before_is_not_marked_as_published_by_the_notice(client):
    shown = entry(KIND)
    notice = running(approved(KIND, name="潍坊演示别的品牌"))
    NoticeItem.objects.filter(notice=notice).update(filing=shown.filing)

    (line,) = client.get(reverse("notice", args=[notice.pk])).context["lines"]

    assert (line["mark"], line["url"]) == ("", address(shown))


def test_the_line_of_an_entry_that_exited_says_so(client):
    shown = entry(KIND)
    notice = announced(shown.filing)
    leave(shown)

    (line,) = client.get(reverse("notice", args=[notice.pk])).context["lines"]

    assert (line["mark"], ExitReason.VOLUNTARY) == ("已退出", "voluntary")


def test_the_workbook_is_the_list_and_nothing_else(client):
    notice = running()

    answer = client.get(reverse("notice-download", args=[notice.pk]))

    sheet = load_workbook(BytesIO(b"".join(answer.streaming_content)))["名单"]
    item = notice.items.get()
    assert list(sheet.values) == [
        (None, notice.title, None, None),
        (None, f"{publicity.dates(notice)}　公示中", None, None),
        ("序号", "名称", "报送单位", "备注"),
        (1, item.title, item.organisation_name, None),
    ]


def test_home_shows_the_newest_notices(client):
    older, newer = over(), running()

    bulletin = client.get(reverse("home")).context["bulletin"]

    assert [row["notice"] for row in bulletin] == [newer, older]


def test_the_page_of_publication_says_why_it_waits_and_leads_to_a_notice(client):
    campaign(places=[WEIFANG], needs_publicity=True)
    record = approved(KIND)
    asked = get(client, publisher(), "publish", record.pk).content.decode()
    notice = running(record)
    waiting = get(client, publisher(), "publish", record.pk).content.decode()

    begin = f"{reverse('notice-new')}?kind=publicity&amp;catalogue={KIND}&amp;filing={record.pk}"
    assert ("“演示任务”要求先公示，这件填报还没有公示过。" in asked, begin in asked) == (True, True)
    assert publicity.RUNNING.format(notice.starts_on, notice.ends_on) in waiting
    assert begin not in waiting


def campaign_typed(**changes) -> dict:
    return {
        "kind": KIND,
        "name": "演示公示任务",
        "document_number": "演示文〔2026〕1号",
        "clause": "",
        "opens_on": str(today()),
        "due_on": str(today() + 30 * DAY),
        "updates_on": "",
        "expects": "city",
        "reminder_days": "",
        "needs_publicity": "on",
        **changes,
    }


def test_a_campaign_is_opened_with_the_demand_for_publicity(client):
    sent = post(client, reviewer(PROVINCE), "campaign-new", **campaign_typed())

    page = client.get(sent.url).content.decode()
    of = Campaign.objects.get(name="演示公示任务")
    begin = f"{reverse('notice-new')}?kind=publicity&amp;catalogue={KIND}&amp;campaign={of.pk}"
    assert ("公布前须公示" in page, begin in page) == (True, True)


def test_a_return_that_is_never_published_asks_for_no_publicity(client):
    sent = post(client, reviewer(PROVINCE), "campaign-new", **campaign_typed(kind="project-training-returns"))

    assert sent.status_code == 422
    assert "这张表只报送不公布，不用公示。" in sent.content.decode()
