"""Files that somebody made to do harm, each with the sentence it is refused with: made here, never stored."""

import io
import zipfile
from collections.abc import Iterator

from portal.sandbox import child
from tests import films
from tests import made_files as made


def zipped_xml(text: str) -> bytes:
    return made.rewritten(made.docx([["甲"]]), {"word/document.xml": text.encode()})


def encrypted() -> bytes:
    data = bytearray(made.docx([["甲"]]))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        data[place + offset] |= 1
    return bytes(data)


def sheet(rows: str, rest: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xml = f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData>{rest}</worksheet>'
    return made.rewritten(made.xlsx([["甲"]]), {"xl/worksheets/sheet1.xml": xml.encode()})


def far_away(column: str, row: int) -> bytes:
    return sheet(f'<row r="{row}"><c r="{column}{row}" t="inlineStr"><is><t>远</t></is></c></row>')


def merged_over_everything() -> bytes:
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in range(1, 9_001))
    return sheet(rows, '<mergeCells><mergeCell ref="A1:BH9000"/><mergeCell ref="B1:BH9000"/></mergeCells>')


ENTITIES = '<!DOCTYPE w [<!ENTITY a "哈"><!ENTITY b "&a;&a;&a;&a;">]><w>&b;</w>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
HOSTILE = {
    "an empty file": (b"", ".docx", child.EMPTY),
    "blank lines": (b" \r\n\t\n", ".csv", child.EMPTY),
    "a mark of byte order and nothing else": (b"\xef\xbb\xbf", ".csv", child.EMPTY),
    "a picture named .docx": (b"\x89PNG\r\n\x1a\n" + bytes(64), ".docx", child.PICTURE),
    "a photograph named .xlsx": (b"\xff\xd8\xff\xe0" + bytes(64), ".xlsx", child.PICTURE),
    "a PDF named .docx": (b"%PDF-1.7\n", ".docx", child.PDF),
    "a .doc renamed": (OLE, ".docx", child.OLD_OFFICE),
    "an .xls renamed": (OLE, ".xlsx", child.OLD_OFFICE),
    "a document with a password": (OLE + "EncryptedPackage".encode("utf-16-le"), ".docx", child.LOCKED),
    "an encrypted zip": (encrypted(), ".docx", child.LOCKED),
    "half of a document": (made.docx([["甲"]])[:200], ".docx", child.BROKEN),
    "words named .docx": ("品牌项目名称".encode(), ".docx", child.BROKEN),
    "a web page named .xlsx": (b"<html><table></table></html>", ".xlsx", child.BROKEN),
    "a zip of something else": (made.archive({"a.txt": "甲"}), ".docx", child.BROKEN),
    "a document named .csv": (made.docx([["甲"]]), ".csv", child.BROKEN),
    "a document without a table": (made.docx("只有文字"), ".docx", child.NO_TABLE),
    "an empty workbook": (made.xlsx([]), ".xlsx", child.NO_TABLE),
    "an entity bomb": (zipped_xml(ENTITIES), ".docx", child.MARKUP),
    "a file drawn in by an entity": (
        zipped_xml('<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/hostname">]><w>&a;</w>'),
        ".docx",
        child.MARKUP,
    ),
    "an entity in UTF-16": (
        made.rewritten(made.docx([["甲"]]), {"word/extra.xml": ENTITIES.encode("utf-16")}),
        ".docx",
        child.MARKUP,
    ),
    "broken markup": (zipped_xml("<w:document"), ".docx", child.BROKEN),
    "markup nested without end": (zipped_xml("<w>" * 200_000), ".docx", child.BROKEN),
    "tables in tables without end": (
        made.document("<w:tbl><w:tr><w:tc><w:p/><w:p/>" * 2_000 + "</w:tc></w:tr></w:tbl>" * 2_000),
        ".docx",
        child.BROKEN,
    ),
    "a member that unpacks to 110 MB": (
        made.rewritten(made.docx([["甲"]]), {"word/media/a.bin": bytes(110 * 2**20)}),
        ".docx",
        child.BOMB,
    ),
    "a member of zeros, a thousandth packed": (
        made.rewritten(made.docx([["甲"]]), {"word/media/a.bin": bytes(3 * 2**20)}),
        ".docx",
        child.BOMB,
    ),
    "250 members": (made.document("", **{f"a{n}.xml": "<a/>" for n in range(250)}), ".docx", child.BOMB),
    "a document with macros": (made.document("", **{"word/vbaProject.bin": b"x"}), ".docx", child.MACROS),
    "a workbook for macros": (
        made.archive(
            {
                "[Content_Types].xml": made.content_types(
                    "xl/workbook.xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
                )
            }
        ),
        ".xlsx",
        child.MACROS,
    ),
    "a workbook that links another": (
        made.rewritten(made.xlsx([["甲"]]), {"xl/externalLinks/externalLink1.xml": b"<a/>"}),
        ".xlsx",
        child.LINKED,
    ),
    "a cell in the last row": (far_away("A", 1_048_576), ".xlsx", child.TOO_LARGE),
    "a cell in the last column": (far_away("XFD", 1), ".xlsx", child.TOO_LARGE),
    "20,001 rows": (made.xlsx([["甲"]] * 20_001), ".xlsx", child.TOO_LARGE),
    "61 columns": (made.xlsx([["甲"] * 61]), ".xlsx", child.TOO_LARGE),
    "61 columns of text": (b"a," * 60 + b"a\n", ".csv", child.TOO_LARGE),
    "merged cells over everything": (merged_over_everything(), ".xlsx", child.TOO_LARGE),
    "a document of spans": (
        made.docx([[("甲", made.WIDE, 1_000_000)]]),
        ".docx",
        child.TOO_LARGE,
    ),
    "more text than anyone writes": ((b"a" * 300 + b"\n") * 19_000, ".csv", child.TOO_LARGE),
    "NUL in a text": ("名称,\0说明\n".encode(), ".csv", child.NULS),
    "two encodings in one file": ("名称\n".encode("gbk") + "鲁锦工艺\n".encode(), ".csv", child.MIXED),
    "bytes of no encoding": (b"\xff\xff\xff\n", ".csv", child.MIXED),
}


