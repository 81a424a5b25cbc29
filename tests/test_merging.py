"""汇总: a city takes up the approved returns of its counties; 提取上期 and 更新 of a return."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import drafts, merging, registry, windows
from portal.models import Campaign, Filing
from portal.vocabulary import State
from portal.workflow import Conflict, Refused
from tests.factories import COMMENT, KUIWEN, WEIFANG, act, approver, bureau, draft, filer, filing, reviewer
from tests.typed import page, stored

pytestmark = pytest.mark.django_db
RETURN = registry.get("project-training-returns")
WEICHENG, ANQIU, CHANGYI = "370702", "370784", "370786"


def row(name: str, place: str = "", count: int = 10, **changes) -> dict:
    """Return a training as an example has it."""
    where = {"organizer_region": place} if place else {}
    said = {"target_scope": "登记失业人员", "held_text": "6月", "remark": ""}
    return {"project_name": f"{name}（演示）", "trainee_count": count, **said, **where, **changes}


def county(place: str, state: str = State.APPROVED, *rows: dict) -> Filing:
    return filing(RETURN, state, place=place, training_rows=list(rows) or [row("电焊", count=80)])


def city(*rows: dict) -> Filing:
    return draft(RETURN, training_rows=list(rows))


def standings(record: Filing) -> dict[str, tuple]:
    """Return county → standing, rows reported and present, of the counties with any."""
    return {
        str(part.region): (part.standing, len(part.reported), len(part.present))
        for part in merging.parts(record, by=filer())
        if part.standing != merging.MISSING or part.present
    }


def rows_of(record: Filing) -> list[tuple]:
    rows = stored(record).training_rows.select_related("organizer_region")
    return [(str(r.organizer_region or "市直"), r.project_name, r.trainee_count) for r in rows]


def merge(record: Filing) -> Filing:
    current = stored(record)
    return merging.merge(current, by=filer(), revision=current.revision)


# -- the parts


def test_every_county_and_zone_of_the_city_is_listed_with_its_standing():
    county(KUIWEN)
    county(WEICHENG, State.CITY_REVIEW)
    county(ANQIU, State.RETURNED)
    county(CHANGYI, State.DRAFT)
    county("371302")
    record = city(row("柳编", "370725"))

    found = merging.parts(record, by=filer())

    assert len(found) == 17
    assert standings(record) == {
        "潍城区": ("待审", 0, 0),
        "奎文区": ("未纳入", 1, 0),
        "昌乐县": ("未报", 0, 1),
        "安丘市": ("退回修改", 0, 0),
    }


def test_the_return_of_another_year_is_no_part():
    filing(RETURN, State.APPROVED, place=KUIWEN, year=2023)

    assert standings(city(row("家政"))) == {}


def test_a_county_return_ends_at_the_city():
    record = county(KUIWEN)

    assert [event.action for event in record.events.all()] == ["submit", "approve"]
    assert record.state == State.APPROVED


# -- merging


def test_merging_takes_up_what_was_approved_and_keeps_what_is_the_citys_own():
    county(KUIWEN, State.APPROVED, row("电焊", count=80), row("茶艺", count=20))
    county(WEICHENG, State.CITY_REVIEW)
    record = city(row("柳编", WEICHENG), row("旧的", KUIWEN), row("家政", count=120))

    merge(record)

    assert rows_of(record) == [
        ("市直", "家政（演示）", 120),
        ("潍城区", "柳编（演示）", 10),
        ("奎文区", "电焊（演示）", 80),
        ("奎文区", "茶艺（演示）", 20),
    ]
    assert standings(record) == {"潍城区": ("待审", 0, 1), "奎文区": ("已纳入", 2, 2)}


def test_merging_again_doubles_nothing():
    county(KUIWEN)
    record = city(row("家政"))
    merge(record)
    once = rows_of(record)

    merge(record)

    assert rows_of(record) == once


def test_the_days_of_the_rows_come_with_them():
    county(KUIWEN)
    record = city()

    merge(record)

    assert [str(r.held_to) for r in stored(record).training_rows.all()] == ["2024-06-30"]


def test_an_update_of_a_county_return_replaces_its_rows():
    first = county(KUIWEN)
    record = city()
    merge(record)
    again = drafts.update(first, by=filer(KUIWEN))
    rows = {"training_rows": [{**drafts.row_values(first, "training_rows")[0], "trainee_count": 95}]}
    drafts.save(again, by=filer(KUIWEN), revision=0, values={}, rows=rows)
    for action, who in (("submit", filer(KUIWEN)), ("approve", reviewer())):
        act(again, action, who)

    assert standings(record) == {"奎文区": ("未纳入", 1, 1)}
    merge(record)

    assert rows_of(record) == [("奎文区", "电焊（演示）", 95)]


def test_only_the_filer_of_the_city_merges_and_only_into_a_draft():
    county(KUIWEN)
    record, submitted = city(), filing(RETURN, State.CITY_REVIEW, year=2023)
    refusals = {
        "a reviewer": (record, reviewer()),
        "another city": (record, filer("3713")),
        "the county": (record, filer(KUIWEN)),
        "submitted": (submitted, filer()),
    }

    for what, (target, who) in refusals.items():
        with pytest.raises(Refused):
            merging.merge(target, by=who, revision=target.revision)
            pytest.fail(what)

    assert rows_of(record) == []


def test_a_county_merges_nothing():
    record = draft(RETURN, place=KUIWEN)

    with pytest.raises(Refused, match=merging.NO_CITY):
        merging.merge(record, by=filer(KUIWEN), revision=0)


def test_a_draft_that_changed_meanwhile_is_not_overwritten():
    county(KUIWEN)
    record = city()
    drafts.save(stored(record), by=filer(), revision=0, values={"filled_by": "演示乙"})

    with pytest.raises(Conflict):
        merging.merge(record, by=filer(), revision=0)

    assert rows_of(record) == []


def test_more_rows_than_a_sheet_holds_are_refused():
    county(KUIWEN, State.APPROVED, *[row(f"演示{n}") for n in range(300)])
    county(WEICHENG, State.APPROVED, *[row(f"演示{n}") for n in range(201)])
    record = city()

    with pytest.raises(Refused, match="汇总后有501行"):
        merge(record)


def test_a_row_more_in_a_county_costs_no_query_more():
    one, counts = county(KUIWEN), {}
    record = city()

    for number in (1, 50):
        rows = [drafts.row_values(one, "training_rows")[0]] * number
        model = RETURN.row_model("training_rows")
        one.training_rows.all().delete()
        model.objects.bulk_create([model(training_return=one, **values) for values in rows])
        with CaptureQueriesContext(connection) as captured:
            merging.parts(record, by=filer())
        counts[number] = len(captured)

    assert counts[50] == counts[1]


# -- the pages


@pytest.fixture
def desk(client):
    client.force_login(filer())
    return client


def test_the_page_shows_what_changes_and_one_click_does_it(desk):
    county(KUIWEN)
    record = city(row("家政", count=120))

    shown = desk.get(page("filing-merge", record)).content.decode()
    answer = desk.post(page("filing-merge", record), {"revision": "0"}, follow=True)

    assert "汇总后这张表从 1 行变为 2 行，合计 200 人。" in shown
    assert "加入 1 行" in shown
    assert "已汇总同意的县级报表，现在共 2 行。请核对后提交。" in answer.content.decode()
    assert rows_of(record) == [("市直", "家政（演示）", 120), ("奎文区", "电焊（演示）", 80)]


def test_the_page_of_an_old_draft_says_so_and_changes_nothing(desk):
    county(KUIWEN)
    record = city()

    answer = desk.post(page("filing-merge", record), {"revision": "7"})

    assert answer.status_code == 409
    assert "这份草稿刚刚有改动，没有汇总。" in answer.content.decode()
    assert rows_of(record) == []


def test_the_form_of_a_city_leads_to_the_merging_and_that_of_a_county_does_not(desk, client):
    own, countys = city(), draft(RETURN, place=KUIWEN)

    assert "汇总县级报表" in desk.get(page("filing-edit", own)).content.decode()
    client.force_login(filer(KUIWEN))
    assert "汇总县级报表" not in client.get(page("filing-edit", countys)).content.decode()
    assert client.get(page("filing-merge", countys)).status_code == 404
    assert client.get(page("filing-merge", own)).status_code == 404


# -- the rows of an earlier year


def test_an_empty_draft_starts_with_the_rows_of_the_latest_earlier_return(desk):
    filing(RETURN, State.CITY_REVIEW, year=2021, training_rows=[row("旧")])
    filing(RETURN, State.CITY_REVIEW, year=2022, training_rows=[row("新", KUIWEN)])
    filing(RETURN, State.DRAFT, year=2023, training_rows=[row("没有报送")])
    record = city()

    assert "提取上期：2022年项目制培训情况统计表" in desk.get(page("filing-edit", record)).content.decode()
    answer = desk.post(page("filing-earlier", record), {"revision": "0"}, follow=True)

    assert "已提取《2022年项目制培训情况统计表》的各行" in answer.content.decode()
    assert rows_of(record) == [("奎文区", "新（演示）", 10)]


def test_a_draft_with_rows_is_not_overwritten_by_the_earlier_year(desk):
    filing(RETURN, State.CITY_REVIEW, year=2022, training_rows=[row("新")])
    record = city(row("家政"))

    answer = desk.post(page("filing-earlier", record), {"revision": "0"}, follow=True)

    assert "表里已经有内容，或者没有往年的报表，没有提取。" in answer.content.decode()
    assert rows_of(record) == [("市直", "家政（演示）", 10)]


# -- the update


def a_campaign(**changes) -> Campaign:
    now = timezone.now()
    dates = {"opens_at": now - timedelta(days=30), "due_at": now - timedelta(days=1)}
    facts = {"kind": RETURN.slug, "name": "演示任务", "document_number": "演示文〔2024〕1号"}
    return Campaign.objects.create(**{**facts, **dates, **changes})


def test_an_approved_return_is_updated_by_a_new_draft_that_replaces_it(desk):
    first = filing(RETURN, State.APPROVED)
    assert "以现有内容新建一件草稿" in desk.get(page("filing", first)).content.decode()

    answer = desk.post(page("filing-update", first))

    again = Filing.objects.get(amends=first)
    assert answer.url == page("filing-edit", again)
    assert rows_of(again) == rows_of(first)
    assert "项目制培训情况统计表 · 更新" in desk.get("/desk/").content.decode()
    for action, who in (("submit", filer()), ("endorse", reviewer()), ("approve", approver())):
        act(again, action, who)
    assert [f.pk for f in Filing.objects.standing()] == [again.pk]


def test_a_return_past_its_updates_says_until_when_it_could_be_updated(desk):
    first = filing(RETURN, State.APPROVED)
    until = windows.end_of(timezone.localdate() - timedelta(days=1))
    due = until - timedelta(days=1)
    Filing.objects.filter(pk=first.pk).update(campaign=a_campaign(due_at=due, updates_until=until))

    shown = desk.get(page("filing", first)).content.decode()
    answer = desk.post(page("filing-update", first), follow=True)

    said = f"更新截止时间（{timezone.localdate() - timedelta(days=1)} 24:00）已过。"
    assert said in shown
    assert said in answer.content.decode()
    assert Filing.objects.filter(amends=first).count() == 0


def updated_in_time(desk) -> Filing:
    """Return the draft of an update that was begun a day before the last."""
    first, day = filing(RETURN, State.APPROVED), timedelta(days=1)
    task = a_campaign(due_at=timezone.now() - day, updates_until=timezone.now() + day)
    Filing.objects.filter(pk=first.pk).update(campaign=task)
    desk.post(page("filing-update", first))
    return Filing.objects.get(amends=first)


def test_an_update_begun_in_time_and_sent_after_the_last_day_of_updates_is_not_taken(desk):
    again, past = updated_in_time(desk), timezone.now() - timedelta(days=1)
    Campaign.objects.filter(pk=again.campaign_id).update(due_at=past, updates_until=past)

    with pytest.raises(Refused) as refusal:
        act(again, "submit", filer())

    said = f"“演示任务”的更新截止时间（{windows.moment(past)}）已过，不再接收更新"
    assert (said in str(refusal.value), Filing.objects.get(pk=again.pk).state) == (True, State.DRAFT)


def test_an_update_that_is_sent_back_after_the_last_day_of_updates_is_corrected_and_sent_again(desk):
    again, past = updated_in_time(desk), timezone.now() - timedelta(days=1)
    act(again, "submit", filer())
    Campaign.objects.filter(pk=again.campaign_id).update(due_at=past, updates_until=past)
    act(again, "return", reviewer(), comment=COMMENT)

    act(again, "submit", filer())

    assert Filing.objects.get(pk=again.pk).state == State.CITY_REVIEW


def test_only_its_own_bureau_is_offered_the_update(client):
    first = filing(RETURN, State.APPROVED)
    client.force_login(reviewer())

    assert "更新报表" not in client.get(page("filing", first)).content.decode()
    assert client.post(page("filing-update", first)).url == page("filing", first)
    assert Filing.objects.filter(amends=first).count() == 0


def test_a_county_return_sent_back_says_why():
    record = county(KUIWEN, State.RETURNED)

    assert (record.organisation, record.events.last().comment) == (bureau(KUIWEN), COMMENT)
    assert record.region_id.startswith(WEIFANG)
