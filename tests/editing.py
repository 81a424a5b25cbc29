"""Editions for tests: prepared by the province's filer, approved and published by others, as people do it."""

from datetime import date

from django.utils import timezone

from portal import drafts, edition_changes, editions
from portal.models import CatalogueEntry, Edition, EditionChange
from tests.factories import PROVINCE, approver, filer, publisher

KIND = "exam-projects"
NUMBER = "演示公布〔2024〕1号"
EXPLANATION = "演示数据。考核规范由承担单位另行编印。"


def prepared(kind: str = KIND, *, by=None, on: date | None = None, **facts) -> Edition:
    """Return an edition in preparation, dated today unless told."""
    facts = {"name": "演示新版", "document_number": NUMBER, "on": on or timezone.localdate(), **facts}
    return editions.prepare(kind, by=by or filer(PROVINCE), **facts)


def typed(change: EditionChange, **values) -> EditionChange:
    """Fill in the draft of a change as its filer does."""
    record = change.filing.record
    drafts.save(record, by=filer(PROVINCE), revision=record.revision, values=values)
    change.filing.refresh_from_db()
    return change


def added(edition: Edition, name: str, **values) -> EditionChange:
    """Add a new project, filled in."""
    text = {"catalogue_class": "food", "source_tags": ["ich"], "summary": "演示数据。简介。", **values}
    return typed(edition_changes.begin(edition, by=filer(PROVINCE)), name=name, **text)


def amended(edition: Edition, entry: CatalogueEntry, **values) -> EditionChange:
    """Change the text of an entry."""
    return typed(edition_changes.amend(edition, entry, by=filer(PROVINCE)), **values)


def proposed(edition: Edition) -> Edition:
    """Send an edition for approval."""
    return editions.propose(edition, by=filer(PROVINCE), explanation=EXPLANATION)


def ready(edition: Edition) -> Edition:
    """Send an edition for approval and approve it."""
    return editions.approve(proposed(edition), by=approver())


def out(edition: Edition) -> Edition:
    """Walk an edition from preparation to publication."""
    return editions.publish(ready(edition), by=publisher())


def proposed_in_vain(on: date) -> Edition:
    """Return an edition that is with the approver: nothing of it may be changed."""
    edition = prepared(on=on)
    added(edition, "演示送审项目")
    return proposed(edition)
