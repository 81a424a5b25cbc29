"""What became of a code: its entries one after another, other names, mergers, editions, 限期整改.

Pure reads of what is published; the acts are ``catalogue`` and ``periodic``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone

from portal import asked, text
from portal.models import CatalogueEntry, Edition, Promotion, ReviewItem, Succession
from portal.registry import RecordType
from portal.vocabulary import Outcome, SuccessionKind

PROVINCE_CODE = "37"
LONGEST_CHAIN = 50  # mergers followed from one code; a chain cannot close, for what went in cannot come back


@dataclass(frozen=True)
class Step:
    """One merger: the code and name that ended, when and by which document, and the code it went into."""

    code: str
    title: str
    on: date
    document_number: str
    into: str


def of(record_type: RecordType, code: str) -> list[CatalogueEntry]:
    """Return the entries that ever bore ``code``, oldest first; those that have not begun are left out."""
    today = timezone.localdate()

    def borne(kind: str, code: str) -> QuerySet:
        entries = CatalogueEntry.objects.filter(kind=kind, code=code, valid_from__lte=today)
        return entries.select_related("region__parent", "filing").order_by("valid_from", "pk")

    return asked.rows(today, borne, record_type.slug, code)


def steps_from(kind: str, code: str) -> list[Step]:
    """Return the mergers that lead from ``code`` to the code it lives on under; none for most codes."""
    steps: list[Step] = []
    while len(steps) < LONGEST_CHAIN:
        merged = Succession.objects.filter(kind=SuccessionKind.MERGED, old__kind=kind, old__code=code)
        found = merged.select_related("old", "new").order_by("-pk").first()
        if found is None:
            break
        old, code = found.old, found.new.code
        steps.append(Step(old.code, old.title, old.valid_to, old.exit_document_number, code))
    return steps


def gone(kind: str, codes: Iterable[str]) -> set[str]:
    """Return those of ``codes`` that are not in force today: their text is no longer shown; one query."""
    asked = set(codes)
    alive = CatalogueEntry.objects.in_force().filter(kind=kind, code__in=asked)
    return asked - set(alive.values_list("code", flat=True))


def former_names(lineage: list[CatalogueEntry]) -> list[tuple[str, date]]:
    """Return the names an entry had before it was renamed, oldest first, each with its last day but one."""
    if len(lineage) < 2:  # who was renamed was replaced under his own code
        return []
    renamed = Succession.objects.filter(kind=SuccessionKind.RENAMED, old__in=lineage)
    found = renamed.select_related("old").order_by("old__valid_to", "pk")
    now = text.key(lineage[-1].title)
    return [(one.old.title, one.old.valid_to) for one in found if text.key(one.old.title) != now]


def came_in(lineage: list[CatalogueEntry]) -> list[CatalogueEntry]:
    """Return the entries of other codes that went into one of ``lineage``, oldest first."""
    return [one.old for one in asked.rows(len(lineage), _came_in, *(entry.pk for entry in lineage))]


def _came_in(*lineage: int) -> QuerySet:
    merged = Succession.objects.filter(kind=SuccessionKind.MERGED, new__in=lineage)
    return merged.select_related("old").order_by("old__valid_to", "pk")


def promotions(lineage: list[CatalogueEntry]) -> list[Promotion]:
    """Return the levels conferred on a lineage, oldest first (择优选拔)."""
    return asked.rows(len(lineage), _promotions, *(entry.pk for entry in lineage))


def _promotions(*lineage: int) -> QuerySet:
    return Promotion.objects.filter(entry__in=lineage).order_by("on", "pk")


def editions_of(entry: CatalogueEntry) -> list[Edition]:
    """Return the published editions whose catalogue holds ``entry``, newest first."""
    found = asked.rows(timezone.localdate(), _editions, entry.kind, PROVINCE_CODE, entry.region_id[:4])
    begun = (edition for edition in found if edition.on >= entry.valid_from)
    return [edition for edition in begun if not entry.valid_to or edition.on < entry.valid_to]


def _editions(kind: str, *places: str) -> QuerySet:
    found = Edition.objects.published().filter(kind=kind, region__in=places)
    return found.order_by("-on", "region_id")


def rectifying_codes(kind: str) -> list[str]:
    """Return the codes of a catalogue that are under 限期整改 (鲁就办〔2021〕22号 三（三）)."""
    return [code for code, _ in _rectifying(kind)]


def rectifying(kind: str, codes: Iterable[str]) -> dict[str, date]:
    """Return code → the day until which it is to be put right, for those under 限期整改."""
    wanted = set(codes)
    return {code: until for code, until in _rectifying(kind) if code in wanted} if wanted else {}


def _rectifying(kind: str) -> list[tuple[str, date]]:
    """Return code and day of a catalogue, the latest decision last.

    Read from the few items there are, not from the catalogue: a database that never saw one does not know how
    few they are. Without any it is one query.
    """
    items = asked.rows((), _to_be_put_right)
    codes, left = _codes_of(kind, [entry for entry, *_ in items]) if items else ({}, {})
    return [
        (codes[entry], until)
        for entry, decided_on, until in items
        # what left since the decision is no longer to be put right
        if entry in codes and not (decided_on and left.get(codes[entry], date.min) >= decided_on)
    ]


def _to_be_put_right() -> QuerySet:
    given = ReviewItem.objects.filter(outcome=Outcome.RECTIFYING, settled_on=None).order_by(
        "decided_on", "pk"
    )
    return given.values_list("entry_id", "decided_on", "rectify_until")


def _codes_of(kind: str, pks: list[int]) -> tuple[dict[int, str], dict[str, date]]:
    """Return entry → code for those of a catalogue, and code → the last day that an entry of it left."""
    borne = CatalogueEntry.objects.filter(kind=kind)
    named = borne.filter(code__in=borne.filter(pk__in=pks).values("code"))
    rows = list(named.values_list("pk", "code", "valid_to", "exit_reason"))
    left: dict[str, date] = {}
    for _, code, valid_to, reason in rows:
        if reason and valid_to:
            left[code] = max(valid_to, left.get(code, date.min))
    return {pk: code for pk, code, *_ in rows if pk in set(pks)}, left
