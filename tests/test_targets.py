"""The targets of the notices: their numbers as rows, how a number is judged, what the rules read of them."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import progress, reference, rules, targets
from portal.models import Operator, PolicyTarget, TargetScope
from portal.progress import Unknown
from portal.targets import Standing
from tests.factories import draft, entry

pytestmark = pytest.mark.django_db
END = date(2025, 12, 31)
# Slug → operator, number, upper end, whom it is for, due day, where it stands.
SET = {
    "provincial-skill-brands": ("at_least", 10, None, "province", END, "鲁人社字〔2024〕95号 一"),
    "provincial-labour-brands": ("about", 20, None, "province", END, "鲁就办〔2021〕22号 一"),
    "municipal-labour-brands": ("about", 50, None, "province", END, "鲁就办〔2021〕22号 一"),
    "labour-brand-workers": ("at_least", 200_000, None, "province", END, "鲁就办〔2021〕22号 一"),
    "exam-projects": ("at_least", 500, None, "province", END, "鲁人社发〔2020〕18号 三（三）13"),
    "key-labour-brands": ("between", 3, 5, "city", None, "鲁就办〔2021〕22号 二（一）"),
    "city-training-brands": ("at_least", 1, None, "city", None, "鲁人社字〔2021〕32号 二（二）"),
    "unit-trained": ("at_least", 500, None, "unit", None, "鲁就办〔2021〕22号 二（二）"),
    "unit-placed": ("at_least", 500, None, "unit", None, "鲁就办〔2021〕22号 二（二）"),
    "county-trainings": (
        "at_least",
        1,
        None,
        "county",
        date(2021, 9, 30),
        "鲁人社字〔2021〕32号 二（三）",
    ),
    "institutions-per-project": ("at_most", 5, None, "pair", None, "省级通知未规定 参照菏泽市2023年的做法"),
}


def test_the_numbers_of_the_notices_are_loaded_with_their_clauses():
    stored = {
        t.slug: (t.operator, t.number, t.most, t.scope, t.due_on, f"{t.document_number} {t.clause}")
        for t in PolicyTarget.objects.all()
    }

    assert stored == SET
    assert list(stored) == list(SET)


def test_every_target_has_its_counter_and_every_counter_its_target():
    assert targets.counters.keys() == SET.keys()


def test_every_target_quotes_a_sentence_that_names_its_number():
    said = {"labour-brand-workers": "20万名以上", "city-training-brands": "1个以上"}

    quoted = {t.slug: t.sentence.replace(" ", "") for t in PolicyTarget.objects.all()}

    assert [s for s, words in quoted.items() if said.get(s, str(SET[s][1])) not in words] == []
    assert [s for s, words in quoted.items() if not words.endswith("。")] == []


def test_only_what_rests_on_public_fields_is_public():
    hidden = {slug for slug, counter in targets.counters.items() if not counter.is_public}

    assert hidden == {"unit-trained", "unit-placed", "county-trainings", "institutions-per-project"}


@pytest.mark.parametrize(
    ("operator", "number", "most", "judged"),
    [
        (Operator.AT_LEAST, 10, None, {0: "short", 9: "short", 10: "reached", 1000: "reached"}),
        (Operator.AT_MOST, 5, None, {0: "reached", 5: "reached", 6: "over"}),
        (Operator.ABOUT, 20, None, {17: "short", 18: "reached", 20: "reached", 22: "reached", 23: "over"}),
        (Operator.ABOUT, 50, None, {44: "short", 45: "reached", 55: "reached", 56: "over"}),
        (Operator.ABOUT, 4, None, {3: "short", 4: "reached", 5: "over"}),
        (Operator.BETWEEN, 3, 5, {2: "short", 3: "reached", 5: "reached", 6: "over"}),
    ],
)
def test_a_number_is_held_against_its_operator(operator, number, most, judged):
    target = PolicyTarget(operator=operator, number=number, most=most)

    assert {n: targets.judge(target, n).value for n in judged} == judged


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("provincial-skill-brands", "不少于 10 个"),
        ("provincial-labour-brands", "约 20 个"),
        ("key-labour-brands", "每市介于 3 至 5 个"),
        ("unit-trained", "每个单位不少于 500 人"),
        ("county-trainings", "每县（市、区）不少于 1 类"),
        ("institutions-per-project", "每市每个项目不超过 5 家"),
    ],
)
def test_what_is_asked_for_is_said_in_words(slug, words):
    assert targets.demand(PolicyTarget.objects.get(pk=slug)) == words


@pytest.mark.parametrize(
    ("day", "due", "word"),
    [
        (date(2025, 12, 1), "期限 2025-12-31，还有 30 天", "尚未达到"),
        (END, "期限 2025-12-31，当日截止", "尚未达到"),
        (date(2026, 1, 10), "期限 2025-12-31，已过 10 天", "期限已过，未达到"),
    ],
)
def test_a_due_day_is_told_by_how_far_it_is(day, due, word):
    found = progress.progress("provincial-skill-brands", day)

    assert (found.due, found.word) == (due, word)


def test_the_due_day_of_what_is_counted_by_the_year_is_that_of_the_year():
    found = progress.progress("county-trainings", date(2024, 5, 1), public=False)

    assert (found.year, found.due_on) == (2024, date(2024, 9, 30))


@pytest.mark.parametrize(
    ("due", "year", "then"),
    [
        (date(2021, 9, 30), 2024, date(2024, 9, 30)),
        (date(2024, 2, 29), 2025, date(2025, 2, 28)),
        (date(2024, 2, 29), 2028, date(2028, 2, 29)),
    ],
)
def test_a_due_day_exists_in_every_year(due, year, then):
    assert targets.due_in(due, year) == then


def test_what_has_no_due_day_says_none():
    found = progress.progress("city-training-brands", END)

    assert (found.due, found.is_past, found.word) == ("", False, "尚未达到")


def test_what_nothing_can_be_held_against_is_neither_reached_nor_short():
    found = progress.progress("unit-trained", END, public=False)

    assert (found.number, found.of, found.standing, found.word) == (0, 0, "", "还没有可以比较的数据")


@pytest.mark.parametrize(
    "asked", ["2999-01-01", "20240101", "2024-02-30", "2024", "x", "2024-1-1", "２０２４"]
)
def test_a_day_to_come_or_none_at_all_is_unknown(asked):
    with pytest.raises(Unknown):
        progress.read_day(asked)


def test_what_strangers_may_not_see_is_unknown_to_them():
    for slug in ("unit-trained", "nonsense"):
        with pytest.raises(Unknown):
            progress.progress(slug, END)

    assert progress.progress("unit-trained", END, public=False).target.pk == "unit-trained"
    assert {found.target.pk for found in progress.overview(END)} == {
        slug for slug, counter in targets.counters.items() if counter.is_public
    }


def test_a_limit_is_that_of_the_row_and_without_a_row_that_of_the_notice():
    PolicyTarget.objects.filter(pk="unit-trained").update(number=600)
    PolicyTarget.objects.filter(pk="unit-placed").delete()

    assert targets.limits("unit-trained", "unit-placed") == {"unit-trained": 600, "unit-placed": 500}
    assert targets.limit("institutions-per-project") == 5


def test_limits_are_read_once_inside_a_block_and_anew_outside_it():
    with CaptureQueriesContext(connection) as queries, targets.read_once():
        read = [targets.limit(slug) for slug in ("unit-trained", "unit-placed", "unit-trained")]
    PolicyTarget.objects.filter(pk="unit-trained").update(number=600)

    assert (read, len(queries)) == ([500, 500, 500], 1)
    assert targets.limit("unit-trained") == 600


def said(record) -> list[str]:
    return [problem.text for problem in rules.problems(record)]


def test_a_changed_row_changes_the_rule_of_the_units_and_keeps_the_clause():
    row = {"year": 2024, "trained_count": 620, "self_used_count": 200, "exported_count": 500}
    record = draft("building-units", annual_performances=[row])
    before = said(record)

    PolicyTarget.objects.filter(pk="unit-trained").update(number=700)

    told = "2024年度培训人数620人，低于700人要求（鲁就办〔2021〕22号 二（二）），请填写情况说明后提交。"
    assert (before, said(record)) == ([], [told])
    assert [p.clause for p in rules.problems(record)] == ["鲁就办〔2021〕22号 二（二）"]


def test_a_changed_row_changes_the_rule_of_the_institutions():
    entry("exam-institutions", name="演示学校甲")
    record = draft("exam-institutions", name="演示学校乙")
    before = said(record)

    PolicyTarget.objects.filter(pk="institutions-per-project").update(number=1)

    assert (before, said(record)) == ([], ["“演示剪纸制作”在本市已有1家考核机构，一般不再增加。"])


@pytest.mark.parametrize(("ago", "counts"), [(0, True), (1, False)])
def test_an_authorisation_counts_to_the_end_of_its_last_day(ago, counts):
    ends = timezone.localdate() - timedelta(days=ago)
    its = {"project": "演示剪纸制作", "region": "潍坊市", "valid_to": ends}
    for number in range(5):
        entry("exam-institutions", name=f"演示学校{number}", authorizations=[its])

    brand = draft("skill-brands", institutions=["演示学校0"])
    sixth = draft("exam-institutions", name="演示第六所")

    refused = "考核机构“演示学校0”没有获准考核所选项目。"
    too_many = "“演示剪纸制作”在本市已有5家考核机构，一般不再增加。"
    assert (said(brand), said(sixth)) == (([], [too_many]) if counts else ([refused], []))


def test_the_rules_of_a_unit_cost_the_same_queries_however_many_years_it_reports():
    row = {"trained_count": 100, "self_used_count": 1, "exported_count": 1}
    records = [
        draft(
            "building-units",
            name=f"演示单位{years}",
            annual_performances=[{**row, "year": 2015 + n} for n in range(years)],
        )
        for years in (1, 3, 8)
    ]
    counts = []
    for record in records:
        fresh = type(record).objects.select_related("organisation", "region").get(pk=record.pk)
        with CaptureQueriesContext(connection) as queries:
            found = rules.problems(fresh)
        counts.append(len(queries))

    assert len(found) == 16
    assert counts == [counts[0]] * 3


def test_a_load_corrects_a_target():
    PolicyTarget.objects.filter(pk="exam-projects").update(number=1, sentence="错")

    loaded = {str(line).split("：")[0]: str(line) for line in reference.load()}

    assert loaded["政策目标"] == "政策目标：新增 0，更正 1，停用 0"
    assert PolicyTarget.objects.get(pk="exam-projects").number == 500


def test_a_city_outside_three_to_five_is_told_on_which_side():
    target = PolicyTarget.objects.get(pk="key-labour-brands")

    assert target.scope == TargetScope.CITY
    assert [targets.judge(target, number) for number in (2, 4, 6)] == [
        Standing.SHORT,
        Standing.REACHED,
        Standing.OVER,
    ]
