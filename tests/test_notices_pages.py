"""Notices at the desk over HTTP: who opens what, what a click does, what is kept when it is refused."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal import notices, publicity
from portal.models import CatalogueEntry, Objection, ObjectionStage, PublicNotice
from tests.campaigning import campaign, get, post, said
from tests.factories import (
    KUIWEN,
    PROVINCE,
    WEIFANG,
    approved,
    approver,
    auditor,
    entry,
    filer,
    joint,
    publisher,
    reviewer,
    secadmin,
    stranger,
    sysadmin,
)
from tests.noticing import (
    CONTACTS,
    DAY,
    KIND,
    closed,
    drafted,
    drafter,
    know_the_years,
    objected,
    over,
    running,
    today,
)

pytestmark = pytest.mark.django_db

NEW = {"kind": "publicity", "catalogue": KIND}


def typed(*filings, **changes) -> dict:
    return {
        "title": "关于拟公布品牌名单的公示（演示）",
        "document_number": "",
        "basis": "鲁人社字〔2024〕95号",
        "body": "现予公示（演示）。",
        "starts_on": str(today()),
        "working_days": "5",
        "ends_on": "",
        **CONTACTS,
        "filings": [filing.pk for filing in filings],
        "read": "",
        **changes,
    }


def send_new(client, user, *filings, asked=NEW, **changes):
    client.force_login(user)
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return client.post(f"{reverse('notice-new')}?{query}", typed(*filings, **changes))


SHUT_OUT = {
    "the province's filer": lambda: filer(PROVINCE),
    "a county's reviewer": lambda: reviewer(KUIWEN),
    "a joint department": joint,
    "the auditor": auditor,
    "the system administrator": sysadmin,
    "the security administrator": secadmin,
    "somebody without a post": stranger,
}
PAGES = ("notice-desk", "notice-change", "notice-print", "objection-new")
ACTS = ("notice-publish", "notice-withdraw", "notice-discard")


@pytest.mark.parametrize("who", SHUT_OUT.values(), ids=SHUT_OUT)
def test_whoever_sits_at_no_such_desk_finds_nothing(client, who):
    notice, user = running(), who()
    objection = objected(notice)

    found = [get(client, user, name).status_code for name in ("notice-list", "notice-new")]
    found += [get(client, user, name, notice.pk).status_code for name in PAGES]
    found += [post(client, user, name, notice.pk).status_code for name in ACTS]
    found += [get(client, user, "objection", objection.pk).status_code]
    found += [post(client, user, f"objection-{act}", objection.pk).status_code for act in ("answer", "close")]

    assert found == [404] * 12


def test_the_desk_of_a_city_sees_its_own_notices_and_no_others(client):
    own = drafted(approved("building-units"), place=WEIFANG, record_kind="building-units")
    other = drafted()

    listed = get(client, reviewer(), "notice-list", tab="drafts")

    assert [row["notice"] for row in listed.context["rows"]] == [own]
    assert get(client, reviewer(), "notice-desk", other.pk).status_code == 404


def test_a_notice_goes_from_the_page_to_the_public(client):
    know_the_years()
    record = approved(KIND)

    begun = get(client, drafter(), "notice-new")
    page = get(client, drafter(), "notice-new", **NEW, filing=record.pk)
    saved = send_new(client, drafter(), record)
    notice = PublicNotice.objects.get()
    shown = get(client, publisher(), "notice-desk", notice.pk)
    sent = post(client, publisher(), "notice-publish", notice.pk, read=shown.context["read"])

    notice.refresh_from_db()
    assert (begun.status_code, page.status_code) == (200, 200)
    assert page.context["form"].initial["filings"] == [str(record.pk)]
    assert saved.url == reverse("notice-desk", args=[notice.pk])
    assert publicity.dates(notice) in shown.content.decode()
    assert (sent.status_code, notice.published_by) == (302, publisher())
    assert said(sent) == [f"公示已发布，{publicity.dates(notice)}。已通知名单中的报送单位。"]
    assert client.get(reverse("notice", args=[notice.pk])).status_code == 200


def test_the_days_are_worked_out_anew_without_saving_and_everything_typed_stays(client):
    know_the_years()
    record = approved(KIND)

    answer = send_new(
        client, drafter(), record, then="dates", starts_on="2024-01-31", title="", body="还没写完（演示）"
    )

    assert answer.status_code == 200
    assert answer.context["period"] == "2024年1月31日至2024年2月5日（5个工作日）"
    page = answer.content.decode()
    assert "公示期：2024年1月31日至2024年2月5日（5个工作日）" in page
    assert "还没写完（演示）" in page
    assert f'value="{record.pk}" id="id_filings_0" checked' in page.replace(' class="in"', "")
    assert PublicNotice.objects.count() == 0


def test_a_year_without_holidays_is_said_where_the_days_are_shown(client):
    answer = send_new(client, drafter(), approved(KIND), then="dates", starts_on="2099-03-02")

    assert answer.context["why_no_period"] == (
        "2099年的放假安排还没有录入，请先在“工作日调整”中录入国务院办公厅的通知，或直接填写结束日期。"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"working_days": "4"}, "公示不少于 5 个工作日，现在填的是 4 个。"),
        ({"document_number": "95号"}, "文号：文号要写成“鲁人社字〔2024〕95号”的样子"),
        ({"starts_on": "某日"}, "请按“2024-06-01”的样子填写日期。"),
        ({"email": "no"}, "请填写有效的邮箱地址"),
        ({"filings": []}, "名单是空的，请至少选一条。"),
        ({"filings": ["0", "x"]}, "所选的内容已不在可选范围内"),
        ({"title": "题" * 101}, "最多100个字符，现在有101个，请缩短。"),
    ],
)
def test_what_is_wrong_is_said_and_the_text_stays(client, changes, words):
    know_the_years()

    answer = send_new(client, drafter(), approved(KIND), body="保留的正文（演示）", **changes)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "保留的正文（演示）" in answer.content.decode()
    assert PublicNotice.objects.count() == 0


@pytest.mark.parametrize("asked", [{"catalogue": "no-such"}, {"kind": "x", "catalogue": KIND}])
def test_a_kind_that_there_is_not_is_asked_for_again(client, asked):
    assert get(client, drafter(), "notice-new", **asked).status_code == 422


def test_a_campaign_offers_its_own_filings_all_of_them_chosen(client):
    of = campaign(places=[WEIFANG], needs_publicity=True)
    inside = approved(KIND)
    outside = approved(KIND, place="3708", name="演示济宁品牌")

    page = get(client, drafter(), "notice-new", **NEW, campaign=of.pk)

    form = page.context["form"]
    assert [value for value, _ in form.fields["filings"].choices] == [str(inside.pk)]
    assert form.initial["filings"] == [str(inside.pk)]
    assert outside.campaign_id is None


def test_an_empty_choice_says_what_may_be_listed(client):
    asked = {"kind": "announcement", "catalogue": KIND, "number": "演示文〔2024〕9号"}
    page = get(client, drafter(), "notice-new", **asked)

    assert "没有可以列入的填报" in page.content.decode()


def test_an_announcement_is_narrowed_to_one_document_number(client):
    shown, other = entry(KIND), entry(KIND, place="3708", name="演示济宁品牌")
    CatalogueEntry.objects.filter(pk=other.pk).update(document_number="演示文〔2024〕9号")

    asked = {"kind": "announcement", "catalogue": KIND, "number": shown.document_number}
    page = get(client, drafter(), "notice-new", **asked)

    offered = page.context["form"].fields["filings"].choices
    assert [value for value, _ in offered] == [str(shown.filing_id)]


def test_an_announcement_asks_for_no_period_and_no_contacts(client):
    shown = entry(KIND)

    page = get(client, drafter(), "notice-new", kind="announcement", catalogue=KIND)
    sent = send_new(
        client, drafter(), shown.filing, asked={"kind": "announcement", "catalogue": KIND}, receiver="不收"
    )

    assert "ends_on" not in page.context["form"].fields
    assert sent.status_code == 302
    assert (PublicNotice.objects.get().ends_on, PublicNotice.objects.get().receiver) == (None, "")


def test_a_change_that_comes_second_is_a_conflict_that_keeps_what_was_typed(client):
    notice = drafted()
    record = notice.items.get().filing
    read = get(client, drafter(), "notice-change", notice.pk).context["read"]

    def change(by, title):
        return post(client, by, "notice-change", notice.pk, **typed(record, title=title, read=read))

    first, second = change(approver(), "先到的标题"), change(drafter(), "后到的标题")

    assert (first.status_code, second.status_code) == (302, 409)
    assert notices.CHANGED in second.content.decode()
    assert "后到的标题" in second.content.decode()
    assert PublicNotice.objects.get().title == "先到的标题"


def test_what_was_changed_since_it_was_read_is_not_published(client):
    notice = drafted()

    answer = post(client, publisher(), "notice-publish", notice.pk, read="0" * 64)

    assert answer.status_code == 409
    assert notices.STALE in answer.content.decode()
    assert PublicNotice.objects.get().published_at is None


def test_whoever_drafted_it_reads_why_he_does_not_publish(client):
    notice = drafted(by=publisher())

    page = get(client, publisher(), "notice-desk", notice.pk).content.decode()

    assert notices.OWN_TEXT in page
    assert reverse("notice-publish", args=[notice.pk]) not in page


def test_a_withdrawal_without_a_reason_is_refused_and_one_with_a_reason_is_shown(client):
    notice = running()

    refused = post(client, publisher(), "notice-withdraw", notice.pk, reason=" ")
    done = post(client, publisher(), "notice-withdraw", notice.pk, reason="名单有误（演示）")

    assert (refused.status_code, done.status_code) == (422, 302)
    assert "名单有误（演示）" in client.get(reverse("notice", args=[notice.pk])).content.decode()


def test_a_draft_is_dropped_with_one_click(client):
    notice = drafted()

    answer = post(client, drafter(), "notice-discard", notice.pk)

    assert answer.url == f"{reverse('notice-list')}?tab=drafts"
    assert PublicNotice.objects.count() == 0


def test_an_objection_goes_from_the_page_to_its_end(client):
    notice = running()
    sent = {
        "item": str(notice.items.get().pk),
        "is_unit": "person",
        "objector": "演示异议人乙",
        "contact": "演示联系方式",
        "text": "名称相近（演示）。",
        "received_on": str(today()),
    }

    refused = post(client, drafter(), "objection-new", notice.pk, **{**sent, "objector": "匿名"})
    made = post(client, drafter(), "objection-new", notice.pk, **sent)
    objection = Objection.objects.get()
    answered = post(client, drafter(), "objection-answer", objection.pk, answer="已核实（演示）。")
    alone = post(client, drafter(), "objection-close", objection.pk, conclusion="不成立（演示）。")
    ended = post(client, publisher(), "objection-close", objection.pk, conclusion="不成立（演示）。")

    objection.refresh_from_db()
    assert (refused.status_code, made.status_code, answered.status_code) == (422, 302, 302)
    assert "匿名不予受理" in refused.content.decode()
    assert "名称相近（演示）。" in refused.content.decode()
    assert (alone.status_code, ended.status_code) == (422, 302)
    assert (objection.stage, objection.item, objection.is_unit) == (
        ObjectionStage.CLOSED,
        notice.items.get(),
        False,
    )


def test_an_answer_that_comes_second_is_kept_on_the_page(client):
    objection = objected(running())
    closed(objection)

    answer = post(client, approver(), "objection-answer", objection.pk, answer="后到的答复（演示）")

    assert answer.status_code == 422
    assert "后到的答复（演示）" in answer.content.decode()
    assert Objection.objects.get().answer == "已经核实（演示）。"


def test_the_list_parts_drafts_what_runs_what_has_open_objections_and_what_is_settled(client):
    draft, runs, settled, waiting = drafted(), running(), over(), over()
    objected(waiting)
    objected(runs)
    early = running()
    objected(early)
    notices.withdraw(early, by=publisher(), reason="名单有误（演示）")

    def shown(tab):
        rows = get(client, drafter(), "notice-list", tab=tab).context["rows"]
        return {row["notice"] for row in rows}

    assert [shown(tab) for tab in ("drafts", "running", "open", "past")] == [
        {draft},
        {runs},
        {waiting, early},
        {settled},
    ]
    first = get(client, drafter(), "notice-list").context
    assert first["wish"].tab == "open"
    assert [tab["count"] for tab in first["tabs"]] == [1, 1, 2, 1]


def test_a_running_notice_says_how_many_days_are_left(client):
    notice = running(ends_on=today() + 9 * DAY)

    (row,) = get(client, drafter(), "notice-list").context["rows"]

    assert (row["word"], row["left"], row["notice"].lines) == ("公示中", "还有 9 天", 1)
    assert row["dates"] == publicity.dates(notice)


@pytest.mark.parametrize("page", ["notice-list", "notice-desk", "notice-print", "notice", "notices"])
def test_a_page_costs_the_same_for_one_three_and_many(client, page):
    costs = []
    for number in (1, 3, 6):
        records = [approved(KIND) for _ in range(number)]
        notice = running(*records)
        for _ in range(number - 1):
            running(records[0])
        for _ in range(number):
            objected(notice)
        client.force_login(publisher())
        arguments = [] if page in ("notice-list", "notices") else [notice.pk]
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(page, args=arguments)).status_code == 200
        costs.append(len(queries))

    assert len(set(costs)) == 1


def test_paper_has_the_list_the_days_and_the_signature(client):
    notice = running()

    page = get(client, drafter(), "notice-print", notice.pk).content.decode()

    assert f"公示期为{publicity.dates(notice)}。" in page
    assert f"{notice.organisation}<br>{publicity.in_words(notice.starts_on)}" in page
    assert notice.items.get().title in page


def test_what_waits_to_be_published_says_why_publicity_keeps_it(client):
    kept, free = approved(KIND), approved(KIND)
    notice = running(kept)

    page = get(client, publisher(), "desk", tab="publish")

    sentence = publicity.RUNNING.format(notice.starts_on, notice.ends_on)
    assert {row.title: row.note for row in page.context["rows"]} == {str(kept): sentence, str(free): ""}
    assert sentence in page.content.decode()
