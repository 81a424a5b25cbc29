"""Files on their way in: received, read into a plan, looked at, confirmed, committed. The one import path.

Web, command and admin come here with a file of any size. What takes long is a job; whatever goes wrong, all
of a file is imported or nothing. With the steps and jobs below it the only writer of ``Import``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import PurePath
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone

from portal import (
    access_log,
    import_files,
    import_jobs,
    import_steps,
    jobs,
    quotas,
    sandbox,
    scanning,
    scope,
    text,
)
from portal.annexes import CellError
from portal.import_files import KEPT_FOR, Kept
from portal.import_plans import Plan, Row
from portal.import_reading import Progress, unheard
from portal.importing import Draft, shown, values
from portal.models import Act, Import, ImportPurpose, Job, RowOutcome, User
from portal.refusals import Refused
from portal.registry import RecordType
from portal.sandbox import flat

AT_ONCE_BYTES = 512 * 1024  # up to here a file is read in the request: about a second
AT_ONCE_ROWS = 1000  # so many filings are written in the request: about a second
LONGEST_NAME = 200

EMPTY = "这个文件是空的，没有读取；请核对后重新选择。"
TOO_BIG = f"文件超过 {flat.MOST_BYTES // 2**20} MB，没有读取；请分成几个文件后再上传。"
NOT_YOURS = "只有填报单位的填报岗位可以导入。"


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

    ``row`` is the line of the sheet from 1. ``words``: field → printable words of what was read, of a changed
    row what changes (child rows: lists of dicts); a row that stays as it is has none. ``filing`` is which one
    it means, if any; ``note`` says why it is left alone. ``errors`` of a faulty row.
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
    """One page of the rows of an outcome: ``number`` of ``pages`` from 1, ``total`` rows of the outcome.

    ``columns``: sheet → header → its place in the line, from 0, for the addresses of cells.
    """

    rows: list[PlanRow]
    number: int
    pages: int
    total: int
    columns: dict[str, dict[str, int]] = field(default_factory=dict)


def receive(upload: BinaryIO | bytes, name: str, record_type: RecordType, *, by: User) -> Import:
    """Store a file and read it, now when it is small, else by a job (``imported.job``); return its row.

    A small one that takes longer than a request waits (``sandbox.at_once``) is read by a job as well.

    Raises ``Refused`` when ``by`` may not file this type, or the file is empty or too large. What is wrong
    inside of the file stands in the plan as faulty rows.
    """
    bureau = import_steps.filing_bureau(record_type, by)
    content = BytesIO(upload) if isinstance(upload, bytes) else upload
    quotas.room(bureau.pk).demand(len(upload) if isinstance(upload, bytes) else quotas.size_of(upload))
    kept = _stored(content, name)
    with import_steps.kept_or_removed(kept.name), transaction.atomic():
        imported = Import.objects.create(
            slug=record_type.slug,
            organisation=bureau,
            file=kept.name,
            file_name=_clean_name(name),
            size=kept.size,
            sha256=kept.sha256,
            created_by=by,
        )
        if not _is_small(imported):
            return _read_later(imported, by)
    try:
        with sandbox.at_once():
            return read(imported)
    except sandbox.OutOfTime:
        return _read_later(imported, by)


def _read_later(imported: Import, by: User) -> Import:
    """Let a job read the file."""
    with transaction.atomic():
        imported.job = import_jobs.ask(import_jobs.READ, imported, by=by)
        imported.save(update_fields=["job"])
    return imported


def _stored(content: BinaryIO, name: str) -> Kept:
    scanning.demand_clean(content)
    content.seek(0)
    try:
        kept = import_files.keep(content, _suffix(name), flat.MOST_BYTES)
    except OverflowError:
        raise Refused(TOO_BIG) from None
    if not kept.size:
        import_files.remove([kept.name])
        raise Refused(EMPTY)
    return kept


def _suffix(name: str) -> str:
    suffix = PurePath(name).suffix.lower()
    return suffix if suffix in sandbox.SUFFIXES else ""


def _clean_name(name: str) -> str:
    last = " ".join(text.clean(name.replace("\\", "/")).split()).rpartition("/")[2] or "未命名"
    path = PurePath(last)
    return path.stem[: LONGEST_NAME - len(path.suffix[:10])] + path.suffix[:10]


def _is_small(imported: Import) -> bool:
    is_form = _suffix(imported.file_name) not in flat.SUFFIXES
    return is_form or imported.size <= AT_ONCE_BYTES


def read(imported: Import, progress: Progress = unheard) -> Import:
    """Read the stored file into a plan, name it in the row and return that; the plan before it is removed."""
    reading = import_steps.prepare(imported, progress)
    with import_steps.kept_or_removed(reading.plan.name), transaction.atomic():
        done = import_steps.note_read(imported, reading)
        transaction.on_commit(partial(import_files.remove, [imported.plan]))
    return done


def visible_to(user: User):
    """Return the imports that ``user`` may see."""
    return Import.objects.visible_to(user)


def page(imported: Import, outcome: str, number: int = 1, size: int = 50) -> Page:
    """Return one page of the rows of ``outcome``; the last one when ``number`` is beyond it.

    None once the plan is gone, or was made by a release whose fields were others.
    """
    total = imported.counts.get(outcome, 0)
    pages = max(1, -(-total // size))
    number = min(max(1, number), pages)
    with _plan(imported) as plan:
        is_shown = plan is not None and import_steps.is_valid(plan, imported)
        found = plan.page(outcome, (number - 1) * size, size) if is_shown else []
        facts = plan.facts if is_shown else {}
    sheet, objects = facts.get("sheet", ""), values.loaded(_named(imported.record_type, found))
    rows = [shown_row(imported.record_type, RowOutcome(outcome), row, sheet, objects) for row in found]
    return Page(rows, number, pages, total, facts.get("columns", {}))


@contextmanager
def _plan(imported: Import) -> Iterator[Plan | None]:
    """Open the plan of an import, None when there is none any more."""
    try:
        file = import_files.opened(imported.plan) if imported.plan else None
    except FileNotFoundError:
        file = None
    if file is None:
        yield None
        return
    with file:
        yield Plan(file)


def _named(record_type: RecordType, rows: list[Row]) -> dict[str, set]:
    """Return label of a model → the keys that these rows name."""
    found: dict[str, set] = {}
    for row in rows:
        _gather(record_type.model, row.get("v", {}), found)
        for name, made in row.get("c", {}).items():
            for one in made:
                _gather(record_type.row_model(name), one, found)
    return found


def _gather(model, kept: dict[str, Any], found: dict[str, set]) -> None:
    for name, value in kept.items():
        column = model._meta.get_field(name)
        if column.is_relation and value is not None:
            keys = value if column.many_to_many else [value]
            found.setdefault(column.related_model._meta.label, set()).update(keys)


def shown_row(
    kind: RecordType, outcome: RowOutcome, row: Row, sheet: str, objects: values.Objects
) -> PlanRow:
    """Return a row of a plan in printable words; ``objects`` holds what it names."""
    said = values.Unpacker(kind.model, row.get("v", {}), objects)(row.get("v", {}))
    rows = {
        name: [values.Unpacker(kind.row_model(name), one, objects)(one) for one in made]
        for name, made in row.get("c", {}).items()
    }
    draft = Draft(row.get("s", sheet), row["r"], row["t"], said, rows)
    told = shown(draft, kind)
    return PlanRow(
        outcome,
        draft.sheet,
        draft.row,
        draft.title,
        told,
        [_change(kind, name, before, told) for name, before in row.get("b", {}).items()],
        [CellError(*one) for one in row.get("e", [])],
        row.get("f"),
        row.get("m", ""),
    )


def _change(kind: RecordType, name: str, before: str, told: dict[str, Any]) -> Change:
    after = told[name]
    joined = "、".join(after) if isinstance(after, list) else "" if after is None else str(after)
    return Change(name, str(kind.field(name).verbose_name), before, joined)


def faults(imported: Import) -> Iterator[CellError]:
    """Yield every error of the file: those of the records by line, then those of the other sheets."""
    with _plan(imported) as plan:
        for row in plan.rows(RowOutcome.FAULTY) if plan else ():
            yield from (CellError(*one) for one in row["e"])


def content(imported: Import) -> BinaryIO:
    """Open the file as it was uploaded, for reading; ``FileNotFoundError`` once it was removed."""
    if not imported.file:
        raise FileNotFoundError
    return import_files.opened(imported.file)


def twin(imported: Import) -> Import | None:
    """Return the latest earlier import of the same bytes for the same bureau, type and purpose, or None.

    Committed or still open ones count; ``is_open`` and ``committed_at`` say which it is.
    """
    same = Import.objects.filter(sha256=imported.sha256, organisation=imported.organisation_id)
    same = same.filter(slug=imported.slug, purpose=imported.purpose, pk__lt=imported.pk, abandoned_at=None)
    return same.order_by("-pk").first()


def why_not_confirmed(imported: Import) -> str:
    """Return the sentence why it cannot be confirmed now, empty when it can."""
    if imported.is_under_way:
        return import_steps.UNDER_WAY.format(imported.file_name)
    if reason := import_steps.why_closed(imported):
        return reason
    with _plan(imported) as plan:
        is_open = plan is not None and import_steps.is_valid(plan, imported)
    return "" if is_open else import_steps.EXPIRED.format(imported.file_name)


def confirm(imported: Import, *, by: User) -> Import | Job:
    """Import all new and changed rows now and return the import, or ask for it and return the job.

    All or nothing. Raises ``Refused`` when there are faulty rows, when it was confirmed before or given up,
    or when what a row means has changed since the preview.
    """
    with transaction.atomic():
        current = import_steps.held(imported.pk)
        import_steps.filing_bureau(current.record_type, by, current.organisation)
        if reason := why_not_confirmed(current):
            raise Refused(reason)
        if import_steps.writes(current) <= AT_ONCE_ROWS:
            return import_steps.carry_out(current, by, unheard)
        current.job = import_jobs.ask(import_jobs.COMMIT, current, by=by)
        current.confirmed_at, current.confirmed_by, current.reason = timezone.now(), by, ""
        current.save()
    return current.job


def abandon(imported: Import, *, by: User) -> None:
    """Give an import up and remove its files. Raises ``Refused`` when it was committed or is under way."""
    if not scope.files_for(by, imported.organisation_id) and imported.created_by_id != by.pk:
        raise Refused(NOT_YOURS)
    with transaction.atomic():
        current = import_steps.held(imported.pk)
        if current.committed_at:
            raise Refused(import_steps.COMMITTED.format(current.file_name))
        if current.is_under_way:
            raise Refused(import_steps.UNDER_WAY.format(current.file_name))
        access_log.record(Act.IMPORT, by=by, about=current, title=current.file_name, details={"said": "放弃"})
        _give_up(current)


def _give_up(current: Import) -> None:
    transaction.on_commit(partial(import_files.remove, [current.file, current.plan]))
    jobs.expire(import_jobs.RECEIPT, {"import": current.pk})
    current.abandoned_at, current.file, current.plan = timezone.now(), "", ""
    current.confirmed_at = current.confirmed_by = None
    current.save()


def tidy() -> None:
    """Give up what nobody confirmed in a week, remove the files of what was imported, and strays.

    What was confirmed and whose job ended without carrying it out may be confirmed again.
    """
    for one in Import.objects.open().exclude(confirmed_at=None).select_related("job"):
        if not one.is_under_way:
            import_steps.note_failed(one, one.job.reason if one.job else "")
    before = timezone.now() - KEPT_FOR
    drafts_only = Import.objects.filter(purpose=ImportPurpose.DRAFTS)  # ``historical`` keeps its sheets
    for one in drafts_only.open().filter(created_at__lt=before):
        with transaction.atomic():
            current = import_steps.held(one.pk)
            if not current.is_under_way and current.is_open:
                _give_up(current)
    for one in drafts_only.filter(committed_at__lt=before).exclude(file="", plan=""):
        Import.objects.filter(pk=one.pk).update(file="", plan="")
        import_files.remove([one.file, one.plan])
    known = set(Import.objects.values_list("file", "plan"))
    import_files.remove(import_files.strays({name for pair in known for name in pair}))
