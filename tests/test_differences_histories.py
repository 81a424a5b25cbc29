"""The difference between any two days of random histories, beside a plain model of what happened."""

from datetime import date, timedelta
from itertools import combinations_with_replacement

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import catalogue, differences
from portal.models import CatalogueEntry
from portal.vocabulary import ChangeVerb, ExitReason
from tests.factories import DOCUMENT, entry, publish, publisher
from tests.test_catalogue import amended

pytestmark = pytest.mark.django_db

PROJECTS = "exam-projects"
FIRST = date(2024, 1, 1)
ACTS = st.lists(
    st.tuples(st.sampled_from(["publish", "rename", "rewrite", "leave", "merge"]), st.integers(0, 99)),
    min_size=3,
    max_size=7,
)


class History:
    """What is in force, in plain dictionaries: code → (name, text), and code → where it went."""

    def __init__(self):
        self.now: dict[str, tuple[str, str]] = {}
        self.went: dict[str, str] = {}
        self.days: list[tuple[date, dict, dict]] = []
        self.serial = 0

    def act(self, name: str, choice: int, day: date) -> None:
        """Do one act on the portal and in the model, and keep how the model looks at the end of the day."""
        codes = sorted(self.now)
        if name == "publish" or len(codes) < 2:
            self._publish(day)
        else:
            getattr(self, f"_{name}")(codes[choice % len(codes)], codes[(choice + 1) % len(codes)], day)
        self.days.append((day, dict(self.now), dict(self.went)))

    def _publish(self, day: date) -> None:
        self.serial += 1
        new = entry(PROJECTS, name=f"演示{self.serial}号", summary="演示数据。原文。", on=day)
        self.now[new.code] = (new.title, "演示数据。原文。")

    def _rename(self, code: str, _: str, day: date) -> None:
        self.serial += 1
        self._replace(code, day, name=f"演示{self.serial}号")

    def _rewrite(self, code: str, _: str, day: date) -> None:
        self.serial += 1
        self._replace(code, day, summary=f"演示数据。第{self.serial}稿。")

    def _replace(self, code: str, day: date, **changes: str) -> None:
        publish(amended(self._entry(code), **changes), on=day)
        name, words = self.now[code]
        self.now[code] = (changes.get("name", name), changes.get("summary", words))

    def _leave(self, code: str, _: str, day: date) -> None:
        facts = {"reason": ExitReason.ADJUSTED, "document_number": DOCUMENT, "on": day}
        catalogue.exit(self._entry(code), by=publisher(), **facts)
        del self.now[code]

    def _merge(self, code: str, other: str, day: date) -> None:
        facts = {"by": publisher(), "document_number": DOCUMENT, "on": day}
        catalogue.merge(self._entry(code), self._entry(other), **facts)
        del self.now[code]
        self.went[code] = other

    @staticmethod
    def _entry(code: str) -> CatalogueEntry:
        return CatalogueEntry.objects.in_force().get(code=code)


def expected(before: dict, after: dict, went: dict) -> set[tuple]:
    """Return (verb, code, code at the end) as anybody would tell them from two lists and the mergers."""
    found = {(ChangeVerb.ADDED, code, code) for code in after.keys() - before.keys()}
    for code, (name, words) in before.items():
        if code not in after:
            last = code
            while last in went:
                last = went[last]
            verb = ChangeVerb.MERGED if last in after else ChangeVerb.REMOVED
            found.add((verb, code, last if last in after else ""))
        elif after[code][0] != name:
            found.add((ChangeVerb.RENAMED, code, code))
        elif after[code][1] != words:
            found.add((ChangeVerb.ADJUSTED, code, code))
    return found


def told(first: date, last: date) -> set[tuple]:
    found = differences.difference(PROJECTS, "37", first, last).changes
    return {(c.verb, c.entry.code, getattr(c.after or c.successor, "code", "")) for c in found}


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(acts=ACTS)
def test_between_any_two_days_the_difference_is_what_two_plain_lists_say(acts):
    with transaction.atomic():
        history = History()
        for number, (name, choice) in enumerate(acts):
            history.act(name, choice, FIRST + timedelta(days=number))

        for (first, before, _), (last, after, went) in combinations_with_replacement(history.days, 2):
            assert told(first, last) == expected(before, after, went)
        transaction.set_rollback(True)
