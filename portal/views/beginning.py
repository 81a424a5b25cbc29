"""Beginning a filing: what is owed by a date first, then every type this person may file."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal import deadlines, drafts, registry, windows
from portal.models import Campaign, Filing, Organisation
from portal.registry import CITY, MERGED, RecordType
from portal.views.once import once


@require_http_methods(["GET", "HEAD", "POST"])
@once
def new(request: HttpRequest, record_type: RecordType | None = None) -> HttpResponse:
    """The campaigns that are owed and the types this person may file; POST begins a draft and opens it."""
    wanted = [record_type] if record_type else registry.all_types()
    offered = [(t, bureaus) for t in wanted if (bureaus := drafts.filing_organisations(request.user, t))]
    if not offered:
        raise Http404
    if request.method == "POST" and record_type:
        return redirect("filing-edit", _begun(request, *offered[0]).pk)
    cards = [{"type": t, "bureaus": bureaus, "sentence": _sentence(t, bureaus)} for t, bureaus in offered]
    context = {"nav": "file", "cards": cards, "only": record_type, **_owed(request, record_type)}
    return render(request, "desk/new.html", context)


def _owed(request: HttpRequest, record_type: RecordType | None) -> dict:
    """Return the tasks this person's bureaus still owe: those due in future, and those to make up for."""
    kind, asked = record_type.slug if record_type else "", request.GET.get("campaign", "")
    found = [d for d in deadlines.of_user(request.user, kind) if d.files and d.owes]
    tasks = [d for d in found if not d.is_over or str(d.campaign.pk) == asked]
    return {"tasks": tasks, "overdue": [d for d in found if d not in tasks], "asked": asked}


def _begun(request: HttpRequest, record_type: RecordType, bureaus: list[Organisation]) -> Filing:
    """Return a new draft, or the one begun before and left untouched: a double click begins one draft."""
    wanted = request.POST.get("organisation", "")
    bureau = next((bureau for bureau in bureaus if str(bureau.pk) == wanted), bureaus[0])
    chosen = _chosen(request, record_type, bureau)
    mine = Filing.objects.editable_by(request.user).filter(created_by=request.user, organisation=bureau)
    mine = mine.filter(campaign=chosen) if chosen else mine
    untouched = mine.filter(kind=record_type.slug, revision=0, title="", amends=None).order_by("-pk").first()
    facts = {"campaign": chosen} if chosen else {}
    return untouched or drafts.create(record_type, by=request.user, organisation=bureau, **facts)


def _chosen(request: HttpRequest, record_type: RecordType, bureau: Organisation) -> Campaign | None:
    """Return the campaign that was clicked, None where none was or it is not open to the bureau any more."""
    asked = request.POST.get("campaign", "")
    found = windows.open_campaigns(record_type.slug, bureau) if asked else []
    return next((campaign for campaign in found if str(campaign.pk) == asked), None)


def _sentence(record_type: RecordType, bureaus: list[Organisation]) -> str:
    fields = f"{len(record_type.fields)} 个栏目"
    if record_type.route == CITY:
        return f"{fields}，报市级备案，通过后公布进目录。"
    if {record_type.route_of(bureau.region.level) for bureau in bureaus} == {MERGED}:
        return f"{fields}，报市级审核，由市级汇总上报。"
    end = "，通过后公布进目录" if record_type.is_catalogued else ""
    return f"{fields}，经市级审核后报省级审核{end}。"
