"""Pages for everybody: home and catalogues. They read entries and render; none writes."""

import re

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import conditional_page, require_safe

from portal import asked, basis, browse, dated, entries, exports, gauges, hits, noticeboard, registry, tiles
from portal.models import CatalogueEntry, Edition, Region
from portal.registry import RecordType
from portal.views import addresses

PER_PAGE = 20
NEWEST = 5
EXAMPLES, EXAMPLE_LENGTH = 5, 10
TOP_PLACES = 5
MOST_DOWNLOADED = 100_000
LAST = 999_999  # no page has a higher number


def public_types() -> list[RecordType]:
    """Return the record types that have a public catalogue, in the order of the registries."""
    return [record_type for record_type in registry.all_types() if record_type.public]


@login_not_required
@require_safe
@conditional_page
def home(request: HttpRequest) -> HttpResponse:
    """The way in: search, the catalogues with their numbers, the map, what is new, the notices."""
    counts, shown = browse.counts_by_kind_and_city(), mapped(request)
    context = {
        "nav": "home",
        "examples": _examples(),
        "registries": _registries(counts),
        "mapped": shown,
        "types": public_types(),
        "map": tiles.drawn(shown, counts.get(shown.slug, {})),
        "gauges": gauges.of_the_province(timezone.localdate()),
        "newest": _newest(),
        "bulletin": noticeboard.newest(NEWEST),
        "notices": basis.NOTICES,
    }
    return render(request, "public/home.html", context)


def mapped(request: HttpRequest) -> RecordType:
    """Return the catalogue whose numbers the map shows: the first, or that of ``map``; unknown is 404."""
    types = {record_type.slug: record_type for record_type in public_types()}
    asked = request.GET.get("map", next(iter(types)))
    if asked not in types:
        raise Http404("no such catalogue")
    return types[asked]


def _examples() -> list[str]:
    """Return short names that are really in the catalogue, newest first, to try the search with."""
    in_force = CatalogueEntry.objects.in_force().annotate(length=Length("title"))
    short = in_force.filter(length__lte=EXAMPLE_LENGTH)
    titles = short.order_by("-valid_from", "-pk").values_list("title", flat=True)[: EXAMPLES * 4]
    return list(dict.fromkeys(titles))[:EXAMPLES]


def _registries(counts: dict[str, dict[str, int]]) -> list[dict]:
    provincial = browse.provincial_by_kind()
    begun = Edition.objects.published().filter(region=browse.PROVINCE_CODE).order_by("on", "pk")
    editions = {edition.kind: edition for edition in begun}
    return [
        {
            "type": record_type,
            "count": sum(counts.get(record_type.slug, {}).values()),
            "note": _note(record_type, counts.get(record_type.slug, {}), provincial, editions),
        }
        for record_type in public_types()
    ]


def _note(record_type: RecordType, by_city: dict, provincial: dict, editions: dict) -> str:
    if edition := editions.get(record_type.slug):
        return f"现行目录：{edition}"
    if record_type.levelled:
        return f"其中省级 {provincial.get(record_type.slug, 0)} {record_type.unit}"
    return f"来自 {len(by_city.keys() - {browse.PROVINCE_CODE})} 个市"


def _newest() -> list[dict]:
    newest = CatalogueEntry.objects.in_force().order_by("-valid_from", "-pk").select_related("region__parent")
    return [{"entry": entry, "type": registry.get(entry.kind)} for entry in newest[:NEWEST]]


@login_not_required
@require_safe
@conditional_page
def catalogue(request: HttpRequest) -> HttpResponse:
    """The index of all catalogues."""
    context = {"nav": "catalogue", "registries": _registries(browse.counts_by_kind_and_city())}
    return render(request, "public/catalogue.html", context)


@login_not_required
@require_safe
@conditional_page
def catalogue_list(request: HttpRequest, record_type: RecordType) -> HttpResponse:
    """One catalogue under the visitor's wish; a choice or a page that does not exist is 404."""
    wish, listing = _listing(request, record_type)
    page, is_too_far = _turned(request, listing)
    context = {
        "nav": "catalogue",
        "type": record_type,
        "wish": wish,
        "listing": listing,
        "page": page,
        "is_too_far": is_too_far,
        "is_common": isinstance(page.paginator.count, hits.AtLeast),
        **_shown(record_type, list(page), wish),
        "editions": dated.of_province(record_type),
        **choices(listing, page),
        "canonical": canonical(request, wish, page),
    }
    return render(request, "public/list.html", context)


