"""The page for a fault of ours: it needs nothing but the template, so that it shows whatever broke."""

import sys

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseServerError
from django.template import loader
from django.utils.log import log_response


@login_not_required
def server_error(request: HttpRequest) -> HttpResponseServerError:
    """Return the 500 page with the number of the request, which the log holds too.

    The fault is logged here, once: Django itself passes over one that comes while an error page is made.
    """
    page = loader.get_template("500.html").render({"request_id": getattr(request, "id", "")})
    answer = HttpResponseServerError(page)
    fault = sys.exception()
    log_response(
        "%s: %s", answer.reason_phrase, request.path, response=answer, request=request, exception=fault
    )
    return answer
