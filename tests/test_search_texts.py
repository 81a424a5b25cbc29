"""The public search follows the names of places, which are corrected after an entry was published."""

from datetime import date

import pytest
from django.core.management import call_command

from portal import browse, jobs, reference, search_jobs, search_texts
from portal.models import CatalogueEntry, Job, JobStatus, Region
from tests import factories, timelines
from tests.administration import enter, url
from tests.factories import KUIWEN, WEIFANG

pytestmark = pytest.mark.django_db
KIND = "labour-brands"


@pytest.fixture
def brand() -> CatalogueEntry:
    """A brand of a county, changed once."""
    first = factories.entry(KIND, place=KUIWEN, on=date(2024, 5, 1))
    return timelines.amended(first, date(2024, 6, 1), summary="演示数据。变更后的简介。")


def rename(code: str, name: str) -> None:
    Region.objects.filter(pk=code).update(name=name)


def found(*words: str) -> list[int]:
    return [browse.counts_for(word).get(KIND, 0) for word in words]


def test_a_city_that_was_renamed_is_found_by_its_new_name_and_not_by_its_old_one(brand, capsys):
    rename(WEIFANG, "鸢都市")

    call_command("rebuild_search")

    entries = CatalogueEntry.objects.filter(kind=KIND)
    assert found("潍坊市", "鸢都市", "奎文区") == [0, 1, 1]
    assert ["鸢都市" in entry.search_text for entry in entries] == [True, True]
    assert capsys.readouterr().out.splitlines()[0].startswith("检索文本已更新：")


def test_a_part_is_written_anew_and_a_second_time_nothing(brand):
    factories.entry(KIND, place="3701")
    rename(KUIWEN, "鸢飞区")
    rename("3701", "泉城市")

    assert [search_texts.refresh(KUIWEN) for _ in range(2)] == [2, 0]
    assert found("鸢飞区", "泉城市", "济南市") == [1, 0, 1]


def test_parts_follow_each_other(brand, monkeypatch):
    factories.entry(KIND, place=KUIWEN)
    monkeypatch.setattr(search_texts, "AT_ONCE", 1)
    rename(KUIWEN, "鸢飞区")

    assert search_texts.refresh(KUIWEN) == 3
    assert found("奎文区", "鸢飞区") == [0, 2]


def test_who_renames_a_division_has_the_search_follow_by_a_job(brand, client):
    enter(client, factories.sysadmin())
    said = {"name": "鸢飞区", "short_name": "鸢飞", "valid_from": "", "valid_to": ""}

    client.post(url(Region, "change", KUIWEN), said)
    job = Job.objects.get(kind=search_jobs.KIND)
    outcome = jobs.execute(job.pk)

    assert (job.title, outcome) == ("公开查询按新的地名更新：潍坊市鸢飞区", JobStatus.DONE)
    assert found("奎文区", "鸢飞区") == [0, 1]


def test_who_dates_a_division_has_nothing_written_anew(client):
    enter(client, factories.sysadmin())
    kuiwen = Region.objects.get(pk=KUIWEN)

    said = {"name": kuiwen.name, "short_name": kuiwen.short_name, "valid_from": "", "valid_to": "2030-01-01"}
    client.post(url(Region, "change", KUIWEN), said)

    assert str(Region.objects.get(pk=KUIWEN).valid_to) == "2030-01-01"
    assert not Job.objects.filter(kind=search_jobs.KIND).exists()


def test_reference_data_that_corrects_a_name_takes_the_search_with_it(brand):
    rename(KUIWEN, "鸢飞区")
    search_texts.refresh()

    call_command("load_reference", verbosity=0)

    assert Region.objects.get(pk=KUIWEN).name == "奎文区"
    assert found("奎文区", "鸢飞区") == [1, 0]


def test_the_places_of_the_reference_data_come_first():
    assert str(reference.load()[0]).startswith("区划：")
