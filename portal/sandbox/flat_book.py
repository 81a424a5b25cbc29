"""Workbooks in the child process of ``portal.sandbox``: parsed line by line, however long their sheets are.

Found beside ``flat_child``; imports nothing of ours but the neighbour that sets the limits. A cell gives the
text that the neighbour's reader of small files gives (``child._shown``).
"""

import posixpath
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from xml.parsers import expat

import child
from child import RefusedError

MOST_ROWS, MOST_CHARACTERS = 200_000, 150_000_000
MOST_NUMBERS = 100_000  # that are remembered
PIECE = 2**16
CORE = "docProps/core.xml"
LETTERS = "$ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TOO_LARGE = (
    f"表格超过 {MOST_ROWS:,} 行、{child.MOST_COLUMNS} 列或文字过多，{child.NOTHING}；请分成几个文件后再上传。"
)
DATES, SPANS = {*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)}, {46}
_IGNORED = re.compile(r'".*?"|\[(?!hh?\]|mm?\]|ss?\])[^\]]*\]')
_DATE = re.compile(r"(?<![_\\])[dmhysDMHYS]")
_SPAN = re.compile(r"\[hh?\]|\[mm?\]|\[ss?\]", re.IGNORECASE)
_EPOCHS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}

Take = Callable[[int, list[str]], None]


class Enough(Exception):
    """Raised by whoever takes lines: no more of this sheet is wanted."""


class Workbook:
    """A workbook known to be harmless: its visible sheets, shared strings and which styles are dates."""

    def __init__(self, data: bytes):
        self.archive, self.main = child.unpacked(data, ".xlsx")
        book = child._parsed(self.archive, self.main)
        self.rels = self._relations()
        self.sheets = [
            (one.get("name"), self._part(one))
            for one in book.iter()
            if child._local(one) == "sheet" and one.get("state", "visible") == "visible"
        ]
        base = next((one for one in book.iter() if child._local(one) == "workbookPr"), None)
        self.epoch = _EPOCHS[base is not None and base.get("date1904") in ("1", "true")]
        self.strings = self._strings()
        self.dates, self.spans = self._styles()

    def _relations(self) -> dict[str, tuple[str, str]]:
        folder, name = posixpath.split(self.main)
        tree = child._parsed(self.archive, f"{folder}/_rels/{name}.rels".lstrip("/"))
        found = {}
        for one in tree:
            target = one.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            found[one.get("Id")] = (one.get("Type", "").rpartition("/")[2], posixpath.normpath(path))
        return found

    def keywords(self) -> str:
        """Return the keywords among the properties of the workbook, empty without any."""
        if CORE not in self.archive.namelist():
            return ""
        tree = child._parsed(self.archive, CORE)
        return next((one.text or "" for one in tree if child._local(one) == "keywords"), "")[:200]

    def _part(self, sheet) -> str:
        number = next(value for key, value in sheet.attrib.items() if key.endswith("}id"))
        kind, path = self.rels[number]
        return path if kind == "worksheet" else ""

    def _of_kind(self, kind: str) -> str:
        found = (path for known, path in self.rels.values() if known == kind)
        return next((path for path in found if path in self.archive.NameToInfo), "")

    def _strings(self) -> list[str]:
        path = self._of_kind("sharedStrings")
        table = _Strings()
        if path:
            self._feed(path, table.parser)
        return table.found

    def _styles(self) -> tuple[set[str], set[str]]:
        """Return the styles, as cells name them, whose numbers are dates, and which of them spans."""
        path = self._of_kind("styles")
        if not path:
            return set(), set()
        tree = child._parsed(self.archive, path)
        own = {one.get("numFmtId"): one.get("formatCode", "") for one in tree.iter() if _is(one, "numFmt")}
        styles = next((list(one) for one in tree if _is(one, "cellXfs")), [])
        numbers = [one.get("numFmtId", "0") for one in styles]
        dates = {str(place) for place, number in enumerate(numbers) if _is_date(number, own)}
        return dates, {place for place in dates if _is_span(numbers[int(place)], own)}

    def _feed(self, path: str, parser) -> None:
        with self.archive.open(path) as source:
            while piece := source.read(PIECE):
                parser.Parse(piece, False)
        parser.Parse(b"", True)

    def merged(self, path: str) -> list[list[int]]:
        """Return the merged ranges of a sheet; read only where the word occurs at all."""
        if not self._mentions(path, b"mergeCell"):
            return []
        found: list[list[int]] = []

        def start(name: str, attributes: dict) -> None:
            if name.rpartition(":")[2] == "mergeCell":
                found.append(_range(attributes["ref"]))

        self._feed(path, _parser(start, None))
        return found

    def _mentions(self, path: str, word: bytes) -> bool:
        tail = b""
        with self.archive.open(path) as source:
            while piece := source.read(PIECE):
                if word in tail + piece:
                    return True
                tail = piece[-len(word) :]
        return False

    def lines(self, path: str, take: Take) -> int:
        """Give every line of a sheet that holds something to ``take``: its number from 0, its cells' text.

        Return how many lines the sheet says it has.
        """
        sheet = _Sheet(self, take)
        with suppress(Enough):
            self._feed(path, sheet.parser)
        return sheet.extent

    def number(self, said: str, style: str | None) -> str:
        """Return a number as it is shown: a date where its style says so."""
        value = float(said) if "." in said or "e" in said or "E" in said else int(said)
        if style not in self.dates:
            return child._shown(value)
        try:
            return child._shown(_moment(value, self.epoch, style in self.spans))
        except (OverflowError, ValueError):
            return "#VALUE!"


