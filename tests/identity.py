"""Helpers of the tests of identity: signing in as a browser does, clocks moved, codes of an authenticator."""

import time

from django.test import Client
from django.urls import reverse

from portal import second_factor
from portal.models import SecondFactor, User
from tests import factories

WRONG = "not the password"


def try_in(client: Client, username: str, password: str = factories.PASSWORD, **extra):
    """Send name and password to the sign-in page and return the answer."""
    return client.post(reverse("login"), {"username": username, "password": password}, **extra)


def is_in(client: Client) -> bool:
    """Say whether a browser is signed in."""
    return client.get(reverse("security")).status_code == 200


def age(client: Client, **seconds: int) -> None:
    """Make the sign-in of a browser older: ``seen_at=…``, ``signed_in_at=…``, ``confirmed_at=…``."""
    session = client.session
    for name, by in seconds.items():
        session[name] = session[name] - by
    session.save()


def entered(user: User) -> Client:
    """Return a browser in which ``user`` is signed in."""
    client = Client()
    client.force_login(user)
    return client


def authenticator(user: User) -> bytes:
    """Give ``user`` an authenticator and return its key; no code of it was used yet."""
    salt = second_factor.new_salt()
    SecondFactor.objects.create(user=user, salt=salt)
    return second_factor.key_of(user, salt)


def code_now(key: bytes, steps: int = 0) -> str:
    """Return the code of this step of time, or of one so many steps away."""
    return second_factor.code_at(key, int(time.time()) // second_factor.STEP + steps)
