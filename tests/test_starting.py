"""What production does not start with, and from where its administration is reached."""

import stat
from datetime import date

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.urls import reverse

from portal import starting
from portal.models import Edition, User
from portal.settings import secret_key
from tests import factories
from tests.administration import enter
from tests.identity import is_in

pytestmark = pytest.mark.django_db
GOOD = "k3J" + "qW8zR1vB6nM0xC5tY9uL2pD7sF4gH" * 2
DATA = {"kind": "exam-projects", "name": "演示版", "on": date(2026, 1, 1), "is_demo": True}


def test_production_is_refused_with_demonstration_data_and_a_demonstration_is_not():
    Edition.objects.create(**DATA)
    found = []
    for demo in (False, True):
        with override_settings(DEMO=demo, SECRET_KEY=GOOD):
            found.append(list(starting.problems()))

    assert found == [["数据库里有演示数据：请换一个空的数据库，或者用 PORTAL_DEMO=1 启动演示环境。"], []]


@pytest.mark.parametrize(("debug", "problems"), [(True, 1), (False, 0)])
def test_production_is_refused_with_pages_for_developers(debug, problems):
    with override_settings(DEMO=False, SECRET_KEY=GOOD, DEBUG=debug):
        found = list(starting.problems())

    assert [said.partition("=")[0] for said in found] == ["PORTAL_DEBUG"] * problems


@pytest.mark.parametrize("key", ["", "short", "django-insecure-" + GOOD, "a" * 64, "changeme" * 10, "…" * 60])
def test_production_is_refused_with_a_key_that_others_know(key):
    with override_settings(DEMO=False, SECRET_KEY=key or "x"):
        (problem,) = starting.problems()

    assert problem.startswith("PORTAL_SECRET_KEY")


@pytest.mark.parametrize(
    ("key", "https", "words"),
    [
        ("", True, ["没有设置 PORTAL_ACCESS_LOG_KEY"]),
        ("short", True, ["PORTAL_ACCESS_LOG_KEY 太短"]),
        ("changeme" * 10, False, ["PORTAL_ACCESS_LOG_KEY 太短"]),
        ("", False, []),
        (GOOD, True, []),
    ],
)
def test_production_is_refused_without_a_key_of_its_own_for_the_access_log(key, https, words):
    with override_settings(DEMO=False, SECRET_KEY=GOOD, HTTPS=https, ACCESS_LOG_OWN_KEY=key):
        found = list(starting.problems())

    assert [said[: len(word)] for said, word in zip(found, words, strict=True)] == words


@override_settings(DEMO=False, SECRET_KEY=GOOD, HTTPS=True, ACCESS_LOG_OWN_KEY=GOOD)
def test_production_is_refused_with_a_superuser_and_starts_without():
    clean = list(starting.problems())
    User.objects.create_superuser("root", password=factories.PASSWORD, full_name="演示")

    with pytest.raises(ImproperlyConfigured) as refused:
        starting.refuse()

    assert clean == []
    assert str(refused.value).startswith("没有启动，数据没有改动。有启用的超级用户账号")


def test_the_command_before_the_first_request_says_so_and_changes_nothing():
    Edition.objects.create(**DATA)
    before = User.objects.count()

    with override_settings(DEMO=False, SECRET_KEY=GOOD), pytest.raises(CommandError) as refused:
        call_command("prepare")

    assert str(refused.value).startswith("没有启动，数据没有改动。数据库里有演示数据")
    assert User.objects.count() == before


def test_the_key_that_is_made_is_long_and_its_owner_s_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("PORTAL_SECRET_KEY", raising=False)
    monkeypatch.setattr("portal.settings.VAR", tmp_path)

    key = secret_key()

    assert len(key) >= 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert secret_key() == key


INSIDE, OUTSIDE = "10.8.0.7", "203.0.113.9"
SHAPES = [
    {"X-Forwarded-For": INSIDE},
    {"X-Forwarded-For": f"{INSIDE}, {OUTSIDE}"},
    {"X-Forwarded-For": f"{OUTSIDE}, {INSIDE}"},
    {"X-Forwarded-For": f"{INSIDE},{INSIDE},{INSIDE}"},
    {"X-Real-IP": INSIDE},
    {"X-Client-IP": INSIDE},
    {"X-Cluster-Client-IP": INSIDE},
    {"True-Client-IP": INSIDE},
    {"CF-Connecting-IP": INSIDE},
    {"Forwarded": f"for={INSIDE};proto=https"},
    {"X-Originating-IP": INSIDE},
    {"X-Remote-Addr": INSIDE},
]


@override_settings(ADMIN_NETWORKS=["10.8.0.0/16"])
@pytest.mark.parametrize("headers", SHAPES)
def test_no_header_makes_a_stranger_s_address_one_of_ours(headers):
    stranger, admin = Client(REMOTE_ADDR=OUTSIDE), enter(Client(REMOTE_ADDR=OUTSIDE), factories.sysadmin())

    answers = [
        client.get(reverse("admin:index"), headers=headers).status_code for client in (stranger, admin)
    ]

    assert answers == [403, 403]


@override_settings(ADMIN_NETWORKS=["10.8.0.0/16"], TRUSTED_PROXIES=["192.0.2.1"])
@pytest.mark.parametrize(
    ("said", "status"),
    [
        (INSIDE, 200),
        (f"{INSIDE}, {OUTSIDE}", 403),
        (f"::ffff:{INSIDE}", 200),
        ("nonsense", 403),
        ("", 403),
        (f"{INSIDE}:80", 403),
    ],
)
def test_behind_the_proxy_that_is_trusted_its_last_word_counts(said, status):
    admin = enter(Client(REMOTE_ADDR="192.0.2.1"), factories.sysadmin())

    assert admin.get(reverse("admin:index"), headers={"X-Forwarded-For": said}).status_code == status


@override_settings(ADMIN_NETWORKS=["10.8.0.0/16", "fd00::/8"])
@pytest.mark.parametrize(
    ("address", "holds"), [(INSIDE, True), ("fd00::1", True), (OUTSIDE, False), ("2001:db8::1", False)]
)
def test_an_administrator_is_signed_in_from_his_networks_alone_and_others_from_anywhere(address, holds):
    admin, filer = Client(REMOTE_ADDR=address), Client(REMOTE_ADDR=address)
    admin.force_login(factories.secadmin())
    filer.force_login(factories.filer())

    assert (is_in(admin), is_in(filer)) == (holds, True)


def test_the_administration_is_reached_from_anywhere_when_no_network_is_named():
    assert settings.ADMIN_NETWORKS == []
    assert (
        enter(Client(REMOTE_ADDR=OUTSIDE), factories.sysadmin()).get(reverse("admin:index")).status_code
        == 200
    )
