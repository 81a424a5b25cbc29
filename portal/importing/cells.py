"""From the text of a cell to the value of a field, with one sentence when it cannot be."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db import models

from portal import text
from portal.models import ChoiceListField, Edition, Filing, Region
from portal.offers import offer
from portal.rules import TEXT_LIMIT
from portal.snapshot import CITY_ITSELF, is_place

YES, NO = {"是", "有", "√", "✓", "true", "yes", "y", "1"}, {"否", "无", "×", "✗", "false", "no", "n", "0"}
MOST_JOINED = 6  # a name that holds separators itself has at most so many parts
LENGTH_ONLY = (MaxLengthValidator, ProhibitNullCharactersValidator)
_SEPARATORS = re.compile(r"[、，,；;]")


class Unfit(Exception):
    """A cell that does not fit its field: one sentence, and the part of the cell it is about, if not all."""

    def __init__(self, message: str, said: str | None = None):
        self.said = said
        super().__init__(message)


class Names:
    """What one bureau may refer to, by name: in force and within its reach; each catalogue is read once."""

    def __init__(self, record: Filing):
        self.record = record
        self._known: dict[type, dict[str, models.Model | None]] = {}

    def find(self, model: type[models.Model], said: str) -> list[models.Model]:
        """Return the objects a cell names; raise ``Unfit`` for the first name that is none."""
        return match(said, self._offered(model), lambda name: self._unknown(model, name))

    def _offered(self, model: type[models.Model]) -> dict[str, models.Model | None]:
        if model not in self._known:
            self._known[model] = _by_name(offer(model, self.record, ()).objects.values())
        return self._known[model]

    def _unknown(self, model: type[models.Model], name: str) -> str:
        if model is Region:
            place = self.record.region.name
            return f"{place}没有“{name}”，或者有几个同名的；请写全称，如“济南市市中区”。"
        label = model._meta.verbose_name
        if joined(name) in self._offered(model):
            return f"现行{label}目录中有几个“{name}”，请在名称后加上括号和编号。"
        edition = Edition.latest(model.record_type.slug)
        version = f"（{edition}）" if edition else ""
        return f"“{name}”不在本单位可选的最新{label}目录{version}中，请重新选取。"


def _by_name(objects) -> dict[str, models.Model | None]:
    """Return name → object; None for a name that several share, which then need their code or city."""
    known: dict[str, models.Model | None] = {}
    for other in objects:
        for name in _names(other):
            known[joined(name)] = other if known.get(joined(name), other) is other else None
    return known


def _names(other: models.Model) -> set[str]:
    if isinstance(other, Region):
        return _place_names(other)
    return {other.title, f"{other.title}（{other.entry.code}）"}


def _place_names(place: Region) -> set[str]:
    """Return what a place is called by people of its city: whole, short, and without the city's name."""
    names = {place.full_name, place.name, place.short_name}
    if place.parent:
        city = place.parent.short_name
        names |= {f"{city}{place.name}", place.short_name.removeprefix(city) or place.short_name}
    return names


def joined(name: str) -> str:
    """Return the form in which names are compared: without blanks and separators, full width forgiven."""
    return _SEPARATORS.sub("", text.key(name))


def match(said: str, known: Mapping[str, Any], unknown: Callable[[str], str]) -> list[Any]:
    """Return what the names in a cell stand for, each once; the longest name that is known wins.

    So a name with 、 inside is found whole. Raises ``Unfit`` with ``unknown(name)``.
    """
    parts, found = text.split_names(said), []
    while parts:
        most = min(len(parts), MOST_JOINED)
        length = next((n for n in range(most, 0, -1) if known.get(joined("".join(parts[:n])))), 0)
        if not length:
            raise Unfit(unknown(parts[0]), parts[0])
        found.append(known[joined("".join(parts[:length]))])
        parts = parts[length:]
    return list(dict.fromkeys(found))


def is_empty(column: models.Field, said: str) -> bool:
    """Say whether a cell leaves its field empty: blank, or 无 where the field may be empty, or 市直."""
    may_say_none = column.blank or column.is_relation or column.null
    told = text.key(said) == CITY_ITSELF and is_place(column)
    return not text.clean(said) or told or (may_say_none and text.is_absence(said))


def value(column: models.Field, field: forms.Field, said: str, names: Names, limit: int | None = None) -> Any:
    """Return what a cell that is not empty says; raise ``Unfit`` when its field cannot hold that."""
    if column.is_relation:
        found = names.find(column.related_model, said)
        return found if column.many_to_many else _only(found)
    if isinstance(column, ChoiceListField):
        chosen = match(said, _codes(column.options), _no_option(column.options))
        return [code for code, _ in column.options if code in chosen]
    if column.choices:
        return _only(match(said, _codes(column.flatchoices), _no_option(column.flatchoices)))
    if isinstance(column, models.BooleanField):
        return _yes_or_no(said)
    return _typed(column, field, said, limit)


def _typed(column: models.Field, field: forms.Field, said: str, limit: int | None) -> Any:
    try:
        typed = _cleaned(column, field, _one_line(column, said))
    except ValidationError as error:
        # A code or number typed in full width, or with blanks: right once it is written plainly.
        spelled = text.digits(said)
        if spelled == said or _is_prose(column, spelled):
            raise Unfit("".join(error.messages)) from None
        return _typed(column, field, spelled, limit)
    _refuse_too_long(column, typed, limit)
    return typed


def _is_prose(column: models.Field, spelled: str) -> bool:
    """Say whether a cell holds words, which are taken as they stand or not at all, and no code or number."""
    if isinstance(column, models.CharField):
        is_code = spelled.isascii() and any(map(str.isdigit, spelled))
        return not is_code and all(type(one) in LENGTH_ONLY for one in column.validators)
    return isinstance(column, models.TextField)


def _cleaned(column: models.Field, field: forms.Field, said: str) -> Any:
    typed = field.clean(said)
    column.run_validators(typed)
    return typed


def _codes(options) -> dict[str, str]:
    return {joined(str(label)): code for code, label in options}


def _no_option(options) -> Callable[[str], str]:
    labels = "、".join(str(label) for _, label in options)
    return lambda name: f"没有“{name}”这个选项，可以填写：{labels}。"


def _only(found: list) -> Any:
    if len(found) != 1:
        raise Unfit("这一栏只能填一项。")
    return found[0]


def _yes_or_no(said: str) -> bool:
    word = text.key(said)
    if word not in YES | NO:
        raise Unfit("请填写“是”或“否”。")
    return word in YES


def _one_line(column: models.Field, said: str) -> str:
    is_long = isinstance(column, models.TextField)
    return said if is_long else " ".join(part for part in text.clean(said).split("\n") if part)


def _refuse_too_long(column: models.Field, typed: Any, limit: int | None) -> None:
    most = limit or (TEXT_LIMIT if isinstance(column, models.TextField) else None)
    if most and (said := text.too_long(str(column.verbose_name), typed, most)):
        raise Unfit(said)
