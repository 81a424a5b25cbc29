"""What the pages of an edition at the workbench show: rows of the list, changes before and after, history.

Pure reads; the same few queries for any number of changes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from portal import access_log, edition_policy, registry, snapshot
from portal.differences import catalogue_of
from portal.edition_changes import COMING, verb_of
from portal.importing.edition import records_of
from portal.models import CatalogueEntry, Edition, EditionChange, Filing, User
from portal.vocabulary import ChangeVerb, State

SHAPES = {
    edition_policy.PREPARING: State.DRAFT,
    edition_policy.PROPOSED: State.PROVINCE_REVIEW,
    edition_policy.APPROVED: State.PROVINCE_REVIEW,
    edition_policy.PUBLISHED: State.APPROVED,
    edition_policy.ABANDONED: State.CANCELLED,
}
SORTS = {"": ("-on", "-pk"), "kind": ("kind", "-on", "-pk"), "name": ("name", "-on", "-pk")}
HEADINGS = {"kind": "目录", "name": "版次", "": "日期"}
ORDER = list(ChangeVerb.values)


@dataclass
class Line:
    """One change: ``differs`` are (label, before, after), ``into`` is the name a merged one goes into."""

    change: EditionChange
    verb: str
    title: str
    differs: list[tuple[str, str, str]] = field(default_factory=list)
    into: str = ""

    @property
    def label(self) -> str:
        """The word of the verb."""
        return str(ChangeVerb(self.verb).label)


def listed(user: User, sort: str, kind: str) -> QuerySet:
    """Return the editions of the list with the number of their changes, in the order asked for."""
    found = edition_policy.visible_to(user)
    if kind in {record_type.slug for record_type in registry.all_types()}:
        found = found.filter(kind=kind)
    return found.annotate(number=Count("changes")).order_by(*SORTS.get(sort, SORTS[""]))


def rows(editions: Iterable[Edition]) -> list[dict[str, Any]]:
    """Return what the list shows of each edition, the current one of its catalogue marked."""
    editions = list(editions)
    current = _current(editions)
    return [
        {
            "edition": edition,
            "type": registry.get(edition.kind),
            "is_current": edition.pk in current,
            **standing(edition),
        }
        for edition in editions
    ]


def _current(editions: list[Edition]) -> set[int]:
    """Return the editions in force of the catalogues that occur; one query."""
    catalogues = {(edition.kind, edition.region_id) for edition in editions}
    condition = Q(pk__in=[])
    for kind, region in catalogues:
        condition |= Q(kind=kind, region=region)
    newest: dict[tuple[str, str], int] = {}
    for edition in Edition.objects.published().filter(condition).order_by("on", "pk"):
        newest[edition.kind, edition.region_id] = edition.pk
    return set(newest.values())


def standing(edition: Edition) -> dict[str, str]:
    """Return ``shape`` and ``word`` of the tag that says how far an edition is."""
    stage = edition_policy.stage(edition)
    return {"stage": stage, "shape": SHAPES[stage], "word": edition_policy.STAGES[stage]}


def headings(sort: str, kind: str) -> list[dict[str, str]]:
    """Return the headings of the list that sort it, the one in use marked."""
    return [
        {
            "text": word,
            "url": f"?{params(name, kind).urlencode()}",
            "direction": ("descending" if name == "" else "ascending") if name == sort else "",
        }
        for name, word in HEADINGS.items()
    ]


def params(sort: str = "", kind: str = "") -> QueryDict:
    """Return what the list was asked for as the parameters of a link, empty ones left out."""
    found = QueryDict(mutable=True)
    found.update({name: value for name, value in {"sort": sort, "kind": kind}.items() if value})
    return found


def in_words(numbers: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return (word, number) for each verb."""
    return [(str(ChangeVerb(verb).label), numbers.get(verb, 0)) for verb in ORDER]


def explanation(changes: list[EditionChange]) -> str:
    """Return the explanation that the drafts of the edition were given last, for all of them."""
    said = (c.filing.explanation for c in changes if c.verb in COMING and c.filing.is_editable)
    return next((words for words in said if words), "")


