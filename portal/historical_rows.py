"""Reading a sheet of results decided before the portal: whose each row is, what decided it and when.

Everything else of a row is read as a bureau's own import reads it. A sheet of any length passes by in parts;
kept are the names alone, and the lines of child sheets until their record comes. Writes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePath
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError

from portal import text
from portal.annexes import CellError
from portal.forms import Day
from portal.historical_bureaus import Bureaus, Wrong
from portal.historical_sheets import found_among, header_of
from portal.importing import NO_RECORDS
from portal.importing.cells import Names
from portal.importing.flat import Flat, Stream
from portal.importing.held import Held
from portal.importing.lines import BUREAU, NOT_OURS, REGION, ChildLines, MainLines
from portal.importing.reading import Draft, Reading
from portal.models import Organisation
from portal.publishable import checked_day, checked_number
from portal.registry import RecordType
from portal.rules import is_required
from portal.sandbox import Unreadable, flat
from portal.sheets import Column, Sheet, layout
from portal.vocabulary import State
from portal.workflow import Refused

NUMBER, DAY, STATE = "办结文号", "办结日期", "状态"
ALSO_NUMBER = "文号"
APPROVED_WORDS = ("", *map(text.key, (State.APPROVED.label, "准予备案", "同意汇总", "已公布")))
NOT_APPROVED = "这一行的状态是“{}”；只登记审核通过的结果，请删去这一行。"
NO_NUMBER = "没有写办结文号，上传时也没有统一填写。"
NO_DAY = "没有写办结日期，上传时也没有统一填写。"
HELD = "这个单位已有同名的填报，不再登记；请删去这一行，或核对名称。"
TWICE = "表里有这个单位同名的两行，请删去一行，或核对名称。"
WHOSE = "表里有几个“{}”，请在本表也写明“填报单位”或“所属区划”。"
NOT_THEIRS = "前一张表中没有这个单位的“{}”，请补上那一行，或核对单位和名称。"
EMPTY_ROWS = "“{}”有 {} 行没有填写，按当时材料登记，缺的内容写进流转记录。"
WRONG_SUFFIX = "只能读取 .xlsx 和 .csv 文件；请用 WPS 或 Excel 另存为其中一种后再上传。"
AT_ONCE = 500


@dataclass
class Result:
    """One row: the text of the filing, whose it is, and the document and day of its decision."""

    draft: Draft
    bureau: Organisation | None = None
    number: str = ""
    on: date | None = None


@dataclass(frozen=True)
class Terms:
    """What holds for the rows that do not say it themselves."""

    number: str = ""
    on: date | None = None


@dataclass
class HistoricalReading(Reading):
    """What is known of a sheet that passes by; ``number`` of its rows. With any error nothing is entered."""

    number: int = 0
    titles: set[tuple[int, str]] = field(default_factory=set)

    @property
    def summary(self) -> str:
        """The outcome in one sentence, for page and job."""
        if self.errors:
            return f"共读取 {self.number} 行，{len(self.errors)} 处错误，没有登记任何结果。"
        return f"共读取 {self.number} 行，没有错误。"


Take = Callable[[HistoricalReading, list[Result]], None]


def read_results(
    content: BinaryIO, filename: str, record_type: RecordType, terms: Terms, take: Take
) -> HistoricalReading:
    """Give the rows of a file to ``take`` part by part, and return what is known of it at its end.

    ``content`` is a file of the disk. Whatever is wrong stands in ``errors``: of a part when it is given, of
    all of it at the end.
    """
    reading, suffix = HistoricalReading(record_type), PurePath(filename).suffix.lower()
    if suffix not in flat.SUFFIXES:
        return _refused(reading, WRONG_SUFFIX)
    try:
        heads = flat.read_heads(content, suffix)
        found = found_among(heads, record_type)
        _read(reading, found, lambda place: _lines(content, suffix, place), terms, take)
    except Unreadable as unreadable:
        return _refused(reading, str(unreadable))
    return reading if reading.number or reading.errors else _refused(reading, NO_RECORDS)


def _lines(content: BinaryIO, suffix: str, place: int) -> Iterator[tuple[int, list[str]]]:
    return ((row, cells) for _, row, cells in flat.read_lines(content, suffix, [place]))


def _refused(reading: HistoricalReading, message: str) -> HistoricalReading:
    reading.errors.append(CellError("", 0, "", "", message))
    return reading


def _read(
    reading: HistoricalReading, found: Flat, lines: Callable[[int], Iterator], terms: Terms, take: Take
) -> None:
    """Read the child sheets, which wait for their records, then the records."""
    main, *others = sheets_of(reading.record_type)
    bureaus, children = Bureaus(reading.record_type), []
    for sheet in others:
        if (place := found.children.get(sheet.rows)) is not None:
            child = _ChildResultLines(reading, sheet, Stream(found.heads[place], lines(place)), bureaus)
            child.read()
            children.append(child)
    stream = Stream(found.heads[found.main], lines(found.main))
    _ResultLines(reading, main, stream, terms, bureaus, children, take).read()
    for child in children:
        child.report_lost()
    reading.warnings += [NOT_OURS.format(name) for name in found.left]


def sheets_of(record_type: RecordType) -> list[Sheet]:
    """Return the sheets of a type with the columns that say whose a row is and what decided it."""
    main, *others = layout(record_type)
    whose = [Column(header, "", None) for header in (BUREAU, REGION, NUMBER, DAY)]
    return [Sheet(main.title, main.rows, [*main.columns, *whose]), *others]


class _ByBureau:
    """Reads the cells of a line as its bureau may fill them: what it may refer to is read once for each."""

    def as_of(self, bureau: Organisation) -> None:
        """Read the next cells as those of ``bureau``."""
        if not hasattr(self, "known"):
            self.known: dict[int, tuple[Names, list]] = {}
        if bureau.pk not in self.known:
            self.names = Names(self.reading.record_type.model(organisation=bureau, region=bureau.region))
            self.known[bureau.pk] = self.names, self.made_readers()
        self.names, self.readers = self.known[bureau.pk]


class _ResultLines(_ByBureau, MainLines):
    """The sheet of the results."""

    def __init__(
        self,
        reading: HistoricalReading,
        sheet: Sheet,
        table: Stream,
        terms: Terms,
        bureaus: Bureaus,
        children: list["_ChildResultLines"],
        take: Take,
    ):
        super().__init__(reading, sheet, table, Names(reading.record_type.model()))
        self.terms, self.bureaus, self.children, self.take = terms, bureaus, children, take
        self.part: list[Result] = []
        self.held = Held(reading.record_type.slug)

    def header(self) -> int | None:
        """Return the line of the header, though the name may be its only column."""
        return header_of(self.reading.record_type, self.table)

    def read(self) -> bool:
        """Read the sheet to its end and give away the last part."""
        is_read = super().read()
        self._give()
        return is_read

    def line(self, row: int, cells: list[str]) -> None:
        """Read one line: whose it is first, for that says what it may refer to."""
        result = Result(Draft(self.table.name, row + 1))
        for part in (self._bureau, self._state, self._number, self._day):
            try:
                part(cells, result)
            except Wrong as wrong:
                self.error(row, wrong.column, wrong.said, str(wrong))
        self.reading.number += 1
        if result.bureau is not None:
            self.as_of(result.bureau)
            result.draft = self.draft(row, cells)
            for child in self.children:
                child.attach(result)
        self.part.append(result)
        if len(self.part) == AT_ONCE:
            self._give()

    def _give(self) -> None:
        """Compare the names of a part with those held already, and give it away."""
        part, self.part = self.part, []
        label = self.key_column().header
        whole = [one for one in part if one.bureau is not None]
        for one in whole:
            one.draft.title = title_of(self.reading.record_type, one)
        self.held.load(one.bureau.pk for one in whole)
        for one in whole:
            if wrong := self._taken(one.bureau, one.draft.title):
                self.error(one.draft.row - 1, label, one.draft.title, wrong)
        if part:
            self.take(self.reading, part)

    def _taken(self, bureau: Organisation, title: str) -> str:
        """Return the sentence that a bureau has this name already, in the portal or in the sheet; note it."""
        key, titles = (bureau.pk, text.key(title)), self.reading.titles
        wrong = HELD if self.held.alike(bureau.pk, title) else TWICE if key in titles else ""
        titles.add(key)
        return wrong if title else ""

    def check_bureau(self, row: int, cells: list[str]) -> None:
        """Leave it: a row names the bureau it is of."""

    def _bureau(self, cells: list[str], result: Result) -> None:
        result.bureau = self.bureaus.find(self.context(cells, BUREAU), self.context(cells, REGION))

    def _state(self, cells: list[str], result: Result) -> None:
        said = self.context(cells, STATE)
        if text.key(said) not in APPROVED_WORDS:
            raise Wrong(STATE, said, NOT_APPROVED.format(said))

    def _number(self, cells: list[str], result: Result) -> None:
        said = self.context(cells, NUMBER) or self.context(cells, ALSO_NUMBER)
        if not (said or self.terms.number):
            raise Wrong(NUMBER, "", NO_NUMBER)
        try:
            result.number = checked_number(said or self.terms.number)
        except Refused as refused:
            raise Wrong(NUMBER, said, str(refused)) from None

    def _day(self, cells: list[str], result: Result) -> None:
        said = self.context(cells, DAY)
        if not said and self.terms.on is None:
            raise Wrong(DAY, "", NO_DAY)
        try:
            result.on = checked_day(Day().clean(said) if said else self.terms.on)
        except (ValidationError, Refused) as refused:
            message = refused.messages[0] if isinstance(refused, ValidationError) else str(refused)
            raise Wrong(DAY, said, message) from None

    def is_known(self, header: str) -> bool:
        """Say whether a header is one that is read, or passed over without a word."""
        return super().is_known(header) or text.key(header) == ALSO_NUMBER

    def remind(self) -> None:
        """Say how much is missing by today's rules; each filing keeps it with its event."""
        read = {column.header for _, column in self.columns}
        for column in self.sheet.columns:
            if column.field is not None and is_required(column.field) and column.header not in read:
                self.empty[column.header] = self.reading.number
        for header, times in self.empty.items():
            self.reading.warnings.append(EMPTY_ROWS.format(header, times))


