"""Reading a sheet of results decided before the portal: whose each row is, what decided it and when.

Everything else of a row is read as a bureau's own import reads it. Writes nothing; whatever is wrong stands
in ``errors`` with its cell, all at once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePath
from typing import Any

from django.core.exceptions import ValidationError

from portal import text
from portal.annexes import CellError
from portal.forms import Day
from portal.importing import NOT_A_SHEET
from portal.importing.cells import Names
from portal.importing.lines import BUREAU, REGION, ChildLines, MainLines, table_of, titled
from portal.importing.reading import Draft, Reading
from portal.models import Filing, Organisation, Region
from portal.publishable import checked_day, checked_number
from portal.registry import RecordType
from portal.rules import is_required
from portal.sandbox import Table, Unreadable, read_tables
from portal.sheets import Column, Sheet, layout
from portal.vocabulary import ENDED, HRSS_KINDS, Kind, Level, State
from portal.workflow import Refused

NUMBER, DAY, STATE = "办结文号", "办结日期", "状态"
ALSO_NUMBER = "文号"
APPROVED_WORDS = ("", *map(text.key, (State.APPROVED.label, "准予备案", "同意汇总", "已公布")))
NO_BUREAU = "没有写是哪个单位的结果，请填写“填报单位”或“所属区划”。"
UNKNOWN_BUREAU = "没有叫“{}”的人力资源和社会保障部门，请核对，或改写所属区划的全称。"
SEVERAL_BUREAUS = "有几个叫“{}”的，请在“所属区划”写全称，如“济南市市中区”。"
OTHER_REGION = "“{}”不在“{}”，请核对填报单位和所属区划。"
NOT_FILED = "“{}”不填报{}，请核对。"
NOT_APPROVED = "这一行的状态是“{}”；只登记审核通过的结果，请删去这一行。"
NO_NUMBER = "没有写办结文号，上传时也没有统一填写。"
NO_DAY = "没有写办结日期，上传时也没有统一填写。"
HELD = "这个单位已有同名的填报，不再登记；请删去这一行，或核对名称。"
TWICE = "表里有这个单位同名的两行，请删去一行，或核对名称。"
WHOSE = "表里有几个“{}”，请在本表也写明“填报单位”或“所属区划”。"
EMPTY_ROWS = "“{}”有 {} 行没有填写，按当时材料登记，缺的内容写进流转记录。"
NO_ROWS = "表里还没有填写内容，请填写后再上传。"
AT_ONCE = 500


@dataclass
class Result:
    """One row: the text of the filing, whose it is, and the document and day of its decision."""

    draft: Draft
    bureau: Organisation | None = None
    number: str = ""
    on: date | None = None


@dataclass
class HistoricalReading(Reading):
    """A sheet as read; ``results`` in the order of its rows. With any error nothing of it is registered."""

    results: list[Result] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """The outcome in one sentence, for page and job."""
        if self.errors:
            return f"共读取 {len(self.results)} 行，{len(self.errors)} 处错误，没有登记任何结果。"
        return f"共读取 {len(self.results)} 行，没有错误。"


@dataclass(frozen=True)
class Terms:
    """What holds for the rows that do not say it themselves."""

    number: str = ""
    on: date | None = None


def read_results(upload: bytes, filename: str, record_type: RecordType, terms: Terms) -> HistoricalReading:
    """Return what ``upload`` holds; raises nothing."""
    reading = HistoricalReading(record_type)
    try:
        tables = read_tables(upload, PurePath(filename).suffix.lower())
    except Unreadable as unreadable:
        return _refused(reading, str(unreadable))
    main, *others = sheets_of(record_type)
    if (table := table_of(main, tables)) is None:
        return _refused(reading, NOT_A_SHEET.format(label=record_type.label))
    _ResultLines(reading, main, table, terms).read()
    left = [other for other in tables if other is not table]
    for sheet in others:
        if own := titled(sheet, left):
            _ChildResultLines(reading, sheet, own).read()
    _refuse_namesakes(reading)
    return reading if reading.results or reading.errors else _refused(reading, NO_ROWS)


def _refused(reading: HistoricalReading, message: str) -> HistoricalReading:
    reading.errors.append(CellError("", 0, "", "", message))
    return reading


def sheets_of(record_type: RecordType) -> list[Sheet]:
    """Return the sheets of a type with the columns that say whose a row is and what decided it."""
    main, *others = layout(record_type)
    whose = [Column(header, "", None) for header in (BUREAU, REGION, NUMBER, DAY)]
    return [Sheet(main.title, main.rows, [*main.columns, *whose]), *others]


class Bureaus:
    """The HRSS bureaus by what a sheet may call them, each name with all that bear it; two queries."""

    def __init__(self, record_type: RecordType):
        self.record_type = record_type
        self.by_name: dict[str, list[Organisation]] = defaultdict(list)
        self.by_region: dict[str, list[Organisation]] = defaultdict(list)
        found = Organisation.objects.current().filter(kind__in=HRSS_KINDS)
        for one in found.select_related("region__parent").order_by("region_id", "pk"):
            city = one.region.parent.name if one.region.parent_id else ""
            for name in {one.name, one.short_name, one.name.removeprefix(city)} - {""}:
                self.by_name[text.key(name)].append(one)
            if one.kind == Kind.HRSS_BUREAU:
                for name in map(text.key, _names(one.region)):
                    self.by_region[name].append(one)

    def find(self, name: str, region: str) -> Organisation:
        """Return the bureau that a row names; ``Refused`` with what is wrong, and in which column."""
        if not (name or region):
            raise _Wrong(BUREAU, "", NO_BUREAU)
        if not name:
            return self._only(self.by_region[text.key(region)], REGION, region)
        found = self.by_name[text.key(name)]
        if not region:
            return self._only(found, BUREAU, name)
        here = [one for one in found if text.key(region) in map(text.key, _names(one.region))]
        if found and not here:
            raise _Wrong(REGION, region, OTHER_REGION.format(name, region))
        return self._only(here, BUREAU, name)

    def _only(self, found: list[Organisation], column: str, said: str) -> Organisation:
        if len(found) != 1:
            raise _Wrong(column, said, (SEVERAL_BUREAUS if found else UNKNOWN_BUREAU).format(said))
        bureau = found[0]
        if not self.record_type.is_filed_at(bureau.region.level):
            raise _Wrong(column, said, NOT_FILED.format(bureau.name, self.record_type.label))
        return bureau


class _Wrong(Exception):
    """A cell that does not say whose or when: its column, what it says, the sentence."""

    def __init__(self, column: str, said: str, message: str):
        self.column, self.said = column, said
        super().__init__(message)


def _names(region: Region) -> set[str]:
    """Return what a region is called: with and without its city, the city itself also as its 市本级."""
    names = {region.full_name, region.name}
    return names | {f"{region.name}本级", f"{region.name}市直"} if region.level != Level.COUNTY else names


class _ByBureau:
    """Reads the cells of a line as its bureau may fill them: what it may refer to is read once a region."""

    def as_of(self, bureau: Organisation) -> None:
        """Read the next cells as those of ``bureau``."""
        if not hasattr(self, "known"):
            self.known: dict[str, list] = {}
        if bureau.region_id not in self.known:
            model = self.reading.record_type.model
            self.names = Names(model(organisation=bureau, region=bureau.region))
            self.known[bureau.region_id] = [(p, c, self.reader(c)) for p, c, _ in self.readers]
        self.readers = self.known[bureau.region_id]


class _ResultLines(_ByBureau, MainLines):
    """The sheet of the results."""

    def __init__(self, reading: HistoricalReading, sheet: Sheet, table: Table, terms: Terms):
        super().__init__(reading, sheet, table, Names(reading.record_type.model()))
        self.terms, self.bureaus = terms, Bureaus(reading.record_type)

    def line(self, row: int, cells: list[str]) -> None:
        """Read one line: whose it is first, for that says what it may refer to."""
        result = Result(Draft(self.table.name, row + 1))
        for part in (self._bureau, self._state, self._number, self._day):
            try:
                part(cells, result)
            except _Wrong as wrong:
                self.error(row, wrong.column, wrong.said, str(wrong))
        self.reading.results.append(result)
        if result.bureau is not None:
            self.as_of(result.bureau)
            result.draft = self.draft(row, cells)

    def _bureau(self, cells: list[str], result: Result) -> None:
        result.bureau = self.bureaus.find(self.context(cells, BUREAU), self.context(cells, REGION))

    def _state(self, cells: list[str], result: Result) -> None:
        said = self.context(cells, STATE)
        if text.key(said) not in APPROVED_WORDS:
            raise _Wrong(STATE, said, NOT_APPROVED.format(said))

    def _number(self, cells: list[str], result: Result) -> None:
        said = self.context(cells, NUMBER) or self.context(cells, ALSO_NUMBER)
        if not (said or self.terms.number):
            raise _Wrong(NUMBER, "", NO_NUMBER)
        try:
            result.number = checked_number(said or self.terms.number)
        except Refused as refused:
            raise _Wrong(NUMBER, said, str(refused)) from None

    def _day(self, cells: list[str], result: Result) -> None:
        said = self.context(cells, DAY)
        if not said and self.terms.on is None:
            raise _Wrong(DAY, "", NO_DAY)
        try:
            result.on = checked_day(Day().clean(said) if said else self.terms.on)
        except (ValidationError, Refused) as refused:
            message = refused.messages[0] if isinstance(refused, ValidationError) else str(refused)
            raise _Wrong(DAY, said, message) from None

    def remind(self) -> None:
        """Say how much is missing by today's rules; each filing keeps it with its event."""
        read = {column.header for _, column in self.columns}
        lines = len(self.reading.results)
        for column in self.sheet.columns:
            if column.field is not None and is_required(column.field) and column.header not in read:
                self.empty[column.header] = lines
        for header, times in self.empty.items():
            self.reading.warnings.append(EMPTY_ROWS.format(header, times))


