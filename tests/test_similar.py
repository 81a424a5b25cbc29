"""Names that are nearly the same: what counts as near, who learns of what, where it is shown."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal import catalogue, similar
from portal.models import CatalogueEntry, Filing
from portal.vocabulary import State
from tests import copies, factories

pytestmark = pytest.mark.django_db
KIND = "skill-brands"

SAME = """
潍坊风筝品牌 | 潍坊风筝扎制品牌
潍坊剪纸品牌 | 济南剪纸专项职业能力品牌
胶东花饽饽制作 | 花饽饽制作技艺
枣庄辣子鸡制作 | 辣子鸡制作
杨家埠木版年画 | 木版年画制作
德州扒鸡制作 | 扒鸡（德州）制作
鲁绣　品牌 | 鲁绣品牌（演示）
单县羊汤师傅 | 羊汤师傅
莒县过门笺 | 过门笺剪刻
潍坊风筝扎制品牌 | 潍坊风争扎制品牌
东阿阿胶制作 | 阿胶制作技艺
烟台剪纸 | 胶东剪纸
苹果种植 | 苹果栽培
淄博琉璃烧制 | 博山琉璃烧制技艺
ＡＢＣ电商 | abc电商品牌
"""
OTHERS = """
潍坊风筝品牌 | 潍坊剪纸品牌
面塑 | 泥塑
鲁绣 | 鲁锦
羊汤制作 | 丸子汤制作
大蒜种植 | 大姜种植
苹果种植 | 樱桃种植
木版年画 | 木雕
桃木雕刻 | 核雕
济南家政 | 济南护理
煎饼制作 | 烧饼制作
青岛月嫂 | 青岛大嫂
菌类栽培 | 食用菌类加工
草编 | 柳编
玫瑰种植 | 玫瑰花饼制作
菏泽牡丹种植 | 章丘大葱种植
沂蒙月嫂 | 沂蒙电焊工
"""


def pairs(lines: str) -> list[tuple[str, str]]:
    return [tuple(line.split(" | ")) for line in lines.strip().splitlines()]


def test_two_names_of_one_thing_are_near_and_two_things_of_one_trade_are_not():
    names = similar.known_names()

    near = {pair: names.likeness(*pair) >= similar.NEAR for pair in [*pairs(SAME), *pairs(OTHERS)]}

    assert near == {**dict.fromkeys(pairs(SAME), True), **dict.fromkeys(pairs(OTHERS), False)}


def test_likeness_is_the_same_both_ways_and_whole_for_the_name_itself():
    names = similar.known_names()

    ways = [(names.likeness(a, b), names.likeness(b, a), names.likeness(a, a)) for a, b in pairs(SAME)]

    assert [one == other and round(own, 9) == 1 for one, other, own in ways] == [True] * len(ways)


def test_a_filer_learns_of_what_is_published_in_another_city():
    shown = factories.entry(KIND, place="3701", name="济南风筝扎制品牌（演示）")
    factories.entry(KIND, place="3701", name="济南剪纸品牌（演示）")
    draft = factories.draft(KIND, name="潍坊风筝品牌（演示）")

    near = similar.near_names(draft, factories.filer())

    assert [found.words for found in near] == ["济南风筝扎制品牌（演示）（济南市，已公布）"]
    assert near[0].url == reverse("catalogue-entry", args=[KIND, shown.code])


def test_a_filer_learns_of_nothing_unpublished_beyond_his_own_scope():
    factories.submitted(KIND, place="3701", name="济南风筝品牌（演示）")
    factories.submitted("building-units", place="370705", name="演示风筝单位")
    factories.draft(KIND, place="3701", name="济南风筝扎制品牌（演示）")
    own = factories.submitted(KIND, name="潍坊风筝扎制品牌（演示）")
    draft = factories.draft(KIND, name="潍坊风筝品牌（演示）")

    near = similar.near_names(draft, factories.filer())

    assert [(found.title, found.standing) for found in near] == [(own.title, "待市级审核")]


def test_a_reviewer_of_the_province_learns_of_all_that_waits_and_of_no_draft():
    factories.filing(KIND, State.PROVINCE_REVIEW, place="3701", name="济南风筝品牌（演示）")
    factories.filing(KIND, State.APPROVED, place="3704", name="枣庄风筝品牌（演示）")
    factories.draft(KIND, place="3702", name="青岛风筝品牌（演示）")
    factories.filing(KIND, State.RETURNED, place="3703", name="淄博风筝品牌（演示）")
    found = factories.filing(KIND, State.PROVINCE_REVIEW, name="潍坊风筝品牌（演示）")

    near = similar.near_names(found, factories.reviewer("37"))

    assert [name.words for name in near] == [
        "枣庄风筝品牌（演示）（枣庄市，审核通过）",
        "济南风筝品牌（演示）（济南市，待省级审核）",
    ]


def test_an_amendment_is_not_near_to_what_it_amends():
    entry = factories.entry(KIND, name="潍坊风筝品牌（演示）")
    draft = catalogue.amend(entry, by=factories.filer())

    assert similar.near_names(draft, factories.filer()) == []
    assert similar.near_names(entry.filing, factories.reviewer("37")) == []


@pytest.mark.parametrize("name", ["", "龘", "%", "__", "品牌", "（）"])
def test_a_name_that_says_nothing_is_near_to_nothing(name):
    factories.entry(KIND, name="潍坊风筝品牌（演示）")
    draft = factories.draft(KIND, name=name or "空")
    Filing.objects.filter(pk=draft.pk).update(title=name)

    assert similar.near_names(Filing.objects.get(pk=draft.pk), factories.filer()) == []


def test_near_names_cost_three_queries_for_any_number_of_names():
    copies.many_entries(3, KIND)
    draft = factories.draft(KIND, name="潍坊剪纸剪纸品牌（演示）")
    reader = factories.filer()
    assert reader.posts

    costs = []
    for left in (3, 1):
        kept = CatalogueEntry.objects.filter(kind=KIND).values_list("pk", flat=True)[:left]
        CatalogueEntry.objects.filter(kind=KIND).exclude(pk__in=list(kept)).delete()
        with CaptureQueriesContext(connection) as captured:
            similar.near_names(draft, reader)
        costs.append(len(captured))

    assert costs == [3, 3]


def test_the_form_the_check_and_the_reviewer_show_near_names(client):
    factories.entry(KIND, place="3701", name="济南风筝扎制品牌（演示）")
    draft = factories.draft(KIND, name="潍坊风筝品牌（演示）")
    pages = []
    for user, steps in ((factories.filer(), ("filing-edit", "filing-check")), (factories.reviewer(), ())):
        client.force_login(user)
        if not steps:
            factories.act(draft, "submit", factories.filer())
        pages += [
            client.get(reverse(step, args=[draft.pk])).content.decode() for step in steps or ("filing",)
        ]

    assert ["济南风筝扎制品牌（演示）</a>（济南市，已公布）" in page for page in pages] == [True] * 3


def test_what_is_saved_by_itself_tells_of_near_names_at_once(client):
    factories.entry(KIND, place="3701", name="济南风筝扎制品牌（演示）")
    draft = factories.draft(KIND)
    client.force_login(factories.filer())

    sent = {"revision": draft.revision, "name": "潍坊风筝品牌（演示）"}
    answer = client.post(reverse("filing-autosave", args=[draft.pk]), sent)

    assert answer.json()["near"] == [
        {
            "title": "济南风筝扎制品牌（演示）",
            "rest": "（济南市，已公布）",
            "url": reverse("catalogue-entry", args=[KIND, "SB-3701-0001"]),
        }
    ]


def test_near_names_refuse_no_submission():
    factories.entry(KIND, place="3701", name="济南风筝品牌（演示）")

    submitted = factories.submitted(KIND, name="潍坊风筝品牌（演示）")

    assert submitted.state == State.CITY_REVIEW
