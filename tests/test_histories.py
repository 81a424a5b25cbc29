"""Random histories: publish, amend, rename, exit, reinstate, merge, promote, each against a model."""

from collections import Counter

import pytest
from django.db import transaction

from portal import verify
from portal.differences import level_on
from portal.models import CatalogueEntry, Succession
from tests.histories import DAYS, VERBS, Lived, Model, approved_filings, drawn
from tests.sizes import size

HISTORIES = size(160, 1000)


@pytest.fixture(scope="module")
def lived(django_db_setup, django_db_blocker):
    """Live all histories once for the module and undo them at its end; give (history, model) pairs."""
    with django_db_blocker.unblock(), transaction.atomic():
        histories = [drawn(number) for number in range(HISTORIES)]
        filings = approved_filings(histories)
        yield [(Lived(acts, filings), Model()) for acts in histories]
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def told(lived):
    """The same histories as the model tells them: (what it takes, what it finishes), once for the module."""
    return [([model.act(act) for act in one.acts], list(model.finish())) for one, model in lived]


@pytest.fixture(autouse=True)
def database(db):
    """Every test here reads what the module lived."""


def test_every_act_is_taken_or_refused_as_the_model_says(lived, told):
    wrong = [
        (one.acts, one.taken, one.finished, expected)
        for (one, _), expected in zip(lived, told, strict=True)
        if (one.taken, one.finished) != expected
    ]

    assert wrong[:1] == []


def test_the_histories_are_worth_the_name(lived):
    taken = Counter((act.verb, was) for one, _ in lived for act, was in zip(one.acts, one.taken, strict=True))

    assert [verb for verb in VERBS if min(taken[verb, True], taken[verb, False]) < HISTORIES // 40] == []
    assert taken["publish", False] == 0
    assert len({was for one, _ in lived for was in one.finished}) == 2


def test_the_catalogue_as_of_each_date_is_right(lived, told):
    places = {code: (number, n) for number, (one, _) in enumerate(lived) for n, code in one.codes.items()}
    every = CatalogueEntry.objects.filter(code__in=places).prefetch_related("promotions")

    for day in DAYS:
        shown = [(*places[entry.code], entry.title, level_on(entry, day)) for entry in every.in_force(day)]
        expected = {(number, *found) for number, (_, model) in enumerate(lived) for found in model.on(day)}
        assert (day, len(shown), set(shown) ^ expected) == (day, len(expected), set())


def test_no_day_has_two_entries_of_one_lineage(lived, told):
    for day in DAYS:
        codes = Counter(CatalogueEntry.objects.in_force(day).values_list("code", flat=True))

        assert [code for code, number in codes.items() if number > 1] == []


def test_what_was_renamed_or_merged_leads_on(lived, told):
    held = Succession.objects.values_list("old__title", "new__title", "kind")

    expected = Counter(one for _, model in lived for one in model.successions)

    assert Counter(held) - expected == expected - Counter(held) == Counter()


def test_no_entry_is_without_its_filing_and_the_nightly_check_is_silent(lived, told):
    assert CatalogueEntry.objects.filter(filing=None).count() == 0
    assert list(verify.faults()) == []
