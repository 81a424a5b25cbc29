"""定期审核: who opens a round over what, the figures, the hearing, the outcomes, and who may do it."""

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from portal import catalogue, credit, periodic, workflow
from portal.choosing import Choice, chosen, drawn
from portal.models import CatalogueEntry, Message, PeriodicReview, ReviewFigure, ReviewItem
from portal.vocabulary import ExitReason
from tests.factories import (
    DOCUMENT,
    KUIWEN,
    PROVINCE,
    WEIFANG,
    approver,
    auditor,
    bureau,
    entry,
    filer,
    joint,
    publisher,
    reviewer,
    sysadmin,
)
from tests.reviewing import (
    ENOUGH,
    INSTITUTIONS,
    LOW,
    MAY,
    UNITS,
    acts,
    frozen,
    handed_in,
    item_of,
    opened,
    opener,
    ready,
    units,
)

pytestmark = pytest.mark.django_db


def figures_of(item: ReviewItem) -> dict[str, int]:
    return dict(ReviewFigure.objects.filter(item=item).values_list("name", "value"))


def told(user) -> list[str]:
    return list(Message.objects.filter(user=user).order_by("pk").values_list("text", flat=True))


def test_a_round_over_all_takes_every_entry_in_force_and_tells_each_bureau_once():
    first, other, left = *units(2), entry(UNITS, place="3708", on=MAY)
    catalogue.exit(left, by=publisher(), reason=ExitReason.VOLUNTARY, document_number=DOCUMENT)
    Message.objects.all().delete()

    review = opened()

    assert [item.entry for item in review.items.all()] == [first, other]
    assert (review.rule, review.seed, review.organisation) == ("全部现行条目", "", bureau(PROVINCE))
    due = review.due_on
    sentence = f"“{review}”：本单位有 2 条目录条目要填报 {review.year} 年数据和情况说明，{due} 截止。"
    assert (told(filer()), told(filer("3708"))) == ([sentence], [])
    assert LogEntry.objects.get(object_id=str(review.pk)).change_message == "发起，全部现行条目，共 2 条"


@pytest.mark.parametrize(
    ("choice", "words", "expected"),
    [
        (Choice(before=date(2024, 6, 1)), "2024-06-01 以前公布", [0]),
        (Choice(before=MAY), "2024-05-01 以前公布", []),
        (Choice(city="3708"), "济宁市", [2]),
        (Choice(below=True), "上年度数据未达标", [1]),
        (Choice(credited=True), "有信用记录", [2]),
        (Choice(city=WEIFANG, below=True), "潍坊市，上年度数据未达标", [1]),
    ],
)
def test_a_rule_narrows_what_is_taken_up_and_says_so(choice, words, expected):
    row = {"year": 2024, "trained_count": 499, "self_used_count": 900, "exported_count": 0}
    found = [
        entry(UNITS, on=MAY),
        entry(UNITS, on=date(2024, 7, 1), annual_performances=[row], explanation="演示说明。"),
        entry(UNITS, place="3708", on=date(2024, 7, 1)),
    ]
    credited = found[2]
    credit.record(credited, by=reviewer(PROVINCE), reason="dishonest", said="演示事实。", on=MAY)

    taken = chosen(UNITS, PROVINCE, choice, 2025)

    assert [found.index(one) for one in taken] == expected
    assert choice.words() == words


def test_what_a_bureau_reported_last_year_counts_before_what_its_filing_says():
    (unit,) = units(1)
    first = opened(year=2025, name="演示上一年")
    handed_in(item_of(first), LOW, "演示说明。")

    assert chosen(UNITS, PROVINCE, Choice(below=True), 2026) == [unit]
    assert chosen(UNITS, PROVINCE, Choice(below=True), 2025) == []


def test_a_sample_is_drawn_again_by_its_seed():
    entries = [CatalogueEntry(code=f"BU-3707-{n:04d}") for n in range(1, 21)]

    by_seed = [[e.code[-2:] for e in drawn(found, 25, "演示2026")] for found in (entries, entries[::-1])]

    assert by_seed == [["06", "08", "09", "10", "11"]] * 2
    assert len(drawn(entries, 1, "x")) == 1
    assert drawn(entries, 100, "") == entries


