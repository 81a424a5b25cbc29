"""The policy of the workflow: every state × every actor × every action against one table written by hand.

The table follows the design and the notices, never ``ACTIONS``; what it does not open is closed.
"""

from contextlib import contextmanager

import pytest
from django.db import transaction

from portal import workflow
from portal.models import Filing, User
from portal.vocabulary import Role, State
from tests.factories import (
    COMMENT,
    KUIWEN,
    PROVINCE,
    WEIFANG,
    act,
    add_post,
    approver,
    auditor,
    bureau,
    filer,
    filing,
    joint,
    person,
    publish,
    publisher,
    reviewer,
    secadmin,
    stranger,
    sysadmin,
)

pytestmark = pytest.mark.django_db

# type          of           where it stands           who            action→where it leads
TABLE = """
skill-brands    county,city  draft                     filers         submit→city_review cancel→cancelled
skill-brands    county,city  city_review               filers         withdraw→draft
skill-brands    county,city  city_review               city_desk      accept→city_review assign→city_review
skill-brands    county,city  city_review               city_desk      endorse→province_review return→returned
skill-brands    county,city  city_review,accepted      city_desk      assign→city_review release→city_review
skill-brands    county,city  city_review,accepted      city_desk      endorse→province_review return→returned
skill-brands    county,city  province_review           filers         withdraw→draft
skill-brands    county,city  province_review           city_desk      recall→city_review
skill-brands    county,city  province_review           province_desk  accept→province_review return→returned
skill-brands    county,city  province_review           province_desk  assign→province_review
skill-brands    county,city  province_review           approvers      approve→approved reject→rejected
skill-brands    county,city  province_review,accepted  province_desk  assign→province_review return→returned
skill-brands    county,city  province_review,accepted  province_desk  release→province_review
skill-brands    county,city  province_review,accepted  approvers      approve→approved reject→rejected
skill-brands    county,city  returned                  filers         submit→city_review cancel→cancelled
skill-brands    county,city  returned                  city_desk      recall→city_review
skill-brands    county,city  approved                  approvers      reopen→province_review
skill-brands    county,city  approved,published        nobody
skill-brands    county,city  rejected                  approvers      reopen→province_review
skill-brands    county,city  cancelled                 filers         reopen→draft

skill-brands    province     draft                     filers         submit→province_review cancel→cancelled
skill-brands    province     province_review           filers         withdraw→draft
skill-brands    province     province_review           province_desk  accept→province_review return→returned
skill-brands    province     province_review           province_desk  assign→province_review
skill-brands    province     province_review           approvers      approve→approved reject→rejected
skill-brands    province     province_review,accepted  province_desk  assign→province_review return→returned
skill-brands    province     province_review,accepted  province_desk  release→province_review
skill-brands    province     province_review,accepted  approvers      approve→approved reject→rejected
skill-brands    province     returned                  filers         submit→province_review cancel→cancelled
skill-brands    province     returned                  province_desk  recall→province_review
skill-brands    province     approved                  approvers      reopen→province_review
skill-brands    province     approved,published        nobody
skill-brands    province     rejected                  approvers      reopen→province_review
skill-brands    province     cancelled                 filers         reopen→draft

building-units  county,city  draft                     filers         submit→city_review cancel→cancelled
building-units  county,city  city_review               filers         withdraw→draft
building-units  county,city  city_review               city_desk      accept→city_review assign→city_review
building-units  county,city  city_review               city_desk      approve→approved return→returned
building-units  county,city  city_review,accepted      city_desk      assign→city_review release→city_review
building-units  county,city  city_review,accepted      city_desk      approve→approved return→returned
building-units  county,city  returned                  filers         submit→city_review cancel→cancelled
building-units  county,city  returned                  city_desk      recall→city_review
building-units  county,city  approved                  city_desk      reopen→city_review
building-units  county,city  approved,published        nobody
building-units  county,city  cancelled                 filers         reopen→draft
"""

ACTIONS = [
    "submit",
    "withdraw",
    "accept",
    "release",
    "assign",
    "return",
    "endorse",
    "approve",
    "reject",
    "recall",
    "cancel",
    "reopen",
]
PLACES = {"county": KUIWEN, "city": WEIFANG, "province": PROVINCE}
# The names of ``actors`` below. A person with two hats who files for the bureau reviews nothing of it.
GROUPS = {
    "county": {
        "filers": {"filer", "second filer", "filer here and reviewer above"},
        "city_desk": {"city reviewer", "filer and reviewer of the city"},
        "province_desk": {"province reviewer", "province approver"},
        "approvers": {"province approver"},
        "nobody": set(),
    },
    "city": {
        "filers": {
            "filer",
            "second filer",
            "filer here and reviewer above",
            "filer and reviewer of the city",
        },
        "city_desk": {"city reviewer"},
        "province_desk": {"province reviewer", "province approver"},
        "approvers": {"province approver"},
        "nobody": set(),
    },
    "province": {
        "filers": {"filer", "second filer", "filer here and reviewer above"},
        "province_desk": {"province reviewer", "province approver"},
        "approvers": {"province approver"},
        "nobody": set(),
    },
}


