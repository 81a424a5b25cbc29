"""Every other way into a filing that came back with remarks: none changes what is locked."""

import pytest

from portal import drafts, imports, locks, merging, remarks, workflow
from portal.models import Filing, Remark
from portal.vocabulary import State
from tests import factories
from tests.campaigning import campaign, nothing
from tests.factories import KUIWEN, filer, filing, reviewer
from tests.returning import remark, returned, send_back, stored_values
from tests.test_dropped_choices import first_edition, the_second_edition
from tests.test_import_pages import confirm, upload, workbook
from tests.test_merging import RETURN, county, row, rows_of
from tests.typed import page, stored

pytestmark = pytest.mark.django_db
__all__ = ["first_edition"]


@pytest.fixture
def desk(client):
    """Return a client at which the filer of 潍坊 is signed in."""
    client.force_login(filer())
    return client


# ---- successors


@pytest.mark.parametrize("way", ["filing-edit", "filing-succeed"])
def test_no_successor_takes_the_place_of_a_locked_choice(desk, first_edition, way):
    record = returned("skill-brands", "name", exam_projects=["演示乙"])
    the_second_edition()
    shown = desk.get(page("filing-edit", record)).content.decode()
    said = {
        "explanation": "演示数据。仍按原项目考核。",
        "revision": str(stored(record).revision),
        "then": "migrate",
    }

    desk.post(page(way, record), said)

    again = stored(record)
    assert ("演示乙" in shown, "改选后继条目" in shown) == (True, False)
    assert [chosen.title for chosen in again.exam_projects.all()] == ["演示乙"]
    assert (again.explanation, again.unlocked) == (said["explanation"], ["name"])


def test_a_successor_takes_the_place_of_a_choice_that_is_open(desk, first_edition):
    record = returned("skill-brands", "exam_projects", exam_projects=["演示乙"])
    the_second_edition()

    desk.post(page("filing-succeed", record), {"then": "migrate"})

    assert [chosen.title for chosen in stored(record).exam_projects.all()] == ["演示乙新名"]


# ---- returns of a city


def test_merging_changes_no_locked_rows(desk):
    county(KUIWEN)
    record = send_back(filing(RETURN, State.CITY_REVIEW, training_rows=[row("家政")]), "filled_by")
    before = rows_of(record)

    shown = desk.get(page("filing-edit", record)).content.decode()
    told = desk.post(page("filing-merge", record), {"revision": str(stored(record).revision)})

    assert ("汇总县级报表" in shown, told.status_code, rows_of(record)) == (False, 422, before)
    assert "本次退回只开放有意见的栏目，“培训项目”不能修改" in told.context["refusal"]


def test_merging_goes_into_rows_that_are_open(desk):
    county(KUIWEN)
    record = send_back(filing(RETURN, State.CITY_REVIEW, training_rows=[row("家政")]), "training_rows")

    merging.merge(stored(record), by=filer(), revision=stored(record).revision)

    assert [name for _, name, _ in rows_of(record)] == ["家政（演示）", "电焊（演示）"]


def test_the_rows_of_an_earlier_year_go_into_no_form_with_rows(desk):
    filing(RETURN, State.CITY_REVIEW, year=2021, training_rows=[row("旧")])
    record = send_back(filing(RETURN, State.CITY_REVIEW, year=2023, training_rows=[row("家政")]), "filled_by")
    before = rows_of(record)

    shown = desk.get(page("filing-edit", record)).content.decode()
    desk.post(page("filing-earlier", record), {"revision": str(stored(record).revision)})

    assert ("提取上期" in shown, rows_of(record), stored(record).unlocked) == (False, before, ["filled_by"])


# ---- imports, administration, interface


