"""The form of a filing that came back with remarks: what is open, what is text, what crafting changes."""

import base64
import zipfile
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from portal import drafts, locks, registry, remarks
from portal.grounds import Grounds
from portal.models import Remark
from portal.vocabulary import ReturnReason, State
from tests import factories
from tests.factories import act, filer
from tests.returning import SAID, answer, returned, send_back, stored_values
from tests.typed import page, stored, typed

pytestmark = pytest.mark.django_db
KINDS = [kind.slug for kind in registry.all_types()]
OTHER = "另一个内容（演示）"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def desk(client):
    """Return a client at which the filer of 潍坊 is signed in."""
    client.force_login(filer())
    return client


@pytest.fixture
def brand():
    """A brand that came back with remarks on two of its fields."""
    return returned("skill-brands", "name", "advantage_people")


def content(record):
    fresh = stored(record)
    rows = {name: drafts.row_values(fresh, name) for name in fresh.record_type.rows}
    files = list(fresh.attachments.current().order_by("pk").values_list("slot", "sha256"))
    replies = list(fresh.remarks.order_by("pk").values_list("reply", "answered_at"))
    return stored_values(fresh), fresh.explanation, rows, files, replies, fresh.unlocked, fresh.state


def remark_on(record, name):
    return Remark.objects.get(filing_id=record.pk, field=name)


def reply_to(record, name):
    return f"reply-{remark_on(record, name).pk}"


# ---- what the form shows


@pytest.mark.parametrize("kind", KINDS)
def test_locked_parts_are_words_and_the_form_as_it_is_shown_changes_nothing(client, kind):
    place = factories.WEIFANG if registry.get(kind).is_filed_at("city") else factories.KUIWEN
    record = returned(kind, remarks.EXPLANATION, place=place)
    client.force_login(filer(place))
    before = content(record)

    shown = client.get(page("filing-edit", record)).content.decode()
    sent = client.post(page("filing-edit", record), typed(record))

    kept = record.record_type
    assert [n for n in [*kept.fields, *kept.rows] if f'name="{n}' in shown] == []
    assert shown.count('<span class="opt">未开放</span>') == len(kept.fields) + len(kept.rows) + len(
        kept.slots
    )
    assert "退回修改：只开放有意见的 1 个栏目，其余保持第 1 版原样" in shown
    assert (sent.status_code, content(record)) == (302, before)


def test_the_form_says_why_it_is_open_and_links_to_each_remark(desk):
    grounds = Grounds((ReturnReason.INCOMPLETE, ReturnReason.UNCLEAR))
    record = send_back(factories.submitted("skill-brands"), "name", "advantage_people", grounds=grounds)
    answered = drafts.save(
        record,
        by=filer(),
        revision=record.revision,
        values={},
        replies={remark_on(record, "name").pk: "已改"},
    )

    shown = desk.get(page("filing-edit", answered)).content.decode()

    assert "退回修改：只开放有意见的 2 个栏目，其余保持第 1 版原样" in shown
    assert factories.COMMENT in shown
    assert "不完整" in shown and "材料不清" in shown
    assert "逐条答复后才能提交，已答复 1 / 2 条" in shown
    for name in ("name", "advantage_people"):
        key = reply_to(record, name)
        assert f'<a href="#q-{key}">' in shown and f'id="q-{key}"' in shown and f'name="{key}"' in shown
    assert "请答复对“从业人员及技能领头人情况”的审核意见。" in shown
    assert "请答复对“品牌项目名称”的审核意见。" not in shown


def test_a_return_of_the_whole_form_says_so_and_locks_nothing(desk):
    record = send_back(factories.submitted("skill-brands"), "name", grounds=Grounds(whole=True))

    shown = desk.get(page("filing-edit", record))

    assert "退回修改：整表开放" in shown.content.decode()
    assert (shown.context["correction"].shut, "未开放" in shown.content.decode()) == ((), False)


def test_a_return_that_was_recalled_is_not_told_once_the_form_is_open_again(desk):
    record = send_back(factories.submitted("skill-brands"), "name")
    reviewer = factories.reviewer()
    act(record, "recall", reviewer, comment="退回有误（演示）。")
    act(record, "release", reviewer)
    act(record, "withdraw", filer())

    shown = desk.get(page("filing-edit", record))

    assert (shown.context["correction"], shown.status_code) == (None, 200)


