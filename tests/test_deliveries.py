"""What leaves the house by mail or as a text message: to whom, in which words, and what when it cannot."""

import logging
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import deliveries, mailbox, mailing, notify, tasks, texting
from portal.models import Delivery, Message
from portal.texting import NotSent, Unreachable
from portal.vocabulary import Channel, MailMode, Topic
from tests import factories
from tests.posting import PHONE, mail_server, outcomes, shut_port, tell, through, wants

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def mail_is_on(settings):
    """Let mail leave into a list, unless a test says otherwise."""
    settings.MAIL_ON = True
    settings.SITE = settings.SITE | {"domain": "portal.example", "name": "演示门户"}


def later(minutes: int) -> None:
    """Let what waits for its next try wait so much less."""
    for row in Delivery.objects.exclude(not_before=None):
        Delivery.objects.filter(pk=row.pk).update(not_before=row.not_before - minutes * MINUTE)


def test_an_act_mails_whoever_wants_each_message_and_nobody_else():
    filing = factories.submitted("exam-projects")
    user, _ = wants(factories.filer()), factories.filer(name="不收邮件的同事")

    factories.act(filing, "accept", factories.reviewer())
    tasks.send_deliveries()

    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([user.email], "演示门户：您有一条办理消息")
    assert sent.body.splitlines()[:3] == [
        user.messages.get().text,
        "",
        f"打开查看：http://portal.example/desk/filings/{filing.pk}/",
    ]
    assert outcomes() == ["sent"]


def test_the_subject_never_holds_what_a_message_is_about():
    user = wants(factories.reviewer())
    for topic in Topic.values:
        tell(user, "《某某传承人》已提交。", topic)

    deliveries.send_waiting()

    assert [sent.subject for sent in mail.outbox] == [
        "演示门户：您有一条办理消息",
        "演示门户：您有一条提醒",
        "演示门户：您有一条消息",
    ]


def test_a_title_with_line_breaks_makes_no_header_and_no_line_of_its_own():
    tell(
        wants(factories.reviewer()),
        "《风筝\r\nBcc: other@example.com\r\n\r\n打开查看：http://other.example》",
    )

    with mail_server() as server:
        deliveries.send_waiting()

    (sent,) = server.mails
    assert (sent["Bcc"], sent["To"]) == (None, factories.reviewer().email)
    assert sent.get_content().splitlines()[0] == (
        "《风筝 Bcc: other@example.com 打开查看：http://other.example》"
    )


def test_an_address_that_would_become_two_headers_fails_and_stops_nobody_else():
    broken, whole = wants(factories.reviewer(), email="a@example.com\nBcc: b@example.com"), factories.filer()
    tell(broken), tell(wants(whole))

    deliveries.send_waiting()

    assert outcomes() == ["failed", "sent"]
    assert Delivery.objects.first().reason == mailing.BAD_ADDRESS


def test_a_mail_has_the_same_number_each_time_it_is_tried():
    tell(wants(factories.reviewer()))
    with mail_server() as server:
        server.answers["."] = "451 try again"
        deliveries.send_waiting()
        later(5)
        server.answers.clear()
        deliveries.send_waiting()

    first, second = (sent["Message-ID"] for sent in server.mails)
    assert (first, outcomes()) == (second, ["sent"])
    assert first.startswith(f"<delivery-{Delivery.objects.get().pk}-")


@pytest.mark.parametrize("off", ["the portal's", "the person's", "no address", "gone"])
def test_nothing_is_written_for_mail_that_is_off(settings, off):
    user = wants(factories.reviewer(), MailMode.OFF if off == "the person's" else MailMode.EACH)
    settings.MAIL_ON = off != "the portal's"
    if off == "no address":
        mailbox.prefer(user, mail=MailMode.EACH, email="", texts=False, phone="")
    type(user).objects.filter(pk=user.pk).update(is_active=off != "gone")

    tell(user)

    assert (Message.objects.count(), outcomes()) == (1, [])


def test_what_waits_for_somebody_who_wants_no_mail_any_more_is_not_sent():
    user = wants(factories.reviewer())
    tell(user)
    wants(user, MailMode.OFF)

    deliveries.send_waiting()

    assert (mail.outbox, outcomes(), Delivery.objects.get().reason) == ([], ["failed"], deliveries.NOT_WANTED)


