"""An import in a real browser: errors, receipt, the corrected receipt, drafts; a phone without scripts."""

import re

import pytest
from openpyxl import load_workbook

from portal import registry
from portal.models import Filing
from tests import made_files as made
from tests.conftest import PATIENCE
from tests.factories import PASSWORD, filer

pytestmark = pytest.mark.django_db(transaction=True)
LABOUR = registry.get("labour-brands")
BAD = {"C18": "很多", "B120": "没有的类型", "C301": "1.5"}


def sign_in(page, user) -> None:
    """Sign in as ``user``."""
    page.goto("/login/")
    page.fill("input[name=username]", user.username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/desk/")


def sheet(path) -> None:
    """Write a workbook of 300 brands, three of them with a bad cell."""
    rows = [[f"潍坊演示{n}", "民生保障型", 20] for n in range(300)]
    path.write_bytes(made.xlsx([["劳务品牌名称", "品牌类型", "从业人员"], *rows], title=LABOUR.label))
    book = load_workbook(path)
    for place, said in BAD.items():
        book[LABOUR.label][place] = said
    book.save(path)


def send(page, path) -> None:
    """Choose type and file and press 上传并预览."""
    page.goto("/desk/import/")
    page.get_by_label("填报类型").select_option(label=LABOUR.label)
    page.get_by_label("文件").set_input_files(path)
    page.get_by_role("button", name="上传并预览").click()


def corrected(path, receipt) -> None:
    """Put right what the receipt marks red, and nothing else."""
    book = load_workbook(receipt)
    target = book[LABOUR.label]
    red = [cell for row in target for cell in row if cell.fill.fgColor.rgb == "FFF9C0C8"]
    assert {cell.coordinate: cell.value for cell in red} == BAD
    for cell in red:
        cell.value = "民生保障型" if cell.column_letter == "B" else 20
    book.save(path)


def test_a_sheet_with_three_bad_rows_is_corrected_in_its_receipt_and_becomes_drafts(page, tmp_path):
    sheet(tmp_path / "品牌.xlsx")
    sign_in(page, filer())
    send(page, tmp_path / "品牌.xlsx")
    page.get_by_text("共 3 条有错误，未导入任何数据").wait_for()
    messages = page.locator(".cell-msg").all_inner_texts()
    assert [message.split("　")[0] for message in messages] == ["C18", "B120", "C301"]

    with page.expect_download() as downloading:
        page.get_by_role("link", name="下载错误回执").click()
    receipt, again = tmp_path / "回执.xlsx", tmp_path / "改好.xlsx"
    downloading.value.save_as(receipt)
    corrected(again, receipt)
    page.get_by_role("link", name="换一个文件").click()
    page.get_by_role("heading", name="从 Word 或表格导入").wait_for()
    send(page, again)
    page.get_by_text("共读取 300 件，没有错误").wait_for()
    assert Filing.objects.count() == 0
    page.get_by_role("button", name="确认导入（300 件）").click()
    page.get_by_text("已导入 300 件草稿").wait_for()

    assert downloading.value.suggested_filename == "错误回执-品牌.xlsx"
    assert page.locator("td a.t-title").first.inner_text() == "潍坊演示0"
    page.get_by_role("link", name="查看全部草稿").click()
    page.get_by_text("第 1–20 件，共 300 件").wait_for()


def test_without_scripts_and_on_a_phone_the_same_buttons_do(chromium, live_server, tmp_path):
    sheet(tmp_path / "品牌.xlsx")
    narrow = {"viewport": {"width": 390, "height": 844}, "java_script_enabled": False}
    context = chromium.new_context(base_url=live_server.url, locale="zh-CN", **narrow)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    sign_in(page, filer())
    send(page, tmp_path / "品牌.xlsx")
    page.get_by_text("共 3 条有错误，未导入任何数据").wait_for()

    page.get_by_role("link", name=re.compile("^新增")).click()
    page.get_by_text("第 1–50 条，共 297 条").wait_for()
    page.get_by_role("button", name="放弃").click()
    page.get_by_text("没有写入任何数据，上传的文件已删除。").wait_for()

    context.close()
