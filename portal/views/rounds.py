"""Selection rounds at the workbench until they are scored: list, page of a round, preparing, cancelling.

Each view: scope, one domain call, answer. Who may do what is asked of ``rounds``.
"""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal import ranking, registry, round_forms, round_lists, rounds, scoring, selection
from portal.models import RoundStage, SelectionRound
from portal.round_forms import RoundForm
from portal.rounds import Overtaken
from portal.views.acts import done
from portal.views.desk import page_of
from portal.views.once import once
from portal.views.review import number
from portal.vocabulary import NoticeKind
from portal.workflow import Refused

FORM = ["GET", "HEAD", "POST"]


@require_safe
def round_list(request: HttpRequest) -> HttpResponse:
    """The rounds I may open: all for the province, else those I was asked to score."""
    user = request.user
    if not (ranking.watches(user) or ranking.may_score(user)):
        raise Http404("nothing to do with rounds")
    wish = round_lists.read_list_wish(request.GET)
    page = page_of(request, round_lists.listed(user, wish))
    context = {
        "nav": "rounds",
        "wish": wish,
        "tabs": round_lists.TABS,
        "headings": wish.headings(round_lists.HEADINGS),
        "page": page,
        "rows": round_lists.rows(page),
        "may_manage": ranking.may_manage(user),
    }
    return render(request, "desk/rounds.html", context)


def in_scope(request: HttpRequest, pk: int) -> SelectionRound:
    """Return a round the person may open; any other is 404."""
    return get_object_or_404(ranking.visible(request.user).select_related("organisation"), pk=pk)


def managed(request: HttpRequest, pk: int) -> SelectionRound:
    if not ranking.may_manage(request.user):
        raise Http404("not a manager of rounds")
    return in_scope(request, pk)


def facts(of: SelectionRound) -> dict:
    return {
        "nav": "rounds",
        "round": of,
        "type": registry.get(of.kind),
        "shape": round_lists.SHAPES[of.stage],
        "progress": ranking.progress(of),
    }


@require_safe
def one(request: HttpRequest, round: int) -> HttpResponse:
    """A round: how it stands, who takes part, what it reached, what I can do with it."""
    of, user = in_scope(request, round), request.user
    criteria = list(of.criteria.all())
    context = {
        **facts(of),
        "criteria": criteria,
        "total": sum(criterion.points for criterion in criteria),
        "candidates": ranking.candidates(of),
        "lines": ranking.lines(of),
        "own": of.scorers.filter(user=user).first(),
        "scorers": _scorers(of) if ranking.watches(user) else [],
        "history": round_lists.history(of) if ranking.watches(user) else [],
        "watches": ranking.watches(user),
        "may_manage": ranking.may_manage(user),
        **_what_next(of, user),
    }
    return render(request, "desk/round.html", context)


def _scorers(of: SelectionRound) -> list[dict]:
    """Return who scores, whether he has handed in, and from how many candidates he keeps away."""
    away = ranking.recusals(of)
    found = of.scorers.select_related("user").order_by("pk")
    return [{"scorer": scorer, "away": len(away[scorer.user_id])} for scorer in found]


def _what_next(of: SelectionRound, user) -> dict:
    """Return what is missing before the next act, or why it is not the reader's."""
    is_preparing, is_decided = of.stage == RoundStage.PREPARING, of.stage == RoundStage.DECIDED
    return {
        "is_preparing": is_preparing,
        "is_over": of.stage in ranking.ENDED,
        "missing": scoring.why_not_start(of) if is_preparing and ranking.may_manage(user) else [],
        "why_not_decide": selection.why_not_decide(of, user),
        "why_not_confer": selection.why_not_confer(of, user) if is_decided else "",
        "may_reconsider": is_decided and selection.may_decide(user),
        "notice": (notice := selection.notice_of(of) if is_decided else of.notice),
        "notice_query": _notice_query(of) if is_decided and of.needs_publicity and not notice else "",
    }


def _notice_query(of: SelectionRound) -> str:
    """Return what a new 公示 of the chosen is asked with."""
    chosen = [row for row in ranking.candidates(of) if row.is_chosen]
    about = {"catalogue": of.kind, "kind": NoticeKind.PUBLICITY.value}
    return urlencode([*about.items(), *(("filing", row.entry.filing_id) for row in chosen)])


@require_http_methods(FORM)
@once
def new(request: HttpRequest) -> HttpResponse:
    """Open a round; ``kind`` suggests the criteria of the notice."""
    if not ranking.may_manage(request.user):
        raise Http404("not a manager of rounds")
    form = RoundForm(request.POST if request.method == "POST" else None, kind=request.GET.get("kind", ""))
    if opened := done(form, lambda: rounds.open_round(by=request.user, **form.cleaned_data)):
        messages.success(request, f"“{opened}”已发起。接着列入参评条目，选定评分人。")
        return redirect("round", opened.pk)
    return _form_page(request, form, None)


@require_http_methods(FORM)
def change(request: HttpRequest, round: int) -> HttpResponse:
    """Change the facts and criteria of a round in preparation."""
    of = managed(request, round)
    if of.stage != RoundStage.PREPARING:
        messages.warning(request, rounds.BEGUN.format(of))
        return redirect("round", of.pk)
    form = RoundForm(request.POST if request.method == "POST" else None, of=of)
    act = {"by": request.user, "revision": revision(request)}
    try:
        changed = done(form, lambda: rounds.change(of, **act, **form.cleaned_data))
    except Overtaken as overtaken:
        return overtaken_page(request, overtaken, {"评分项": request.POST.get("criteria", "")})
    if changed:
        messages.success(request, f"“{changed}”已修改。")
        return redirect("round", of.pk)
    return _form_page(request, form, of)


