"""What a filer types: who may store it, what is kept of it, in which sentence each broken rule is told."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments.models import ExamSpecification, credit_code_is_valid
from portal import catalogue, drafts, registry, rules, workflow
from portal.examples import example_draft
from portal.models import Filing
from portal.vocabulary import ExitReason, State
from tests.factories import (
    DOCUMENT,
    KUIWEN,
    PROVINCE,
    WEIFANG,
    act,
    approved,
    bureau,
    draft,
    entry,
    filer,
    filing,
    publisher,
    reviewer,
    submitted,
)

pytestmark = pytest.mark.django_db

BRANDS, UNITS = registry.get("skill-brands"), registry.get("building-units")


def said(record: Filing) -> list[str]:
    """Return the sentences of the problems that forbid submission."""
    return [problem.text for problem in rules.blocking(type(record).objects.get(pk=record.pk))]


def save(record: Filing, *, by=None, revision: int | None = None, rows=None, **values) -> Filing:
    current = Filing.objects.get(pk=record.pk).record
    revision = current.revision if revision is None else revision
    return drafts.save(current, by=by or filer(), revision=revision, values=values, rows=rows)


# -- who may store what


@pytest.mark.parametrize(
    ("by", "organisation"),
    [
        (lambda: reviewer(WEIFANG), WEIFANG),
        (lambda: filer(KUIWEN), WEIFANG),
        (lambda: filer("3708"), WEIFANG),
        (lambda: filer(WEIFANG), KUIWEN),
    ],
    ids=["reviewer", "county for its city", "another city", "city for its county"],
)
def test_a_bureau_is_filed_for_by_its_own_filers_alone(by, organisation):
    with pytest.raises(workflow.Refused, match="您没有为这个单位填报专项职业能力品牌的岗位。"):
        drafts.create(BRANDS, by=by(), organisation=bureau(organisation))

    assert Filing.objects.count() == 0


def test_the_province_files_nothing_that_ends_at_the_city():
    with pytest.raises(workflow.Refused, match="您没有为这个单位填报劳务品牌建设单位的岗位。"):
        drafts.create(UNITS, by=filer(PROVINCE))

    assert drafts.create(BRANDS, by=filer(PROVINCE)).region_id == PROVINCE


@pytest.mark.parametrize("by", [lambda: reviewer(WEIFANG), lambda: filer(KUIWEN), lambda: filer("3708")])
def test_a_draft_is_changed_by_its_own_filers_alone(by):
    record = draft("skill-brands")

    with pytest.raises(workflow.Refused, match="只有填报单位的填报岗位可以修改。"):
        save(record, by=by(), stage="upgraded")

    assert Filing.objects.get(pk=record.pk).revision == record.revision


@pytest.mark.parametrize("state", [s for s in State if s not in (State.DRAFT, State.RETURNED)])
def test_what_was_submitted_is_changed_by_nobody(state):
    record = filing("skill-brands", state)

    with pytest.raises(workflow.Refused, match="已提交的内容不能修改，须先撤回或由审核单位退回。"):
        save(record, stage="upgraded")

    assert Filing.objects.get(pk=record.pk).record.stage == "cultivating"


def test_a_change_of_what_a_colleague_has_changed_since_is_a_conflict_that_stores_nothing():
    record = draft("skill-brands")
    save(record, stage="upgraded")

    with pytest.raises(workflow.Conflict):
        save(record, revision=record.revision, stage="discovered")

    assert Filing.objects.get(pk=record.pk).record.stage == "upgraded"


@pytest.mark.parametrize(
    "facts",
    [
        {"state": State.APPROVED},
        {"version": 7},
        {"step": 7},
        {"holds_name": False},
        {"kind": "exam-projects"},
    ],
    ids=lambda facts: next(iter(facts)),
)
def test_no_request_writes_what_the_workflow_owns(facts):
    record = draft("skill-brands")
    before = Filing.objects.values(*facts).get(pk=record.pk)

    save(record, stage="upgraded", **facts)

    assert Filing.objects.values(*facts).get(pk=record.pk) == before


# -- names


def test_a_bureau_holds_a_name_once():
    draft("skill-brands", name="潍坊剪纸品牌")

    with pytest.raises(workflow.Refused, match="本单位已有同名的填报，请换一个名称，或打开已有的那一份。"):
        draft("skill-brands", name=" 潍坊剪纸品牌\u3000")

    assert Filing.objects.filter(title="潍坊剪纸品牌").count() == 1


def test_another_bureau_and_another_type_may_use_the_name():
    draft("skill-brands", name="潍坊剪纸")

    draft("skill-brands", place=KUIWEN, name="潍坊剪纸"), draft("exam-projects", name="潍坊剪纸")

    assert Filing.objects.filter(title="潍坊剪纸").count() == 3


def test_a_cancelled_filing_frees_its_name_and_comes_back_only_while_it_is_free():
    record = filing("skill-brands", State.CANCELLED, name="潍坊剪纸")
    draft("skill-brands", name="潍坊剪纸")

    with pytest.raises(workflow.Refused, match="本单位已有同名的填报"):
        act(record, "reopen", filer())

    assert Filing.objects.get(pk=record.pk).state == State.CANCELLED


def test_renaming_a_draft_to_a_name_that_is_taken_stores_nothing_of_it():
    draft("skill-brands", name="潍坊剪纸")
    record = draft("skill-brands", name="潍坊剪纸二")

    with pytest.raises(workflow.Refused, match="本单位已有同名的填报"):
        save(record, name="潍坊剪纸", stage="upgraded")

    stored = Filing.objects.get(pk=record.pk).record
    assert (stored.name, stored.stage, stored.title) == ("潍坊剪纸二", "cultivating", "潍坊剪纸二")


# -- what is kept


def test_text_is_cleaned_on_its_way_in_also_in_the_rows():
    values, rows = example_draft(
        registry.get("exam-projects"), name="演示\x00泥塑\u202e制作", summary="甲\r\n乙\x07"
    )
    rows["specifications"][0]["content"] = "构图\x00设计"

    record = drafts.create(registry.get("exam-projects"), by=filer(), values=values, rows=rows)

    stored = Filing.objects.get(pk=record.pk).record
    assert (stored.name, stored.title, stored.summary) == ("演示泥塑制作", "演示泥塑制作", "甲\n乙")
    assert list(stored.specifications.values_list("content", flat=True)) == ["构图设计"]


def test_rows_are_replaced_as_a_whole():
    record = draft("exam-projects")
    rows = [{"edition": f"第{n}版", "minutes": 60} for n in (1, 2)]

    save(record, rows={"specifications": rows})

    assert list(ExamSpecification.objects.values_list("edition", flat=True)) == ["第1版", "第2版"]


def test_two_rows_of_one_year_are_refused_in_a_sentence_and_keep_the_old_ones():
    record = draft("building-units")
    row = {"year": 2024, "trained_count": 600, "self_used_count": 0, "exported_count": 600}

    with pytest.raises(workflow.Refused, match="年度培训就业情况：同一年度只填一行。"):
        save(record, rows={"annual_performances": [row, row]})

    assert list(record.annual_performances.values_list("trained_count", flat=True)) == [620]
    connection.check_constraints()


# -- the rules of every type


def test_each_missing_field_is_asked_for_in_the_order_of_the_form():
    record = drafts.create(BRANDS, by=filer())

    assert said(record) == [
        "请填写品牌项目名称。",
        "请选择专项职业能力考核项目。",
        "请填写地域特色和技能特点。",
        "请填写从业人员及技能领头人情况。",
        "请填写相关产业规模及所产生的经济效益、社会效益。",
        "请选择品牌围绕对象。",
        "请选择品牌方向。",
        "请选择培育阶段。",
    ]


def test_a_problem_names_its_field_and_the_clause_it_rests_on():
    record = draft("skill-brands", stage="")

    assert [(p.field, p.clause) for p in rules.problems(record)] == [
        ("stage", "鲁人社字〔2024〕95号 二（一）4")
    ]


@pytest.mark.parametrize(
    ("slug", "changes", "sentences"),
    [
        ("skill-brands", {"stage": "finished"}, 1),
        ("skill-brands", {"initiatives": ["unknown"]}, 1),
        ("exam-institutions", {"credit_code": "91370000MA3DEM0X12"}, 1),
        ("handicraft-projects", {"hours": 0}, 1),
        ("labour-brands", {"worker_count": 10_000_001}, 1),
    ],
)
def test_a_value_outside_its_choices_or_range_is_a_problem(slug, changes, sentences):
    record = draft(slug, **changes)

    assert (len(said(record)), {p.field for p in rules.problems(record)}) == (sentences, set(changes))


def test_a_text_beyond_the_cap_is_told_its_length():
    record = draft("skill-brands", advantage_people="字" * 20_001 + "\n ")

    assert said(record) == ["从业人员及技能领头人情况已超出20000字（当前20001字）。"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"minutes": 5}, "考核规范第1行的考核时间（分钟）：确保该值大于或等于10。"),
        ({"content": ""}, "考核规范第1行请填写能力标准与鉴定内容。"),
    ],
)
def test_a_row_is_held_to_its_rules_and_named_by_its_number(changes, sentence):
    row = registry.get("exam-projects").example["specifications"][0]

    record = draft("exam-projects", specifications=[{**row, **changes}])

    assert said(record) == [sentence]


# -- the rules of the notices


def test_a_warning_lets_the_filing_pass_once_the_situation_is_explained():
    row = {"year": 2024, "trained_count": 499, "self_used_count": 100, "exported_count": 399}
    record = draft("building-units", annual_performances=[row])
    told = said(record)

    record = act(save(record, explanation="演示数据。受场地所限，已与县局说明。"), "submit", filer())

    basis = "人要求（鲁就办〔2021〕22号 二（二）），请填写情况说明后提交。"
    assert told == [
        f"2024年度培训人数499人，低于500{basis}",
        f"2024年度自用和输出499人，低于500{basis}",
    ]
    assert (record.state, record.versions.get().snapshot["explanation"]) == (
        State.CITY_REVIEW,
        "演示数据。受场地所限，已与县局说明。",
    )


def test_an_error_is_not_explained_away():
    record = draft("building-units", training_mode="entrusted", explanation="演示说明。")

    assert said(record) == ["委托培训的，请填写受委托培训单位。"]


def test_exactly_five_hundred_are_enough():
    row = {"year": 2024, "trained_count": 500, "self_used_count": 0, "exported_count": 500}

    assert said(draft("building-units", annual_performances=[row])) == []


def test_a_brand_chooses_among_the_projects_in_force():
    project = entry("exam-projects", name="演示剪纸制作")
    record = draft("skill-brands")
    catalogue.exit(project, by=publisher(), reason=ExitReason.VOLUNTARY, document_number=DOCUMENT)

    today = timezone.localdate()
    assert [(problem.text, problem.clause) for problem in rules.problems(record)] == [
        (
            f"“演示剪纸制作”已于 {today} 移出专项职业能力考核项目目录，没有后继条目。"
            "请从最新目录中重新选取。",
            "鲁人社字〔2024〕95号 附件备注1",
        )
    ]


def test_an_institution_is_authorised_within_the_region_of_its_bureau():
    record = draft("exam-institutions", authorizations=[{"project": "演示剪纸制作", "region": "济宁市"}])

    assert said(record) == ["授权地区“济宁市”不在本单位管辖范围内。"]


def test_a_sixth_institution_for_a_project_in_a_city_needs_an_explanation():
    for number in range(5):
        entry("exam-institutions", name=f"演示学校{number}")

    record = draft("exam-institutions", name="演示第六所")

    assert said(record) == ["“演示剪纸制作”在本市已有5家考核机构，一般不再增加。"]
    assert [p.needs_explanation for p in rules.problems(record)] == [True]


def test_an_amendment_does_not_count_what_it_replaces():
    published = [entry("exam-institutions", name=f"演示学校{number}") for number in range(5)]

    amended = catalogue.amend(published[0], by=filer())

    assert said(amended) == []


def test_the_authorised_projects_are_checked_with_the_same_queries_however_many_they_are():
    names = [f"演示项目{number}" for number in range(6)]
    for name in names:
        entry("exam-projects", name=name)
    counts = []
    for number, chosen in enumerate([names[:1], names[:3], names]):
        rows = [{"project": name, "region": "潍坊市"} for name in chosen]
        record = draft("exam-institutions", name=f"演示学校{number}", authorizations=rows)
        fresh = type(record).objects.get(pk=record.pk)
        with CaptureQueriesContext(connection) as queries:
            assert rules.problems(fresh) == []
        counts.append(len(queries))

    assert len(set(counts)) == 1


def test_a_submitted_brand_remembers_its_projects_as_they_were():
    record = submitted("skill-brands")
    project = Filing.objects.get(title="演示剪纸制作").entry

    catalogue.exit(project, by=publisher(), reason=ExitReason.VOLUNTARY, document_number=DOCUMENT)

    assert record.versions.get().snapshot["values"]["exam_projects"] == [
        {"id": project.filing_id, "code": "EP-3707-0001", "title": "演示剪纸制作"}
    ]


def test_a_brand_without_an_institution_prints_none():
    record = approved("skill-brands", institutions=[])

    fields = {f["name"]: f["text"] for s in record.versions.get().snapshot["sections"] for f in s["fields"]}
    assert (fields["institutions"], fields["exam_projects"]) == ("无", "演示剪纸制作")


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        ("91350100M000100Y43", True),  # the example printed in GB 32100-2015
        ("91350100M000100Y44", False),
        ("91350100M000100Y4", False),
        ("91350100m000100y43", False),
        ("９1350100M000100Y43", False),
        ("91350100MO00100Y43", False),
        ("9135010\u0660M000100Y43", False),
        ("91350100M000100Y43\n", False),
    ],
)
def test_a_credit_code_has_the_check_character_of_its_standard(code, valid):
    assert credit_code_is_valid(code) is valid
