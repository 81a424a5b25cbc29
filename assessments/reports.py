"""R6 专项职业能力考核项目目录: what an edition changed, how many projects each class has, who examines them.

鲁人社发〔2020〕18号 三（三）13, 鲁人社字〔2024〕95号 二（二）6. A published edition fixes its day, so what
lies between two of them stays as it is; who examines what is read from the entries in force at the cut-off.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Substr

from assessments.models import (
    INSTITUTIONS,
    MOST,
    SOLICIT,
    ExamProject,
    InstitutionAuthorization,
    ProjectClass,
)
from portal import differences, rollups, targets
from portal.differences import Change, Difference
from portal.models import CatalogueEntry, Edition, Filing
from portal.reports import (
    NUMBER,
    TOTAL,
    Asked,
    Behind,
    Column,
    Content,
    Filter,
    Line,
    Number,
    Table,
    Unknown,
    reported,
)
from portal.vocabulary import ChangeVerb, ExitReason

PROJECTS, EXAMINERS = "exam-projects", "exam-institutions"
TITLE, PROVINCE = "专项职业能力考核项目目录", "37"
SHORT = 20  # 字 of a text up to which a change of it is quoted
NOW, ALL = "now", "all"
ENDS = ("from", "to", NOW)
UNSAID = "unsaid"  # of a project whose form leaves the class open, as what was decided before the portal may
CLASSES = {**{value: str(word) for value, word in ProjectClass.choices}, UNSAID: "未填"}
CURRENT = 4  # the column 统计截止时现行 of the classes
CHANGED = (
    Column("序号", NUMBER, 4),
    Column("变化", width=4),
    Column("编号", width=10),
    Column("考核项目", width=12),
    Column("类别", width=7),
    Column("变化内容", width=22),
    Column("文号", width=12),
)
EXAMINED = (
    Column("序号", NUMBER, 4),
    Column("市", width=8),
    Column("编号", width=10),
    Column("考核项目", width=20),
    Column("考核机构", NUMBER, 8, "家"),
    Column("提示", width=9),
)
PARTS = "只列本地区的考核项目和机构。"
SOURCE = "参照菏泽市2023年的做法，省级通知没有规定"


class Roll:
    """The two editions and the institutions that one question is about, each read once."""

    def __init__(self, asked: Asked):
        self.asked = asked
        known = {edition.on.isoformat(): edition for edition in editions_at(asked)}
        self.edition = known.get(asked.filters.get("to", ""))
        self.earlier = known.get(asked.filters.get("from", "")) if self.edition else None

    @cached_property
    def difference(self) -> Difference | None:
        """What lies between the editions in the region; None where there is no earlier one."""
        if not self.earlier:
            return None
        return differences.difference(PROJECTS, self.asked.region, self.earlier.on, self.edition.on)

    @property
    def changes(self) -> list[Change]:
        """The changes by verb and code."""
        return self.difference.changes if self.difference else []

    def projects(self, end: str) -> QuerySet:
        """Return the projects in the catalogue at one edition, or at the cut-off."""
        if end == NOW:
            return rollups.entries_at(self.asked.cutoff, self.asked.region, PROJECTS)
        edition = self.earlier if end == "from" else self.edition
        held = differences.catalogue_of(PROJECTS, self.asked.region)
        return held.in_force(edition.on) if edition else held.none()

    @cached_property
    def classes(self) -> dict[int, str]:
        """Filing → the class of the project, of all that ever were published: they never change again."""
        found = ExamProject.objects.filter(entry__published_at__lte=self.asked.cutoff)
        return {pk: value or UNSAID for pk, value in found.order_by().values_list("pk", "catalogue_class")}

    @property
    def authorisations(self) -> QuerySet:
        """What the institutions in force may examine; what had ended by the day no longer counts."""
        there = rollups.entries_at(self.asked.cutoff, self.asked.region, EXAMINERS).values("filing")
        lasting = Q(valid_to=None) | Q(valid_to__gte=self.asked.day)
        known = Q(project__entry__published_at__lte=self.asked.cutoff)
        found = InstitutionAuthorization.objects.filter(lasting, known, institution__in=there)
        return found.annotate(city=Substr("region_id", 1, 4))

    @cached_property
    def limit(self) -> int:
        """How many institutions a project may have in a city, as it was set at the cut-off."""
        then = rollups.limits_at(self.asked.cutoff, MOST)
        return then.get(MOST) or targets.limit(MOST)


def editions_at(asked: Asked) -> list[Edition]:
    """Return the editions of the province's catalogue that had been published, newest first."""
    found = Edition.objects.filter(kind=PROJECTS, region=PROVINCE, published_at__lte=asked.cutoff)
    return list(found.filter(on__lte=asked.day).order_by("-on"))


