"""Requests that change something, one for each route and act: who sends it, and which records it leaves."""

from collections.abc import Callable
from dataclasses import dataclass

from django.test import Client
from django.urls import reverse

from portal.models import Filing
from tests.sending import Sent

#: Why a request leaves no record, where several have the same reason.
DRAFT = "a draft is its bureau's alone until it is submitted, which is an event"
LOOKED_AT = "what was sent is looked at alone; who confirms it is recorded"
OWN = "it concerns nobody but who sends it"
JOB = "the job is recorded once it has ended, with who asked for it"
PREPARED = "a change of what is in preparation, which is noted when it is sent"


@dataclass(frozen=True)
class Driven:
    """A request, how it is answered when it is taken, and what it leaves: records, or ``why`` none."""

    form: Callable[[], Sent]
    leaves: tuple[str, ...]
    why: str
    status: int


class Table(dict[str, Driven]):
    """Route, with its act where it has several → its request."""

    def drives(self, name: str, leaves: str = "", *, why: str = "", status: int = 302):
        """Return what enters the function that makes the request of ``name``; acts are told by blanks."""

        def enter(form: Callable[[], Sent]) -> Callable[[], Sent]:
            self[name] = Driven(form, tuple(leaves.split()), why, status)
            return form

        return enter


@dataclass
class Sitting(Sent):
    """A form that is sent from a browser in which something happened before."""

    client: Client | None = None

    def browser(self) -> Client:
        """Return that browser."""
        return self.client


def at(name: str, *args) -> str:
    """Return the address of a route."""
    return reverse(name, args=args)


def read(filing: Filing) -> dict:
    """Return what a form says of the version that was read."""
    now = Filing.objects.get(pk=filing.pk)
    return {"version": now.version, "step": now.step}
