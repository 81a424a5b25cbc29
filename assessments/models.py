"""Registry 4: 专项职业能力考核项目目录 and 考核机构 (鲁人社发〔2020〕18号, 鲁人社字〔2024〕95号)."""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from portal import targets
from portal.models import ChoiceListField, Filing, Region, SealedCharField
from portal.registry import PROVINCE, Problem, record
from portal.snapshot import child_rows
from portal.vocabulary import Level

SOLICIT = "鲁人社发〔2020〕18号 三（三）13"
INSTITUTIONS = "鲁人社字〔2024〕95号 二（二）6"
CREDIT_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code_is_valid(code: str) -> bool:
    """Say whether an 18-character 统一社会信用代码 has the right check character (GB 32100-2015).

    The last character is ``31 − (Σ wᵢ·cᵢ mod 31)`` mod 31 with weights ``wᵢ = 3ⁱ mod 31``.
    """
    if not re.fullmatch(rf"[{CREDIT_CODE_ALPHABET}]{{18}}", code):
        return False
    total = sum(CREDIT_CODE_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17]))
    return code[17] == CREDIT_CODE_ALPHABET[(31 - total % 31) % 31]


def validate_credit_code(code: str) -> None:
    """Raise ``ValidationError`` with a sentence for the filer when the check character is wrong."""
    if not credit_code_is_valid(code):
        raise ValidationError("统一社会信用代码应为18位，校验位不对，请对照营业执照检查（GB 32100）。")


class ProjectClass(models.TextChoices):
    """The four classes of the 2023 catalogue (《山东省专项职业能力考核项目目录（2023年版）》)."""

    FOOD = "food", "食品制作"
    PLANTING = "planting", "种植"
    HANDCRAFT = "handcraft", "手工制作"
    OTHER = "other", "其它"


SOURCE_TAGS = [
    ("local_industry", "地方特色产业"),
    ("rural_revitalisation", "乡村振兴"),
    ("new_format", "新业态"),
    ("new_industry", "新产业"),
    ("new_technology", "新技术"),
    ("ich", "非物质文化遗产传承"),
    ("labour_brand", "劳务品牌"),
    ("farming", "农业技术"),
    ("digital_green", "数字经济、绿色经济"),
]


@record(
    slug="exam-projects",
    order=50,
    code="EP",
    basis=SOLICIT,
    route=PROVINCE,
    question="考什么",
    unit="项",
    sections={
        "考核项目": ["name", "catalogue_class", "source_tags", "summary"],
        "开发情况": ["developer", "candidate_new_occupation"],
    },
    columns=["name", "catalogue_class", "source_tags"],
    key=["name"],
    facets=["catalogue_class"],
    public=["name", "catalogue_class", "source_tags", "summary", "developer"],
    internal=["candidate_new_occupation"],
    clauses={"source_tags": SOLICIT, "candidate_new_occupation": "鲁人社字〔2024〕95号 二（三）12"},
    criteria=("属于征集方向", "考核规范完整可行"),
    rows={"specifications": ["edition", "definition", "audience", "content", "requirements", "minutes"]},
    example={
        "name": "演示剪纸制作",
        "catalogue_class": "handcraft",
        "source_tags": ["local_industry", "ich"],
        "summary": "演示数据。考核剪纸的构图、剪刻与装裱能力。",
        "developer": "演示工艺美术学校",
        "specifications": [
            {
                "edition": "演示第1版",
                "definition": "运用剪、刻技法制作纸质图案的能力。",
                "audience": "有劳动能力并愿意从事剪纸制作的人员。",
                "content": "构图设计、剪刻操作、装裱成品。",
                "requirements": "现场实际操作，考评员每组不少于3人。",
                "minutes": 90,
            }
        ],
    },
)
class ExamProject(Filing):
    """专项职业能力考核项目: one practical ability, without levels (鲁人社发〔2020〕18号 三（三）13)."""

    name = models.CharField("考核项目名称", max_length=60, help_text="与发布目录中的名称一致。")
    catalogue_class = models.CharField(
        "类别",
        max_length=10,
        choices=ProjectClass.choices,
        help_text="按目录四类归类：食品制作、种植、手工制作、其它。",
    )
    source_tags = ChoiceListField(
        "开发方向", options=SOURCE_TAGS, help_text="征集开发所面向的领域，可选多项。"
    )
    summary = models.TextField("项目简介", help_text="写清考核的操作能力和从业方向，建议300字以内。")
    developer = models.CharField(
        "开发单位", max_length=60, blank=True, help_text="承担项目和考核规范开发的单位。"
    )
    candidate_new_occupation = models.BooleanField(
        "拟申报新职业", default=False, help_text="成熟的项目可推荐申报新职业。"
    )

    class Meta:
        verbose_name = verbose_name_plural = "专项职业能力考核项目"

    def problems(self):
        """Yield the rules of the solicitation: a project comes with its 考核规范.

        The province's own, which make a new edition of the catalogue, may go without once that is explained.
        """
        if not child_rows(self, "specifications"):
            is_provincial = self.organisation.region.level == Level.PROVINCE
            yield Problem(
                "specifications", "请填写至少一版考核规范。", SOLICIT, needs_explanation=is_provincial
            )


