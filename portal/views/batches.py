"""Deciding many filings at once: a page that asks, and one that tells of each what became of it.

The result is the answer to the form itself; sent again it does nothing twice, for each item names the step it
was ticked after.
"""

from collections.abc import Sequence

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from portal import batches, catalogue, workflow
from portal.batches import PUBLISH, Item
from portal.prepared import LACKS_A_REASON
from portal.views import typed
from portal.views.publishing import NO_LEVEL, day
from portal.vocabulary import BrandLevel, ReturnReason
from portal.workflow import Outcome, Refused

LONGEST_WAY = 500  # characters of the way back to the queue
NO_WORDS = "{}须写明意见，报送单位要据此知道原因。"


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """What was ticked, what is open of it, and what has to be said; nothing is done yet."""
    action, items = _asked(request)
    if refusal := _why_none(items):
        return _refused(request, action, refusal)
    return _page(request, action, items)


@require_POST
def do(request: HttpRequest) -> HttpResponse:
    """Do it to each, and tell of each what became of it."""
    action, items = _asked(request)
    if refusal := _why_none(items):
        return _refused(request, action, refusal)
    try:
        outcomes = _publish(request, items) if action == PUBLISH else _decide(request, action, items)
    except Refused as refusal:
        return _page(request, action, items, str(refusal))
    return done_page(request, batches.ACTS[action], outcomes, action)


def _asked(request: HttpRequest) -> tuple[str, list[Item]]:
    """Return the act and what was ticked; what is no form of ours is a bad request."""
    action = request.POST.get("action", "")
    try:
        items = batches.read_items(request.POST.getlist("item"))
    except batches.Malformed:
        raise BadRequest("not a list of filings") from None
    if action not in batches.ACTS:
        raise BadRequest("no such act")
    return action, items


def _why_none(items: Sequence) -> str:
    if not items:
        return batches.NONE_TICKED
    return batches.TOO_MANY if len(items) > batches.MOST else ""


def _decide(request: HttpRequest, action: str, items: list[Item]) -> list[Outcome]:
    comment, grounds = request.POST.get("comment", ""), typed.grounds(request.POST)
    if batches.needs_comment(action) and not workflow.checked_comment(comment):
        raise Refused(NO_WORDS.format(batches.ACTS[action]))
    workflow.checked_comment(comment)
    if action == "return" and not grounds.reasons:
        raise Refused(LACKS_A_REASON)
    asked = batches.asked_of(items, action, comment, grounds)
    return workflow.perform_all(asked, by=request.user, request_id=request.id)


def _publish(request: HttpRequest, items: list[Item]) -> list[Outcome]:
    level = request.POST.get("level", "")
    if not level and batches.has_levelled(items, request.user):
        raise Refused(NO_LEVEL)
    return catalogue.publish_all(
        batches.asked_of(items, PUBLISH, "", workflow.NOTHING_SAID),
        by=request.user,
        document_number=request.POST.get("document_number", ""),
        on=day(request.POST.get("on", "")),
        level=level,
        request_id=request.id,
    )


def _page(request: HttpRequest, action: str, items: list[Item], refusal: str = "") -> HttpResponse:
    lines = batches.rows(items, action, request.user)
    context = {
        "nav": "desk",
        "heading": f"批量{batches.heading(action, lines)}",
        "action": action,
        "lines": lines,
        "open": sum(line.is_open for line in lines),
        "needs_comment": batches.needs_comment(action),
        "reasons": ReturnReason.choices if action == "return" else (),
        "levels": _levels(action, items, request.user),
        "comment_limit": workflow.COMMENT_LIMIT,
        "typed": _typed(request.POST),
        "today": timezone.localdate(),
        "refusal": refusal,
        **way_back(request.POST),
    }
    return render(request, "desk/batch.html", context, status=422 if refusal else 200)


def _levels(action: str, items: list[Item], user) -> Sequence[tuple[str, str]]:
    return BrandLevel.choices if action == PUBLISH and batches.has_levelled(items, user) else ()


def _typed(post: QueryDict) -> dict:
    """Return what was typed already, to be shown again."""
    names = ("comment", "document_number", "on", "level", "whole")
    return {name: post.get(name, "") for name in names} | {"reasons": post.getlist("reason")}


def way_back(post: QueryDict) -> dict[str, str]:
    """Return the queue a form came from: ``back``, its address, and ``wish``, what it asked of the queue."""
    wish = QueryDict(post.get("from", "")[:LONGEST_WAY]).urlencode()
    return {"back": f"{reverse('desk')}?{wish}" if wish else reverse("desk"), "wish": wish}


def _refused(request: HttpRequest, action: str, refusal: str) -> HttpResponse:
    context = {"nav": "desk", "heading": f"批量{batches.ACTS[action]}", "refusal": refusal}
    return render(request, "desk/batch_refused.html", context | way_back(request.POST), status=422)


def done_page(request: HttpRequest, word: str, outcomes: Sequence[Outcome], action: str = "") -> HttpResponse:
    """Return the page that tells what became of each; with an ``action`` what failed can be tried again."""
    lines = batches.results(outcomes, request.user)
    done = sum(line.is_done for line in lines)
    context = {
        "nav": "desk",
        "heading": f"批量{word}：办理 {done} 件"
        + (f"，{len(lines) - done} 件没有办理" if done < len(lines) else ""),
        "lines": sorted(lines, key=lambda line: line.is_done),
        "done": done,
        "failed": len(lines) - done,
        "action": action,
        "retries": [line for line in lines if line.retry] if action else [],
        "said": _typed(request.POST),
        **way_back(request.POST),
    }
    return render(request, "desk/batch_done.html", context)
