"""What leaves the house: one row per mail or text message, written with its message, sent at most once.

The row is written in the transaction of what it tells. A worker takes it by compare-and-swap, sends it
outside of any transaction, and writes down what came of it. One that is killed in between leaves a row that
is taken and sent by nobody else: the message stands in the inbox, and in the next digest.
"""

import logging
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from portal import mailing, queueing, texting
from portal.models import Delivery, Message, MessagePreference, User
from portal.texting import NotSent, Unreachable
from portal.vocabulary import Channel, MailMode, Topic

TASK = "portal.tasks.send_deliveries"
BACK_OFF = (timedelta(minutes=5), timedelta(minutes=30))  # after the first and the second try, no fourth
SILENT = timedelta(minutes=10)  # a worker that took a row and said nothing that long is gone
A_RUN = 60.0  # seconds that one worker sends before it looks after other work
UNSETTLED = timedelta(minutes=1)  # what is younger may be in a transaction that is not committed yet
FIRST_DIGEST = timedelta(days=7)  # how far back the first digest of a person looks
LINES = 30  # messages spelled out in a digest

SUBJECTS = {Topic.ACT: "您有一条办理消息", Topic.REMINDER: "您有一条提醒", Topic.OTHER: "您有一条消息"}
DIGEST_SUBJECT = "您有 {} 条未读消息"
DIGEST_HEAD = "截至{}，您有 {} 条未读消息{}："
OPEN, SIGN_IN = "打开查看：{}", "请登录工作台查看。"
FOOTER = "本邮件由系统自动发出，请勿回复。要改为每日汇总或不再接收，请在工作台“消息”的“接收方式”中更改。"
UNCERTAIN = "发送中断，不能确定是否已经发出，没有再发。消息在站内可以查看。"
SWITCHED_OFF = "邮件发送已停用，没有发出。消息在站内可以查看。"
HELD_BACK = "系统已从备份恢复，没有再发。消息在站内可以查看。"
NOT_WANTED = "收件人已停用，或已不再接收，没有发出。"
ALL_READ = "汇总时已没有未读消息，没有发出。"

logger = logging.getLogger(__name__)


def write(messages: Sequence[Message]) -> None:
    """Write what of stored messages is to leave, and call a worker once committed; constant queries."""
    wants = _preferences({message.user_id for message in messages}) if messages else {}
    rows = [
        Delivery(user_id=message.user_id, channel=channel, message=message)
        for message in messages
        if message.user_id in wants
        for channel in _channels(wants[message.user_id], message.topic)
    ]
    if rows:
        Delivery.objects.bulk_create(rows)
        transaction.on_commit(ring)


def ring() -> bool:
    """Call a worker, and say whether the broker has taken the call; one that is lost is made up by beat."""
    return queueing.call(TASK)


def wanting(**people: Any) -> QuerySet:
    """Return the preferences of those among ``people`` who want single messages outside of the house."""
    return MessagePreference.objects.filter(Q(mail=MailMode.EACH) | Q(texts=True), **people)


def _preferences(people: set[int]) -> dict[int, MessagePreference]:
    found = wanting(user__in=people, user__is_active=True).select_related("user")
    return {preference.user_id: preference for preference in found}


def _channels(preference: MessagePreference, topic: str) -> list[str]:
    """Return the ways a message of ``topic`` leaves for somebody, none of those that are off."""
    mailed = settings.MAIL_ON and preference.mail == MailMode.EACH and preference.user.email
    texted = preference.texts and preference.phone and topic == Topic.REMINDER
    ways = {Channel.MAIL: mailed, Channel.TEXT: texted}
    return [channel for channel, is_wanted in ways.items() if is_wanted]


@transaction.atomic
def write_digests(at: datetime | None = None) -> int:
    """Write the digest of the day for everybody who wants one and has news; return how many there were.

    The database allows one per person and day, so a second beat adds none.
    """
    if not settings.MAIL_ON:
        return 0
    at = at or timezone.now()
    until = at - UNSETTLED
    people = User.objects.filter(is_active=True).exclude(email="").annotate(since=_since(until))
    due = people.filter(Exists(_news(OuterRef("pk"), OuterRef("since"), until)))
    facts = {"channel": Channel.MAIL, "day": timezone.localdate(at), "created_at": until}
    rows = [Delivery(user=user, **facts) for user in due.order_by("pk")]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        transaction.on_commit(ring)
    return len(rows)


def _since(at: datetime) -> Coalesce:
    """Return, as a column of ``User``, when the last digest that was surely sent to him was written."""
    digests = Delivery.objects.filter(user=OuterRef("pk"), message=None, sent_at__isnull=False)
    last = digests.filter(created_at__lt=at).order_by("-created_at").values("created_at")[:1]
    return Coalesce(Subquery(last), Value(at - FIRST_DIGEST))


def _news(person, since, until: datetime) -> QuerySet:
    """Return what stands in a digest: what is unread, of those mailed singly what could not be mailed."""
    failed = Delivery.objects.filter(message=OuterRef("pk"), channel=Channel.MAIL, failed_at__isnull=False)
    failed = failed.exclude(reason=HELD_BACK)  # it may have left before the backup was restored
    wanted = Q(user__preference__mail=MailMode.DIGEST) | Q(
        Exists(failed), user__preference__mail=MailMode.EACH
    )
    unread = Message.objects.filter(user=person, read_at=None, created_at__gt=since, created_at__lte=until)
    return unread.filter(wanted)


