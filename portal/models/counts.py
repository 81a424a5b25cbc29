"""How many entries a catalogue holds, place by place and facet by facet: derived data, kept by triggers.

``counting_triggers.py`` writes the changes, ``counting.py`` folds, reads and rebuilds.
"""

from django.db import models

OPEN, EXITED = "open", "exited"  # without an end; ended with a reason. What was replaced is not counted.
EVERY = "*"  # a row over all levels and facets of a place


class EntryCount(models.Model):
    """A number of entries of one kind and standing in one place: the whole, a city or province, a county."""

    kind = models.CharField("类型", max_length=30)
    standing = models.CharField("状态", max_length=6)
    place = models.CharField("区划", max_length=12, blank=True)
    level = models.CharField("级别", max_length=12, blank=True)
    facets = models.CharField("筛选项", max_length=200, blank=True)
    number = models.BigIntegerField("个数")

    class Meta:
        verbose_name = verbose_name_plural = "目录计数"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "standing", "place", "level", "facets"], name="count_once_a_cell"
            )
        ]
        # the one row of a place over all its cells, of which there may be hundreds
        indexes = [
            models.Index(
                fields=["kind", "standing", "place"], condition=models.Q(level=EVERY), name="count_of_a_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.standing} {self.place} {self.level} {self.facets} {self.number}"


class EntryChange(models.Model):
    """What one change of an entry adds to or takes from a number and is not folded into it yet."""

    kind = models.CharField("类型", max_length=30)
    standing = models.CharField("状态", max_length=6)
    place = models.CharField("区划", max_length=12)
    level = models.CharField("级别", max_length=12, blank=True)
    facets = models.CharField("筛选项", max_length=200, blank=True)
    number = models.SmallIntegerField("增减")

    class Meta:
        verbose_name = verbose_name_plural = "计数变动"
        indexes = [models.Index(fields=["kind", "standing"], name="change_of_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.standing} {self.place} {self.number:+d}"