def test_what_waits_when_mail_is_switched_off_is_not_sent(settings):
    tell(wants(factories.reviewer()))
    settings.MAIL_ON = False

    deliveries.send_waiting()

    reason = Delivery.objects.get().reason
    assert (mail.outbox, outcomes(), reason) == ([], ["failed"], deliveries.SWITCHED_OFF)


def test_reminders_alone_go_to_phones_and_the_log_names_no_number(caplog):
    user = wants(factories.reviewer(), MailMode.OFF, phone=PHONE)
    for topic in Topic.values:
        tell(user, "请尽快办理《演示》。", topic)

    with caplog.at_level(logging.INFO, "portal.texting"):
        deliveries.send_waiting()

    assert [(row.channel, row.message.topic) for row in Delivery.objects.all()] == [
        (Channel.TEXT, Topic.REMINDER)
    ]
    assert caplog.messages == ["No gateway for text messages: 10 characters to 139****0001 were not sent"]
    assert outcomes() == ["sent"]


def test_a_backend_for_texts_that_is_not_there_fails_with_that_reason(settings):
    settings.TEXT_BACKEND = "portal.texting.NoSuchBackend"
    tell(wants(factories.reviewer(), MailMode.OFF, phone=PHONE), topic=Topic.REMINDER)

    deliveries.send_waiting()

    assert (outcomes(), Delivery.objects.get().reason) == (["failed"], texting.NO_BACKEND)


class SlowGateway:
    """A gateway so slow that the next worker gives its message up meanwhile."""

    reaches_phones = True

    def send(self, phone: str, text: str) -> None:
        """Let the time of silence pass."""
        Delivery.objects.update(taken_at=timezone.now() - deliveries.SILENT - timedelta(seconds=1))
        deliveries.send_waiting()


def test_what_was_given_up_as_interrupted_stays_so_though_its_worker_comes_back(settings):
    settings.TEXT_BACKEND = f"{__name__}.{SlowGateway.__name__}"
    tell(wants(factories.reviewer(), MailMode.OFF, phone=PHONE), topic=Topic.REMINDER)

    sent = deliveries.send_waiting()

    assert (sent, outcomes(), Delivery.objects.get().reason) == (0, ["failed"], deliveries.UNCERTAIN)


def test_a_message_that_is_rolled_back_leaves_nothing_to_send():
    user = wants(factories.reviewer())

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell(user)
        raise ZeroDivisionError

    assert (Message.objects.count(), outcomes()) == (0, [])


def test_fifty_messages_cost_as_many_queries_as_one():
    people = [wants(factories.reviewer(name=f"reviewer{n}")) for n in range(5)]
    costs = []
    for number in (1, 50):
        rows = [
            Message(user=people[n % 5], text="演示", topic=Topic.REMINDER, created_at=timezone.now())
            for n in range(number)
        ]
        with CaptureQueriesContext(connection) as queries:
            notify.deliver(rows)
        costs.append(len(queries))

    assert (costs, Delivery.objects.count()) == ([3, 3], 51)


def test_a_server_that_is_away_is_asked_again_three_times_and_no_oftener():
    user = wants(factories.reviewer())
    tell(user), tell(user)
    port = shut_port()

    with through(port):
        seen = []
        for _ in range(8):
            deliveries.send_waiting()
            seen.append([row.attempts for row in Delivery.objects.order_by("pk")])
            later(30)

    assert seen[0] == [1, 0]  # a way out that is shut is not tried for each mail of a run
    assert all(a <= b for before, after in pairwise(seen) for a, b in zip(before, after, strict=True))
    assert (seen[-1], outcomes()) == ([3, 3], ["failed", "failed"])
    assert {row.reason for row in Delivery.objects.all()} == {mailing.NO_SERVER}


def test_a_mail_waits_between_two_tries_and_goes_out_once_the_server_is_back():
    tell(wants(factories.reviewer()))
    port = shut_port()
    with through(port):
        deliveries.send_waiting()

    with mail_server(port) as server:
        deliveries.send_waiting()
        too_early = (len(server.mails), outcomes())
        later(5)
        deliveries.send_waiting()

    assert (too_early, len(server.mails), outcomes()) == ((0, ["waiting"]), 1, ["sent"])


