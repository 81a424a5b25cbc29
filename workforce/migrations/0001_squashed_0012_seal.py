"""The tables as 0001_initial to 0012_seal make them, in one step: for a new installation."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import assessments.models
import portal.models.fields
import portal.models.sealed


class Migration(migrations.Migration):
    replaces = [
        ("workforce", "0001_initial"),
        ("workforce", "0002_project_training_return"),
        ("workforce", "0003_subsidy_standard_review"),
        ("workforce", "0004_ich_items"),
        ("workforce", "0005_craft_source_keys"),
        ("workforce", "0006_key_brand"),
        ("workforce", "0007_key_brands_of_the_form"),
        ("workforce", "0008_labour_brand_without_key_project"),
        ("workforce", "0009_key_brand_given_up_stays"),
        ("workforce", "0010_performance_by_year"),
        ("workforce", "0011_sealed_fields"),
        ("workforce", "0012_seal"),
    ]

    initial = True

    dependencies = [
        ("assessments", "0001_squashed_0003_seal"),
        ("portal", "0001_squashed_0022_seal"),
    ]

    operations = [
        migrations.CreateModel(
            name="LabourBrand",
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
                        help_text="可采用“地区+（企业）产业行业（职业）”的形式命名。",
                        max_length=60,
                        verbose_name="劳务品牌名称",
                    ),
                ),
                (
                    "brand_type",
                    models.CharField(
                        choices=[
                            ("high_skill", "中高端技能型"),
                            ("quality_service", "高品质服务型"),
                            ("culture_tourism", "文化和旅游类"),
                            ("livelihood", "民生保障型"),
                        ],
                        max_length=20,
                        verbose_name="品牌类型",
                    ),
                ),
                (
                    "industry",
                    models.CharField(
                        help_text="如家政服务、养老服务、建筑施工。", max_length=40, verbose_name="所属行业"
                    ),
                ),
                (
                    "priority_areas",
                    portal.models.fields.ChoiceListField(
                        blank=True,
                        default=list,
                        help_text="不涉及的不选。",
                        options=[
                            ("resource_exhausted", "资源枯竭城市"),
                            ("mining", "独立工矿区"),
                            ("revitalisation_county", "乡村振兴重点帮扶县"),
                            ("yellow_river_relocation", "黄河滩区迁建地"),
                            ("relocation_area", "易地搬迁安置区"),
                        ],
                        verbose_name="重点区域",
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[("surveyed", "摸底"), ("cultivating", "培育"), ("recommended", "推荐")],
                        max_length=12,
                        verbose_name="阶段",
                    ),
                ),
                ("name_region", models.CharField(max_length=20, verbose_name="名称中的地区")),
                ("name_enterprise", models.CharField(blank=True, max_length=20, verbose_name="名称中的企业")),
                ("name_industry", models.CharField(max_length=20, verbose_name="名称中的产业行业")),
                ("name_occupation", models.CharField(blank=True, max_length=20, verbose_name="名称中的职业")),
                (
                    "summary",
                    models.TextField(
                        help_text="带动就业情况、技能产品特色、市场知名度。", verbose_name="品牌简介"
                    ),
                ),
                (
                    "worker_count",
                    models.PositiveIntegerField(
                        help_text="人；有技能的从业人员总数。",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(10000000)],
                        verbose_name="从业人员",
                    ),
                ),
            ],
            options={
                "verbose_name": "劳务品牌",
                "verbose_name_plural": "劳务品牌",
            },
            bases=("portal.filing",),
        ),
        migrations.CreateModel(
            name="ProjectTrainingReturn",
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
                    "year",
                    models.PositiveIntegerField(
                        help_text="统计表所属的年度。",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(2021),
                            django.core.validators.MaxValueValidator(2100),
                        ],
                        verbose_name="年度",
                    ),
                ),
                (
                    "filled_by",
                    portal.models.sealed.SealedCharField(
                        help_text="仅供业务联系。", max_length=30, verbose_name="填表人"
                    ),
                ),
                (
                    "contact_phone",
                    portal.models.sealed.SealedCharField(
                        help_text="仅供业务联系。", max_length=30, verbose_name="联系电话"
                    ),
                ),
                ("filled_on", models.DateField(null=True, verbose_name="填表日期")),
            ],
            options={
                "verbose_name": "项目制培训情况统计表",
                "verbose_name_plural": "项目制培训情况统计表",
            },
            bases=("portal.filing",),
        ),
        migrations.CreateModel(
            name="SubsidyStandardReview",
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
                    "year",
                    models.PositiveIntegerField(
                        help_text="评估论证所属的年度。",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(2021),
                            django.core.validators.MaxValueValidator(2100),
                        ],
                        verbose_name="年度",
                    ),
                ),
                (
                    "evaluated_on",
                    models.DateField(
                        help_text="每年3月底前组织开展一次。", null=True, verbose_name="评估论证日期"
                    ),
                ),
                (
                    "participants",
                    portal.models.fields.ChoiceListField(
                        default=list,
                        help_text="可选多项。",
                        options=[
                            ("departments", "相关部门"),
                            ("institutions", "机构"),
                            ("experts", "行业专家"),
                            ("trainees", "参训人员"),
                        ],
                        verbose_name="征求意见对象",
                    ),
                ),
                (
                    "summary",
                    models.TextField(
                        help_text="对补贴标准的合理性和科学性作了哪些论证，结论是什么。",
                        verbose_name="评估情况",
                    ),
                ),
            ],
            options={
                "verbose_name": "补贴标准评估材料",
                "verbose_name_plural": "补贴标准评估材料",
            },
            bases=("portal.filing",),
        ),
        migrations.CreateModel(
            name="CraftWorkshop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=8, unique=True, verbose_name="序号")),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                ("name_key", models.CharField(db_index=True, max_length=60, verbose_name="比对名称")),
                ("level", models.CharField(blank=True, max_length=10, verbose_name="报道所称级别")),
                ("source_url", models.URLField(verbose_name="来源网址")),
                ("source_date", models.DateField(blank=True, null=True, verbose_name="来源日期")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="停用日期")),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.region",
                        verbose_name="地区",
                    ),
                ),
            ],
            options={
                "verbose_name": "非遗工坊",
                "verbose_name_plural": "非遗工坊",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="HandicraftTrainingProject",
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
                ("name", models.CharField(max_length=60, verbose_name="培训项目名称")),
                (
                    "catalogue_class",
                    models.CharField(
                        default="山东手造",
                        help_text="在补贴性培训项目目录中的类别。",
                        max_length=30,
                        verbose_name="目录类别",
                    ),
                ),
                (
                    "source_kind",
                    models.CharField(
                        choices=[
                            ("ich_national", "国家级非遗代表性项目"),
                            ("ich_provincial", "省级非遗代表性项目"),
                            ("ich_municipal", "市级非遗代表性项目"),
                            ("ich_county", "县级非遗代表性项目"),
                            ("craft_revival", "传统工艺振兴目录"),
                            ("other", "其他"),
                        ],
                        help_text="四级非遗代表性项目名录或传统工艺振兴目录。",
                        max_length=20,
                        verbose_name="项目来源",
                    ),
                ),
                (
                    "source_item",
                    models.CharField(
                        blank=True,
                        help_text="名录中的项目名称。",
                        max_length=60,
                        verbose_name="对应的非遗或工艺项目",
                    ),
                ),
                (
                    "source_key",
                    models.CharField(
                        blank=True, db_index=True, editable=False, max_length=60, verbose_name="比对名称"
                    ),
                ),
                (
                    "summary",
                    models.TextField(
                        help_text="写清学什么、学到什么程度、如何体现齐鲁文化内涵。", verbose_name="培训内容"
                    ),
                ),
                (
                    "target_groups",
                    portal.models.fields.ChoiceListField(
                        default=list,
                        help_text="可选多项。",
                        options=[
                            ("rural_workers", "农村转移就业劳动者"),
                            ("registered_unemployed", "登记失业人员"),
                            ("lifted_out_of_poverty", "脱贫享受政策人口"),
                            ("enterprise_staff", "企业职工"),
                            ("ich_inheritors", "非遗传承人"),
                            ("other", "其他"),
                        ],
                        verbose_name="培训对象",
                    ),
                ),
                (
                    "delivery_mode",
                    models.CharField(
                        choices=[
                            ("project_based", "项目制"),
                            ("school", "学校培训"),
                            ("workshop", "工坊传习"),
                            ("enterprise", "企业培训"),
                        ],
                        max_length=20,
                        verbose_name="组织方式",
                    ),
                ),
                (
                    "hours",
                    models.PositiveIntegerField(
                        help_text="标准课时数。",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(2000),
                        ],
                        verbose_name="课时",
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        help_text="备案的培训机构或企业全称。", max_length=60, verbose_name="培训机构或企业"
                    ),
                ),
                ("textbook", models.CharField(blank=True, max_length=100, verbose_name="教材和课程")),
                ("is_pilot", models.BooleanField(default=False, verbose_name="产训结合建设试点")),
                (
                    "external_reference",
                    models.CharField(
                        blank=True,
                        help_text="文化和旅游部门目录中已有的填写。",
                        max_length=40,
                        verbose_name="“山东手造”基础信息目录编号",
                    ),
                ),
                (
                    "exam_project",
                    models.ForeignKey(
                        blank=True,
                        help_text="从最新目录中选取；暂无的不选。",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handicraft_projects",
                        to="assessments.examproject",
                        verbose_name="对应的考核项目",
                    ),
                ),
            ],
            options={
                "verbose_name": "“山东手造”职业技能培训项目",
                "verbose_name_plural": "“山东手造”职业技能培训项目",
            },
            bases=("portal.filing",),
        ),
        migrations.CreateModel(
            name="IchItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=8, unique=True, verbose_name="序号")),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                ("name_key", models.CharField(db_index=True, max_length=60, verbose_name="比对名称")),
                ("category", models.CharField(max_length=20, verbose_name="类别")),
                (
                    "level",
                    models.CharField(
                        choices=[("ich_national", "国家级非遗"), ("ich_provincial", "省级非遗")],
                        max_length=20,
                        verbose_name="级别",
                    ),
                ),
                ("batch", models.CharField(blank=True, max_length=20, verbose_name="批次")),
                ("project_no", models.CharField(blank=True, max_length=20, verbose_name="项目编号")),
                ("source", models.CharField(max_length=200, verbose_name="来源")),
                ("source_url", models.URLField(blank=True, verbose_name="来源网址")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="停用日期")),
                (
                    "city",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.region",
                        verbose_name="所在市",
                    ),
                ),
            ],
            options={
                "verbose_name": "非物质文化遗产代表性项目",
                "verbose_name_plural": "非物质文化遗产代表性项目",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="BuildingUnit",
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
                        help_text="与营业执照一致的全称。", max_length=60, verbose_name="单位全称"
                    ),
                ),
                (
                    "unit_type",
                    models.CharField(
                        choices=[
                            ("leading_enterprise", "龙头企业"),
                            ("industry_association", "行业协会"),
                            ("hr_agency", "人力资源服务机构"),
                            ("ich_workshop", "非遗工坊"),
                            ("handicraft_key_enterprise", "“山东手造”重点企业"),
                            ("handicraft_key_project", "“山东手造”重点项目"),
                            ("other", "其他"),
                        ],
                        max_length=30,
                        verbose_name="单位类型",
                    ),
                ),
                ("is_shandong_handicraft", models.BooleanField(default=False, verbose_name="属于“山东手造”")),
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
                    "legal_representative",
                    portal.models.sealed.SealedCharField(
                        help_text="不对外公开。", max_length=30, verbose_name="法定代表人"
                    ),
                ),
                ("address", models.CharField(max_length=100, verbose_name="地址")),
                ("founded_on", models.DateField(blank=True, null=True, verbose_name="成立日期")),
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
                (
                    "recognized_on",
                    models.DateField(
                        help_text="县（市、区）认定的日期。", null=True, verbose_name="认定日期"
                    ),
                ),
                (
                    "recognition_document_number",
                    models.CharField(
                        help_text="如“×人社字〔2024〕1号”。", max_length=60, verbose_name="认定文号"
                    ),
                ),
                (
                    "recognition_reason",
                    models.TextField(help_text="对照认定条件逐项写明。", verbose_name="认定理由"),
                ),
                (
                    "training_mode",
                    models.CharField(
                        choices=[("own", "自有资源培训"), ("entrusted", "委托培训")],
                        max_length=12,
                        verbose_name="培训方式",
                    ),
                ),
                (
                    "entrusted_to",
                    models.CharField(
                        blank=True, help_text="委托培训的填写。", max_length=60, verbose_name="受委托培训单位"
                    ),
                ),
                (
                    "services",
                    portal.models.fields.ChoiceListField(
                        blank=True,
                        default=list,
                        help_text="培训、就业、维权，可选多项。",
                        options=[("training", "培训"), ("employment", "就业"), ("rights", "维权")],
                        verbose_name="“一条龙”服务",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        blank=True,
                        help_text="从已公布的劳务品牌中选取。",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="units",
                        to="workforce.labourbrand",
                        verbose_name="建设的劳务品牌",
                    ),
                ),
            ],
            options={
                "verbose_name": "劳务品牌建设单位",
                "verbose_name_plural": "劳务品牌建设单位",
            },
            bases=("portal.filing",),
        ),
        migrations.CreateModel(
            name="AnnualPerformance",
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
                            django.core.validators.MinValueValidator(2015),
                            django.core.validators.MaxValueValidator(2100),
                        ],
                        verbose_name="年度",
                    ),
                ),
                (
                    "trained_count",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MaxValueValidator(10000000)],
                        verbose_name="培训人数",
                    ),
                ),
                (
                    "self_used_count",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MaxValueValidator(10000000)],
                        verbose_name="自用人数",
                    ),
                ),
                (
                    "exported_count",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MaxValueValidator(10000000)],
                        verbose_name="输出人数",
                    ),
                ),
                (
                    "certificate_count",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(10000000)],
                        verbose_name="取得证书人数",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="annual_performances",
                        to="workforce.buildingunit",
                    ),
                ),
            ],
            options={
                "verbose_name": "年度培训就业情况",
                "verbose_name_plural": "年度培训就业情况",
                "indexes": [models.Index(fields=["year"], name="performance_year")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("unit", "year"),
                        name="performance_once_a_year",
                        violation_error_message="同一年度只填一行。",
                    )
                ],
            },
        ),
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
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="取消时间")),
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
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("city", "year", "place"),
                        name="key_brand_one_a_place",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("city", "year", "code"),
                        name="key_brand_once_a_year",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("place__gte", 1), ("place__lte", 5)),
                        name="key_brand_place_1_to_5",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProjectTrainingRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("project_name", models.CharField(max_length=100, verbose_name="培训项目名称")),
                ("target_scope", models.CharField(max_length=200, verbose_name="群体范围")),
                (
                    "trainee_count",
                    models.PositiveIntegerField(
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1, "培训人数至少为1。"),
                            django.core.validators.MaxValueValidator(1000000),
                        ],
                        verbose_name="培训人数",
                    ),
                ),
                (
                    "held_text",
                    models.CharField(
                        help_text="实际开展时间或计划开展时间，尽可能精确。",
                        max_length=60,
                        verbose_name="组织时间",
                    ),
                ),
                ("remark", models.CharField(blank=True, max_length=200, verbose_name="备注")),
                ("held_from", models.DateField(editable=False, null=True, verbose_name="开始日期")),
                ("held_to", models.DateField(editable=False, null=True, verbose_name="结束日期")),
                (
                    "precision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("day", "到日"),
                            ("ten_days", "到旬"),
                            ("month", "到月"),
                            ("longer", "到季度或更长"),
                        ],
                        editable=False,
                        max_length=10,
                        verbose_name="时间精度",
                    ),
                ),
                ("is_planned", models.BooleanField(editable=False, null=True, verbose_name="计划开展")),
                (
                    "organizer_region",
                    models.ForeignKey(
                        blank=True,
                        help_text="由市直组织的为“市直”。",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.region",
                        verbose_name="组织区县",
                    ),
                ),
                (
                    "training_return",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="training_rows",
                        to="workforce.projecttrainingreturn",
                    ),
                ),
            ],
            options={
                "verbose_name": "培训项目",
                "verbose_name_plural": "培训项目",
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("trainee_count", None), ("trainee_count__gte", 1), _connector="OR"
                        ),
                        name="training_row_trains_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("held_from", None), ("held_to", None)),
                            ("held_to__gte", models.F("held_from")),
                            _connector="OR",
                        ),
                        name="training_row_ends_after_it_begins",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SubsidyStandardItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("category", models.CharField(max_length=60, verbose_name="培训类别")),
                (
                    "level",
                    models.CharField(
                        blank=True, help_text="不分等级的不填。", max_length=20, verbose_name="等级"
                    ),
                ),
                (
                    "old_amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="新设的标准不填。",
                        max_digits=9,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="原标准",
                    ),
                ),
                (
                    "new_amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=9,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="新标准",
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        choices=[("per_hour", "元/课时·人"), ("per_person", "元/人")],
                        max_length=12,
                        verbose_name="计量单位",
                    ),
                ),
                (
                    "cap",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="元/人；没有上限的不填。",
                        max_digits=9,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="最高补贴额",
                    ),
                ),
                ("effective_on", models.DateField(null=True, verbose_name="生效日期")),
                (
                    "basis_document_number",
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
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="workforce.subsidystandardreview",
                    ),
                ),
            ],
            options={
                "verbose_name": "补贴标准调整项目",
                "verbose_name_plural": "补贴标准调整项目",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("review", "category", "level", "unit"),
                        name="subsidy_standard_adjusted_once",
                        violation_error_message="同一类别、等级和计量单位只填一行。",
                    )
                ],
            },
        ),
    ]