class _ChildResultLines(_ByBureau, ChildLines):
    """Lines that belong to a result, by its name; by its bureau too where several have one so called.

    They are read before the records and wait for them as they stand.
    """

    def __init__(self, reading: HistoricalReading, sheet: Sheet, table: Stream, bureaus: Bureaus):
        super().__init__(reading, sheet, table, Names(reading.record_type.model()))
        self.bureaus = bureaus
        # name → lines as (row, cells, what the name says, the bureau's key if the line names one)
        self.waiting: dict[str, list[tuple[int, list[str], str, int | None]]] = defaultdict(list)
        self.claimed: dict[str, int] = {}
        self.taken: set[int] = set()  # the lines whose record came

    def line(self, row: int, cells: list[str]) -> None:
        """Keep a line until its record comes; one that names a bureau nobody knows waits for none."""
        place = next(place for place, column in self.columns if not column.name)
        said = text.clean(cells[place]) if place < len(cells) else ""
        try:
            self.waiting[text.key(said)].append((row, cells, said, self._named(cells)))
        except Wrong as wrong:
            self.error(row, wrong.column, wrong.said, str(wrong))

    def _named(self, cells: list[str]) -> int | None:
        """Return the key of the bureau a line names, None when it names none; ``Wrong`` if unclear."""
        name, region = self.context(cells, BUREAU), self.context(cells, REGION)
        return self.bureaus.find(name, region).pk if name or region else None

    def attach(self, result: Result) -> None:
        """Read the lines of a record as its bureau may fill them."""
        key = text.key(str(result.draft.values.get(self.reading.record_type.key[0], "")))
        lines = self.waiting.get(key, ())
        own = [one for one in lines if one[3] in (None, result.bureau.pk)]
        if not own:
            return
        first = self.claimed.setdefault(key, result.bureau.pk)
        self.as_of(result.bureau)
        self.current = result.draft
        self.seen.clear()
        self.full.clear()
        self.taken.update(row for row, *_ in own)
        for row, cells, said, bureau in own:
            if bureau is None and first != result.bureau.pk:
                self.error(row, self.sheet.columns[0].header, said, WHOSE.format(said))
            else:
                super().line(row, cells)

    def owner(self, row: int, column: Column, said: str) -> Draft:
        """Return the record whose lines are read."""
        return self.current

    def report_lost(self) -> None:
        """Report the lines whose record did not come."""
        lost = (one for lines in self.waiting.values() for one in lines if one[0] not in self.taken)
        for row, _, said, bureau in lost:
            if bureau is None:
                self.owner_missing(row, self.sheet.columns[0], said)
            else:
                self.error(row, self.sheet.columns[0].header, said, NOT_THEIRS.format(said))


def title_of(record_type: RecordType, result: Result) -> str:
    """Return what the filing of a result is going to be called."""
    many: set[str] = {f.name for f in record_type.model._meta.many_to_many}
    plain: dict[str, Any] = {n: v for n, v in result.draft.values.items() if n not in many}
    record = record_type.model(organisation=result.bureau, region=result.bureau.region, **plain)
    return text.clean(record.heading()[:100])
