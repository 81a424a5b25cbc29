"""Editions of the demonstration: a second one that does all an edition can do, and one in preparation.

Nothing is written past ``editions`` and ``edition_changes``.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import timezone

from portal import drafts, edition_changes, editions, examples, reference, registry
from portal.models import Edition, EditionChange, User

DATA = "demo_editions.json"


def build(people: Mapping[str, User]) -> None:
    """Publish the second edition by three hands and leave the next one with who prepares it."""
    data = json.loads((reference.FIXTURES / DATA).read_text(encoding="utf-8"))
    by, second = people["province_filer"], data["published"]
    edition = _prepared(second, date.fromisoformat(second["on"]), by)
    edition = editions.propose(edition, by=by, explanation=second["explanation"])
    edition = editions.approve(edition, by=people["province_approver"])
    editions.publish(edition, by=people["province_publisher"])
    _prepared(data["in_preparation"], timezone.localdate(), by)


def _prepared(item: Mapping[str, Any], on: date, by: User) -> Edition:
    facts = {name: item[name] for name in ("name", "document_number")}
    edition = editions.prepare(item["kind"], by=by, on=on, is_demo=True, **facts)
    for values in item["add"]:
        _fill_in(edition_changes.begin(edition, by=by), values, by)
    for change in item["amend"]:
        entry = edition_changes.entry_called(edition, change["entry"])
        _fill_in(edition_changes.amend(edition, entry, by=by), change["values"], by)
    for name, into in item["merge"]:
        entry = edition_changes.entry_called(edition, name)
        target = edition_changes.target_called(edition, into)
        edition_changes.merge(edition, entry, target, by=by)
    for name, reason in item["remove"]:
        entry = edition_changes.entry_called(edition, name)
        edition_changes.take_out(edition, entry, by=by, reason=reason)
    return edition


def _fill_in(change: EditionChange, values: Mapping[str, Any], by: User) -> None:
    record = change.filing.record
    resolved, _ = examples.resolve(registry.get(record.kind), values)
    drafts.save(record, by=by, revision=record.revision, values=resolved)
