"""Editions at the workbench, as people meet them: pages, refusals that keep what was typed, files."""

import re
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from portal import edition_files, edition_workbook, editions
from portal.models import CatalogueEntry, Edition, Filing
from portal.vocabulary import State
from tests import editing
from tests.factories import (
    COMMENT,
    KUIWEN,
    PROVINCE,
    WEIFANG,
    approved,
    approver,
    auditor,
    entry,
    filer,
    publisher,
    reviewer,
    secadmin,
    stranger,
)

pytestmark = pytest.mark.django_db

JANUARY, MAY = date(2024, 1, 1), date(2024, 5, 1)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def client(user) -> Client:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def address(name: str, edition: Edition, *more: int) -> str:
    return reverse(name, args=[edition.pk, *more])


def text(response) -> str:
    """Return the words of a page without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def do(user, edition: Edition, act: str, **typed):
    """Send an act from the page as it is now."""
    by = client(user)
    page = by.get(address("edition", edition)).content.decode()
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    return by.post(address("edition-act", edition), {"act": act, "seen": seen[1] if seen else "", **typed})


@pytest.fixture
def edition() -> Edition:
    for word in "甲乙丙":
        entry(editing.KIND, name=f"演示{word}", on=JANUARY)
    return editing.prepared(on=MAY)


def test_an_edition_is_begun_filled_sent_approved_and_published_through_the_pages():
    old, other = (entry(editing.KIND, name=f"演示{word}", on=JANUARY) for word in "甲乙")
    waiting, by = approved(editing.KIND, name="演示待公布"), client(filer(PROVINCE))
    facts = {"kind": editing.KIND, "name": "2024年版", "on": str(MAY), "document_number": editing.NUMBER}

    assert "开始编制" in text(by.get(reverse("edition-new")))
    begun = by.post(reverse("edition-new"), facts)
    edition = Edition.objects.get(name="2024年版")
    assert begun.url == address("edition", edition)
    draft = by.post(address("edition-add", edition), {"what": "amend", "entry": old.code})
    change = edition.changes.get()
    assert draft.url == reverse("filing-edit", args=[change.filing_id])
    editing.typed(change, name="演示甲新名")
    by.post(address("edition-add", edition), {"what": "merge", "entry": "演示乙", "into": "演示甲"})
    by.post(address("edition-add", edition), {"what": "filing", "filing": waiting.pk})
    assert do(filer(PROVINCE), edition, "propose").status_code == 302
    assert do(approver(), edition, "approve").status_code == 302
    published = do(publisher(), edition, "publish")

    assert published.url == address("edition", edition)
    assert Edition.latest(editing.KIND) == edition
    now = CatalogueEntry.objects.in_force().order_by("title").values_list("title", flat=True)
    assert sorted(now) == ["演示待公布", "演示甲新名"]
    other.refresh_from_db()
    assert other.succession.new.title == "演示甲新名"
    page = text(client(auditor()).get(address("edition", edition)))
    assert "已发布" in page and "新增 1 · 调整 0 · 更名 1 · 合并 1 · 移出 0" in page


@pytest.mark.parametrize(
    "who", [lambda: filer(WEIFANG), lambda: filer(KUIWEN), lambda: reviewer("3708"), secadmin, stranger]
)
def test_whoever_has_nothing_to_do_with_a_catalogue_does_not_find_its_editions(edition, who):
    change, by = editing.added(edition, "演示新"), client(who())

    pages = ["edition", "edition-change", "edition-import", "edition-template", "edition-document"]
    posts = ["edition-act", "edition-add", "edition-attach", "edition-import"]
    statuses = {by.get(address(name, edition)).status_code for name in pages}
    statuses |= {by.post(address(name, edition)).status_code for name in posts}
    statuses.add(by.post(address("edition-drop", edition, change.pk)).status_code)

    assert statuses == {404}
    assert edition.changes.count() == 1


def test_whoever_may_see_an_edition_may_not_therefore_change_it(edition):
    for user in (approver(), publisher(), reviewer(PROVINCE), auditor()):
        by = client(user)
        assert by.get(address("edition", edition)).status_code == 200
        closed = ("edition-change", "edition-import", "edition-template")
        assert {by.get(address(name, edition)).status_code for name in closed} == {404}
        added = by.post(address("edition-add", edition), {"what": "new"})
        assert (added.status_code, edition.changes.count()) == (404, 0)
    assert client(auditor()).get(reverse("edition-new")).status_code == 404


def test_an_act_that_comes_too_late_keeps_what_was_typed_and_says_so(edition):
    editing.added(edition, "演示新")
    editing.proposed(edition)
    by = client(approver())

    late = by.post(address("edition-act", edition), {"act": "return", "seen": "0", "comment": COMMENT})

    assert (late.status_code, COMMENT in late.content.decode()) == (409, True)
    assert "已有新的办理" in text(late)
    edition.refresh_from_db()
    assert edition.proposed_at is not None


def test_a_return_without_an_opinion_is_refused_beside_what_was_typed(edition):
    editing.added(edition, "演示新")
    editing.proposed(edition)

    refused = do(approver(), edition, "return", comment=" ")
    returned = do(approver(), edition, "return", comment=COMMENT)

    assert (refused.status_code, "退回须写明意见" in text(refused)) == (422, True)
    assert returned.status_code == 302
    assert f"退回修改：{COMMENT}" in text(client(filer(PROVINCE)).get(address("edition", edition)))


def test_everything_that_keeps_an_edition_from_being_sent_is_told_at_once(edition):
    for word in "丁戊":
        editing.added(edition, f"演示{word}", summary="")

    said = text(do(filer(PROVINCE), edition, "propose"))

    assert "有 2 处须先处理，没有送审。" in said
    assert "《演示丁》：请填写项目简介。请填写至少一版考核规范。" in said
    assert "《演示戊》：" in said


def test_an_act_that_is_closed_says_why(edition):
    page = text(client(publisher()).get(address("edition", edition)))

    assert "发布 这一版编制中。" in page


def test_a_change_that_does_not_fit_is_refused_and_stays_in_the_form(edition):
    by = client(filer(PROVINCE))
    typed = {"what": "remove", "entry": "演示没有的", "reason": "演示理由"}

    refused = by.post(address("edition-add", edition), typed)

    assert refused.status_code == 422
    assert "现行目录中没有“演示没有的”" in text(refused)
    assert 'value="演示没有的"' in refused.content.decode()


def test_a_change_is_taken_out_again_and_its_draft_cancelled(edition):
    change = editing.added(edition, "演示新")

    gone = client(filer(PROVINCE)).post(address("edition-drop", edition, change.pk))

    assert (gone.status_code, edition.changes.count()) == (302, 0)
    assert Filing.objects.get(pk=change.filing_id).state == State.CANCELLED


def test_the_facts_are_changed_until_the_edition_is_sent(edition):
    by, facts = client(filer(PROVINCE)), {"name": "另一个名称", "on": "2024-05-02", "document_number": "不对"}

    refused = by.post(address("edition-change", edition), facts)
    by.post(address("edition-change", edition), {**facts, "document_number": ""})

    assert (refused.status_code, "文号要写成" in text(refused)) == (422, True)
    edition.refresh_from_db()
    assert (edition.name, str(edition.on), edition.document_number) == ("另一个名称", "2024-05-02", "")
    assert (
        "请先填写本版的文号" in text(do(filer(PROVINCE), edition, "propose")) or edition.changes.count() == 0
    )


def upload(edition: Edition, change=None) -> SimpleUploadedFile:
    book, saved = load_workbook(BytesIO(edition_workbook.template(edition))), BytesIO()
    if change:
        change(book.worksheets[0])
    book.save(saved)
    return SimpleUploadedFile("目录.xlsx", saved.getvalue())


def rename_and_leave_out(target) -> None:
    target.cell(2, 2).value = "演示甲新名"
    target.delete_rows(4)


def test_a_sheet_is_compared_shown_and_only_then_taken_in(edition):
    by, url = client(filer(PROVINCE)), address("edition-import", edition)
    sent = {"file": upload(edition, rename_and_leave_out), "missing": "whole", "reason": "演示理由"}

    preview = by.post(url, sent)
    said, page = text(preview), preview.content.decode()
    assert "新增 0，调整 0，更名 1，合并 0，移出 1，不变 1。还没有导入任何内容。" in said
    assert "<del>演示甲</del> → <ins>演示甲新名</ins>" in page
    assert edition.changes.count() == 0
    names = ("content", "name", "missing", "reason")
    carried = {name: re.search(f'name="{name}" value="([^"]*)"', page)[1] for name in names}
    taken = by.post(url, {"confirm": "1", **carried})

    assert taken.url == address("edition", edition)
    assert sorted(edition.changes.values_list("verb", flat=True)) == ["removed", "renamed"]


def test_a_sheet_with_faults_says_all_of_them_and_stores_nothing(edition):
    def spoil(target):
        target.cell(2, 1).value = "EP-3707-0099"
        target.cell(3, 3).value = "烹饪"

    sent = {"file": upload(edition, spoil), "missing": "part"}
    refused = client(filer(PROVINCE)).post(address("edition-import", edition), sent)

    assert (refused.status_code, edition.changes.count()) == (422, 0)
    assert "2 处错误" in text(refused)


def test_no_sheet_at_all_and_one_for_an_edition_already_sent_are_refused(edition):
    by, url = client(filer(PROVINCE)), address("edition-import", edition)
    assert (by.post(url, {}).status_code, by.get(url).status_code) == (422, 200)
    editing.added(edition, "演示新")
    editing.proposed(edition)

    assert by.post(url, {"file": upload(edition)}).url == address("edition", edition)


def test_the_document_of_an_edition_is_taken_in_by_its_content_and_given_out(edition):
    by = client(filer(PROVINCE))
    for content in (b"", b"MZ no document"):
        refused = by.post(address("edition-attach", edition), {"file": SimpleUploadedFile("a.pdf", content)})
        assert refused.status_code == 422
    by.post(address("edition-attach", edition), {"file": SimpleUploadedFile("目录通知.pdf", PDF)})

    edition.refresh_from_db()
    given = client(auditor()).get(address("edition-document", edition))
    assert (b"".join(given.streaming_content), edition.file_name) == (PDF, "目录通知.pdf")
    assert given["Content-Security-Policy"] == "default-src 'none'; sandbox"
    former = edition.file.name
    by.post(address("edition-attach", edition), {"file": SimpleUploadedFile("新.pdf", PDF)})
    assert not default_storage.exists(former)
    assert list(edition_files.faults()) == []


def test_a_document_that_is_missing_or_of_no_edition_is_a_fault(edition, monkeypatch):
    editions_file = SimpleUploadedFile("通知.pdf", PDF)
    client(filer(PROVINCE)).post(address("edition-attach", edition), {"file": editions_file})
    edition.refresh_from_db()
    stray = default_storage.save("editions/stray", SimpleUploadedFile("x", PDF))
    assert list(edition_files.faults()) == []

    monkeypatch.setattr("portal.edition_files.UNDER_WAY", timedelta())
    default_storage.delete(edition.file.name)

    assert list(edition_files.faults()) == [
        f"目录版次 {edition.pk}：文件 {edition.file.name} 不存在。",
        f"文件 {stray} 不属于任何目录版次。",
    ]


def test_the_document_of_a_published_edition_is_not_exchanged(edition):
    editing.added(edition, "演示新")
    editing.out(edition)
    by = client(publisher())

    answers = [
        by.post(address("edition-attach", edition), {"file": SimpleUploadedFile("通知.pdf", PDF)}).status_code
        for _ in range(2)
    ]

    assert answers == [302, 422]


def test_what_the_catalogue_published_meanwhile_is_told(edition):
    entry(editing.KIND, name="演示后来的", on=JANUARY)

    page = text(client(filer(PROVINCE)).get(address("edition", edition)))

    assert "开始编制以后，目录另有变动" in page and "“演示后来的”" in page


def test_the_list_sorts_narrows_and_marks_the_current_edition(edition):
    editing.added(edition, "演示新")
    editing.out(edition)
    entry("labour-brands", on=JANUARY)
    editing.prepared("labour-brands", name="劳务新版", on=timezone.localdate())
    by = client(publisher())

    whole = by.get(reverse("desk-editions"))
    narrowed = by.get(reverse("desk-editions"), {"kind": "labour-brands", "sort": "name"})
    nothing = by.get(reverse("desk-editions"), {"kind": "skill-brands"})

    assert [row["edition"].name for row in whole.context["rows"]] == ["劳务新版", "演示新版"]
    assert [row["is_current"] for row in whole.context["rows"]] == [False, True]
    assert [row["edition"].name for row in narrowed.context["rows"]] == ["劳务新版"]
    assert "这个目录还没有版次" in text(nothing)
    assert client(filer(KUIWEN)).get(reverse("desk-editions")).status_code == 404


def counted(by: Client, url: str) -> int:
    by.get(url)
    with CaptureQueriesContext(connection) as queries:
        by.get(url)
    return len(queries)


def test_no_page_asks_more_the_more_changes_there_are(edition):
    by, numbers = client(filer(PROVINCE)), []
    for count in (1, 3, 6):
        while edition.changes.count() < count:
            number = edition.changes.count()
            old = entry(editing.KIND, name=f"演示旧{number}", on=JANUARY)
            editing.amended(edition, old, summary=f"演示数据。{number}")
        numbers.append(counted(by, address("edition", edition)))

    assert len(set(numbers)) == 1


def test_the_list_asks_as_much_for_many_editions_as_for_one():
    by, numbers = client(publisher()), []
    for number in range(1, 4):
        edition = editing.prepared(name=f"演示第{number}版", on=JANUARY + timedelta(days=number))
        editing.added(edition, f"演示{number}")
        editing.out(edition)
        numbers.append(counted(by, reverse("desk-editions")))

    assert len(set(numbers)) == 1


def test_a_long_edition_is_shown_page_by_page(edition, monkeypatch):
    monkeypatch.setattr("portal.views.editions.CHANGES_PER_PAGE", 2)
    for number in range(3):
        editing.added(edition, f"演示新{number}")

    second = client(filer(PROVINCE)).get(address("edition", edition), {"page": "2"})

    assert [line.title for line in second.context["lines"]] == ["演示新2"]


def test_an_edition_given_up_through_the_page_is_gone_from_preparation(edition):
    editing.added(edition, "演示新")

    assert do(filer(PROVINCE), edition, "abandon").status_code == 302
    assert "已放弃" in text(client(filer(PROVINCE)).get(address("edition", edition)))
    assert editions.prepare(editing.KIND, by=filer(PROVINCE), name="演示新版", on=MAY).pk
