"""The catalogue from the workbench: publish, amend, exit, reinstate.

Each view: scope, one domain call, answer.
"""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from portal import catalogue, notices, publicity, reading, workflow
from portal.models import CatalogueEntry, Filing
from portal.views.review import conflict_page, in_scope, number
from portal.vocabulary import BrandLevel

NOT_A_DAY = "日期要写成“2024-12-31”的样子。您填写的内容已保留，请改正后再提交。"
NO_LEVEL = "请选择级别：市级，或省级。"
FORM = ["GET", "HEAD", "POST"]


@require_http_methods(FORM)
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """What will be public, exactly, and the facts of its publication."""
    found = in_scope(request, pk)
    if not catalogue.may_publish(request.user, found):
        raise Http404("not a publisher's filing")
    if request.method != "POST":
        return _publish_page(request, found, {"on": str(timezone.localdate())})
    try:
        entry = _publish(request, found)
    except workflow.Conflict as conflict:
        return conflict_page(request, conflict, {"公布文号": request.POST.get("document_number", "")})
    except workflow.Refused as refusal:
        return _publish_page(request, found, request.POST, str(refusal))
    messages.success(request, _published(entry))
    return redirect(f"{reverse('desk')}?tab=publish")


def _publish(request: HttpRequest, found: Filing) -> CatalogueEntry:
    if number(request, "step") not in (None, found.step):
        raise workflow.Conflict(found)
    if found.record_type.levelled and not request.POST.get("level"):
        raise workflow.Refused(NO_LEVEL)
    return catalogue.publish(
        found,
        by=request.user,
        document_number=request.POST.get("document_number", ""),
        on=day(request.POST.get("on", "")),
        level=request.POST.get("level", ""),
        request_id=request.id,
    )


def day(value: str) -> date | None:
    """Return the day that was typed, None when nothing was; anything else is ``Refused``."""
    try:
        return date.fromisoformat(value.strip()) if value.strip() else None
    except ValueError:
        raise workflow.Refused(NOT_A_DAY) from None


def _published(entry: CatalogueEntry) -> str:
    url = reverse("catalogue-entry", args=[entry.kind, entry.code])
    return format_html('《{}》已公布，编号 {}。<a href="{}">打开公开页</a>', entry.title, entry.code, url)


def _publish_page(request: HttpRequest, found: Filing, typed, refusal: str = "") -> HttpResponse:
    replaced = _replaced(found)
    context = {
        "nav": "desk",
        "filing": found,
        "title": reading.name_for(found, request.user),
        "type": found.record_type,
        "lines": reading.public_lines(found),
        "code": replaced.code if replaced else _code_pattern(found),
        "replaced": replaced,
        "levels": _levels(found, replaced),
        "level": replaced.level if replaced else typed.get("level", ""),
        "today": timezone.localdate(),
        "reason": catalogue.why_unpublishable(found, request.user),
        "typed": typed,
        "refusal": refusal,
        "drafts_notice": bool(notices.desks(request.user)) and publicity.needs_notice(found),
    }
    return render(request, "desk/publish.html", context, status=422 if refusal else 200)


def _levels(found: Filing, replaced: CatalogueEntry | None) -> list[tuple[str, str]]:
    """Return the levels to choose from: of an amendment or a reinstatement the one it keeps."""
    choices = BrandLevel.choices if found.record_type.levelled else []
    return [choice for choice in choices if replaced is None or choice[0] == replaced.level]


def _replaced(found: Filing) -> CatalogueEntry | None:
    """Return the entry whose code the filing takes over: the one it amends, or that it lists again."""
    if not found.amends_id:
        return None
    left = CatalogueEntry.objects.filter(filing_id=found.amends_id).exclude(exit_reason="")
    return left.first() if reading.comes_back(found) else catalogue_entry(found.amends)


def catalogue_entry(found: Filing) -> CatalogueEntry | None:
    """Return the entry of ``found`` that is in force, or None."""
    return CatalogueEntry.objects.in_force().filter(filing_id=found.pk).first()


