"""Selection rounds of the demonstration: one that was conferred, one that is being scored, one just opened.

Nothing is written past ``rounds``, ``scoring`` and ``selection``.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone

from portal import ranking, reference, rounds, scoring, selection
from portal.models import CatalogueEntry, SelectionRound, User

DATA = "demo_rounds.json"
FACTS = ("kind", "basis", "quota", "needs_publicity")


def build(people: Mapping[str, User]) -> None:
    """Walk the rounds of the file as far as it says."""
    data = json.loads((reference.FIXTURES / DATA).read_text(encoding="utf-8"))
    for item in data["rounds"]:
        of = _prepared(item, people)
        for scorer, sheet in item["sheets"].items():
            act = scoring.hand_in if sheet["hand_in"] else scoring.save_sheet
            act(of, by=people[scorer], points=_points(of, item, sheet["points"]))
        if "decided_by" in item:
            _decided(of, item, people)


def _prepared(item: Mapping[str, Any], people: Mapping[str, User]) -> SelectionRound:
    """Return a round that is being scored; without scorers one that is still in preparation."""
    by = people[item["opened_by"]]
    of = rounds.open_round(
        by=by,
        criteria=[tuple(criterion) for criterion in item["criteria"]],
        name=_of_this_year(item["name"]),
        is_demo=True,
        **{name: item[name] for name in FACTS},
    )
    if "scorers" not in item:
        return of
    entries = CatalogueEntry.objects.in_force().filter(kind=of.kind, title__in=item["candidates"])
    rounds.set_candidates(of, by=by, revision=0, entries=set(entries.values_list("pk", flat=True)))
    rounds.set_scorers(of, by=by, revision=1, users={people[name].pk for name in item["scorers"]})
    return scoring.start(of, by=by, revision=2)


def _points(of: SelectionRound, item: Mapping[str, Any], lines: list[list[float]]) -> ranking.Points:
    """Return a sheet: a line for each candidate, in the order of the file, as far as it was filled."""
    by_title = {candidate.entry.title: candidate.pk for candidate in ranking.candidates(of)}
    criteria = list(of.criteria.values_list("pk", flat=True))
    return {
        (by_title[title], criterion): Decimal(str(points))
        for title, line in zip(item["candidates"], lines, strict=False)
        for criterion, points in zip(criteria, line, strict=True)
    }


def _decided(of: SelectionRound, item: Mapping[str, Any], people: Mapping[str, User]) -> None:
    current = SelectionRound.objects.get(pk=of.pk)
    chosen = {c.pk for c in ranking.candidates(of) if c.entry.title in item["chosen"]}
    current = selection.decide(
        current, by=people[item["decided_by"]], revision=current.revision, chosen=chosen
    )
    selection.confer(
        current,
        by=people[item["conferred_by"]],
        revision=current.revision,
        document_number=_of_this_year(item["document_number"]),
    )


def _of_this_year(words: str) -> str:
    return words.format(year=timezone.localdate().year)
