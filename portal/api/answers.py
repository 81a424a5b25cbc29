"""How the interface answers: JSON in UTF-8, errors as sentences, entity tags and dates for caches."""

from collections.abc import Callable
from datetime import datetime, time
from functools import wraps

from django.contrib.admin.models import LogEntry
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import http_date
from django.views.decorators.http import conditional_page, require_safe
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.renderers import JSONRenderer

from portal import asking
from portal.models import Edition, Event, PublicNotice

# Acts that change what a stranger reads.
PUBLIC_ACTS = ("publish", "promote", "exit", "rectify", "settle", "keep", "designate", "undesignate")


class ChineseJSON(JSONRenderer):
    """JSON that writes Chinese as it is: smaller, and readable in a terminal."""

    json_dumps_params = {"ensure_ascii": False}
    media_type = "application/json"


class Unreadable(Exception):
    """A parameter that nobody can make sense of; the text says which and what it should look like."""


def install(api: NinjaAPI) -> None:
    """Let ``api`` say every error as ``{"error": {"status", "message", "fields"}}``."""
    api.exception_handler(Http404)(lambda request, error: _error(api, request, 404, "没有这个地址或编号。"))
    api.exception_handler(Unreadable)(lambda request, error: _error(api, request, 422, str(error)))
    api.exception_handler(HttpError)(
        lambda request, error: _error(api, request, error.status_code, str(error))
    )

    @api.exception_handler(ValidationError)
    def refused(request: HttpRequest, error: ValidationError) -> HttpResponse:
        fields = [{"name": str(item["loc"][-1]), "message": item["msg"]} for item in error.errors]
        return _error(api, request, 422, "请求的参数不符合要求，详见 fields。", fields)


def _error(
    api: NinjaAPI, request: HttpRequest, status: int, message: str, fields: list[dict] | None = None
) -> HttpResponse:
    body = {"error": {"status": status, "message": message, "fields": fields or []}}
    return api.create_response(request, body, status=status)


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open a view to everybody, with ETag and Last-Modified; ``HEAD`` answers as ``GET`` does."""

    @conditional_page
    def tagged(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            response["Last-Modified"] = http_date(changed_at().timestamp())
            response["Cache-Control"] = "public, max-age=60"
        response["Access-Control-Allow-Origin"] = "*"
        return response

    @login_not_required
    @require_safe
    @wraps(view, updated=())
    def answer(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        asked, request.method = request.method, "GET" if request.method == "HEAD" else request.method
        try:
            return tagged(request, *args, **kwargs)
        finally:
            request.method = asked

    return answer


@asking.for_the_house()
def changed_at() -> datetime:
    """Return when what the public reads changed last: by an act, or because a new day began."""
    midnight = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    acts = Event.objects.filter(action__in=PUBLIC_ACTS).order_by("-pk").values_list("at", flat=True)
    editions = Edition.objects.published().order_by("-published_at").values_list("published_at", flat=True)
    published = PublicNotice.objects.published()
    notices = published.order_by("-published_at").values_list("published_at", flat=True)
    withdrawn = published.exclude(withdrawn_at=None).order_by("-withdrawn_at")
    ended = withdrawn.values_list("withdrawn_at", flat=True)
    numbers = LogEntry.objects.filter(content_type__app_label="portal", content_type__model="policytarget")
    set_at = numbers.order_by("-pk").values_list("action_time", flat=True)
    return max([midnight, *acts[:1], *editions[:1], *notices[:1], *ended[:1], *set_at[:1]])
