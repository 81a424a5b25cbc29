"""What was filed and published as it stood at an instant: the pure reads under every report and dashboard.

Nothing is read but what no later act changes: events, submitted versions, the spans of entries with the times
at which the register was told of them, and the former names of what was corrected. So a report of an old
cut-off can be made again. The content of a filing is that of the version submitted last by then.
"""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.contrib.admin.models import ADDITION, LogEntry
from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from portal import scope
from portal.models import (
    Campaign,
    CatalogueEntry,
    Event,
    Filing,
    FilingVersion,
    PolicyTarget,
    Promotion,
    Region,
)
from portal.models.former import as_of
from portal.vocabulary import Level, State

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHUNK = 200
PUBLISHED, LEFT = "published", "left"  # what became of an approved filing of a catalogued type


def day_of(cutoff: datetime) -> date:
    """Return the day (Asia/Shanghai) in which the instant lies; what is dated up to it is counted."""
    return cutoff.astimezone(SHANGHAI).date()


def filings_at(cutoff: datetime, region: str) -> QuerySet:
    """Return the filings of a region and below that had been begun, with ``state_then``."""
    found = Filing.objects.filter(scope.within("region_id", region), created_at__lte=cutoff)
    return found.annotate(state_then=state_then(cutoff))


def state_then(cutoff: datetime, filing: str = "pk"):
    """Return the expression of a filing's state at an instant: what the first later event found it in."""
    if not Event.objects.filter(at__gt=cutoff).exists():
        return F("state" if filing == "pk" else f"{filing}__state")
    later = Event.objects.filter(filing=OuterRef(filing), at__gt=cutoff).order_by("number")
    return Coalesce(
        Subquery(later.values("source")[:1]), F("state" if filing == "pk" else f"{filing}__state")
    )


def submitted_at(cutoff: datetime, region: str, kind: str = "") -> QuerySet:
    """Return those of them that had been submitted, with ``version_then`` and ``submitted_then`` beside.

    ``version_then`` is the number of the version submitted last by then, ``first_submitted`` the time of the
    first.
    """
    versions = FilingVersion.objects.filter(filing=OuterRef("pk"), submitted_at__lte=cutoff)
    newest, oldest = versions.order_by("-number"), versions.order_by("number")
    found = filings_at(cutoff, region).annotate(
        version_then=Subquery(newest.values("number")[:1]),
        submitted_then=Subquery(newest.values("submitted_at")[:1]),
        first_submitted=Subquery(oldest.values("submitted_at")[:1]),
    )
    return found.filter(version_then__isnull=False, **({"kind": kind} if kind else {}))


def returns(cutoff: datetime | None = None) -> QuerySet:
    """Return the events of the returns that stand, now or at an instant.

    One that was recalled before anybody touched the filing is as if it had stayed at its desk.
    """
    by_then = {"at__lte": cutoff} if cutoff else {}
    recalled = Event.objects.filter(
        filing=OuterRef("filing"), number=OuterRef("number") + 1, action="recall", **by_then
    )
    return Event.objects.filter(~Exists(recalled), action="return", **by_then)


def standing_at(cutoff: datetime, region: str, kind: str) -> QuerySet:
    """Return the filings of a type approved by then that no later approved one had replaced by then.

    With ``decided_then``, the time of the approval.
    """
    decided = Event.objects.filter(filing=OuterRef("pk"), at__lte=cutoff, target=State.APPROVED)
    decided = decided.exclude(source=State.APPROVED).order_by("-number")
    approved = submitted_at(cutoff, region, kind).filter(state_then=State.APPROVED)
    updates = filings_at(cutoff, region).filter(kind=kind, state_then=State.APPROVED, amends__isnull=False)
    return approved.exclude(pk__in=updates.values("amends")).annotate(
        decided_then=Subquery(decided.values("at")[:1])
    )


def is_as_it_was() -> Q:
    """Return the condition that what is stored of such a filing is still what it had submitted by then."""
    return Q(version=F("version_then")) & ~Q(state__in=[State.DRAFT, State.RETURNED])


