"""The submission package: what was submitted and nothing else, readable again, the same bytes every time."""

import hashlib
import re
from datetime import timedelta
from io import BytesIO

import pytest

from portal import attachments, drafts, package
from portal.examples import FILES
from portal.models import Attachment, Filing
from portal.package import notice
from portal.sandbox import read_tables
from portal.vocabulary import State
from portal.workflow import Refused
from tests import campaigning, factories, packing
from tests.factories import KUIWEN
from tests.packing import PAPERS, PDF, with_files
from tests.pages import rewritten
from tests.test_documents import paragraphs, words_of_pdf

pytestmark = pytest.mark.django_db


def test_files_keep_their_names_each_filing_in_its_folder():
    campaign = campaigning.campaign()
    with_files(campaign, {"盖章页 喆.pdf": PDF % b"1", "A:B?.pdf": PDF % b"2"}, name="潍坊第一品牌")
    with_files(campaign, {"盖章页 喆.pdf": PDF % b"3", "盖章页 喆.PDF": PDF % b"4"}, name="潍坊第二:品牌")

    files = packing.opened(packing.packed(campaign))

    assert list(files) == [
        *PAPERS,
        "附件/01 潍坊第一品牌/盖章扫描件/盖章页 喆.pdf",
        "附件/01 潍坊第一品牌/盖章扫描件/A_B_.pdf",
        "附件/02 潍坊第二_品牌/盖章扫描件/盖章页 喆.pdf",
        "附件/02 潍坊第二_品牌/盖章扫描件/盖章页 喆(2).PDF",
        "回执.txt",
    ]
    assert [content for path, content in files.items() if path.startswith("附件/")] == [
        PDF % mark for mark in (b"1", b"2", b"3", b"4")
    ]


def test_a_city_training_brand_comes_in_the_archive_the_notice_prescribes():
    campaign = campaigning.campaign(kind="city-training-brands")
    campaigning.answer(campaign, name="风筝/扎制", contact_name="演示喆", contact_phone="00000000000")
    campaigning.answer(campaign, name="长" * 60, contact_name="演示" * 15, contact_phone="0" * 11)

    files = packing.opened(packing.packed(campaign))

    first, second = (path for path in files if path.endswith(".zip"))
    inner = packing.opened(files[first])
    assert first == "附件/潍坊市+风筝_扎制+演示喆00000000000.zip"
    assert second == f"附件/潍坊市+{'长' * 26}+{'演示' * 15}00000000000.zip"
    assert len(second.removeprefix("附件/").encode()) <= 200
    assert list(inner) == [
        "“一市一品牌”建设情况.docx",
        *(f"图片资料/picture-{number}.jpg" for number in range(1, 6)),
        "视频素材/video.mp4",
    ]
    assert inner["图片资料/picture-1.jpg"] == (FILES / "picture-1.jpg").read_bytes()
    assert read_tables(inner["“一市一品牌”建设情况.docx"], ".docx")[0].rows[0][1] == "风筝/扎制"


def test_archives_whose_names_are_alike_once_made_safe_are_numbered():
    campaign = campaigning.campaign(kind="city-training-brands")
    for name in ("风筝/扎制", "风筝:扎制", "风筝?扎制"):
        campaigning.answer(campaign, name=name, contact_name="演示", contact_phone="0" * 11)

    files = packing.opened(packing.packed(campaign))

    assert [path for path in files if path.endswith(".zip")] == [
        "附件/潍坊市+风筝_扎制+演示00000000000.zip",
        "附件/潍坊市+风筝_扎制+演示00000000000(2).zip",
        "附件/潍坊市+风筝_扎制+演示00000000000(3).zip",
    ]


def test_the_receipt_lists_every_file_with_its_size_and_sum():
    campaign = campaigning.campaign(kind="city-training-brands", clause="二（二）")
    sent = campaigning.answer(campaign)
    files = packing.opened(packing.packed(campaign))
    (outer,) = (path for path in files if path.endswith(".zip"))
    inner = {f"{outer}/{path}": content for path, content in packing.opened(files[outer]).items()}
    whole = {path: content for path, content in files.items() if path != "回执.txt"}

    lines = files["回执.txt"].decode("utf-8-sig").split("\r\n")

    assert lines[:3] == [
        "报送材料包回执",
        "报送单位：潍坊市人力资源和社会保障局",
        "报送任务：演示任务（演示文〔2026〕1号 二（二））",
    ]
    assert [line.split("：")[0] for line in lines[3:7]] == ["报送截止", "内容截至", "制作人", "制作时间"]
    assert lines[6] == "制作时间：2026-06-01 12:00:00"
    assert sent.versions.get().sha256 in lines[10]
    assert [line.split("\t")[1:] for line in lines[14:-1]] == [
        [path, str(len(content)), hashlib.sha256(content).hexdigest()]
        for path, content in (whole | inner).items()
    ]


