"""目标: the numbers the notices set, as data with their clause; how each is counted is ``targets.py``."""

from django.db import models
from django.db.models import Q

from portal.models.former import KeepsFormer


class Operator(models.TextChoices):
    """How a count is held against its number."""

    AT_LEAST = "at_least", "不少于"
    ABOUT = "about", "约"
    AT_MOST = "at_most", "不超过"
    BETWEEN = "between", "介于"


class TargetScope(models.TextChoices):
    """For whom the number is meant."""

    PROVINCE = "province", "全省"
    CITY = "city", "每市"
    COUNTY = "county", "每县（市、区）"
    UNIT = "unit", "每个单位"
    PAIR = "pair", "每市每个项目"


class PolicyTarget(KeepsFormer):
    """One number of a notice: what is counted, how it is compared, by when, and the sentence it stands in."""

    slug = models.SlugField("标识", max_length=40, primary_key=True)
    label = models.CharField("目标", max_length=60)
    unit = models.CharField("单位", max_length=6)
    operator = models.CharField("比较", max_length=10, choices=Operator.choices)
    number = models.PositiveIntegerField("数值")
    most = models.PositiveIntegerField("上限", null=True, blank=True)
    scope = models.CharField("范围", max_length=10, choices=TargetScope.choices)
    due_on = models.DateField("完成期限", null=True, blank=True)
    document_number = models.CharField("文号", max_length=60)
    clause = models.CharField("条款", max_length=40)
    sentence = models.CharField("原文", max_length=300)
    order = models.PositiveIntegerField("顺序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "政策目标"
        ordering = ["order", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(operator=Operator.BETWEEN, most__isnull=False)
                | (~Q(operator=Operator.BETWEEN) & Q(most=None)),
                name="target_between_has_both_ends",
            )
        ]

    def __str__(self) -> str:
        return self.label
