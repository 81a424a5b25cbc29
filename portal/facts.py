"""Public facts beside the registries: the reference lists under a visitor's wish, and lists of sourced names.

Pure reads; a list says where each row comes from, and no list says more than its source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode

from django.db import models
from django.db.models import Count, Q, QuerySet

from portal import browse, reference, registry, text
from portal.models import CatalogueEntry, Region
from portal.registry import ReferenceList

REPORTED = "摘自公开报道，非完整目录。"


@dataclass(frozen=True)
class Asked:
    """What a visitor asked of a list: words, and one value for each facet."""

    q: str
    chosen: Mapping[str, str]

    def query(self, **changes: str) -> str:
        """Return the query string with some parts changed; ``q`` is one of them, the others are facets."""
        q = changes.pop("q", self.q)
        pairs = [("q", q), *{**self.chosen, **changes}.items()]
        return "?" + urlencode([(name, value) for name, value in pairs if value])

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the search form carries along beside the words being typed."""
        return [(name, value) for name, value in self.chosen.items() if value]


class FactListing:
    """The rows of one reference list under one wish, with counts that agree with it.

    Raises ``browse.Unknown`` for a choice that no row has.
    """

    def __init__(self, listed: ReferenceList, params: Mapping[str, str]):
        self.listed, self.model = listed, listed.model
        chosen = {name: params.get(name, "").replace("\0", "") for name in listed.facets}
        self.asked = Asked(browse.query_of(params), chosen)
        if any(value and value not in self._values(name) for name, value in chosen.items()):
            raise browse.Unknown(listed.slug)

    def rows(self, without: str = "") -> QuerySet:
        """Return the rows that fit all of the wish but the facet called ``without``."""
        found = self.model.objects.current()
        words = [text.key(word) for word in browse.search_words(self.asked.q)]
        parts = [Q(name_key__contains=word) for word in words]
        parts += [Q(**{n: v}) for n, v in self.asked.chosen.items() if v and n != without]
        return found.filter(*parts).select_related(*self._places()).order_by("code")

    def _places(self) -> list[str]:
        columns = [self._field(name) for name in self.listed.columns]
        return [f"{column.name}__parent" for column in columns if column.is_relation]

    def _field(self, name: str) -> models.Field:
        return self.model._meta.get_field(name)

    def facets(self) -> list[dict]:
        """Return each facet with its values, how many rows each would show, and its address."""
        return [
            {"label": str(self._field(name).verbose_name), "options": self._options(name)}
            for name in self.listed.facets
        ]

    def _options(self, name: str) -> list[dict]:
        found = self.rows(without=name).order_by().values_list(name)
        counts = dict(found.annotate(number=Count("pk")))
        words, now = self._words(name), self.asked.chosen[name]
        return [
            {
                "word": words.get(value, value),
                "count": counts.get(value, 0),
                "is_chosen": value == now,
                "query": self.asked.query(**{name: "" if value == now else value}),
            }
            for value in self._values(name)
            if value == now or value in counts
        ]

    def _values(self, name: str) -> list[str]:
        """Return the values of a column that the whole list holds, the empty one left out."""
        held = self.model.objects.current().order_by(name).values_list(name, flat=True).distinct()
        return [value for value in held if value]

    def _words(self, name: str) -> dict[str, str]:
        column = self._field(name)
        return dict(_region_names()) if column.is_relation else dict(column.flatchoices)

    def conditions(self) -> list[dict]:
        """Return what was asked for, each with the address that leaves it out."""
        found = [(f"关键词：{self.asked.q}", {"q": ""})] if self.asked.q else []
        for name, value in self.asked.hidden:
            word = self._words(name).get(value, value)
            found.append((f"{self._field(name).verbose_name}：{word}", {name: ""}))
        return [{"word": word, "query": self.asked.query(**left)} for word, left in found]

    def table(self, rows: Sequence[models.Model]) -> dict:
        """Return ``headings`` and, for each row, the row and its cells (label, words).

        A column in which none of the rows has anything is left out.
        """
        columns = [name for name in self.listed.columns if any(shown(row, name) for row in rows)]
        labels = {name: str(self._field(name).verbose_name) for name in columns}
        lines = [{"row": row, "cells": [(labels[n], shown(row, n)) for n in columns]} for row in rows]
        return {"headings": list(labels.values()), "rows": lines}


def shown(row: models.Model, name: str) -> str:
    """Return a field of a fact in words: a choice by its label, a region by its full name."""
    column = row._meta.get_field(name)
    value = getattr(row, name)
    if column.choices:
        return str(getattr(row, f"get_{name}_display")())
    return value.full_name if isinstance(value, Region) else str(value or "")


def _region_names() -> list[tuple[str, str]]:
    return list(Region.objects.values_list("code", "name"))


def found_in_lists(q: str) -> list[dict]:
    """Return the reference lists that hold the words of ``q`` in names, with their number; one query each."""
    lists = registry.reference_lists() if q else []
    counted = [{"listed": found, "count": FactListing(found, {"q": q}).rows().count()} for found in lists]
    return [found for found in counted if found["count"]]


@dataclass(frozen=True)
class SourcedNames:
    """Names of one catalogue that public reports gave; they stand in a fixture alone and are no entries.

    ``column`` is the field of choices the fixture gives for each; without one it gives the city.
    """

    slug: str
    file: str
    kind: str
    column: str = ""
    note: str = REPORTED

    @property
    def label(self) -> str:
        """What the list is called."""
        return f"见于公开报道的{registry.get(self.kind).label}"

    @property
    def number(self) -> int:
        """How many names there are."""
        return len(_read(self.file))

    @property
    def heading(self) -> str:
        """What is known of a name beside its source."""
        return str(registry.get(self.kind).field(self.column).verbose_name) if self.column else "地区"

    def rows(self) -> list[dict]:
        """Return each name with what is known of it, its sources and day, the code of an entry so named."""
        rows, codes, words = _read(self.file), self._codes(), self._words()
        return [
            {
                "name": row["name"],
                "about": words.get(row[self.column or "city"], ""),
                "sources": row["source_url"].split(" ; "),
                "day": row["source_date"],
                "code": codes.get(text.key(row["name"]), ""),
            }
            for row in rows
        ]

    def _words(self) -> dict[str, str]:
        return dict(
            registry.get(self.kind).field(self.column).flatchoices if self.column else _region_names()
        )

    def _codes(self) -> dict[str, str]:
        keys = [text.key(row["name"]) for row in _read(self.file)]
        found = CatalogueEntry.objects.in_force().filter(kind=self.kind, name_key__in=keys)
        return dict(found.order_by("-code").values_list("name_key", "code"))


@cache
def _read(file: str) -> list[dict[str, str]]:
    return reference.read(reference.FIXTURES / file)


SOURCED = {
    found.slug: found
    for found in (
        SourcedNames("exam-projects", "exam_projects_sourced.csv", "exam-projects", "catalogue_class"),
        SourcedNames("labour-brands", "labour_brands_sourced.csv", "labour-brands"),
    )
}