def test_the_same_versions_give_the_same_bytes_but_for_the_time_in_the_receipt():
    campaign = campaigning.campaign()
    with_files(campaign, {"盖章页.pdf": PDF % b"1"})
    campaigning.answer(campaign, place=KUIWEN)

    first, again = packing.packed(campaign), packing.packed(campaign)
    later = packing.packed(campaign, at=packing.NOON + timedelta(hours=1))

    assert first == again
    before, after = packing.opened(first), packing.opened(later)
    changed = [path for path in before if before[path] != after[path]]
    assert changed == ["回执.txt"]
    assert after["回执.txt"].replace(b"13:00:00", b"12:00:00") == before["回执.txt"]


def test_a_decision_on_a_version_changes_nothing_in_the_package():
    campaign = campaigning.campaign()
    sent = campaigning.answer(campaign, State.CITY_REVIEW)
    before = packing.packed(campaign)

    factories.act(sent, "endorse", factories.reviewer())
    factories.act(sent, "return", factories.reviewer("37"), comment="请补充。")

    assert packing.packed(campaign) == before


def test_what_was_never_sent_and_what_changed_since_stay_outside():
    campaign = campaigning.campaign()
    returned = campaigning.answer(campaign, State.RETURNED, name="潍坊已报品牌")
    rewritten(returned, name="未报名称（演示）", advantage_people="未报的人数。")
    packing.attach(Filing.objects.get(pk=returned.pk), "未报扫描件.pdf", PDF % b"secret")
    factories.draft("skill-brands", name="未报草稿（演示）")

    contents, files = packing.found(campaign), packing.opened(packing.packed(campaign))

    assert [item.title for item in contents.items] == ["潍坊已报品牌"]
    assert [str(filing) for filing in contents.unsent] == ["未报草稿（演示）"]
    assert package.lacking(contents) == [
        "“未报草稿（演示）”还没有提交，不在包内。",
        "“潍坊已报品牌”正在修改，包内是上次提交的第 1 版。",
    ]
    assert list(files) == [*PAPERS, "回执.txt"]
    cells = [
        cell for table in read_tables(files["汇总一览表.xlsx"], ".xlsx") for row in table.rows for cell in row
    ]
    said = [*cells, files["回执.txt"].decode(), words_of_pdf(files["全部表格.pdf"])]
    assert [words for words in said if "未报" in words] == []
    assert "潍坊已报品牌" in cells


def test_a_file_that_was_removed_later_is_still_in_the_version_it_was_sent_with():
    campaign = campaigning.campaign()
    sent = with_files(campaign, {"旧盖章页.pdf": PDF % b"1"})
    factories.act(sent, "return", factories.reviewer(), comment="请重新盖章。")
    packing.attach(Filing.objects.get(pk=sent.pk).record, "新盖章页.pdf", PDF % b"2")
    (old,) = [one for one in Attachment.objects.all() if one.name == "旧盖章页.pdf"]
    attachments.remove(old, by=factories.filer())

    files = packing.opened(packing.packed(campaign))

    assert [path.rsplit("/")[-1] for path in files if path.startswith("附件/")] == ["旧盖章页.pdf"]


def test_a_cancelled_filing_and_that_of_another_city_are_not_packed():
    campaign = campaigning.campaign()
    campaigning.answer(campaign, State.CANCELLED)
    campaigning.answer(campaign, place="3708", name="济宁外市品牌")
    campaigning.answer(campaign, name="潍坊本市品牌")

    assert [item.title for item in packing.found(campaign).items] == ["潍坊本市品牌"]


def test_a_countys_part_of_a_merged_return_is_not_packed():
    campaign = campaigning.campaign(kind="project-training-returns")
    campaigning.answer(campaign, State.APPROVED, place=KUIWEN)
    own = campaigning.answer(campaign, State.CITY_REVIEW)

    assert [item.filing.pk for item in packing.found(campaign).items] == [own.pk]


