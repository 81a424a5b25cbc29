"""Invariants of jobs: a finished file lies there as it was made, and nothing lies there that no job knows."""

from collections.abc import Iterator

from django.core.files.storage import default_storage

from portal import jobs, stores
from portal.models import Job


def of_jobs() -> Iterator[str]:
    """Yield the faults of the files of all jobs and of what lies in their folder."""
    for job in Job.objects.exclude(file="").order_by("pk").iterator(chunk_size=500):
        yield from _of_file(job)
    for pk in stores.jobs():
        yield from _of_folder(pk)


def _of_file(job: Job) -> Iterator[str]:
    """An expired file is no fault: its job names it no longer. One that expires between two looks is none."""
    if not default_storage.exists(job.file):
        if Job.objects.filter(pk=job.pk, file=job.file).exists():
            yield f"作业 {job.pk}（{job.kind}）：文件 {job.file} 不存在。"
    elif stores.measured(job.file) != (job.size, job.sha256):
        yield f"作业 {job.pk}（{job.kind}）：文件 {job.file} 的内容与生成时不一致。"


def _of_folder(pk: int) -> Iterator[str]:
    """A job that waits for its next attempt removes what the one before left when it is taken up."""
    found = stores.files_of(pk)
    row = Job.objects.filter(pk=pk).first()
    for file in found:
        if not (jobs.is_known(file, row) or (row and row.is_waiting and file.token <= row.token)):
            yield f"文件 {file.name} 不属于任何作业。"
