"""What a browser would send for a filing's form: the page as it is rendered, with changes typed over it."""

from django.http import QueryDict

from portal import questionnaire
from portal.models import Filing
from portal.questionnaire import Questionnaire


def typed(record: Filing, **changes) -> dict[str, list[str]]:
    """Return the POST data of the form of ``record`` with ``changes`` (a value or a list each) typed over it.

    A field of a child row is named as in the page, e.g. ``**{"annual_performances-0-year": "2023"}``.
    """
    current = Filing.objects.get(pk=record.pk)
    sheet = Questionnaire(questionnaire.load(current))
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
