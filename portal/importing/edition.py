"""Reading the sheet of a new edition: its rows beside the catalogue in force, and what each of them changes.

Rows are matched by 编号, else by name. Writes nothing; whatever is wrong stands in ``errors``, all at once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from django.db import models

from portal import registry, text
from portal.annexes import CellError
from portal.differences import catalogue_of
from portal.edition_changes import LONGEST_REASON, NO_REASON, NOT_YOURS, Line
from portal.edition_policy import bureau_of
from portal.importing.cells import Names
from portal.importing.columns import EMPTY
from portal.importing.differing import differing
from portal.importing.lines import ChildLines, MainLines, table_of, titled
from portal.importing.reading import Draft, Reading
from portal.models import CatalogueEntry, Edition, Filing, User
from portal.registry import RecordType
from portal.rules import is_required
from portal.sandbox import Table, Unreadable, read_tables
from portal.sheets import EXPLANATION, Column, Sheet, layout
from portal.vocabulary import ChangeVerb

CODE, VERB, FORMER, REASON = "编号", "变化", "原编号", "理由"
VERBS = {str(verb.label): verb.value for verb in ChangeVerb}
STAYS = ("", "不变", "未变", "无变化")
NOT_THE_SHEET = "没有认出目录的表头，请下载现行目录，在上面改好后上传。"
NO_ROWS = "表里没有任何项目，没有读取；请在下载的现行目录上修改。"
MISSING = "现行目录的 {n} 条不在表里（{names}），整版导入时将移出；请写明移出理由，或选择“表中没有的不动”。"
NAMED = 3  # so many missing entries are named, the rest are counted


@dataclass
class Row:
    """One line of the sheet: the text it gives, and what its four extra columns say."""

    draft: Draft
    said: dict[str, str] = field(default_factory=dict)
    entry: CatalogueEntry | None = None
    merged: list[CatalogueEntry] = field(default_factory=list)

    @property
    def former(self) -> list[str]:
        """The codes under 原编号."""
        return [code.upper() for code in text.split_names(self.said.get(FORMER, ""))]

    @property
    def code(self) -> str:
        """What stands under 编号."""
        return text.digits(self.said.get(CODE, "")).upper()

    @property
    def goes(self) -> bool:
        """Whether the line says that the entry leaves."""
        return VERBS.get(self.said.get(VERB, "")) == ChangeVerb.REMOVED


@dataclass
class EditionReading(Reading):
    """One sheet as read for an edition: what changes, and how many entries stay as they are."""

    rows: list[Row] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    unchanged: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Verb → how many changes, every verb named."""
        found = Counter(line.verb for line in self.lines if line.verb)
        found[ChangeVerb.MERGED] = sum(len(line.merged) for line in self.lines)
        return {verb: found[verb] for verb in ChangeVerb.values}

    @property
    def summary(self) -> str:
        """The outcome in one sentence."""
        if self.errors:
            return f"共读取 {len(self.rows)} 行，{len(self.errors)} 处错误，没有导入任何内容。"
        return f"共读取 {len(self.rows)} 行，没有错误。"


def sheets_of(record_type: RecordType) -> list[Sheet]:
    """Return the sheets of an edition: those of the type with 编号 before and 变化, 原编号, 理由 behind."""
    main, *others = layout(record_type)
    own = [column for column in main.columns if column.name != EXPLANATION]
    extra = [Column(header, "", None) for header in (VERB, FORMER, REASON)]
    return [Sheet(main.title, "", [Column(CODE, "", None), *own, *extra]), *others]


