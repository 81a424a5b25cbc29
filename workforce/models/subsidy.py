"""The yearly review of training subsidy standards of a city (鲁人社字〔2021〕32号 二（五）)."""

from collections.abc import Iterator
from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from portal.models import ChoiceListField, Filing
from portal.models.catalogue import DOCUMENT_NUMBER
from portal.registry import PROVINCE, Problem, Slot, record
from portal.snapshot import child_rows
from portal.vocabulary import Level

REVIEW = "鲁人社字〔2021〕32号 二（五）"
WORD_MISSING = f"请同时上传Word版（.doc/.docx）材料（{REVIEW}）。"
LAST_MONTH, LAST_DAY = 3, 31  # 各市要在3月底前组织开展一次评估论证工作
TOLD = "；情况属实的，请填写情况说明后提交。"

PARTICIPANTS = [
    ("departments", "相关部门"),
    ("institutions", "机构"),
    ("experts", "行业专家"),
    ("trainees", "参训人员"),
]
UNITS = [("per_hour", "元/课时·人"), ("per_person", "元/人")]
AMOUNT = {"max_digits": 9, "decimal_places": 2, "null": True, "validators": [MinValueValidator(0)]}


@record(
    slug="subsidy-reviews",
    order=90,
    code="SR",
    basis=REVIEW,
    route=PROVINCE,
    filed_by=(Level.CITY,),
    sections={"评估论证": ["year", "evaluated_on", "participants", "summary"]},
    columns=["year", "evaluated_on", "participants"],
    key=["year"],
    internal=["year", "evaluated_on", "participants", "summary"],
    clauses=dict.fromkeys(("year", "evaluated_on", "participants", "summary", "items"), REVIEW),
    criteria=("广泛征集意见建议", "充分论证合理性和科学性", "分级分类适时调整"),
    rows={
        "items": [
            "category",
            "level",
            "old_amount",
            "new_amount",
            "unit",
            "cap",
            "effective_on",
            "basis_document_number",
        ]
    },
    slots={
        "scan": Slot(
            "评估情况和调整文件",
            "document",
            REVIEW,
            least=1,
            most=20,
            suffixes=("pdf", "jpg", "jpeg", "png"),
            missing=f"请上传评估情况和调整文件的PDF或扫描件（{REVIEW}）。",
            hint="盖章件的PDF或扫描图片。",
        ),
        "word": Slot(
            "Word版材料",
            "document",
            REVIEW,
            least=1,
            most=20,
            suffixes=("doc", "docx"),
            missing=WORD_MISSING,
            hint="与上面材料内容一致的Word版。",
        ),
    },
    example={
        "year": 2024,
        "evaluated_on": "2024-03-20",
        "participants": ["departments", "institutions", "experts", "trainees"],
        "summary": "演示数据。召开座谈会并发放问卷，按工种成本测算，标准分级分类调整。",
        "items": [
            {
                "category": "创业培训（演示）",
                "level": "四级",
                "old_amount": 500,
                "new_amount": 600,
                "unit": "per_person",
                "cap": None,
                "effective_on": "2024-05-01",
                "basis_document_number": "演示发〔2024〕1号",
            },
            {
                "category": "就业技能培训（演示）",
                "level": "",
                "old_amount": 8,
                "new_amount": 10,
                "unit": "per_hour",
                "cap": 500,
                "effective_on": "2024-05-01",
                "basis_document_number": "演示发〔2024〕1号",
            },
        ],
    },
)
class SubsidyStandardReview(Filing):
    """补贴标准评估材料: what a city found and adjusted (鲁人社字〔2021〕32号 二（五）)."""

    year = models.PositiveIntegerField(
        "年度",
        null=True,
        validators=[MinValueValidator(2021), MaxValueValidator(2100)],
        help_text="评估论证所属的年度。",
    )
    evaluated_on = models.DateField("评估论证日期", null=True, help_text="每年3月底前组织开展一次。")
    participants = ChoiceListField("征求意见对象", options=PARTICIPANTS, help_text="可选多项。")
    summary = models.TextField("评估情况", help_text="对补贴标准的合理性和科学性作了哪些论证，结论是什么。")

    class Meta:
        verbose_name = verbose_name_plural = "补贴标准评估材料"

    def heading(self) -> str:
        """Return the title with its year: one a year and bureau."""
        return f"{self.year}年{self._meta.verbose_name}" if self.year else ""

    def problems(self):
        """Yield what the notice demands of the review, its day, those who were heard, and of each item."""
        yield from self._day()
        yield from self._unheard()
        items = child_rows(self, "items")
        if not items:
            sentence = "没有填写调整的项目；评估后维持现行标准的，请在情况说明中写明后提交。"
            yield Problem("items", sentence, REVIEW, needs_explanation=True)
        for number, item in enumerate(items, 1):
            yield from item.problems(number)

    def _day(self) -> Iterator[Problem]:
        if not (self.evaluated_on and self.year):
            return
        if self.evaluated_on.year != self.year:
            sentence = f"评估论证日期{self.evaluated_on}不在{self.year}年，请核对。"
            yield Problem("evaluated_on", sentence, REVIEW)
        elif self.evaluated_on > date(self.year, LAST_MONTH, LAST_DAY):
            sentence = f"评估论证日期{self.evaluated_on}晚于3月底{TOLD}"
            yield Problem("evaluated_on", sentence, REVIEW, needs_explanation=True)

    def _unheard(self) -> Iterator[Problem]:
        missing = [label for code, label in PARTICIPANTS if code not in self.participants]
        if self.participants and missing:
            sentence = f"没有征求{'、'.join(missing)}的意见{TOLD}"
            yield Problem("participants", sentence, REVIEW, needs_explanation=True)


class SubsidyStandardItem(models.Model):
    """One standard that was adjusted, by category and level (鲁人社字〔2021〕32号 二（五）)."""

    review = models.ForeignKey(SubsidyStandardReview, on_delete=models.CASCADE, related_name="items")
    category = models.CharField("培训类别", max_length=60)
    level = models.CharField("等级", max_length=20, blank=True, help_text="不分等级的不填。")
    old_amount = models.DecimalField("原标准", blank=True, help_text="新设的标准不填。", **AMOUNT)
    new_amount = models.DecimalField("新标准", **AMOUNT)
    unit = models.CharField("计量单位", max_length=12, choices=UNITS)
    cap = models.DecimalField("最高补贴额", blank=True, help_text="元/人；没有上限的不填。", **AMOUNT)
    effective_on = models.DateField("生效日期", null=True)
    basis_document_number = models.CharField("依据文号", max_length=60, validators=[DOCUMENT_NUMBER])

    class Meta:
        verbose_name = verbose_name_plural = "补贴标准调整项目"
        constraints = [
            models.UniqueConstraint(
                fields=["review", "category", "level", "unit"],
                name="subsidy_standard_adjusted_once",
                violation_error_message="同一类别、等级和计量单位只填一行。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.category}{self.level}"

    def problems(self, number: int) -> Iterator[Problem]:
        """Yield what does not fit together in this row, the ``number``-th of its review."""
        row = f"{self._meta.verbose_name_plural}第{number}行："
        if self.cap is not None and self.new_amount is not None and self.cap < self.new_amount:
            yield Problem("items", f"{row}最高补贴额低于新标准，请核对。", REVIEW)
        if self.old_amount is not None and self.old_amount == self.new_amount:
            sentence = f"{row}新标准与原标准相同{TOLD}"
            yield Problem("items", sentence, REVIEW, needs_explanation=True)
