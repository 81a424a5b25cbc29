"""Invariants of imports: their files are there, nothing else is, no digest is of a filing that is gone."""

from collections.abc import Iterator
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef
from django.utils import timezone

from portal import import_files
from portal.models import WAITING, Filing, Import, ImportedRow

STUCK = timedelta(days=1)


def of_imports() -> Iterator[str]:
    """Yield the faults of all imports, of what lies in their folder and of the digests of rows."""
    yield from _of_files()
    known = {name for pair in Import.objects.values_list("file", "plan") for name in pair}
    for name in import_files.strays(known):
        yield f"文件 {name} 不属于任何导入。"
    for one in _stuck():
        yield f"导入 {one.pk}：确认后没有写入，作业也已结束。"
    for row in ImportedRow.objects.exclude(Exists(Filing.objects.filter(pk=OuterRef("pk")))):
        yield f"导入行 {row.pk}：对应的填报不存在。"
    newer = Filing.objects.filter(pk=OuterRef("pk"), revision__lt=OuterRef("revision"))
    for row in ImportedRow.objects.filter(Exists(newer)):
        yield f"导入行 {row.pk}：记录的修订比填报的还新。"


def _of_files() -> Iterator[str]:
    """One whose files were removed between two looks is none."""
    for one in Import.objects.exclude(file="", plan="").order_by("pk").iterator(chunk_size=500):
        for name in filter(None, (one.file, one.plan)):
            if not default_storage.exists(name) and Import.objects.filter(pk=one.pk, file=one.file).exists():
                yield f"导入 {one.pk}：文件 {name} 不存在。"


def _stuck() -> list[Import]:
    """Return those that were confirmed long ago and that nothing carries out any more."""
    long_ago = timezone.now() - STUCK
    confirmed = Import.objects.open().filter(confirmed_at__lt=long_ago)
    return list(confirmed.exclude(job__status__in=WAITING))
