"""Periodic reviews of the demonstration: one with each outcome, one under way; two credit records.

Nothing is written past ``periodic``, ``outcomes`` and ``credit``; days are counted from the day it is built.
"""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from portal import credit, outcomes, periodic, reference
from portal.choosing import Choice
from portal.models import CatalogueEntry, PeriodicReview, ReviewItem, User
from portal.vocabulary import Outcome

DATA = "demo_reviews.json"
DAY = timedelta(days=1)


def build(people: Mapping[str, User]) -> None:
    """Write the credit records and the rounds of the file."""
    data = json.loads((reference.FIXTURES / DATA).read_text(encoding="utf-8"))
    for item in data["credit"]:
        _record(item, people)
    for item in data["reviews"]:
        _review(item, people)


def _record(item: Mapping[str, Any], people: Mapping[str, User]) -> None:
    entry = CatalogueEntry.objects.in_force().get(kind=item["kind"], title=item["title"])
    facts = {"reason": item["reason"], "said": item["text"], "on": date.fromisoformat(item["on"])}
    held = credit.record(entry, by=people[item["by"]], **facts)
    if "lifted_by" in item:
        credit.lift(held, by=people[item["lifted_by"]], reason=item["lifting_reason"])


def _review(item: Mapping[str, Any], people: Mapping[str, User]) -> None:
    today, by = timezone.localdate(), people[item["opened_by"]]
    review = periodic.start(
        by=by,
        organisation=by.organisation,
        kind=item["kind"],
        choice=Choice(),
        name=item["name"].format(year=today.year),
        year=today.year,
        basis=item["basis"],
        due_on=today + item["due"] * DAY,
        is_demo=True,
    )
    for report in item["reports"]:
        told = {"figures": report["figures"], "statement": report["statement"]}
        periodic.hand_in(_item(review, report), by=people[report["by"]], **told)
    if item["frozen_by"]:
        periodic.freeze(review, by=people[item["frozen_by"]])
    for ending in item["outcomes"]:
        _end(review, ending, people)


def _item(review: PeriodicReview, about: Mapping[str, Any]) -> ReviewItem:
    return review.items.select_related("entry__filing", "review").get(entry__title=about["title"])


def _end(review: PeriodicReview, ending: Mapping[str, Any], people: Mapping[str, User]) -> None:
    item, outcome = _item(review, ending), ending["outcome"]
    said = {"by": people[ending["by"]], "comment": ending["comment"]}
    if outcome == Outcome.KEPT:
        outcomes.keep(item, **said)
        return
    told = {"outcome": outcome, "reason": ending["reason"], "comment": ending["told"]}
    outcomes.intend(item, by=people[ending["intended_by"]], **told)
    outcomes.defend(item, by=people[ending["defended_by"]], said=ending["defence"])
    if outcome == Outcome.RECTIFYING:
        outcomes.rectify(item, until=timezone.localdate() + ending["days"] * DAY, **said)
    else:
        number = ending["document_number"].format(year=timezone.localdate().year)
        outcomes.remove(item, document_number=number, **said)
