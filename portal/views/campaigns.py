"""Campaigns at the workbench: the list, the board, opening and closing, reminders, extensions, zero reports.

Each view: scope, one domain call, answer. Who may do what is asked of ``campaigns``.
"""

import re

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import boards, campaigns, drafts, exports, registry, submission, windows
from portal.campaign_forms import CampaignForm, ExtensionForm, NothingForm
from portal.models import Campaign, CampaignDuty, Filing, Organisation
from portal.views.acts import done
from portal.views.desk import page_of
from portal.views.once import once
from portal.vocabulary import State
from portal.workflow import Refused

FORM = ["GET", "HEAD", "POST"]
NOBODY = "没有选择单位，没有催报。请勾选未完成报送的单位后再点“催报”。"
NOT_AGAIN = "所选单位都已报送，或十分钟内刚催报过，没有再催。"
STARTED = "“{}”已发起，应报 {} 个单位，已通知各单位填报岗位。"
CHANGED = "“{}”已修改，已通知各单位填报岗位。"
ENDED = "“{}”已关闭，不再接收报送；已提交的继续审核。"


@require_safe
def campaign_list(request: HttpRequest) -> HttpResponse:
    """The campaigns that concern me, those in progress or those past."""
    wish = boards.read_list_wish(request.GET)
    page = page_of(request, boards.listed(request.user, wish))
    context = {
        "nav": "campaigns",
        "wish": wish,
        "tabs": boards.TABS,
        "headings": wish.headings(boards.HEADINGS),
        "page": page,
        "rows": boards.list_rows(list(page), request.user),
        "may_manage": campaigns.may_manage(request.user),
    }
    return render(request, "desk/campaigns.html", context)


def in_scope(request: HttpRequest, pk: int) -> Campaign:
    """Return a campaign that concerns the person; any other is 404."""
    return get_object_or_404(windows.visible_campaigns(request.user), pk=pk)


@require_safe
def campaign(request: HttpRequest, campaign: int) -> HttpResponse:
    """The board: five rates, one row per bureau in sight, whom to remind."""
    found, user = in_scope(request, campaign), request.user
    rows, state = windows.board(found, user), request.GET.get("state", "")
    state = state if state in boards.FILTERS else ""
    lines = boards.lines(boards.chosen(rows, state), found, user)
    kind = registry.get(found.kind)
    context = {
        **_facts(found),
        "state": state,
        "filters": boards.FILTERS,
        "rows": rows,
        "figures": boards.figures(rows, found),
        "summary": boards.summary(rows),
        "lines": lines,
        "totals": boards.totals([line["row"] for line in lines]),
        "picked": sum(line["may_remind"] for line in lines),
        "unit": boards.UNITS[found.expects],
        "why_not_remind": campaigns.why_not_remind(found, user),
        "may_manage": campaigns.may_manage(user),
        "why_fixed": campaigns.why_fixed(found),
        "why_closed": campaigns.why_not_open(found),
        "files_here": bool(drafts.filing_organisations(user, kind)),
        "filed_here": any(kind.is_filed_at(post.organisation.region.level) for post in user.posts),
        "history": boards.history(found) if campaigns.may_manage(user) else [],
    }
    return render(request, "desk/campaign.html", context)


def _facts(found: Campaign) -> dict:
    shape, word = boards.phase(found)
    return {
        "nav": "campaigns",
        "campaign": found,
        "type": registry.get(found.kind),
        "basis": boards.basis(found),
        "left": boards.time_left(found),
        "shape": shape,
        "word": word,
    }


@require_safe
def board_download(request: HttpRequest, campaign: int) -> HttpResponse:
    """The board as a workbook: the rows in sight, whatever the page is narrowed to."""
    found = in_scope(request, campaign)
    data = boards.board_workbook(found, windows.board(found, request.user))
    return exports.download(data, f"{found}-{boards.SHEET}-{timezone.localdate()}.xlsx")


def _demand_manager(request: HttpRequest) -> None:
    if not campaigns.may_manage(request.user):
        raise Http404("not a manager of campaigns")


@require_http_methods(FORM)
@once
def new(request: HttpRequest) -> HttpResponse:
    """Open a campaign."""
    _demand_manager(request)
    form = CampaignForm(request.POST if request.method == "POST" else None)
    if started := done(form, lambda: campaigns.start(by=request.user, **form.facts())):
        messages.success(request, STARTED.format(started, started.duties.count()))
        return redirect("campaign", started.pk)
    return _form_page(request, form, None)


@require_http_methods(FORM)
def change(request: HttpRequest, campaign: int) -> HttpResponse:
    """Change a campaign before it opens."""
    _demand_manager(request)
    found = in_scope(request, campaign)
    if why := campaigns.why_fixed(found):
        messages.warning(request, why)
        return redirect("campaign", found.pk)
    form = CampaignForm(request.POST if request.method == "POST" else None, campaign=found)
    if changed := done(form, lambda: campaigns.change(found, by=request.user, **form.facts())):
        messages.success(request, CHANGED.format(changed))
        return redirect("campaign", changed.pk)
    return _form_page(request, form, found)


