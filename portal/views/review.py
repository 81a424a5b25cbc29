"""One filing at the workbench: its page, the acts on it, its print. Each view: scope, one call, answer."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from portal import (
    access_log,
    asked,
    catalogue,
    checklist,
    copies,
    credit,
    deadlines,
    decision,
    drafts,
    exports,
    historical_acts,
    inbox,
    kept,
    materials,
    opinions,
    pins,
    policy,
    prepared,
    queue,
    reading,
    records,
    remarks,
    reminders,
    review_boards,
    rules,
    similar,
    versions,
    workflow,
)
from portal.grounds import NOTHING_SAID, Grounds
from portal.models import Copy, Event, Filing, JointOpinion, PreparedDecision, Remark, User
from portal.registry import STAMPED_SCAN
from portal.views import typed as typed_form
from portal.views.going import remembered
from portal.vocabulary import IN_REVIEW, ReturnReason, State

STALE = "页面上的信息不完整，没有提交。您写的意见已保留，请核对后重新提交。"
CHOOSE = "还没有选择结论，没有提交。您写的意见已保留，请选择后再提交。"
DONE = {
    "accept": "已受理，报送单位不能再撤回",
    "release": "已取消受理",
    "reject": "已作出不予通过的结论",
    "withdraw": "已撤回，可以继续修改",
    "cancel": "已作废，需要时可以恢复为草稿",
}
STAYING = ("accept", "release", "recall", "withdraw", "cancel", "reopen")
CARRIED = ("a", "b", "compare", "view", "from")  # what the address of the page says, kept by its forms


_RARE = {
    name: model.objects.filter(filing=OuterRef("pk"))
    for name, model in {
        "copies": Copy,
        "opinions": JointOpinion,
        "prepared": PreparedDecision,
        "remarks": Remark,
    }.items()
}


@dataclass(frozen=True)
class Noted:
    """A remark as it was typed: on which field, or the number of the one that was to be changed."""

    field: str = ""
    text: str = ""
    pk: int | None = None


@dataclass(frozen=True)
class Typed:
    """What was typed on the page, kept through every error, and why it was not taken."""

    action: str = ""
    comment: str = ""
    to: str = ""
    grounds: Grounds = NOTHING_SAID
    remark: Noted = Noted()
    refusal: str = ""


@require_safe
@remembered
@kept.one_reading()
def filing(request: HttpRequest, pk: int) -> HttpResponse:
    """The filing as its reader may see it, with what he can do; ``choose`` is the conclusion he comes for."""
    return page(request, in_scope(request, pk), Typed(action=request.GET.get("choose", "")))


def in_scope(request: HttpRequest, pk: int) -> Filing:
    """Return a filing the person may see, with what its page shows; out of scope is 404.

    Whether there is anything of what most filings have none of is asked with it, so that nobody asks again;
    so is its place in the queue it was opened from.
    """
    wish = queue.decoded(request.GET["from"], request.user) if "from" in request.GET else None

    def one(user: User, pk: int) -> QuerySet:
        return queue.placed(_one(user, pk), wish, user) if wish else _one(user, pk)

    key = asked.whose(request.user), wish and (wish.tab, wish.sort)
    if not (found := asked.rows(key, one, request.user, pk)):
        raise Http404
    return found[0]


def _one(user: User, pk: int) -> QuerySet:
    found = policy.with_facts(Filing.objects.visible_to(user), user).filter(pk=pk)
    found = found.annotate(**{f"has_{name}": Exists(rows) for name, rows in _RARE.items()})
    return found.select_related("organisation__region", "holder", "entry", "amends", "campaign")


def carried(request: HttpRequest) -> str:
    """Return the query string that leads back to the page as it was read, empty when it was read plainly."""
    kept = {name: request.GET[name][: queue.LONGEST_QUERY] for name in CARRIED if request.GET.get(name)}
    return f"?{urlencode(kept)}" if kept else ""


def page(request: HttpRequest, found: Filing, typed: Typed) -> HttpResponse:
    """Return the page of a filing; with a refusal among what was ``typed`` as 422."""
    user = request.user
    state, word = inbox.standing(found)
    context = {
        "nav": "desk",
        "filing": found,
        "type": found.record_type,
        "is_own": reading.is_own(found, user),
        "comes_back": reading.comes_back(found),
        "state": state,
        "word": word,
        "marks": inbox.marks(found),
        "window": deadlines.of_filing(found),
        "problems": _problems(found, user),
        "near": _near(found, user),
        "typed": typed,
        "carried": carried(request),
        "remark_url": reverse("remark-write", args=[found.pk]) + carried(request),
        "comment_limit": workflow.COMMENT_LIMIT,
        "remark_limit": remarks.LIMIT,
        "consultation": opinions.card(found, user),
        "prepared": prepared.card(found, user),
        "copies": copies.card(found, user),
        "urge": reminders.card(found, user),
        **_text(request, found),
        **_box(found, user, typed),
        **_queue(request, found),
        **_entry(found, user),
        **_update(found, user),
        "why_not_revoked": historical_acts.why_not_revoked(found, user),
    }
    context |= _history(found, user, context["pins"], typed)
    context["loose_text"] = _loose_text(typed.remark, context["pins"], context["pair"])
    return render(request, "desk/filing.html", context, status=422 if typed.refusal else 200)


def _text(request: HttpRequest, found: Filing) -> dict:
    """Return what the left of the page shows: the text, what changed in it, its remarks, its files."""
    user, reads_names = request.user, exports.may_see_personal(request.user)
    pair = versions.choose(found, user, request.GET)
    sheet = reading.read(found, user, pair=(pair.shown, pair.earlier), personal=reads_names)
    if reads_names:
        access_log.mark_filing(request, found, sheet)
    is_plain = pair.is_newest and not pair.compares
    slots = [] if is_plain or not reads_names else versions.files(found, pair)
    pinned = pins.pins(found, user)
    files = _files(found, pair, pinned, shown=reads_names)
    access_log.mark_files(request, found, versions.named(slots, files))
    return {
        "sheet": sheet,
        "pair": pair,
        "side": request.GET.get("view") != "inline",
        "pins": pinned,
        "slots": slots,
        **pins.attach(pinned, sheet, slots, pair),
        **files,
    }


def _files(found: Filing, pair: versions.Pair, pinned: pins.Pins, *, shown: bool) -> dict:
    """Return the files of the newest version in their slots; the stamped scan stands beside the text.

    Who writes remarks sees the empty slots too: what is missing is what he remarks on.
    """
    places = materials.submitted(found, pair.shown) if pair.is_newest else []
    if places and not shown:
        return {"files_hidden": reading.NOT_SHOWN}
    held = {place.name: place for place in places}
    anchored = remarks.anchors_of(found)
    kept = [
        {"name": name, "label": slot.label, "place": held.get(name), "pins": pinned.of.get(name, [])}
        for name, slot in found.record_type.all_slots.items()
        if name in held or (pinned.writes and name in anchored) or name in pinned.of
    ]
    if pair.compares or not pair.is_newest:
        return {"scan": None, "places": []}
    scan = next((one for one in kept if one["name"] == STAMPED_SCAN), None)
    return {"places": [one for one in kept if one is not scan], "scan": scan}


def _loose_text(noted: Noted, pinned: pins.Pins, pair: versions.Pair) -> str:
    """Return the typed remark that no form of the page holds: nobody's words get lost."""
    return "" if pinned.writes and pair.is_newest and noted.field in pinned.labels else noted.text


