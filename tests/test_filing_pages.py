"""The filer's pages over HTTP: begin, fill in, save, meet a conflict, check, submit."""

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal import drafts, registry
from portal.models import Event, Filing
from portal.vocabulary import State
from tests.factories import (
    COMMENT,
    KUIWEN,
    PROVINCE,
    act,
    add_post,
    draft,
    entry,
    filer,
    filing,
    reviewer,
    submitted,
)
from tests.typed import typed

pytestmark = pytest.mark.django_db
TYPES = [pytest.param(record_type, id=record_type.slug) for record_type in registry.all_types()]
NAME = "潍坊风筝扎制品牌（演示）"


@pytest.fixture
def desk(client):
    """Return a client at which the filer of 潍坊 is signed in."""
    client.force_login(filer())
    return client


def page(name: str, record) -> str:
    """Return the address of a page of ``record``."""
    return reverse(name, args=[record.pk])


def stored(record) -> Filing:
    """Return the record as it is stored now."""
    return Filing.objects.get(pk=record.pk).record


def save(desk, record, **changes):
    """Press 暂存 with ``changes`` typed over the form as it was shown."""
    return desk.post(page("filing-edit", record), typed(record, **changes))


# ---- beginning


def test_a_city_begins_any_type_and_each_has_its_sentence(desk):
    content = desk.get(reverse("filing-new")).content.decode()

    assert [t.label for t in registry.all_types() if f'<h2 class="l">{t.label}</h2>' not in content] == []
    assert "12 个栏目，经市级审核后报省级审核，通过后公布进目录。" in content


def test_the_province_begins_nothing_that_ends_at_the_city(client):
    client.force_login(filer(PROVINCE))

    assert client.get(reverse("filing-new", args=["skill-brands"])).status_code == 200
    assert client.get(reverse("filing-new", args=["building-units"])).status_code == 404
    assert client.post(reverse("filing-new", args=["building-units"])).status_code == 404
    assert Filing.objects.count() == 0


def test_who_files_nothing_finds_no_such_page(client):
    client.force_login(reviewer())

    answers = [client.get(reverse("filing-new")), client.post(reverse("filing-new", args=["skill-brands"]))]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert Filing.objects.count() == 0


@pytest.mark.parametrize("record_type", TYPES)
def test_beginning_makes_a_draft_and_leads_to_its_form(desk, record_type):
    answer = desk.post(reverse("filing-new", args=[record_type.slug]))

    begun = Filing.objects.get(kind=record_type.slug)
    assert answer.url == page("filing-edit", begun)
    assert (begun.state, begun.organisation, begun.created_by) == (State.DRAFT, filer().organisation, filer())


def test_a_double_click_begins_one_draft(desk):
    first, second = (desk.post(reverse("filing-new", args=["skill-brands"])) for _ in range(2))

    assert first.url == second.url
    assert Filing.objects.count() == 1


def test_who_files_for_two_bureaus_says_for_which(client):
    user = filer(KUIWEN, name="two_bureaus")
    second = add_post(user, "filer", "370702").organisation
    client.force_login(filer(KUIWEN, name="two_bureaus"))

    client.post(reverse("filing-new", args=["skill-brands"]), {"organisation": second.pk})

    assert Filing.objects.get().organisation == second


def test_looking_at_the_pages_writes_nothing(desk):
    record = draft("skill-brands")
    before = list(Filing.objects.values())

    for name in ("filing-edit", "filing-check"):
        desk.get(page(name, record))
    desk.get(reverse("filing-new", args=["skill-brands"]))

    assert list(Filing.objects.values()) == before


# ---- the form


@pytest.mark.parametrize("record_type", TYPES)
def test_the_form_of_a_fresh_draft_opens_and_says_what_is_missing(desk, record_type):
    record = drafts.create(record_type, by=filer())

    content = desk.get(page("filing-edit", record)).content.decode()

    labels = [str(record_type.field(name).verbose_name) for name in record_type.fields]
    assert [label for label in labels if label not in content] == []
    assert (
        f'<a href="#q-{record_type.key[0]}">请填写{record_type.field(record_type.key[0]).verbose_name}。</a>'
        in content
    )


@pytest.mark.parametrize("record_type", TYPES)
def test_saving_the_form_as_it_is_shown_keeps_everything(desk, record_type):
    record = draft(record_type)
    before = {name: getattr(record, name) for name in record_type.columns}

    answer = save(desk, record)

    after = {name: getattr(stored(record), name) for name in record_type.columns}
    assert answer.url == page("filing-edit", record)
    assert {n: _plain(v) for n, v in after.items()} == {n: _plain(v) for n, v in before.items()}


def _plain(value):
    value = value.values_list("pk", flat=True) if hasattr(value, "values_list") else value
    return sorted(value) if isinstance(value, list | QuerySet) else value


def test_submit_saves_first_and_leads_to_the_check(desk):
    record = draft("skill-brands")

    answer = save(desk, record, name=NAME, then="check")

    assert (answer.url, stored(record).name) == (page("filing-check", record), NAME)


