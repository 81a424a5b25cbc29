"""Row-level security of what belongs to a person or a bureau: PostgreSQL shows each his own alone."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from portal import asking, fence, scope
from portal.models import HeldForm, Import, Message, Objection, Registration, SavedView, User
from portal.vocabulary import BUSINESS_ROLES
from tests import crawling
from tests.factories import KUIWEN, WEIFANG, approver, auditor, filer, joint, publisher, reviewer, secadmin

pytestmark = [pytest.mark.django_db, pytest.mark.fenced]

PEOPLE = {
    "filer": filer,
    "filer of a county": lambda: filer(KUIWEN),
    "reviewer": lambda: reviewer(WEIFANG),
    "publisher": lambda: publisher(WEIFANG),
    "publisher of the next city": lambda: publisher("3708"),
    "approver of the province": approver,
    "joint reviewer": joint,
    "auditor": auditor,
    "security administrator": secadmin,
}
#: Table → its rows as (number, number of the bureau or the person they belong to), for who looks at all.
OF_BUREAUS = {
    "portal_import": lambda: Import.objects.values_list("pk", "organisation"),
    "portal_objection": lambda: Objection.objects.values_list("pk", "notice__organisation"),
    "portal_registration": lambda: Registration.objects.values_list("pk", "upload__organisation"),
}
OF_PEOPLE = {
    "portal_heldform": lambda: HeldForm.objects.values_list("pk", "user"),
    "portal_message": lambda: Message.objects.values_list("pk", "user"),
    "portal_savedview": lambda: SavedView.objects.values_list("pk", "user"),
}


@pytest.fixture(scope="module")
def planted(for_the_module) -> None:
    """Plant sheets, objections, messages, views and held forms of several people and bureaus."""
    crawling.plant()
    for user in (filer(), reviewer(WEIFANG)):
        HeldForm.objects.create(user=user, path="/desk/", data={"text": ["演示"]}, at=timezone.now())


def whole() -> dict[str, dict[int, int]]:
    """Return table → number of a row → whose it is."""
    return {table: dict(rows()) for table, rows in (OF_BUREAUS | OF_PEOPLE).items()}


def shown(asker: asking.Asker) -> dict[str, set[int]]:
    """Return table → the numbers that ``asker`` is shown by a query that names no condition."""
    with asking.asking(asker), connection.cursor() as cursor:
        found = {}
        for table in fence.OWNED:
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = {row[0] for row in cursor.fetchall()}
    return found


def own(user: User) -> dict[str, set[int]]:
    """Return table → the numbers of what is the user's by his posts."""
    desks = {post.organisation_id for post in user.posts if post.role in BUSINESS_ROLES}
    return {
        table: {pk for pk, owner in rows.items() if owner in (desks if table in OF_BUREAUS else {user.pk})}
        for table, rows in whole().items()
    }


def test_every_table_of_a_person_or_a_bureau_is_looked_at():
    assert set(fence.OWNED) == {*OF_BUREAUS, *OF_PEOPLE}


def test_control_there_is_something_in_each_and_of_each_something_is_somebody_s(planted):
    seen = [own(make()) for make in PEOPLE.values()]

    assert all(whole().values())
    assert {table for table in fence.OWNED if any(one[table] for one in seen)} == set(fence.OWNED)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_view_that_forgets_whose_it_is_shows_what_is_the_asker_s(planted, name):
    user = PEOPLE[name]()

    assert shown(scope.asker(user)) == own(user)


def test_whoever_is_signing_in_is_shown_nothing(planted):
    assert shown(asking.UNKNOWN) == {table: set() for table in fence.OWNED}


def test_jobs_and_a_rule_of_the_house_see_all(planted):
    rows = {table: set(found) for table, found in whole().items()}

    with asking.asking(scope.asker(filer())), asking.for_the_house():
        of_the_house = shown(asking.current())

    assert (shown(asking.Asker(asking.JOBS)), of_the_house) == (rows, rows)


def test_nobody_writes_into_another_s_inbox_or_changes_what_is_in_it(planted):
    theirs = Message.objects.exclude(user=filer()).first()

    with asking.asking(scope.asker(filer())):
        changed = Message.objects.filter(pk=theirs.pk).update(text="演示改写")
        with pytest.raises(ProgrammingError), transaction.atomic():
            Message.objects.create(user_id=theirs.user_id, text="演示", created_at=timezone.now())

    assert changed == 0
