"""Registry 1: “鲁滋鲁味·鲁艺鲁品”专项职业能力品牌 (鲁人社字〔2024〕95号)."""

from django.db import models

from assessments.models import AssessmentInstitution, ExamProject
from portal.models import ChoiceListField, Filing
from portal.registry import PROVINCE, PaperForm, Problem, record
from portal.snapshot import city_name, related
from portal.successors import lasting_codes

NOTICE = "鲁人社字〔2024〕95号"
ANNEX = f"{NOTICE} 附件"

DIRECTIONS = [
    ("food", "特色美食制作"),
    ("agriculture", "农业种植技术"),
    ("handicraft", "特色手工技艺"),
    ("other", "其他"),
]
POSITIONINGS = [("area", "某一地区"), ("industry", "某一产业"), ("group", "某一群体")]
STAGES = [("discovered", "发现"), ("cultivating", "培育"), ("upgraded", "提升")]
INITIATIVES = [
    ("labour_brand", "劳务品牌建设"),
    ("community_micro_business", "社区微业"),
    ("rural_craftsmen", "乡村工匠培育"),
    ("shandong_handicraft", "山东手造"),
    ("shandong_food", "美食山东"),
]
DEPARTMENTS = [
    ("agriculture", "农业农村部门"),
    ("culture_tourism", "文化和旅游部门"),
    ("trade_union", "工会"),
]

BRAND_FORM = PaperForm(
    title=("“鲁滋鲁味·鲁艺鲁品”专项职业能力", "品牌情况表"),
    rows={
        "品牌项目名称": "name",
        "专项职业能力考核项目": "exam_projects",
        "专项职业能力考核机构": "institutions",
        "品牌优势": "advantage",
    },
    notes=(
        "“专项职业能力考核项目”从最新《山东省专项职业能力考核项目目录》中选取；",
        "如果专项职业能力品牌暂无对应的专项职业能力考核机构，“专项职业能力考核机构”填无。",
    ),
    hints={
        "advantage": "说明专项职业能力品牌地域特色和技能特点，从业人员及技能领头人情况，"
        "相关产业规模及所产生的经济效益、社会效益等情况。"
    },
)


