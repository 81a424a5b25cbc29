"""What a number of a report counts (数据反查): the filings as they stood at the cut-off, and what each adds.

Pure reads in the scope of who looks; a page of the list costs the same number of queries at any size.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from portal import inbox, registry, report_pages, reports, rollups, spreadsheet, windows
from portal.models import CatalogueEntry, Filing, FilingVersion, User
from portal.report_pages import OutOfReach, Wish
from portal.reports import Behind
from portal.spreadsheet import Page, Styled

USUAL, AMOUNT = "region", "amount"
ORDERS = {USUAL: ("region_id",), "submitted": ("submitted_then",), AMOUNT: ("region_id",)}
WORDS = {USUAL: "地区", "submitted": "提交时间"}
PLACES = ("city", "county", "region")
SHEET = {"名称": 40, "类型": 24, "地区": 24, "填报单位": 34, "当时状态": 14, "目录编号": 18, "提交时间": 18}
CHUNK = 500


@dataclass(frozen=True)
class Counted(inbox.LinkedWish):
    """The address of a number with the order of the list behind it."""

    number: QueryDict
    sort: str = USUAL

    @property
    def params(self) -> QueryDict:
        """The number, and the order unless it is the usual one."""
        params = self.number.copy()
        if self.sort != USUAL:
            params["sort"] = self.sort
        return params


class Source:
    """The filings behind one number as one person may see them; raises ``OutOfReach`` for a cell not his."""

    def __init__(self, wish: Wish, cell: str, user: User):
        if wish.fault or not _is_inside(cell, wish.asked.region):
            raise OutOfReach("cell")
        try:
            self.behind: Behind = reports.behind(wish.asked, cell)
        except reports.Unknown as unknown:
            raise OutOfReach(str(unknown)) from None
        self.asked, self.cell = wish.asked, cell
        counted = self.behind.filings.order_by().values("pk")
        submitted = rollups.submitted_at(wish.asked.cutoff, wish.asked.region)
        self.filings: QuerySet = submitted.filter(pk__in=counted).visible_to(user)

    @property
    def heading(self) -> str:
        """What each filing adds, empty when each counts once."""
        return self.behind.amount

    def order(self, sort: str) -> str:
        """Return the order asked for, the usual one for one there is not."""
        name = sort.removeprefix("-")
        return sort if name in ORDERS and (name != AMOUNT or self.heading) else USUAL

    def counted(self, sort: str) -> Counted:
        """Return the address of this list in an order."""
        number = report_pages.address(self.asked)
        number["cell"] = self.cell
        return Counted(number, self.order(sort))

    def ordered(self, sort: str) -> list[int]:
        """Return the keys of all filings in an order; equal ones by region and time of submission."""
        name, down = sort.removeprefix("-"), sort.startswith("-")
        order = [f"-{column}" if down else column for column in ORDERS[name]]
        found = list(
            self.filings.order_by(*order, "region_id", "first_submitted", "pk").values_list("pk", flat=True)
        )
        if name == AMOUNT:
            found.sort(key=lambda pk: self.behind.amounts.get(pk, 0), reverse=down)
        return found

    def sum(self, keys: Iterable[int]) -> int:
        """Return what filings add to the number."""
        return sum(self.behind.amounts.get(pk, 0) if self.heading else 1 for pk in keys)

    def lines(self, keys: Sequence[int]) -> list[dict]:
        """Return these filings as they stood at the cut-off, in the order given; three queries."""
        loaded = self.filings.filter(pk__in=keys).select_related("region__parent", "organisation")
        found = {filing.pk: filing for filing in loaded}
        titles, codes = _titles(found.values()), self._codes(keys)
        return [self._line(found[pk], titles.get(pk, ""), codes.get(pk, "")) for pk in keys if pk in found]

    def _line(self, filing: Filing, title: str, code: str) -> dict:
        kind = registry.get(filing.kind)
        return {
            "title": title or str(filing),
            "url": reverse("filing", args=[filing.pk]),
            "kind": kind.label,
            "place": filing.region.full_name,
            "bureau": filing.organisation.name,
            "state": filing.state_then,
            "word": inbox.word(filing.state_then, kind),
            "code": code,
            "submitted": filing.submitted_then,
            "amount": self.behind.amounts.get(filing.pk, 0) if self.heading else None,
        }

    def _codes(self, keys: Sequence[int]) -> dict[int, str]:
        """Return filing → code of those that were in force at the cut-off as the register then said."""
        entries = CatalogueEntry.objects.filter(filing__in=keys)
        held = entries.in_force(self.asked.day, known=self.asked.cutoff)
        return dict(held.values_list("filing_id", "code"))


def _titles(filings: Iterable[Filing]) -> dict[int, str]:
    """Return the titles as they were submitted by the cut-off; what was typed since is nobody's to read."""
    numbers = {filing.pk: filing.version_then for filing in filings}
    sent = FilingVersion.objects.filter(filing__in=numbers, number__in=set(numbers.values()))
    found = sent.values_list("filing_id", "number", "snapshot__title")
    return {pk: title for pk, number, title in found if numbers[pk] == number}


def _is_inside(cell: str, region: str) -> bool:
    """Say whether the places an address names lie in the region of the report, or around it."""
    places = [value for name, value in QueryDict(cell).items() if name in PLACES and value]
    return all(place.startswith(region) or region.startswith(place) for place in places)


def headings(source: Source, counted: Counted) -> dict[str, dict]:
    """Return the headings that sort the list, by column."""
    words = WORDS | ({AMOUNT: source.heading} if source.heading else {})
    return dict(zip(words, counted.headings(words), strict=True))


def workbook_of(source: Source, keys: Sequence[int]) -> bytes:
    """Return the list as a workbook, with what it was counted for above it and the sum below."""
    widths = SHEET | ({source.heading: 16} if source.heading else {})
    facts = [("数据", source.behind.title), *report_pages.summary(source.asked)]
    above = [Styled("context", fact) for fact in facts]
    page = Page("数据反查", spreadsheet.columns(widths), _sheet_lines(source, keys, len(widths)), above)
    return spreadsheet.whole(f"{source.behind.title}数据反查", [page])


def _sheet_lines(source: Source, keys: Sequence[int], width: int) -> Iterator[Sequence | Styled]:
    for start in range(0, len(keys), CHUNK):
        yield from map(_cells, source.lines(keys[start : start + CHUNK]))
    yield Styled("context", ["合计", *[None] * (width - 2), source.sum(keys)])


def _cells(line: dict) -> list:
    names = ("title", "kind", "place", "bureau", "word", "code")
    submitted = windows.moment(line["submitted"])
    amount = [] if line["amount"] is None else [line["amount"]]
    return [*(line[name] for name in names), submitted, *amount]
