"""What the auditor reads of the review desk in the administration, and nobody else."""

import pytest

from portal import consultation, remarks
from portal.models import Copy, Delivery, JointOpinion, Message, MessagePreference, PreparedDecision, Remark
from portal.vocabulary import Channel, Kind, MailMode, State
from tests import factories, returning
from tests.administration import enter, url
from tests.consulting import KIND, OPINION, QUESTION, answer, ask, asked

pytestmark = pytest.mark.django_db
MODELS = (Remark, JointOpinion, PreparedDecision, Copy, Delivery, MessagePreference)
PHONE, ADDRESS = "13900001234", "demo@example.org"


def plant() -> dict[type, object]:
    """Return one row of each model that the auditor reads."""
    record = factories.filing(KIND, State.PROVINCE_REVIEW)
    ask(record, Kind.TRADE_UNION)
    desk, by = factories.reviewer(factories.PROVINCE), factories.approver()
    remark = remarks.write(record, "name", "演示意见", by=desk, version=1)
    factories.act(record, "return", desk, comment=factories.COMMENT)
    facts = {"filing": record, "version": 1, "level": "province", "by": desk}
    message = Message.objects.order_by("pk").first()
    failed = {"failed_at": message.created_at, "reason": f"550 <{ADDRESS}> {PHONE} unknown"}
    return {
        Remark: remark,
        JointOpinion: answer(asked()),
        PreparedDecision: PreparedDecision.objects.create(
            **facts, action="approve", released_at=remark.created_at, released_by=by
        ),
        Copy: Copy.objects.create(filing=record, user=by, by=desk, note="演示附言"),
        Delivery: Delivery.objects.create(user=desk, channel=Channel.MAIL, message=message, **failed),
        MessagePreference: MessagePreference.objects.create(
            user=by, mail=MailMode.DIGEST, texts=True, phone=PHONE
        ),
    }


@pytest.mark.parametrize("who", ["reviewer", "filer", "publisher", "joint", "sysadmin", "secadmin"])
def test_nobody_but_the_auditor_opens_what_the_desk_keeps(client, who):
    rows = plant()
    enter(client, getattr(factories, who)())

    answers = {
        (model.__name__, page): client.get(url(model, page, *args)).status_code
        for model, row in rows.items()
        for page, args in (("changelist", ()), ("change", (row.pk,)))
    }

    assert {place: status for place, status in answers.items() if status not in (403, 404)} == {}


def test_the_auditor_reads_lists_and_rows_without_anybodys_number_or_address(client):
    rows = plant()
    enter(client, factories.auditor())

    pages = {
        model: [
            client.get(url(model, page, *args)) for page, args in (("changelist", ()), ("change", (row.pk,)))
        ]
        for model, row in rows.items()
    }

    assert {answer.status_code for both in pages.values() for answer in both} == {200}
    said = {model: "".join(answer.content.decode() for answer in both) for model, both in pages.items()}
    assert {model.__name__ for model, words in said.items() if PHONE in words or ADDRESS in words} == set()
    assert "（个人信息不显示）" in said[Delivery]
    headings = {model: both[1].context.get("subtitle") for model, both in pages.items()}
    about = (Remark, JointOpinion, PreparedDecision, Copy)
    assert [headings[model] for model in about] == [rows[model].filing.title for model in about]
    assert ["拟通过" in said[PreparedDecision], "准予备案" in said[PreparedDecision]] == [True, False]
    assert [QUESTION in said[JointOpinion], OPINION in said[JointOpinion]] == [True, True]
    assert remarks.anchors(rows[Remark].filing.record_type)["name"] in said[Remark]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_nothing_is_added_changed_or_deleted_there(client, model):
    row = plant()[model]
    enter(client, factories.auditor())
    before = list(model.objects.values())

    answers = [
        client.post(url(model, "add"), {}).status_code,
        client.post(url(model, "change", row.pk), {"opinion": "改过"}).status_code,
        client.post(url(model, "delete", row.pk), {"post": "yes"}).status_code,
    ]

    assert (answers, list(model.objects.values())) == ([403] * 3, before)


def test_what_a_desk_has_only_prepared_is_not_shown_to_the_auditor(client):
    record, desk = factories.filing(KIND, State.PROVINCE_REVIEW), factories.reviewer(factories.PROVINCE)
    remark = remarks.write(record, "name", "演示意见", by=desk, version=1)
    prepared = PreparedDecision.objects.create(
        filing=record, version=1, level="province", action="approve", by=desk
    )
    enter(client, factories.auditor())

    answers = [client.get(url(type(row), "change", row.pk)).status_code for row in (remark, prepared)]

    assert answers == [404, 404]


def test_a_question_that_was_left_behind_or_taken_back_says_so(client):
    left, gone = asked(), asked()
    factories.act(left.filing, "approve", factories.approver())
    consultation.withdraw(gone, by=factories.approver())

    said = enter(client, factories.auditor()).get(url(JointOpinion, "changelist")).content.decode()

    assert [word in said for word in ("未答复（已办结）", "已撤回")] == [True, True]


def test_an_answer_that_was_not_submitted_yet_stays_with_its_bureau(client):
    record, shown = returning.answer(returning.returned(KIND, "name"), "写到一半的演示答复。"), []
    (remark,) = Remark.objects.all()
    enter(client, factories.auditor())

    for submit in (False, True):
        if submit:
            factories.act(record, "submit", factories.filer())
        page = client.get(url(Remark, "change", remark.pk)).content.decode()
        shown.append("写到一半的演示答复。" in page)

    assert shown == [False, True]
