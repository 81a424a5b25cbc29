"""Reading official forms: each value is found by the label of its cell, wherever in the table that stands.

Pure: tables of ``sandbox`` and a ``registry.PaperForm`` go in, words come out; knows no model.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from portal import text
from portal.registry import PaperForm
from portal.sandbox import Table

ORGANISATION, CONTINUED = "organisation", "continued"
Place = tuple[int, int]

_BRACKETED = re.compile(r"\([^()]*\)")
_LABEL_END = re.compile(r"^[^：:\n（(]{1,20}[（(][^（）()\n]{1,20}[）)]")
_NUMBERED = re.compile(r"^[0-9一二三四五六七八九十]+[、.)]")
_AFTER_LABEL = re.compile(r"[：:\n]")
# On the line of the bureau others may follow: 填报日期, 填表人, or just a gap.
_NEXT_ON_LINE = re.compile(r"[ \u3000\t]{2,}|填报日期|填报时间|填表")
_UNFILLED_BUREAU = "市人力资源和社会保障局"


@dataclass(frozen=True)
class CellError:
    """What is wrong at one place of a file: sheet, row from 1, header or label, the text, a sentence."""

    sheet: str
    row: int
    column: str
    value: str
    message: str


@dataclass(frozen=True)
class _Label:
    """A label found in a cell: its field, its words in the form, and what follows it in the same cell."""

    name: str
    words: str
    rest: str = ""


@dataclass
class Cell:
    """A value as it stood in the form, with its label and its place."""

    label: str
    sheet: str
    row: int
    text: str

    def error(self, message: str, value: str | None = None) -> CellError:
        """Return ``message`` as the error of this cell, or of ``value``, one of the names in it."""
        return CellError(self.sheet, self.row, self.label, self.text if value is None else value, message)


@dataclass
class FormReading:
    """One form: the bureau it names (None: not said), its cells by field, and what could not be read."""

    number: int
    sheet: str
    row: int
    organisation_text: str | None = None
    cells: dict[str, Cell] = field(default_factory=dict)
    errors: list[CellError] = field(default_factory=list)
    unread: list[Cell] = field(default_factory=list)  # words added where the form asks for nothing

    @property
    def values(self) -> dict[str, str]:
        """Field → text; paragraphs are lines, the hints of the blank form are gone."""
        return {name: cell.text for name, cell in self.cells.items()}


def read_forms(tables: Iterable[Table], paper: PaperForm) -> list[FormReading]:
    """Return the forms of a file in order; a label that comes again begins the next one.

    A form may go over several tables; a label that is nowhere is an error of its form.
    """
    pile = _Pile()
    for table in tables:
        pile.next_table(table, _organisation_line(table.before, paper))
        for name, cell in _cells(table, paper):
            pile.add(name, cell)
    for form in pile.forms:
        _finish(form, paper)
    return pile.forms


class _Pile:
    """The forms as they come to light, cell by cell."""

    def __init__(self) -> None:
        self.forms: list[FormReading] = []
        self.bureau: str | None = None  # named above the form to come
        self.in_table = False  # whether the last form has cells in the table being read
        self.sheet = ""

    def next_table(self, table: Table, bureau: str | None) -> None:
        self.sheet, self.in_table = table.name, False
        self.bureau = self.bureau if bureau is None else bureau

    def add(self, name: str, cell: Cell) -> None:
        if name == ORGANISATION:
            self._name_bureau(_bureau(cell.text))
        elif name == CONTINUED:
            self._continue(cell.text)
        else:
            self._put(name, cell)

    def _name_bureau(self, bureau: str) -> None:
        if self.in_table and self.forms[-1].organisation_text is None:
            self.forms[-1].organisation_text = bureau
        else:
            self.bureau = bureau

    def _continue(self, text_below: str) -> None:
        """Add a row without label to the cell before it: a cell that a page break has cut in two."""
        if self.forms:
            last = next(reversed(self.forms[-1].cells.values()))
            last.text = "\n".join(part for part in (last.text, text_below) if part)

    def _put(self, name: str, cell: Cell) -> None:
        if not self.forms or name in self.forms[-1].cells:
            self.forms.append(FormReading(len(self.forms) + 1, self.sheet, cell.row))
        form = self.forms[-1]
        if form.organisation_text is None:
            form.organisation_text, self.bureau = self.bureau, None
        form.cells[name], self.in_table = cell, True


def label_key(label: str) -> str:
    """Return the form in which labels are compared: without blanks, punctuation, brackets and numbering."""
    plain = _NUMBERED.sub("", _BRACKETED.sub("", text.key(label)))
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LN")


def _finish(form: FormReading, paper: PaperForm) -> None:
    for cell_name, cell in form.cells.items():
        printed = paper.printed.get(cell_name, "") or paper.hints.get(cell_name, "")
        cell.text = _without_hint(cell.text, printed)
    form.unread = [cell for name in paper.printed if (cell := form.cells.pop(name, None)) and cell.text]
    for label, name in paper.rows.items():
        if name not in form.cells:
            message = f"第{form.number}份表：没有找到“{label}”一栏，请使用附件原表填写。"
            form.errors.append(CellError(form.sheet, form.row, label, "", message))


def _without_hint(value: str, hint: str) -> str:
    """Return a value without the words the form itself has printed there, as a whole or line by line."""
    if hint and label_key(value) == label_key(hint):
        return ""
    lines = {label_key(line) for line in hint.split("\n")} - {""}
    return text.clean("\n".join(line for line in value.split("\n") if label_key(line) not in lines))


# --- the bureau -------------------------------------------------------------------------------------------


def _organisation_line(lines: Iterable[str], paper: PaperForm) -> str | None:
    wanted = label_key(paper.organisation_label)
    for line in lines:
        head, tail = _parts(line)
        if wanted and label_key(head) == wanted:
            return _bureau(tail)
    return None


def _bureau(value: str) -> str:
    """Return the bureau's name as written on its line; empty while the blank is not filled in."""
    name = text.clean(_NEXT_ON_LINE.split(value.strip())[0].replace("_", "").replace("＿", ""))
    return "" if text.key(name) == _UNFILLED_BUREAU else name


