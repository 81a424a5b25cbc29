"""What joint departments are asked about a filing, and what they answer (会商): the only writer of it.

农业农村、文化和旅游、工会 take part and decide nothing (鲁人社字〔2024〕95号 三（一）). Every question,
answer and withdrawal is an event whose ``details`` hold the words: the bureau that filed reads none of them.
What is read of it stands in ``opinions``.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from portal import asking, notify, policy, text
from portal.actions import REVIEWERS
from portal.models import Filing, JointOpinion, Membership, Message, Organisation, User
from portal.opinions import (
    ANSWERED,
    ASKED,
    LONGEST,
    OPINION_LIMIT,
    QUESTION_LIMIT,
    TAKEN_BACK,
    Line,
    card,
    departments,
    is_open,
    open_questions,
    own_departments,
    since,
    untold,
    waiting_for,
    why_not_ask,
)
from portal.refusals import Conflict, Refused
from portal.vocabulary import HRSS_KINDS, JointConclusion, Role, Topic
from portal.workflow import hold, record_event

__all__ = ["answer", "ask", "card", "due_reminders", "untold", "waiting_for", "withdraw"]

NEAR = timedelta(days=3)  # before the due day a department is reminded
CLOSED = "这一版已离开本级审核，不再接收会商意见。您填写的内容已保留，需要时请与审核部门联系。"
TAKEN_BACK_WORDS = "审核部门已撤回这次征求，不需要答复。"


@transaction.atomic
def ask(
    filing: Filing,
    organisations: Collection[Organisation],
    question: str,
    due_on: date | None,
    *,
    by: User,
    version: int,
    request_id: str = "",
) -> list[JointOpinion]:
    """Ask several departments at once about ``version`` and return the questions, one for each of them.

    Raises ``Filing.DoesNotExist`` out of scope, ``Conflict`` when the version is another one by now,
    ``Refused`` with the sentence.
    """
    current = _at_desk(filing, by, version)
    chosen = _chosen(current, organisations)
    facts = {"question": _said(question, "征求事项", QUESTION_LIMIT), "due_on": _due(due_on)}
    at = timezone.now()
    asked = [
        JointOpinion(filing_id=current.pk, version=version, organisation=o, asked_by=by, asked_at=at, **facts)
        for o in chosen
    ]
    JointOpinion.objects.bulk_create(asked)
    details = {
        "asked": [{"opinion": o.pk, "department": str(o.organisation)} for o in asked],
        "question": facts["question"],
        "due_on": str(due_on),
    }
    record_event(current, ASKED, current.state, by=by, at=at, request_id=request_id, details=details)
    sentence = f"征求会商意见，请于 {due_on}（含）前答复：{facts['question']}"
    _tell(current, _readers(chosen), f"{by.organisation}就《{current}》（{current.record_type}）{sentence}")
    return asked


def _at_desk(filing: Filing, by: User, version: int | None = None) -> Filing:
    hold([filing.pk], by)
    found = Filing.objects.visible_to(by).select_related("organisation__region")
    current = found.get(pk=filing.pk)
    if version is not None and version != current.version:
        raise Conflict(current)
    why = why_not_ask(current, by)
    if why is None:
        raise Refused("征求会商意见由这件填报所在的市级或省级审核岗位办理。")
    if why:
        raise Refused(f"现在不能办理会商：{why}。")
    return current


def _chosen(filing: Filing, organisations: Collection[Organisation]) -> list[Organisation]:
    """Return the departments to ask, in one order for all who ask; ``Refused`` for one that is not open."""
    wanted = {organisation.pk for organisation in organisations}
    if not wanted:
        raise Refused("请至少选择一个征求意见的部门。")
    found = list(departments(filing).filter(pk__in=wanted))
    if len(found) != len(wanted):
        raise Refused("只能征求本级农业农村、文化和旅游、工会部门的意见。")
    before = filing.joint_opinions.filter(version=filing.version, withdrawn_at=None, organisation__in=wanted)
    if names := [str(opinion.organisation) for opinion in before.select_related("organisation")]:
        raise Refused(f"已就第 {filing.version} 版征求过{'、'.join(names)}的意见，同一版只征求一次。")
    return sorted(found, key=lambda organisation: organisation.pk)


def _due(due_on: date | None) -> date:
    first, last = timezone.localdate() + timedelta(days=1), timezone.localdate() + LONGEST
    if due_on is None or not first <= due_on <= last:
        raise Refused(f"答复期限须在 {first}（明天）至 {last} 之间；最长 {LONGEST.days} 天是系统限制。")
    return due_on


def _said(words: str, what: str, limit: int) -> str:
    words = text.clean(words)
    if not words:
        raise Refused(f"请写明{what}。")
    return _fits(words, what, limit)


def _fits(words: str, what: str, limit: int) -> str:
    if (length := text.count(words)) > limit:
        raise Refused(f"{what}最多 {limit} 字，现在有 {length} 字，请缩短后再提交。")
    return words


@transaction.atomic
def answer(
    opinion: JointOpinion, conclusion: str, said: str, *, by: User, request_id: str = ""
) -> JointOpinion:
    """Give the department's opinion, or change it while the filing lies at that desk; the row keeps the last.

    An answer after the due day is taken and its event says so. Raises ``JointOpinion.DoesNotExist`` to
    anybody but the department, ``Refused`` with the sentence; the same words again change nothing.
    """
    current = _asked_of(opinion, by)
    if current.withdrawn_at:
        raise Refused(TAKEN_BACK_WORDS)
    if not is_open(current):
        raise Refused(CLOSED)
    if policy.had_a_hand_in(current.filing, by) or current.asked_by_id == by.pk:
        raise Refused("这是您填报或您征求的，须由本部门其他同事答复。")
    words = _opinion(conclusion, said)
    if current.answered_at and (current.conclusion, current.opinion) == (conclusion, words):
        return current
    at = timezone.now()
    facts = {"conclusion": conclusion, "opinion": words, "answered_by": by, "answered_at": at}
    JointOpinion.objects.filter(pk=current.pk).update(**facts)
    is_late = timezone.localdate(at) > current.due_on
    details = {"conclusion": conclusion, "text": words, **({"late": True} if is_late else {})}
    _note(current, ANSWERED, by, request_id, at, details)
    _tell_desk(current, f"{current.organisation}已答复会商意见：{JointConclusion(conclusion).label}。", by)
    current.refresh_from_db()
    return current


def _asked_of(opinion: JointOpinion, by: User) -> JointOpinion:
    """Return a question with its filing, which is held, if ``by`` speaks for the department."""
    hold([opinion.filing_id], by)
    found = JointOpinion.objects.filter(
        organisation_id__in=own_departments(by), filing__in=Filing.objects.visible_to(by)
    )
    return found.select_related("filing__organisation__region", "organisation__region").get(pk=opinion.pk)


def _opinion(conclusion: str, said: str) -> str:
    if conclusion not in JointConclusion.values:
        raise Refused("还没有选择答复，没有提交。您填写的内容已保留，请选择后再提交。")
    if conclusion == JointConclusion.AGREES:
        return _fits(text.clean(said), "会商意见", OPINION_LIMIT)
    return _said(said, "会商意见（答复“有意见”或“不同意”时必填）", OPINION_LIMIT)


@transaction.atomic
def withdraw(opinion: JointOpinion, *, by: User, request_id: str = "") -> JointOpinion:
    """Take a question back that nobody has answered; the row stays, and the department may be asked anew.

    Raises as ``ask`` does; what is answered stays on record.
    """
    current = _at_desk(Filing(pk=opinion.filing_id), by)
    found = current.joint_opinions.select_related("organisation").get(pk=opinion.pk)
    found.filing = current
    if found.answered_at:
        raise Refused(f"{found.organisation}已经答复，答复留存，不能撤回。")
    if found.withdrawn_at or not is_open(found):
        raise Refused("这次征求已撤回或已办结，没有改动。")
    at = timezone.now()
    JointOpinion.objects.filter(pk=found.pk).update(withdrawn_at=at)
    _note(found, TAKEN_BACK, by, request_id, at)
    sentence = f"{by.organisation}已撤回就《{current}》征求的会商意见，不需要答复。"
    _tell(current, _readers([found.organisation]), sentence)
    found.refresh_from_db()
    return found


def _note(
    opinion: JointOpinion, act: str, by: User, request_id: str, at, details: dict[str, Any] | None = None
) -> None:
    filing = opinion.filing
    told = {"opinion": opinion.pk, "department": str(opinion.organisation), **(details or {})}
    record_event(filing, act, filing.state, by=by, at=at, request_id=request_id, details=told)


def _members(organisations: Iterable[Organisation]) -> dict[int, set[int]]:
    """Return department → who reads the questions to it; one query."""
    posts = Membership.objects.current().filter(role=Role.JOINT_REVIEWER, organisation__in=organisations)
    found: dict[int, set[int]] = defaultdict(set)
    for organisation, user in posts.filter(user__is_active=True).values_list("organisation_id", "user_id"):
        found[organisation].add(user)
    return found


def _readers(organisations: Iterable[Organisation]) -> set[int]:
    return set().union(*_members(organisations).values())


def _desks(opinions: Iterable[JointOpinion]) -> dict[int, set[int]]:
    """Return question → who waits for its answer: who asked and who holds the filing, while at that desk."""
    people = {o.pk: {o.asked_by_id, o.filing.holder_id} - {None} for o in opinions}
    posts = Membership.objects.current().filter(role__in=REVIEWERS, organisation__kind__in=HRSS_KINDS)
    posts = posts.filter(user__in=set().union(*people.values()), user__is_active=True)
    held = set(posts.values_list("user_id", "organisation__region_id"))
    regions = {o.pk: o.organisation.region_id for o in opinions}
    return {pk: {user for user in found if (user, regions[pk]) in held} for pk, found in people.items()}


def _tell_desk(opinion: JointOpinion, sentence: str, by: User) -> None:
    filing, people = opinion.filing, _desks([opinion])[opinion.pk] - {by.pk}
    _tell(filing, people, f"《{filing}》（{filing.record_type}）：{sentence}")


def _tell(filing: Filing, people: Iterable[int], sentence: str) -> None:
    notify.deliver(_messages(filing, people, sentence, Topic.ACT, timezone.now()))


def _messages(filing: Filing, people: Iterable[int], sentence: str, topic: str, at, mark: str = ""):
    address = reverse("filing", args=[filing.pk]) + f"#{mark or 'consultation-head'}"
    facts = {"filing_id": filing.pk, "topic": topic, "address": address, "created_at": at}
    return [Message(user_id=pk, text=sentence[:400], **facts) for pk in sorted(people)]


@transaction.atomic
def due_reminders(now: datetime) -> int:
    """Remind of the questions whose due day is near or past; return how many messages were written.

    Each question is told of once when it is near and once when it is past, then to its desk too. Meant for
    the daily task; a second run of a day, at the same instant too, writes nothing.
    """
    today = timezone.localdate(now)
    waiting = open_questions().filter(answered_at=None, due_on__lte=today + NEAR)
    # A second run waits here; whoever answers, and so holds a filing, never does.
    asked = Organisation.objects.filter(pk__in=waiting.order_by().values("organisation")).order_by("pk")
    list(asked.select_for_update(of=("self",), no_key=True).values_list("pk"))
    waiting = waiting.select_related("filing__organisation__region", "organisation__region")
    lines = [Line(opinion, today) for opinion in waiting.order_by("pk")]
    told = _told(lines)
    due = [line for line in lines if not any(at >= _begins(line) for at in told[_mark(line.opinion)])]
    messages = list(_reminders(due, now))
    notify.deliver(messages)
    return len(messages)


def _mark(opinion: JointOpinion) -> str:
    return f"opinion-{opinion.pk}"


def _begins(line: Line) -> datetime:
    """Return when a question became worth the reminder of this day: it came near, or its due day ended."""
    due_on = line.opinion.due_on
    return since(due_on + timedelta(days=1) if line.days < 0 else due_on - NEAR)


@asking.for_the_house()
def _told(lines: Iterable[Line]) -> dict[str, list[datetime]]:
    """Return mark of a question → when it was reminded of, from the messages themselves."""
    filings = {line.opinion.filing_id for line in lines}
    sent = Message.objects.filter(topic=Topic.REMINDER, filing__in=filings, address__contains="#opinion-")
    found: dict[str, list[datetime]] = defaultdict(list)
    for address, at in sent.order_by().values_list("address", "created_at"):
        found[address.partition("#")[2]].append(at)
    return found


def _reminders(lines: list[Line], now: datetime) -> Iterable[Message]:
    """Yield what is written about these questions; two queries."""
    members = _members({line.opinion.organisation_id for line in lines})
    desks = _desks([line.opinion for line in lines])
    for opinion, line in ((line.opinion, line) for line in lines):
        filing, due = opinion.filing, f"{opinion.due_on}"
        late = f"已过答复期限（{due}），办结前仍可答复，请尽快答复。"
        sentence = late if line.days < 0 else f"请于 {due}（含）前答复，{line.time_left}。"
        told = {"topic": Topic.REMINDER, "at": now, "mark": _mark(opinion)}
        people = members[opinion.organisation_id]
        yield from _messages(filing, people, f"《{filing}》征求的会商意见{sentence}", **told)
        if line.days < 0:
            sentence = f"{opinion.organisation}在期限（{due}）内没有答复《{filing}》的会商意见。"
            yield from _messages(filing, desks[opinion.pk] - people, sentence, **told)
