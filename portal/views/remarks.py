"""Remarks on the page of a filing: written, changed and deleted by the desk while it reviews."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from portal import remarks, workflow
from portal.models import Filing, Remark
from portal.views import review
from portal.views.review import STALE, Noted, Typed, carried, conflict_page, in_scope, number

KEPT = "{}您写的意见保留在下面。"


@require_POST
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """Note a remark on one field of the version that was read; a second click notes it once."""
    found = in_scope(request, pk)
    noted = Noted(request.POST.get("field", ""), request.POST.get("text", ""))
    version = number(request, "version")
    try:
        if version is None:
            raise workflow.Refused(STALE)
        remark = remarks.write(found, noted.field, noted.text, by=request.user, version=version)
    except workflow.Conflict as conflict:
        return conflict_page(request, conflict, {"意见": noted.text})
    except workflow.Refused as refusal:
        return _refused(request, pk, noted, refusal)
    return _back(request, pk, f"remark-{remark.pk}")


@require_POST
def rewrite(request: HttpRequest, pk: int, remark: int) -> HttpResponse:
    """Change what a prepared remark says."""
    found = in_scope(request, pk)
    current = _own(request, found, remark)
    noted = Noted(request.POST.get("field", ""), request.POST.get("text", ""), remark)
    try:
        if current is None:
            raise workflow.Refused(remarks.GONE)
        remarks.rewrite(current, noted.text, by=request.user)
    except workflow.Refused as refusal:
        # What can be changed no more is offered as a new remark on the same field.
        is_gone = str(refusal) == remarks.GONE
        return _refused(request, pk, replace(noted, pk=None) if is_gone else noted, refusal)
    return _back(request, pk, f"remark-{remark}")


@require_POST
def drop(request: HttpRequest, pk: int, remark: int) -> HttpResponse:
    """Delete a prepared remark; the second of two clicks finds it deleted and says so."""
    found = in_scope(request, pk)
    current = _own(request, found, remark)
    try:
        if current is None:
            raise workflow.Refused(remarks.GONE)
        remarks.drop(current, by=request.user)
    except workflow.Refused as refusal:
        messages.info(request, str(refusal))
        return _back(request, pk, "sheet-head")
    messages.success(request, "已删除这条意见。")
    return _back(request, pk, f"f-{current.field}")


def _own(request: HttpRequest, found: Filing, pk: int) -> Remark | None:
    """Return a remark that the person may read on this filing; of another he learns nothing."""
    return remarks.visible_to(found, request.user).filter(pk=pk).first()


def _back(request: HttpRequest, pk: int, anchor: str) -> HttpResponse:
    return redirect(f"{reverse('filing', args=[pk])}{carried(request)}#{anchor}")


def _refused(request: HttpRequest, pk: int, noted: Noted, refusal: workflow.Refused) -> HttpResponse:
    return review.page(request, in_scope(request, pk), Typed(remark=noted, refusal=KEPT.format(refusal)))
