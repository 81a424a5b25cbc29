"""What a workbook has beside its rows: the beginning and end of a sheet, the parts around the sheets.

ECMA-376 part 1 (SpreadsheetML) and part 2 (the package): content types, relationships, properties.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from portal.spreadsheet.cells import letters_of, writable
from portal.spreadsheet.looks import GENERAL, NAMESPACE, styles, ways_of

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ALWAYS = "2024-01-01T00:00:00Z"  # the same content gives the same bytes, whenever it is written
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
A4 = 9
LONGEST_TITLE = 31
_UNNAMABLE = re.compile(r"[\[\]:*?/\\\t\n\r]")
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


@dataclass(frozen=True)
class Column:
    """One column: its header and the look of that, its width in characters, what is typed below it."""

    header: str
    width: float = 16
    look: str = "required"
    holds: str = GENERAL


@dataclass(frozen=True)
class Sheet:
    """One sheet that was written: its title, the row of its header, the columns printed on each page."""

    title: str
    header: int
    frozen: int


def free_title(wanted: str, taken: Sequence[str]) -> str:
    """Return a title as Excel takes it that no other sheet has, however its letters are written."""
    base = _UNNAMABLE.sub("", writable(wanted)).strip("'") or "Sheet"
    known, name, number = {title.casefold() for title in taken}, base[:LONGEST_TITLE].rstrip("'"), 1
    while name.casefold() in known:
        number += 1
        tail = f"（{number}）"
        name = base[: LONGEST_TITLE - len(tail)] + tail
    return name


def before_rows(columns: Sequence[Column], sheet: Sheet, *, is_first: bool) -> str:
    """Return the beginning of a worksheet part up to its rows (18.3.1.99)."""
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{c.width}" style="{ways_of("bare")[c.holds]}" customWidth="1"/>'
        for n, c in enumerate(columns, 1)
    )
    chosen = ' tabSelected="1"' if is_first else ""
    return (
        f"{DECLARATION}<worksheet {NAMESPACE}>"
        '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView{chosen} workbookViewId="0">{_pane(sheet)}</sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>'
    )


def _pane(sheet: Sheet) -> str:
    across = f' xSplit="{sheet.frozen}"' if sheet.frozen else ""
    corner = f"{letters_of(sheet.frozen + 1)}{sheet.header + 1}"
    pane = "bottomRight" if sheet.frozen else "bottomLeft"
    return (
        f'<pane{across} ySplit="{sheet.header}" topLeftCell="{corner}" activePane="{pane}" state="frozen"/>'
    )


AFTER_ROWS = (
    '</sheetData><pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>'
    f'<pageSetup paperSize="{A4}" orientation="landscape" fitToWidth="1" fitToHeight="0"/></worksheet>'
)


def around(title: str, sheets: Sequence[Sheet]) -> dict[str, str]:
    """Return name → content of every part that is no sheet."""
    return {
        "xl/styles.xml": DECLARATION + styles(),
        "xl/workbook.xml": DECLARATION + _workbook(sheets),
        "xl/_rels/workbook.xml.rels": DECLARATION + _workbook_relations(len(sheets)),
        "docProps/core.xml": DECLARATION + _properties(title),
        "_rels/.rels": DECLARATION + _relations(),
        "[Content_Types].xml": DECLARATION + _types(len(sheets)),
    }


def _workbook(sheets: Sequence[Sheet]) -> str:
    listed = "".join(
        f'<sheet name={quoteattr(sheet.title)} sheetId="{n}" r:id="rId{n}"/>'
        for n, sheet in enumerate(sheets, 1)
    )
    titles = "".join(
        f'<definedName name="_xlnm.Print_Titles" localSheetId="{n}">{escape(_printed(sheet))}</definedName>'
        for n, sheet in enumerate(sheets)
    )
    return (
        f'<workbook {NAMESPACE} xmlns:r="{_OFFICE}"><bookViews><workbookView/></bookViews>'
        f"<sheets>{listed}</sheets><definedNames>{titles}</definedNames></workbook>"
    )


def _printed(sheet: Sheet) -> str:
    name = "'" + sheet.title.replace("'", "''") + "'"
    head = f"{name}!${sheet.header}:${sheet.header}"
    return f"{name}!$A:${letters_of(sheet.frozen)},{head}" if sheet.frozen else head


def _workbook_relations(number: int) -> str:
    sheets = [(f"{_OFFICE}/worksheet", f"worksheets/sheet{n}.xml") for n in range(1, number + 1)]
    return _related([*sheets, (f"{_OFFICE}/styles", "styles.xml")])


def _relations() -> str:
    core = f"{_PACKAGE}/relationships/metadata/core-properties"
    return _related([(f"{_OFFICE}/officeDocument", "xl/workbook.xml"), (core, "docProps/core.xml")])


def _related(targets: Sequence[tuple[str, str]]) -> str:
    inside = "".join(
        f'<Relationship Id="rId{n}" Type="{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'


def _properties(title: str) -> str:
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(writable(title))}</dc:title>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{ALWAYS}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{ALWAYS}</dcterms:modified></cp:coreProperties>'
    )


def _types(number: int) -> str:
    parts = {f"/xl/worksheets/sheet{n}.xml": f"{_KIND}.worksheet+xml" for n in range(1, number + 1)}
    parts |= {"/xl/workbook.xml": f"{_KIND}.sheet.main+xml", "/xl/styles.xml": f"{_KIND}.styles+xml"}
    parts["/docProps/core.xml"] = "application/vnd.openxmlformats-package.core-properties+xml"
    inside = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in parts.items())
    return (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{inside}</Types>'
    )