def untouched_since(cutoff: datetime, filing: str = "") -> Q:
    """Return the same condition for filings that had been submitted by ``cutoff``, without their versions.

    ``filing`` is the way to the filing with its ``__``; a submission writes its time into the filing.
    """
    opened = Q(**{f"{filing}state__in": [State.DRAFT, State.RETURNED]})
    return Q(**{f"{filing}submitted_at__lte": cutoff}) & ~opened


def with_snapshots(filings: QuerySet | list[Filing]) -> Iterator[tuple[Filing, dict]]:
    """Yield each filing of ``submitted_at`` in its order with the snapshot of ``version_then``.

    A fixed part is in memory at a time; of a list that was sorted, a fixed part of the snapshots.
    """
    chunk: list[Filing] = []
    for filing in filings if isinstance(filings, list) else filings.iterator(chunk_size=CHUNK):
        chunk.append(filing)
        if len(chunk) == CHUNK:
            yield from _with_snapshots(chunk)
            chunk = []
    yield from _with_snapshots(chunk)


def _with_snapshots(chunk: list[Filing]) -> Iterator[tuple[Filing, dict]]:
    numbers = {filing.pk: filing.version_then for filing in chunk}
    versions = FilingVersion.objects.filter(filing__in=numbers, number__in=set(numbers.values()))
    found = {
        version.filing_id: version.snapshot
        for version in versions.iterator(chunk_size=CHUNK)
        if version.number == numbers[version.filing_id]
    }
    for filing in chunk:
        yield filing, found[filing.pk]


def entries_at(cutoff: datetime, region: str, kind: str) -> QuerySet:
    """Return the entries in force at an instant as the register then said, with ``level_then``."""
    entries = CatalogueEntry.objects.filter(scope.within("region_id", region), kind=kind)
    return entries.in_force(day_of(cutoff), known=cutoff).annotate(level_then=level_then(cutoff))


def level_then(cutoff: datetime) -> Coalesce | F:
    """Return the expression of an entry's level at an instant: before a promotion the former one."""
    if not Promotion.objects.filter(Q(on__gt=day_of(cutoff)) | Q(at__gt=cutoff)).exists():
        return F("level")
    return level_on(day_of(cutoff), known=cutoff)


def level_on(day: date, known: datetime | None = None) -> Coalesce:
    """Return the expression of an entry's level at the end of a day, ``known`` as for ``in_force``."""
    later = Q(on__gt=day) | Q(at__gt=known) if known else Q(on__gt=day)
    risen = Promotion.objects.filter(later, entry=OuterRef("pk")).order_by("on", "pk")
    return Coalesce(Subquery(risen.values("former")[:1]), F("level"))


def regions_at(cutoff: datetime, region: str, *levels: str) -> list[Region]:
    """Return the regions of these levels in ``region`` that held on the day, by code, as they were called.

    What was entered after the instant is judged by what it said before.
    """
    wanted = Region.objects.filter(scope.within("code", region)).select_related("parent").order_by("code")
    day, found = day_of(cutoff), [place for place in as_of(wanted, cutoff) if place.level in levels]
    as_of([place.parent for place in found if place.parent], cutoff)
    return [
        place
        for place in found
        if (place.valid_from is None or place.valid_from <= day)
        and (place.valid_to is None or place.valid_to > day)
    ]


def cities_at(cutoff: datetime, region: str) -> list[Region]:
    """Return the cities in ``region``, or the one it lies in, as they were called at an instant."""
    if len(region) > len("3701"):
        region = region[:4]
    return regions_at(cutoff, region, Level.CITY)


def things_at(cutoff: datetime, region: str, kind: str) -> QuerySet:
    """Return one filing for each thing of a catalogued type that had been submitted by then: its newest text.

    A change counts once it is published, then in place of what it changes; zero reports are no things.
    Beside the columns of ``submitted_at``: ``standing_then`` (the state, once published PUBLISHED or LEFT),
    ``level_then``, ``document_then`` (the document that conferred the level), ``begun_then`` and
    ``campaign_then`` (when and for which campaign the thing was first submitted), ``title_then``.
    """
    known = Q(entry__published_at__lte=cutoff)
    lineage = CatalogueEntry.objects.filter(code=OuterRef("entry__code"))
    newer = lineage.filter(pk__gt=OuterRef("entry__pk"), published_at__lte=cutoff)
    found = submitted_at(cutoff, region, kind).filter(is_nothing=False)
    found = found.filter(Q(amends=None) | known, ~Exists(newer))
    return found.annotate(**_entry_then(cutoff, known), **_beginning(cutoff, lineage.order_by("pk")))