def test_the_seed_and_the_share_stand_in_the_round():
    units(3)

    review = opened(choice=Choice(percent=50, seed="20261121"))

    assert (review.rule, review.seed, review.items.count()) == ("全部现行条目，抽取 50%", "20261121", 2)


@pytest.mark.parametrize(
    ("who", "kind", "place", "may"),
    [
        (lambda: reviewer(PROVINCE), UNITS, PROVINCE, True),
        (approver, INSTITUTIONS, PROVINCE, True),
        (publisher, UNITS, PROVINCE, True),
        (lambda: reviewer(WEIFANG), UNITS, WEIFANG, True),
        (lambda: publisher(WEIFANG), UNITS, WEIFANG, True),
        (lambda: reviewer(WEIFANG), INSTITUTIONS, WEIFANG, False),
        (lambda: reviewer(WEIFANG), UNITS, PROVINCE, False),
        (lambda: reviewer(PROVINCE), "project-training-returns", PROVINCE, False),
        (filer, UNITS, WEIFANG, False),
        (auditor, UNITS, PROVINCE, False),
        (joint, UNITS, PROVINCE, False),
        (sysadmin, UNITS, PROVINCE, False),
    ],
)
def test_who_publishes_a_catalogue_reviews_it(who, kind, place, may):
    assert (bureau(place) in periodic.organisations(who(), kind)) is may


def test_nobody_opens_a_round_in_the_name_of_another_bureau():
    units(1)

    with pytest.raises(workflow.Refused, match="只有发布这个目录的"):
        periodic.start(
            by=reviewer("3708"),
            organisation=bureau(WEIFANG),
            kind=UNITS,
            choice=Choice(),
            name="演示",
            year=2026,
            basis="演示",
            due_on=timezone.localdate(),
        )

    assert PeriodicReview.objects.count() == 0


def test_a_city_takes_up_its_own_entries_alone():
    own = units(1)
    units(1, place="3708")

    review = opened(place=WEIFANG)

    assert [item.entry for item in review.items.all()] == own


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"choice": Choice(city="3708")}, "没有选中任何条目"),
        ({"due_on": date(2024, 1, 1)}, "填报截止要在今天或以后。"),
        ({"name": ""}, "名称：此字段不能为空。"),
        ({"year": 1999}, "年度：确保该值大于或等于2020。"),
    ],
)
def test_a_round_without_sense_is_not_opened(facts, sentence):
    units(1)

    with pytest.raises(workflow.Refused, match=sentence):
        opened(**facts)

    assert PeriodicReview.objects.count() == 0


def test_two_rounds_of_one_catalogue_have_two_names():
    units(1)
    opened()

    with pytest.raises(workflow.Refused, match="已有同名的定期审核，请换一个名称。"):
        opened()


def test_the_bureau_reports_its_figures_and_corrects_them():
    (unit,) = units(1)
    review = opened()

    handed_in(item_of(review), LOW, "受市场影响，已列入整改。")
    item = handed_in(item_of(review), ENOUGH)

    assert (figures_of(item), item.statement, item.handed_in_by) == (ENOUGH, "", filer())
    assert (acts(unit), item.step) == (["report", "report"], 2)
    said = unit.filing.events.filter(action="report").values_list("comment", flat=True)
    assert list(said) == [
        "年培训人数 499，自用人数 200，输出人数 299\n受市场影响，已列入整改。",
        "年培训人数 620，自用人数 200，输出人数 500",
    ]


def test_figures_that_suffice_are_no_problem():
    assert periodic.problems(ready(ENOUGH)) == []


def test_figures_below_the_notice_are_told_with_their_clause():
    item = ready(LOW, "演示说明。")

    found = [(p.field, p.text, p.clause) for p in periodic.problems(item)]

    clause = "鲁就办〔2021〕22号 二（二）"
    assert found == [
        ("trained_count", "年培训499人，低于500人要求。", clause),
        ("exported_count", "自用和输出499人，低于500人要求。", clause),
    ]


