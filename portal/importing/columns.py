"""Reading the cells of a column many times over: quick where a cell is plain, else as ``cells`` says.

A quick way only ever takes what ``cells.value`` takes as it stands; whatever it is not sure of goes there,
and what is often said is remembered. A test holds both to the same answers.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from unicodedata import is_normalized

from django import forms
from django.core.validators import DecimalValidator, MaxValueValidator, MinValueValidator
from django.db import models

from portal.importing.cells import LENGTH_ONLY, Names, Unfit, is_empty, value
from portal.models import ChoiceListField
from portal.rules import TEXT_LIMIT

EMPTY = object()  # what a cell gives that leaves its field empty
MOST_KNOWN = 20_000
Read = Callable[[str], Any]
# A text that begins with none of these is neither blank nor one of the words for “none” (text.is_absence).
_ENDS = frozenset(" 　\n")
_ODD = frozenset(" 　\t\r\n·、，,。.；;：:无没暂-—/")


def reader(column: models.Field, field: forms.Field, names: Names, limit: int | None = None) -> Read:
    """Return the function from the text of a cell to its value, or ``EMPTY``; it raises ``Unfit``."""

    def slow(said: str) -> Any:
        return EMPTY if is_empty(column, said) else value(column, field, said, names, limit)

    if column.is_relation or isinstance(column, ChoiceListField) or column.choices:
        return _remembering(slow)
    if isinstance(column, models.CharField | models.TextField):
        return _text(column, slow, limit)
    if isinstance(column, models.IntegerField):
        return _whole(column, field, _remembering(slow))
    if isinstance(column, models.DecimalField):
        return _amount(column, field, _remembering(slow))
    return _remembering(slow)


def _remembering(slow: Read) -> Read:
    known: dict[str, Any] = {}

    def read(said: str) -> Any:
        found = known.get(said)
        if found is None:
            if len(known) >= MOST_KNOWN:
                known.clear()
            try:
                found = slow(said)
            except Unfit as unfit:
                found = unfit
            known[said] = found
        if isinstance(found, Unfit):
            raise Unfit(str(found), found.said)
        return [*found] if isinstance(found, list) else found

    return read


def _text(column: models.Field, slow: Read, limit: int | None) -> Read:
    if not all(type(validator) in LENGTH_ONLY for validator in column.validators):
        return _remembering(slow)
    is_long = isinstance(column, models.TextField)
    most = min(column.max_length or TEXT_LIMIT, limit or TEXT_LIMIT)

    def read(said: str) -> Any:
        if len(said) <= most and said[0] not in _ODD and said[-1] not in _ENDS:
            plain = said.replace("\n", "").replace("　", "") if is_long else said
            if plain.isprintable() and is_normalized("NFC", said):
                return said
        return slow(said)

    return read


def _bounds(column: models.Field, field: forms.Field) -> tuple[int, int] | None:
    """Return the least and the greatest value of a number, None when more than that is asked of it."""
    validators = [*column.validators, *field.validators]
    known = [v for v in validators if type(v) in (MinValueValidator, MaxValueValidator)]
    others = [v for v in validators if v not in known and type(v) is not DecimalValidator]
    if others or any(callable(v.limit_value) for v in known):
        return None
    least = max((v.limit_value for v in known if type(v) is MinValueValidator), default=0)
    most = min((v.limit_value for v in known if type(v) is MaxValueValidator), default=10**9)
    return max(least, 0), most


def _whole(column: models.Field, field: forms.Field, slow: Read) -> Read:
    if (bounds := _bounds(column, field)) is None:
        return slow
    least, most = bounds

    def read(said: str) -> Any:
        if said.isascii() and said.isdigit() and len(said) < 10 and least <= (found := int(said)) <= most:
            return found
        return slow(said)

    return read


def _amount(column: models.DecimalField, field: forms.Field, slow: Read) -> Read:
    if (bounds := _bounds(column, field)) is None:
        return slow
    least, most = bounds
    places, whole = column.decimal_places, column.max_digits - column.decimal_places
    plain = re.compile(rf"[0-9]{{1,{whole}}}(\.[0-9]{{1,{places}}})?" if places else rf"[0-9]{{1,{whole}}}")

    def read(said: str) -> Any:
        if plain.fullmatch(said) and said.isascii() and least <= (found := Decimal(said)) <= most:
            return found
        return slow(said)

    return read
