"""A small report against a workbook made by hand, cell by cell; LibreOffice saves it and it says the same."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from portal import report_runs, reports
from portal.windows import moment
from tests.factories import KUIWEN, filing
from tests.programs import converted

pytestmark = pytest.mark.django_db
KIND = "project-training-returns"
NOTES = (
    "注：1.如培训项目由市直组织，“组织区县”一列填写“市直”。",
    "2.“组织时间”栏填写实际开展时间或计划开展时间，尽可能精确。",
    "3.该表由设区的市统一汇总报送。",
    "4.县级统计表在市级统计表没有该县（市、区）同年度的行时计入，同一培训不重复计算。",
)
GAP = "　" * 6  # to be filled in on paper
HEADINGS = ("市", "组织区县", "培训项目名称", "群体范围", "培训人数", "组织时间", "备注")


def row(name: str, number: int, held: str) -> dict:
    facts = {"project_name": name, "target_scope": "登记失业人员", "trainee_count": number}
    return {**facts, "held_text": held, "remark": ""}


@pytest.fixture
def made(tmp_path) -> tuple[Path, str]:
    """The workbook of R3 for two returns, and its cut-off in words."""
    facts = {"year": 2024, "explanation": "演示说明"}
    city = [row("家政（演示）", 20, "2024年6月"), row("=电焊（演示）", 30, "2024年5月10日-5月28日")]
    filing(KIND, "approved", place="3701", training_rows=city, **facts)
    filing(KIND, "approved", place=KUIWEN, training_rows=[row("养老护理（演示）", 7, "2024年3月")], **facts)
    filing(
        KIND, "province_review", place="3702", training_rows=[row("不计（演示）", 99, "2024年3月")], **facts
    )
    cutoff = timezone.now() + timedelta(microseconds=1)
    path = tmp_path / "report.xlsx"
    report_runs.produce(reports.ask("project-training", cutoff, "37", {"year": "2024"}), "xlsx", path)
    return path, moment(cutoff)


def by_hand(path: Path, cutoff: str) -> Path:
    """Write the first sheet as somebody would who had the returns before him."""
    book = Workbook()
    sheet = book.active
    sheet.title = "统计表"
    lines = [
        ["项目制培训情况统计表"],
        ["填报单位（盖章）：山东省人力资源和社会保障厅", None, None, None, None, f"统计截止：{cutoff}"],
        ["统计范围：山东省　年度：2024年　报送任务：不限"],
        HEADINGS,
        ["济南市", "市直", "=电焊（演示）", "登记失业人员", 30, "2024年5月10日-5月28日"],
        ["济南市", "市直", "家政（演示）", "登记失业人员", 20, "2024年6月"],
        ["济南市小计", None, None, None, 50],
        ["潍坊市", "奎文区", "养老护理（演示）", "登记失业人员", 7, "2024年3月"],
        ["潍坊市小计", None, None, None, 7],
        ["合计", None, None, None, 57],
        [f"单位负责人：{GAP}填表人：{GAP}联系电话：{GAP}　　填表日期："],
        *([note] for note in NOTES),
    ]
    for line in lines:
        sheet.append(list(line))
    sheet["C5"].data_type = "s"  # text that looks like a formula
    book.save(path)
    return path


def cells(path: Path) -> list[list]:
    """Return the cells of the first sheet that hold anything, line by line."""
    rows = load_workbook(path).worksheets[0].iter_rows(values_only=True)
    found = [[cell for cell in row if cell not in (None, "")] for row in rows]
    return [line for line in found if line]


def test_a_report_is_what_somebody_would_have_written_by_hand(made, tmp_path):
    path, cutoff = made
    hand = by_hand(tmp_path / "hand.xlsx", cutoff)
    assert cells(path) == cells(hand)


def test_libreoffice_saves_the_same_workbook(made, tmp_path):
    path, _ = made
    (tmp_path / "saved").mkdir()
    converted(path, tmp_path / "saved", "xlsx:Calc MS Excel 2007 XML")
    assert cells(tmp_path / "saved" / "report.xlsx") == cells(path)
