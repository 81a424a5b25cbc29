"""What is read of joint opinions (会商): who may be asked, who reads what, what a page shows of it.

Pure reads; ``consultation`` writes. The desks that review, their publishers and the auditor read it all, a
joint department its own question and answer, nobody else a word.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from portal import kept, policy, scope
from portal.models import Filing, JointOpinion, Organisation, User
from portal.vocabulary import JOINT_KINDS, JointConclusion, Level, Role, State

ASKED, ANSWERED, TAKEN_BACK = "consult", "opine", "unconsult"  # the acts as events name them
INSIDE = (ANSWERED, TAKEN_BACK)  # of which those who do not read opinions are not told
DESKS = {Level.CITY: State.CITY_REVIEW, Level.PROVINCE: State.PROVINCE_REVIEW}
READERS = (Role.REVIEWER, Role.APPROVER, Role.PUBLISHER)
QUESTION_LIMIT, OPINION_LIMIT = 500, 2000  # 字; technical, the notices set none
LONGEST = timedelta(days=60)  # to answer; technical as well
USUAL = timedelta(days=7)  # what the form offers
SHAPES = {JointConclusion.AGREES: "ok", JointConclusion.RESERVES: "back", JointConclusion.OBJECTS: "no"}


def departments(filing: Filing) -> QuerySet:
    """Return the joint departments that the desk where ``filing`` lies may ask: those of its own region."""
    code = filing.region_id[:2] if filing.state == State.PROVINCE_REVIEW else filing.region_id[:4]
    found = Organisation.objects.current().filter(kind__in=JOINT_KINDS, region_id=code)
    return found.order_by("kind") if filing.state in DESKS.values() else found.none()


def around(filing: Filing) -> list[Organisation]:
    """Return the organisations of a filing's city and province, read while they stand."""
    if not hasattr(filing, "_around"):
        codes = filing.region_id[:2], filing.region_id[:4]
        place = "organisations around", *codes, timezone.localdate()
        filing._around = kept.kept(place, lambda: list(_organisations(*codes)))
    return filing._around


def _organisations(*codes: str) -> QuerySet:
    return Organisation.objects.current().filter(region_id__in=codes)


def open_questions() -> QuerySet:
    """Return what may be answered, or changed: the filing lies at the desk that asked, on that version."""
    at_desk = Q()
    for level, state in DESKS.items():
        at_desk |= Q(organisation__region__level=level, filing__state=state)
    return JointOpinion.objects.filter(at_desk, withdrawn_at=None, version=F("filing__version"))


def is_open(opinion: JointOpinion) -> bool:
    """Say the same of one question. Needs ``filing`` and ``organisation.region``."""
    filing, level = opinion.filing, opinion.organisation.region.level
    is_there = opinion.version == filing.version and filing.state == DESKS.get(level, "")
    return is_there and opinion.withdrawn_at is None


def waiting_for(user: User) -> QuerySet:
    """Return the questions that the departments of ``user`` have not answered yet, nearest due day first."""
    own = own_departments(user)
    return open_questions().filter(answered_at=None, organisation_id__in=own).order_by("due_on", "pk")


def unanswered(pks: Collection[int]) -> dict[int, str]:
    """Return filing → who has not answered yet, in words, for pages that decide many; one query.

    For those alone to whom a decision on these filings is open: they read what the departments say.
    """
    waiting: dict[int, list[str]] = defaultdict(list)
    found = open_questions().filter(filing__in=pks, answered_at=None).select_related("organisation")
    for opinion in found.order_by("asked_at", "pk"):
        waiting[opinion.filing_id].append(opinion.organisation.short_name)
    return {pk: f"{'、'.join(names)}没有答复会商" for pk, names in waiting.items()}


def own_departments(user: User) -> set[int]:
    """Return the joint departments ``user`` speaks for."""
    return {post.organisation_id for post in user.posts if post.role == Role.JOINT_REVIEWER}


def may_read(filing: Filing, user: User) -> bool:
    """Say whether ``user`` reads what all departments said of ``filing``, which he may see.

    Nobody does who had a hand in it, whatever post he holds beside.
    """
    if any(_watches(post, filing) for post in user.posts):
        return True
    at_desk = any(scope.sits_at(user, level, READERS, filing.region_id) for level in DESKS)
    return at_desk and not policy.had_a_hand_in(filing, user)


def _watches(post, filing: Filing) -> bool:
    return post.role == Role.AUDITOR and filing.region_id.startswith(post.organisation.region_id)


def untold(filing: Filing, user: User) -> tuple[str, ...]:
    """Return the acts that a log of ``filing`` leaves out for ``user``: that it was asked is told to all."""
    return () if may_read(filing, user) else INSIDE


def notes(details: Mapping[str, Any]) -> list[str]:
    """Return what an event of these acts says inside, in lines; for those who read opinions alone."""
    if asked := details.get("asked"):
        names = "、".join(one["department"] for one in asked)
        return [f"征求{names}，期限 {details['due_on']}：{details['question']}"]
    if "conclusion" in details:
        late, said = ("（逾期）" if details.get("late") else ""), details["text"]
        word = JointConclusion(details["conclusion"]).label
        return [f"{details['department']}：{word}{late}{f'。{said}' if said else ''}"]
    return [details["department"]] if "department" in details else []


