"""Forms that were sent once: what their key led to."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class SentForm(models.Model):
    """A form that made something: its key is its sender's, ``digest`` a keyed hash of what was sent where.

    Written by ``sent_forms`` alone, in the transaction of what the form made.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    key = models.CharField("表单编号", max_length=32)
    digest = models.CharField("内容摘要", max_length=64)
    led_to = models.TextField("转到", blank=True)
    at = models.DateTimeField("提交时间", default=timezone.now, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "已提交的表单"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="sent_form_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.key}"