def counts(changes: list[EditionChange]) -> list[tuple[str, int]]:
    """Return (word, number) for each verb."""
    return in_words(Counter(_verb(change) for change in changes))


def _verb(change: EditionChange) -> str:
    """Return the verb as the text stands now; it is written down when the edition is sent."""
    if change.verb in COMING[1:]:
        return verb_of(change.entry, change.filing.title)
    return change.verb


def in_order(changes: list[EditionChange]) -> list[EditionChange]:
    """Return the changes verb after verb."""
    return sorted(changes, key=lambda change: (ORDER.index(_verb(change)), change.pk))


def lines(edition: Edition, changes: list[EditionChange], *, personal: bool) -> list[Line]:
    """Return the changes of one page in words, with ``personal`` also those of what is of a person."""
    filings = {pk for c in changes if c.verb in COMING for pk in _both(c)}
    records = records_of(registry.get(edition.kind), filings) if filings else {}
    return [_line(change, records, personal) for change in changes]


def _both(change: EditionChange) -> list[int]:
    return [change.filing_id, *([change.entry.filing_id] if change.entry else [])]


def _line(change: EditionChange, records: dict[int, Filing], personal: bool) -> Line:
    verb, entry = _verb(change), change.entry
    if verb == ChangeVerb.MERGED:
        return Line(change, verb, entry.title, into=str(change.filing))
    if entry is None or change.filing is None:
        return Line(change, verb, entry.title if entry else str(change.filing))
    before, after = records[entry.filing_id], records[change.filing_id]
    return Line(change, verb, str(change.filing), _differs(before, after, personal))


def _differs(before: Filing, after: Filing, personal: bool) -> list[tuple[str, str, str]]:
    kind = before.record_type
    names = [name for name in kind.fields if personal or name not in kind.personal]
    pairs = [(name, snapshot.shown(before, name), snapshot.shown(after, name)) for name in names]
    found = [(str(before._meta.get_field(n).verbose_name), was, now) for n, was, now in pairs if was != now]
    for name, fields in before.record_type.rows.items():
        label = str(before.record_type.row_model(name)._meta.verbose_name_plural)
        was, now = (_rows_in_words(record, name, fields) for record in (before, after))
        if was != now:
            found.append((label, was, now))
    return found


def phones(kind: str, lines: Iterable[Any]) -> list[str]:
    """Return the telephone numbers that the differences of ``lines`` show, for the access log."""
    record_type = registry.get(kind)
    labels = {str(record_type.field(name).verbose_name) for name in access_log.phone_fields(record_type)}
    return [said for line in lines for label, *both in line.differs if label in labels for said in both]


def _rows_in_words(record: Filing, name: str, fields: list[str]) -> str:
    found = snapshot.child_rows(record, name)
    return "\n".join(" · ".join(snapshot.shown(row, field) for field in fields) for row in found)


def since(edition: Edition) -> list[CatalogueEntry]:
    """Return what others published into the catalogue since the edition was begun, newest first."""
    own = edition.changes.filter(filing__isnull=False).values("filing_id")
    found = catalogue_of(edition.kind, edition.region_id).filter(published_at__gt=edition.created_at)
    found = found.exclude(filing_id__in=own)
    return list(found.order_by("-published_at", "-pk")[:10])


def history(edition: Edition) -> list[dict]:
    """Return who did what with the edition, newest first, as ``timeline`` items."""
    return [
        {
            "title": note.change_message,
            "who": str(note.user),
            "at": f"{timezone.localtime(note.action_time):%Y-%m-%d %H:%M}",
        }
        for note in notes(edition).select_related("user")
    ]


def notes(edition: Edition) -> QuerySet:
    """Return what was noted of the edition, newest first."""
    found = LogEntry.objects.filter(content_type__app_label="portal", content_type__model="edition")
    return found.filter(object_id=str(edition.pk)).order_by("-action_time", "-pk")


def seen(edition: Edition) -> str:
    """Return a word that changes with every act on the edition; a page carries it with what is typed."""
    return str(notes(edition).values_list("pk", flat=True).first() or "")
