"""The living page of components: every one with its markup, the colours with their contrast. No query."""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import engines
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from portal import specimens, tokens

GROUNDS = ("paper", "card", "sunk")
COLOURS = ("ink", "ink-2", "ink-3", "edge", "indigo", "indigo-deep", "zhu", "bad", "ok", "warn", "focus")
# An attribute that names an element or points to one: each example has its own, or two would be the same.
_POINTS = re.compile(
    r'((?:\s|^)(?:id|for|list|aria-labelledby|aria-describedby|aria-controls|data-portal-(?:counter|over))=")([^"]+)"'
)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every component as it looks with the preferences of whoever looks."""
    shown = [_shown(one, n, request) for n, one in enumerate([*specimens.parts(), *specimens.components()])]
    context = {
        "nav": "styleguide",
        "specimens": shown,
        "elsewhere": specimens.ELSEWHERE,
        "grounds": GROUNDS,
        "themes": [("浅色", _colours("light")), ("深色", _colours("dark"))],
    }
    return render(request, "desk/styleguide.html", context)


def _shown(one: specimens.Specimen, number: int, request: HttpRequest) -> dict:
    """Return an example rendered, and its markup without empty lines."""
    found = (
        engines["django"].from_string(one.source)
        if one.source
        else get_template(f"components/{one.name}.html")
    )
    markup = found.render(one.data, request)
    lines = (line.rstrip() for line in markup.splitlines())
    return {"name": one.name, "markup": "\n".join(filter(None, lines)), "shown": _own(markup, number)}


def _own(markup: str, number: int) -> SafeString:
    """Return markup that a template wrote with names of its own, so that no element is named twice."""
    named = _POINTS.sub(
        lambda hit: f'{hit[1]}{" ".join(f"{name}--{number}" for name in hit[2].split())}"', markup
    )
    return mark_safe(
        re.sub(r"url\(#([\w-]+)\)", rf"url(#\1--{number})", named)
    )  # a template's, escaped there


def _colours(theme: str) -> list[dict]:
    """Return each colour of a theme with its contrast on the three grounds."""
    found = tokens.themes()[theme]
    return [
        {
            "name": name,
            "value": found[name],
            "ratios": [f"{tokens.contrast(found[name], found[ground]):.1f}" for ground in GROUNDS],
        }
        for name in COLOURS
    ]
