"""Results decided before the portal: what was registered, and which filings stand by it."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.models.historical


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0011_imports"),
    ]

    operations = [
        migrations.CreateModel(
            name="Registration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                ("decided_on", models.DateField(blank=True, null=True, verbose_name="办结日期")),
                (
                    "document",
                    models.FileField(
                        max_length=200,
                        upload_to=portal.models.historical.storage_name,
                        verbose_name="依据文件",
                    ),
                ),
                ("document_name", models.CharField(max_length=200, verbose_name="依据文件名")),
                ("document_size", models.PositiveBigIntegerField(verbose_name="依据文件字节数")),
                ("document_sha256", models.CharField(max_length=64, verbose_name="依据文件摘要")),
                ("document_type", models.CharField(max_length=80, verbose_name="依据文件类型")),
                ("proposed_at", models.DateTimeField(blank=True, null=True, verbose_name="送请确认时间")),
                ("reason", models.CharField(blank=True, max_length=400, verbose_name="退回原因")),
                (
                    "refused_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="退回人",
                    ),
                ),
                (
                    "upload",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="registration",
                        to="portal.import",
                        verbose_name="表格",
                    ),
                ),
            ],
            options={
                "verbose_name": "历史结果登记",
                "verbose_name_plural": "历史结果登记",
                "ordering": ["-upload_id"],
            },
        ),
        migrations.AddField(
            model_name="filing",
            name="registration",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="filings",
                to="portal.registration",
                verbose_name="历史登记",
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason", ""), ("refused_by", None)),
                    models.Q(("refused_by__isnull", False), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="registration_refused_with_its_reason",
            ),
        ),
    ]
