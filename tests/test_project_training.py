"""The rules of 项目制培训情况统计表 (鲁人社字〔2021〕32号 二（三）, 附件2), each with its clause."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import drafts, registry, rules
from portal.vocabulary import State
from portal.workflow import Refused
from tests.factories import KUIWEN, PROVINCE, WEIFANG, act, approver, draft, filer, filing, reviewer

pytestmark = pytest.mark.django_db
RETURN = registry.get("project-training-returns")
NOTICE = "鲁人社字〔2021〕32号"
TOLD = "；情况属实的，请填写情况说明后提交。"
NO_TIME = "组织时间“{}”看不出起止，请写成“2021年5月10日-5月28日”“2021年6月”这样。"


def row(**changes) -> dict:
    plain = {
        "project_name": "家政（演示）",
        "target_scope": "登记失业人员",
        "trainee_count": 20,
        "remark": "",
    }
    return {**plain, "held_text": "6月", **changes}


def found(*rows: dict, place: str = WEIFANG, **changes) -> list[tuple[str, str, bool]]:
    """Return text, clause and whether it is a warning of every rule that a return with these rows breaks."""
    record = draft(RETURN, place=place, training_rows=list(rows), **changes)
    return [(p.text, p.clause, p.needs_explanation) for p in rules.problems(record)]


def test_a_return_needs_a_row_and_offers_the_zero_report():
    sentence = "请至少填写一行；本期没有组织项目制培训的，请改用零报送。"

    assert found() == [(sentence, f"{NOTICE} 二（三）", False)]


@pytest.mark.parametrize("name", ["year", "filled_by", "contact_phone", "filled_on"])
def test_what_stands_below_the_table_is_required(name):
    empty = None if name in ("year", "filled_on") else ""

    label = RETURN.field(name).verbose_name
    assert found(row(), **{name: empty}) == [(f"请填写{label}。", RETURN.clauses[name], False)]


@pytest.mark.parametrize(
    ("name", "label"),
    [("project_name", "培训项目名称"), ("target_scope", "群体范围"), ("trainee_count", "培训人数")],
)
def test_each_cell_but_the_remark_is_required(name, label):
    empty = None if name == "trainee_count" else ""

    assert found(row(**{name: empty})) == [(f"培训项目第1行请填写{label}。", RETURN.basis, False)]


def test_a_training_trains_somebody_in_the_database_too():
    with pytest.raises(IntegrityError), transaction.atomic():
        found(row(trainee_count=0))


def test_a_training_of_a_million_and_one_is_a_slip():
    ((sentence, _, is_warning),) = found(row(trainee_count=1_000_001))

    assert (sentence.startswith("培训项目第1行的培训人数："), is_warning) == (True, False)


def test_a_time_that_names_no_days_is_an_error_of_its_row():
    problem = (f"第2行：{NO_TIME.format('待定')}", f"{NOTICE} 附件2注2", False)

    assert found(row(), row(held_text="待定")) == [problem]


def test_a_plan_whose_days_have_passed_needs_an_explanation():
    sentence = f"第1行：计划时间“6月（计划）”已过，已开展的请改写实际时间{TOLD}"

    assert found(row(held_text="6月（计划）")) == [(sentence, f"{NOTICE} 附件2注2", True)]


def test_a_plan_that_is_still_to_come_needs_none():
    later = timezone.localdate() + timedelta(days=40)

    assert found(row(held_text=f"{later:%Y-%m-%d}（计划）"), year=later.year) == []


def test_a_training_of_another_year_needs_an_explanation():
    sentence = f"第1行：组织时间“2023年12月”不在2024年{TOLD}"

    assert found(row(held_text="2023年12月")) == [(sentence, f"{NOTICE} 附件2注2", True)]


def test_a_training_over_the_turn_of_the_year_belongs_to_both():
    assert found(row(held_text="2023年12月-2024年1月")) == []


def test_rows_that_are_quite_the_same_need_an_explanation():
    sentence = "“家政（演示）”有2行完全相同；不是重复的，请填写情况说明后提交。"

    assert found(row(), row()) == [(sentence, f"{NOTICE} 附件2", True)]
    assert found(row(), row(trainee_count=21)) == []


def test_a_county_of_another_city_is_an_error():
    sentence = "第1行：“临沂市兰山区”不在填报范围内，只能填写本市组织的培训。"

    assert found(row(organizer_region="371302")) == [(sentence, f"{NOTICE} 附件2注1", False)]


def test_a_county_reports_its_own_trainings_only():
    sentence = "第1行：“潍坊市潍城区”不在填报范围内，只能填写奎文区组织的培训。"

    assert found(row(organizer_region="370702"), place=KUIWEN) == [(sentence, f"{NOTICE} 附件2注1", False)]
    assert found(row(organizer_region=KUIWEN), row(trainee_count=2), place=KUIWEN, year=2023) == []


def test_the_city_itself_is_stored_as_its_own_training():
    record = draft(RETURN, training_rows=[row(organizer_region=WEIFANG)])

    assert [r.organizer_region for r in record.training_rows.all()] == [None]


def test_the_province_files_no_return_of_cities():
    with pytest.raises(Refused):
        drafts.create(RETURN, by=filer(PROVINCE))


def test_a_bureau_has_one_return_a_year():
    draft(RETURN, year=2024)

    with pytest.raises(Refused, match="本单位已有同名的填报"):
        draft(RETURN, year=2024)


@pytest.mark.parametrize(
    ("typed", "planned"),
    [
        ({"held_text": "6月（计划）"}, True),
        ({"held_text": "6月", "remark": "计划开展"}, True),
        ({"held_text": "6月（已开展）", "remark": "计划开展"}, False),
        ({"held_text": "6月"}, False),
        ({"held_text": "待定"}, None),
    ],
)
def test_planned_or_held_is_told_by_the_time_then_by_the_remark(typed, planned):
    record = draft(RETURN, training_rows=[row(**typed)])

    assert record.training_rows.get().is_planned is planned


def test_a_time_to_come_is_planned_unless_it_says_otherwise():
    later = timezone.localdate() + timedelta(days=40)

    record = draft(RETURN, year=later.year, training_rows=[row(held_text=f"{later:%Y-%m-%d}")])

    stored = record.training_rows.get()
    assert (stored.is_planned, stored.held_from, stored.precision) == (True, later, "day")


def test_who_filled_in_the_sheet_is_never_public():
    assert (RETURN.personal, RETURN.public, RETURN.is_catalogued) == (
        ["filled_by", "contact_phone"],
        [],
        False,
    )


def test_a_city_return_goes_to_the_province_and_a_county_return_to_the_city():
    own, countys = filing(RETURN, State.APPROVED), filing(RETURN, State.APPROVED, place=KUIWEN)

    assert [event.action for event in own.events.all()] == ["submit", "endorse", "approve"]
    assert [event.action for event in countys.events.all()] == ["submit", "approve"]


def test_a_warning_is_submitted_with_its_explanation():
    record = draft(RETURN, training_rows=[row(held_text="6月（计划）")])
    drafts.save(record, by=filer(), revision=0, values={"explanation": "演示：推迟到下半年。"})

    for action, who in (("submit", filer()), ("endorse", reviewer()), ("approve", approver())):
        record = act(record, action, who)

    assert record.state == State.APPROVED


def test_every_row_keeps_the_day_it_ends_after_it_begins():
    record = draft(RETURN)
    stored = record.training_rows.get()
    stored.held_from, stored.held_to = date(2024, 6, 2), date(2024, 6, 1)

    with pytest.raises(ValidationError):
        stored.full_clean()


def test_whether_a_training_is_planned_is_read_on_the_day_of_the_submission():
    yesterday = timezone.localdate() - timedelta(days=1)
    record = draft(RETURN, year=yesterday.year, training_rows=[row(held_text=f"{yesterday}")])
    record.training_rows.update(is_planned=True)  # as it was typed when that day was still to come
    act(record, "submit", filer())
    assert list(record.training_rows.values_list("is_planned", flat=True)) == [False]
