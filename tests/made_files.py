"""Files as other people's programs make them, whole and broken: built in the tests, never stored."""

import io
import zipfile
from xml.sax.saxutils import escape

from openpyxl import Workbook

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
WIDE, DOWN, COVERED = "wide", "down", "covered"


def archive(parts: dict[str, str | bytes], **options) -> bytes:
    """Return a zip of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, **options) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return file.getvalue()


def content_types(part: str, kind: str) -> str:
    """Return the part that says what the main part of a package is."""
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/{part}" ContentType="{kind}"/></Types>'
    )


def document(body: str, **parts: str | bytes) -> bytes:
    """Return a .docx with this body; ``parts`` are further members of the archive."""
    xml = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    types = content_types("word/document.xml", WORD_TYPE)
    return archive({"[Content_Types].xml": types, "word/document.xml": xml, **parts})


def docx(*blocks: str | list) -> bytes:
    """Return a .docx of lines (str) and tables (lists of rows of cells)."""
    return document("".join(table(b) if isinstance(b, list) else paragraph(b) for b in blocks))


def paragraph(words: str) -> str:
    """Return a paragraph, its words in two runs as editors leave them."""
    half = len(words) // 2
    runs = (
        f'<w:r><w:t xml:space="preserve">{escape(part)}</w:t></w:r>' for part in (words[:half], words[half:])
    )
    return f"<w:p>{''.join(runs)}</w:p>"


def table(rows: list[list]) -> str:
    """Return a table; a cell is its text, or (text, WIDE, columns), (text, DOWN), ("", COVERED)."""
    lines = ("".join(cell(content) for content in row) for row in rows)
    return "<w:tbl>" + "".join(f"<w:tr>{line}</w:tr>" for line in lines) + "</w:tbl>"


def cell(content: str | tuple) -> str:
    """Return one cell with a paragraph for each line of its text."""
    words, how, *number = content if isinstance(content, tuple) else (content, "")
    properties = {
        "": "",
        WIDE: f'<w:gridSpan w:val="{number[0] if number else 2}"/>',
        DOWN: '<w:vMerge w:val="restart"/>',
        COVERED: "<w:vMerge/>",
    }[how]
    lines = "".join(paragraph(line) for line in words.split("\n"))
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{lines}</w:tc>"


def xlsx(
    rows: list[list], *, title: str = "Sheet1", merged: tuple[str, ...] = (), **sheets: list[list]
) -> bytes:
    """Return a workbook whose first sheet holds ``rows``, with ``sheets`` of further rows by title."""
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for reference in merged:
        book.active.merge_cells(reference)
    for name, more in sheets.items():
        other = book.create_sheet(name)
        for row in more:
            other.append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    """Return a workbook as bytes."""
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def rewritten(data: bytes, changes: dict[str, bytes]) -> bytes:
    """Return a package with some members replaced or added."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    return archive({**parts, **changes})
