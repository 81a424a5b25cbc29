"""The filer's half of the workbench: fill a filing in, check it, submit it."""

import re
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from portal import (
    access_log,
    asked,
    corrections,
    deadlines,
    drafts,
    kept,
    locks,
    materials,
    merging,
    questionnaire,
    reading,
    records,
    rules,
    scope,
    similar,
    submission,
    successors,
    wording,
)
from portal.forms import LongText
from portal.models import Filing, User
from portal.questionnaire import Questionnaire
from portal.registry import RecordType
from portal.views.going import remembered
from portal.workflow import Conflict, Invalid, Refused

NEXT = {"check": "filing-check", "materials": "filing-materials"}  # where a button leads once all is stored
STORED = "已暂存。"
MIGRATE = "migrate"  # the button that lets successors take the place of what left the catalogues
MIGRATED = "已改选后继条目，其余内容照旧。核对后提交。"
NO_SUCCESSOR = "所选内容都在现行目录中，或没有后继条目，没有改动。"
PARTLY_STORED = "其余内容已暂存，这几处没有存上：{}。点“暂存”查看原因。"
TO_REPAIR = "已暂存，这几处要修改：{}。点“暂存”查看原因。"
SIGNED_OUT = "登录已过期，刚才的修改还没有暂存。请在新窗口登录后回到本页，填写的内容仍在。"
CHANGED_ELSEWHERE = (
    "这件填报已在别处改动，刚才的修改没有暂存（也可能是上一次暂存的回应没有收到）。"
    "填写的内容仍在本页，点“暂存”查看差别。"
)
CHECK_AGAIN = "这份草稿刚刚有改动，没有提交。请核对下面的最新内容后再提交。"
PHRASES = re.compile("“[^”]*”|[^“]+")  # a heading breaks between these, never inside one


def own(request: HttpRequest, pk: int) -> Filing:
    """Return a filing of a bureau this person files for, with all its form needs; anything else is 404."""
    found = asked.rows(asked.whose(request.user), _kind_and_bureau, request.user, pk)
    if not found or not scope.files_for(request.user, found[0][1]):
        raise Http404
    return records.load_of(found[0][0], pk)


def _kind_and_bureau(user: User, pk: int) -> QuerySet:
    return Filing.objects.visible_to(user).filter(pk=pk).values_list("kind", "organisation_id")


@require_http_methods(["GET", "HEAD", "POST"])
@remembered
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a draft; POST stores what may be stored and leads on, or shows again what was typed."""
    record = own(request, pk)
    if record.is_nothing:  # it has no form: its reason is written where it is submitted
        return redirect("filing-check", pk)
    if request.method == "POST":
        return _store(request, record)
    if not record.is_editable:
        return redirect("filing", pk)
    return _edit_page(request, Questionnaire(record))


def _store(request: HttpRequest, record: Filing) -> HttpResponse:
    sheet = Questionnaire(record, request.POST, more=request.POST.get("more", ""))
    try:
        sheet.store(by=request.user, revision=number(request, "revision"))
    except Conflict as conflict:
        return _conflict_page(request, sheet, conflict)
    except Refused as refusal:
        sheet.refuse(str(refusal))
        return _edit_page(request, sheet)
    if sheet.errors() or "more" in request.POST:
        return _edit_page(request, sheet)
    if request.POST.get("then") == MIGRATE:
        _migrate(request, record)
        return redirect("filing-edit", record.pk)
    if next_page := NEXT.get(request.POST.get("then", "")):
        return redirect(next_page, record.pk)
    messages.success(request, STORED)
    return redirect("filing-edit", record.pk)


@require_POST
def succeed(request: HttpRequest, pk: int) -> HttpResponse:
    """Migrate from the page before submission; the explanation typed there is kept."""
    record = own(request, pk)
    if not record.is_editable:
        return redirect("filing", pk)
    try:
        said = LongText(required=False).clean(request.POST.get("explanation", record.explanation))
    except ValidationError as error:
        return _check_page(
            request, record, explanation=request.POST["explanation"], refusal=error.messages[0]
        )
    _migrate(request, record, explanation=said)
    return redirect("filing-check", pk)


def _migrate(request: HttpRequest, record: Filing, **typed: Any) -> None:
    """Let successors take the place of what was chosen and left its catalogue since."""
    current = own(request, record.pk)
    values, rows = (_open_ones(current, found) for found in successors.replaced(current))
    try:
        drafts.save(
            current, by=request.user, revision=current.revision, values={**typed, **values}, rows=rows
        )
    except (Conflict, Refused) as obstacle:
        messages.warning(request, CHANGED_ELSEWHERE if isinstance(obstacle, Conflict) else str(obstacle))
        return
    messages.success(request, MIGRATED if values or rows else NO_SUCCESSOR)


def _open_ones(record: Filing, found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a return left locked and no rule demands to change: it stays as it was submitted."""
    demanded = locks.demanded(record) if found else {}
    return {name: new for name, new in found.items() if locks.is_open(record, name) or name in demanded}


