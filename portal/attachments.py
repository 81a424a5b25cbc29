"""Files of a filing: taken in, removed, given back, carried over. The only place that writes them.

A file is streamed to the storage, then measured, then joined to the filing; whatever goes wrong on the way,
no file is left behind. Call ``add`` outside of a transaction: a long upload must not hold up other writers.
"""

import errno
import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePosixPath
from typing import BinaryIO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import Error, connection, models, transaction
from django.utils import timezone

from portal import asking, locks, media, quotas, scanning, scope, text
from portal.models import Attachment, Filing, User
from portal.models.attachments import storage_name
from portal.refusals import Refused
from portal.registry import STAMPED_SCAN, Slot
from portal.vocabulary import EDITABLE

CHUNK = 256 * 1024
LONGEST_NAME = 200
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

NOT_YOURS = "只有填报单位的填报岗位可以增减附件。"
SUBMITTED = "已提交的内容不能修改，附件没有变动；须先撤回或由审核单位退回。"
NO_SLOT = "这张表没有这个附件栏目，没有保存；请回到素材与附件页重新选择。"
EMPTY = "这个文件是空的，没有保存；请核对后重新选择。"
NO_ROOM = "服务器的存储空间已满，没有保存这个文件，已上传的都在；请联系管理员后再试。"
TWICE = "这件填报里已有内容相同的文件，没有再存一次；请选择另一个文件。"
TOO_OLD = "这个文件移除已满一天，不能恢复了；请重新上传。"
#: A file that was never submitted is given back for so long after it was removed, and then deleted.
RESTORABLE = timedelta(days=1)

logger = logging.getLogger(__name__)


def add(record: Filing, slot: str, content: BinaryIO, name: str, *, by: User) -> Attachment:
    """Store ``content`` in a slot of a draft and return its row with what was measured in it.

    ``name`` is as the person's computer calls it. Raises ``Refused`` with the sentence when the file does not
    fit the slot or the draft is not open to ``by``; nothing is stored then.
    """
    place, size = _open_slot(record, slot, by), quotas.size_of(content)
    space = room(record.organisation_id, size or place.most_bytes)
    space.demand(size or 1)
    attachment = Attachment(filing_id=record.pk, slot=slot, name=_clean_name(name), uploaded_by=by)
    try:
        with all_or_nothing(_is_used) as kept:
            _take_in(attachment, _Stream(content, place, space), kept)
            _join(attachment, place)
    except media.Unfit as unfit:
        raise Refused(str(unfit)) from None
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise Refused(NO_ROOM) from error
    _make_way(record.organisation_id)
    return attachment


@contextmanager
def all_or_nothing(is_named: Callable[[str], bool]) -> Iterator[list[str]]:
    """Give a list for the names of what is stored; all of it is deleted when anything goes wrong.

    But for what a row names by then: a commit may have been carried out although its answer was lost.
    """
    kept: list[str] = []
    try:
        yield kept
    except Error:
        _delete_unnamed(kept, is_named)
        raise
    except BaseException:
        _delete(kept)
        raise


@asking.for_the_house()
def _delete_unnamed(names: list[str], is_named: Callable[[str], bool]) -> None:
    """Delete what no row names; while the database is away all of it stays, and ``verify`` tells of it."""
    try:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        unnamed = [name for name in names if not is_named(name)]
    except Error as error:
        logger.warning("Files are kept, for a row may name them: %s: %s", ", ".join(names), error)
    else:
        _delete(unnamed)


def remove(attachment: Attachment, *, by: User) -> None:
    """Take a file out of a draft; it can be given back for a day. Raises ``Refused``."""
    may_change(attachment.filing, by)
    with transaction.atomic():
        _take(attachment.filing_id)
        _open_to_change(attachment.filing, attachment.slot)
        Attachment.objects.current().filter(pk=attachment.pk).update(removed_at=timezone.now())


def restore(attachment: Attachment, *, by: User) -> None:
    """Put a file back that was removed within a day. Raises ``Refused``, also where its place is filled."""
    may_change(attachment.filing, by)
    with transaction.atomic():
        _take(attachment.filing_id)
        if Attachment.objects.current().filter(pk=attachment.pk).exists():
            return  # by a second click
        _open_to_change(attachment.filing, attachment.slot)
        _fits(attachment, attachment.filing.record_type.all_slots[attachment.slot])
        if not Attachment.objects.restorable(_begun()).filter(pk=attachment.pk).update(removed_at=None):
            raise Refused(TOO_OLD)


