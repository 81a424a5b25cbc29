"""Selection rounds at the workbench from the scoring on: sheet, ranking, decision, conferral.

Each view: scope, one domain call, answer. Who may do what is asked of ``scoring`` and ``selection``.
"""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import exports, ranking, round_forms, round_lists, rounds, scoring, selection, workflow
from portal.models import RoundStage, Scorer, SelectionRound
from portal.rounds import Overtaken
from portal.views.publishing import NOT_A_DAY
from portal.views.rounds import FORM, facts, in_scope, managed, overtaken_page, revision, with_reason
from portal.workflow import Refused

FAULTY = "有 {} 处得分不对，没有保存；填写的都在下面，请改正后再提交。"


@require_POST
def start(request: HttpRequest, round: int) -> HttpResponse:
    """Begin the scoring."""
    of = managed(request, round)
    try:
        scoring.start(of, by=request.user, revision=revision(request))
        messages.success(request, "已开始评分，评分人已收到消息。")
    except Overtaken as overtaken:
        return overtaken_page(request, overtaken, {})
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect("round", of.pk)


@require_http_methods(FORM)
def sheet(request: HttpRequest, round: int) -> HttpResponse:
    """My sheet: points for every candidate I do not keep away from, kept or handed in."""
    of = in_scope(request, round)
    own = of.scorers.filter(user=request.user).first()
    if own is None or of.stage == RoundStage.PREPARING or not ranking.may_score(request.user):
        raise Http404("not a scorer")
    is_open = of.stage == RoundStage.SCORING and not own.handed_in_at
    typed = request.POST if request.method == "POST" else None
    filled = _sheet(of, own, typed)
    if typed is None or (filled.errors and is_open):
        return _sheet_page(request, of, own, filled, FAULTY.format(filled.errors) if filled.errors else "")
    try:
        return _sent(request, of, filled)
    except Overtaken as overtaken:
        return overtaken_page(request, overtaken, {"已填写的得分": filled.in_words})
    except Refused as refusal:
        return _sheet_page(request, of, own, filled, str(refusal))


def _sheet(of: SelectionRound, own: Scorer, typed) -> round_forms.Sheet:
    away = ranking.recusals(of, [own.user_id])[own.user_id]
    return round_forms.Sheet(
        [c for c in ranking.candidates(of) if c.pk not in away],
        list(of.criteria.all()),
        typed=typed,
        stored=ranking.own_points(own),
    )


def _sent(request: HttpRequest, of: SelectionRound, filled: round_forms.Sheet) -> HttpResponse:
    act = scoring.hand_in if request.POST.get("then") == "hand_in" else scoring.save_sheet
    act(of, by=request.user, points=filled.points)
    if act is scoring.hand_in:
        messages.success(request, "评分表已提交，不能再改。谢谢。")
        return redirect("round", of.pk)
    messages.success(request, f"已暂存，填了 {filled.filled} / {filled.cells} 处。")
    return redirect("round-sheet", of.pk)


def _sheet_page(request: HttpRequest, of, own, filled, refusal: str) -> HttpResponse:
    away = ranking.recusals(of, [own.user_id])[own.user_id]
    context = {
        **facts(of),
        "own": own,
        "is_open": of.stage == RoundStage.SCORING and not own.handed_in_at,
        "sheet": filled,
        "criteria": list(of.criteria.all()),
        "away": [c for c in ranking.candidates(of) if c.pk in away],
        "refusal": refusal,
    }
    return render(request, "desk/round_sheet.html", context, status=422 if refusal else 200)


@require_http_methods(FORM)
def close(request: HttpRequest, round: int) -> HttpResponse:
    """End the scoring without those who have not handed in."""
    of = managed(request, round)
    return with_reason(request, of, scoring.close, "close", "“{}”已结束评分，可以看排名。")


@require_http_methods(FORM)
def reconsider(request: HttpRequest, round: int) -> HttpResponse:
    """Take a decision back that is not published, to decide anew."""
    of = in_scope(request, round)
    if not selection.may_decide(request.user):
        raise Http404("not an approver of the province")
    done = "“{}”的名单已撤回，可以重新审定。"
    return with_reason(request, of, selection.reconsider, "reconsider", done)


