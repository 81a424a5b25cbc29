"""Which parts of the public content a page depends on: of one catalogue and what it is linked with, or all.

Knows the declarations and reads nothing. A page of one catalogue shows its rows, what all pages may show, and
of the types that its record type points to the names. The page of one entry shows beside these what hangs
together with it (``genealogy``), of whatever types: its view tells of which it showed any. Of a type that it
showed none, something can only come onto it in two ways: a filing that points to others enters or leaves its
catalogue, or comes to point to others, of which ``LINKS`` tells; or something that a type on the page points
to does, and the types that these may point to count as shown.
"""

from collections.abc import Iterable
from functools import cache

from django.http import HttpResponse
from django.urls import ResolverMatch

from portal import registry
from portal.public_changes import COMMON, LINKS, targets

Parts = frozenset[str]
#: Routes of one catalogue; the others of ``finished_pages`` depend on everything.
OF_ONE_TYPE = frozenset(
    {"catalogue-list", "catalogue-editions", "catalogue-compare", "catalogue-edition", "feed-type"}
)
OF_AN_ENTRY = "catalogue-entry"
EVERYTHING = None
_SHOWN = "shown_types"


def tell(answer: HttpResponse, slugs: Iterable[str]) -> HttpResponse:
    """Return the answer of a view, which says that it shows something of these record types."""
    setattr(answer, _SHOWN, frozenset(slugs))
    return answer


def of_page(match: ResolverMatch, answer: HttpResponse) -> Parts | None:
    """Return the parts that an answer to ``match`` depends on; ``EVERYTHING`` where it could be any."""
    if match.view_name in OF_ONE_TYPE and (record_type := match.kwargs.get("record_type")):
        return _of_types(frozenset({record_type.slug}))
    if match.view_name == OF_AN_ENTRY and (shown := getattr(answer, _SHOWN, None)):
        return _of_types(shown | {match.kwargs["record_type"].slug}) | {LINKS}
    return EVERYTHING


@cache
def _of_types(slugs: Parts) -> Parts:
    """Return the parts of some types: their own and those of the types they may point to."""
    return slugs.union({COMMON}, *(targets(registry.get(slug)) for slug in slugs))
