"""From the deadline to the filing: the workbench, beginning, the form, the check, the lists."""

import pytest
from django.utils import timezone

from portal import campaigns, deadlines, drafts, exports, importing, registry, windows, workflow
from portal.models import Campaign, Filing
from portal.vocabulary import State
from tests.campaigning import (
    DAY,
    KIND,
    answer,
    campaign,
    duty,
    get,
    manager,
    nothing,
    now_due,
    pass_due,
    post,
)
from tests.factories import KUIWEN, WEIFANG, act, draft, filer, filing, reviewer

pytestmark = pytest.mark.django_db

LATE = "，本次提交将标记为逾期。"


def due_in(name: str, days: int, **facts) -> Campaign:
    """Return a campaign that is due at the end of the day so many days from today."""
    of = campaign(name, **facts)
    due = windows.end_of(timezone.localdate() + days * DAY)
    return now_due(of, opens_at=due - 400 * DAY, due_at=due)


def cards(client, user) -> list[tuple[str, int, bool, str]]:
    """Return (name, days, over, word) of the deadlines on a person's workbench."""
    found = get(client, user, "desk").context["deadlines"]
    return [(d.campaign.name, d.days, d.is_over, d.word) for d in found]


def test_the_workbench_shows_the_three_nearest_deadlines_with_the_days_left(client):
    for days in (40, 9, 0, 20):
        due_in(f"演示{days}", days)

    assert cards(client, filer()) == [
        ("演示0", 0, False, "未报"),
        ("演示9", 9, False, "未报"),
        ("演示20", 20, False, "未报"),
    ]


def test_what_is_overdue_is_marked_for_sixty_days_while_it_is_owed(client):
    due_in("演示旧", -62), due_in("演示逾期", -3), due_in("演示已报", -2)
    record = drafts.create(registry.get(KIND), by=filer(), campaign=Campaign.objects.get(name="演示逾期"))

    assert cards(client, filer()) == [("演示已报", -2, True, "未报"), ("演示逾期", -3, True, "填报中")][::-1]
    assert record.campaign.name == "演示逾期"


def test_what_is_done_is_no_deadline_any_more(client):
    answer(due_in("演示任务", 5))

    assert cards(client, filer()) == []
    assert cards(client, filer("3708")) == [("演示任务", 5, False, "未报")]


def test_an_extension_moves_the_deadline_of_its_bureau(client):
    of = due_in("演示任务", 5)
    campaigns.extend(duty(of), by=manager(), until=of.due_at + 4 * DAY, reason="数据核实。")

    assert [cards(client, filer(place))[0][1] for place in (WEIFANG, "3708")] == [9, 5]


def test_a_county_has_done_its_part_when_its_city_has_it(client):
    of = due_in("演示任务", 5)
    record = answer(of, State.DRAFT, place=KUIWEN)
    before = cards(client, filer(KUIWEN))

    act(record, "submit", filer(KUIWEN))

    assert (before, cards(client, filer(KUIWEN))) == ([("演示任务", 5, False, "填报中")], [])
    assert cards(client, filer()) == [("演示任务", 5, False, "填报中")]


def test_the_province_sees_how_many_have_filed(client):
    answer(due_in("演示任务", 5))

    found = get(client, manager(), "desk").context["deadlines"]

    assert [(d.filed, d.expected, d.files) for d in found] == [(1, 16, False)]


def test_a_reviewer_is_told_the_deadline_and_not_sent_to_file(client):
    due_in("演示任务", 5)

    page = {who.username: get(client, who, "desk").content.decode() for who in (filer(), reviewer())}

    assert ["去填报" in words for words in page.values()] == [True, False]


def test_who_does_not_file_a_type_is_given_no_deadline_for_it(client):
    of = due_in("演示评估", 9, kind="subsidy-reviews")

    assert (cards(client, filer(KUIWEN)), cards(client, filer())) == ([], [("演示评估", 9, False, "未报")])
    assert "这项任务由设区的市报送" in get(client, filer(KUIWEN), "campaign", of.pk).content.decode()


