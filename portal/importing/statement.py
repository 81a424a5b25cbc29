"""Reading the statistical sheet of a notice (``registry.SheetForm``): one sheet of lines is one filing.

What bureaus really send is forgiven: titles and notes around the table, merged cells, columns in another
order, a 合计 line (which is checked), the signatures below the table in one cell or in several.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.db import models

from portal import text
from portal.annexes import CellError, label_key
from portal.forms import form_class
from portal.importing.annex import is_named
from portal.importing.cells import Names, Unfit, is_empty, value
from portal.importing.reading import Draft, Reading
from portal.models import Filing
from portal.registry import RecordType, SheetForm
from portal.row_forms import row_set_class
from portal.rules import MOST_ROWS, is_required
from portal.sandbox import Table
from portal.sheets import SAMPLE, is_context
from portal.snapshot import CITY_ITSELF, is_place
from portal.vocabulary import Level

HEADER_WITHIN = 20  # the header stands in one of the first lines, below titles
LEAST_LABELS = 4
CITY_RUN = {CITY_ITSELF, "市本级", "市直属"}
TOGETHER, IN_PART = ("合计", "总计", "共计"), ("小计", "本页小计")
BUREAU = "填报单位"
TOO_MANY = "这张表最多{}行，几张工作表合起来超过了；请核对是否重复。"
MISMATCH = "与工作表“{}”写的“{}”不一致，请改成一致，或分成两个文件上传。"
_NOTE = re.compile(r"^(?:注|备注|说明|填表说明)?\s*[:：]?\s*(?:\d+\s*[.、．]|(?:注|备注|说明)\s*[:：])")
_LABELLED = re.compile(r"^[\u4e00-\u9fff\s]{2,12}(?:（[^（）]*）)?\s*[:：]")
_OTHER = r"[\u4e00-\u9fff]{2,8}\s*[:：]"  # a label of something else ends what stood before it
_PEOPLE = re.compile(r"^(\d[\d,]*)(?:人|名|人次)$")
_NUMBER = re.compile(r"\d+")


def read_statements(reading: Reading, tables: list[Table]) -> bool:
    """Add the filing of each sheet to ``reading``, sheets of one title as one; False when there is none."""
    paper = reading.record_type.sheet
    with_header = [(table, row) for table in tables if (row := _header_row(paper, table)) is not None]
    if not with_header or _is_export(reading.record_type, tables):
        return False
    names = Names(_blank(reading))
    for table, header in with_header:
        _add(reading, _Statement(reading, table, header, names).read())
    left = [table for table in tables if table not in [table for table, _ in with_header]]
    reading.warnings += [f"工作表“{t.name}”不是本表，没有读取。" for t in left if any(map(any, t.rows))]
    return True


def _blank(reading: Reading) -> Filing:
    return reading.record_type.model(organisation=reading.organisation, region=reading.organisation.region)


def _header_row(paper: SheetForm, table: Table) -> int | None:
    """Return the line that names most columns of the sheet, four at least."""
    labels = {label_key(label) for label in paper.columns}
    rows = range(min(HEADER_WITHIN, len(table.rows)))
    found = {row: len(labels & {label_key(word) for word in table.rows[row]}) for row in rows}
    best = max(found, key=lambda row: (found[row], -row), default=None)
    return best if best is not None and found[best] >= LEAST_LABELS else None


def _is_export(record_type: RecordType, tables: list[Table]) -> bool:
    """Say whether this is the portal's own list of many filings, whose lines first name theirs."""
    key = label_key(str(record_type.field(record_type.key[0]).verbose_name))
    titles = {str(record_type.row_model(name)._meta.verbose_name_plural) for name in record_type.rows}
    return any(t.name in titles and t.rows and label_key(t.text(0, 0)) == key for t in tables)


