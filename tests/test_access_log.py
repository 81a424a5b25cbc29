"""What is recorded of those who sign in, look, take out and are refused: once each, and whole."""

import json

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal import access_log, jobs
from portal.models import AccessRecord, AccessSubject, Membership, User
from portal.vocabulary import State
from tests import factories
from tests.identity import age, entered
from tests.jobbing import lines

pytestmark = pytest.mark.django_db
PHONE = "13900003707"
SCHOOL = {"contact_name": "演示联系人", "contact_phone": PHONE}
KIND = "exam-institutions"


def recorded(after: int = 0) -> list[tuple]:
    """Return (act, result, username) of what was recorded after a number."""
    rows = AccessRecord.objects.filter(pk__gt=after).order_by("pk")
    return list(rows.values_list("act", "result", "username"))


def last() -> int:
    """Return the number of the record that was written last."""
    return AccessRecord.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


@pytest.fixture
def school():
    """A school of 潍坊 under review, with the number of a person."""
    return factories.filing(KIND, State.CITY_REVIEW, name="演示学校", **SCHOOL)


def signed_in(client, user):
    """Sign ``user`` in and return the number of the record of that."""
    client.force_login(user)
    return last()


def test_signing_in_and_out_is_recorded_with_person_bureau_role_address_and_request(client):
    user, before = factories.reviewer(), last()

    client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    client.post("/logout/")

    assert recorded(before) == [("sign_in", "done", user.username), ("sign_out", "done", user.username)]
    row = AccessRecord.objects.order_by("-pk").first()
    facts = (row.name, row.organisation_name, row.roles, row.address, len(row.request_id))
    assert facts == (user.full_name, "潍坊市人力资源和社会保障局", "审核", "127.0.0.1", 16)


def test_a_refused_sign_in_names_an_account_that_exists_and_never_what_else_was_typed(client):
    user, before = factories.reviewer(), last()

    for name in (user.username, "my-secret-password"):
        client.post("/login/", {"username": name, "password": "wrong"})

    assert recorded(before) == [
        ("sign_in", "refused", user.username),
        ("sign_in", "refused", "（没有这个用户名）"),
    ]


def test_a_filing_out_of_scope_is_recorded_as_refused_and_a_wrong_address_is_not(client, school):
    before = signed_in(client, factories.filer("3708"))

    client.get(f"/desk/filings/{school.pk}/")
    client.get("/no/such/page/")

    assert recorded(before) == [("access", "refused", "filer_hrss_bureau_3708")]
    row = AccessRecord.objects.order_by("-pk").first()
    assert (row.object_type, row.object_id) == ("filing", str(school.pk))


def test_a_page_that_shows_a_number_is_recorded_once_under_its_hash(client, school):
    before = signed_in(client, factories.reviewer())

    client.get(f"/desk/filings/{school.pk}/")

    assert [act for act, *_ in recorded(before)] == ["view"]
    row = AccessRecord.objects.order_by("-pk").first()
    assert (row.object_type, row.object_id, row.object_name) == ("portal.filing", str(school.pk), "演示学校")
    assert row.subject == access_log.digest(PHONE)


def test_a_page_without_personal_data_writes_nothing(client, school):
    before = signed_in(client, factories.reviewer())

    for page in ("/desk/", f"/desk/filings/{KIND}/", "/desk/messages/", "/"):
        client.get(page)

    assert recorded(before) == []


def test_the_auditor_who_is_shown_no_number_is_not_recorded_as_having_seen_it(client, school):
    before = signed_in(client, factories.auditor())

    client.get(f"/desk/filings/{school.pk}/")

    assert recorded(before) == []


@pytest.mark.parametrize("suffix", ["docx", "pdf"])
def test_a_printed_form_is_a_download_that_holds_the_number(client, school, suffix):
    before = signed_in(client, factories.reviewer())

    b"".join(client.get(f"/desk/filings/{school.pk}/print.{suffix}").streaming_content)

    assert [act for act, *_ in recorded(before)] == ["download"]
    assert AccessRecord.objects.order_by("-pk").first().subject == access_log.digest(PHONE)


def test_an_export_is_recorded_once_with_all_its_numbers(client, school):
    factories.filing(KIND, State.CITY_REVIEW, name="演示二校", **SCHOOL | {"contact_phone": "0536-8888888"})
    before = signed_in(client, factories.reviewer())

    b"".join(client.post(f"/desk/filings/{KIND}/export/", {"reason": "演示核对"}).streaming_content)

    assert [act for act, *_ in recorded(before)] == ["export"]
    row = AccessRecord.objects.order_by("-pk").first()
    assert json.loads(row.details)["numbers"] == 2
    assert set(AccessSubject.objects.values_list("digest", flat=True)) == {
        access_log.digest(PHONE),
        access_log.digest("05368888888"),
    }


def test_no_full_number_stands_anywhere_in_the_log(client, school):
    client.force_login(factories.reviewer())
    client.get(f"/desk/filings/{school.pk}/")
    client.get(f"/desk/filings/{PHONE}/")

    rows = [str(value) for row in AccessRecord.objects.values_list() for value in row]

    assert [value for value in rows if PHONE in value] == []
    assert AccessRecord.objects.order_by("-pk").first().object_name == "GET /desk/filings/139****3707/"


