"""The tables as 0001_initial to 0022_seal make them, in one step: for a new installation."""

from importlib import import_module

import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import portal.models.attachments
import portal.models.editions
import portal.models.historical
import portal.models.identity
import portal.models.organisations
import portal.models.sealed

search_index = import_module("portal.migrations.0006_search_index")


def index_words(apps, schema_editor):
    """Make the index of words; in SQLite no trigger of 0006 outlived the migrations after it."""
    for statement in search_index.CREATE[schema_editor.connection.vendor]:
        if schema_editor.connection.vendor != "sqlite" or "TRIGGER" not in statement:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    replaces = [
        ("portal", "0001_initial"),
        ("portal", "0002_campaigns_and_attachments"),
        ("portal", "0003_attachment_display"),
        ("portal", "0004_reminder_of_a_due_time"),
        ("portal", "0005_living_catalogue"),
        ("portal", "0006_search_index"),
        ("portal", "0007_reports_and_jobs"),
        ("portal", "0008_review_desk"),
        ("portal", "0009_deliveries"),
        ("portal", "0010_queue_by_arrival"),
        ("portal", "0011_imports"),
        ("portal", "0012_historical_results"),
        ("portal", "0013_public_changes"),
        ("portal", "0014_entry_counts"),
        ("portal", "0015_count_entries"),
        ("portal", "0016_filing_counts"),
        ("portal", "0017_items_given_time"),
        ("portal", "0018_access_log"),
        ("portal", "0019_identity"),
        ("portal", "0020_public_change_parts"),
        ("portal", "0021_sealed_fields"),
        ("portal", "0022_seal"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined"),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "已有这个用户名。"},
                        max_length=150,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Za-z0-9_.\\-\\u4e00-\\u9fff]+\\Z",
                                "用户名只用字母、数字、汉字和 _ . - 。",
                            )
                        ],
                        verbose_name="用户名",
                    ),
                ),
                (
                    "username_key",
                    portal.models.identity.LookAlike(
                        default="",
                        editable=False,
                        max_length=150,
                        unique=True,
                        verbose_name="用户名的比较形式",
                    ),
                ),
                ("full_name", models.CharField(max_length=30, verbose_name="姓名")),
                ("post", models.CharField(blank=True, max_length=40, verbose_name="岗位")),
                ("must_change_password", models.BooleanField(default=True, verbose_name="首次登录须改密码")),
                (
                    "password_set_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="密码设置时间"
                    ),
                ),
                (
                    "sign_in_epoch",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="登录批次"),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "用户",
                "verbose_name_plural": "用户",
                "abstract": False,
            },
            managers=[
                ("objects", portal.models.organisations.People()),
            ],
        ),
        migrations.CreateModel(
            name="AccessAnchor",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False, verbose_name="日期")),
                ("number", models.BigIntegerField(verbose_name="序号")),
                ("hash", models.CharField(max_length=64, verbose_name="摘要")),
                ("made_at", models.DateTimeField(verbose_name="记录时间")),
            ],
            options={
                "verbose_name": "每日锚点",
                "verbose_name_plural": "每日锚点",
            },
        ),
        migrations.CreateModel(
            name="AccessArchive",
            fields=[
                (
                    "number",
                    models.BigIntegerField(primary_key=True, serialize=False, verbose_name="末条序号"),
                ),
                ("hash", models.CharField(max_length=64, verbose_name="末条摘要")),
                ("first", models.BigIntegerField(verbose_name="首条序号")),
                ("file_name", models.CharField(max_length=120, verbose_name="文件")),
                ("sha256", models.CharField(max_length=64, verbose_name="文件摘要")),
                ("signature", models.CharField(max_length=64, verbose_name="签名")),
                ("made_at", models.DateTimeField(verbose_name="归档时间")),
            ],
            options={
                "verbose_name": "审计归档",
                "verbose_name_plural": "审计归档",
            },
        ),
        migrations.CreateModel(
            name="CodeCounter",
            fields=[
                (
                    "prefix",
                    models.CharField(max_length=16, primary_key=True, serialize=False, verbose_name="前缀"),
                ),
                ("last", models.PositiveIntegerField(default=0, verbose_name="已用序号")),
            ],
            options={
                "verbose_name": "编号计数",
                "verbose_name_plural": "编号计数",
            },
        ),
        migrations.CreateModel(
            name="Criterion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=100, verbose_name="评分项")),
                (
                    "points",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="满分",
                    ),
                ),
            ],
            options={
                "verbose_name": "评分项",
                "verbose_name_plural": "评分项",
                "ordering": ["round_id", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Filing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(editable=False, max_length=30, verbose_name="类型")),
                ("title", models.CharField(blank=True, editable=False, max_length=100, verbose_name="名称")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "草稿"),
                            ("city_review", "待市级审核"),
                            ("province_review", "待省级审核"),
                            ("returned", "退回修改"),
                            ("approved", "审核通过"),
                            ("rejected", "不予通过"),
                            ("cancelled", "已作废"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=16,
                        verbose_name="状态",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False, verbose_name="版本")),
                ("step", models.PositiveIntegerField(default=0, editable=False, verbose_name="步数")),
                ("revision", models.PositiveIntegerField(default=0, editable=False, verbose_name="修订")),
                (
                    "explanation",
                    models.TextField(
                        blank=True,
                        help_text="有提示项而情况属实的，在此说明原因，随表提交。",
                        verbose_name="情况说明",
                    ),
                ),
                ("is_demo", models.BooleanField(default=False, editable=False, verbose_name="演示")),
                (
                    "source",
                    models.CharField(blank=True, editable=False, max_length=300, verbose_name="资料来源"),
                ),
                ("is_nothing", models.BooleanField(default=False, editable=False, verbose_name="零报送")),
                ("is_late", models.BooleanField(default=False, editable=False, verbose_name="逾期")),
                ("holds_name", models.BooleanField(default=True, editable=False, verbose_name="占用名称")),
                (
                    "unlocked",
                    models.JSONField(blank=True, editable=False, null=True, verbose_name="开放修改的栏目"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="创建时间"
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="修改时间"
                    ),
                ),
                (
                    "arrived_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="到达时间"
                    ),
                ),
                ("submitted_at", models.DateTimeField(editable=False, null=True, verbose_name="提交时间")),
                ("accepted_at", models.DateTimeField(editable=False, null=True, verbose_name="受理时间")),
                ("decided_at", models.DateTimeField(editable=False, null=True, verbose_name="办结时间")),
                (
                    "amends",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="amendments",
                        to="portal.filing",
                        verbose_name="变更自",
                    ),
                ),
            ],
            options={
                "verbose_name": "填报",
                "verbose_name_plural": "填报",
                "indexes": [models.Index(fields=["state", "arrived_at", "id"], name="filing_by_arrival")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "draft",
                                    "city_review",
                                    "province_review",
                                    "returned",
                                    "approved",
                                    "rejected",
                                    "cancelled",
                                ],
                            )
                        ),
                        name="filing_state_is_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("state__in", ["draft", "returned", "city_review", "province_review"])
                        ),
                        fields=("amends",),
                        name="filing_amended_one_at_a_time",
                        violation_error_message="这一条已有一份变更在办。",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="作业")),
                ("title", models.CharField(max_length=120, verbose_name="名称")),
                ("parameters", models.JSONField(default=dict, verbose_name="参数")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "排队中"),
                            ("running", "进行中"),
                            ("done", "已完成"),
                            ("failed", "未完成"),
                            ("cancelled", "已取消"),
                        ],
                        default="queued",
                        max_length=10,
                        verbose_name="进度",
                    ),
                ),
                (
                    "requested_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="申请时间"),
                ),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="次数")),
                ("token", models.PositiveIntegerField(default=0, verbose_name="令牌")),
                ("lease_until", models.DateTimeField(null=True, verbose_name="租期")),
                (
                    "run_after",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="最早开始"),
                ),
                ("rung_at", models.DateTimeField(null=True, verbose_name="呼叫时间")),
                ("started_at", models.DateTimeField(null=True, verbose_name="开始时间")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                ("cancel_requested_at", models.DateTimeField(null=True, verbose_name="要求取消的时间")),
                ("done", models.PositiveIntegerField(default=0, verbose_name="已完成")),
                ("total", models.PositiveIntegerField(default=0, verbose_name="总数")),
                ("stage", models.CharField(blank=True, max_length=60, verbose_name="步骤")),
                ("reason", models.CharField(blank=True, max_length=400, verbose_name="原因")),
                ("file", models.CharField(blank=True, max_length=200, verbose_name="文件")),
                ("file_name", models.CharField(blank=True, max_length=150, verbose_name="文件名")),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="字节数")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="摘要")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="文件保留至")),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="申请人",
                    ),
                ),
            ],
            options={
                "verbose_name": "作业",
                "verbose_name_plural": "作业",
                "ordering": ["-requested_at", "-pk"],
                "indexes": [
                    models.Index(fields=["status", "run_after"], name="job_queue"),
                    models.Index(fields=["requested_by", "-requested_at"], name="job_by_person"),
                    models.Index(
                        condition=models.Q(("file", ""), _negated=True),
                        fields=["expires_at"],
                        name="job_expiry",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["queued", "running", "done", "failed", "cancelled"])
                        ),
                        name="job_status_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lease_until__isnull", False), ("status", "running")),
                            models.Q(models.Q(("status", "running"), _negated=True), ("lease_until", None)),
                            _connector="OR",
                        ),
                        name="job_is_held_exactly_while_running",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at", None), ("status__in", ("queued", "running"))),
                            models.Q(
                                models.Q(("status__in", ("queued", "running")), _negated=True),
                                ("finished_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="job_ends_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "failed"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="job_failure_has_its_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("file", ""), ("sha256", "")),
                            models.Q(models.Q(("sha256", ""), _negated=True), ("status", "done")),
                            _connector="OR",
                        ),
                        name="job_file_belongs_to_a_finished_one",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                ("short_name", models.CharField(max_length=30, verbose_name="简称")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("hrss_bureau", "人力资源和社会保障部门"),
                            ("service_centre", "公共就业服务机构"),
                            ("agriculture", "农业农村部门"),
                            ("culture_tourism", "文化和旅游部门"),
                            ("trade_union", "总工会"),
                        ],
                        max_length=20,
                        verbose_name="性质",
                    ),
                ),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="启用日期")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="停用日期")),
            ],
            options={
                "verbose_name": "单位",
                "verbose_name_plural": "单位",
                "ordering": ["region_id", "kind"],
            },
        ),
        migrations.CreateModel(
            name="PublicChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("part", models.CharField(default="", max_length=40, verbose_name="部分")),
                ("token", models.CharField(max_length=32, verbose_name="标记")),
                ("at", models.DateTimeField(verbose_name="时间")),
            ],
            options={
                "verbose_name": "公开内容变动标记",
                "verbose_name_plural": "公开内容变动标记",
            },
        ),
        migrations.CreateModel(
            name="Workday",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False, verbose_name="日期")),
                ("is_worked", models.BooleanField(verbose_name="上班")),
                ("source", models.CharField(max_length=200, verbose_name="依据")),
            ],
            options={
                "verbose_name": "工作日调整",
                "verbose_name_plural": "工作日调整",
                "ordering": ["day"],
            },
        ),
        migrations.CreateModel(
            name="MessagePreference",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="preference",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
                (
                    "mail",
                    models.CharField(
                        choices=[("off", "不发"), ("digest", "每日一封汇总"), ("each", "逐条")],
                        default="off",
                        max_length=10,
                        verbose_name="电子邮件",
                    ),
                ),
                ("texts", models.BooleanField(default=False, verbose_name="催办和到期提醒发短信")),
                (
                    "phone",
                    portal.models.sealed.SealedCharField(
                        blank=True,
                        max_length=11,
                        validators=[
                            django.core.validators.RegexValidator("^1[3-9]\\d{9}\\Z", "请填写11位手机号。")
                        ],
                        verbose_name="手机号",
                    ),
                ),
            ],
            options={
                "verbose_name": "消息偏好",
                "verbose_name_plural": "消息偏好",
            },
        ),
        migrations.CreateModel(
            name="AccessRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("sign_in", "登录"),
                            ("sign_out", "退出登录"),
                            ("password", "设置密码"),
                            ("view", "查看个人信息"),
                            ("look_up", "反查联系方式"),
                            ("export", "导出"),
                            ("download", "下载"),
                            ("import", "导入"),
                            ("account", "账号变更"),
                            ("post", "岗位变更"),
                            ("administer", "管理与配置"),
                            ("access", "访问"),
                            ("job", "后台作业"),
                            ("seal", "审计核对与归档"),
                        ],
                        max_length=12,
                        verbose_name="行为",
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[("done", "已完成"), ("refused", "被拒绝"), ("failed", "未完成")],
                        max_length=8,
                        verbose_name="结果",
                    ),
                ),
                ("username", models.CharField(blank=True, max_length=150, verbose_name="用户名")),
                ("name", models.CharField(blank=True, max_length=30, verbose_name="姓名")),
                ("organisation_name", models.CharField(blank=True, max_length=60, verbose_name="单位名称")),
                ("roles", models.CharField(blank=True, max_length=120, verbose_name="角色")),
                ("object_type", models.CharField(blank=True, max_length=60, verbose_name="对象类别")),
                ("object_id", models.CharField(blank=True, max_length=60, verbose_name="对象编号")),
                ("object_name", models.CharField(blank=True, max_length=200, verbose_name="对象")),
                ("subject", models.CharField(blank=True, max_length=64, verbose_name="联系方式摘要")),
                ("request_id", models.CharField(blank=True, max_length=32, verbose_name="请求编号")),
                ("address", models.CharField(blank=True, max_length=45, verbose_name="网络地址")),
                ("details", models.TextField(blank=True, verbose_name="详情")),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.organisation",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "访问记录",
                "verbose_name_plural": "访问记录",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["at"], name="access_by_time"),
                    models.Index(fields=["user", "-id"], name="access_by_person"),
                    models.Index(fields=["organisation", "-id"], name="access_by_bureau"),
                    models.Index(fields=["act", "-id"], name="access_by_act"),
                    models.Index(fields=["object_type", "object_id", "-id"], name="access_by_object"),
                    models.Index(
                        condition=models.Q(("result", "done"), _negated=True),
                        fields=["result", "-id"],
                        name="access_refused",
                    ),
                    models.Index(
                        condition=models.Q(("subject", ""), _negated=True),
                        fields=["subject", "-id"],
                        name="access_by_subject",
                    ),
                    models.Index(
                        condition=models.Q(("request_id", ""), _negated=True),
                        fields=["request_id"],
                        name="access_by_request",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccessSeal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="序号")),
                ("algorithm", models.CharField(max_length=10, verbose_name="算法")),
                ("hash", models.CharField(max_length=64, verbose_name="摘要")),
                (
                    "record",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="seal",
                        to="portal.accessrecord",
                        verbose_name="记录",
                    ),
                ),
            ],
            options={
                "verbose_name": "封存摘要",
                "verbose_name_plural": "封存摘要",
            },
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="报送表")),
                ("name", models.CharField(max_length=60, verbose_name="任务名称")),
                (
                    "document_number",
                    models.CharField(
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[\\u4e00-\\u9fff]+〔20[0-9]{2}〕[1-9][0-9]*号$",
                                "文号要写成“鲁人社字〔2024〕95号”的样子：机关代字、六角括号〔〕中的四位年份、不补零的序号、“号”。",
                            )
                        ],
                        verbose_name="依据文号",
                    ),
                ),
                ("clause", models.CharField(blank=True, max_length=60, verbose_name="条款")),
                ("opens_at", models.DateTimeField(verbose_name="开放时间")),
                ("due_at", models.DateTimeField(verbose_name="截止时间")),
                (
                    "updates_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="已审核通过的报表在此之前可以更新。",
                        null=True,
                        verbose_name="更新截止",
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="关闭时间")),
                (
                    "expects",
                    models.CharField(
                        choices=[("city", "16个设区的市"), ("county", "各县（市、区）")],
                        default="city",
                        max_length=10,
                        verbose_name="应报单位",
                    ),
                ),
                ("reminder_days", models.JSONField(blank=True, default=list, verbose_name="提前提醒（天）")),
                ("needs_scan", models.BooleanField(default=False, verbose_name="须上传盖章扫描件")),
                ("needs_publicity", models.BooleanField(default=False, verbose_name="公布前须公示")),
                ("is_demo", models.BooleanField(default=False, verbose_name="演示")),
            ],
            options={
                "verbose_name": "报送任务",
                "verbose_name_plural": "报送任务",
                "ordering": ["-due_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "name"), name="campaign_named_once"),
                    models.CheckConstraint(
                        condition=models.Q(("due_at__gt", models.F("opens_at"))),
                        name="campaign_is_due_after_it_opens",
                        violation_error_message="截止时间要晚于开放时间。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("updates_until", None),
                            ("updates_until__gte", models.F("due_at")),
                            _connector="OR",
                        ),
                        name="campaign_updates_end_after_it_is_due",
                        violation_error_message="更新截止时间不能早于报送截止时间。",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignDuty",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duties",
                        to="portal.campaign",
                        verbose_name="报送任务",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duties",
                        to="portal.organisation",
                        verbose_name="应报单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "应报单位",
                "verbose_name_plural": "应报单位",
                "ordering": ["campaign_id", "organisation__region_id"],
                "constraints": [
                    models.UniqueConstraint(fields=("campaign", "organisation"), name="duty_once_per_bureau")
                ],
            },
        ),
        migrations.CreateModel(
            name="CatalogueEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="类型")),
                ("code", models.CharField(max_length=24, verbose_name="编号")),
                ("title", models.CharField(max_length=100, verbose_name="名称")),
                (
                    "level",
                    models.CharField(
                        blank=True,
                        choices=[("municipal", "市级"), ("provincial", "省级")],
                        max_length=12,
                        verbose_name="级别",
                    ),
                ),
                (
                    "document_number",
                    models.CharField(
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[\\u4e00-\\u9fff]+〔20[0-9]{2}〕[1-9][0-9]*号$",
                                "文号要写成“鲁人社字〔2024〕95号”的样子：机关代字、六角括号〔〕中的四位年份、不补零的序号、“号”。",
                            )
                        ],
                        verbose_name="公布文号",
                    ),
                ),
                ("publisher", models.CharField(max_length=60, verbose_name="发布机构")),
                ("valid_from", models.DateField(verbose_name="公布日期")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="终止日期")),
                (
                    "published_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="终止登记时间")),
                (
                    "exit_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("mismanaged", "管理不规范"),
                            ("short_training", "培训缺斤少两"),
                            ("lax_assessment", "鉴定考核把关不严"),
                            ("dishonest", "违规失信"),
                            ("unfair_competition", "恶意竞争"),
                            ("disorder", "管理失序"),
                            ("below_figures", "年度培训或就业人数不达标"),
                            ("dissolved", "主体注销"),
                            ("voluntary", "自愿退出"),
                            ("false_information", "信息虚假"),
                            ("merged", "并入其他条目"),
                            ("adjusted", "目录动态调整"),
                        ],
                        max_length=20,
                        verbose_name="退出原因",
                    ),
                ),
                (
                    "exit_document_number",
                    models.CharField(
                        blank=True,
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[\\u4e00-\\u9fff]+〔20[0-9]{2}〕[1-9][0-9]*号$",
                                "文号要写成“鲁人社字〔2024〕95号”的样子：机关代字、六角括号〔〕中的四位年份、不补零的序号、“号”。",
                            )
                        ],
                        verbose_name="退出文号",
                    ),
                ),
                ("search_text", models.TextField(blank=True, verbose_name="检索文本")),
                ("name_key", models.CharField(blank=True, max_length=100, verbose_name="比对名称")),
                ("facets", models.CharField(blank=True, max_length=200, verbose_name="筛选项")),
                (
                    "published_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="发布人",
                    ),
                ),
            ],
            options={
                "verbose_name": "目录条目",
                "verbose_name_plural": "目录条目",
                "indexes": [
                    models.Index(fields=["code", "valid_from"], name="entry_lineage"),
                    models.Index(fields=["kind", "valid_from", "valid_to"], name="entry_span"),
                    models.Index(fields=["name_key"], name="entry_name"),
                    models.Index(fields=["-valid_from", "-id"], name="entry_newest"),
                    models.Index(
                        condition=models.Q(("valid_to__isnull", False)),
                        fields=["valid_to", "id", "kind"],
                        name="entry_ended",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("valid_to", None)),
                        fields=("code",),
                        name="entry_one_in_force_per_lineage",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="entry_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("exit_document_number", ""), ("exit_reason", "")),
                            models.Q(
                                models.Q(("exit_reason", ""), _negated=True),
                                models.Q(("exit_document_number", ""), _negated=True),
                                ("valid_to__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="entry_exit_has_reason_date_and_document",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("valid_to", None)),
                            models.Q(("ended_at__isnull", False), ("valid_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="entry_end_was_entered_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Candidate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_chosen", models.BooleanField(null=True, verbose_name="入选")),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="candidacies",
                        to="portal.catalogueentry",
                        verbose_name="条目",
                    ),
                ),
            ],
            options={
                "verbose_name": "参评条目",
                "verbose_name_plural": "参评条目",
                "ordering": ["round_id", "entry__code"],
            },
        ),
        migrations.CreateModel(
            name="EntryChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="类型")),
                ("standing", models.CharField(max_length=6, verbose_name="状态")),
                ("place", models.CharField(max_length=12, verbose_name="区划")),
                ("level", models.CharField(blank=True, max_length=12, verbose_name="级别")),
                ("facets", models.CharField(blank=True, max_length=200, verbose_name="筛选项")),
                ("number", models.SmallIntegerField(verbose_name="增减")),
            ],
            options={
                "verbose_name": "计数变动",
                "verbose_name_plural": "计数变动",
                "indexes": [models.Index(fields=["kind", "standing"], name="change_of_kind")],
            },
        ),
        migrations.CreateModel(
            name="EntryCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="类型")),
                ("standing", models.CharField(max_length=6, verbose_name="状态")),
                ("place", models.CharField(blank=True, max_length=12, verbose_name="区划")),
                ("level", models.CharField(blank=True, max_length=12, verbose_name="级别")),
                ("facets", models.CharField(blank=True, max_length=200, verbose_name="筛选项")),
                ("number", models.BigIntegerField(verbose_name="个数")),
            ],
            options={
                "verbose_name": "目录计数",
                "verbose_name_plural": "目录计数",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "standing", "place", "level", "facets"), name="count_once_a_cell"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Extension",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("until", models.DateTimeField(verbose_name="延至")),
                ("reason", models.TextField(verbose_name="原因")),
                (
                    "granted_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="批准时间"),
                ),
                (
                    "duty",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extensions",
                        to="portal.campaignduty",
                        verbose_name="应报单位",
                    ),
                ),
                (
                    "granted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="批准人",
                    ),
                ),
            ],
            options={
                "verbose_name": "延期",
                "verbose_name_plural": "延期",
                "ordering": ["granted_at", "pk"],
            },
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
            name="ImportedRow",
            fields=[
                (
                    "filing",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="portal.filing",
                    ),
                ),
                ("digest", models.CharField(max_length=32, verbose_name="摘要")),
                ("revision", models.PositiveIntegerField(verbose_name="修订")),
            ],
            options={
                "verbose_name": "导入行",
                "verbose_name_plural": "导入行",
            },
        ),
        migrations.AddField(
            model_name="filing",
            name="campaign",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="filings",
                to="portal.campaign",
                verbose_name="报送任务",
            ),
        ),
        migrations.AddField(
            model_name="filing",
            name="created_by",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="创建人",
            ),
        ),
        migrations.AddField(
            model_name="filing",
            name="decided_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="办结人",
            ),
        ),
        migrations.AddField(
            model_name="filing",
            name="holder",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="经办人",
            ),
        ),
        migrations.AddField(
            model_name="filing",
            name="submitted_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="提交人",
            ),
        ),
        migrations.AddField(
            model_name="catalogueentry",
            name="filing",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entry",
                to="portal.filing",
                verbose_name="填报",
            ),
        ),
        migrations.CreateModel(
            name="Former",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("table", models.CharField(max_length=40, verbose_name="表")),
                ("key", models.CharField(max_length=40, verbose_name="标识")),
                ("at", models.DateTimeField(verbose_name="更改时间")),
                (
                    "facts",
                    models.JSONField(
                        encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name="原值"
                    ),
                ),
            ],
            options={
                "verbose_name": "原值",
                "verbose_name_plural": "原值",
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["table", "at"], name="former_by_time")],
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
                ("data", portal.models.sealed.SealedJSONField(verbose_name="内容")),
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
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "topic",
                    models.CharField(
                        choices=[("act", "办理"), ("reminder", "提醒"), ("other", "其他")],
                        default="act",
                        max_length=10,
                        verbose_name="类别",
                    ),
                ),
                ("text", models.CharField(max_length=400, verbose_name="内容")),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="链接")),
                ("created_at", models.DateTimeField(verbose_name="时间")),
                ("read_at", models.DateTimeField(blank=True, null=True, verbose_name="已读时间")),
                (
                    "filing",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.filing",
                        verbose_name="填报",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="收件人",
                    ),
                ),
            ],
            options={
                "verbose_name": "消息",
                "verbose_name_plural": "消息",
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["user", "read_at", "-created_at"], name="message_inbox")],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("mail", "电子邮件"), ("text", "短信")], max_length=10, verbose_name="渠道"
                    ),
                ),
                ("day", models.DateField(blank=True, null=True, verbose_name="汇总日期")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="写入时间"),
                ),
                ("not_before", models.DateTimeField(blank=True, null=True, verbose_name="不早于")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="次数")),
                ("taken_at", models.DateTimeField(blank=True, null=True, verbose_name="取出时间")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="发出时间")),
                ("failed_at", models.DateTimeField(blank=True, null=True, verbose_name="未能发出时间")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="未发出的原因")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="收件人",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.message",
                        verbose_name="消息",
                    ),
                ),
            ],
            options={
                "verbose_name": "外发消息",
                "verbose_name_plural": "外发消息",
                "ordering": ["created_at", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("failed_at", None), ("taken_at", None)),
                        fields=["created_at"],
                        name="delivery_waiting",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("day__isnull", False), ("message", None)),
                            models.Q(("day", None), ("message__isnull", False)),
                            _connector="OR",
                        ),
                        name="delivery_of_a_message_or_a_day",
                    ),
                    models.UniqueConstraint(fields=("message", "channel"), name="delivery_of_a_message_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("message", None)),
                        fields=("user", "channel", "day"),
                        name="delivery_of_a_day_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sent_at", None),
                            models.Q(("failed_at", None), ("taken_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="delivery_taken_before_it_is_sent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticeItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=100, verbose_name="名称")),
                ("organisation_name", models.CharField(max_length=60, verbose_name="报送单位")),
                ("version", models.PositiveIntegerField(verbose_name="版本")),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notice_items",
                        to="portal.filing",
                        verbose_name="填报",
                    ),
                ),
            ],
            options={
                "verbose_name": "公示名单",
                "verbose_name_plural": "公示名单",
                "ordering": ["notice_id", "filing__region_id", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("filer", "填报"),
                            ("reviewer", "审核"),
                            ("approver", "审批"),
                            ("publisher", "发布"),
                            ("joint_reviewer", "会商"),
                            ("system_admin", "系统管理员"),
                            ("security_admin", "安全管理员"),
                            ("auditor", "审计员"),
                        ],
                        max_length=20,
                        verbose_name="角色",
                    ),
                ),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="启用日期")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="停用日期")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="portal.organisation",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "岗位",
                "verbose_name_plural": "岗位",
                "ordering": ["organisation_id", "user_id", "role"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("valid_to", None)),
                        fields=("user", "organisation", "role"),
                        name="membership_held_once",
                        violation_error_message="这个岗位已经有了。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None),
                            ("valid_from", None),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="membership_ends_after_it_begins",
                        violation_error_message="停用日期不能早于启用日期。",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JointOpinion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="版本")),
                ("question", models.TextField(verbose_name="征求事项")),
                ("due_on", models.DateField(verbose_name="答复期限")),
                (
                    "asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="征求时间"),
                ),
                (
                    "conclusion",
                    models.CharField(
                        blank=True,
                        choices=[("agrees", "同意"), ("reserves", "有意见"), ("objects", "不同意")],
                        max_length=12,
                        verbose_name="答复",
                    ),
                ),
                ("opinion", models.TextField(blank=True, verbose_name="会商意见")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="答复时间")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="撤回时间")),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="答复人",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="征求人",
                    ),
                ),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="joint_opinions",
                        to="portal.filing",
                        verbose_name="填报",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.organisation",
                        verbose_name="会商部门",
                    ),
                ),
            ],
            options={
                "verbose_name": "会商意见",
                "verbose_name_plural": "会商意见",
                "ordering": ["filing_id", "asked_at", "pk"],
                "indexes": [
                    models.Index(fields=["organisation", "answered_at", "due_on"], name="joint_opinion_queue")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("filing", "version", "organisation"),
                        name="joint_opinion_asked_once_of_a_version",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("answered_by", None), ("conclusion", "")),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                                ("withdrawn_at", None),
                                models.Q(("conclusion", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="joint_opinion_answered_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.CharField(max_length=30, verbose_name="类型")),
                (
                    "purpose",
                    models.CharField(
                        choices=[("drafts", "填报草稿"), ("history", "登记历史结果")],
                        default="drafts",
                        max_length=10,
                        verbose_name="用途",
                    ),
                ),
                ("file", models.CharField(blank=True, max_length=200, verbose_name="文件")),
                ("plan", models.CharField(blank=True, max_length=200, verbose_name="计划")),
                ("file_name", models.CharField(max_length=200, verbose_name="文件名")),
                ("size", models.PositiveBigIntegerField(verbose_name="字节数")),
                ("sha256", models.CharField(max_length=64, verbose_name="摘要")),
                ("counts", models.JSONField(default=dict, verbose_name="行数")),
                ("warnings", models.JSONField(default=list, verbose_name="提示")),
                ("facts", models.JSONField(default=dict, verbose_name="说明")),
                ("read_at", models.DateTimeField(null=True, verbose_name="读取时间")),
                ("confirmed_at", models.DateTimeField(null=True, verbose_name="确认时间")),
                ("committed_at", models.DateTimeField(null=True, verbose_name="导入时间")),
                ("abandoned_at", models.DateTimeField(null=True, verbose_name="放弃时间")),
                ("reason", models.CharField(blank=True, max_length=400, verbose_name="原因")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="上传时间"),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="确认人",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="上传人",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.job",
                        verbose_name="作业",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="portal.organisation",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "导入",
                "verbose_name_plural": "导入",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(fields=["organisation", "slug", "-created_at"], name="import_of_bureau"),
                    models.Index(fields=["sha256"], name="import_content"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("purpose__in", ["drafts", "history"])),
                        name="import_purpose_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("committed_at", None),
                            models.Q(("confirmed_at__isnull", False), ("read_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="import_committed_was_confirmed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at", None), ("confirmed_by", None)),
                            models.Q(
                                ("confirmed_at__isnull", False),
                                ("confirmed_by__isnull", False),
                                ("read_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="import_confirmed_was_read",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("committed_at", None), ("abandoned_at", None), _connector="OR"),
                        name="import_ends_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("plan", ""), ("read_at__isnull", False), _connector="OR"),
                        name="import_plan_was_read",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("file", ""), ("plan", "")), ("abandoned_at", None), _connector="OR"
                        ),
                        name="import_abandoned_keeps_no_file",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="filing",
            name="organisation",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="filings",
                to="portal.organisation",
                verbose_name="填报单位",
            ),
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="序号")),
                ("version", models.PositiveIntegerField(verbose_name="版本")),
                ("action", models.CharField(max_length=20, verbose_name="动作")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("draft", "草稿"),
                            ("city_review", "待市级审核"),
                            ("province_review", "待省级审核"),
                            ("returned", "退回修改"),
                            ("approved", "审核通过"),
                            ("rejected", "不予通过"),
                            ("cancelled", "已作废"),
                        ],
                        max_length=16,
                        verbose_name="原状态",
                    ),
                ),
                (
                    "target",
                    models.CharField(
                        choices=[
                            ("draft", "草稿"),
                            ("city_review", "待市级审核"),
                            ("province_review", "待省级审核"),
                            ("returned", "退回修改"),
                            ("approved", "审核通过"),
                            ("rejected", "不予通过"),
                            ("cancelled", "已作废"),
                        ],
                        max_length=16,
                        verbose_name="新状态",
                    ),
                ),
                ("by_name", models.CharField(max_length=30, verbose_name="姓名")),
                ("organisation_name", models.CharField(max_length=60, verbose_name="单位名称")),
                ("comment", models.TextField(blank=True, verbose_name="意见")),
                ("details", models.JSONField(blank=True, default=dict, verbose_name="办理依据")),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("request_id", models.CharField(blank=True, max_length=32, verbose_name="请求编号")),
                ("previous_hash", models.CharField(blank=True, max_length=64, verbose_name="前一摘要")),
                ("hash", models.CharField(max_length=64, verbose_name="摘要")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="经办人",
                    ),
                ),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="portal.filing",
                        verbose_name="填报",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.organisation",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "流转记录",
                "verbose_name_plural": "流转记录",
                "ordering": ["filing_id", "number"],
                "indexes": [
                    models.Index(fields=["by", "-at"], name="event_by_person"),
                    models.Index(fields=["at", "action", "filing"], name="event_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("filing", "number"), name="event_numbered_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PeriodicReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="目录")),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                (
                    "year",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(2020),
                            django.core.validators.MaxValueValidator(2100),
                        ],
                        verbose_name="年度",
                    ),
                ),
                ("basis", models.CharField(max_length=200, verbose_name="依据")),
                ("rule", models.CharField(max_length=200, verbose_name="选取方式")),
                ("seed", models.CharField(blank=True, max_length=40, verbose_name="抽样种子")),
                ("due_on", models.DateField(verbose_name="填报截止")),
                (
                    "opened_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="创建时间"),
                ),
                ("frozen_at", models.DateTimeField(blank=True, null=True, verbose_name="锁定时间")),
                ("is_demo", models.BooleanField(default=False, verbose_name="演示")),
                (
                    "frozen_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="锁定人",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="创建人",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.organisation",
                        verbose_name="组织单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "定期审核",
                "verbose_name_plural": "定期审核",
                "ordering": ["-opened_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "organisation", "name"),
                        name="review_named_once",
                        violation_error_message="已有同名的定期审核，请换一个名称。",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PolicyTarget",
            fields=[
                (
                    "slug",
                    models.SlugField(max_length=40, primary_key=True, serialize=False, verbose_name="标识"),
                ),
                ("label", models.CharField(max_length=60, verbose_name="目标")),
                ("unit", models.CharField(max_length=6, verbose_name="单位")),
                (
                    "operator",
                    models.CharField(
                        choices=[
                            ("at_least", "不少于"),
                            ("about", "约"),
                            ("at_most", "不超过"),
                            ("between", "介于"),
                        ],
                        max_length=10,
                        verbose_name="比较",
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="数值")),
                ("most", models.PositiveIntegerField(blank=True, null=True, verbose_name="上限")),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("province", "全省"),
                            ("city", "每市"),
                            ("county", "每县（市、区）"),
                            ("unit", "每个单位"),
                            ("pair", "每市每个项目"),
                        ],
                        max_length=10,
                        verbose_name="范围",
                    ),
                ),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="完成期限")),
                ("document_number", models.CharField(max_length=60, verbose_name="文号")),
                ("clause", models.CharField(max_length=40, verbose_name="条款")),
                ("sentence", models.CharField(max_length=300, verbose_name="原文")),
                ("order", models.PositiveIntegerField(default=0, verbose_name="顺序")),
            ],
            options={
                "verbose_name": "政策目标",
                "verbose_name_plural": "政策目标",
                "ordering": ["order", "slug"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("most__isnull", False), ("operator", "between")),
                            models.Q(models.Q(("operator", "between"), _negated=True), ("most", None)),
                            _connector="OR",
                        ),
                        name="target_between_has_both_ends",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PreparedDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="版本")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("province", "省"),
                            ("city", "设区的市"),
                            ("county", "县（市、区）"),
                            ("zone", "功能区"),
                        ],
                        max_length=10,
                        verbose_name="审核层级",
                    ),
                ),
                ("action", models.CharField(max_length=20, verbose_name="结论")),
                ("comment", models.TextField(blank=True, verbose_name="意见")),
                ("grounds", models.JSONField(default=dict, verbose_name="依据")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="拟办时间"),
                ),
                ("released_at", models.DateTimeField(blank=True, null=True, verbose_name="作出时间")),
                ("dropped_at", models.DateTimeField(blank=True, null=True, verbose_name="撤销时间")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="拟办人",
                    ),
                ),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prepared",
                        to="portal.filing",
                        verbose_name="填报",
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="作出人",
                    ),
                ),
            ],
            options={
                "verbose_name": "拟办结论",
                "verbose_name_plural": "拟办结论",
                "ordering": ["created_at", "pk"],
                "indexes": [models.Index(fields=["by", "created_at"], name="prepared_by_person")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("dropped_at", None), ("released_at", None)),
                        fields=("filing",),
                        name="prepared_decision_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("released_at", None), ("released_by", None)),
                            models.Q(
                                ("dropped_at", None),
                                ("released_at__isnull", False),
                                ("released_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="prepared_decision_released_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="最近在看")),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="portal.filing",
                        verbose_name="填报",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
            ],
            options={
                "verbose_name": "正在查看",
                "verbose_name_plural": "正在查看",
                "indexes": [models.Index(fields=["seen_at"], name="presence_by_time")],
                "constraints": [models.UniqueConstraint(fields=("filing", "user"), name="presence_once")],
            },
        ),
        migrations.CreateModel(
            name="Promotion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "former",
                    models.CharField(
                        choices=[("municipal", "市级"), ("provincial", "省级")],
                        max_length=12,
                        verbose_name="原级别",
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[("municipal", "市级"), ("provincial", "省级")],
                        max_length=12,
                        verbose_name="级别",
                    ),
                ),
                (
                    "document_number",
                    models.CharField(
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
                ("on", models.DateField(verbose_name="日期")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="经办人",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promotions",
                        to="portal.catalogueentry",
                        verbose_name="条目",
                    ),
                ),
            ],
            options={
                "verbose_name": "级别变动",
                "verbose_name_plural": "级别变动",
                "ordering": ["entry_id", "on", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("former", models.F("level")), _negated=True),
                        name="promotion_changes_the_level",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PublicNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("publicity", "公示"), ("announcement", "公布")],
                        max_length=12,
                        verbose_name="类型",
                    ),
                ),
                ("record_kind", models.CharField(blank=True, max_length=30, verbose_name="目录")),
                ("title", models.CharField(max_length=100, verbose_name="标题")),
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
                ("basis", models.CharField(max_length=200, verbose_name="依据")),
                ("body", models.TextField(blank=True, verbose_name="正文")),
                ("starts_on", models.DateField(verbose_name="开始日期")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="结束日期")),
                ("working_days", models.PositiveIntegerField(blank=True, null=True, verbose_name="工作日数")),
                ("how_to_object", models.TextField(blank=True, verbose_name="异议方式")),
                ("receiver", models.CharField(blank=True, max_length=60, verbose_name="受理单位")),
                ("address", models.CharField(blank=True, max_length=100, verbose_name="地址")),
                ("postcode", models.CharField(blank=True, max_length=6, verbose_name="邮编")),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="电话")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="电子邮箱")),
                ("supervision_phone", models.CharField(blank=True, max_length=40, verbose_name="监督电话")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="创建时间"),
                ),
                ("published_at", models.DateTimeField(blank=True, null=True, verbose_name="发布时间")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="撤销时间")),
                ("withdrawal_reason", models.CharField(blank=True, max_length=200, verbose_name="撤销原因")),
                ("is_demo", models.BooleanField(default=False, verbose_name="演示")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="拟稿人",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.organisation",
                        verbose_name="发布机构",
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="发布人",
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="撤销人",
                    ),
                ),
            ],
            options={
                "verbose_name": "公示公告",
                "verbose_name_plural": "公示公告",
                "ordering": ["-starts_on", "-pk"],
                "indexes": [models.Index(fields=["record_kind", "-starts_on"], name="notice_list")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ends_on", None), ("kind", "announcement")),
                            models.Q(("ends_on__gte", models.F("starts_on")), ("kind", "publicity")),
                            _connector="OR",
                        ),
                        name="notice_of_publicity_has_both_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawal_reason", ""), ("withdrawn_at", None)),
                            models.Q(
                                ("withdrawn_at__isnull", False),
                                models.Q(("withdrawal_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="notice_withdrawn_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Objection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_unit", models.BooleanField(default=False, verbose_name="单位异议")),
                ("objector", portal.models.sealed.SealedCharField(max_length=60, verbose_name="异议人")),
                ("contact", portal.models.sealed.SealedCharField(max_length=100, verbose_name="联系方式")),
                ("text", portal.models.sealed.SealedTextField(verbose_name="异议内容")),
                ("received_on", models.DateField(verbose_name="收到日期")),
                (
                    "registered_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间"),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[("open", "待处理"), ("answered", "已答复"), ("closed", "已办结")],
                        default="open",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("answer", models.TextField(blank=True, verbose_name="答复")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="答复时间")),
                ("conclusion", models.TextField(blank=True, verbose_name="办结意见")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="办结时间")),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="答复人",
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="办结人",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="objections",
                        to="portal.noticeitem",
                        verbose_name="针对条目",
                    ),
                ),
                (
                    "registered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="登记人",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="objections",
                        to="portal.publicnotice",
                        verbose_name="公示",
                    ),
                ),
            ],
            options={
                "verbose_name": "异议",
                "verbose_name_plural": "异议",
                "ordering": ["notice_id", "received_on", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("closed_at", None), ("stage", "open")),
                            models.Q(
                                ("answered_at__isnull", False), ("closed_at", None), ("stage", "answered")
                            ),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("closed_at__isnull", False),
                                ("stage", "closed"),
                            ),
                            _connector="OR",
                        ),
                        name="objection_is_answered_before_it_is_closed",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="noticeitem",
            name="notice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="items",
                to="portal.publicnotice",
                verbose_name="公示公告",
            ),
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
            name="Region",
            fields=[
                (
                    "code",
                    models.CharField(
                        max_length=8, primary_key=True, serialize=False, verbose_name="区划路径"
                    ),
                ),
                ("name", models.CharField(max_length=40, verbose_name="名称")),
                ("short_name", models.CharField(max_length=20, verbose_name="简称")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("province", "省"),
                            ("city", "设区的市"),
                            ("county", "县（市、区）"),
                            ("zone", "功能区"),
                        ],
                        max_length=10,
                        verbose_name="级别",
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=200, verbose_name="资料来源")),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="启用日期")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="停用日期")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="portal.region",
                        verbose_name="上级",
                    ),
                ),
            ],
            options={
                "verbose_name": "区划",
                "verbose_name_plural": "区划",
                "ordering": ["code"],
            },
        ),
        migrations.AddField(
            model_name="organisation",
            name="region",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="organisations",
                to="portal.region",
                verbose_name="区划",
            ),
        ),
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
        migrations.AddField(
            model_name="filing",
            name="region",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="portal.region",
                verbose_name="所属区划",
            ),
        ),
        migrations.CreateModel(
            name="Edition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="类型")),
                ("name", models.CharField(max_length=40, verbose_name="版次")),
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
                ("on", models.DateField(verbose_name="日期")),
                (
                    "file",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        upload_to=portal.models.editions.storage_name,
                        verbose_name="文件",
                    ),
                ),
                ("file_name", models.CharField(blank=True, max_length=200, verbose_name="文件名")),
                ("is_demo", models.BooleanField(default=False, verbose_name="演示")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="创建时间"),
                ),
                ("proposed_at", models.DateTimeField(blank=True, null=True, verbose_name="送审时间")),
                ("approved_at", models.DateTimeField(blank=True, null=True, verbose_name="审定时间")),
                ("published_at", models.DateTimeField(blank=True, null=True, verbose_name="发布时间")),
                ("abandoned_at", models.DateTimeField(blank=True, null=True, verbose_name="放弃时间")),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="审定人",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="编制人",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="送审人",
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="发布人",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        default="37",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.region",
                        verbose_name="目录范围",
                    ),
                ),
            ],
            options={
                "verbose_name": "目录版次",
                "verbose_name_plural": "目录版次",
                "ordering": ["kind", "region_id", "-on", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("abandoned_at", None)),
                        fields=("kind", "region", "name"),
                        name="edition_named_once",
                        violation_error_message="已有同名的版次，请换一个名称。",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("published_at__isnull", False)),
                        fields=("kind", "region", "on"),
                        name="edition_one_a_day",
                        violation_error_message="这一天已有一版目录。",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("abandoned_at", None), ("published_at", None)),
                        fields=("kind", "region"),
                        name="edition_prepared_one_at_a_time",
                        violation_error_message="这个目录已有一版在编制，请先发布或放弃它。",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="catalogueentry",
            name="region",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="portal.region",
                verbose_name="所属区划",
            ),
        ),
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
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), ("refused_by", None)),
                            models.Q(("refused_by__isnull", False), models.Q(("reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="registration_refused_with_its_reason",
                    )
                ],
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
        migrations.CreateModel(
            name="Remark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="版本")),
                ("field", models.CharField(max_length=40, verbose_name="栏目")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("province", "省"),
                            ("city", "设区的市"),
                            ("county", "县（市、区）"),
                            ("zone", "功能区"),
                        ],
                        max_length=10,
                        verbose_name="审核层级",
                    ),
                ),
                ("text", models.TextField(verbose_name="意见")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="提出时间"),
                ),
                ("issued_at", models.DateTimeField(blank=True, null=True, verbose_name="发出时间")),
                ("reply", models.TextField(blank=True, verbose_name="答复")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="答复时间")),
                ("answered_in", models.PositiveIntegerField(blank=True, null=True, verbose_name="答复版本")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="关闭时间")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="提出人",
                    ),
                ),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="remarks",
                        to="portal.filing",
                        verbose_name="填报",
                    ),
                ),
            ],
            options={
                "verbose_name": "审核意见",
                "verbose_name_plural": "审核意见",
                "ordering": ["filing_id", "pk"],
                "indexes": [models.Index(fields=["filing", "issued_at"], name="remark_of_filing")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("answered_in", None)),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("answered_in__isnull", False),
                                ("issued_at__isnull", False),
                                models.Q(("reply", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="remark_answered_with_a_reply",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_at", None), ("answered_at__isnull", False), _connector="OR"
                        ),
                        name="remark_closed_once_answered",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="催报时间")),
                ("days_before", models.PositiveIntegerField(null=True, verbose_name="提前天数")),
                ("due_at", models.DateTimeField(null=True, verbose_name="针对的截止时间")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="催报人",
                    ),
                ),
                (
                    "duty",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="portal.campaignduty",
                        verbose_name="应报单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "催报",
                "verbose_name_plural": "催报",
                "ordering": ["at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("days_before__isnull", False)),
                        fields=("duty", "due_at", "days_before"),
                        name="reminder_once_per_day_mark",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportSchedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.CharField(max_length=30, verbose_name="报表")),
                ("filters", models.JSONField(blank=True, default=dict, verbose_name="筛选")),
                ("format", models.CharField(default="xlsx", max_length=5, verbose_name="格式")),
                (
                    "frequency",
                    models.CharField(
                        choices=[
                            ("monthly", "每月"),
                            ("quarterly", "每季度"),
                            ("campaign", "报送任务截止时"),
                        ],
                        max_length=10,
                        verbose_name="频次",
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now, verbose_name="启用时间")),
                ("is_active", models.BooleanField(default=True, verbose_name="启用")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="设置人",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.region",
                        verbose_name="范围",
                    ),
                ),
            ],
            options={
                "verbose_name": "定期报表",
                "verbose_name_plural": "定期报表",
                "ordering": ["slug", "frequency", "pk"],
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
        migrations.CreateModel(
            name="ReviewItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.PositiveIntegerField(default=0, verbose_name="步数")),
                ("statement", models.TextField(blank=True, verbose_name="情况说明")),
                ("handed_in_at", models.DateTimeField(blank=True, null=True, verbose_name="报送时间")),
                (
                    "intended",
                    models.CharField(
                        blank=True,
                        choices=[("kept", "保留"), ("rectifying", "限期整改"), ("exited", "退出")],
                        max_length=12,
                        verbose_name="拟定结果",
                    ),
                ),
                (
                    "intended_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("mismanaged", "管理不规范"),
                            ("short_training", "培训缺斤少两"),
                            ("lax_assessment", "鉴定考核把关不严"),
                            ("dishonest", "违规失信"),
                            ("unfair_competition", "恶意竞争"),
                            ("disorder", "管理失序"),
                            ("below_figures", "年度培训或就业人数不达标"),
                            ("dissolved", "主体注销"),
                            ("voluntary", "自愿退出"),
                            ("false_information", "信息虚假"),
                            ("merged", "并入其他条目"),
                            ("adjusted", "目录动态调整"),
                        ],
                        max_length=20,
                        verbose_name="拟定原因",
                    ),
                ),
                ("intended_at", models.DateTimeField(blank=True, null=True, verbose_name="告知时间")),
                ("hearing_until", models.DateField(blank=True, null=True, verbose_name="陈述申辩截止")),
                ("defence", models.TextField(blank=True, verbose_name="陈述申辩")),
                ("heard_at", models.DateTimeField(blank=True, null=True, verbose_name="陈述申辩时间")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("kept", "保留"), ("rectifying", "限期整改"), ("exited", "退出")],
                        max_length=12,
                        verbose_name="结果",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("mismanaged", "管理不规范"),
                            ("short_training", "培训缺斤少两"),
                            ("lax_assessment", "鉴定考核把关不严"),
                            ("dishonest", "违规失信"),
                            ("unfair_competition", "恶意竞争"),
                            ("disorder", "管理失序"),
                            ("below_figures", "年度培训或就业人数不达标"),
                            ("dissolved", "主体注销"),
                            ("voluntary", "自愿退出"),
                            ("false_information", "信息虚假"),
                            ("merged", "并入其他条目"),
                            ("adjusted", "目录动态调整"),
                        ],
                        max_length=20,
                        verbose_name="原因",
                    ),
                ),
                ("rectify_until", models.DateField(blank=True, null=True, verbose_name="整改期限")),
                ("settled_on", models.DateField(blank=True, null=True, verbose_name="整改完成日期")),
                ("comment", models.TextField(blank=True, verbose_name="审核意见")),
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
                ("decided_on", models.DateField(blank=True, null=True, verbose_name="结果日期")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="决定人",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="portal.catalogueentry",
                        verbose_name="条目",
                    ),
                ),
                (
                    "handed_in_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="报送人",
                    ),
                ),
                (
                    "intended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="拟定人",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="portal.periodicreview",
                        verbose_name="定期审核",
                    ),
                ),
            ],
            options={
                "verbose_name": "审核条目",
                "verbose_name_plural": "审核条目",
                "ordering": ["review_id", "entry__code"],
                "indexes": [
                    models.Index(fields=["entry", "outcome"], name="item_of_entry"),
                    models.Index(
                        condition=models.Q(("outcome", "rectifying"), ("settled_on", None)),
                        fields=["entry"],
                        name="item_given_time",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("review", "entry"), name="item_once_a_review"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_on", None), ("outcome", "")),
                            models.Q(models.Q(("outcome", ""), _negated=True), ("decided_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="item_decided_on_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "rectifying"), _negated=True),
                            ("rectify_until__isnull", False),
                            _connector="OR",
                        ),
                        name="item_rectified_until_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "exited"), _negated=True),
                            models.Q(
                                models.Q(("reason", ""), _negated=True),
                                models.Q(("document_number", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="item_exit_has_reason_and_document",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewFigure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40, verbose_name="指标")),
                (
                    "value",
                    models.PositiveBigIntegerField(
                        validators=[django.core.validators.MaxValueValidator(10000000)], verbose_name="数值"
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="figures",
                        to="portal.reviewitem",
                        verbose_name="审核条目",
                    ),
                ),
            ],
            options={
                "verbose_name": "年度数据",
                "verbose_name_plural": "年度数据",
                "constraints": [models.UniqueConstraint(fields=("item", "name"), name="figure_once_an_item")],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=20, verbose_name="名称")),
                ("query", models.CharField(max_length=500, verbose_name="条件")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="保存时间"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="views",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
            ],
            options={
                "verbose_name": "常用视图",
                "verbose_name_plural": "常用视图",
                "ordering": ["created_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "name"),
                        name="saved_view_named_once",
                        violation_error_message="已有同名的常用视图。",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Scorer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("handed_in_at", models.DateTimeField(blank=True, null=True, verbose_name="提交时间")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="评分人",
                    ),
                ),
            ],
            options={
                "verbose_name": "评分人",
                "verbose_name_plural": "评分人",
                "ordering": ["round_id", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "points",
                    models.DecimalField(
                        decimal_places=1,
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="得分",
                    ),
                ),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="portal.candidate",
                        verbose_name="参评条目",
                    ),
                ),
                (
                    "criterion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="portal.criterion",
                        verbose_name="评分项",
                    ),
                ),
                (
                    "scorer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="portal.scorer",
                        verbose_name="评分人",
                    ),
                ),
            ],
            options={
                "verbose_name": "得分",
                "verbose_name_plural": "得分",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("candidate", "scorer", "criterion"), name="score_given_once"
                    )
                ],
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
            name="SelectionRound",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="目录")),
                ("name", models.CharField(max_length=60, verbose_name="批次名称")),
                ("basis", models.CharField(max_length=200, verbose_name="依据")),
                (
                    "quota",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="名额",
                    ),
                ),
                ("needs_publicity", models.BooleanField(default=True, verbose_name="公布前须公示")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("preparing", "准备中"),
                            ("scoring", "评分中"),
                            ("ranked", "评分结束"),
                            ("decided", "已定名单"),
                            ("conferred", "已公布"),
                            ("cancelled", "已取消"),
                        ],
                        default="preparing",
                        max_length=12,
                        verbose_name="状态",
                    ),
                ),
                ("revision", models.PositiveIntegerField(default=0, verbose_name="修订")),
                (
                    "opened_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="创建时间"),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="定名单时间")),
                ("reason", models.TextField(blank=True, verbose_name="选定理由")),
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
                        verbose_name="公布文号",
                    ),
                ),
                ("on", models.DateField(blank=True, null=True, verbose_name="公布日期")),
                ("is_demo", models.BooleanField(default=False, verbose_name="演示")),
                (
                    "conferred_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="公布人",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="审定人",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.publicnotice",
                        verbose_name="公示",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="创建人",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.organisation",
                        verbose_name="组织单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "择优选拔",
                "verbose_name_plural": "择优选拔",
                "ordering": ["-opened_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "name"),
                        name="round_named_once",
                        violation_error_message="已有同名的批次，请换一个名称。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", False), ("stage__in", ["decided", "conferred"])),
                            models.Q(("stage__in", ["decided", "conferred"]), _negated=True),
                            _connector="OR",
                        ),
                        name="round_decided_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("stage", "conferred"), _negated=True),
                            models.Q(models.Q(("document_number", ""), _negated=True), ("on__isnull", False)),
                            _connector="OR",
                        ),
                        name="round_conferred_with_document_and_date",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="scorer",
            name="round",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="scorers",
                to="portal.selectionround",
                verbose_name="批次",
            ),
        ),
        migrations.AddField(
            model_name="criterion",
            name="round",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="criteria",
                to="portal.selectionround",
                verbose_name="批次",
            ),
        ),
        migrations.AddField(
            model_name="candidate",
            name="round",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="candidates",
                to="portal.selectionround",
                verbose_name="批次",
            ),
        ),
        migrations.CreateModel(
            name="Succession",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("renamed", "更名为"), ("merged", "并入")],
                        max_length=10,
                        verbose_name="方式",
                    ),
                ),
                (
                    "new",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="predecessions",
                        to="portal.catalogueentry",
                        verbose_name="后继条目",
                    ),
                ),
                (
                    "old",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="succession",
                        to="portal.catalogueentry",
                        verbose_name="原条目",
                    ),
                ),
            ],
            options={
                "verbose_name": "条目承接",
                "verbose_name_plural": "条目承接",
            },
        ),
        migrations.CreateModel(
            name="AccessSubject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, verbose_name="联系方式摘要")),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subjects",
                        to="portal.accessrecord",
                    ),
                ),
            ],
            options={
                "verbose_name": "涉及的联系方式",
                "verbose_name_plural": "涉及的联系方式",
                "indexes": [models.Index(fields=["digest", "-record"], name="access_subject")],
            },
        ),
        migrations.CreateModel(
            name="CreditRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(db_index=True, max_length=24, verbose_name="编号")),
                ("kind", models.CharField(max_length=30, verbose_name="类型")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("mismanaged", "管理不规范"),
                            ("short_training", "培训缺斤少两"),
                            ("lax_assessment", "鉴定考核把关不严"),
                            ("dishonest", "违规失信"),
                            ("unfair_competition", "恶意竞争"),
                            ("disorder", "管理失序"),
                            ("below_figures", "年度培训或就业人数不达标"),
                            ("dissolved", "主体注销"),
                            ("voluntary", "自愿退出"),
                            ("false_information", "信息虚假"),
                            ("merged", "并入其他条目"),
                            ("adjusted", "目录动态调整"),
                        ],
                        max_length=20,
                        verbose_name="情形",
                    ),
                ),
                ("text", models.TextField(verbose_name="事实")),
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
                ("on", models.DateField(verbose_name="发生日期")),
                (
                    "recorded_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间"),
                ),
                ("lifted_at", models.DateTimeField(blank=True, null=True, verbose_name="解除时间")),
                ("lifting_reason", models.CharField(blank=True, max_length=200, verbose_name="解除理由")),
                (
                    "lifted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="解除人",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="登记人",
                    ),
                ),
            ],
            options={
                "verbose_name": "信用记录",
                "verbose_name_plural": "信用记录",
                "ordering": ["code", "-on", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at", None), ("lifting_reason", "")),
                            models.Q(
                                ("lifted_at__isnull", False), models.Q(("lifting_reason", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="credit_lifted_with_a_reason",
                    )
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
        migrations.CreateModel(
            name="EditionChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("added", "新增"),
                            ("adjusted", "调整"),
                            ("renamed", "更名"),
                            ("merged", "合并"),
                            ("removed", "移出"),
                        ],
                        max_length=10,
                        verbose_name="变化",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="理由")),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="portal.edition",
                        verbose_name="版次",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="portal.catalogueentry",
                        verbose_name="现行条目",
                    ),
                ),
                (
                    "filing",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="edition_changes",
                        to="portal.filing",
                        verbose_name="填报",
                    ),
                ),
            ],
            options={
                "verbose_name": "版次变化",
                "verbose_name_plural": "版次变化",
                "ordering": ["edition_id", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("entry", None), ("filing__isnull", False), ("verb", "added")),
                            models.Q(("entry__isnull", False), ("filing", None), ("verb", "removed")),
                            models.Q(
                                ("entry__isnull", False),
                                ("filing__isnull", False),
                                ("verb__in", ["adjusted", "renamed", "merged"]),
                            ),
                            _connector="OR",
                        ),
                        name="change_names_what_comes_and_what_goes",
                    ),
                    models.UniqueConstraint(
                        fields=("edition", "entry"),
                        name="change_of_an_entry_once",
                        violation_error_message="这一条在本版中已有一项变化。",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("verb", "merged"), _negated=True),
                        fields=("edition", "filing"),
                        name="change_by_a_filing_once",
                        violation_error_message="这份填报已列入本版。",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Copy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="附言")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="抄送时间")),
                ("read_at", models.DateTimeField(blank=True, null=True, verbose_name="已读时间")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="抄送人",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="copies",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="抄送给",
                    ),
                ),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="copies",
                        to="portal.filing",
                        verbose_name="填报",
                    ),
                ),
            ],
            options={
                "verbose_name": "抄送",
                "verbose_name_plural": "抄送",
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["user", "read_at", "-at"], name="copy_inbox")],
                "constraints": [
                    models.UniqueConstraint(fields=("filing", "user"), name="copy_once_to_a_person"),
                    models.CheckConstraint(
                        condition=models.Q(("user", models.F("by")), _negated=True),
                        name="copy_to_somebody_else",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slot", models.CharField(max_length=30, verbose_name="栏目")),
                (
                    "file",
                    models.FileField(
                        max_length=200, upload_to=portal.models.attachments.storage_name, verbose_name="文件"
                    ),
                ),
                (
                    "display",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        upload_to=portal.models.attachments.storage_name,
                        verbose_name="显示用副本",
                    ),
                ),
                ("name", portal.models.sealed.SealedCharField(max_length=200, verbose_name="文件名")),
                ("size", models.BigIntegerField(verbose_name="字节")),
                ("sha256", models.CharField(max_length=64, verbose_name="摘要")),
                ("media_type", models.CharField(max_length=80, verbose_name="类型")),
                ("facts", models.JSONField(default=dict, verbose_name="测得")),
                (
                    "uploaded_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="上传时间"),
                ),
                ("removed_at", models.DateTimeField(null=True, verbose_name="移除时间")),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="上传人",
                    ),
                ),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="portal.filing",
                        verbose_name="填报",
                    ),
                ),
            ],
            options={
                "verbose_name": "附件",
                "verbose_name_plural": "附件",
                "ordering": ["filing_id", "slot", "pk"],
                "indexes": [
                    models.Index(fields=["filing", "slot"], name="attachment_slot"),
                    models.Index(fields=["file"], name="attachment_file"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at", None)),
                        fields=("filing", "sha256"),
                        name="attachment_content_once_per_filing",
                        violation_error_message="这份填报里已有内容相同的文件。",
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
            name="FilingVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="版本")),
                ("snapshot", portal.models.sealed.SnapshotField(verbose_name="内容")),
                ("sha256", models.CharField(max_length=64, verbose_name="摘要")),
                ("submitted_at", models.DateTimeField(verbose_name="提交时间")),
                ("is_late", models.BooleanField(default=False, verbose_name="逾期")),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="portal.filing",
                        verbose_name="填报",
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="提交人",
                    ),
                ),
            ],
            options={
                "verbose_name": "提交版本",
                "verbose_name_plural": "提交版本",
                "ordering": ["filing_id", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("filing", "number"), name="version_numbered_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "job_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="portal.job",
                    ),
                ),
                ("slug", models.CharField(max_length=30, verbose_name="报表")),
                ("cutoff", models.DateTimeField(verbose_name="统计截止时间")),
                ("filters", models.JSONField(default=dict, verbose_name="筛选")),
                ("format", models.CharField(max_length=5, verbose_name="格式")),
                ("rows", models.PositiveIntegerField(default=0, verbose_name="行数")),
                ("period", models.CharField(blank=True, max_length=30, verbose_name="期次")),
                (
                    "campaign",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.campaign",
                        verbose_name="报送任务",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.region",
                        verbose_name="范围",
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="portal.reportschedule",
                        verbose_name="定期报表",
                    ),
                ),
            ],
            options={
                "verbose_name": "统计报表",
                "verbose_name_plural": "统计报表",
                "indexes": [models.Index(fields=["region", "slug", "-cutoff"], name="report_history")],
                "constraints": [
                    models.UniqueConstraint(fields=("schedule", "period"), name="report_once_a_period"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("schedule", None), models.Q(("period", ""), _negated=True), _connector="OR"
                        ),
                        name="report_of_a_schedule_has_its_period",
                    ),
                ],
            },
            bases=("portal.job",),
        ),
        migrations.AddConstraint(
            model_name="noticeitem",
            constraint=models.UniqueConstraint(
                fields=("notice", "filing"), name="notice_lists_a_filing_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("valid_to", None)),
                fields=("region", "kind"),
                name="organisation_one_of_a_kind_per_region",
            ),
        ),
        migrations.AddIndex(
            model_name="catalogueentry",
            index=models.Index(
                condition=models.Q(("valid_to", None)),
                fields=["kind", "-valid_from", "-id", "region", "level", "facets", "valid_to"],
                name="entry_by_day",
            ),
        ),
        migrations.AddIndex(
            model_name="catalogueentry",
            index=models.Index(
                condition=models.Q(("valid_to", None)),
                fields=["kind", "code", "-id", "region", "level", "facets", "valid_from", "valid_to"],
                name="entry_by_code",
            ),
        ),
        migrations.AddIndex(
            model_name="catalogueentry",
            index=models.Index(
                condition=models.Q(("valid_to", None)),
                fields=["kind", "region", "-valid_from", "-id", "level", "facets", "valid_to"],
                name="entry_by_region",
            ),
        ),
        migrations.AddIndex(
            model_name="catalogueentry",
            index=models.Index(
                condition=models.Q(("valid_to", None)),
                fields=["kind", "facets", "level", "region", "-valid_from", "-id", "valid_to"],
                name="entry_by_facets",
            ),
        ),
        migrations.AddIndex(
            model_name="catalogueentry",
            index=models.Index(
                condition=models.Q(("exit_reason", ""), _negated=True),
                fields=["kind", "-valid_from", "-id", "region", "level", "facets", "exit_reason"],
                name="entry_exited",
            ),
        ),
        migrations.AddIndex(
            model_name="filing",
            index=models.Index(fields=["state", "region", "arrived_at"], name="filing_queue"),
        ),
        migrations.AddIndex(
            model_name="filing",
            index=models.Index(fields=["kind", "region", "-updated_at"], name="filing_list"),
        ),
        migrations.AddIndex(
            model_name="filing",
            index=models.Index(fields=["organisation", "state", "arrived_at"], name="filing_bureau"),
        ),
        migrations.AddIndex(
            model_name="filing",
            index=models.Index(fields=["submitted_by", "-updated_at"], name="filing_submitted_by"),
        ),
        migrations.AddIndex(
            model_name="filing",
            index=models.Index(fields=["campaign", "region"], name="filing_campaign"),
        ),
        migrations.AddIndex(
            model_name="filing",
            index=models.Index(fields=["kind", "state", "region"], name="filing_roll_up"),
        ),
        migrations.AddConstraint(
            model_name="filing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ["city_review", "province_review", "approved", "rejected"]),
                        _negated=True,
                    ),
                    models.Q(("submitted_at__isnull", False), ("submitted_by__isnull", False)),
                    _connector="OR",
                ),
                name="filing_under_review_was_submitted",
            ),
        ),
        migrations.AddConstraint(
            model_name="filing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("state__in", ("approved", "rejected")),
                    ),
                    models.Q(
                        models.Q(("state__in", ("approved", "rejected")), _negated=True),
                        ("decided_at", None),
                        ("decided_by", None),
                    ),
                    _connector="OR",
                ),
                name="filing_decided_exactly_when_final",
            ),
        ),
        migrations.AddConstraint(
            model_name="filing",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("holds_name", True),
                    models.Q(("title", ""), _negated=True),
                    models.Q(("state__in", ["cancelled", "rejected"]), _negated=True),
                ),
                fields=("kind", "organisation", "title"),
                name="filing_name_held_once_per_bureau",
                violation_error_message="本单位已有同名的填报，请换一个名称，或打开已有的那一份。",
            ),
        ),
        migrations.AddConstraint(
            model_name="filing",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_nothing", False), ("campaign__isnull", False), _connector="OR"),
                name="filing_nothing_answers_a_campaign",
            ),
        ),
        migrations.AddConstraint(
            model_name="scorer",
            constraint=models.UniqueConstraint(fields=("round", "user"), name="scorer_named_once"),
        ),
        migrations.AddConstraint(
            model_name="candidate",
            constraint=models.UniqueConstraint(fields=("round", "entry"), name="candidate_once_a_round"),
        ),
        migrations.RunPython(index_words),
    ]
