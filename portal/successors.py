"""What became of entries that left the catalogue: renamed, amended, merged; whom a filing may choose instead.

Pure reads of entries and successions.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone

from portal import reading, snapshot
from portal.models import CatalogueEntry, Filing, FilingVersion, Succession
from portal.registry import RecordType
from portal.vocabulary import SuccessionKind

LONGEST_CHAIN = 50  # mergers of mergers; far beyond any catalogue


@dataclass(frozen=True)
class Dropped:
    """A choice that is no longer in force: in which field or rows, what, when and how it went, its successor.

    ``kept`` names the edition under which the bureau submitted this very choice; empty when it never did.
    """

    name: str
    label: str
    chosen: Filing
    entry: CatalogueEntry | None
    successor: CatalogueEntry | None
    kept: str = ""

    @property
    def sentence(self) -> str:
        """What happened to it, and what takes its place."""
        if self.entry is None:
            return f"“{self.chosen}”没有公布，不在现行{self.label}目录中。"
        day, successor = self.entry.valid_to, self.successor
        if successor is None:
            return f"“{self.chosen}”已于 {day} 移出{self.label}目录，没有后继条目。"
        now = f"“{successor.title}”（{successor.code}）"
        if successor.code != self.entry.code:
            return f"“{self.chosen}”已于 {day} 并入{now}。"
        is_renamed = successor.name_key != self.entry.name_key
        return f"“{self.chosen}”已于 {day} {'更名为' if is_renamed else '变更，现行的是'}{now}。"


def dropped(record: Filing) -> list[Dropped]:
    """Return what a draft chooses and the catalogues no longer hold, in the order of the form.

    Only of a type that is published itself: a return tells of a year that is over, whatever became of what it
    names. No query but one or two where nothing was chosen that is gone.
    """
    if not record.record_type.is_catalogued or record.pk is None:
        return []
    chosen = list(dict.fromkeys((name, other) for name, other in _chosen(record)))
    current = _in_force({other for _, other in chosen})
    gone = [(name, other) for name, other in chosen if other.pk not in current]
    if not gone:
        return []
    entries = _last_entries({other.pk for _, other in gone})
    heirs, sent = heirs_of(entries.values()), _sent(record)
    return [
        Dropped(
            name,
            other.record_type.label,
            other,
            entries.get(other.pk),
            heirs.get(other.pk),
            _kept_under(sent, name, other),
        )
        for name, other in gone
    ]


def _chosen(record: Filing) -> Iterable[tuple[str, Filing]]:
    """Yield (field or row set, filing) for each choice out of a catalogue."""
    for name, linked in reading.linking(record.record_type).items():
        if linked.is_catalogued:
            yield from ((name, other) for other in reading.chosen_of(record, name))
    for name in record.record_type.rows:
        rows, fields = snapshot.child_rows(record, name), linked_columns(record.record_type, name)
        prefetch_related_objects(rows, *fields)  # one query a field, however many rows there are
        found = (getattr(row, field) for field in fields for row in rows)
        yield from ((name, other) for other in found if other is not None)


def linked_columns(record_type: RecordType, rows: str) -> list[str]:
    """Return the fields of one kind of child rows that point to what a catalogue holds."""
    model = record_type.row_model(rows)
    pointing = ((name, model._meta.get_field(name).related_model) for name in record_type.rows[rows])
    return [n for n, other in pointing if hasattr(other, "record_type") and other.record_type.is_catalogued]


def _in_force(chosen: set[Filing]) -> set[int]:
    """Return of filings the keys of those in force; no query for those that were read with their entries."""
    read = {other: getattr(other, "entry", None) for other in chosen if Filing.entry.is_cached(other)}
    today = timezone.localdate()
    found = {o.pk for o, e in read.items() if e and e.valid_to is None and e.valid_from <= today}
    if not (unread := {other.pk for other in chosen - read.keys()}):
        return found
    return found | set(Filing.objects.in_force().filter(pk__in=unread).values_list("pk", flat=True))


def _last_entries(filings: set[int]) -> dict[int, CatalogueEntry]:
    return {entry.filing_id: entry for entry in CatalogueEntry.objects.filter(filing_id__in=filings)}


def heirs_of(entries: Iterable[CatalogueEntry]) -> dict[int, CatalogueEntry]:
    """Return filing → the entry in force that an entry lives on in, under its own code or another's."""
    wanted = {entry.filing_id: entry.code for entry in entries}
    lasting = final_codes(wanted.values())
    now = {entry.code: entry for entry in _entries_in_force(set(lasting.values()))}
    pairs = ((filing, now.get(lasting[code])) for filing, code in wanted.items())
    return {filing: entry for filing, entry in pairs if entry}


