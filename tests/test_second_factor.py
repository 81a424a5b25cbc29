"""The second step: codes of RFC 6238, each good once; recovery codes; who must have it; proof before acts."""

from contextlib import closing

import pytest
from django.test import Client, override_settings
from django.urls import get_resolver, reverse

from portal import attempts, identity, second_factor
from portal.admin import site
from portal.models import AccessRecord, Act, ActResult, HeldForm, Membership, RecoveryCode, SecondFactor, User
from portal.vocabulary import Role
from tests import factories
from tests.administration import enter, url
from tests.crawling import routes
from tests.identity import age, authenticator, code_now, entered, is_in, try_in
from tests.test_urls_as_strangers import PUBLIC

pytestmark = pytest.mark.django_db
OLD = 3600


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_are_those_of_rfc_6238_appendix_b(at, code):
    assert second_factor.code_at(b"12345678901234567890", at // 30) == code


@pytest.mark.parametrize(("steps", "passes"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(steps, passes):
    person = factories.reviewer()
    key = authenticator(person)

    assert second_factor.is_right(person, code_now(key, steps)) is passes


def test_a_code_goes_through_once_and_none_older_after_it():
    person = factories.reviewer()
    key = authenticator(person)

    now, again = (second_factor.is_right(person, code_now(key)) for _ in range(2))
    older = second_factor.is_right(person, code_now(key, -1))

    assert (now, again, older) == (True, False, False)


def test_who_has_an_authenticator_signs_in_with_password_and_code():
    person, browser = factories.reviewer(), Client()
    key = authenticator(person)

    first = try_in(browser, person.username)
    between = is_in(browser)
    wrong = browser.post(reverse("login-code"), {"code": "000000"})
    right = browser.post(reverse("login-code"), {"code": code_now(key)})

    assert (first.status_code, first["Location"], between) == (302, reverse("login-code"), False)
    assert (wrong.status_code, right.status_code, is_in(browser)) == (200, 302, True)


def test_the_code_page_is_shut_to_whoever_has_not_given_the_password():
    person, stranger = factories.reviewer(), Client()
    key = authenticator(person)

    answer = stranger.post(reverse("login-code"), {"code": code_now(key)})

    assert (answer["Location"], is_in(stranger)) == (reverse("login"), False)


def test_codes_cannot_be_guessed_one_after_the_other():
    person, browser = factories.reviewer(), Client()
    key = authenticator(person)
    try_in(browser, person.username)

    for _ in range(attempts.TRIES):
        browser.post(reverse("login-code"), {"code": "000000"})
    right = browser.post(reverse("login-code"), {"code": code_now(key)})

    assert (right.status_code, is_in(browser)) == (200, False)


def test_a_wrong_code_and_a_wrong_proof_are_in_the_access_log_with_whose_they_were():
    person, browser = factories.reviewer(), Client()
    authenticator(person)
    try_in(browser, person.username)

    browser.post(reverse("login-code"), {"code": "000000"})
    inside = entered(person)
    inside.post(reverse("confirm"), {"password": "wrong"})
    new = "Correct horse 7 battery"
    inside.post(
        reverse("password-change"), {"old_password": "wrong", "new_password1": new, "new_password2": new}
    )

    refused = AccessRecord.objects.filter(act=Act.SIGN_IN, result=ActResult.REFUSED)
    assert list(refused.values_list("object_id", flat=True)) == [str(person.pk)] * 3


def test_a_recovery_code_stands_in_once_however_it_is_typed():
    person = factories.reviewer()
    authenticator(person)
    codes = second_factor.new_recovery_codes(person)

    typed = codes[0].upper().replace("-", " ")

    assert [second_factor.is_right(person, typed) for _ in range(2)] == [True, False]
    assert second_factor.left(person) == 9
    assert not RecoveryCode.objects.filter(digest__in=codes).exists()


def test_an_authenticator_is_set_up_with_a_code_of_it_and_codes_are_told_once():
    person = factories.reviewer()
    browser = entered(person)
    page = browser.get(reverse("second-factor"))
    key = second_factor.key_of(person, browser.session["new_salt"])

    wrong = browser.post(reverse("second-factor"), {"code": "000000"})
    right = browser.post(reverse("second-factor"), {"code": code_now(key)})

    assert page.context["key"] == second_factor.typed_key(
        person, browser.session.get("new_salt") or _salt(person)
    )
    assert "<svg" in page.context["picture"] and "style=" not in page.context["picture"]
    assert (wrong.status_code, len(right.context["codes"])) == (422, 10)
    assert second_factor.is_set_up(person) is True


def test_an_authenticator_ends_the_sign_ins_elsewhere_which_had_none():
    person = factories.reviewer()
    here, there = entered(person), entered(person)
    here.get(reverse("second-factor"))
    key = second_factor.key_of(person, here.session["new_salt"])

    here.post(reverse("second-factor"), {"code": code_now(key)})

    assert (is_in(here), is_in(there)) == (True, False)


def _salt(person: User) -> str:
    return SecondFactor.objects.get(user=person).salt


WANTED = [
    (lambda: factories.reviewer("37"), True),
    (factories.approver, True),
    (factories.sysadmin, True),
    (factories.secadmin, True),
    (factories.auditor, True),
    (factories.reviewer, False),
    (factories.filer, False),
]


@pytest.mark.parametrize(("who", "wanted"), WANTED)
@pytest.mark.parametrize("required", [True, False])
def test_the_second_step_is_demanded_of_the_province_and_the_administrators(who, wanted, required):
    with override_settings(MFA_REQUIRED=required):
        browser = entered(who())
        answer = browser.get(reverse("security"))

    led = answer.status_code == 302 and answer["Location"] == reverse("second-factor")
    assert led is (required and wanted)


@override_settings(MFA_REQUIRED=True)
def test_whoever_has_done_the_second_step_works_on():
    person, browser = factories.approver(), Client()
    key = authenticator(person)

    try_in(browser, person.username)
    browser.post(reverse("login-code"), {"code": code_now(key)})

    assert is_in(browser) is True


# Everything else that changes something or shows what is not public: what a post does every day, each filing
# or page by itself, refused to whoever has no such post. A new route joins one of the two lists.
_NAMES = """
amend attachment attachment-display attachment-remove attachment-restore audit audit-anchors audit-chain
audit-check audit-phone audit-processing audit-record batch batch-do campaign campaign-board campaign-change
campaign-close
campaign-new campaign-nothing campaign-remind campaigns circulation circulation-print confirm consultation
copies-read copy-send credit credit-entry credit-lift dashboard dashboard-behind dashboard-download desk
desk-editions desk-numbers desk-numbers-behind desk-numbers-download desk-target desk-targets
desk-targets-download downloads duty-extend edition edition-add edition-attach edition-change
edition-document edition-drop edition-import edition-new edition-template filing filing-accept filing-act
filing-archive filing-autosave filing-check filing-earlier filing-edit filing-import filing-list
filing-lists filing-materials filing-merge filing-new filing-prepare filing-presence filing-print
filing-revoke filing-succeed filing-template filing-update filing-upload filing-urge form-blank go handover
held-form history history-document history-list history-receipt history-template import import-abandon
import-confirm import-receipt job job-again job-cancel job-file key-brands
message-read messages notice-change notice-desk notice-discard notice-list notice-new notice-print
objection objection-answer objection-close objection-new opinion-answer opinion-withdraw password-change
prepared prepared-act remark-drop remark-rewrite remark-write report report-behind report-behind-download
report-make reports review-act review-freeze review-item review-keep-all review-new review-remind
review-round reviews round round-cancel round-candidates round-change round-close round-decide round-new
round-ranking round-reconsider round-scorers round-sheet round-start rounds schedule-new schedule-set
schedule-stop security stay styleguide tour view-drop view-keep workdays
"""
ORDINARY = set(_NAMES.split())
# What the administration may change besides accounts, posts and resets: facts, with their source.
OF_FACTS = {"organisation", "region", "policytarget"}
WAYS_IN = {
    "logout",
    "login-code",
    "activate",
    "edition-file",
}  # and the document of an edition, open as it is


def test_every_sensitive_route_exists():
    names = {name for name, _ in routes(get_resolver().url_patterns)}

    assert (set(identity.SENSITIVE) | set(identity.PARTLY)) - names == set()


def test_every_route_behind_the_sign_in_is_sensitive_or_known_to_be_ordinary():
    inside = {name for name, _ in routes() if ":" not in name} - PUBLIC - WAYS_IN

    assert inside - set(identity.SENSITIVE) - set(identity.PARTLY) == ORDINARY - set(identity.PARTLY)


def test_whatever_changes_rights_in_the_administration_is_sensitive():
    edited = {model._meta.model_name for model, one in site._registry.items() if getattr(one, "editors", ())}
    sensitive = {name.split("_")[1] for name in identity.SENSITIVE if name.startswith("admin:")}

    assert edited - OF_FACTS == sensitive - {"resetrequest"}  # which nobody edits: it has an act alone
    assert {
        f"admin:portal_{model}_{door}" for model in edited - OF_FACTS for door in ("add", "change")
    } <= set(identity.SENSITIVE)


@pytest.mark.parametrize(
    "route",
    ["publish", "exit", "edition-act", "sessions-end", "filing-export", "notice-publish", "campaign-package"],
)
def test_a_sensitive_act_asks_again_when_the_last_proof_is_old(route):
    browser = entered(factories.publisher())
    age(browser, confirmed_at=OLD)
    arguments = {
        "publish": [1],
        "exit": ["J12"],
        "edition-act": [1],
        "notice-publish": [1],
        "campaign-package": [1, "3707"],
        "filing-export": ["skill-brands"],
    }.get(route, [])
    if route == "exit":
        arguments = [factories.publish(factories.filing("skill-brands", "approved")).code]

    answer = browser.post(reverse(route, args=arguments), {"x": "1"})

    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("confirm"))


def test_the_address_that_links_for_a_new_password_go_to_is_changed_after_a_fresh_proof_alone():
    person = factories.filer()
    browser = entered(person)
    changes = {"mail": "off", "email": "thief@example.com"}

    age(browser, confirmed_at=OLD)
    asked = browser.post(reverse("message-preferences"), changes)
    before = User.objects.get(pk=person.pk).email
    browser.post(asked["Location"], {"password": factories.PASSWORD})
    browser.post(reverse("message-preferences"), changes)

    assert asked["Location"].startswith(reverse("confirm"))
    assert (before, User.objects.get(pk=person.pk).email) == (person.email, "thief@example.com")


@pytest.mark.parametrize(
    ("route", "arguments", "action", "asked"),
    [
        ("batch-do", [], "publish", True),
        ("batch-do", [], "endorse", False),
        ("review-act", [1], "remove", True),
        ("review-act", [1], "keep", False),
    ],
)
def test_of_some_routes_only_what_becomes_public_asks_again(route, arguments, action, asked):
    browser = entered(factories.publisher())
    age(browser, confirmed_at=OLD)

    answer = browser.post(reverse(route, args=arguments), {"action": action})

    assert answer.headers.get("Location", "").startswith(reverse("confirm")) is asked


def test_an_export_of_the_administration_asks_again_and_is_sent_on():
    browser = enter(Client(), factories.auditor())
    age(browser, confirmed_at=OLD)
    address = reverse("admin:portal_event_export")

    asked = browser.post(address)
    right = browser.post(asked["Location"], {"password": factories.PASSWORD, "next": reverse("held-form")})
    onward = browser.post(right["Location"])

    assert asked["Location"] == f"{reverse('confirm')}?next=%2Fdesk%2Fheld%2F"
    assert (onward.status_code, onward["Location"]) == (307, address)
    with closing(browser.post(address)) as exported:
        assert exported.status_code == 200


def test_a_post_is_given_after_the_password_is_typed_again_and_the_form_is_kept():
    admin, person = factories.secadmin(), factories.stranger()
    browser = enter(Client(), admin)
    age(browser, confirmed_at=OLD)
    bureau = factories.bureau("3707")
    data = {"user": person.pk, "organisation": bureau.pk, "role": Role.REVIEWER}

    asked = browser.post(url(Membership, "add"), data)
    before = Membership.objects.filter(user=person).count()
    wrong = browser.post(asked["Location"], {"password": "wrong", "next": reverse("held-form")})
    right = browser.post(asked["Location"], {"password": factories.PASSWORD, "next": reverse("held-form")})
    held = {name: values[0] for name, values in HeldForm.objects.get(user=admin).data.items()}
    onward = browser.post(right["Location"], held)
    browser.post(onward["Location"], held)

    assert (before, wrong.status_code, onward.status_code) == (0, 422, 307)
    assert [post.role for post in Membership.objects.filter(user=person)] == [Role.REVIEWER]


def test_the_proof_leads_to_local_addresses_alone():
    browser = entered(factories.filer())

    answer = browser.post(
        reverse("confirm"), {"password": factories.PASSWORD, "next": "https://evil.example/"}
    )

    assert answer["Location"] == reverse("desk")
