"""The reference data: complete, consistent, and loaded twice without a change."""

import csv
import shutil
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command

from portal import campaigns, reference, registry, windows
from portal.models import Campaign, CampaignDuty, Organisation, PolicyTarget, Region
from tests.campaigning import manager

pytestmark = pytest.mark.django_db

REGIONS = [row for name in reference.REGION_FILES for row in reference.read(reference.FIXTURES / name)]
ORGANISATIONS = reference.read(reference.FIXTURES / reference.ORGANISATION_FILE)


@pytest.fixture
def folder(tmp_path):
    """A copy of the fixtures that a test may change."""
    for path in reference.FIXTURES.glob("*.csv"):
        shutil.copy(path, tmp_path)
    return tmp_path


def drop(path, **match):
    """Write the file again without the rows that match."""
    rows = reference.read(path)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(row for row in rows if not all(row[k] == v for k, v in match.items()))


def counts():
    """How many rows there are, and how many have ended."""
    return [(m.objects.count(), m.objects.exclude(valid_to=None).count()) for m in (Region, Organisation)]


def everything():
    """All rows of the reference data, as they are now."""
    return [
        list(m.objects.order_by("pk").values())
        for m in (Region, Organisation, PolicyTarget, Campaign, CampaignDuty)
    ]


def test_the_province_has_16_cities_136_counties_and_51_zones():
    levels = [row["level"] for row in REGIONS]
    assert {level: levels.count(level) for level in levels} == {
        "province": 1,
        "city": 16,
        "county": 136,
        "zone": 51,
    }


def test_every_code_extends_the_code_of_its_parent():
    codes = {row["code"] for row in REGIONS}
    orphans = [
        row["code"]
        for row in REGIONS
        if row["code"] != "37" and not (row["parent"] in codes and row["code"].startswith(row["parent"]))
    ]
    assert orphans == []
    assert len(codes) == len(REGIONS)


def test_every_region_has_a_source_and_every_organisation_a_region():
    assert [row["code"] for row in REGIONS if not row["source"]] == []
    assert {row["region"] for row in ORGANISATIONS} == {row["code"] for row in REGIONS}


def test_the_name_of_an_organisation_is_given_once():
    names = [row["name"] for row in ORGANISATIONS]
    assert len(set(names)) == len(names)


def test_shizhong_district_exists_twice_and_its_bureaus_differ():
    reference.load()
    bureaus = Organisation.objects.filter(region__name="市中区").order_by("region_id")
    assert [o.name for o in bureaus] == [
        "济南市市中区人力资源和社会保障局",
        "枣庄市市中区人力资源和社会保障局",
    ]


def test_a_zone_has_no_official_code():
    reference.load()
    assert {region.gb_code for region in Region.objects.filter(level="zone")} == {""}
    assert Region.objects.get(pk="370102").gb_code == "370102"


def test_a_second_load_changes_nothing(capsys):
    reference.load()
    before = everything()
    call_command("load_reference")
    assert capsys.readouterr().out == "".join(
        f"{table}：新增 0，更正 0，停用 0\n"
        for table in ("区划", "单位", "非物质文化遗产代表性项目", "非遗工坊", "政策目标", "报送任务")
    )
    assert everything() == before


def test_a_row_the_new_file_lacks_is_ended_and_comes_back(folder):
    reference.load()
    total = counts()
    drop(folder / "zones.csv", code="3701Z02")
    drop(folder / "organisations.csv", region="3701Z02")
    reference.load(folder, on=date(2025, 1, 1))
    assert Region.objects.get(pk="3701Z02").valid_to == date(2025, 1, 1)
    assert Organisation.objects.get(region="3701Z02").valid_to == date(2025, 1, 1)
    reference.load()
    assert counts() == total


def test_what_administrators_added_is_left_alone():
    reference.load()
    zone = Region.objects.create(
        code="3701Z99", name="演示新区", short_name="演示新区", level="zone", parent_id="3701"
    )
    Organisation.objects.create(name="演示新区人社局", short_name="演示", kind="hrss_bureau", region=zone)
    Organisation.objects.create(name="演示中心", short_name="演示", kind="service_centre", region_id="370102")
    reference.load()
    assert [ended for _, ended in counts()] == [0, 0]


def test_a_renamed_bureau_keeps_its_row(folder):
    reference.load()
    before = Organisation.objects.get(region="3701", kind="hrss_bureau").pk
    path = folder / "organisations.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("济南市人力资源和社会保障局,济南", "济南市人力社保局,济南"),
        "utf-8",
    )
    reference.load(folder)
    assert Organisation.objects.get(pk=before).name == "济南市人力社保局"


# Each dated task of the notices: opened by the notice, due at the end of the day it names, in Shandong.
TASKS = {
    "2021年补贴标准评估材料": ("subsidy-reviews", "鲁人社字〔2021〕32号 二（五）", "2021-04-30", "", 16),
    "2021年项目制培训情况统计表": (
        "project-training-returns",
        "鲁人社字〔2021〕32号 二（三）",
        "2021-06-15",
        "2021-09-30",
        16,
    ),
    "2021年“一市一品牌”建设情况": (
        "city-training-brands",
        "鲁人社字〔2021〕32号 二（二）",
        "2021-06-30",
        "",
        16,
    ),
    "2021年县（市、区）项目制培训全覆盖": (
        "project-training-returns",
        "鲁人社字〔2021〕32号 二（三）",
        "2021-09-30",
        "",
        136,
    ),
    "首批专项职业能力品牌情况": ("skill-brands", "鲁人社字〔2024〕95号 三（二）", "2024-12-31", "", 16),
}


def test_the_five_dated_tasks_of_the_notices_are_there_with_their_duties():
    reference.load()

    stored = {
        task.name: (
            task.kind,
            f"{task.document_number} {task.clause}",
            windows.moment(task.due_at).removesuffix(" 24:00"),
            windows.moment(task.updates_until).removesuffix(" 24:00") if task.updates_until else "",
            task.duties.count(),
        )
        for task in Campaign.objects.all()
    }

    assert stored == TASKS
    assert {task.kind for task in Campaign.objects.all()} < {kind.slug for kind in registry.all_types()}


def test_a_task_is_due_in_the_last_second_of_its_day_in_shandong():
    reference.load()

    first = Campaign.objects.get(name="首批专项职业能力品牌情况")

    assert first.opens_at == datetime(2024, 11, 6, 16, tzinfo=UTC)
    assert first.due_at == datetime(2024, 12, 31, 15, 59, 59, tzinfo=UTC)


def test_a_load_corrects_a_task_and_leaves_its_duties_its_extensions_and_its_end_alone():
    reference.load()
    task = Campaign.objects.get(name="首批专项职业能力品牌情况")
    due_at, duties = task.due_at, set(task.duties.values_list("pk", flat=True))
    campaigns.close(task, by=manager())
    Campaign.objects.filter(pk=task.pk).update(due_at=due_at - timedelta(days=1), clause="")

    loaded = reference.load()

    task.refresh_from_db()
    assert str(loaded[-1]) == "报送任务：新增 0，更正 1，停用 0"
    assert (task.due_at, task.clause, bool(task.closed_at)) == (due_at, "三（二）", True)
    assert set(task.duties.values_list("pk", flat=True)) == duties
