"""Working days: adjusted workdays, the table before the library, years of which nothing is known."""

from datetime import date, timedelta

import pytest

from portal import working_days
from portal.models import Workday

pytestmark = pytest.mark.django_db

SOURCE = "国务院办公厅通知（演示）"


def enter(*days: str, is_worked: bool = False) -> None:
    for day in days:
        Workday.objects.create(day=date.fromisoformat(day), is_worked=is_worked, source=SOURCE)


def test_the_last_of_january_to_the_fifth_of_february_2024_are_five_with_an_adjusted_sunday():
    start, end = date(2024, 1, 31), date(2024, 2, 5)

    assert working_days.count(start, end) == 5
    assert working_days.ends_after(start, 5) == end
    assert working_days.is_worked(date(2024, 2, 4)) is True


def test_national_day_2025_is_passed_over_and_its_adjusted_days_count():
    # Holiday from 1 to 8 October; Sunday 28 September and Saturday 11 October are worked.
    start = date(2025, 9, 28)

    assert [working_days.ends_after(start, n) for n in (3, 4, 5, 6)] == [
        date(2025, 9, 30),
        date(2025, 10, 9),
        date(2025, 10, 10),
        date(2025, 10, 11),
    ]
    assert working_days.count(date(2025, 10, 1), date(2025, 10, 8)) == 0


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2025, 9, 22), 1, date(2025, 9, 22)),
        (date(2025, 9, 20), 1, date(2025, 9, 22)),  # a Saturday is no first day
        (date(2025, 9, 20), 5, date(2025, 9, 26)),
    ],
)
def test_the_first_day_counts_exactly_when_it_is_worked(start, days, end):
    assert working_days.ends_after(start, days) == end


def test_a_count_goes_on_over_the_end_of_a_year():
    # 2025-01-01 is a holiday; 30 and 31 December, 2, 3 and 6 January are worked.
    assert working_days.ends_after(date(2024, 12, 30), 5) == date(2025, 1, 6)
    assert working_days.count(date(2024, 12, 30), date(2025, 1, 6)) == 5


def test_a_year_of_which_nothing_is_known_is_refused_with_what_to_do():
    with pytest.raises(working_days.UnknownYear) as unknown:
        working_days.ends_after(date(2099, 3, 2), 5)

    assert str(unknown.value) == (
        "2099年的放假安排还没有录入，请先在“工作日调整”中录入国务院办公厅的通知，或直接填写结束日期。"
    )


def test_a_count_that_reaches_into_an_unknown_year_names_that_year():
    enter("2098-01-01")

    with pytest.raises(working_days.UnknownYear) as unknown:
        working_days.ends_after(date(2098, 12, 30), 5)

    assert unknown.value.year == 2099
    assert working_days.ends_after(date(2098, 12, 24), 5) == date(2098, 12, 30)


def test_one_row_makes_a_year_known_and_the_rest_of_it_is_monday_to_friday():
    enter("2099-05-01")

    assert working_days.count(date(2099, 4, 27), date(2099, 5, 3)) == 4
    assert working_days.ends_after(date(2099, 4, 27), 5) == date(2099, 5, 4)


def test_a_row_of_the_table_overrides_the_library_and_the_week():
    enter("2024-02-04", "2024-02-02")
    enter("2024-02-03", is_worked=True)
    enter("2099-05-01")
    enter("2099-05-02", is_worked=True)

    assert working_days.count(date(2024, 1, 31), date(2024, 2, 5)) == 4
    assert working_days.count(date(2099, 4, 27), date(2099, 5, 3)) == 5


def test_an_end_is_always_the_first_day_with_so_many_working_days():
    for offset in range(0, 400, 7):
        start = date(2023, 12, 1) + timedelta(days=offset)
        end = working_days.ends_after(start, 5)

        assert (working_days.count(start, end), working_days.count(start, end - timedelta(days=1))) == (5, 4)


def test_no_number_of_days_below_one_or_out_of_all_reach_is_counted():
    for number in (0, -1, working_days.FAR + 1):
        with pytest.raises(ValueError, match=str(number)):
            working_days.ends_after(date(2024, 1, 31), number)
