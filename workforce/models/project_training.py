"""The return 项目制培训情况统计表 of counties and cities (鲁人社字〔2021〕32号 二（三）, 附件2)."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal.models import Filing, Region, SealedCharField
from portal.registry import MERGED, PROVINCE, Problem, SheetForm, record
from portal.snapshot import child_rows
from portal.vocabulary import Level
from workforce import spans

NOTICE = "鲁人社字〔2021〕32号"
RETURN = f"{NOTICE} 二（三）"
ANNEX = f"{NOTICE} 附件2"
CITY_RUN, HELD, SENT_BY_CITY = f"{ANNEX}注1", f"{ANNEX}注2", f"{ANNEX}注3"
_SAID_YEAR = re.compile(r"20\d\d(?=年|[./-]\d)")

TRAINING_SHEET = SheetForm(
    title="项目制培训情况统计表",
    rows="training_rows",
    columns={
        "市": "",
        "组织区县": "organizer_region",
        "培训项目名称": "project_name",
        "群体范围": "target_scope",
        "培训人数": "trainee_count",
        "组织时间": "held_text",
        "备注": "remark",
    },
    total="trainee_count",
    footer={"填表人": "filled_by", "联系电话": "contact_phone", "填表日期": "filled_on"},
    notes=(
        "如培训项目由市直组织，“组织区县”一列填写“市直”。",
        "“组织时间”栏填写实际开展时间或计划开展时间，尽可能精确。",
        "该表由设区的市统一汇总报送。",
    ),
    annex="附件2",
)


@record(
    slug="project-training-returns",
    order=80,
    code="PT",
    basis=RETURN,
    route=PROVINCE,
    county_route=MERGED,
    sections={"统计表": ["year"], "表尾": ["filled_by", "contact_phone", "filled_on"]},
    columns=["year", "filled_on"],
    key=["year"],
    internal=["year", "filled_on"],
    personal=["filled_by", "contact_phone"],
    clauses={"year": RETURN, "filled_by": ANNEX, "contact_phone": ANNEX, "filled_on": ANNEX},
    sheet=TRAINING_SHEET,
    criteria=("各县（市、区）至少组织1类项目制培训", "组织时间尽可能精确", "合计与各行一致"),
    rows={
        "training_rows": [
            "organizer_region",
            "project_name",
            "target_scope",
            "trainee_count",
            "held_text",
            "remark",
        ]
    },
    example={
        "year": 2024,
        "filled_by": "演示填表人",
        "contact_phone": "00000000000",
        "filled_on": "2024-06-10",
        "training_rows": [
            {
                "project_name": "家政服务员培训（演示）",
                "target_scope": "农村转移就业劳动者",
                "trainee_count": 120,
                "held_text": "5月10日-5月28日",
                "remark": "",
            }
        ],
    },
)
class ProjectTrainingReturn(Filing):
    """项目制培训情况统计表: counties report, the city merges them and sends one (附件2注3)."""

    year = models.PositiveIntegerField(
        "年度",
        null=True,
        validators=[MinValueValidator(2021), MaxValueValidator(2100)],
        help_text="统计表所属的年度。",
    )
    filled_by = SealedCharField("填表人", max_length=30, help_text="仅供业务联系。")
    contact_phone = SealedCharField("联系电话", max_length=30, help_text="仅供业务联系。")
    filled_on = models.DateField("填表日期", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "项目制培训情况统计表"

    @classmethod
    def from_db(cls, *args, **kwargs) -> "ProjectTrainingReturn":
        """Remember the year that the stored rows were read with."""
        loaded = super().from_db(*args, **kwargs)
        loaded._rows_read_with = loaded.__dict__.get("year")
        return loaded

    def save(self, *args, **kwargs) -> None:
        """Store, and read 组织时间 anew when the year that completes it has changed."""
        read_with = getattr(self, "_rows_read_with", self.year)
        super().save(*args, **kwargs)
        self._rows_read_with = self.year
        if read_with != self.year:
            self._read_anew()

    def _read_anew(self) -> None:
        rows = list(self.training_rows.all())
        self.settle_rows(rows)
        ProjectTrainingRow.objects.bulk_update(rows, ProjectTrainingRow.READ, batch_size=100)

    def settle_before_submission(self) -> None:
        """Read 组织时间 as on the day of the submission: what was ahead when it was typed may have begun."""
        self._read_anew()

    def heading(self) -> str:
        """Return the title of the sheet with its year: one a year and bureau."""
        return f"{self.year}年{self._meta.verbose_name}" if self.year else ""

    def settle_rows(self, rows: list[models.Model]) -> None:
        """Read 组织时间, and name the organiser: a county's own rows are the county's."""
        below_city = self.organisation.region.level in (Level.COUNTY, Level.ZONE)
        for row in rows:
            if below_city and row.organizer_region_id is None:
                row.organizer_region_id = self.region_id
            elif not below_city and row.organizer_region_id == self.region_id:
                row.organizer_region_id = None
            row.read_held_text(self.year)

    def row_faults(self, row: models.Model) -> Iterator[tuple[str, str, str]]:
        """Yield (field, sentence, clause) of what can never stand in a row of this bureau."""
        place = row.organizer_region_id
        if place and not place.startswith(self.region_id):
            where = "本市" if self.region.level == Level.CITY else self.region.name
            said = f"“{row.organizer_region.full_name}”不在填报范围内，只能填写{where}组织的培训。"
            yield "organizer_region", said, CITY_RUN
        if row.held_text and spans.parse(row.held_text, self.year or timezone.localdate().year) is None:
            said = f"组织时间“{row.held_text}”看不出起止，请写成“2021年5月10日-5月28日”“2021年6月”这样。"
            yield "held_text", said, HELD

    def row_note(self, row: models.Model) -> str:
        """Return 组织时间 as it was read, or what is wrong with the row."""
        wrong = next((sentence for _, sentence, _ in self.row_faults(row)), "")
        if wrong or not row.held_from:
            return wrong
        days = f"{row.held_from} 至 {row.held_to}" if row.held_from != row.held_to else f"{row.held_from}"
        exact = "" if row.precision == spans.DAY else f"（{row.get_precision_display()}）"
        return f"{days}{exact}，{'计划' if row.is_planned else '实际'}"

    def unsaid(self, heading: str, rows: list[models.Model]) -> dict:
        """Return the year, which annex 2 has no cell for: of the heading, 填表日期, 组织时间, or this one."""
        said = _SAID_YEAR.search(heading)
        if said or self.filled_on:
            return {"year": int(said[0]) if said else self.filled_on.year}
        named = Counter(year for row in rows for year in _SAID_YEAR.findall(row.held_text))
        return {"year": int(named.most_common(1)[0][0]) if named else timezone.localdate().year}

    def problems(self):
        """Yield what 附件2 and its notes demand of the sheet and of each row."""
        if self.organisation.region.level == Level.PROVINCE:
            yield Problem("year", "本表由设区的市统一汇总报送，省级单位不填报。", SENT_BY_CITY)
        rows = child_rows(self, "training_rows")
        if not rows:
            sentence = "请至少填写一行；本期没有组织项目制培训的，请改用零报送。"
            yield Problem("training_rows", sentence, RETURN)
        for number, row in enumerate(rows, 1):
            for _, sentence, clause in self.row_faults(row):
                yield Problem("training_rows", f"第{number}行：{sentence}", clause)
            yield from row.warnings(number, self.year)
        yield from self._repeated(rows)

    def _repeated(self, rows: list["ProjectTrainingRow"]) -> Iterator[Problem]:
        for row, times in Counter(row.content for row in rows).items():
            if times > 1:
                sentence = f"“{row[1]}”有{times}行完全相同；不是重复的，请填写情况说明后提交。"
                yield Problem("training_rows", sentence, ANNEX, needs_explanation=True)


class ProjectTrainingRow(models.Model):
    """One training of the sheet; 市 follows from the filing, no organiser is 市直 (附件2注1)."""

    READ = ["organizer_region", "held_from", "held_to", "precision", "is_planned"]

    training_return = models.ForeignKey(
        ProjectTrainingReturn, on_delete=models.CASCADE, related_name="training_rows"
    )
    organizer_region = models.ForeignKey(
        Region,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="组织区县",
        help_text="由市直组织的为“市直”。",
    )
    project_name = models.CharField("培训项目名称", max_length=100)
    target_scope = models.CharField("群体范围", max_length=200)
    trainee_count = models.PositiveIntegerField(
        "培训人数",
        null=True,
        validators=[MinValueValidator(1, "培训人数至少为1。"), MaxValueValidator(1_000_000)],
    )
    held_text = models.CharField(
        "组织时间", max_length=60, help_text="实际开展时间或计划开展时间，尽可能精确。"
    )
    remark = models.CharField("备注", max_length=200, blank=True)
    held_from = models.DateField("开始日期", null=True, editable=False)
    held_to = models.DateField("结束日期", null=True, editable=False)
    precision = models.CharField(
        "时间精度", max_length=10, choices=spans.PRECISIONS, blank=True, editable=False
    )
    is_planned = models.BooleanField("计划开展", null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "培训项目"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(trainee_count=None) | Q(trainee_count__gte=1),
                name="training_row_trains_somebody",
            ),
            models.CheckConstraint(
                condition=Q(held_from=None, held_to=None) | Q(held_to__gte=F("held_from")),
                name="training_row_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.project_name

    @property
    def content(self) -> tuple:
        """What was typed, to tell two rows apart."""
        return (
            self.organizer_region_id,
            self.project_name,
            self.target_scope,
            self.trainee_count,
            self.held_text,
            self.remark,
        )

    def read_held_text(self, year: int | None, today: date | None = None) -> None:
        """Set days, precision and planned or held from 组织时间 as typed, 备注 helping (附件2注2).

        What does not say whether it was held is judged by the day on which it is read.
        """
        today = today or timezone.localdate()
        span = spans.parse(self.held_text, year or today.year)
        self.held_from, self.held_to = (span.start, span.end) if span else (None, None)
        self.precision = span.precision if span else ""
        said = span.planned if span else None
        if said is None and "计划" in self.remark:
            said = True
        self.is_planned = (span.start > today if said is None else said) if span else None

    def warnings(self, number: int, year: int | None) -> Iterator[Problem]:
        """Yield what needs 情况说明: a plan whose days have passed, a training of another year (附件2注2)."""
        told = "；情况属实的，请填写情况说明后提交。"
        if self.is_planned and self.held_to < timezone.localdate():
            sentence = f"第{number}行：计划时间“{self.held_text}”已过，已开展的请改写实际时间{told}"
            yield Problem("training_rows", sentence, HELD, needs_explanation=True)
        if self.held_from and year and not self.held_from.year <= year <= self.held_to.year:
            sentence = f"第{number}行：组织时间“{self.held_text}”不在{year}年{told}"
            yield Problem("training_rows", sentence, HELD, needs_explanation=True)
