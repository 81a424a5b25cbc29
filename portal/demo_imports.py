"""A file of the demonstration that is read but not confirmed: two rows that are fine and one that is not.

Nothing is written past ``imports``.
"""

import csv
import json
from collections.abc import Mapping
from io import StringIO

from portal import imports, reference, registry
from portal.models import User

DATA = "demo_imports.json"


def build(people: Mapping[str, User]) -> None:
    """Hand in the files as their people would."""
    data = json.loads((reference.FIXTURES / DATA).read_text(encoding="utf-8"))
    for item in data["imports"]:
        record_type = registry.get(item["type"])
        imports.receive(_sheet(item["rows"]), item["file_name"], record_type, by=people[item["by"]])


def _sheet(rows: list[dict[str, str]]) -> bytes:
    """Return the rows as a table of text, as Excel and WPS store one: header → cell."""
    text = StringIO()
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
