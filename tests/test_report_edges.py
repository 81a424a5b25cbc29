"""Reports at their edges: the last second of a cut-off, what came or changed later, what others filed."""

import csv
import shutil
from datetime import date, timedelta
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db.models import Max
from django.utils import timezone

from portal import catalogue, dashboards, drafts, reference, report_runs, reports, rollups, schedules, windows
from portal.management.commands import roll_up
from portal.models import Campaign, Filing, Organisation, PolicyTarget, Region
from portal.report_behind import Source
from portal.report_pages import Wish, address, read_cutoff
from portal.report_tables import bureau_name, region_name
from portal.reports import Asked
from portal.vocabulary import Kind, State
from portal.workflow import Refused
from tests import campaigning
from tests.campaigning import get
from tests.factories import (
    COMMENT,
    KUIWEN,
    WEIFANG,
    act,
    approver,
    auditor,
    entry,
    filer,
    filing,
    publish,
    publisher,
    reviewer,
)
from tests.rolling import asked, numbers, tables, unequal

pytestmark = pytest.mark.django_db
TRAININGS, REVIEWS, BRANDS = "project-training-returns", "subsidy-reviews", "skill-brands"


def returned(place: str, organiser: str) -> Filing:
    """Return the approved return of ``place`` with a training of ``organiser``."""
    row = {"project_name": "家政（演示）", "target_scope": "登记失业人员", "trainee_count": 20, "remark": ""}
    rows = [{**row, "held_text": "2024年6月", "organizer_region": organiser}]
    return filing(
        TRAININGS, State.APPROVED, place=place, year=2024, explanation="演示说明", training_rows=rows
    )


def test_what_came_in_the_last_second_of_a_campaign_is_filed_in_its_report():
    task = campaigning.campaign("演示任务", kind=REVIEWS)
    sent = campaigning.nothing(task, WEIFANG, State.PROVINCE_REVIEW)
    due = sent.events.aggregate(last=Max("at"))["last"].replace(microsecond=0)
    Campaign.objects.filter(pk=task.pk).update(due_at=due, opens_at=due - timedelta(days=2))
    cutoff = schedules.of_campaign(Campaign.objects.get(pk=task.pk)).cutoff

    (line,) = tables(asked("reporting", cutoff, campaign=str(task.pk)))["任务"]

    assert line[5] == 1


@pytest.mark.parametrize(
    ("said", "micro"),
    [("", 999_999), ("24:00", 999_999), ("18:00", 999_999), ("18:00:07", 999_999), ("18:00:07.000000", 0)],
)
def test_a_cut_off_counts_to_the_end_of_its_second_however_it_is_asked_for(said, micro):
    kind = reports.get("brands")
    cutoff, _ = read_cutoff(kind, {"on": "2024-06-15", "time": said}, timezone.now())
    params = address(Asked("brands", cutoff))

    assert cutoff.microsecond == micro
    assert read_cutoff(kind, params, timezone.now())[0] == cutoff
    assert "999999" not in params.urlencode()
    words = f"2024-06-15T{said}" if said not in ("", "24:00") else "2024-06-15"
    assert roll_up.question("brands", words, "37", []).cutoff == cutoff
    assert dashboards.read_instant(words) == cutoff


def test_a_month_ends_with_its_last_instant():
    month, quarter = schedules.month_ended(date(2024, 3, 1)), schedules.quarter_ended(date(2024, 4, 1))

    assert f"{month.cutoff:%Y-%m-%d %H:%M:%S.%f}" == "2024-02-29 23:59:59.999999"
    assert f"{quarter.cutoff:%Y-%m-%d %H:%M:%S.%f}" == "2024-03-31 23:59:59.999999"
    assert windows.moment(month.cutoff) == "2024-02-29 24:00"


def test_every_number_that_a_county_or_city_is_shown_opens_for_it(client):
    returned(WEIFANG, KUIWEN)
    publish(filing("exam-institutions", State.APPROVED, place=WEIFANG))
    entry(BRANDS)

    for place in (KUIWEN, WEIFANG):
        for slug in reports.kinds:
            shown = get(client, filer(place), "report", slug)
            lines = [line for table in shown.context["tables"] for line in table.lines]
            links = [cell["url"] for line in lines for cell in line["cells"] if cell["url"]]
            assert [url for url in links if client.get(url).status_code != 200] == []


def test_what_another_region_filed_is_counted_and_has_no_address():
    city = returned(WEIFANG, KUIWEN)

    def found(place: str) -> list[tuple[int, dict]]:
        told = numbers(reports.content(asked("targets", region=place, year="2024")))
        return [(number.value, dict(number.cell)) for number in told if number.value]

    assert found(KUIWEN) == [(1, {})]
    assert unequal(asked("targets", region=WEIFANG, year="2024")) == []
    assert {city.pk} == {
        pk
        for _, cell in found(WEIFANG)
        for pk in reports.get("targets")
        .behind(asked("targets", region=WEIFANG, year="2024"), cell)
        .filings.values_list("pk", flat=True)
    }


