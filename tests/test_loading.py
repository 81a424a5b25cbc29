"""What a process has loaded before anybody asks it for anything."""

import os
import subprocess
import sys
from io import BytesIO

import tablib
from django.conf import settings
from openpyxl import load_workbook

from doors.environment import clean_environment

START = """
import sys
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
print(*sorted({"django", "openpyxl", "xlsxwriter", "PIL", "lxml", "typst"} & set(sys.modules)))
"""


def test_no_library_of_workbooks_or_paper_is_loaded_before_somebody_asks_for_one():
    environment = clean_environment(DJANGO_SETTINGS_MODULE="portal.settings", PORTAL_VAR=str(settings.VAR))
    run = subprocess.run(
        [sys.executable, "-c", START], cwd=settings.BASE_DIR, env=environment, capture_output=True, check=True
    )

    assert run.stdout.split() == [b"django"]


def test_a_format_that_is_loaded_late_writes_what_it_always_wrote():
    data = tablib.Dataset(["甲", 1], headers=["名称", "数"])

    book = load_workbook(BytesIO(data.export("xlsx")))

    assert [[cell.value for cell in row] for row in book.active.iter_rows()] == [["名称", "数"], ["甲", 1]]


def test_a_child_keeps_its_bytecode_whatever_its_parent_does(monkeypatch):
    monkeypatch.setitem(os.environ, "PYTHONDONTWRITEBYTECODE", "1")

    assert "PYTHONDONTWRITEBYTECODE" not in clean_environment()
