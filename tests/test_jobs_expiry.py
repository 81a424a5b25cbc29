"""Files of jobs go: each has its day, and the receipt of a sheet that was given up goes with the sheet."""

import importlib
from datetime import timedelta

import pytest
from django.apps import apps
from django.urls import reverse

from portal import historical_acts, historical_receipts, imports, jobs, receipt_jobs, registry
from portal.models import Job
from tests import factories
from tests import made_files as made
from tests.jobbing import all_files, lines
from tests.registering import prepared, sheet

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
UNIT = registry.get("building-units")
FAULTY = made.xlsx([["单位全称", "单位类型"], ["甲公司", "没有这种"]])


def days_kept(job: Job) -> int:
    job = Job.objects.get(pk=job.pk)
    return round((job.expires_at - job.finished_at) / DAY)


def of_an_import():
    """Return the receipt job of a faulty sheet, the module that makes it, and how the sheet is given up."""
    by = factories.filer()
    found = imports.receive(FAULTY, "单位.xlsx", UNIT, by=by)
    return receipt_jobs.ask(found, by=by), receipt_jobs, lambda: imports.abandon(found, by=by)


def of_a_registration():
    """Return the same of a faulty sheet of past results."""
    by = factories.approver()
    found = prepared("labour-brands", sheet("labour-brands", {"劳务品牌名称": ""}))
    return (
        historical_receipts.ask(found, by=by),
        historical_receipts,
        lambda: historical_acts.abandon(found, by=by),
    )


RECEIPTS = pytest.mark.parametrize("receipt_of", [of_an_import, of_a_registration])


def test_a_file_is_kept_as_long_as_that_of_a_report_unless_its_job_says_otherwise(settings):
    settings.REPORT_DAYS = 3

    @jobs.runner("a file of a test")
    def run(job, work):
        path = work.path("txt")
        path.write_text("x")
        return jobs.Result(path, "表.txt", kept_for=5 * DAY)

    asked = [lines("逐行"), jobs.enqueue("a file of a test", title="表")]
    for job in asked:
        jobs.execute(job.pk)

    assert [days_kept(job) for job in asked] == [3, 5]


@RECEIPTS
def test_a_receipt_is_kept_a_week_and_its_page_does_not_say_that_it_can_be_made_again(client, receipt_of):
    job, *_ = receipt_of()

    jobs.execute(job.pk)
    client.force_login(job.requested_by)
    page = client.get(reverse("job", args=[job.pk])).content.decode()
    Job.objects.filter(pk=job.pk).update(file="")
    later = client.get(reverse("job", args=[job.pk])).content.decode()

    assert (days_kept(job), "到期删除</dd>" in page) == (7, True)
    assert ("文件已过保留期，已删除" in later, "重新生成" in page + later) == (True, False)


@RECEIPTS
def test_the_receipt_of_a_sheet_that_is_given_up_goes_with_the_next_sweep(client, receipt_of):
    job, _, give_up = receipt_of()
    jobs.execute(job.pk)
    jobs.sweep()
    before = all_files()

    give_up()
    jobs.sweep()

    client.force_login(job.requested_by)
    assert (before, all_files()) == ([f"jobs/{job.pk}/1.xlsx"], [])
    assert client.get(reverse("job-file", args=[job.pk])).status_code == 404


@RECEIPTS
def test_a_receipt_in_the_making_while_its_sheet_is_given_up_goes_too(monkeypatch, receipt_of):
    job, module, give_up = receipt_of()
    make = module.make

    def made_meanwhile(found):
        content = make(found)
        give_up()
        return content

    monkeypatch.setattr(module, "make", made_meanwhile)
    outcome = jobs.execute(job.pk)
    jobs.sweep()

    assert (outcome, Job.objects.get(pk=job.pk).file, all_files()) == ("done", "", [])


def test_files_that_would_have_stayed_for_ever_get_their_day_by_the_migration(settings):
    settings.REPORT_DAYS = 3
    (receipt, *_), others, dated = of_an_import(), [lines("甲"), lines("乙")], lines("丙")
    for job in (receipt, *others, dated):
        jobs.execute(job.pk)
    Job.objects.exclude(pk=dated.pk).update(expires_at=None)
    Job.objects.filter(pk=others[1].pk).update(file="")
    Job.objects.filter(pk=dated.pk).update(expires_at=Job.objects.get(pk=dated.pk).finished_at + DAY)

    importlib.import_module("portal.migrations.0027_files_of_jobs_expire").set_terms(apps, None)

    assert [days_kept(job) for job in (receipt, others[0], dated)] == [7, 3, 1]
    assert Job.objects.get(pk=others[1].pk).expires_at is None