def _form_page(request: HttpRequest, form: RoundForm, of: SelectionRound | None) -> HttpResponse:
    context = {"nav": "rounds", "form": form, "round": of}
    return render(request, "desk/round_form.html", context, status=422 if form.errors else 200)


def revision(request: HttpRequest) -> int:
    """Return the revision the page showed; -1, which is none, when the form does not say."""
    seen = number(request, "revision")
    return -1 if seen is None else seen


def overtaken_page(request: HttpRequest, overtaken: Overtaken, kept: dict[str, str]) -> HttpResponse:
    """Return the 409 page: how the round stands by now, and what was typed (label → text), to be copied."""
    of = overtaken.round
    context = {
        **facts(of),
        "last": next(iter(round_lists.history(of)), None) if ranking.watches(request.user) else None,
        "kept": [{"label": label, "text": words} for label, words in kept.items() if words.strip()],
    }
    return render(request, "desk/round_overtaken.html", context, status=409)


@require_http_methods(FORM)
def candidates(request: HttpRequest, round: int) -> HttpResponse:
    """Say which municipal entries take part: all, those of a city, or those that are ticked."""
    of = managed(request, round)
    if of.stage != RoundStage.PREPARING:
        return redirect("round", of.pk)
    offered = list(ranking.eligible_entries(of))
    if request.method != "POST":
        picked = set(of.candidates.values_list("entry_id", flat=True))
        return _candidates_page(request, of, offered, picked)
    picked = _picked(request, offered)
    try:
        entered = rounds.set_candidates(of, by=request.user, revision=revision(request), entries=picked)
    except Overtaken as overtaken:
        return overtaken_page(request, overtaken, {})
    except Refused as refusal:
        return _candidates_page(request, of, offered, picked, str(refusal))
    messages.success(request, f"参评名单已保存，{entered} 个条目。")
    return redirect("round", of.pk)


def _candidates_page(request: HttpRequest, of, offered, picked: set[int], refusal: str = "") -> HttpResponse:
    cities = {entry.region_id[:4]: entry.region for entry in offered}
    context = {
        **facts(of),
        "offered": offered,
        "picked": picked,
        "cities": [(code, _city(region)) for code, region in sorted(cities.items())],
        "refusal": refusal,
    }
    return render(request, "desk/round_candidates.html", context, status=422 if refusal else 200)


def _city(region) -> str:
    return region.parent.name if len(region.code) > len("3701") else region.name


def _picked(request: HttpRequest, offered) -> set[int]:
    """Return the entries that a click means: the ticked ones, and with ``add`` all or those of a city."""
    ticked, add = round_forms.numbers(request.POST.getlist("entry")), request.POST.get("add", "")
    if add == "city":
        add = request.POST.get("city") or "none"
    return ticked | {e.pk for e in offered if add == "all" or (add and e.region_id.startswith(add))}


@require_http_methods(FORM)
def scorers(request: HttpRequest, round: int) -> HttpResponse:
    """Say who scores."""
    of = managed(request, round)
    if of.stage != RoundStage.PREPARING:
        return redirect("round", of.pk)
    if request.method != "POST":
        return _scorers_page(request, of, set(of.scorers.values_list("user_id", flat=True)))
    picked = round_forms.numbers(request.POST.getlist("user"))
    try:
        named = rounds.set_scorers(of, by=request.user, revision=revision(request), users=picked)
    except Overtaken as overtaken:
        return overtaken_page(request, overtaken, {})
    except Refused as refusal:
        return _scorers_page(request, of, picked, str(refusal))
    messages.success(request, f"评分人已保存，{named} 人；开始评分时通知他们。")
    return redirect("round", of.pk)


def _scorers_page(request: HttpRequest, of, picked: set[int], refusal: str = "") -> HttpResponse:
    context = {**facts(of), "offered": _people(of), "picked": picked, "refusal": refusal}
    return render(request, "desk/round_scorers.html", context, status=422 if refusal else 200)


def _people(of: SelectionRound) -> list[dict]:
    """Return who may score, with bureau and the number of candidates he would keep away from."""
    users = ranking.eligible_scorers(of)
    away = ranking.recusals(of, [user.pk for user in users])
    return [{"user": user, "bureau": user.bureau, "away": len(away[user.pk])} for user in users]


def with_reason(request: HttpRequest, of: SelectionRound, act, name: str, done: str) -> HttpResponse:
    """Ask for the reason of an act, then do it; what was typed survives a refusal."""
    refusal, reason = "", request.POST.get("reason", "")
    if request.method == "POST":
        try:
            act(of, by=request.user, revision=revision(request), reason=reason)
            messages.success(request, done.format(of))
            return redirect("round", of.pk)
        except Overtaken as overtaken:
            return overtaken_page(request, overtaken, {"理由": reason})
        except Refused as refused:
            refusal = str(refused)
    why = "" if refusal else rounds.why_not_now(of, name)
    context = {**facts(of), "act": name, "typed": reason, "refusal": refusal, "why": why}
    return render(request, "desk/round_reason.html", context, status=422 if refusal else 200)


@require_http_methods(FORM)
def cancel(request: HttpRequest, round: int) -> HttpResponse:
    """End a round without a result."""
    return with_reason(request, managed(request, round), rounds.cancel, "cancel", "“{}”已取消。")
