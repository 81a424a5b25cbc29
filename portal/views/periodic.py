"""Periodic reviews at the workbench: the list, opening, a round, one item and the acts on it.

Each view: scope, one domain call, answer. Who may do what is asked of ``periodic`` and ``outcomes``.
"""

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import choosing, credit, outcomes, periodic, registry, review_boards
from portal.models import CatalogueEntry, PeriodicReview, ReviewItem
from portal.review_forms import FiguresForm, ReviewForm
from portal.views.desk import page_of
from portal.views.once import once
from portal.views.publishing import day
from portal.views.review import conflict_page, number
from portal.vocabulary import Outcome
from portal.workflow import Conflict, Refused

FORM = ["GET", "HEAD", "POST"]
STARTED = "“{}”已发起，共 {} 条，已通知各填报单位。"
NOBODY = "没有需要催报的单位：都已报送，或十分钟内刚催报过。"
FROZEN = "“{}”已锁定，年度数据不能再改；现在可以作结论。"
DONE = {
    "hand_in": "年度数据已报送；锁定以前可以再改。",
    "defend": "陈述申辩已提交，已通知组织单位。",
    "intend": "已告知填报单位，陈述申辩到 {0.hearing_until} 截止。",
    "keep": "已作结论：保留。已通知填报单位。",
    "rectify": "已作结论：限期整改，{0.rectify_until} 前完成。已通知填报单位。",
    "settle": "整改完成，条目保留。已通知填报单位。",
    "remove": "已退出目录，公开页保留退出说明。已通知填报单位。",
}
KEPT_WORDS = {"comment": "意见", "said": "陈述申辩", "statement": "情况说明"}


@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    """The rounds I see something of, those in progress or those that ended."""
    wish = review_boards.read_list_wish(request.GET)
    page = page_of(request, review_boards.listed(request.user, wish))
    context = {
        "nav": "reviews",
        "wish": wish,
        "tabs": review_boards.TABS,
        "headings": wish.headings(review_boards.LIST_HEADINGS),
        "page": page,
        "rows": [{"review": review, "type": registry.get(review.kind)} for review in page],
        "may_open": bool(periodic.organisations(request.user)),
    }
    return render(request, "desk/review_rounds.html", context)


@require_http_methods(FORM)
@once
def new(request: HttpRequest) -> HttpResponse:
    """Choose entries, look at them, open the round."""
    if not periodic.organisations(request.user):
        raise Http404("opens no reviews")
    form = ReviewForm(request.POST if request.method == "POST" else None, user=request.user)
    previews = "preview" in request.POST
    if form.is_bound and form.is_valid() and not previews and (started := _started(request, form)):
        messages.success(request, STARTED.format(started, started.items.count()))
        return redirect("review-round", started.pk)
    drawn = _drawn(form) if previews and form.is_bound and form.is_valid() else None
    context = {"nav": "reviews", "form": form, "drawn": drawn, "previews": previews and not form.errors}
    return render(request, "desk/review_new.html", context, status=422 if form.errors else 200)


def _started(request: HttpRequest, form: ReviewForm) -> PeriodicReview | None:
    try:
        return periodic.start(by=request.user, **form.facts())
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return None


def _drawn(form: ReviewForm) -> list[CatalogueEntry]:
    facts = form.facts()
    return choosing.chosen(facts["kind"], facts["organisation"].region_id, facts["choice"], facts["year"])


def in_scope(request: HttpRequest, pk: int) -> PeriodicReview:
    """Return a round the person sees something of; any other is 404."""
    return get_object_or_404(periodic.visible_reviews(request.user).select_related("organisation"), pk=pk)


@require_safe
def review_round(request: HttpRequest, review: int) -> HttpResponse:
    """Progress and figures of a round, as far as the person sees it."""
    found, wish = in_scope(request, review), review_boards.read_wish(request.GET)
    return _round_page(request, found, wish)


