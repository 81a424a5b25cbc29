"""Notices at the desk: the list, drafting, publishing, withdrawing.

Each view: scope, one domain call, answer.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import access_log, inbox, noticeboard, notices, objections, publicity, registry
from portal.models import Filing, Organisation, PublicNotice
from portal.notice_forms import BeginForm, NoticeForm, initial, offered, period, present
from portal.registry import RecordType
from portal.views.desk import page_of
from portal.views.once import once
from portal.vocabulary import NoticeKind, Role
from portal.workflow import Refused

FORM = ["GET", "HEAD", "POST"]
SAVED = "已保存草稿，对外还看不到。须由另一位发布岗位的同事看过后发布。"
PUBLISHED = "{}已发布，{}。已通知名单中的报送单位。"
WITHDRAWN = "已撤销，公开页保留并显示原因。已通知名单中的报送单位。"


@dataclass(frozen=True)
class Subject:
    """What a notice is about: whose it is, its kind, its catalogue, and what its list is chosen from."""

    organisation: Organisation
    kind: str
    record_type: RecordType
    campaign: int | None = None
    number: str = ""

    def offered(self, chosen) -> list[Filing]:
        """Return the filings to choose from, those chosen first."""
        numbers = tuple(int(pk) for pk in chosen if pk.isascii() and pk.isdecimal() and len(pk) < 19)
        narrowed = {"campaign": self.campaign, "number": self.number}
        return offered(self.organisation, self.kind, self.record_type, **narrowed, chosen=numbers)

    def form(self, chosen, **kwargs) -> NoticeForm:
        """Return the form of such a notice."""
        return NoticeForm(kind=self.kind, offered=self.offered(chosen), **kwargs)


@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """The notices of my desk by where they stand."""
    _demand_desk(request)
    counts = noticeboard.counts(request.user)
    wish = noticeboard.read_desk_wish(request.GET, counts)
    page = page_of(request, noticeboard.listed(request.user, wish))
    context = {
        "nav": "notices",
        "wish": wish,
        "tabs": [{"name": n, "word": w, "count": counts[n]} for n, w in noticeboard.TABS.items()],
        "headings": wish.headings(noticeboard.HEADINGS),
        "page": page,
        "rows": [noticeboard.row(notice) for notice in page],
    }
    return render(request, "desk/notices.html", context)


def _demand_desk(request: HttpRequest) -> list[Organisation]:
    if not (desks := notices.desks(request.user)):
        raise Http404("no desk that publishes notices")
    return desks


def in_scope(request: HttpRequest, pk: int) -> PublicNotice:
    """Return a notice of a desk the person sits at; any other is 404."""
    found = noticeboard.at_desk(request.user).select_related(
        "organisation__region", "created_by", "published_by", "withdrawn_by"
    )
    return get_object_or_404(found, pk=pk)


@require_http_methods(FORM)
@once
def new(request: HttpRequest) -> HttpResponse:
    """Draft a notice: first what it is about, then its text, its days and its list."""
    desks = _demand_desk(request)
    begin = BeginForm(request.GET if "catalogue" in request.GET else None)
    if not begin.is_valid():
        context = {"nav": "notices", "form": begin, "desks": desks, "bureau": request.GET.get("bureau", "")}
        return render(request, "desk/notice_begin.html", context, status=422 if begin.errors else 200)
    subject = _subject(request, begin, desks)
    if request.method == "POST":
        return _saved(request, subject, None)
    picked = request.GET.getlist("filing")
    chosen = [f for f in subject.offered(picked) if str(f.pk) in picked or subject.campaign]
    about = (subject.organisation, subject.kind, subject.record_type)
    values = initial(*about, chosen, timezone.localdate())
    return _form_page(request, subject, subject.form(values["filings"], initial=values), None)


def _subject(request: HttpRequest, begin: BeginForm, desks: list[Organisation]) -> Subject:
    asked = begin.cleaned_data
    bureau = next((desk for desk in desks if str(desk.pk) == request.GET.get("bureau")), desks[0])
    return Subject(
        bureau,
        asked["kind"],
        registry.get(asked["catalogue"]),
        int(asked["campaign"]) if asked["campaign"] else None,
        asked["number"] if asked["kind"] == NoticeKind.ANNOUNCEMENT else "",
    )


@require_http_methods(FORM)
def change(request: HttpRequest, notice: int) -> HttpResponse:
    """Change a notice that is not published."""
    found = in_scope(request, notice)
    if found.published_at:
        messages.warning(request, notices.PUBLISHED)
        return redirect("notice-desk", found.pk)
    subject = Subject(found.organisation, found.kind, registry.get(found.record_kind))
    if request.method == "POST":
        return _saved(request, subject, found)
    values = present(found)
    return _form_page(request, subject, subject.form(values["filings"], initial=values), found)


def _saved(request: HttpRequest, subject: Subject, found: PublicNotice | None) -> HttpResponse:
    """Store what was typed; “推算日期” only shows it again with the days."""
    chosen = request.POST.getlist("filings")
    if request.POST.get("then") == "dates":
        values = {**request.POST.dict(), "filings": chosen}
        return _form_page(request, subject, subject.form(chosen, initial=values), found)
    form = subject.form(chosen, data=request.POST)
    if not form.is_valid():
        return _form_page(request, subject, form, found, 422)
    try:
        saved = _save(request, subject, form, found)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _form_page(request, subject, form, found, _status(refusal))
    messages.success(request, SAVED)
    return redirect("notice-desk", saved.pk)


def _status(refusal: Refused) -> int:
    return 409 if isinstance(refusal, notices.Stale) else 422


def _save(request: HttpRequest, subject: Subject, form: NoticeForm, found: PublicNotice | None):
    if found:
        return notices.change(found, by=request.user, read=request.POST.get("read", ""), **form.facts())
    about = {"kind": subject.kind, "record_kind": subject.record_type.slug}
    return notices.draft(by=request.user, organisation=subject.organisation, **about, **form.facts())


def _form_page(
    request: HttpRequest, subject: Subject, form: NoticeForm, found: PublicNotice | None, status: int = 200
) -> HttpResponse:
    is_publicity = subject.kind == NoticeKind.PUBLICITY
    days, why_no_days = period(form.data or form.initial) if is_publicity else ("", "")
    context = {
        "nav": "notices",
        "subject": subject,
        "kind": NoticeKind(subject.kind).label,
        "form": form,
        "notice": found,
        "read": notices.digest(found) if found else "",
        "period": days,
        "why_no_period": why_no_days,
        "again": _beginning(subject),
        "most": notices.MOST_ITEMS,
    }
    return render(request, "desk/notice_form.html", context, status=status)


def _beginning(subject: Subject) -> str:
    asked = {"kind": subject.kind, "bureau": subject.organisation.pk}
    return f"{reverse('notice-new')}?{urlencode(asked)}"


@require_safe
def notice(request: HttpRequest, notice: int) -> HttpResponse:
    """One notice at the desk: its text and list, what can be done with it, the objections."""
    return _page(request, in_scope(request, notice))


def _page(request: HttpRequest, found: PublicNotice, refusal: Refused | None = None) -> HttpResponse:
    received = found.objections.select_related("item", "registered_by").order_by("-received_on", "-pk")
    shown = page_of(request, received)
    access_log.mark(request, found, found.title, [said for one in shown for said in (one.objector, one.text)])
    context = {
        "nav": "notices",
        "row": noticeboard.row(found),
        "notice": found,
        "lines": noticeboard.lines(found),
        "read": notices.digest(found),
        "why_not_publish": notices.why_not_publish(found, request.user),
        "may_withdraw": found.published_at and not found.withdrawn_at and _publishes(request, found),
        "takes_objections": not objections.why_not_register(found),
        "objections": shown,
        "params": inbox.as_params(),
        "refusal": str(refusal or ""),
        "typed": request.POST,
    }
    status = _status(refusal) if refusal else 200
    return render(request, "desk/notice.html", context, status=status)


def _publishes(request: HttpRequest, found: PublicNotice) -> bool:
    return notices.sits_at(request.user, found.organisation_id, (Role.PUBLISHER,))


@require_POST
def publish(request: HttpRequest, notice: int) -> HttpResponse:
    """Publish the notice that was read."""
    found = in_scope(request, notice)
    try:
        done = notices.publish(found, by=request.user, read=request.POST.get("read", ""))
    except Refused as refusal:
        return _page(request, found, refusal)
    messages.success(request, PUBLISHED.format(done.get_kind_display(), publicity.dates(done)))
    return redirect("notice-desk", done.pk)


@require_POST
def withdraw(request: HttpRequest, notice: int) -> HttpResponse:
    """Take a published notice back with its reason."""
    found = in_scope(request, notice)
    try:
        notices.withdraw(found, by=request.user, reason=request.POST.get("reason", ""))
    except Refused as refusal:
        return _page(request, found, refusal)
    messages.success(request, WITHDRAWN)
    return redirect("notice-desk", found.pk)


@require_POST
def discard(request: HttpRequest, notice: int) -> HttpResponse:
    """Drop a draft."""
    found = in_scope(request, notice)
    try:
        notices.discard(found, by=request.user)
    except Refused as refusal:
        return _page(request, found, refusal)
    messages.success(request, f"草稿“{found}”已作废。")
    return redirect(f"{reverse('notice-list')}?tab={noticeboard.DRAFTS}")


@require_safe
def paper(request: HttpRequest, notice: int) -> HttpResponse:
    """The notice as it goes on paper: A4, the layout of official notices."""
    found = in_scope(request, notice)
    context = {
        "nav": "notices",
        "notice": found,
        "row": noticeboard.row(found),
        "lines": noticeboard.lines(found),
        "day": publicity.in_words(found.starts_on),
    }
    return render(request, "desk/notice_print.html", context)