def test_a_campaign_that_is_moved_to_another_year_leaves_its_zero_reports_in_old_reports():
    task = campaigning.campaign("演示评估任务", kind=REVIEWS)
    campaigning.nothing(task, WEIFANG, State.APPROVED)
    question = asked("subsidies", timezone.now(), year="")
    year = str(timezone.localdate(task.due_at).year)
    before = tables(asked("subsidies", question.cutoff, year=year))

    task.due_at += timedelta(days=800)
    task.save()

    assert tables(asked("subsidies", question.cutoff, year=year)) == before
    assert reports.get("subsidies").filters[0].choices(question).keys() == {year, ""}


def test_of_one_campaign_only_what_was_sent_for_it_is_told():
    task = campaigning.campaign("演示评估任务", kind=REVIEWS)
    campaigning.nothing(task, "3701", State.APPROVED)
    campaigning.nothing(campaigning.campaign("演示另一任务", kind=REVIEWS), WEIFANG, State.APPROVED)

    told = tables(asked("subsidies", year="", campaign=str(task.pk)))["分市情况"]

    assert {line[0]: line[1] for line in told if line[1] == "零报送"} == {"济南市": "零报送"}


def test_what_the_files_bring_later_is_in_no_old_report(tmp_path):
    before = timezone.now()
    slugs = ("project-training", "targets", "reporting", "city-brands")
    old = {slug: tables(asked(slug, before)) for slug in slugs}
    files = shutil.copytree(settings.BASE_DIR / "fixtures", tmp_path / "fixtures")
    county = {"code": "370199", "name": "演示新区", "short_name": "演示新区", "parent": "3701"}
    add(files / "divisions.csv", **county)
    add(files / "policy_targets.csv", slug="skill-brands-added", label="演示目标")
    add(files / "campaigns.csv", name="演示后来的任务")

    reference.load(files)

    assert {slug: tables(asked(slug, before)) for slug in slugs} == old
    assert region_name(Asked("brands", before, "370199")) == "济南市演示新区"
    assert [place.code for place in rollups.regions_at(timezone.now(), "370199", "county")] == ["370199"]
    assert Campaign.objects.filter(name="演示后来的任务").count() == 1
    assert PolicyTarget.objects.filter(slug="skill-brands-added").count() == 1


def add(file, **changes: str) -> None:
    """Append a line to a file that is like its last one but for ``changes``."""
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    with file.open("a", encoding="utf-8", newline="") as out:
        csv.DictWriter(out, rows[-1].keys()).writerow({**rows[-1], **changes})


def test_a_bureau_entered_later_does_not_sign_for_the_one_there_was():
    before = timezone.now()
    old = Organisation.objects.get(region_id=WEIFANG, kind=Kind.HRSS_BUREAU)
    old.valid_to = timezone.localdate()
    old.save()
    Organisation.objects.create(region_id=WEIFANG, kind=Kind.HRSS_BUREAU, name="演示新局", short_name="新局")

    assert bureau_name(Asked("brands", before, WEIFANG)) == old.name
    assert bureau_name(Asked("brands", timezone.now(), WEIFANG)) == "演示新局"


def test_at_no_instant_is_an_entry_gone_and_its_successor_not_yet_there():
    first = entry(BRANDS)
    amendment = catalogue.amend(first, by=filer())
    for action, who in (("submit", filer()), ("endorse", reviewer()), ("approve", approver())):
        amendment = act(amendment, action, who)
    second = publish(amendment)

    first.refresh_from_db()
    event = amendment.events.get(action="publish")
    assert first.ended_at == second.published_at == event.at
    risen = catalogue.promote(second, by=publisher(), level="provincial", document_number="演示文〔2024〕2号")
    assert risen.at == second.filing.events.get(action="promote").at


def test_what_left_later_or_rose_later_had_not_yet():
    first = entry(BRANDS)
    before = timezone.now()
    shown = tables(asked("brands", before))
    catalogue.promote(first, by=publisher(), level="provincial", document_number="演示文〔2024〕2号")
    catalogue.exit(first, by=publisher(), reason="voluntary", document_number="演示文〔2024〕3号")

    assert tables(asked("brands", before)) == shown
    assert tables(asked("brands"))["品牌情况"][0][-1] == "已退出（自愿退出，演示文〔2024〕3号）"


