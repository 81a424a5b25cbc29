"""Runs in the child process of ``portal.sandbox``: a file on stdin, its tables as JSON on stdout.

Started by path in an isolated interpreter; imports nothing of ours and no Django.
"""

import csv
import io
import json
import os
import re
import resource
import sys
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time

MEMORY, CPU_SECONDS, OPEN_FILES = 512 * 2**20, 25, 64
MOST_MEMBERS, MOST_UNPACKED, MOST_RATIO, SMALL = 200, 100 * 2**20, 100, 2**20
MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 20_000, 60, 5_000_000
MOST_COVERED = 200_000  # cells hidden by merged ones

NOTHING = "没有保存任何内容"
EMPTY = f"文件是空的，{NOTHING}；请选择填好的文件再上传。"
BROKEN = f"文件已损坏，或者不是 Office 文件，{NOTHING}；请用 Word、WPS 或 Excel 另存一份后再上传。"
PICTURE = f"文件内容是图片，扩展名却不是，{NOTHING}；请上传 Word 或 Excel 文件本身，不要上传截图或扫描件。"
PDF = f"文件内容是 PDF，{NOTHING}；请上传 Word 或 Excel 原件。"
OLD_OFFICE = f"文件是旧版 .doc 或 .xls 格式，{NOTHING}；请用 Office 或 WPS 另存为 .docx 或 .xlsx 后再上传。"
LOCKED = f"文件设了打开密码，{NOTHING}；请取消密码后再上传。"
MACROS = f"文件里带有宏，{NOTHING}；请另存为不带宏的 .docx 或 .xlsx 后再上传。"
LINKED = f"工作簿链接了别的文件，{NOTHING}；请断开链接，另存一份后再上传。"
MARKUP = f"文件里有不允许的文档类型声明，{NOTHING}；请用 Word、WPS 或 Excel 另存一份后再上传。"
BOMB = f"文件解开后过大，{NOTHING}；请新建一个文件，只粘贴需要的内容后再上传。"
TOO_LARGE = f"表格超过 {MOST_ROWS:,} 行、{MOST_COLUMNS} 列或文字过多，{NOTHING}；请分成几个文件后再上传。"
NO_TABLE = f"文件里没有表格，{NOTHING}；请使用附件原表或下载的模板填写。"
NULS = f"文件里有二进制内容，不是文字，{NOTHING}；请用 Excel 或 WPS 另存为 .xlsx 后再上传。"
MIXED = f"文件混用了几种文字编码，{NOTHING}；请用 Excel 或 WPS 另存为 .xlsx 后再上传。"

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\0", b"MM\0*")
_DECLARATION = re.compile(rb"<\0?!\0?(D\0?O\0?C\0?T|E\0?N\0?T\0?I)", re.IGNORECASE)
_MAIN_PARTS = {
    ".docx": re.compile(r"wordprocessingml\.(document|template)\.main\+xml$"),
    ".xlsx": re.compile(r"spreadsheetml\.(sheet|template)\.main\+xml$"),
}


class RefusedError(Exception):
    """The file is not one to be read; the text is the sentence for its sender."""


def confine(memory: int = MEMORY) -> None:
    """Bind this process to its memory and time; it may write no file and leave no core."""
    seconds = min(CPU_SECONDS, int(os.environ.get("CPU_SECONDS", CPU_SECONDS)))
    limits = {"AS": memory, "CPU": seconds, "FSIZE": 0, "CORE": 0, "NOFILE": OPEN_FILES}
    for name, most in limits.items():
        what = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(what)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))


def answer(data: bytes, suffix: str) -> dict:
    """Return ``{"tables": [...]}``, or ``{"refused": sentence}``."""
    try:
        _refuse_by_signature(data, suffix)
        tables = {".docx": word, ".xlsx": workbook, ".csv": sheet_of_text}[suffix](data)
        if not any(any(row) for table in tables for row in table["rows"]):
            raise RefusedError(NO_TABLE)
        _refuse_too_much(tables)
        return {"tables": tables}
    except RefusedError as refusal:
        return {"refused": str(refusal)}
    except MemoryError:
        return {"refused": BOMB}
    except Exception:
        return {"refused": BROKEN}


def _refuse_by_signature(data: bytes, suffix: str) -> None:
    if not data.strip():
        raise RefusedError(EMPTY)
    if data.startswith(PICTURES):
        raise RefusedError(PICTURE)
    if data.startswith(b"%PDF"):
        raise RefusedError(PDF)
    if data.startswith(OLE):
        raise RefusedError(LOCKED if "EncryptedPackage".encode("utf-16-le") in data else OLD_OFFICE)
    if data.startswith(b"PK") != (suffix != ".csv"):
        raise RefusedError(BROKEN)


