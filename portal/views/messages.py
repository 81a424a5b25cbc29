"""What I was told: the messages, marked as read, how else I want to be told, and 催办.

Each view: scope, one read or one domain call, answer. Looking at a page marks nothing.
"""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from portal import mailbox, reminders, texting
from portal.message_forms import PreferenceForm
from portal.models import Filing, Message
from portal.views.desk import page_of
from portal.workflow import Refused


@require_http_methods(["GET", "HEAD", "POST"])
def message_list(request: HttpRequest) -> HttpResponse:
    """What I was told, what is unread first; POST marks all of it as read, or all of one topic."""
    wish = mailbox.read_wish(request.POST or request.GET)
    if request.method == "POST":
        read = mailbox.mark_read(request.user, wish)
        messages.success(request, f"{read} 条消息已标为已读。" if read else "没有未读消息。")
        return HttpResponseRedirect(reverse("messages") + wish.query())
    page = page_of(request, mailbox.told(wish, request.user))
    tabs = mailbox.tabs(wish, request.user)
    context = {
        "nav": "messages",
        "wish": wish,
        "tabs": tabs,
        "here": next(tab for tab in tabs if tab["topic"] == wish.topic),
        "sorts": [{"word": w, "url": wish.query(sort=s), "sort": s} for s, w in mailbox.SORTS.items()],
        "page": page,
        "lines": mailbox.lines(page, request.user),
        "params": wish.params,
    }
    return render(request, "desk/messages.html", context)


@require_POST
def read(request: HttpRequest, message: int) -> HttpResponse:
    """Mark one message as read and go back to the list as it was."""
    try:
        mailbox.mark_one_read(request.user, message)
    except Message.DoesNotExist:
        raise Http404("no such message") from None
    page = request.POST.get("page", "")
    more = f"&page={page}" if page.isdecimal() and len(page) < 9 else ""
    return HttpResponseRedirect(reverse("messages") + mailbox.read_wish(request.POST).query() + more)


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """How else I want to be told; POST stores it."""
    preference = mailbox.preference_of(request.user)
    form = PreferenceForm.of(request.user, preference, request.POST or None)
    if form.is_bound and form.is_valid():
        mailbox.prefer(request.user, **form.cleaned_data)
        messages.success(request, "接收方式已保存，站内消息照常收到。")
        return redirect("message-preferences")
    context = {
        "nav": "messages",
        "form": form,
        "goes_to": request.user.email,
        "mail_on": settings.MAIL_ON,
        "texts_on": texting.reaches_phones(),
    }
    return render(request, "desk/message_preferences.html", context, status=422 if form.is_bound else 200)


@require_POST
def urge(request: HttpRequest, pk: int) -> HttpResponse:
    """Press whoever holds a filing, and go back to it."""
    filing = get_object_or_404(Filing.objects.visible_to(request.user), pk=pk)
    try:
        told = reminders.urge(filing, request.user)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"已催办，已写入 {told} 人的消息。办理后会再通知您。")
    return redirect("filing", filing.pk)
