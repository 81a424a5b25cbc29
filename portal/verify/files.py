"""Invariants of the store: the files on disk are those of the rows."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import models
from django.utils import timezone

from portal.models import Attachment, Filing

CHUNK = 500
STORED, PIECE = "attachments", 2**20
UNDER_WAY = timedelta(minutes=1)  # between its last byte and its row a file is measured


def of_store() -> Iterator[str]:
    """Yield the faults of all attachments and of what lies in their folder."""
    yield from of_files(Attachment.objects.order_by("pk").iterator(chunk_size=CHUNK))
    yield from of_orphans(_stored(STORED))


def of_files(rows: Iterable[Attachment]) -> Iterator[str]:
    """Yield each row whose file is missing, or not what was uploaded; its name is never told.

    Of what was erased no file may be named any more; whatever is left of it in the store is an orphan.
    """
    for row in rows:
        if row.erased_at:
            if row.file or row.display:
                yield f"附件 {row.pk}（填报 {row.filing_id}）：已清除，文件还没有删除。"
            continue
        if not row.file:
            yield f"附件 {row.pk}（填报 {row.filing_id}）：没有文件，也没有清除记录。"
            continue
        for name in (row.file.name, row.display.name):
            if name and not default_storage.exists(name):
                yield f"附件 {row.pk}（填报 {row.filing_id}）：文件 {name} 不存在。"
        if default_storage.exists(row.file.name) and _content(row.file.name) != (row.size, row.sha256):
            yield f"附件 {row.pk}（填报 {row.filing_id}）：文件 {row.file.name} 的内容与上传时不一致。"


def _content(name: str) -> tuple[int, str]:
    """Return size and SHA-256 of a stored file, read piece by piece."""
    size, digest = 0, hashlib.sha256()
    with default_storage.open(name) as file:
        for chunk in file.chunks(PIECE):
            size += len(chunk)
            digest.update(chunk)
    return size, digest.hexdigest()


def _stored(folder: str) -> Iterator[list[str]]:
    """Yield the names of the files of each folder below ``folder``, itself included."""
    if not default_storage.exists(folder):
        return
    folders, names = default_storage.listdir(folder)
    yield [f"{folder}/{name}" for name in sorted(names)]
    for inner in sorted(folders):
        yield from _stored(f"{folder}/{inner}")


def of_orphans(folders: Iterable[list[str]]) -> Iterator[str]:
    """Yield each stored file that no row knows, but for those that are being uploaded now."""
    for names in filter(None, folders):
        found = Attachment.objects.filter(models.Q(file__in=names) | models.Q(display__in=names))
        known = {name for pair in found.values_list("file", "display") for name in pair}
        for name in names:
            if name not in known and not _is_under_way(name):
                yield f"文件 {name} 不属于任何附件。"


def _is_under_way(name: str) -> bool:
    number = name.split("/")[1]
    filing = Filing.objects.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
    fresh = timezone.now() - default_storage.get_modified_time(name) < UNDER_WAY
    return fresh and filing is not None and filing.is_editable
