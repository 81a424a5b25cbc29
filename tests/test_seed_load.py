"""A synthetic population is whole, and ``manage.py seed_load`` keeps it from real data."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Max

from portal import counting, population, registry, search_texts, text, verify
from portal.models import CatalogueEntry, Event, Filing
from portal.population import words
from portal.vocabulary import State
from tests.factories import draft


def seeded(rows: int) -> list[str]:
    """Run the command and return its lines."""
    said = StringIO()
    call_command("seed_load", rows=rows, stdout=said)
    return said.getvalue().splitlines()


@pytest.mark.django_db
def test_a_population_is_as_the_portal_would_have_written_it():
    population.fill_entries(30)
    population.fill_filings(60, open_count=20)

    states = Filing.objects.values_list("state", flat=True)
    assert (CatalogueEntry.objects.count() >= 30, Filing.objects.count()) == (True, 60)
    assert sum(state in (State.DRAFT, State.CITY_REVIEW, State.RETURNED) for state in states) >= 10
    for entry in CatalogueEntry.objects.all():
        assert search_texts.search_text(entry.filing.record) == entry.search_text
    assert [event.pk for event in Event.objects.all() if event.hash != event.digest()] == []
    assert list(verify.faults()) == []


@pytest.mark.django_db
@pytest.mark.parametrize("slug", population.KINDS)
def test_an_entry_is_written_with_what_the_public_filters_by(slug):
    kind, body = registry.get(slug), words.bodies(slug, 1, 7)[0]
    record = kind.model(**dict(zip((f.attname for f in words.columns(kind)), body.columns, strict=True)))

    assert body.facets == counting.facets_of(record)
    assert [name for name in kind.facets if f"{name}=" not in body.facets] == []


@pytest.mark.django_db
def test_a_population_that_is_there_is_not_made_again():
    population.fill_entries(5)
    before = list(Filing.objects.order_by("pk").values_list("pk", "title"))

    population.fill_entries(5)

    assert list(Filing.objects.order_by("pk").values_list("pk", "title")) == before


@pytest.mark.django_db
def test_no_number_is_given_again_after_a_population():
    with transaction.atomic():
        last = [draft("skill-brands", name=f"潍坊演示{number}").pk for number in range(20)][-1]
        transaction.set_rollback(True)

    population.fill_entries(5)
    former = Filing.objects.aggregate(last=Max("pk"))["last"]
    later = draft("skill-brands", name="潍坊演示后来").pk

    goes_back = connection.vendor == "sqlite"  # whose numbers a rollback takes back
    assert (later > former, goes_back or later > last) == (True, True)


@pytest.mark.django_db
def test_the_command_writes_as_many_filings_and_entries_as_asked_and_says_so():
    said = seeded(100)

    assert (Filing.objects.count(), CatalogueEntry.objects.count()) == (53, 47)
    assert said[-1] == "已生成 100 条演示数据，计数和查询索引已更新；可用 manage.py verify 核对。"
    assert said[-2] == "已写入 100 / 100 条。"


@pytest.mark.django_db
def test_what_is_seeded_is_marked_counted_and_found(client):
    seeded(100)

    titles = Filing.objects.values_list("title", "is_demo")
    entry = CatalogueEntry.objects.filter(kind="skill-brands", valid_to=None).first()
    page = client.get("/search/", {"q": entry.title})
    assert {(title.startswith("演示"), is_demo) for title, is_demo in titles} == {(True, True)}
    assert (entry.code in page.content.decode(), list(verify.faults())) == (True, [])


@pytest.mark.django_db
def test_seeding_goes_on_from_what_is_seeded_and_leaves_it_as_it_was():
    seeded(30)
    before = list(Filing.objects.order_by("pk").values())

    seeded(30)

    assert list(Filing.objects.order_by("pk").values())[: len(before)] == before
    assert Filing.objects.count() + CatalogueEntry.objects.count() == 60
    assert list(verify.faults()) == []


@pytest.mark.django_db
def test_real_filings_keep_synthetic_ones_away():
    draft("labour-brands")

    with pytest.raises(CommandError, match="库中有 1 件真实填报，合成数据不能混入；没有写入任何数据"):
        seeded(30)

    assert Filing.objects.count() == 1


@pytest.mark.django_db
def test_an_installation_without_demonstration_takes_no_synthetic_rows(settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="演示数据已关闭"):
        seeded(30)

    assert Filing.objects.count() == 0


@pytest.mark.parametrize("rows", ["0", "-5", "二十", "１２", "20000001", "9" * 40, "1.5", ""])
def test_a_number_of_rows_that_makes_no_sense_is_refused_in_words(rows):
    with pytest.raises(CommandError, match="条数应为 1 至 20,000,000 之间的整数"):
        call_command("seed_load", f"--rows={rows}")


def test_names_of_one_place_never_repeat():
    names = [words.title("历下", number) for number in range(40_000)]

    assert len(set(names)) == len(names)


def test_what_is_rare_and_common_is_found_by_its_keys():
    assert all(text.grams(word) for word in (*words.COMMON.values(), *words.RARE.values()))
    assert [len(word) for word in words.RARE.values()] == list(words.RARE)
