"""Where browsers report what the content security policy kept out."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal import limiter, networks, violations

# A page with a fault reports it for everybody who opens it; a whole office may share an address.
SENT, SENT_WITHIN = 60, 60


# No token: the browser sends it by itself, without cookies of a form. Nothing is stored by it.
@csrf_exempt
@login_not_required
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Take a report: 204; 400 for what is none, 413 for a long one, 415 for another type, 429 when hasty."""
    if not limiter.within("violations", networks.address_of(request), most=SENT, seconds=SENT_WITHIN):
        return HttpResponse(status=429)
    if request.content_type not in violations.TYPES:
        return HttpResponse(status=415)
    if not request.META.get("CONTENT_LENGTH", "").isdecimal():
        return HttpResponse(status=400)
    if int(request.META["CONTENT_LENGTH"]) > violations.LONGEST:
        return HttpResponse(status=413)
    try:
        violations.take(request.body)
    except violations.Unreadable:
        return HttpResponse(status=400)
    return HttpResponse(status=204)