class _Strings:
    """The parser of the shared strings: runs of a text joined, what is only its pronunciation left out."""

    def __init__(self):
        self.found: list[str] = []
        self.texts: list[str] = []
        self.total, self.is_phonetic = 0, False
        self.parser = _parser(self.start, self.end)

    def start(self, name: str, _: dict) -> None:
        """Begin a text or a pronunciation."""
        local = name.rpartition(":")[2]
        if local == "t" and not self.is_phonetic:
            self.parser.CharacterDataHandler = self.texts.append
        elif local == "rPh":
            self.is_phonetic = True

    def end(self, name: str) -> None:
        """End a text, a pronunciation or the whole string."""
        local = name.rpartition(":")[2]
        if local == "t":
            self.parser.CharacterDataHandler = None
        elif local == "rPh":
            self.is_phonetic = False
        elif local == "si":
            self.found.append("".join(self.texts).replace("x005F_", ""))
            self.total += len(self.found[-1])
            self.texts.clear()
            if self.total > MOST_CHARACTERS:
                raise RefusedError(TOO_LARGE)


def _is(node, name: str) -> bool:
    return child._local(node) == name


def _is_date(number: str, own: dict[str, str]) -> bool:
    if number not in own:
        return number.isdigit() and int(number) in DATES
    return bool(_DATE.search(_IGNORED.sub("", own[number].split(";")[0])))


def _is_span(number: str, own: dict[str, str]) -> bool:
    if number not in own:
        return int(number) in SPANS
    return bool(_SPAN.search(own[number].split(";")[0]))


