"""The processes of the web server, run as ``bin/up`` runs them: one that is killed is replaced."""

import os
import signal
from pathlib import Path

import pytest

from doors.up import answers
from tests.job_kinds import until
from tests.test_upload_memory import server

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="NO /proc: only Linux tells"),
]


def parent_of(child: int) -> int:
    """Return the main process of the web server, which keeps the one that answers."""
    return int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])


def children_of(parent: int) -> set[int]:
    """Return the processes of the web server whose main process is ``parent``."""
    threads = Path(f"/proc/{parent}/task").glob("*/children")
    return {int(child) for thread in threads for child in thread.read_text().split()}


def test_a_web_process_that_is_killed_is_replaced_and_the_portal_goes_on_answering(tmp_path):
    with server(tmp_path) as (port, worker):
        parent = parent_of(worker)
        before = children_of(parent)

        os.kill(worker, signal.SIGKILL)
        until(lambda: worker not in children_of(parent) and len(children_of(parent)) == len(before))
        until(lambda: answers(port))

        assert children_of(parent) & before == before - {worker}
