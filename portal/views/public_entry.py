"""The page of one code: the entry in force, an earlier version, what is left of one that exited.

A code that went into another leads there for good.
"""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import conditional_page, require_safe

from portal import entries, genealogy, lineages, noticeboard, page_parts
from portal.models import CatalogueEntry
from portal.registry import RecordType
from portal.views import addresses
from portal.views.public import number_of


@login_not_required
@require_safe
@conditional_page
def catalogue_entry(request: HttpRequest, record_type: RecordType, code: str) -> HttpResponse:
    """One entry: in force, an earlier version of it, or the tombstone of one that exited.

    Without ``version`` a merged code answers 301 to the page of its successor, over all mergers at once.
    """
    lineage = lineages.of(record_type, code) if record_type.public else []
    if not lineage:
        raise Http404("no such code")
    asked = request.GET.get("version")
    steps = lineages.steps_from(record_type.slug, code) if lineage[-1].is_exited else []
    if steps and asked is None:
        return _successor(record_type, code, steps[-1].into)
    number = number_of(str(len(lineage)) if asked is None else asked, len(lineage))
    context = {
        **_standing(record_type, lineage, number),
        "canonical": addresses.absolute(request, reverse("catalogue-entry", args=[record_type, code])),
        "successor": steps[-1].into if steps else "",
        "arrived": _arrived(record_type, code, request.GET.get("from", "")),
    }
    family = genealogy.around(context["entry"]) if context["is_current"] else None
    page = render(request, "public/entry.html", context | _content(record_type, context, family))
    return page_parts.tell(page, {record_type.slug, *genealogy.types_in(family)})


def _successor(record_type: RecordType, code: str, into: str) -> HttpResponsePermanentRedirect:
    page = reverse("catalogue-entry", args=[record_type, into])
    return HttpResponsePermanentRedirect(f"{page}?{urlencode({'from': code})}")


def _arrived(record_type: RecordType, code: str, old: str) -> list[lineages.Step]:
    """Return the mergers from the code a visitor came with to this one; none when it does not lead here."""
    steps = lineages.steps_from(record_type.slug, old[:24].replace("\0", "")) if old else []
    return steps if steps and steps[-1].into == code else []


def _standing(record_type: RecordType, lineage: list[CatalogueEntry], number: int) -> dict:
    """Return the facts of one version of an entry."""
    entry, latest = lineage[number - 1], lineage[-1]
    is_current = entry is latest and not entry.is_exited
    until = lineages.rectifying(entry.kind, [entry.code]) if is_current else {}
    return {
        "nav": "catalogue",
        "type": record_type,
        "entry": entry,
        "latest": latest,
        "number": number,
        "is_current": is_current,
        "is_gone": entry.is_exited or latest.is_exited,
        "rectify_until": until.get(entry.code),
        "former_names": lineages.former_names(lineage),
        "editions": lineages.editions_of(entry),
        "went_through": noticeboard.through(entry.filing_id),
        "identity": entries.identity(record_type, entry, number),
        "history": entries.history(lineage),
    }


def _content(record_type: RecordType, context: dict, family: genealogy.Family | None) -> dict:
    """Return what the filing says; of what exited the name alone stays public."""
    if context["is_gone"]:
        return {}
    entry = context["entry"]
    record = entries.records(record_type, [entry])[entry.filing_id]
    return {
        "organisation": record.organisation,
        "chips": entries.chips(record_type, record),
        "texts": entries.texts(record_type, record),
        "facts": entries.facts(record_type, record),
        "columns": genealogy.columns(family),
    }