@pytest.mark.parametrize("number", [1, 5])
def test_the_deadlines_cost_the_same_at_any_number(number, django_assert_num_queries):
    user = filer()
    for one in range(number):
        answer(due_in(f"演示任务{one}", 5 - one), State.DRAFT)
    assert user.posts

    with django_assert_num_queries(2):
        found = deadlines.nearest(user)

    assert len(found) == min(number, 3)


def test_beginning_offers_what_is_owed_first_and_what_is_overdue_apart(client):
    due_in("演示今年", 5), due_in("演示补报", -5)
    answer(due_in("演示已报", 3))

    shown = get(client, filer(), "filing-new")
    names = {
        part: [d.campaign.name for d in shown.context[part] if d.campaign.name.startswith("演示")]
        for part in ("tasks", "overdue")
    }

    assert names == {"tasks": ["演示今年"], "overdue": ["演示补报"]}
    assert "逾期补报" in shown.content.decode()


def test_a_task_that_was_begun_leads_to_the_draft_of_the_own_bureau(client):
    of = due_in("演示任务", 5)
    drafts.create(registry.get(KIND), by=filer(KUIWEN), campaign=of)
    before = get(client, filer(), "filing-new").context["tasks"][0].url

    own = drafts.create(registry.get(KIND), by=filer(), campaign=of)

    shown = get(client, filer(), "filing-new")
    assert before == f"/desk/new/{KIND}/?campaign={of.pk}"
    assert shown.context["tasks"][0].url == f"/desk/filings/{own.pk}/edit/"
    assert "继续填写" in shown.content.decode()


def test_what_the_own_city_still_reviews_is_called_so_and_invites_no_second(client):
    of = due_in("演示评估", 5, kind="subsidy-reviews")
    record = answer(of, State.CITY_REVIEW)

    shown = get(client, filer(), "filing-new", "subsidy-reviews")
    task, words = shown.context["tasks"][0], shown.content.decode()

    assert (task.word, task.url) == ("待市级审核", f"/desk/filings/{record.pk}/")
    # the button of the type's own card alone
    asked = [
        words.count(word) for word in ("开始填报", "另填一件", "查看填报", f"/campaigns/{of.pk}/nothing/")
    ]
    assert asked == [1, 0, 1, 0]
    assert "查看填报" in get(client, filer(), "desk").content.decode()


def test_a_type_of_which_there_are_several_is_filed_again(client):
    answer(due_in("演示任务", 5), State.CITY_REVIEW)

    words = get(client, filer(), "filing-new", KIND).content.decode()

    assert [word in words for word in ("待市级审核", "另填一件", "填报中")] == [True, True, False]


def test_a_draft_belongs_to_the_campaign_that_was_clicked_and_else_to_the_one_due_next(client):
    later, over = due_in("演示较晚", 20), due_in("演示补报", -5)
    due_in("演示较早", 5)

    for chosen in (later.pk, over.pk, "", "x", "9" * 30):
        post(client, filer(), "filing-new", KIND, campaign=chosen)

    # the last three clicks take up one untouched draft
    assert [record.campaign.name for record in Filing.objects.order_by("pk")] == ["演示较晚", "演示补报"]
    post(client, filer("3708"), "filing-new", KIND)
    assert Filing.objects.latest("pk").campaign.name == "演示较早"


def test_a_double_click_on_a_task_begins_one_draft(client):
    of = due_in("演示任务", 5)

    first, second = (post(client, filer(), "filing-new", KIND, campaign=of.pk).url for _ in range(2))

    assert first == second


def test_the_form_and_the_check_tell_the_due_time_and_that_a_submission_would_be_late(client):
    record = answer(due_in("演示任务", 5), State.DRAFT)
    due = windows.moment(record.campaign.due_at)

    def pages():
        names = ("filing-edit", "filing-check")
        return [get(client, filer(), name, record.pk).content.decode() for name in names]

    in_time = pages()
    over = pass_due(record.campaign)
    late = pages()

    assert [(due in page, LATE in page) for page in in_time] == [(True, False)] * 2
    sentence = f"已超过报送截止时间（{windows.moment(over.due_at)}）{LATE}"
    assert [sentence in page for page in late] == [True, True]


