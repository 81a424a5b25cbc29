"""What follows from public content alone is worked out once, and anew as soon as that content changes."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import kept, progress
from portal.models import CatalogueEntry, PolicyTarget
from portal.vocabulary import BrandLevel
from tests.factories import entry
from tests.public import leave

pytestmark = pytest.mark.django_db(transaction=True)
SLUG = "provincial-skill-brands"


def brand(name: str, **facts) -> CatalogueEntry:
    return entry("skill-brands", name=f"{name}（演示）", level=BrandLevel.PROVINCIAL, **facts)


def number() -> int:
    return progress.progress(SLUG, timezone.localdate()).number


def queries_of(asking) -> int:
    with CaptureQueriesContext(connection) as queries:
        asking()
    return len(queries)


def test_a_publication_and_an_exit_are_counted_at_once():
    found = [number()]
    one = brand("潍坊甲品牌")
    found.append(number())
    brand("济南乙品牌", place="3701")
    found.append(number())

    leave(one)

    assert [*found, number()] == [0, 1, 2, 1]


def test_a_number_that_was_changed_counts_at_once():
    brand("潍坊甲品牌")
    before = progress.progress(SLUG, timezone.localdate()).of
    PolicyTarget.objects.filter(pk=SLUG).update(number=3)

    assert (before, progress.progress(SLUG, timezone.localdate()).of) == (10, 3)


def test_who_asks_again_costs_the_token_alone():
    brand("潍坊甲品牌")
    number()

    with kept.one_reading():
        assert queries_of(number) == 0


def test_nothing_is_kept_inside_a_transaction():
    with transaction.atomic():
        before = number()
        brand("潍坊甲品牌")

        assert (before, number()) == (0, 1)


def test_what_was_undone_leaves_no_number_behind():
    try:
        with transaction.atomic():
            brand("潍坊甲品牌")
            assert number() == 1
            raise InterruptedError
    except InterruptedError:
        pass

    assert number() == 0


def test_the_list_behind_a_kept_number_is_read_each_time():
    brand("潍坊甲品牌")
    first = progress.progress(SLUG, timezone.localdate()).count.behind
    assert [one.title for one in first] == ["潍坊甲品牌（演示）"]

    again = progress.progress(SLUG, timezone.localdate()).count.behind

    assert queries_of(lambda: list(again)) == 1
