"""Files of the demonstration that are read and wait: an import with a row that is not in order, and results
decided before the portal that a colleague has to confirm.

Nothing is written past ``imports`` and ``historical``.
"""

import csv
import json
from collections.abc import Mapping
from io import BytesIO, StringIO

from portal import examples, historical, historical_acts, historical_jobs, imports, reference, registry
from portal.models import User

DATA = "demo_imports.json"


def build(people: Mapping[str, User]) -> None:
    """Hand in the files as their people would."""
    data = json.loads((reference.FIXTURES / DATA).read_text(encoding="utf-8"))
    for item in data["imports"]:
        record_type = registry.get(item["type"])
        imports.receive(_sheet(item["rows"]), item["file_name"], record_type, by=people[item["by"]])
    for item in data["registrations"]:
        _register(item, people[item["by"]])


def _register(item: Mapping, by: User) -> None:
    sheet = historical.Upload(BytesIO(_sheet(item["rows"])), item["file_name"])
    with (examples.FILES / item["document"]).open("rb") as scan:
        document = historical.Upload(scan, item["document_name"])
        found = historical.prepare(registry.get(item["type"]), sheet, document, by=by)
    historical_jobs.begin(found, by=by)
    historical_acts.propose(historical.visible_to(by).get(pk=found.pk), by=by)


def _sheet(rows: list[dict[str, str]]) -> bytes:
    """Return the rows as a table of text, as Excel and WPS store one: header → cell."""
    text = StringIO()
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