def why_not_ask(filing: Filing, user: User) -> str | None:
    """Return why ``user`` may not ask now, empty when he may, None without a post at a reviewing desk.

    Whoever may return the filing may ask: reviewers and approvers of its desk who had no hand in it.
    """
    choice = policy.choice(filing, user, "return")
    return choice and choice.reason


@dataclass(frozen=True)
class Line:
    """One question as a page shows it, on the day ``today``."""

    opinion: JointOpinion
    today: date

    @property
    def department(self) -> str:
        """Who was asked."""
        return self.opinion.organisation.short_name

    @property
    def is_open(self) -> bool:
        """Whether it may be answered or changed."""
        return is_open(self.opinion)

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for an answer."""
        return self.is_open and not self.opinion.answered_at

    @property
    def is_late(self) -> bool:
        """Whether it was answered after its due day, or waits past it."""
        at = self.opinion.answered_at
        return (timezone.localdate(at) > self.opinion.due_on) if at else self.days < 0

    @property
    def days(self) -> int:
        """Whole days from today to the due day; negative once it has passed."""
        return (self.opinion.due_on - self.today).days

    @property
    def word(self) -> str:
        """Where it stands."""
        if self.opinion.answered_at:
            return self.opinion.get_conclusion_display()
        if self.opinion.withdrawn_at:
            return "已撤回"
        return "待答复" if self.is_open else "未答复（已办结）"

    @property
    def shape(self) -> str:
        """The class of its tag."""
        if self.opinion.answered_at:
            return SHAPES[self.opinion.conclusion]
        return ("late" if self.days < 0 else "wait") if self.is_waiting else "end"

    @property
    def time_left(self) -> str:
        """How long there is to answer."""
        if self.days < 0:
            return f"已逾期 {-self.days} 天"
        return f"还有 {self.days} 天" if self.days else "今天到期"

    @property
    def sentence(self) -> str:
        """What the decider has to know: the answer, or until when it is waited for."""
        if not self.is_waiting:
            return f"{self.department}：{self.word}{'（逾期答复）' if self.is_late else ''}"
        return f"{self.department}未答复，期限 {self.opinion.due_on}，{self.time_left}"


def card(
    filing: Filing, user: User, typed: Mapping[str, str] | None = None, refusal: str = "", at: int = 0
) -> dict:
    """Return what the page of ``filing`` shows ``user`` of joint opinions; empty when that is nothing.

    For ``desk/consultation.html`` and ``desk/consultation_note.html`` (variable ``consultation``; include
    them without ``only``: they hold forms). ``typed`` and ``refusal`` give a refused form back, ``at`` is the
    question it answered. The queries do not grow with the questions.
    """
    own, reads = own_departments(user), may_read(filing, user)
    if not own and not reads:
        return {}
    lines = _lines(filing, own if not reads else None)
    why = why_not_ask(filing, user) if reads else None
    open_to = _not_asked(filing, lines) if why == "" else []
    if not lines and not open_to:
        return {}
    return {
        "lines": [line for line in lines if line.opinion.organisation_id not in own],
        "own": [line for line in lines if line.opinion.organisation_id in own],
        "waiting": [line for line in lines if line.is_waiting],
        "given": [line for line in lines if line.is_open and not line.is_waiting],
        "may_ask": bool(open_to),
        "may_withdraw": why == "",
        "departments": open_to,
        "conclusions": JointConclusion.choices,
        "typed": typed or {},
        "refusal": refusal,
        "at": at,
        **_bounds(),
    }


def _bounds() -> dict:
    today = timezone.localdate()
    days = {"first_day": today + timedelta(days=1), "last_day": today + LONGEST, "usual_day": today + USUAL}
    limits = {"question_limit": QUESTION_LIMIT, "opinion_limit": OPINION_LIMIT, "longest": LONGEST.days}
    return days | limits


def _lines(filing: Filing, only: set[int] | None) -> list[Line]:
    """Return the questions about ``filing``, the version of now first; those to ``only`` if told."""
    if not getattr(filing, "has_opinions", True):
        return []
    found = JointOpinion.objects.filter(filing_id=filing.pk)
    found = found if only is None else found.filter(organisation_id__in=only)
    found = found.select_related("organisation__region", "asked_by", "answered_by")
    today, lines = timezone.localdate(), []
    for opinion in found.order_by("-version", "asked_at", "pk"):
        opinion.filing = filing
        lines.append(Line(opinion, today))
    return lines


def _not_asked(filing: Filing, lines: list[Line]) -> list[Organisation]:
    asked = {line.opinion.organisation_id for line in lines if line.is_open}
    code = filing.region_id[:2] if filing.state == State.PROVINCE_REVIEW else filing.region_id[:4]
    open_to = [o for o in around(filing) if o.kind in JOINT_KINDS and o.region_id == code]
    return [o for o in sorted(open_to, key=lambda o: o.kind) if o.pk not in asked]


def since(day: date) -> datetime:
    """Return the instant at which ``day`` began here."""
    return timezone.make_aware(datetime(day.year, day.month, day.day))
