"""The places of the 市级劳务品牌建设重点: a table of its own."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0006_search_index"),
        ("workforce", "0005_craft_source_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="KeyBrand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "year",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(2021),
                            django.core.validators.MaxValueValidator(2100),
                        ],
                        verbose_name="年度",
                    ),
                ),
                (
                    "place",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ],
                        verbose_name="位次",
                    ),
                ),
                ("code", models.CharField(max_length=24, verbose_name="品牌编号")),
                (
                    "document_number",
                    models.CharField(
                        blank=True,
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[\\u4e00-\\u9fff]+〔20[0-9]{2}〕[1-9][0-9]*号$",
                                "文号要写成“鲁人社字〔2024〕95号”的样子：机关代字、六角括号〔〕中的四位年份、不补零的序号、“号”。",
                            )
                        ],
                        verbose_name="文号",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="确定时间")),
                (
                    "city",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.region",
                        verbose_name="市",
                    ),
                ),
                (
                    "designated_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="确定人",
                    ),
                ),
            ],
            options={
                "verbose_name": "市级劳务品牌建设重点",
                "verbose_name_plural": "市级劳务品牌建设重点",
                "ordering": ["city_id", "-year", "place"],
                "indexes": [models.Index(fields=["code", "year"], name="key_brand_code")],
                "constraints": [
                    models.UniqueConstraint(fields=("city", "year", "place"), name="key_brand_one_a_place"),
                    models.UniqueConstraint(fields=("city", "year", "code"), name="key_brand_once_a_year"),
                    models.CheckConstraint(
                        condition=models.Q(("place__gte", 1), ("place__lte", 5)),
                        name="key_brand_place_1_to_5",
                    ),
                ],
            },
        ),
    ]