def _entry_then(cutoff: datetime, known: Q) -> dict:
    ended = known & Q(entry__ended_at__lte=cutoff) & ~Q(entry__exit_reason="")
    own = CatalogueEntry.objects.filter(filing=OuterRef("pk"), published_at__lte=cutoff)
    risen = Promotion.objects.filter(entry__filing=OuterRef("pk"), on__lte=day_of(cutoff), at__lte=cutoff)
    number = Coalesce(
        Subquery(risen.order_by("-on", "-pk").values("document_number")[:1]), F("entry__document_number")
    )
    return {
        "standing_then": Case(
            When(ended, Value(LEFT)),
            When(known, Value(PUBLISHED)),
            default=F("state_then"),
            output_field=TextField(),
        ),
        "level_then": Subquery(own.annotate(then=level_then(cutoff)).values("then")[:1]),
        "document_then": Case(When(known, number), default=Value(""), output_field=TextField()),
    }


def _beginning(cutoff: datetime, lineage: QuerySet) -> dict:
    """Return what was first submitted: of a change the time and campaign of what its lineage began with."""
    sent = FilingVersion.objects.filter(submitted_at__lte=cutoff)
    titles = sent.filter(filing=OuterRef("pk")).order_by("-number").annotate(title=KT("snapshot__title"))
    of_lineage = sent.filter(filing__entry__code=OuterRef("entry__code")).order_by("submitted_at")
    began, campaign = of_lineage.values("submitted_at")[:1], lineage.values("filing__campaign")[:1]
    return {
        "begun_then": Case(When(amends=None, then=F("first_submitted")), default=Subquery(began)),
        "campaign_then": Case(
            When(amends=None, then=F("campaign_id")),
            default=Subquery(campaign),
            output_field=BigIntegerField(),
        ),
        "title_then": Subquery(titles.values("title")[:1]),
    }


def city_names(cutoff: datetime) -> dict[str, str]:
    """Return code → name of the province and of every city there ever was, as they were called; by code."""
    wanted = Region.objects.filter(level__in=(Level.PROVINCE, Level.CITY)).order_by("code")
    return {place.code: place.name for place in as_of(wanted, cutoff)}


def names_at(cutoff: datetime, region: str) -> dict[str, str]:
    """Return code → name at an instant of ``region`` and all below it, those that no longer hold too."""
    found = Region.objects.filter(scope.within("code", region))
    return {place.code: place.name for place in as_of(found, cutoff)}


def campaigns_at(cutoff: datetime, kind: str) -> dict[str, str]:
    """Return key → name at an instant of the campaigns of a form that had opened, the one due last first."""
    found = [campaign for campaign in campaigns_known(cutoff) if campaign.opens_at <= cutoff]
    return {str(campaign.pk): campaign.name for campaign in found if campaign.kind == kind}


def campaigns_known(cutoff: datetime) -> list[Campaign]:
    """Return the campaigns that there were at an instant as they were then, the one due last first.

    Who opened a campaign and when stands in the log; those of the reference data have always been there.
    """
    table = {"content_type__app_label": "portal", "content_type__model": "campaign"}
    later = LogEntry.objects.filter(action_flag=ADDITION, action_time__gt=cutoff, **table)
    unknown = set(later.values_list("object_id", flat=True))
    found = as_of((one for one in Campaign.objects.all() if str(one.pk) not in unknown), cutoff)
    return sorted(found, key=lambda campaign: (campaign.due_at, campaign.kind, campaign.name), reverse=True)


def limits_at(cutoff: datetime, *slugs: str) -> dict[str, int]:
    """Return target → its number at an instant; one that was never loaded is not among them."""
    found = as_of(PolicyTarget.objects.filter(slug__in=slugs), cutoff)
    return {target.slug: target.number for target in found}
