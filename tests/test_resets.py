"""First passwords and resets: a link for the owner alone, good once; who works or watches takes two."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.test import Client, override_settings
from django.utils import timezone

from portal import invitations, mailing
from portal.models import Membership, ResetRequest, User
from portal.vocabulary import ADMIN_ROLES, Role
from tests import factories
from tests.administration import enter, told, url
from tests.identity import authenticator, entered, is_in, try_in
from tests.posting import mail_server

pytestmark = pytest.mark.django_db
NEW = "Correct horse 7 battery"


def reset(browser: Client, *people: User):
    """Ask for the resets of ``people`` in the administration and return the page that follows."""
    chosen = {"action": "reset_passwords", "_selected_action": [person.pk for person in people], "index": 0}
    return browser.post(url(User, "changelist"), chosen, follow=True)


def link_in(sentence: str) -> str:
    """Return the path of the link that a message tells."""
    return urlsplit(re.search(r"https?://\S+", sentence)[0]).path


def use(path: str, password: str = NEW):
    """Open a link in a new browser, set a password, and return the answer."""
    browser = Client()
    page = browser.get(path, follow=True)
    if page.status_code != 200:
        return page
    return browser.post(page.request["PATH_INFO"], {"new_password1": password, "new_password2": password})


def test_a_new_account_gets_a_link_by_which_its_owner_alone_sets_the_password():
    browser = enter(Client(), factories.sysadmin())
    data = {"username": "kuiwen_filer", "full_name": "演示王五", "post": "科员", "is_active": "on"}

    page = browser.post(url(User, "add"), data, follow=True)
    before = User.objects.get(username="kuiwen_filer")
    used = use(link_in(told(page)[0]))

    after = User.objects.get(username="kuiwen_filer")
    assert (before.has_usable_password(), before.is_superuser) == (False, False)
    assert (used.status_code, after.check_password(NEW), after.must_change_password) == (302, True, False)
    assert try_in(Client(), "kuiwen_filer", NEW).status_code == 302


def test_a_reset_ends_password_second_step_and_sign_ins_and_one_s_own_is_out_of_reach():
    person, admin = factories.stranger(), factories.sysadmin()
    at_work, browser = entered(person), enter(Client(), admin)
    authenticator(person)

    page = reset(browser, person, admin)

    found = User.objects.get(pk=person.pk)
    assert (len(told(page)), found.has_usable_password(), is_in(at_work)) == (1, False, False)
    assert User.objects.get(pk=admin.pk).check_password(factories.PASSWORD) is True
    assert not hasattr(found, "second_factor")


def test_a_link_is_good_once_and_a_second_reset_ends_the_first():
    person, browser = factories.stranger(), enter(Client(), factories.sysadmin())
    older = link_in(told(reset(browser, person))[0])
    newer = link_in(told(reset(browser, person))[-1])

    answers = [
        use(older).status_code,
        use(newer).status_code,
        use(newer, "Another one 7 entirely").status_code,
    ]

    assert answers == [404, 302, 404]
    assert User.objects.get(pk=person.pk).check_password(NEW) is True


def test_a_link_is_good_for_seven_days(monkeypatch):
    person = factories.filer()
    token = invitations.GENERATOR.make_token(person)
    later = datetime.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT + 60)
    fresh = invitations.GENERATOR.check_token(person, token)

    monkeypatch.setattr(invitations.GENERATOR, "_now", lambda: later)

    assert (settings.PASSWORD_RESET_TIMEOUT, fresh) == (7 * 86_400, True)
    assert invitations.GENERATOR.check_token(person, token) is False


def test_whoever_has_a_mail_address_gets_the_link_there_and_no_administrator_sees_it(mailoutbox):
    person = factories.filer()
    User.objects.filter(pk=person.pk).update(email="yanshi@portal.example")

    with override_settings(MAIL_ON=True):
        page = reset(enter(Client(), factories.sysadmin()), person)

    (mail,) = mailoutbox
    assert mail.to == ["yanshi@portal.example"]
    assert told(page) == [f"账号 {person.username} 设置密码的链接已发到本人邮箱，7 天内有效；这里不显示。"]
    assert use(link_in(mail.body)).status_code == 302


def test_a_server_that_breaks_off_leaves_it_open_whether_the_link_was_sent_and_that_is_said():
    person = factories.filer()
    User.objects.filter(pk=person.pk).update(email="yanshi@portal.example")
    browser = enter(Client(), factories.sysadmin())

    with mail_server() as server:
        server.breaks_off = True
        page = reset(browser, person)
        server.breaks_off, server.answers["."] = False, "421 busy"
        refused = reset(browser, person)

    said = "请过一会儿再重置一次。"
    assert (page.status_code, len(server.mails)) == (200, 2)
    assert told(page) == [f"账号 {person.username} 的密码已停用，不能确定链接是否已经发出，{said}"]
    assert told(refused)[0] == (
        f"账号 {person.username} 的密码已停用，本人还没有收到链接：{mailing.REFUSED.format(421)}{said}"
    )


def test_a_closed_account_is_not_reset_and_gets_its_link_when_it_is_opened():
    closed, open_one = factories.stranger(), factories.reviewer()
    User.objects.filter(pk=closed.pk).update(is_active=False)
    browser = enter(Client(), factories.sysadmin())
    opened = {"username": closed.username, "full_name": "演示", "is_active": "on"}

    said = told(reset(browser, closed, open_one))
    before = User.objects.get(pk=closed.pk)
    page = browser.post(url(User, "change", closed.pk), opened, follow=True)
    used = use(link_in(told(page)[0]))

    assert [line for line in said if closed.username in line] == [
        f"账号 {closed.username} 已停用，没有重置；请先在账号页启用，启用时会给出链接。"
    ]
    assert (len(said), before.check_password(factories.PASSWORD)) == (2, True)
    assert (used.status_code, try_in(Client(), closed.username, NEW).status_code) == (302, 302)


def test_a_weak_password_is_refused_and_the_link_stays_good():
    person, browser = factories.stranger(), enter(Client(), factories.sysadmin())
    path = link_in(told(reset(browser, person))[0])

    assert (use(path, "shandong2024").status_code, use(path).status_code) == (200, 302)


def test_the_host_of_a_link_is_the_configured_one_whatever_the_request_says(rf):
    person = factories.filer()
    request = rf.get("/", headers={"host": "testserver", "x-forwarded-host": "evil.example"})

    with override_settings(SITE=settings.SITE | {"domain": "portal.example"}):
        address = invitations.link(request, person)

    assert urlsplit(address).netloc == "portal.example"


@pytest.mark.parametrize("who", [factories.secadmin, factories.auditor])
def test_the_system_administrator_resets_no_watcher_alone(who):
    watched, browser = who(), enter(Client(), factories.sysadmin())

    reset(browser, watched)
    reset(browser, watched)

    assert User.objects.get(pk=watched.pk).check_password(factories.PASSWORD) is True
    assert [(r.user_id, r.agreed_by_id) for r in ResetRequest.objects.all()] == [(watched.pk, None)]


AT_A_DESK = (factories.filer, factories.reviewer, factories.approver, factories.publisher, factories.joint)


@pytest.mark.parametrize("who", AT_A_DESK)
def test_the_system_administrator_alone_gets_no_link_to_an_account_that_works(who):
    person, browser = who(), enter(Client(), factories.sysadmin())
    opened = {"username": person.username, "full_name": "演示", "is_active": "on"}

    said = told(reset(browser, person))
    browser.post(url(User, "change", person.pk), {**opened, "is_active": ""})
    again = told(browser.post(url(User, "change", person.pk), opened, follow=True))

    found = User.objects.get(pk=person.pk)
    assert (found.check_password(factories.PASSWORD), found.is_active) == (True, False)
    assert [line for line in (*said, *again) if "http" in line] == []
    assert [(r.user_id, r.agreed_by_id) for r in ResetRequest.objects.all()] == [(person.pk, None)]


def test_a_second_administrator_s_agreement_opens_and_resets_an_account_that_works():
    person = factories.approver()
    User.objects.filter(pk=person.pk).update(is_active=False)
    reset(enter(Client(), factories.sysadmin()), person)

    page = agree(enter(Client(), factories.secadmin()))

    assert use(link_in(told(page)[0])).status_code == 302
    assert try_in(Client(), person.username, NEW).status_code == 302


def agree(browser: Client):
    chosen = {"action": "agree", "_selected_action": [ResetRequest.objects.get().pk], "index": 0}
    return browser.post(url(ResetRequest, "changelist"), chosen, follow=True)


def test_another_watcher_agrees_once_and_hands_the_link_over():
    watched, other = factories.auditor(), factories.secadmin()
    reset(enter(Client(), factories.sysadmin()), watched)
    browser = enter(Client(), other)

    page, again = agree(browser), agree(browser)

    assert use(link_in(told(page)[0])).status_code == 302
    assert told(again)[0].startswith("这项申请不能由您同意")
    assert ResetRequest.objects.get().agreed_by == other
    assert "同意重置密码" in [entry.change_message for entry in LogEntry.objects.all()]


def test_neither_who_asked_nor_who_is_reset_agrees():
    watched = factories.secadmin()
    reset(enter(Client(), factories.sysadmin()), watched)

    own = agree(enter(Client(), watched))
    asker = agree(enter(Client(), factories.sysadmin()))

    assert told(own)[0].startswith("这项申请不能由您同意")
    assert asker.status_code in (200, 403)
    assert ResetRequest.objects.get().agreed_at is None


def test_the_database_lets_nobody_agree_to_what_he_asked_for():
    admin = factories.sysadmin()

    with pytest.raises(IntegrityError), transaction.atomic():
        ResetRequest.objects.create(
            user=factories.auditor(), asked_by=admin, agreed_by=admin, agreed_at="2026-01-01T00:00Z"
        )


def test_an_account_opened_again_begins_with_a_new_link_and_a_watcher_s_is_not_opened_alone():
    person, watched = factories.stranger(), factories.auditor()
    User.objects.filter(pk__in=(person.pk, watched.pk)).update(is_active=False)
    browser = enter(Client(), factories.sysadmin())

    answers = [
        browser.post(
            url(User, "change", user.pk), {"username": user.username, "full_name": "演示", "is_active": "on"}
        )
        for user in (person, watched)
    ]

    found = [User.objects.get(pk=user.pk) for user in (person, watched)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert [(user.is_active, user.has_usable_password()) for user in found] == [(True, False), (False, True)]


@pytest.mark.parametrize("role", ADMIN_ROLES)
def test_no_account_of_the_three_is_closed_before_its_post_has_ended(role):
    person = factories.person(role, name="another_one")
    browser = enter(Client(), factories.sysadmin())
    address, data = url(User, "change", person.pk), {"username": person.username, "full_name": "演示"}

    browser.post(address, data)
    during = User.objects.get(pk=person.pk).is_active
    Membership.objects.filter(user=person).update(valid_to=timezone.localdate())
    browser.post(address, data)

    assert (during, User.objects.get(pk=person.pk).is_active) == (True, False)


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.AUDITOR])
@pytest.mark.parametrize("stays", ["nobody", "somebody", "a closed account", "somebody who leaves too"])
def test_the_last_one_of_the_three_is_not_taken_away_by_another_alone(role, stays):
    browser, post = enter(Client(), factories.secadmin()), factories.person(role).memberships.get()
    if stays != "nobody":
        other = factories.person(role, name="another_one")
        User.objects.filter(pk=other.pk).update(is_active=stays != "a closed account")
    if stays == "somebody who leaves too":
        Membership.objects.filter(user=other).update(valid_to=timezone.localdate() + timedelta(days=1))

    page = browser.post(url(Membership, "change", post.pk), {"valid_to": "2099-01-01"})

    post.refresh_from_db()
    assert (page.status_code, post.valid_to is None) == ((302, False) if stays == "somebody" else (200, True))
    assert ("这是最后一位在岗的" in page.content.decode()) is (stays != "somebody")


@pytest.mark.parametrize("first", ADMIN_ROLES)
@pytest.mark.parametrize("second", list(Role))
def test_the_database_keeps_the_three_apart_from_each_other_and_from_business(first, second):
    person = factories.person(first)
    bureau = factories.bureau("3707")
    row = Membership(user=person, organisation=bureau, role=second)

    if first == second:
        row.save()
        assert Membership.objects.filter(user=person).count() == 2
    else:
        with pytest.raises(IntegrityError, match="exclude each other"), transaction.atomic():
            Membership.objects.bulk_create([row])
        assert Membership.objects.filter(user=person).count() == 1


def test_no_update_makes_an_administrator_of_somebody_with_a_business_post():
    person = factories.filer()
    factories.add_post(person, Role.REVIEWER, "3707")

    with pytest.raises(IntegrityError, match="exclude each other"), transaction.atomic():
        Membership.objects.filter(user=person, role=Role.REVIEWER).update(role=Role.AUDITOR)


def test_whoever_has_left_a_business_post_may_become_an_administrator():
    person = factories.filer()
    Membership.objects.filter(user=person).update(valid_from="2020-01-01", valid_to="2024-01-01")

    Membership.objects.create(user=person, organisation=factories.bureau("37"), role=Role.AUDITOR)

    assert [post.role for post in User.objects.get(pk=person.pk).posts] == [Role.AUDITOR]


def test_the_security_administrator_finds_the_accounts_nobody_uses():
    unused, used = factories.filer(), factories.reviewer()
    long_ago = timezone.now() - timedelta(days=91)
    User.objects.filter(pk=unused.pk).update(password_set_at=long_ago)
    browser = enter(Client(), factories.secadmin())

    page = browser.get(url(User, "changelist"), {"unused": "1"})

    assert [user.username for user in page.context["cl"].result_list] == [unused.username]
    assert used.username in browser.get(url(User, "changelist")).content.decode()
