"""The queue of the workbench and what is done from it: accept, hand over, keep a view, read a copy.

Each view: scope, one domain call, answer.
"""

from dataclasses import replace
from datetime import date, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import (
    batches,
    copies,
    deadlines,
    decision,
    desk_duties,
    handover,
    inbox,
    manual,
    notify,
    palette,
    prepared,
    presence,
    publicity,
    queue,
    queue_choices,
    reading,
    review_boards,
    saved_views,
    tour,
    workflow,
)
from portal.actions import REVIEWERS
from portal.models import Copy, Filing, SavedView, User
from portal.views.desk import PER_PAGE
from portal.views.once import once
from portal.views.review import STALE, number
from portal.vocabulary import ADMIN_ROLES, Role

WEEKDAYS = "一二三四五六日"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What waits for me, what I publish, what I decided, what I filed, what I was shown."""
    user, now = request.user, timezone.now()
    decides = user.has_role(*REVIEWERS)
    others = {"messages": notify.not_read} | ({"prepared": prepared.current} if decides else {})
    counts = queue.counts(user, **others)
    wish = _wish(request, counts)
    known = None if wish.narrowing else counts[wish.tab]
    pages = queue.Pages(queue.ordered(wish, user).values_list("pk", flat=True), PER_PAGE, known)
    shown = pages.get_page(request.GET.get("page", "")[:9])
    choices, rows = queue_choices.choices(wish, user), _rows(shown, wish, user, now)
    context = {
        "nav": "desk",
        "heading": _heading(wish, counts),
        "deadlines": deadlines.nearest(user),
        "owed": review_boards.owed(user),
        "tour": tour.card(user),
        "manual": manual.chapter_for(user),
        "duties": desk_duties.of(user),
        "today": _in_words(timezone.localdate()),
        "wish": wish,
        "tabs": [
            {"name": t, "word": w, "count": queue.in_number(counts[t]) or "0"}
            for t, w in queue.tabs_of(user).items()
        ],
        "waiting": queue.in_number(counts[queue.TO_DO] + counts.get(queue.PUBLISH, 0)),
        "late": counts["long"],
        "page": shown,
        "more": pages.found > queue.MOST,
        "most": queue.MOST,
        "rows": rows,
        "batch": {name: word for name, word in batches.ACTS.items() if any(name in row.acts for row in rows)},
        "headings": wish.headings(queue.HEADINGS),
        "choices": choices,
        "conditions": queue_choices.conditions(wish, choices),
        "clear": f"{reverse('desk')}?tab={wish.tab}",
        "views": queue_choices.views(wish, user),
        "opened": palette.opened(request),
        "encoded": queue.encoded(wish),
        "hands_over": decides,
        "prepared": counts.get("prepared", 0),
        "unread": queue.in_number(counts["messages"]),
        "empty": None if pages.count else _empty(wish, counts, user),
    }
    return render(request, "desk/inbox.html", context)


def _rows(shown, wish: queue.Wish, user: User, now: datetime) -> list[inbox.Row]:
    """Return the lines of a page with who looks at each; what is to be published says why 公示 keeps it."""
    found = queue.shown(shown, wish, user)
    looking, origin = presence.others(found, user), queue.encoded(wish)
    rows = [inbox.row(filing, user, now, origin) for filing in found]
    rows = [replace(row, looking=looking.get(row.pk, [])) for row in rows]
    if wish.tab != queue.PUBLISH:
        return rows
    waits = publicity.why_waiting_all(found)
    return [replace(row, note=waits[row.pk] or row.note) for row in rows]


def _wish(request: HttpRequest, counts: dict[str, int]) -> queue.Wish:
    """Return what was asked; nobody who only has to publish is greeted by an empty inbox."""
    wish = queue.read_wish(request.GET, request.user)
    elsewhere = "tab" not in request.GET and not counts[queue.TO_DO] and counts.get(queue.PUBLISH)
    return replace(wish, tab=queue.PUBLISH) if elsewhere else wish


def _in_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日 星期{WEEKDAYS[day.weekday()]}"


def _heading(wish: queue.Wish, counts: dict[str, int]) -> str:
    found = counts[wish.tab]
    if not found:
        return {queue.TO_DO: "没有待办事项"}.get(wish.tab, f"{queue.TABS[wish.tab]} 0 件")
    told = {
        queue.TO_DO: (counts["long"], f"停留超过 {inbox.LONG.days} 天"),
        queue.COPIES: (counts["unread"], "未阅"),
    }
    part, words = told.get(wish.tab, (0, ""))
    heading = f"{queue.TABS[wish.tab]} {_in_heading(found)}"
    return f"{heading}，{_in_heading(part)}{words}" if part else heading


def _in_heading(found: int) -> str:
    return f"{queue.MOST} 件以上" if found > queue.MOST else f"{found} 件"


def _empty(wish: queue.Wish, counts: dict[str, int], user: User) -> dict:
    """Return what an empty tab says and which way leads on."""
    if wish.narrowing and counts[wish.tab]:
        text = f"去掉查询条件后有 {_in_heading(counts[wish.tab])}。"
        url = f"{reverse('desk')}?tab={wish.tab}"
        return {"title": "没有符合条件的事项", "text": text, "url": url, "action": "去掉查询条件"}
    if wish.tab == queue.TO_DO and user.is_staff and user.has_role(*ADMIN_ROLES):
        text, url = "没有等您办理的事项。您的岗位在管理后台办理业务。", reverse("admin:index")
        return {"title": "没有待办事项", "text": text, "url": url, "action": "打开管理后台"}
    title = {queue.TO_DO: "没有待办事项"}.get(wish.tab, "还没有事项")
    return {"title": title, "text": _promise(wish.tab, user)}


def _promise(tab: str, user: User) -> str:
    """Return what will stand in a tab that is empty as yet."""
    if tab == queue.MINE and not user.has_role(Role.FILER):
        return "您没有填报岗位；需要填报的，请安全管理员授予岗位。"
    return {
        queue.TO_DO: "没有等您办理的事项。报来的填报和退回的填报会出现在这里。",
        queue.DONE: "您审核、退回或公布过的填报会出现在这里。",
        queue.MINE: "您填报的事项会出现在这里，从“新建填报”开始。",
        queue.PUBLISH: "审核通过、等待公布的填报会出现在这里。",
        queue.COPIES: "同事抄送给您的填报会出现在这里，只作知会，不需要办理。",
    }[tab]


def _back(request: HttpRequest) -> HttpResponse:
    """Lead back to the queue as it was asked."""
    wish = queue.decoded(request.POST.get("from", ""), request.user)
    return redirect(f"{reverse('desk')}?{queue.encoded(wish)}")


@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a filing up from its line in the queue, and stay there."""
    found = get_object_or_404(Filing.objects.visible_to(request.user), pk=pk)
    name = reading.name_for(found, request.user)
    try:
        if (version := number(request, "version")) is None:
            raise workflow.Refused(STALE.split("您")[0])
        workflow.perform(
            found,
            "accept",
            by=request.user,
            version=version,
            step=number(request, "step"),
            request_id=request.id,
        )
    except workflow.Conflict as conflict:
        event = decision.told_of(conflict.event, found, request.user)
        did = f"{event.by_name}已{decision.said(event, found)}" if event else "已由他人处理"
        messages.warning(request, f"《{name}》没有受理：{did}。列表已是现在的情况。")
    except workflow.Refused as refusal:
        messages.warning(request, f"《{name}》没有受理：{refusal}")
    else:
        url = reverse("filing", args=[pk])
        messages.success(request, format_html('《{}》已受理，由您经办。<a href="{}">打开</a>', name, url))
    return _back(request)


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest) -> HttpResponse:
    """Choose an absent colleague and who takes over, see what is meant, hand it over."""
    fellows = handover.people(request.user)
    if not fellows:
        raise Http404("no review desk")
    asked = request.POST if request.method == "POST" else request.GET
    gone = handover.gone(request.user, fellows)
    who, to = _person(asked.get("who", ""), [*fellows, *gone]), _person(asked.get("to", ""), fellows)
    context = {"nav": "desk", "fellows": fellows, "gone": gone, "who": who, "to": to, "most": handover.MOST}
    if request.method == "POST":
        return _handed(request, who, to, context)
    if who:
        found = handover.held(request.user, who)
        context["number"] = found.count()
        context["rows"] = _held_rows([f.pk for f in found[: handover.MOST]], request.user)
    return render(request, "desk/handover.html", context)


