"""Asking for the file of a report and setting its schedules at the desk: once, by POST, by who may."""

import pytest
from django.urls import reverse

from portal import windows
from portal.models import Job, Report, ReportSchedule
from tests import factories, report_desk
from tests.administration import enter, url
from tests.campaigning import get, post, said
from tests.factories import PROVINCE, WEIFANG
from tests.report_desk import SLUG, reader

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kind():
    """Give a report of the tests' own."""
    with report_desk.registered():
        yield


@pytest.mark.parametrize("format", ["xlsx", "docx", "pdf"])
def test_a_file_of_what_is_on_the_screen_is_asked_for_and_its_page_follows(client, format):
    shown = get(client, reader(), "report", SLUG, on="2024-06-15", region=WEIFANG)
    sent = {**shown.context["wish"].params.dict(), "format": format}

    answer = post(client, reader(), "report-make", SLUG, **sent)

    report = Report.objects.get()
    assert answer.url == reverse("job", args=[report.pk])
    assert (report.slug, report.region_id, report.format, report.filters) == (
        SLUG,
        WEIFANG,
        format,
        {"campaign": ""},
    )
    assert windows.moment(report.cutoff) == "2024-06-15 24:00"


def test_a_double_click_asks_once(client):
    sent = {"on": "2024-06-15", "format": "xlsx"}

    urls = {post(client, reader(), "report-make", SLUG, **sent).url for _ in range(2)}

    assert (len(urls), Report.objects.count()) == (1, 1)


def test_an_odd_format_is_refused_in_words_and_leads_back(client):
    answer = post(client, reader(), "report-make", SLUG, on="2024-06-15", format="exe")

    assert answer.url.startswith(reverse("report", args=[SLUG]) + "?on=2024-06-15")
    assert said(answer) == ["报表只能生成 Excel、Word 或 PDF。"]
    assert Report.objects.count() == 0


def test_an_odd_cut_off_of_a_file_is_said_on_the_page(client):
    answer = post(client, reader(), "report-make", SLUG, on="2999-01-01", format="xlsx")

    assert (answer.status_code, Report.objects.count()) == (422, 0)


def test_nothing_is_asked_for_by_looking(client):
    assert get(client, reader(), "report-make", SLUG).status_code == 405
    assert get(client, reader(), "schedule-set").status_code == 405


def test_a_schedule_is_set_listed_with_its_next_cut_off_and_stopped(client):
    sent = {"report": SLUG, "region": PROVINCE, "frequency": "monthly", "format": "xlsx"}

    assert said(post(client, reader(), "schedule-set", **sent)) == [
        "已设置定期报表，每到期末自动生成，完成后通知您。"
    ]
    listed = get(client, factories.approver(), "reports")
    (item,) = listed.context["schedules"]
    assert (item["title"], item["may_stop"]) == ("测试用报表", True)
    assert item["next"] in listed.content.decode()
    assert post(client, factories.approver(), "schedule-stop", item["schedule"].pk).url == reverse("reports")
    assert ReportSchedule.objects.filter(is_active=True).count() == 0


def test_a_refused_schedule_keeps_what_was_chosen(client):
    sent = {"report": "city-brands", "region": PROVINCE, "frequency": "daily", "format": "pdf"}

    answer = post(client, reader(), "schedule-set", **sent)

    assert (answer.status_code, answer.context["typed"]) == (422, sent)
    assert answer.context["refusal"] == "没有这种频次，没有设置。请重新选择。"


def test_a_city_sees_and_stops_only_its_own_schedules(client):
    for place in (PROVINCE, WEIFANG, "3701"):
        post(
            client,
            reader(place),
            "schedule-set",
            report=SLUG,
            region=place,
            frequency="monthly",
            format="xlsx",
        )
    others = ReportSchedule.objects.exclude(region=WEIFANG)

    listed = get(client, reader(WEIFANG), "reports").context["schedules"]
    stopped = [post(client, reader(WEIFANG), "schedule-stop", one.pk).status_code for one in others]

    assert [item["schedule"].region_id for item in listed] == [WEIFANG]
    assert stopped == [404, 404]
    assert ReportSchedule.objects.filter(is_active=True).count() == 3


def test_who_reads_reports_but_sets_no_schedules_finds_no_form(client):
    assert get(client, factories.filer(PROVINCE), "schedule-new").status_code == 404
    assert post(client, factories.auditor(), "schedule-set", report=SLUG).status_code == 404


@pytest.mark.parametrize("model", [Job, Report, ReportSchedule])
@pytest.mark.parametrize(
    ("who", "status"), [(factories.auditor, 200), (factories.sysadmin, 200), (factories.reviewer, 403)]
)
def test_the_administrators_list_jobs_and_schedules_and_change_none(client, model, who, status):
    asked = {"report": SLUG, "region": PROVINCE, "frequency": "monthly", "format": "xlsx"}
    post(client, reader(), "schedule-set", **asked)
    post(client, reader(), "report-make", SLUG, on="2024-06-15", format="xlsx")
    enter(client, who())
    found = model.objects.get()

    assert client.get(url(model, "changelist")).status_code == status
    assert client.get(url(model, "change", found.pk)).status_code == status
    assert client.post(url(model, "change", found.pk), {}).status_code == 403
    assert client.get(url(model, "add")).status_code == 403
