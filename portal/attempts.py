"""How often somebody may try to sign in: counted in the database before any password is worked out.

A try counts against the account as seen from where it comes. A device or a network from which the person has
signed in before has a count of its own, all others share one: an attacker shuts out himself and other
strangers, never the owner at his desk, and a bureau behind one address shares nothing but a wide limit for
strangers. Five tries in 15 minutes, then a pause of 15, 30, 60 minutes (GB/T 22239-2019 8.1.4.1 b,
ASVS 5.0, 6.3.1).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from portal import cookies, text
from portal.models import FailedSignIns, User
from portal.networks import network_of

TRIES, STRANGERS = 5, 300
WINDOW, FORGET = timedelta(minutes=15), timedelta(days=1)
LONGEST_PAUSE = timedelta(minutes=60)
DEVICE, DEVICE_DAYS, PATH = "device", 180, "/login/"


@dataclass(frozen=True)
class Target:
    """What a try counts against, and how many of them are let through."""

    key: str
    most: int


def targets(request: HttpRequest, username: str) -> list[Target]:
    """Return what a try at ``username`` counts against; the same for names that do not exist."""
    name, network = text.key(username), network_of(request)
    for place in (_device(request, name), f"network {network}"):
        if place and _is_known(name, place):
            return [Target(_key("known", name, place), TRIES)]
    return [Target(_key("account", name), TRIES), Target(_key("network", network), STRANGERS)]


@transaction.atomic
def take(wanted: Iterable[Target]) -> bool:
    """Count one try against each target and say whether it may be made; what is shut counts no more.

    Counting comes before the password is looked at, so no two slip through together.
    """
    rows = [_row(target) for target in _in_order(wanted)]
    now = timezone.now()
    if any(row.shut_until and row.shut_until > now for row, _ in rows):
        return False
    for row, most in rows:
        _count(row, most, now)
    return True


def is_shut(wanted: Iterable[Target]) -> bool:
    """Say whether a target is shut just now, without writing: what a flood of tries meets."""
    keys = [target.key for target in wanted]
    return FailedSignIns.objects.filter(pk__in=keys, shut_until__gt=timezone.now()).exists()


@transaction.atomic
def succeeded(request: HttpRequest, user: User, wanted: Iterable[Target]) -> None:
    """Forget the tries against the account and remember the network as one its owner comes from."""
    for target in _in_order(wanted):
        if target.most == STRANGERS:
            _give_back(target)
        else:
            _begin_anew([target])
    name = text.key(user.username)
    FailedSignIns.objects.update_or_create(
        pk=_known(name, f"network {network_of(request)}"), defaults={"since": timezone.now()}
    )


def of_codes(user: User) -> list[Target]:
    """Return what a code or a password asked for again counts against."""
    return [Target(_key("proof", str(user.pk)), TRIES)]


def forget(user: User) -> None:
    """Forget the tries at codes, now that one was right."""
    _begin_anew(of_codes(user))


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Give the browser a cookie by which its owner's tries are told from a stranger's; it opens nothing."""
    name = text.key(user.username)
    if _device(request, name):
        return
    device = signing.get_cookie_signer(salt=DEVICE).sign(f"{_key('whose', name)[:16]}")
    response.set_cookie(
        cookies.called(DEVICE, PATH),
        device,
        max_age=DEVICE_DAYS * 86_400,
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
        path=PATH,
    )


def tidy() -> None:
    """Forget what was counted long ago; a network is known as long as a device is."""
    now = timezone.now()
    FailedSignIns.objects.filter(since__lt=now - timedelta(days=DEVICE_DAYS)).delete()
    FailedSignIns.objects.filter(since__lt=now - FORGET, tries__gt=0).delete()


def _in_order(wanted: Iterable[Target]) -> list[Target]:
    """Return targets in the order in which everybody holds their rows, so that no two wait for each other."""
    return sorted(wanted, key=lambda target: target.key)


def _begin_anew(wanted: Iterable[Target]) -> None:
    """Count from nothing again; the rows stay, for somebody may be about to count in them."""
    keys = [target.key for target in wanted]
    FailedSignIns.objects.filter(pk__in=keys).update(tries=0, rounds=0, shut_until=None, since=timezone.now())


def _row(target: Target) -> tuple[FailedSignIns, int]:
    FailedSignIns.objects.bulk_create([FailedSignIns(pk=target.key)], ignore_conflicts=True)
    return FailedSignIns.objects.select_for_update().get(pk=target.key), target.most


def _count(row: FailedSignIns, most: int, now) -> None:
    """Count one try; the last one let through begins a pause, longer each time."""
    if now - row.since > FORGET:
        row.rounds = 0
    if now - row.since > WINDOW or row.tries >= most:
        row.tries, row.since = 0, now
    row.tries += 1
    if row.tries >= most:
        row.shut_until = now + min(WINDOW * 2**row.rounds, LONGEST_PAUSE)
        row.rounds = min(row.rounds + 1, 10)
    row.save()


def _give_back(target: Target) -> None:
    """Take back the try of somebody who turned out to be no stranger."""
    row, _ = _row(target)
    row.tries, row.shut_until = max(row.tries - 1, 0), None if row.tries == target.most else row.shut_until
    row.save()


def device(request: HttpRequest) -> str:
    """Return the cookie of a browser that somebody has signed in with before, "" when it is none of ours."""
    sent = request.COOKIES.get(cookies.called(DEVICE, PATH), "")
    return sent if _whose(sent) else ""


def _device(request: HttpRequest, name: str) -> str:
    """Return the device of a request when its cookie was given for this very name, else nothing."""
    sent = request.COOKIES.get(cookies.called(DEVICE, PATH), "")
    return f"device {sent}" if _whose(sent) == _key("whose", name)[:16] else ""


def _whose(sent: str) -> str:
    """Return whom a cookie was given for, hashed; "" when it was not given by us or too long ago."""
    signer = signing.get_cookie_signer(salt=DEVICE)
    try:
        return signer.unsign(sent, max_age=timedelta(days=DEVICE_DAYS))
    except signing.BadSignature:
        return ""


def _is_known(name: str, place: str) -> bool:
    return place.startswith("device ") or FailedSignIns.objects.filter(pk=_known(name, place)).exists()


def _known(name: str, place: str) -> str:
    return _key("came from", name, place)


def _key(*parts: str) -> str:
    return salted_hmac("portal.attempts", "\n".join(parts), algorithm="sha256").hexdigest()
