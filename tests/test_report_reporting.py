"""R8: who had filed for what at an instant, by the same rule as the board, whatever happened since."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import answers, campaigns, drafts, policy, registry, reports, submission, windows, workflow
from portal.examples import example_draft
from portal.models import Campaign, Filing, Organisation, Region
from portal.vocabulary import State
from tests import copies
from tests.campaigning import DAY, DOCUMENT, campaign, duty, manager
from tests.factories import (
    COMMENT,
    KUIWEN,
    PROVINCE,
    WEIFANG,
    act,
    approver,
    attached,
    bureau,
    filer,
    in_free_year,
    reviewer,
    road,
)
from tests.rolling import asked, tables, unequal

pytestmark = pytest.mark.django_db
SLUG, BRAND, RETURN = "reporting", "labour-brands", "project-training-returns"
WEICHENG, LIXIA = "370702", "370102"
TASKS, PLACES, OWING = "任务", "分市县情况", "未报送单位"
CITIES = [f"37{number:02}" for number in range(1, 10)]


def begun(of: Campaign, place: str, name: str = "") -> Filing:
    """Return a draft of a bureau for a campaign, fit to be sent."""
    kind, who = registry.get(of.kind), filer(place)
    named = {"name": name or f"演示品牌{of.pk}{place}", "name_region": "演示"}
    changes = named if of.kind == BRAND else in_free_year(kind, place)
    values, rows = example_draft(kind, **changes)
    facts = {"organisation": bureau(place), "values": values, "rows": rows, "campaign": of}
    return attached(drafts.create(kind, by=who, **facts), who)


def answered(of: Campaign, place: str, state: str = State.PROVINCE_REVIEW) -> Filing:
    """Return an answer to a campaign that walked to ``state``."""
    record = begun(of, place)
    for action, by, arguments in road(record, state):
        record = act(record, action, by, **arguments)
    return record


def nothing(of: Campaign, place: str) -> Filing:
    """Return a zero report that reached the province."""
    facts = {"by": filer(place), "organisation": bureau(place), "explanation": "没有内容（演示）。"}
    return act(submission.report_nothing(of, **facts), "endorse", reviewer(place))


@dataclass(frozen=True)
class History:
    """Three campaigns at the cut-off, and the answers that go on afterwards."""

    cutoff: datetime
    open: Campaign
    over: Campaign
    counties: Campaign
    answers: dict[str, Filing]
    reminded: datetime

    def asked(self, of: Campaign, region: str = PROVINCE) -> reports.Asked:
        """Return the question for one campaign at the cut-off."""
        return asked(SLUG, self.cutoff, region, campaign=str(of.pk))


@pytest.fixture(scope="module")
def history(for_the_module) -> History:
    """Let cities and counties do what they do."""
    is_open = campaign("演示进行中", kind=BRAND, places=CITIES[:6])
    over = campaign("演示已逾期", kind=BRAND, places=["3701", WEIFANG, "3708"], opens=-30, due=-1)
    counties = campaign("演示县级", kind=RETURN, expects="county", places=[LIXIA, WEICHENG, KUIWEN])
    campaigns.extend(duty(over, WEIFANG), by=manager(), until=timezone.now() + 5 * DAY, reason="核实。")
    made = {
        "filed": answered(is_open, "3701"),
        "nothing": nothing(is_open, "3702"),
        "returned": answered(is_open, "3703", State.RETURNED),
        "draft": begun(is_open, "3704"),
        "in review": answered(is_open, "3705", State.CITY_REVIEW),
        "late": answered(over, "3701", State.APPROVED),
        "extended": answered(over, WEIFANG),
        "county": answered(counties, KUIWEN, State.CITY_REVIEW),
    }
    campaigns.remind(is_open, by=manager(), duties=[duty(is_open, "3706").pk])
    reminded = duty(is_open, "3706").reminders.get().at
    return History(timezone.now(), is_open, over, counties, made, reminded)


def test_a_campaign_is_summed_as_counted_by_hand(history):
    due, reminded = windows.moment(history.open.due_at), windows.moment(history.reminded)
    past = windows.moment(history.over.due_at)

    lines = [tables(history.asked(of))[TASKS] for of in (history.open, history.over, history.counties)]

    assert lines == [
        [(1, "演示进行中", DOCUMENT, due, 6, 2, 0, 1, 1, 3, 33, 33, reminded)],
        [(1, "演示已逾期", DOCUMENT, past, 3, 2, 1, 0, 0, 1, 66, 33, "")],
        [(1, "演示县级", DOCUMENT, windows.moment(history.counties.due_at), 3, 1, 0, 0, 0, 2, 33, 33, "")],
    ]


def test_each_city_has_its_line(history):
    reminded = windows.moment(history.reminded)

    assert tables(history.asked(history.open))[PLACES] == [
        ("演示进行中", "济南市", "", 1, 1, 0, 0, 0, 0, 100, 100, ""),
        ("演示进行中", "青岛市", "", 1, 1, 0, 1, 0, 0, 100, 100, ""),
        ("演示进行中", "淄博市", "", 1, 0, 0, 0, 1, 0, 0, 0, ""),
        ("演示进行中", "枣庄市", "", 1, 0, 0, 0, 0, 1, 0, 0, ""),
        ("演示进行中", "东营市", "", 1, 0, 0, 0, 0, 1, 0, 0, ""),
        ("演示进行中", "烟台市", "", 1, 0, 0, 0, 0, 1, 0, 0, reminded),
        ("演示进行中", "合计", "", 6, 2, 0, 1, 1, 3, 33, 33, reminded),
    ]


def test_what_counties_owe_is_told_by_county_with_a_sum_for_each_city(history):
    assert [line[1:6] for line in tables(history.asked(history.counties))[PLACES]] == [
        ("济南市", "历下区", 1, 0, 0),
        ("济南市", "小计", 1, 0, 0),
        ("潍坊市", "潍城区", 1, 0, 0),
        ("潍坊市", "奎文区", 1, 1, 0),
        ("潍坊市", "小计", 2, 1, 0),
        ("合计", "", 3, 1, 0),
    ]


def test_who_still_owes_is_named_and_a_draft_is_not_told_of(history):
    due, past = windows.moment(history.open.due_at), windows.moment(history.over.due_at)
    reminded = windows.moment(history.reminded)

    lines = [tables(history.asked(of))[OWING] for of in (history.open, history.over)]

    assert lines == [
        [
            ("演示进行中", "淄博市", "淄博市人力资源和社会保障局", "退回", due, 0, ""),
            ("演示进行中", "枣庄市", "枣庄市人力资源和社会保障局", "未报", due, 0, ""),
            ("演示进行中", "东营市", "东营市人力资源和社会保障局", "尚未到达", due, 0, ""),
            ("演示进行中", "烟台市", "烟台市人力资源和社会保障局", "未报", due, 1, reminded),
        ],
        [("演示已逾期", "济宁市", "济宁市人力资源和社会保障局", "未报", past, 0, "")],
    ]


def test_every_number_is_what_is_behind_it(history):
    for of in (history.open, history.over, history.counties):
        assert unequal(history.asked(of)) == []


def test_behind_a_number_are_the_filings_by_which_the_bureaus_stand(history):
    question = history.asked(history.open)

    found = reports.behind(question, f"campaign={history.open.pk}&column=filed")

    assert (found.title, found.amount) == ("演示进行中：已报", "")
    assert set(found.filings) == {
        Filing.objects.get(pk=history.answers[name].pk) for name in ("filed", "nothing")
    }


def test_an_unknown_number_is_refused(history):
    own, other = history.open.pk, history.over.pk
    addresses = ("", "campaign=x&column=filed", f"campaign={own}", f"campaign={other}&column=filed")
    wrong = [f"campaign={own}&column=filed&place=3799", f"campaign={own}&column=filed&more=1"]

    for address in (*addresses, *wrong):
        with pytest.raises(reports.Unknown):
            reports.behind(history.asked(history.open), address)


def test_a_city_and_a_county_read_what_they_and_theirs_owe(history):
    shown = {
        (region, of.name): [line[1:4] for line in tables(history.asked(of, region))[PLACES]]
        for region in ("3701", WEIFANG, KUIWEN)
        for of in (history.open, history.counties)
    }

    assert shown == {
        ("3701", "演示进行中"): [("济南市", "", 1)],
        ("3701", "演示县级"): [("济南市", "历下区", 1), ("济南市", "小计", 1)],
        (WEIFANG, "演示进行中"): [],
        (WEIFANG, "演示县级"): [("潍坊市", "潍城区", 1), ("潍坊市", "奎文区", 1), ("潍坊市", "小计", 2)],
        (KUIWEN, "演示进行中"): [],
        (KUIWEN, "演示县级"): [("潍坊市", "奎文区", 1), ("潍坊市", "小计", 1)],
    }


def test_without_a_choice_it_is_what_is_due_this_year_or_later_the_latest_first():
    now = timezone.now()
    first = windows.start_of(date(timezone.localdate().year, 1, 1))
    times = {"今年": first, "去年": first - timedelta(seconds=1), "明年": now + 400 * DAY}
    for name, due in times.items():
        of = campaign(f"演示{name}", places=["3701"], opens=-500, due=-400)
        Campaign.objects.filter(pk=of.pk).update(due_at=due)
    campaign("演示未开放", places=["3701"], opens=1, due=5)

    question = asked(SLUG)

    assert [line[1] for line in tables(question)[TASKS] if line[1][2:] in times] == ["演示明年", "演示今年"]
    assert reports.in_words(question) == [("报送任务", "正在报送和本年度截止的任务")]
    choices = reports.get(SLUG).filters[0].choices(question).values()
    assert [name for name in choices if name[2:] in times] == ["演示明年", "演示今年", "演示去年"]


def test_a_campaign_opened_since_is_not_known():
    before = timezone.now()
    of = campaign("演示补开", places=["3701"])

    known = [of in answers.opened_by(at) for at in (before, timezone.now())]

    assert known == [False, True]


def renamed(model, facts: dict, **which) -> None:
    row = model.objects.get(**which)
    for name, value in facts.items():
        setattr(row, name, value)
    row.save()


def later_acts(of: History) -> None:
    """Do everything that changes what the board shows."""
    act(of.answers["filed"], "return", reviewer(PROVINCE), comment=COMMENT)
    act(of.answers["nothing"], "reject", approver(), comment=COMMENT)
    act(of.answers["returned"], "cancel", filer("3703"))
    act(act(of.answers["draft"], "submit", filer("3704")), "endorse", reviewer("3704"))
    act(of.answers["in review"], "withdraw", filer("3705"))
    act(of.answers["extended"], "return", reviewer(PROVINCE), comment=COMMENT)
    late = act(of.answers["late"], "reopen", approver(), comment=COMMENT)
    late = act(late, "return", reviewer(PROVINCE), comment=COMMENT)
    campaigns.extend(duty(of.over, "3701"), by=manager(), until=timezone.now() + 9 * DAY, reason="核实。")
    assert act(late, "submit", filer("3701")).is_late is False
    act(of.answers["county"], "approve", reviewer())
    answered(of.open, "3706")
    campaigns.extend(duty(of.over, "3708"), by=manager(), until=timezone.now() + 9 * DAY, reason="核实。")
    answered(of.over, "3708")
    campaigns.remind(of.counties, by=manager())
    campaigns.close(of.open, by=manager())
    renamed(Region, {"name": "演示改名市"}, pk="3704")
    renamed(Organisation, {"name": "演示改名局"}, region="3708", kind="hrss_bureau")
    renamed(Campaign, {"name": "演示改名", "due_at": of.counties.due_at + DAY}, pk=of.counties.pk)


def test_the_same_cut_off_gives_the_same_after_every_later_act(history):
    questions = [
        history.asked(of, region)
        for of in (history.open, history.over, history.counties)
        for region in (PROVINCE, WEIFANG)
    ]
    before = [tables(question) for question in questions]

    later_acts(history)

    assert [tables(question) for question in questions] == before
    assert [unequal(question) for question in questions] == [[]] * 6
    now = [line[4:10] for line in tables(asked(SLUG, campaign=str(history.open.pk)))[TASKS]]
    assert now == [(6, 3, 0, 1, 1, 2)]


def told(rows: list[windows.Row]) -> list[tuple]:
    """Return everything that a board shows, without its objects."""
    return [
        (
            row.duty.pk,
            str(row.duty.organisation),
            row.due_at,
            row.standing,
            row.filed,
            row.approved,
            row.returned,
            row.is_nothing,
            row.answer,
            row.last_submitted,
            row.reminded_at,
            row.reminders,
        )
        for row in rows
    ]


def test_the_board_of_an_instant_is_the_one_that_was_shown_then():
    random.seed(20261121)
    found = [
        campaign("演示逾期", kind=BRAND, opens=-30, due=-1, places=CITIES),
        campaign("演示各县", kind=RETURN, expects="county", places=[LIXIA, WEICHENG, KUIWEN]),
        campaign("演示各市", kind=RETURN, places=CITIES, updates_until=timezone.now() + 90 * DAY),
    ]
    shown = []

    for _ in lived(found, acts=160):
        at = timezone.now()
        shown.append((at, {of: told(rows) for of, rows in windows.boards(found).items()}))
        known = windows.boards(answers.opened_by(timezone.now()), at=timezone.now())
        assert {of.pk: told(known[of.pk]) for of in found} == shown[-1][1]

    for at, boards in shown:
        then = windows.boards(answers.opened_by(at), at=at)
        assert {of.pk: told(then[of.pk]) for of in found} == boards
    assert {row[3] for _, boards in shown for rows in boards.values() for row in rows} == set(windows.STATES)


def lived(found: list[Campaign], acts: int) -> Iterator[None]:
    """Let bureaus and desks do random acts for campaigns; pause after every eighth."""
    for number in range(acts):
        random.choice([_begin, _begin, _go_on, _go_on, _go_on, _go_on, _say_nothing, _extend, _remind])(found)
        if number % 8 == 7:
            yield


def _begin(found: list[Campaign]) -> None:
    of = random.choice(found)
    place = random.choice([*CITIES[:4], LIXIA, WEICHENG, KUIWEN])
    with suppress(workflow.Refused):
        begun(of, place, name=f"演示品牌{random.random()}")


def _go_on(found: list[Campaign]) -> None:
    """Do something that is open with some filing."""
    filing = random.choice(list(Filing.objects.filter(campaign__in=found).order_by("pk")) or [None])
    if filing is None:
        return
    city = filing.region_id[:4]
    people = [filer(filing.region_id), reviewer(city), reviewer(PROVINCE), approver()]
    open_to = [
        (choice.action.name, who)
        for who in people
        for choice in policy.available_actions(filing.record, who)
        if not choice.reason and choice.action.name not in ("assign", "accept")
    ]
    if open_to:
        action, who = random.choice(sorted(open_to, key=lambda pair: (pair[0], pair[1].pk)))
        act(filing, action, who, comment=COMMENT)
    elif filing.state == State.APPROVED and filing.kind == RETURN:
        drafts.update(filing, by=people[0])


def _say_nothing(found: list[Campaign]) -> None:
    of, place = random.choice(found), random.choice([*CITIES, LIXIA, WEICHENG])
    if not windows.why_not_nothing(of, bureau(place)):
        submission.report_nothing(
            of, by=filer(place), organisation=bureau(place), explanation="没有内容（演示）。"
        )


def _extend(found: list[Campaign]) -> None:
    owing = random.choice(list(random.choice(found).duties.order_by("pk")))
    until = max(windows.due_at(owing), timezone.now()) + DAY
    campaigns.extend(owing, by=manager(), until=until, reason="核实。")


def _remind(found: list[Campaign]) -> None:
    of = random.choice(found)
    campaigns.remind(of, by=manager(), duties=random.sample([one.pk for one in of.duties.all()], 2))


def test_the_report_costs_the_same_queries_at_any_size(history):
    costs = []
    for more in (0, 2, 20):
        for number in range(more):
            campaign(f"演示又{more}-{number}", places=CITIES)
        copies.multiply(history.answers["filed"], more)
        with CaptureQueriesContext(connection) as queries:
            tables(asked(SLUG))
        costs.append(len(queries))

    assert costs == [costs[0]] * 3
