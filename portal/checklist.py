"""The criteria of the notice as a reviewer's checklist: what was typed, what the desk before him found.

Plain data in and out; findings are inside matters of the desks (``decision.sees_inside``).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.grounds import FAIL, MET, Finding, from_facts
from portal.models import Event


@dataclass(frozen=True)
class Item:
    """One criterion: what is typed for it now and what was found before, by whom and of which version."""

    number: int
    criterion: str
    met: str = ""
    note: str = ""
    before: str = ""
    failed_before: bool = False

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """The findings one can choose: value, word, whether it is chosen."""
        return [(value, word, value == self.met) for value, word in MET.items()]


def items(criteria: Iterable[str], findings: Iterable[Finding], before: Event | None) -> list[Item]:
    """Return the checklist with what is typed, and what the event ``before`` found."""
    now = {finding.criterion: finding for finding in findings}
    then = from_facts(before.details).findings if before else ()
    earlier = {finding.criterion: finding for finding in then}
    return [
        _item(number, criterion, now.get(criterion, Finding(criterion)), earlier.get(criterion))
        for number, criterion in enumerate(criteria, 1)
    ]


def _item(number: int, criterion: str, now: Finding, before: Finding | None) -> Item:
    said = in_words(before) if before else ""
    return Item(number, criterion, now.met, now.note, said, bool(before) and before.met == FAIL)


def in_words(finding: Finding) -> str:
    """Return a finding without its criterion, e.g. 不符合：缺少就业人数。"""
    return "：".join(part for part in (MET.get(finding.met, ""), finding.note) if part)


def latest(events: Iterable[Event]) -> Event | None:
    """Return the latest act that says what it found, of ``events`` newest first."""
    return next((event for event in events if event.details.get("findings")), None)
