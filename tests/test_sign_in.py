"""Signing in: one answer to whatever is wrong, tries counted before a password is looked at."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

import pytest
from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone

from portal import accounts, attempts, pacing
from portal.hashers import Argon2id
from portal.models import FailedSignIns, User
from tests import factories
from tests.identity import WRONG, entered, is_in, try_in

pytestmark = pytest.mark.django_db
HERE, THERE = {"REMOTE_ADDR": "10.1.1.1"}, {"REMOTE_ADDR": "203.0.113.9"}
LOOK_ALIKES = [
    "ZhangSan",
    "ZHANGSAN",
    "ｚhangsan",
    "ｚｈａｎｇｓａｎ",
    "zhangsan ",
    " zhangsan",
    "zhang san",
    "ｚhang　San",
]


def error(response) -> list[str]:
    """Return what the sign-in page says is wrong."""
    return response.context["form"].non_field_errors()


def test_whatever_is_wrong_is_answered_alike():
    closed, shut = factories.filer("3708"), factories.filer("3709")
    User.objects.filter(pk=closed.pk).update(is_active=False)
    for _ in range(attempts.TRIES):
        try_in(Client(), shut.username, WRONG)

    answers = [
        try_in(Client(REMOTE_ADDR=f"10.0.0.{number}"), name, password)
        for number, (name, password) in enumerate(
            [
                (factories.filer().username, WRONG),
                ("nobody_at_all", WRONG),
                (closed.username, factories.PASSWORD),
                (shut.username, WRONG),
                (shut.username, factories.PASSWORD),
            ]
        )
    ]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({tuple(error(answer)) for answer in answers}) == 1
    lengths = [len(answer.content) - len(answer.context["form"].data["username"]) for answer in answers]
    assert max(lengths) - min(lengths) < 64  # the token of the form differs


@override_settings(PASSWORD_HASHERS=["portal.hashers.Argon2id"])
def test_a_try_that_is_not_looked_at_answers_as_late_as_a_wrong_password():
    rounds, shut = range(6), factories.filer("3709").username
    known = [factories.filer(name=f"known{n}").username for n in rounds]
    for _ in range(attempts.TRIES):
        try_in(Client(), shut, WRONG)

    kinds = {"wrong": known, "unknown": [f"nobody{n}" for n in rounds], "shut": [shut for _ in rounds]}
    took = {kind: median(spent(name) for name in names) for kind, names in kinds.items()}

    # A machine with other work to do is no clock; the work itself is counted below.
    assert min(took.values()) / max(took.values()) > 0.5


class Counted(Argon2id):
    """The hasher of the portal, which notes each password that it works out."""

    worked = 0

    def encode(self, *args, **kwargs) -> str:
        """Work out one that nobody had before."""
        Counted.worked += 1
        return super().encode(*args, **kwargs)

    def verify(self, *args, **kwargs) -> bool:
        """Work out one to compare it."""
        Counted.worked += 1
        return super().verify(*args, **kwargs)


@override_settings(PASSWORD_HASHERS=["tests.test_sign_in.Counted"])
def test_whatever_is_wrong_costs_one_password_worked_out_or_the_time_of_one(monkeypatch):
    known, closed, shut = (factories.filer(place).username for place in ("3707", "3708", "3709"))
    User.objects.filter(username=closed).update(is_active=False)
    for _ in range(attempts.TRIES):
        try_in(Client(), shut, WRONG)
    waited: list[float] = []
    monkeypatch.setattr("portal.pacing.time.sleep", waited.append)

    def cost(name: str, password: str) -> tuple[int, list[float]]:
        before = Counted.worked, len(waited)
        try_in(Client(REMOTE_ADDR="192.0.2.44"), name, password)
        return Counted.worked - before[0], waited[before[1] :]

    right = factories.PASSWORD
    costs = [cost(known, WRONG), cost("nobody_at_all", WRONG), cost(closed, WRONG), cost(closed, right)]
    took = min(pacing._took[0], 1.0)

    assert costs == [(1, [])] * 4
    assert [cost(shut, WRONG), cost(shut, right)] == [(0, [took])] * 2


def spent(username: str) -> float:
    """Return the seconds that a wrong password takes."""
    begun = time.perf_counter()
    try_in(Client(), username, WRONG)
    return time.perf_counter() - begun


def test_five_wrong_tries_shut_the_door_to_a_right_one():
    person, browser = factories.filer(), Client(**THERE)

    wrong = [try_in(browser, person.username, WRONG) for _ in range(attempts.TRIES)]
    right = try_in(browser, person.username)

    assert [answer.status_code for answer in [*wrong, right]] == [200] * 6
    assert is_in(browser) is False


def test_no_password_is_looked_at_once_the_door_is_shut(monkeypatch):
    person, browser, looked = factories.filer(), Client(**THERE), []
    kept = User.check_password
    monkeypatch.setattr(User, "check_password", lambda *a: looked.append(1) or kept(*a))

    for _ in range(12):
        try_in(browser, person.username, WRONG)

    assert len(looked) == attempts.TRIES


def test_an_attacker_from_many_networks_has_five_tries_and_the_owner_walks_in_at_his_desk():
    person, owner = factories.filer(), Client(**HERE)
    try_in(owner, person.username)
    owner.post(reverse("logout"))

    answers = [try_in(Client(REMOTE_ADDR=f"203.0.113.{n}"), person.username, WRONG) for n in range(20)]
    stranger = try_in(Client(**THERE), person.username)
    at_home = try_in(Client(**HERE), person.username)

    assert {answer.status_code for answer in [*answers, stranger]} == {200}
    assert at_home.status_code == 302


def test_the_device_of_the_owner_is_known_wherever_it_is_carried():
    person, owner = factories.filer(), Client(**HERE)
    try_in(owner, person.username)
    owner.post(reverse("logout"))
    for _ in range(6):
        try_in(Client(**THERE), person.username, WRONG)

    carried = owner.post(
        reverse("login"), {"username": person.username, "password": factories.PASSWORD}, **THERE
    )

    assert carried.status_code == 302


@pytest.mark.parametrize(
    "made_up", ["device", "x:y:z", signing.get_cookie_signer(salt="device").sign("0" * 16)]
)
def test_a_cookie_of_somebody_else_makes_no_known_device(made_up):
    person, browser = factories.filer(), Client(**THERE)
    browser.cookies["device"] = made_up

    for _ in range(attempts.TRIES):
        try_in(browser, person.username, WRONG)

    assert try_in(Client(REMOTE_ADDR="198.51.100.1"), person.username).status_code == 200


def test_two_hundred_people_behind_one_address_all_come_in_though_each_mistypes_once():
    people = [User(username=f"person{n}", full_name="演示", must_change_password=False) for n in range(200)]
    for person in people:
        person.set_password(factories.PASSWORD)
    User.objects.bulk_create(people)

    wrong = [try_in(Client(**HERE), person.username, WRONG).status_code for person in people]
    right = [try_in(Client(**HERE), person.username).status_code for person in people]

    assert (set(wrong), set(right)) == ({200}, {302})


def test_a_flood_of_made_up_names_from_one_network_is_cut_off_and_colleagues_come_in():
    colleague = factories.filer()
    try_in(Client(**HERE), colleague.username)
    request = RequestFactory().get("/", **HERE)

    let_through = sum(attempts.take(attempts.targets(request, f"made_up_{n}")) for n in range(400))

    assert let_through == attempts.STRANGERS
    assert try_in(Client(**HERE), colleague.username).status_code == 302


def test_each_pause_is_longer_than_the_one_before_up_to_an_hour():
    target, pauses = attempts.Target("k", 5), []
    for _ in range(4):
        for _ in range(5):
            attempts.take([target])
        row = FailedSignIns.objects.get(pk="k")
        pauses.append(round((row.shut_until - timezone.now()).total_seconds() / 60))
        FailedSignIns.objects.update(shut_until=timezone.now() - timedelta(seconds=1))

    assert pauses == [15, 30, 60, 60]


def test_counts_are_forgotten_after_a_while_and_known_networks_later():
    attempts.take([attempts.Target("old", 5)])
    FailedSignIns.objects.create(pk="network")
    FailedSignIns.objects.update(since=timezone.now() - timedelta(days=2))

    attempts.tidy()

    assert [row.pk for row in FailedSignIns.objects.all()] == ["network"]


def test_waiting_is_bounded_so_that_a_flood_holds_no_threads():
    with pacing.a_check():
        pass
    held = [pacing._waiting.acquire(blocking=False) for _ in range(pacing.MOST_WAITING)]
    begun = time.perf_counter()

    pacing.wait_as_long_as_a_check()

    for _ in held:
        pacing._waiting.release()
    assert (all(held), time.perf_counter() - begun < 0.5) == (True, True)


def test_most_threads_of_a_web_process_never_wait():
    served = (settings.BASE_DIR / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    (threads,) = re.findall(r'"--blocking-threads", "(\d+)"', served)

    assert int(threads) > pacing.MOST_WAITING * 2


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_a_name_that_looks_like_another_is_refused(name):
    factories.person("filer", name="zhangsan")

    twin = User(username=name, full_name="演示")

    with pytest.raises(Exception) as refused:
        twin.full_clean(exclude=["password"])
    assert "username" in refused.value.message_dict


def test_the_database_refuses_two_hundred_look_alikes_whatever_stores_them():
    factories.person("filer", name="abcdefg")
    large, wide = (
        ["".join(other(c) if n >> i & 1 else c for i, c in enumerate("abcdefg")) for n in range(1, 101)]
        for other in (str.upper, lambda c: chr(ord(c) + 0xFEE0))
    )
    store = User.objects.bulk_create

    one_by_one = [name for name in (*large, *wide) if not is_refused(User(username=name).save)]
    many = [name for name in (*large, *wide) if not is_refused(store, [User(username=name)])]

    assert (len({*large, *wide}), one_by_one, many) == (200, [], [])
    assert not is_refused(User(username="abcdefgh").save)


def is_refused(store: Callable, *what: object) -> bool:
    """Say whether the database refuses what is stored."""
    try:
        with transaction.atomic():
            store(*what)
    except IntegrityError:
        return True
    return False


def test_a_name_is_found_in_any_case_and_width():
    person = factories.filer(name="zhang.san")
    browser = Client()

    answer = try_in(browser, "Ｚhang.San")

    assert (answer.status_code, browser.session["_auth_user_id"]) == (302, str(person.pk))


@override_settings(DEMO=False)
def test_an_account_unused_for_ninety_days_neither_signs_in_nor_stays_open():
    person, lately = factories.filer(), factories.reviewer()
    long_ago = timezone.now() - timedelta(days=91)
    User.objects.filter(pk=person.pk).update(password_set_at=long_ago, last_login=long_ago)
    User.objects.filter(pk=lately.pk).update(password_set_at=long_ago, last_login=timezone.now())

    answer = try_in(Client(), person.username)
    closed = accounts.close_unused()

    assert (answer.status_code, closed) == (200, 1)
    assert [User.objects.get(pk=user.pk).is_active for user in (person, lately)] == [False, True]


def test_the_same_account_waits_as_long_as_it_must_in_the_demonstration():
    person = factories.filer()
    User.objects.filter(pk=person.pk).update(
        password_set_at=timezone.now() - timedelta(days=80), last_login=None
    )

    assert (try_in(Client(), person.username).status_code, accounts.close_unused()) == (302, 0)


def test_a_first_password_lapses_after_seven_days():
    person = factories.filer()
    at = timezone.now() - timedelta(days=7, minutes=1)
    User.objects.filter(pk=person.pk).update(must_change_password=True, password_set_at=at)

    assert try_in(Client(), person.username).status_code == 200


def test_a_sign_in_gets_a_new_session_and_a_sign_out_ends_it():
    person, browser = factories.filer(), Client()
    browser.get(reverse("login"))
    before = browser.session.session_key

    try_in(browser, person.username)
    key = browser.session.session_key
    browser.post(reverse("logout"))
    thief = Client()
    thief.cookies["session"] = key

    assert (before != key, is_in(thief)) == (True, False)


def test_a_proof_gives_the_session_a_new_key_and_the_old_one_opens_nothing():
    person = factories.filer()
    browser, thief = entered(person), Client()
    thief.cookies["session"] = browser.cookies["session"].value

    before = is_in(thief)
    browser.post(reverse("confirm"), {"password": factories.PASSWORD})

    assert (before, is_in(browser), is_in(thief)) == (True, True, False)


def test_control_a_stolen_cookie_works_while_the_session_lasts():
    owner, thief = entered(factories.filer()), Client()
    thief.cookies["session"] = owner.cookies["session"].value

    assert is_in(thief) is True
