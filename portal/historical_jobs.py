"""Sheets of past results read and entered: few rows at once, many as a job that anybody allowed can watch.

Either way it is the same call. A job checks the rights anew when it runs, and enters everything together with
its own end; it reads before that, so that nobody waits for a file to be parsed.
"""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict

from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from portal import historical, historical_store, jobs, notify, registry
from portal.annexes import CellError
from portal.historical_acts import demand
from portal.historical_rows import HistoricalReading, Terms, read_results
from portal.importing.reading import shown
from portal.leases import Cancelled, LeaseLost
from portal.models import Import, Job, Registration, RowOutcome, User
from portal.vocabulary import Role
from portal.workflow import Refused

JOB = "history"
READ, ENTER = "read", "enter"
MOST_BYTES_AT_ONCE, MOST_ROWS_AT_ONCE = 100 * 1024, 100
MOST_ERRORS, MOST_SHOWN = 2000, 50
MOVED_ON = "确认期间数据有变动，这份表格现在有错误，没有登记；请重新上传核对。{}"
OWN_BUREAU = "表里有您所在填报单位的结果，须由另一位同事确认，没有登记。"
GONE = "上传的表格已不在服务器上，没有登记；请重新上传。"
TROUBLE = "办理时出错，没有登记任何结果，一切保持原样。请稍后再试；仍不行时请把作业编号 {} 告诉系统管理员。"
READ_SAID, DONE_SAID = "历史结果登记表格“{}”已读完，请核对。", "历史结果登记“{}”已办完，登记 {} 条。"

Progress = Callable[[int, int, str], None]


def begin(found: Registration, *, by: User) -> Registration | Job:
    """Read a sheet now and return its registration, or ask for it and return the job."""
    if found.upload.size > MOST_BYTES_AT_ONCE:
        return _ask(found, READ, by)
    with transaction.atomic():
        _keep(found, read(found))
    return found


def confirm(found: Registration, *, by: User) -> Registration | Job:
    """Enter all rows now and return the registration, or ask for it and return the job.

    Raises ``Refused``; two people at once enter them once.
    """
    if found.upload.counts.get(RowOutcome.NEW, 0) > MOST_ROWS_AT_ONCE:
        with transaction.atomic():
            return _ask(demand(found, "confirm", by), ENTER, by)
    with transaction.atomic():
        demand(found, "confirm", by)  # before the file is parsed, and again under the lock
    reading = read(found)
    with transaction.atomic():
        return _enter(demand(found, "confirm", by), reading, by, lambda *told: None)


def _ask(found: Registration, act: str, by: User) -> Job:
    """Ask for an act as a job, which belongs to the import from now on."""
    title = f"{'读取' if act == READ else '登记'}历史结果 {found.upload.file_name}"
    with transaction.atomic():
        told = {"registration": found.pk, "act": act, "user": by.pk}
        job = jobs.enqueue(JOB, title=title, parameters=told, by=by)
        Import.objects.filter(pk=found.upload_id).update(job=job)
    return job


@jobs.runner(JOB)
def run(job: Job, work: jobs.Work) -> None:
    """Read or enter a registration, all of it with the end of the job or nothing."""
    asked = job.parameters
    try:
        by = User.objects.get(pk=asked["user"])
        found = Registration.objects.select_related("upload__created_by").get(pk=asked["registration"])
        reading = read(found)
        with work.at_once():
            if asked["act"] == READ:
                _keep(found, reading)
                said = READ_SAID.format(found.upload.file_name)
            else:
                number = len(reading.results)
                _enter(demand(found, "confirm", by, job), reading, by, work.progress)
                said = DONE_SAID.format(found.upload.file_name, number)
            notify.tell_person(by, said, reverse("history", args=[found.pk]))
    except (Refused, Cancelled, LeaseLost):
        raise
    except Exception as error:
        raise jobs.Trouble(TROUBLE.format(job.pk)) from error


def read(found: Registration) -> HistoricalReading:
    """Return what the stored sheet of a registration says now. Raises ``Refused`` when the file is gone."""
    upload = found.upload
    try:
        with closing(default_storage.open(upload.file)) as file:
            data = file.read()
    except OSError:
        raise Refused(GONE) from None
    terms = Terms(found.document_number, found.decided_on)
    return read_results(data, upload.file_name, registry.get(upload.slug), terms)


def _keep(found: Registration, reading: HistoricalReading) -> None:
    """Keep the outcome of a reading: counts, warnings, and in the store the errors and the first rows."""
    faulty = {(error.sheet, error.row) for error in reading.errors if error.row}
    whole = sum((one.draft.sheet, one.draft.row) not in faulty for one in reading.results)
    counts = {RowOutcome.NEW.value: whole, RowOutcome.FAULTY.value: max(len(faulty), bool(reading.errors))}
    plan = {
        "errors": [asdict(error) for error in reading.errors[:MOST_ERRORS]],
        "faults": len(reading.errors),
        "bureaus": Counter(one.bureau.name for one in reading.results if one.bureau).most_common(),
        "documents": Counter(f"{one.number} {one.on}" for one in reading.results).most_common(MOST_SHOWN),
        "rows": [_row(reading, one) for one in reading.results[:MOST_SHOWN]],
    }
    historical.keep(found, json.dumps(plan, ensure_ascii=False).encode(), counts, reading.warnings)


def _row(reading: HistoricalReading, one) -> dict:
    words = shown(one.draft, reading.record_type)
    columns = [name for name in reading.record_type.columns if name in words]
    return {
        "row": one.draft.row,
        "title": one.draft.title,
        "bureau": one.bureau.name if one.bureau else "",
        "number": one.number,
        "on": str(one.on or ""),
        "words": {str(reading.record_type.field(n).verbose_name): words[n] for n in columns},
    }


def plan(found: Registration) -> dict:
    """Return what was kept of the reading, empty while there is none; errors as ``CellError``s."""
    if not found.upload.plan:
        return {}
    try:
        with closing(default_storage.open(found.upload.plan)) as file:
            kept = json.loads(file.read())
    except OSError:
        return {}
    return kept | {"errors": [CellError(**error) for error in kept["errors"]]}


def _enter(found: Registration, reading: HistoricalReading, by: User, progress: Progress) -> Registration:
    """Enter what was read, as it was read when its preparer saw it; needs a transaction that holds it."""
    if reading.errors:
        raise Refused(MOVED_ON.format(reading.errors[0].message))
    bureaus = {one.bureau.pk for one in reading.results}
    if any(post.role == Role.FILER and post.organisation_id in bureaus for post in by.posts):
        raise Refused(OWN_BUREAU)
    at, total = timezone.now(), len(reading.results)
    for done in historical_store.enter(found, reading.results, by=by, at=at):
        progress(done, total, "正在登记")
    ended = {"confirmed_at": at, "confirmed_by": by, "committed_at": at, "reason": ""}
    Import.objects.filter(pk=found.upload_id).update(**ended)
    historical.note(found, by, f"确认登记 {total} 条")
    return Registration.objects.select_related("upload").get(pk=found.pk)
