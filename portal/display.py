"""How a visitor wants to see the pages, as his cookies say: 长者模式, 字号, colours, row height. No query."""

from typing import NamedTuple

from django.http import HttpRequest

from portal.cookies import called

ELDER, THEME, DENSITY, TEXT = "elder", "theme", "density", "text"
THEMES = {"light": "浅色", "dark": "深色"}
DENSITIES = {"compact": "紧凑", "standard": "标准", "roomy": "宽松"}
TEXT_SIZES = {"small": "小", "": "中", "large": "大"}
ELDER_SIZES = {"": "大", "large": "特大"}


class Worn(NamedTuple):
    """What a whole page wears, empty where the visitor chose nothing."""

    elder: bool
    theme: str
    text_size: str


def worn(request: HttpRequest) -> Worn:
    """Return the mode, colours and type size that a visitor chose."""
    theme, text = request.COOKIES.get(called(THEME)), request.COOKIES.get(called(TEXT))
    elder = request.COOKIES.get(called(ELDER)) == "on"
    return Worn(
        elder=elder,
        theme=theme if theme in THEMES else "",
        text_size=text if text in sizes(elder=elder) else "",
    )


def density(request: HttpRequest) -> str:
    """Return how high rows of tables are."""
    chosen = request.COOKIES.get(called(DENSITY))
    return chosen if chosen in DENSITIES else "standard"


def sizes(*, elder: bool) -> dict[str, str]:
    """Return the type sizes to choose from, value → word."""
    return ELDER_SIZES if elder else TEXT_SIZES
