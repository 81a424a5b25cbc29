"""What is kept of filings and events so that pages need not count them: derived data, written by triggers.

``filing_triggers`` writes it, ``filing_counts`` folds, rebuilds and compares it. No foreign key is checked:
each row stands in the transaction of the fact it follows.
"""

from django.db import models

from portal.models.filings import Filing
from portal.models.organisations import Region, User


def _points(to: type[models.Model], **options) -> models.ForeignKey:
    """Return a link that costs neither a check nor an index of its own."""
    return models.ForeignKey(to, on_delete=models.CASCADE, db_constraint=False, db_index=False, **options)


def _of_filing(name: str) -> models.OneToOneField:
    """Return the key of a table that has one row of a filing at most."""
    return models.OneToOneField(
        Filing, on_delete=models.CASCADE, primary_key=True, db_constraint=False, related_name=name
    )


class FilingCount(models.Model):
    """A change of one number, to be summed: rows are only added, and folded into one from time to time.

    ``word`` is a state, ``month`` empty: so many filings that were submitted once stand there. Or ``word`` is
    an act (submit, approve, publish): done so often in a month of Shanghai (``2026-01``).
    """

    kind = models.CharField("类型", max_length=30)
    region = _points(Region, related_name="+", verbose_name="所属区划")
    word = models.CharField("状态或动作", max_length=20)
    month = models.CharField("月份", max_length=7, blank=True)
    number = models.IntegerField("件数")

    class Meta:
        verbose_name = verbose_name_plural = "填报计数"
        indexes = [
            models.Index(fields=["month", "region", "kind", "word", "number"], name="filing_count_read")
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.kind} {self.region_id} {self.word} {self.number:+}"


class FilingRoad(models.Model):
    """How long a filing with a decision that stands lay where, in microseconds (``clock``).

    ``decided`` is an instant as microseconds since 1970. NULL where it never was: at the desk of the city, of
    the province, in publication. ``is_open``: passed with something to publish, whether or not its type is.
    """

    filing = _of_filing("road")
    kind = models.CharField("类型", max_length=30)
    region = _points(Region, related_name="+", verbose_name="所属区划")
    decided = models.BigIntegerField("办结时间")
    city = models.BigIntegerField("市级审核", null=True)
    province = models.BigIntegerField("省级审核", null=True)
    publication = models.BigIntegerField("公布", null=True)
    gross = models.BigIntegerField("历时")
    away = models.BigIntegerField("在报送单位")
    returns = models.IntegerField("退回次数")
    is_open = models.BooleanField("可以公布")

    class Meta:
        verbose_name = verbose_name_plural = "办理用时"
        indexes = [models.Index(fields=["decided"], name="filing_road_by_time")]

    def __str__(self) -> str:
        return f"{self.filing_id} {self.decided}"


class FilingReviewer(models.Model):
    """Who did an act of review or of the register on a filing, with the time of its last change beside."""

    filing = _points(Filing, related_name="reviewers", verbose_name="填报")
    user = _points(User, related_name="+", verbose_name="经办人")
    updated_at = models.DateTimeField("修改时间")

    class Meta:
        verbose_name = verbose_name_plural = "经手人"
        constraints = [models.UniqueConstraint(fields=["filing", "user"], name="filing_reviewer_once")]
        indexes = [models.Index(fields=["user", "updated_at", "filing"], name="filing_reviewer_read")]

    def __str__(self) -> str:
        return f"{self.filing_id} {self.user_id}"


class FilingUnpublished(models.Model):
    """A filing that passed, holds something and has no entry; of types that are never published too."""

    filing = _of_filing("unpublished")
    kind = models.CharField("类型", max_length=30)
    region = _points(Region, related_name="+", verbose_name="所属区划")

    class Meta:
        verbose_name = verbose_name_plural = "待公布"
        indexes = [models.Index(fields=["kind", "region"], name="filing_unpublished_read")]

    def __str__(self) -> str:
        return str(self.filing_id)
