"""A dated catalogue as a file to take away: workbook, CSV, JSON. The same day gives the same bytes.

No file says when it was written, for that would make each one different; its address and the edition say
what it is a copy of.
"""

import json
from collections.abc import Iterator

from django.http import StreamingHttpResponse

from portal import dated, entries, exports, spreadsheet
from portal.dated import Dated
from portal.spreadsheet import Column, Page
from portal.vocabulary import BrandLevel

WIDTHS = {"编号": 16, "名称": 36}
USUAL_WIDTH = 18


def answer(found: Dated, suffix: str, address: str, site: str) -> StreamingHttpResponse:
    """Return the catalogue as a download; ``address`` is the page it is a copy of, ``site`` whose it is."""
    pieces = {
        "xlsx": lambda: as_workbook(found, address, site),
        "csv": lambda: as_csv(found),
        "json": lambda: (piece.encode() for piece in as_json(found, address, site)),
    }
    return exports.streamed(pieces[suffix](), f"{found.title}.{suffix}")


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


def as_workbook(found: Dated, address: str, site: str) -> Iterator[bytes]:
    """Yield the table as a workbook with the facts on a second sheet."""
    beside = Page("说明", [Column("项目", 12), Column("内容", 90)], facts(found, address, site).items())
    table = Page("目录", _columns(found), _lines(found), frozen=2)
    return spreadsheet.stream(found.title, [table, beside])


def as_csv(found: Dated) -> Iterator[bytes]:
    """Yield the table as CSV."""
    return spreadsheet.commas(_columns(found), _lines(found))


def _columns(found: Dated) -> list[Column]:
    return [Column(heading, WIDTHS.get(heading, USUAL_WIDTH)) for heading in headings(found)]


def _lines(found: Dated) -> Iterator[list[str]]:
    return (_cells(found, line) for line in dated.lines(found))


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