def _box(found: Filing, user: User, typed: Typed) -> dict:
    """Return the decision box: its acts, the reasons one can tick."""
    reasons = [(value, word, value in typed.grounds.reasons) for value, word in ReturnReason.choices]
    return {"box": decision.box(found, user), "reasons": reasons}


def _history(found: Filing, user: User, pinned: pins.Pins, typed: Typed) -> dict:
    """Return what happened, and the checklist with what the desk before found."""
    happened, inside = decision.events(found, user), opinions.may_read(found, user)
    weighed = found.criteria
    before = checklist.latest(happened) if inside else None
    return {
        "timeline": decision.timeline(found, user, happened, numbers=pinned.numbers, inside=inside),
        "criteria": checklist.items(weighed.words, typed.grounds.findings, before),
        "criteria_clause": weighed.clause,
        "found_before": before,
    }


def _queue(request: HttpRequest, found: Filing) -> dict:
    """Return the filings beside this one in the queue it was opened from."""
    if "from" not in request.GET:
        return {}
    wish = queue.decoded(request.GET["from"], request.user)
    beside = queue.neighbours(request.user, wish, found)
    query = queue.encoded(wish)
    return {"from_queue": query, "from_query": urlencode({"from": query}), "beside": beside}


def _problems(found: Filing, user: User) -> list:
    """Return what a reviewer has to know of the rules while the filing is under review."""
    if found.state not in IN_REVIEW or reading.is_own(found, user):
        return []
    return rules.problems(records.load(found))


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
    """Do one act of the workflow; what was typed survives every refusal, and a second click does nothing."""
    found = in_scope(request, pk)
    typed = _typed(request, found)
    beside = _queue(request, found)
    try:
        event = _perform(request, found, typed)
    except workflow.Conflict as conflict:
        return _too_late(request, found, typed, conflict, beside)
    except workflow.Refused as refusal:
        return page(request, in_scope(request, pk), replace(typed, refusal=str(refusal)))
    except workflow.Invalid:
        messages.warning(request, "还有内容需要补充，没有提交。已填写的内容都已保留。")
        return redirect("filing-check", pk)
    messages.success(request, _told(found, event, request.user))
    return _onward(request, pk, event.action, beside)


