"""Sheets of past results read and entered: few rows at once, many as a job that anybody allowed can watch.

Either way it is the same call. A job checks the rights anew when it runs, and enters everything together with
its own end; it reads before that, so that nobody waits for a file to be parsed.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from portal import asking, historical, historical_store, jobs, notify, registry, sandbox
from portal.annexes import CellError
from portal.historical_acts import demand
from portal.historical_rows import HistoricalReading, Result, Take, Terms, read_results
from portal.leases import Cancelled, LeaseLost
from portal.models import Import, Job, Registration, RowOutcome, User
from portal.registry import RecordType
from portal.vocabulary import Role
from portal.workflow import Refused

JOB = "history"
READ, ENTER = "read", "enter"
MOST_BYTES_AT_ONCE, MOST_ROWS_AT_ONCE = 100 * 1024, 100
MOST_ERRORS, MOST_SHOWN = 2000, 50
MOST_ROWS_UNNOTICED = 10_000  # some 10 s on a machine of its own; others wait 20 s for SQLite to write
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
    try:
        with sandbox.at_once():
            outcome = look(found)
    except sandbox.OutOfTime:
        return _ask(found, READ, by)
    with transaction.atomic():
        _keep(found, outcome)
    return found


def confirm(found: Registration, *, by: User) -> Registration | Job:
    """Enter all rows now and return the registration, or ask for it and return the job.

    Raises ``Refused``; two people at once enter them once.
    """
    with transaction.atomic():
        current = demand(found, "confirm", by)
        if current.upload.counts[RowOutcome.NEW] > MOST_ROWS_AT_ONCE:
            return _ask(current, ENTER, by)
        return _enter(current, by, lambda *told: None)


def holds_others_up(found: Registration) -> bool:
    """Say whether nobody else can save anything, for longer than he would wait, while this is entered.

    It is entered all at once, and SQLite has one writer at a time.
    """
    rows = found.upload.counts.get(RowOutcome.NEW, 0)
    return connection.vendor == "sqlite" and rows > MOST_ROWS_UNNOTICED


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
        outcome = look(found, work.progress) if asked["act"] == READ else None
        with work.at_once():
            if outcome:
                _keep(found, outcome)
                said = READ_SAID.format(found.upload.file_name)
            else:
                done = _enter(demand(found, "confirm", by, job), by, work.progress)
                said = DONE_SAID.format(done.upload.file_name, done.upload.counts[RowOutcome.NEW])
            notify.tell_person(by, said, reverse("history", args=[found.pk]))
    except (Refused, Cancelled, LeaseLost):
        raise
    except Exception as error:
        raise jobs.Trouble(TROUBLE.format(job.pk)) from error


@contextmanager
def sheet(found: Registration) -> Iterator[BinaryIO]:
    """Give the stored sheet as a file of this disk, wherever it lies. Raises ``Refused`` when it is gone."""
    with TemporaryFile() as local:
        try:
            with closing(default_storage.open(found.upload.file)) as file:
                copyfileobj(file, local)
        except OSError:
            raise Refused(GONE) from None
        local.flush()
        local.seek(0)
        yield local


def _read(found: Registration, take: Take) -> HistoricalReading:
    upload, terms = found.upload, Terms(found.document_number, found.decided_on)
    with sheet(found) as content:
        return read_results(content, upload.file_name, registry.get(upload.slug), terms, take)


@dataclass
class Outcome:
    """What is kept of a reading: its errors and warnings, whose rows there are, the first of them."""

    record_type: RecordType
    progress: Progress
    number: int = 0
    bureaus: Counter = field(default_factory=Counter)
    documents: Counter = field(default_factory=Counter)
    rows: list[dict] = field(default_factory=list)
    reading: HistoricalReading | None = None

    def take(self, reading: HistoricalReading, part: list[Result]) -> None:
        """Count one part."""
        self.number += len(part)
        self.bureaus.update(one.bureau.name for one in part if one.bureau)
        self.documents.update(f"{one.number} {one.on}" for one in part)
        self.rows += [_row(self.record_type, one) for one in part[: MOST_SHOWN - len(self.rows)]]
        self.progress(self.number, 0, "正在读取")

    @property
    def counts(self) -> dict[str, int]:
        """Outcome of a row → how many."""
        errors = self.reading.errors
        faulty = len({(error.sheet, error.row) for error in errors if error.row}) or int(bool(errors))
        return {RowOutcome.NEW.value: max(0, self.number - faulty), RowOutcome.FAULTY.value: faulty}


@asking.for_the_house()
def look(found: Registration, progress: Progress = lambda *told: None) -> Outcome:
    """Return what the stored sheet of a registration says. Raises ``Refused`` when the file is gone."""
    outcome = Outcome(registry.get(found.upload.slug), progress)
    outcome.reading = _read(found, outcome.take)
    return outcome


def _keep(found: Registration, outcome: Outcome) -> None:
    """Keep the outcome of a reading: counts, warnings, and in the store the errors and the first rows.

    What its page shows is one line; on the next one are the errors beyond that, for the receipt.
    """
    reading = outcome.reading
    errors = [asdict(one) for one in sorted(reading.errors, key=lambda error: (error.sheet, error.row))]
    kept = {
        "errors": errors[:MOST_ERRORS],
        "faults": len(errors),
        "bureaus": outcome.bureaus.most_common(),
        "documents": outcome.documents.most_common(MOST_SHOWN),
        "rows": outcome.rows,
    }
    parts = (json.dumps(part, ensure_ascii=False).encode() for part in (kept, errors[MOST_ERRORS:]))
    historical.keep(found, b"\n".join(parts), outcome.counts, reading.warnings)


def _row(record_type: RecordType, one: Result) -> dict[str, Any]:
    return {
        "row": one.draft.row,
        "title": one.draft.title,
        "bureau": one.bureau.name if one.bureau else "",
        "number": one.number,
        "on": str(one.on or ""),
    }


def plan(found: Registration) -> dict:
    """Return what was kept of the reading, empty while there is none; errors as ``CellError``s."""
    kept, *_ = _kept(found, 1)
    return kept | {"errors": [CellError(**error) for error in kept["errors"]]} if kept else {}


def faults(found: Registration) -> list[CellError]:
    """Return every error of a sheet, in the order of its lines; none while it was not read."""
    kept, *rest = _kept(found, 2)
    told = [*kept["errors"], *(rest[0] if rest else ())] if kept else []
    return [CellError(**error) for error in told]


def _kept(found: Registration, most: int) -> list:
    """Return the first lines of what was kept of the reading; one that is empty when nothing was."""
    if not found.upload.plan:
        return [{}]
    try:
        with closing(default_storage.open(found.upload.plan)) as file:
            return [json.loads(line) for line in islice(file, most)]
    except OSError:
        return [{}]


@asking.for_the_house()
def _enter(found: Registration, by: User, progress: Progress) -> Registration:
    """Enter what the sheet says now, if that is what its preparer saw; needs a transaction that holds it."""
    at, total = timezone.now(), found.upload.counts[RowOutcome.NEW]
    entry = historical_store.Entry(found, by=by, at=at)
    own = {post.organisation_id for post in by.posts if post.role == Role.FILER}

    def take(reading: HistoricalReading, part: list[Result]) -> None:
        _demand_whole(reading)
        if any(one.bureau.pk in own for one in part):
            raise Refused(OWN_BUREAU)
        entry.take(part)
        progress(entry.number, total, "正在登记")

    _demand_whole(_read(found, take))
    if entry.number != total:
        raise Refused(MOVED_ON.format(""))
    ended = {"confirmed_at": at, "confirmed_by": by, "committed_at": at, "reason": ""}
    Import.objects.filter(pk=found.upload_id).update(**ended)
    historical.note(found, by, f"确认登记 {total} 条")
    return Registration.objects.select_related("upload").get(pk=found.pk)


def _demand_whole(reading: HistoricalReading) -> None:
    """Raise ``Refused`` with the first error of what has passed by."""
    if reading.errors:
        raise Refused(MOVED_ON.format(reading.errors[0].message))