def removed(record: Filing) -> list[Attachment]:
    """Return the files of a draft that can be given back, the one removed last first."""
    return list(record.attachments.restorable(_begun()).order_by("-removed_at", "-pk"))


def discard(found: models.QuerySet[Attachment]) -> int:
    """Delete removed files for good; returns how many.

    Those of a submitted version stay, and of what was erased (``purging``) size and digest do.
    """
    gone = _spare(found)
    for attachment in gone:
        with transaction.atomic():
            if Attachment.objects.exclude(removed_at=None).filter(pk=attachment.pk).delete()[0]:
                transaction.on_commit(partial(_delete_unused, _files_of(attachment)))
    return len(gone)


def _spare(found: models.QuerySet[Attachment]) -> list[Attachment]:
    """Return the removed files that no submitted version holds."""
    removed = found.exclude(removed_at=None).filter(erased_at=None).select_related("filing")
    return [one for one in removed if not _was_submitted(one)]


def tidy() -> int:
    """Delete what was removed over a day ago and never submitted; what was, is looked at for a month only."""
    begun = _begun()
    return discard(Attachment.objects.filter(removed_at__lt=begun, removed_at__gt=begun - timedelta(days=30)))


def _begun() -> datetime:
    return timezone.now() - RESTORABLE


def room(organisation: int, size: int) -> quotas.Room:
    """Return the room for a file of so many bytes, for which what the bureau removed may give way.

    Nothing gives way by asking: ``add`` sees to that once the file is stored.
    """
    found = quotas.room(organisation)
    return found if size <= found.bytes else quotas.room(organisation, spare=_spare_bytes(organisation))


@asking.for_the_house()
def _spare_bytes(organisation: int) -> int:
    """Return by how much less a bureau's files would take if what it removed were gone for good."""
    own = Attachment.objects.filter(filing__organisation=organisation)
    spare = _spare(own)
    stay = set(own.exclude(pk__in=[one.pk for one in spare]).values_list("file", flat=True))
    return sum({one.file.name: one.size for one in spare if one.file.name not in stay}.values())


def _make_way(organisation: int) -> None:
    """Delete for good what a bureau removed if its files are beyond its share, now that there is another."""
    if quotas.is_exceeded(organisation):
        discard(Attachment.objects.filter(filing__organisation=organisation))


def copy_all(source: Filing, target: Filing) -> list[Attachment]:
    """Give ``target`` the files of ``source``: new rows, the same stored files.

    The stamped scan stays behind: its seal stands under the text that ``target`` is going to change.
    """
    rows = list(source.attachments.current().exclude(slot=STAMPED_SCAN))
    for row in rows:
        row.pk, row.filing_id, row._state.adding = None, target.pk, True
    return Attachment.objects.bulk_create(rows)


def may_change(record: Filing, by: User) -> None:
    """Raise ``Refused`` unless ``by`` files for the bureau of ``record`` and it is a draft."""
    if not scope.files_for(by, record.organisation_id):
        raise Refused(NOT_YOURS)
    if not record.is_editable:
        raise Refused(SUBMITTED)


def _openable(filing_id: int, slot: str) -> list[str]:
    """Return the slot when it is locked and a rule demands its change; ``Refused`` when none does.

    The locks and the files are read as they are stored.
    """
    stored = Filing.objects.get(pk=filing_id)
    return [] if locks.is_open(stored, slot) else locks.openable(stored.record, [slot])


def _open_to_change(filing: Filing, slot: str) -> None:
    """Raise ``Refused`` when a return left this slot locked; needs a transaction that holds the filing."""
    if opened := _openable(filing.pk, slot):
        locks.unlock(filing, opened)


def too_big(place: Slot) -> str:
    """Return the sentence for a file that is larger than its slot takes."""
    return f"文件超过{place.most_bytes // 2**20}MB，没有保存；请压缩或重新导出后再上传。"


def too_many(place: Slot) -> str:
    """Return the sentence for a slot that is full."""
    return f"{place.label}最多{place.most}个文件，没有保存；请先移除一个再上传。"


def _open_slot(record: Filing, slot: str, by: User) -> Slot:
    may_change(record, by)
    place = record.record_type.all_slots.get(slot)
    if place is None:
        raise Refused(NO_SLOT)
    _openable(record.pk, slot)
    if record.attachments.current().filter(slot=slot).count() >= place.most:
        raise Refused(too_many(place))
    return place


