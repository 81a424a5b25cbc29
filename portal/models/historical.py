"""What was decided before the portal and registered in it: the sheet, the document it rests on, two people.

``historical`` is the only writer.
"""

import secrets

from django.db import models
from django.db.models import Q

from portal.models.catalogue import DOCUMENT_NUMBER
from portal.models.imports import Import


def storage_name(registration: "Registration", name: str) -> str:
    """Return a generated name for the document a registration rests on."""
    return f"registrations/{secrets.token_hex(16)}"


class Registration(models.Model):
    """One sheet of results that were decided before (历史结果), and the document that decided them.

    ``upload``           the sheet, who prepared it and who confirmed it: always two people
    ``document_number`` ``decided_on``  of all its rows that do not name their own
    ``document``         the scan; its SHA-256 is in the event of every filing and survives the file
    ``proposed_at``      since when it waits for the second person
    ``refused_by``       who sent it away, with ``reason``; it ends there
    """

    upload = models.OneToOneField(
        Import, on_delete=models.PROTECT, related_name="registration", verbose_name="表格"
    )
    document_number = models.CharField("文号", max_length=60, blank=True, validators=[DOCUMENT_NUMBER])
    decided_on = models.DateField("办结日期", null=True, blank=True)
    document = models.FileField("依据文件", upload_to=storage_name, max_length=200)
    document_name = models.CharField("依据文件名", max_length=200)
    document_size = models.PositiveBigIntegerField("依据文件字节数")
    document_sha256 = models.CharField("依据文件摘要", max_length=64)
    document_type = models.CharField("依据文件类型", max_length=80)
    proposed_at = models.DateTimeField("送请确认时间", null=True, blank=True)
    refused_by = models.ForeignKey(
        "portal.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="退回人",
    )
    reason = models.CharField("退回原因", max_length=400, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "历史结果登记"
        ordering = ["-upload_id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(refused_by=None, reason="") | Q(refused_by__isnull=False) & ~Q(reason=""),
                name="registration_refused_with_its_reason",
            )
        ]

    def __str__(self) -> str:
        return f"历史结果登记 {self.pk}"
