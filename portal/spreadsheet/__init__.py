"""Workbooks written while they are sent, in memory that does not grow: simple tables of any length.

A leaf: knows nothing of the portal. SpreadsheetML (ECMA-376) with inline strings in a zip that never looks
back; text stays text whatever it looks like, and the same lines give the same bytes. ``cells``: one value;
``looks``: its style; ``parts``: what is around the rows; ``writing``: the whole. What has drop-downs or notes
is written by ``portal.workbook``, a statistical report on its paper by ``portal.report_workbook``.
"""

from portal.spreadsheet.cells import CUT, LIKE_A_FORMULA, MOST_CHARACTERS, is_like_a_formula, writable
from portal.spreadsheet.commas import commas, plain
from portal.spreadsheet.looks import DAY, GENERAL, TEXT
from portal.spreadsheet.parts import CONTENT_TYPE, Column
from portal.spreadsheet.writing import Page, Styled, columns, stream, whole

__all__ = [
    "CONTENT_TYPE",
    "CUT",
    "DAY",
    "GENERAL",
    "LIKE_A_FORMULA",
    "MOST_CHARACTERS",
    "TEXT",
    "Column",
    "Page",
    "Styled",
    "columns",
    "commas",
    "is_like_a_formula",
    "plain",
    "stream",
    "whole",
    "writable",
]
