"""What of a returned filing may be changed: what the desk remarked on, and what a rule forbids to leave so.

``Filing.unlocked`` holds the names, None when everything is open. 情况说明 and the stamped scan follow
whatever changes and are never locked.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models

from portal import remarks, rules, snapshot
from portal.models import Filing, FilingVersion
from portal.refusals import Refused
from portal.registry import STAMPED_SCAN

ALWAYS = (remarks.EXPLANATION, STAMPED_SCAN)
LOCKED = "本次退回只开放有意见的栏目，{}不能修改，没有保存。确需修改的，请与审核单位联系，由其整表退回。"


def is_open(filing: Filing, name: str) -> bool:
    """Say whether a field, a kind of rows or a slot of an editable filing may be changed."""
    return filing.unlocked is None or name in filing.unlocked or name in ALWAYS


def locked(record: Filing) -> list[str]:
    """Return the names that are locked, in the order of the form."""
    return [name for name in remarks.anchors(record.record_type) if not is_open(record, name)]


def refuse(
    record: Filing, values: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Raise ``Refused`` when ``values`` or ``rows`` would change what is locked; ``record`` is as stored.

    What a rule forbids to leave as it is opens with its change: else nobody could submit any more.
    """
    if record.unlocked is None:
        return
    changed = [name for name, value in values.items() if _differs(record, name, value)]
    changed += [name for name, wanted in rows.items() if _rows_differ(record, name, wanted)]
    refuse_names(record, changed)


def refuse_names(record: Filing, changed: Iterable[str]) -> None:
    """Raise ``Refused`` when one of the names that change is locked and no rule asks for the change."""
    if not (shut := [name for name in changed if not is_open(record, name)]):
        return
    demanded = {problem.field for problem in rules.blocking(record)}
    if still := [name for name in shut if name not in demanded]:
        labels = remarks.anchors(record.record_type)
        raise Refused(LOCKED.format("、".join(f"“{labels.get(name, name)}”" for name in still)))
    record.unlocked = sorted({*record.unlocked, *shut})
    Filing.objects.filter(pk=record.pk).update(unlocked=record.unlocked)


def _differs(record: Filing, name: str, value: Any) -> bool:
    column = record._meta.get_field(name)
    if column.many_to_many:
        return {other.pk for other in snapshot.related(record, name)} != {_key(other) for other in value}
    stored = getattr(record, column.attname)
    return column.to_python(stored) != column.to_python(_key(value) if column.is_relation else value)


def _key(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value


def _rows_differ(record: Filing, name: str, wanted: Sequence[Mapping[str, Any]]) -> bool:
    stored = snapshot.child_rows(record, name)
    if len(stored) != len(wanted):
        return True
    return any(
        _differs(row, field, value)
        for row, new in zip(stored, wanted, strict=True)
        for field, value in new.items()
    )


def stray(record: Filing, version: FilingVersion) -> list[str]:
    """Return the locked names in which ``record`` differs from a version submitted before: a second fence."""
    taken, shut = version.snapshot, set(locked(record))
    kind = record.record_type
    values = [
        n
        for n in kind.fields
        if n in shut and _bare(snapshot.raw(record, n)) != _bare(taken["values"].get(n))
    ]
    rows = [n for n in kind.rows if n in shut and _bare_rows(record, n) != _taken_rows(taken, n)]
    files = {n: _digests(snapshot.files(record), n) != _digests(taken["files"], n) for n in kind.all_slots}
    return [*values, *rows, *(name for name, differs in files.items() if differs and name in shut)]


def _bare(value: Any) -> Any:
    """Return a value of a snapshot with related filings by their number: their codes come and go."""
    if isinstance(value, dict):
        return value.get("id", {name: _bare(inner) for name, inner in value.items()})
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _bare_rows(record: Filing, name: str) -> list:
    fields = record.record_type.rows[name]
    return [
        [_bare(snapshot.raw(row, field)) for field in fields] for row in snapshot.child_rows(record, name)
    ]


def _taken_rows(taken: dict, name: str) -> list:
    return [[_bare(value) for value in row.values()] for row in taken["rows"].get(name, [])]


def _digests(files: list[dict], slot: str) -> list[str]:
    return sorted(file["sha256"] for file in files if file["slot"] == slot)