def number(request: HttpRequest, name: str) -> int:
    """Return a small number from the form; what is none can equal nothing that is stored."""
    typed = request.POST.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else -1


@kept.one_reading()
def _edit_page(request: HttpRequest, sheet: Questionnaire) -> HttpResponse:
    record = sheet.refresh()
    access_log.mark_record(request, record)
    spots = corrections.spots(materials.places(record), sheet.correction)
    access_log.mark_files(request, record, [file for spot in spots for file in spot.place.files])
    found = rules.problems(record)
    todo = sheet.todo(found)
    context = {
        **_heading(record),
        "sections": sheet.sections(found),
        "spots": spots,
        "todo": todo,
        "done": sum(line.done for line in todo),
        "missing": sum(not line.done for line in todo),
        "errors": [{"name": n, "label": sheet.label(n), "texts": t} for n, t in sheet.errors().items()],
        "refusal": sheet.refusal if record.unlocked is not None else "",
        "correction": sheet.correction,
        **_dropped(record),
        "example": wording.example(record.record_type),
        "proposals": _proposals(request, record.record_type),
        "merges": merging.is_merged(record) and not _rows_are_shut(sheet),
        "earlier": None if _rows_are_shut(sheet) else merging.may_start_from_earlier(record),
        "near": similar.near_names(record, request.user),
    }
    return render(request, "desk/edit.html", context)


def _heading(record: Filing) -> dict[str, Any]:
    paper = record.record_type.paper
    return {
        "nav": "file",
        "record": record,
        "type": record.record_type,
        "phrases": PHRASES.findall("".join(paper.title) if paper else record.record_type.label),
        "window": deadlines.of_filing(record),
        "standing": f"{record.get_state_display()} · 第 {record.version} 版",
        "comes_back": reading.comes_back(record),
    }


def _dropped(record: Filing) -> dict[str, Any]:
    """Return what was chosen and left its catalogue since, and whether any of it can give way to another."""
    found = successors.dropped(record)
    movable = _open_ones(record, {gone.name: gone.successor for gone in found if gone.successor})
    return {"dropped": found, "movable": bool(movable)}


def _rows_are_shut(sheet: Questionnaire) -> bool:
    """Whether a return left the rows of a statistical sheet locked: nothing is merged into them then."""
    return bool(sheet.record_type.sheet) and sheet.is_shut(sheet.record_type.sheet.rows)


def _proposals(request: HttpRequest, record_type: RecordType) -> list[RecordType]:
    """Return the types this form picks from and this person may file himself (95号 二（一）3)."""
    picked = [record_type.field(name).related_model for name in record_type.fields]
    types = {model.record_type.slug: model.record_type for model in picked if hasattr(model, "record_type")}
    return [found for found in types.values() if drafts.filing_organisations(request.user, found)]


# Answers a stranger with 401 in words: a redirect to the sign-in page would say nothing to a script.
@login_not_required
@require_POST
def autosave(request: HttpRequest, pk: int) -> JsonResponse:
    """Store what was typed so far; the answer is what the form's script shows beside it."""
    if not request.user.is_authenticated:
        return JsonResponse({"message": SIGNED_OUT}, status=401)
    record = own(request, pk)
    if record.is_nothing:
        raise Http404
    sheet = Questionnaire(record, request.POST)
    try:
        sheet.store(by=request.user, revision=number(request, "revision"))
    except Conflict as conflict:
        if sheet.differences(records.load(conflict.filing)):
            return JsonResponse({"message": CHANGED_ELSEWHERE}, status=409)
    except Refused as refusal:
        return JsonResponse({"message": str(refusal)}, status=409)
    return JsonResponse(_saved(sheet) | {"near": _near(sheet.record, request.user)})


