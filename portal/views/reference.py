"""Pages of public facts beside the registries, each row with its source. They only read."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import conditional_page, require_safe

from portal import browse, facts, genealogy, registry
from portal.registry import ReferenceList
from portal.views.finding import drawn
from portal.views.public import paged

ROWS_PER_PAGE = 30


@login_not_required
@require_safe
@conditional_page
def index(request: HttpRequest) -> HttpResponse:
    """What reference data there is, where from, and what it is not."""
    lists = [
        {"slug": f.slug, "label": f.label, "note": f.note, "number": f.model.objects.current().count()}
        for f in registry.reference_lists()
    ]
    context = {"nav": "catalogue", "lists": [*lists, *facts.SOURCED.values()]}
    return render(request, "public/reference.html", context)


@login_not_required
@require_safe
@conditional_page
def listing(request: HttpRequest, reference_list: str) -> HttpResponse:
    """One list under the visitor's wish, or the names that public reports gave."""
    if reference_list in facts.SOURCED:
        context = {"nav": "catalogue", "listed": facts.SOURCED[reference_list]}
        return render(request, "public/reference_names.html", context | {"rows": context["listed"].rows()})
    listed = _list(reference_list)
    found = _found(listed, request)
    page = paged(request, found.rows(), ROWS_PER_PAGE)
    context = {
        "nav": "catalogue",
        "listed": listed,
        "asked": found.asked,
        "facets": found.facets(),
        "conditions": found.conditions(),
        "page": page,
        **found.table(list(page)),
    }
    return render(request, "public/reference_list.html", context)


def _found(listed: ReferenceList, request: HttpRequest) -> facts.FactListing:
    """Return the list under what a visitor asks of it; a choice that no row has is 404."""
    try:
        return facts.FactListing(listed, request.GET)
    except browse.Unknown as unknown:
        raise Http404(f"unknown choice in {unknown}") from None


def _list(slug: str) -> ReferenceList:
    """Return the list of that name; unknown is 404."""
    found = next((listed for listed in registry.reference_lists() if listed.slug == slug), None)
    if found is None:
        raise Http404("no such list")
    return found


@login_not_required
@require_safe
@conditional_page
def fact(request: HttpRequest, reference_list: str, item: str) -> HttpResponse:
    """One row of a list that has a genealogy: its facts, its source, and what was made of it."""
    listed = _list(reference_list)
    if not listed.question:
        raise Http404("no pages of single rows")
    found = facts.FactListing(listed, {})
    row = get_object_or_404(found.rows(), code=item)
    (line,) = found.table([row])["rows"]
    context = {"nav": "catalogue", "listed": listed, "row": row, "facts": line["cells"][1:]}
    family = genealogy.of_item(row)
    return render(request, "public/reference_item.html", context | drawn(request, family, item=row))
