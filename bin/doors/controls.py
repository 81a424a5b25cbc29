"""Guards that can be taken out of a copy of the portal, to see that a proof notices when one is missing."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from doors.environment import ROOT


@dataclass(frozen=True)
class Guard:
    """Where it stands in the code, and pairs of what is there and what is there once it is out."""

    path: str
    changes: tuple[tuple[str, str], ...]


GUARDS = {
    "revision": Guard(  # a text that was sent twice is stored twice
        "portal/drafts.py",
        (
            ("version=record.version, revision=revision)", "version=record.version)"),
            ("swap.update(revision=revision + 1,", 'swap.update(revision=models.F("revision") + 1,'),
        ),
    ),
    "untouched": Guard(  # a click that was repeated begins another draft
        "portal/views/beginning.py", (("return untouched or drafts.create(", "return drafts.create("),)
    ),
    "lease": Guard(  # what a worker that was killed had begun is never taken from it
        "portal/jobs.py", (("status=JobStatus.RUNNING, lease_until__lt=now)", "pk=None)"),)
    ),
}
LEFT_OUT = shutil.ignore_patterns("var", ".venv", ".git", "__pycache__", "docs")


def without(guard: str, folder: Path) -> Path:
    """Copy the portal to ``folder`` with one guard taken out; raises ``LookupError`` when it is not there."""
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    path = folder / GUARDS[guard].path
    text = path.read_text(encoding="utf-8")
    for there, instead in GUARDS[guard].changes:
        if text.count(there) != 1:
            raise LookupError(f"{path} does not hold {there!r} once")
        text = text.replace(there, instead)
    path.write_text(text, encoding="utf-8")
    return folder