class ExamSpecification(models.Model):
    """考核规范 of a project: definition, audience, ability standard, requirements."""

    project = models.ForeignKey(ExamProject, on_delete=models.CASCADE, related_name="specifications")
    edition = models.CharField("版本名称", max_length=30)
    definition = models.TextField("定义")
    audience = models.TextField("适用对象")
    content = models.TextField("能力标准与鉴定内容")
    requirements = models.TextField("鉴定要求")
    minutes = models.PositiveIntegerField(
        "考核时间（分钟）", validators=[MinValueValidator(10), MaxValueValidator(480)]
    )

    class Meta:
        verbose_name = "考核规范"
        verbose_name_plural = "考核规范"

    def __str__(self) -> str:
        return self.edition


class InstitutionType(models.TextChoices):
    """Kinds of the first 260 institutions (鲁人社函〔2023〕102号)."""

    ENTERPRISE = "enterprise", "企业"
    SCHOOL = "school", "院校"
    SOCIAL_ORGANISATION = "social_org", "社会团体"
    TRAINING_SCHOOL = "training_school", "职业技能培训机构"


# 每个考核项目对应的考核机构一般不超过5家: a row of ``PolicyTarget``, as 菏泽 did in 2023; the province sets
# no such rule.
MOST = "institutions-per-project"


@record(
    slug="exam-institutions",
    order=60,
    code="EI",
    basis=INSTITUTIONS,
    route=PROVINCE,
    question="在哪里考",
    unit="家",
    sections={
        "机构情况": ["name", "institution_type", "credit_code", "institution_code", "address"],
        "考核能力": ["strength", "venue"],
        "联系方式": ["contact_name", "contact_phone"],
    },
    columns=["name", "institution_type", "credit_code", "address"],
    key=["name"],
    facets=["institution_type"],
    public=["name", "institution_type", "institution_code", "address", "strength"],
    internal=["credit_code", "venue"],
    personal=["contact_name", "contact_phone"],
    clauses={"strength": INSTITUTIONS},
    criteria=("专业度", "权威性", "影响力"),
    rows={"authorizations": ["project", "region", "valid_from", "valid_to"]},
    figures={"exams": "考核场次", "candidates": "考核人数", "certificates": "发证人数"},
    example={
        "name": "演示工艺美术学校",
        "institution_type": "school",
        "credit_code": "91370000MA3DEM0X11",
        "institution_code": "",
        "address": "演示路1号",
        "strength": "演示数据。有专职考评人员和实训工位，连续多年组织同类考核。",
        "venue": "演示数据。实训室2间，工位60个。",
        "contact_name": "演示联系人",
        "contact_phone": "00000000000",
        "authorizations": [{"project": "演示剪纸制作", "region": "潍坊市"}],
    },
)
class AssessmentInstitution(Filing):
    """专项职业能力考核机构, solicited and published (鲁人社字〔2024〕95号 二（二）6)."""

    name = models.CharField("考核机构名称", max_length=60, help_text="与登记证照一致的全称。")
    institution_type = models.CharField("机构类型", max_length=20, choices=InstitutionType.choices)
    credit_code = models.CharField(
        "统一社会信用代码",
        max_length=18,
        validators=[validate_credit_code],
        help_text="18位，按 GB 32100 校验。",
    )
    institution_code = models.CharField(
        "机构代码", max_length=20, blank=True, help_text="已有机构代码的填写。"
    )
    address = models.CharField("考核地址", max_length=100)
    strength = models.TextField("专业度、权威性和影响力", help_text="分别写清专业度、权威性和影响力。")
    venue = models.TextField("场地和设备", help_text="写清工位数和主要设备。")
    contact_name = SealedCharField("联系人", max_length=30, help_text="仅供业务联系，不对外公开。")
    contact_phone = SealedCharField("联系电话", max_length=20, help_text="仅供业务联系，不对外公开。")

    class Meta:
        verbose_name = verbose_name_plural = "专项职业能力考核机构"

    def problems(self):
        """Yield the rules on authorised projects: one at least, in the bureau's region, five per city."""
        rows = child_rows(self, "authorizations")
        if not rows:
            yield Problem("authorizations", "请填写至少一个授权考核的项目和地区。", INSTITUTIONS)
        models.prefetch_related_objects(rows, "project__entry", "region")
        published = self._published_beside(rows)
        most = targets.limit(MOST) if rows else 0
        for row in rows:
            yield from row.problems(published, most)

    def _published_beside(self, rows: list["InstitutionAuthorization"]) -> set[tuple[int, str, str]]:
        """Return (institution, project's code, region) of the other institutions in force; one query."""
        own = [pk for pk in (self.pk, self.amends_id) if pk]  # what an amendment replaces does not count
        others = AssessmentInstitution.objects.in_force().exclude(pk__in=own)
        found = InstitutionAuthorization.objects.filter(
            lasting(timezone.localdate()),
            institution__in=others,
            project__entry__code__in={row.project_code for row in rows} - {""},
        )
        return set(found.values_list("institution_id", "project__entry__code", "region_id"))

    @property
    def lasting(self) -> list["InstitutionAuthorization"]:
        """What this institution may examine today or later."""
        today = timezone.localdate()
        rows = child_rows(self, "authorizations")
        return [row for row in rows if row.valid_to is None or row.valid_to >= today]


