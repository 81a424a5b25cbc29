"""Campaigns of the demonstration, with dates around the day it is built: opened, answered, extended, chased.

Nothing is written past ``campaigns``, ``submission`` and ``workflow``.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from portal import campaigns, reference, submission, windows, workflow
from portal.models import Campaign, CampaignDuty, User

DATA = "demo_campaigns.json"


def load() -> dict[str, Any]:
    """Return what the file says."""
    return json.loads((reference.FIXTURES / DATA).read_text(encoding="utf-8"))


def start(by: User) -> dict[str, Campaign]:
    """Open the campaigns of the file and return them by key; filings made afterwards belong to them."""
    return {item["key"]: _start(item, by) for item in load()["campaigns"]}


def _start(item: Mapping[str, Any], by: User) -> Campaign:
    today = timezone.localdate()
    day = {name: today + timedelta(days=item[name]) for name in ("opens", "due", "updates") if name in item}
    words = {name: item[name].format(year=today.year) for name in ("name", "document_number")}
    return campaigns.start(
        by=by,
        **words,
        **{name: item[name] for name in ("kind", "clause", "expects")},
        opens_at=windows.start_of(day["opens"]),
        due_at=windows.end_of(day["due"]),
        updates_until=windows.end_of(day["updates"]) if "updates" in day else None,
        is_demo=True,
    )


def go_on(started: Mapping[str, Campaign], people: Mapping[str, User]) -> None:
    """Let people answer with zero reports, get more time and be reminded, as the file says."""
    data = load()
    for item in data["nothing"]:
        _report_nothing(started[item["campaign"]], item, people)
    for item in data["extensions"]:
        duty = _duty(started[item["campaign"]], item["region"])
        until = windows.due_at(duty) + timedelta(days=item["days"])
        campaigns.extend(duty, by=people[item["by"]], until=until, reason=item["reason"])
    for item in data["reminders"]:
        of, regions = started[item["campaign"]], item["regions"]
        duties = None if regions is None else {_duty(of, region).pk for region in regions}
        campaigns.remind(of, by=people[item["by"]], duties=duties)


def _report_nothing(of: Campaign, item: Mapping[str, Any], people: Mapping[str, User]) -> None:
    by = people[item["by"]]
    record = submission.report_nothing(
        of, by=by, organisation=by.organisation, explanation=item["explanation"]
    )
    for action, who, comment in item["acts"]:
        workflow.perform(record, action, by=people[who], version=record.version, comment=comment)
        record.refresh_from_db()


def _duty(of: Campaign, region: str) -> CampaignDuty:
    return of.duties.select_related("campaign").get(organisation__region_id=region)