def test_an_import_touches_nothing_that_a_return_left_locked(desk):
    record = returned("handicraft-projects", "hours", name="演示项目0")
    before, count = stored_values(stored(record)), Filing.objects.count()

    preview = upload(
        desk, workbook(["演示项目0", "其他", "企业职工", 999]), "项目.xlsx", "handicraft-projects"
    )
    told = confirm(desk, preview)

    faults = imports.faults(preview.context["imported"])
    assert [fault.column for fault in faults] == ["培训项目名称"]
    assert (told.status_code, stored_values(stored(record)), Filing.objects.count()) == (409, before, count)


def test_the_administration_changes_no_returned_filing_and_no_remark(client):
    record = returned("skill-brands", "name")
    before = stored_values(stored(record))
    for user in (filer(), reviewer(), factories.sysadmin()):
        user.is_staff = True
        user.save()
        client.force_login(user)
        for model, pk in ((record._meta, record.pk), (Remark._meta, Remark.objects.get().pk)):
            address = f"/admin/{model.app_label}/{model.model_name}/{pk}/change/"
            assert client.post(address, {"name": "偷改", "reply": "偷答"}).status_code in (302, 403, 404)

    assert (stored_values(stored(record)), Remark.objects.get().reply) == (before, "")


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
def test_the_interface_writes_no_filing(client, verb):
    record = returned("skill-brands", "name")
    client.force_login(filer())

    answers = [
        getattr(client, verb)(f"/api/v1/{part}").status_code for part in ("filings", f"filings/{record.pk}")
    ]

    assert [code for code in answers if code not in (404, 405)] == []


# ---- what a rule demands


def test_a_locked_field_that_a_rule_demands_to_change_opens_and_says_why(desk):
    record = returned("skill-brands", "name")
    type(record).objects.filter(pk=record.pk).update(advantage_people="")
    limit_said = locks.demanded(stored(record))["advantage_people"]

    shown = desk.get(page("filing-edit", record)).content.decode()
    drafts.save(
        stored(record), by=filer(), revision=stored(record).revision, values={"advantage_people": "短"}
    )
    later = desk.get(page("filing-edit", record)).content.decode()

    assert 'name="advantage_people"' in shown and limit_said in shown
    assert stored(record).unlocked == ["advantage_people", "name"]
    assert "因提交前的核对要求改动而开放" in later


def test_a_warning_opens_nothing_for_it_asks_for_an_explanation(first_edition):
    record = returned("skill-brands", "name", exam_projects=["演示甲", "演示戊"])
    the_second_edition()

    with pytest.raises(workflow.Refused, match="本次退回只开放有意见的栏目"):
        drafts.save(stored(record), by=filer(), revision=record.revision, values={"exam_projects": []})

    assert (locks.demanded(stored(record)), stored(record).unlocked) == ({}, ["name"])


# ---- zero reports


@pytest.fixture
def zero(db):
    """A zero report that came back with a remark on its explanation."""
    return send_back(nothing(campaign()), remarks.EXPLANATION)


def test_a_zero_report_has_nothing_but_its_explanation_and_scan_to_remark_on():
    record = nothing(campaign())

    assert list(remarks.anchors_of(record)) == ["explanation", "stamped_scan"]
    with pytest.raises(workflow.Refused, match="没有这个栏目"):
        remark(record, "name")


def test_a_returned_zero_report_is_answered_where_it_is_submitted(desk, zero):
    key = f"reply-{zero.remarks.get().pk}"
    sent = {name: str(getattr(stored(zero), name)) for name in ("revision", "version", "step")}
    shown = desk.get(page("filing-check", zero)).content.decode()

    silent = desk.post(page("filing-check", zero), sent)
    told = desk.post(
        page("filing-check", zero), {**sent, "explanation": "已核实（演示）。", key: "已核实全部县区"}
    )

    assert f'name="{key}"' in shown and "还有 1 条审核意见没有答复" in shown
    assert (silent.status_code, told.status_code, stored(zero).state) == (409, 302, State.CITY_REVIEW)
    assert (zero.remarks.get().reply, zero.remarks.get().standing) == ("已核实全部县区", "answered")