def _round_page(request: HttpRequest, found: PeriodicReview, wish, results=None) -> HttpResponse:
    page = page_of(request, review_boards.found(found, request.user, wish))
    counts = review_boards.progress(found, request.user)
    context = {
        "nav": "reviews",
        "review": found,
        "type": registry.get(found.kind),
        "wish": wish,
        "stages": review_boards.STAGES,
        "progress": [(name, review_boards.STAGES[name], n) for name, n in counts.items() if n],
        "total": sum(counts.values()),
        "missing": counts[review_boards.MISSING],
        "handed": counts[review_boards.HANDED],
        "page": page,
        "headings": wish.headings(review_boards.HEADINGS),
        "rows": review_boards.rows(found, page, request.user),
        "organises": periodic.organises(request.user, found),
        "results": results,
    }
    return render(request, "desk/review_round.html", context)


def _organised(request: HttpRequest, pk: int) -> PeriodicReview:
    """Return a round the person keeps; any other is 404."""
    found = in_scope(request, pk)
    if not periodic.organises(request.user, found):
        raise Http404("another bureau's round")
    return found


@require_POST
def remind(request: HttpRequest, review: int) -> HttpResponse:
    """Remind whoever has not reported."""
    found = _organised(request, review)
    try:
        told = "、".join(bureau.region.name for bureau in periodic.remind(found, by=request.user))
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("review-round", found.pk)
    messages.add_message(
        request, messages.SUCCESS if told else messages.WARNING, f"已催报：{told}。" if told else NOBODY
    )
    return redirect("review-round", found.pk)


@require_http_methods(FORM)
def freeze(request: HttpRequest, review: int) -> HttpResponse:
    """Ask once more, then close the figures."""
    found = _organised(request, review)
    if request.method == "POST":
        try:
            messages.success(request, FROZEN.format(periodic.freeze(found, by=request.user)))
        except Refused as refusal:
            messages.warning(request, str(refusal))
        return redirect("review-round", found.pk)
    counts = review_boards.progress(found, request.user)
    context = {"missing": counts[review_boards.MISSING], "total": sum(counts.values())}
    context["is_due"] = found.due_on < timezone.localdate()
    return render(request, "desk/review_freeze.html", {"nav": "reviews", "review": found, **context})


@require_POST
def keep_all(request: HttpRequest, review: int) -> HttpResponse:
    """Keep every entry against which nothing speaks and say of the others why not."""
    found = _organised(request, review)
    try:
        results = outcomes.keep_all(found, by=request.user, request_id=request.id)
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("review-round", found.pk)
    return _round_page(request, found, review_boards.read_wish({}), results)


@require_safe
def review_item(request: HttpRequest, case: int) -> HttpResponse:
    """One entry under review, for its bureau and for those who keep the round."""
    return _item_page(request, _item(request, case))


def _item(request: HttpRequest, pk: int) -> ReviewItem:
    found = review_boards.items(request.user).select_related(
        "entry__filing__organisation__region", "review__organisation", "intended_by", "decided_by"
    )
    return get_object_or_404(found.prefetch_related("figures"), pk=pk)


def _item_page(
    request: HttpRequest, item: ReviewItem, refusal: str = "", form: FiguresForm | None = None
) -> HttpResponse:
    user, review, where = request.user, item.review, review_boards.stage(item)
    files = periodic.files(user, item)
    reports = files and not review.frozen_at and where in (review_boards.MISSING, review_boards.HANDED)
    context = {
        "nav": "reviews",
        "item": item,
        "review": review,
        "entry": item.entry,
        "type": registry.get(review.kind),
        "shape": review_boards.SHAPES[where],
        "word": review_boards.STAGES[where],
        "figures": review_boards.figures(item),
        "is_late": periodic.is_late(item),
        "form": (form or _figures_form(item)) if reports else None,
        "defends": files and where == review_boards.HEARING and outcomes.awaits_defence(item),
        "records": credit.of_code(item.entry.code) if credit.may_read(user) else [],
        "refusal": refusal,
        "typed": request.POST,
        "today": timezone.localdate(),
        **_conclusions(item, where, user),
    }
    return render(request, "desk/review_item.html", context, status=422 if refusal else 200)


