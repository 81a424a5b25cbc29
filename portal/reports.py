"""What a roll-up report is: its kinds (R1–R8), what is asked of one, the tables it answers with.

A kind is declared beside the record types it counts (``@reported``). Its function takes what is asked and
returns tables whose lines may be read as often as needed; it is a pure read of ``rollups``, so the same
question gives the same answer at any later time and on either database. Lines are ordered by codes and times,
never by a key or a collation of the database.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import parse_qsl, urlencode

from django.db.models import QuerySet

from portal.rollups import day_of

TEXT, NUMBER, DAY, PERCENT = "text", "number", "day", "percent"
PLAIN, SUBTOTAL, TOTAL = "plain", "subtotal", "total"
PROVINCE_CODE = "37"


class Unknown(ValueError):
    """A kind, filter or cell is asked for that does not exist; the text names it."""


@dataclass(frozen=True)
class Asked:
    """What is asked: a kind, for a region and what lies below, at an instant, narrowed by ``filters``."""

    slug: str
    cutoff: datetime
    region: str = PROVINCE_CODE
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def day(self) -> date:
        """The day of the cut-off (Asia/Shanghai)."""
        return day_of(self.cutoff)

    @property
    def is_below_a_city(self) -> bool:
        """Whether it is for a county or zone, whose city's own filings lie outside."""
        return len(self.region) > len("3701")


@dataclass(frozen=True)
class Filter:
    """One narrowing of a kind: ``choices`` are value → words for what is asked, the usual one first.

    An empty value among them means all.
    """

    name: str
    label: str
    choices: Callable[[Asked], dict[str, str]]


@dataclass(frozen=True)
class Column:
    """A column: heading, what its cells hold, its width in 字, and the unit beside the heading."""

    heading: str
    holds: str = TEXT
    width: int = 10
    unit: str = ""

    @property
    def label(self) -> str:
        """The heading with its unit, 培训人数（人）."""
        return f"{self.heading}（{self.unit}）" if self.unit else self.heading


@dataclass(frozen=True)
class Number:
    """A number that opens the list of what it counts; ``cell`` is its address within the report.

    The address is plain text pairs, e.g. ``{"city": "3701", "column": "approved"}``.
    """

    value: int
    cell: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: int, cell: Mapping[str, str]) -> "Number":
        """Return a number with its address; 0 counts nothing and has none."""
        return cls(value, cell if value else {})

    @property
    def address(self) -> str:
        """The cell as part of a query string."""
        return urlencode(sorted(self.cell.items()))


Cell = str | int | float | date | Number | None


@dataclass(frozen=True)
class Line:
    """One line of a table; ``style`` sets 小计 and 合计 apart."""

    cells: tuple[Cell, ...]
    style: str = PLAIN


@dataclass(frozen=True)
class Table:
    """One table, a sheet of the workbook; ``lines`` gives its lines anew each time it is called.

    ``is_long``: a line per filing or row; a page shows the first and says how to see the rest. ``drawn``: the
    column whose numbers a page draws beside the table, a bar for each line; the first column names the lines.
    """

    name: str
    columns: tuple[Column, ...]
    lines: Callable[[], Iterable[Line]]
    notes: tuple[str, ...] = ()
    is_long: bool = False
    drawn: int | None = None


@dataclass(frozen=True)
class Content:
    """A whole report: its title and its tables; without lines a table says 暂无数据."""

    title: str
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Behind:
    """What one number counts (数据反查): the filings, and what each adds where that is not one.

    ``amount`` is the heading of what each adds, empty when each counts once; the sum of all is the number.
    """

    title: str
    filings: QuerySet
    amounts: Mapping[int, int] = field(default_factory=dict)
    amount: str = ""


@dataclass(frozen=True)
class ReportKind:
    """One of R1–R8: ``content`` makes its tables, ``behind`` lists what a cell counts."""

    slug: str
    code: str
    title: str
    basis: str
    content: Callable[[Asked], Content]
    behind: Callable[[Asked, Mapping[str, str]], Behind]
    filters: tuple[Filter, ...] = ()


kinds: dict[str, ReportKind] = {}


def reported(slug: str, *, code: str, title: str, basis: str, behind, filters: Sequence[Filter] = ()):
    """Register the decorated function as the content of the report ``slug``."""

    def register(content: Callable[[Asked], Content]) -> Callable[[Asked], Content]:
        kinds[slug] = ReportKind(slug, code, title, basis, content, behind, tuple(filters))
        return content

    return register


def all_kinds() -> list[ReportKind]:
    """Return every kind in the order R1, R2, …"""
    return sorted(kinds.values(), key=lambda kind: kind.code)


def get(slug: str) -> ReportKind:
    """Return a kind; raise ``Unknown``."""
    try:
        return kinds[slug]
    except KeyError:
        raise Unknown(slug) from None


def ask(slug: str, cutoff: datetime, region: str, params: Mapping[str, str]) -> Asked:
    """Return what is asked, every filter of the kind settled; raise ``Unknown`` for a value it has not."""
    kind = get(slug)
    asked = Asked(slug, cutoff, region, {})
    for narrowing in kind.filters:
        choices = narrowing.choices(asked)
        value = params.get(narrowing.name, next(iter(choices), ""))
        if value not in choices and (value or choices):
            raise Unknown(f"{narrowing.name}={value[:40]}")
        asked = Asked(slug, cutoff, region, {**asked.filters, narrowing.name: value})
    return asked


def content(asked: Asked) -> Content:
    """Return the report."""
    return get(asked.slug).content(asked)


def behind(asked: Asked, address: str) -> Behind:
    """Return what the cell at an ``address`` counts; raise ``Unknown`` for a cell there is not."""
    cell = dict(parse_qsl(address))
    if any("\0" in part for part in (*cell, *cell.values())):  # PostgreSQL takes no such text
        raise Unknown("cell")
    return get(asked.slug).behind(asked, cell)


def in_words(asked: Asked) -> list[tuple[str, str]]:
    """Return (label, words) of every filter that narrows what is asked."""
    found = []
    for narrowing in get(asked.slug).filters:
        value = asked.filters.get(narrowing.name, "")
        if words := narrowing.choices(asked).get(value, ""):
            found.append((narrowing.label, words))
    return found
