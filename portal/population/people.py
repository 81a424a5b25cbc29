"""The people of a synthetic population: a filer for each bureau, the desks of cities and province."""

import json
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from portal import reference
from portal.models import Membership, Organisation, Region, User
from portal.vocabulary import Kind, Level, Role

PROVINCE = "37"
DESKS = {
    Level.PROVINCE: (Role.REVIEWER, Role.APPROVER, Role.PUBLISHER),
    Level.CITY: (Role.FILER, Role.REVIEWER, Role.PUBLISHER),
    Level.COUNTY: (Role.FILER,),
    Level.ZONE: (Role.FILER,),
}
MARK = "bench"


@dataclass(frozen=True)
class Person:
    """Who acts: the account, the name and the bureau, as an event tells of them."""

    pk: int
    name: str
    bureau: int
    bureau_name: str


@dataclass(frozen=True)
class Place:
    """Where filings come from: a region, its bureau, the words of the place that a search finds."""

    code: str
    short: str
    words: str
    bureau: int
    bureau_name: str


class Cast:
    """All of them, by role and region."""

    def __init__(self) -> None:
        posts = Membership.objects.filter(user__username__startswith=f"{MARK}_")
        found = posts.select_related("user", "organisation").order_by("user_id")
        self.people = {
            (post.role, post.organisation.region_id): Person(
                post.user_id, str(post.user), post.organisation_id, post.organisation.name
            )
            for post in found
        }
        self.places = list(_places())

    def of(self, role: str, region: str) -> Person:
        """Return who holds ``role`` at the bureau of ``region``."""
        return self.people[role, region]


def name_of(role: str, region: str) -> str:
    """Return the sign-in name of a post."""
    return f"{MARK}_{role}_{region}"


def demonstrators() -> list[str]:
    """Return the sign-in names of the demonstration."""
    data = json.loads((reference.FIXTURES / "demo.json").read_text(encoding="utf-8"))
    return [account["username"] for account in data["accounts"]]


def cast() -> Cast:
    """Return the people, made when they are not there yet."""
    if not User.objects.filter(username=name_of(Role.APPROVER, PROVINCE)).exists():
        _make()
    return Cast()


def _bureaus():
    found = Organisation.objects.current().filter(kind=Kind.HRSS_BUREAU).order_by("region_id")
    return found.select_related("region__parent")


def _make() -> None:
    posts = [(bureau, role) for bureau in _bureaus() for role in DESKS[bureau.region.level]]
    unusable = make_password(None)
    users = User.objects.bulk_create(
        User(
            username=name_of(role, bureau.region_id),
            full_name=f"演示{role.label}{bureau.region.short_name}"[:30],
            password=unusable,
            must_change_password=False,
        )
        for bureau, role in posts
    )
    Membership.objects.bulk_create(
        Membership(user=user, organisation=bureau, role=role)
        for user, (bureau, role) in zip(users, posts, strict=True)
    )


def _places():
    """Yield the cities and what lies in them; the province itself files nothing here."""
    for bureau in _bureaus():
        region: Region = bureau.region
        if region.level != Level.PROVINCE:
            parent = region.parent.name if region.level != Level.CITY else ""
            words = f"{region.name} {parent}".strip()
            yield Place(region.code, region.short_name, words, bureau.pk, bureau.name)
