"""Text as the portal keeps it: one function each for cleaning, comparing, counting and searching.

Leaf module: imports nothing of ours, so forms, imports, search and scripts all count and compare alike.
"""

import re
import unicodedata
from decimal import Decimal
from itertools import pairwise

_KEPT_CONTROLS = "\n\t"
_SPACES = re.compile(r"\s+")
_EDGE_MARKS = " 　\t\r\n·、，,。.；;：:"
ABSENCE = {"", "无", "没有", "暂无", "-", "—", "--", "——", "/"}


def clean(value: str) -> str:
    """Return ``value`` fit to be stored: NFC, line ends as ``\\n``, no control or format characters.

    NFC and not NFKC: the full-width （） and ： of Chinese prose are meant and must survive.
    """
    if value.isprintable() and unicodedata.is_normalized("NFC", value):  # most texts: nothing to be taken out
        return value.strip(" ")
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        c
        for c in value
        if c in _KEPT_CONTROLS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    return unicodedata.normalize("NFC", "".join(kept)).strip(" 　\t\n")


def key(value: str) -> str:
    """Return the form in which two labels or names are compared: NFKC, case folded, no white space."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", clean(value))).casefold()


def fold(value: str) -> str:
    """Return ``value`` as it is searched: NFKC and case folded, runs of white space made one blank."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", clean(value))).casefold().strip()


def fold_with_places(value: str) -> tuple[str, list[int]]:
    """Return ``value`` folded character by character, and for each of these the place it came from."""
    pairs = [(c, i) for i, raw in enumerate(value) for c in unicodedata.normalize("NFKC", raw).casefold()]
    return "".join(c for c, _ in pairs), [i for _, i in pairs]


def grams(value: str) -> set[str]:
    """Return the characters and pairs of neighbours of folded text, white space left out, as search keys.

    A key is the code points in hexadecimal joined by ``z``, so that no tokenizer splits or changes it: any
    word of one character or more is found through the keys it is made of and then compared as it stands.
    """
    keys: set[str] = set()
    for word in fold(value).split():
        points = [f"{ord(c):x}" for c in word]
        keys.update(points)
        keys.update(f"{one}z{other}" for one, other in pairwise(points))
    return keys


def digits(value: str) -> str:
    """Return a number or code typed with full-width digits as plain ASCII, without blanks."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", clean(value)))


def plain_number(value: Decimal) -> str:
    """Return a decimal number without zeros that say nothing: 10.00 is 10, 8.50 is 8.5."""
    return f"{value.normalize():f}"


def count(value: str) -> int:
    """Return the 字数 of a text: every character but white space counts one (鲁人社字〔2021〕32号 附件1).

    The browser counts with the same rule (``portal.js``), code point by code point.
    """
    return len(_SPACES.sub("", value))


def too_long(label: str, value: str, limit: int) -> str:
    """Return the sentence that ``value`` has more than ``limit`` 字, empty while it has not.

    The browser says the same while it is typed (``portal.js``).
    """
    length = count(value)
    return f"{label}已超出{limit}字（当前{length}字）。" if length > limit else ""


def is_absence(value: str) -> bool:
    """Say whether a cell means "none": empty, 无, 暂无 or a dash (鲁人社字〔2024〕95号 附件备注2)."""
    return clean(value).strip(_EDGE_MARKS) in ABSENCE


def split_names(value: str) -> list[str]:
    """Split a cell that lists names at 、，,；; or line ends; a cell of "none" gives an empty list."""
    parts = (part.strip(_EDGE_MARKS) for part in re.split(r"[、，,；;\n]+", clean(value)))
    return [part for part in parts if part not in ABSENCE]
