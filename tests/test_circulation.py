"""The 流转单: every step with its words, the desks' own matters for the desks alone, on page and paper."""

import io
import zipfile
from datetime import date, timedelta

import pytest
from django.utils import timezone

from portal import catalogue, check_codes, circulation, consultation, documents
from portal.grounds import FAIL, PASS, Finding, Grounds
from portal.models import Event, Filing, Membership
from portal.sandbox import read_tables
from portal.vocabulary import Kind, Role, State
from tests import factories
from tests.factories import COMMENT, PROVINCE, act, approver, filer, reviewer
from tests.programs import converted
from tests.public import leave
from tests.returning import remark, resubmitted, send_back
from tests.test_documents import words_of_pdf

pytestmark = pytest.mark.django_db
BRANDS = "skill-brands"
QUESTION, OPINION, NOTE = "请就乡村旅游提出意见", "演示会商意见内容", "演示核对说明"


def sheet(record: Filing, user=None) -> circulation.Circulation:
    """Return the 流转单 as the province's reviewer, or ``user``, reads it."""
    found = Filing.objects.select_related("organisation__region", "amends", "entry").get(pk=record.pk)
    return circulation.read(found, user or reviewer(PROVINCE), base="https://portal.example")


def acts(found: circulation.Circulation) -> list[tuple[int, int, str, str]]:
    return [(line.number, line.version, line.act, line.post) for line in found.lines]


def words(found: circulation.Circulation, act: str) -> list[tuple[str, ...]]:
    return [line.words for line in found.lines if line.act == act]


def long_way() -> Filing:
    """Return a filing that was returned with a remark, sent again with its answer, weighed and approved."""
    record = factories.submitted(BRANDS)
    grounds = Grounds(reasons=("incomplete", "unclear"))
    record = resubmitted(send_back(record, "advantage_people", grounds=grounds))
    record = act(record, "endorse", reviewer())
    criteria = record.record_type.criteria
    findings = (Finding(criteria[0], PASS), Finding(criteria[1], FAIL, NOTE))
    return act(record, "approve", approver(), comment=COMMENT, grounds=Grounds(findings=findings))


def consulted() -> Filing:
    """Return a filing under review about which a joint department was asked and answered."""
    record = factories.submitted(BRANDS)
    department = factories.joint("3707", Kind.CULTURE_TOURISM)
    bureau = department.posts[0].organisation
    due = timezone.localdate() + timedelta(days=5)
    (asked,) = consultation.ask(record, [bureau], QUESTION, due, by=reviewer(), version=1)
    consultation.answer(asked, "reserves", OPINION, by=department)
    return record


def test_every_step_from_the_first_draft_to_the_exit_is_there_with_version_and_post():
    record = long_way()
    entry = factories.publish(record, on=date(2024, 5, 1))
    leave(entry)

    assert acts(sheet(record)) == [
        (1, 1, "创建", "填报"),
        (2, 1, "提交", "填报"),
        (3, 1, "退回修改", "审核"),
        (4, 2, "提交", "填报"),
        (5, 2, "审核上报", "审核"),
        (6, 2, "审核通过", "审批"),
        (7, 2, "公布", "发布"),
        (8, 2, "退出目录", "发布"),
    ]


def test_reasons_remarks_and_their_answers_are_told_in_the_words_of_the_form():
    found = sheet(long_way())
    label = str(found_type(BRANDS).field("advantage_people").verbose_name)

    (returned,), (_, again) = words(found, "退回修改"), words(found, "提交")

    assert returned == (
        COMMENT,
        "退回原因：不完整、材料不清。",
        f"意见（{label}）：请核对后补充（演示意见）。",
    )
    assert again == (f"答复（{label}）：已补充（演示答复）。",)


def found_type(slug: str):
    return factories.registry.get(slug)


def test_a_return_of_the_whole_form_and_a_late_submission_say_so():
    record = send_back(factories.submitted(BRANDS), "name", grounds=Grounds(whole=True))

    (returned,) = words(sheet(record), "退回修改")

    assert returned[1] == "整表退回，全部栏目开放修改。"


def test_findings_are_printed_for_the_desks_and_left_out_of_the_filer_s_sheet():
    record = long_way()
    one, two, *_ = record.record_type.criteria

    inside = [
        words(sheet(record, who), "审核通过")[0] for who in (approver(), reviewer(), factories.auditor())
    ]
    outside = [words(sheet(record, who), "审核通过")[0] for who in (filer(), factories.joint())]

    found = (COMMENT, f"条件1（{one}）：符合", f"条件2（{two}）：不符合：{NOTE}")
    assert (inside, outside) == ([found] * 3, [(COMMENT,)] * 2)


def test_joint_opinions_are_told_to_the_desks_and_others_learn_only_that_one_was_asked():
    record = consulted()

    inside, outside = sheet(record, reviewer()), sheet(record, filer())

    assert [line.act for line in inside.lines[2:]] == ["征求会商意见", "会商意见"]
    assert [line.act for line in outside.lines[2:]] == ["征求会商意见"]
    said = "".join(word for line in inside.lines for word in line.words)
    told = "".join(word for line in outside.lines for word in line.words)
    assert (QUESTION in said, OPINION in said, QUESTION in told, OPINION in told) == (
        True,
        True,
        False,
        False,
    )
    assert inside.lines[3].post == "会商"


