"""Invariants of one filing: its chain of events, its state, what was submitted, who decided."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import models

from portal import purging, registry, snapshot
from portal.models import Event, Filing, FilingVersion, canonical
from portal.vocabulary import DECIDED, IN_REVIEW, State

SUBMITTED = (*IN_REVIEW, *DECIDED)
DECIDING = ("approve", "reject", "register")


def records(filings: Iterable[Filing]) -> dict[int, Filing]:
    """Return the submitted ones with the fields, relations and rows of their own type."""
    wanted = defaultdict(list)
    for filing in filings:
        if filing.state in SUBMITTED:
            wanted[filing.kind].append(filing.pk)
    records = {}
    for kind in registry.all_types():
        if numbers := wanted.get(kind.slug):
            many = [name for name in kind.fields if kind.field(name).many_to_many]
            records |= kind.model.objects.prefetch_related(*many, *kind.rows).in_bulk(numbers)
    return records


def of_chain(events: list[Event]) -> Iterator[str]:
    """Yield the breaks in a filing's chain: numbers, states that do not join, links and digests."""
    state, previous = State.DRAFT, ""
    for number, event in enumerate(events, 1):
        if event.number != number:
            yield f"流转记录的序号应为 {number}，实为 {event.number}。"
        if event.source != state:
            yield f"流转记录 {event.number} 的原状态与上一条的新状态不一致。"
        if event.previous_hash != previous:
            yield f"流转记录 {event.number} 没有接上前一条的摘要。"
        if event.hash != event.digest():
            yield f"流转记录 {event.number} 的内容与摘要不符。"
        state, previous = event.target, event.hash


def of_state(filing: Filing, events: list[Event]) -> Iterator[str]:
    """Yield where the filing's state and step are not those of its last event."""
    last = events[-1].target if events else State.DRAFT
    if filing.state != last:
        yield f"状态为 {filing.state}，最后一条流转记录为 {last}。"
    if filing.step != len(events):
        yield f"步数为 {filing.step}，流转记录有 {len(events)} 条。"


def of_versions(events: list[Event], versions: list[FilingVersion]) -> Iterator[str]:
    """Yield submissions and versions that lack each other, and texts that no longer fit their hash."""
    submitted = {event.version for event in events if event.action in ("submit", "register")}
    stored = {version.number for version in versions}
    for number in sorted(submitted - stored):
        yield f"第 {number} 版已提交，没有留存内容。"
    for number in sorted(stored - submitted):
        yield f"第 {number} 版有留存内容，没有提交记录。"
    for version in versions:
        yield from _of_digest(version)


def _of_digest(version: FilingVersion) -> Iterator[str]:
    """Yield where a version does not fit its hash; one that was erased, its record and the hash in that."""
    said = hashlib.sha256(canonical(version.snapshot)).hexdigest()
    if version.erased is None:
        if said != version.sha256:
            yield f"第 {version.number} 版的内容与摘要不符。"
    elif not purging.is_ours(version):
        yield f"第 {version.number} 版的清除记录不是本系统写的。"
    elif said != version.erased["left"]:
        yield f"第 {version.number} 版的内容与清除时的摘要不符。"


def of_erased(filing: Filing, versions: list[FilingVersion], erased: set[int]) -> Iterator[str]:
    """Yield the files that were erased of what is under review or in force; needs the entry."""
    entry = getattr(filing, "entry", None)
    in_force = filing.state == State.APPROVED and entry is not None and entry.valid_to is None
    version = next((v for v in versions if v.number == filing.version), None)
    if version is None or not (filing.state in IN_REVIEW or in_force):
        return
    for file in version.snapshot.get("files", ()):
        if file["id"] in erased:
            yield f"附件 {file['id']} 已被清除，第 {version.number} 版仍在审或有效。"


def of_content(filing: Filing, record: Filing | None, versions: list[FilingVersion]) -> Iterator[str]:
    """Yield where a filing under review or decided is not what was submitted."""
    if filing.state not in SUBMITTED:
        return
    version = next((v for v in versions if v.number == filing.version), None)
    if record is None or version is None:
        yield f"在审或已办结，缺少{'类型内容' if record is None else f'第 {filing.version} 版的留存内容'}。"
        return
    for name, stored, live in _pairs(record, version.snapshot):
        if stored != live:
            yield f"{name} 与提交的第 {version.number} 版不一致。"


def _pairs(record: Filing, taken: dict) -> Iterator[tuple[str, Any, Any]]:
    """Yield (name, as submitted, as it is now) of what the type still has; relations count by id alone.

    A related filing's code may come after the submission, and a region may be renamed.
    """
    kind = record.record_type
    yield "title", taken["title"], record.title
    yield "explanation", taken["explanation"], record.explanation
    yield "region", taken["region"], record.region_id
    for name in (name for name in kind.fields if name in taken["values"]):
        yield name, _bare(taken["values"][name]), _live(record, name)
    for name in (name for name in kind.rows if name in taken["rows"]):
        rows, children = taken["rows"][name], snapshot.child_rows(record, name)
        fields = [field for field in kind.rows[name] if all(field in row for row in rows)]
        stored = [{field: _bare(row[field]) for field in fields} for row in rows]
        yield name, stored, [{field: _live(child, field) for field in fields} for child in children]


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return value["id"]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [item["id"] for item in value]
    return value


def _live(row: models.Model, name: str) -> Any:
    column = row._meta.get_field(name)
    if column.many_to_many:
        return [other.pk for other in snapshot.related(row, name)]
    return getattr(row, column.attname) if column.is_relation else snapshot.raw(row, name)


def of_decision(filing: Filing, events: list[Event]) -> Iterator[str]:
    """Yield where the decision is not that of the events, or the submitter's own."""
    if filing.state not in DECIDED:
        return
    decider = next((e.by_id for e in reversed(events) if e.action in DECIDING), None)
    if filing.decided_by_id != decider:
        yield "办结人与最后一条结论记录的经办人不一致。"
    if filing.decided_by_id == filing.submitted_by_id:
        yield "提交人与办结人是同一人。"
