"""定期审核 (鲁就办〔2021〕22号 三（三）): rounds, who sees and keeps them, figures, freezing.

The only writer of reviews and figures; how an item ends is ``outcomes``. Every act on an item is an event of
the filing in force.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from portal import asking, notify, registry, scope
from portal.choosing import Choice, chosen
from portal.models import (
    CatalogueEntry,
    Filing,
    Membership,
    Message,
    Organisation,
    PeriodicReview,
    ReviewFigure,
    ReviewItem,
    User,
)
from portal.registry import CITY, Problem
from portal.vocabulary import Level, Role, Topic
from portal.workflow import Conflict, Refused, checked_comment, record_event

CLAUSE = "鲁就办〔2021〕22号 三（三）"
ORGANISERS = (Role.REVIEWER, Role.APPROVER, Role.PUBLISHER)
MOST = 10_000_000  # of one figure
TWICE = timedelta(minutes=10)  # a second click reminds nobody a second time
GONE = "这一条已不在现行目录中，不用再审核。"
FROZEN = "“{}”已于 {:%Y-%m-%d} 锁定，年度数据不能再改。"
OPENED = "“{}”：本单位有 {} 条目录条目要填报 {} 年数据和情况说明，{} 截止。"
REMINDED = "催报：“{}”还有 {} 条没有报送年度数据，{} 截止。"


def organisations(user: User, kind: str = "") -> list[Organisation]:
    """Return the bureaus in whose name ``user`` reviews a kind: the province all, a city what ends there.

    Without ``kind``: those that review anything.
    """
    kinds = [registry.get(kind)] if kind else [t for t in registry.all_types() if t.is_catalogued]
    levels = {Level.PROVINCE} | ({Level.CITY} if any(t.route == CITY for t in kinds) else set())
    found = {
        post.organisation_id: post.organisation
        for post in user.posts
        if post.role in ORGANISERS and post.organisation.is_hrss and post.organisation.region.level in levels
    }
    return list(found.values()) if any(t.is_catalogued for t in kinds) else []


def organises(user: User, review: PeriodicReview) -> bool:
    """Say whether ``user`` belongs to those who keep this round."""
    return any(
        post.role in ORGANISERS and post.organisation_id == review.organisation_id for post in user.posts
    )


def visible_items(user: User) -> QuerySet:
    """Return the items ``user`` may see: of his bureau, or as a desk or the auditor of his region."""
    condition = Q(pk__in=[])
    for post in user.posts:
        if post.role == Role.FILER and post.organisation.is_hrss:
            condition |= Q(entry__filing__organisation_id=post.organisation_id)
        elif post.role == Role.AUDITOR or (post.role in ORGANISERS and post.organisation.is_hrss):
            condition |= scope.within("entry__region_id", post.organisation.region_id)
    return ReviewItem.objects.filter(condition)


def visible_reviews(user: User) -> QuerySet:
    """Return the rounds of which ``user`` may see something."""
    own = Q(organisation__in=[o.pk for o in organisations(user)])
    return PeriodicReview.objects.filter(own | Q(pk__in=visible_items(user).values("review_id")))


def files(user: User, item: ReviewItem) -> bool:
    """Say whether ``user`` reports on this entry for its bureau; needs ``entry.filing``."""
    return scope.files_for(user, item.entry.filing.organisation_id)


def problems(item: ReviewItem) -> list[Problem]:
    """Return where the figures handed in stay below a notice; needs ``review`` and ``figures``."""
    figures = {figure.name: figure.value for figure in item.figures.all()}
    asked = registry.get(item.review.kind)
    return list(asked.model().figure_problems(figures)) if set(figures) == set(asked.figures) else []


@transaction.atomic
def start(
    *, by: User, organisation: Organisation, kind: str, choice: Choice, is_demo: bool = False, **facts: Any
) -> PeriodicReview:
    """Open a round over the entries that ``choice`` takes up and tell the bureaus that file them.

    ``facts`` are ``name``, ``year``, ``basis`` and ``due_on``. Raises ``Refused`` with the sentence.
    """
    if organisation.pk not in {o.pk for o in organisations(by, kind)}:
        raise Refused("只有发布这个目录的省级、市级审核、审批和发布岗位可以发起定期审核。")
    entries = chosen(kind, organisation.region_id, choice, facts["year"])
    if not entries:
        raise Refused("没有选中任何条目，没有发起。请放宽选取条件。")
    seed = choice.seed if choice.percent < 100 else ""
    review = PeriodicReview(
        kind=kind,
        organisation=organisation,
        rule=choice.words(),
        seed=seed,
        opened_by=by,
        is_demo=is_demo,
        **facts,
    )
    _check(review)
    review.save()
    ReviewItem.objects.bulk_create(ReviewItem(review=review, entry=entry) for entry in entries)
    _note(review, by, ADDITION, f"发起，{review.rule}，共 {len(entries)} 条")
    _tell(review, OPENED, _per_bureau(entries))
    return review


def _check(review: PeriodicReview) -> None:
    """Raise ``Refused`` with every sentence of what is wrong with the facts of a round."""
    try:
        review.full_clean()
    except ValidationError as error:
        labels = {field.name: f"{field.verbose_name}：" for field in PeriodicReview._meta.fields}
        said = [labels.get(name, "") + m for name, found in error.message_dict.items() for m in found]
        raise Refused("".join(said)) from None
    if review.due_on < timezone.localdate():
        raise Refused("填报截止要在今天或以后。")


def _per_bureau(entries: Iterable[CatalogueEntry]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for entry in entries:
        bureau = entry.filing.organisation_id
        counts[bureau] = counts.get(bureau, 0) + 1
    return counts


@asking.for_the_house()
def _tell(review: PeriodicReview, sentence: str, counts: Mapping[int, int]) -> set[int]:
    """Write each bureau's sentence to its filers and return the bureaus told; constant queries.

    Whoever was told the same within ten minutes is left alone.
    """
    words = {
        bureau: sentence.format(review, n, review.year, review.due_on)
        if sentence is OPENED
        else sentence.format(review, n, review.due_on)
        for bureau, n in counts.items()
    }
    now = timezone.now()
    people = Membership.objects.current().filter(
        organisation__in=words, role=Role.FILER, user__is_active=True
    )
    pairs = people.order_by("user_id", "pk").values_list("user_id", "organisation_id")
    recent = Message.objects.filter(created_at__gt=now - TWICE, text__in=words.values())
    told = set(recent.values_list("user_id", "text"))
    fresh = {(user, bureau) for user, bureau in pairs if (user, words[bureau]) not in told}
    topic = Topic.OTHER if sentence is OPENED else Topic.REMINDER
    facts = {"topic": topic, "address": reverse("review-round", args=[review.pk]), "created_at": now}
    notify.deliver(Message(user_id=user, text=words[bureau][:400], **facts) for user, bureau in sorted(fresh))
    return {bureau for _, bureau in fresh}


def _note(review: PeriodicReview, by: User, flag: int, what: str) -> None:
    """Keep who opened, reminded or froze a round, where the auditor reads it."""
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(PeriodicReview),
        object_id=str(review.pk),
        object_repr=str(review)[:200],
        action_flag=flag,
        change_message=what,
    )


def _demand_organiser(review: PeriodicReview, by: User) -> None:
    if not organises(by, review):
        raise Refused(f"“{review}”由{review.organisation}办理。")


@transaction.atomic
def remind(review: PeriodicReview, *, by: User) -> list[Organisation]:
    """Remind the bureaus that have not handed in all of their entries and return those it told.

    Raises ``Refused`` with the sentence.
    """
    _demand_organiser(review, by)
    if review.frozen_at:
        raise Refused(FROZEN.format(review, timezone.localtime(review.frozen_at)))
    missing = CatalogueEntry.objects.filter(
        reviews__review=review, reviews__handed_in_at=None, reviews__outcome=""
    )
    told = _tell(review, REMINDED, _per_bureau(missing.select_related("filing")))
    bureaus = list(Organisation.objects.filter(pk__in=told).select_related("region").order_by("region_id"))
    if bureaus:
        _note(review, by, CHANGE, "催报：" + "、".join(str(bureau) for bureau in bureaus))
    return bureaus


@transaction.atomic
def freeze(review: PeriodicReview, *, by: User) -> PeriodicReview:
    """Close the figures of a round for good. Raises ``Refused`` with the sentence."""
    _demand_organiser(review, by)
    frozen = {"frozen_at": timezone.now(), "frozen_by": by}
    if not PeriodicReview.objects.filter(pk=review.pk, frozen_at=None).update(**frozen):
        current = PeriodicReview.objects.get(pk=review.pk)
        raise Refused(FROZEN.format(current, timezone.localtime(current.frozen_at)))
    _note(review, by, CHANGE, "锁定年度数据")
    review.refresh_from_db()
    return review


def under_way(
    item: ReviewItem, *, by: User, step: int | None
) -> tuple[ReviewItem, CatalogueEntry, PeriodicReview]:
    """Return an item as it is now, its entry in force and its round, held until the transaction ends.

    Raises ``ReviewItem.DoesNotExist`` out of scope, ``Conflict`` when another act came first, ``Refused``
    when the entry left the catalogue. Needs a transaction.
    """
    review = PeriodicReview.objects.select_for_update().get(pk=item.review_id)
    found = visible_items(by).select_related("entry__filing", "review").prefetch_related("figures")
    current = found.get(pk=item.pk)
    entries = CatalogueEntry.objects.in_force().filter(code=current.entry.code)
    entry = entries.select_related("filing__organisation__region").first()
    if step not in (None, current.step):
        raise Conflict(entry.filing if entry else current.entry.filing)
    if entry is None:
        raise Refused(GONE)
    return current, entry, review


def record(filing: Filing, verb: str, said: str, *, by: User, request_id: str) -> None:
    """Record an act of a review as an event of the filing in force; its state stays. Raises ``Conflict``."""
    record_event(filing, verb, filing.state, by=by, comment=said, request_id=request_id)


def write(item: ReviewItem, filing: Filing, **changes: Any) -> None:
    """Change an item whose act was just recorded on ``filing``; ``Conflict`` when another write came first.

    Needs the transaction of the event: both or neither.
    """
    changed = ReviewItem.objects.filter(pk=item.pk, step=item.step).update(step=F("step") + 1, **changes)
    if not changed:
        raise Conflict(filing)


@transaction.atomic
def hand_in(
    item: ReviewItem,
    *,
    by: User,
    figures: Mapping[str, int],
    statement: str = "",
    step: int | None = None,
    request_id: str = "",
) -> ReviewItem:
    """Report the figures of the year with a statement; until the round is frozen, again and again.

    Raises as ``under_way`` does, and ``Refused`` with the sentence.
    """
    current, entry, review = under_way(item, by=by, step=step)
    if not files(by, current):
        raise Refused("只有条目的填报单位可以报送年度数据。")
    if review.frozen_at:
        raise Refused(FROZEN.format(review, timezone.localtime(review.frozen_at)))
    statement = checked_comment(statement)
    _check_figures(current, figures, statement)
    asked = registry.get(review.kind).figures
    said = "，".join(f"{asked[name]} {figures[name]}" for name in asked)
    comment = "\n".join(part for part in (said, statement) if part)
    record(entry.filing, "report", comment, by=by, request_id=request_id)
    write(current, entry.filing, statement=statement, handed_in_at=timezone.now(), handed_in_by=by)
    current.figures.all().delete()
    ReviewFigure.objects.bulk_create(
        ReviewFigure(item=current, name=name, value=figures[name]) for name in asked
    )
    current.refresh_from_db()
    return current


def _check_figures(item: ReviewItem, figures: Mapping[str, int], statement: str) -> None:
    asked = registry.get(item.review.kind)
    for name, label in asked.figures.items():
        value = figures.get(name)
        if not isinstance(value, int) or not 0 <= value <= MOST:
            raise Refused(f"请填写{label}，0 至 {MOST} 的整数。")
    below = list(asked.model().figure_problems(dict(figures)))
    if not statement and (below or not asked.figures):
        why = "".join(problem.text for problem in below)
        raise Refused(f"{why}请填写情况说明。")


def is_late(item: ReviewItem) -> bool:
    """Say whether the figures came after the due day; needs ``review``."""
    at = item.handed_in_at
    return bool(at) and timezone.localdate(at) > item.review.due_on


def days_left(until: date) -> int:
    """Return the days from today to ``until``; negative once it has passed."""
    return (until - timezone.localdate()).days
