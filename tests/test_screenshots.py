"""The pictures of all pages: each route has its own at both widths, or a reason why there is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import URLPattern, get_resolver
from PIL import Image

from picturing import finding, table
from portal import manual

SCREENS = Path(settings.BASE_DIR) / "docs" / "screenshots"
MOST_BYTES = 11_500_000


def taken(width: int) -> set[str]:
    return {path.stem for path in (SCREENS / str(width)).glob("*.webp")}


def views(patterns=None) -> Iterator[tuple[str, object]]:
    """Yield (name, view) of every route without a namespace."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name, pattern.callback
        elif not pattern.namespace:
            yield from views(pattern.url_patterns)


def methods(view) -> list[str]:
    """Return the methods that the decorators of a view let through, empty where none says any."""
    while view is not None:
        cells = [cell.cell_contents for cell in getattr(view, "__closure__", None) or ()]
        if found := next((c for c in cells if isinstance(c, list) and {"GET", "POST"} & set(c)), None):
            return found
        view = getattr(view, "__wrapped__", None)
    return []


@pytest.mark.parametrize("width", table.WIDTHS)
def test_every_page_has_its_picture_and_every_picture_its_page(width):
    named = {name for name in finding.by_name() if finding.is_pictured(name)} | set(table.BESIDE)

    assert taken(width) == {name.replace(":", "-") for name in named}


def test_a_reason_is_given_for_routes_that_exist_and_for_no_other():
    assert set(table.reasons()) - set(finding.by_name()) == set()


def test_what_has_no_picture_as_a_form_leads_on_is_never_just_looked_at():
    reason = next(iter(table.WITHOUT))

    open_to_looks = {
        name for name, view in views() if table.reasons().get(name) == reason and "GET" in methods(view)
    }

    assert open_to_looks == set()


def test_pictures_are_as_wide_as_their_window_and_small_together():
    widths = {}
    for width in table.WIDTHS:
        for path in (SCREENS / str(width)).glob("*.webp"):
            with Image.open(path) as picture:
                widths.setdefault(width, set()).add(picture.width)

    assert widths == {width: {width} for width in table.WIDTHS}
    files = [*SCREENS.glob("**/*.webp"), *manual.PICTURES.glob("*.webp")]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES


def test_every_picture_of_the_manual_has_its_place_in_the_table():
    named = {s.picture_name for chapter in manual.chapters().values() for s in chapter.sections}

    assert named - {""} == set(table.MANUAL)
