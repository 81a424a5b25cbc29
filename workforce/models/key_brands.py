"""Which labour brands a city made its 建设重点 of a year (鲁就办〔2021〕22号 二（一）: 3 to 5 a city).

``key_brands.py`` is the only writer.
"""

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.models import Region, User
from portal.models.catalogue import DOCUMENT_NUMBER

FIRST_YEAR, LAST_YEAR = 2021, 2100
MOST = 5


class KeyBrandQuerySet(models.QuerySet):
    """Places by whether they are held."""

    def standing(self) -> "KeyBrandQuerySet":
        """Return the places that are held now."""
        return self.filter(withdrawn_at=None)

    def held_at(self, at: datetime) -> "KeyBrandQuerySet":
        """Return the places that were held at an instant."""
        return self.filter(Q(withdrawn_at=None) | Q(withdrawn_at__gt=at), at__lte=at)


class KeyBrand(models.Model):
    """One of the places 1 to 5 that a city has in a year, and the published brand that holds it.

    A sixth has no place to be in, whoever asks for it at the same instant. What was given up stays, so that
    an old report can be made again; its place is free.
    """

    city = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="市")
    year = models.PositiveIntegerField(
        "年度", validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)]
    )
    place = models.PositiveIntegerField("位次", validators=[MinValueValidator(1), MaxValueValidator(MOST)])
    code = models.CharField("品牌编号", max_length=24)
    document_number = models.CharField("文号", max_length=60, blank=True, validators=[DOCUMENT_NUMBER])
    designated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="确定人")
    at = models.DateTimeField("确定时间", default=timezone.now)
    withdrawn_at = models.DateTimeField("取消时间", null=True, blank=True)

    objects = KeyBrandQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "市级劳务品牌建设重点"
        ordering = ["city_id", "-year", "place"]
        constraints = [
            models.UniqueConstraint(
                fields=["city", "year", "place"],
                condition=Q(withdrawn_at=None),
                name="key_brand_one_a_place",
            ),
            models.UniqueConstraint(
                fields=["city", "year", "code"], condition=Q(withdrawn_at=None), name="key_brand_once_a_year"
            ),
            models.CheckConstraint(condition=Q(place__gte=1, place__lte=MOST), name="key_brand_place_1_to_5"),
        ]
        indexes = [models.Index(fields=["code", "year"], name="key_brand_code")]

    def __str__(self) -> str:
        return f"{self.year}年 {self.city} {self.code}"
