"""An edition made in a real browser: a sheet is taken in; a choice is moved to its successor."""

from datetime import date
from io import BytesIO

import pytest
from openpyxl import load_workbook

from portal import edition_workbook
from portal.models import CatalogueEntry
from tests import editing
from tests.factories import PASSWORD, PROVINCE, approver, draft, entry, filer, publisher

pytestmark = pytest.mark.django_db(transaction=True)

JANUARY, MAY = date(2024, 1, 1), date(2024, 5, 1)


def sign_in(page, user) -> None:
    """Sign in as ``user``, whoever sat at this browser before."""
    page.context.clear_cookies()
    page.goto("/login/")
    page.fill("input[name=username]", user.username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/desk/")


def test_a_sheet_is_uploaded_looked_at_and_taken_in(page, tmp_path):
    for word in "甲乙":
        entry(editing.KIND, name=f"演示{word}", on=JANUARY)
    edition = editing.prepared(on=MAY)
    book, path = load_workbook(BytesIO(edition_workbook.template(edition))), tmp_path / "目录.xlsx"
    book.worksheets[0]["B2"].value = "演示甲新名"
    book.save(path)
    sign_in(page, filer(PROVINCE))
    page.goto(f"/desk/editions/{edition.pk}/import/")

    page.set_input_files("input[name=file]", path)
    page.get_by_role("button", name="上传并比较").click()
    page.get_by_role("heading", name="导入预览：演示新版").wait_for()
    assert page.locator("ins").all_inner_texts() == ["演示甲新名"]
    page.get_by_role("button", name="确认导入").click()
    page.get_by_role("heading", name="变化 1 项").wait_for()

    assert page.locator("td b").first.inner_text() == "更名"


def test_three_people_take_an_edition_from_its_sheet_to_the_public_catalogue(page, tmp_path):
    for word in "甲乙":
        entry(editing.KIND, name=f"演示{word}", on=JANUARY)
    edition = editing.prepared(on=MAY)
    editing.amended(edition, CatalogueEntry.objects.get(title="演示甲"), name="演示甲新名")
    desk = f"/desk/editions/{edition.pk}/"
    sign_in(page, filer(PROVINCE))
    page.goto(desk)
    page.get_by_role("button", name="送审").click()
    page.get_by_text("已送审，由审定岗位办理").wait_for()
    sign_in(page, publisher())
    page.goto(desk)
    page.get_by_text("这一版待审定。").wait_for()
    sign_in(page, approver())
    page.goto(desk)
    page.get_by_role("button", name="审定", exact=True).click()
    page.get_by_text("已审定，由发布岗位发布").wait_for()
    page.goto("/catalogue/exam-projects/")
    assert page.get_by_role("link", name="演示甲新名").count() == 0
    sign_in(page, publisher())
    page.goto(desk)
    page.get_by_role("button", name="发布 演示新版").click()
    page.get_by_text("已发布，从 2024-05-01 起现行").wait_for()

    page.goto("/catalogue/exam-projects/editions/compare/?from=2024-01-01&to=2024-05-01")

    page.get_by_text("1 处变化").wait_for()
    assert page.locator(".changes del").all_inner_texts() == ["演示甲"]
    assert page.locator(".changes ins").all_inner_texts() == ["演示甲新名"]


def test_a_choice_that_was_renamed_is_moved_with_one_click_and_what_was_typed_stays(page):
    old = entry(editing.KIND, name="演示甲", on=JANUARY)
    record = draft("skill-brands", exam_projects=["演示甲"])
    edition = editing.prepared(on=MAY)
    editing.amended(edition, old, name="演示甲新名")
    editing.out(edition)
    sign_in(page, filer())
    page.goto(f"/desk/filings/{record.pk}/edit/")

    page.fill("#id_advantage_people", "刚刚写的从业人员情况。")
    page.get_by_role("button", name="改选后继条目").click()
    page.get_by_text("已改选后继条目，其余内容照旧。").wait_for()

    assert page.locator("#id_advantage_people").input_value() == "刚刚写的从业人员情况。"
    assert "演示甲新名" in page.locator("#q-exam_projects label:has(input:checked)").inner_text()
    assert page.get_by_role("button", name="改选后继条目").count() == 0