def _clean_name(name: str) -> str:
    """Return the last part of a name without control characters; its end, where the suffix is, survives."""
    line = " ".join(text.clean(name.replace("\\", "/")).split())
    path = PurePosixPath(line.rpartition("/")[2] or "未命名")
    suffix = path.suffix[:10]
    return path.stem[: LONGEST_NAME - len(suffix)] + suffix


class _Stream(File):
    """What is uploaded, counted and digested on its way; it refuses to grow beyond its slot and the room."""

    def __init__(self, content: BinaryIO, place: Slot, room: quotas.Room):
        super().__init__(content)
        self.place, self.room, self.length, self.digest = place, room, 0, hashlib.sha256()
        self.head = self._first()

    def _first(self) -> bytes:
        head = b""
        while len(head) < media.HEAD and (chunk := self.file.read(media.HEAD - len(head))):
            head += chunk
        return head

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Yield the content once, from its head."""
        chunk = self.head
        while chunk:
            self.length += len(chunk)
            if self.length > self.place.most_bytes:
                raise media.Unfit(too_big(self.place))
            self.room.demand(self.length)
            self.digest.update(chunk)
            yield chunk
            chunk = self.file.read(chunk_size or CHUNK)


def _take_in(attachment: Attachment, stream: "_Stream", kept: list[str]) -> None:
    """Store and measure the content; the names of what was stored are added to ``kept`` beforehand."""
    place = stream.place
    if not stream.head:
        raise media.Unfit(EMPTY)
    media.refuse_by_head(stream.head, place.kind, place.suffixes)
    attachment.file.name = _store(attachment, stream, kept)
    attachment.size, attachment.sha256 = stream.length, stream.digest.hexdigest()
    with default_storage.open(attachment.file.name) as stored:
        scanning.demand_clean(stored)
        found = media.measure(stored, attachment.size, place.kind, place.suffixes)
    attachment.media_type, attachment.facts = found.format.media_type, found.facts
    attachment.name = _with_suffix(attachment.name, found.format)
    if found.display:
        attachment.display.name = _store(attachment, ContentFile(found.display), kept)


def _store(attachment: Attachment, content: File, kept: list[str]) -> str:
    name = storage_name(attachment, attachment.name)
    kept.append(name)
    return default_storage.save(name, content)


def _with_suffix(name: str, form: media.Format) -> str:
    """Return the name with the suffix of its content: a picture saved under the wrong one opens nowhere."""
    path = PurePosixPath(name)
    if path.suffix[1:].lower() in form.suffixes:
        return name
    others = {suffix for known in media.FORMATS.values() for suffix in known.suffixes}
    stem = path.stem if path.suffix[1:].lower() in others else name
    return f"{stem[:190]}.{form.suffixes[0]}"


@transaction.atomic
def _join(attachment: Attachment, place: Slot) -> None:
    """Give the filing its new file, unless it was submitted, filled or given the same file meanwhile."""
    _take(attachment.filing_id)
    _open_to_change(attachment.filing, attachment.slot)
    _fits(attachment, place)
    attachment.save(force_insert=True)


def _fits(attachment: Attachment, place: Slot) -> None:
    """Raise ``Refused`` when the slot is full or the filing has the same file."""
    current = Attachment.objects.current().filter(filing_id=attachment.filing_id)
    if current.filter(slot=attachment.slot).count() >= place.most:
        raise Refused(too_many(place))
    if current.filter(sha256=attachment.sha256).exists():
        raise Refused(TWICE)


def _take(filing_id: int) -> None:
    """Hold the filing's row until the end of the transaction, as a draft; a submission waits or has won."""
    draft = Filing.objects.filter(pk=filing_id, state__in=EDITABLE)
    if not draft.update(updated_at=timezone.now()):
        raise Refused(SUBMITTED)


def _was_submitted(attachment: Attachment) -> bool:
    snapshots = attachment.filing.versions.values_list("snapshot", flat=True)
    return any(file["id"] == attachment.pk for taken in snapshots for file in taken.get("files", ()))


def _files_of(attachment: Attachment) -> list[str]:
    return [name for name in (attachment.file.name, attachment.display.name) if name]


@asking.for_the_house()
def _delete_unused(names: list[str]) -> None:
    """Delete the stored files that no row uses any more."""
    _delete(name for name in names if not _is_used(name))


def _is_used(name: str) -> bool:
    rows = Attachment.objects
    return rows.filter(file=name).exists() or rows.filter(display=name).exists()


def _delete(names: Iterable[str]) -> None:
    for name in names:
        default_storage.delete(name)
