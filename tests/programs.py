"""Programs of the machine that some tests need: without them a test is skipped aloud, or fails under CI."""

import os
import shutil

import pytest


def needs(program: str, *, wanted_by: str = "PORTAL_REQUIRE_OFFICE", hint: str = "") -> None:
    """Skip aloud without ``program``, a name or a path; fail where the variable ``wanted_by`` is 1."""
    if shutil.which(program):
        return
    reason = f"NO {program}: it is not installed, what it would prove was not proved{hint}"
    (pytest.fail if os.environ.get(wanted_by) == "1" else pytest.skip)(reason)