def _later(asked: Asked) -> dict[str, str]:
    return {edition.on.isoformat(): f"{edition.name}（{edition.on}）" for edition in editions_at(asked)}


def _earlier(asked: Asked) -> dict[str, str]:
    """Return the editions before the one that is chosen, the one next to it first."""
    chosen = asked.filters.get("to", "")
    return {day: words for day, words in _later(asked).items() if day < chosen}


def _behind(asked: Asked, cell: Mapping[str, str]) -> Behind:
    """Return the filings behind a change, a class, or the institutions of a project in a city."""
    roll, names = Roll(asked), set(cell)
    if names == {"change"} and cell["change"] in (*ChangeVerb.values, ALL):
        return _changed(roll, cell["change"])
    if names in ({"at"}, {"at", "class"}) and cell["at"] in ENDS:
        return _classed(roll, cell["at"], cell.get("class", ""))
    if names in ({"city", "project"}, {"table"}):
        return _examining(roll, cell)
    raise Unknown(str(dict(cell))[:80])


def _changed(roll: Roll, verb: str) -> Behind:
    found = [change for change in roll.changes if verb in (ALL, change.verb)]
    words = str(ChangeVerb(verb).label) if verb in ChangeVerb.values else "变化"
    return Behind(f"{words}的考核项目", Filing.objects.filter(pk__in=[_filing(c) for c in found]))


def _filing(change: Change) -> int:
    """Return the filing a change is about: what is in the later edition, else what was in the earlier."""
    return (change.after or change.before).filing_id


def _classed(roll: Roll, end: str, value: str) -> Behind:
    if value not in ("", *CLASSES):
        raise Unknown(value[:40])
    found, stored = roll.projects(end), "" if value == UNSAID else value
    found = found.filter(filing__examproject__catalogue_class=stored) if value else found
    words = f"{CLASSES[value]}类" if value else ""
    return Behind(f"{words}考核项目", Filing.objects.filter(pk__in=found.values("filing")))


def _examining(roll: Roll, cell: Mapping[str, str]) -> Behind:
    found = roll.authorisations
    if "project" in cell:
        found = found.filter(city=cell["city"], project__entry__code=cell["project"])
    if cell.get("table", ALL) != ALL or not found.exists():
        raise Unknown(str(dict(cell))[:80])
    return Behind("考核机构", Filing.objects.filter(pk__in=found.values("institution")))


@reported(
    "exam-catalogue",
    code="R6",
    title=TITLE,
    basis=f"{SOLICIT}；{INSTITUTIONS}",
    behind=_behind,
    filters=(Filter("to", "版次", _later), Filter("from", "对比版次", _earlier)),
)
def exam_catalogue(asked: Asked) -> Content:
    """Return what the edition changed, the projects of each class, and who examines them where."""
    roll = Roll(asked)
    part = (PARTS,) if asked.region != PROVINCE else ()
    sums = (Column("变化", width=12), Column("项目数", NUMBER, 10))
    over = f"同一市同一项目的考核机构多于{roll.limit}家的提示“{_over(roll)}”；{SOURCE}。"
    return Content(
        _title(roll),
        (
            Table("目录变化", CHANGED, lambda: _change_lines(roll), (*part, *_compared(roll)), is_long=True),
            Table("变化汇总", sums, lambda: _change_sums(roll)),
            Table("分类统计", _class_columns(roll), lambda: _class_lines(roll), drawn=CURRENT),
            Table("考核机构", EXAMINED, lambda: _examined_lines(roll), (*part, over), is_long=True),
        ),
    )


def _title(roll: Roll) -> str:
    return f"{TITLE}（{roll.edition.name}）" if roll.edition else TITLE


def _compared(roll: Roll) -> tuple[str, ...]:
    if roll.earlier:
        number = roll.edition.document_number
        basis = f"（{number}）" if number else ""
        return (f"{roll.edition.name}{basis}与{roll.earlier.name}相比的变化。",)
    return ("统计截止时没有可以对比的更早版次。",)


