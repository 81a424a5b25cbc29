"""The page for a fault of ours: it needs nothing but the template, so that it shows whatever broke."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseServerError
from django.template import loader


@login_not_required
def server_error(request: HttpRequest) -> HttpResponseServerError:
    """Return the 500 page with the number of the request, which the log holds too."""
    page = loader.get_template("500.html").render({"request_id": getattr(request, "id", "")})
    return HttpResponseServerError(page)
