"""Programs of the machine that some tests need: without them a test is skipped aloud, or fails under CI."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PATIENCE = 300  # seconds that another program may take on a slow machine


def needs(program: str, *, wanted_by: str = "PORTAL_REQUIRE_OFFICE", hint: str = "") -> None:
    """Skip aloud without ``program``, a name or a path; fail where the variable ``wanted_by`` is 1."""
    if shutil.which(program):
        return
    reason = f"NO {program}: it is not installed, what it would prove was not proved{hint}"
    (pytest.fail if os.environ.get(wanted_by) == "1" else pytest.skip)(reason)


def converted(source: Path, into: Path, to: str) -> None:
    """Let LibreOffice save ``source`` as ``to`` (a suffix, or with its filter) in the folder ``into``."""
    needs("soffice")
    profile = f"-env:UserInstallation=file://{into}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", to, "--outdir", into, source]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
