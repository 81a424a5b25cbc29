"""Periodic reviews for tests: rounds opened by real people, items walked to where a test wants them."""

from datetime import date, timedelta

from django.utils import timezone

from portal import outcomes, periodic
from portal.choosing import Choice
from portal.models import CatalogueEntry, PeriodicReview, ReviewItem
from portal.vocabulary import ExitReason, Outcome, Role
from tests.factories import PROVINCE, WEIFANG, bureau, entry, filer, person, publisher, reviewer

DAY = timedelta(days=1)
MAY = date(2024, 5, 1)
UNITS, INSTITUTIONS = "building-units", "exam-institutions"
ENOUGH = {"trained_count": 620, "self_used_count": 200, "exported_count": 500}
LOW = {"trained_count": 499, "self_used_count": 200, "exported_count": 299}
NUMBER = "演示退〔2026〕1号"
BECAUSE = "年培训人数连续两年不达标。"


def opener(place: str = PROVINCE):
    """Return who opens and freezes rounds and intends: the 审核 post of a bureau."""
    return reviewer(place)


def decider(place: str = PROVINCE):
    """Return who decides: the 发布 post of the bureau."""
    return publisher(place)


def second(role: str = Role.REVIEWER, place: str = PROVINCE):
    """Return a second holder of a post."""
    return person(role, place, name=f"second_{role}_{place}")


def units(number: int, *, place: str = WEIFANG, on: date = MAY) -> list[CatalogueEntry]:
    """Return building units in force, each walked the whole road."""
    return [entry(UNITS, place=place, on=on) for _ in range(number)]


def opened(
    kind: str = UNITS, *, place: str = PROVINCE, choice: Choice | None = None, **facts
) -> PeriodicReview:
    """Return a round over a catalogue, open since now."""
    today = timezone.localdate()
    return periodic.start(
        by=opener(place),
        organisation=bureau(place),
        kind=kind,
        choice=choice or Choice(),
        **{
            "name": f"演示{today.year}年定期审核",
            "year": today.year,
            "basis": periodic.CLAUSE,
            "due_on": today + 10 * DAY,
            **facts,
        },
    )


def item_of(review: PeriodicReview, entry: CatalogueEntry | None = None) -> ReviewItem:
    """Return the item of an entry, or the only one, as it is now."""
    items = review.items.select_related("entry__filing", "review")
    return items.get(entry__code=entry.code) if entry else items.get()


def handed_in(item: ReviewItem, figures=None, statement: str = "", by=None) -> ReviewItem:
    """Let the bureau of an item report."""
    by = by or filer(item.entry.region_id)
    return periodic.hand_in(item, by=by, figures=figures or ENOUGH, statement=statement)


def frozen(review: PeriodicReview) -> PeriodicReview:
    """Freeze a round by its own desk."""
    return periodic.freeze(review, by=opener(review.organisation.region_id))


def ready(figures=None, statement: str = "", **facts) -> ReviewItem:
    """Return the item of a unit that reported in a round that is frozen."""
    units(1)
    review = opened(**facts)
    handed_in(item_of(review), figures, statement)
    frozen(review)
    return item_of(review)


def intended(item: ReviewItem, outcome: str = Outcome.EXITED, **facts) -> ReviewItem:
    """Let the desk of the round tell the bureau what it intends."""
    by = opener(item.review.organisation.region_id)
    facts = {"reason": ExitReason.BELOW_FIGURES, "comment": BECAUSE, **facts}
    return outcomes.intend(item, by=by, outcome=outcome, **facts)


def hearing_over(item: ReviewItem) -> ReviewItem:
    """Let the time to be heard pass: no test waits for it."""
    told = timezone.now() - 30 * DAY
    ReviewItem.objects.filter(pk=item.pk).update(hearing_until=timezone.localdate() - DAY, intended_at=told)
    return item_of(item.review, item.entry)


def removed(item: ReviewItem, **facts) -> ReviewItem:
    """Let the publisher of the round take an entry out."""
    by = decider(item.review.organisation.region_id)
    return outcomes.remove(item, by=by, **{"document_number": NUMBER, **facts})


def rectifying(item: ReviewItem, *, days: int = 30, **facts) -> ReviewItem:
    """Let the publisher of the round give an entry time."""
    by = decider(item.review.organisation.region_id)
    until = timezone.localdate() + days * DAY
    return outcomes.rectify(item, by=by, until=until, comment="限期补足培训。", **facts)


def acts(entry: CatalogueEntry) -> list[str]:
    """Return what happened to the filing of an entry since it was published."""
    named = list(entry.filing.events.order_by("number").values_list("action", flat=True))
    return named[named.index("publish") + 1 :]
