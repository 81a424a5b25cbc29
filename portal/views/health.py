"""Whether this process lives and can do its work; for load balancers, monitoring and ``bin/up``."""

from hmac import compare_digest

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal import asking, health

HERE = ("127.0.0.1", "::1")
PASSED_ON = ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via")
METRICS = "text/plain; version=0.0.4; charset=utf-8"


@login_not_required
@require_safe
def healthz(request):
    """Answer that the process lives."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request):
    """Answer 200 when this process can serve, else 503; a line of one word for everything looked at."""
    seen = health.found()
    is_ready = health.is_ready(seen)
    lines = ["ready" if is_ready else "not ready", *(f"{name}: {word}" for name, word in seen.items())]
    return _not_kept("\n".join(lines) + "\n", "text/plain", 200 if is_ready else 503)


@login_not_required
@require_safe
def metrics(request):
    """Tell the figures to who has the token, where there is none to this machine itself; 404 to others."""
    if not _may_read(request):
        raise Http404
    asking.become(asking.UNKNOWN)  # jobs and mails are counted, which no stranger reads
    return _not_kept("\n".join(health.figures()) + "\n", METRICS, 200)


def _may_read(request: HttpRequest) -> bool:
    """A request that a proxy passed on comes from elsewhere, whatever address it has."""
    if settings.METRICS_TOKEN:
        asked = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return compare_digest(asked.encode(), settings.METRICS_TOKEN.encode())
    is_passed_on = any(name in request.headers for name in PASSED_ON)
    return request.META.get("REMOTE_ADDR") in HERE and not is_passed_on


def _not_kept(text: str, content_type: str, status: int) -> HttpResponse:
    response = HttpResponse(text, content_type=content_type, status=status)
    response["Cache-Control"] = "no-store"
    return response