def _parts(value: str) -> tuple[str, str]:
    """Return the words up to the colon, the line end or the bracket a label ends with, and what follows."""
    found = _LABEL_END.match(value)
    if found and not value[found.end() :].lstrip(" 　").startswith(("：", ":")):
        return found[0], value[found.end() :]
    head, *tail = _AFTER_LABEL.split(value, maxsplit=1)
    return head, tail[0] if tail else ""


# --- one table --------------------------------------------------------------------------------------------

Labels = dict[Place, _Label]


def _cells(table: Table, paper: PaperForm) -> Iterator[tuple[str, Cell]]:
    """Yield (field, cell) in reading order."""
    labels = _labels(table, paper)
    used: set[int] = set()
    for row in range(len(table.rows)):
        here = [place for place in labels if place[0] == row]
        rows = list(_rows_below(table, row, labels)) if _is_heading(table, here, labels) else []
        used.update(rows)
        if rows:
            for below in rows:
                yield from (
                    (labels[p].name, _cell(table, labels[p], below, table.text(below, p[1]))) for p in here
                )
        elif here:
            yield from ((labels[place].name, _beside(table, place, labels)) for place in here)
        elif row not in used and (rest := _continuation(table, row)):
            yield CONTINUED, Cell("", table.name, row + 1, rest)


def _labels(table: Table, paper: PaperForm) -> Labels:
    """Return the labels of a table by place, in reading order."""
    fields = _known(paper)
    exact, leading = {}, {}
    for place, value in _visible(table):
        head, tail = _parts(value)
        if found := fields.get(label_key(value)):
            exact[place] = _Label(*found)
        elif found := fields.get(label_key(head)):
            leading[place] = _Label(*found, tail)
    # “品牌优势：…” inside a value is a label only where none stands in a cell of its own or to its left.
    alone = {label.name for label in exact.values()}
    leading = {
        (row, column): label
        for (row, column), label in leading.items()
        if label.name not in alone and table.merged.get((row, column - 1), (row, column - 1)) not in exact
    }
    return dict(sorted((exact | leading).items()))


def _known(paper: PaperForm) -> dict[str, tuple[str, str]]:
    """Return label as it is compared → (field, label); a printed row has its label for a field."""
    fields = {label_key(words): (name, words) for words, name in paper.all_rows.items()}
    fields |= {label_key(words): (words, words) for words in paper.printed}
    bureau = paper.organisation_label or paper.place_label
    return fields | {label_key(bureau): (ORGANISATION, bureau)}


def _visible(table: Table) -> Iterator[tuple[Place, str]]:
    for row, values in enumerate(table.rows):
        for column, value in enumerate(values):
            if value.strip() and (row, column) not in table.merged:
                yield (row, column), value


def _is_heading(table: Table, here: list[Place], labels: Labels) -> bool:
    """Say whether the labels of a row stand above their values: side by side, or alone in the whole row."""
    if not here or any(labels[place].rest or labels[place].name == ORGANISATION for place in here):
        return False
    following = next(_right_of(table, here[0], here[0][0]), None)
    return following is None or following in labels


def _rows_below(table: Table, row: int, labels: Labels) -> Iterator[int]:
    """Yield the rows of values under a heading: all of them where it has every label, else the next one."""
    names = {label.name for place, label in labels.items() if place[0] == row}
    is_list = len(names) > 1 and names == {label.name for label in labels.values()} - {ORGANISATION}
    first = max([row, *(covered[0] for covered, origin in table.merged.items() if origin[0] == row)]) + 1
    for below in range(first, len(table.rows) if is_list else min(first + 1, len(table.rows))):
        if any(place[0] == below for place in labels):
            return
        if not (is_list and _is_note(table, below)):
            yield below


def _is_note(table: Table, row: int) -> bool:
    """Say whether a row of a list is empty, or one cell across several columns as 备注 and 填表人 are."""
    filled = [column for column in range(_width(table)) if table.text(row, column).strip()]
    origins = {table.merged.get((row, column), (row, column)) for column in filled}
    return not filled or (len(origins) == 1 and len(filled) > 1)


def _width(table: Table) -> int:
    return max(map(len, table.rows))


def _beside(table: Table, place: Place, labels: Labels) -> Cell:
    """Return the value of a label: what follows it in its cell, else the first filled cell to its right."""
    label = labels[place]
    if label.rest.strip():
        return _cell(table, label, place[0], label.rest)
    rows = sorted({place[0], *(covered[0] for covered, origin in table.merged.items() if origin == place)})
    found = []
    for row in rows:
        cells = takewhile(lambda at: at not in labels, _right_of(table, place, row))
        found += [value for at in cells if (value := table.text(*at)).strip()][:1]
    return _cell(table, label, place[0], "\n".join(found))


def _right_of(table: Table, place: Place, row: int) -> Iterator[Place]:
    for column in range(place[1] + 1, _width(table)):
        if (row, column) not in table.merged:
            yield row, column


def _continuation(table: Table, row: int) -> str:
    """Return the text of a row whose first cell is empty: the rest of the value above."""
    if table.text(row, 0).strip():
        return ""
    beside = (table.text(row, column) for column in range(1, _width(table)))
    return next((value for value in beside if value.strip()), "")


def _cell(table: Table, label: _Label, row: int, value: str) -> Cell:
    return Cell(label.words, table.name, row + 1, text.clean(value))
