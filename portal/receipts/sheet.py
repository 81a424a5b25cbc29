"""One sheet of a receipt: copied byte by byte but for the rows in which something is to be written.

It is read once to learn where its rows begin and which of them need writing; then it is copied. Memory does
not grow with the rows that are right.
"""

import itertools
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

import headers
from plain import letters, writable
from styles import Styles

CHUNK = 2**16
COPIED = {"sheetPr", "sheetFormatPr", "sheetData", "sheetProtection", "protectedRanges", "autoFilter"} | {
    *("mergeCells", "conditionalFormatting", "dataValidations", "printOptions", "pageMargins"),
    *("headerFooter", "rowBreaks", "colBreaks"),
}
LAST_COLUMN, WIDTH = 16_384, 60
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


class Unmarkable(Exception):
    """A sheet that is written in a way we do not write in."""


class Scan:
    """What one pass over a sheet finds: where its sections and the rows to be written anew begin and end."""

    def __init__(self, wanted: set[int], red: set[int], reasons: int):
        self.wanted, self.red, self.reasons = wanted, red, reasons
        self.sections: list[tuple[str, int]] = []
        self.rows: list[tuple[int, int, int]] = []  # number, first byte, byte after the last
        self.last_row = self.last_column = 0
        self.declared, self.space, self.body, self.end = "", "", 0, 0
        self._names: dict[str, str] = {}
        self._depth = self._row_at = self._column = 0
        self._is_wanted = self._in_rows = False

    def over(self, source) -> "Scan":
        """Read the file ``source`` to its end."""
        self.parser = parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._finish
        parser.XmlDeclHandler, parser.StartDoctypeDeclHandler = self._declaration, self._refuse
        while chunk := source.read(CHUNK):
            if not self._names and chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise Unmarkable
            parser.Parse(chunk)
        parser.Parse(b"", True)
        return self

    @staticmethod
    def _declaration(version: str, encoding: str | None, standalone: int) -> None:
        if (encoding or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
            raise Unmarkable

    @staticmethod
    def _refuse(*args) -> None:
        raise Unmarkable

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        depth = self._depth = self._depth + 1
        if self._in_rows and depth > 2:
            if depth == 5:
                self._content(self._local(name))
            elif depth == 4:
                self._is_one(name, "c", "extLst")
                self._cell(attributes)
            elif depth == 3:
                self._is_one(name, "row")
                self._row(attributes)
        elif depth == 2:
            self._section(self._local(name))
        elif depth == 1:
            pairs = (f" {k}={quoteattr(v)}" for k, v in attributes.items() if k.startswith("xmlns"))
            self.declared = "".join(pairs)
            prefix = name.rpartition(":")[0]
            self.space = attributes.get(f"xmlns:{prefix}" if prefix else "xmlns", "")

    def _is_one(self, name: str, *known: str) -> None:
        """Refuse what wraps rows or cells: a formula in there would pass unseen."""
        if self._local(name) not in known:
            raise Unmarkable

    def _section(self, name: str) -> None:
        self.body = self.body or self.parser.CurrentByteIndex
        self._in_rows = name == "sheetData"
        self.sections.append((name, self.parser.CurrentByteIndex))

    def _local(self, name: str) -> str:
        if name not in self._names:
            self._names[name] = name.rpartition(":")[2]
        return self._names[name]

    def _row(self, attributes: dict[str, str]) -> None:
        self._close_row()
        self.last_row = int(attributes.get("r") or self.last_row + 1)
        self._row_at, self._column = self.parser.CurrentByteIndex, 0
        self._is_wanted = self.last_row in self.wanted

    def _cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        self._column = _column(place) if place else self._column + 1
        style = attributes.get("s")
        if (style and int(style) in self.red) or "cm" in attributes or "vm" in attributes:
            self._is_wanted = True

    def _content(self, name: str) -> None:
        if name == "f":
            self._is_wanted = True
        if self._column == self.reasons:
            self._is_wanted = True
        elif self._column > self.last_column:
            self.last_column = self._column

    def _finish(self, name: str) -> None:
        if self._depth == 2 and self._in_rows:
            self._close_row()
            self._in_rows = False
        elif self._depth == 1:
            self.end = self.parser.CurrentByteIndex
        self._depth -= 1

    def _close_row(self) -> None:
        if self._is_wanted:
            self.rows.append((self.last_row, self._row_at, self.parser.CurrentByteIndex))
        self._is_wanted = False


def _column(reference: str) -> int:
    found = _REFERENCE.fullmatch(reference)
    if not found:
        raise Unmarkable
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return number


class Writer:
    """One sheet, first marked, then written."""

    def __init__(self, source: zipfile.ZipFile, part: str, strings: str, styles: Styles, has_notes: bool):
        self.source, self.part, self.strings, self.styles = source, part, strings, styles
        self.has_notes, self.column, self.title = has_notes, 0, ""
        self.columns: list[tuple[int, int, str]] = []  # first, last, style
        self.marks = headers.Marks([], 0, {})

    def mark(self, faults: list, labels: list[str], title: str) -> None:
        """Take what is wrong on this sheet, and find where its columns stand."""
        self.title = title
        header, places = headers.found(self._first_lines(), [*labels, title])
        known = places.get(headers.key(title), 0)
        if faults or known:
            self.marks = headers.Marks(faults, header, places)
        with self.source.open(self.part) as content:
            self.scan = Scan(self.marks.rows, self.styles.red, known).over(content)
        self.column = known or min(self.scan.last_column + 1, LAST_COLUMN)

    def _first_lines(self) -> dict[int, dict[int, str]]:
        """Return row → column → text of the first lines."""
        raw: dict[int, dict[int, tuple[str, str]]] = {}
        for row in self._rows_read(headers.WITHIN):
            number = int(row.get("r") or max(raw, default=0) + 1)
            raw[number] = dict(_texts(row))
        numbers = {
            int(t) for line in raw.values() for kind, t in line.values() if kind == "s" and t.isdigit()
        }
        strings = self._strings(numbers)
        return {
            number: {c: strings.get(t, "") if kind == "s" else t for c, (kind, t) in line.items()}
            for number, line in raw.items()
        }

    def _rows_read(self, most: int) -> Iterator[Element]:
        from defusedxml.ElementTree import iterparse

        with self.source.open(self.part) as content:
            ended = (node for _, node in iterparse(content, forbid_dtd=True) if node.tag.endswith("}row"))
            yield from itertools.islice(ended, most)

    def _strings(self, numbers: set[int]) -> dict[str, str]:
        """Return number → text of the shared strings with these numbers, up to the last of them only."""
        from defusedxml.ElementTree import iterparse

        found: dict[str, str] = {}
        if not numbers or not self.strings:
            return found
        with self.source.open(self.strings) as content:
            ended = (node for _, node in iterparse(content, forbid_dtd=True) if node.tag.endswith("}si"))
            for number, node in enumerate(itertools.islice(ended, max(numbers) + 1)):
                if number in numbers:
                    found[str(number)] = _text(node)
                node.clear()
        return found

    # -- writing

    def write(self, target, *, is_shown: bool) -> None:
        """Write the sheet; ``is_shown`` when the workbook opens at it."""
        bounds = [*self.scan.sections, ("", self.scan.end)]
        lacking = {"sheetViews", "cols"} - {name for name, _ in self.scan.sections}
        with self.source.open(self.part) as content:
            target.write(content.read(self.scan.body))
            for (name, begin), (_, end) in itertools.pairwise(bounds):
                if "sheetViews" in lacking and name not in ("sheetPr", "dimension"):
                    lacking.remove("sheetViews")
                    target.write(self._views(None, is_shown))
                if name == "sheetData":
                    target.write(self._columns(None) if "cols" in lacking else b"")
                    self._copy_rows(content, target, begin, end)
                else:
                    target.write(self._section(name, content.read(end - begin), is_shown))
            target.write(content.read())

    def _section(self, name: str, raw: bytes, is_shown: bool) -> bytes:
        """Return what stands for a section outside of the rows."""
        if name in COPIED or (name == "legacyDrawing" and self.has_notes):
            return raw
        if name == "extLst":
            return b"" if b":id=" in raw else raw
        if name == "sheetViews":
            return self._views(self._parsed(raw), is_shown)
        if name == "cols":
            return self._columns(self._parsed(raw))
        if name == "pageSetup":
            return _bytes(_without_prefixed(self._parsed(raw)))
        return b""

    def _parsed(self, raw: bytes) -> Element:
        from defusedxml.ElementTree import fromstring

        (node,) = fromstring(f"<r{self.scan.declared}>".encode() + raw + b"</r>", forbid_dtd=True)
        node.tail = None
        return node

    @property
    def _space(self) -> str:
        if not self.scan.space:
            raise Unmarkable
        return f"{{{self.scan.space}}}"

    def _views(self, node: Element | None, is_shown: bool) -> bytes:
        space = self._space
        if node is None:
            node = Element(f"{space}sheetViews")
            SubElement(node, f"{space}sheetView", workbookViewId="0")
        view = _without_prefixed(node[0])
        node[:] = [view]
        view.attrib.pop("tabSelected", None)
        if is_shown:
            view.set("tabSelected", "1")
            self._select(view, *self.marks.first)
        return _bytes(node)

    def _select(self, view: Element, row: int, column: int) -> None:
        """Select a cell and bring it into sight."""
        at, space = f"{letters(column)}{row}", self._space
        panes = [one for one in view if one.tag == f"{space}pane"]
        view[:] = panes
        chosen = SubElement(view, f"{space}selection", activeCell=at, sqref=at)
        if not panes:
            view.attrib.pop("topLeftCell", None)
            return
        chosen.set("pane", panes[0].get("activePane", "topLeft"))
        if panes[0].get("state", "").startswith("frozen"):
            across, down = (int(float(panes[0].get(name, 0))) for name in ("xSplit", "ySplit"))
            top, left = max(row - 3, down + 1), max(across + 1, column - 4)
            panes[0].set("topLeftCell", f"{letters(left)}{top}")

    def _columns(self, node: Element | None) -> bytes:
        space, here = self._space, self.column
        node = Element(f"{space}cols") if node is None else node
        self.columns = [(int(one.get("min")), int(one.get("max")), one.get("style", "0")) for one in node]
        if self.marks.header:
            kept = [part for one in node for part in _around(one, here)]
            own = Element(f"{space}col", min=str(here), max=str(here), width=str(WIDTH), customWidth="1")
            node[:] = sorted([*kept, own], key=lambda one: int(one.get("min")))
        return _bytes(node) if len(node) else b""

    def _copy_rows(self, content, target, begin: int, end: int) -> None:
        at = begin
        for number, first, last in self.scan.rows:
            _pass(content, target, first - at)
            target.write(self._written(number, content.read(last - first)))
            at = last
        _pass(content, target, end - at)

    def _written(self, number: int, raw: bytes) -> bytes:
        """Return a row with its marks, without formulas and without what an earlier receipt wrote."""
        row = _without_prefixed(self._parsed(raw))
        row.attrib.pop("spans", None)
        cells: dict[int, Element] = {}
        for cell in row:
            place = cell.get("r")
            column = _column(place) if place else max(cells, default=0) + 1
            cells[column] = self._harmless(cell)
        for column in self.marks.red.get(number, ()):
            cell = cells.setdefault(column, self._empty(row, column))
            cell.set("s", str(self.styles.reddened(self._base(cell))))
        self._reason(number, cells)
        for column, cell in cells.items():
            cell.set("r", f"{letters(column)}{number}")
        row.set("r", str(number))
        row[:] = [cells[column] for column in sorted(cells)]
        return _bytes(row)

    def _base(self, cell: Element) -> int:
        return int(cell.get("s", 0))

    def _empty(self, row: Element, column: int) -> Element:
        styled = (style for first, last, style in self.columns if first <= column <= last)
        return Element(f"{self._space}c", s=row.get("s") or next(styled, "0"))

    def _harmless(self, cell: Element) -> Element:
        """Return a cell as a plain value: what a formula came to when the file was saved."""
        _without_prefixed(cell)
        for name in ("cm", "vm"):
            cell.attrib.pop(name, None)
        if self._base(cell) in self.styles.red:
            cell.set("s", str(self.styles.paled(self._base(cell))))
        cell[:] = [part for part in cell if not part.tag.endswith("}f")]
        if cell.get("t") == "str":
            self._say(cell, "".join(part.text or "" for part in cell))
        return cell

    def _say(self, cell: Element, sentence: str) -> None:
        cell[:] = []
        cell.set("t", "inlineStr")
        holder = SubElement(SubElement(cell, f"{self._space}is"), f"{self._space}t")
        holder.text = writable(sentence)
        holder.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")

    def _reason(self, number: int, cells: dict[int, Element]) -> None:
        """Write what is wrong with the row behind it, or nothing any more."""
        if not self.marks.header:
            return
        cells.pop(self.column, None)
        is_head, told = number == self.marks.header, self.marks.told.get(number)
        if is_head or told:
            style = self.styles.head if is_head else self.styles.reason
            cells[self.column] = Element(f"{self._space}c", s=str(style))
            self._say(cells[self.column], self.title if is_head else "\n".join(told))


def _texts(row: Element) -> Iterator[tuple[int, tuple[str, str]]]:
    column = 0
    for cell in row:
        place = cell.get("r")
        column = _column(place) if place else column + 1
        yield column, (cell.get("t", ""), _text(cell))


def _text(node: Element) -> str:
    parts = (part for part in node.iter() if part.tag.endswith(("}t", "}v")))
    return "".join(part.text or "" for part in parts)


def _around(one: Element, here: int) -> Iterator[Element]:
    """Yield what is left of a group of columns once the one at ``here`` is taken out of it."""
    first, last = int(one.get("min")), int(one.get("max"))
    if not first <= here <= last:
        yield one
        return
    for begin, end in ((first, here - 1), (here + 1, last)):
        if begin <= end:
            yield Element(one.tag, one.attrib | {"min": str(begin), "max": str(end)})


def _without_prefixed(node: Element) -> Element:
    for name in [name for name in node.attrib if name.startswith("{")]:
        del node.attrib[name]
    return node


def _bytes(node: Element) -> bytes:
    ElementTree.register_namespace("", node.tag[1:].partition("}")[0])
    return ElementTree.tostring(node, "utf-8")


def _pass(content, target, size: int) -> None:
    while size:
        chunk = content.read(min(size, CHUNK))
        if not chunk:
            raise Unmarkable
        target.write(chunk)
        size -= len(chunk)
