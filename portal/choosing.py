"""Which entries a periodic review takes up: all, by a rule, or a sample that anybody can draw again.

Pure reads.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from portal import registry, scope
from portal.models import CatalogueEntry, CreditRecord, Filing, Region, ReviewFigure

EVERYTHING = "全部现行条目"


@dataclass(frozen=True)
class Choice:
    """How the entries are chosen; what is left empty does not narrow, ``percent`` 100 draws no sample.

    ``before``    published before this day     ``below``     below the figures asked for in the year before
    ``city``      region code of one city       ``credited``  with a credit record that was not lifted
    ``percent``   of what the rest leaves, drawn by ``seed``
    """

    before: date | None = None
    city: str = ""
    below: bool = False
    credited: bool = False
    percent: int = 100
    seed: str = ""

    def words(self) -> str:
        """Return the rule as the round keeps and prints it."""
        city = Region.objects.filter(code=self.city).first() if self.city else None
        parts = [
            f"{self.before} 以前公布" if self.before else "",
            str(city or ""),
            "上年度数据未达标" if self.below else "",
            "有信用记录" if self.credited else "",
        ]
        rule = "，".join(part for part in parts if part) or EVERYTHING
        return f"{rule}，抽取 {self.percent}%" if self.percent < 100 else rule


def chosen(kind: str, region_code: str, choice: Choice, year: int) -> list[CatalogueEntry]:
    """Return the entries in force of a kind within a region that ``choice`` takes up, by code.

    A fixed number of queries; the year before ``year`` is what “below” looks at.
    """
    found = CatalogueEntry.objects.in_force().filter(scope.within("region_id", region_code), kind=kind)
    if choice.city:
        found = found.filter(scope.within("region_id", choice.city))
    if choice.before:
        found = found.filter(valid_from__lt=choice.before)
    if choice.credited:
        credited = CreditRecord.objects.filter(lifted_at=None)
        found = found.filter(code__in=credited.values("code"))
    entries = list(found.select_related("filing__organisation").order_by("code"))
    if choice.below:
        entries = _below(kind, entries, year - 1)
    return drawn(entries, choice.percent, choice.seed)


def drawn(entries: Sequence[CatalogueEntry], percent: int, seed: str) -> list[CatalogueEntry]:
    """Return ``percent`` of the entries, rounded up, by code.

    Each code is given the SHA-256 of “seed:code”; the smallest are drawn. The same seed over the same codes
    draws the same entries on any machine and in any language.
    """
    if percent >= 100:
        return list(entries)
    number = math.ceil(len(entries) * percent / 100)
    first = sorted(entries, key=lambda e: hashlib.sha256(f"{seed}:{e.code}".encode()).hexdigest())[:number]
    return sorted(first, key=lambda e: e.code)


def _below(kind: str, entries: Iterable[CatalogueEntry], year: int) -> list[CatalogueEntry]:
    entries = list(entries)
    records = records_of(kind, [entry.filing_id for entry in entries])
    reported = reported_in(year, [entry.code for entry in entries])
    return [
        entry
        for entry in entries
        if (figures := reported.get(entry.code) or records[entry.filing_id].figures_of(year))
        and any(records[entry.filing_id].figure_problems(figures))
    ]


def records_of(kind: str, filings: Iterable[int]) -> dict[int, Filing]:
    """Return filing number → the filing with the fields and rows of its type."""
    record_type = registry.get(kind)
    return record_type.model.objects.prefetch_related(*record_type.rows).in_bulk(list(filings))


def reported_in(year: int, codes: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return code → the figures reported to the latest review of a year; one query."""
    rows = ReviewFigure.objects.filter(item__review__year=year, item__entry__code__in=list(codes))
    found: dict[str, dict[str, int]] = {}
    for code, name, value in rows.order_by("item_id").values_list("item__entry__code", "name", "value"):
        found.setdefault(code, {})[name] = value
    return found