def read_edition(
    upload: bytes, filename: str, edition: Edition, by: User, *, whole: bool = True, reason: str = ""
) -> EditionReading:
    """Return what ``upload`` changes in the catalogue in force.

    A ``whole`` sheet lets what it does not name leave, for ``reason``; else that stays as it is.
    """
    reading = EditionReading(registry.get(edition.kind), organisation=bureau_of(edition, by))
    if reading.organisation is None:
        return _refused(reading, NOT_YOURS)
    try:
        tables = read_tables(upload, PurePath(filename).suffix.lower())
    except Unreadable as unreadable:
        return _refused(reading, str(unreadable))
    if (table := table_of(sheets_of(reading.record_type)[0], tables)) is None:
        return _refused(reading, NOT_THE_SHEET)
    _read(reading, edition, table, tables, whole, text.clean(reason))
    if not reading.rows and not reading.errors:
        return _refused(reading, NO_ROWS)
    return reading


def _refused(reading: EditionReading, message: str) -> EditionReading:
    reading.errors.append(CellError("", 0, "", "", message))
    return reading


def _read(
    reading: EditionReading, edition: Edition, table: Table, tables: list[Table], whole: bool, reason: str
) -> None:
    """Read the projects, find what each stands for, then read what belongs to them."""
    (main, *others), bureau = sheets_of(reading.record_type), reading.organisation
    names = Names(reading.record_type.model(organisation=bureau, region=bureau.region))
    _EditionLines(reading, main, table, names).read()
    if not reading.rows:
        return
    matching = _Matching(reading, edition)
    matching.identify()
    for sheet in others:
        if own := titled(sheet, [other for other in tables if other is not table]):
            _EditionChildLines(reading, sheet, own, names, matching.by_name).read()
    matching.match(whole, reason)


class _EditionLines(MainLines):
    """The sheet of the projects with its four extra columns."""

    def line(self, row: int, cells: list[str]) -> None:
        draft = Draft(self.table.name, row + 1)
        extra = {
            column.header: text.clean(cells[place]) if place < len(cells) else ""
            for place, column in self.columns
            if column.field is None
        }
        read = Row(draft, extra)
        for column, _, found in self.values(row, cells):
            if found is EMPTY:
                self.empty_cell(row, column, read)
            elif found is not None:
                draft.values[column.name] = found
        self.reading.records.append(draft)
        self.reading.rows.append(read)

    def empty_cell(self, row: int, column: Column, read: Row) -> None:
        """Empty what may be empty; what must be filled stays as it is in the catalogue."""
        if column.name == self.key_column().name:
            if not (read.code and read.goes):
                self.error(row, column.header, "", f"“{column.header}”没有填写。")
        elif column.field.many_to_many and column.field.blank:
            read.draft.values[column.name] = []
        elif not is_required(column.field):
            read.draft.values[column.name] = column.field.get_default()

    def remind(self) -> None:
        """Leave it to the check before the edition is sent: its drafts can be filled in until then."""


class _EditionChildLines(ChildLines):
    """Lines that belong to a project, by its new name or the one it had; those of leavers are passed over."""

    def __init__(self, *args: Any):
        *args, self.in_force = args
        super().__init__(*args)
        for row in self.reading.rows:
            if row.entry is not None:
                self.owners.setdefault(text.key(row.entry.title), row.draft)

    def read(self) -> bool:
        """Read the lines; a project that has none on a sheet that is there has no such rows any more."""
        is_read = super().read()
        for row in self.reading.rows if is_read else ():
            row.draft.rows.setdefault(self.sheet.rows, [])
        return is_read

    def owner(self, row: int, column: Column, said: str) -> Draft | None:
        """Pass over the lines of what is in force and has no line of its own any more."""
        is_gone = text.key(said) not in self.owners and text.key(said) in self.in_force
        return None if is_gone else super().owner(row, column, said)