def test_giving_a_post_is_recorded_with_what_it_was_before(client):
    client.force_login(_secadmin())
    post = Membership.objects.get(user=factories.reviewer())
    before, user = last(), client.session["_auth_user_id"]

    sent = {"valid_from": "", "valid_to": "2099-01-01"}
    answer = client.post(f"/admin/portal/membership/{post.pk}/change/", sent)

    assert (answer.status_code, [act for act, *_ in recorded(before)]) == (302, ["post", "administer"])
    row = AccessRecord.objects.get(pk__gt=before, act="post")
    said = {"after": {"valid_to": "2099-01-01"}, "before": {"valid_to": None}}
    assert (json.loads(row.details), row.user_id) == (said, int(user))


def _secadmin():
    user = factories.secadmin()
    user.is_staff = True
    user.save()
    return user


def test_an_act_whose_record_cannot_be_written_does_not_happen(client):
    client.force_login(_secadmin())
    post = Membership.objects.get(user=factories.reviewer())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE portal_accessrecord RENAME TO portal_elsewhere")

    client.raise_request_exception = False
    answer = client.post(f"/admin/portal/membership/{post.pk}/change/", {"valid_to": "2099-01-01"})

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE portal_elsewhere RENAME TO portal_accessrecord")
    assert (answer.status_code, Membership.objects.get(pk=post.pk).valid_to) == (500, None)


def test_a_recorded_view_costs_one_statement(client, school):
    client.force_login(factories.reviewer())
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("filing", args=[school.pk]))

    assert sum("portal_access" in query["sql"] for query in queries) == 1


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("138 0013 8000", "13800138000"),
        ("+86-138-0013-8000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("(0536)8888888", "05368888888"),
    ],
)
def test_a_number_is_one_however_it_is_written(said, number):
    assert access_log.numbers_in(said) == [number]


def test_a_text_is_covered_and_holds_no_line_of_its_own():
    assert access_log.covered("甲\r\n13800138000\x1b[31m 0536-8888888") == "甲 138****8000[31m 0536-88****88"


def test_how_a_job_ended_is_recorded_with_who_asked_for_it():
    asker = factories.reviewer("37")
    done = lines("逐行", by=asker)
    broken = jobs.enqueue("raises", title="报表", by=asker, parameters={"error": "refused"})
    before = last()

    for job in (done, broken):
        jobs.execute(job.pk)

    found = AccessRecord.objects.filter(pk__gt=before).order_by("pk")
    assert list(found.values_list("act", "result", "username", "object_id", "object_name")) == [
        ("job", "done", asker.username, str(done.pk), "逐行"),
        ("job", "failed", asker.username, str(broken.pk), "报表"),
    ]


def origins(after: int) -> set[tuple[str, int]]:
    """Return from where and with what length of number the requests came that records were made of since."""
    rows = AccessRecord.objects.filter(pk__gt=after)
    return {(row.address, len(row.request_id)) for row in rows}


def test_what_ends_a_sign_in_is_recorded_with_the_address_and_the_request_it_came_with(client):
    user = factories.reviewer()
    before = signed_in(client, user)
    age(client, seen_at=3600)

    client.get("/desk/")

    assert recorded(before) == [("sign_out", "done", user.username)]
    assert origins(before) == {("127.0.0.1", 16)}


@override_settings(ADMIN_NETWORKS=["10.8.0.0/16"])
def test_who_is_refused_by_his_network_is_recorded_and_a_stranger_fills_no_log():
    user, admin = factories.filer(), factories.secadmin()
    at_desk, at_admin = entered(user), entered(admin)
    begun = last()

    answers = [at_desk.get("/admin/"), at_admin.get("/desk/"), Client().get("/admin/")]

    assert [answer.status_code for answer in answers] == [403, 302, 403]
    assert recorded(begun) == [
        ("access", "refused", user.username),
        ("access", "refused", admin.username),
        ("sign_out", "done", admin.username),
    ]
    assert origins(begun) == {("127.0.0.1", 16)}


def test_a_page_that_says_what_is_wrong_is_recorded_with_the_number_it_shows_again(client):
    mine = factories.filing(KIND, State.CITY_REVIEW, name="演示学校", **SCHOOL)
    before = signed_in(client, factories.reviewer())

    answer = client.post(f"/desk/filings/{mine.pk}/act/", {"action": "return", "version": 1, "step": 1})

    assert (answer.status_code, PHONE in answer.content.decode()) == (422, True)
    assert [act for act, *_ in recorded(before)] == ["view"]


def test_a_new_address_for_links_is_recorded_covered_with_what_it_was_before(client):
    user = factories.filer()
    User.objects.filter(pk=user.pk).update(email="old@portal.example")
    before = signed_in(client, user)

    client.post("/desk/messages/preferences/", {"mail": "off", "email": "thief@portal.example"})

    assert recorded(before) == [("account", "done", user.username)]
    details = json.loads(AccessRecord.objects.order_by("-pk").first().details)
    said = (details["before"]["email"].split()[0], details["after"]["email"].split()[0])
    assert said == ("o***@portal.example", "t***@portal.example")