def _person(value: str, people: list[User]) -> User | None:
    return next((person for person in people if str(person.pk) == value), None)


def _handed(request: HttpRequest, who: User | None, to: User | None, context: dict) -> HttpResponse:
    try:
        if who is None or to is None:
            raise workflow.Refused("请选择移交人和接收人，没有移交。")
        handed = handover.hand_over(who, to, by=request.user, request_id=request.id)
    except workflow.Refused as refusal:
        return render(request, "desk/handover.html", context | {"refusal": str(refusal)}, status=422)
    rows = {row.pk: row for row in _held_rows([o.asked.pk for o in handed.outcomes], request.user)}
    results = [
        {"row": rows.get(one.asked.pk), "why": _why(one.obstacle), "done": one.event is not None}
        for one in handed.outcomes
    ]
    context |= {"results": results, "done": handed.done, "kept": len(results) - handed.done}
    return render(request, "desk/handover.html", context)


def _why(obstacle: Exception | None) -> str:
    if isinstance(obstacle, workflow.Conflict):
        return "刚刚已由他人处理，没有移交。"
    return str(obstacle) if obstacle else ""


def _held_rows(pks: list[int], user: User) -> list[inbox.Row]:
    now, wish = timezone.now(), queue.Wish()
    return [inbox.row(filing, user, now) for filing in queue.shown(pks, wish, user)]