class _Matching:
    """The rows of one sheet beside the catalogue in force."""

    def __init__(self, reading: EditionReading, edition: Edition):
        self.reading, self.type = reading, registry.get(edition.kind)
        entries = catalogue_of(edition.kind, edition.region_id).in_force().order_by("code")
        self.by_code = {e.code: e for e in entries.select_related("region", "filing__organisation")}
        self.by_name: dict[str, list[CatalogueEntry]] = {}
        for entry in self.by_code.values():
            self.by_name.setdefault(text.key(entry.title), []).append(entry)
        self.records = records_of(self.type, [entry.filing_id for entry in self.by_code.values()])
        self.taken: dict[str, str] = {}  # code → how the sheet uses it: its own row, or merged

    def identify(self) -> None:
        """Find what each row stands for."""
        for row in self.reading.rows:
            self._identify(row)

    def match(self, whole: bool, reason: str) -> None:
        """Find what goes into each row, and what it changes; what the sheet leaves out may leave."""
        for row in self.reading.rows:
            self._find_merged(row)
        missing = [e for code, e in self.by_code.items() if code not in self.taken] if whole else []
        self._check_reason(missing, reason)
        lines = self._lines(reason)
        if not self.reading.errors:
            self.reading.lines = [*lines, *(_leaving(entry, reason) for entry in missing)]

    def _error(self, row: Row, column: str, said: str, message: str) -> None:
        self.reading.errors.append(CellError(row.draft.sheet, row.draft.row, column, said, message))

    def _identify(self, row: Row) -> None:
        """Set the entry a row stands for; none is found for a new project."""
        row.entry = self._by_code(row) if row.code else self._by_name(row)
        if row.entry is None and not row.code and self._renames(row):
            row.entry = self.by_code.get(row.former[0])
        if row.entry is not None:
            self._take(row, row.entry, CODE)

    def _by_code(self, row: Row) -> CatalogueEntry | None:
        found = self.by_code.get(row.code)
        if found is None:
            self._error(row, CODE, row.code, f"现行目录中没有编号 {row.code}；新增的项目不填编号。")
        return found

    def _by_name(self, row: Row) -> CatalogueEntry | None:
        found = self.by_name.get(text.key(self._title(row)), [])
        if len(found) > 1:
            codes = "、".join(entry.code for entry in found)
            self._error(row, CODE, "", f"现行目录中有几个同名的（{codes}），请填写编号。")
        return found[0] if len(found) == 1 else None

    def _title(self, row: Row) -> str:
        return str(row.draft.values.get(self.type.key[0], ""))

    def _renames(self, row: Row) -> bool:
        """Whether a row without 编号 gives a new name to the one entry under 原编号."""
        return len(row.former) == 1 and VERBS.get(row.said.get(VERB, "")) in (None, ChangeVerb.RENAMED)

    def _take(self, row: Row, entry: CatalogueEntry, column: str) -> None:
        if entry.code in self.taken:
            self._error(row, column, entry.code, f"{entry.code} 在表里用了两次，请只留一处。")
        self.taken[entry.code] = column

    def _find_merged(self, row: Row) -> None:
        for code in row.former:
            if row.entry is not None and code == row.entry.code:
                continue
            if (entry := self.by_code.get(code)) is None:
                self._error(row, FORMER, code, f"现行目录中没有编号 {code}。")
                continue
            self._take(row, entry, FORMER)
            row.merged.append(entry)
        if row.goes and row.merged:
            self._error(row, VERB, row.said[VERB], "移出的项目不能再并入别的条目。")

    def _check_reason(self, missing: list[CatalogueEntry], reason: str) -> None:
        if missing and not reason:
            names = "、".join(entry.title for entry in missing[:NAMED])
            said = MISSING.format(n=len(missing), names=names + ("等" if len(missing) > NAMED else ""))
            self.reading.errors.append(CellError("", 0, REASON, "", said))
        for row in self.reading.rows:
            own = row.said.get(REASON, "")
            if row.goes and not (own or reason):
                self._error(row, REASON, "", NO_REASON)
            if too_long := text.too_long(REASON, own, LONGEST_REASON):
                self._error(row, REASON, own, too_long)
        if too_long := text.too_long(REASON, reason, LONGEST_REASON):
            self.reading.errors.append(CellError("", 0, REASON, reason, too_long))

    def _lines(self, reason: str) -> list[Line]:
        """Return the lines that change something; what a row says of itself has to be true.

        What could not be read whole is not compared: it would be said to change what it does not.
        """
        lines = [(row, self._line(row, reason)) for row in self._read_whole()]
        for row, line in lines:
            if wrong := _untrue(row, line):
                self._error(row, VERB, row.said.get(VERB, ""), wrong)
        self._refuse_namesakes(lines)
        self.reading.unchanged = sum(not line.verb for _, line in lines)
        return [line for _, line in lines if line.verb or line.merged]

    def _read_whole(self) -> list[Row]:
        """Return the rows without a fault; none while a line that belongs to one of them has a fault."""
        main = {row.draft.sheet for row in self.reading.rows}
        unread = {(error.sheet, error.row) for error in self.reading.errors if error.row}
        if any(sheet not in main for sheet, _ in unread):
            return []
        return [row for row in self.reading.rows if (row.draft.sheet, row.draft.row) not in unread]

    def _refuse_namesakes(self, lines: list[tuple[Row, Line]]) -> None:
        """A new name is that of one project only, among those the sheet names and those it leaves alone."""
        stay = [entry.title for code, entry in self.by_code.items() if code not in self.taken]
        names = Counter(
            text.key(title) for title in [*stay, *(one.title for _, one in lines if not one.goes)]
        )
        label = str(self.type.field(self.type.key[0]).verbose_name)
        for row, line in lines:
            is_new = line.verb in (ChangeVerb.ADDED, ChangeVerb.RENAMED)
            if is_new and line.title and names[text.key(line.title)] > 1:
                self._error(row, label, line.title, f"新版中另有一个“{line.title}”，请换一个名称或合并。")

    def _line(self, row: Row, reason: str) -> Line:
        place = f"{row.draft.sheet}第{row.draft.row}行"
        said, title = row.said.get(REASON, ""), self._title(row)
        if row.goes:
            entry = row.entry
            return Line(place, entry.title if entry else title, entry, goes=True, reason=said or reason)
        values, rows, differs = row.draft.values, row.draft.rows, []
        if row.entry is not None:
            record = self.records[row.entry.filing_id]
            values, rows, differs = differing(record, values, rows)
        return Line(place, title, row.entry, values, rows, differs, merged=row.merged, reason=said)


