"""The catalogue in time, for everybody: its editions, what it held on a day, what two days differ in."""

import re
from dataclasses import replace
from datetime import date

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import conditional_page, require_safe

from portal import browse, dated, differences, downloads, entries, lineages, registry
from portal.dated import Dated
from portal.models import Edition, Region
from portal.registry import RecordType
from portal.views import addresses, public
from portal.vocabulary import Level

EDITIONS_PER_PAGE, CHANGES_PER_PAGE = 20, 100
_CITY = re.compile("37[0-9]{2}")


@login_not_required
@require_safe
@conditional_page
def editions(request: HttpRequest, record_type: RecordType) -> HttpResponse:
    """The published editions of a catalogue, its cities' ones too; ``on`` leads to the catalogue of a day."""
    region = _region(request, record_type)
    if "on" in request.GET:
        return _to_day(request, record_type, region)
    everything = list(dated.editions(record_type))
    shown = [e for e in everything if region.pk in (browse.PROVINCE_CODE, e.region_id)]
    page = public.paged(request, shown, EDITIONS_PER_PAGE)
    context = {
        **_frame(record_type, region),
        "page": page,
        "rows": _rows(list(page), everything),
        "canonical": addresses.absolute(request, request.path),
    }
    return render(request, "public/editions.html", context)


def _frame(record_type: RecordType, region: Region) -> dict:
    """Return what all pages of the catalogue in time say of it."""
    within = "" if region.pk == browse.PROVINCE_CODE else region.pk
    return {
        "nav": "catalogue",
        "type": record_type,
        "region": region,
        "within": within,
        "place": region.name if within else "",
        "today": timezone.localdate(),
    }


def _rows(shown: list[Edition], everything: list[Edition]) -> list[dict]:
    pairs = [(before, e) for e in shown if (before := dated.earlier(e, everything))]
    before = {later.pk: earlier for earlier, later in pairs}
    sizes, changed = dated.sizes(shown), dated.changes(pairs)
    current = {e.region_id: e.pk for e in reversed(everything)}
    return [
        {
            "edition": e,
            "count": sizes[e.pk],
            "earlier": before.get(e.pk),
            "changes": dated.in_words(changed.get(e.pk, {})),
            "is_current": current[e.region_id] == e.pk,
            "within": "" if e.region_id == browse.PROVINCE_CODE else e.region_id,
        }
        for e in shown
    ]


def _to_day(request: HttpRequest, record_type: RecordType, region: Region) -> HttpResponse:
    """Lead to the catalogue of the day that was chosen, to the current one without a day."""
    asked = request.GET["on"].strip()
    if not asked:
        return redirect("catalogue-list", record_type)
    if (day := _day(asked)) is None:
        context = {**_frame(record_type, region), "asked": asked}
        return render(request, "public/no_day.html", context, status=404)
    page = reverse("catalogue-edition", args=[record_type, day])
    within = "" if region.pk == browse.PROVINCE_CODE else f"?region={region.pk}"
    return redirect(page + within)


def _day(asked: str) -> date | None:
    """Return a day that was typed, None for what is none or has not come yet."""
    try:
        day = date.fromisoformat(asked) if re.fullmatch("2[0-9]{3}-[0-9]{2}-[0-9]{2}", asked) else None
    except ValueError:
        return None
    return day if day and day <= timezone.localdate() else None


def _region(request: HttpRequest, record_type: RecordType) -> Region:
    """Return the city whose catalogue ``region`` asks for, else the province; 404 for anything else."""
    code = request.GET.get("region", "") or browse.PROVINCE_CODE
    levels = (Level.CITY, Level.PROVINCE)
    likely = record_type.public and (code == browse.PROVINCE_CODE or _CITY.fullmatch(code))
    found = Region.objects.filter(pk=code, level__in=levels).first() if likely else None
    if found is None:
        raise Http404("no public catalogue, or no such region")
    return found


def _at(request: HttpRequest, record_type: RecordType, day: date) -> Dated:
    if day > timezone.localdate():
        raise Http404("that day has not come yet")
    return dated.at(record_type, day, _region(request, record_type))


def _address(request: HttpRequest, found: Dated) -> str:
    """Return the permanent address of the catalogue on a day."""
    page = reverse("catalogue-edition", args=[found.record_type, found.day])
    return addresses.absolute(request, page + (f"?region={found.within}" if found.within else ""))


