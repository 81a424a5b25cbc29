"""Receipts that are written new: a text sheet with its faulty cells red, and the bare list of faults.

Every cell is text, so nothing in it can become a formula.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

import headers

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
BEGIN = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PLAIN, RED, REASON, HEAD = range(4)
LISTED = ["表", "行", "栏", "填的内容", "问题"]
LIST_WIDTHS, WIDE = [16, 8, 24, 40, 70], 60
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{SHEET}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEET}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><fonts count="3"><font><sz val="11"/></font>'
    '<font><sz val="11"/><color rgb="FFA3152A"/></font><font><b/><sz val="11"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid">'
    '<fgColor rgb="FFF9C0C8"/><bgColor indexed="64"/></patternFill></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4">'
    + "".join(
        f'<xf numFmtId="49" fontId="{font}" fillId="{fill}" borderId="0" xfId="0" applyNumberFormat="1" '
        f'applyFont="1" applyFill="1" applyAlignment="1"><alignment vertical="top"{wrap}/></xf>'
        for font, fill, wrap in ((0, 0, ""), (0, 2, ""), (1, 0, ' wrapText="1"'), (2, 0, ""))
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>",
}


def marked(data: bytes, asked: dict) -> bytes:
    """Return a text sheet as a workbook, its faulty cells red, each line's reasons behind it."""
    from child import sheet_of_text

    (table,) = sheet_of_text(data)
    rows = table["rows"]
    heads = {number: dict(enumerate(row, 1)) for number, row in enumerate(rows[: headers.WITHIN], 1)}
    header, places = headers.found(heads, [*asked["labels"], asked["column"]])
    faults = [fault for sheet in asked["sheets"].values() for fault in sheet]
    marks = headers.Marks(faults, header, places)
    column = places.get(headers.key(asked["column"])) or max(map(len, rows), default=0) + 1
    lines = _lines(rows, marks, column, asked["column"])
    return _workbook(table["name"], lines, marks.first, [(column, WIDE)], frozen=max(1, header))


def _lines(rows: list, marks: headers.Marks, column: int, title: str) -> Iterator[list]:
    for number in range(1, max([len(rows), *marks.told]) + 1):
        words = list(rows[number - 1]) if number <= len(rows) else []
        words += [""] * (column - len(words))
        is_head = number == marks.header
        words[column - 1] = title if is_head else "\n".join(marks.told.get(number, ()))
        faulty = marks.red.get(number, ())
        looks = [RED if place in faulty else PLAIN for place in range(1, len(words) + 1)]
        looks[column - 1] = HEAD if is_head else REASON
        yield list(zip(words, looks, strict=True))


def listed(lines: list[list]) -> bytes:
    """Return a workbook with one line a fault: sheet, row, column, what stands there, what is wrong."""
    widths = list(enumerate(LIST_WIDTHS, 1))
    found = [[(word, HEAD) for word in LISTED]] + [[(str(word), PLAIN) for word in line] for line in lines]
    return _workbook("错误说明", found, (2, 5), widths, frozen=1)


def _workbook(name: str, lines: Iterable, first: tuple, widths: list, frozen: int) -> bytes:
    made = io.BytesIO()
    book = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        f'<sheet name="{_attribute(name)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in {**PARTS, "xl/workbook.xml": book}.items():
            archive.writestr(part, BEGIN + content)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for piece in _sheet(lines, first, widths, frozen):
                sheet.write(piece.encode())
    return made.getvalue()


def _sheet(lines: Iterable, first: tuple[int, int], widths: list, frozen: int) -> Iterator[str]:
    at = f"{letters(first[1])}{first[0]}"
    top = max(first[0] - 3, frozen + 1)
    yield f'{BEGIN}<worksheet xmlns="{MAIN}"><sheetViews><sheetView tabSelected="1" workbookViewId="0">'
    yield f'<pane ySplit="{frozen}" topLeftCell="A{top}" activePane="bottomLeft" state="frozen"/>'
    yield f'<selection pane="bottomLeft" activeCell="{at}" sqref="{at}"/></sheetView></sheetViews><cols>'
    yield from (f'<col min="{n}" max="{n}" width="{wide}" customWidth="1"/>' for n, wide in widths)
    yield "</cols><sheetData>"
    for number, line in enumerate(lines, 1):
        yield f'<row r="{number}">{"".join(_cells(number, line))}</row>'
    yield "</sheetData></worksheet>"


def _cells(number: int, line: list) -> Iterator[str]:
    for place, (word, look) in enumerate(line, 1):
        if word or look == RED:
            at = f'r="{letters(place)}{number}" s="{look}"'
            yield f'<c {at} t="inlineStr"><is><t xml:space="preserve">{escape(writable(word))}</t></is></c>'


def _attribute(word: str) -> str:
    return escape(writable(word), {'"': "&quot;"})


def writable(word: str) -> str:
    """Return text as XML and a cell can hold it."""
    kept = "".join(c for c in word if c in "\t\n\r" or " " <= c <= "\ud7ff" or c >= "\ue000")
    return kept.replace("\ufffe", "").replace("\uffff", "")[:32_767]


def letters(column: int) -> str:
    """Return what a column is called, counted from 1."""
    word = ""
    while column:
        column, rest = divmod(column - 1, 26)
        word = chr(ord("A") + rest) + word
    return word
