import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import portal.models.identity
import portal.models.organisations
from portal import text


def fill(apps, schema_editor):
    """Work out what names are compared by; of two that look alike, the later gets its number behind."""
    user, taken = apps.get_model("portal", "User"), set()
    for pk, username in (
        user.objects.using(schema_editor.connection.alias).order_by("pk").values_list("pk", "username")
    ):
        key = text.key(username)
        if key in taken:
            key = f"{key[:130]}#{pk}"
        taken.add(key)
        user.objects.using(schema_editor.connection.alias).filter(pk=pk).update(username_key=key)


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0018_access_log"),
    ]

    operations = [
        migrations.AlterModelManagers(
            name="user",
            managers=[
                ("objects", portal.models.organisations.People()),
            ],
        ),
        migrations.AddField(
            model_name="user",
            name="password_set_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now, editable=False, verbose_name="密码设置时间"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="sign_in_epoch",
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name="登录批次"),
        ),
        migrations.AddField(
            model_name="user",
            name="username_key",
            field=portal.models.identity.LookAlike(
                default="", editable=False, max_length=150, verbose_name="用户名的比较形式"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="user",
            name="username_key",
            field=portal.models.identity.LookAlike(
                default="", editable=False, max_length=150, unique=True, verbose_name="用户名的比较形式"
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="username",
            field=models.CharField(
                error_messages={"unique": "已有这个用户名。"},
                max_length=150,
                unique=True,
                validators=[
                    django.core.validators.RegexValidator(
                        "\\A[A-Za-z0-9_.\\-\\u4e00-\\u9fff]+\\Z", "用户名只用字母、数字、汉字和 _ . - 。"
                    )
                ],
                verbose_name="用户名",
            ),
        ),
        migrations.CreateModel(
            name="FailedSignIns",
            fields=[
                (
                    "key",
                    models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name="标识"),
                ),
                ("tries", models.PositiveIntegerField(default=0, verbose_name="次数")),
                ("since", models.DateTimeField(default=django.utils.timezone.now, verbose_name="起算时间")),
                ("shut_until", models.DateTimeField(blank=True, null=True, verbose_name="暂停至")),
                ("rounds", models.PositiveSmallIntegerField(default=0, verbose_name="已暂停次数")),
            ],
            options={
                "verbose_name": "登录尝试",
                "verbose_name_plural": "登录尝试",
                "indexes": [models.Index(fields=["since"], name="failed_sign_ins_by_time")],
            },
        ),
        migrations.CreateModel(
            name="FormerPassword",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="密码")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="设置时间")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_passwords",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "用过的密码",
                "verbose_name_plural": "用过的密码",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="HeldForm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.CharField(max_length=500, verbose_name="地址")),
                ("data", models.JSONField(verbose_name="内容")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="时间")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="held_form",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "留存的表单",
                "verbose_name_plural": "留存的表单",
            },
        ),
        migrations.CreateModel(
            name="SecondFactor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("salt", models.CharField(max_length=64, verbose_name="盐")),
                ("since", models.DateTimeField(default=django.utils.timezone.now, verbose_name="启用时间")),
                ("last_step", models.BigIntegerField(default=0, verbose_name="最后用过的时间步")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="second_factor",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "两步验证",
                "verbose_name_plural": "两步验证",
            },
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, verbose_name="摘要")),
                ("used_at", models.DateTimeField(blank=True, null=True, verbose_name="使用时间")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_codes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "恢复码",
                "verbose_name_plural": "恢复码",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "digest"), name="recovery_code_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ResetRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="申请时间"),
                ),
                ("agreed_at", models.DateTimeField(blank=True, null=True, verbose_name="同意时间")),
                (
                    "agreed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="同意人",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="申请人",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="resets",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="账号",
                    ),
                ),
            ],
            options={
                "verbose_name": "重置申请",
                "verbose_name_plural": "重置申请",
                "ordering": ["-asked_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("agreed_by", None),
                            models.Q(("agreed_by", models.F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="reset_agreed_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agreed_at", None), ("agreed_by", None)),
                            models.Q(("agreed_at__isnull", False), ("agreed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="reset_agreed_by_somebody_at_some_time",
                    ),
                ],
            },
        ),
    ]