def test_an_update_replaces_a_return_once_it_is_approved_and_not_before():
    first = returned(WEIFANG, KUIWEN)
    until = timezone.now() + timedelta(days=99)
    task = campaigning.campaign("演示统计任务", kind=TRAININGS, updates_until=until)
    Filing.objects.filter(pk=first.pk).update(campaign=task)
    update = drafts.update(first, by=filer())
    update = act(update, "submit", filer())
    waiting, question = tables(asked("project-training", year="2024")), asked("project-training", year="2024")
    for action, who in (("endorse", reviewer()), ("approve", approver())):
        update = act(update, action, who)

    behind = reports.behind(question, "column=returns").filings
    assert waiting["统计表"][-1][4] == 20
    assert [pk for pk in behind.values_list("pk", flat=True)] == [first.pk]
    now = reports.behind(asked("project-training", year="2024"), "column=returns").filings
    assert [pk for pk in now.values_list("pk", flat=True)] == [update.pk]


def test_what_a_number_counts_is_called_as_it_was_submitted_by_the_cut_off():
    def sent_again(brand: Filing, name: str) -> Filing:
        brand = act(brand, "return", reviewer(), comment=COMMENT)
        drafts.save(brand, by=filer(), revision=brand.revision, values={"name": name})
        return act(brand, "submit", filer())

    first, second = (
        filing(BRANDS, State.CITY_REVIEW, name=f"潍坊剪纸{word}（演示）") for word in ("甲", "乙")
    )
    third = filing(BRANDS, State.APPROVED, name="潍坊剪纸丙（演示）")
    sent_again(second, "潍坊剪纸丁（演示）")
    question = asked("brands", timezone.now())
    sent_again(first, "潍坊剪纸戊（演示）")
    publish(third, on=date(2024, 5, 1))
    typed = {"on": "", "time": ""}

    source = Source(Wish(reports.get("brands"), question, typed), "state=all", reviewer("37"))

    lines = source.lines(source.ordered("region"))
    titles = ["潍坊剪纸甲（演示）", "潍坊剪纸丁（演示）", "潍坊剪纸丙（演示）"]
    assert [(line["title"], line["code"]) for line in lines] == [(title, "") for title in titles]


def test_who_reads_reports_but_sets_no_schedules_stops_none():
    schedule = schedules.create(by=reviewer("37"), slug="brands", region="37", frequency="monthly")

    for somebody in (filer("37"), auditor(), reviewer(WEIFANG)):
        with pytest.raises(Refused, match="省级审核、审批、发布岗位可以"):
            schedules.stop(schedule, by=somebody)

    schedule.refresh_from_db()
    assert schedule.is_active


def test_a_campaign_that_has_not_opened_is_none_to_choose():
    task = campaigning.campaign("演示批次", kind=BRANDS)
    before = task.opens_at - timedelta(seconds=1)
    LogEntry.objects.all().delete()  # it had been announced long before

    assert [str(task.pk) in rollups.campaigns_at(at, BRANDS) for at in (before, task.opens_at)] == [
        False,
        True,
    ]


def test_of_two_corrections_the_first_after_the_cut_off_says_what_stood_there():
    city, before = Region.objects.get(pk=WEIFANG), timezone.now()
    names = [city.name, "演示一", "演示二"]
    instants = [before]
    for name in names[1:]:
        city.name = name
        city.save()
        instants.append(timezone.now())

    assert [rollups.city_names(at)[WEIFANG] for at in instants] == names


@pytest.mark.django_db(transaction=True)
def test_a_report_is_made_only_after_its_cut_off_has_settled(tmp_path):
    cutoff = timezone.now()

    report_runs.produce(asked("reporting", cutoff), "xlsx", tmp_path / "report.xlsx")

    assert timezone.now() >= cutoff + report_runs.GRACE


ODD = ["\0", "9" * 30, "٣", "%_'\"><\ud7ff"]
NAMES = ("on", "time", "region", "period", "sort", "page", "campaign", "year", "state", "level", "to", "from")
CELLS = ("city", "place", "state", "level", "column", "at", "class", "project", "table", "target", "line")


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_an_odd_word_anywhere_in_the_address_of_a_report_is_answered(client, value):
    odd = quote(value)
    client.force_login(reviewer("37"))
    cells = [
        *(f"{name}={odd}" for name in CELLS),
        f"city={odd}&project={odd}",
        f"campaign={odd}&column=filed",
    ]
    cells += [
        f"city=3707&project={odd}",
        f"city=3707&state=all&level={odd}",
        f"target=county-trainings&place=3707&line={odd}",
    ]
    asks = [f"?{name}={odd}" for name in NAMES] + ["?on=2024-06-15&on=x"]
    asks += ["behind/", *(f"behind/?cell={quote(cell)}" for cell in cells)]

    for slug in reports.kinds:
        statuses = {words: client.get(f"/desk/reports/{slug}/{words}").status_code for words in asks}
        assert {words: status for words, status in statuses.items() if status >= 500} == {}
