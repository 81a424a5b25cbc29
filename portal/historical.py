"""登记历史结果: what was decided before the portal, from a sheet, with the document it rests on.

One person prepares, another confirms. With ``historical_acts`` and ``historical_jobs`` the only writer of
``Registration`` and of the imports that serve it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import BinaryIO

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal import media, quotas, scanning, text
from portal.attachments import all_or_nothing
from portal.models import Import, ImportPurpose, Organisation, Registration, User
from portal.publishable import checked_day, checked_number
from portal.registry import RecordType
from portal.sandbox import flat
from portal.vocabulary import Level, Role
from portal.workflow import Refused

PREPARE, CONFIRM = (Role.APPROVER,), (Role.APPROVER, Role.PUBLISHER)
FOLDER = "registrations"
SCANS = ("pdf", "jpg", "jpeg", "png")
MOST_BYTES = 20 * 2**20
LONGEST_NAME = 200
PIECE = 256 * 1024

NO_POST = "只有省级审批岗位可以登记历史结果。"
NO_DOCUMENT = "请上传作出结论的文件（PDF 或扫描图片），没有保存。"
NO_SHEET = "请选择要登记的表格，没有保存。"
SHEET_TOO_BIG = f"表格超过 {flat.MOST_BYTES // 2**20} MB，没有保存；请分成几个文件后再上传。"
TOO_BIG = f"依据文件超过{MOST_BYTES // 2**20}MB，没有保存；请压缩后再上传。"
ENDED_ALREADY = "这份登记已经结束，不能再办理。"


@dataclass(frozen=True)
class Upload:
    """A file as a person sent it: its content and what his computer calls it."""

    content: BinaryIO
    name: str


def bureau_of(user: User, roles: tuple[str, ...]) -> Organisation | None:
    """Return the provincial bureau at which ``user`` holds one of ``roles``, None without such a post."""
    posts = (post for post in user.posts if post.role in roles and post.organisation.is_hrss)
    return next((p.organisation for p in posts if p.organisation.region.level == Level.PROVINCE), None)


def visible_to(user: User) -> QuerySet:
    """Return the registrations ``user`` may see: those of the province, if he prepares or confirms there."""
    found = Registration.objects.filter(upload__purpose=ImportPurpose.HISTORY)
    bureau = bureau_of(user, CONFIRM)
    found = found.filter(upload__organisation=bureau) if bureau else found.none()
    return found.select_related("upload__created_by", "upload__confirmed_by", "upload__job", "refused_by")


def prepare(
    record_type: RecordType,
    sheet: Upload | None,
    document: Upload | None,
    *,
    by: User,
    document_number: str = "",
    decided_on: date | None = None,
) -> Registration:
    """Store a sheet with the document it rests on and return its registration, not read yet.

    Number and day hold for the rows that name none. Raises ``Refused``; nothing is kept then.
    """
    if (bureau := bureau_of(by, PREPARE)) is None:
        raise Refused(NO_POST)
    if sheet is None or document is None:
        raise Refused(NO_SHEET if sheet is None else NO_DOCUMENT)
    said = {
        "document_number": checked_number(document_number) if document_number.strip() else "",
        "decided_on": checked_day(decided_on) if decided_on else None,
    }
    quotas.room(bureau.pk).demand(sum(_measured(file.content)[0] for file in (sheet, document)))
    with all_or_nothing(_is_named) as kept, transaction.atomic():
        upload = _received(record_type, sheet, bureau, by, kept)
        found = Registration(upload=upload, **said, **_document(document, kept))
        found.save()
        note(found, by, f"上传登记表格：{upload.file_name}", ADDITION)
    return found


def _is_named(stored: str) -> bool:
    is_sheet = Import.objects.filter(file=stored).exists()
    return is_sheet or Registration.objects.filter(document=stored).exists()


def _received(
    record_type: RecordType, sheet: Upload, bureau: Organisation, by: User, kept: list[str]
) -> Import:
    size, sha256 = _measured(sheet.content)
    if size == 0 or size > flat.MOST_BYTES:
        raise Refused(SHEET_TOO_BIG if size else NO_SHEET)
    return Import.objects.create(
        slug=record_type.slug,
        organisation=bureau,
        purpose=ImportPurpose.HISTORY,
        file=_stored(sheet.content, kept),
        file_name=clean_name(sheet.name),
        size=size,
        sha256=sha256,
        created_by=by,
    )


def _document(document: Upload, kept: list[str]) -> dict:
    """Store the scan once its content is known to be one, and return what is kept of it."""
    size, sha256 = _measured(document.content)
    if size == 0 or size > MOST_BYTES:
        raise Refused(TOO_BIG if size else NO_DOCUMENT)
    try:
        found = media.measure(document.content, size, "document", SCANS)
    except media.Unfit as unfit:
        raise Refused(str(unfit)) from None
    return {
        "document": _stored(document.content, kept),
        "document_name": clean_name(document.name),
        "document_size": size,
        "document_sha256": sha256,
        "document_type": found.format.media_type,
    }


def _measured(content: BinaryIO) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    content.seek(0)
    while piece := content.read(PIECE):
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()


def _stored(content: BinaryIO, kept: list[str]) -> str:
    scanning.demand_clean(content)
    content.seek(0)
    kept.append(default_storage.save(f"{FOLDER}/{secrets.token_hex(16)}", File(content)))
    return kept[-1]


def keep(found: Registration, plan: bytes, counts: dict[str, int], warnings: list[str]) -> None:
    """Keep what was read of the sheet, once; for ``historical_jobs``. Needs a transaction."""
    name = default_storage.save(f"{FOLDER}/{secrets.token_hex(16)}", ContentFile(plan))
    facts = {"plan": name, "counts": counts, "warnings": warnings, "read_at": timezone.now(), "reason": ""}
    if not Import.objects.open().filter(pk=found.upload_id, read_at=None).update(**facts):
        default_storage.delete(name)
        raise Refused(ENDED_ALREADY)


def clean_name(name: str) -> str:
    """Return the last part of a name without control characters."""
    line = " ".join(text.clean(PurePath(name.replace("\\", "/")).name).split())
    return line[-LONGEST_NAME:] or "未命名"


def note(found: Registration, by: User, said: str, flag: int = CHANGE) -> None:
    """Keep who did what with a registration, where the auditor reads it."""
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(Registration),
        object_id=str(found.pk),
        object_repr=f"{found}：{found.upload.file_name}"[:200],
        action_flag=flag,
        change_message=said,
    )
