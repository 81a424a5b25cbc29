"""Two people in one draft, and the form that saves itself: nothing typed is lost, nothing overwritten."""

import pytest
from django.utils import timezone

from portal import drafts, registry
from tests.factories import act, draft, filer
from tests.typed import page, stored, typed

pytestmark = pytest.mark.django_db
TYPES = [pytest.param(record_type, id=record_type.slug) for record_type in registry.all_types()]
NAME = "潍坊风筝扎制品牌（演示）"


@pytest.fixture
def desk(client):
    """Return a client at which the filer of 潍坊 is signed in."""
    client.force_login(filer())
    return client


# ---- two people in one draft


def test_a_colleagues_save_is_not_overwritten_and_nothing_typed_is_lost(desk):
    record, colleague = draft("skill-brands"), filer(name="colleague")
    sent = typed(record, name=NAME, advantage_people="我写的从业人员情况")
    drafts.save(record, by=colleague, revision=0, values={"advantage_people": "同事写的从业人员情况"})

    answer = desk.post(page("filing-edit", record), sent)

    content = answer.content.decode()
    at = timezone.localtime(stored(record).updated_at).strftime("%Y-%m-%d %H:%M:%S")
    assert answer.status_code == 409
    assert f"本单位填报岗位（演示colleague，或您在另一个窗口）于 {at} 改动了这件填报" in content
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


@pytest.mark.parametrize("record_type", TYPES)
def test_a_form_that_arrives_in_pieces_is_no_fault(desk, record_type):
    record = draft(record_type)

    answers = [desk.post(page("filing-edit", record), {"revision": revision}) for revision in ("7", "0")]

    assert [answer.status_code for answer in answers] in ([409, 302], [409, 200])


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
    assert answer["missing"] == [{"text": "请选择品牌方向。", "anchor": "q-direction"}]
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
    assert answer.json()["message"].startswith(
        "这件填报已在别处改动，刚才的修改没有暂存（也可能是上一次暂存的回应没有收到）。"
    )


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
