"""Jobs at the desk: how far one is, stopping it, asking again, its file, and the download centre."""

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal import (
    access_log,
    edition_jobs,
    historical_jobs,
    historical_receipts,
    import_jobs,
    job_pages,
    jobs,
    receipt_jobs,
    receipts,
    report_runs,
    reports,
)
from portal.models import Job
from portal.report_pages import OutOfReach, readers_regions
from portal.views.desk import page_of
from portal.workflow import Refused

STOPPED = "已取消，没有生成文件。"
STOPPING = "已要求取消，正在停下来，不会生成文件。"
NOT_DONE = "已取消，没有办理，一切保持原样。"
NOT_DOING = "已要求取消；如果还没有办完，就全部不办理，结果见下。"
GONE = "这种报表已经没有了，不能重新生成。"
#: kind of job whose file says what a bureau's sheet says → who may still see that
RECEIPTS = {
    receipt_jobs.KIND: receipt_jobs.is_open_to,
    historical_receipts.KIND: historical_receipts.is_open_to,
}


def _in_scope(request: HttpRequest, pk: int) -> Job:
    found = get_object_or_404(job_pages.visible_to(request.user), pk=pk)
    is_open_to = RECEIPTS.get(found.kind)
    if is_open_to and not is_open_to(found, request.user):
        raise Http404("no post any more where the sheet is")
    return found


@require_safe
def downloads(request: HttpRequest) -> HttpResponse:
    """The download centre: my jobs and the reports of my region."""
    try:
        readers_regions(request.user)
    except OutOfReach as out:
        raise Http404(str(out)) from None
    wish = job_pages.read_wish(request.GET)
    page = page_of(request, job_pages.listed(request.user, wish))
    context = {
        "nav": "reports",
        "wish": wish,
        "tabs": job_pages.TABS,
        "statuses": job_pages.STATUSES,
        "kinds": reports.all_kinds(),
        "page": page,
        "lines": job_pages.lines(page),
    }
    return render(request, "desk/downloads.html", context)


@require_safe
def job(request: HttpRequest, job: int) -> HttpResponse:
    """One job: how far it is, or what became of it; one that has a page of its own is followed there."""
    found = _in_scope(request, job)
    if found.kind == historical_jobs.JOB:
        return redirect("history", found.parameters["registration"])
    if found.kind in (import_jobs.READ, import_jobs.COMMIT):
        return redirect("import", found.parameters["import"])
    return _page(request, found)


def _page(request: HttpRequest, found: Job, status: int = 200) -> HttpResponse:
    context = {
        "nav": "reports",
        **job_pages.facts(found, request.user),
        "remaining": job_pages.in_words(job_pages.remaining(found)),
    }
    return render(request, "desk/job.html", context, status=status)


@require_safe
def job_file(request: HttpRequest, job: int) -> HttpResponse:
    """The file of a finished job; the page that says what to do, as 404, where there is none any more."""
    found = _in_scope(request, job)
    try:
        content = default_storage.open(found.file) if found.file else None
    except OSError:
        content = None
    if content is None:
        return _page(request, found, status=404)
    if found.kind in RECEIPTS:
        access_log.mark(request, found, receipts.NAME, receipts.phones(content))
        content.seek(0)
    answer = FileResponse(content, as_attachment=True, filename=found.file_name)
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@require_POST
def job_cancel(request: HttpRequest, job: int) -> HttpResponse:
    """Stop a job that waits or runs."""
    found = _in_scope(request, job)
    try:
        jobs.cancel(found, by=request.user)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        found.refresh_from_db()
        messages.success(request, _stopped(found))
    return redirect("job", found.pk)


def _stopped(found: Job) -> str:
    if found.kind == edition_jobs.JOB:
        return NOT_DOING if found.is_waiting else NOT_DONE
    return STOPPING if found.is_waiting else STOPPED


@require_POST
def job_again(request: HttpRequest, job: int) -> HttpResponse:
    """Ask once more for the report of a job that has no file; it will be the same, byte for byte."""
    report = job_pages.report_of(_in_scope(request, job))
    if report is None:
        raise Http404("no report")
    try:
        made = report_runs.request(report_runs.asked_of(report), report.format, by=request.user)
    except reports.Unknown:
        messages.warning(request, GONE)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        return redirect("job", made.pk)
    return redirect("job", job)