class _ChildResultLines(_ByBureau, ChildLines):
    """Lines that belong to a result, by its name; by its bureau too where several have one so called."""

    def __init__(self, reading: HistoricalReading, sheet: Sheet, table: Table):
        super().__init__(reading, sheet, table, Names(reading.record_type.model()))
        key = reading.record_type.key[0]
        self.results: dict[str, list[Result]] = defaultdict(list)
        for result in reading.results:
            if result.bureau is not None and key in result.draft.values:
                self.results[text.key(str(result.draft.values[key]))].append(result)
        self.bureaus = Bureaus(reading.record_type)

    def line(self, row: int, cells: list[str]) -> None:
        """Read one line; whose it is may have to be looked up in columns beside."""
        self.cells = cells
        super().line(row, cells)

    def owner(self, row: int, column: Column, said: str) -> Draft | None:
        """Return the result a line belongs to, and read the rest of the line as its bureau may."""
        found = self.results.get(text.key(said), [])
        if len(found) > 1:
            found = self._of_bureau(self.cells, found)
        if len(found) > 1:
            self.error(row, column.header, said, WHOSE.format(text.clean(said)))
            return None
        if not found:
            return super().owner(row, column, said)
        self.as_of(found[0].bureau)
        return found[0].draft

    def _of_bureau(self, cells: list[str], found: list[Result]) -> list[Result]:
        name, region = self.context(cells, BUREAU), self.context(cells, REGION)
        if not (name or region):
            return found
        try:
            bureau = self.bureaus.find(name, region)
        except _Wrong:
            return found
        return [one for one in found if one.bureau.pk == bureau.pk]