def _entries_in_force(codes: set[str]) -> QuerySet:
    return CatalogueEntry.objects.in_force().filter(code__in=codes).select_related("filing", "region")


def lasting_codes(filings: Iterable[int]) -> dict[int, str]:
    """Return filing → the code it lives on under; filings that were never published are left out."""
    codes = dict(CatalogueEntry.objects.filter(filing_id__in=set(filings)).values_list("filing_id", "code"))
    lasting = final_codes(codes.values())
    return {filing: lasting[code] for filing, code in codes.items()}


def final_codes(codes: Iterable[str]) -> dict[str, str]:
    """Return code → the code at the end of its mergers, itself when it was not merged; one query a merger."""
    found = {code: code for code in codes}
    for _ in range(LONGEST_CHAIN):
        merged = Succession.objects.filter(kind=SuccessionKind.MERGED, old__code__in=set(found.values()))
        steps = dict(merged.values_list("old__code", "new__code"))
        if not steps:
            break
        found = {code: steps.get(last, last) for code, last in found.items()}
    return found


def _sent(record: Filing) -> dict:
    """Return the snapshot last submitted, empty when there is none."""
    version = FilingVersion.objects.filter(filing_id=record.pk).order_by("-number").first()
    return version.snapshot if version else {}


def _kept_under(sent: dict, name: str, other: Filing) -> str:
    """Return the edition a choice was submitted under, a word for none, empty when it was not submitted."""
    if other.pk not in _sent_ids(sent, name):
        return ""
    return sent["editions"].get(other.kind, "") or "提交时现行目录"


def _sent_ids(sent: dict, name: str) -> set[int]:
    values = sent.get("values", {}).get(name) or []
    cells = values if isinstance(values, list) else [values]
    cells = [*cells, *(cell for row in sent.get("rows", {}).get(name, ()) for cell in row.values())]
    return {cell["id"] for cell in cells if isinstance(cell, dict)}


def replaced(record: Filing) -> tuple[dict, dict]:
    """Return (values, rows) for ``drafts.save``: each dropped choice that has a successor gives way to it."""
    heirs = {d.chosen.pk: d.successor.filing.record for d in dropped(record) if d.successor}
    if not heirs:
        return {}, {}
    return _new_values(record, heirs), _new_rows(record, heirs)


def _new_values(record: Filing, heirs: dict[int, Filing]) -> dict:
    values = {}
    for name in reading.linking(record.record_type):
        others = reading.chosen_of(record, name)
        if any(other.pk in heirs for other in others):
            new = list(dict.fromkeys(heirs.get(other.pk, other) for other in others))
            values[name] = new if record._meta.get_field(name).many_to_many else new[0]
    return values


def _new_rows(record: Filing, heirs: dict[int, Filing]) -> dict:
    found = {}
    for name, fields in record.record_type.rows.items():
        linked = linked_columns(record.record_type, name)
        rows = [{f: getattr(row, f) for f in fields} for row in snapshot.child_rows(record, name)]
        if any(getattr(row[field], "pk", None) in heirs for row in rows for field in linked):
            found[name] = _without_twins([_moved(row, linked, heirs) for row in rows])
    return found


def _moved(row: dict, linked: list[str], heirs: dict[int, Filing]) -> dict:
    new = {field: heirs.get(row[field].pk, row[field]) for field in linked if row[field] is not None}
    return {**row, **new}


def _without_twins(rows: list[dict]) -> list[dict]:
    """Leave out a row that says the same as an earlier one, now that two of them went into one."""
    return [row for place, row in enumerate(rows) if row not in rows[:place]]
