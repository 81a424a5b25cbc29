"""Receipts of imports: made at once, or by a job when the file is large. What a receipt is: ``receipts``."""

from pathlib import Path

from portal import import_files, import_jobs, imports, jobs, receipts
from portal.models import Import, Job, User
from portal.registry import get
from portal.workflow import Refused

KIND = import_jobs.RECEIPT
GONE = "这份文件已经导入或放弃，没有保留，不能再生成错误回执；请重新上传。"
TOO_MUCH = "这份文件过大或过于复杂，没有生成错误回执；预览里列有全部错误，请按预览改正原表后重新上传。"


def make(imported: Import) -> bytes:
    """Return the receipt of an import. Raises ``Refused`` when the file is gone or cannot be marked."""
    try:
        with imports.content(imported) as content:
            return receipts.receipt(content, imported.file_name, get(imported.slug), imports.faults(imported))
    except FileNotFoundError:
        raise Refused(GONE) from None
    except receipts.Unmarked:
        raise Refused(TOO_MUCH) from None


def ask(imported: Import, *, by: User) -> Job:
    """Ask for the receipt of a large file and return the job."""
    title = f"{receipts.NAME} {imported.file_name}"
    return jobs.enqueue(KIND, title=title, parameters={"import": imported.pk}, by=by)


def is_open_to(job: Job, user: User) -> bool:
    """Say whether who asked for a receipt may still see the import: not once he left its bureau."""
    return _of(job, user) is not None


def _of(job: Job, user: User) -> Import | None:
    return Import.objects.visible_to(user).filter(pk=job.parameters["import"]).first()


@jobs.runner(KIND)
def run(job: Job, work: jobs.Work) -> jobs.Result:
    """Make the receipt that was asked for, as far as the asker may still see the import."""
    if (imported := _of(job, job.requested_by)) is None:
        raise Refused(GONE)
    work.progress(0, 1, "标注错误")
    path: Path = work.path(".xlsx")
    path.write_bytes(make(imported))
    return jobs.Result(path, receipts.name_of(imported.file_name), kept_for=import_files.KEPT_FOR)
