"""Receipts of imports: made at once, or by a job when the file is large. What a receipt is: ``receipts``."""

from pathlib import Path, PurePath

from portal import imports, jobs, receipts
from portal.models import Import, Job, User
from portal.registry import get
from portal.workflow import Refused

KIND = "import-receipt"
LONGEST_STEM = 120  # the name of what a job made has 150 characters
GONE = "这份文件已经导入或放弃，没有保留，不能再生成错误回执；请重新上传。"
TOO_MUCH = "这份文件过大或过于复杂，没有生成错误回执；预览里列有全部错误，请按预览改正原表后重新上传。"


def name_of(imported: Import) -> str:
    """Return what the receipt of an import is called."""
    return f"{receipts.NAME}-{PurePath(imported.file_name).stem[:LONGEST_STEM]}.xlsx"


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


@jobs.runner(KIND)
def run(job: Job, work: jobs.Work) -> jobs.Result:
    """Make the receipt that was asked for, as far as the asker may still see the import."""
    imported = Import.objects.visible_to(job.requested_by).filter(pk=job.parameters["import"]).first()
    if imported is None:
        raise Refused(GONE)
    work.progress(0, 1, "标注错误")
    path: Path = work.path(".xlsx")
    path.write_bytes(make(imported))
    return jobs.Result(path, name_of(imported))