def _typed(request: HttpRequest, found: Filing) -> Typed:
    action, comment, to = (request.POST.get(name, "") for name in ("action", "comment", "to"))
    said = typed_form.grounds(request.POST, found)
    if action not in ("return", ""):  # reasons that were ticked before another conclusion was chosen
        said = Grounds(findings=said.findings) if action in decision.WEIGHED else NOTHING_SAID
    return Typed(action, comment, to, said)


def _perform(request: HttpRequest, found: Filing, typed: Typed) -> Event:
    version, step = number(request, "version"), number(request, "step")
    if version is None:
        raise workflow.Refused(STALE)
    if not typed.action:
        raise workflow.Refused(CHOOSE)
    if typed.action == "return" and not typed.grounds.reasons and step in (None, found.step):
        raise workflow.Refused(decision.UNREASONED)
    to = [p for p in decision.colleagues(found, request.user) if str(p.pk) == typed.to] if typed.to else []
    return workflow.perform(
        found,
        typed.action,
        by=request.user,
        version=version,
        step=step,
        comment=typed.comment,
        to=to[0] if to else None,
        grounds=typed.grounds,
        request_id=request.id,
    )


def _onward(request: HttpRequest, pk: int, action: str, beside: dict) -> HttpResponse:
    """Lead on: an act that keeps the filing at hand to its page, a decision to the next one of the queue."""
    if action in STAYING:
        return redirect(reverse("filing", args=[pk]) + carried(request))
    if not beside:
        return redirect("desk")
    if beside["beside"].following:
        return redirect(f"{reverse('filing', args=[beside['beside'].following])}?{beside['from_query']}")
    return redirect(f"{reverse('desk')}?{beside['from_queue']}")


def _too_late(
    request: HttpRequest, found: Filing, typed: Typed, conflict: workflow.Conflict, beside: dict
) -> HttpResponse:
    """Answer who came second: to his own second click what the first did, to others the conflict."""
    facts = {"by": request.user, "step": number(request, "step"), "said": typed.comment}
    if decision.same_act(found, typed.action, grounds=typed.grounds, **facts):
        messages.info(request, "这一步您已经办理过，没有重复办理。")
        return _onward(request, found.pk, typed.action, beside)
    reasons = "、".join(ReturnReason(name).label for name in typed.grounds.reasons if name in ReturnReason)
    findings = [f"{f.criterion}：{checklist.in_words(f)}" for f in typed.grounds.findings]
    kept = {"意见": typed.comment, "退回原因": reasons, "逐项核对": "\n".join(findings)}
    return conflict_page(request, conflict, kept)


def number(request: HttpRequest, name: str) -> int | None:
    """Return a hidden number of a form, or None when it is missing or no number."""
    value = request.POST.get(name, "")
    return int(value) if re.fullmatch("[0-9]{1,9}", value, re.ASCII) else None


def _told(found: Filing, event: Event, user: User) -> str:
    """Return what was done, with the way to the filing and, where the policy opens one, to undoing it."""
    words = DONE.get(event.action) or f"已{decision.said(event, found)}"
    url = reverse("filing", args=[found.pk])
    told = format_html('《{}》{}。<a href="{}">打开</a>', found, words, url)
    way = decision.undo(found.pk, user) if event.action in decision.WEIGHED else None
    if way is None:
        return told
    return told + format_html(
        '　<a href="{}?choose={}#decide-head">{}</a>', url, way.action.name, way.action.label
    )


def conflict_page(request: HttpRequest, conflict: workflow.Conflict, kept: dict[str, str]) -> HttpResponse:
    """Return the 409 page: who did what and when, and what was typed (label → text), to be copied."""
    event = decision.told_of(conflict.event, conflict.filing, request.user)
    context = {
        "nav": "desk",
        "filing": reading.name_for(conflict.filing, request.user),
        "event": event,
        "did": decision.said(event, conflict.filing) if event else "",
        "url": reverse("filing", args=[conflict.filing.pk]),
        "kept": [{"label": label, "text": words} for label, words in kept.items() if words.strip()],
    }
    return render(request, "conflict.html", context, status=409)
