"""Deciding several filings at once: a page asks for the opinion, each is decided or told why not."""

import re

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.template.response import TemplateResponse

from portal import reading, workflow
from portal.actions import ACTIONS
from portal.models import Filing
from portal.policy import available_actions

MOST = 50
TOO_MANY = f"一次最多办理{MOST}份，请分几次选择。没有办理任何一份。"
_ITEM = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,8})-([0-9]{1,9})", re.ASCII)


def decision(name: str, label: str):
    """Return the admin action that does ``name`` of the workflow, called ``label``."""

    def decide(modeladmin, request: HttpRequest, queryset):
        if "confirmed" in request.POST:
            for item in request.POST.getlist("item")[:MOST]:
                _decide_one(request, name, label, item)
            return None
        filings = list(queryset[: MOST + 1])
        if len(filings) > MOST:
            messages.warning(request, TOO_MANY)
            return None
        context = {
            "title": label,
            "action": name,
            "needs_comment": any(a.needs_comment for a in ACTIONS if a.name == name),
            "rows": [_row(filing, name, request.user) for filing in filings],
            "opts": modeladmin.opts,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        context = modeladmin.admin_site.each_context(request) | context
        return TemplateResponse(request, "admin/portal/decide.html", context)

    return decide


def _row(filing: Filing, name: str, user) -> dict:
    reasons = {choice.action.name: choice.reason for choice in available_actions(filing, user)}
    return {
        "pk": filing.pk,
        "item": f"{filing.pk}-{filing.version}-{filing.step}",
        "title": reading.title_for(filing, user),
        "organisation": filing.organisation,
        "state": filing.get_state_display(),
        "version": filing.version,
        "reason": reasons.get(name, "您的岗位不能办理这个动作"),
    }


def _decide_one(request: HttpRequest, name: str, label: str, item: str) -> None:
    """Do it on the version the page showed; an answer for every filing, whatever comes of it."""
    parts = _ITEM.fullmatch(item)
    if not parts:
        raise BadRequest("这个请求不完整，没有办理。")
    pk, version, step = map(int, parts.groups())
    told = {"comment": request.POST.get("comment", ""), "request_id": getattr(request, "id", "")}
    try:
        workflow.perform(Filing(pk=pk), name, by=request.user, version=version, step=step, **told)
    except Filing.DoesNotExist:
        messages.warning(request, "有一份填报不在您的范围内，没有办理。")
        return
    except (workflow.Refused, workflow.Conflict) as refusal:
        messages.warning(request, f"{_title(pk, request.user)}没有{label}：{_why(refusal)}")
        return
    messages.success(request, f"{_title(pk, request.user)}已{label}。")


def _title(pk: int, user) -> str:
    filings = reading.with_sent(Filing.objects.visible_to(user))
    return f"《{reading.title_for(filings.get(pk=pk), user)}》"


def _why(refusal: Exception) -> str:
    if isinstance(refusal, workflow.Conflict):
        return "这份填报刚刚已由他人处理，请重新打开后再看。"
    return str(refusal)
