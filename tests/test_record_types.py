"""What holds for every record type there is, and for the next one on the day it is declared."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal import documents, drafts, exports, importing, registry, rules, snapshot
from portal.models import CatalogueEntry, Filing, User
from portal.registry import RecordType
from portal.vocabulary import State
from portal.workflow import Refused
from tests.copies import multiply, multiply_entry
from tests.factories import (
    act,
    approved,
    approver,
    auditor,
    draft,
    entry,
    filer,
    filing,
    joint,
    publish,
    publisher,
    reviewer,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.parametrize(
        "record_type", list(registry.all_types()), ids=lambda record_type: record_type.slug
    ),
]

CANARY = "金丝雀"


def with_canaries(record_type: RecordType) -> dict[str, str]:
    """Return changes that plant a canary of its own in every field of free text."""
    free = [
        name
        for name in record_type.fields
        if isinstance(column := record_type.field(name), models.CharField | models.TextField)
        and not (column.choices or column.validators[1:] or name in (*record_type.key, *RULED))
    ]
    return {name: f"{CANARY}{number}号" for number, name in enumerate(free)}


RULED = ("credit_code", "name_region", "recognition_document_number")


# -- the declaration


def test_the_example_is_a_whole_filing_that_may_be_submitted(record_type):
    record = draft(record_type)

    assert rules.problems(record) == []


def test_an_empty_draft_is_told_every_required_field(record_type):
    record = drafts.create(record_type, by=filer())

    asked = {problem.field for problem in rules.blocking(record)}

    required = {name for name in record_type.fields if rules.is_required(record_type.field(name))}
    assert {name for name in required if rules.is_empty(record, name)} <= asked
    assert asked - required <= {*record_type.fields, *record_type.rows, *record_type.slots}


def test_every_problem_is_a_sentence_with_its_clause(record_type):
    found = rules.problems(drafts.create(record_type, by=filer()))

    assert [problem for problem in found if not problem.text.endswith("。") or not problem.clause] == []


def test_nothing_of_a_person_is_public(record_type):
    persons = {
        n for n in record_type.fields if any(word in n for word in ("contact", "phone", "representative"))
    }

    assert persons <= set(record_type.personal)
    assert (
        set(record_type.personal) & {*record_type.public, *record_type.columns, *record_type.facets} == set()
    )


# -- the road


DECISIONS = {"province": ["endorse", "approve"], "city": ["approve"], "merged": ["approve"]}


def test_the_type_walks_its_whole_road(record_type):
    record = approved(record_type)

    assert [event.action for event in record.events.all()] == ["submit", *DECISIONS[record.route]]


def test_what_is_catalogued_is_published_under_a_code_and_a_return_never(record_type):
    record = approved(record_type)

    if not record_type.is_catalogued:
        with pytest.raises(Refused, match="报表和零报送只报不公布。"):
            publish(record)
    else:
        new = publish(record)
        assert (new.code, new.kind) == (f"{record_type.code}-3707-0001", record_type.slug)
        assert record.events.last().action == "publish"


def test_a_version_holds_everything_so_that_the_filing_can_be_made_again_from_it(record_type):
    record = filing(record_type, State.CITY_REVIEW)
    version = record.versions.get()

    again = drafts.create(
        record_type,
        by=filer(),
        values={n: restored(record_type.field(n), raw) for n, raw in version.snapshot["values"].items()},
        rows={
            n: [
                {f: restored(record_type.row_model(n)._meta.get_field(f), raw) for f, raw in row.items()}
                for row in rows
            ]
            for n, rows in version.snapshot["rows"].items()
        },
        holds_name=False,
    )

    assert snapshot.take(again) == version.snapshot | {"files": []}
    assert version.sha256 == snapshot.digest(version.snapshot)


def restored(column: models.Field, raw):
    """Return the value a column takes from what a snapshot holds of it."""
    if column.is_relation and isinstance(raw, list):
        return [column.related_model.objects.get(pk=one["id"]) for one in raw]
    if column.is_relation and raw:
        return column.related_model.objects.get(pk=raw["id"])
    return date.fromisoformat(raw) if isinstance(column, models.DateField) and raw else raw


def test_a_return_opens_a_second_version_that_may_be_submitted(record_type):
    record = act(filing(record_type, State.RETURNED), "submit", filer())

    assert list(record.versions.values_list("number", flat=True)) == [1, 2]


# -- the pages


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def only_catalogued(record_type: RecordType) -> bool:
    """Say whether strangers have pages of the type; of a return they have none, whoever asks."""
    if not record_type.is_catalogued:
        approved(record_type)
        pages = [
            f"/catalogue/{record_type.slug}/",
            f"/catalogue/{record_type.slug}/{record_type.code}-3707-0001/",
        ]
        assert [Client().get(page).status_code for page in pages] == [404, 404]
    return record_type.is_catalogued


def test_the_public_page_shows_the_public_fields_and_nothing_else(record_type):
    planted = with_canaries(record_type)
    if not only_catalogued(record_type):
        return
    new = entry(record_type, **planted)

    answer = Client().get(reverse("catalogue-entry", args=[record_type.slug, new.code]))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert {name for name, canary in planted.items() if canary in page} == set(planted) & set(
        record_type.public
    )
    shown = [snapshot.shown(new.filing.record, name) for name in record_type.public]
    assert [line for text in shown for line in text.splitlines() if line not in page] == []


def test_every_public_list_holds_no_more_than_the_public_fields(record_type):
    planted = with_canaries(record_type)
    record = approved(record_type, **planted)
    if record_type.is_catalogued:
        publish(record)
    hidden = {canary for name, canary in planted.items() if name not in record_type.public}

    sought = record.title if record_type.is_catalogued else "演示"  # the page repeats what is sought

    pages = ["/", "/catalogue/", f"/catalogue/{record_type.slug}/", f"/search/?q={sought}"]

    said = "".join(Client().get(page).content.decode() for page in pages)
    assert {canary for canary in hidden if canary in said} == set()
    assert (record.title in said) == record_type.is_catalogued


def test_the_search_finds_public_words_and_no_hidden_ones(record_type):
    planted = with_canaries(record_type)
    if not only_catalogued(record_type):
        return
    new = entry(record_type, **planted)

    found = {
        name: f"/{new.code}/"
        in Client().get(f"/catalogue/{record_type.slug}/", {"q": canary}).content.decode()
        for name, canary in planted.items()
    }

    assert found == {name: name in record_type.public for name in planted}


def test_the_workbench_has_its_pages_for_the_filer(record_type):
    record, client = draft(record_type), signed_in(filer())

    pages = [
        reverse("filing-list", args=[record_type.slug]),
        reverse("filing-new", args=[record_type.slug]),
        reverse("filing", args=[record.pk]),
        reverse("filing-edit", args=[record.pk]),
        reverse("filing-check", args=[record.pk]),
    ]

    assert [client.get(page).status_code for page in pages] == [200] * len(pages)


@pytest.mark.parametrize(
    "who", [filer, reviewer, approver, publisher, auditor, joint], ids=lambda who: who.__name__
)
def test_everybody_in_scope_reads_the_filing_and_its_list(record_type, who):
    record, client = filing(record_type, State.CITY_REVIEW), signed_in(who())

    page = client.get(reverse("filing", args=[record.pk]))
    listed = client.get(reverse("filing-list", args=[record_type.slug]))

    assert (page.status_code, listed.status_code) == (200, 200)
    assert record.title in page.content.decode()
    assert record.title in listed.content.decode()


def test_the_administration_lists_the_type(record_type):
    record, user = filing(record_type, State.CITY_REVIEW), reviewer()
    User.objects.filter(pk=user.pk).update(is_staff=True)
    meta = record_type.model._meta

    answer = signed_in(user).get(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"))

    assert answer.status_code == 200
    assert record.title in answer.content.decode()


# -- paper and sheets


def test_a_filing_is_printed_in_word_and_pdf(record_type):
    form = documents.printed_form(filing(record_type, State.CITY_REVIEW))

    assert documents.form_docx(form).startswith(b"PK")
    assert documents.form_pdf(form).startswith(b"%PDF")


def test_an_exported_sheet_is_read_back_as_the_same_filing(record_type):
    record = draft(record_type)
    written = snapshot.take(record)
    sheet = exports.export_workbook(
        record_type, record_type.model.objects.filter(pk=record.pk), personal=True
    )
    act(record, "cancel", filer())

    reading = importing.read_file(sheet, "导出.xlsx", record_type, filer())
    (again,) = importing.commit(reading, filer())

    assert (reading.errors, again.pk != record.pk) == ([], True)
    assert snapshot.take(again) == written | {"files": []}


# -- the price


def pages_of(record_type: RecordType) -> Iterator[tuple[str, str, User | None]]:
    """Yield (what, address, who) of every list that grows with the records."""
    meta = record_type.model._meta
    city = reviewer()
    User.objects.filter(pk=city.pk).update(is_staff=True)
    city = User.objects.get(pk=city.pk)
    if record_type.is_catalogued:
        yield "public list", f"/catalogue/{record_type.slug}/", None
        yield "public list searched", f"/catalogue/{record_type.slug}/?q=演示", None
    yield "public home", "/", None
    yield "public index", "/catalogue/", None
    yield "public search", "/search/?q=演示", None
    yield "inbox", "/desk/", city
    yield "own desk", "/desk/?tab=mine", filer()
    yield "desk list", f"/desk/filings/{record_type.slug}/", city
    yield "desk list searched", f"/desk/filings/{record_type.slug}/?q=演示", city
    yield "administration", reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"), city


def price(record_type: RecordType) -> dict[str, int]:
    """Return how many queries each list costs now."""
    counts = {}
    for what, url, who in pages_of(record_type):
        client = signed_in(who) if who else Client()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).status_code == 200
        counts[what] = len(queries)
    return counts


def test_a_list_costs_as_many_queries_for_one_row_as_for_three_and_for_a_thousand(record_type):
    waiting = filing(record_type, State.CITY_REVIEW)
    published = entry(record_type) if record_type.is_catalogued else None
    prices = {1: price(record_type)}

    for number in (3, 1000):
        grown = Filing.objects.filter(kind=record_type.slug, state=State.CITY_REVIEW).count()
        multiply(waiting, number - grown)
        if published:
            multiply_entry(published, number - grown)
        prices[number] = price(record_type)

    assert prices[3] == prices[1]
    assert prices[1000] == prices[1]
    assert CatalogueEntry.objects.filter(kind=record_type.slug).count() == (1000 if published else 0)
