"""The remarks on a filing as its page pins them: numbered, under their field. Pure reads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portal import policy, remarks
from portal.models import Filing, Remark, User
from portal.reading import Sheet
from portal.versions import Pair, SlotFiles
from portal.vocabulary import Level, RemarkState

DESKS = {Level.CITY: "市级", Level.PROVINCE: "省级"}


@dataclass(frozen=True)
class Pin:
    """One remark with its ``number`` on the page; ``older``: it is about another version than the present."""

    number: int
    remark: Remark
    label: str
    older: bool

    @property
    def desk(self) -> str:
        """Whose it is: 市级 or 省级."""
        return DESKS[self.remark.level]

    @property
    def is_prepared(self) -> bool:
        """Whether its desk may still change it."""
        return self.remark.standing == RemarkState.PREPARED


@dataclass
class Pins:
    """The pins of a page in the order of the fields; ``writes``: its reader may remark now."""

    listed: list[Pin]
    labels: dict[str, str]
    writes: bool
    of: dict[str, list[Pin]] = field(default_factory=dict)

    @property
    def prepared(self) -> list[str]:
        """The fields that a return would open: those with a remark that is not sent yet."""
        return list(dict.fromkeys(pin.remark.field for pin in self.listed if pin.is_prepared))

    @property
    def numbers(self) -> dict[int, int]:
        """Primary key → number on the page."""
        return {pin.remark.pk: pin.number for pin in self.listed}

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many stand where, e.g. 待答复 2."""
        standing = Counter(pin.remark.standing for pin in self.listed)
        return [(state.label, standing[state]) for state in RemarkState if standing[state]]


def pins(filing: Filing, user: User) -> Pins:
    """Return the remarks ``user`` may read on ``filing``, numbered as they were written; one query."""
    labels = remarks.anchors_of(filing)
    found = remarks.visible_to(filing, user) if getattr(filing, "has_remarks", True) else ()
    listed = [
        Pin(number, remark, labels.get(remark.field, remark.field), remark.version != filing.version)
        for number, remark in enumerate(found, 1)
    ]
    choice = policy.choice(filing, user, "return")
    of: dict[str, list[Pin]] = {}
    for pin in listed:
        of.setdefault(pin.remark.field, []).append(pin)
    return Pins(listed, labels, bool(choice and choice.is_open), of)


def asked_between(found: Pins, pair: Pair) -> set[str]:
    """Return the fields that were remarked on from the earlier version to the one before the shown."""
    if not pair.compares:
        return set()
    issued = [pin.remark for pin in found.listed if not pin.is_prepared]
    return {remark.field for remark in issued if pair.old <= remark.version < pair.number}


def attach(found: Pins, sheet: Sheet, slots: Sequence[SlotFiles], pair: Pair) -> dict[str, object]:
    """Hang the pins on the lines and tables of ``sheet``; what was remarked on is read first.

    Returns for the page: ``first`` (lines, tables, slots), the number of changes nobody asked for.
    """
    asked = asked_between(found, pair)
    for line in sheet.lines:
        line.pins, line.is_first = found.of.get(line.name, []), line.name in asked
    for table in sheet.tables:
        table.update(pins=found.of.get(table["name"], []), is_first=table["name"] in asked)
    for slot in slots:
        slot.pins, slot.is_first = found.of.get(slot.name, []), slot.name in asked
    first = {
        "lines": [line for line in sheet.lines if line.is_first],
        "tables": [table for table in sheet.tables if table["is_first"]],
        "slots": [slot for slot in slots if slot.is_first],
    }
    return {
        "first": first if any(first.values()) else None,
        "unasked": _unasked(sheet, slots) if asked else [],
    }


def _unasked(sheet: Sheet, slots: Sequence[SlotFiles]) -> list[Mapping[str, str]]:
    """Return name and label of what changed without a remark, in the order of the page."""
    lines = [(one.name, one.label) for one in sheet.lines if one.is_changed and not one.is_first]
    tables = [(t["name"], t["label"]) for t in sheet.tables if t.get("is_changed") and not t["is_first"]]
    files = [(slot.name, slot.label) for slot in slots if slot.is_changed and not slot.is_first]
    return [{"name": name, "label": label} for name, label in [*lines, *tables, *files]]