def _saved(sheet: Questionnaire) -> dict[str, Any]:
    record, errors = sheet.refresh(), sheet.errors()
    todo = sheet.todo(rules.problems(record))
    missing = [line for line in todo if not line.done]
    unstored = [name for name in errors if not sheet.is_stored(name)]
    at = timezone.localtime(record.updated_at).strftime("%H:%M:%S")
    return {
        "saved_at": at,
        "revision": record.revision,
        "fields": {"revision": record.revision},
        "missing": [{"text": line.text, "anchor": line.anchor} for line in missing],
        "done": [line.text for line in todo if line.done],
        "notes": sheet.notes(),
        "errors": errors,
        "problem": bool(errors),
        "unstored": bool(unstored),
        "message": _saved_words(sheet, errors, unstored) or f"已自动暂存 {at}",
    }


def _near(record: Filing, user: User) -> list[dict[str, str]]:
    """Return the names near to what was just stored, as the script shows them."""
    near = similar.near_names(record, user)
    return [{"title": name.title, "rest": name.rest, "url": name.url} for name in near]


def _saved_words(sheet: Questionnaire, errors: dict, unstored: list[str]) -> str:
    faulty = [sheet.label(name) for name in errors]
    if unstored:
        return PARTLY_STORED.format("、".join(sheet.label(name) for name in unstored))
    return TO_REPAIR.format("、".join(faulty)) if faulty else sheet.newly_open()


def _conflict_page(request: HttpRequest, sheet: Questionnaire, conflict: Conflict) -> HttpResponse:
    """409: who wrote when, what was typed beside what is stored. The same text twice is no conflict."""
    stored = records.load(conflict.filing)
    differences = sheet.differences(stored)
    if not differences:
        return redirect(NEXT.get(request.POST.get("then", ""), "filing-edit"), stored.pk)
    context = {
        **_heading(stored),
        "writer": submission.writer(stored, conflict.event, request.user),
        "differences": differences,
        "typed": sheet.typed() if stored.is_editable else [],
    }
    return render(request, "desk/edit_conflict.html", context, status=409)


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """What passed and what is missing before submission; POST submits."""
    record = own(request, pk)
    if not record.is_editable:
        return redirect("filing", pk)
    return _submit(request, record) if request.method == "POST" else _check_page(request, record)


def _submit(request: HttpRequest, record: Filing) -> HttpResponse:
    typed = request.POST.get("explanation", record.explanation)
    read = {name: number(request, name) for name in ("revision", "version", "step")}
    try:
        explanation = LongText(required=False).clean(typed)
        event = submission.submit(
            record,
            by=request.user,
            explanation=explanation,
            replies=corrections.replies(request.POST),
            request_id=request.id,
            **read,
        )
    except ValidationError as error:
        return _check_page(request, record, explanation=typed, refusal=error.messages[0])
    except Invalid:
        return _check_page(request, own(request, record.pk))
    except (Conflict, Refused) as obstacle:
        return _not_submitted(request, record.pk, typed, obstacle)
    messages.success(request, f"第 {event.version} 版已提交，{event.get_target_display()}。")
    return redirect("filing", record.pk)


def _not_submitted(request: HttpRequest, pk: int, typed: str, obstacle: Exception) -> HttpResponse:
    """Lead a second click to the filing the first one submitted; else show what is there now."""
    current = own(request, pk)
    if not current.is_editable:
        return redirect("filing", pk)
    refusal = CHECK_AGAIN if isinstance(obstacle, Conflict) else str(obstacle)
    return _check_page(request, current, explanation=typed, refusal=refusal, status=409)


def _check_page(
    request: HttpRequest,
    record: Filing,
    *,
    explanation: str | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    sheet, found = Questionnaire(record), rules.problems(record)
    correction = corrections.of(record, request.POST)
    explanation = record.explanation if explanation is None else explanation
    # of a zero report all that can be missing is its reason, which is asked for here
    warnings = [problem for problem in found if problem.needs_explanation or record.is_nothing]
    done = [] if record.is_nothing else [line for line in sheet.todo(found) if line.done]
    reviewer = submission.reviewing_desk(record, request.user)
    unanswered = correction.unanswered if correction else []
    context = {
        **_heading(record),
        "passed": [line for line in done if line.name != questionnaire.EXPLANATION],
        "errors": [problem for problem in found if problem not in warnings],
        "warnings": warnings,
        "asks": bool(warnings or explanation or record.is_nothing),
        "explanation": explanation,
        "refusal": refusal,
        "correction": correction,
        "unanswered": unanswered,
        # what has no answer yet can be answered on the page of a zero report, so that it closes nothing there
        "closed": "" if record.is_nothing and unanswered else reviewer.closed,
        **_dropped(record),
        "reviewer": reviewer,
        "near": similar.near_names(record, request.user),
    }
    return render(request, "desk/check.html", context, status=status)
