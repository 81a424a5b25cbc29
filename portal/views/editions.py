"""Editions at the workbench: the list, one edition with its changes, the acts that make and publish it.

Each view: scope, one domain call, answer. Who may do what is asked of ``edition_policy``.
"""

from django.contrib import messages
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import (
    access_log,
    edition_changes,
    edition_files,
    edition_jobs,
    edition_pages,
    edition_policy,
    editions,
    exports,
    registry,
)
from portal.edition_forms import EditionForm
from portal.models import Edition, EditionChange, Job, User
from portal.views.acts import done
from portal.views.desk import page_of
from portal.views.once import once
from portal.workflow import Refused

FORM = ["GET", "HEAD", "POST"]
CHANGES_PER_PAGE, WAITING_SHOWN = 50, 20
BEGUN = "“{}”已开始编制。导入表格或逐项添加变化，齐全后送审。"
TYPED = {"propose": ("explanation",), "return": ("comment",)}
OVERTAKEN = "您的操作没有提交：您打开本页以后，“{}”已有新的办理。填写的内容仍在下面，请核对后再办。"


def in_scope(request: HttpRequest, pk: int) -> Edition:
    """Return an edition the person meets at the workbench; any other is 404."""
    return get_object_or_404(edition_policy.visible_to(request.user), pk=pk)


def _demand_filer(edition: Edition, user: User) -> None:
    if edition_policy.bureau_of(edition, user) is None:
        raise Http404("not an edition of his bureau")


@require_safe
def edition_list(request: HttpRequest) -> HttpResponse:
    """The editions of the catalogues of my desk, in preparation and published."""
    if not edition_policy.works_on_editions(request.user):
        raise Http404("no catalogue of his")
    sort, kind = request.GET.get("sort", ""), request.GET.get("kind", "")
    page = page_of(request, edition_pages.listed(request.user, sort, kind))
    context = {
        "nav": "editions",
        "page": page,
        "rows": edition_pages.rows(page),
        "kinds": [t for t in registry.all_types() if t.is_catalogued],
        "kind": kind,
        "sort": sort,
        "headings": edition_pages.headings(sort, kind),
        "params": edition_pages.params(sort, kind),
        "may_prepare": bool(edition_policy.kinds_of(request.user)),
    }
    return render(request, "desk/editions.html", context)


@require_http_methods(FORM)
@once
def new(request: HttpRequest) -> HttpResponse:
    """Begin an edition."""
    if not edition_policy.kinds_of(request.user):
        raise Http404("no catalogue of his to edit")
    form = EditionForm(request.POST if request.method == "POST" else None, user=request.user)
    begun = done(form, lambda: editions.prepare(by=request.user, **form.cleaned_data))
    if begun:
        messages.success(request, BEGUN.format(begun))
        return redirect("edition", begun.pk)
    return _form_page(request, form, None)


@require_http_methods(FORM)
def revise(request: HttpRequest, edition: int) -> HttpResponse:
    """Change name, date and document number while the edition is in preparation."""
    found = in_scope(request, edition)
    _demand_filer(found, request.user)
    if why := why_not_prepared(found):
        messages.warning(request, why)
        return redirect("edition", found.pk)
    form = EditionForm(request.POST if request.method == "POST" else None, user=request.user, edition=found)
    if changed := done(form, lambda: editions.revise(found, by=request.user, **form.cleaned_data)):
        messages.success(request, f"“{changed}”的版次信息已修改。")
        return redirect("edition", changed.pk)
    return _form_page(request, form, found)


def why_not_prepared(found: Edition) -> str:
    """Return why an edition is not to be changed now; empty in preparation while nobody acts on it."""
    if edition_policy.stage(found) != edition_policy.PREPARING:
        return edition_changes.SENT
    try:
        edition_jobs.demand_idle(found)
    except Refused as busy:
        return str(busy)
    return ""


def _form_page(request: HttpRequest, form: EditionForm, found: Edition | None) -> HttpResponse:
    context = {"nav": "editions", "form": form, "edition": found}
    return render(request, "desk/edition_form.html", context, status=422 if form.errors else 200)


@require_safe
def edition(request: HttpRequest, edition: int) -> HttpResponse:
    """One edition: its facts, its changes before and after, what stands in the way, what may be done."""
    return page(request, in_scope(request, edition))


