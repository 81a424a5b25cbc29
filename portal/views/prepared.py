"""Prepared decisions at the workbench: writing one, the list of the desk, making or dropping many at once."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import batches, prepared, reading, workflow
from portal.actions import REVIEWERS
from portal.models import Filing
from portal.prepared import Typed
from portal.views import typed
from portal.views.batches import done_page
from portal.views.review import STALE, conflict_page, in_scope, number


@require_http_methods(["GET", "HEAD", "POST"])
def prepare(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a decision for the desk; what was typed survives every refusal."""
    found = in_scope(request, pk)
    if prepared.card(found, request.user) is None and request.method != "POST":
        raise Http404("not at this desk")
    if request.method != "POST":
        return _form(request, found)
    said = _typed(request, found)
    try:
        _prepare(request, found, said)
    except workflow.Conflict as conflict:
        return conflict_page(request, conflict, {"拟办意见": said.comment})
    except workflow.Refused as refusal:
        return _form(request, found, said, str(refusal))
    messages.success(
        request, f"《{reading.name_for(found, request.user)}》已存为拟办，只有本级审核、审批岗位看得到。"
    )
    return redirect("filing", pk)


def _typed(request: HttpRequest, found: Filing) -> Typed:
    post = request.POST
    return Typed(post.get("action", ""), post.get("comment", ""), typed.grounds(post, found))


def _prepare(request: HttpRequest, found: Filing, said: Typed) -> None:
    version = number(request, "version")
    if version is None:
        raise workflow.Refused(STALE)
    told = {"comment": said.comment, "grounds": said.grounds, "step": number(request, "step")}
    prepared.prepare(found, said.action, by=request.user, version=version, **told)


def _form(request: HttpRequest, found: Filing, said: Typed | None = None, refusal: str = "") -> HttpResponse:
    card = prepared.card(found, request.user, said)
    if card is None:
        raise Http404("not at this desk")
    context = {
        "nav": "desk",
        "filing": found,
        "title": reading.name_for(found, request.user),
        "prepared": card,
        "typed": card.typed,
        "refusal": refusal,
    }
    return render(request, "desk/prepare.html", context, status=422 if refusal else 200)


@require_safe
def prepared_list(request: HttpRequest) -> HttpResponse:
    """What the desks of this person have prepared, all of it or his own."""
    if not request.user.has_role(*REVIEWERS):
        raise Http404("not a reviewer")
    return _list(request)


def _list(request: HttpRequest, refusal: str = "") -> HttpResponse:
    mine = request.GET.get("whose") == "mine"
    lines = batches.prepared_lines(request.user, mine=mine)
    context = {
        "nav": "desk",
        "lines": lines,
        "mine": mine,
        "open": sum(not line.reason for line in lines),
        "refusal": refusal,
    }
    return render(request, "desk/prepared_list.html", context, status=422 if refusal else 200)


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Make or drop the prepared decisions that were ticked."""
    if not request.user.has_role(*REVIEWERS):
        raise Http404("not a reviewer")
    pks, name = _asked(request)
    if not pks or len(pks) > batches.MOST:
        return _list(request, batches.TOO_MANY if pks else batches.NONE_TICKED)
    if name == "drop":
        messages.success(request, f"已撤销 {prepared.drop(pks, by=request.user)} 件拟办结论，填报没有变动。")
        return redirect("prepared")
    return done_page(request, "作出结论", prepared.release(pks, by=request.user, request_id=request.id))


def _asked(request: HttpRequest) -> tuple[list[int], str]:
    name = request.POST.get("act", "")
    try:
        pks = batches.read_numbers(request.POST.getlist("item"))
    except batches.Malformed:
        raise BadRequest("not a list of decisions") from None
    if name not in ("release", "drop"):
        raise BadRequest("no such act")
    return pks, name
