"""常见问题: questions from the notices with their clause; numbers are read from where the rules read them."""

import csv
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache

from django.conf import settings

from portal import notices, registry
from portal.models import PolicyTarget

FILE = settings.BASE_DIR / "fixtures" / "manual" / "questions.toml"
CAMPAIGNS = settings.BASE_DIR / "fixtures" / "campaigns.csv"


@dataclass(frozen=True)
class Question:
    """One question with its answer in paragraphs and the clause the answer rests on; ``id`` is its anchor.

    Where no notice says anything, ``clause`` says so.
    """

    id: str
    group: str
    ask: str
    answer: tuple[str, ...]
    clause: str

    @property
    def rests_on_a_clause(self) -> bool:
        """Whether there is a clause that the answer rests on."""
        return "未规定" not in self.clause


def questions() -> list[Question]:
    """Return every question with today's numbers; one query, for the rows of the targets."""
    targets = {target.slug: target for target in PolicyTarget.objects.all()}
    return [_question(one, targets) for one in told()]


@cache
def told() -> list[dict]:
    """Return the questions as they are written, numbers by name."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))["questions"]


def _question(one: dict, targets: dict[str, PolicyTarget]) -> Question:
    numbers = {name: _number(source, targets) for name, source in one.get("numbers", {}).items()}
    answer = tuple(part.format_map(numbers) for part in one["answer"])
    return Question(one["id"], one["group"], one["ask"], answer, one["clause"])


def _number(source: str, targets: dict[str, PolicyTarget]) -> str:
    kind, *where = source.split()
    if kind == "target":
        slug, *column = where
        return str(getattr(targets[slug], column[0] if column else "number"))
    return _READ[kind](*where)


def _limit(kind: str, field: str) -> str:
    return str(registry.get(kind).limits[field])


def _slot(kind: str, slot: str, what: str) -> str:
    found = registry.get(kind).slots[slot]
    if what in ("shortest", "longest"):
        return str(found.seconds[what == "longest"])
    return str(getattr(found, what))


@cache
def _due(kind: str) -> str:
    """Return until when the cities file what a notice asks for, as the notice dates it."""
    with CAMPAIGNS.open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["kind"] == kind and line["expects"] == "city"]
    day = date.fromisoformat(lines[0]["due_on"])
    return f"{day.year}年{day.month}月{day.day}日"


def _publicity() -> str:
    """Return how many working days a 公示 has at the least."""
    return str(notices.LEAST)


_READ: dict[str, Callable[..., str]] = {
    "limit": _limit,
    "slot": _slot,
    "due": _due,
    "publicity": _publicity,
}
