"""登记历史结果: what a confirmed sheet enters, under which evidence, and what it leaves alone."""

import hashlib

import pytest

from portal import circulation, verify
from portal.models import Event, Filing, Message, Registration, canonical
from portal.vocabulary import State
from tests.factories import approver, auditor, filer
from tests.registering import BUREAU, NUMBER, SCAN, colleague, prepared, registered, sheet

pytestmark = pytest.mark.django_db
NAME = "劳务品牌名称"
LINES = [
    {NAME: "奎文家政（演示）", "填报单位": BUREAU, "品牌类型": "民生保障型"},
    {
        NAME: "市中家政（演示）",
        "所属区划": "济南市市中区",
        "办结文号": "鲁人社字〔2022〕7号",
        "办结日期": "2022-03-01",
    },
]


@pytest.fixture
def brands():
    return registered("labour-brands", sheet("labour-brands", *LINES))


def test_what_is_confirmed_stands_as_approved_with_both_people_and_the_instant_of_the_registration(brands):
    first, second = brands
    event = first.events.get()
    upload = first.registration.upload

    assert [(b.title, b.organisation.region_id, b.state) for b in brands] == [
        ("奎文家政（演示）", "370705", State.APPROVED),
        ("市中家政（演示）", "370103", State.APPROVED),
    ]
    assert (first.created_by, first.submitted_by, first.decided_by) == (approver(), approver(), colleague())
    assert {first.created_at, first.submitted_at, first.decided_at, first.arrived_at, event.at} == {
        upload.committed_at
    }
    assert (upload.confirmed_by, upload.confirmed_at) == (colleague(), event.at)
    assert (first.source, second.source) == (
        "历史登记，依据鲁人社函〔2023〕102号，2023-04-28办结",
        "历史登记，依据鲁人社字〔2022〕7号，2022-03-01办结",
    )


def test_each_event_says_document_day_scan_sheet_and_who_prepared(brands):
    event = brands[0].events.get()
    found = brands[0].registration

    assert (event.number, event.action, event.source, event.target) == (1, "register", "draft", "approved")
    assert (event.by, event.previous_hash, event.hash) == (colleague(), "", event.digest())
    assert event.details | {"lacking": None, "warnings": None} == {
        "registration": found.pk,
        "document_number": NUMBER,
        "decided_on": "2023-04-28",
        "document_sha256": hashlib.sha256(SCAN).hexdigest(),
        "sheet_sha256": found.upload.sha256,
        "row": 2,
        "prepared_by": str(approver()),
        "lacking": None,
        "warnings": None,
    }


def test_what_todays_rules_miss_is_kept_with_the_record_and_nothing_is_invented(brands):
    first = brands[0]
    event = first.events.get()

    assert event.details["lacking"][:2] == ["所属行业", "阶段"]
    assert event.comment.startswith(
        "依据鲁人社函〔2023〕102号，2023-04-28办结。历史登记：按当时材料登记，缺所属行业、阶段、"
    )
    assert (first.industry, first.explanation) == ("", "")


def test_a_version_is_kept_that_no_later_act_changes(brands):
    version = brands[0].versions.get()

    assert (version.number, version.submitted_by, version.submitted_at) == (
        1,
        approver(),
        brands[0].submitted_at,
    )
    assert version.sha256 == hashlib.sha256(canonical(version.snapshot)).hexdigest()
    assert version.snapshot["values"]["name"] == "奎文家政（演示）"
    assert version.snapshot["files"] == []


def test_the_nightly_check_finds_nothing_after_it(brands):
    assert list(verify.faults()) == []


def test_nobody_is_told_of_what_was_registered_and_no_campaign_is_answered(brands):
    assert Message.objects.count() == 0
    assert {brand.campaign_id for brand in brands} == {None}


def test_the_course_of_a_filing_tells_what_it_rests_on(brands):
    course = circulation.read(Filing.objects.get(pk=brands[0].pk), auditor())

    assert [(line.act, line.person) for line in course.lines] == [
        ("创建", str(approver())),
        ("登记历史结果", str(colleague())),
    ]
    assert course.lines[1].words[0].startswith("依据鲁人社函〔2023〕102号，2023-04-28办结。历史登记：")


def test_the_bureau_whose_result_it_is_sees_it_and_another_does_not(brands):
    own, other = filer("370705"), filer("370702")

    assert [f.pk for f in Filing.objects.visible_to(own)] == [brands[0].pk]
    assert list(Filing.objects.visible_to(other)) == []


def test_any_error_means_that_nothing_is_entered():
    data = sheet("labour-brands", *LINES, {NAME: "", "填报单位": BUREAU})
    found = prepared("labour-brands", data)

    assert found.upload.counts == {"new": 2, "faulty": 1}
    assert (Filing.objects.count(), Event.objects.count(), Registration.objects.count()) == (0, 0, 1)
