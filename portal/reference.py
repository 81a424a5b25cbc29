"""Reading the reference data of ``fixtures/`` into the tables: divisions, organisations, targets, campaigns.

A fixture names everything by code, never by a bare name: 市中区 exists twice. Rows that a newer fixture no
longer has are end-dated, never deleted; rows that the administrators added themselves are left alone.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from portal import campaigns, registry, targets, windows
from portal.models import Campaign, Organisation, PolicyTarget, Region, former
from portal.registry import ReferenceList

FIXTURES = settings.BASE_DIR / "fixtures"
REGION_FILES = ("divisions.csv", "zones.csv")
ORGANISATION_FILE = "organisations.csv"
CAMPAIGN_FILE = "campaigns.csv"
TARGET_FILE = targets.FIXTURE.name


@dataclass(frozen=True)
class Loaded:
    """What one load did to one table."""

    table: str
    added: int
    changed: int
    ended: int

    def __str__(self) -> str:
        return f"{self.table}：新增 {self.added}，更正 {self.changed}，停用 {self.ended}"


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a fixture file, by column name."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@transaction.atomic
def load(folder: Path = FIXTURES, on: date | None = None) -> list[Loaded]:
    """Bring the tables to what the files of ``folder`` say and return what was done to each.

    A second load does nothing. ``on`` is the day on which missing rows end, today unless told.
    """
    day = on or timezone.localdate()
    return [
        _load_regions(folder, day),
        _load_organisations(folder, day),
        *(_load_list(found, folder, day) for found in registry.reference_lists()),
        _load_targets(folder),
        _load_campaigns(folder),
    ]


def _load_list(found: ReferenceList, folder: Path, day: date) -> Loaded:
    stored = {row.code: row for row in found.model.objects.all()}
    wanted = {row["code"]: found.model.from_row(row) for row in read(folder / found.file)}
    gone = [row for code, row in stored.items() if code not in wanted and row.valid_to is None]
    return _write(found.model, stored, wanted, gone, day)


def _load_regions(folder: Path, day: date) -> Loaded:
    stored = {region.pk: region for region in Region.objects.all()}
    wanted = {row["code"]: _region(row, name) for name in REGION_FILES for row in read(folder / name)}
    gone = [
        region
        for code, region in stored.items()
        if code not in wanted and region.valid_to is None and region.source.startswith(REGION_FILES)
    ]
    return _write(Region, stored, wanted, gone, day)


def _region(row: dict[str, str], file_name: str) -> Region:
    return Region(
        code=row["code"],
        name=row["name"],
        short_name=row["short_name"],
        level=row["level"],
        parent_id=row["parent"] or None,
        source=f"{file_name}：{row['source']}",
    )


def _load_organisations(folder: Path, day: date) -> Loaded:
    by_age = Organisation.objects.order_by(models.F("valid_to").asc(nulls_last=True))
    stored = {_key(organisation): organisation for organisation in by_age}
    wanted = {_key(o): o for o in (_organisation(row) for row in read(folder / ORGANISATION_FILE))}
    levels = dict(Region.objects.values_list("code", "level"))
    spoken_for = {(levels[region_id], kind) for region_id, kind in wanted}
    sourced = set(Region.objects.filter(_from_files()).values_list("code", flat=True))
    gone = [
        o
        for key, o in stored.items()
        if key not in wanted
        and o.valid_to is None
        and o.region_id in sourced
        and (levels[o.region_id], o.kind) in spoken_for
    ]
    return _write(Organisation, stored, wanted, gone, day)


def _from_files() -> models.Q:
    condition = models.Q(pk__in=[])
    for name in REGION_FILES:
        condition |= models.Q(source__startswith=name)
    return condition


def _key(organisation: Organisation) -> tuple[str, str]:
    return organisation.region_id, organisation.kind


def _organisation(row: dict[str, str]) -> Organisation:
    return Organisation(
        region_id=row["region"], kind=row["kind"], name=row["name"], short_name=row["short_name"]
    )


def _load_targets(folder: Path) -> Loaded:
    """Add and correct the targets of the notices; one that the province changed stays as it was changed."""
    stored = {target.pk: target for target in PolicyTarget.objects.all()}
    lines = [targets.from_line(row) for row in read(folder / TARGET_FILE)]
    new = [facts for facts in lines if facts["slug"] not in stored]
    theirs = targets.changed_by_hand()
    changed = [
        facts
        for facts in lines
        if facts["slug"] in stored.keys() - theirs
        and not facts.items() <= vars(stored[facts["slug"]]).items()
    ]
    _add(PolicyTarget, [PolicyTarget(**facts) for facts in new], bool(stored))
    _correct([stored[facts["slug"]] for facts in changed], changed)
    return Loaded(str(PolicyTarget._meta.verbose_name), len(new), len(changed), 0)


def _load_campaigns(folder: Path) -> Loaded:
    """Add the dated tasks of the notices with their duties; what is here is corrected, its duties stay.

    A campaign is never ended by a file: whether it is closed is a decision of the province.
    """
    stored = {(campaign.kind, campaign.name): campaign for campaign in Campaign.objects.all()}
    wanted = {(row["kind"], row["name"]): _campaign_facts(row) for row in read(folder / CAMPAIGN_FILE)}
    changed = [
        key for key in wanted.keys() & stored.keys() if not wanted[key].items() <= vars(stored[key]).items()
    ]
    _correct([stored[key] for key in changed], [wanted[key] for key in changed])
    new = [(key, facts) for key, facts in wanted.items() if key not in stored]
    added = _add(Campaign, [Campaign(kind=k, name=n, **facts) for (k, n), facts in new], bool(stored))
    for campaign in added:
        campaigns.add_duties(campaign)
    return Loaded(str(Campaign._meta.verbose_name), len(new), len(changed), 0)


def _campaign_facts(row: dict[str, str]) -> dict[str, object]:
    until = row["updates_until"]
    return {
        "document_number": row["document_number"],
        "clause": row["clause"],
        "expects": row["expects"],
        "opens_at": windows.start_of(date.fromisoformat(row["opens_on"])),
        "due_at": windows.end_of(date.fromisoformat(row["due_on"])),
        "updates_until": windows.end_of(date.fromisoformat(until)) if until else None,
    }


def _write(
    model: type[models.Model], stored: dict, wanted: dict, gone: Sequence[models.Model], day: date
) -> Loaded:
    fields = [f.attname for f in model._meta.concrete_fields if f.attname != "valid_from"]
    new = [row for key, row in wanted.items() if key not in stored]
    changed = []
    for key in wanted.keys() & stored.keys():
        wanted[key].pk = stored[key].pk
        if _values(wanted[key], fields) != _values(stored[key], fields):
            changed.append(wanted[key])
    for row in gone:
        row.valid_to = day
    _add(model, new, bool(stored))
    _update(model, changed, [name for name in fields if name != model._meta.pk.attname])
    _update(model, gone, ["valid_to"])
    return Loaded(str(model._meta.verbose_name), len(new), len(changed), len(gone))


def _add(model: type[models.Model], rows: list[models.Model], is_later: bool) -> list[models.Model]:
    """Store new rows; of those that come later than others it is kept since when they are there."""
    model.objects.bulk_create(rows)
    if is_later:
        former.begin(rows)
    return rows


def _values(row: models.Model, fields: Iterable[str]) -> list:
    return [getattr(row, name) for name in fields]


def _correct(rows: Iterable[models.Model], facts: Iterable[dict]) -> None:
    for row, wanted in zip(rows, facts, strict=True):
        for name, value in wanted.items():
            setattr(row, name, value)
        row.save(update_fields=wanted.keys() - {row._meta.pk.name})


def _update(model: type[models.Model], rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    former.keep(rows)
    names = [model._meta.get_field(name).name for name in fields]
    model.objects.bulk_update(rows, names, batch_size=100)
