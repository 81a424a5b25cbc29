"""Joint opinions at the workbench: ask, answer, take back. Each view: scope, one domain call, answer."""

import re
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from portal import consultation, opinions, reading, workflow
from portal.models import Filing, JointOpinion, Organisation
from portal.views.once import once
from portal.views.review import STALE, conflict_page, in_scope, number

ASKED = "已向{}征求会商意见，期限 {}。"
GIVEN = "会商意见已提交，审核部门已收到消息。离开本级审核以前可以修改。"
TAKEN_BACK = "已撤回向{}的征求。"


@require_http_methods(["GET", "HEAD", "POST"])
@once
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The questions about one filing with their answers; asks the departments that are chosen."""
    found = in_scope(request, pk)
    if request.method != "POST":
        return _page(request, found)
    try:
        asked = _ask(request, found)
    except workflow.Conflict as conflict:
        return conflict_page(request, conflict, {"征求事项": request.POST.get("question", "")})
    except workflow.Refused as refusal:
        return _page(request, found, str(refusal))
    names = "、".join(opinion.organisation.short_name for opinion in asked)
    messages.success(request, ASKED.format(names, asked[0].due_on))
    return _back(pk)


def _ask(request: HttpRequest, found: Filing) -> list[JointOpinion]:
    version = number(request, "version")
    if version is None:
        raise workflow.Refused(STALE)
    chosen = list(Organisation.objects.filter(pk__in=_chosen(request)))
    question, due_on = request.POST.get("question", ""), _day(request.POST.get("due_on", ""))
    return consultation.ask(
        found, chosen, question, due_on, by=request.user, version=version, request_id=request.id
    )


def _chosen(request: HttpRequest) -> set[int]:
    """Return the departments that are ticked; what is no number is none."""
    typed = request.POST.getlist("department")[:20]
    return {int(value) for value in typed if re.fullmatch("[0-9]{1,9}", value, re.ASCII)}


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None


@require_POST
def answer(request: HttpRequest, opinion: int) -> HttpResponse:
    """Give or change the opinion of one's own department."""
    own = opinions.own_departments(request.user)
    asked = get_object_or_404(JointOpinion, pk=opinion, organisation_id__in=own)
    conclusion, said = (request.POST.get(name, "") for name in ("conclusion", "opinion"))
    try:
        consultation.answer(asked, conclusion, said, by=request.user, request_id=request.id)
    except JointOpinion.DoesNotExist:
        raise Http404("out of scope") from None
    except workflow.Conflict as conflict:
        return conflict_page(request, conflict, {"会商意见": said})
    except workflow.Refused as refusal:
        return _page(request, in_scope(request, asked.filing_id), str(refusal), asked.pk)
    messages.success(request, GIVEN)
    return _back(asked.filing_id)


@require_POST
def withdraw(request: HttpRequest, opinion: int) -> HttpResponse:
    """Take a question back that nobody has answered."""
    visible = JointOpinion.objects.filter(filing__in=Filing.objects.visible_to(request.user))
    asked = get_object_or_404(visible.select_related("organisation"), pk=opinion)
    found = in_scope(request, asked.filing_id)
    if not opinions.may_read(found, request.user):
        raise Http404("nothing to read here")
    try:
        consultation.withdraw(asked, by=request.user, request_id=request.id)
    except workflow.Conflict as conflict:
        return conflict_page(request, conflict, {})
    except workflow.Refused as refusal:
        return _page(request, found, str(refusal))
    messages.success(request, TAKEN_BACK.format(asked.organisation.short_name))
    return _back(asked.filing_id)


def _back(pk: int) -> HttpResponse:
    return redirect(reverse("filing", args=[pk]) + "#consultation-head")


def _page(request: HttpRequest, found: Filing, refusal: str = "", at: int = 0) -> HttpResponse:
    """Return the page of the questions with what was typed; 404 to whom it shows nothing."""
    typed = {**request.POST.dict(), "departments": _chosen(request)} if refusal else None
    shown = consultation.card(found, request.user, typed, refusal, at)
    if not shown:
        raise Http404("nothing to read here")
    context = {
        "nav": "desk",
        "filing": found,
        "title": reading.name_for(found, request.user),
        "consultation": shown,
    }
    return render(request, "desk/consultation_page.html", context, status=422 if refusal else 200)
