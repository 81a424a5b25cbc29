"""The receipt of a file with errors: the same workbook, its faulty cells marked and the reasons beside them.

The file is foreign: it is opened and written in a confined child process (``sandbox``), and only what a plain
workbook needs is kept of it. In it no cell is a formula.
"""

import json
from collections.abc import Iterable
from pathlib import Path, PurePath
from tempfile import TemporaryFile
from typing import BinaryIO

from portal import sandbox
from portal.annexes import CellError
from portal.receipts.numbers import phones
from portal.registry import RecordType
from portal.sheets import REASONS, layout

SCRIPT = Path(__file__).with_name("marking.py")
CHUNK = 2**16
MOST_SECONDS = 120
NAME = "错误回执"
__all__ = ["NAME", "Unmarked", "labels", "name_of", "phones", "receipt"]

LONGEST_STEM = 120  # the name of what a job made has 150 characters
WHOLE_FILE = "整份文件"


class Unmarked(Exception):
    """No receipt could be made of a file."""


def name_of(sheet: str) -> str:
    """Return what the receipt of a sheet of this name is called."""
    return f"{NAME}-{PurePath(sheet).stem[:LONGEST_STEM]}.xlsx"


def receipt(content: BinaryIO, name: str, record_type: RecordType, faults: Iterable[CellError]) -> bytes:
    """Return the workbook that says in the file ``content``, called ``name``, what is wrong with it.

    An .xlsx comes back as it was, faulty cells red and the first of them selected, the reasons of a line in
    the column 错误说明; a .csv becomes such a workbook. Of anything else, or what cannot be written in, it is
    the list of its faults. Raises ``Unmarked`` when the child ran out of time or memory.
    """
    with TemporaryFile() as given:
        given.write(json.dumps(_asked(name, record_type, faults)).encode() + b"\n")
        while chunk := content.read(CHUNK):
            given.write(chunk)
        given.seek(0)
        try:
            _, made = sandbox.converse(SCRIPT, content=given, seconds=MOST_SECONDS)
        except (sandbox.ChildGone, OSError):
            raise Unmarked from None
    return made


def _asked(name: str, record_type: RecordType, faults: Iterable[CellError]) -> dict:
    sheets: dict[str, list] = {}
    lines = []
    for fault in faults:
        sheets.setdefault(fault.sheet, []).append([fault.row, fault.column, fault.message])
        place = [fault.sheet or WHOLE_FILE, fault.row or "", fault.column]
        lines.append([*place, fault.value[:500], fault.message])
    return {
        "suffix": PurePath(name).suffix.lower(),
        "column": REASONS,
        "labels": labels(record_type),
        "sheets": sheets,
        "lines": lines,
    }


def labels(record_type: RecordType) -> list[str]:
    """Return every label that may stand in the header of a file of this type."""
    own = [column.header for sheet in layout(record_type) for column in sheet.columns]
    return [*own, *(record_type.sheet.columns if record_type.sheet else ())]
