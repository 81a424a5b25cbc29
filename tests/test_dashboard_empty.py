"""The dashboards by themselves: who finds the way, what stands there at first, what a page costs."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal import dashboards, panels, windows
from portal.dashboards import Dashboard
from portal.models import Event
from portal.vocabulary import State
from tests import copies, factories
from tests.campaigning import campaign, get
from tests.factories import KUIWEN, PROVINCE, WEIFANG, act, auditor, filer, filing, joint, reviewer, sysadmin

pytestmark = pytest.mark.django_db
PAGE, KIND = "/desk/dashboard/", "exam-projects"
READERS = {
    "province": lambda: reviewer(PROVINCE),
    "auditor": auditor,
    "city": reviewer,
    "county": lambda: filer(KUIWEN),
    "joint": joint,
}


def test_a_day_alone_is_counted_to_its_end_and_today_to_now():
    whole = dashboards.read_instant("2024-06-15")
    assert whole.replace(microsecond=0) == windows.end_of(windows.date(2024, 6, 15))
    assert dashboards.read_instant(str(timezone.localdate())) <= timezone.now()
    noon = dashboards.read_instant("2024-06-15T12:00")
    assert (noon.hour, noon.utcoffset()) == (12, timedelta(hours=8))


def test_a_fresh_installation_says_what_will_stand_here(client):
    page = get(client, reviewer(PROVINCE), "dashboard").content.decode()

    assert "还没有可以统计的填报" in page
    assert set(re.findall(r'id="(\w+)-panel"', page)) <= set(panels.OF_TASKS)
    assert get(client, filer(KUIWEN), "dashboard").status_code == 200


def test_the_way_there_is_shown_to_those_who_may_go(client):
    said = {who: PAGE in get(client, user(), "desk").content.decode() for who, user in READERS.items()}

    assert said == dict.fromkeys(READERS, True)
    assert PAGE not in get(client, sysadmin(), "desk").content.decode()


def test_it_costs_as_many_queries_for_many_filings_as_for_one(client):
    owed = campaign(kind=KIND, places=[WEIFANG])
    first = factories.entry(KIND)
    waiting = filing(KIND, State.CITY_REVIEW, name="演示待审")
    assert waiting.campaign_id == owed.pk
    middle = timezone.now()
    act(waiting, "accept", reviewer())
    user = reviewer(PROVINCE)
    asked = [{}, {"at": middle.isoformat()}, {"region": WEIFANG, "kind": KIND}]
    behind = {"place": WEIFANG, "state": "approved"}

    numbers = []
    for more in (0, 2, 997):
        copies.multiply(first.filing.record, more)
        copies.multiply(waiting, more)
        numbers.append([cost(client, user, "dashboard", **one) for one in asked])
        numbers[-1] += [
            cost(client, user, "dashboard-download"),
            cost(client, user, "dashboard-behind", **behind),
        ]

    assert numbers == [numbers[0]] * 3
    shown = panels.by_place(Dashboard(dashboards.read({}, user), user)).table.lines()
    assert [line.cells[4].value for line in shown if line.cells[0] == "潍坊市"] == [1000]
    assert Event.objects.filter(at__gt=middle).count() == 1000


def cost(client, user, page, **params) -> int:
    client.force_login(user)
    with CaptureQueriesContext(connection) as queries:
        answered = client.get(reverse(page), params)
        assert answered.status_code == 200
        b"".join(answered.streaming_content) if answered.streaming else answered.content
    return len(queries)
