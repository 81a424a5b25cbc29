"""Reports in tests: asked, written as plain rows, held against what is behind their numbers."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import reports
from portal.models import Filing, FilingVersion
from portal.reports import Asked, Content, Number
from portal.windows import moment


def asked(slug: str, at: datetime | None = None, region: str = "37", **filters: str) -> Asked:
    """Return a question of now, or of an instant, with the usual filters but those given."""
    return reports.ask(slug, at or timezone.now(), region, filters)


def tables(question: Asked) -> dict[str, list[tuple]]:
    """Return table → its lines as plain values."""
    return {table.name: list(map(plain, table.lines())) for table in reports.content(question).tables}


def plain(line) -> tuple:
    """Return the cells of a line, numbers without their address."""
    return tuple(cell.value if isinstance(cell, Number) else cell for cell in line.cells)


def numbers(content: Content) -> Iterator[Number]:
    """Yield every number of a report that opens a list."""
    for table in content.tables:
        for line in table.lines():
            yield from (cell for cell in line.cells if isinstance(cell, Number))


def unequal(question: Asked) -> list[tuple[Number, int]]:
    """Return the numbers that are not what is behind them, with what that is; a nought opens nothing."""
    found = [(number, counted(question, number)) for number in numbers(reports.content(question))]
    return [(number, total) for number, total in found if number.value != total]


def counted(question: Asked, number: Number) -> int:
    """Return how many filings are behind a number, or the sum of what they add."""
    if not number.cell:
        return 0
    behind = reports.behind(question, number.address)
    keys = list(behind.filings.values_list("pk", flat=True))
    return sum(behind.amounts[key] for key in keys) if behind.amount else len(keys)


def whole(question: Asked) -> list:
    """Return all there is to a report: title, filters, tables with headings, notes, lines and addresses."""
    found = reports.content(question)
    drawn = [(table.name, table.columns, table.notes, list(table.lines())) for table in found.tables]
    return [found.title, reports.in_words(question), drawn]


def queries(question: Asked) -> int:
    """Return how many queries a whole report takes."""
    with CaptureQueriesContext(connection) as found:
        whole(question)
    return len(found)


def sent(filing: Filing, number: int = 1) -> str:
    """Return when a version was submitted, as a report writes it."""
    return moment(FilingVersion.objects.get(filing=filing.pk, number=number).submitted_at)
