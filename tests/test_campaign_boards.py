"""The board of a campaign: where each bureau stands, the five rates, and what they cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import campaigns, drafts, registry, windows
from portal.models import Campaign, Organisation
from portal.vocabulary import Kind, State
from portal.windows import Rates
from tests.campaigning import DAY, KIND, answer, campaign, duty, manager, nothing, pass_due, row
from tests.factories import (
    COMMENT,
    KUIWEN,
    PROVINCE,
    WEIFANG,
    act,
    approver,
    draft,
    filer,
    filing,
    reviewer,
)

pytestmark = pytest.mark.django_db

CITIES = [f"37{number:02}" for number in range(1, 18) if number != 12]  # 3712 was 莱芜


def standings(of) -> dict[str, str]:
    """Return place → state of the bureaus that are not 未报."""
    rows = windows.board(of, manager())
    return {r.duty.organisation.region_id: r.standing for r in rows if r.standing != windows.UNFILED}


def test_a_new_campaign_is_owed_by_the_sixteen_cities_and_nobody_has_filed():
    of = campaign()

    rows = windows.board(of, manager())

    assert [r.duty.organisation.region_id for r in rows] == CITIES
    assert {r.label for r in rows} == {"未报"}
    assert windows.rates(rows) == Rates(expected=16, filed=0, on_time=0)


def test_a_campaign_of_the_counties_is_owed_by_all_136():
    assert windows.rates(windows.board(campaign(expects="county"), manager())) == Rates(136, 0, 0)


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        (State.DRAFT, windows.IN_WORK),
        (State.CITY_REVIEW, windows.IN_WORK),
        (State.PROVINCE_REVIEW, windows.FILED),
        (State.RETURNED, windows.RETURNED),
        (State.APPROVED, windows.FILED),
        (State.REJECTED, windows.FILED),
        (State.CANCELLED, windows.UNFILED),
    ],
)
def test_a_bureau_stands_where_its_filing_stands(state, standing):
    of = campaign()

    answer(of, state)

    assert row(of).standing == standing


def test_a_city_counts_as_one_bureau_however_many_filings_it_and_its_counties_sent():
    of = campaign()
    answer(of)
    answer(of, State.APPROVED, place=KUIWEN)

    weifang = row(of)

    assert (weifang.filed, weifang.approved) == (2, 1)
    assert windows.rates(windows.board(of, manager())) == Rates(16, 1, 1)


def test_returns_are_counted_and_the_latest_submission_is_told():
    of = campaign()
    record = answer(of)
    act(record, "return", reviewer(PROVINCE), comment=COMMENT)
    record = act(record, "submit", filer())

    assert (row(of).standing, row(of).returned, row(of).last_submitted) == (
        windows.IN_WORK,
        1,
        record.submitted_at,
    )


def walk(of: Campaign) -> None:
    """Let eight cities do what cities do: on time, extended, nothing, late, returned, late again."""
    for place in ("3701", "3702", "3705", "3706"):
        answer(of, place=place)
    nothing(of, "3703", State.PROVINCE_REVIEW)
    late, late_nothing = answer(of, State.DRAFT, place="3704"), "3708"
    extended = answer(of, State.DRAFT, place="3707")
    Campaign.objects.filter(pk=of.pk).update(due_at=timezone.now() - DAY, opens_at=timezone.now() - 30 * DAY)
    of.refresh_from_db()
    campaigns.extend(duty(of, "3707"), by=manager(), until=timezone.now() + DAY, reason="数据核实。")
    for record in (late, extended):
        act(act(record, "submit", filer(record.region_id)), "endorse", reviewer(record.region_id))
    nothing(of, late_nothing, State.PROVINCE_REVIEW)


def test_the_rates_with_extension_zero_report_and_late_filings():
    walk(of := campaign())

    assert standings(of) == {
        "3701": windows.FILED,
        "3702": windows.FILED,
        "3703": windows.NOTHING_TO_REPORT,
        "3704": windows.FILED_LATE,
        "3705": windows.FILED,
        "3706": windows.FILED,
        "3707": windows.FILED,
        "3708": windows.FILED_LATE,
    }
    assert row(of, "3708").is_nothing is True
    assert windows.rates(windows.board(of, manager())) == Rates(expected=16, filed=8, on_time=6)


def test_the_rates_of_returned_then_late_and_of_returned_after_the_due_time():
    walk(of := campaign())
    on_time = of.filings.get(region_id="3701")
    act(on_time, "return", reviewer(PROVINCE), comment=COMMENT)
    owed = windows.rates(windows.board(of, manager()))

    act(act(on_time, "submit", filer("3701")), "endorse", reviewer("3701"))
    late = of.filings.get(region_id="3704")
    act(late, "return", reviewer(PROVINCE), comment=COMMENT)
    act(act(late, "submit", filer("3704")), "endorse", reviewer("3704"))

    assert owed == Rates(16, 7, 5)
    assert (standings(of)["3701"], standings(of)["3704"]) == (windows.FILED, windows.FILED_LATE)
    assert windows.rates(windows.board(of, manager())) == Rates(16, 8, 6)


MERGED = "project-training-returns"


def test_a_county_s_part_of_a_city_s_return_serves_no_duty_of_the_city():
    of = campaign(kind=MERGED)
    part = filing(MERGED, State.APPROVED, place=KUIWEN)

    assert part.campaign == of
    assert windows.duty_of(part) is None
    assert (row(of).standing, row(of).filed) == (windows.UNFILED, 0)


def test_the_same_part_serves_the_duty_of_the_county_in_a_campaign_of_the_counties():
    of = campaign(kind=MERGED, expects="county")
    record = filing(MERGED, State.CITY_REVIEW, place=KUIWEN)

    assert record.campaign == of
    assert windows.duty_of(record).organisation.region_id == KUIWEN
    assert row(of, KUIWEN).standing == windows.FILED


def test_an_update_keeps_the_duty_fulfilled_and_is_not_counted_twice():
    of = campaign(kind=MERGED, updates_until=timezone.now() + 90 * DAY)
    returned = answer(of, State.APPROVED)
    pass_due(of)

    update = drafts.update(returned, by=filer())
    in_work = row(of)
    update = act(update, "submit", filer())
    act(act(update, "endorse", reviewer()), "approve", approver())

    assert (update.campaign, update.is_late) == (of, False)
    assert (in_work.standing, in_work.filed) == (windows.FILED, 1)
    assert (row(of).standing, row(of).filed, row(of).approved) == (windows.FILED, 1, 1)


def test_a_board_shows_a_bureau_its_own_region_alone():
    of = campaign()
    seen = {
        who.username: [r.duty.organisation.region_id for r in windows.board(of, who)]
        for who in (filer(), reviewer("3708"), filer(KUIWEN), manager())
    }

    assert list(seen.values()) == [[WEIFANG], ["3708"], [], CITIES]


def plant(of: Campaign, number: int) -> None:
    """Plant drafts of the first bureaus that owe; a draft costs the board what any filing costs."""
    for place in CITIES[:number]:
        draft(KIND, place=place)
        draft(KIND, place=place)


@pytest.mark.parametrize("number", [1, 3, 16])
def test_a_board_costs_the_same_queries_at_any_size(number, django_assert_num_queries):
    plant(of := campaign(), number)
    user = manager()
    assert user.posts

    with django_assert_num_queries(5):
        rows = windows.board(of, user)

    assert sum(r.standing == windows.IN_WORK for r in rows) == number


def test_the_boards_of_many_campaigns_cost_what_one_costs():
    found = [campaign(f"演示任务{number}") for number in range(4)]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        boards = windows.boards(found)

    assert len(asked) == 5
    assert [len(boards[of.pk]) for of in found] == [16] * 4


def test_a_bureau_that_is_closed_down_keeps_its_old_duty_and_gets_no_new_one():
    before = campaign("演示之前")
    Organisation.objects.filter(region_id=WEIFANG, kind=Kind.HRSS_BUREAU).update(
        valid_to=timezone.localdate()
    )
    after = campaign("演示之后")

    assert [before.duties.count(), after.duties.count()] == [16, 15]


def test_every_type_can_be_asked_for():
    for kind in registry.all_types():
        assert windows.board(campaign(f"演示{kind.slug}", kind=kind.slug), manager())[0].label == "未报"