def _leaving(entry: CatalogueEntry, reason: str) -> Line:
    return Line("表中没有", entry.title, entry, goes=True, reason=reason)


def _untrue(row: Row, line: Line) -> str:
    """Return the sentence that 变化 is not what the row does, empty while it is or says nothing."""
    said = row.said.get(VERB, "")
    verb = VERBS.get(said)
    if verb is None:
        words = "、".join(VERBS)
        return "" if said in STAYS else f"没有“{said}”这种变化，可以填写：{words}；没有变化的留空。"
    if verb == ChangeVerb.REMOVED:
        return "" if row.entry else "现行目录中没有这一条，不用移出。"
    if verb == ChangeVerb.MERGED:
        return "" if line.merged else "合并须在“原编号”写明并入它的条目。"
    if verb != line.verb:
        is_what = ChangeVerb(line.verb).label if line.verb else "没有变化"
        return f"写的是“{said}”，与现行目录比较是“{is_what}”，请核对。"
    return ""


def records_of(record_type: RecordType, filings: Iterable[int]) -> dict[int, Filing]:
    """Return filing → record with its relations and rows, in a fixed number of queries."""
    columns = [record_type.field(name) for name in record_type.fields]
    single = [c.name for c in columns if c.is_relation and not c.many_to_many]
    found = record_type.model.objects.filter(pk__in=list(filings))
    found = found.select_related("organisation", "region", *single)
    return {r.pk: r for r in found.prefetch_related(*_paths(record_type, columns))}


def _paths(record_type: RecordType, columns: list[models.Field]) -> Iterator[str]:
    yield from (column.name for column in columns if column.many_to_many)
    for name, fields in record_type.rows.items():
        yield name
        model = record_type.row_model(name)
        yield from (f"{name}__{f}" for f in fields if model._meta.get_field(f).is_relation)