@record(
    slug="skill-brands",
    order=10,
    code="SB",
    basis=NOTICE,
    route=PROVINCE,
    levelled=True,
    question="哪个品牌",
    sections={
        "品牌项目": ["name", "exam_projects", "institutions"],
        "品牌优势": ["advantage_features", "advantage_people", "advantage_industry"],
        "归类与联动": [
            "positioning",
            "direction",
            "stage",
            "initiatives",
            "participating_departments",
            "labour_brands",
        ],
    },
    columns=["name", "exam_projects", "institutions", "direction", "positioning"],
    key=["name"],
    facets=["direction", "positioning", "stage"],
    public=[
        "name",
        "exam_projects",
        "institutions",
        "advantage_features",
        "advantage_people",
        "advantage_industry",
        "positioning",
        "direction",
        "stage",
        "initiatives",
        "participating_departments",
        "labour_brands",
    ],
    clauses={
        "name": f"{NOTICE} 二（一）2",
        "exam_projects": f"{ANNEX}备注1",
        "institutions": f"{ANNEX}备注2",
        "advantage_features": f"{ANNEX}；二（一）1",
        "advantage_people": ANNEX,
        "advantage_industry": ANNEX,
        "positioning": f"{NOTICE} 二（一）1",
        "direction": f"{NOTICE} 二（一）2",
        "stage": f"{NOTICE} 二（一）4",
        "initiatives": f"{NOTICE} 一",
        "participating_departments": f"{NOTICE} 三（一）",
        "labour_brands": f"{NOTICE} 二（二）7",
    },
    criteria=("有技能特色", "有市场需求", "有社会价值"),
    criteria_clause=f"{NOTICE} 二（一）1",
    paper=BRAND_FORM,
    example={
        "name": "潍坊剪纸品牌（演示）",
        "exam_projects": ["演示剪纸制作"],
        "institutions": [],
        "advantage_features": "演示数据。以剪纸技艺为特色，地域标记鲜明。",
        "advantage_people": "演示数据。从业人员稳定，技能领头人带徒授艺。",
        "advantage_industry": "演示数据。产品形成完整链条，带动就近就业，经济效益和社会效益较好。",
        "positioning": "industry",
        "direction": "handicraft",
        "stage": "cultivating",
        "initiatives": ["shandong_handicraft"],
        "participating_departments": ["culture_tourism"],
        "labour_brands": [],
    },
)
class SkillBrand(Filing):
    """专项职业能力品牌, filed on the 情况表 of the notice (鲁人社字〔2024〕95号 附件)."""

    name = models.CharField(
        "品牌项目名称",
        max_length=100,
        help_text="突出地域特色、技能特点和品牌特性，可结合地区、产业、行业确定，也可直接用考核项目名称。",
    )
    exam_projects = models.ManyToManyField(
        ExamProject,
        related_name="skill_brands",
        verbose_name="专项职业能力考核项目",
        help_text="从最新《山东省专项职业能力考核项目目录》中选取，可选多个。",
    )
    institutions = models.ManyToManyField(
        AssessmentInstitution,
        blank=True,
        related_name="skill_brands",
        verbose_name="专项职业能力考核机构",
        help_text="暂无对应的考核机构时不选，打印件填“无”。",
    )
    advantage_features = models.TextField(
        "地域特色和技能特点", help_text="写清产地标记、关键工序、与同类技艺的区别。"
    )
    advantage_people = models.TextField(
        "从业人员及技能领头人情况", help_text="人数请写明统计时间；技能领头人写称号和带徒情况。"
    )
    advantage_industry = models.TextField(
        "相关产业规模及所产生的经济效益、社会效益", help_text="写产值、带动就业人数及其年度。"
    )
    positioning = models.CharField(
        "品牌围绕对象", max_length=10, choices=POSITIONINGS, help_text="围绕某一地区、产业或群体培育。"
    )
    direction = models.CharField(
        "品牌方向", max_length=12, choices=DIRECTIONS, help_text="用于公布目录的分类。"
    )
    stage = models.CharField("培育阶段", max_length=12, choices=STAGES, help_text="按“发现—培育—提升”填写。")
    initiatives = ChoiceListField(
        "关联行动", options=INITIATIVES, blank=True, help_text="与本品牌衔接的工作，可选多项。"
    )
    participating_departments = ChoiceListField(
        "参与部门", options=DEPARTMENTS, blank=True, help_text="参与共育共建的部门，可选多项。"
    )
    labour_brands = models.ManyToManyField(
        "workforce.LabourBrand",
        blank=True,
        related_name="skill_brands",
        verbose_name="带动的劳务品牌",
        help_text="“专项职业能力品牌+”带动的劳务品牌，从已公布的目录中选取。",
    )

    class Meta:
        verbose_name = verbose_name_plural = "专项职业能力品牌"

    @property
    def advantage(self) -> str:
        """品牌优势 as the annex prints it: the three parts, one after the other."""
        parts = (self.advantage_features, self.advantage_people, self.advantage_industry)
        return "\n".join(part for part in parts if part)

    @advantage.setter
    def advantage(self, text: str) -> None:
        """Take the annex's one cell: three paragraphs are the three parts, else all stays together."""
        parts = [line for line in text.split("\n") if line.strip()]
        whole = parts if len(parts) == 3 else [text, "", ""]
        self.advantage_features, self.advantage_people, self.advantage_industry = whole

    def problems(self):
        """Yield what the annex demands of the institutions, and the advice on the name."""
        yield from self._unauthorised()
        if self.name and not self._name_says_where_or_what():
            sentence = "品牌名称没有体现地区或所选考核项目；情况属实的，请填写情况说明后提交。"
            yield Problem("name", sentence, f"{NOTICE} 二（一）2", needs_explanation=True)

    def _unauthorised(self):
        """Compare by code, mergers followed: a project that was renamed is the one that was authorised."""
        given = {institution: institution.lasting for institution in related(self, "institutions")}
        own = {project.pk for project in related(self, "exam_projects")}
        named = {row.project_id for rows in given.values() for row in rows}
        codes = lasting_codes({*own, *named}) if given else {}
        wanted = {codes[pk] for pk in own if pk in codes}
        for institution, rows in given.items():
            fitting = [row for row in rows if codes.get(row.project_id) in wanted]
            if not fitting:
                sentence = f"考核机构“{institution}”没有获准考核所选项目。"
                yield Problem("institutions", sentence, f"{ANNEX}备注2")
            elif not any(row.reaches(self.region.city_code) for row in fitting):
                sentence = f"考核机构“{institution}”没有获准在{city_name(self)}考核所选项目。"
                yield Problem("institutions", sentence, f"{ANNEX}备注2")

    def _name_says_where_or_what(self) -> bool:
        words = [place.short_name for place in (self.region, self.region.parent) if place]
        words += [project.title.removesuffix("制作") for project in related(self, "exam_projects")]
        if any(word and word in self.name for word in words):
            return True
        return any(place.short_name in self.name for place in self.region.children.all() if place.short_name)
