"""Pages that find: the search over all catalogues, the tile map, the genealogy. They only read."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_safe

from portal import browse, entries, facts, genealogy, hits, registry, similar, text, tiles
from portal.models import CatalogueEntry
from portal.registry import RecordType
from portal.views.public import PER_PAGE, mapped, paged, public_types

HITS_PER_TYPE = 5
ROWS_PER_PAGE = 50
FEW = 2  # found names up to which near ones are offered


@login_not_required
@require_safe
@conditional_page
def search(request: HttpRequest) -> HttpResponse:
    """All catalogues at once, grouped; with ``in`` the search of that one catalogue."""
    slug, q = request.GET.get("in", ""), browse.query_of(request.GET)
    if slug in {record_type.slug for record_type in public_types()}:
        return redirect(reverse("catalogue-list", args=[slug]) + browse.Wish(q=q).query())
    found = (_group(record_type, q) for record_type in public_types() if q)
    groups = [group for group in found if group["count"]]
    total = hits.total(group["count"] for group in groups)
    context = {
        "nav": "catalogue",
        "q": q,
        "groups": groups,
        "total": total,
        "near": _near(q, groups) if q and total <= FEW else [],
        "ways": _ways_out(q) if q and not total else [],
        "lists": facts.found_in_lists(q),
        "cut": _cut(request.GET.get("q", "")),
    }
    return render(request, "public/search.html", context)


def _group(record_type: RecordType, q: str) -> dict:
    listing = browse.Listing(record_type, browse.Wish(q=q))
    found, count = listing.page(0, PER_PAGE)
    return {
        "type": record_type,
        "count": count,
        "is_common": isinstance(count, hits.AtLeast),
        "more": listing.wish.query(),
        "lines": entries.lines(record_type, found[:HITS_PER_TYPE], q),
    }


def _near(q: str, groups: list[dict]) -> list[dict]:
    """Return the names that may have been meant and were not found."""
    found = {line["entry"].pk for group in groups for line in group["lines"]}
    meant = [entry for entry in similar.meant(q) if entry.pk not in found]
    return [{"entry": entry, "type": registry.get(entry.kind)} for entry in meant]


def _ways_out(q: str) -> list[dict]:
    """Return for each of several words what is found without it, most first; nothing found is left out."""
    words = browse.search_words(q)
    if len(words) < 2:
        return []
    rests = {word: " ".join(other for other in words if other != word) for word in words}
    counts = {word: hits.total(browse.counts_for(rest).values()) for word, rest in rests.items() if rest}
    ways = [{"word": word, "q": rests[word], "count": count} for word, count in counts.items() if count]
    return sorted(ways, key=lambda way: -way["count"])


def _cut(typed: str) -> str:
    """Return the sentence that not all of what was typed is searched for, empty when it is."""
    words = text.fold(typed).split()
    if len(text.clean(typed)) <= browse.LONGEST_QUERY and len(words) <= browse.MOST_WORDS:
        return ""
    return f"只按前{browse.LONGEST_QUERY}个字、前{browse.MOST_WORDS}个词查询，其余没有用到。"


@login_not_required
@require_safe
@conditional_page
def city_map(request: HttpRequest) -> HttpResponse:
    """The 16 cities as squares with the numbers of one catalogue, and all numbers as a table."""
    shown, counts, types = mapped(request), browse.counts_by_kind_and_city(), public_types()
    context = {
        "nav": "catalogue",
        "mapped": shown,
        "types": types,
        "map": tiles.drawn(shown, counts.get(shown.slug, {})),
        "table": tiles.table(types, counts),
    }
    return render(request, "public/map.html", context)


@login_not_required
@require_safe
@conditional_page
def genealogy_page(request: HttpRequest, record_type: RecordType, code: str) -> HttpResponse:
    """All that hangs together around an entry in force, as a picture and a table; ``of`` lists one type."""
    if not record_type.public or not genealogy.has_place(record_type):
        raise Http404("no genealogy")
    found = CatalogueEntry.objects.in_force().select_related("region__parent")
    entry = get_object_or_404(found, kind=record_type.slug, code=code)
    context = {"nav": "catalogue", "type": record_type, "entry": entry}
    return render(request, "public/genealogy.html", context | drawn(request, genealogy.of_entry(entry)))


def drawn(request: HttpRequest, family: genealogy.Family, item=None) -> dict:
    """Return the picture and the table of a family, or with ``of`` all its entries of one type, paged."""
    slug = request.GET.get("of", "")
    if slug and slug not in family.entries:
        raise Http404("no such type here")
    if slug:
        page = paged(request, family.entries[slug]().select_related("region__parent"), ROWS_PER_PAGE)
        return {"of": registry.get(slug), "page": page}
    columns = genealogy.whole(family, item=item)
    return {"columns": columns, "groups": genealogy.rows(family, columns)}