def test_what_is_late_or_nothing_is_marked_on_the_page_and_in_the_lists(client):
    record = answer(due_in("演示任务", 5), State.DRAFT)
    of = pass_due(record.campaign)
    act(record, "submit", filer())
    zero = nothing(of, "3708", State.PROVINCE_REVIEW)

    page = get(client, reviewer(), "filing", record.pk)
    waiting = get(client, reviewer(), "desk")
    listed = get(client, manager(), "filing-list", KIND)

    assert page.context["marks"] == ["逾期"]
    assert of.name in page.content.decode()
    assert [row.marks for row in waiting.context["rows"]] == [["逾期"]]
    assert {row["title"]: row["marks"] for row in listed.context["rows"]} == {
        record.title: ["逾期"],
        zero.title: ["逾期", "零报送"],
    }


def test_a_list_is_narrowed_to_a_campaign(client):
    ours = answer(due_in("演示甲", 5))
    filing(KIND, State.PROVINCE_REVIEW, place="3701", name="济南鲁绣品牌（演示）")
    Filing.objects.exclude(pk=ours.pk).update(campaign=None)

    def titles(**params):
        return [row["title"] for row in get(client, manager(), "filing-list", KIND, **params).context["rows"]]

    assert titles(campaign=ours.campaign_id) == [ours.title]
    assert len(titles()) == len(titles(campaign="x")) == 2
    assert titles(campaign="9" * 17) == []


# One rule for every road on which a filing is sent: it is asked by ``perform`` alone.
SHUT = {
    "not open yet": {"opens_at": timezone.now() + DAY, "due_at": timezone.now() + 9 * DAY},
    "closed": {"closed_at": timezone.now()},
}


@pytest.mark.parametrize("moved", SHUT.values(), ids=SHUT)
def test_the_check_page_sends_nothing_outside_the_window(client, moved):
    record = answer(due_in("演示任务", 5), State.DRAFT)
    now_due(record.campaign, **moved)
    sent = {name: getattr(record, name) for name in ("revision", "version", "step")}

    shown = get(client, filer(), "filing-check", record.pk)
    answered = post(client, filer(), "filing-check", record.pk, **sent)

    reason = windows.why_closed(Filing.objects.get(pk=record.pk), timezone.now())
    assert shown.context["reviewer"].closed == reason
    assert (answered.status_code, reason in answered.content.decode()) == (409, True)
    assert Filing.objects.get(pk=record.pk).state == State.DRAFT


@pytest.mark.parametrize("moved", SHUT.values(), ids=SHUT)
def test_the_page_of_a_filing_sends_nothing_outside_the_window(client, moved):
    record = answer(due_in("演示任务", 5), State.DRAFT)
    now_due(record.campaign, **moved)

    answered = post(
        client, filer(), "filing-act", record.pk, action="submit", version=record.version, step=record.step
    )

    reason = windows.why_closed(Filing.objects.get(pk=record.pk), timezone.now())
    assert (answered.status_code, reason in answered.content.decode()) == (422, True)
    assert Filing.objects.get(pk=record.pk).state == State.DRAFT


def imported() -> Filing:
    """Return a draft made from a sheet, as the web and the command make it."""
    record_type = registry.get(KIND)
    record = draft(KIND)
    sheet = exports.export_workbook(
        record_type, record_type.model.objects.filter(pk=record.pk), personal=True
    )
    act(record, "cancel", filer())
    reading = importing.read_file(sheet, "品牌.xlsx", record_type, filer())
    return importing.commit(reading, filer())[0]


@pytest.mark.parametrize("moved", SHUT.values(), ids=SHUT)
def test_an_imported_filing_is_sent_in_the_window_alone(moved):
    of = due_in("演示任务", 5)
    record = imported()
    now_due(of, **moved)

    with pytest.raises(workflow.Refused) as refused:
        workflow.perform(record, "submit", by=filer(), version=1)

    assert record.campaign == of
    assert windows.why_closed(Filing.objects.get(pk=record.pk), timezone.now()) in str(refused.value)


def test_an_import_joins_no_campaign_that_is_not_open():
    now_due(campaign(), **SHUT["not open yet"])

    record = imported()

    assert record.campaign is None
