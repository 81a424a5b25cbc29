"""What may be chosen in a relation field: what is in force within the bureau's reach, and what was chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone
from django.utils.choices import BaseChoiceIterator
from django.utils.functional import cached_property

from portal import kept
from portal.models import Filing, Region
from portal.models.filings import NAMELESS
from portal.registry import RecordType
from portal.scope import within
from portal.snapshot import CITY_ITSELF
from portal.vocabulary import BrandLevel, Level

LONG = 12  # a list longer than this begins with what is chosen
GONE = "已不在现行目录"
MOST_KEPT = 64  # lists of one process: each is as long as the catalogue of a city
LARGEST_DIGITS = 18  # a number that is longer is nobody's key
_kept: dict[tuple, list[tuple[str, str]]] = {}


@dataclass(frozen=True)
class Offer:
    """The choices as a form shows them, and the object behind each value; ``none`` names the empty choice."""

    choices: list[tuple[str, str]]
    objects: dict[str, models.Model]
    none: str = ""

    def named(self, keys: Iterable[str]) -> dict[str, models.Model]:
        """Return of ``keys`` those that may be chosen, each once, with what they stand for."""
        return {key: self.objects[key] for key in keys if key in self.objects}


def offer(model: type[models.Model], record: Filing, chosen: Iterable[models.Model]) -> Offer:
    """Return what ``record`` may choose of ``model``, in one query; what is ``chosen`` stays, marked."""
    chosen = [one for one in chosen if one is not None]
    if model is Region:
        return _offer(_regions(record, chosen), chosen, "已停用", lambda region: region.full_name)
    return _offer(_filings(model, record, chosen), chosen, GONE, _with_class)


class Later:
    """What ``record`` may choose of the filings of ``model``, read when it is shown; as an ``Offer``.

    What somebody chose is looked up by itself: to store a draft nobody reads the catalogue.
    """

    none = ""

    def __init__(self, model: type[Filing], record: Filing, chosen: Iterable[Filing]):
        self.model, self.record = model, record
        self._chosen = {str(other.pk): other for other in chosen}
        self._found: dict[str, Filing | None] = dict(self._chosen)

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        """The choices as the form shows them, what is chosen first in a long list."""
        labels = dict(_in_force(self.model, self.record.region_id[:4]))
        if self._chosen.keys() - labels.keys():  # it left its catalogue, or is in force out of reach
            return offer(self.model, self.record, self._chosen.values()).choices
        return _picked_first(labels, set(self._chosen))

    def named(self, keys: Iterable[str]) -> dict[str, Filing]:
        """Return of ``keys`` those that may be chosen, with what they stand for; a query at most."""
        keys = list(keys)
        if new := {key for key in keys if key not in self._found}:
            numbers = [key for key in new if key.isascii() and key.isdigit() and len(key) <= LARGEST_DIGITS]
            read = self._read(numbers) if numbers else {}
            self._found |= {key: read.get(key) for key in new}
        return {key: found for key in keys if (found := self._found[key]) is not None}

    def _read(self, numbers: list[str]) -> dict[str, Filing]:
        offered = _reached(self.model, self.record.region_id[:4]).filter(pk__in=numbers)
        return {str(other.pk): other for other in offered.select_related("entry")}


def choosable(model: type[models.Model], record: Filing, chosen: Iterable[models.Model]) -> Offer | Later:
    """Return what ``record`` may choose of ``model``; a catalogue is read when it is shown."""
    return (Later if issubclass(model, Filing) else offer)(model, record, chosen)


class WhenShown(BaseChoiceIterator):
    """The choices of a form field, read when they are shown; of a thousand none is looked at twice."""

    def __init__(self, before: Iterable[tuple[str, str]], offered: Later):
        self.before, self.offered = before, offered

    def __iter__(self):
        return chain(self.before, self.offered.choices)


def _in_force(model: type[Filing], city: str) -> list[tuple[str, str]]:
    """Return key and words of what bureaus of ``city`` may choose, kept while the public content stands."""
    token = kept.token()
    where = (model, city, timezone.localdate(), connection.settings_dict["NAME"], token)
    if token and (known := _kept.get(where)) is not None:
        return known
    column = _class_field(model)
    names = ["pk", "title", "entry__code", *([column.name] if column else [])]
    read = _reached(model, city).values_list(*names)
    ordered = sorted(read, key=lambda row: (_place(model, *row[3:]), row[2]))
    found = [(str(pk), _labelled(model, title or NAMELESS, *klass)) for pk, title, _, *klass in ordered]
    if token:  # without one nothing would tell that it changed
        while len(_kept) >= MOST_KEPT:
            _kept.pop(next(iter(_kept), None), None)
        _kept[where] = found
    return found


def offer_places(record: Filing, chosen: Iterable[models.Model]) -> Offer:
    """Return the counties of the bureau's city by their own names; no choice is the bureau's own place.

    That is 市直 for a city (鲁人社字〔2021〕32号 附件2注1), the county itself for a county.
    """
    own, region = str(record.region_id), record.region
    offered = offer(Region, record, chosen)
    choices = [(key, label.removeprefix(region.name)) for key, label in offered.choices if key != own]
    is_city = region.level == Level.CITY
    objects = {key: other for key, other in offered.objects.items() if key != own}
    return Offer(
        choices, objects if is_city else {**objects, "": region}, CITY_ITSELF if is_city else region.name
    )


def _offer(open_ones: list[models.Model], chosen: list[models.Model], gone: str, words) -> Offer:
    objects = {str(other.pk): other for other in open_ones}
    labels = {key: words(other) for key, other in objects.items()}
    for other in chosen:
        labels.setdefault(str(other.pk), f"{other}（{gone}）")
        objects.setdefault(str(other.pk), other)
    return Offer(choices=_picked_first(labels, {str(other.pk) for other in chosen}), objects=objects)


def _picked_first(labels: dict[str, str], picked: set[str]) -> list[tuple[str, str]]:
    if len(labels) <= LONG or not picked:
        return list(labels.items())
    return sorted(labels.items(), key=lambda choice: choice[0] not in picked)


def _regions(record: Filing, chosen: list[models.Model]) -> list[models.Model]:
    reach = within("code", record.region_id) | Q(pk__in=[region.pk for region in chosen])
    return list(Region.objects.current().filter(reach).select_related("parent").order_by("code"))


def _filings(model: type[Filing], record: Filing, chosen: list[models.Model]) -> list[models.Model]:
    in_force = _reached(model, record.region_id[:4], [other.pk for other in chosen]).select_related("entry")
    column = _class_field(model)
    classes = [column.name] if column else []
    places = {other: _place(model, *(getattr(other, name) for name in classes)) for other in in_force}
    return sorted(places, key=lambda other: (places[other], other.entry.code))


def _reached(model: type[Filing], city: str, chosen: Iterable[int] = ()) -> models.QuerySet:
    """Return what is in force of ``model`` within reach of ``city``, with what is ``chosen``."""
    in_reach = model.objects.filter(within_reach(model.record_type, city))
    return model.objects.in_force().filter(Q(pk__in=in_reach.values("pk")) | Q(pk__in=chosen))


def within_reach(record_type: RecordType, city: str) -> Q:
    """Return the condition for what bureaus of ``city`` may refer to.

    A type whose rows name regions is offered where its rows say (考核机构不得跨区域考核), a levelled one in
    its own city and, when it is provincial, everywhere; all others everywhere.
    """
    if places := _placed_rows(record_type):
        return _rows_reach(record_type, places, city)
    if record_type.levelled:
        province_wide = Q(region_id=city[:2]) | Q(entry__level=BrandLevel.PROVINCIAL)
        return within("region_id", city) | province_wide
    return Q()


def _placed_rows(record_type: RecordType) -> dict[str, str]:
    return {
        rows: field
        for rows, fields in record_type.rows.items()
        for field in fields
        if record_type.row_model(rows)._meta.get_field(field).related_model is Region
    }


def _rows_reach(record_type: RecordType, places: dict[str, str], city: str) -> Q:
    condition = Q()
    for rows, field in places.items():
        owner = record_type.field(rows).field.name
        here = within(f"{field}_id", city) | Q(**{f"{field}_id": city[:2]})
        condition |= Q(pk__in=record_type.row_model(rows).objects.filter(here).values(owner))
    return condition


@cache
def _class_field(model: type[Filing]) -> models.Field | None:
    facets = (model._meta.get_field(name) for name in model.record_type.facets)
    return next((column for column in facets if column.choices), None)


@cache
def _classes(model: type[Filing]) -> dict[str, tuple[int, str]]:
    """Return code → place and word of the field by which a catalogue is parted."""
    column = _class_field(model)
    return {
        code: (place, str(word)) for place, (code, word) in enumerate(column.flatchoices if column else [])
    }


def _place(model: type[Filing], klass: str | None = None) -> int:
    classes = _classes(model)
    return classes[klass][0] if klass in classes else len(classes)


def _labelled(model: type[Filing], name: str, *klass: str | None) -> str:
    """Return how a filing is called in a list to choose from; ``klass`` is its class where there are any."""
    if not klass:
        return name
    known = _classes(model).get(klass[0])
    return f"{name} · {known[1] if known else klass[0]}"


def _with_class(other: Filing) -> str:
    column = _class_field(type(other))
    return _labelled(type(other), str(other), *([getattr(other, column.name)] if column else []))
