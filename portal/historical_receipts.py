"""Receipts of sheets of past results with errors: made at once, or by a job when the sheet is large.

What a receipt is, ``receipts`` says: the same workbook, faulty cells red, the reasons of a line beside it.
"""

from pathlib import Path

from portal import historical, historical_acts, historical_jobs, import_files, jobs, receipts, registry
from portal.models import Job, Registration, User
from portal.workflow import Refused

KIND = historical_acts.RECEIPT
MOST_ROWS, MOST_BYTES = 10_000, 2 * 2**20  # a larger sheet takes a job: some 60 ms a thousand rows
GONE = "上传的表格已不在服务器上，不能再生成错误回执；请重新上传。"
TOO_MUCH = "表格过大或过于复杂，没有生成错误回执；页面上列有错误的位置，请按它改正原表后重新上传。"


def is_offered(found: Registration) -> bool:
    """Say whether a registration has errors and its sheet is still there; needs ``upload.job``."""
    return historical_acts.stage(found) == "faulty" and bool(found.upload.file)


def takes_a_job(found: Registration) -> bool:
    """Say whether the receipt takes longer than a request may."""
    return found.upload.total > MOST_ROWS or found.upload.size > MOST_BYTES


def make(found: Registration) -> bytes:
    """Return the receipt. Raises ``Refused`` when the sheet is gone or cannot be marked."""
    record_type, faults = registry.get(found.upload.slug), historical_jobs.faults(found)
    if not found.upload.file:
        raise Refused(GONE)
    try:
        with historical_jobs.sheet(found) as content:
            return receipts.receipt(content, found.upload.file_name, record_type, faults)
    except receipts.Unmarked:
        raise Refused(TOO_MUCH) from None


def ask(found: Registration, *, by: User) -> Job:
    """Ask for the receipt of a large sheet and return the job."""
    title = f"{receipts.NAME} {found.upload.file_name}"
    return jobs.enqueue(KIND, title=title, parameters={"registration": found.pk}, by=by)


def is_open_to(job: Job, user: User) -> bool:
    """Say whether who asked may still see the registration: not once he left the province's desk."""
    return _of(job, user) is not None


def _of(job: Job, user: User) -> Registration | None:
    return historical.visible_to(user).filter(pk=job.parameters["registration"]).first()


@jobs.runner(KIND)
def run(job: Job, work: jobs.Work) -> jobs.Result:
    """Make the receipt that was asked for, as far as the asker may still see the registration."""
    if (found := _of(job, job.requested_by)) is None:
        raise Refused(GONE)
    work.progress(0, 1, "标注错误")
    path: Path = work.path(".xlsx")
    path.write_bytes(make(found))
    return jobs.Result(path, receipts.name_of(found.upload.file_name), kept_for=import_files.KEPT_FOR)
