"""登记历史结果 at the workbench: upload, what was read, confirmation by a second person, revoking.

Each view: scope, one domain call, answer. Who may do what is asked of ``historical_acts``.
"""

from collections.abc import Callable
from datetime import date
from io import BytesIO

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import (
    access_log,
    bodies,
    body_limits,
    historical,
    historical_acts,
    historical_jobs,
    historical_receipts,
    receipts,
    registry,
)
from portal.exports import download
from portal.forms import Day
from portal.models import Filing, Job, Registration, RowOutcome, User
from portal.registry import RecordType
from portal.sandbox import flat
from portal.views.desk import page_of
from portal.views.review import conflict_page
from portal.workflow import Conflict, Refused

BOTH = body_limits.UPLOADS["history-list"] // 2**20
TOO_BIG = f"两个文件合计超过 {BOTH} MB，没有保存；请压缩依据文件，或把表格分成几份。"
NO_TYPE = "请选择要登记的类型。"
REFRESH = 5  # seconds after which a page without scripts looks again
SAID = {
    "propose": "已送请另一位省级审批或发布岗位的同事确认。",
    "confirm": "已登记 {} 条，均为审核通过；须公布的由发布岗位公布。",
    "refuse": "已退回，没有登记任何结果。",
    "abandon": "已放弃，没有登记任何结果。",
    "revoke": "已撤销登记 {} 条，名称可以重新使用。",
}
ASKED = "已开始登记，完成后通知您。"
NOTHING = "没有可以撤销的登记：已公布的须办理退出。"


@csrf_exempt  # the length is looked at before the body is read; ``_listing`` checks the token
def listing(request: HttpRequest) -> HttpResponse:
    """The registrations of the province, and the form of a new one for who prepares them."""
    if body_limits.is_too_long(request, "history-list"):
        bodies.discard(request)
        _demand_post(request.user)
        return _list_page(request, TOO_BIG, 413)
    return _listing(request)


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def _listing(request: HttpRequest) -> HttpResponse:
    _demand_post(request.user)
    if request.method != "POST":
        return _list_page(request)
    try:
        found = _prepared(request)
    except Refused as refusal:
        return _list_page(request, str(refusal), 422)
    return redirect("history", found.pk)


def _demand_post(user: User) -> None:
    if historical.bureau_of(user, historical.CONFIRM) is None:
        raise Http404("no post to register history")


def _prepared(request: HttpRequest) -> Registration:
    chosen = {t.slug: t for t in registry.all_types()}.get(request.POST.get("type", ""))
    if chosen is None:
        raise Refused(NO_TYPE)
    sheet, document = (_sent(request, name) for name in ("sheet", "document"))
    number, on = request.POST.get("document_number", ""), _day(request.POST.get("decided_on", ""))
    said = {"document_number": number, "decided_on": on}
    found = historical.prepare(chosen, sheet, document, by=request.user, **said)
    historical_jobs.begin(found, by=request.user)
    return found


def _sent(request: HttpRequest, name: str) -> historical.Upload | None:
    file = request.FILES.get(name)
    return historical.Upload(file.file, file.name) if file else None


def _day(typed: str) -> date | None:
    if not typed.strip():
        return None
    try:
        return Day().clean(typed)
    except ValidationError as error:
        raise Refused(error.messages[0]) from None


def _list_page(request: HttpRequest, refusal: str = "", status: int = 200) -> HttpResponse:
    page = page_of(request, historical.visible_to(request.user).order_by("-pk"))
    context = {
        "nav": "file",
        "page": page,
        "rows": [_line(found) for found in page],
        "prepares": historical.bureau_of(request.user, historical.PREPARE) is not None,
        "types": list(registry.all_types()),
        "typed": request.POST,
        "refusal": refusal,
        "limit": flat.MOST_BYTES // 2**20,
        "document_limit": historical.MOST_BYTES // 2**20,
    }
    return render(request, "desk/historical.html", context, status=status)


def _line(found: Registration) -> dict:
    word, shape = historical_acts.STAGES[historical_acts.stage(found)]
    type_ = registry.get(found.upload.slug)
    return {"found": found, "upload": found.upload, "type": type_, "word": word, "shape": shape}


@require_safe
def template(request: HttpRequest, record_type: RecordType) -> HttpResponse:
    """The workbook to fill in: the type's own with whose, by which document and when."""
    if historical.bureau_of(request.user, historical.PREPARE) is None:
        raise Http404("no post to prepare history")
    from portal import historical_template  # openpyxl is loaded by who writes one

    return download(historical_template.workbook_of(record_type), f"{record_type.label}-历史结果模板.xlsx")


def _in_scope(request: HttpRequest, pk: int) -> Registration:
    return get_object_or_404(historical.visible_to(request.user), pk=pk)


