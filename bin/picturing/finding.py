"""Finds the address of an example: asks the portal in this process, as the people of the demonstration."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import product

from django.db.models import Count, QuerySet
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from picturing import table
from portal import check_codes, manual, registry
from portal.models import (
    AccessRecord,
    Campaign,
    CampaignDuty,
    CatalogueEntry,
    Edition,
    Filing,
    FilingVersion,
    Import,
    ImportPurpose,
    JointOpinion,
    Objection,
    PeriodicReview,
    PublicNotice,
    Region,
    Registration,
    Remark,
    Report,
    ReviewItem,
    SelectionRound,
    User,
)
from portal.vocabulary import EDITABLE, IN_REVIEW, State
from workforce.models import KeyBrand

#: How many examples are tried for one part of an address.
MOST = 40


def routes(patterns=None, prefix: str = "", namespace: str = "") -> Iterator[tuple[str, str]]:
    """Yield (name, route) of every URL there is."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", route
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern.url_patterns, route, inner)


def by_name() -> dict[str, str]:
    """Return name → route; of two that share a name the first."""
    return dict(reversed(list(routes())))


def is_pictured(name: str) -> bool:
    """Say whether a route is to have a picture of its own."""
    if name.startswith("admin:"):
        return name in table.ADMINISTRATION
    return not name.startswith("api") and name not in table.reasons()


UNDER_REVIEW = Filing.objects.filter(state__in=IN_REVIEW, is_nothing=False)
BEING_WRITTEN = Filing.objects.filter(state__in=EDITABLE)
AT_THE_PROVINCE = Filing.objects.filter(state=State.PROVINCE_REVIEW, is_nothing=False)
APPROVED = Filing.objects.filter(state=State.APPROVED)
CATALOGUED = [record_type.slug for record_type in registry.all_types() if record_type.public]
ASKED = JointOpinion.objects.filter(answered_at=None).values("filing")
REMARKED = Remark.objects.open().values("filing")
#: Part of an address → the rows there are, or what they are called.
ROWS: dict[str, QuerySet] = {
    "notice": PublicNotice.objects.all(),
    "campaign": Campaign.objects.all(),
    "objection": Objection.objects.all(),
    "duty": CampaignDuty.objects.all(),
    "job": Report.objects.all(),
    "record": AccessRecord.objects.all(),
    "imported": Import.objects.exclude(purpose=ImportPurpose.HISTORY),
    "registration": Registration.objects.all(),
    "review": PeriodicReview.objects.all(),
    "case": ReviewItem.objects.all(),
    "round": SelectionRound.objects.all(),
    "edition": Edition.objects.all(),
    "key": KeyBrand.objects.all(),
}
WORDS: dict[str, Callable[[], Iterable]] = {
    "record_type": lambda: [record_type.slug for record_type in registry.all_types()],
    "code": lambda: _some(CatalogueEntry.objects.filter(valid_to=None), "code"),
    "day": lambda: [f"{day:%Y-%m-%d}" for day in _some(Edition.objects.exclude(published_at=None), "on")],
    "pk": lambda: [*_some(UNDER_REVIEW), *_some(BEING_WRITTEN), *_some(APPROVED)],
    "typed": lambda: [check_codes.code_of(version) for version in FilingVersion.objects.order_by("-pk")[:3]],
    "target": lambda: ["provincial-skill-brands"],
    "report": lambda: ["brands"],
    "reference_list": lambda: ["ich"],
    "item": lambda: ["G001"],
    "chapter": lambda: manual.CHAPTERS,
    "region": lambda: _some(Region.objects.filter(level="city"), "code"),
}
#: What the example of a picture of the manual must be → the filings, or codes, that are.
EXAMPLES: dict[str, Callable[[], Iterable]] = {
    "draft": lambda: _some(Filing.objects.filter(state=State.DRAFT)),
    "with places for files": lambda: _some(BEING_WRITTEN.filter(kind="city-training-brands")),
    "sent": lambda: _some(UNDER_REVIEW),
    "returned": lambda: _some(Filing.objects.filter(pk__in=REMARKED, state=State.RETURNED)),
    "at the province": lambda: _some(AT_THE_PROVINCE),
    "sent again": lambda: _some(UNDER_REVIEW.annotate(sent=Count("versions")).filter(sent__gt=1)),
    "remarked": lambda: _some(UNDER_REVIEW.filter(remarks__isnull=False).distinct()),
    "approved": lambda: _some(APPROVED.filter(entry=None, kind__in=CATALOGUED)),
    "asked": lambda: _some(Filing.objects.filter(pk__in=ASKED)),
    "exam": lambda: _some(CatalogueEntry.objects.filter(kind="exam-projects"), "code")[:1],
}


def _some(rows: QuerySet, column: str = "pk") -> list:
    return list(rows.order_by("-pk").values_list(column, flat=True)[:MOST])


def _examples(part: str) -> Iterable:
    return _some(ROWS[part]) if part in ROWS else WORDS[part]()


@cache
def _client(person: str | None) -> Client:
    client = Client(HTTP_HOST="127.0.0.1", raise_request_exception=False)
    if person:
        client.force_login(User.objects.get(username=person))
    return client


def opens(person: str | None, address: str) -> bool:
    """Say whether ``person`` is shown a page at ``address``."""
    answer = _client(person).get(address)
    return answer.status_code == 200 and answer["Content-Type"].startswith("text/html")


def addresses(name: str, route: str, of: str = "") -> Iterator[str]:
    """Yield addresses of a route for the examples there are."""
    parts = [part.rpartition(":")[2] for part in re.findall(r"<([^>]+)>", route)]
    given = {part: [value] for part, value in table.GIVEN.get(name, {}).items()}
    if of:
        given |= dict.fromkeys(("pk", "code"), EXAMPLES[of]())
    choices = [given[part] if part in given else _examples(part) for part in parts]
    yield from (reverse(name, kwargs=dict(zip(parts, chosen, strict=True))) for chosen in product(*choices))


def found(name: str, route: str, people: Iterable[str | None], of: str = "", query: str = "") -> tuple | None:
    """Return (person, address) of the first page that opens, or None."""
    candidates = [address + query for address in addresses(name, route, of)]
    return next(((who, url) for who in people for url in candidates if opens(who, url)), None)