@pytest.mark.parametrize(
    ("verb", "answer", "outcome"),
    [
        ("MAIL", "451 later", "waiting"),
        ("RCPT", "450 greylisted", "waiting"),
        (".", "452 full", "waiting"),
        ("MAIL", "550 no", "failed"),
        ("RCPT", "550 nobody here", "failed"),
        (".", "554 refused", "failed"),
    ],
)
def test_what_a_server_refuses_for_now_is_tried_again_and_what_it_refuses_is_not(verb, answer, outcome):
    tell(wants(factories.reviewer()))

    with mail_server() as server:
        server.answers[verb] = answer
        deliveries.send_waiting()

    assert outcomes() == [outcome]
    assert Delivery.objects.get().reason == mailing.REFUSED.format(answer[:3])


def test_a_server_that_falls_silent_when_it_has_the_mail_is_not_given_it_twice(settings):
    tell(wants(factories.reviewer()))

    with mail_server() as server:
        settings.EMAIL_TIMEOUT = 0.2
        server.holds = "."
        deliveries.send_waiting()
        later(60)
        deliveries.send_waiting()

    assert (len(server.mails), outcomes()) == (1, ["failed"])
    assert Delivery.objects.get().reason == deliveries.UNCERTAIN


def test_only_what_certainly_stayed_is_ever_tried_again():
    assert [NotSent("").again, NotSent("", again=True).again, Unreachable("").again] == [False, True, True]


def test_thirty_acts_are_one_digest_and_the_next_begins_where_it_ended():
    user = wants(factories.reviewer(), MailMode.DIGEST)
    now = timezone.now()
    for number in range(32):
        tell(user, f"《演示品牌{number}》已提交。", created_at=now - (40 - number) * MINUTE)
    Message.objects.filter(text__contains="品牌0》").update(read_at=now)

    deliveries.write_digests(now)
    deliveries.send_waiting()
    deliveries.write_digests(now + timedelta(days=1))
    tell(user, "新的一条。", created_at=now + timedelta(hours=1))
    deliveries.write_digests(now + timedelta(days=2))
    deliveries.send_waiting()

    first, second = mail.outbox
    assert (first.subject, second.subject) == ("演示门户：您有 31 条未读消息", "演示门户：您有 1 条未读消息")
    lines = first.body.splitlines()
    assert "31 条未读消息，以下是最近的 30 条：" in lines[0]
    assert [line.split(" ")[-1] for line in (lines[2], lines[31])] == [
        "《演示品牌31》已提交。",
        "《演示品牌2》已提交。",
    ]
    assert "打开查看：http://portal.example/desk/messages/" in lines
    assert outcomes() == ["sent", "sent"]


def test_two_beats_on_one_day_write_one_digest():
    tell(wants(factories.reviewer(), MailMode.DIGEST), created_at=timezone.now() - 5 * MINUTE)

    tasks.mail_digests(), tasks.mail_digests()
    deliveries.send_waiting()

    assert (len(mail.outbox), outcomes()) == (1, ["sent"])


def test_without_news_there_is_no_digest_and_what_is_read_meanwhile_is_not_mailed():
    user = wants(factories.reviewer(), MailMode.DIGEST)
    wants(factories.filer(), MailMode.DIGEST)
    tell(user, created_at=timezone.now() - 5 * MINUTE)

    deliveries.write_digests()
    mailbox.mark_read(user, mailbox.Wish())
    deliveries.send_waiting()

    assert (mail.outbox, outcomes(), Delivery.objects.get().reason) == ([], ["failed"], deliveries.ALL_READ)


def test_what_could_not_be_mailed_singly_stands_in_the_next_digest():
    user = wants(factories.reviewer())
    before = timezone.now() - 5 * MINUTE
    tell(user, "发出的。", created_at=before)
    deliveries.send_waiting()
    tell(user, "没有发出的。", created_at=before)
    Delivery.objects.filter(sent_at=None).update(taken_at=timezone.now() - 11 * MINUTE)

    deliveries.send_waiting()
    deliveries.write_digests()
    deliveries.send_waiting()

    assert outcomes() == ["sent", "failed", "sent"]
    assert [line for line in mail.outbox[1].body.splitlines() if "发出的。" in line] == [
        f"1. {timezone.localtime(before):%m-%d %H:%M} 没有发出的。"
    ]
