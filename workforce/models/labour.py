"""Registry 2: 劳务品牌 and the units that build them (鲁就办〔2021〕22号)."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from assessments.models import validate_credit_code
from portal import targets
from portal.models import ChoiceListField, Filing, SealedCharField
from portal.registry import CITY, PROVINCE, Criteria, Problem, record
from portal.snapshot import child_rows
from workforce.models.key_brands import KeyBrand

PLAN = "鲁就办〔2021〕22号"
UNITS = f"{PLAN} 二（二）"
CRAFT = "鲁人社函〔2022〕59号"
# 年培训人数、自用或输出人数的下限: rows of ``PolicyTarget`` (鲁就办〔2021〕22号 二（二）).
TRAINED, PLACED = "unit-trained", "unit-placed"

BRAND_TYPES = [
    ("high_skill", "中高端技能型"),
    ("quality_service", "高品质服务型"),
    ("culture_tourism", "文化和旅游类"),
    ("livelihood", "民生保障型"),
]
PRIORITY_AREAS = [
    ("resource_exhausted", "资源枯竭城市"),
    ("mining", "独立工矿区"),
    ("revitalisation_county", "乡村振兴重点帮扶县"),
    ("yellow_river_relocation", "黄河滩区迁建地"),
    ("relocation_area", "易地搬迁安置区"),
]


class BrandStage(models.TextChoices):
    """Where a labour brand stands between census and catalogue (鲁就办〔2021〕22号 二（一）, 三（三）)."""

    SURVEYED = "surveyed", "摸底"
    CULTIVATING = "cultivating", "培育"
    RECOMMENDED = "recommended", "推荐"


@record(
    slug="labour-brands",
    order=30,
    code="LB",
    basis=PLAN,
    route=PROVINCE,
    levelled=True,
    pages={"key-brands": "市级建设重点"},
    question="到哪里就业",
    sections={
        "劳务品牌": ["name", "brand_type", "industry", "priority_areas", "stage"],
        "品牌名称构成": ["name_region", "name_enterprise", "name_industry", "name_occupation"],
        "品牌情况": ["summary", "worker_count"],
    },
    columns=["name", "brand_type", "industry", "worker_count"],
    key=["name"],
    facets=["brand_type", "stage"],
    internal=["stage", "name_region", "name_enterprise", "name_industry", "name_occupation"],
    public=["name", "brand_type", "industry", "priority_areas", "summary", "worker_count"],
    clauses={
        "name": f"{PLAN} 二（二）",
        "brand_type": f"{PLAN} 二（一）",
        "priority_areas": f"{PLAN} 二（一）",
        "stage": f"{PLAN} 三（三）",
        "summary": f"{PLAN} 三（三）",
    },
    criteria=("带动就业人数较多", "技能产品特色明显", "市场知名度高"),
    criteria_clause=f"{PLAN} 三（三）",
    example={
        "name": "潍坊演示家政",
        "brand_type": "quality_service",
        "industry": "家政服务",
        "priority_areas": [],
        "stage": "cultivating",
        "name_region": "潍坊",
        "name_industry": "家政",
        "summary": "演示数据。以家政服务为主，培训与就业衔接。",
        "worker_count": 1200,
    },
)
class LabourBrand(Filing):
    """劳务品牌 (鲁就办〔2021〕22号 二（一）)."""

    name = models.CharField(
        "劳务品牌名称", max_length=60, help_text="可采用“地区+（企业）产业行业（职业）”的形式命名。"
    )
    brand_type = models.CharField("品牌类型", max_length=20, choices=BRAND_TYPES)
    industry = models.CharField("所属行业", max_length=40, help_text="如家政服务、养老服务、建筑施工。")
    priority_areas = ChoiceListField(
        "重点区域", options=PRIORITY_AREAS, blank=True, help_text="不涉及的不选。"
    )
    stage = models.CharField("阶段", max_length=12, choices=BrandStage.choices)
    name_region = models.CharField("名称中的地区", max_length=20)
    name_enterprise = models.CharField("名称中的企业", max_length=20, blank=True)
    name_industry = models.CharField("名称中的产业行业", max_length=20)
    name_occupation = models.CharField("名称中的职业", max_length=20, blank=True)
    summary = models.TextField("品牌简介", help_text="带动就业情况、技能产品特色、市场知名度。")
    worker_count = models.PositiveIntegerField(
        "从业人员",
        validators=[MaxValueValidator(10_000_000)],
        null=True,
        help_text="人；有技能的从业人员总数。",
    )

    class Meta:
        verbose_name = verbose_name_plural = "劳务品牌"

    def distinctions(self) -> list[str]:
        """Return the years in which its city made it a 建设重点 (鲁就办〔2021〕22号 二（一）)."""
        entry = getattr(self, "entry", None)
        years = KeyBrand.objects.standing().filter(code=entry.code).order_by("year") if entry else []
        return [f"{key.year}年市级建设重点" for key in years]

    def problems(self):
        """Yield the advice on the name."""
        if self.name and self.name_region and self.name_region not in self.name:
            sentence = f"品牌名称中没有地区“{self.name_region}”；情况属实的，请填写情况说明后提交。"
            yield Problem("name", sentence, UNITS, needs_explanation=True)


UNIT_TYPES = [
    ("leading_enterprise", "龙头企业"),
    ("industry_association", "行业协会"),
    ("hr_agency", "人力资源服务机构"),
    ("ich_workshop", "非遗工坊"),
    ("handicraft_key_enterprise", "“山东手造”重点企业"),
    ("handicraft_key_project", "“山东手造”重点项目"),
    ("other", "其他"),
]
CRAFT_UNITS = ("ich_workshop", "handicraft_key_enterprise", "handicraft_key_project")
CRAFT_CRITERIA = Criteria(("吸纳就业人数较多", "管理运行比较规范", "市场竞争占主导地位"), f"{CRAFT} 二（一）")
TRAINING_MODES = [("own", "自有资源培训"), ("entrusted", "委托培训")]
SERVICES = [("training", "培训"), ("employment", "就业"), ("rights", "维权")]


@record(
    slug="building-units",
    order=20,
    code="BU",
    basis=f"{PLAN}；{CRAFT}",
    route=CITY,
    question="到哪里就业",
    unit="家",
    sections={
        "基本情况": [
            "name",
            "brand",
            "unit_type",
            "is_shandong_handicraft",
            "credit_code",
            "legal_representative",
        ],
        "联系方式": ["address", "founded_on", "contact_name", "contact_phone"],
        "认定": ["recognized_on", "recognition_document_number", "recognition_reason"],
        "培训与服务": ["training_mode", "entrusted_to", "services"],
    },
    columns=["name", "brand", "unit_type", "credit_code", "address"],
    key=["name"],
    facets=["unit_type"],
    public=[
        "name",
        "brand",
        "unit_type",
        "address",
        "recognized_on",
        "recognition_document_number",
        "services",
    ],
    internal=[
        "is_shandong_handicraft",
        "credit_code",
        "founded_on",
        "recognition_reason",
        "training_mode",
        "entrusted_to",
    ],
    personal=["legal_representative", "contact_name", "contact_phone"],
    clauses={
        "brand": f"{PLAN} 三（三）",
        "unit_type": f"{UNITS}；{CRAFT} 二（一）",
        "recognition_reason": UNITS,
        "training_mode": UNITS,
        "services": UNITS,
    },
    criteria=("吸纳或输出劳务人员较多、素质较高", "劳务质量较好", "管理运行比较规范", "市场竞争占主导地位"),
    criteria_clause=UNITS,
    criteria_by={"unit_type": dict.fromkeys(CRAFT_UNITS, CRAFT_CRITERIA)},
    rows={
        "annual_performances": [
            "year",
            "trained_count",
            "self_used_count",
            "exported_count",
            "certificate_count",
        ]
    },
    figures={
        "trained_count": "年培训人数",
        "self_used_count": "自用人数",
        "exported_count": "输出人数",
    },
    example={
        "name": "演示家政服务有限公司",
        "brand": "潍坊演示家政",
        "unit_type": "leading_enterprise",
        "credit_code": "91370000MA3DEM0X11",
        "legal_representative": "演示法人",
        "address": "演示路2号",
        "contact_name": "演示联系人",
        "contact_phone": "00000000000",
        "recognized_on": "2024-06-01",
        "recognition_document_number": "演示认定〔2024〕1号",
        "recognition_reason": "演示数据。吸纳劳务人员较多，管理规范，当地市场占主导地位。",
        "training_mode": "own",
        "services": ["training", "employment", "rights"],
        "annual_performances": [
            {
                "year": 2024,
                "trained_count": 620,
                "self_used_count": 200,
                "exported_count": 500,
                "certificate_count": 580,
            }
        ],
    },
)
class BuildingUnit(Filing):
    """劳务品牌建设单位: recognised by the county, filed with the city (鲁就办〔2021〕22号 二（二）)."""

    name = models.CharField("单位全称", max_length=60, help_text="与营业执照一致的全称。")
    brand = models.ForeignKey(
        LabourBrand,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="units",
        verbose_name="建设的劳务品牌",
        help_text="从已公布的劳务品牌中选取。",
    )
    unit_type = models.CharField("单位类型", max_length=30, choices=UNIT_TYPES)
    is_shandong_handicraft = models.BooleanField("属于“山东手造”", default=False)
    credit_code = models.CharField(
        "统一社会信用代码",
        max_length=18,
        validators=[validate_credit_code],
        help_text="18位，按 GB 32100 校验。",
    )
    legal_representative = SealedCharField("法定代表人", max_length=30, help_text="不对外公开。")
    address = models.CharField("地址", max_length=100)
    founded_on = models.DateField("成立日期", null=True, blank=True)
    contact_name = SealedCharField("联系人", max_length=30, help_text="仅供业务联系，不对外公开。")
    contact_phone = SealedCharField("联系电话", max_length=20, help_text="仅供业务联系，不对外公开。")
    recognized_on = models.DateField("认定日期", null=True, help_text="县（市、区）认定的日期。")
    recognition_document_number = models.CharField(
        "认定文号", max_length=60, help_text="如“×人社字〔2024〕1号”。"
    )
    recognition_reason = models.TextField("认定理由", help_text="对照认定条件逐项写明。")
    training_mode = models.CharField("培训方式", max_length=12, choices=TRAINING_MODES)
    entrusted_to = models.CharField("受委托培训单位", max_length=60, blank=True, help_text="委托培训的填写。")
    services = ChoiceListField(
        "“一条龙”服务", options=SERVICES, blank=True, help_text="培训、就业、维权，可选多项。"
    )

    class Meta:
        verbose_name = verbose_name_plural = "劳务品牌建设单位"

    def problems(self):
        """Yield the yearly 500 + 500 and what recognition needs (鲁就办〔2021〕22号 二（二）)."""
        rows = child_rows(self, "annual_performances")
        if not rows:
            yield Problem("annual_performances", "请填写至少一个年度的培训和就业人数。", UNITS)
        least = targets.limits(TRAINED, PLACED) if rows else {}
        for row in rows:
            yield from row.problems(least[TRAINED], least[PLACED])
        if not self.brand_id:
            sentence = "没有选择建设的劳务品牌；品牌尚未公布的，请填写情况说明后提交。"
            yield Problem("brand", sentence, f"{PLAN} 三（三）", needs_explanation=True)
        if self.training_mode == "entrusted" and not self.entrusted_to:
            yield Problem("entrusted_to", "委托培训的，请填写受委托培训单位。", UNITS)

    def figures_of(self, year: int) -> dict[str, int]:
        """Return the figures the filing gave for ``year``, empty when it gave none."""
        rows = (row for row in child_rows(self, "annual_performances") if row.year == year)
        return next(({name: getattr(row, name) for name in self.record_type.figures} for row in rows), {})

    def figure_problems(self, figures: dict[str, int]):
        """Yield the yearly 500 + 500 where the figures stay below (鲁就办〔2021〕22号 二（二）)."""
        trained, placed = figures["trained_count"], figures["self_used_count"] + figures["exported_count"]
        least = targets.limits(TRAINED, PLACED)
        if trained < least[TRAINED]:
            sentence = f"年培训{trained}人，低于{least[TRAINED]}人要求。"
            yield Problem("trained_count", sentence, UNITS)
        if placed < least[PLACED]:
            sentence = f"自用和输出{placed}人，低于{least[PLACED]}人要求。"
            yield Problem("exported_count", sentence, UNITS)


class AnnualPerformance(models.Model):
    """What a unit trained and placed in one year (鲁就办〔2021〕22号 二（二）)."""

    unit = models.ForeignKey(BuildingUnit, on_delete=models.CASCADE, related_name="annual_performances")
    year = models.PositiveIntegerField("年度", validators=[MinValueValidator(2015), MaxValueValidator(2100)])
    trained_count = models.PositiveIntegerField("培训人数", validators=[MaxValueValidator(10_000_000)])
    self_used_count = models.PositiveIntegerField("自用人数", validators=[MaxValueValidator(10_000_000)])
    exported_count = models.PositiveIntegerField("输出人数", validators=[MaxValueValidator(10_000_000)])
    certificate_count = models.PositiveIntegerField(
        "取得证书人数", null=True, blank=True, validators=[MaxValueValidator(10_000_000)]
    )

    class Meta:
        verbose_name = "年度培训就业情况"
        verbose_name_plural = "年度培训就业情况"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "year"],
                name="performance_once_a_year",
                violation_error_message="同一年度只填一行。",
            )
        ]
        indexes = [models.Index(fields=["year"], name="performance_year")]

    def __str__(self) -> str:
        return f"{self.year}年"

    @property
    def placed_count(self) -> int:
        """Workers used by the unit itself or placed elsewhere."""
        return (self.self_used_count or 0) + (self.exported_count or 0)

    def problems(self, least_trained: int, least_placed: int):
        """Yield the warnings of the two thresholds."""
        told = "，请填写情况说明后提交。"
        if self.trained_count is not None and self.trained_count < least_trained:
            sentence = (
                f"{self.year}年度培训人数{self.trained_count}人，低于{least_trained}人要求（{UNITS}）{told}"
            )
            yield Problem("annual_performances", sentence, UNITS, needs_explanation=True)
        if self.placed_count < least_placed:
            sentence = (
                f"{self.year}年度自用和输出{self.placed_count}人，低于{least_placed}人要求（{UNITS}）{told}"
            )
            yield Problem("annual_performances", sentence, UNITS, needs_explanation=True)