@login_not_required
@require_safe
@conditional_page
def edition(request: HttpRequest, record_type: RecordType, day: date) -> HttpResponse:
    """The catalogue as it was on a day, named when that is the day of an edition."""
    found, wish = _at(request, record_type, day), public.wished(request, record_type)
    if wish.status:
        raise Http404("on a day there is only what was in force")
    wish = replace(wish, within=found.within, table=False)
    listing = browse.Listing(record_type, wish, day)
    page = public.paged(request, listing.ordered())
    address = _address(request, found)
    context = {
        **_frame(record_type, found.region),
        "dated": found,
        "wish": wish,
        "listing": listing,
        "page": page,
        "table": entries.table_then(record_type, list(page), day),
        **public.choices(listing, page),
        "address": address,
        "canonical": address,
        "citation": found.citation(address),
        "may_download": listing.total > 0,
        "too_many": listing.total > public.MOST_DOWNLOADED,
    }
    return render(request, "public/edition.html", context)


@login_not_required
@require_safe
def edition_download(
    request: HttpRequest, record_type: RecordType, day: date, file_type: str
) -> HttpResponseBase:
    """The whole catalogue of a day as a workbook, CSV or JSON; a workbook holds only so many lines."""
    found = _at(request, record_type, day)
    if file_type == "xlsx" and found.entries().count() > public.MOST_DOWNLOADED:
        raise Http404("too much for a workbook")
    return downloads.answer(found, file_type, _address(request, found), settings.SITE["name"])


@login_not_required
@require_safe
def edition_file(request: HttpRequest, record_type: RecordType, day: date) -> HttpResponseBase:
    """The document an edition was announced by."""
    announced = _at(request, record_type, day).edition
    if announced is None or not announced.file:
        raise Http404("no document")
    try:
        file = announced.file.open("rb")
    except OSError:
        raise Http404("no document") from None
    answer = FileResponse(file, as_attachment=True, filename=announced.file_name or announced.name)
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@login_not_required
@require_safe
@conditional_page
def compare(request: HttpRequest, record_type: RecordType) -> HttpResponse:
    """What differs between two days of a catalogue; without days between the last two editions."""
    region = _region(request, record_type)
    known = list(dated.editions(record_type).filter(region=region))
    context = {**_frame(record_type, region), "editions": known, "pairs": _pairs(known)}
    days = _days(request, known)
    if days:
        found = differences.difference(record_type.slug, region.pk, *days)
        page = public.paged(request, found.changes, CHANGES_PER_PAGE)
        context |= _compared(found, page, known)
    return render(request, "public/compare.html", context)


def _days(request: HttpRequest, known: list[Edition]) -> tuple[date, date] | None:
    """Return the two days asked for; one alone, nonsense and the future are 404."""
    asked = [request.GET.get(name, "") for name in ("from", "to")]
    if any(asked):
        days = [_day(one) for one in asked]
        if None in days:
            raise Http404("not two days")
        return days[0], days[1]
    if not known:
        return None
    return (known[1].on, known[0].on) if len(known) > 1 else (known[0].on, timezone.localdate())


def _compared(found: differences.Difference, page, known: list[Edition]) -> dict:
    names = {e.on: e.name for e in known}
    verbs = [(verb, [change for change in page if change.verb == verb]) for verb in differences.IN_ORDER]
    return {
        "difference": found,
        "page": page,
        "name_label": _name_label(registry.get(found.kind)),
        "gone": lineages.gone(found.kind, [change.entry.code for change in page]),
        "from_name": names.get(found.from_day, ""),
        "to_name": names.get(found.to_day, ""),
        "counts": dated.in_words(found.counts, every=True),
        "groups": [
            {"label": changes[0].label, "count": found.counts[verb], "changes": changes}
            for verb, changes in verbs
            if changes
        ],
    }


def _name_label(record_type: RecordType) -> str:
    """Return the label of the field that names an entry: a rename says it already."""
    return str(record_type.field(record_type.key[0]).verbose_name)


def _pairs(known: list[Edition]) -> list[tuple[Edition, Edition]]:
    """Return each edition with the one before it, newest first."""
    return list(zip(known[1:], known[:-1], strict=True))
