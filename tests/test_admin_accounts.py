"""Accounts, posts, divisions, editions, the auditor: three administrators, each apart from the others."""

import pytest

from portal import campaigns
from portal.models import Campaign, Edition, Event, FilingVersion, Membership, Organisation, Region, User
from portal.vocabulary import Kind, Role, State
from tests import factories
from tests.administration import ADMINISTRATION, enter, url
from tests.campaigning import DAY, campaign, duty, manager
from tests.pages import returned_and_rewritten

pytestmark = pytest.mark.django_db


def test_the_system_administrator_makes_nobody_a_superuser_and_gives_no_post(client):
    person = factories.filer()
    enter(client, factories.sysadmin())
    data = {"username": person.username, "full_name": "演示新名", "is_active": "on", "is_superuser": "on"}

    client.post(url(User, "change", person.pk), data | {"password": "x", "must_change_password": ""})
    post = client.post(url(Membership, "add"), {"user": person.pk, "role": Role.APPROVER})

    changed = User.objects.get(pk=person.pk)
    assert (changed.full_name, changed.is_superuser) == ("演示新名", False)
    assert changed.check_password(factories.PASSWORD) is True
    assert post.status_code == 403


def test_an_account_is_closed_by_a_tick_and_its_own_tick_is_out_of_reach(client):
    person, admin = factories.filer(), factories.sysadmin()
    enter(client, admin)

    for user in (person, admin):
        client.post(url(User, "change", user.pk), {"username": user.username, "full_name": "演示"})

    assert [User.objects.get(pk=user.pk).is_active for user in (person, admin)] == [False, True]


def give(client, user: User, role: str, place: str = "3707", kind: str = Kind.HRSS_BUREAU):
    data = {"user": user.pk, "organisation": factories.bureau(place, kind).pk, "role": role}
    return client.post(url(Membership, "add"), data)


def test_the_security_administrator_gives_and_ends_posts(client):
    enter(client, factories.secadmin())
    person = factories.stranger()

    given = give(client, person, Role.REVIEWER)
    (post,) = Membership.objects.filter(user=person)
    data = {"valid_from": "2024-01-01", "valid_to": "2024-06-01", "role": Role.APPROVER}
    ended = client.post(url(Membership, "change", post.pk), data)

    post.refresh_from_db()
    assert (given.status_code, ended.status_code) == (302, 302)
    assert (post.role, str(post.valid_to)) == (Role.REVIEWER, "2024-06-01")
    assert User.objects.get(pk=person.pk).posts == []


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.AUDITOR, Role.SECURITY_ADMIN])
def test_posts_that_exclude_each_other_are_refused_in_a_sentence(role, client):
    enter(client, factories.secadmin())
    person = factories.reviewer()

    response = give(client, person, role)

    assert response.context["adminform"].form.non_field_errors() == [
        "系统管理员、安全管理员、审计员互斥，也不能兼任业务岗位。"
    ]
    assert Membership.objects.filter(user=person).count() == 1


def test_a_post_given_twice_or_ended_before_it_begins_is_a_sentence_and_no_crash(client):
    enter(client, factories.secadmin())
    person = factories.reviewer()
    (post,) = Membership.objects.filter(user=person)

    twice = give(client, person, Role.REVIEWER)
    early = client.post(
        url(Membership, "change", post.pk), {"valid_from": "2024-06-01", "valid_to": "2024-01-01"}
    )

    assert twice.context["adminform"].form.non_field_errors() == ["这个岗位已经有了。"]
    assert early.context["adminform"].form.non_field_errors() == ["停用日期不能早于启用日期。"]


def test_nobody_gives_himself_a_post_or_changes_his_own(client):
    me = factories.secadmin()
    enter(client, me)
    (mine,) = Membership.objects.filter(user=me)

    give(client, me, Role.SECURITY_ADMIN, "3707")
    changed = client.post(url(Membership, "change", mine.pk), {"valid_to": "2030-01-01"})

    assert Membership.objects.filter(user=me).count() == 1
    assert changed.status_code == 403


@pytest.mark.parametrize("place", ["3707", "370705"])
def test_an_administrator_s_post_outside_the_province_opens_nothing(place, client):
    for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
        enter(client, factories.person(role, place))

        assert [client.get(url(model, "changelist")).status_code for model in ADMINISTRATION] == [403] * 4


