"""The review desk of the demonstration: remarks, findings, joint opinions, prepared decisions, copies, views.

Nothing is written past the functions that people's pages call; days are counted from the day it is built.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from portal import consultation, copies, drafts, prepared, reference, remarks, saved_views, workflow
from portal.grounds import NOTHING_SAID, Finding, Grounds
from portal.models import Filing, User

DATA = "demo_desk.json"


def build(people: Mapping[str, User]) -> None:
    """Write what the file says of filings that lie at a desk; none of them leaves it."""
    data = json.loads((reference.FIXTURES / DATA).read_text(encoding="utf-8"))
    for item in data["endorsed"]:
        _endorse_again(_filing(item), item, people)
    for item in data["answered"]:
        _answer_remarks(_filing(item), item, people)
    for item in data["accepted"]:
        _act(_filing(item), "accept", people[item["by"]])
    for item in data["asked"]:
        _consult(_filing(item), item, people)
    for item in data["prepared"]:
        filing, said = _filing(item), {"comment": item["comment"], "grounds": _grounds(item)}
        prepared.prepare(filing, item["action"], by=people[item["by"]], version=filing.version, **said)
    for item in data["copied"]:
        readers = [people[name] for name in item["to"]]
        copies.send(_filing(item), readers, by=people[item["by"]], note=item["note"])
    for item in data["views"]:
        saved_views.keep(people[item["by"]], item["name"], item["query"])


def remark(record: Filing, said: Mapping[str, str], by: User) -> None:
    """Let a desk write remarks on fields, name → words, before it sends a filing back."""
    for field, words in said.items():
        remarks.write(record, field, words, by=by, version=record.version)


def _filing(item: Mapping[str, Any]) -> Filing:
    return Filing.objects.get(title=item["title"], is_demo=True)


def _act(filing: Filing, action: str, by: User, comment: str = "", grounds: Grounds = NOTHING_SAID) -> None:
    current = Filing.objects.get(pk=filing.pk)
    said = {"comment": comment, "grounds": grounds}
    workflow.perform(current, action, by=by, version=current.version, **said)


def _grounds(item: Mapping[str, Any]) -> Grounds:
    found: Sequence[Sequence[str]] = item.get("findings", ())
    return Grounds(tuple(item.get("reasons", ())), findings=tuple(Finding(*one) for one in found))


def _endorse_again(filing: Filing, item: Mapping[str, Any], people: Mapping[str, User]) -> None:
    """Take an endorsement back and make it again with findings on the criteria."""
    by = people[item["recalled_by"]]
    _act(filing, "recall", by, item["comment"])
    _act(filing, "endorse", by, item["said"], _grounds(item))


def _answer_remarks(filing: Filing, item: Mapping[str, Any], people: Mapping[str, User]) -> None:
    """Return a filing with remarks, change what they open, answer them, hand it in again."""
    by, filer = people[item["by"]], people[item["filer"]]
    remark(filing, item["remarks"], by)
    _act(filing, "return", by, item["comment"], _grounds(item))
    record = Filing.objects.get(pk=filing.pk).record
    replies = {one.pk: item["replies"][one.field] for one in record.remarks.open()}
    drafts.save(record, by=filer, revision=record.revision, values=item["values"], replies=replies)
    _act(filing, "submit", filer)


def _consult(filing: Filing, item: Mapping[str, Any], people: Mapping[str, User]) -> None:
    departments = [people[name].organisation for name in item["departments"]]
    due_on = timezone.localdate() + timedelta(days=item["days"])
    asked = {"by": people[item["by"]], "version": filing.version}
    questions = consultation.ask(filing, departments, item["question"], due_on, **asked)
    for answer in item["answers"]:
        by = people[answer["by"]]
        question = next(one for one in questions if one.organisation_id == by.organisation.pk)
        consultation.answer(question, answer["conclusion"], answer["said"], by=by)