@require_safe
def registration(request: HttpRequest, registration: int) -> HttpResponse:
    """What was read of one sheet, what it rests on, who may do what."""
    return _page(request, _in_scope(request, registration))


def _page(request: HttpRequest, found: Registration, refusal: str = "", status: int = 200) -> HttpResponse:
    choices = historical_acts.choices(found, request.user)
    labels = historical_acts.LABELS
    context = {
        "nav": "file",
        **_line(found),
        "stage": historical_acts.stage(found),
        "plan": historical_jobs.plan(found),
        "new": found.upload.counts.get(RowOutcome.NEW, 0),
        "open": [name for name, reason in choices.items() if not reason],
        "closed": [(labels[name], reason) for name, reason in choices.items() if reason],
        "holds_others_up": historical_jobs.holds_others_up(found),
        "receipt": historical_receipts.is_offered(found),
        "receipt_takes_a_job": historical_receipts.takes_a_job(found),
        "refresh": REFRESH if found.upload.is_under_way else 0,
        "revocable": _revocable(found, request.user),
        "standing": found.filings.count(),
        "typed": request.POST.get("reason", ""),
        "refusal": refusal or _failed(found.upload.job),
    }
    return render(request, "desk/historical_registration.html", context, status=status)


def _failed(job: Job | None) -> str:
    return job.reason if job is not None and not job.is_waiting else ""


def _revocable(found: Registration, user: User) -> int:
    if not found.upload.committed_at or historical.bureau_of(user, historical.PREPARE) is None:
        return 0
    return historical_acts.revocable(found).count()


@require_safe
def document(request: HttpRequest, registration: int) -> HttpResponse:
    """The scan that a registration rests on."""
    found = _in_scope(request, registration)
    try:
        content = default_storage.open(found.document.name)
    except OSError:
        raise Http404("the file is gone") from None
    answer = FileResponse(content, as_attachment=True, filename=found.document_name)
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest, registration: int) -> HttpResponse:
    """The sheet with its errors marked; of a large one by a job, which takes a form of its own to ask for."""
    found = _in_scope(request, registration)
    if not historical_receipts.is_offered(found):
        raise Http404("no errors in a sheet that is there")
    if historical_receipts.takes_a_job(found):
        if request.method != "POST":
            return redirect("history", found.pk)
        return redirect("job", historical_receipts.ask(found, by=request.user).pk)
    try:
        made = historical_receipts.make(found)
    except Refused as refused:
        return _page(request, found, str(refused), 409)
    title = f"{receipts.NAME}：{registry.get(found.upload.slug)}"
    access_log.mark(request, found, title, receipts.phones(BytesIO(made)))
    return download(made, receipts.name_of(found.upload.file_name))


@require_POST
def act(request: HttpRequest, registration: int) -> HttpResponse:
    """Send for confirmation, confirm, send away, give up, or revoke what was entered."""
    found, name = _in_scope(request, registration), request.POST.get("act", "")
    if name not in SAID:
        raise Http404("no such act")
    try:
        _acts(found, request)[name]()
    except (Refused, Conflict) as obstacle:
        said = str(obstacle) if isinstance(obstacle, Refused) else NOTHING
        return _page(request, _in_scope(request, registration), said, 422)
    return redirect("history", found.pk)


def _acts(found: Registration, request: HttpRequest) -> dict[str, Callable[[], None]]:
    by, reason = request.user, request.POST.get("reason", "")

    def confirm() -> None:
        made = historical_jobs.confirm(found, by=by)
        said = ASKED if isinstance(made, Job) else SAID["confirm"].format(made.upload.counts[RowOutcome.NEW])
        messages.success(request, said)

    def revoke() -> None:
        if not (number := historical_acts.revoke_all(found, by=by, reason=reason)):
            raise Refused(NOTHING)
        messages.success(request, SAID["revoke"].format(number))

    def said(name: str, do: Callable[..., Registration], **more: str) -> Callable[[], None]:
        def run() -> None:
            do(found, by=by, **more)
            messages.success(request, SAID[name])

        return run

    return {
        "propose": said("propose", historical_acts.propose),
        "refuse": said("refuse", historical_acts.refuse, reason=reason),
        "abandon": said("abandon", historical_acts.abandon),
        "confirm": confirm,
        "revoke": revoke,
    }


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke the registration of one filing."""
    found = get_object_or_404(Filing.objects.visible_to(request.user), pk=pk)
    try:
        historical_acts.revoke(found, by=request.user, reason=request.POST.get("reason", ""))
    except Refused as refusal:
        messages.warning(request, str(refusal))
    except Conflict as conflict:
        return conflict_page(request, conflict, {"撤销原因": request.POST.get("reason", "")})
    else:
        messages.success(request, SAID["revoke"].format(1))
    return redirect("filing", pk)
