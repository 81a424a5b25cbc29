"""帮助: the manual, the questions, the examples to fill in by. They read files and declarations."""

from itertools import groupby
from operator import attrgetter

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import conditional_page, require_POST, require_safe

from portal import manual, questions, registry, samples, tour
from portal.registry import RecordType


@login_not_required
@require_safe
@conditional_page
def index(request: HttpRequest) -> HttpResponse:
    """Everything there is to help, one card each."""
    chapters, types = list(manual.chapters().values()), registry.all_types()
    context = {"nav": "help", "chapters": chapters, "groups": _groups(), "types": types}
    return render(request, "help/index.html", context)


@login_not_required
@require_safe
@conditional_page
def chapter(request: HttpRequest, chapter: str) -> HttpResponse:
    """One chapter of the manual; unknown is 404."""
    found = manual.chapters().get(chapter)
    if found is None:
        raise Http404("no such chapter")
    return render(request, "help/chapter.html", {"nav": "help", "chapter": found})


@login_not_required
@require_safe
@conditional_page
def frequent(request: HttpRequest) -> HttpResponse:
    """常见问题, group by group in the order they are written."""
    return render(request, "help/questions.html", {"nav": "help", "groups": _groups()})


def _groups() -> list[tuple[str, list[questions.Question]]]:
    """Return each group of questions with what it asks."""
    return [(group, list(found)) for group, found in groupby(questions.questions(), attrgetter("group"))]


@login_not_required
@require_safe
@conditional_page
def sample(request: HttpRequest, record_type: RecordType) -> HttpResponse:
    """The example of one record type, marked as invented."""
    context = {"nav": "help", "type": record_type, "sample": samples.sample(record_type)}
    return render(request, "help/sample.html", context)


@require_POST
def show_tour(request: HttpRequest) -> HttpResponse:
    """End the card of the first sign-in or begin it again, then the desk; other words change nothing."""
    acts = {"end": tour.end, "again": tour.begin_again}
    if act := acts.get(request.POST.get("tour", "")):
        act(by=request.user)
    return redirect("desk")
