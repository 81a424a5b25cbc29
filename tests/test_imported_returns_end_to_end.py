"""The three returns over ``manage.py import_file``, then by the domain: what files say comes out again."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction

from portal import attachments, drafts, exports, importing, merging, registry, snapshot
from portal.examples import FILES
from portal.models import Filing
from portal.vocabulary import State
from portal.workflow import Invalid
from tests import campaigning, factories, made_files, packing
from tests.factories import PROVINCE, WEIFANG, act, approver, filer, reviewer
from tests.test_city_training import TITLE, official
from tests.test_statement_import import EXAMPLE, HEADER, LANSHAN, LINYI

pytestmark = pytest.mark.django_db
TRAININGS, BRANDS, REVIEWS = "project-training-returns", "city-training-brands", "subsidy-reviews"
COUNTY = [
    ["临沂市", "兰山区", "茶艺师培训（演示）", "登记失业人员", 40, "2021年5月", ""],
    ["临沂市", "兰山区", "电焊工培训（演示）", "登记失业人员", 90, "2021年6月", ""],
]
SIGNED = ["填表人：演示填表人　　联系电话：00000000000　　填表日期：2021年6月10日"]
FILES_OF = {
    TRAININGS: [("stamped_scan", "scan.pdf")],
    BRANDS: [*(("pictures", f"picture-{number}.jpg") for number in range(1, 6)), ("video", "video.mp4")],
    REVIEWS: [("scan", "scan.pdf"), ("word", "notice.docx")],
}


def imported(path: Path, slug: str, place: str) -> Filing:
    """Read a file as the command does, store it, and return the draft."""
    told = StringIO()
    user = filer(place).username
    call_command("import_file", str(path), "--type", slug, "--as", user, "--commit", "--json", stdout=told)
    outcome = json.loads(told.getvalue())
    assert (outcome["errors"], outcome["imported"]) == ([], 1)
    return Filing.objects.order_by("-pk").first().record


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def completed(record: Filing, **values) -> Filing:
    """Return a draft with what its file has no cell for, and with its own files."""
    by = filer(record.region_id)
    drafts.save(record, by=by, revision=record.revision, values=values)
    for slot, name in FILES_OF[record.kind]:
        with (FILES / name).open("rb") as file:
            attachments.add(record, slot, file, name, by=by)
    return Filing.objects.get(pk=record.pk).record


def to_the_province(record: Filing) -> Filing:
    """Submit a city's return, send it on, accept and approve it."""
    place = record.region_id
    people = {
        "submit": filer(place),
        "endorse": reviewer(place),
        "accept": reviewer(PROVINCE),
        "approve": approver(),
    }
    for action, by in people.items():
        record = act(record, action, by)
    return record


def trainings(folder: Path) -> Filing:
    """Return the return of 临沂: its own sheet with the approved one of 兰山 merged into it."""
    sheet = made_files.xlsx([["2021年项目制培训情况统计表"], HEADER, *COUNTY, SIGNED])
    county = imported(written(folder / "兰山区.xlsx", sheet), TRAININGS, LANSHAN)
    act(act(county, "submit", filer(LANSHAN)), "approve", reviewer(LINYI))
    record = completed(imported(EXAMPLE, TRAININGS, LINYI), explanation="9月的培训如期开展（演示）。")
    merging.merge(record, by=filer(LINYI), revision=record.revision)
    return Filing.objects.get(pk=record.pk).record


def brand(folder: Path) -> Filing:
    """Return the brand of 潍坊 from the annex in Word."""
    annex = written(folder / "一览表.docx", made_files.docx("附件1", TITLE, official()))
    return completed(
        imported(annex, BRANDS, WEIFANG),
        promo_article="从学扎骨架到独立接单，用了三个月（演示）。",
        background_text="画面依次为实训课堂和工坊生产（演示）。",
        no_subtitles=True,
        no_watermark=True,
        is_steady=True,
    )


def review(folder: Path) -> Filing:
    """Return the review of 潍坊 from the portal's own sheet, exported and sent in again."""
    with transaction.atomic():
        sheet = exports.sent_workbook(registry.get(REVIEWS), [sent(factories.draft(REVIEWS))])
        transaction.set_rollback(True)
    return completed(imported(written(folder / "评估.xlsx", sheet), REVIEWS, WEIFANG))


def sent(record: Filing) -> tuple[Filing, dict]:
    return record, snapshot.take(record)


ROADS = {TRAININGS: trainings, BRANDS: brand, REVIEWS: review}


@pytest.mark.parametrize("slug", ROADS)
def test_a_return_from_files_reaches_the_province_and_its_sheet_makes_it_again(slug, tmp_path):
    with transaction.atomic():
        campaign = campaigning.campaign(kind=slug)
        record = to_the_province(ROADS[slug](tmp_path))
        row = campaigning.row(campaign, record.region_id)
        files = packing.opened(packing.packed(campaign, record.region_id))
        place, taken = record.region_id, packing.comparable(snapshot.take(record))
        transaction.set_rollback(True)
    sheet = files["汇总一览表.xlsx"]

    read = importing.read_file(sheet, "汇总一览表.xlsx", registry.get(slug), filer(place))
    (made,) = importing.commit(read, filer(place))

    assert (record.campaign, record.state, row.label) == (campaign, State.APPROVED, "已报")
    assert (read.errors, read.warnings) == ([], [])
    assert packing.comparable(snapshot.take(made.record)) == taken
    inner = [packing.inner_digests(files, path) for path in files if path.endswith(".zip")]
    assert packing.listed(files["回执.txt"]) == packing.digests(files) | (inner[0] if inner else {})


def test_the_city_sends_its_own_rows_and_those_of_its_counties(tmp_path):
    campaigning.campaign(kind=TRAININGS)

    record = to_the_province(trainings(tmp_path))

    rows = record.training_rows.select_related("organizer_region")
    assert [(str(r.organizer_region or "市直"), r.project_name, r.trainee_count) for r in rows] == [
        ("市直", "家政服务员培训（演示）", 120),
        ("兰山区", "茶艺师培训（演示）", 40),
        ("兰山区", "电焊工培训（演示）", 90),
        ("沂水县", "柳编制作培训（演示）", 60),
    ]


@pytest.mark.parametrize("slug", [BRANDS, REVIEWS])
def test_a_return_from_a_file_is_not_sent_without_its_own_files(slug, tmp_path):
    campaigning.campaign(kind=slug)
    record = ROADS[slug](tmp_path)
    for file in record.attachments.all():
        attachments.remove(file, by=filer())

    with pytest.raises(Invalid):
        act(record, "submit", filer())

    assert Filing.objects.get().state == State.DRAFT
