"""The administration: closed by default, scoped like every other page, and decisions by the workflow only."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from portal import drafts, registry
from portal.admin import site
from portal.models import (
    Edition,
    Event,
    Filing,
    FilingVersion,
    Job,
    PolicyTarget,
    Report,
    ReportSchedule,
    ResetRequest,
    User,
)
from portal.vocabulary import State
from tests import copies, factories
from tests.administration import ADMINISTRATION, enter, listed, submitted, url

pytestmark = pytest.mark.django_db
TYPES = list(registry.all_types())
every_type = pytest.mark.parametrize("record_type", TYPES, ids=lambda record_type: record_type.slug)
BUSINESS = {record_type.model for record_type in TYPES}


def test_a_stranger_is_sent_to_the_one_sign_in_page(client):
    response = client.get("/admin/", follow=True)

    assert [address for address, _ in response.redirect_chain] == [
        "/admin/login/?next=/admin/",
        f"{reverse('login')}?next=/admin/",
    ]


def test_who_may_only_look_at_accounts_opens_his_own(client):
    administrator = factories.secadmin()
    enter(client, administrator)

    assert client.get(url(User, "change", administrator.pk)).status_code == 200


def test_somebody_with_a_post_but_not_of_the_staff_is_turned_away(client):
    client.force_login(factories.reviewer())

    response = client.get("/admin/", follow=True)

    assert response.status_code == 403


def test_staff_without_a_post_and_even_a_superuser_find_every_page_closed(client):
    factories.entry("building-units")
    user = factories.stranger()
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    enter(client, user)
    pages = ["/admin/", *(url(model, page) for model in site._registry for page in ("changelist", "add"))]

    answers = {page: client.get(page, follow=True).status_code for page in pages}

    assert {page: status for page, status in answers.items() if status != 403} == {}


@pytest.mark.parametrize("page", ["import", "process_import", "export"])
@pytest.mark.parametrize("superuser", [False, True])
def test_import_and_export_are_closed_to_staff_without_a_post(page, superuser, client):
    factories.submitted("building-units")
    user = factories.stranger()
    User.objects.filter(pk=user.pk).update(is_superuser=superuser)
    enter(client, user)
    before = Filing.objects.count()

    for record_type in TYPES:
        for method in (client.get, client.post):
            response = method(url(record_type.model, page), follow=True)

            assert response.status_code == 403
            assert "演示家政服务有限公司" not in response.content.decode()
    assert Filing.objects.count() == before


SEEN = {
    "reviewer": BUSINESS,
    "filer": BUSINESS,
    "approver": BUSINESS | {Edition},
    "joint": BUSINESS,
    "sysadmin": ADMINISTRATION | {PolicyTarget, Job, Report, ReportSchedule, ResetRequest},
    "secadmin": ADMINISTRATION | {ResetRequest},
}


@pytest.mark.parametrize("who", SEEN)
def test_the_index_lists_what_the_post_opens_and_nothing_else(who, client):
    response = enter(client, getattr(factories, who)()).get("/admin/")

    shown = {model["model"] for app in response.context["app_list"] for model in app["models"]}
    assert shown == SEEN[who]


def test_the_auditor_reads_everything_and_adds_nothing(client):
    enter(client, factories.auditor())

    response = client.get("/admin/")

    models = [model for app in response.context["app_list"] for model in app["models"]]
    assert {Event, FilingVersion} | BUSINESS < {model["model"] for model in models}
    assert {tuple(sorted(m for m, may in model["perms"].items() if may)) for model in models} == {("view",)}


@pytest.mark.parametrize("who", ["reviewer", "filer", "publisher", "sysadmin", "secadmin", "auditor"])
def test_nobody_deletes(who, client):
    factories.entry("building-units")
    Edition.objects.create(kind="exam-projects", name="演示版", on="2024-01-01")
    enter(client, getattr(factories, who)())
    rows = {model: row for model in site._registry if (row := model.objects.first())}

    answers = {m: client.post(url(m, "delete", r.pk), {"post": "yes"}).status_code for m, r in rows.items()}

    assert {Event, FilingVersion, Edition, User} <= answers.keys()
    assert {model: status for model, status in answers.items() if status not in (403, 404)} == {}
    assert [model for model, row in rows.items() if not model.objects.filter(pk=row.pk).exists()] == []


@every_type
@pytest.mark.parametrize("place", ["3707", "3717", "37"])
def test_a_list_shows_exactly_the_filings_in_scope(record_type, place, client):
    for home in ("3707", "3717"):
        submitted(record_type, home)
    user = factories.reviewer(place)

    response = enter(client, user).get(url(record_type.model, "changelist"))

    visible = record_type.model.objects.visible_to(user)
    assert {record.pk for record in response.context["cl"].result_list} == {record.pk for record in visible}
    assert response.context["cl"].result_count == (2 if place == "37" else 1)


@every_type
def test_a_filing_out_of_scope_is_as_if_it_were_not_there(record_type, client):
    record = factories.submitted(record_type)
    enter(client, factories.reviewer("3717"))

    assert client.get(url(record_type.model, "change", record.pk)).status_code == 404
    assert client.get(url(record_type.model, "history", record.pk)).status_code == 404


@every_type
def test_the_page_of_a_filing_is_read_only_and_shows_its_sections(record_type, client):
    record = factories.submitted(record_type)
    enter(client, factories.reviewer())

    page = client.get(url(record_type.model, "change", record.pk))
    key = record_type.key[0]
    post = client.post(url(record_type.model, "change", record.pk), {key: "2030", "state": "approved"})

    body = page.content.decode()
    assert [heading for heading in record_type.sections if heading not in body] == []
    assert post.status_code == 403
    now = record_type.model.objects.get(pk=record.pk)
    assert (getattr(now, key), now.state) == (getattr(record, key), State.CITY_REVIEW)


def test_what_another_bureau_is_changing_is_shown_as_it_was_submitted(client):
    record = factories.filing("building-units", State.RETURNED)
    drafts.save(
        record,
        by=factories.filer(),
        revision=record.revision,
        values={"name": "改名后", "address": "未报送的路"},
    )
    pages = [url(type(record), "changelist"), url(type(record), "change", record.pk)]

    for who, unsent in [(factories.reviewer(), False), (factories.filer(), True)]:
        enter(client, who)
        for page in pages:
            body = client.get(page).content.decode()

            assert [("改名后" in body), ("未报送的路" in body)] == [unsent, unsent]


def test_names_and_numbers_of_persons_are_covered_for_joint_departments_and_the_auditor(client):
    record = factories.submitted(
        "building-units", contact_phone="13900000000", legal_representative="演示张三"
    )

    for who, covered in [
        (factories.joint("3707"), True),
        (factories.auditor(), True),
        (factories.reviewer(), False),
    ]:
        body = enter(client, who).get(url(type(record), "change", record.pk)).content.decode()

        assert [("13900000000" not in body), ("演示张三" not in body)] == [covered, covered]


def test_nobody_asks_by_address_for_what_no_filter_offers(client):
    factories.submitted("building-units", contact_phone="13900000000")
    enter(client, factories.joint("3707"))

    answers = {
        query: client.get(url(registry.get("building-units").model, "changelist") + f"?{query}").status_code
        for query in (
            "contact_phone__startswith=139",
            "submitted_by__password__startswith=m",
            "holder__username=x",
        )
    }

    assert set(answers.values()) == {400}


def test_filters_narrow_to_state_city_and_facet(client):
    record_type = registry.get("labour-brands")
    model = record_type.model
    submitted(record_type, "3717", name="演示菏泽品牌")
    submitted(record_type, "370705", name="演示潍坊品牌", brand_type="livelihood")
    factories.filing("labour-brands", State.RETURNED, name="演示潍坊退回品牌")
    enter(client, factories.reviewer("37"))

    found = {
        query: listed(client.get(url(model, "changelist") + f"?{query}"))
        for query in (
            "city=3707",
            "state__exact=returned",
            "brand_type__exact=livelihood",
            "q=菏泽",
            "city=x",
        )
    }

    assert found == {
        "city=3707": {"演示潍坊品牌", "演示潍坊退回品牌"},
        "state__exact=returned": {"演示潍坊退回品牌"},
        "brand_type__exact=livelihood": {"演示潍坊品牌"},
        "q=菏泽": {"演示菏泽品牌"},
        "city=x": {"演示菏泽品牌", "演示潍坊品牌", "演示潍坊退回品牌"},
    }


@every_type
def test_a_list_costs_the_same_queries_at_any_length(record_type, client):
    record = factories.submitted(record_type)
    enter(client, factories.reviewer())
    counts = []
    client.get(url(record_type.model, "changelist"))
    for more in (0, 2, 30):
        copies.multiply(type(record).objects.latest("pk"), more)
        with CaptureQueriesContext(connection) as queries:
            client.get(url(record_type.model, "changelist"))
        counts.append(len(queries))

    assert counts == [counts[0]] * 3


@every_type
def test_an_export_follows_scope_and_filters_and_leaves_a_note(record_type, client):
    is_named, key = record_type.key[0] == "name", record_type.key[0]
    for place in ("3717", "3707", "370705" if is_named else "3707"):
        kept = submitted(record_type, place, **({"name": f"演示潍坊{place}"} if is_named else {}))
    user = factories.reviewer()
    enter(client, user)
    page = url(record_type.model, "export")

    asked = client.get(page)
    response = client.post(f"{page}?q={kept.title}", {"reason": "演示核对"})

    book = load_workbook(BytesIO(b"".join(response.streaming_content)))
    names = {row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)}
    assert asked.context["number"] == 2
    assert names == {getattr(kept, key)}
    assert [entry.change_message[:4] for entry in user.logentry_set.all()] == ["导出1条"]


def test_asking_for_an_export_writes_nothing(client):
    user = factories.reviewer()

    enter(client, user).get(url(TYPES[0].model, "export"))

    assert user.logentry_set.count() == 0


def test_what_is_ticked_in_the_administration_is_taken_out_once_its_reason_is_said(client):
    record = factories.filing("building-units", State.CITY_REVIEW, name="演示单位甲")
    factories.filing("building-units", State.CITY_REVIEW, name="演示单位乙")
    user, page = factories.reviewer(), url(type(record), "changelist")
    sent = {"action": "export", "_selected_action": record.pk}

    asked = enter(client, user).post(page, sent)
    refused = client.post(page, sent | {"reason": " "})
    noted = user.logentry_set.count()
    taken = client.post(page, sent | {"reason": "演示核对"})

    book = load_workbook(BytesIO(b"".join(taken.streaming_content)))
    assert [asked.status_code, refused.status_code, noted] == [200, 422, 0]
    assert f'name="_selected_action" value="{record.pk}"' in asked.content.decode()
    assert [row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)] == ["演示单位甲"]


def under_change(**values) -> Filing:
    """Return a labour brand that the city returned and its bureau is changing."""
    record = factories.filing("labour-brands", State.RETURNED, name="潍坊演示丁", worker_count=500)
    return changed(record, **values)


def changed(record: Filing, **values) -> Filing:
    return drafts.save(record, by=factories.filer(), revision=record.revision, values=values)


@pytest.mark.parametrize("query", ["q=改名", "brand_type__exact=livelihood"])
def test_no_search_and_no_filter_tells_of_what_was_not_sent(query, client):
    page = url(type(under_change(name="演示改名", brand_type="livelihood")), "changelist")

    answers = [enter(client, who).get(f"{page}?{query}") for who in (factories.reviewer(), factories.filer())]

    assert [listed(answer) for answer in answers] == [set(), {"演示改名"}]


@pytest.mark.parametrize("column", ["name", "worker_count"])
def test_no_place_in_a_list_tells_of_what_was_not_sent(column, client):
    record, orders = under_change(name="一", worker_count=1), []
    factories.submitted("labour-brands", name="潍坊演示丙", worker_count=600)
    page = url(type(record), "changelist")
    number = 1 + list(record.record_type.columns).index(column)

    for values in ({}, {"name": "龘", "worker_count": 9_000}):
        changed(record, **values)
        answers = [enter(client, factories.reviewer()).get(f"{page}?o={o}") for o in (number, -number)]
        orders.append([[row.pk for row in answer.context["cl"].result_list] for answer in answers])

    assert orders[0] == orders[1]


def test_an_export_holds_what_was_sent_of_a_filing_that_another_bureau_is_changing(client):
    record = under_change(name="演示改名", worker_count=9_000)
    page, texts = url(type(record), "export"), []

    for who in (factories.reviewer(), factories.filer()):
        answer = enter(client, who).post(page, {"reason": "演示核对"})
        sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).worksheets[0]
        texts.append({str(cell) for line in sheet.values for cell in line})

    assert [{"潍坊演示丁", "演示改名"} & found for found in texts] == [{"潍坊演示丁"}, {"演示改名"}]