def page(
    request: HttpRequest, found: Edition, refusal: Exception | str = "", status: int = 422
) -> HttpResponse:
    """Return the page of an edition; with a refusal what was typed stays."""
    user, changes = request.user, edition_pages.in_order(edition_changes.of(found))
    shown = Paginator(changes, CHANGES_PER_PAGE).get_page(request.GET.get("page", "")[:9])
    files, under_way = edition_policy.bureau_of(found, user) is not None, edition_jobs.under_way(found)
    in_work = files and edition_policy.stage(found) == edition_policy.PREPARING and not under_way
    is_open = edition_policy.stage(found) not in (edition_policy.PUBLISHED, edition_policy.ABANDONED)
    waiting = edition_changes.waiting(found, user)[: WAITING_SHOWN + 1] if in_work else []
    lines = edition_pages.lines(found, list(shown), personal=exports.may_see_personal(user))
    access_log.mark(request, found, f"版次的变化：{found}", edition_pages.phones(found.kind, lines))
    context = {
        "nav": "editions",
        "edition": found,
        "type": registry.get(found.kind),
        **edition_pages.standing(found),
        "counts": edition_pages.counts(changes),
        "page": shown,
        "params": edition_pages.params(),
        "lines": lines,
        "obstacles": list(edition_changes.obstacles(found, changes)) if is_open else [],
        "since": edition_pages.since(found) if is_open else [],
        "choices": edition_jobs.choices(found, user, under_way) if is_open else [],
        "under_way": under_way,
        "in_work": in_work,
        "takes_sheets": files,
        "addable": list(waiting)[:WAITING_SHOWN],
        "why_not_attached": None if under_way else edition_files.why_not_attached(found, user),
        "explanation": request.POST.get("explanation", edition_pages.explanation(changes)),
        "history": edition_pages.history(found),
        "seen": edition_pages.seen(found),
        "typed": request.POST,
        "refusal": str(refusal),
        "reasons": getattr(refusal, "lines", []),
    }
    return render(request, "desk/edition.html", context, status=status if refusal else 200)


@require_POST
def act(request: HttpRequest, edition: int) -> HttpResponse:
    """Send for approval, approve, return, publish or give up; what was read has to be what is there."""
    found, name = in_scope(request, edition), request.POST.get("act", "")
    if name not in {choice.name for choice in edition_policy.choices(found, request.user)}:
        raise Http404("no such act of his")
    if request.POST.get("seen", "") != edition_pages.seen(found):
        return page(request, found, OVERTAKEN.format(found), status=409)
    try:
        done = edition_jobs.act(found, name, by=request.user, **_facts(request, name))
    except Refused as refusal:
        return page(request, in_scope(request, edition), refusal)
    return answer(request, done, name)


def _facts(request: HttpRequest, name: str) -> dict[str, str]:
    """Return what was typed for an act, and the request by which its events are found in the log."""
    typed = {field: request.POST.get(field, "") for field in TYPED.get(name, ())}
    return typed if name == "abandon" else typed | {"request_id": request.id}


def answer(request: HttpRequest, done: Edition | Job, name: str) -> HttpResponse:
    """Lead to the edition on which the act ``name`` is done, or to the job that does it."""
    if isinstance(done, Job):
        return redirect("job", done.pk)
    messages.success(request, edition_jobs.said_of(done, name))
    return redirect("edition", done.pk)


@require_POST
@once
def add(request: HttpRequest, edition: int) -> HttpResponse:
    """Add one change: a new project, a new text, one that leaves or merges, one that waits approved."""
    found = in_scope(request, edition)
    _demand_filer(found, request.user)
    try:
        edition_jobs.demand_idle(found)
        change = _added(request, found)
    except Refused as refusal:
        return page(request, in_scope(request, edition), refusal)
    if change.filing_id and change.filing.is_editable and request.POST.get("what") in ("new", "amend"):
        messages.success(request, f"已开立草稿，列入“{found}”。填好后暂存，回到新版页一并送审。")
        return redirect("filing-edit", change.filing_id)
    messages.success(request, f"已列入“{found}”：{change}。")
    return redirect("edition", found.pk)


def _added(request: HttpRequest, found: Edition) -> EditionChange:
    by, typed, what = request.user, request.POST, request.POST.get("what", "")
    if what == "new":
        return edition_changes.begin(found, by=by)
    if what == "filing":
        return edition_changes.add_filing(found, _waiting(request, found), by=by)
    entry = edition_changes.entry_called(found, typed.get("entry", ""))
    if what == "amend":
        return edition_changes.amend(found, entry, by=by)
    reason = typed.get("reason", "")
    if what == "merge":
        into = edition_changes.target_called(found, typed.get("into", ""))
        return edition_changes.merge(found, entry, into, by=by, reason=reason)
    if what == "remove":
        return edition_changes.take_out(found, entry, by=by, reason=reason)
    raise Refused("请选择要添加的变化。")


def _waiting(request: HttpRequest, found: Edition):
    number = request.POST.get("filing", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 19
    return get_object_or_404(edition_changes.waiting(found, request.user), pk=int(number) if is_number else 0)


@require_POST
def drop(request: HttpRequest, edition: int, change: int) -> HttpResponse:
    """Take one change out of the edition."""
    found = in_scope(request, edition)
    _demand_filer(found, request.user)
    gone = get_object_or_404(found.changes.select_related("edition", "filing", "entry"), pk=change)
    said = str(gone)
    try:
        edition_jobs.demand_idle(found)
        edition_changes.drop(gone, by=request.user)
    except Refused as refusal:
        return page(request, found, refusal)
    messages.success(request, f"已从“{found}”去掉：{said}。")
    return redirect("edition", found.pk)


@require_safe
def document(request: HttpRequest, edition: int) -> HttpResponse:
    """The document the edition was announced by, as a download."""
    found = in_scope(request, edition)
    if not found.file or not default_storage.exists(found.file.name):
        raise Http404("no document")
    stored = default_storage.open(found.file.name)
    response = FileResponse(stored, as_attachment=True, filename=found.file_name)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
