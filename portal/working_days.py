"""Working days by the Chinese calendar, adjusted workdays included. Pure reads.

Three sources, the first that knows a day counts: the rows of ``Workday`` (国务院办公厅's yearly notice as the
province entered it), the library ``chinesecalendar`` for the years it has, and Monday to Friday in a year of
which the table holds at least one row. A year of neither is unknown: nothing is guessed.
"""

from datetime import date, timedelta

import chinese_calendar

from portal.models import Workday

DAY = timedelta(days=1)
FAR = 400  # working days; further ahead no notice reaches
UNKNOWN = "{year}年的放假安排还没有录入，请先在“工作日调整”中录入国务院办公厅的通知，或直接填写结束日期。"
WEEKEND = (5, 6)


class UnknownYear(Exception):
    """Neither the library nor the table knows the holidays of ``year``; the text says what to do."""

    def __init__(self, year: int):
        self.year = year
        super().__init__(UNKNOWN.format(year=year))


class _Calendar:
    """What is known of the days from one day to another; one query."""

    def __init__(self, first: date, last: date):
        rows = Workday.objects.filter(day__gte=date(first.year, 1, 1), day__lte=date(last.year, 12, 31))
        self.rows = dict(rows.values_list("day", "is_worked"))
        self.entered = {day.year for day in self.rows}

    def is_worked(self, day: date) -> bool:
        if day in self.rows:
            return self.rows[day]
        try:
            return chinese_calendar.is_workday(day)
        except NotImplementedError:
            if day.year not in self.entered:
                raise UnknownYear(day.year) from None
        return day.weekday() not in WEEKEND


def is_worked(day: date) -> bool:
    """Say whether ``day`` is worked. Raises ``UnknownYear``."""
    return _Calendar(day, day).is_worked(day)


def ends_after(start: date, working_days: int) -> date:
    """Return the day on which ``working_days`` are over, ``start`` included when it is one.

    Both dated examples of practice count the day of publication (江苏 2024-01-31 to 2024-02-05 are 5). Raises
    ``UnknownYear`` when the count reaches into a year of which nothing is known, ``ValueError`` under 1.
    """
    if not 1 <= working_days <= FAR:
        raise ValueError(working_days)
    calendar, day = _Calendar(start, start + 3 * FAR * DAY), start
    left = working_days - calendar.is_worked(day)
    while left:
        day += DAY
        left -= calendar.is_worked(day)
    return day


def count(start: date, end: date) -> int:
    """Return how many working days lie from ``start`` to ``end``, both included. Raises ``UnknownYear``."""
    calendar = _Calendar(start, end)
    return sum(calendar.is_worked(start + n * DAY) for n in range((end - start).days + 1))
