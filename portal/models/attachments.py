"""Files that belong to a filing, with the facts measured in them."""

import secrets
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.models.filings import Filing
from portal.models.organisations import User
from portal.models.sealed import SealedCharField


def storage_name(attachment: "Attachment", name: str) -> str:
    """Return a generated name: the original may hold a phone number (鲁人社字〔2021〕32号 附件1 备注4)."""
    return f"attachments/{attachment.filing_id}/{secrets.token_hex(16)}"


class AttachmentQuerySet(models.QuerySet):
    """Files by whether they still belong to the draft."""

    def current(self) -> "AttachmentQuerySet":
        """Return the files that were not removed."""
        return self.filter(removed_at=None)

    def restorable(self, since: datetime) -> "AttachmentQuerySet":
        """Return the files that were removed after ``since`` and are still there."""
        return self.filter(removed_at__gt=since, erased_at=None)


class Attachment(models.Model):
    """One file in a slot of a filing. ``name`` is as uploaded: personal data, never public.

    A file that is removed is marked so and can be given back for a day; one that was part of a submitted
    version stays marked, so that the version stays whole, any other is deleted then. The
    file of an amendment is that of the text it amends: rows may share one file. ``display`` is a picture's
    small copy without its metadata. Of what was erased (``purging``) size and SHA-256 stay; no name, no file.
    """

    filing = models.ForeignKey(
        Filing, on_delete=models.PROTECT, related_name="attachments", verbose_name="填报"
    )
    slot = models.CharField("栏目", max_length=30)
    file = models.FileField("文件", upload_to=storage_name, max_length=200)
    display = models.FileField("显示用副本", upload_to=storage_name, max_length=200, blank=True)
    name = SealedCharField("文件名", max_length=200)
    size = models.BigIntegerField("字节")
    sha256 = models.CharField("摘要", max_length=64)
    media_type = models.CharField("类型", max_length=80)
    facts = models.JSONField("测得", default=dict)
    uploaded_at = models.DateTimeField("上传时间", default=timezone.now)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="上传人")
    removed_at = models.DateTimeField("移除时间", null=True)
    erased_at = models.DateTimeField("清除时间", null=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        ordering = ["filing_id", "slot", "pk"]
        indexes = [
            models.Index(fields=["filing", "slot"], name="attachment_slot"),
            models.Index(fields=["file"], name="attachment_file"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["filing", "sha256"],
                condition=Q(removed_at=None),
                name="attachment_content_once_per_filing",
                violation_error_message="这份填报里已有内容相同的文件。",
            )
        ]

    def __str__(self) -> str:
        return self.name