def _refuse_namesakes(reading: HistoricalReading) -> None:
    """A bureau holds a name once among its live filings of a type, and a file once."""
    whole = [one for one in reading.results if one.bureau is not None]
    for one in whole:
        one.draft.title = title_of(reading.record_type, one)
    times = Counter((one.bureau.pk, one.draft.title) for one in whole)
    label = str(reading.record_type.field(reading.record_type.key[0]).verbose_name)
    for start in range(0, len(whole), AT_ONCE):
        part = whole[start : start + AT_ONCE]
        held = taken_names(reading.record_type, part)
        for one in part:
            key = (one.bureau.pk, one.draft.title)
            wrong = HELD if key in held else TWICE if one.draft.title and times[key] > 1 else ""
            if wrong:
                place = (one.draft.sheet, one.draft.row, label, one.draft.title)
                reading.errors.append(CellError(*place, wrong))


def title_of(record_type: RecordType, result: Result) -> str:
    """Return what the filing of a result is going to be called."""
    many: set[str] = {f.name for f in record_type.model._meta.many_to_many}
    plain: dict[str, Any] = {n: v for n, v in result.draft.values.items() if n not in many}
    record = record_type.model(organisation=result.bureau, region=result.bureau.region, **plain)
    return text.clean(record.heading()[:100])


def taken_names(record_type: RecordType, results: Iterable[Result]) -> set[tuple[int, str]]:
    """Return the (bureau, title) of ``results`` that a live filing holds; one query."""
    wanted = {(one.bureau.pk, one.draft.title) for one in results}
    live = Filing.objects.filter(kind=record_type.slug, holds_name=True).exclude(state__in=ENDED)
    found = live.filter(
        organisation__in={bureau for bureau, _ in wanted}, title__in={title for _, title in wanted} - {""}
    )
    return wanted & set(found.values_list("organisation_id", "title"))