def test_an_update_that_was_sent_takes_the_place_of_what_it_updates():
    campaign = campaigning.campaign(kind="subsidy-reviews")
    campaigning.now_due(campaign, updates_until=campaign.due_at)
    first = campaigning.answer(campaign, State.APPROVED)
    update = drafts.update(first, by=factories.filer())
    before = [item.filing.pk for item in packing.found(campaign).items]
    factories.act(update, "submit", factories.filer())

    after = [item.filing.pk for item in packing.found(campaign).items]

    assert [before, after] == [[first.pk], [update.pk]]


def test_a_zero_report_is_a_letter_and_a_printed_sheet():
    campaign = campaigning.campaign()
    campaigning.nothing(campaign)

    files = packing.opened(packing.packed(campaign))

    assert list(files) == ["报送函.docx", "全部表格.pdf", "回执.txt"]
    assert letter(files)[3:6] == [
        "按照演示文〔2026〕1号文件要求，我市组织了“演示任务”报送工作。经核实，没有需要报送的内容，作零报送。",
        "情况说明：本市没有需要报送的内容（演示）。",
        "现将有关材料报上，请予审核。",
    ]
    assert "零报送" in words_of_pdf(files["全部表格.pdf"])


def letter(files: dict[str, bytes]) -> list[str]:
    """Return the lines of the letter that hold words."""
    return [words for _, words in paragraphs(files["报送函.docx"]) if words]


def test_the_letter_says_to_whom_what_and_how_many_and_leaves_number_and_date_open():
    campaign = campaigning.campaign("“一市一品牌”建设情况报送（演示）")
    with_files(campaign, {"盖章页.pdf": PDF % b"1"})
    campaigning.answer(campaign, place=KUIWEN)

    files = packing.opened(packing.packed(campaign))

    assert letter(files) == [
        "〔20　　〕　　号",
        "关于报送“‘一市一品牌’建设情况报送（演示）”",
        "材料的函",
        "山东省人力资源和社会保障厅：",
        "按照演示文〔2026〕1号文件要求，我市组织了“‘一市一品牌’建设情况报送（演示）”报送工作，"
        "共报送专项职业能力品牌2份（本级1份，县（市、区）1份），附件1个。",
        "现将有关材料报上，请予审核。",
        "附件：1. 专项职业能力品牌汇总一览表",
        "2. 专项职业能力品牌全部表格（2份）",
        "3. 附件材料（1个）",
        "潍坊市人力资源和社会保障局",
        "年　　月　　日",
        "（联系人：　　　　　联系电话：　　　　　　　）",
    ]


def test_all_forms_stand_in_one_document_whose_pages_are_counted_through():
    campaign = campaigning.campaign()
    for number in range(3):
        campaigning.answer(campaign, name=f"潍坊第{number}品牌")

    words = words_of_pdf(packing.opened(packing.packed(campaign))["全部表格.pdf"])

    numbers = [(int(n), int(m)) for n, m in re.findall(r"第(\d+)页共(\d+)页", words)]
    assert [page for page, _ in numbers] == list(range(1, len(numbers) + 1))
    assert {total for _, total in numbers} == {len(numbers)}
    assert [f"潍坊第{number}品牌" in words for number in range(3)] == [True] * 3


def test_a_file_that_is_gone_or_was_changed_makes_no_package():
    campaign = campaigning.campaign()
    with_files(campaign, {"盖章页.pdf": PDF % b"1"}, name="潍坊演示品牌")
    kept = Attachment.objects.get()
    storage, name = kept.file.storage, kept.file.name

    storage.delete(name)
    with pytest.raises(Refused) as gone:
        packing.packed(campaign)
    storage.save(name, BytesIO(PDF % b"9"))
    with pytest.raises(Refused) as changed:
        packing.packed(campaign)

    ending = "没有生成材料包；已提交的内容不受影响，请联系系统管理员。"
    assert str(gone.value) == f"“潍坊演示品牌”的附件“盖章页.pdf”在存储中找不到，{ending}"
    assert str(changed.value) == f"“潍坊演示品牌”的附件“盖章页.pdf”与提交时不一致，{ending}"


def test_more_forms_than_can_be_set_while_somebody_waits_are_refused(monkeypatch):
    monkeypatch.setattr(notice, "MOST_FORMS", 1)
    campaign = campaigning.campaign()
    for _ in range(2):
        campaigning.answer(campaign)

    said = package.why_not(packing.found(campaign))

    assert said == "材料包最多装1份表格，这里有2份，没有生成；请从填报台账按县（市、区）分别导出。"