def _add(reading: Reading, draft: Draft) -> None:
    """Add a sheet, or its lines to the sheet before that belongs to the same filing."""
    key, rows = reading.record_type.key[0], reading.record_type.sheet.rows
    first = next((d for d in reading.records if d.values.get(key) == draft.values.get(key)), None)
    if first is None:
        reading.records.append(draft)
        return
    first.rows[rows] += draft.rows[rows]
    for name, found in draft.values.items():
        if first.values.setdefault(name, found) != found:
            label = str(reading.record_type.field(name).verbose_name)
            message = MISMATCH.format(first.sheet, first.values[name])
            reading.errors.append(CellError(draft.sheet, draft.row, label, str(found), message))
    if len(first.rows[rows]) > MOST_ROWS:
        reading.errors.append(CellError(draft.sheet, draft.row, "", "", TOO_MANY.format(MOST_ROWS)))
    told = f"工作表“{first.sheet}”和“{draft.sheet}”合为一份，共{len(first.rows[rows])}行。"
    reading.warnings.append(told)


class _Statement:
    """One sheet being read."""

    def __init__(self, reading: Reading, table: Table, header: int, names: Names):
        self.reading, self.table, self.header, self.names = reading, table, header, names
        self.paper: SheetForm = reading.record_type.sheet
        self.model = reading.record_type.row_model(self.paper.rows)
        self.fields = row_set_class(reading.record_type, self.paper.rows).form.base_fields
        self.draft = Draft(table.name, header + 1, rows={self.paper.rows: []})
        self.record = _blank(reading)
        self.made: list[tuple[int, models.Model]] = []
        self.city_label = next((label for label, name in self.paper.columns.items() if not name), "")
        self.overall = self.since_total = self.since_subtotal = 0
        self.sums_up = True

    def read(self) -> Draft:
        """Return the sheet as a draft; what is wrong goes into the reading."""
        self.columns = self._columns()
        for row in range(self.header + 1, len(self.table.rows)):
            self._line(row)
        for row in range(self.header):
            self._signed(row)
        for number, line in enumerate(self.table.after):
            self._sign(len(self.table.rows) + number, line)
        self._complete()
        return self.draft

    def _columns(self) -> dict[str, int]:
        """Return label → place; report labels that are missing or there twice."""
        words = [label_key(word) for word in self.table.rows[self.header]]
        found = {}
        for label, name in self.paper.columns.items():
            places = [place for place, word in enumerate(words) if word == label_key(label)]
            if len(places) > 1:
                self._error(self.header, label, label, f"“{label}”有两列，请删去一列。")
            if places:
                found[label] = places[0]
            elif name and self._is_needed(self.model._meta.get_field(name)):
                self._error(self.header, label, "", f"没有找到“{label}”这一列，请使用附件原表填写。")
        known = {label_key(label) for label in self.paper.columns}
        for place, word in enumerate(words):
            said = self.table.text(self.header, place).strip()
            is_ours = not word or word in known or is_context(said)
            if not is_ours and (self.header, place) not in self.table.merged:
                self.reading.warnings.append(f"“{said}”这一列不是本表的内容，没有读取。")
        return found

    @staticmethod
    def _is_needed(column: models.Field) -> bool:
        return is_required(column) or is_place(column)

    # -- lines

    def _line(self, row: int) -> None:
        filled = [text.key(said) for _, said in self._visible(row)]
        if not filled or self._is_covered(row):
            return
        if _is_sum(filled, TOGETHER):
            self._check_total(row, "合计", {self.since_total, self.overall})
            self.since_total = self.since_subtotal = 0
        elif _is_sum(filled, IN_PART):
            self._check_total(row, "小计", {self.since_subtotal})
            self.since_subtotal = 0
        elif not self._signed(row) and not self._is_note(row):
            self._data(row)

    def _is_note(self, row: int) -> bool:
        """Say whether a line is a sample, a note, or holds nothing but the city."""
        (place, first), *others = self._visible(row)
        if others:
            return first.startswith(SAMPLE) or text.key(first) in ("注", "注:")
        wide = self.table.merged.get((row, place + 1)) == (row, place)
        only_city = self.columns.get(self.city_label) == place
        return wide or only_city or bool(_NOTE.match(first))

    def _visible(self, row: int) -> Iterator[tuple[int, str]]:
        for place, said in enumerate(self.table.rows[row]):
            if said.strip() and (row, place) not in self.table.merged:
                yield place, said

    def _is_covered(self, row: int) -> bool:
        """Say whether a line is the lower half of a header over two lines."""
        origins = {self.table.merged.get((row, place)) for place in self.columns.values()}
        return any(origin and origin[0] <= self.header for origin in origins)

    def _data(self, row: int) -> None:
        if len(self.made) == MOST_ROWS:
            self._error(row, "", "", f"这张表最多{MOST_ROWS}行，从这一行起没有读取；请核对是否重复。")
        values = self._cells(row) if len(self.made) < MOST_ROWS else {}
        self.made.append((row, self.model(**values)))
        if len(self.made) <= MOST_ROWS:
            self.draft.rows[self.paper.rows].append(values)
            self._add_up(values.get(self.paper.total))

    def _cells(self, row: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for label, place in self.columns.items():
            said, name = text.clean(self.table.text(row, place)), self.paper.columns[label]
            if name:
                values[name] = self._value(row, label, self.model._meta.get_field(name), said)
            else:
                self._check_city(row, label, said)
        return values

    def _add_up(self, count: int | None) -> None:
        self.sums_up &= count is not None
        self.overall += count or 0
        self.since_total += count or 0
        self.since_subtotal += count or 0

    def _value(self, row: int, label: str, column: models.Field, said: str) -> Any:
        if is_place(column):
            said = self._place(row, label, said)
        if is_empty(column, said):
            if is_required(column):
                self._error(row, label, "", f"“{label}”没有填写。")
            return column.get_default()
        if isinstance(column, models.IntegerField) and (people := _PEOPLE.match(text.digits(said))):
            said = people[1]
        try:
            return value(column, self.fields[column.name], said, self.names)
        except Unfit as unfit:
            self._error(row, label, said if unfit.said is None else unfit.said, str(unfit))
            return column.get_default()

    def _place(self, row: int, label: str, said: str) -> str:
        """Return what a cell says of who ran the training; empty for the bureau's own."""
        is_city = self.reading.organisation.region.level == Level.CITY
        told = text.key(said) in CITY_RUN
        if told and not is_city:
            own = self.reading.organisation.region.name
            self._error(row, label, said, f"“{CITY_ITSELF}”由市级填写，本单位请填写“{own}”。")
        elif is_city and text.is_absence(said):
            self._error(row, label, said, f"“{label}”没有填写；由市直组织的填写“{CITY_ITSELF}”。")
        return "" if told or text.is_absence(said) else said

    def _check_city(self, row: int, label: str, said: str) -> None:
        region = self.reading.organisation.region
        city = region.parent if region.level in (Level.COUNTY, Level.ZONE) else region
        own = {text.key(city.name), text.key(city.short_name), text.key(f"山东省{city.name}")}
        if said and text.key(said) not in own:
            self._error(row, label, said, f"本单位只能填报{city.name}的项目，这一行写的是“{said}”。")

    def _check_total(self, row: int, what: str, sums: set[int]) -> None:
        """Compare 合计 with the lines; without every number there is nothing to compare."""
        label = next(label for label, name in self.paper.columns.items() if name == self.paper.total)
        place = self.columns.get(label)
        whole = [said for _, said in self._visible(row)] if place is None else [self.table.text(row, place)]
        said = text.clean(whole[0]) or " ".join(text.clean(word) for _, word in self._visible(row))
        numbers = _NUMBER.findall(text.digits(said).replace(",", ""))
        if not self.sums_up or (not numbers and text.key(said).startswith((*TOGETHER, *IN_PART))):
            return
        lines = max(sums)
        if len(numbers) != 1:
            self._error(row, label, said, f"{what}请填写整数，各行相加是{lines}。")
        elif int(numbers[0]) not in sums:
            message = f"{what}写的是{int(numbers[0])}，各行相加是{lines}；请核对各行人数，再改正{what}。"
            self._error(row, label, said, message)

    # -- what stands around the table

    def _signed(self, row: int) -> bool:
        """Take the signatures of a line, in one cell or several; return whether it is such a line."""
        words = [said for _, said in self._visible(row)]
        begins = text.key(words[0]) if words else ""
        if not begins.startswith(tuple(self.paper.footer)) and not (words and _LABELLED.match(words[0])):
            return False
        self._sign(row, "　".join(words))
        return True

    def _sign(self, row: int, line: str) -> None:
        for label, said in _labelled(line, [*self.paper.footer, BUREAU]).items():
            if label == BUREAU:
                self._check_bureau(row, said)
            elif said.strip("年月日 　"):  # “    年  月  日” is a date not filled in
                self._take(row, label, self.paper.footer[label], said)

    def _take(self, row: int, label: str, name: str, said: str) -> None:
        record_type = self.reading.record_type
        column, field = record_type.field(name), form_class(record_type).base_fields[name]
        try:
            self.draft.values.setdefault(name, value(column, field, said, self.names))
        except Unfit as unfit:
            self._error(row, label, said, str(unfit))

    def _check_bureau(self, row: int, said: str) -> None:
        bureau = self.reading.organisation
        if said and not is_named(bureau, said):
            message = f"填报单位写的是“{said}”，与您的单位“{bureau.name}”不一致。"
            self._error(row, BUREAU, said, message)

    def _complete(self) -> None:
        """Add what the sheet leaves unsaid, warn of what is missing, and judge each line by the rules."""
        if not self.made:
            self._error(self.header, "", "", "表里还没有填写内容，请填写后再上传。")
        self._remember(self.draft.values)
        unsaid = self.record.unsaid(self._heading(), [row for _, row in self.made[:MOST_ROWS]])
        self.draft.values.update(unsaid)
        self._remember(unsaid)
        for label, name in self.paper.footer.items():
            if name not in self.draft.values:
                self.reading.warnings.append(f"“{label}”没有填写，导入后须补填才能提交。")
        self._judge()

    def _remember(self, values: dict[str, Any]) -> None:
        for name, found in values.items():
            setattr(self.record, name, found)

    def _heading(self) -> str:
        """Return what stands above the table, without the lines of bureau and date."""
        above = [line for line in [*self.table.before, *self._above()] if not _LABELLED.match(line)]
        return " ".join([self.table.name, *above])

    def _above(self) -> list[str]:
        return [said for row in range(self.header) for _, said in self._visible(row)]

    def _judge(self) -> None:
        labels = {name: label for label, name in self.paper.columns.items()}
        faulty = {(e.row, e.column) for e in self.reading.errors if e.sheet == self.table.name}
        for place, row in self.made[:MOST_ROWS]:
            for name, sentence, _ in self.record.row_faults(row):
                if labels[name] in self.columns and (place + 1, labels[name]) not in faulty:
                    said = text.clean(self.table.text(place, self.columns[labels[name]]))
                    self._error(place, labels[name], said, sentence)

    def _error(self, row: int, column: str, said: str, message: str) -> None:
        self.reading.errors.append(CellError(self.table.name, row + 1, column, text.clean(said), message))


def _is_sum(filled: list[str], words: tuple[str, ...]) -> bool:
    """Say whether a line is 合计 or 小计; a remark that only begins so makes none."""
    return filled[0].startswith(words) or not set(words).isdisjoint(filled)


def _labelled(line: str, labels: list[str]) -> dict[str, str]:
    """Return label → what follows it in a line such as “填表人：…　联系电话：…　填表日期：…”."""
    known = "|".join(r"\s*".join(map(re.escape, label)) for label in labels)
    ways = [rf"(?:{known})(?:（[^（）]*）)?\s*[:：]", rf"(?<![\u4e00-\u9fff])(?:{known})(?:\s+|$)"]
    parts = re.split(f"({'|'.join([*ways, _OTHER])})", line)
    names = {text.key(label): label for label in labels}
    found = {}
    for word, said in zip(parts[1::2], parts[2::2], strict=True):
        label = names.get(text.key(re.split("[(（:：]", word)[0]))
        if label:
            found[label] = said.strip(" 　\t_＿")
    return found
