"""The two jobs of an import: to read a large file, to carry out a large plan; each whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.urls import reverse

from portal import import_steps, jobs, notify
from portal.leases import Cancelled, LeaseLost
from portal.models import Import, Job, User
from portal.workflow import Refused

READ, COMMIT, RECEIPT = "import-read", "import-commit", "import-receipt"
TITLES = {READ: "读取“{}”", COMMIT: "导入“{}”"}
IS_READ = "“{}”已读取完毕，请核对后确认导入。"
IS_COMMITTED = "“{}”已导入：新增{}件，更新{}件。"
TROUBLE = "处理文件时出错，没有导入任何数据，文件还在。请稍后再试；仍不行时请把作业编号 {} 告诉系统管理员。"


def ask(kind: str, imported: Import, *, by: User) -> Job:
    """Ask for a job, in the caller's transaction."""
    parameters = {"import": imported.pk, "user": by.pk}
    return jobs.enqueue(kind, title=TITLES[kind].format(imported.file_name), parameters=parameters, by=by)


@jobs.runner(READ)
def run_read(job: Job, work: jobs.Work) -> None:
    """Read the file into a plan, which is named together with the end of the job."""
    imported, by = _asked(job)
    with _trouble(job, imported):
        reading = import_steps.prepare(imported, work.progress)
        with import_steps.kept_or_removed(reading.plan.name), work.at_once():
            import_steps.note_read(imported, reading)
            _tell(imported, by, IS_READ.format(imported.file_name))


@jobs.runner(COMMIT)
def run_commit(job: Job, work: jobs.Work) -> None:
    """Carry the plan out together with the end of the job."""
    imported, by = _asked(job)
    with _trouble(job, imported), work.at_once():
        done = import_steps.carry_out(imported, by, work.progress)
        counts = [done.counts.get(name, 0) for name in ("new", "changed")]
        _tell(imported, by, IS_COMMITTED.format(imported.file_name, *counts))


def _asked(job: Job) -> tuple[Import, User]:
    found = Import.objects.select_related("organisation__region", "created_by")
    return found.get(pk=job.parameters["import"]), User.objects.get(pk=job.parameters["user"])


def _tell(imported: Import, by: User, sentence: str) -> None:
    notify.tell_person(by, sentence, reverse("import", args=[imported.pk]))


@contextmanager
def _trouble(job: Job, imported: Import) -> Iterator[None]:
    """Let what goes wrong be told as a sentence, and the import be open again where it was refused."""
    try:
        yield
    except Refused as refused:
        import_steps.note_failed(imported, str(refused))
        raise
    except (Cancelled, LeaseLost, MemoryError):
        raise
    except Exception as error:
        raise jobs.Trouble(TROUBLE.format(job.pk)) from error
