"""What the database itself notes when public content changes; triggers write it, nobody else."""

from django.db import models


class PublicChange(models.Model):
    """A change of one part of what the public reads; ``portal/public_changes.py`` tells of the triggers."""

    part = models.CharField("部分", max_length=40, default="")
    token = models.CharField("标记", max_length=32)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "公开内容变动标记"

    def __str__(self) -> str:
        return self.token
