"""Files on their way in: received, read into a plan, looked at, confirmed, committed. The one import path.

Web, command and admin come here with a file of any size. What takes long is a job; whatever goes wrong, all of
a file is imported or nothing. The only writer of ``Import``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from portal.annexes import CellError
from portal.models import Import, ImportPurpose, Job, Organisation, RowOutcome, User
from portal.registry import RecordType

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Change:
    """One field of a row that differs from what is stored, in printable words."""

    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class PlanRow:
    """One row of a file as the preview shows it.

    ``number`` counts the rows of an outcome from 0, ``row`` the lines of the sheet from 1. ``words``: field →
    printable words of what was read (child rows: list of dicts). ``filing`` is the one it means, if any;
    ``note`` says why it is left alone. ``errors`` of a faulty row.
    """

    outcome: RowOutcome
    sheet: str
    row: int
    title: str
    words: dict[str, Any] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    errors: list[CellError] = field(default_factory=list)
    filing: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Page:
    """One page of the rows of an outcome: ``number`` of ``pages`` from 1, ``total`` rows of the outcome."""

    rows: list[PlanRow]
    number: int
    pages: int
    total: int


def receive(
    upload: BinaryIO | bytes,
    name: str,
    record_type: RecordType,
    *,
    by: User,
    purpose: str = ImportPurpose.DRAFTS,
    organisation: Organisation | None = None,
    facts: dict[str, Any] | None = None,
) -> Import:
    """Store a file and read it, now when it is small, else by a job (``imported.job``); return its row.

    Raises ``Refused`` when ``by`` may not file this type, or the file is empty or too large. What is wrong
    inside of the file stands in the plan, or in ``reason`` when it could not be read at all.
    """
    raise NotImplementedError


def read(imported: Import, progress: Progress) -> Import:
    """Read the stored file into a plan and count its rows by outcome."""
    raise NotImplementedError


def page(imported: Import, outcome: str, number: int = 1, size: int = 50) -> Page:
    """Return one page of the rows of ``outcome``."""
    raise NotImplementedError


def faults(imported: Import) -> Iterator[CellError]:
    """Yield every error of the file in the order of its sheets and rows."""
    raise NotImplementedError


def content(imported: Import) -> BinaryIO:
    """Open the file as it was uploaded, for reading; ``FileNotFoundError`` once it was removed."""
    raise NotImplementedError


def twin(imported: Import) -> Import | None:
    """Return the latest earlier import of the same bytes for the same bureau and type, None without any.

    Committed or still open ones count; ``is_open`` and ``committed_at`` say which it is.
    """
    raise NotImplementedError


def why_not_confirmed(imported: Import) -> str:
    """Return the sentence why it cannot be confirmed now, empty when it can."""
    raise NotImplementedError


def confirm(imported: Import, *, by: User) -> Import | Job:
    """Import all new and changed rows now and return the import, or ask for it and return the job.

    All or nothing. Raises ``Refused`` when there are faulty rows, when it was confirmed before or given up, or
    when what a row means has changed since the preview.
    """
    raise NotImplementedError


def abandon(imported: Import, *, by: User) -> None:
    """Give an import up and remove its files. Raises ``Refused`` when it was committed or is under way."""
    raise NotImplementedError