def _figures_form(item: ReviewItem, data=None) -> FiguresForm:
    held = {figure.name: figure.value for figure in item.figures.all()}
    return FiguresForm(data, kind=item.review.kind, initial={**held, "statement": item.statement})


def _conclusions(item: ReviewItem, where: str, user) -> dict:
    """Return what the person can conclude, or why not; nothing for who does not keep the round."""
    if not periodic.organises(user, item.review) or where in (Outcome.KEPT, Outcome.EXITED):
        return {}
    if where == review_boards.GONE:
        return {"why_not": periodic.GONE}
    if reason := outcomes.why_not(item, item.review, item.entry, user):
        return {"why_not": reason}
    return {
        "options": review_boards.options(item, item.entry, user),
        "intentions": [(o.value, o.label) for o in outcomes.intentions(item)],
        "reasons": outcomes.REASONS,
        "hearing_end": outcomes.hearing_end(),
        "speaks_against": outcomes.why_not_plain(item, credit.standing([item.entry.code])),
    }


@require_POST
def act(request: HttpRequest, case: int) -> HttpResponse:
    """Do one act on an item; what was typed survives every refusal."""
    found, name = _item(request, case), request.POST.get("action", "")
    if name == "hand_in" and not (form := _figures_form(found, request.POST)).is_valid():
        return _item_page(request, found, "没有报送，请改正标出的内容。", form)
    try:
        changed = _ACTS.get(name, _no_act)(request, found)
    except Conflict as conflict:
        kept = {word: request.POST.get(field, "") for field, word in KEPT_WORDS.items()}
        return conflict_page(request, conflict, kept)
    except Refused as refusal:
        return _item_page(request, found, str(refusal), form if name == "hand_in" else None)
    messages.success(request, DONE[name].format(changed))
    return redirect("review-item", found.pk)


def _no_act(request: HttpRequest, item: ReviewItem) -> ReviewItem:
    raise Refused("请选择要办理的事项。")


def _common(request: HttpRequest) -> dict:
    return {"by": request.user, "step": number(request, "step"), "request_id": request.id}


def _hand_in(request: HttpRequest, item: ReviewItem) -> ReviewItem:
    form = _figures_form(item, request.POST)
    form.is_valid()
    statement = form.cleaned_data["statement"]
    return periodic.hand_in(item, figures=form.figures, statement=statement, **_common(request))


def _defend(request: HttpRequest, item: ReviewItem) -> ReviewItem:
    return outcomes.defend(item, said=request.POST.get("said", ""), **_common(request))


def _intend(request: HttpRequest, item: ReviewItem) -> ReviewItem:
    return outcomes.intend(
        item,
        outcome=request.POST.get("outcome", ""),
        reason=request.POST.get("reason", ""),
        comment=request.POST.get("comment", ""),
        until=_day(request, "until"),
        **_common(request),
    )


def _day(request: HttpRequest, name: str) -> date | None:
    return day(request.POST.get(name, ""))


def _keep(request: HttpRequest, item: ReviewItem) -> ReviewItem:
    return outcomes.keep(item, comment=request.POST.get("comment", ""), **_common(request))


def _rectify(request: HttpRequest, item: ReviewItem) -> ReviewItem:
    return outcomes.rectify(
        item,
        until=_day(request, "until"),
        comment=request.POST.get("comment", ""),
        document_number=request.POST.get("document_number", ""),
        **_common(request),
    )


def _settle(request: HttpRequest, item: ReviewItem) -> ReviewItem:
    return outcomes.settle(item, comment=request.POST.get("comment", ""), **_common(request))


def _remove(request: HttpRequest, item: ReviewItem) -> ReviewItem:
    return outcomes.remove(
        item,
        document_number=request.POST.get("document_number", ""),
        on=_day(request, "on"),
        comment=request.POST.get("comment", ""),
        **_common(request),
    )


_ACTS: dict[str, Callable[[HttpRequest, ReviewItem], ReviewItem]] = {
    "hand_in": _hand_in,
    "defend": _defend,
    "intend": _intend,
    "keep": _keep,
    "rectify": _rectify,
    "settle": _settle,
    "remove": _remove,
}
