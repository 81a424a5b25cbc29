"""What a selection round (择优选拔) adds up to: who may take part, who recuses himself, places and ties.

Pure reads. Nobody's points leave this module before the round is ranked but the reader's own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from statistics import fmean, mean, pstdev

from django.db.models import Q, QuerySet

from portal import scope
from portal.models import (
    Candidate,
    CatalogueEntry,
    Criterion,
    Event,
    Filing,
    FilingVersion,
    Membership,
    RoundStage,
    Score,
    Scorer,
    SelectionRound,
    User,
)
from portal.vocabulary import BUSINESS_ROLES, HRSS_KINDS, BrandLevel, Level, Role

HUNDREDTH = Decimal("0.01")
PROVINCE = "37"
ENDED = (RoundStage.CONFERRED, RoundStage.CANCELLED)
SHOWN_WHEN = (RoundStage.RANKED, RoundStage.DECIDED, RoundStage.CONFERRED)
# Acts on a published entry weigh nothing of what it says; whoever did one need not recuse himself.
NO_REVIEW = ("publish", "promote", "exit", "designate", "undesignate")

Points = dict[tuple[int, int], Decimal]  # (candidate, criterion) → points


@dataclass(frozen=True)
class Line:
    """What one candidate reached: mean and spread of the sheets that counted, and its place.

    ``place`` is shared by equal averages (1, 2, 2, 4), equal as they are shown, to two decimals.
    """

    candidate: Candidate
    entry: CatalogueEntry
    place: int
    average: Decimal
    deviation: Decimal
    least: Decimal
    most: Decimal
    sheets: int
    by_criterion: tuple[Decimal, ...]
    is_tied: bool


def may_manage(user: User) -> bool:
    """Say whether ``user`` opens and runs rounds: approval and publishing of the province."""
    return scope.sits_at(user, Level.PROVINCE, (Role.APPROVER, Role.PUBLISHER), PROVINCE)


def watches(user: User) -> bool:
    """Say whether ``user`` sees every round: the province's bureau and its auditor."""
    roles = (*BUSINESS_ROLES, Role.AUDITOR)
    return scope.sits_at(user, Level.PROVINCE, roles, PROVINCE)


def may_score(user: User) -> bool:
    """Say whether ``user`` holds a post that scorers are chosen from."""
    return any(_is_scoring_post(post) for post in user.posts)


def _is_scoring_post(post: Membership) -> bool:
    in_bureau = post.organisation.kind in HRSS_KINDS and post.role in BUSINESS_ROLES
    at_top = post.organisation.region.level == Level.PROVINCE
    return at_top and (in_bureau or post.role == Role.JOINT_REVIEWER)


def visible(user: User) -> QuerySet:
    """Return the rounds ``user`` may open: all for the province, else those he was asked to score."""
    if watches(user):
        return SelectionRound.objects.all()
    if not may_score(user):
        return SelectionRound.objects.none()
    own = Scorer.objects.filter(user=user).values("round_id")
    return SelectionRound.objects.exclude(stage=RoundStage.PREPARING).filter(pk__in=own)


def eligible_scorers(of: SelectionRound) -> list[User]:
    """Return who may score: members of provincial bureaus and joint departments, but not who opened it.

    Each with the name of his ``bureau``.
    """
    bureau = Q(organisation__kind__in=HRSS_KINDS, role__in=BUSINESS_ROLES)
    posts = Membership.objects.current().filter(bureau | Q(role=Role.JOINT_REVIEWER))
    posts = posts.filter(organisation__region__level=Level.PROVINCE, user__is_active=True)
    posts = posts.exclude(user_id=of.opened_by_id).select_related("user", "organisation")
    found = {}
    for post in posts.order_by("organisation__kind", "pk"):
        post.user.bureau = post.organisation.name
        found.setdefault(post.user_id, post.user)
    return list(found.values())


def eligible_entries(of: SelectionRound) -> QuerySet:
    """Return what may stand in a round: municipal entries in force that stand in no other open one."""
    elsewhere = Candidate.objects.exclude(round=of).exclude(round__stage__in=ENDED)
    found = CatalogueEntry.objects.in_force().filter(kind=of.kind, level=BrandLevel.MUNICIPAL)
    found = found.exclude(code__in=elsewhere.values("entry__code"))
    return found.select_related("region__parent").order_by("region_id", "code")


def candidates(of: SelectionRound) -> list[Candidate]:
    """Return the candidates of a round by code, with what a line shows of each."""
    found = of.candidates.select_related("entry__region__parent", "entry__filing")
    return list(found.order_by("entry__code", "pk"))


def current_entries(codes: Collection[str]) -> dict[str, CatalogueEntry]:
    """Return code → the entry in force that can still become provincial; an amended one stays itself."""
    found = CatalogueEntry.objects.in_force().filter(code__in=codes, level=BrandLevel.MUNICIPAL)
    return {entry.code: entry for entry in found.select_related("filing__organisation__region")}


