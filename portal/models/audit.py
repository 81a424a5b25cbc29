"""What happened: events in a hash chain per filing.

The database itself refuses to change or delete an event or a version, and a change of state that has no
matching event (``guards``).
"""

import hashlib
import json

from django.db import models

from portal.models.filings import Filing
from portal.models.organisations import Organisation, User
from portal.vocabulary import State


def canonical(data: dict) -> bytes:
    """Return ``data`` as the one JSON text that is hashed: keys sorted, no blanks, UTF-8."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class Event(models.Model):
    """One act on one filing. ``number`` counts within the filing and is the link of the chain.

    ``details``: what the act rests on beside the comment, as ``workflow`` and those that record with it say:
    reasons of a return, remarks sent and answered, findings on the criteria. Not shown to everybody.
    """

    filing = models.ForeignKey(Filing, on_delete=models.PROTECT, related_name="events", verbose_name="填报")
    number = models.PositiveIntegerField("序号")
    version = models.PositiveIntegerField("版本")
    action = models.CharField("动作", max_length=20)
    source = models.CharField("原状态", max_length=16, choices=State.choices)
    target = models.CharField("新状态", max_length=16, choices=State.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="经办人")
    by_name = models.CharField("姓名", max_length=30)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="单位"
    )
    organisation_name = models.CharField("单位名称", max_length=60)
    comment = models.TextField("意见", blank=True)
    details = models.JSONField("办理依据", default=dict, blank=True)
    at = models.DateTimeField("时间")
    request_id = models.CharField("请求编号", max_length=32, blank=True)
    previous_hash = models.CharField("前一摘要", max_length=64, blank=True)
    hash = models.CharField("摘要", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "流转记录"
        ordering = ["filing_id", "number"]
        constraints = [models.UniqueConstraint(fields=["filing", "number"], name="event_numbered_once")]
        indexes = [
            models.Index(fields=["by", "-at"], name="event_by_person"),
            models.Index(fields=["at", "action", "filing"], name="event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.filing_id}#{self.number} {self.action}"

    def digest(self) -> str:
        """Return the SHA-256 over this event's facts and the hash before it."""
        facts = {
            "filing": self.filing_id,
            "number": self.number,
            "version": self.version,
            "action": self.action,
            "source": self.source,
            "target": self.target,
            "by": self.by_id,
            "by_name": self.by_name,
            "organisation": self.organisation_id,
            "organisation_name": self.organisation_name,
            "comment": self.comment,
            "at": self.at.timestamp(),
            "previous": self.previous_hash,
        } | ({"details": self.details} if self.details else {})
        return hashlib.sha256(canonical(facts)).hexdigest()
