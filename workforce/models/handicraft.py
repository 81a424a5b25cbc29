"""Registry 3: “山东手造”职业技能培训项目 (鲁人社函〔2022〕59号)."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from assessments.models import ExamProject
from portal import text
from portal.models import ChoiceListField, Filing
from portal.registry import CITY, Problem, record

CRAFT = "鲁人社函〔2022〕59号"

SOURCE_KINDS = [
    ("ich_national", "国家级非遗代表性项目"),
    ("ich_provincial", "省级非遗代表性项目"),
    ("ich_municipal", "市级非遗代表性项目"),
    ("ich_county", "县级非遗代表性项目"),
    ("craft_revival", "传统工艺振兴目录"),
    ("other", "其他"),
]
TARGET_GROUPS = [
    ("rural_workers", "农村转移就业劳动者"),
    ("registered_unemployed", "登记失业人员"),
    ("lifted_out_of_poverty", "脱贫享受政策人口"),
    ("enterprise_staff", "企业职工"),
    ("ich_inheritors", "非遗传承人"),
    ("other", "其他"),
]
DELIVERY_MODES = [
    ("project_based", "项目制"),
    ("school", "学校培训"),
    ("workshop", "工坊传习"),
    ("enterprise", "企业培训"),
]


@record(
    slug="handicraft-projects",
    order=40,
    code="HP",
    basis=CRAFT,
    route=CITY,
    question="从哪里学",
    unit="项",
    sections={
        "培训项目": ["name", "catalogue_class", "source_kind", "source_item", "summary"],
        "组织实施": ["target_groups", "delivery_mode", "hours", "provider", "textbook", "is_pilot"],
        "衔接": ["exam_project", "external_reference"],
    },
    columns=["name", "source_kind", "target_groups", "hours", "provider"],
    key=["name"],
    facets=["source_kind", "delivery_mode"],
    internal=["is_pilot", "external_reference"],
    public=[
        "name",
        "catalogue_class",
        "source_kind",
        "source_item",
        "summary",
        "target_groups",
        "delivery_mode",
        "hours",
        "provider",
        "textbook",
        "exam_project",
    ],
    clauses={
        "source_kind": f"{CRAFT} 二（二）",
        "target_groups": f"{CRAFT} 二（二）",
        "delivery_mode": f"{CRAFT} 二（二）",
        "textbook": f"{CRAFT} 二（二）",
        "is_pilot": f"{CRAFT} 二（二）",
        "exam_project": f"{CRAFT} 二（三）",
        "external_reference": f"{CRAFT} 三（一）",
    },
    criteria=("体现文化创意和齐鲁文化内涵", "可复制推广", "属于手造类"),
    criteria_clause=f"{CRAFT} 二（二）",
    example={
        "name": "剪纸基础培训（演示）",
        "catalogue_class": "山东手造",
        "source_kind": "ich_provincial",
        "source_item": "演示剪纸",
        "summary": "演示数据。学习构图、剪刻和装裱，结业后可参加专项职业能力考核。",
        "target_groups": ["rural_workers", "registered_unemployed"],
        "delivery_mode": "project_based",
        "hours": 48,
        "provider": "演示工艺美术学校",
        "textbook": "演示教材",
        "exam_project": "演示剪纸制作",
    },
)
class HandicraftTrainingProject(Filing):
    """“山东手造”职业技能培训项目: filed by the county with the city (鲁人社函〔2022〕59号 二（二）)."""

    name = models.CharField("培训项目名称", max_length=60)
    catalogue_class = models.CharField(
        "目录类别", max_length=30, default="山东手造", help_text="在补贴性培训项目目录中的类别。"
    )
    source_kind = models.CharField(
        "项目来源",
        max_length=20,
        choices=SOURCE_KINDS,
        help_text="四级非遗代表性项目名录或传统工艺振兴目录。",
    )
    source_item = models.CharField(
        "对应的非遗或工艺项目", max_length=60, blank=True, help_text="名录中的项目名称。"
    )
    source_key = models.CharField("比对名称", max_length=60, blank=True, editable=False, db_index=True)
    summary = models.TextField("培训内容", help_text="写清学什么、学到什么程度、如何体现齐鲁文化内涵。")
    target_groups = ChoiceListField("培训对象", options=TARGET_GROUPS, help_text="可选多项。")
    delivery_mode = models.CharField("组织方式", max_length=20, choices=DELIVERY_MODES)
    hours = models.PositiveIntegerField(
        "课时",
        null=True,
        validators=[MinValueValidator(1), MaxValueValidator(2000)],
        help_text="标准课时数。",
    )
    provider = models.CharField("培训机构或企业", max_length=60, help_text="备案的培训机构或企业全称。")
    textbook = models.CharField("教材和课程", max_length=100, blank=True)
    is_pilot = models.BooleanField("产训结合建设试点", default=False)
    exam_project = models.ForeignKey(
        ExamProject,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="handicraft_projects",
        verbose_name="对应的考核项目",
        help_text="从最新目录中选取；暂无的不选。",
    )
    external_reference = models.CharField(
        "“山东手造”基础信息目录编号", max_length=40, blank=True, help_text="文化和旅游部门目录中已有的填写。"
    )

    class Meta:
        verbose_name = verbose_name_plural = "“山东手造”职业技能培训项目"

    def derived(self) -> dict:
        """Keep the named item in the form in which names are compared."""
        return {"source_key": text.key(self.source_item)[:60]}

    def problems(self):
        """Yield that a project drawn from a list names its item there."""
        if self.source_kind.startswith("ich_") and not self.source_item:
            yield Problem("source_item", "来源为非遗名录的，请填写对应的非遗项目。", f"{CRAFT} 二（二）")