def _moment(value: float, epoch: datetime, is_span: bool):
    """Return what a serial number of Excel means: a moment, a time of day, a span."""
    if is_span:
        span = timedelta(days=value)
        rounded = round(span.microseconds, -3)
        return timedelta(seconds=span.total_seconds() // 1, microseconds=rounded) if rounded else span
    day, fraction = divmod(value, 1)
    rest = timedelta(milliseconds=round(fraction * 86_400_000))
    if 0 <= value < 1 and rest.days == 0:
        return (datetime.min + rest).time()
    if 0 < value < 60 and epoch == _EPOCHS[False]:
        day += 1
    return epoch + timedelta(days=day) + rest


def _range(reference: str) -> list[int]:
    first, _, last = reference.partition(":")
    (top, left), (bottom, right) = _place(first), _place(last or first)
    return [top, left, bottom, right]


def _place(reference: str) -> tuple[int, int]:
    letters = reference.replace("$", "").rstrip("0123456789")
    return int(reference.replace("$", "")[len(letters) :]) - 1, _column(letters)


@cache
def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - 64
    return number - 1


def _parser(start, end):
    def refuse(*_) -> None:
        raise RefusedError(child.MARKUP)

    parser = expat.ParserCreate()
    parser.buffer_text, parser.buffer_size = True, PIECE
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    return parser


class _Sheet:
    """The parser of a sheet, and where it stands; each of a million cells passes here."""

    def __init__(self, book: Workbook, take: Take):
        self.book, self.take = book, take
        self.prefix: str | None = None
        self.extent = 0  # lines, as the sheet itself says; may be wrong, or missing
        self.row = self.column = -1
        self.kind, self.style, self.is_phonetic = "n", None, False
        self.cells: list[str] = []
        self.texts: list[str] = []
        self.numbers: dict[tuple[str, str | None], str] = {}
        self.parser = _parser(self.start, self.end)
        self.ways = {
            "s": lambda said: book.strings[int(said)],
            "n": self.number,
            "b": lambda said: "是" if int(said) else "否",
            "d": _iso,
        }

    def start(self, name: str, attributes: dict) -> None:
        """Begin a line, a cell or the text of one."""
        if self.prefix != "":
            name = self.plain(name)
        if name == "c":
            place = attributes.get("r")
            self.column = _column(place.rstrip("0123456789")) if place else self.column + 1
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s")
        elif name == "v" or name == "t":
            if (name == "t") == (self.kind == "inlineStr") and not self.is_phonetic:
                self.parser.CharacterDataHandler = self.texts.append
        elif name == "row":
            self.begin(attributes.get("r"))
        elif name == "rPh":
            self.is_phonetic = True
        elif name == "dimension":
            self.extent = int(attributes.get("ref", "").rpartition(":")[2].lstrip(LETTERS) or 0)

    def end(self, name: str) -> None:
        """End a line, a cell or the text of one."""
        if self.prefix != "":
            name = self.plain(name)
        if name == "v" or name == "t":
            self.parser.CharacterDataHandler = None
        elif name == "c":
            if self.texts:
                self.put("".join(self.texts))
                self.texts.clear()
        elif name == "row":
            if self.cells:
                self.take(self.row, self.cells)
                self.cells = []
        elif name == "rPh":
            self.is_phonetic = False

    def plain(self, name: str) -> str:
        """Return a name without the prefix that the whole sheet has, which its first element tells."""
        if self.prefix is None:
            self.prefix = name.removesuffix("worksheet")
        return name.removeprefix(self.prefix)

    def begin(self, said: str | None) -> None:
        """Begin the line called ``said``, counted from 1, or the next one."""
        self.row = int(float(said)) - 1 if said else self.row + 1
        self.column = -1
        if not 0 <= self.row < MOST_ROWS:
            raise RefusedError(TOO_LARGE)

    def put(self, said: str) -> None:
        """Put the text of a cell in its place."""
        way = self.ways.get(self.kind)
        said = way(said) if way else said
        if not said:
            return
        if not 0 <= self.column < child.MOST_COLUMNS:
            raise RefusedError(TOO_LARGE)
        missing = self.column - len(self.cells)
        if missing < 0:
            self.cells[self.column] = said
        elif missing:
            self.cells += [*[""] * missing, said]
        else:
            self.cells.append(said)

    def number(self, said: str) -> str:
        """Return a number as it is shown; the same ones come again and again."""
        known = (said, self.style if self.style in self.book.dates else None)
        found = self.numbers.get(known)
        if found is None:
            if len(self.numbers) > MOST_NUMBERS:
                self.numbers.clear()
            found = self.numbers[known] = self.book.number(said, self.style)
        return found


def _iso(said: str) -> str:
    return child._shown(datetime.fromisoformat(said.replace("Z", "")))
