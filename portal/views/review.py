"""One filing at the workbench: its page, the acts on it, its print. Each view: scope, one call, answer."""

import re
from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from portal import (
    catalogue,
    credit,
    deadlines,
    decision,
    drafts,
    excel,
    inbox,
    materials,
    questionnaire,
    reading,
    review_boards,
    rules,
    similar,
    workflow,
)
from portal.models import Event, Filing, User
from portal.registry import STAMPED_SCAN
from portal.vocabulary import IN_REVIEW, State

STALE = "页面上的信息不完整，没有提交。您写的意见已保留，请核对后重新提交。"
CHOOSE = "还没有选择结论，没有提交。您写的意见已保留，请选择后再提交。"
DONE = {
    "accept": "已受理，报送单位不能再撤回",
    "release": "已取消受理",
    "reject": "已作出不予通过的结论",
    "withdraw": "已撤回，可以继续修改",
    "cancel": "已作废，需要时可以恢复为草稿",
    "reopen": "已恢复到前一步",
}
STAYING = ("accept", "release", "recall", "withdraw", "cancel", "reopen")


@dataclass(frozen=True)
class Typed:
    """What was typed into the decision box, kept through every error, and why it was not taken."""

    action: str = ""
    comment: str = ""
    to: str = ""
    refusal: str = ""


@require_safe
def filing(request: HttpRequest, pk: int) -> HttpResponse:
    """The filing as its reader may see it, with what he can do."""
    return _page(request, in_scope(request, pk), Typed())


def in_scope(request: HttpRequest, pk: int) -> Filing:
    """Return a filing the person may see, with what its page shows; out of scope is 404."""
    found = Filing.objects.visible_to(request.user)
    return get_object_or_404(
        found.select_related("organisation__region", "holder", "entry", "amends", "campaign"), pk=pk
    )


def _page(request: HttpRequest, found: Filing, typed: Typed) -> HttpResponse:
    user, compare = request.user, request.GET.get("compare") == "1"
    sheet = reading.read(found, user, compare=compare, personal=excel.may_see_personal(user))
    state, word = inbox.standing(found)
    context = {
        "nav": "desk",
        "filing": found,
        "type": found.record_type,
        "sheet": sheet,
        "is_own": reading.is_own(found, user),
        "comes_back": reading.comes_back(found),
        "earlier": sheet.earlier,
        "compare": compare,
        "state": state,
        "word": word,
        "marks": inbox.marks(found),
        "window": deadlines.of_filing(found),
        "problems": _problems(found, user),
        "near": _near(found, user),
        "box": decision.box(found, user),
        "timeline": decision.timeline(found, user),
        "typed": typed,
        **_files(found, user),
        "comment_limit": workflow.COMMENT_LIMIT,
        **_entry(found, user),
        **_update(found, user),
    }
    return render(request, "desk/filing.html", context, status=422 if typed.refusal else 200)


def _files(found: Filing, user: User) -> dict:
    """Return the files of the version this person reads; the stamped scan stands beside the text."""
    places = materials.submitted(found, reading.version_for(found, user))
    if places and not excel.may_see_personal(user):
        return {"files_hidden": reading.NOT_SHOWN}
    scan = next((place for place in places if place.name == STAMPED_SCAN), None)
    return {"places": [place for place in places if place is not scan], "scan": scan}


def _problems(found: Filing, user: User) -> list:
    """Return what a reviewer has to know of the rules while the filing is under review."""
    if found.state not in IN_REVIEW or reading.is_own(found, user):
        return []
    return rules.problems(questionnaire.load(found))


def _near(found: Filing, user: User) -> list[similar.Near]:
    """Return the names near to what waits for a conclusion or for publication, for those it waits for."""
    if reading.is_own(found, user) or found.state not in (*IN_REVIEW, State.APPROVED):
        return []
    return similar.near_names(found, user) if inbox.entry_of(found) is None else []


def _entry(found: Filing, user: User) -> dict:
    """Return the entry of a filing with what can be done to it, or whether it can be published."""
    entry = inbox.entry_of(found)
    if entry is None:
        if found.state != State.APPROVED or not catalogue.may_publish(user, found):
            return {}
        return {"publishes": True, "why_not": catalogue.why_unpublishable(found, user)}
    is_current = entry.valid_to is None
    is_own = reading.is_own(found, user)
    amendment = reading.open_amendment(found) if is_own else None
    return {
        "entry": entry,
        "amendment": amendment,
        "amends": is_current and is_own and not amendment,
        "reinstates": is_own and entry.is_exited and not catalogue.why_not_reinstated(entry, user),
        "exits": is_current and catalogue.may_publish(user, found),
        "reads_credit": credit.may_read(user),
        "records": credit.of_code(entry.code),
        "reviews": review_boards.of_entry(entry, user),
    }


def _update(found: Filing, user: User) -> dict:
    """Return whether the bureau can update its approved return now, or why not."""
    is_return = found.state == State.APPROVED and not found.record_type.is_catalogued
    if not is_return or found.is_nothing or not reading.is_own(found, user):
        return {}
    return {"is_updatable": True, "why_not_updated": drafts.why_not_updated(found, user)}


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do one act of the workflow; what was typed survives every refusal."""
    found = in_scope(request, pk)
    typed = Typed(*(request.POST.get(name, "") for name in ("action", "comment", "to")))
    try:
        event = _perform(request, found, typed)
    except workflow.Conflict as conflict:
        return conflict_page(request, conflict, {"意见": typed.comment})
    except workflow.Refused as refusal:
        return _page(request, in_scope(request, pk), replace(typed, refusal=str(refusal)))
    except workflow.Invalid:
        messages.warning(request, "还有内容需要补充，没有提交。已填写的内容都已保留。")
        return redirect("filing-check", pk)
    messages.success(request, _told(found, event))
    return redirect("filing", pk) if event.action in STAYING else redirect("desk")


def _perform(request: HttpRequest, found: Filing, typed: Typed) -> Event:
    version, step = number(request, "version"), number(request, "step")
    if version is None:
        raise workflow.Refused(STALE)
    if not typed.action:
        raise workflow.Refused(CHOOSE)
    to = [p for p in decision.colleagues(found, request.user) if str(p.pk) == typed.to] if typed.to else []
    return workflow.perform(
        found,
        typed.action,
        by=request.user,
        version=version,
        step=step,
        comment=typed.comment,
        to=to[0] if to else None,
        request_id=request.id,
    )


def number(request: HttpRequest, name: str) -> int | None:
    """Return a hidden number of a form, or None when it is missing or no number."""
    value = request.POST.get(name, "")
    return int(value) if re.fullmatch("[0-9]{1,9}", value, re.ASCII) else None


def _told(found: Filing, event: Event) -> str:
    words = DONE.get(event.action) or f"已{decision.said(event, found)}"
    url = reverse("filing", args=[found.pk])
    return format_html('《{}》{}。<a href="{}">打开</a>', found, words, url)


def conflict_page(request: HttpRequest, conflict: workflow.Conflict, kept: dict[str, str]) -> HttpResponse:
    """Return the 409 page: who did what and when, and what was typed (label → text), to be copied."""
    context = {
        "nav": "desk",
        "filing": reading.name_for(conflict.filing, request.user),
        "event": conflict.event,
        "did": decision.said(conflict.event, conflict.filing) if conflict.event else "",
        "url": reverse("filing", args=[conflict.filing.pk]),
        "kept": [{"label": label, "text": words} for label, words in kept.items() if words.strip()],
    }
    return render(request, "conflict.html", context, status=409)
