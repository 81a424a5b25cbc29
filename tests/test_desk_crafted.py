"""Forms that no page offers, sent to every door that decides: refused, and nothing changed."""

import pytest
from django.urls import reverse

from portal.models import Filing, Remark, User
from portal.vocabulary import Kind, Role, State
from tests import factories, returning
from tests.administration import url as admin_url
from tests.dumping import dump
from tests.factories import COMMENT, KUIWEN, PROVINCE, WEIFANG

pytestmark = pytest.mark.django_db

REFUSALS = (200, 302, 400, 403, 404, 409, 422)  # a page in words, or the way to one


def item(record: Filing, version: int | None = None, step: int | None = None) -> str:
    """Return what a ticked row sends, of another version or step than the present one when told."""
    now = Filing.objects.get(pk=record.pk)
    return f"{now.pk}-{now.version if version is None else version}-{now.step if step is None else step}"


def by_the_page(client, record: Filing, action: str, version: int, step: int):
    said = {"action": action, "comment": COMMENT, "reason": "unclear", "version": version, "step": step}
    return client.post(reverse("filing-act", args=[record.pk]), said)


def by_the_batch(client, record: Filing, action: str, version: int, step: int):
    said = {"action": action, "comment": COMMENT, "reason": "unclear"}
    return client.post(reverse("batch-do"), {**said, "item": item(record, version, step)})


def by_the_administration(client, record: Filing, action: str, version: int, step: int):
    said = {"action": action, "confirmed": "yes", "comment": COMMENT, "reason": "unclear"}
    chosen = {"item": item(record, version, step), "_selected_action": record.pk}
    return client.post(admin_url(type(record), "changelist"), {**said, **chosen})


def by_preparing(client, record: Filing, action: str, version: int, step: int):
    said = {"action": action, "comment": COMMENT, "reason": "unclear", "version": version, "step": step}
    return client.post(reverse("filing-prepare", args=[record.pk]), said)


def by_accepting(client, record: Filing, action: str, version: int, step: int):
    return client.post(
        reverse("filing-accept", args=[record.pk]), {"action": action, "version": version, "step": step}
    )


DOORS = [by_the_page, by_the_batch, by_the_administration, by_preparing, by_accepting]
ACTIONS = ["accept", "release", "assign", "endorse", "approve", "return", "reject", "recall", "reopen"]


def staff(user: User) -> User:
    """Let the administration's door be open to him: what he may do there is the question."""
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return User.objects.get(pk=user.pk)


def two_hats() -> User:
    """Return who files for a bureau of the city and reviews at the city as well."""
    name = "two hats"
    factories.add_post(factories.person(Role.FILER, KUIWEN, name=name), Role.REVIEWER, WEIFANG)
    return User.objects.get(username=name)


def own_filing() -> tuple[Filing, User]:
    by = two_hats()
    return factories.submitted("skill-brands", place=KUIWEN), by


def of_a_joint_department() -> tuple[Filing, User]:
    return factories.filing("skill-brands", State.PROVINCE_REVIEW), factories.joint(kind=Kind.AGRICULTURE)


def of_another_city() -> tuple[Filing, User]:
    return factories.submitted("skill-brands"), factories.reviewer("3708")


def of_the_filer() -> tuple[Filing, User]:
    return factories.submitted("skill-brands"), factories.filer()


def of_an_auditor() -> tuple[Filing, User]:
    return factories.filing("skill-brands", State.PROVINCE_REVIEW), factories.auditor()


OUTSIDERS = [own_filing, of_a_joint_department, of_another_city, of_the_filer, of_an_auditor]


@pytest.mark.parametrize("door", DOORS, ids=[door.__name__ for door in DOORS])
@pytest.mark.parametrize("case", OUTSIDERS, ids=[case.__name__ for case in OUTSIDERS])
def test_who_may_not_decide_changes_nothing_at_any_door(client, case, door):
    record, by = case()
    factories.sign_in(client, staff(by))
    now, before = Filing.objects.get(pk=record.pk), dump()

    answers = [door(client, record, action, now.version, now.step).status_code for action in ACTIONS]

    assert set(answers) <= set(REFUSALS)
    assert dump() == before


