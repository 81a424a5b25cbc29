"""What the pages of periodic reviews read: the list, a round with its figures, one item, what a bureau owes.

Pure reads; a page costs the same number of queries at any size.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from portal import catalogue, credit, inbox, outcomes, periodic, registry
from portal.models import CatalogueEntry, PeriodicReview, ReviewItem, User
from portal.vocabulary import Outcome, Role

OPEN, PAST = "open", "past"
TABS = {OPEN: "进行中", PAST: "已办结"}
MISSING, HANDED, HEARING, GONE = "missing", "handed", "hearing", "gone"
STAGES = {
    MISSING: "未报送",
    HANDED: "已报送，待结论",
    HEARING: "陈述申辩",
    Outcome.RECTIFYING.value: "限期整改",
    Outcome.KEPT.value: "保留",
    Outcome.EXITED.value: "退出",
    GONE: "已另行退出",
}
# Stage → the shape of its tag.
SHAPES = {
    MISSING: "unfiled",
    HANDED: "filed",
    HEARING: "notice",
    Outcome.RECTIFYING.value: "rectifying",
    Outcome.KEPT.value: "ok",
    Outcome.EXITED.value: "exited",
    GONE: "exited",
}
SORTS = {"code": "entry__code", "bureau": "entry__filing__organisation__name", "handed": "handed_in_at"}
LIST_SORTS = {"name": "name", "kind": "kind", "due": "due_on", "opened": "opened_at"}
LIST_HEADINGS = {"name": "定期审核", "kind": "目录", "due": "填报截止"}
HEADINGS = {"code": "条目", "bureau": "填报单位", "handed": "报送时间"}
_HEARD = Q(outcome="") & ~Q(intended="") | Q(outcome=Outcome.RECTIFYING, intended=Outcome.EXITED)
_PLAIN = Q(outcome="", intended="", is_current=True)
STAGE_IS = {
    MISSING: _PLAIN & Q(handed_in_at=None),
    HANDED: _PLAIN & Q(handed_in_at__isnull=False),
    HEARING: _HEARD & Q(is_current=True),
    Outcome.RECTIFYING.value: Q(outcome=Outcome.RECTIFYING, is_current=True) & ~Q(intended=Outcome.EXITED),
    Outcome.KEPT.value: Q(outcome=Outcome.KEPT),
    Outcome.EXITED.value: Q(outcome=Outcome.EXITED),
    GONE: Q(is_current=False, outcome__in=["", Outcome.RECTIFYING]),
}


@dataclass(frozen=True)
class Wish(inbox.LinkedWish):
    """What somebody asked of a list; ``sort`` is a column, with ``-`` before it downwards."""

    tab: str = ""
    stage: str = ""
    sort: str = ""


def read_list_wish(params) -> Wish:
    """Return the wish of the list of rounds; what does not exist falls back to the default."""
    tab, sort = params.get("tab", ""), params.get("sort", "")
    sort = sort if sort.removeprefix("-") in LIST_SORTS else "-opened"
    return Wish(tab=tab if tab in TABS else OPEN, sort=sort)


def read_wish(params) -> Wish:
    """Return the wish of the page of a round; what does not exist falls back to the default."""
    stage, sort = params.get("stage", ""), params.get("sort", "")
    return Wish(
        stage=stage if stage in STAGES else "", sort=sort if sort.removeprefix("-") in SORTS else "code"
    )


def items(user: User) -> QuerySet:
    """Return the items ``user`` may see, annotated with ``is_current``: its code is still in force."""
    current = CatalogueEntry.objects.in_force().filter(code=OuterRef("entry__code"))
    return periodic.visible_items(user).annotate(is_current=Exists(current))


def stage(item: ReviewItem) -> str:
    """Return where an item of ``items`` stands."""
    if item.outcome in (Outcome.KEPT, Outcome.EXITED):
        return item.outcome
    if not item.is_current:
        return GONE
    if item.intended and not outcomes.is_carried_out(item):
        return HEARING
    return item.outcome or (HANDED if item.handed_in_at else MISSING)


def listed(user: User, wish: Wish) -> QuerySet:
    """Return the rounds ``user`` sees something of, with ``total``, ``handed`` and ``ended`` of his sight."""
    own = items(user).filter(review=OuterRef("pk"))
    waiting = own.filter(STAGE_IS[MISSING] | STAGE_IS[HANDED] | STAGE_IS[HEARING] | STAGE_IS["rectifying"])
    found = (
        periodic.visible_reviews(user)
        .select_related("organisation")
        .annotate(
            total=_number(own),
            handed=_number(own.filter(handed_in_at__isnull=False)),
            ended=_number(own) - _number(waiting),
            is_open=Exists(waiting),
        )
    )
    column = F(LIST_SORTS[wish.sort.removeprefix("-")])
    order = column.desc() if wish.sort[0] == "-" else column.asc()
    return found.filter(is_open=wish.tab == OPEN).order_by(order, "-pk")


def _number(found: QuerySet) -> Coalesce:
    counted = found.order_by().values("review").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def progress(review: PeriodicReview, user: User) -> dict[str, int]:
    """Return stage → how many items of a round in sight stand there; one query."""
    wanted = {name: Count("pk", filter=condition) for name, condition in STAGE_IS.items()}
    return items(user).filter(review=review).aggregate(**wanted)


def found(review: PeriodicReview, user: User, wish: Wish) -> QuerySet:
    """Return the items of a round in sight under a wish, with what a row shows."""
    own = items(user).filter(review=review)
    own = own.filter(STAGE_IS[wish.stage]) if wish.stage else own
    column = F(SORTS[wish.sort.removeprefix("-")])
    order = column.desc(nulls_last=True) if wish.sort[0] == "-" else column.asc(nulls_last=True)
    return own.select_related("entry__filing__organisation").prefetch_related("figures").order_by(order, "pk")


def rows(review: PeriodicReview, page: Iterable[ReviewItem], user: User) -> list[dict]:
    """Return the rows of a page: figures in order, what falls short with its clause, records, stage."""
    shown = list(page)
    standing = credit.standing([item.entry.code for item in shown])
    return [_row(review, item, standing, user) for item in shown]


def _row(review: PeriodicReview, item: ReviewItem, standing: dict[str, int], user: User) -> dict:
    item.review = review
    where, files = stage(item), periodic.files(user, item)
    reports = files and where in (MISSING, HANDED) and not review.frozen_at
    defends = files and where == HEARING and outcomes.awaits_defence(item)
    return {
        "item": item,
        "figures": figures(item),
        "records": standing.get(item.entry.code, 0),
        "shape": SHAPES[where],
        "word": STAGES[where],
        "note": _note(item, where),
        "is_late": periodic.is_late(item),
        "act": "填报" if reports else "陈述申辩" if defends else "查看",
        "is_due": reports or defends,
    }


def _note(item: ReviewItem, where: str) -> str:
    if where == HEARING:
        told = f"拟{item.get_intended_display()}"
        return f"{told}，已陈述" if item.heard_at else f"{told}，到 {item.hearing_until} 截止"
    return f"{item.rectify_until} 前完成" if where == Outcome.RECTIFYING else ""


def figures(item: ReviewItem) -> list[dict]:
    """Return label, value and what a notice finds too low of each figure asked; needs ``figures``."""
    held = {figure.name: figure.value for figure in item.figures.all()}
    low = {problem.field: problem for problem in periodic.problems(item)}
    asked = registry.get(item.review.kind).figures
    return [
        {"name": name, "label": label, "value": held.get(name), "problem": low.get(name)}
        for name, label in asked.items()
    ]


@dataclass(frozen=True)
class Option:
    """One act of those who keep a round; ``reason`` says why it is closed now."""

    name: str
    label: str
    reason: str = ""


@dataclass(frozen=True)
class Owed:
    """What a bureau has to do in one round: report ``number`` entries, or be heard on them, until a day."""

    review: PeriodicReview
    number: int
    due_on: date
    is_hearing: bool = False

    @property
    def days(self) -> int:
        """Days from today to the last day; negative once it has passed."""
        return (self.due_on - timezone.localdate()).days

    @property
    def url(self) -> str:
        """The items that are meant."""
        name = HEARING if self.is_hearing else MISSING
        return f"{reverse('review-round', args=[self.review.pk])}?stage={name}"


def owed(user: User) -> list[Owed]:
    """Return what the bureaus ``user`` files for owe in rounds, the nearest first; two queries at most."""
    bureaus = [post.organisation_id for post in user.posts if post.role == Role.FILER]
    if not bureaus:
        return []
    own = items(user).filter(entry__filing__organisation__in=bureaus).select_related("review").order_by("pk")
    missing = own.filter(STAGE_IS[MISSING], review__frozen_at=None)
    heard = own.filter(STAGE_IS[HEARING], heard_at=None, hearing_until__gte=timezone.localdate())
    counted: dict[tuple, Owed] = {}
    for item in [*missing, *heard]:
        is_hearing = bool(item.intended)
        due = item.hearing_until if is_hearing else item.review.due_on
        before = counted.get((item.review_id, is_hearing))
        number, due = (before.number + 1, min(before.due_on, due)) if before else (1, due)
        counted[item.review_id, is_hearing] = Owed(item.review, number, due, is_hearing)
    return sorted(counted.values(), key=lambda one: (one.due_on, one.review.pk))


def of_entry(entry: CatalogueEntry, user: User) -> QuerySet:
    """Return the items of a lineage that ``user`` may see, the newest round first."""
    found = items(user).filter(entry__code=entry.code).select_related("review")
    return found.order_by("-review__opened_at", "-pk")


def options(item: ReviewItem, entry: CatalogueEntry, user: User) -> list[Option]:
    """Return what ``user`` can conclude on an item now; a closed one has its reason.

    Needs that ``outcomes.why_not`` says nothing.
    """
    second = outcomes.why_not_alone(item, user)
    unheard = {end: outcomes.why_unheard(item, end) for end in (Outcome.RECTIFYING, Outcome.EXITED)}
    post = "" if catalogue.may_publish(user, entry.filing) else "您的岗位不能办理退出。"
    rectifies = item.outcome == Outcome.RECTIFYING
    return [
        Option("settle", "整改完成", second) if rectifies else Option("keep", "保留", second),
        Option("intend", "告知拟定结果"),
        *([] if rectifies else [Option("rectify", "限期整改", second or unheard[Outcome.RECTIFYING])]),
        Option("remove", "退出目录", post or second or unheard[Outcome.EXITED]),
    ]