def lasting(day: date) -> models.Q:
    """Return the condition that an authorisation has not ended before ``day``; its last day counts."""
    return models.Q(valid_to=None) | models.Q(valid_to__gte=day)


class InstitutionAuthorization(models.Model):
    """What an institution may examine and where: 不得跨区域、超范围考核 (聊城 2023)."""

    institution = models.ForeignKey(
        AssessmentInstitution, on_delete=models.CASCADE, related_name="authorizations"
    )
    project = models.ForeignKey(
        ExamProject, on_delete=models.PROTECT, related_name="authorizations", verbose_name="考核项目"
    )
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="授权地区")
    valid_from = models.DateField("起始日期", null=True, blank=True)
    valid_to = models.DateField("截止日期", null=True, blank=True)

    class Meta:
        verbose_name = "授权项目"
        verbose_name_plural = "授权项目"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "project", "region"],
                name="authorization_given_once",
                violation_error_message="同一项目和地区只填一行。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.project} · {self.region}"

    @property
    def project_code(self) -> str:
        """The code of the project in the catalogue, empty when it is not there."""
        return self.project.entry.code if hasattr(self.project, "entry") else ""

    def reaches(self, city: str) -> bool:
        """Whether it holds for ``city`` or a part of it, as what it may be chosen for (``offers``)."""
        return self.region_id.startswith(city) or city.startswith(self.region_id)

    def problems(self, published: set[tuple[int, str, str]], most: int):
        """Yield what is wrong with this row beside the institutions ``published``, ``most`` of a project."""
        if not self.region_id.startswith(self.institution.region_id):
            yield Problem("authorizations", f"授权地区“{self.region}”不在本单位管辖范围内。", INSTITUTIONS)
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            yield Problem("authorizations", f"“{self.project}”的截止日期早于起始日期。", INSTITUTIONS)
        if (others := self._others_in_city(published)) >= most:
            sentence = f"“{self.project}”在本市已有{others}家考核机构，一般不再增加。"
            yield Problem("authorizations", sentence, INSTITUTIONS, needs_explanation=True)

    def _others_in_city(self, published: set[tuple[int, str, str]]) -> int:
        city, own = self.region_id[:4], self.project_code
        return len({other for other, code, region in published if code == own and region.startswith(city)})
