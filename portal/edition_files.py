"""The document an edition was announced by: taken in, checked by its content, replaced, found missing.

The only writer of ``Edition.file``.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import BinaryIO

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from portal import media, quotas, scanning, text
from portal.attachments import EMPTY, all_or_nothing
from portal.edition_policy import ABANDONED, APPROVED, PREPARING, PUBLISHED, choices, stage
from portal.editions import note
from portal.models import Edition, User
from portal.models.editions import storage_name
from portal.workflow import Refused

FOLDER = "editions"
SUFFIXES = ("pdf", "doc", "docx")
MOST_BYTES = 20 * 2**20
LONGEST_NAME = 200
UNDER_WAY = timedelta(minutes=1)  # between its last byte and its row a document is checked
TOO_BIG = f"文件超过{MOST_BYTES // 2**20}MB，没有保存；请压缩或重新导出后再上传。"


def why_not_attached(edition: Edition, user: User) -> str | None:
    """Return why ``user`` cannot attach the document now, empty when he can, None when it is not his to do.

    Who prepares attaches it in preparation, who publishes before the publication and, once, afterwards.
    """
    posts = {choice.name for choice in choices(edition, user)}
    if not posts & {"propose", "publish"} or stage(edition) == ABANDONED:
        return None
    if "propose" in posts and stage(edition) == PREPARING:
        return ""
    if "publish" in posts and (
        stage(edition) == APPROVED or (stage(edition) == PUBLISHED and not edition.file)
    ):
        return ""
    return "编制中由编制岗位上传，审定以后由发布岗位上传；发布后已有的文件不再更换。"


def attach(edition: Edition, content: BinaryIO, name: str, *, by: User) -> Edition:
    """Store the document with the edition, in place of an earlier one.

    ``name`` is as the person's computer calls it. Raises ``Refused``; nothing is kept then.
    """
    if why_not_attached(edition, by) != "":
        raise Refused("现在不能上传发布文件。")
    _check(content)
    with all_or_nothing(_is_named) as kept:
        kept.append(default_storage.save(storage_name(edition, name), content))
        former = _join(edition, kept[0], name, by)
    if former:
        default_storage.delete(former)
    return Edition.objects.get(pk=edition.pk)


def _check(content: BinaryIO) -> None:
    """Refuse what is no PDF or Word file by its content."""
    content.seek(0, 2)
    size = content.tell()
    quotas.disk().demand(size)
    if size == 0 or size > MOST_BYTES:
        raise Refused(TOO_BIG if size else EMPTY)
    try:
        media.measure(content, size, "document", SUFFIXES)
    except media.Unfit as unfit:
        raise Refused(str(unfit)) from None
    scanning.demand_clean(content)
    content.seek(0)


@transaction.atomic
def _join(edition: Edition, stored: str, name: str, by: User) -> str:
    """Give the edition its file and return the name of the one it had."""
    current = Edition.objects.select_for_update().get(pk=edition.pk)
    if why_not_attached(current, by) != "":
        raise Refused("现在不能上传发布文件。")
    former = current.file.name
    current.file.name, current.file_name = stored, _clean_name(name)
    current.save(update_fields=["file", "file_name"])
    note(current, by, f"上传发布文件：{current.file_name}")
    return former


def _is_named(stored: str) -> bool:
    return Edition.objects.filter(file=stored).exists()


def _clean_name(name: str) -> str:
    line = " ".join(text.clean(name.replace("\\", "/")).split()).rpartition("/")[2]
    return line[-LONGEST_NAME:] or "发布文件"


def faults() -> Iterator[str]:
    """Yield one line for each edition whose document is missing, and for each document of no edition."""
    known = set(Edition.objects.exclude(file="").values_list("file", flat=True))
    for edition in Edition.objects.exclude(file="").order_by("pk"):
        if not default_storage.exists(edition.file.name):
            yield f"目录版次 {edition.pk}：文件 {edition.file.name} 不存在。"
    for name in _stored():
        if name not in known and not _is_under_way(name):
            yield f"文件 {name} 不属于任何目录版次。"


def _stored() -> list[str]:
    if not default_storage.exists(FOLDER):
        return []
    return [f"{FOLDER}/{name}" for name in sorted(default_storage.listdir(FOLDER)[1])]


def _is_under_way(name: str) -> bool:
    return timezone.now() - default_storage.get_modified_time(name) < UNDER_WAY