@pytest.mark.parametrize("door", DOORS[:4], ids=[door.__name__ for door in DOORS[:4]])
@pytest.mark.parametrize("action", ["approve", "return", "reject", "accept"])
def test_a_version_that_is_no_longer_current_is_not_decided_at_any_door(client, action, door):
    record = returning.resubmitted(returning.returned("skill-brands", "name"))
    record = factories.act(record, "endorse", factories.reviewer())
    factories.sign_in(client, staff(factories.approver()))
    now, before = Filing.objects.get(pk=record.pk), dump()

    stale = door(client, record, action, 1, now.step)
    step = door(client, record, action, now.version, now.step - 1)

    assert {stale.status_code, step.status_code} <= set(REFUSALS)
    assert dump() == before


@pytest.mark.parametrize("route", ["filing-edit", "filing-autosave"])
def test_a_field_without_a_remark_keeps_its_text_whatever_is_sent(client, route):
    record = returning.returned("skill-brands", "name")
    factories.sign_in(client, factories.filer())
    locked = {"advantage_people": "偷改的人数。", "advantage_features": "偷改的特色。"}
    before = dump()

    answer = client.post(reverse(route, args=[record.pk]), {"revision": record.revision, **locked})

    assert answer.status_code in (200, 409)
    assert "只开放有意见的栏目" in (
        answer.json()["message"] if "autosave" in route else answer.content.decode()
    )
    assert dump() == before


def test_an_open_remark_is_not_skipped_on_the_way_to_submission(client):
    record = returning.returned("skill-brands", "name")
    factories.sign_in(client, factories.filer())
    seen = {"revision": record.revision, "version": record.version, "step": record.step}
    before = dump()

    answer = client.post(reverse("filing-check", args=[record.pk]), {**seen, "explanation": ""})
    forced = by_the_page(client, record, "submit", record.version, record.step)

    assert (answer.status_code, forced.status_code) == (409, 422)
    assert "1 条审核意见没有答复" in answer.content.decode()
    assert "1 条审核意见没有答复" in forced.content.decode()
    assert dump() == before


def test_a_reply_to_somebody_elses_remark_is_not_taken(client):
    record = returning.returned("skill-brands", "name")
    other = returning.returned("skill-brands", "name", place=KUIWEN, name="奎文演示品牌")
    (foreign,) = other.remarks.all()
    factories.sign_in(client, factories.filer())
    before = dump()

    client.post(
        reverse("filing-edit", args=[record.pk]),
        {"revision": record.revision, f"reply-{foreign.pk}": "替别人答复。"},
    )

    assert dump() == before


def test_a_remark_is_not_written_by_who_does_not_review(client):
    record, answers = factories.submitted("skill-brands"), []

    for by in (
        factories.filer(),
        factories.reviewer("3708"),
        factories.joint(),
        factories.reviewer(PROVINCE),
    ):
        factories.sign_in(client, by)
        said = {"field": "name", "text": COMMENT, "version": record.version}
        answers.append(client.post(reverse("remark-write", args=[record.pk]), said).status_code)

    assert answers == [422, 404, 422, 422]
    assert Remark.objects.count() == 0


@pytest.mark.parametrize("odd", [{"met-1": "bogus"}, {"note-1": "长" * 201}, {"reason": "bogus"}])
@pytest.mark.parametrize("action", ["approve", "return", "reject"])
def test_a_second_click_with_grounds_of_no_form_is_a_conflict_and_no_fault(client, action, odd):
    record = factories.filing("skill-brands", State.PROVINCE_REVIEW)
    factories.sign_in(client, factories.approver())
    by_the_page(client, record, action, record.version, record.step)
    before = dump()
    said = {"action": action, "comment": COMMENT, "version": record.version, "step": record.step}

    answer = client.post(reverse("filing-act", args=[record.pk]), {"reason": "unclear", **said, **odd})

    is_told = odd.get("reason") and action != "return"  # reasons of another conclusion are not read
    assert answer.status_code == (302 if is_told else 409)
    assert dump() == before