ROWS, STRINGS = 1_048_576, 3_000_000
EXTERNAL = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId9" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" '
    'Target="{address}" TargetMode="External"/></Relationships>'
)


def zeros(member: str, megabytes: int) -> bytes:
    """Return a workbook of some kilobytes with a member that unpacks to so many megabytes of text."""
    file = io.BytesIO(made.xlsx([["甲"]]))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as book, book.open(member, "w") as target:
        for _ in range(megabytes):
            target.write(b"<si><t>a</t></si>" * (2**20 // 17))
    return file.getvalue()


def many_rows(number: int) -> bytes:
    """Return a workbook that really has so many rows, each of one short cell."""
    return sheet("".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in range(1, number + 1)))


def remote(address: str) -> bytes:
    """Return a document that names a template, a picture and a part of another server."""
    relations = EXTERNAL.format(address=address).encode()
    parts = {"word/_rels/document.xml.rels": relations, "word/_rels/settings.xml.rels": relations}
    return made.rewritten(made.docx([["品牌项目名称", "甲"]]), parts)


def heavy(is_long: bool) -> Iterator[tuple[str, bytes, str]]:
    """Yield (what it is, content, suffix) of files that ask for more time or memory than they are worth.

    Facts 4 and faults F16 and F17 of the security reference: the plain readers took 3 GB or two minutes.
    """
    yield "a sparse sheet to XFD1048576", far_away("XFD", ROWS), ".xlsx"
    yield (
        "two cells, the last far away",
        sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        ".xlsx",
    )
    yield (
        "merged over everything",
        sheet(
            '<row r="1"><c r="A1"><v>1</v></c></row>',
            '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
        ),
        ".xlsx",
    )
    yield "a text of six megabytes in a quote", b'a,"' + b"x" * 6 * 2**20, ".csv"
    yield "quotes without end", b'"' * 6 * 2**20, ".csv"
    yield "a member of 120 MB", zeros("xl/extra.xml", 120), ".xlsx"
    if is_long:
        yield "a million rows", many_rows(ROWS), ".xlsx"
        yield "three million texts", zeros("xl/more.xml", STRINGS * 17 // 2**20), ".xlsx"
        yield "a member of a gigabyte", zeros("xl/extra.xml", 1024), ".xlsx"


#: Names as attackers send them; each is kept as one harmless word and never becomes a path.
NAMES = [
    "../../../etc/passwd.pdf",
    "..\\..\\..\\boot.pdf",
    "/etc/cron.d/x.pdf",
    "C:\\Windows\\x.pdf",
    "a\r\nSet-Cookie: x=1\r\n.pdf",
    "长" * 300 + ".pdf",
    "CON.pdf",
    "NUL.pdf",
    "a\u202efdp.exe.pdf",
    "a\x00.php.pdf",
    ".pdf",
    "....pdf",
    "a.pdf::$DATA.pdf",
    '"><script>alert(1)</script>.pdf',
    "-rf *.pdf",
    "a/../b/./c.pdf",
]


def media_files() -> dict[str, tuple[str, str, bytes]]:
    """Return what it is → (slot of a city's brand, name, content) of files that are no picture or video."""
    polyglot = films.picture() + b"<script>alert(1)</script><?php system($_GET[0]); ?>"
    return {
        "a program as PDF": ("stamped_scan", "盖章.pdf", b"MZ\x90\0" + bytes(600)),
        "a page as JPG": ("pictures", "a.jpg", b"<!DOCTYPE html><script>alert(1)</script>"),
        "a page behind the mark of a GIF": ("pictures", "a.jpg", b"GIF89a/*<script>*/=1;alert(1)"),
        "a GIF as JPG": ("pictures", "a.jpg", films.picture(form="GIF")),
        "a BMP as PNG": ("pictures", "a.png", films.picture(form="BMP")),
        "a TIFF as JPG": ("pictures", "a.jpg", films.picture(form="TIFF")),
        "a WEBP as JPG": ("pictures", "a.jpg", films.picture(form="WEBP")),
        "a picture of 169 megapixels": ("pictures", "a.png", films.huge_png(13_000)),
        "half a picture": ("pictures", "a.jpg", films.picture(size=(900, 900))[:3000]),
        "a drawing with a script": (
            "pictures",
            "a.png",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>",
        ),
        "a polyglot as video": ("video", "a.mp4", polyglot),
        "a workbook as video": ("video", "a.mov", made.xlsx([["甲"]])),
        "an archive as scan": ("stamped_scan", "盖章.pdf", made.archive({"a.exe": b"MZ"})),
    }
