"""The numbers of a report by column and city, each with the filings it is made of (数据反查)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from portal import rollups, targets
from portal.models import Filing
from portal.reports import Asked, Behind, Number, Unknown

COLUMN, CITY = "column", "city"


def cities(asked: Asked, used: Iterable[str]) -> dict[str, str]:
    """Return code → name of the cities that are asked for, by code: those of the day and those ``used``."""
    found = {region.code for region in rollups.cities_at(asked.cutoff, asked.region)}
    names = rollups.city_names(asked.cutoff)
    return {code: names[code] for code in sorted(found | set(used))}


def years(found: Iterable[int | None], asked: Asked) -> dict[str, str]:
    """Return the choices of a filter by year: the years there are, the usual one first, then all."""
    usual = targets.newest_first(found, asked.day.year)
    return {**{str(year): f"{year}年" for year in usual}, "": "全部年度"}


def campaigns(asked: Asked, kind: str) -> dict[str, str]:
    """Return the choices of a filter by campaign."""
    return {"": "不限", **rollups.campaigns_at(asked.cutoff, kind)}


@dataclass
class Sums:
    """The numbers of a report by column and city.

    ``columns``: column → (its words, the heading of what a filing adds; empty: each counts once).
    ``cities``: code → name of those that can be asked for. ``values``: (column, city) → number.
    """

    columns: Mapping[str, tuple[str, str]]
    cities: Mapping[str, str]
    values: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def value(self, column: str, city: str) -> int:
        """Return the number of a column in a city."""
        return self.values.get((column, city), 0)

    def number(self, column: str, city: str = "") -> Number:
        """Return the number of a city, or of all of them, with its address."""
        value = sum(self.value(column, code) for code in ([city] if city else self.cities))
        cell = {COLUMN: column, **({CITY: city} if city else {})}
        return Number.of(value, cell)

    def numbers(self, columns: Iterable[str], city: str = "") -> tuple[Number, ...]:
        """Return the numbers of several columns."""
        return tuple(self.number(column, city) for column in columns)

    def place(self, cell: Mapping[str, str]) -> tuple[str, str]:
        """Return column and city of the number at ``cell``; raise ``Unknown`` for a cell there is not."""
        column, city = cell.get(COLUMN, ""), cell.get(CITY, "")
        if column not in self.columns or (city and city not in self.cities) or set(cell) - {COLUMN, CITY}:
            raise Unknown(str(dict(cell))[:80])
        return column, city

    def words(self, column: str, city: str) -> tuple[str, str]:
        """Return what a number counts, in words, and the heading of what each filing adds."""
        words, amount = self.columns[column]
        return f"{self.cities[city]} {words}" if city else words, amount


@dataclass
class Ledger(Sums):
    """What filings add to each column, by city: a number and the list behind it come from the same."""

    parts: dict[tuple[str, str], dict[int, int]] = field(default_factory=dict)

    def add(self, column: str, city: str, filing: int, amount: int = 1) -> None:
        """Let ``filing`` add ``amount`` to a column of a city; nothing is no part of it."""
        if amount:
            part = self.parts.setdefault((column, city), {})
            part[filing] = part.get(filing, 0) + amount

    def once(self, column: str, city: str, filing: int) -> None:
        """Let ``filing`` count one in a column of a city, however often it is named."""
        self.parts.setdefault((column, city), {})[filing] = 1

    def value(self, column: str, city: str) -> int:
        """Return the number of a column in a city."""
        return sum(self.parts.get((column, city), {}).values())

    def behind(self, cell: Mapping[str, str]) -> Behind:
        """Return what the number at ``cell`` counts; raise ``Unknown`` for a cell there is not."""
        column, city = self.place(cell)
        amounts: dict[int, int] = {}
        for code in [city] if city else self.cities:
            for filing, added in self.parts.get((column, code), {}).items():
                amounts[filing] = amounts.get(filing, 0) + added
        title, amount = self.words(column, city)
        return Behind(title, Filing.objects.filter(pk__in=amounts), amounts if amount else {}, amount)