def _code_pattern(found: Filing) -> str:
    return f"{found.record_type.code}-{found.region_id[:4].ljust(4, '0')}-（序号公布时生成）"


@require_POST
def amend(request: HttpRequest, code: str) -> HttpResponse:
    """Open a draft that will replace a published entry."""
    entry = _in_scope(request, code)
    if not reading.is_own(entry.filing, request.user):
        raise Http404("another bureau's entry")
    try:
        draft = catalogue.amend(entry, by=request.user)
    except workflow.Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("filing", entry.filing_id)
    messages.success(request, "已开立变更草稿。修改后提交审核；重新公布以前，现行内容照旧公开。")
    return redirect("filing-edit", draft.pk)


def _in_scope(request: HttpRequest, code: str) -> CatalogueEntry:
    """Return the newest entry of a code whose filing the person may see, else 404."""
    visible = Filing.objects.visible_to(request.user).values("pk")
    found = CatalogueEntry.objects.filter(code=code, filing_id__in=visible)
    newest = found.select_related("filing__organisation__region").order_by("-valid_from", "-pk").first()
    if newest is None:
        raise Http404("no such entry in scope")
    return newest


@require_POST
def reinstate(request: HttpRequest, code: str) -> HttpResponse:
    """Open a draft that will take up the code of an exited entry again."""
    entry = _in_scope(request, code)
    if not reading.is_own(entry.filing, request.user):
        raise Http404("another bureau's entry")
    try:
        draft = catalogue.reinstate(entry, by=request.user)
    except workflow.Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("filing", entry.filing_id)
    messages.success(request, "已开立重新列入的草稿。修改后提交审核；公布以前，公开页照旧显示已退出。")
    return redirect("filing-edit", draft.pk)


@require_http_methods(FORM)
def exit(request: HttpRequest, code: str) -> HttpResponse:
    """Take an entry out of the catalogue with its reason, document and day; the page stays as a tombstone."""
    entry = _in_scope(request, code)
    if not catalogue.may_publish(request.user, entry.filing):
        raise Http404("not a publisher's entry")
    if request.method != "POST":
        return _exit_page(request, entry, {"on": str(timezone.localdate())})
    try:
        _exit(request, entry)
    except workflow.Conflict as conflict:
        return conflict_page(request, conflict, {"说明": request.POST.get("comment", "")})
    except workflow.Refused as refusal:
        return _exit_page(request, entry, request.POST, str(refusal))
    messages.success(request, _exited(entry))
    return redirect("filing", entry.filing_id)


def _exit(request: HttpRequest, entry: CatalogueEntry) -> None:
    another = request.POST.get("entry", str(entry.pk)) != str(entry.pk)  # amended since the page was read
    if another or number(request, "step") not in (None, entry.filing.step):
        raise workflow.Conflict(entry.filing)
    catalogue.exit(
        entry,
        by=request.user,
        reason=request.POST.get("reason", ""),
        document_number=request.POST.get("document_number", ""),
        on=day(request.POST.get("on", "")),
        comment=request.POST.get("comment", ""),
        request_id=request.id,
    )


def _exited(entry: CatalogueEntry) -> str:
    url = reverse("catalogue-entry", args=[entry.kind, entry.code])
    return format_html('《{}》已退出目录，公开页保留退出说明。<a href="{}">打开公开页</a>', entry.title, url)


def _exit_page(request: HttpRequest, entry: CatalogueEntry, typed, refusal: str = "") -> HttpResponse:
    context = {
        "nav": "desk",
        "entry": entry,
        "filing": entry.filing,
        "reasons": catalogue.EXIT_REASONS,
        "ended": entry.valid_to,
        "today": timezone.localdate(),
        "typed": typed,
        "refusal": refusal,
    }
    return render(request, "desk/exit.html", context, status=422 if refusal else 200)