@require_POST
def look(request: HttpRequest, pk: int) -> JsonResponse:
    """Note that I have a filing open and tell who of my desk has it open too."""
    found = get_object_or_404(
        Filing.objects.visible_to(request.user).select_related("organisation__region"), pk=pk
    )
    presence.look(found, request.user)
    names = presence.others([found], request.user).get(found.pk, [])
    return JsonResponse({"others": names, "message": presence.words(names)})


@require_POST
@once
def keep_view(request: HttpRequest) -> HttpResponse:
    """Keep the present question under a name."""
    wish = queue.decoded(request.POST.get("from", ""), request.user)
    try:
        view = saved_views.keep(request.user, request.POST.get("name", ""), queue.encoded(wish))
        messages.success(request, f"已将现在的条件和排序存为常用视图“{view.name}”。")
    except workflow.Refused as refusal:
        messages.warning(request, str(refusal))
    return _back(request)


@require_POST
def drop_view(request: HttpRequest, view: int) -> HttpResponse:
    """Delete one of my views; what it found is not touched."""
    try:
        name = saved_views.drop(request.user, view)
    except SavedView.DoesNotExist:
        raise Http404("not one's own view") from None
    messages.success(request, f"已删除常用视图“{name}”，填报没有变化。")
    return _back(request)


@require_POST
def send_copies(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a filing to colleagues for their information."""
    found = get_object_or_404(Filing.objects.visible_to(request.user), pk=pk)
    chosen = {value for value in request.POST.getlist("to") if value.isascii() and value.isdecimal()}
    people = [p for _, group in copies.recipients(found, request.user) for p in group if str(p.pk) in chosen]
    try:
        sent = copies.send(found, people, by=request.user, note=request.POST.get("note", ""))
        messages.success(request, f"已抄送给{'、'.join(str(copy.user) for copy in sent)}。")
    except workflow.Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect(f"{reverse('filing', args=[pk])}#copies")


@require_POST
def read_copies(request: HttpRequest) -> HttpResponse:
    """Mark one copy or all of mine as read."""
    chosen = number(request, "filing")
    if chosen is not None and not Copy.objects.filter(user=request.user, filing=chosen).exists():
        raise Http404("not one's own copy")
    read = copies.mark_read(request.user, chosen)
    messages.success(request, f"{read} 件抄送已标为已阅。" if read else "没有未阅的抄送。")
    return redirect(f"{reverse('desk')}?tab=copies")