def send_waiting() -> int:
    """Send what waits, oldest first, for at most ``A_RUN`` seconds; return how many left the house.

    Any number of workers may do so at once. A way out that is shut is not tried again in this run.
    """
    _give_up_interrupted(timezone.now())
    ends, shut, sent = time.monotonic() + A_RUN, set(), 0
    while time.monotonic() < ends and (row := _take(shut)):
        try:
            sent += _carry_out(row)
        except Unreachable:
            shut.add(row.channel)
    return sent


def _give_up_interrupted(at: datetime) -> None:
    """Mark as failed what a worker took and never settled: it may have left, so nobody sends it again."""
    taken = Delivery.objects.filter(taken_at__lt=at - SILENT, sent_at=None, failed_at=None)
    taken.update(failed_at=at, reason=UNCERTAIN)


def _take(shut: set[str]) -> Delivery | None:
    """Take the first row that waits, None when there is none; whoever is slower takes the next."""
    while True:
        at = timezone.now()
        due = Q(not_before=None) | Q(not_before__lte=at)
        waiting = Delivery.objects.filter(due, taken_at=None, failed_at=None).exclude(channel__in=shut)
        first = waiting.order_by("created_at", "pk").values_list("pk", flat=True).first()
        if first is None:
            return None
        if waiting.filter(pk=first).update(taken_at=at, attempts=F("attempts") + 1):
            return Delivery.objects.select_related("user__preference", "message").get(pk=first)


def _carry_out(row: Delivery) -> bool:
    """Send a row that was taken and write down what came of it. Raises ``Unreachable`` after that."""
    try:
        _send(row)
    except NotSent as trouble:
        _set_back(row, trouble)
        if isinstance(trouble, Unreachable):
            raise
    except Exception as error:  # whatever a library of a channel raises: it may have left the house before
        logger.warning("Delivery %s may or may not have left: %s", row.pk, type(error).__name__)
        _settle(row, failed_at=timezone.now(), reason=UNCERTAIN)
    else:
        return _settle(row, sent_at=timezone.now(), reason="")
    return False


def _settle(row: Delivery, **facts) -> bool:
    """Write the end of a row, if it is still held by who took it."""
    return bool(Delivery.objects.filter(pk=row.pk, taken_at=row.taken_at, failed_at=None).update(**facts))


def _set_back(row: Delivery, trouble: NotSent) -> None:
    """Let a row of which nothing has left be tried again later, or give it up."""
    now, reason = timezone.now(), str(trouble)[:200]
    if trouble.again and row.attempts <= len(BACK_OFF):
        _settle(row, taken_at=None, not_before=now + BACK_OFF[row.attempts - 1], reason=reason)
    else:
        _settle(row, failed_at=now, reason=reason)


def _send(row: Delivery) -> None:
    """Hand a row over to its channel, if whom it is for still wants it."""
    try:
        preference = row.user.preference
    except ObjectDoesNotExist:
        raise NotSent(NOT_WANTED) from None
    if not row.user.is_active or not _wants(row, preference):
        raise NotSent(NOT_WANTED)
    if row.channel == Channel.MAIL and not settings.MAIL_ON:
        raise NotSent(SWITCHED_OFF)
    if row.channel == Channel.TEXT:
        texting.send(preference.phone, _line(row.message.text))
    else:
        subject, text = _single(row.message) if row.message else _digest(row)
        number = f"delivery-{row.pk}-{int(row.created_at.timestamp())}"
        mailing.send(row.user.email, f"{settings.SITE['name']}：{subject}", text, number=number)


def _wants(row: Delivery, preference: MessagePreference) -> bool:
    if row.channel == Channel.TEXT:
        return bool(preference.texts and preference.phone)
    modes = (MailMode.EACH,) if row.message_id else (MailMode.EACH, MailMode.DIGEST)
    return bool(row.user.email) and preference.mail in modes


def _single(message: Message) -> tuple[str, str]:
    """Return subject and text of the mail of one message; what it is about stands in the text alone."""
    page = reverse("filing", args=[message.filing_id]) if message.filing_id else message.address
    return SUBJECTS[Topic(message.topic)], _letter([_line(message.text)], page or reverse("messages"))


def _digest(row: Delivery) -> tuple[str, str]:
    """Return subject and text of a digest, as unread as things are when it is sent."""
    since = User.objects.filter(pk=row.user_id).values_list(_since(row.created_at), flat=True).get()
    news = _news(row.user_id, since, row.created_at).order_by("-created_at", "-pk")
    if not (number := news.count()):
        raise NotSent(ALL_READ)
    shown = list(news[:LINES])
    lines = [f"{n}. {_day_of(m)} {_line(m.text)}" for n, m in enumerate(shown, 1)]
    cut = f"，以下是最近的 {len(shown)} 条" if number > len(shown) else ""
    head = DIGEST_HEAD.format(_in_words(row.day), number, cut)
    return DIGEST_SUBJECT.format(number), _letter([head, "", *lines], reverse("messages"))


def _day_of(message: Message) -> str:
    return f"{timezone.localtime(message.created_at):%m-%d %H:%M}"


def _in_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _line(words: str) -> str:
    """Return a text on one line, so that nothing in it can pass for a line of ours."""
    return " ".join(words.split())


def _letter(lines: list[str], page: str) -> str:
    address = mailing.absolute(page)
    return "\n".join([*lines, "", OPEN.format(address) if address else SIGN_IN, "", "--", FOOTER, ""])
