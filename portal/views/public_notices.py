"""公示 and 公布 for everybody: the list, one notice, its list as a workbook. Objections are nowhere here."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import conditional_page, require_safe

from portal import exports, noticeboard, publicity
from portal.models import PublicNotice
from portal.views.public import paged


@login_not_required
@require_safe
@conditional_page
def notices(request: HttpRequest) -> HttpResponse:
    """The published notices, newest first; a choice or a page that does not exist is 404."""
    try:
        wish = noticeboard.read_wish(request.GET)
    except noticeboard.Unknown as unknown:
        raise Http404(f"unknown {unknown}") from None
    page = paged(request, noticeboard.public(wish))
    context = {
        "nav": "notices",
        "wish": wish,
        "is_narrowed": wish != noticeboard.Wish(),
        "facets": noticeboard.facets(wish),
        "page": page,
        "rows": [noticeboard.row(notice) for notice in page],
    }
    return render(request, "public/notices.html", context)


@login_not_required
@require_safe
@conditional_page
def notice(request: HttpRequest, notice: int) -> HttpResponse:
    """One notice, as long as there is a portal: also when it has ended or was withdrawn."""
    found = _published(notice)
    lines = noticeboard.lines(found)
    context = {
        "nav": "notices",
        "notice": found,
        "row": noticeboard.row(found),
        "lines": lines,
        "halted": any(line["mark"] == noticeboard.HALTED for line in lines),
        "day": publicity.in_words(found.starts_on),
    }
    return render(request, "public/notice.html", context)


def _published(pk: int) -> PublicNotice:
    return get_object_or_404(PublicNotice.objects.published().select_related("organisation"), pk=pk)


@login_not_required
@require_safe
def download(request: HttpRequest, notice: int) -> HttpResponse:
    """The list of a notice as a workbook."""
    found = _published(notice)
    data = noticeboard.list_workbook(found, noticeboard.lines(found))
    return exports.download(data, f"{found.title}-名单.xlsx")
