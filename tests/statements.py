"""Sheets of 项目制培训情况统计表 as cities make them, and what a reading of one says; all of it invented."""

from pathlib import Path

from openpyxl import Workbook

from portal import importing, registry
from portal.importing import Reading
from tests import factories
from tests import made_files as made

EXAMPLE = Path(__file__).parent / "files" / "项目制培训统计表-示例-临沂.xlsx"
RETURN = registry.get("project-training-returns")
LINYI, LANSHAN, ZAOZHUANG, JINAN = "3713", "371302", "3704", "3701"

TITLE = ["项目制培训情况统计表"]
HEADER = ["市", "组织区县", "培训项目名称", "群体范围", "培训人数", "组织时间", "备注"]
DIRECT = ["临沂市", "市直", "家政服务员培训（演示）", "农村转移就业劳动者", 120, "2021年5月10日-5月28日", ""]
COUNTY = ["临沂市", "兰山区", "电焊工培训（演示）", "登记失业人员", 80, "2021年6月", ""]
PLANNED = [
    "临沂市",
    "沂水县",
    "柳编制作培训（演示）",
    "农村转移就业劳动者",
    60,
    "9月上旬（计划）",
    "计划开展",
]
SIGNED = ["填表人：演示填表人　　　　联系电话：0539-0000000　　　　填表日期：2021年6月10日"]
NOTES = [
    ["注：1.如培训项目由市直组织，“组织区县”一列填写“市直”。"],
    ["2.“组织时间”栏填写实际开展时间或计划开展时间，尽可能精确。"],
    ["3.该表由设区的市统一汇总报送。"],
]
WHOLE = [TITLE, HEADER, DIRECT, COUNTY, PLANNED, SIGNED, *NOTES]


def sheet(*lines: list, merged: tuple[str, ...] = (), title: str = "Sheet1", book: Workbook | None = None):
    """Return a workbook of these lines; cells named in ``merged`` are joined."""
    page = book.create_sheet(title) if book else (book := Workbook()).active
    page.title = title
    for line in lines:
        page.append(line)
    for area in merged:
        page.merge_cells(area)
    return book


def read(book: Workbook | bytes, place: str = LINYI, name: str = "表.xlsx") -> Reading:
    upload = book if isinstance(book, bytes) else made.saved(book)
    return importing.read_file(upload, name, RETURN, factories.filer(place))


def rows_of(reading: Reading) -> list[tuple]:
    """Return what was read of each line, in words."""
    (draft,) = reading.records
    return [tuple(row.values()) for row in importing.shown(draft, RETURN)["training_rows"]]


def errors_of(reading: Reading) -> list[tuple]:
    return [(e.sheet, e.row, e.column, e.value, e.message) for e in reading.errors]


def changed(line: list, **cells) -> list:
    """Return a line with other words in some of its columns."""
    return [cells.get(header, word) for header, word in zip(HEADER, line, strict=True)]