def actors(place: str) -> dict[str, User]:
    """Return everybody who might try something on a filing of the bureau at ``place``."""
    above = {KUIWEN: WEIFANG, WEIFANG: WEIFANG, PROVINCE: PROVINCE}[place]
    return {
        "filer": filer(place),
        "second filer": filer(place, name="second"),
        "filer of the county next door": filer("370702"),
        "filer of another level": filer(KUIWEN if place == WEIFANG else WEIFANG),
        "filer of another city": filer("3708"),
        "city reviewer": reviewer(WEIFANG),
        "reviewer of another city": reviewer("3708"),
        "province reviewer": reviewer(PROVINCE),
        "province approver": approver(),
        "province publisher": publisher(),
        "joint department": joint(),
        "auditor": auditor(),
        "system administrator": sysadmin(),
        "security administrator": secadmin(),
        "stranger": stranger(),
        "filer here and reviewer above": two_hats(place, above),
        "filer and reviewer of the city": two_hats(WEIFANG, WEIFANG),
    }


def two_hats(files_at: str, reviews_at: str) -> User:
    """Return one person who files in one bureau and reviews in another or the same."""
    name = f"two hats {files_at} {reviews_at}"
    if not User.objects.filter(username=name).exists():
        add_post(person(Role.FILER, files_at, name=name), Role.REVIEWER, reviews_at)
    return User.objects.get(username=name)


def read_table() -> dict[tuple[str, str, str], dict[tuple[str, str], str]]:
    """Return {(type, place, standing): {(actor, action): target}} of the table."""
    policy: dict = {}
    for line in filter(str.strip, TABLE.splitlines()):
        slug, places, standing, group, *steps = line.split()
        for place in places.split(","):
            cells = policy.setdefault((slug, place, standing), {})
            for name in GROUPS[place][group]:
                cells.update({(name, action): target for action, target in (s.split("→") for s in steps)})
    return policy


POLICY = read_table()


def stand(slug: str, place: str, standing: str) -> Filing:
    """Return a filing that stands as the table says, e.g. ``city_review,accepted``."""
    state, *marks = standing.split(",")
    named = {"name": "山东剪纸品牌（演示）"} if place == "province" else {}
    record = filing(slug, state, place=PLACES[place], **named)
    if marks == ["accepted"]:
        desk = WEIFANG if state == State.CITY_REVIEW else PROVINCE
        return act(record, "accept", person(Role.APPROVER, desk, name=f"accepting {desk}"))
    if marks == ["published"]:
        publish(record)
    return Filing.objects.get(pk=record.pk).record


@contextmanager
def undone():
    """Undo in the database whatever the block does."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def attempt(record: Filing, action: str, by: User, to: User) -> str:
    """Return the state that ``action`` leads to, or "" when it is refused."""
    with undone():
        try:
            workflow.perform(record, action, by=by, version=record.version, comment=COMMENT, to=to)
        except (Filing.DoesNotExist, workflow.Refused):
            return ""
        return Filing.objects.get(pk=record.pk).state


def offered(record: Filing, by: User) -> dict[str, str]:
    """Return the open actions of the page as {action: where it leads}; a page out of scope offers none."""
    if not Filing.objects.visible_to(by).filter(pk=record.pk).exists():
        return {}
    choices = workflow.available_actions(record, by)
    return {choice.action.name: choice.action.target for choice in choices if choice.is_open}


@pytest.mark.parametrize(("slug", "place", "standing"), POLICY, ids=str)
def test_everybody_is_offered_and_may_do_exactly_what_the_table_opens(slug, place, standing):
    record, people = stand(slug, place, standing), actors(PLACES[place])
    to = person(Role.REVIEWER, PROVINCE if standing.startswith("province") else WEIFANG, name="colleague")

    seen = {(name, action): at for name, by in people.items() for action, at in offered(record, by).items()}
    done = {
        (name, action): attempt(record, action, by, to) for name, by in people.items() for action in ACTIONS
    }

    assert seen == POLICY[slug, place, standing]
    assert {cell: target for cell, target in done.items() if target} == POLICY[slug, place, standing]


def test_the_table_names_every_state_and_every_action():
    states = {standing.split(",")[0] for _, _, standing in POLICY}
    actions = {action for cells in POLICY.values() for _, action in cells}

    assert (states, actions) == (set(State.values), set(ACTIONS))


def test_the_table_has_a_person_for_every_role():
    held = {post.role for user in actors(WEIFANG).values() for post in user.posts}

    assert held == set(Role.values)
    assert bureau(WEIFANG).region.name == "潍坊市"
