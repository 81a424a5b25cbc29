"""The telephone numbers in a receipt, which the access log keeps of whoever takes it: read piece by piece."""

import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from portal import access_log

PIECE = 2**20
LONGEST = 200  # so much of a piece is read again with the next one: a number may lie across
_MARK = re.compile(r"<[^>]*>")


def phones(workbook: BinaryIO) -> set[str]:
    """Return the telephone numbers in the cells of a workbook that was made here."""
    with zipfile.ZipFile(workbook) as archive:
        return {number for name in archive.namelist() for number in _in(archive, name)}


def _in(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    rest = ""
    with archive.open(name) as part:
        while piece := part.read(PIECE):
            said = rest + piece.decode("utf-8", "replace")
            yield from access_log.phones_in(_MARK.sub("\n", said))
            rest = said[-LONGEST:]
