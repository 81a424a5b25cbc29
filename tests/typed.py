"""What a browser would send for a filing's form: the page as it is rendered, with changes typed over it."""

from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal import records
from portal.models import Filing
from portal.questionnaire import Questionnaire
from tests.factories import filer


def typed(record: Filing, **changes) -> dict[str, list[str]]:
    """Return the POST data of the form of ``record`` with ``changes`` (a value or a list each) typed over it.

    A field of a child row is named as in the page, e.g. ``**{"annual_performances-0-year": "2023"}``.
    """
    current = Filing.objects.get(pk=record.pk)
    sheet = Questionnaire(records.load(current))
    sent = {"revision": [str(current.revision)]} | _fields(sheet.form)
    for rows in sheet.row_sets.values():
        sent |= _fields(rows.management_form)
        for form in rows.forms:
            sent |= _fields(form)
    return sent | {name: _values(value) for name, value in changes.items()}


def query(sent: dict[str, list[str]]) -> QueryDict:
    """Return POST data as a view gets it."""
    data = QueryDict(mutable=True)
    for name, values in sent.items():
        data.setlist(name, values)
    return data


def _fields(form) -> dict[str, list[str]]:
    return {field.html_name: _values(field.value()) for field in form}


def _values(value) -> list[str]:
    """A box that is not ticked and a choice that is not made send nothing."""
    if value is None or value is False:
        return []
    return [str(one) for one in (value if isinstance(value, list) else ["on" if value is True else value])]


def sheet_of(record: Filing, **changes) -> Questionnaire:
    """Return the form of ``record`` with ``changes`` typed over what it shows."""
    return Questionnaire(records.load(record), query(typed(record, **changes)))


def store(record: Filing, **changes) -> Filing:
    """Type ``changes``, store what may be stored, and return the record as it is then."""
    sheet = sheet_of(record, **changes)
    sheet.store(by=filer(record.region_id), revision=Filing.objects.get(pk=record.pk).revision)
    return records.load(record)


def page(name: str, record: Filing) -> str:
    """Return the address of a page of ``record``."""
    return reverse(name, args=[record.pk])


def stored(record: Filing) -> Filing:
    """Return the record as it is stored now."""
    return Filing.objects.get(pk=record.pk).record


def save(client, record: Filing, **changes):
    """Press 暂存 with ``changes`` typed over the form as it was shown."""
    return client.post(page("filing-edit", record), typed(record, **changes))


def queries(client, url: str) -> int:
    """Return how many queries a page costs."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)
