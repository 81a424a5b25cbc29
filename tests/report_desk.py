"""A report kind of the tests' own, small and with everything a kind can have, and reports made of it."""

from collections.abc import Mapping
from contextlib import contextmanager
from datetime import datetime

from portal import jobs, report_runs, reports, rollups, scope
from portal.models import Campaign, Job, Report, User
from portal.reports import Asked, Behind, Column, Content, Filter, Line, Number, Table
from tests import factories
from tests.factories import PROVINCE

SLUG, KIND = "test-kind", "skill-brands"
MANY = 250  # lines of the long table


def _choices(asked: Asked) -> dict[str, str]:
    opened = Campaign.objects.filter(opens_at__lte=asked.cutoff).order_by("pk")
    return {"": "全部", **{str(campaign.pk): str(campaign) for campaign in opened}}


def _found(asked: Asked, city: str = ""):
    found = rollups.submitted_at(asked.cutoff, asked.region, KIND)
    found = found.filter(campaign=asked.filters["campaign"]) if asked.filters.get("campaign") else found
    return found.filter(scope.within("region_id", city)) if city else found


def _lines(asked: Asked):
    for city in rollups.cities_at(asked.cutoff, asked.region):
        number = _found(asked, city.code).count()
        yield Line((city.name, Number(number, {"city": city.code} if number else {}), 7))
    whole = _found(asked).count()
    yield Line(("合计", Number(whole, {"column": "all"} if whole else {}), 7 * whole), reports.TOTAL)


def _long(asked: Asked):
    return (Line((number, f"第{number}行", None), reports.SUBTOTAL) for number in range(1, MANY + 1))


def content(asked: Asked) -> Content:
    """Return a table of cities with a total, and a long one."""
    columns = (Column("市"), Column("品牌", reports.NUMBER, unit="个"), Column("占比", reports.PERCENT))
    named = (Column("序号", reports.NUMBER), Column("名称"), Column("日期", reports.DAY))
    short = Table("分市", columns, lambda: _lines(asked), ("只计已提交的。",))
    return Content("测试用报表", (short, Table("明细", named, lambda: _long(asked), is_long=True)))


def behind(asked: Asked, cell: Mapping[str, str]) -> Behind:
    """Return the brands of a city or of all, seven people each under ``column=people``."""
    if not cell or set(cell) - {"city", "column"}:
        raise reports.Unknown(str(cell))
    found = _found(asked, cell.get("city", ""))
    if cell.get("column") == "people":
        amounts = {pk: 7 * number for number, pk in enumerate(found.values_list("pk", flat=True), 1)}
        return Behind("品牌带动人数", found, amounts, "人数")
    return Behind("报送的品牌", found)


@contextmanager
def registered():
    """Let the kind exist for a while."""
    campaign = Filter("campaign", "报送任务", _choices)
    facts = {"code": "R0", "title": "测试用报表", "basis": "演示文〔2024〕1号", "behind": behind}
    reports.reported(SLUG, **facts, filters=[campaign])(content)
    try:
        yield SLUG
    finally:
        del reports.kinds[SLUG]


def reader(place: str = PROVINCE) -> User:
    """Return who reads the reports of a region."""
    return factories.reviewer(place)


def asked(cutoff: datetime, region: str = PROVINCE, **filters: str) -> Asked:
    """Return the question for the kind of the tests."""
    return reports.ask(SLUG, cutoff, region, filters)


def requested(
    cutoff: datetime, *, by: User | None = None, region: str = PROVINCE, format: str = "xlsx"
) -> Report:
    """Return a report that was asked for and waits."""
    return report_runs.request(asked(cutoff, region), format, by=by or reader(region))


def made(cutoff: datetime, **how) -> Report:
    """Return a report whose job has run."""
    report = requested(cutoff, **how)
    jobs.execute(report.pk)
    return Report.objects.get(pk=report.pk)


def standing(pk: int) -> str:
    """Return the status of a job as it is stored."""
    return Job.objects.get(pk=pk).status