def _refuse_too_much(tables: list[dict]) -> None:
    texts = (text for table in tables for row in [*table["rows"], table["before"]] for text in row)
    merged = (m for table in tables for m in table["merged"])
    covered = sum((bottom - top + 1) * (right - left + 1) for top, left, bottom, right in merged)
    if sum(map(len, texts)) > MOST_CHARACTERS or covered > MOST_COVERED:
        raise RefusedError(TOO_LARGE)


def unpacked(data: bytes, suffix: str) -> tuple[zipfile.ZipFile, str]:
    """Return the archive, once it is known to be harmless, and the name of its main part."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    members = archive.infolist()
    if any(member.flag_bits & 1 for member in members):
        raise RefusedError(LOCKED)
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > MOST_UNPACKED:
        raise RefusedError(BOMB)
    if any(m.file_size > SMALL and m.file_size > MOST_RATIO * m.compress_size for m in members):
        raise RefusedError(BOMB)
    names = [member.filename.lower() for member in members]
    if any("vbaproject" in name for name in names):
        raise RefusedError(MACROS)
    if any("externallink" in name for name in names):
        raise RefusedError(LINKED)
    if any(_declares(archive, m) for m in members if m.filename.lower().endswith((".xml", ".rels", ".vml"))):
        raise RefusedError(MARKUP)
    return archive, _main_part(archive, suffix)


def _declares(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    tail = b""
    with archive.open(member) as file:
        while chunk := file.read(2**16):
            if _DECLARATION.search(tail + chunk):
                return True
            tail = chunk[-32:]
    return False


def _main_part(archive: zipfile.ZipFile, suffix: str) -> str:
    parts = _parsed(archive, "[Content_Types].xml").iter()
    kinds = {part.get("PartName"): part.get("ContentType", "") for part in parts if part.get("PartName")}
    if any("macroEnabled" in kind for kind in kinds.values()):
        raise RefusedError(MACROS)
    found = {
        end: name for name, kind in kinds.items() for end, main in _MAIN_PARTS.items() if main.search(kind)
    }
    if suffix not in found and found:
        actual = next(iter(found))
        raise RefusedError(f"文件内容是 {actual}，扩展名却是 {suffix}，{NOTHING}；请改正扩展名后再上传。")
    return found[suffix].lstrip("/")


def _parsed(archive: zipfile.ZipFile, name: str):
    from defusedxml.ElementTree import fromstring

    return fromstring(archive.read(name), forbid_dtd=True)


# --- Word -------------------------------------------------------------------------------------------------

_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# Deleted text, and the second copy of a text box that old readers get.
_SKIPPED = {"del", "moveFrom", "Fallback", "pPr", "rPr", "tblPr", "trPr", "tcPr"}


def word(data: bytes) -> list[dict]:
    """Return the tables of a Word document with the lines of text before each."""
    root = _parsed(*unpacked(data, ".docx"))
    tables, lines = [], []
    for block in _blocks(root):
        if _local(block) == "tbl":
            tables.append({"name": f"表{len(tables) + 1}", "before": lines, **_word_table(block)})
            lines = []
        else:
            lines = lines + [line for line in _text(block).split("\n") if line.strip()]
        if tables:
            tables[-1]["after"] = lines
    return tables


def _local(node) -> str:
    return node.tag.rpartition("}")[2]


def _children(node, name: str) -> Iterator:
    """Yield the children called ``name``, also those in content controls and tracked insertions."""
    for child in node:
        if _local(child) == name:
            yield child
        elif _local(child) in ("sdt", "sdtContent", "ins", "moveTo", "customXml"):
            yield from _children(child, name)


def _blocks(node) -> Iterator:
    for child in node:
        if _local(child) == "p" or (_local(child) == "tbl" and not _is_frame(child)):
            yield child
        elif _local(child) not in _SKIPPED:
            yield from _blocks(child)


def _is_frame(table) -> bool:
    """Say whether a table is one cell around others, drawn for the layout only."""
    cells = [cell for row in _children(table, "tr") for cell in _children(row, "tc")]
    return len(cells) == 1 and any(_local(node) == "tbl" for node in cells[0].iter())


def _text(node) -> str:
    parts = []
    for child in node:
        name = _local(child)
        if name == "t":
            parts.append(child.text or "")
        elif name in _BREAKS:
            parts.append(_BREAKS[name])
        elif name not in _SKIPPED:
            parts.append(_text(child) + ("\n" if name == "p" else ""))
    return "".join(parts)


def _word_table(table) -> dict:
    rows, merged, open_below = [], [], {}
    for number, row in enumerate(_children(table, "tr")):
        cells, column = [""] * _number(row, "trPr", "gridBefore", 0), 0
        column = len(cells)
        for cell in _children(row, "tc"):
            wide = max(1, _number(cell, "tcPr", "gridSpan", 1))
            _within(number, column + wide - 1)
            continues = _continues(cell) and column in open_below
            cells += ["" if continues else _text(cell).strip("\n")] + [""] * (wide - 1)
            if continues:
                open_below[column][2] = number
            else:
                open_below[column] = [number, column, number, column + wide - 1]
                merged.append(open_below[column])
            column += wide
        rows.append(cells)
    return {"rows": rows, "merged": [m for m in merged if m[:2] != m[2:]]}


def _property(node, holder: str, name: str):
    found = next(iter(_children(node, holder)), ())
    return next((child for child in found if _local(child) == name), None)


def _number(node, holder: str, name: str, default: int) -> int:
    found = _property(node, holder, name)
    values = [] if found is None else [v for k, v in found.attrib.items() if k.endswith("val")]
    number = int(values[0]) if values else default
    if not 0 <= number <= MOST_COLUMNS:
        raise RefusedError(TOO_LARGE)
    return number


def _continues(cell) -> bool:
    found = _property(cell, "tcPr", "vMerge")
    return found is not None and "restart" not in found.attrib.values()


def _within(row: int, column: int) -> None:
    if row >= MOST_ROWS or column >= MOST_COLUMNS:
        raise RefusedError(TOO_LARGE)


# --- Excel ------------------------------------------------------------------------------------------------


def workbook(data: bytes) -> list[dict]:
    """Return the visible sheets of a workbook; formulas count as the values they had when it was saved."""
    unpacked(data, ".xlsx")
    warnings.simplefilter("ignore")
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    return [_sheet(book, sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"]


def _sheet(book, sheet) -> dict:
    rows: dict[int, list[str]] = {}
    merged: list[list[int]] = []
    with book._archive.open(sheet._worksheet_path) as source:
        for row, column, text in _cells(book, sheet, source, merged):
            _within(row, column)
            cells = rows.setdefault(row, [])
            cells += [""] * (column + 1 - len(cells))
            cells[column] = text
    filled = [rows.get(number, []) for number in range(max(rows, default=-1) + 1)]
    return {"name": sheet.title, "before": [], "rows": filled, "merged": _seen(merged, len(filled))}


def _cells(book, sheet, source, merged: list) -> Iterator[tuple[int, int, str]]:
    # openpyxl's public reader of large sheets drops merged ranges and cuts wide rows without a word;
    # its own parser of cells underneath does neither.
    from defusedxml.ElementTree import iterparse
    from openpyxl.utils import range_boundaries
    from openpyxl.worksheet._reader import ROW_TAG, WorkSheetParser

    parser = WorkSheetParser(
        source,
        sheet._shared_strings,
        data_only=True,
        epoch=book.epoch,
        date_formats=book._date_formats,
        timedelta_formats=book._timedelta_formats,
    )
    for _, element in iterparse(source, forbid_dtd=True):
        if element.tag == ROW_TAG:
            _, cells = parser.parse_row(element)
            yield from ((c["row"] - 1, c["column"] - 1, t) for c in cells if (t := _shown(c["value"])))
            parser.row_dimensions.clear()
            element.clear()
        elif element.tag.endswith("}mergeCell"):
            left, top, right, bottom = range_boundaries(element.get("ref"))
            merged.append([top - 1, left - 1, bottom - 1, right - 1])


def _seen(merged: Iterable[list[int]], rows: int) -> list[list[int]]:
    """Cut merged ranges to what is read: a merged whole column covers a million cells."""
    last = MOST_COLUMNS - 1
    return [[t, le, min(b, rows - 1), min(r, last)] for t, le, b, r in merged if t < rows and le <= last]


def _shown(value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return format(value, ".15g")
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M")
    return value.isoformat() if isinstance(value, date) else str(value)


# --- CSV --------------------------------------------------------------------------------------------------


def sheet_of_text(data: bytes) -> list[dict]:
    """Return a CSV file as one sheet; comma, tab or semicolon, whichever its first line holds most of."""
    text = _decoded(data)
    if not text.strip():
        raise RefusedError(EMPTY)
    first = next(line for line in text.splitlines() if line.strip())
    csv.field_size_limit(MOST_CHARACTERS)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",\t;", key=first.count)))
    _within(len(rows) - 1, max(map(len, rows)) - 1)
    return [{"name": "表1", "before": [], "rows": rows, "merged": []}]


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    if b"\0" in data:
        raise RefusedError(NULS)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "gb18030" and any(map(_is_utf8, data.splitlines())):
            raise RefusedError(MIXED)
        return text
    raise RefusedError(MIXED)


def _is_utf8(line: bytes) -> bool:
    """Say whether a line of a file that is not UTF-8 holds Chinese in UTF-8 all the same."""
    try:
        return any(ord(character) > 0x7FF for character in line.decode())
    except UnicodeDecodeError:
        return False


if __name__ == "__main__":
    confine()
    reply = answer(sys.stdin.buffer.read(), sys.argv[1])
    sys.stdout.buffer.write(json.dumps(reply, ensure_ascii=False).encode())
