"""Every field of every model bears one mark, and what is of a person is sealed or says why not (row 23)."""

import re

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import fence, field_marks, registry
from portal.field_marks import INTERNAL, PERSONAL, PUBLIC, mark
from portal.models import HeldForm, Objection, PublicNotice, User
from portal.models.sealed import Sealed, SnapshotField

API = "/api/v1/catalogues/skill-brands/entries"
FIRST = ("/", "/catalogue/", "/notices/", "/search/?q=潍坊", "/targets/", API)
MOST = 80  # public pages that are read
_LINK = re.compile(r'href="(/(?!static/)[^"#]*)"')
_COLUMN = re.compile(r'"(\w+)"\."(\w+)"')


def every_field():
    """Return each field of each model of ours."""
    return [field for model in field_marks.all_models() for field in model._meta.local_fields]


def test_every_field_of_every_model_bears_one_mark():
    found = [error.msg for error in run_checks() if error.id == "portal.E008"]

    assert found == field_marks.faults() == []
    assert {mark(field) for field in every_field()} == {PUBLIC, PERSONAL, INTERNAL}


def test_what_is_of_a_person_is_sealed_or_stands_in_clear_with_its_reason():
    clear = {field for field in every_field() if mark(field) == PERSONAL}
    clear = {field for field in clear if not isinstance(field, Sealed | SnapshotField)}

    reasons = {f"{field.model._meta.label_lower}.{field.name}" for field in clear}

    named = {f"{label}.{name}" for label, why in field_marks.IN_CLEAR.items() for name in why}
    assert (reasons, all(all(why.values()) for why in field_marks.IN_CLEAR.values())) == (named, True)


def test_what_a_declaration_calls_personal_bears_that_mark_and_no_other_field_of_its_form():
    for record_type in registry.all_types():
        fields = (record_type.field(name) for name in record_type.fields)
        marked = {field.name for field in fields if mark(field) == PERSONAL}
        assert marked == set(record_type.personal)


@pytest.mark.parametrize(
    ("table", "label", "value", "fault"),
    [
        ("IN_CLEAR", "portal.user", {}, "portal.user.email is marked 0 times"),
        ("SHOWN", "portal.user", "email", "portal.user.email is marked 2 times"),
        ("SHOWN", "portal.objection", "contact", "portal.objection.contact is marked 2 times"),
        ("SHOWN", "portal.job", "gone", "portal.job.gone is marked and is no field"),
        ("OF_NOBODY", "portal.savedview", "", "portal.savedview.name is marked 0 times"),
    ],
)
def test_a_field_without_a_mark_with_two_or_of_no_model_refuses_the_start(
    monkeypatch, table, label, value, fault
):
    monkeypatch.setitem(getattr(field_marks, table), label, value)

    assert f"{fault}." in [error.msg for error in run_checks() if error.id == "portal.E008"]


def test_the_marks_say_what_an_erasure_takes_from_an_objection():
    assert field_marks.personal(Objection) == ["objector", "contact", "text"]
    assert (field_marks.personal(HeldForm), field_marks.personal(PublicNotice)) == (["data"], [])
    assert field_marks.personal(User) == ["email", "username", "username_key", "full_name"]


@pytest.fixture
def strangers_reading(client):
    """Read pages and the interface as a stranger; give each column of the statements, by table and name."""
    call_command("demo")
    read, waiting = [], list(FIRST)
    with CaptureQueriesContext(connection) as asked:
        while waiting and len(read) < MOST:
            read.append(address := waiting.pop(0))
            found = _LINK.findall(body_of(client.get(address)))
            waiting += [link for link in dict.fromkeys(found) if link not in {*read, *waiting}]
    return {pair for query in asked.captured_queries for pair in _COLUMN.findall(query["sql"])}


def body_of(answer) -> str:
    """Return the text of a page; a file is read to its end, and nothing of it returned."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode() if answer["Content-Type"].startswith("text/html") else ""


@pytest.mark.django_db
def test_no_page_for_strangers_asks_the_database_for_what_is_of_a_person(strangers_reading):
    types = {record_type.model for record_type in registry.all_types()}  # test_record_types walks these
    fields = [field for field in every_field() if field.model not in types]
    personal = {(f.model._meta.db_table, f.column) for f in fields if mark(f) == PERSONAL}

    assert ("portal_catalogueentry", "title") in strangers_reading
    assert strangers_reading & personal == set()


def test_no_table_that_is_open_to_strangers_as_a_whole_holds_what_is_of_a_person():
    open_tables = {*fence.PUBLIC, *fence.COUNTED_IN_PUBLIC}

    held = {field.model._meta.db_table for field in every_field() if mark(field) == PERSONAL}

    assert held & open_tables == set()


def test_a_field_that_is_marked_public_stands_in_a_table_that_strangers_can_read():
    public = {field.model._meta.db_table for field in every_field() if mark(field) == PUBLIC}

    of_filings = {table for table, one in fence.fenced().items() if not one.is_internal}
    assert public - {*fence.PUBLIC, *of_filings} == set()
