"""Jobs made for tests: what they do, and the step at which the worker that runs one is killed or waits.

A worker started by ``tests.nursery`` includes this module; the portal knows nothing of it. A step is a line
that is carried out of the engine, of the store or of the runner, so no part of a run is spared.
"""

import errno
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from celery import signals
from django.conf import settings

from portal import (
    edition_jobs,
    editions,
    import_jobs,
    import_steps,
    import_writing,
    jobs,
    leases,
    queueing,
    report_runs,
    report_tables,
    report_workbook,
    stores,
)
from portal.models import Job
from portal.workflow import Refused

LINES = 8
OUTCOMES = "outcomes.txt"
PATIENCE = 180  # seconds that a slow machine may take for anything


def until(condition: Callable, seconds: float = PATIENCE):
    """Return what ``condition`` returns as soon as that is true; fail when it takes too long."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {condition}"
        time.sleep(0.02)
    return found


def text_of(title: str) -> str:
    """Return what the file of a job ``lines`` holds."""
    return "".join(f"{title} 第 {number} 行\n" for number in range(LINES))


@jobs.runner("lines")
def write_lines(job: Job, work: jobs.Work) -> jobs.Result:
    """Write a file line by line; wait half-way, or before it when the lease will not be asked for."""
    is_fenced = not job.parameters.get("unfenced")
    if not is_fenced:
        _wait(job)
    path = work.path("txt")
    with path.open("w") as file:
        for number, line in enumerate(text_of(job.title).splitlines(keepends=True), 1):
            file.write(line)
            work.progress(number, LINES, "写行")
            if is_fenced and number == LINES // 2:
                _wait(job)
    return jobs.Result(path, f"{job.title}.txt")


def _wait(job: Job) -> None:
    """Wait for the test, in as many attempts as it says; from here on write without a lease if it says so."""
    if job.attempts <= job.parameters.get("waits", 0):
        (settings.VAR / f"waits-{job.pk}-{job.attempts}").write_text(str(os.getpid()))
        until(lambda: (settings.VAR / f"go-{job.pk}-{job.attempts}").exists())
        if job.parameters.get("unfenced"):
            leases.Lease.row = lambda lease: Job.objects.filter(pk=lease.job)
            leases.Heart.check = lambda heart: None


@jobs.runner("raises")
def raise_error(job: Job, work: jobs.Work) -> None:
    """Raise what the parameters name, in as many attempts as they say."""
    errors = {"memory": MemoryError(), "refused": Refused("没有这样的报表。"), "value": ValueError("secret")}
    full = OSError(errno.ENOSPC, "No space left on device")
    errors |= {"trouble": jobs.Trouble("还不能统计。"), "disk": full, "wrapped": RuntimeError("not closed")}
    errors["wrapped"].__cause__ = full
    if job.attempts <= job.parameters.get("times", 3):
        work.path("txt").write_text("half")
        raise errors[job.parameters["error"]]


@jobs.runner("hoards")
def hoard(job: Job, work: jobs.Work) -> None:
    """Take more and more memory, as a report that is too big would."""
    hoarded = []
    while True:
        hoarded.append(bytearray(2**24))
        work.progress(len(hoarded), 0)


@jobs.runner("fills")
def fill(job: Job, work: jobs.Work) -> jobs.Result:
    """Write as many bytes as the parameters say."""
    path = work.path("bin")
    path.write_bytes(b"x" * job.parameters["bytes"])
    return jobs.Result(path, "大.bin")


class Failpoint:
    """Counts the steps of the main thread and at one of them kills its process, or the whole worker."""

    modules = (
        jobs,
        leases,
        stores,
        report_runs,
        report_tables,
        report_workbook,
        edition_jobs,
        editions,
        import_jobs,
        import_steps,
        import_writing,
    )
    files = frozenset({__file__, *(module.__file__ for module in modules)})

    def __init__(self, at: int, whom: str, marker: Path):
        self.at, self.whom, self.marker, self.steps = at, whom, marker, 0

    def __call__(self, frame, event: str, argument):
        """Be the trace function of each frame of ours."""
        if frame.f_code.co_filename not in self.files:
            return None
        self.steps += event == "line"
        if self.steps == self.at:
            self.marker.touch()
            kill = os.killpg if self.whom == "group" else os.kill
            kill(0 if self.whom == "group" else os.getpid(), signal.SIGKILL)
        return self


@signals.task_prerun.connect
def set_failpoint(task=None, args=(), **named) -> None:
    """Count the steps of a job that names one, and kill there once."""
    if task.name == queueing.TASK:
        job, marker = Job.objects.filter(pk=args[0]).first(), settings.VAR / f"killed-{args[0]}"
        if job and not marker.exists() and (kill := job.parameters.get("kill")):
            sys.settrace(Failpoint(kill["at"], kill["whom"], marker))


@signals.task_postrun.connect
def note_outcome(task=None, args=(), retval=None, **named) -> None:
    """Write down what came of a job, and how many steps it took where they were counted."""
    if task.name == queueing.TASK:
        failpoint = sys.gettrace()
        sys.settrace(None)
        with (settings.VAR / OUTCOMES).open("a") as file:
            file.write(f"{args[0]};{retval};{failpoint.steps if failpoint else 0}\n")
