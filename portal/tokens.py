"""The colour tokens as the stylesheet has them, and how well two of them are told apart (WCAG 2.2, 1.4.3)."""

import re
from pathlib import Path

SHEET = Path(__file__).parent / "static" / "portal" / "tokens.css"
_BLOCK = re.compile(r"(:root[^{]*)\{([^}]*)\}")
_COLOUR = re.compile(r"--([\w-]+): (#[0-9A-F]{6})")


def themes() -> dict[str, dict[str, str]]:
    """Return the colour tokens of each theme: light, dark by choice, dark by the system."""
    read = {where.strip(): dict(_COLOUR.findall(body)) for where, body in _BLOCK.findall(SHEET.read_text())}
    light, by_system, by_choice = read.values()
    return {"light": light, "dark": {**light, **by_choice}, "system": {**light, **by_system}}


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#RRGGBB`` (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