@login_not_required
@require_safe
def catalogue_download(
    request: HttpRequest, record_type: RecordType, file_type: str
) -> StreamingHttpResponse:
    """The same list as a file of the public fields; exited entries keep their content to themselves."""
    _, listing = _listing(request, record_type)
    if file_type == "json" or not _is_downloadable(listing, listing.count):
        raise Http404("too much at once, or the matter of the interface")
    found = listing.entries()
    records = record_type.model.objects.filter(pk__in=found.values("filing_id")).order_by("entry__code")
    return exports.public_response(record_type, records, file_type)


def _shown(record_type: RecordType, found: list[CatalogueEntry], wish: browse.Wish) -> dict:
    if wish.table:
        return {"table": entries.table(record_type, found)}
    return {"lines": entries.lines(record_type, found, wish.q)}


def _listing(request: HttpRequest, record_type: RecordType) -> tuple[browse.Wish, browse.Listing]:
    wish = wished(request, record_type)
    return wish, browse.Listing(record_type, wish)


def wished(request: HttpRequest, record_type: RecordType) -> browse.Wish:
    """Return what a visitor asks of a catalogue; without one, or for a choice that does not exist, 404."""
    if not record_type.public:
        raise Http404("no public catalogue")
    try:
        return browse.read_wish(record_type, request.GET)
    except browse.Unknown as unknown:
        raise Http404(f"unknown {unknown}") from None


def paged(request: HttpRequest, found, each: int = PER_PAGE):
    """Return the page of ``found`` that a visitor asks for; one that does not exist is 404."""
    paginator = Paginator(found, each)
    return paginator.page(number_of(request.GET.get("page", "1"), paginator.num_pages))


def _turned(request: HttpRequest, listing: browse.Listing) -> tuple[Page, bool]:
    """Return the page of a list that a visitor asks for, and whether it lies too deep to be turned to.

    One that does not exist is 404.
    """
    number = number_of(request.GET.get("page", "1"), LAST)
    try:
        found, count = listing.page((number - 1) * PER_PAGE, PER_PAGE)
    except browse.TooFar:
        return Page([], number, Paginator(range(number * PER_PAGE), PER_PAGE)), True
    if not found and number > 1:
        raise Http404("no such page")
    paginator = Paginator(range(count), PER_PAGE)
    paginator.count = count
    return Page(found, number, paginator), False


def number_of(asked: str, last: int) -> int:
    """Return the number a visitor asks for, 1 to ``last``; everything else is 404."""
    if not re.fullmatch("[1-9][0-9]{0,5}", asked, re.ASCII) or int(asked) > last:
        raise Http404("no such number")
    return int(asked)


def canonical(request: HttpRequest, wish: browse.Wish, page) -> str:
    """Return the one address of a list, however it is sorted and shown; each page of it has its own."""
    asked = wish.query(sort="", table=False).lstrip("?")
    number = f"page={page.number}" if page.number > 1 else ""
    query = "&".join(part for part in (asked, number) if part)
    return addresses.absolute(request, request.path + (f"?{query}" if query else ""))


def choices(listing: browse.Listing, page) -> dict:
    """Return what stands beside the results: facets, places, sorting, removable conditions."""
    wish, cities, counties = listing.wish, listing.cities(), listing.counties()
    conditions = listing.removable(_region_name(wish.region))
    return {
        "facets": [{"label": f.label, "options": listing.options(f)} for f in listing.facets],
        "statuses": [] if listing.day else listing.status_options(),
        "cities": cities,
        "top_cities": _top(cities),
        "counties": counties,
        "top_counties": _top(counties),
        "conditions": conditions,
        "way_out": None if page else listing.way_out(conditions),
        "sorts": listing.sorts(),
        "as_first": wish.query(),
        "as_list": wish.query(table=False),
        "as_table": wish.query(table=True),
        "may_download": bool(page) and _is_downloadable(listing, page.paginator.count),
    }


def _is_downloadable(listing: browse.Listing, count: int) -> bool:
    is_known = not isinstance(count, hits.AtLeast)
    return is_known and listing.wish.status != browse.EXITED and count <= MOST_DOWNLOADED


def _top(places: list[dict]) -> list[dict]:
    """Return the chosen place and the fullest ones; the others stand behind “显示全部”."""
    shown = [place for place in places if place["is_chosen"] or place["count"] != 0]
    return sorted(shown, key=lambda place: (not place["is_chosen"], -(place["count"] or 0)))[:TOP_PLACES]


def _region_name(code: str) -> str:
    found = asked.rows((), _regions, code) if code else []
    return found[0].full_name if found else ""


def _regions(code: str) -> QuerySet:
    return Region.objects.select_related("parent").filter(code=code)
