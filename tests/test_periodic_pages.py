"""The pages of periodic reviews: list, opening, a round, an item; who opens them, what they keep and say."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal import credit, outcomes, periodic
from portal.models import PeriodicReview, ReviewItem
from tests import factories
from tests.campaigning import get, post, said
from tests.factories import (
    KUIWEN,
    PROVINCE,
    WEIFANG,
    auditor,
    entry,
    filer,
    joint,
    publisher,
    reviewer,
    sysadmin,
)
from tests.public import read
from tests.reviewing import (
    DAY,
    ENOUGH,
    LOW,
    MAY,
    NUMBER,
    UNITS,
    decider,
    frozen,
    handed_in,
    hearing_over,
    intended,
    item_of,
    opened,
    opener,
    ready,
    rectifying,
    units,
)

pytestmark = pytest.mark.django_db


def page(answer) -> str:
    return " ".join(answer.content.decode().split())


def typed(**changes) -> dict:
    """What the form of a new round sends."""
    today = timezone.localdate()
    facts = {"kind": UNITS, "organisation": str(factories.bureau(PROVINCE).pk), "name": "演示年度审核"}
    days = {"year": str(today.year), "due_on": str(today + 10 * DAY)}
    return {**facts, **days, "basis": periodic.CLAUSE, "percent": "100", "seed": "20261121", **changes}


def do(client, user, item, action, **data):
    """Press a button on the page of an item as it is now."""
    step = ReviewItem.objects.get(pk=item.pk).step
    return post(client, user, "review-act", item.pk, action=action, step=step, **data)


def test_a_round_is_looked_at_before_it_is_opened(client):
    (unit,) = units(1)

    seen = post(client, opener(), "review-new", **typed(preview="1"))

    assert (seen.status_code, PeriodicReview.objects.count()) == (200, 0)
    assert "选中 1 条" in page(seen) and unit.code in page(seen)
    answer = post(client, opener(), "review-new", **typed())
    review = PeriodicReview.objects.get()
    assert answer.url == reverse("review-round", args=[review.pk])
    assert said(answer) == ["“演示年度审核”已发起，共 1 条，已通知各填报单位。"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "请填写。"),
        ({"percent": "50", "seed": ""}, "抽样要有种子。"),
        ({"percent": "0"}, "请填写1或更大的整数。"),
        ({"city": "3708"}, "没有选中任何条目，没有发起。请放宽选取条件。"),
        ({"kind": "project-training-returns"}, "没有这个选项，请重新选择。"),
        ({"due_on": "2024-01-01"}, "填报截止要在今天或以后。"),
    ],
)
def test_a_round_without_sense_keeps_what_was_typed(client, changes, sentence):
    units(1)

    answer = post(client, opener(), "review-new", **typed(basis="演示依据", **changes))

    assert (answer.status_code, PeriodicReview.objects.count()) == (422, 0)
    assert sentence in page(answer) and "演示依据" in page(answer)


def test_the_seed_is_offered_and_printed_with_the_way_to_draw_again(client):
    units(2)
    offered = get(client, opener(), "review-new").context["form"]["seed"].value()

    answer = post(client, opener(), "review-new", **typed(percent="50", seed=offered))

    shown = page(client.get(answer.url))
    assert len(offered) == 8
    assert f"全部现行条目，抽取 50%；抽样种子 <b>{offered}</b>" in shown


@pytest.mark.parametrize(
    ("who", "codes"),
    [
        (lambda: reviewer(PROVINCE), (200, 200, 200, 200)),
        (lambda: reviewer(), (200, 200, 200, 200)),
        (lambda: filer(), (200, 404, 200, 200)),
        (auditor, (200, 404, 200, 200)),
        (lambda: filer("3708"), (200, 404, 404, 404)),
        (lambda: filer(KUIWEN), (200, 404, 404, 404)),
        (joint, (200, 404, 404, 404)),
        (sysadmin, (200, 404, 404, 404)),
    ],
)
def test_who_opens_which_page(client, who, codes):
    units(1)
    review = opened()
    item = item_of(review)
    pages = [("reviews",), ("review-new",), ("review-round", review.pk), ("review-item", item.pk)]

    assert tuple(get(client, who(), *one).status_code for one in pages) == codes


@pytest.mark.parametrize(
    "who", [filer, reviewer, lambda: publisher(WEIFANG), auditor, lambda: reviewer("3708")]
)
def test_the_buttons_of_a_round_are_for_those_who_keep_it(client, who):
    units(1)
    review = opened()

    codes = {
        name: post(client, who(), name, review.pk).status_code
        for name in ("review-remind", "review-freeze", "review-keep-all")
    }

    assert set(codes.values()) == {404}
    assert PeriodicReview.objects.get().frozen_at is None


def test_the_bureau_reports_on_the_page_and_what_is_wrong_stays_typed(client):
    (unit,) = units(1)
    item = item_of(opened())

    wrong = do(
        client, filer(), item, "hand_in", trained_count="六百", self_used_count="1", statement="说明文字"
    )
    low = do(client, filer(), item, "hand_in", **{name: str(n) for name, n in LOW.items()})
    taken = do(
        client, filer(), item, "hand_in", **{name: str(n) for name, n in ENOUGH.items()}, statement="正常"
    )

    assert [answer.status_code for answer in (wrong, low, taken)] == [422, 422, 302]
    assert "请填写整数，例如620。" in page(wrong) and "说明文字" in page(wrong) and "六百" in page(wrong)
    assert "年培训499人，低于500人要求。" in page(low) and 'value="499"' in page(low)
    assert said(taken) == ["年度数据已报送；锁定以前可以再改。"]
    shown = page(get(client, opener(), "review-item", item.pk))
    assert "<dt>年培训人数</dt><dd>620</dd>" in shown and unit.code in shown


def test_what_falls_short_is_marked_with_its_clause(client):
    item = ready(LOW, "演示说明。")

    shown = page(get(client, opener(), "review-round", item.review_id))

    assert shown.count("c-bad") == 2
    assert '年培训499人，低于500人要求。</span><span class="clause">鲁就办〔2021〕22号 二（二）' in shown


def test_the_round_shows_progress_reminds_freezes_and_keeps(client):
    first, _ = units(1)[0], entry(UNITS, place="3708", on=MAY)
    filer("3708")
    review = opened()
    handed_in(item_of(review, first))

    shown = page(get(client, opener(), "review-round", review.pk))
    reminded = post(client, opener(), "review-remind", review.pk)
    again = post(client, opener(), "review-remind", review.pk)
    asked = get(client, opener(), "review-freeze", review.pk)
    closed = post(client, opener(), "review-freeze", review.pk)
    kept = post(client, decider(), "review-keep-all", review.pk)

    assert "未报送 1 · 已报送，待结论 1" in shown
    assert said(reminded) == ["已催报：济宁市。"]
    assert said(again)[-1] == "没有需要催报的单位：都已报送，或十分钟内刚催报过。"
    assert "还有 1 / 2 条没有报送" in page(asked)
    assert said(closed)[-1] == f"“{review}”已锁定，年度数据不能再改；现在可以作结论。"
    assert "<b>没有办理</b>：没有报送" in page(kept) and page(kept).count("已保留") == 1


def test_the_list_counts_what_is_in_sight_and_parts_open_from_ended(client):
    first, other = units(1)[0], entry(UNITS, place="3708", on=MAY)
    review = opened()
    handed_in(item_of(review, first))
    frozen(review)
    outcomes.keep(item_of(review, first), by=opener())

    def counted(user, tab):
        page = get(client, user, "reviews", tab=tab).context["page"]
        return [(r.total, r.handed, r.ended) for r in page]

    assert counted(opener(), "open") == [(2, 1, 1)]
    assert (counted(filer(), "open"), counted(filer(), "past")) == ([], [(1, 1, 1)])
    assert counted(filer("3708"), "open") == [(1, 0, 0)]
    assert other.code in page(get(client, opener(), "review-round", review.pk, stage="missing"))


def test_an_exit_is_walked_on_the_pages(client):
    item = ready(LOW, "演示说明。")
    until = str(outcomes.hearing_end())

    told = do(
        client,
        opener(),
        item,
        "intend",
        outcome="exited",
        reason="below_figures",
        comment="不达标。",
        until=until,
    )
    early = do(client, decider(), item, "remove", document_number=NUMBER, on=str(timezone.localdate()))
    heard = do(client, filer(), item, "defend", said="已补训。")
    same = do(client, opener(), item, "keep", comment="算了。")
    wrong = do(client, decider(), item, "remove", document_number="1号", on="", comment="意见保留")
    left = do(client, decider(), item, "remove", document_number=NUMBER, on="", comment="同意退出")

    assert said(told) == [f"已告知填报单位，陈述申辩到 {until} 截止。"]
    assert (early.status_code, same.status_code, wrong.status_code) == (422, 422, 422)
    assert "填报单位还没有陈述" in page(early) and "须由另一人作结论" in page(same)
    assert "文号要写成" in page(wrong) and "意见保留" in page(wrong)
    assert said(heard)[-1] == "陈述申辩已提交，已通知组织单位。"
    assert said(left)[-1] == "已退出目录，公开页保留退出说明。已通知填报单位。"
    shown = page(get(client, filer(), "review-item", item.pk))
    assert "结果：退出" in shown and "已补训。" in shown and "同意退出" in shown


def test_a_rectification_is_walked_on_the_pages(client):
    item = hearing_over(intended(ready(), "rectifying"))
    until = str(timezone.localdate() + 30 * DAY)

    given = do(client, decider(), item, "rectify", until=until, comment="限期补足。")
    settled = do(client, opener(), item, "settle", comment="已补足。")

    assert said(given) == [f"已作结论：限期整改，{until} 前完成。已通知填报单位。"]
    assert said(settled)[-1] == "整改完成，条目保留。已通知填报单位。"


def test_what_is_closed_says_why(client):
    item = ready()
    intended(item)

    shown = page(get(client, opener(), "review-item", item.pk))

    assert shown.count("拟定结果是您作出的，须由另一人作结论。") == 2
    assert "您的岗位不能办理退出。" in shown


def test_the_second_of_two_is_told_who_was_first(client):
    item = ready()
    step = item.step
    outcomes.keep(item, by=opener())

    late = post(client, decider(), "review-act", item.pk, action="keep", step=step, comment="我的意见")

    assert late.status_code == 409
    assert "定期审核保留" in page(late) and "我的意见" in page(late)


@pytest.mark.parametrize("action", ["", "approve", "delete"])
def test_an_act_that_does_not_exist_is_none(client, action):
    answer = do(client, opener(), ready(), action)

    assert (answer.status_code, "请选择要办理的事项。" in page(answer)) == (422, True)


def test_the_bureau_finds_what_it_owes_on_its_workbench(client):
    units(2)
    review = opened()
    before = page(get(client, filer(), "desk"))
    for item in review.items.select_related("entry__filing", "review"):
        handed_in(item)
    frozen(review)
    done = page(get(client, filer(), "desk"))
    intended(review.items.select_related("entry__filing", "review").first())

    heard = page(get(client, filer(), "desk"))

    assert "2 条没有报送年度数据" in before and "10<small>天后截止" in before
    assert str(review) not in done
    assert "1 条可以陈述申辩" in heard
    assert str(review) not in page(get(client, opener(), "desk"))


def rounds(number: int) -> PeriodicReview:
    for one in units(number):
        credit.record(one, by=opener(), reason="dishonest", said="演示事实。", on=MAY)
    review = opened()
    for item in review.items.select_related("entry__filing", "review"):
        handed_in(item, LOW, "演示说明。")
    return review


@pytest.mark.parametrize("name", ["reviews", "review-round", "desk", "credit"])
def test_a_page_costs_the_same_at_any_number(client, name):
    costs = []
    for number in (1, 2):
        review = rounds(number) if number == 1 else grown(3)
        args = [review.pk] if name == "review-round" else []
        factories.sign_in(client, filer() if name == "desk" else opener())
        client.get(reverse(name, args=args))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(name, args=args)).status_code == 200
        costs.append(len(queries))

    assert costs[0] == costs[1]


def grown(number: int) -> PeriodicReview:
    """Return a second round over more units."""
    for one in units(number - 1):
        credit.record(one, by=opener(), reason="dishonest", said="演示事实。", on=MAY)
    review = opened(name="演示第二轮")
    for item in review.items.select_related("entry__filing", "review"):
        handed_in(item, LOW, "演示说明。")
    return review


def test_a_long_round_has_pages_and_sorts(client):
    units(3)
    review = opened()
    codes = sorted(item.entry.code for item in review.items.select_related("entry"))

    down = get(client, opener(), "review-round", review.pk, sort="-code").context["rows"]
    odd = get(client, opener(), "review-round", review.pk, sort="x", stage="x", page="99")

    assert [row["item"].entry.code for row in down] == codes[::-1]
    assert [row["item"].entry.code for row in odd.context["rows"]] == codes


def test_nothing_of_a_review_is_public(client):
    item = rectifying(hearing_over(intended(ready(LOW, "内部的情况说明"), "rectifying")))
    credit.record(item.entry, by=opener(), reason="dishonest", said="内部的事实", on=MAY)

    shown = [
        read(client, url) for url in ("/", f"/catalogue/{UNITS}/", f"/catalogue/{UNITS}/{item.entry.code}/")
    ]

    for word in ("内部的", "信用", "499", "连续两年不达标", "限期补足培训"):
        assert [word in text for text in shown] == [False] * 3
