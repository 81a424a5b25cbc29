"""The mark of a view whose form makes something: sent again, the form leads where it led first."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal import sent_forms
from portal.models import SentForm

AGAIN = "这张表单已经提交过，没有重复办理；这里是第一次提交的结果。"


def once(view: Callable) -> Callable:
    """Make what a form asks for once, however often the form is sent: security.md 59.

    A form shows its key by ``{% form_key %}``. The same key with other words is 409, with what was typed to
    be copied; a form without a key is taken as it comes.
    """

    @wraps(view)
    def answered(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        key = sent_forms.key_of(request.POST) if request.method == "POST" else ""
        if not key:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            path = request.get_full_path()
            row, is_first = sent_forms.take(key, path, request.POST, by=request.user)
            if is_first:
                response = view(request, *args, **kwargs)
                sent_forms.settle(row, response.url if response.status_code == 302 else "")
                return response
        return _again(request, row)

    answered.bears_key = True
    return answered


def _again(request: HttpRequest, row: SentForm) -> HttpResponse:
    if row.digest == sent_forms.digest(request.get_full_path(), request.POST):
        messages.info(request, AGAIN)
        return redirect(row.led_to)
    context = {"led_to": row.led_to, "kept": sent_forms.texts(request.POST)}
    return render(request, "desk/sent_again.html", context, status=409)