def recusals(of: SelectionRound, users: Collection[int] | None = None) -> dict[int, set[int]]:
    """Return scorer's user → the candidates he keeps away from (回避): his desk filed or he reviewed it.

    Every version ever published under the code counts. A fixed number of queries.
    """
    asked = set(of.scorers.values_list("user_id", flat=True)) if users is None else set(users)
    by_code = {c.entry.code: c.pk for c in of.candidates.select_related("entry")}
    lineage = dict(CatalogueEntry.objects.filter(code__in=by_code).values_list("filing_id", "code"))
    found: dict[int, set[int]] = {user: set() for user in asked}
    for user, filing in _hands(asked, lineage):
        if user in found:
            found[user].add(by_code[lineage[filing]])
    return found


def _hands(users: set[int], filings: Collection[int]) -> Iterable[tuple[int | None, int]]:
    """Yield (user, filing) of everybody who drafted, sent or reviewed one of the filings."""
    acts = Event.objects.filter(by__in=users, filing__in=filings).exclude(action__in=NO_REVIEW)
    yield from acts.values_list("by_id", "filing_id").distinct()
    sent = FilingVersion.objects.filter(submitted_by__in=users, filing__in=filings)
    yield from sent.values_list("submitted_by_id", "filing_id").distinct()
    desks = defaultdict(set)
    posts = Membership.objects.filter(user__in=users, role=Role.FILER)
    for organisation, user in posts.values_list("organisation_id", "user_id"):
        desks[organisation].add(user)
    for filing in Filing.objects.filter(pk__in=filings).only("organisation_id", "created_by_id"):
        yield filing.created_by_id, filing.pk
        yield from ((user, filing.pk) for user in desks[filing.organisation_id])


def own_points(scorer: Scorer) -> Points:
    """Return what one scorer has written on his sheet; for his own eyes."""
    rows = scorer.scores.values_list("candidate_id", "criterion_id", "points")
    return {(candidate, criterion): points for candidate, criterion, points in rows}


def lines(of: SelectionRound) -> list[Line]:
    """Return the ranking, best first; empty before the round is ranked."""
    if of.stage not in SHOWN_WHEN:
        return []
    criteria, totals, parts = list(of.criteria.all()), defaultdict(dict), defaultdict(list)
    for candidate, scorer, criterion, points in _counted(of):
        totals[candidate][scorer] = totals[candidate].get(scorer, Decimal(0)) + points
        parts[candidate, criterion].append(points)
    averages = {c: rounded(mean(sheets.values())) for c, sheets in totals.items()}
    ranked = [c for c in candidates(of) if c.pk in averages]
    ranked.sort(key=lambda c: (-averages[c.pk], c.entry.code))
    return [_line(c, criteria, averages, totals[c.pk], parts) for c in ranked]


def _counted(of: SelectionRound) -> QuerySet:
    handed_in = Score.objects.filter(candidate__round=of, scorer__handed_in_at__isnull=False)
    return handed_in.order_by("pk").values_list("candidate_id", "scorer_id", "criterion_id", "points")


def _line(candidate: Candidate, criteria: Sequence[Criterion], averages, sheets, parts) -> Line:
    own, points = averages[candidate.pk], list(sheets.values())
    return Line(
        candidate=candidate,
        entry=candidate.entry,
        place=1 + sum(other > own for other in averages.values()),
        average=own,
        deviation=rounded(Decimal(str(pstdev([float(p) for p in points], fmean(map(float, points)))))),
        least=min(points),
        most=max(points),
        sheets=len(points),
        by_criterion=tuple(rounded(mean(parts[candidate.pk, c.pk])) for c in criteria),
        is_tied=sum(other == own for other in averages.values()) > 1,
    )


def rounded(value: Decimal) -> Decimal:
    """Return ``value`` to two decimals, half up: as it is shown it is compared."""
    return value.quantize(HUNDREDTH, ROUND_HALF_UP)


def edge(ranked: Sequence[Line], quota: int) -> str:
    """Return in words that the last places of the quota are shared by more than fit, empty when not."""
    if len(ranked) <= quota or ranked[quota - 1].place != ranked[quota].place:
        return ""
    place = ranked[quota].place
    tied = sum(line.place == place for line in ranked)
    left = quota - (place - 1)
    return f"第 {place} 名有 {tied} 个并列，名额还剩 {left} 个；在并列中取舍的，请写明理由。"


def clear_places(ranked: Sequence[Line], quota: int) -> set[int]:
    """Return the candidates whose place lies within the quota with all who share it: a start, no decision."""
    return {
        line.candidate.pk for line in ranked if sum(other.place <= line.place for other in ranked) <= quota
    }


def passes_over(ranked: Sequence[Line], chosen: Collection[int]) -> list[Line]:
    """Return the lines that were not chosen though they stand before or level with one that was."""
    worst = max((line.place for line in ranked if line.candidate.pk in chosen), default=0)
    return [line for line in ranked if line.place <= worst and line.candidate.pk not in chosen]


def progress(of: SelectionRound) -> tuple[int, int]:
    """Return how many scorers have handed in, and how many there are."""
    return of.scorers.filter(handed_in_at__isnull=False).count(), of.scorers.count()
