"""Identity at the same instant: tries, codes, posts that exclude each other; each as if it were alone."""

import pytest

from portal import accounts, attempts, second_factor
from portal.models import Membership, ResetRequest
from portal.vocabulary import Role
from tests import factories
from tests.identity import authenticator, code_now
from tests.races import kinds, race

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_eight_tries_at_the_same_instant_five_are_let_through():
    def one(number):
        return attempts.take([attempts.Target(f"account {number}", attempts.TRIES)])

    rounds = race(range(15), *[one] * 8)

    assert [sum(outcomes) for outcomes in rounds] == [attempts.TRIES] * 15


def test_signing_in_and_mistyping_at_the_same_instant_wait_for_each_other(rf):
    request = rf.get("/login/", REMOTE_ADDR="10.1.1.1")
    people = [factories.person("filer", name=f"person{n}") for n in range(40)]

    def wanted(person):
        names = (("account", "z account")[person.pk % 2], person.username), ("network", "10.1.1.1")
        mosts = (attempts.TRIES, attempts.STRANGERS)
        return [attempts.Target(" ".join(name), most) for name, most in zip(names, mosts, strict=True)]

    def mistype(person):
        return attempts.take(wanted(person))

    def enter(person):
        return attempts.succeeded(request, person, wanted(person))

    rounds = race([person for person in people for _ in range(3)], *[mistype, enter] * 3)

    assert {kind for outcomes in rounds for kind in kinds(outcomes)} == {"NoneType", "bool"}


def test_of_four_requests_with_one_code_one_goes_through():
    people = [factories.reviewer(name=f"person{n}") for n in range(10)]
    codes = {person.pk: code_now(authenticator(person)) for person in people}

    rounds = race(people, *[lambda person: second_factor.is_right(person, codes[person.pk])] * 4)

    assert [sum(outcomes) for outcomes in rounds] == [1] * 10


def test_of_two_posts_that_exclude_each_other_one_is_given():
    people = [factories.person("filer", name=f"person{n}") for n in range(10)]
    Membership.objects.filter(user__in=people).update(valid_from="2020-01-01", valid_to="2021-01-01")
    bureau = factories.bureau("37")

    def give(role):
        return lambda person: Membership.objects.create(user=person, organisation=bureau, role=role).pk

    rounds = race(people, give(Role.AUDITOR), give(Role.REVIEWER))

    assert [kinds(outcomes) for outcomes in rounds] == [["IntegrityError", "int"]] * 10
    assert Membership.objects.filter(user__in=people, valid_to=None).count() == 10


def test_of_two_who_agree_to_one_reset_one_does():
    admin, agreeing = (
        factories.sysadmin(),
        [factories.secadmin(), factories.person(Role.AUDITOR, name="second")],
    )
    asked = [
        ResetRequest.objects.create(user=factories.person(Role.AUDITOR, name=f"watched{n}"), asked_by=admin)
        for n in range(6)
    ]

    rounds = race(asked, *[lambda one, by=by: accounts.agree_to_reset(one, by=by) for by in agreeing])

    assert [sum(outcomes) for outcomes in rounds] == [1] * 6


def test_somebody_signs_in_where_no_transaction_is_open(client):
    user = factories.reviewer()

    answer = client.post("/login/", {"username": user.username, "password": factories.PASSWORD})

    assert (answer.status_code, answer["Location"]) == (302, "/desk/")
