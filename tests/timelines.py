"""What the tests of the catalogue in time share: acts on chosen days, through every hand they need."""

import json
from datetime import date, timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal import catalogue
from portal.models import CatalogueEntry, Edition
from portal.vocabulary import ExitReason, State
from tests import factories

KIND = "exam-projects"
LIST = f"/catalogue/{KIND}/"
DOCUMENT = "演示文〔2024〕8号"


def day(month: int, number: int = 1, year: int = 2024) -> date:
    return date(year, month, number)


def published(name: str, on: date, kind: str = KIND, **changes) -> CatalogueEntry:
    """Publish a new entry from a day on."""
    return factories.entry(kind, name=name, on=on, **changes)


def amended(entry: CatalogueEntry, on: date, **values) -> CatalogueEntry:
    """Replace an entry by a changed one from a day on; another name is a rename."""
    return _republished(catalogue.amend(entry, by=_filer(entry)), on, values)


def reinstated(entry: CatalogueEntry, on: date, **values) -> CatalogueEntry:
    """Take an entry that exited up again from a day on."""
    return _republished(catalogue.reinstate(entry, by=_filer(entry)), on, values)


def _filer(entry: CatalogueEntry):
    return factories.filer(entry.filing.organisation.region_id)


def _republished(draft, on: date, values: dict) -> CatalogueEntry:
    for name, value in values.items():
        setattr(draft, name, value)
    draft.save()
    for action, by, arguments in factories.road(draft, State.APPROVED):
        factories.act(draft, action, by, **arguments)
    return factories.publish(draft.record, document_number=DOCUMENT, on=on)


def left(entry: CatalogueEntry, on: date, reason: str = ExitReason.VOLUNTARY) -> None:
    catalogue.exit(entry, by=factories.publisher(), reason=reason, document_number=DOCUMENT, on=on)


def merged(entry: CatalogueEntry, into: CatalogueEntry, on: date) -> None:
    catalogue.merge(entry, into, by=factories.publisher(), document_number=DOCUMENT, on=on)


def edition(name: str, on: date, region: str = "37", kind: str = KIND, **facts) -> Edition:
    """Publish an edition; acts of earlier days have to come before."""
    facts = {"document_number": DOCUMENT, "published_at": timezone.now(), "is_demo": True, **facts}
    return Edition.objects.create(kind=kind, name=name, on=on, region_id=region, **facts)


def address(on: date, kind: str = KIND) -> str:
    return reverse("catalogue-edition", args=[kind, on])


def downloaded(client: Client, on: date, file_type: str = "json", kind: str = KIND, **query) -> bytes:
    answer = client.get(reverse("edition-download", args=[kind, on, file_type]), query)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def names(client: Client, on: date, kind: str = KIND, **query) -> dict[str, str]:
    """Return code → name of the catalogue on a day, as a program reads it."""
    data = json.loads(downloaded(client, on, "json", kind, **query))
    return {entry["code"]: entry["name"] for entry in data["entries"]}


def shown(client: Client, url: str) -> list[str]:
    """Return the names in the table of a day."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    return [row[0]["text"] for row in answer.context["table"]["rows"]]


def tomorrow() -> date:
    return timezone.localdate() + timedelta(days=1)


def build_two_editions() -> dict[str, CatalogueEntry]:
    """Publish 2023年版 and 2024年版, which adds, adjusts, renames, merges and drops one project each."""
    first = [
        published(f"演示{word}制作", day(3, year=2023)) for word in ("风筝", "年画", "剪纸", "泥塑", "面塑")
    ]
    kite, print_, paper, clay, dough = first
    edition("2023年版", day(6, year=2023), document_number="演示文〔2023〕1号")
    added = published("演示草编制作", day(4))
    changed = amended(kite, day(4), summary="演示数据。新的简介。")
    renamed = amended(print_, day(4), name="演示木版年画制作")
    merged(paper, renamed, day(4))
    left(clay, day(4))
    edition("2024年版", day(6))
    return {
        "added": added,
        "changed": changed,
        "renamed": renamed,
        "paper": paper,
        "clay": clay,
        "dough": dough,
    }


def words(changes: list[dict]) -> dict[str, int]:
    """Return the numbers beside an edition as word → count."""
    return {change["word"]: change["count"] for change in changes}