def test_what_fits_is_stored_and_what_does_not_stays_on_the_page(desk):
    record = draft("labour-brands")

    answer = save(desk, record, worker_count="六百人", industry="养老服务")

    assert (stored(record).industry, stored(record).worker_count) == ("养老服务", 1200)
    content = answer.content.decode()
    assert 'value="六百人"' in content
    assert "请填写整数，例如620。" in content
    assert "有 1 处需要修改，填写的内容都在下面的表里" in content
    assert f'name="revision" value="{stored(record).revision}"' in content


def test_after_a_mistake_the_corrected_form_can_be_saved(desk):
    record = draft("labour-brands")
    answer = save(desk, record, worker_count="六百人")

    revision = answer.context["record"].revision
    answer = desk.post(page("filing-edit", record), typed(record, worker_count="600", revision=str(revision)))

    assert (answer.status_code, stored(record).worker_count) == (302, 600)


def test_a_taken_name_is_said_and_the_rest_is_stored(desk):
    taken, record = draft("skill-brands"), draft("skill-brands", name=NAME)

    answer = save(desk, record, name=taken.name, direction="food")

    assert "本单位已有同名的填报，请换一个名称" in answer.content.decode()
    assert (stored(record).name, stored(record).direction) == (NAME, "food")


def test_a_returned_filing_shows_why_on_top(desk):
    record = filing("skill-brands", State.RETURNED)

    content = desk.get(page("filing-edit", record)).content.decode()

    assert f"<p>{COMMENT}</p>" in content
    assert "退回修改 · 第 2 版" in content


def test_one_row_more_without_a_script_keeps_what_is_typed(desk):
    record = draft("building-units")
    half = {"annual_performances-1-year": "2023", "more": "annual_performances"}

    content = save(desk, record, address="演示路9号", **half).content.decode()

    assert 'name="annual_performances-1-year" value="2023"' in content
    assert 'name="annual_performances-2-year"' in content
    assert stored(record).address == "演示路9号"


def test_what_is_submitted_is_read_and_not_edited(desk):
    record = submitted("skill-brands")

    assert desk.get(page("filing-edit", record)).url == page("filing", record)
    assert desk.get(page("filing-check", record)).url == page("filing", record)


@pytest.mark.parametrize("name", ["filing-edit", "filing-check", "filing-autosave"])
@pytest.mark.parametrize("who", [lambda: filer(KUIWEN), lambda: filer("3708"), reviewer])
def test_nobody_else_edits_or_submits_it(client, name, who):
    record = draft("skill-brands")
    sent = typed(record, name=NAME) | {"version": "1", "step": "0"}
    client.force_login(who())

    answer = client.post(page(name, record), sent)

    assert answer.status_code == 404
    assert (stored(record).name, stored(record).state) == (record.name, State.DRAFT)


@pytest.mark.parametrize("name", ["filing-edit", "filing-check"])
def test_a_stranger_is_led_to_sign_in(client, name):
    record = draft("skill-brands")

    assert client.get(page(name, record)).url == f"{reverse('login')}?next={page(name, record)}"
    assert client.post(page(name, record), {"name": NAME}).status_code == 302
    assert stored(record).name == record.name


# ---- bad input


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"advantage_people": "长" * 100_000}, id="100,000 characters"),
        pytest.param({"direction": "\x00"}, id="NUL as a choice"),
        pytest.param({"exam_projects": ["\x00", "9" * 40]}, id="made-up keys"),
        pytest.param({"initiatives": ["\x07"]}, id="control character in a list"),
    ],
)
def test_bad_input_changes_no_content_and_is_answered_in_words(desk, bad):
    record = draft("skill-brands")
    name = next(iter(bad))
    before = _plain(getattr(stored(record), name))

    answer = save(desk, record, **bad)

    assert answer.status_code == 200
    assert _plain(getattr(stored(record), name)) == before
    assert [error["name"] for error in answer.context["errors"]] == [name]


def test_control_characters_in_text_are_dropped_and_the_rest_is_stored(desk):
    record = draft("skill-brands")

    save(desk, record, name=f"\x00{NAME}\x1b", advantage_people="甲\x00乙\r\n丙\x0b")

    assert (stored(record).name, stored(record).advantage_people) == (NAME, "甲乙\n丙")


@pytest.mark.parametrize("revision", ["", "x", "-1", "٣", "9" * 40])
def test_a_broken_revision_overwrites_nothing(desk, revision):
    record = draft("skill-brands")

    answer = save(desk, record, name=NAME, revision=revision)

    assert (answer.status_code, stored(record).name) == (409, record.name)


# ---- two people in one draft