# ---- what is typed


def test_open_fields_and_answers_are_stored_together(desk, brand):
    sent = typed(brand, advantage_people=OTHER, **{reply_to(brand, "advantage_people"): "已补充统计时间"})

    answer = desk.post(page("filing-edit", brand), sent)

    assert (answer.status_code, stored(brand).advantage_people) == (302, OTHER)
    assert remark_on(brand, "advantage_people").reply == "已补充统计时间"


def test_autosave_stores_answers_too(desk, brand):
    sent = typed(brand, **{reply_to(brand, "name"): "已改"})

    told = desk.post(page("filing-autosave", brand), sent).json()

    assert (told["problem"], remark_on(brand, "name").reply) == (False, "已改")


@pytest.mark.parametrize("address", ["filing-edit", "filing-autosave"])
def test_an_answer_that_is_too_long_is_told_and_the_rest_is_stored(desk, brand, address):
    sent = typed(brand, advantage_people=OTHER, **{reply_to(brand, "name"): "长" * 501})

    answer = desk.post(page(address, brand), sent)

    told = answer.json()["errors"] if address == "filing-autosave" else answer.content.decode()
    assert "答复已超出500字（当前501字）。" in str(told)
    assert (stored(brand).advantage_people, remark_on(brand, "name").reply) == (OTHER, "")


# ---- what is crafted


def locked_text(record):
    """A locked text of the form."""
    names = (n for n in locks.locked(stored(record)) if n in record.record_type.fields)
    return next(n for n in names if record._meta.get_field(n).get_internal_type() == "TextField")


@pytest.mark.parametrize("address", ["filing-edit", "filing-autosave"])
def test_a_crafted_form_changes_no_locked_field_and_what_was_typed_stays(desk, brand, address):
    name, before = locked_text(brand), content(brand)
    label = brand.record_type.field(name).verbose_name

    answer = desk.post(page(address, brand), typed(brand, advantage_people=OTHER, **{name: "偷改"}))

    told = answer.json()["message"] if address == "filing-autosave" else answer.context["refusal"]
    assert told == locks.LOCKED.format(f"“{label}”")
    assert content(brand) == before
    assert OTHER in answer.content.decode() or address == "filing-autosave"


@pytest.mark.parametrize("address", ["filing-edit", "filing-autosave"])
def test_a_crafted_form_changes_no_locked_rows(client, address):
    record = returned("project-training-returns", "filled_by", place=factories.KUIWEN)
    client.force_login(filer(factories.KUIWEN))
    before = content(record)
    sent = typed(record, filled_by="演示新填表人") | {
        "training_rows-TOTAL_FORMS": ["0"],
        "training_rows-INITIAL_FORMS": ["0"],
    }

    answer = client.post(page(address, record), sent)

    assert (answer.status_code, content(record)) == (409 if address == "filing-autosave" else 200, before)
    assert "本次退回只开放有意见的栏目" in (
        answer.json()["message"] if address == "filing-autosave" else answer.context["refusal"]
    )


@pytest.mark.parametrize("address", ["filing-edit", "filing-autosave"])
def test_only_remarks_that_wait_are_answered(desk, brand, address):
    before, strange = content(brand), returned("labour-brands", "name")

    for key in (reply_to(strange, "name"), "reply-999999"):
        answer = desk.post(page(address, brand), typed(brand, advantage_people=OTHER, **{key: "偷答"}))
        told = answer.json()["message"] if address == "filing-autosave" else answer.context["refusal"]
        assert told == "有一条意见不在待答复之列，请刷新页面查看。"

    assert content(brand) == before
    assert remark_on(strange, "name").reply == ""


# ---- before submission


def test_the_check_lists_what_has_no_answer_and_nothing_is_submitted(desk, brand):
    shown = desk.get(page("filing-check", brand))
    fields = {n: str(getattr(stored(brand), n)) for n in ("version", "step", "revision")}
    sent = desk.post(page("filing-check", brand), fields)

    key = reply_to(brand, "name")
    assert "还有 2 条审核意见没有答复" in shown.content.decode()
    assert f"{page('filing-edit', brand)}#q-{key}" in shown.content.decode()
    assert (sent.status_code, stored(brand).state) == (409, State.RETURNED)
    assert "还有 2 条审核意见没有答复" in sent.context["refusal"]


