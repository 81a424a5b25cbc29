"""The tables as 0001_initial to 0003_seal make them, in one step: for a new installation."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import assessments.models
import portal.models.fields
import portal.models.sealed


class Migration(migrations.Migration):
    replaces = [
        ("assessments", "0001_initial"),
        ("assessments", "0002_sealed_fields"),
        ("assessments", "0003_seal"),
    ]

    initial = True

    dependencies = [
        ("portal", "0001_squashed_0022_seal"),
    ]

    operations = [
        migrations.CreateModel(
            name="AssessmentInstitution",
            fields=[
                (
                    "filing_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="portal.filing",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="与登记证照一致的全称。", max_length=60, verbose_name="考核机构名称"
                    ),
                ),
                (
                    "institution_type",
                    models.CharField(
                        choices=[
                            ("enterprise", "企业"),
                            ("school", "院校"),
                            ("social_org", "社会团体"),
                            ("training_school", "职业技能培训机构"),
                        ],
                        max_length=20,
                        verbose_name="机构类型",
                    ),
                ),
                (
                    "credit_code",
                    models.CharField(
                        help_text="18位，按 GB 32100 校验。",
                        max_length=18,
                        validators=[assessments.models.validate_credit_code],
                        verbose_name="统一社会信用代码",
                    ),
                ),
                (
                    "institution_code",
                    models.CharField(
                        blank=True, help_text="已有机构代码的填写。", max_length=20, verbose_name="机构代码"
                    ),
                ),
                ("address", models.CharField(max_length=100, verbose_name="考核地址")),
                (
                    "strength",
                    models.TextField(
                        help_text="分别写清专业度、权威性和影响力。", verbose_name="专业度、权威性和影响力"
                    ),
                ),
                ("venue", models.TextField(help_text="写清工位数和主要设备。", verbose_name="场地和设备")),
                (
                    "contact_name",
                    portal.models.sealed.SealedCharField(
                        help_text="仅供业务联系，不对外公开。", max_length=30, verbose_name="联系人"
                    ),
                ),
                (
                    "contact_phone",
                    portal.models.sealed.SealedCharField(
                        help_text="仅供业务联系，不对外公开。", max_length=20, verbose_name="联系电话"
                    ),
                ),
            ],
            options={
                "verbose_name": "专项职业能力考核机构",
                "verbose_name_plural": "专项职业能力考核机构",
            },
            bases=("portal.filing",),
        ),
        migrations.CreateModel(
            name="ExamProject",
            fields=[
                (
                    "filing_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="portal.filing",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="与发布目录中的名称一致。", max_length=60, verbose_name="考核项目名称"
                    ),
                ),
                (
                    "catalogue_class",
                    models.CharField(
                        choices=[
                            ("food", "食品制作"),
                            ("planting", "种植"),
                            ("handcraft", "手工制作"),
                            ("other", "其它"),
                        ],
                        help_text="按目录四类归类：食品制作、种植、手工制作、其它。",
                        max_length=10,
                        verbose_name="类别",
                    ),
                ),
                (
                    "source_tags",
                    portal.models.fields.ChoiceListField(
                        default=list,
                        help_text="征集开发所面向的领域，可选多项。",
                        options=[
                            ("local_industry", "地方特色产业"),
                            ("rural_revitalisation", "乡村振兴"),
                            ("new_format", "新业态"),
                            ("new_industry", "新产业"),
                            ("new_technology", "新技术"),
                            ("ich", "非物质文化遗产传承"),
                            ("labour_brand", "劳务品牌"),
                            ("farming", "农业技术"),
                            ("digital_green", "数字经济、绿色经济"),
                        ],
                        verbose_name="开发方向",
                    ),
                ),
                (
                    "summary",
                    models.TextField(
                        help_text="写清考核的操作能力和从业方向，建议300字以内。", verbose_name="项目简介"
                    ),
                ),
                (
                    "developer",
                    models.CharField(
                        blank=True,
                        help_text="承担项目和考核规范开发的单位。",
                        max_length=60,
                        verbose_name="开发单位",
                    ),
                ),
                (
                    "candidate_new_occupation",
                    models.BooleanField(
                        default=False, help_text="成熟的项目可推荐申报新职业。", verbose_name="拟申报新职业"
                    ),
                ),
            ],
            options={
                "verbose_name": "专项职业能力考核项目",
                "verbose_name_plural": "专项职业能力考核项目",
            },
            bases=("portal.filing",),
        ),
        migrations.CreateModel(
            name="ExamSpecification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("edition", models.CharField(max_length=30, verbose_name="版本名称")),
                ("definition", models.TextField(verbose_name="定义")),
                ("audience", models.TextField(verbose_name="适用对象")),
                ("content", models.TextField(verbose_name="能力标准与鉴定内容")),
                ("requirements", models.TextField(verbose_name="鉴定要求")),
                (
                    "minutes",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(10),
                            django.core.validators.MaxValueValidator(480),
                        ],
                        verbose_name="考核时间（分钟）",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="specifications",
                        to="assessments.examproject",
                    ),
                ),
            ],
            options={
                "verbose_name": "考核规范",
                "verbose_name_plural": "考核规范",
            },
        ),
        migrations.CreateModel(
            name="InstitutionAuthorization",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="起始日期")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="截止日期")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="authorizations",
                        to="assessments.assessmentinstitution",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="authorizations",
                        to="assessments.examproject",
                        verbose_name="考核项目",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.region",
                        verbose_name="授权地区",
                    ),
                ),
            ],
            options={
                "verbose_name": "授权项目",
                "verbose_name_plural": "授权项目",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("institution", "project", "region"),
                        name="authorization_given_once",
                        violation_error_message="同一项目和地区只填一行。",
                    )
                ],
            },
        ),
    ]