def test_a_colleagues_save_is_not_overwritten_and_nothing_typed_is_lost(desk):
    record, colleague = draft("skill-brands"), filer(name="colleague")
    sent = typed(record, name=NAME, advantage_people="我写的从业人员情况")
    drafts.save(record, by=colleague, revision=0, values={"advantage_people": "同事写的从业人员情况"})

    answer = desk.post(page("filing-edit", record), sent)

    content = answer.content.decode()
    at = timezone.localtime(stored(record).updated_at).strftime("%Y-%m-%d %H:%M:%S")
    assert answer.status_code == 409
    assert f"本单位填报岗位（演示colleague，或您在另一个窗口）于 {at} 改动了这份填报" in content
    assert [(d["label"], d["mine"], d["theirs"]) for d in answer.context["differences"]] == [
        ("品牌项目名称", NAME, record.name),
        ("从业人员及技能领头人情况", "我写的从业人员情况", "同事写的从业人员情况"),
    ]
    assert stored(record).advantage_people == "同事写的从业人员情况"


def test_after_looking_the_own_text_can_be_put_over_it(desk):
    record = draft("skill-brands")
    sent = typed(record, advantage_people="我写的")
    drafts.save(record, by=filer(name="colleague"), revision=0, values={"advantage_people": "同事写的"})
    answer = desk.post(page("filing-edit", record), sent)

    again: dict[str, list[str]] = {"revision": [str(answer.context["record"].revision)]}
    for name, value in answer.context["typed"]:
        again.setdefault(name, []).append(value)
    desk.post(page("filing-edit", record), again)

    assert stored(record).advantage_people == "我写的"


def test_the_same_save_twice_is_no_conflict(desk):
    record = draft("skill-brands")
    sent = typed(record, name=NAME)

    answers = [desk.post(page("filing-edit", record), sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert stored(record).name == NAME


def test_saving_what_a_colleague_has_submitted_names_him_and_keeps_the_text(desk):
    record, colleague = draft("skill-brands"), filer(name="colleague")
    sent = typed(record, name=NAME)
    act(record, "submit", colleague)

    answer = desk.post(page("filing-edit", record), sent)

    content = answer.content.decode()
    assert answer.status_code == 409
    assert "潍坊市人力资源和社会保障局 演示colleague 于" in content
    assert "对第 1 版作了“提交”" in content
    assert NAME in content
    assert "用我填写的内容覆盖" not in content
    assert stored(record).name == record.name


# ---- autosave


def autosave(client, record, **changes):
    """Send what the form's script sends two seconds after a change."""
    return client.post(page("filing-autosave", record), typed(record, **changes))


def test_autosave_stores_and_says_what_is_still_missing(desk):
    record = draft("skill-brands", direction="")

    answer = autosave(desk, record, name=NAME).json()

    now = stored(record)
    at = timezone.localtime(now.updated_at).strftime("%H:%M:%S")
    assert now.name == NAME
    assert (answer["saved_at"], answer["message"]) == (at, f"已自动暂存 {at}")
    assert (answer["revision"], answer["fields"]) == (now.revision, {"revision": now.revision})
    assert answer["missing"] == [{"text": "请选择方向。", "anchor": "q-direction"}]
    assert answer["errors"] == {}
    assert "品牌项目名称" in answer["done"]


def test_autosave_stores_what_fits_and_names_what_does_not(desk):
    record = draft("labour-brands")

    answer = autosave(desk, record, worker_count="六百", industry="养老服务").json()

    assert (stored(record).industry, stored(record).worker_count) == ("养老服务", 1200)
    assert answer["errors"] == {"worker_count": ["请填写整数，例如620。"]}
    assert answer["message"] == "其余内容已暂存，这几处没有存上：从业人员。点“暂存”查看原因。"


def test_autosave_over_a_colleagues_text_is_409_in_words(desk):
    record = draft("skill-brands")
    sent = typed(record, name=NAME)
    drafts.save(record, by=filer(name="colleague"), revision=0, values={"direction": "food"})

    answer = desk.post(page("filing-autosave", record), sent)

    assert (answer.status_code, stored(record).name) == (409, record.name)
    assert answer.json()["message"].startswith("这份填报已在别处改动，刚才的修改没有暂存。")


def test_autosave_after_submission_is_409_and_changes_nothing(desk):
    record = draft("skill-brands")
    sent = typed(record, name=NAME)
    act(record, "submit", filer())

    assert desk.post(page("filing-autosave", record), sent).status_code == 409
    assert stored(record).name == record.name


def test_autosave_without_a_session_is_401_in_words(client):
    record = draft("skill-brands")

    answer = client.post(page("filing-autosave", record), typed(record, name=NAME))

    assert answer.status_code == 401
    assert answer.json() == {
        "message": "登录已过期，刚才的修改还没有暂存。请在新窗口登录后回到本页，填写的内容仍在。"
    }
    assert stored(record).name == record.name


def test_autosave_is_not_read_by_get(desk):
    assert desk.get(page("filing-autosave", draft("skill-brands"))).status_code == 405


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

    for name, text in {"direction": "请选择方向。", "exam_projects": "请选择专项职业能力考核项目。"}.items():
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


def queries(desk, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert desk.get(url).status_code == 200
    return len(captured)


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
