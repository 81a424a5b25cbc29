"""The workbench: inbox, lists of all filings by type, messages. Each view reads in scope, shapes, renders."""

from dataclasses import replace
from datetime import date, datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import deadlines, drafts, excel, inbox, ledger, publicity, reading, registry, review_boards
from portal.models import Message
from portal.registry import RecordType
from portal.vocabulary import ADMIN_ROLES, BUSINESS_ROLES, Role

PER_PAGE = 20
READERS = (*BUSINESS_ROLES, Role.JOINT_REVIEWER, Role.AUDITOR)
WEEKDAYS = "一二三四五六日"


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """The inbox: what waits for me, what I decided, what I filed, what I publish."""
    user, now = request.user, timezone.now()
    counts = inbox.counts(user)
    wish = _wish(request, counts)
    page = page_of(request, inbox.ordered(wish, user))
    context = {
        "nav": "desk",
        "heading": _heading(wish, counts),
        "deadlines": deadlines.nearest(user),
        "owed": review_boards.owed(user),
        "today": _in_words(timezone.localdate()),
        "wish": wish,
        "tabs": [{"name": t, "word": w, "count": counts[t]} for t, w in inbox.tabs_of(user).items()],
        "waiting": counts[inbox.TO_DO] + counts.get(inbox.PUBLISH, 0),
        "late": counts["late"],
        "page": page,
        "rows": _rows(page, wish, user, now),
        "kinds": list(registry.all_types()),
        "sorts": {name: word for name, (word, _) in inbox.SORTS.items()},
        "empty": None if page.paginator.count else _empty(wish, counts, user),
    }
    return render(request, "desk/inbox.html", context)


def _rows(page, wish: inbox.Wish, user, now: datetime) -> list[inbox.Row]:
    """Return the lines of a page; what waits to be published says why 公示 still keeps it."""
    rows = [inbox.row(filing, user, now) for filing in page]
    if wish.tab != inbox.PUBLISH:
        return rows
    waits = publicity.why_waiting_all(page)
    return [replace(row, note=waits[filing.pk] or row.note) for row, filing in zip(rows, page, strict=True)]


def _wish(request: HttpRequest, counts: dict[str, int]) -> inbox.Wish:
    """Return what was asked; nobody who only has to publish is greeted by an empty inbox."""
    wish = inbox.read_wish(request.GET, request.user)
    elsewhere = "tab" not in request.GET and not counts[inbox.TO_DO] and counts.get(inbox.PUBLISH)
    return replace(wish, tab=inbox.PUBLISH) if elsewhere else wish


def page_of(request: HttpRequest, found):
    """Return the page asked for; what is no number is the first page, what is past the end the last."""
    return Paginator(found, PER_PAGE).get_page(request.GET.get("page", "")[:9])


def _in_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日 星期{WEEKDAYS[day.weekday()]}"


def _heading(wish: inbox.Wish, counts: dict[str, int]) -> str:
    number, late = counts[wish.tab], counts["late"]
    if not number:
        return {inbox.TO_DO: "没有待办事项"}.get(wish.tab, f"{inbox.TABS[wish.tab]} 0 件")
    told = f"，{late} 件停留超过 {inbox.LONG.days} 天" if wish.tab == inbox.TO_DO and late else ""
    return f"{inbox.TABS[wish.tab]} {number} 件{told}"


def _empty(wish: inbox.Wish, counts: dict[str, int], user) -> dict:
    """Return what an empty tab says and which way leads on."""
    if wish.is_narrowed and counts[wish.tab]:
        text, url = f"去掉查询条件后有 {counts[wish.tab]} 件。", f"{reverse('desk')}?tab={wish.tab}"
        return {"title": "没有符合条件的事项", "text": text, "url": url, "action": "去掉查询条件"}
    if wish.tab == inbox.TO_DO and user.is_staff and user.has_role(*ADMIN_ROLES):
        text, url = "没有等您办理的事项。您的岗位在管理后台办理业务。", reverse("admin:index")
        return {"title": "没有待办事项", "text": text, "url": url, "action": "打开管理后台"}
    title = {inbox.TO_DO: "没有待办事项"}.get(wish.tab, "还没有事项")
    return {"title": title, "text": _promise(wish.tab, user)}


def _promise(tab: str, user) -> str:
    """Return what will stand in a tab that is empty as yet."""
    if tab == inbox.MINE and not user.has_role(Role.FILER):
        return "您没有填报岗位；需要填报的，请系统管理员增设岗位。"
    return {
        inbox.TO_DO: "没有等您办理的事项。报来的填报和退回的填报会出现在这里。",
        inbox.DONE: "您审核、退回或公布过的填报会出现在这里。",
        inbox.MINE: "您填报的事项会出现在这里，从“新建填报”开始。",
        inbox.PUBLISH: "审核通过、等待公布的填报会出现在这里。",
    }[tab]


@require_safe
def filing_lists(request: HttpRequest) -> HttpResponse:
    """Lead to the list of the first type."""
    return redirect("filing-list", next(registry.all_types()))


@require_safe
def filing_list(request: HttpRequest, record_type: RecordType) -> HttpResponse:
    """All filings of one type in scope, filtered and sorted."""
    where = ledger.places(request.user, request.GET)
    wish = ledger.read_wish(record_type, request.GET, where)
    page = page_of(request, ledger.filings(record_type, request.user, wish))
    context = {
        "nav": "ledger",
        "type": record_type,
        "types": list(registry.all_types()),
        "wish": wish,
        "where": where,
        "standings": ledger.standings(record_type),
        "campaigns": ledger.campaigns(record_type, request.user),
        "page": page,
        "headings": ledger.headings(record_type, wish),
        "rows": ledger.rows(record_type, page, request.user),
        "fileable": bool(drafts.filing_organisations(request.user, record_type)),
        "pages": record_type.pages if request.user.has_role(*READERS) else {},
    }
    return render(request, "desk/list.html", context)


@require_POST
def filing_export(request: HttpRequest, record_type: RecordType) -> HttpResponse:
    """The list as a workbook under the same conditions; what another bureau is still changing is left out."""
    wish = ledger.read_wish(record_type, request.GET, ledger.places(request.user, request.GET))
    found = ledger.filings(record_type, request.user, wish)
    settled = reading.without_unsent(found, request.user)
    records = record_type.model.objects.filter(pk__in=settled.order_by().values("pk"))
    return excel.export_response(request.user, record_type, records)


@require_http_methods(["GET", "HEAD", "POST"])
def message_list(request: HttpRequest) -> HttpResponse:
    """What I was told, newest first; POST marks all of it as read."""
    if request.method == "POST":
        unread = Message.objects.filter(user=request.user, read_at=None)
        read = unread.update(read_at=timezone.now())
        messages.success(request, f"{read} 条消息已标为已读。" if read else "没有未读消息。")
        return redirect("messages")
    told = Message.objects.filter(user=request.user).select_related("filing").order_by("-created_at", "-pk")
    context = {"nav": "messages", "page": page_of(request, told), "params": inbox.as_params()}
    return render(request, "desk/messages.html", context)
