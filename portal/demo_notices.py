"""Notices of the demonstration: a 公示 that is over with its objection closed, one running, a draft, a 公布.

Nothing is written past ``notices`` and ``objections``; days are counted from the day it is built.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from portal import notice_messages, notices, objections, reference, working_days
from portal.models import Filing, PublicNotice, User
from portal.windows import SHANGHAI

DATA = "demo_notices.json"
DAY = timedelta(days=1)
ROOMY = 9 * DAY  # five working days wherever the holidays lie, in a year whose holidays nobody has entered
MORNING = time(9)


def build(people: Mapping[str, User]) -> None:
    """Write the notices of the file."""
    data = json.loads((reference.FIXTURES / DATA).read_text(encoding="utf-8"))
    for item in data["notices"]:
        _build(item, data["contacts"], people)


def _build(item: Mapping[str, Any], contacts: Mapping[str, str], people: Mapping[str, User]) -> None:
    starts_on = timezone.localdate() + item["starts"] * DAY
    is_publicity = item["kind"] == "publicity"
    period = {"ends_on": _end(starts_on), **contacts} if is_publicity else {}
    texts = {name: item[name] for name in ("kind", "record_kind", "title", "basis", "body")}
    notice = notices.draft(
        by=(drafter := people[item["drafted_by"]]),
        organisation=drafter.organisation,
        filings=Filing.objects.filter(kind=item["record_kind"], title__in=item["filings"]),
        starts_on=starts_on,
        is_demo=True,
        **texts,
        **period,
    )
    if "published_by" not in item:
        return
    at = datetime.combine(starts_on, MORNING, SHANGHAI) if item["starts"] else timezone.now()
    notice = notices.publish(notice, by=people[item["published_by"]], read=notices.digest(notice), at=at)
    for said in item.get("objections", ()):
        _object(notice, said, people)
    if is_publicity and notice.ends_on < timezone.localdate():
        notice_messages.tell_due(datetime.combine(notice.ends_on + DAY, MORNING, SHANGHAI))


def _end(starts_on: date) -> date:
    """Return the last day of a 公示; the demonstration is built in years to come as well."""
    try:
        return working_days.ends_after(starts_on, notices.USUAL)
    except working_days.UnknownYear:
        return starts_on + ROOMY


def _object(notice: PublicNotice, said: Mapping[str, Any], people: Mapping[str, User]) -> None:
    facts = {name: said[name] for name in ("is_unit", "objector", "contact", "text")}
    received_on = notice.starts_on + said["after"] * DAY
    item = notice.items.get(title=said["item"])
    objection = objections.register(
        notice, by=people[said["registered_by"]], item=item, received_on=received_on, **facts
    )
    closer = people[said["closed_by"]]
    objections.answer(objection, by=closer, answer=said["answer"])
    objections.close(objection, by=closer, conclusion=said["conclusion"])
