"""Public facts beside the registries: items of the ICH lists, craft workshops; each row with its source."""

from datetime import date

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet

from portal import text
from portal.models import Region
from portal.registry import reference_list
from workforce.models.handicraft import SOURCE_KINDS, HandicraftTrainingProject

NATIONAL, PROVINCIAL = "ich_national", "ich_provincial"
KIND_WORDS = {code: word.removesuffix("代表性项目") for code, word in SOURCE_KINDS}
LEVELS = [(code, KIND_WORDS[code]) for code in (NATIONAL, PROVINCIAL)]


class IchQuerySet(models.QuerySet):
    """Items that still stand in their list, and those that filings name."""

    def current(self) -> "IchQuerySet":
        """Return the items that the lists still hold."""
        return self.filter(valid_to=None)

    def named_by(self, filing_ids: list[int]) -> dict[int, list["IchItem"]]:
        """Return filing → the items its “对应的非遗或工艺项目” names, its own city's first; two queries."""
        crafts = HandicraftTrainingProject.objects.filter(pk__in=filing_ids).exclude(source_key="")
        named = {c.pk: c for c in crafts.only("source_key", "source_kind", "region_id")}
        keys = {craft.source_key for craft in named.values()}
        items = list(self.current().filter(name_key__in=keys).select_related("city").order_by("code"))
        return {pk: _own_city_first(craft, items) for pk, craft in named.items()}

    def names(self) -> list[str]:
        """Return the names of the lists, each once, to choose from while typing."""
        return list(self.current().order_by("name").values_list("name", flat=True).distinct())

    def advice(self, craft: HandicraftTrainingProject) -> str:
        """Return whether the lists hold what a craft project names; it refuses nothing.

        Only the national list is whole, so that only there a missing name says something.
        """
        if not craft.source_key or craft.source_kind not in (NATIONAL, PROVINCIAL):
            return ""
        word = KIND_WORDS[craft.source_kind]
        if found := self.named_by([craft.pk]).get(craft.pk, []):
            return f"{word}名录中有这一项：{'、'.join(dict.fromkeys(item.city.name for item in found))}"
        missing = "国家级名录的山东项目中没有同名的，请核对名称；不影响提交"
        return missing if craft.source_kind == NATIONAL else ""

    def unlisted(self, filing_ids: list[int]) -> list[tuple[str, str]]:
        """Return the ICH items that filings name and no list here holds: name, and of which list it is."""
        crafts = HandicraftTrainingProject.objects.filter(pk__in=filing_ids, source_kind__startswith="ich_")
        found = self.current().filter(level=OuterRef("source_kind"), name_key=OuterRef("source_key"))
        lacking = crafts.exclude(source_key="").filter(~Exists(found)).order_by("source_item", "pk")
        named = lacking.values_list("source_item", "source_kind")
        return [(name, f"{KIND_WORDS[kind]}，本站名录未收录") for name, kind in dict.fromkeys(named)]


def _own_city_first(craft: HandicraftTrainingProject, items: list["IchItem"]) -> list["IchItem"]:
    """The one rule of a match: the names are equal as compared, and so is the level of the list."""
    found = [i for i in items if (i.level, i.name_key) == (craft.source_kind, craft.source_key)]
    return sorted(found, key=lambda item: not craft.region_id.startswith(item.city_id))


@reference_list(
    slug="ich",
    order=10,
    file="ich_items.csv",
    columns=["name", "category", "level", "batch", "city", "project_no"],
    facets=["level", "category", "city"],
    question="源自哪项非遗",
    named_in={"handicraft-projects": "source_item"},
    note="国家级名录为山东全部项目；省级名录只收录第六批中济宁的部分，不完整。只列所在市，申报地区或单位以公布文件为准。",
)
class IchItem(models.Model):
    """One item of a list of intangible cultural heritage (鲁人社函〔2022〕59号 二（二）), from ``fixtures/``.

    ``code`` is a number of this portal; the list's own number is ``project_no``, where it is known.
    """

    code = models.CharField("序号", max_length=8, unique=True)
    name = models.CharField("名称", max_length=60)
    name_key = models.CharField("比对名称", max_length=60, db_index=True)
    category = models.CharField("类别", max_length=20)
    level = models.CharField("级别", max_length=20, choices=LEVELS)
    batch = models.CharField("批次", max_length=20, blank=True)
    city = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="所在市")
    project_no = models.CharField("项目编号", max_length=20, blank=True)
    source = models.CharField("来源", max_length=200)
    source_url = models.URLField("来源网址", max_length=200, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)

    objects = IchQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "非物质文化遗产代表性项目"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def note(self) -> str:
        """What stands below the name in a picture; needs ``city``."""
        return f"{self.get_level_display()} · {self.city.name}"

    @classmethod
    def from_row(cls, row: dict[str, str]) -> "IchItem":
        """Return the item a row of the fixture describes."""
        facts = {name: value for name, value in row.items() if name != "city"}
        return cls(**facts, city_id=row["city"], name_key=text.key(row["name"]))

    def naming(self) -> QuerySet:
        """Return the filings that name this item: the same rule as ``named_by``, read the other way."""
        return HandicraftTrainingProject.objects.filter(self.named_as())

    def named_as(self) -> Q:
        """Return the condition that a craft project names this item."""
        return Q(source_kind=self.level, source_key=self.name_key)


class WorkshopQuerySet(models.QuerySet):
    """Workshops as their source last named them."""

    def current(self) -> "WorkshopQuerySet":
        """Return the workshops that the list still holds."""
        return self.filter(valid_to=None)


@reference_list(
    slug="craft-workshops",
    order=20,
    file="craft_workshops.csv",
    columns=["name", "region", "level"],
    facets=["level"],
    note="摘自公开报道，非完整目录。",
)
class CraftWorkshop(models.Model):
    """A craft workshop that a public report names (鲁人社函〔2022〕59号 二（一）), from ``fixtures/``."""

    code = models.CharField("序号", max_length=8, unique=True)
    name = models.CharField("名称", max_length=60)
    name_key = models.CharField("比对名称", max_length=60, db_index=True)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    level = models.CharField("报道所称级别", max_length=10, blank=True)
    source_url = models.URLField("来源网址", max_length=200)
    source_date = models.DateField("来源日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)

    objects = WorkshopQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "非遗工坊"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def from_row(cls, row: dict[str, str]) -> "CraftWorkshop":
        """Return the workshop a row of the fixture describes."""
        facts = {name: value for name, value in row.items() if name not in ("region", "source_date")}
        day = date.fromisoformat(row["source_date"]) if row["source_date"] else None
        return cls(**facts, region_id=row["region"], source_date=day, name_key=text.key(row["name"]))

    @property
    def source(self) -> str:
        """The words in which the source is named."""
        return f"公开报道{f'，{self.source_date}' if self.source_date else ''}"
