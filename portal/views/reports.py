"""Roll-up reports at the desk: their list, one on screen, what a number counts, asking for a file, schedules.

Each view: scope, one read or one domain call, answer. Whoever reads no reports finds no page.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from portal import (
    exports,
    job_pages,
    report_behind,
    report_files,
    report_pages,
    report_runs,
    reports,
    schedules,
)
from portal.models import Frequency, Region
from portal.report_pages import OutOfReach, Wish
from portal.views.desk import PER_PAGE
from portal.views.once import once
from portal.workflow import Refused

NEWEST = 8
SET = "已设置定期报表，每到期末自动生成，完成后通知您。"
ENDED = "这项定期报表已停用，已生成的报表仍可下载。"


def in_reach(view: Callable) -> Callable:
    """Answer what is out of reach as what does not exist."""

    @wraps(view)
    def answered(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except OutOfReach as out:
            raise Http404(str(out)) from None

    return answered


@require_safe
@in_reach
def index(request: HttpRequest) -> HttpResponse:
    """The kinds with basis and a sentence each, the newest runs, the schedules."""
    user, now = request.user, timezone.now()
    report_pages.readers_regions(user)
    context = {
        "nav": "reports",
        "kinds": report_pages.kinds(),
        "newest": job_pages.lines(job_pages.listed(user, job_pages.Wish())[:NEWEST]),
        "schedules": _schedules(user, now),
        "may_schedule": bool(schedules.regions(user)),
    }
    return render(request, "desk/reports.html", context)


def _schedules(user, now) -> list[dict]:
    mine = schedules.regions(user)
    return [
        {
            "schedule": schedule,
            "title": reports.kinds[schedule.slug].title,
            "next": following,
            "format": report_files.FORMATS.get(schedule.format, schedule.format),
            "may_stop": schedule.region_id in mine,
        }
        for schedule, following in schedules.next_runs(schedules.visible_to(user), now)
        if schedule.slug in reports.kinds
    ]


@require_safe
@in_reach
def report(request: HttpRequest, report: str) -> HttpResponse:
    """One report on screen; what was asked stands in the address, faults in a sentence above the form."""
    return _page(request, report_pages.read_wish(report, request.GET, request.user))


def _page(request: HttpRequest, wish: Wish) -> HttpResponse:
    now = timezone.now()
    context = {
        "nav": "reports",
        "kind": wish.kind,
        "about": report_pages.ABOUT.get(wish.kind.slug, ""),
        "wish": wish,
        "fields": report_pages.filter_fields(wish),
        "regions": report_pages.region_groups(request.user),
        "periods": report_pages.period_groups(wish.kind, now),
        "formats": report_files.FORMATS,
        "can_follow": schedules.follows_campaigns(wish.kind),
        "may_schedule": bool(schedules.regions(request.user)),
    }
    if not wish.fault:
        content = reports.content(wish.asked)
        context |= {
            "title": content.title,
            "summary": report_pages.summary(wish.asked),
            "tables": report_pages.shown(content, wish),
        }
    return render(request, "desk/report.html", context, status=422 if wish.fault else 200)


@require_POST
@in_reach
@once
def make(request: HttpRequest, report: str) -> HttpResponse:
    """Ask for the file of what is on the screen and lead to the page of its job."""
    wish = report_pages.read_wish(report, request.POST, request.user)
    if wish.fault:
        return _page(request, wish)
    try:
        made = report_runs.request(wish.asked, request.POST.get("format", ""), by=request.user)
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect(f"{reverse('report', args=[report])}?{wish.params.urlencode()}")
    return redirect("job", made.pk)


def _source(request: HttpRequest, slug: str) -> report_behind.Source:
    wish = report_pages.read_wish(slug, request.GET, request.user)
    source = report_behind.Source(wish, request.GET.get("cell", ""), request.user)
    if not source.filings.exists():  # a number without filings has no address
        raise OutOfReach("nothing behind it")
    return source


@require_safe
@in_reach
def behind(request: HttpRequest, report: str) -> HttpResponse:
    """The filings a number counts; their sum is the number."""
    source = _source(request, report)
    counted = source.counted(request.GET.get("sort", ""))
    keys = source.ordered(counted.sort)
    page = Paginator(keys, PER_PAGE).get_page(request.GET.get("page", "")[:9])
    back = f"{reverse('report', args=[report])}?{report_pages.address(source.asked).urlencode()}"
    context = {
        "nav": "reports",
        "kind": reports.get(report),
        "source": source,
        "summary": report_pages.summary(source.asked),
        "sum": source.sum(keys),
        "headings": report_behind.headings(source, counted),
        "page": page,
        "lines": source.lines(list(page)),
        "params": counted.params,
        "back": back,
    }
    return render(request, "desk/report_behind.html", context)


@require_safe
@in_reach
def behind_download(request: HttpRequest, report: str) -> HttpResponse:
    """The same list, all of it, as a workbook."""
    source = _source(request, report)
    keys = source.ordered(source.order(request.GET.get("sort", "")))
    name = f"{reports.get(report).title}-数据反查-{source.asked.day}.xlsx"
    return exports.download(report_behind.workbook_of(source, keys), name)


@require_safe
@in_reach
def schedule_form(request: HttpRequest) -> HttpResponse:
    """The form that sets a schedule, for who may set one."""
    return _schedule_page(request, {"report": request.GET.get("report", "")})


def _schedule_page(request: HttpRequest, typed: dict, refusal: str = "") -> HttpResponse:
    codes = schedules.regions(request.user)
    if not codes:
        raise OutOfReach("sets no schedules")
    context = {
        "nav": "reports",
        "kinds": report_pages.kinds(),
        "regions": Region.objects.filter(code__in=codes).order_by("code"),
        "frequencies": Frequency.choices,
        "formats": report_files.FORMATS,
        "typed": typed,
        "refusal": refusal,
    }
    return render(request, "desk/schedule_form.html", context, status=422 if refusal else 200)


@require_POST
@in_reach
@once
def schedule_set(request: HttpRequest) -> HttpResponse:
    """Set a schedule; what is refused is said, with everything typed kept."""
    typed = {name: request.POST.get(name, "")[:30] for name in ("report", "region", "frequency", "format")}
    try:
        schedules.create(by=request.user, slug=typed["report"], **{n: typed[n] for n in list(typed)[1:]})
    except Refused as refusal:
        return _schedule_page(request, typed, str(refusal))
    messages.success(request, SET)
    return redirect("reports")


@require_POST
@in_reach
def schedule_stop(request: HttpRequest, schedule: int) -> HttpResponse:
    """Stop a schedule."""
    found = get_object_or_404(schedules.visible_to(request.user), pk=schedule)
    try:
        schedules.stop(found, by=request.user)
        messages.success(request, ENDED)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect("reports")
