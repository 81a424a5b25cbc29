"""The tables as 0001_initial to 0004_seal make them, in one step: for a new installation."""

import django.db.models.deletion
from django.db import migrations, models

import portal.models.fields
import portal.models.sealed


class Migration(migrations.Migration):
    replaces = [
        ("brands", "0001_initial"),
        ("brands", "0002_city_training_brand"),
        ("brands", "0003_sealed_fields"),
        ("brands", "0004_seal"),
    ]

    initial = True

    dependencies = [
        ("assessments", "0001_squashed_0003_seal"),
        ("portal", "0001_squashed_0022_seal"),
        ("workforce", "0001_squashed_0012_seal"),
    ]

    operations = [
        migrations.CreateModel(
            name="CityTrainingBrand",
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
                        help_text="本市培育的“领航型”职业技能培训品牌。",
                        max_length=60,
                        verbose_name="品牌名称",
                    ),
                ),
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
                ("features", models.TextField(help_text="300字以内。", verbose_name="品牌特色")),
                ("experience", models.TextField(help_text="500字以内。", verbose_name="经验做法")),
                ("case_story", models.TextField(help_text="500字以内。", verbose_name="典型案例")),
                (
                    "promo_article",
                    models.TextField(
                        help_text="800字以内，以典型案例为主，要求真实、生动，具有代表性和可推广性。",
                        verbose_name="宣传稿件",
                    ),
                ),
                (
                    "background_text",
                    models.TextField(
                        blank=True,
                        help_text="与视频素材一并报送，写明画面的内容、时间和地点。",
                        verbose_name="画面背景文字材料",
                    ),
                ),
                (
                    "no_subtitles",
                    models.BooleanField(
                        default=False, help_text="报送视频的须确认。", verbose_name="视频无字幕"
                    ),
                ),
                (
                    "no_watermark",
                    models.BooleanField(
                        default=False, help_text="报送视频的须确认。", verbose_name="视频无水印"
                    ),
                ),
                (
                    "is_steady",
                    models.BooleanField(
                        default=False, help_text="报送视频的须确认。", verbose_name="视频无抖动"
                    ),
                ),
            ],
            options={
                "verbose_name": "“一市一品牌”建设情况",
                "verbose_name_plural": "“一市一品牌”建设情况",
            },
            bases=("portal.filing",),
        ),
        migrations.CreateModel(
            name="SkillBrand",
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
                        help_text="突出地域特色、技能特点和品牌特性，可结合地区、产业、行业确定，也可直接用考核项目名称。",
                        max_length=100,
                        verbose_name="品牌项目名称",
                    ),
                ),
                (
                    "advantage_features",
                    models.TextField(
                        help_text="写清产地标记、关键工序、与同类技艺的区别。",
                        verbose_name="地域特色和技能特点",
                    ),
                ),
                (
                    "advantage_people",
                    models.TextField(
                        help_text="人数请写明统计时间；技能领头人写称号和带徒情况。",
                        verbose_name="从业人员及技能领头人情况",
                    ),
                ),
                (
                    "advantage_industry",
                    models.TextField(
                        help_text="写产值、带动就业人数及其年度。",
                        verbose_name="相关产业规模及所产生的经济效益、社会效益",
                    ),
                ),
                (
                    "positioning",
                    models.CharField(
                        choices=[("area", "某一地区"), ("industry", "某一产业"), ("group", "某一群体")],
                        help_text="围绕某一地区、产业或群体培育。",
                        max_length=10,
                        verbose_name="品牌围绕对象",
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[
                            ("food", "特色美食制作"),
                            ("agriculture", "农业种植技术"),
                            ("handicraft", "特色手工技艺"),
                            ("other", "其他"),
                        ],
                        help_text="用于公布目录的分类。",
                        max_length=12,
                        verbose_name="品牌方向",
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[("discovered", "发现"), ("cultivating", "培育"), ("upgraded", "提升")],
                        help_text="按“发现—培育—提升”填写。",
                        max_length=12,
                        verbose_name="培育阶段",
                    ),
                ),
                (
                    "initiatives",
                    portal.models.fields.ChoiceListField(
                        blank=True,
                        default=list,
                        help_text="与本品牌衔接的工作，可选多项。",
                        options=[
                            ("labour_brand", "劳务品牌建设"),
                            ("community_micro_business", "社区微业"),
                            ("rural_craftsmen", "乡村工匠培育"),
                            ("shandong_handicraft", "山东手造"),
                            ("shandong_food", "美食山东"),
                        ],
                        verbose_name="关联行动",
                    ),
                ),
                (
                    "participating_departments",
                    portal.models.fields.ChoiceListField(
                        blank=True,
                        default=list,
                        help_text="参与共育共建的部门，可选多项。",
                        options=[
                            ("agriculture", "农业农村部门"),
                            ("culture_tourism", "文化和旅游部门"),
                            ("trade_union", "工会"),
                        ],
                        verbose_name="参与部门",
                    ),
                ),
                (
                    "exam_projects",
                    models.ManyToManyField(
                        help_text="从最新《山东省专项职业能力考核项目目录》中选取，可选多个。",
                        related_name="skill_brands",
                        to="assessments.examproject",
                        verbose_name="专项职业能力考核项目",
                    ),
                ),
                (
                    "institutions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="暂无对应的考核机构时不选，打印件填“无”。",
                        related_name="skill_brands",
                        to="assessments.assessmentinstitution",
                        verbose_name="专项职业能力考核机构",
                    ),
                ),
                (
                    "labour_brands",
                    models.ManyToManyField(
                        blank=True,
                        help_text="“专项职业能力品牌+”带动的劳务品牌，从已公布的目录中选取。",
                        related_name="skill_brands",
                        to="workforce.labourbrand",
                        verbose_name="带动的劳务品牌",
                    ),
                ),
            ],
            options={
                "verbose_name": "专项职业能力品牌",
                "verbose_name_plural": "专项职业能力品牌",
            },
            bases=("portal.filing",),
        ),
    ]
