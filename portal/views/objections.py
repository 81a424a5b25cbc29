"""Objections at the desk of a notice: register, answer, close. Each view: scope, one domain call, answer."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import access_log, objections
from portal.models import Objection
from portal.notice_forms import ObjectionForm
from portal.views.notices import FORM, in_scope
from portal.views.once import once
from portal.workflow import Refused

REGISTERED = "异议已登记。答复并由另一位同事办结以前，名单中相关条目不能公布。"
ANSWERED = "已保存答复，请另一位同事办结。"
CLOSED = "异议已办结。"


@require_http_methods(FORM)
@once
def new(request: HttpRequest, notice: int) -> HttpResponse:
    """Register an objection that came in."""
    found = in_scope(request, notice)
    if why := objections.why_not_register(found):
        messages.warning(request, why)
        return redirect("notice-desk", found.pk)
    received = min(timezone.localdate(), found.ends_on)
    form = ObjectionForm(request.POST or None, notice=found, initial={"received_on": received})
    if form.is_bound and form.is_valid():
        try:
            made = objections.register(found, by=request.user, **form.facts())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, REGISTERED)
            return redirect("objection", made.pk)
    context = {"nav": "notices", "notice": found, "form": form}
    return render(request, "desk/notice_objection_form.html", context, status=422 if form.errors else 200)


def _in_scope(request: HttpRequest, pk: int) -> Objection:
    found = objections.visible_to(request.user).select_related(
        "notice__organisation", "item", "registered_by", "answered_by", "closed_by"
    )
    return get_object_or_404(found, pk=pk)


@require_safe
def objection(request: HttpRequest, objection: int) -> HttpResponse:
    """One objection with what was answered."""
    return _page(request, _in_scope(request, objection))


def _page(request: HttpRequest, found: Objection, refusal: str = "") -> HttpResponse:
    of_a_person = (found.objector, found.contact, found.text, found.answer, found.conclusion)
    access_log.mark(request, found, f"异议 {found.pk} 号", of_a_person)
    context = {
        "nav": "notices",
        "objection": found,
        "notice": found.notice,
        "why_not_close": objections.why_not_close(found, request.user),
        "refusal": refusal,
        "typed": request.POST,
    }
    return render(request, "desk/notice_objection.html", context, status=422 if refusal else 200)


@require_POST
def answer(request: HttpRequest, objection: int) -> HttpResponse:
    """Keep the answer that was given."""
    found = _in_scope(request, objection)
    try:
        objections.answer(found, by=request.user, answer=request.POST.get("answer", ""))
    except Refused as refusal:
        return _page(request, _in_scope(request, objection), str(refusal))
    messages.success(request, ANSWERED)
    return redirect("objection", found.pk)


@require_POST
def close(request: HttpRequest, objection: int) -> HttpResponse:
    """Close it with what came of it."""
    found = _in_scope(request, objection)
    try:
        objections.close(found, by=request.user, conclusion=request.POST.get("conclusion", ""))
    except Refused as refusal:
        return _page(request, _in_scope(request, objection), str(refusal))
    messages.success(request, CLOSED)
    return redirect("notice-desk", found.notice_id)
