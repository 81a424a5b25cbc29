"""One cell as XML: text that stays what it is, numbers, days and moments (ECMA-376 part 1, 18.3.1.4)."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from math import isfinite
from typing import Any
from xml.sax.saxutils import escape

from portal.spreadsheet.looks import DAY, GENERAL, MOMENT, QUOTED, TEXT, WHOLE

MOST_CHARACTERS = 32_767  # what one cell holds, in units of UTF-16
CUT = "……（内容过长，未全部写出）"
# What XML 1.0 cannot hold: no workbook can either.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The quote prefix keeps such text what it is and is no part of it.
LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_AS_A_CODE = re.compile("(?<=_x)(?=[0-9A-Fa-f]{4}_)")  # _x0041_ would be read as A (18.18.96 ST_Xstring)
_FIRST_DAY, _DAY_ZERO = date(1900, 3, 1), date(1899, 12, 30)  # before that, Excel counts a day that never was
MOST_DIGITS = 15  # of a number that a cell holds exactly


def without_control_characters(value: str) -> str:
    """Return text as XML can hold it, and as no file is harmed by it."""
    return _UNWRITABLE.sub("", value)


def writable(value: str) -> str:
    """Return text as a cell can hold it: without control characters, cut with a word where it is too long."""
    kept = without_control_characters(value)
    if len(kept) <= MOST_CHARACTERS // 2 or _units(kept) <= MOST_CHARACTERS:
        return kept
    room = MOST_CHARACTERS - len(CUT)
    return kept.encode("utf-16-le")[: 2 * room].decode("utf-16-le", "ignore") + CUT


def _units(value: str) -> int:
    return len(value.encode("utf-16-le")) // 2


def is_like_a_formula(value: str) -> bool:
    """Say whether text would become a formula when edited in Excel; it is marked as text then."""
    return value.startswith(LIKE_A_FORMULA)


def is_plain(value: str) -> bool:
    """Say whether text can be written as it stands: nothing to escape, to leave out or to quote."""
    return (
        value.isprintable()
        and value[:1] not in _NO_BEGINNING
        and value[-1] != " "
        and "&" not in value
        and "<" not in value
        and ">" not in value
        and "_x" not in value
        and len(value) <= MOST_CHARACTERS // 2
    )


_NO_BEGINNING = {"", " ", "=", "+", "-", "@"}


def text(place: str, value: str, ways: dict[str, int]) -> str:
    words = writable(value)
    if not words:
        return f'<c r="{place}" s="{ways[TEXT]}"/>'
    way = ways[QUOTED if is_like_a_formula(words) else TEXT]
    parts = [f'<t xml:space="preserve">{_escaped(part)}</t>' for part in _AS_A_CODE.split(words)]
    # what only looks like an escaped character goes into runs, none of which looks so
    inside = parts[0] if len(parts) == 1 else "".join(f"<r>{part}</r>" for part in parts)
    return f'<c r="{place}" s="{way}" t="inlineStr"><is>{inside}</is></c>'


def _escaped(words: str) -> str:
    return escape(words, {"\r": "&#13;"})


def _whole(place: str, value: int, ways: dict[str, int]) -> str:
    if abs(value) >= 10**MOST_DIGITS:
        return text(place, str(value), ways)
    return f'<c r="{place}" s="{ways[WHOLE]}"><v>{value}</v></c>'


def _decimal(place: str, value: Decimal, ways: dict[str, int]) -> str:
    if not value.is_finite() or len(value.normalize().as_tuple().digits) > MOST_DIGITS:
        return text(place, str(value), ways)
    return f'<c r="{place}" s="{ways[GENERAL]}"><v>{value}</v></c>'


def _float(place: str, value: float, ways: dict[str, int]) -> str:
    if not isfinite(value):
        return text(place, str(value), ways)
    return f'<c r="{place}" s="{ways[GENERAL]}"><v>{value!r}</v></c>'


def _truth(place: str, value: bool, ways: dict[str, int]) -> str:
    return f'<c r="{place}" s="{ways[GENERAL]}" t="b"><v>{int(value)}</v></c>'


def _day(place: str, value: date, ways: dict[str, int]) -> str:
    if value < _FIRST_DAY:
        return text(place, value.isoformat(), ways)
    return f'<c r="{place}" s="{ways[DAY]}"><v>{(value - _DAY_ZERO).days}</v></c>'


def _moment(place: str, value: datetime, ways: dict[str, int]) -> str:
    local = value.replace(tzinfo=None, microsecond=0)
    if local.date() < _FIRST_DAY:
        return text(place, local.isoformat(" "), ways)
    past = local - datetime(1899, 12, 30)
    serial = round(past.days + past.seconds / 86_400, 10)
    return f'<c r="{place}" s="{ways[MOMENT]}"><v>{serial}</v></c>'


def other(place: str, value: Any, ways: dict[str, int]) -> str:
    """Write what is of a derived type as what it is derived from, anything else in its words."""
    for kind in (bool, int, Decimal, float, datetime, date):
        if isinstance(value, kind):
            return CELLS[kind](place, value, ways)
    return text(place, str(value), ways)


CELLS = {bool: _truth, int: _whole, Decimal: _decimal, float: _float, datetime: _moment, date: _day}


@cache
def letters_of(number: int) -> str:
    """Return the letters of a column, counted from 1: A, Z, AA."""
    before, last = divmod(number - 1, 26)
    return (letters_of(before) if before else "") + chr(ord("A") + last)
