"""Checking a draft and submitting it over HTTP, and what its pages cost."""

import pytest

from portal import drafts, registry
from portal.models import Event
from portal.vocabulary import State
from tests.factories import PROVINCE, draft, entry, filer
from tests.typed import page, queries, stored

pytestmark = pytest.mark.django_db
TYPES = [pytest.param(record_type, id=record_type.slug) for record_type in registry.all_types()]
NAME = "潍坊风筝扎制品牌（演示）"


@pytest.fixture
def desk(client):
    """Return a client at which the filer of 潍坊 is signed in."""
    client.force_login(filer())
    return client


# ---- checking and submitting


def confirm(desk, record, **changes):
    """Press 确认提交 on the check page as it was shown."""
    current = stored(record)
    shown = {"revision": current.revision, "version": current.version, "step": current.step}
    return desk.post(page("filing-check", record), shown | changes)


def actions(record) -> list[str]:
    """Return what was done to ``record``, in order."""
    return list(Event.objects.filter(filing_id=record.pk).values_list("action", flat=True))


@pytest.mark.parametrize("record_type", TYPES)
def test_a_whole_draft_is_submitted_from_its_check_page(desk, record_type):
    record = draft(record_type)
    shown = desk.get(page("filing-check", record)).content.decode()

    answer = confirm(desk, record)

    assert "各项核对都已通过" in shown
    assert "第 1 版交给 <b>潍坊市人力资源和社会保障局</b> 的审核岗位办理" in shown
    assert answer.url == page("filing", record)
    assert (stored(record).state, actions(record)) == (State.CITY_REVIEW, ["submit"])


def test_the_check_lists_what_is_missing_with_links_to_the_questions(desk):
    record = draft("skill-brands", direction="", exam_projects=[])

    content = desk.get(page("filing-check", record)).content.decode()

    for name, text in {
        "direction": "请选择品牌方向。",
        "exam_projects": "请选择专项职业能力考核项目。",
    }.items():
        assert f'<a href="{page("filing-edit", record)}#q-{name}">{text}</a>' in content
    assert "还有 2 处需要修改，改好后才能提交。" in content
    assert 'aria-disabled="true">确认提交' in content


def test_an_unfinished_draft_is_not_submitted_even_when_it_is_sent(desk):
    record = draft("skill-brands", direction="")

    answer = confirm(desk, record)

    assert "有 1 处需要修改" in answer.content.decode()
    assert (stored(record).state, actions(record)) == (State.DRAFT, [])


def test_a_warning_wants_its_explanation_and_then_lets_through(desk):
    rows = [{**registry.get("building-units").example["annual_performances"][0], "trained_count": 499}]
    record = draft("building-units", annual_performances=rows)

    first = confirm(desk, record, explanation="  ")
    second = confirm(desk, record, explanation="新认定单位，\x00下半年补训。")

    assert "1 处需要说明" in first.content.decode()
    assert "2024年度培训人数499人，低于500人要求" in first.content.decode()
    assert second.url == page("filing", record)
    assert stored(record).explanation == "新认定单位，下半年补训。"
    assert stored(record).versions.get().snapshot["explanation"] == "新认定单位，下半年补训。"


def test_an_explanation_survives_a_draft_that_is_not_ready(desk):
    rows = [{**registry.get("building-units").example["annual_performances"][0], "trained_count": 499}]
    record = draft("building-units", annual_performances=rows, address="")

    answer = confirm(desk, record, explanation="新认定单位。")

    assert "新认定单位。" in answer.content.decode()
    assert (stored(record).explanation, stored(record).state) == ("新认定单位。", State.DRAFT)


def test_an_explanation_that_is_too_long_is_said_and_kept_on_the_page(desk):
    record, long = draft("skill-brands"), "说" * 20_001

    answer = confirm(desk, record, explanation=long)

    content = answer.content.decode()
    assert "最多填写20000字，现在有20001字，请缩短后再暂存。" in content
    assert long in content
    assert actions(record) == []


def test_submitting_twice_submits_once(desk):
    record = draft("skill-brands")
    shown = {"revision": 0, "version": 1, "step": 0}

    answers = [desk.post(page("filing-check", record), shown) for _ in range(2)]

    assert [answer.url for answer in answers] == [page("filing", record)] * 2
    assert actions(record) == ["submit"]


def test_what_a_colleague_changed_after_the_check_is_not_submitted_unseen(desk):
    record = draft("skill-brands")
    drafts.save(record, by=filer(name="colleague"), revision=0, values={"name": NAME})

    answer = desk.post(page("filing-check", record), {"revision": 0, "version": 1, "step": 0})

    assert answer.status_code == 409
    assert "这份草稿刚刚有改动，没有提交。" in answer.content.decode()
    assert NAME in answer.content.decode()
    assert (stored(record).state, actions(record)) == (State.DRAFT, [])


@pytest.mark.parametrize("name", ["revision", "version", "step"])
def test_a_broken_number_submits_nothing(desk, name):
    record = draft("skill-brands")

    answer = confirm(desk, record, **{name: "9" * 30})

    assert (answer.status_code, actions(record)) == (409, [])


def test_a_province_filing_goes_to_the_province(client):
    record = draft("skill-brands", place=PROVINCE, name="山东剪纸品牌（演示）")
    client.force_login(filer(PROVINCE))

    content = client.get(page("filing-check", record)).content.decode()

    assert "第 1 版交给 <b>山东省人力资源和社会保障厅</b> 的审核岗位办理" in content


# ---- queries


@pytest.mark.parametrize("name", ["filing-edit", "filing-check"])
def test_more_choices_and_more_chosen_cost_no_more_queries(desk, name):
    counts = []
    for number in (1, 2, 4):
        projects = [f"演示项目{number}之{place}" for place in range(number)]
        institutions = [f"演示机构{number}之{place}" for place in range(number)]
        for project in projects:
            entry("exam-projects", name=project)
        for institution in institutions:
            rows = [{"project": project, "region": "潍坊市"} for project in projects]
            entry("exam-institutions", name=institution, authorizations=rows)
        brand = f"演示品牌{number}"
        record = draft("skill-brands", name=brand, exam_projects=projects, institutions=institutions)
        counts.append(queries(desk, page(name, record)))

    assert counts == [counts[0]] * 3


@pytest.mark.parametrize("name", ["filing-edit", "filing-check"])
def test_more_rows_cost_no_more_queries(desk, name):
    counts = []
    for number in (1, 3, 10):
        row = registry.get("building-units").example["annual_performances"][0]
        rows = [{**row, "year": 2015 + place} for place in range(number)]
        record = draft("building-units", name=f"演示单位{number}", annual_performances=rows)
        counts.append(queries(desk, page(name, record)))

    assert counts == [counts[0]] * 3