def test_a_division_is_dated_but_its_code_stays(client):
    enter(client, factories.sysadmin())
    data = {
        "code": "999999",
        "name": "奎文区",
        "short_name": "奎文",
        "level": "city",
        "valid_to": "2026-01-01",
    }

    response = client.post(url(Region, "change", "370705"), data)

    kuiwen = Region.objects.get(pk="370705")
    assert response.status_code == 302
    assert (str(kuiwen.valid_to), kuiwen.level, Region.objects.filter(pk="999999").exists()) == (
        "2026-01-01",
        "county",
        False,
    )


def test_a_second_bureau_of_a_kind_in_one_place_is_refused_and_no_crash(client):
    enter(client, factories.sysadmin())
    data = {"name": "又一个局", "short_name": "又一局", "kind": Kind.HRSS_BUREAU, "region": "3707"}

    response = client.post(url(Organisation, "add"), data)

    assert response.status_code == 200
    assert Organisation.objects.filter(name="又一个局").count() == 0


def test_an_edition_is_looked_at_here_and_made_at_the_workbench(client):
    data = {"kind": "exam-projects", "name": "2026年版", "on": "2026-01-01"}
    edition = Edition.objects.create(**data)

    answers = {}
    for who in (factories.publisher("3707"), factories.filer("37"), factories.publisher()):
        enter(client, who)
        looked = client.get(url(Edition, "change", edition.pk)).status_code
        changed = client.post(url(Edition, "change", edition.pk), {**data, "name": "改名"}).status_code
        answers[who.username] = (looked, changed, client.post(url(Edition, "add"), data).status_code)

    assert list(answers.values()) == [(403, 403, 403), (200, 403, 403), (200, 403, 403)]
    assert [found.name for found in Edition.objects.all()] == ["2026年版"]


def test_the_auditor_finds_acts_by_person_and_action_and_cannot_touch_them(client):
    record = factories.filing("skill-brands", State.RETURNED)
    enter(client, factories.auditor())

    page = url(Event, "changelist")
    by_person = client.get(page, {"q": factories.reviewer().username}).context["cl"].result_list
    by_action = client.get(page, {"action": "submit"}).context["cl"].result_list
    event = record.events.first()
    changed = client.post(url(Event, "change", event.pk), {"comment": "改了"})

    assert [event.action for event in by_person] == ["return", "endorse"]
    assert {event.action for event in by_action} == {"submit"}
    assert changed.status_code == 403
    assert client.get(url(Event, "add")).status_code == 403


def test_a_version_is_read_with_the_persons_covered(client):
    record = factories.submitted("building-units", contact_phone="13900000000")
    enter(client, factories.auditor())

    body = client.get(url(FilingVersion, "change", record.versions.get().pk)).content.decode()

    assert "演示路2号" in body
    assert "13900000000" not in body


def test_the_auditor_reads_campaigns_extensions_and_reminders_and_changes_none(client):
    of = campaign(places=["3707"])
    campaigns.extend(duty(of), by=manager(), until=of.due_at + DAY, reason="数据核实。")
    campaigns.remind(of, by=manager())
    enter(client, factories.auditor())

    pages = [client.get(f"/admin/portal/{model}/") for model in ("campaign", "extension", "reminder")]
    changed = client.post(f"/admin/portal/campaign/{of.pk}/change/", {"name": "改名"})

    assert ["演示任务" in page.content.decode() for page in pages] == [True] * 3
    assert (changed.status_code, Campaign.objects.get(pk=of.pk).name) == (403, "演示任务")


@pytest.mark.parametrize("model", [Event, FilingVersion])
def test_the_auditor_reads_and_finds_the_titles_that_were_sent(model, client):
    filing = returned_and_rewritten()
    factories.act(factories.draft("skill-brands", name="潍坊未提交草稿（演示）"), "cancel", factories.filer())
    sent = filing.versions.get().snapshot["title"]
    enter(client, factories.auditor())
    pages = [url(model, "changelist"), url(model, "change", model.objects.filter(filing=filing).first().pk)]

    shown = [client.get(page).content.decode() for page in pages]
    found = [client.get(pages[0], {"q": q}).context["cl"].result_count for q in (sent, "未提交")]

    assert [(sent in page, "潍坊未提交" in page) for page in shown] == [(True, False)] * 2
    assert (found[0], found[1]) == (model.objects.filter(filing=filing).count(), 0)
