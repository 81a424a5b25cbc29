"""Forms another site sends, and fields no form has: nothing is done and nothing is set (rows 17 and 50)."""

import pytest
from django.apps import apps
from django.db import models
from django.test import Client

from portal.models import Filing, User
from tests import factories
from tests.attacking import figures
from tests.crawling import everything, plant, routes, urls
from tests.sizes import falling_to
from tests.test_odd_requests import answered, is_asked, person_of_every_role

pytestmark = pytest.mark.django_db
OURS = ("portal", "brands", "assessments", "workforce")
#: What a filing is, whose it is and how far it has come: no form says any of it.
NEVER = (
    *("state", "step", "version", "kind", "organisation_id", "region_id", "created_by_id", "created_at"),
    *("amends_id", "is_demo", "source", "campaign_id", "is_nothing", "is_late", "holds_name", "unlocked"),
    *("registration_id", "holder_id"),
)
#: What somebody may ask for himself with a form that holds any words: a report, the message that it is made.
HIS = {"portal.Job", "portal.Report", "portal.Message"}
METHODS = ("put", "patch", "delete", "options", "trace", "propfind")


@pytest.fixture(scope="module")
def planted(for_the_module) -> list[Filing]:
    """Plant filings and what is written about them, once for everybody who asks."""
    return plant()


@pytest.fixture(scope="module")
def addresses(planted) -> dict[str, str]:
    """Give address → name of every route but the way out."""
    return {url: name for name, route in routes() if is_asked(name) for url in urls(name, route, planted)}


def every_field() -> dict[str, str]:
    """Return a value that would do harm for each field of each model, by every name a form could use."""
    ours = [field for model in apps.get_models() if model._meta.app_label in OURS for field in columns(model)]
    return {name: harmful(field) for field in ours for name in (field.name, field.attname)}


def columns(model) -> list[models.Field]:
    return [field for field in model._meta.concrete_fields if field.name not in ("id", "revision")]


def harmful(field: models.Field) -> str:
    """Return a value the field could hold: a foreign bureau, another state, a switch that is on."""
    if field.related_model:
        foreign = field.related_model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        return str(foreign or 1)
    if isinstance(field, models.BooleanField):
        return "on"
    if field.choices:
        return str(list(field.flatchoices)[-1][0])
    if isinstance(field, models.DateField):
        return "2020-01-01"
    return "7" if isinstance(field, models.IntegerField) else "演示篡改"


def kept() -> dict[int, tuple]:
    return {row[0]: row[1:] for row in Filing.objects.values_list("pk", *NEVER)}


def test_no_form_sets_what_a_filing_is_whose_it_is_or_who_somebody_is(planted, addresses):
    user, client = factories.filer(), Client()
    client.force_login(user)
    sent, before, held = every_field(), everything(but_of=user), kept()

    with figures() as counted:
        for url in addresses:
            status = answered(client.post(url, sent))
            counted.update({"cases": 1, "refused": int(status >= 400), "5xx": int(status >= 500)})

        now, after = everything(but_of=user), kept()
        changed = [(label, row) for label in before for row in now[label] if row not in before[label]]
        wrong = [(label, row) for label, row in changed if not is_his(label, row, user)]
        new = {after[pk] for pk in after.keys() - held.keys()}
        counted["broken"] += len(wrong)
        assert (wrong, {label for label, _ in changed}) == ([], HIS | {"portal.FailedSignIns"})
        assert {pk: after[pk] for pk in held} == held
        assert {(row[0], *row[4:7]) for row in new} <= {own(user)}
        assert counted["5xx"] == 0


def is_his(label: str, row: dict, user: User) -> bool:
    """Say whether ``user`` may cause a row: a wrong password counted, a report of his own region."""
    if label == "portal.FailedSignIns":
        return True
    is_in_scope = row.get("region_id", factories.WEIFANG) == factories.WEIFANG
    return label in HIS and user.pk in (row.get("user_id"), row.get("requested_by_id")) and is_in_scope


def own(user: User) -> tuple:
    """Return how a draft begins that ``user`` makes: its state, bureau, region and author."""
    bureau = factories.bureau(factories.WEIFANG)
    return "draft", bureau.pk, bureau.region_id, user.pk


def test_a_form_without_its_token_is_refused_everywhere_and_changes_nothing(planted, addresses):
    user, client = person_of_every_role(), Client(enforce_csrf_checks=True)
    client.force_login(user)
    before = everything()

    with figures() as counted:
        answers = {url: answered(client.post(url, {"action": "submit", "version": 1})) for url in addresses}
        taken = {addresses[url] for url, status in answers.items() if status < 400}
        counted.update({"cases": len(answers), "refused": sum(s >= 400 for s in answers.values())})
        counted["broken"] += len(taken - {"preferences"})
        assert taken == {"preferences"}
        assert {url: status for url, status in answers.items() if status >= 500} == {}
        assert everything() == before


def test_a_method_no_page_has_changes_nothing(planted, addresses):
    user, client = person_of_every_role(), Client()
    client.force_login(user)
    asked = [(method, url) for url in addresses for method in falling_to(url, METHODS, 1)]
    before = everything()

    with figures() as counted:
        answers = {(method, url): answered(client.generic(method.upper(), url)) for method, url in asked}
        counted.update({"cases": len(answers), "refused": sum(s >= 400 for s in answers.values())})
        counted["5xx"] += sum(status >= 500 for status in answers.values())
        assert {one: status for one, status in answers.items() if status >= 500} == {}
        assert everything() == before