def _change_lines(roll: Roll) -> Iterator[Line]:
    for number, change in enumerate(roll.changes, 1):
        entry = change.after or change.before
        project = CLASSES[roll.classes[entry.filing_id]]
        is_gone = change.verb in (ChangeVerb.REMOVED, ChangeVerb.MERGED)
        document = entry.exit_document_number if is_gone else entry.document_number
        facts = (change.label, entry.code, entry.title, project, _said(change), document)
        yield Line((number, *facts))


def _said(change: Change) -> str:
    """Return in one line what changed: the name before, what it went into, why it left, which texts."""
    if change.verb == ChangeVerb.MERGED:
        return f"并入 {change.successor.code} {change.successor.title}"
    if change.verb == ChangeVerb.REMOVED:
        reason = change.before.exit_reason
        return f"移出原因：{ExitReason(reason).label}" if reason else ""
    return "；".join(_quoted(*line) for line in change.lines)


def _quoted(label: str, was: str, now: str) -> str:
    if max(len(was), len(now)) > SHORT:
        return f"{label}有调整"
    return f"{label}：“{was}”改为“{now}”"


def _change_sums(roll: Roll) -> Iterator[Line]:
    counts = Counter(change.verb for change in roll.changes)
    for verb, label in ChangeVerb.choices:
        yield Line((str(label), Number.of(counts[verb], {"change": verb})))
    yield Line(("合计", Number.of(len(roll.changes), {"change": ALL})), TOTAL)


def _class_columns(roll: Roll) -> tuple[Column, ...]:
    former = roll.earlier.name if roll.earlier else "更早版次"
    latter = roll.edition.name if roll.edition else "本版次"
    numbers = (Column(heading, NUMBER, 11) for heading in (former, latter, "增减", "统计截止时现行"))
    return (Column("类别", width=9), *numbers)


def _class_lines(roll: Roll) -> Iterator[Line]:
    counts = {end: _by_class(roll.projects(end)) for end in ENDS}
    for value, label in CLASSES.items():
        if value != UNSAID or any(count[UNSAID] for count in counts.values()):
            yield Line((label, *_of_class(counts, value)))
    yield Line(("合计", *_of_class(counts, "")), TOTAL)


def _by_class(entries: QuerySet) -> dict[str, int]:
    """Return class → number of projects, with the sum under the empty class; one grouped query."""
    found = entries.order_by().values_list("filing__examproject__catalogue_class").annotate(n=Count("pk"))
    counts = {value or UNSAID: number for value, number in found}
    return {UNSAID: 0} | counts | {"": sum(counts.values())}


def _of_class(counts: dict[str, dict[str, int]], value: str) -> tuple[Number | int, ...]:
    was, is_, now = (counts[end].get(value, 0) for end in ENDS)
    place = {"class": value} if value else {}
    former, latter, current = (
        Number.of(number, {"at": end, **place}) for end, number in zip(ENDS, (was, is_, now), strict=True)
    )
    return former, latter, is_ - was, current


def _examined_lines(roll: Roll) -> Iterator[Line]:
    """Yield each project with the number of its institutions city by city, and the sums."""
    pairs = roll.authorisations.order_by().values_list("city", "project__entry__code")
    found = sorted(pairs.annotate(n=Count("institution", distinct=True)))
    cities, titles = rollups.city_names(roll.asked.cutoff), _titles(roll)
    for number, (city, code, n) in enumerate(found, 1):
        hint = _over(roll) if n > roll.limit else ""
        counted = Number.of(n, {"city": city, "project": code})
        yield Line((number, cities[city], code, titles[code], counted, hint))
    if not found:
        return
    crowded = sum(n > roll.limit for _, _, n in found)
    everybody = roll.authorisations.order_by().values("institution").distinct().count()
    total = Number.of(everybody, {"table": ALL})
    yield Line(("", "合计", "", f"{len(found)} 项次", total, f"{_over(roll)} {crowded} 项次"), TOTAL)


def _over(roll: Roll) -> str:
    return f"超过{roll.limit}个"


def _titles(roll: Roll) -> dict[str, str]:
    """Return code → name of every project as it was known at the cut-off, with a word where it had left."""
    cutoff = roll.asked.cutoff
    known = CatalogueEntry.objects.filter(kind=PROJECTS, published_at__lte=cutoff)
    return {
        code: title if ended is None or ended > cutoff else f"{title}（已不在目录）"
        for code, title, ended in known.order_by("valid_from", "pk").values_list("code", "title", "ended_at")
    }
