"""Which two versions are laid side by side, for whom, and what became of the files between them."""

import pytest
from django.urls import reverse

from portal import attachments, drafts, reading, versions
from portal.models import Filing
from portal.vocabulary import State
from tests import factories
from tests.pages import page, returned_and_rewritten, rewritten

pytestmark = pytest.mark.django_db
KIND, FIELD = "skill-brands", "advantage_people"


@pytest.fixture
def thrice(db) -> Filing:
    """A brand that was submitted three times; only the second changed the number of people."""
    filing = factories.filing(KIND, State.RETURNED)
    for said in ("演示数据。从业人员约1300人。", "演示数据。从业人员约1400人。"):
        rewritten(filing, **{FIELD: said})
        filing = factories.act(filing, "submit", factories.filer())
        if filing.version == 2:
            factories.act(filing, "return", factories.reviewer(), comment=factories.COMMENT)
    return Filing.objects.get(pk=filing.pk)


@pytest.mark.parametrize(
    ("asked", "pair"),
    [
        ({}, (None, 3)),
        ({"compare": "1"}, (2, 3)),
        ({"a": "1", "b": "3"}, (1, 3)),
        ({"a": "3", "b": "1"}, (1, 3)),
        ({"a": "1", "b": "2"}, (1, 2)),
        ({"b": "1"}, (None, 1)),
        ({"b": "1", "compare": "1"}, (None, 1)),
        ({"a": "1"}, (1, 3)),
        ({"a": "2", "b": "2"}, (None, 2)),
        ({"a": "9", "b": "9"}, (None, 3)),
        ({"a": "x", "b": "\x00"}, (None, 3)),
        ({"a": "0", "b": "3"}, (None, 3)),
        ({"a": "-1", "b": "9" * 40}, (None, 3)),
        ({"a": "²", "b": "３"}, (None, 3)),
    ],
)
def test_any_two_versions_are_compared_and_what_does_not_exist_falls_back(thrice, asked, pair):
    found = versions.choose(thrice, factories.reviewer(), asked)

    assert (found.old, found.number) == pair
    assert (found.earlier.number if found.earlier else None, found.shown.number) == pair


def test_the_page_offers_all_versions_and_shows_the_chosen_pair(client, thrice):
    shown = page(client, factories.reviewer(), thrice, a="1", b="3")

    line = next(one for one in shown.context["sheet"].lines if one.name == FIELD)
    assert [one.number for one in shown.context["pair"].known] == [3, 2, 1]
    assert (shown.context["sheet"].changes, line.new[-2][1]) == (1, "约1400人")
    assert "左右对照" in shown.content.decode()


def test_an_old_version_is_read_without_the_forms_of_the_present_one(client, thrice):
    words = page(client, factories.reviewer(), thrice, b="1").content.decode()

    assert ["下面是以前的第 1 版" in words, "remark-new" in words, 'id="decide-head"' in words] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("somebody", "numbers"), [(factories.filer, [2, 1]), (factories.reviewer, [1]), (factories.joint, [1])]
)
def test_only_the_bureau_lays_its_unsent_text_beside_what_it_sent(somebody, numbers):
    filing = Filing.objects.get(pk=returned_and_rewritten().pk)

    found = versions.choose(filing, somebody(), {"a": "1", "b": "2"})

    assert [one.number for one in found.known] == numbers
    assert (found.shown is None, found.number) == (numbers[0] == 2, numbers[0])


def test_names_of_people_are_hidden_on_both_sides(client):
    record = factories.filing("building-units", State.RETURNED, contact_name="演示张三")
    rewritten(record, contact_name="演示李四")
    factories.act(record, "submit", factories.filer())

    read = {}
    for somebody in (factories.reviewer, factories.auditor):
        words = page(client, somebody(), record, a="1", b="2").content.decode()
        read[somebody.__name__] = [name in words for name in ("张三", "李四")]

    assert read == {"reviewer": [True, True], "auditor": [False, False]}


def test_an_amendment_is_laid_beside_the_text_in_force(client):
    entry = factories.entry(KIND)
    factories.sign_in(client, factories.filer())
    client.post(reverse("amend", args=[entry.code]))
    draft = Filing.objects.get(amends=entry.filing)
    rewritten(draft, **{FIELD: "演示数据。人数已更新。"})

    found = versions.choose(draft, factories.filer(), {"a": "0", "b": "1"})

    assert (found.old, found.number, found.earlier.filing_id) == (0, 1, entry.filing_id)
    assert [one.words for one in found.known] == ["第 1 版（尚未提交）", "现行内容"]


def test_files_are_told_apart_by_what_is_in_them(client):
    record, user = factories.filing("city-training-brands", State.RETURNED), factories.filer()
    gone = record.attachments.current().order_by("pk").first()
    attachments.remove(gone, by=user)
    filing = Filing.objects.get(pk=record.pk)

    found = versions.choose(filing, user, {"compare": "1"})
    slots = {slot.name: slot for slot in versions.files(filing, found)}

    words = [(word, opens is None) for _, word, _, opens in slots[gone.slot].files]
    assert words[0] == ("移除", True)
    assert set(words[1:]) == {("未变", False)}
    assert [slot.name for slot in slots.values() if slot.is_changed] == [gone.slot]
    shown = page(client, user, filing, compare="1").content.decode()
    assert (shown.count("移除</span>"), f"/desk/attachments/{gone.pk}/" in shown) == (1, False)


def test_a_row_of_a_table_is_compared_with_the_row_before(client):
    record = factories.filing("building-units", State.RETURNED, place="370705")
    user = factories.filer("370705")
    year = {"year": 2025, "trained_count": 700, "self_used_count": 300, "exported_count": 300}
    drafts.save(record, by=user, revision=record.revision, values={}, rows={"annual_performances": [year]})
    factories.act(record, "submit", user)
    filing = Filing.objects.get(pk=record.pk)
    found = versions.choose(filing, user, {"compare": "1"})

    sheet = reading.read(filing, user, pair=(found.shown, found.earlier))

    assert [mark for mark, _ in sheet.tables[0]["rows"]] == ["del", "ins"]
