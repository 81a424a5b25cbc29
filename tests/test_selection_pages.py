"""The pages of selection rounds over HTTP: who opens what, what a click does, what nobody sees too early."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from portal import ranking, rounds, scoring, selection
from portal.models import Promotion, RoundStage, SelectionRound
from portal.vocabulary import Role
from tests.campaigning import get, post, said
from tests.crawling import words
from tests.factories import (
    PROVINCE,
    approved,
    auditor,
    filer,
    joint,
    person,
    publisher,
    reviewer,
    secadmin,
    sign_in,
    stranger,
    sysadmin,
)
from tests.selecting import (
    DOCUMENT,
    KIND,
    REASON,
    brands,
    conferred,
    conferrer,
    decided,
    decider,
    hand_in,
    now,
    opened,
    opener,
    points,
    prepared,
    ranked,
    rows,
    scorer,
    sheet,
    started,
)

pytestmark = pytest.mark.django_db

FACTS = {
    "kind": KIND,
    "name": "演示批次",
    "basis": "鲁人社字〔2024〕95号 二（三）11",
    "quota": "2",
    "criteria": "品牌特色鲜明 60\n带动就业明显：４０分",
    "needs_publicity": "on",
}
PAGES = ("round", "round-change", "round-candidates", "round-scorers", "round-close", "round-cancel")


def cells(of: SelectionRound, *totals) -> dict:
    """Return a sheet as a browser sends it."""
    return {f"points-{c}-{k}": str(given) for (c, k), given in points(of, *totals).items()}


def test_a_round_is_opened_filled_started_scored_decided_and_conferred_by_clicks(client):
    entries, user = brands(3), opener()

    post(client, user, "round-new", **FACTS)
    of = SelectionRound.objects.get()
    assert [(c.text, c.points) for c in of.criteria.all()] == [("品牌特色鲜明", 60), ("带动就业明显", 40)]
    post(client, user, "round-change", of.pk, **{**FACTS, "needs_publicity": ""}, revision=0)
    post(client, user, "round-candidates", of.pk, add="all", revision=1)
    people = [scorer(1).pk, scorer(2).pk]
    post(client, user, "round-scorers", of.pk, user=people, revision=2)
    post(client, user, "round-start", of.pk, revision=3)
    for number, totals in ((1, (90, 80, 70)), (2, (80, 80, 60))):
        post(client, scorer(number), "round-sheet", of.pk, then="hand_in", **cells(of, *totals))
    picked = [row.pk for row in rows(of)[:2]]
    post(client, decider(), "round-decide", of.pk, candidate=picked, revision=now(of).revision)
    answer = post(
        client, conferrer(), "round-confer", of.pk, document_number=DOCUMENT, revision=now(of).revision
    )

    assert said(answer)[-1] == "已公布，2 个条目为省级，公开页立即显示。"
    assert now(of).stage == RoundStage.CONFERRED
    assert {p.entry_id for p in Promotion.objects.all()} == {entry.pk for entry in entries[:2]}


@pytest.mark.parametrize("who", [stranger, filer, reviewer, secadmin, sysadmin, lambda: joint("3707")])
def test_whom_rounds_do_not_concern_finds_none(client, who):
    of, user = ranked(), who()

    answers = [get(client, user, "rounds"), get(client, user, "round-new")]
    answers += [
        get(client, user, name, of.pk) for name in (*PAGES, "round-sheet", "round-ranking", "round-decide")
    ]

    assert {answer.status_code for answer in answers} == {404}


READERS = {
    "who opened it": (opener, [200, 302, 302, 302, 200, 200]),
    "the approver": (decider, [200, 302, 302, 302, 200, 200]),
    "the province's reviewer": (lambda: reviewer(PROVINCE), [200, 404, 404, 404, 404, 404]),
    "the auditor": (auditor, [200, 404, 404, 404, 404, 404]),
    "a scorer": (scorer, [200, 404, 404, 404, 404, 404]),
    "a joint department that was not asked": (lambda: scorer(3), [404, 404, 404, 404, 404, 404]),
}


@pytest.mark.parametrize(("who", "expected"), READERS.values(), ids=READERS)
def test_a_round_that_is_scored_opens_to_each_what_is_his(client, who, expected):
    of, user = started(), who()

    assert [get(client, user, name, of.pk).status_code for name in PAGES] == expected


def test_a_round_in_preparation_is_not_shown_to_its_scorers(client):
    of = prepared()

    assert get(client, scorer(), "round", of.pk).status_code == 404
    assert get(client, scorer(), "round-sheet", of.pk).status_code == 404


def test_before_the_ranking_nobody_sees_the_points_of_another(client):
    of = started(scorers=3)
    hand_in(of, 1, 91.7, 83.3, 77.7)
    scoring.save_sheet(of, by=scorer(2), points=points(of, 91.7, 83.3, 77.7))
    canaries = [str(given) for given in ("31.7", "23.3", "17.7")]
    readers = [opener(), decider(), reviewer(PROVINCE), auditor(), scorer(3)]
    names = ("rounds", "round", "round-sheet", "round-ranking", "round-decide", "round-close", "round-confer")

    told = []
    for user in readers:
        for name in names:
            page = words(get(client, user, name, *([] if name == "rounds" else [of.pk])))
            told += [(user, name) for mark in canaries if mark in page]

    assert told == []
    own = get(client, scorer(1), "round-sheet", of.pk).content.decode()
    assert [mark in own for mark in canaries] == [True, True, True]


def test_the_ranking_names_no_scorers_points_and_downloads_as_a_workbook(client):
    of = ranked()

    page = get(client, reviewer(PROVINCE), "round", of.pk).content.decode()
    file = get(client, reviewer(PROVINCE), "round-ranking", of.pk)
    book = load_workbook(BytesIO(b"".join(file.streaming_content)))

    assert "85.00" in page
    values = list(book["评分排名"].values)
    assert values[0][:5] == ("名次", "编号", "名称", "地区", "平均分")
    assert [row[4:9] for row in values[1:]] == [(85, 5, 80, 90, 2), (80, 0, 80, 80, 2), (65, 5, 60, 70, 2)]
    assert [name for name in (str(scorer(1)), str(scorer(2))) if name in str(values)] == []


def test_a_sheet_that_is_wrong_keeps_what_was_typed_and_says_where(client):
    of = started()
    typed = cells(of, 90, 80, 70)
    first, second, third = list(typed)[:3]
    typed |= {first: "61", second: "八分", third: "59.55"}

    answer = post(client, scorer(), "round-sheet", of.pk, then="save", **typed)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert [page.count(words) for words in ("最多 60 分。", "请填数字，最多一位小数。")] == [1, 2]
    assert 'value="八分"' in page
    assert sheet(of).scores.count() == 0


def test_a_draft_of_a_sheet_is_there_again_and_full_width_digits_count(client):
    of = started()
    typed = cells(of, 90, 80, 70)
    first = next(iter(typed))

    post(client, scorer(), "round-sheet", of.pk, then="save", **{first: "５９．５"})
    page = get(client, scorer(), "round-sheet", of.pk).content.decode()

    assert f'name="{first}" id="{first}" value="59.5"' in page
    assert "已填 1 / 6 处" in page


def test_an_incomplete_sheet_is_refused_with_everything_kept(client):
    of = started()
    typed = dict(list(cells(of, 90, 80, 70).items())[:5])

    answer = post(client, scorer(), "round-sheet", of.pk, then="hand_in", **typed)

    assert answer.status_code == 422
    assert "还有 1 处没有打分" in answer.content.decode()
    assert answer.context["sheet"].filled == 5


def test_a_sheet_sent_after_the_scoring_ended_is_given_back_to_be_copied(client):
    of = started(scorers=3)
    hand_in(of, 1, 90, 80, 70)
    hand_in(of, 2, 90, 80, 70)
    scoring.close(of, by=opener(), revision=now(of).revision, reason=REASON)

    answer = post(client, scorer(3), "round-sheet", of.pk, then="hand_in", **cells(of, 90, 80, 70))

    assert answer.status_code == 409
    assert "济南特色品牌（演示）：60、30" in answer.content.decode()


@pytest.mark.parametrize(
    ("stage", "act", "said", "is_asked"),
    [
        (prepared, "close", "批次目前的状态是“准备中”，不能提前结束评分。", False),
        (ranked, "reconsider", "批次目前的状态是“评分结束”，不能撤回名单。", False),
        (started, "close", "份评分表已经提交", True),
        (prepared, "cancel", "取消后不能恢复", True),
    ],
)
def test_a_reason_is_asked_for_only_where_the_act_can_begin(client, stage, act, said, is_asked):
    who = decider() if act == "reconsider" else opener()

    page = get(client, who, f"round-{act}", stage().pk).content.decode()

    assert [said in page, 'name="reason"' in page] == [True, is_asked]


def test_who_decides_on_an_older_round_is_told_and_keeps_his_words(client):
    of = decided(0)

    answer = post(
        client, decider(), "round-decide", of.pk, candidate=[rows(of)[1].pk], revision=1, reason=REASON
    )

    assert answer.status_code == 409
    assert REASON in answer.content.decode()
    assert [row.is_chosen for row in rows(of)] == [True, False, False]


def test_a_form_that_does_not_say_what_was_read_does_nothing(client):
    of = ranked()

    answer = post(client, decider(), "round-decide", of.pk, candidate=[rows(of)[0].pk])

    assert (answer.status_code, now(of).stage) == (409, RoundStage.RANKED)


def test_a_refused_decision_keeps_the_ticks_and_the_reason(client):
    of = ranked()
    picked = [rows(of)[0].pk, rows(of)[1].pk]

    answer = post(
        client, decider(), "round-decide", of.pk, candidate=picked, revision=of.revision, reason=REASON
    )

    assert answer.status_code == 422
    assert (answer.context["chosen"], answer.context["typed"]) == (set(picked), REASON)


def test_a_criterion_without_points_is_refused_with_the_line(client):
    answer = post(client, opener(), "round-new", **{**FACTS, "criteria": "特色鲜明"})

    assert answer.status_code == 422
    assert "“特色鲜明”没有写满分" in answer.content.decode()


def test_the_criteria_of_the_notice_are_suggested(client):
    page = get(client, opener(), "round-new", kind="labour-brands")

    assert page.context["form"].initial["criteria"].split("\n")[0] == "带动就业人数较多"


def test_the_entries_of_a_city_are_added_to_those_that_are_ticked(client):
    _, second, third = brands(3)
    of = opened()

    answer = post(
        client, opener(), "round-candidates", of.pk, add="city", city="3703", entry=[third.pk], revision=0
    )

    assert said(answer) == ["参评名单已保存，2 个条目。"]
    assert [row.entry_id for row in rows(of)] == [second.pk, third.pk]


def test_an_act_with_a_reason_asks_for_it_and_does_it(client):
    of = ranked()

    asked = post(client, opener(), "round-cancel", of.pk, revision=of.revision, reason="")
    done = post(client, opener(), "round-cancel", of.pk, revision=of.revision, reason=REASON)

    assert (asked.status_code, done.status_code) == (422, 302)
    assert now(of).stage == RoundStage.CANCELLED
    page = get(client, opener(), "round", of.pk).content.decode()
    assert (f"取消批次：{REASON}" in page, "85.00" in page) == (True, False)


def test_the_links_of_the_workbench_lead_to_rounds_whom_they_concern(client):
    shown = {
        who: reverse("rounds") in get(client, user, "desk").content.decode()
        for who, user in (("publisher", publisher()), ("joint", joint()), ("city", reviewer()))
    }

    assert shown == {"publisher": True, "joint": True, "city": False}


def test_the_list_has_two_tabs_and_sorts(client):
    first = conferred()
    second = opened("另一批次", kind="labour-brands")

    lists = [
        [row["round"] for row in get(client, opener(), "rounds", **wish).context["rows"]]
        for wish in ({}, {"tab": "past"}, {"sort": "name"}, {"tab": "none", "sort": "none"})
    ]

    assert lists == [[second], [first], [second], [second]]


def queries(client, name: str, *args) -> int:
    """Return how many queries a page costs."""
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(reverse(name, args=args)).status_code == 200
    return len(caught)


def test_the_list_costs_the_same_for_one_and_for_many(client):
    sign_in(client, opener())
    counts = []
    for number in (1, 2, 5):
        for index in range(number):
            opened(f"批次{number}-{index}")
        counts.append(queries(client, "rounds"))

    assert counts[1:] == counts[:-1]


@pytest.mark.parametrize(
    "name", ["round", "round-sheet", "round-candidates", "round-scorers", "round-decide"]
)
def test_a_page_costs_the_same_for_two_and_for_five_candidates(client, name):
    counts = []
    for number in (2, 5):
        entries = [] if counts else brands(5)
        entries = entries or list(ranking.eligible_entries(opened("空批次")))
        of = prepared(entries=entries[:number], name=f"批次{number}")
        if name in ("round", "round-sheet", "round-decide"):
            scoring.start(of, by=opener(), revision=of.revision)
        if name in ("round", "round-decide"):
            for one in (1, 2):
                hand_in(of, one, *([80] * number))
        user = {"round-sheet": scorer(), "round-decide": decider()}.get(name, opener())
        sign_in(client, user)
        counts.append(queries(client, name, of.pk))
        rounds.cancel(of, by=opener(), revision=now(of).revision, reason=REASON)

    assert counts[0] == counts[1]


def test_the_way_from_the_decision_to_its_publicity_names_the_chosen(client):
    of = decided(needs_publicity=True)
    user = conferrer()

    page = get(client, user, "round", of.pk).content.decode()
    asked = f"catalogue={KIND}&kind=publicity&filing={rows(of)[0].entry.filing_id}"
    form = client.get(f"{reverse('notice-new')}?{asked}")

    assert f"?{asked}".replace("&", "&amp;") in page
    assert rows(of)[0].entry.title in form.content.decode()
    begun = form.context["form"].initial
    assert (begun["title"], begun["basis"]) == (f"关于{of.name}拟入选名单的公示", of.basis)
    said = f"拟确定下列专项职业能力品牌入选{of.name}，现予公示，接受社会监督。"
    assert begun["body"] == f"根据{of.basis}，经择优选拔，{said}"


def test_a_publicity_of_what_no_round_chose_says_that_it_is_to_enter_the_catalogue(client):
    decided(needs_publicity=True)
    waiting = approved(KIND)
    sign_in(client, conferrer())

    form = client.get(f"{reverse('notice-new')}?catalogue={KIND}&kind=publicity&filing={waiting.pk}")

    assert form.context["form"].initial["title"] == "关于专项职业能力品牌拟公布名单的公示"
    assert "拟将下列专项职业能力品牌列入目录" in form.context["form"].initial["body"]


def test_who_must_not_decide_reads_why(client):
    of = ranked()
    SelectionRound.objects.filter(pk=of.pk).update(opened_by=decider())

    page = get(client, decider(), "round-decide", of.pk).content.decode()

    assert "这一批次是您发起的，须由另一人审定。" in page
    assert selection.why_not_decide(now(of), person(Role.APPROVER, PROVINCE, name="another")) == ""
