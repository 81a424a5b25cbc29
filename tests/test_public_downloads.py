"""The files of a dated catalogue: three forms of the same rows, the same bytes, no formula."""

import csv
import json
from io import BytesIO, StringIO

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from portal.models import CatalogueEntry
from tests.timelines import KIND, amended, build_two_editions, day, downloaded, left, published

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_editions() -> dict[str, CatalogueEntry]:
    return build_two_editions()


def test_the_three_files_of_a_day_hold_the_same_rows_and_stay_the_same(client, two_editions):
    files = {kind: downloaded(client, day(6, year=2023), kind) for kind in ("xlsx", "csv", "json")}

    data = json.loads(files["json"])
    lines = list(csv.reader(StringIO(files["csv"].decode("utf-8-sig"))))
    sheet = load_workbook(BytesIO(files["xlsx"]))["目录"]
    cells = [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert (sheet.page_setup.orientation, sheet.sheet_properties.pageSetUpPr.fitToPage) == ("landscape", True)
    assert files["csv"].startswith(b"\xef\xbb\xbf")
    assert lines == cells
    assert [line[:2] for line in lines[1:]] == [[e["code"], e["name"]] for e in data["entries"]]
    assert (data["catalogue"], data["on"], data["edition"]["name"]) == (KIND, "2023-06-01", "2023年版")
    amended(two_editions["dough"], timezone.localdate(), summary="演示数据。后来的简介。")
    again = {kind: downloaded(client, day(6, year=2023), kind) for kind in files}
    assert again == files


def test_an_exit_changes_no_byte_of_the_edition_it_was_in(client, two_editions):
    files = [downloaded(client, day(6), kind) for kind in ("xlsx", "csv", "json")]

    left(two_editions["changed"], timezone.localdate())

    assert [downloaded(client, day(6), kind) for kind in ("xlsx", "csv", "json")] == files
    assert b"\xe6\x96\xb0\xe7\x9a\x84\xe7\xae\x80\xe4\xbb\x8b" not in files[2]  # 新的简介 stays on its page


@pytest.mark.parametrize("name", ["=1+1演示", "+1演示", "-1演示", "@SUM演示", "＝1演示"])
def test_no_cell_of_the_csv_is_run_as_a_formula(client, name):
    published(name, day(3))

    line = list(csv.reader(StringIO(downloaded(client, day(4), "csv").decode("utf-8-sig"))))[1]
    sheet = load_workbook(BytesIO(downloaded(client, day(4), "xlsx")))["目录"]

    assert line[1] == f"'{name}"
    assert (sheet["B2"].value, sheet["B2"].data_type) == (name, "s")
