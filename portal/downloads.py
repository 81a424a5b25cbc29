"""A dated catalogue as a file to take away: workbook, CSV, JSON. The same day gives the same bytes.

No file says when it was written, for that would make each one different; its address and the edition say
what it is a copy of.
"""

import csv
import json
from collections.abc import Iterator
from io import BytesIO

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from openpyxl import Workbook

from portal import dated, entries, spreadsheet, workbook
from portal.dated import Dated
from portal.vocabulary import BrandLevel
from portal.workbook import Pen

CSV_TYPE, JSON_TYPE = "text/csv; charset=utf-8", "application/json"
BOM = "\ufeff"  # without it a spreadsheet takes UTF-8 for GBK
# A cell that begins so would be run as a formula by the spreadsheet that opens the CSV.
LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def answer(found: Dated, suffix: str, address: str, site: str) -> HttpResponseBase:
    """Return the catalogue as a download; ``address`` is the page it is a copy of, ``site`` whose it is."""
    name = f"{found.title}.{suffix}"
    if suffix == "xlsx":
        data = BytesIO(as_workbook(found, address, site))
        return FileResponse(data, as_attachment=True, filename=name, content_type=spreadsheet.CONTENT_TYPE)
    pieces = as_csv(found) if suffix == "csv" else as_json(found, address, site)
    media_type = CSV_TYPE if suffix == "csv" else JSON_TYPE
    encoded = (piece.encode() for piece in pieces)
    sent = {"Content-Disposition": content_disposition_header(True, name)}
    return StreamingHttpResponse(encoded, content_type=media_type, headers=sent)


def headings(found: Dated) -> list[str]:
    """Return the first line of the table."""
    level = ["级别"] if found.record_type.levelled else []
    own = entries.columns_then(found.record_type).values()
    return ["编号", "名称", *level, "区划代码", "地区", *own, "公布文号", "发布机构", "公布日期"]


def _cells(found: Dated, line: dict) -> list[str]:
    level = [str(dict(BrandLevel.choices).get(line["level"], ""))] if found.record_type.levelled else []
    place = [line["region"]["code"], line["region"]["name"]]
    about = [line["document_number"], line["publisher"], line["valid_from"]]
    return [line["code"], line["name"], *level, *place, *line["fields"].values(), *about]


def facts(found: Dated, address: str, site: str) -> dict[str, str]:
    """Return what stands beside the table: name, document, day, where it comes from, how to cite it."""
    edition = found.edition
    known = {
        "目录": f"{found.place}{found.record_type.label}目录",
        "版次": edition.name if edition else "",
        "文号": edition.document_number if edition else "",
        "基准日期": f"{found.day}",
        "说明": "演示版次，内容为虚构。" if edition and edition.is_demo else "",
        "来源": site,
        "网址": address,
        "引用": found.citation(address),
    }
    return {name: value for name, value in known.items() if value}


def as_workbook(found: Dated, address: str, site: str) -> bytes:
    """Return the table as a workbook with the facts on a second sheet."""
    book = Workbook(write_only=True)
    table = Pen(book.create_sheet("目录"))
    table.sheet.freeze_panes, table.sheet.print_title_rows = "C2", "1:1"
    workbook.print_across(table.sheet)
    for letter, width in zip("ABCDEFGHIJKLMN", [16, 36, *[18] * 12], strict=True):
        table.sheet.column_dimensions[letter].width = width
    table.line(headings(found), "required")
    for line in dated.lines(found):
        table.line(_cells(found, line))
    beside = Pen(book.create_sheet("说明"))
    beside.sheet.column_dimensions["A"].width, beside.sheet.column_dimensions["B"].width = 12, 90
    for pair in facts(found, address, site).items():
        beside.line(pair)
    return workbook.saved(book, found.title)


def as_csv(found: Dated) -> Iterator[str]:
    """Yield the table as CSV (RFC 4180) with a byte order mark; no cell is a formula."""
    yield BOM + _row(headings(found))
    for line in dated.lines(found):
        yield _row(_cells(found, line))


class _Echo:
    """What ``csv.writer`` writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def _row(cells: list[str]) -> str:
    return csv.writer(_Echo()).writerow([plain(cell) for cell in cells])


def plain(cell: str) -> str:
    """Return a cell that no spreadsheet runs: one that looks like a formula gets an apostrophe before it."""
    return f"'{cell}" if cell.startswith(LIKE_A_FORMULA) else cell


def as_json(found: Dated, address: str, site: str) -> Iterator[str]:
    """Yield one JSON object: what it is a copy of, the columns, then ``entries`` by code."""
    edition = found.edition
    head = {
        "catalogue": found.record_type.slug,
        "label": found.record_type.label,
        "on": found.day.isoformat(),
        "region": {"code": found.region.pk, "name": found.region.name},
        "edition": edition
        and {
            "name": edition.name,
            "document_number": edition.document_number,
            "on": edition.on.isoformat(),
            "is_demo": edition.is_demo,
        },
        "source": {"site": site, "address": address, "basis": found.record_type.basis},
        "citation": found.citation(address),
        "columns": entries.columns_then(found.record_type),
    }
    yield _dumped(head)[:-1] + ', "entries": ['
    before = "\n"
    for line in dated.lines(found):
        yield before + _dumped(line)
        before = ",\n"
    yield "\n]}\n"


def _dumped(data: dict) -> str:
    return json.dumps(data, ensure_ascii=False)