@require_http_methods(FORM)
def decide(request: HttpRequest, round: int) -> HttpResponse:
    """Choose for the whole batch."""
    of = in_scope(request, round)
    if not selection.may_decide(request.user) or not (lines := ranking.lines(of)):
        raise Http404("nothing to decide")
    if request.method != "POST":
        return _decision_page(request, of, lines, ranking.clear_places(lines, of.quota), "")
    chosen = round_forms.numbers(request.POST.getlist("candidate"))
    reason = request.POST.get("reason", "")
    try:
        act = {"by": request.user, "revision": revision(request)}
        selection.decide(of, chosen=chosen, reason=reason, **act)
    except Overtaken as overtaken:
        return overtaken_page(request, overtaken, {"选定理由": reason})
    except Refused as refusal:
        return _decision_page(request, of, lines, chosen, str(refusal))
    messages.success(request, f"名单已审定，入选 {len(chosen)} 个，已通知发布岗位。")
    return redirect("round", of.pk)


def _decision_page(request: HttpRequest, of, lines, chosen: set[int], refusal: str) -> HttpResponse:
    context = {
        **facts(of),
        "lines": lines,
        "chosen": chosen,
        "edge": ranking.edge(lines, of.quota),
        "why": selection.why_not_decide(of, request.user),
        "reason_limit": rounds.REASON_LIMIT,
        "typed": request.POST.get("reason", ""),
        "refusal": refusal,
    }
    return render(request, "desk/round_decide.html", context, status=422 if refusal else 200)


@require_http_methods(FORM)
def confer(request: HttpRequest, round: int) -> HttpResponse:
    """Publish the decision: every chosen entry becomes provincial at once."""
    of = in_scope(request, round)
    is_late = of.stage not in (RoundStage.DECIDED, RoundStage.CONFERRED)
    if not selection.may_confer(request.user) or is_late:
        raise Http404("nothing to confer")
    if request.method != "POST":
        return _conferral_page(request, of, {"on": str(timezone.localdate())}, "")
    number_typed = request.POST.get("document_number", "")
    try:
        promotions = _conferred(request, of, number_typed)
    except Overtaken as overtaken:
        return overtaken_page(request, overtaken, {"公布文号": number_typed})
    except workflow.Conflict:
        return overtaken_page(request, Overtaken(of), {"公布文号": number_typed})
    except Refused as refusal:
        return _conferral_page(request, of, request.POST, str(refusal))
    messages.success(request, f"已公布，{len(promotions)} 个条目为省级，公开页立即显示。")
    return redirect("round", of.pk)


def _conferred(request: HttpRequest, of: SelectionRound, document_number: str) -> list:
    typed = request.POST.get("on", "").strip()
    try:
        day = date.fromisoformat(typed) if typed else None
    except ValueError:
        raise Refused(NOT_A_DAY) from None
    return selection.confer(
        of,
        by=request.user,
        revision=revision(request),
        document_number=document_number,
        on=day,
        request_id=request.id,
    )


def _conferral_page(request: HttpRequest, of, typed, refusal: str) -> HttpResponse:
    context = {
        **facts(of),
        "chosen": [line for line in ranking.lines(of) if line.candidate.is_chosen],
        "why": selection.why_not_confer(of, request.user),
        "notice": selection.notice_of(of) if of.stage == RoundStage.DECIDED else of.notice,
        "today": timezone.localdate(),
        "typed": typed,
        "refusal": refusal,
    }
    return render(request, "desk/round_confer.html", context, status=422 if refusal else 200)


@require_safe
def ranking_download(request: HttpRequest, round: int) -> HttpResponse:
    """The ranking as a workbook, once there is one."""
    of = in_scope(request, round)
    if not (lines := ranking.lines(of)):
        raise Http404("not ranked")
    data = round_lists.ranking_workbook(of, lines)
    return exports.download(data, f"{of}-评分排名-{timezone.localdate()}.xlsx")
