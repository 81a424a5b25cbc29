"""What of a returned filing may be changed: what the desk remarked on, and what a rule forbids to leave so.

``Filing.unlocked`` holds the names, None when everything is open. 情况说明 and the stamped scan follow
whatever changes and are never locked.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from portal import remarks, rules, snapshot, text
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


def demanded(record: Filing) -> dict[str, str]:
    """Return locked name → the sentence of the rule that forbids to leave it so; ``record`` is as stored.

    What such a rule asks for opens, else nobody could submit any more. A warning asks for 情况说明 alone.
    """
    if record.unlocked is None:
        return {}
    broken = [problem for problem in rules.problems(record) if not problem.needs_explanation]
    found = {problem.field: problem.text for problem in reversed(broken)}
    return {name: found[name] for name in locked(record) if name in found}


def refuse(record: Filing, values: Mapping[str, Any], rows: Mapping[str, Sequence[models.Model]]) -> None:
    """Raise ``Refused`` when ``values`` or ``rows`` would change what is locked; ``record`` is as stored.

    ``rows`` as they would be stored. A locked name that a rule demands to change is opened for good. Needs a
    transaction that holds the filing.
    """
    changed = [name for name, value in values.items() if _differs(record, name, value)]
    changed += [name for name, made in rows.items() if _rows_differ(record, name, made)]
    if opened := openable(record, changed):
        record.unlocked = unlock(record, opened)


def openable(record: Filing, changed: Iterable[str]) -> list[str]:
    """Return the locked ones of the names that are to change; ``Refused`` when no rule demands that."""
    if not (shut := [name for name in changed if not is_open(record, name)]):
        return []
    if still := sorted(set(shut) - set(demanded(record)), key=shut.index):
        raise Refused(sentence(record, still))
    return shut


def unlock(filing: Filing, names: Iterable[str]) -> list[str]:
    """Add ``names`` to what is open and return all that is, as it is stored now; needs a held filing."""
    stored = Filing.objects.values_list("unlocked", flat=True).get(pk=filing.pk)
    opened = sorted({*stored, *names})
    Filing.objects.filter(pk=filing.pk).update(unlocked=opened)
    return opened


def sentence(record: Filing, names: Iterable[str]) -> str:
    """Return the sentence that these names are not open to change."""
    labels = remarks.anchors(record.record_type)
    return LOCKED.format("、".join(f"“{labels[name]}”" for name in names))


def _differs(record: models.Model, name: str, value: Any) -> bool:
    """Say whether ``value``, as ``drafts.save`` takes it, is another one than ``record`` holds."""
    column = record._meta.get_field(name)
    if column.many_to_many:
        keys = column.related_model._meta.pk
        return {other.pk for other in getattr(record, name).all()} != {
            keys.to_python(_key(other)) for other in value
        }
    return _plain(column, getattr(record, column.attname)) != _plain(column, _key(value))


def _key(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value


def _plain(column: models.Field, value: Any) -> Any:
    """Return a value as it comes back from the database."""
    if isinstance(value, str):
        value = text.clean(value)
        if value == "" and column.null:
            return None
    try:
        return column.to_python(value)
    except ValidationError:  # it fits no column: whatever it is, it is not what is stored
        return value


def _rows_differ(record: Filing, name: str, made: Sequence[models.Model]) -> bool:
    stored = snapshot.child_rows(record, name)
    return len(stored) != len(made) or any(
        _differs(row, field, getattr(new, row._meta.get_field(field).attname))
        for row, new in zip(stored, made, strict=True)
        for field in record.record_type.rows[name]
    )


def stray(record: Filing, version: FilingVersion) -> list[str]:
    """Return the locked names in which ``record`` differs from a version submitted before: a second fence.

    What the type has learnt to ask since is no difference.
    """
    taken, kind = version.snapshot, record.record_type
    files = snapshot.files(record)
    return [
        name
        for name in locked(record)
        if (name in kind.fields and _value_strays(record, name, taken["values"]))
        or (name in kind.rows and _rows_stray(record, name, taken["rows"]))
        or (name in kind.all_slots and _digests(files, name) != _digests(taken.get("files", ()), name))
    ]


def _value_strays(record: Filing, name: str, taken: dict) -> bool:
    return name in taken and _bare(snapshot.raw(record, name)) != _bare(taken[name])


def _rows_stray(record: Filing, name: str, taken: dict) -> bool:
    before = taken.get(name, [])
    fields = [field for field in record.record_type.rows[name] if all(field in row for row in before)]
    now = [[_bare(snapshot.raw(row, field)) for field in fields] for row in snapshot.child_rows(record, name)]
    return name in taken and now != [[_bare(row[field]) for field in fields] for row in before]


def _bare(value: Any) -> Any:
    """Return a value of a snapshot with related filings by their number: their codes come and go."""
    if isinstance(value, dict):
        return value["id"]
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _digests(files: Iterable[dict], slot: str) -> list[str]:
    return sorted(file["sha256"] for file in files if file["slot"] == slot)
