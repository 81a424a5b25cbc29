"""Deciding several filings at once: a page asks for the opinion, each is decided or told why not."""

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.template.response import TemplateResponse

from portal import batches, policy, reading, workflow
from portal.models import Filing, User
from portal.prepared import LACKS_A_REASON
from portal.views import typed
from portal.vocabulary import ReturnReason
from portal.workflow import Outcome

NOT_SEEN = "有一件填报不在您的范围内，没有办理。"


def decision(name: str, label: str):
    """Return the admin action that does ``name`` of the workflow, called ``label``."""

    def decide(modeladmin, request: HttpRequest, queryset):
        refusal = _decide(request, name, label) if "confirmed" in request.POST else ""
        if "confirmed" in request.POST and not refusal:
            return None
        numbers = list(queryset.order_by().values_list("pk", flat=True)[: batches.MOST + 1])
        if len(numbers) > batches.MOST:
            messages.warning(request, batches.TOO_MANY)
            return None
        context = {
            "title": label,
            "action": name,
            "needs_comment": batches.needs_comment(name),
            "reasons": ReturnReason.choices if name == "return" else (),
            "rows": _rows(request, name, numbers),
            "opts": modeladmin.opts,
            "checkbox": ACTION_CHECKBOX_NAME,
            "refusal": refusal,
            "typed": request.POST if refusal else {},
            "ticked": request.POST.getlist("reason"),
        }
        context = modeladmin.admin_site.each_context(request) | context
        return TemplateResponse(request, "admin/portal/decide.html", context, status=422 if refusal else 200)

    return decide


def _rows(request: HttpRequest, name: str, numbers: Sequence[int]) -> list[dict]:
    """Return the lines of the page; a form that is given back keeps the versions it was written on."""
    written_on = {item.pk: str(item) for item in _items(request)}
    rows = [_row(filing, name, request.user) for filing in _filings(numbers, request.user)]
    return [row | {"item": written_on.get(row["pk"], row["item"])} for row in rows]


def _filings(numbers: Sequence[int], user: User):
    """Return the filings with all that a line of the page asks of them, in the order of their numbers."""
    found = policy.with_facts(reading.with_sent(Filing.objects.visible_to(user)), user)
    return found.select_related("organisation__region").filter(pk__in=numbers).order_by("pk")


def _row(filing: Filing, name: str, user: User) -> dict:
    choice = policy.choice(filing, user, name)
    return {
        "pk": filing.pk,
        "item": batches.item_of(filing),
        "title": reading.title_for(filing, user),
        "organisation": filing.organisation,
        "state": filing.get_state_display(),
        "version": filing.version,
        "reason": choice.reason if choice else batches.NO_POST,
    }


def _decide(request: HttpRequest, name: str, label: str) -> str:
    """Do it on the versions the page showed and tell of each; return why nothing was done, else nothing."""
    items, grounds, comment = _items(request), typed.grounds(request.POST), request.POST.get("comment", "")
    if len(items) > batches.MOST:
        messages.warning(request, batches.TOO_MANY)
        return ""
    if name == "return" and not grounds.reasons:
        return LACKS_A_REASON
    try:
        workflow.checked_comment(comment)
    except workflow.Refused as refusal:
        return str(refusal)
    asked = batches.asked_of(items, name, comment, grounds)
    outcomes = workflow.perform_all(asked, by=request.user, request_id=getattr(request, "id", ""))
    _tell(request, outcomes, label)
    return ""


def _items(request: HttpRequest) -> list[batches.Item]:
    try:
        return batches.read_items(request.POST.getlist("item"))
    except batches.Malformed:
        raise BadRequest("这个请求不完整，没有办理。") from None


def _tell(request: HttpRequest, outcomes: Sequence[Outcome], label: str) -> None:
    numbers = [outcome.asked.pk for outcome in outcomes]
    titles = {f.pk: reading.title_for(f, request.user) for f in _filings(numbers, request.user)}
    for outcome in outcomes:
        title = titles.get(outcome.asked.pk)
        if title is None:
            messages.warning(request, NOT_SEEN)
        elif outcome.event:
            messages.success(request, f"《{title}》已{label}。")
        else:
            messages.warning(request, f"《{title}》没有{label}：{_why(outcome.obstacle)}")


def _why(obstacle: Exception) -> str:
    if isinstance(obstacle, workflow.Conflict):
        return "这件填报刚刚已由他人处理，请重新打开后再看。"
    return str(obstacle)
