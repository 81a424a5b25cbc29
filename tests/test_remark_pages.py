"""Remarks on the page of a filing: written beside their field, read by whom they are for, kept if refused."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal import remarks
from portal.grounds import Grounds
from portal.models import Filing, Remark
from portal.vocabulary import Role
from tests import factories
from tests.pages import act, acts, page, rewritten
from tests.returning import SAID, remark, resubmitted, returned, send_back

pytestmark = pytest.mark.django_db
KIND, FIELD = "skill-brands", "advantage_people"
SECRET = "请写明统计时间和口径（待发出）。"


def write(client, user, filing, field=FIELD, text=SECRET, **data):
    """Note a remark with the form of the page."""
    factories.sign_in(client, user)
    sent = {"field": field, "text": text, "version": Filing.objects.get(pk=filing.pk).version, **data}
    return client.post(reverse("remark-write", args=[filing.pk]), sent)


def notes(filing) -> list[tuple[str, str]]:
    return list(Remark.objects.filter(filing_id=filing.pk).order_by("pk").values_list("field", "text"))


@pytest.mark.parametrize("record_type", ["skill-brands", "building-units"])
def test_every_part_of_the_form_can_be_remarked_on(client, record_type):
    filing = factories.submitted(record_type)

    words = page(client, factories.reviewer(), filing).content.decode()

    offered = re.findall(r'name="field" value="(\w+)"', words)
    assert sorted(offered) == sorted(remarks.anchors_of(filing))


def test_a_remark_stands_numbered_under_its_field_with_its_state_in_words(client):
    filing, user = factories.submitted(KIND), factories.reviewer()

    answer = write(client, user, filing)

    written = Remark.objects.get(filing_id=filing.pk)
    assert (answer.status_code, answer.url) == (302, f"/desk/filings/{filing.pk}/#remark-{written.pk}")
    shown = page(client, user, filing)
    line = next(one for one in shown.context["sheet"].lines if one.name == FIELD)
    assert [(pin.number, pin.remark.text, pin.remark.standing.label) for pin in line.pins] == [
        (1, SECRET, "待发出")
    ]
    assert f'<a href="#remark-{written.pk}">' in shown.content.decode()
    assert shown.context["pins"].counts == [("待发出", 1)]


def test_a_second_click_notes_the_remark_once(client):
    filing, user = factories.submitted(KIND), factories.reviewer()

    first, second = write(client, user, filing), write(client, user, filing)

    assert (first.url, notes(filing)) == (second.url, [(FIELD, SECRET)])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"text": " 　\n"}, "请写明意见。"),
        ({"text": "长" * 501}, "意见最多 500 字"),
        ({"field": "no_such_field"}, "没有这个栏目。"),
        ({"field": "name\x00"}, "没有这个栏目。"),
        ({"version": "x"}, "页面上的信息不完整"),
    ],
)
def test_a_refused_remark_keeps_what_was_typed(client, data, sentence):
    filing = factories.submitted(KIND)

    answer = write(client, factories.reviewer(), filing, **data)

    words = answer.content.decode()
    assert (answer.status_code, sentence in words, notes(filing)) == (422, True, [])
    assert data.get("text", SECRET).strip() in words


def test_a_remark_on_a_version_that_is_gone_is_kept_on_the_page_of_the_conflict(client):
    filing = factories.submitted(KIND)
    factories.act(filing, "withdraw", factories.filer())
    factories.act(filing, "submit", factories.filer())

    answer = write(client, factories.reviewer(), filing, version=1)

    assert (answer.status_code, SECRET in answer.content.decode(), notes(filing)) == (409, True, [])


def test_a_prepared_remark_is_changed_and_deleted(client):
    filing, user = factories.submitted(KIND), factories.reviewer()
    pk = remark(filing, FIELD).pk
    factories.sign_in(client, user)
    urls = [reverse(name, args=[filing.pk, pk]) for name in ("remark-rewrite", "remark-drop")]

    changed = client.post(urls[0], {"text": "改写的意见。", "field": FIELD})
    then = notes(filing)
    dropped, again = client.post(urls[1]), client.post(urls[1])

    assert (changed.status_code, then) == (302, [(FIELD, "改写的意见。")])
    assert (dropped.status_code, dropped.url) == (302, f"/desk/filings/{filing.pk}/#f-{FIELD}")
    assert (again.status_code, notes(filing)) == (302, [])


def test_the_words_of_a_change_that_came_too_late_wait_in_the_form_for_a_new_remark(client):
    filing, user = factories.submitted(KIND), factories.reviewer()
    gone = remark(filing, FIELD)
    remarks.drop(gone, by=user)
    factories.sign_in(client, user)

    answer = client.post(
        reverse("remark-rewrite", args=[filing.pk, gone.pk]), {"text": "改写的意见。", "field": FIELD}
    )

    assert answer.status_code == 422
    assert re.search(
        r'<textarea[^>]*id="new-advantage_people"[^>]*>改写的意见。</textarea>', answer.content.decode()
    )


@pytest.mark.parametrize("name", ["remark-rewrite", "remark-drop"])
@pytest.mark.parametrize(
    "somebody", [factories.filer, factories.joint, factories.publisher, factories.auditor, factories.approver]
)
def test_nobody_else_changes_or_deletes_a_remark(client, name, somebody):
    filing = factories.submitted(KIND)
    pk = remark(filing, FIELD).pk
    factories.sign_in(client, somebody())

    answer = client.post(reverse(name, args=[filing.pk, pk]), {"text": "别人的话"})

    assert answer.status_code in (302, 422)
    assert SAID not in client.get(reverse("filing", args=[filing.pk])).content.decode()
    assert notes(filing) == [(FIELD, SAID)]


def test_a_remark_of_one_filing_is_not_reached_through_another(client):
    one, other, user = factories.submitted(KIND), factories.submitted(KIND), factories.reviewer()
    pk = remark(one, FIELD).pk
    factories.sign_in(client, user)

    client.post(reverse("remark-drop", args=[other.pk, pk]))
    client.post(reverse("remark-rewrite", args=[other.pk, pk]), {"text": "别处的话"})

    assert notes(one) == [(FIELD, SAID)]


@pytest.mark.parametrize(
    "somebody",
    [
        factories.filer,
        factories.approver,
        factories.joint,
        factories.auditor,
        factories.publisher,
        lambda: factories.publisher("3707"),
        lambda: factories.reviewer("3701"),
        factories.sysadmin,
        factories.secadmin,
    ],
)
def test_what_a_desk_prepares_is_read_by_nobody_else(client, somebody):
    filing = factories.submitted(KIND)
    write(client, factories.reviewer(), filing)
    assert SECRET in page(client, factories.reviewer(), filing).content.decode()
    factories.sign_in(client, somebody())

    pages = [
        reverse("filing", args=[filing.pk]),
        f"{reverse('filing', args=[filing.pk])}?compare=1",
        f"/desk/filings/{filing.pk}/edit/",
        f"/desk/filings/{filing.pk}/circulation/",
        f"/api/v1/{KIND}/",
        f"/admin/brands/skillbrand/{filing.pk}/change/",
        "/desk/messages/",
        "/desk/",
    ]
    read = [url for url in pages if SECRET in client.get(url, follow=True).content.decode()]

    assert read == []


def test_a_colleague_of_the_desk_who_files_for_the_bureau_reads_nothing_before_it_is_sent(client):
    filing = factories.submitted(KIND)
    remark(filing, FIELD, SECRET)
    both = factories.reviewer(name="weifang_both")
    factories.add_post(both, Role.FILER, "3707")

    assert SECRET not in page(client, both, filing).content.decode()


def test_the_bureau_reads_what_was_sent_with_the_way_to_its_form(client):
    record = returned(KIND, FIELD)

    shown = page(client, factories.filer(), record)

    words = shown.content.decode()
    assert (SAID in words, shown.context["pins"].counts) == (True, [("待答复", 1)])
    assert f'<a href="{reverse("filing-edit", args=[record.pk])}">到表单中修改和答复</a>' in words
    assert reverse("remark-write", args=[record.pk]) not in words


def test_an_answer_is_read_by_the_desk_once_it_is_submitted(client):
    record = returned(KIND, FIELD)
    Remark.objects.filter(filing_id=record.pk).update(reply="尚未提交的答复。")

    before = page(client, factories.reviewer(), record).content.decode()
    own = page(client, factories.filer(), record).content.decode()

    assert ("尚未提交的答复" in before, "尚未提交的答复" in own) == (False, True)


def test_a_remark_on_an_older_version_says_which(client):
    record = resubmitted(returned(KIND, FIELD))

    shown = page(client, factories.reviewer(), record)

    (pin,) = shown.context["pins"].listed
    assert (pin.older, pin.remark.standing.label) == (True, "已答复")
    assert "针对第 1 版（以前的版本）" in shown.content.decode()


def test_what_was_remarked_on_is_read_first_with_old_and_new_text(client):
    record = returned(KIND, FIELD)
    rewritten(record, **{FIELD: "演示数据。从业人员约1300人（2026年6月）。"})
    resubmitted(record)

    shown = page(client, factories.reviewer(), record, a="1", b="2")

    (line,) = shown.context["first"]["lines"]
    assert (line.name, line.is_changed, shown.context["unasked"]) == (FIELD, True, [])
    words = shown.content.decode()
    assert words.count(f'id="f-{FIELD}"') == 1
    assert words.index("有意见的栏目") < words.index(f'id="f-{FIELD}"') < words.index("其他栏目")
    assert '<span class="side-head">第 1 版</span>' in words


def test_changes_nobody_asked_for_are_pointed_out(client):
    record = send_back(factories.submitted(KIND), FIELD, grounds=Grounds(whole=True))
    rewritten(
        record, **{FIELD: "演示数据。从业人员约1300人。", "advantage_features": "演示数据。特色有变化。"}
    )
    resubmitted(record)

    shown = page(client, factories.reviewer(), record, compare="1")

    assert [one["name"] for one in shown.context["unasked"]] == ["advantage_features"]
    assert "未提意见的栏目有改动 1 处" in shown.content.decode()


@pytest.mark.parametrize("number", [3, 100])
def test_a_page_with_many_remarks_costs_what_one_costs(client, number):
    one, many, user = factories.submitted(KIND), factories.submitted(KIND), factories.reviewer()
    for filing, wanted in ((one, 1), (many, number)):
        Remark.objects.bulk_create(
            Remark(filing_id=filing.pk, version=1, field=FIELD, level="city", text=f"第{n}条", by=user)
            for n in range(wanted)
        )
    factories.sign_in(client, user)
    costs = []
    for filing in (one, many):
        with CaptureQueriesContext(connection) as caught:
            assert client.get(reverse("filing", args=[filing.pk])).status_code == 200
        costs.append(len(caught))

    assert costs[0] == costs[1]
    assert costs[0] <= 30


def test_a_desk_with_remarks_that_are_not_sent_may_only_return(client):
    filing, user = factories.submitted(KIND), factories.reviewer()
    write(client, user, filing)

    box = page(client, user, filing).context["box"]
    refused = act(client, user, filing, "endorse", comment="同意。")

    assert [option.name for option in box.conclusions] == ["return"]
    assert (refused.status_code, acts(filing)) == (422, ["submit"])


def test_a_part_of_the_address_travels_with_the_forms(client):
    record = resubmitted(returned(KIND, FIELD))
    factories.sign_in(client, factories.reviewer())
    url = reverse("remark-write", args=[record.pk]) + "?a=1&b=2&from=tab%3Dtodo&other=x"

    answer = client.post(url, {"field": FIELD, "text": SECRET, "version": 2})

    assert answer.url.split("#")[0] == f"/desk/filings/{record.pk}/?a=1&b=2&from=tab%3Dtodo"