def test_the_post_is_that_of_the_day_and_not_of_today():
    record = act(factories.submitted(BRANDS), "endorse", reviewer())
    Event.objects.get(filing=record, action="endorse")
    today = timezone.localdate()
    former = Membership.objects.get(user=reviewer(), role=Role.REVIEWER)
    Membership.objects.filter(pk=former.pk).update(valid_to=today + timedelta(days=1))
    factories.add_post(reviewer(), Role.APPROVER, "3707")
    Membership.objects.filter(role=Role.APPROVER, user=reviewer()).update(
        valid_from=today + timedelta(days=1)
    )

    assert [line.post for line in sheet(record).lines if line.act == "审核上报"] == ["审核"]


def test_a_return_that_was_taken_back_and_a_withdrawal_stay_on_record():
    record = act(factories.submitted(BRANDS), "return", reviewer(), comment=COMMENT)
    record = act(record, "recall", reviewer(), comment="演示：误退。")

    assert [(a, v) for _, v, a, _ in acts(sheet(record))][2:] == [("退回修改", 1), ("撤回退回", 1)]
    assert sheet(record).version == 1


def test_an_amendment_names_what_it_amends():
    entry = factories.entry(BRANDS)

    amended = catalogue.amend(entry, by=filer())

    assert sheet(amended, filer()).lines[0].words == (f"变更自《{entry.title}》。",)
    assert sheet(amended, filer()).check is None


def test_the_check_code_is_of_the_version_decided():
    found = sheet(long_way())
    versions = Filing.objects.latest("pk").versions.order_by("number")

    assert (found.version, found.check.code) == (2, check_codes.code_of(versions[1]))
    assert dict(found.facts)["现状"] == "审核通过（第 2 版）"


def test_a_remark_that_is_only_prepared_is_on_no_sheet():
    record = factories.submitted(BRANDS)
    remark(record, "name", "演示：还没有发出")

    assert "还没有发出" not in str(sheet(record))


def test_it_costs_as_many_queries_for_a_long_way_as_for_a_short_one(django_assert_max_num_queries):
    record = long_way()
    found = Filing.objects.select_related("organisation__region", "amends", "entry").get(pk=record.pk)
    user = reviewer(PROVINCE)
    assert user.posts

    with django_assert_max_num_queries(7):
        circulation.read(found, user)


# -- on paper


def test_word_and_pdf_hold_every_step_the_code_and_the_qr_code():
    found = sheet(long_way())
    document, pdf = (
        write(found.printed()) for write in (documents.circulation_docx, documents.circulation_pdf)
    )

    (table,) = read_tables(document, ".docx")
    said = words_of_pdf(pdf)

    assert table.rows[0] == ["序号", "版本", "环节", "单位", "姓名", "岗位", "意见", "时间"]
    assert [row[2] for row in table.rows[1:]] == [line.act for line in found.lines]
    assert table.rows[3][6] == "\n".join(found.lines[2].words)
    told = [word for line in found.lines for word in line.words]
    assert [word for word in told if word.replace(" ", "") not in said] == []
    assert (f"校验码{found.check.code}" in said, "第1页共" in said) == (True, True)
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        assert archive.read("word/media/qr.png") == found.check.png
    assert [documents.circulation_docx(found.printed()), documents.circulation_pdf(found.printed())] == [
        document,
        pdf,
    ]


def test_libreoffice_reads_the_document(tmp_path):
    found = sheet(long_way())
    (tmp_path / "sheet.docx").write_bytes(documents.circulation_docx(found.printed()))

    converted(tmp_path / "sheet.docx", tmp_path, "pdf")

    said = words_of_pdf((tmp_path / "sheet.pdf").read_bytes())
    assert [act for _, _, act, _ in acts(found) if act not in said] == []
    assert f"校验码{found.check.code}" in said


# -- the page


def get(client, user, record: Filing, ending: str = "/"):
    factories.sign_in(client, user)
    return client.get(f"/desk/filings/{record.pk}/circulation{ending}")


def test_the_page_and_its_prints_are_there_for_whoever_sees_the_filing(client):
    record = factories.submitted(BRANDS)

    answers = [get(client, reviewer(), record, ending) for ending in ("/", ".pdf", ".docx", ".xlsx")]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 404]
    assert answers[0].context["sheet"].check.code in answers[0].content.decode()
    assert b"".join(answers[1].streaming_content).startswith(b"%PDF")
    assert get(client, reviewer("3708"), record).status_code == 404


@pytest.mark.parametrize("ending", ["/", ".docx"])
def test_no_byte_of_the_filer_s_sheet_holds_what_the_desks_keep(client, ending):
    record = consulted()
    criterion = record.record_type.criteria[0]
    found = Grounds(findings=(Finding(criterion, FAIL, NOTE),))
    act(record, "return", reviewer(), comment=COMMENT, grounds=found)

    said = []
    for user in (filer(), reviewer(PROVINCE)):
        answer = get(client, user, record, ending)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = archive.read("word/document.xml")
        said.append([secret for secret in (QUESTION, OPINION, NOTE) if secret in content.decode()])

    assert said == [[], [QUESTION, OPINION, NOTE]]


def test_a_draft_has_a_sheet_of_one_line_without_a_code_for_its_own_bureau(client):
    draft = factories.draft(BRANDS)

    own, other = (get(client, user, draft) for user in (filer(), reviewer(PROVINCE)))

    assert (len(own.context["sheet"].lines), own.context["sheet"].check, other.status_code) == (1, None, 404)
    assert own.context["sheet"].facts[-1] == ("现状", State.DRAFT.label)