def test_once_all_is_answered_it_is_submitted_and_the_answers_go_with_it(desk, brand):
    answer(brand, advantage_people=OTHER)
    fields = {n: str(getattr(stored(brand), n)) for n in ("version", "step", "revision")}

    sent = desk.post(page("filing-check", brand), fields)

    told = stored(brand).events.get(action="submit", version=2).details["replies"]
    assert (sent.status_code, stored(brand).state) == (302, State.CITY_REVIEW)
    assert {one["reply"] for one in told} == {"已补充（演示答复）。"}
    assert {r.standing for r in Remark.objects.filter(filing_id=brand.pk)} == {"answered"}


# ---- the conflict


def test_a_conflict_offers_to_overwrite_what_is_open_alone(desk, brand):
    name, colleague = locked_text(brand), filer(name="colleague")
    key = reply_to(brand, "name")
    sent = typed(brand, advantage_people="我写的", **{name: "偷改", key: "我的答复"})
    now = stored(brand)
    drafts.save(now, by=colleague, revision=now.revision, values={"advantage_people": "同事写的"})

    answer = desk.post(page("filing-edit", brand), sent)

    lines = {line["label"]: line["shut"] for line in answer.context["differences"]}
    assert answer.status_code == 409
    assert lines == {
        str(brand.record_type.field(name).verbose_name): True,
        "从业人员及技能领头人情况": False,
        "对“品牌项目名称”的答复": False,
    }
    names = {sent_name for sent_name, _ in answer.context["typed"]}
    assert (name in names, {"advantage_people", key} <= names) == (False, True)
    assert "未开放，保持原样" in answer.content.decode()


# ---- materials


def test_locked_slots_take_and_lose_nothing_and_say_why(desk):
    record = returned("city-training-brands", "name")
    slots = list(record.record_type.slots)
    shown = desk.get(page("filing-materials", record)).content.decode()
    for slot in slots:
        assert reverse("filing-upload", args=[record.pk, slot]) not in shown
    assert "这里的文件与已提交的版本相同，不能增减" in shown
    assert reverse("filing-upload", args=[record.pk, "stamped_scan"]) in shown


def test_the_scan_of_a_type_without_slots_is_open_too(desk, brand):
    shown = desk.get(page("filing-materials", brand)).content.decode()

    assert reverse("filing-upload", args=[brand.pk, "stamped_scan"]) in shown
    assert "退回修改：只开放有意见的 2 个栏目" in shown


def test_a_remark_on_files_is_shown_where_they_are_uploaded_and_answered_in_the_form(desk):
    slot = "pictures"
    record = returned("city-training-brands", slot)
    key = reply_to(record, slot)

    shown = desk.get(page("filing-materials", record)).content.decode()
    form = desk.get(page("filing-edit", record)).content.decode()

    assert reverse("filing-upload", args=[record.pk, slot]) in shown
    assert (SAID in shown, f'name="{key}"' in shown, f'name="{key}"' in form) == (True, False, True)


def test_a_crafted_upload_archive_or_removal_changes_no_locked_slot(desk):
    record = returned("city-training-brands", "name")
    before = content(record)
    kept = record.attachments.current().order_by("pk")
    pictures = [row for row in kept if row.slot == "pictures"]
    book = BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("图片/新图.png", PIXEL)

    loaded = desk.post(
        reverse("filing-upload", args=[record.pk, "pictures"]), {"file": SimpleUploadedFile("新.png", PIXEL)}
    )
    unpacked = desk.post(
        reverse("filing-archive", args=[record.pk]), {"file": SimpleUploadedFile("新.zip", book.getvalue())}
    )
    removed = desk.post(reverse("attachment-remove", args=[pictures[0].pk]), follow=True)

    sentence = locks.LOCKED.format("“图片资料”")
    assert (loaded.status_code, loaded.context["refusals"]) == (422, [sentence])
    assert [(one.place, one.refusal) for one in unpacked.context["results"]] == [("", sentence)]
    assert sentence in removed.content.decode()
    assert (content(record), unpacked.context["takes_archive"]) == (before, False)
