"""The counts of filings (``portal/filing_counts.py``); filled, and their triggers made, after all migrations."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0015_count_entries"),
    ]

    operations = [
        migrations.CreateModel(
            name="FilingCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="类型")),
                ("word", models.CharField(max_length=20, verbose_name="状态或动作")),
                ("month", models.CharField(blank=True, max_length=7, verbose_name="月份")),
                ("number", models.IntegerField(verbose_name="件数")),
                (
                    "region",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="portal.region",
                        verbose_name="所属区划",
                    ),
                ),
            ],
            options={
                "verbose_name": "填报计数",
                "verbose_name_plural": "填报计数",
                "indexes": [
                    models.Index(
                        fields=["month", "region", "kind", "word", "number"], name="filing_count_read"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FilingReviewer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("updated_at", models.DateTimeField(verbose_name="修改时间")),
                (
                    "filing",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviewers",
                        to="portal.filing",
                        verbose_name="填报",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="经办人",
                    ),
                ),
            ],
            options={
                "verbose_name": "经手人",
                "verbose_name_plural": "经手人",
                "indexes": [
                    models.Index(fields=["user", "updated_at", "filing"], name="filing_reviewer_read")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("filing", "user"), name="filing_reviewer_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="FilingRoad",
            fields=[
                (
                    "filing",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="road",
                        serialize=False,
                        to="portal.filing",
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="类型")),
                ("decided", models.BigIntegerField(verbose_name="办结时间")),
                ("city", models.BigIntegerField(null=True, verbose_name="市级审核")),
                ("province", models.BigIntegerField(null=True, verbose_name="省级审核")),
                ("publication", models.BigIntegerField(null=True, verbose_name="公布")),
                ("gross", models.BigIntegerField(verbose_name="历时")),
                ("away", models.BigIntegerField(verbose_name="在报送单位")),
                ("returns", models.IntegerField(verbose_name="退回次数")),
                ("is_open", models.BooleanField(verbose_name="可以公布")),
                (
                    "region",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="portal.region",
                        verbose_name="所属区划",
                    ),
                ),
            ],
            options={
                "verbose_name": "办理用时",
                "verbose_name_plural": "办理用时",
                "indexes": [models.Index(fields=["decided"], name="filing_road_by_time")],
            },
        ),
        migrations.CreateModel(
            name="FilingUnpublished",
            fields=[
                (
                    "filing",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="unpublished",
                        serialize=False,
                        to="portal.filing",
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="类型")),
                (
                    "region",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="portal.region",
                        verbose_name="所属区划",
                    ),
                ),
            ],
            options={
                "verbose_name": "待公布",
                "verbose_name_plural": "待公布",
                "indexes": [models.Index(fields=["kind", "region"], name="filing_unpublished_read")],
            },
        ),
    ]
