"""The auditor's pages: his alone, found by every condition, each look at many records one of them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import access_chain, access_jobs, access_log, access_pages, jobs
from portal.access_pages import Wish
from portal.models import AccessRecord, Act
from portal.vocabulary import Role, State
from tests import factories
from tests.factories import filer, publisher, reviewer, secadmin, stranger, sysadmin

pytestmark = pytest.mark.django_db
PHONE = "13900003707"
PAGES = [
    *("/desk/audit/", "/desk/audit/phone/", "/desk/audit/processing/"),
    *("/desk/audit/chain/", "/desk/audit/chain/anchors.txt"),
]
POSTED = ["/desk/audit/export.csv", "/desk/audit/phone/", "/desk/audit/chain/check/"]


@pytest.fixture
def audit(client):
    """The client of the auditor of the province."""
    client.force_login(factories.auditor())
    return client


def written(number: int, **facts) -> list[AccessRecord]:
    """Write several records and return them, oldest first."""
    return [access_log.record(Act.JOB, title=f"演示{turn}", **facts) for turn in range(number)]


def listed(answer) -> list[str]:
    """Return what the records on a page are about."""
    return [row.object_name for row in answer.context["found"].records]


@pytest.mark.parametrize(
    "who",
    [
        filer,
        reviewer,
        publisher,
        sysadmin,
        secadmin,
        stranger,
        lambda: factories.person(Role.AUDITOR, "3707"),
    ],
    ids=["filer", "reviewer", "publisher", "sysadmin", "secadmin", "stranger", "auditor of a city"],
)
def test_nobody_else_finds_the_pages(client, who):
    client.force_login(who())
    row = written(1)[0]

    asked = [client.get(page).status_code for page in [*PAGES, f"/desk/audit/{row.pk}/"]]
    sent = [client.post(page).status_code for page in POSTED]

    assert set(asked + sent) == {404}


def test_the_auditor_changes_nothing(audit):
    written(1)

    assert {audit.post(page).status_code for page in ("/desk/audit/", "/desk/audit/chain/")} == {405}


def test_the_log_is_turned_over_by_key(audit):
    written(120)

    first = audit.get("/desk/audit/?act=job")
    second = audit.get(f"/desk/audit/{first.context['older']}")
    third = audit.get(f"/desk/audit/{second.context['older']}")

    names = [f"演示{turn}" for turn in reversed(range(120))]
    assert listed(first) + listed(second) + listed(third) == names
    assert third.context["older"] == ""


def test_every_condition_finds_its_records(audit):
    record = factories.filing("exam-institutions", State.CITY_REVIEW)
    user = reviewer()
    access_log.begin(access_log.Origin("abcdef0123456789", "127.0.0.1"))
    row = access_log.record(Act.VIEW, by=user, result="refused", kind="portal.filing", key=str(record.pk))
    access_log.begin()
    written(3)

    asked = {
        "person": user.username,
        "organisation": "潍坊市人力",
        "act": "view",
        "result": "refused",
        "object": str(record.pk),
        "request": "abcdef0123456789",
    }
    found = {name: set(access_pages.records(Wish(**{name: said}))) for name, said in asked.items()}

    assert [name for name, rows in found.items() if row not in rows or len(rows) > 10] == []
    assert set(access_pages.records(Wish(**asked))) == {row}


def test_days_are_those_of_shandong(audit):
    today = timezone.localdate()
    written(2)

    found = [
        access_pages.records(Wish(act="job", since=day, until=day)).count()
        for day in (today - timedelta(days=1), today, today + timedelta(days=1))
    ]

    assert found == [0, 2, 0]


@pytest.mark.parametrize(
    "query", ["before=x", "before=99999999999999999999", "since=2026-13-40", "act=zz", "person=%00"]
)
def test_an_odd_question_is_answered(audit, query):
    assert audit.get(f"/desk/audit/?{query}").status_code == 200


def test_a_page_asks_the_database_as_few_things_for_many_records(audit):
    costs = []
    for number in (3, 60):
        written(number)
        with CaptureQueriesContext(connection) as queries:
            audit.get("/desk/audit/")
        costs.append(len(queries))

    assert costs[0] == costs[1]


@pytest.mark.parametrize("file_type", ["xlsx", "csv"])
def test_an_export_is_itself_recorded(audit, file_type):
    written(3)

    content = b"".join(audit.post(f"/desk/audit/export.{file_type}?act=job").streaming_content)

    row = AccessRecord.objects.order_by("-pk").first()
    assert (row.act, row.object_type, row.details) == ("export", "portal.accessrecord", '{"said":"导出3条"}')
    assert content[:2] == b"PK" if file_type == "xlsx" else content.decode("utf-8-sig").count("演示") == 3


def test_whoever_saw_a_number_is_named_page_export_and_question_alike(client):
    record = factories.filing("exam-institutions", State.CITY_REVIEW, contact_phone=PHONE)
    factories.filing("exam-institutions", State.CITY_REVIEW, name="演示二校", contact_phone="13900003708")
    client.force_login(reviewer())
    client.get(f"/desk/filings/{record.pk}/")
    b"".join(client.post("/desk/filings/exam-institutions/export/", {"reason": "演示核对"}).streaming_content)
    client.force_login(factories.auditor())

    answer = client.post("/desk/audit/phone/", {"number": "139 0000 3707"})
    again = client.post("/desk/audit/phone/", {"number": PHONE})

    assert [(row.act, row.username) for row in answer.context["seen"]] == [
        ("export", reviewer().username),
        ("view", reviewer().username),
    ]
    assert [row.act for row in again.context["seen"]] == ["look_up", "export", "view"]


def test_what_is_no_number_is_refused_in_words(audit):
    answer = audit.post("/desk/audit/phone/", {"number": "12"})

    assert (answer.status_code, "没有认出电话号码" in answer.content.decode()) == (422, True)


def test_a_record_shows_its_place_and_what_else_came_with_its_request(audit):
    access_log.begin(access_log.Origin("abcdef0123456789", "127.0.0.1"))
    one, other = written(2)
    access_log.begin()
    access_chain.seal()

    answer = audit.get(f"/desk/audit/{one.pk}/")

    assert (answer.context["seal"].record_id, answer.context["beside"]) == (one.pk, [other])
    assert answer.context["seal"].hash in answer.content.decode()


def test_the_chain_is_checked_by_a_job_whose_file_says_what_was_found(audit):
    written(3)

    answer = audit.post("/desk/audit/chain/check/")
    job = access_jobs.latest()
    done = jobs.execute(job.pk)
    said = b"".join(audit.get(f"/desk/jobs/{job.pk}/file").streaming_content).decode()

    assert (answer.url, done, said.splitlines()[2]) == (f"/desk/jobs/{job.pk}/", "done", "一切相符")
    assert audit.get("/desk/audit/chain/").context["job"] == job


def test_anchors_can_be_kept_elsewhere(audit):
    written(1)
    access_chain.seal()
    anchor = access_chain.anchor()

    said = audit.get("/desk/audit/chain/anchors.txt").content.decode()

    assert said == f"{anchor.day} {anchor.number} {anchor.hash}\n"
