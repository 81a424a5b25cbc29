"""The workbook to fill past results into: the type's own template with whose, by which document and when."""

from copy import copy
from io import BytesIO

from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from portal import excel
from portal.historical_rows import DAY, NUMBER
from portal.importing.lines import BUREAU, REGION
from portal.registry import RecordType

NOTES = {
    BUREAU: "当时报送这一条的人社部门全称；只有所属区划时可以不填。",
    REGION: "报送单位所在的区划全称，如“济南市市中区”；有同名的必须填写。",
    NUMBER: "作出结论的文件的文号，如“鲁人社函〔2023〕102号”；上传时统一填写的可以不填。",
    DAY: "作出结论的日期，如 2023-04-28；上传时统一填写的可以不填。",
}
SAMPLE = {
    BUREAU: "奎文区人力资源和社会保障局",
    REGION: "潍坊市奎文区",
    NUMBER: "演示文〔2023〕1号",
    DAY: "2023-04-28",
}
WIDTH, LINES = 28, 1_000


def workbook_of(record_type: RecordType) -> bytes:
    """Return the template of past results; child sheets may say whose a line is."""
    book = load_workbook(BytesIO(excel.template_workbook(record_type)))
    main, *others = [one for one in book.worksheets if one.sheet_state == "visible"]
    _widen(main, (BUREAU, REGION, NUMBER, DAY))
    for sheet in others[: len(record_type.rows)]:
        _widen(sheet, (BUREAU, REGION))
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def _widen(sheet: Worksheet, headers: tuple[str, ...]) -> None:
    """Add columns behind the last one, open to be filled in."""
    first = sheet.max_column + 1
    for place, header in enumerate(headers, first):
        cell, letter = sheet.cell(1, place, header), get_column_letter(place)
        cell._style = copy(sheet.cell(1, 1)._style)
        cell.comment = Comment(NOTES[header], "填报说明", width=280, height=80)
        sample = sheet.cell(2, place, SAMPLE[header])
        sample._style = copy(sheet.cell(2, 1)._style)
        column = sheet.column_dimensions[letter]
        column.width, column.protection = WIDTH, Protection(locked=False)
        column.number_format = "@"
    if DAY in headers:
        check = DataValidation("textLength", operator="lessThanOrEqual", formula1="60", allow_blank=True)
        check.add(
            f"{get_column_letter(first + headers.index(NUMBER))}2:"
            f"{get_column_letter(first + headers.index(NUMBER))}{LINES}"
        )
        sheet.add_data_validation(check)
