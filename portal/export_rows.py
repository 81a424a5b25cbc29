"""The lines of an export as the database gives them: the columns asked for, a chunk of filings at a time.

Pure reads. Which filings an export holds is settled by one query at its beginning; a chunk costs the same
number of queries at any size, and nothing of a chunk is kept when the next is read.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import models

from portal.models import ChoiceListField, Region, User
from portal.reading import with_sent
from portal.registry import RecordType
from portal.scope import files_for
from portal.sheets import BETWEEN, Column, Sheet, all_labels, sent_rows, sent_values
from portal.snapshot import CITY_ITSELF, NONE, is_place
from portal.vocabulary import State

CHUNK = 1000  # filings
NUMBERS = 20_000  # primary keys that are fetched at once
AS_IT_IS = (date, Decimal, int)
STATES = {None: "", **dict(State.choices)}
# Header of what an export adds → where it is found from a filing.
FOUND_AT = {
    "填报单位": "organisation__name",
    "所属区划": "region_id",
    "状态": "state",
    "目录编号": "entry__code",
    "公布日期": "entry__valid_from",
    "公布文号": "entry__document_number",
}


class Cells:
    """What the cells of some fields of one model hold, for rows that come as plain values.

    ``labels`` is ``sheets.all_labels``. A value reads as in ``sheets.cell_value``.
    """

    def __init__(self, fields: Sequence[models.Field], labels: dict[type, dict]):
        self.fields, self.labels = list(fields), labels
        self.stored = [field for field in self.fields if not field.many_to_many]
        self.names = [field.attname for field in self.stored]

    def lines(self, rows: Sequence[tuple]) -> list[list]:
        """Return the cells of each row of (primary key, one value for each of ``names``)."""
        columns = iter(range(1, len(self.names) + 1))
        cells = [self._column(field, rows, columns) for field in self.fields]
        return [list(line) for line in zip(*cells, strict=True)] if cells else [[] for _ in rows]

    def _column(self, field: models.Field, rows: Sequence[tuple], places: Iterator[int]) -> list:
        if field.many_to_many:
            return self._many(field, [row[0] for row in rows])
        place = next(places)
        values = [row[place] for row in rows]
        if field.is_relation:
            none, known = CITY_ITSELF if is_place(field) else NONE, self._words(field.related_model, values)
            return [none if value is None else known[value] for value in values]
        return list(map(_worder(field), values))

    def _words(self, model: type[models.Model], keys: Iterable) -> dict:
        """Return primary key → word; what is not in force any more is asked for, in one query."""
        known = self.labels[model]
        missing = {key for key in keys if key is not None and not known.get(key)}
        return (
            known | {other.pk: str(other) for other in model.objects.filter(pk__in=missing)}
            if missing
            else known
        )

    def _many(self, field: models.ManyToManyField, owners: Sequence[int]) -> list[str]:
        pair = (field.m2m_field_name(), field.m2m_reverse_field_name())
        through = field.remote_field.through.objects.filter(**{f"{pair[0]}__in": owners})
        pairs = list(through.order_by(*pair).values_list(*pair))
        known = self._words(field.related_model, {other for _, other in pairs})
        found = {owner: [known[other] for _, other in own] for owner, own in groupby(pairs, itemgetter(0))}
        return [BETWEEN.join(found.get(owner, ())) or NONE for owner in owners]


def _worder(field: models.Field) -> Callable[[Any], Any]:
    """Return the function that puts a stored value of ``field`` into the words of a cell."""
    if isinstance(field, ChoiceListField):
        return lambda value: BETWEEN.join(field.labels(value))
    if isinstance(field, models.BooleanField):
        return lambda value: {True: "是", False: "否"}.get(value, "")
    if field.choices:
        words = {value: str(label) for value, label in field.flatchoices}
        return lambda value: words.get(value, "" if value is None else str(value))
    return lambda value: value if isinstance(value, AS_IT_IS) else "" if value is None else str(value)


def keys_of(found: models.QuerySet) -> array:
    """Return the primary keys of a query in its order, eight bytes each; one query."""
    return array("q", found.values_list("pk", flat=True).iterator(chunk_size=NUMBERS))


@dataclass
class Rows:
    """The filings of one export, in their order, and how many of them were written.

    ``reader`` reads what another bureau is changing as it was last submitted; None reads everything as it is.
    ``begun`` is told the number of filings before the first of them is read.
    """

    record_type: RecordType
    queryset: models.QuerySet
    sheets: list[Sheet]
    reader: User | None = None
    begun: Callable[[int], object] = int
    written: int = field(default=0, init=False)

    @cached_property
    def keys(self) -> array:
        """The primary keys: an export is what was there when it began."""
        keys = keys_of(self.queryset if self.queryset.ordered else self.queryset.order_by(*USUAL))
        self.begun(len(keys))
        return keys

    @cached_property
    def labels(self) -> dict[type, dict]:
        """What related filings and places are called; one query for each model."""
        return all_labels(self.sheets)

    @cached_property
    def places(self) -> dict[str, str]:
        """Every region, of today or former, with its city; one query."""
        return {region.pk: region.full_name for region in Region.objects.select_related("parent")}

    def lines(self, sheet: Sheet) -> Iterator[list]:
        """Yield the lines of one sheet."""
        read = self._rows if sheet.rows else self._records
        for start in range(0, len(self.keys), CHUNK):
            keys = self.keys[start : start + CHUNK].tolist()
            yield from read(sheet, keys)

    def _chunk(self, keys: list[int], names: Sequence[str]) -> tuple[list[tuple], dict[int, dict]]:
        """Return the filings as tuples in the order of ``keys``, and what is read of those not settled."""
        found = self.record_type.model.objects.filter(pk__in=keys)
        if self.reader is None:
            rows = {row[0]: row for row in found.values_list("pk", *names)}
            return [rows[key] for key in keys if key in rows], {}
        wanted = with_sent(found).values_list("pk", *names, "organisation_id", "sent")
        rows = {row[0]: row for row in wanted}
        sent = {key: row[-1] for key, row in rows.items() if row[-1] and not files_for(self.reader, row[-2])}
        return [rows[key] for key in keys if key in rows], sent

    def _records(self, sheet: Sheet, keys: list[int]) -> Iterator[list]:
        cells = Cells([column.field for column in sheet.columns if column.field], self.labels)
        added = [column.header for column in sheet.columns if column.field is None]
        first = 1 + len(cells.names)
        rows, sent = self._chunk(keys, [*cells.names, *(FOUND_AT[header] for header in added)])
        for row, line in zip(rows, cells.lines(rows), strict=True):
            beside = [self._added(*pair) for pair in zip(added, row[first : first + len(added)], strict=True)]
            self.written += 1
            yield _sent_line(sheet.columns, sent[row[0]], beside) if row[0] in sent else line + beside

    def _added(self, header: str, value: Any) -> Any:
        if header == "所属区划":
            return self.places.get(value, "")
        return STATES[value] if header == "状态" else "" if value is None else value

    def _rows(self, sheet: Sheet, keys: list[int]) -> Iterator[list]:
        owner = sheet.columns[0].field
        filings, sent = self._chunk(keys, [owner.attname])
        word = _worder(owner)
        names = {row[0]: str(word(row[1])) for row in filings}
        own = self._children(sheet, keys)
        for key, name in names.items():
            if version := sent.get(key):
                name = str(version["values"].get(owner.name, ""))
            for line in sent_rows(sheet, version) if version else own.get(key, ()):
                yield [name, *line]

    def _children(self, sheet: Sheet, keys: list[int]) -> dict[int, list[list]]:
        """Return filing → the cells of its child rows, in the order they were entered."""
        model, link = self.record_type.row_model(sheet.rows), self.record_type.field(sheet.rows).field
        cells = Cells([column.field for column in sheet.columns[1:]], self.labels)
        wanted = model.objects.filter(**{f"{link.name}__in": keys}).order_by(link.attname, "pk")
        rows = list(wanted.values_list("pk", *cells.names, link.attname))
        paired = zip((row[-1] for row in rows), cells.lines(rows), strict=True)
        return {key: [line for _, line in found] for key, found in groupby(paired, itemgetter(0))}


USUAL = ("region_id", "organisation_id", "pk")


def _sent_line(columns: Sequence[Column], sent: dict, beside: list) -> list:
    added = iter(beside)
    values = zip(columns, sent_values(columns, sent), strict=True)
    return [value if column.field else next(added) for column, value in values]
