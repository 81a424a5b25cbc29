"""The page that explains the read-only interface to whoever wants to use the data in a program."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.api import examples


@login_not_required
@require_safe
def interface(request: HttpRequest) -> HttpResponse:
    """What can be asked, by examples over today's catalogue, and the rules of the answers."""
    base = request.build_absolute_uri(reverse("interface")) + "v1/"
    rows = [
        [
            {"text": example.question, "label": "想知道"},
            {"text": base + example.path, "url": base + example.path, "label": "地址"},
        ]
        for example in examples.examples()
    ]
    context = {
        "nav": "interface",
        "base": base,
        "headings": [{"text": "想知道"}, {"text": "地址"}],
        "rows": rows,
    }
    return render(request, "public/interface.html", context)