def _form_page(request: HttpRequest, form: CampaignForm, found: Campaign | None) -> HttpResponse:
    context = {"nav": "campaigns", "form": form, "campaign": found}
    return render(request, "desk/campaign_form.html", context, status=422 if form.errors else 200)


@require_http_methods(FORM)
def close(request: HttpRequest, campaign: int) -> HttpResponse:
    """Ask once more, then close."""
    _demand_manager(request)
    found = in_scope(request, campaign)
    if request.method == "POST":
        try:
            messages.success(request, ENDED.format(campaigns.close(found, by=request.user)))
        except Refused as refusal:
            messages.warning(request, str(refusal))
        return redirect("campaign", found.pk)
    rows = windows.board(found, request.user)
    context = {**_facts(found), "owing": sum(row.owes for row in rows), "expected": len(rows)}
    return render(request, "desk/campaign_close.html", context)


@require_POST
def remind(request: HttpRequest, campaign: int) -> HttpResponse:
    """Remind the bureaus that were ticked, as far as they still owe."""
    found = in_scope(request, campaign)
    picked = {int(pk) for pk in request.POST.getlist("duty") if re.fullmatch("[0-9]{1,18}", pk, re.ASCII)}
    try:
        told = campaigns.remind(found, by=request.user, duties=picked)
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("campaign", found.pk)
    names = "、".join(duty.organisation.region.name for duty in told)
    if told:
        messages.success(request, f"已催报 {len(told)} 个单位：{names}。消息已送到各单位填报岗位。")
    else:
        messages.warning(request, NOT_AGAIN if picked else NOBODY)
    return redirect("campaign", found.pk)


@require_http_methods(FORM)
@once
def extend(request: HttpRequest, duty: int) -> HttpResponse:
    """Give one bureau more time, with the reason."""
    _demand_manager(request)
    owed = CampaignDuty.objects.select_related("campaign", "organisation__region")
    found = get_object_or_404(owed.filter(windows.duties_within(request.user)), pk=duty)
    form = ExtensionForm(request.POST if request.method == "POST" else None)
    if extension := done(form, lambda: _extended(request, found, form)):
        until = windows.moment(extension.until)
        messages.success(request, f"{found.organisation}已延至 {until}，已通知该单位填报岗位。")
        return redirect("campaign", found.campaign_id)
    context = {
        **_facts(found.campaign),
        "form": form,
        "duty": found,
        "due": windows.moment(windows.due_at(found)),
        "extensions": found.extensions.select_related("granted_by"),
    }
    return render(request, "desk/extension.html", context, status=422 if form.errors else 200)


def _extended(request: HttpRequest, duty: CampaignDuty, form: ExtensionForm):
    typed = form.cleaned_data
    until = windows.end_of(typed["until"])
    return campaigns.extend(duty, by=request.user, until=until, reason=typed["reason"])


@require_http_methods(FORM)
def nothing(request: HttpRequest, campaign: int) -> HttpResponse:
    """A zero report (零报送): the reason and the word that there is nothing, sent like any filing."""
    found = in_scope(request, campaign)
    bureaus = drafts.filing_organisations(request.user, registry.get(found.kind))
    if not bureaus:
        raise Http404("files nothing")
    sent = _sent_before(found, bureaus)
    if request.method == "POST" and sent:  # the second of two clicks
        return redirect("filing", sent.pk)
    why = {bureau.pk: windows.why_not_nothing(found, bureau) for bureau in bureaus}
    form = NothingForm(
        request.POST if request.method == "POST" else None, bureaus=[b for b in bureaus if not why[b.pk]]
    )
    if record := done(form, lambda: _nothing_sent(request, found, bureaus, form)):
        messages.success(request, f"零报送已提交，{record.get_state_display()}。")
        return redirect("filing", record.pk)
    context = {**_facts(found), "form": form, "bureaus": bureaus, "reasons": [w for w in why.values() if w]}
    return render(request, "desk/nothing.html", context, status=422 if form.errors else 200)


def _sent_before(found: Campaign, bureaus: list[Organisation]) -> Filing | None:
    mine = Filing.objects.filter(campaign=found, is_nothing=True, organisation__in=bureaus)
    return mine.exclude(state__in=[State.CANCELLED, State.REJECTED]).order_by("-pk").first()


def _nothing_sent(request: HttpRequest, found: Campaign, bureaus: list[Organisation], form: NothingForm):
    typed = form.cleaned_data
    bureau = next(bureau for bureau in bureaus if str(bureau.pk) == typed["organisation"])
    return submission.report_nothing(
        found,
        by=request.user,
        organisation=bureau,
        explanation=typed["explanation"],
        request_id=request.id,
    )