@pytest.mark.parametrize(
    ("figures", "statement", "sentence"),
    [
        ({}, "", "请填写年培训人数，0 至 10000000 的整数。"),
        ({**ENOUGH, "trained_count": -1}, "", "请填写年培训人数"),
        ({**ENOUGH, "exported_count": 10_000_001}, "", "请填写输出人数"),
        (LOW, "", "年培训499人，低于500人要求。自用和输出499人，低于500人要求。请填写情况说明。"),
        (ENOUGH, "长" * 2001, "意见最多 2000 字"),
    ],
)
def test_a_report_without_its_figures_is_refused(figures, statement, sentence):
    units(1)
    item = item_of(opened())

    with pytest.raises(workflow.Refused, match=sentence):
        periodic.hand_in(item, by=filer(), figures=figures, statement=statement)

    assert (figures_of(item), item_of(item.review).handed_in_at) == ({}, None)


def test_a_catalogue_without_figures_is_asked_for_a_statement():
    entry("skill-brands", on=MAY)
    item = item_of(opened("skill-brands"))

    with pytest.raises(workflow.Refused, match="请填写情况说明。"):
        periodic.hand_in(item, by=filer(), figures={})

    assert periodic.hand_in(item, by=filer(), figures={}, statement="运行正常。").statement == "运行正常。"


def test_institutions_are_asked_for_exams_candidates_and_certificates():
    entry(INSTITUTIONS, on=MAY)
    item = item_of(opened(INSTITUTIONS))

    periodic.hand_in(item, by=filer(), figures={"exams": 3, "candidates": 90, "certificates": 80})

    assert figures_of(item) == {"exams": 3, "candidates": 90, "certificates": 80}


@pytest.mark.parametrize("who", [reviewer, lambda: reviewer(PROVINCE), auditor])
def test_who_may_look_but_does_not_file_reports_nothing(who):
    units(1)
    item = item_of(opened())

    with pytest.raises(workflow.Refused, match="只有条目的填报单位可以报送年度数据。"):
        periodic.hand_in(item, by=who(), figures=ENOUGH)


@pytest.mark.parametrize("who", [lambda: filer("3708"), lambda: reviewer("3708"), joint, sysadmin])
def test_whom_an_item_does_not_concern_finds_none(who):
    units(1)
    item = item_of(opened())

    with pytest.raises(ReviewItem.DoesNotExist):
        periodic.hand_in(item, by=who(), figures=ENOUGH)

    assert list(periodic.visible_items(who())) == []
    assert list(periodic.visible_reviews(who())) == []


def test_a_frozen_round_takes_no_figures():
    units(1)
    review = opened()
    handed_in(item_of(review))
    frozen(review)

    with pytest.raises(workflow.Refused, match=r"已于 .* 锁定，年度数据不能再改。"):
        handed_in(item_of(review), LOW, "改低。")
    with pytest.raises(workflow.Refused, match="锁定，年度数据不能再改。"):
        frozen(review)

    assert figures_of(item_of(review)) == ENOUGH


def test_only_who_owes_is_reminded_and_not_twice_within_ten_minutes():
    first, other = units(1)[0], entry(UNITS, place="3708", on=MAY)
    review = opened()
    person = filer("3708")
    handed_in(item_of(review, first))
    Message.objects.all().delete()

    reminded = [periodic.remind(review, by=opener()) for _ in range(2)]

    assert reminded == [[other.filing.organisation], []]
    sentence = f"催报：“{review}”还有 1 条没有报送年度数据，{review.due_on} 截止。"
    assert (told(person), told(filer())) == ([sentence], [])


def test_who_sees_what_of_a_round():
    city, county = units(1)[0], entry(UNITS, place=KUIWEN, on=MAY)
    elsewhere = entry(UNITS, place="3708", on=MAY)
    opened()

    seen = {
        who: [item.entry.code for item in periodic.visible_items(user).order_by("entry__code")]
        for who, user in {
            "province": reviewer(PROVINCE),
            "city desk": reviewer(),
            "city filer": filer(),
            "county filer": filer(KUIWEN),
            "auditor": auditor(),
            "publisher elsewhere": publisher("3708"),
        }.items()
    }

    everything = sorted([city.code, county.code, elsewhere.code])
    assert seen == {
        "province": everything,
        "city desk": sorted([city.code, county.code]),
        "city filer": [city.code],
        "county filer": [county.code],
        "auditor": everything,
        "publisher elsewhere": [elsewhere.code],
    }
