"""The page of a filing and its print: who reads which version, and what is marked as changed."""

import pytest
from django.urls import reverse

from portal import drafts, registry
from portal.models import CatalogueEntry, Filing
from portal.sandbox import read_tables
from portal.vocabulary import State
from tests import factories
from tests.pages import page, returned_and_rewritten, rewritten, words

pytestmark = pytest.mark.django_db
TYPES = [pytest.param(t, id=t.slug) for t in registry.all_types()]


def cells_of_word(answer) -> list[str]:
    """Return the cells of every table of a downloaded Word file."""
    tables = read_tables(b"".join(answer.streaming_content), ".docx")
    return [cell for table in tables for row in table.rows for cell in row]


@pytest.mark.parametrize("record_type", TYPES)
@pytest.mark.parametrize("state", [State.DRAFT, State.CITY_REVIEW, State.APPROVED])
def test_the_page_of_every_type_shows_all_its_fields(client, record_type, state):
    filing = factories.filing(record_type, state)

    answer = page(client, factories.filer(), filing)

    assert list(words(answer)) == record_type.fields
    assert [table["name"] for table in answer.context["sheet"].tables] == list(record_type.rows)


@pytest.mark.parametrize(
    "reader",
    [factories.reviewer, factories.approver, factories.joint, factories.auditor, factories.publisher],
)
def test_nobody_but_the_bureau_reads_what_it_has_not_sent(client, reader):
    filing = returned_and_rewritten()

    for params in ({}, {"compare": "1"}):
        answer = page(client, reader(), filing, **params)

        assert "未提交品牌" not in answer.content.decode()
        assert "尚未提交的人数" not in answer.content.decode()
        assert words(answer)["name"] == "潍坊剪纸品牌（演示）"


def test_the_bureau_reads_its_own_draft_as_it_is(client):
    answer = page(client, factories.filer(), returned_and_rewritten())

    assert words(answer)["name"] == "潍坊未提交品牌（演示）"


def test_a_withdrawn_filing_shows_others_what_was_submitted(client):
    filing = factories.submitted("skill-brands")
    factories.act(filing, "withdraw", factories.filer())
    rewritten(filing, advantage_people="尚未提交的人数。")

    answer = page(client, factories.reviewer(), filing)

    assert "尚未提交的人数" not in answer.content.decode()
    assert "报送单位正在修改" in answer.content.decode()


@pytest.mark.parametrize(
    "somebody",
    [factories.sysadmin, factories.secadmin, factories.stranger, lambda: factories.reviewer("3701")],
)
def test_out_of_scope_is_as_if_it_were_not_there(client, somebody):
    filing = factories.approved("skill-brands")
    entry = factories.publish(filing)
    factories.sign_in(client, somebody())
    urls = [
        reverse("filing", args=[filing.pk]),
        reverse("publish", args=[filing.pk]),
        reverse("exit", args=[entry.code]),
        reverse("filing-print", args=[filing.pk, "pdf"]),
        reverse("filing-print", args=[filing.pk, "docx"]),
    ]

    assert [client.get(url).status_code for url in urls] == [404] * 5
    assert client.post(reverse("filing-act", args=[filing.pk]), {"action": "return"}).status_code == 404
    assert client.post(reverse("amend", args=[entry.code])).status_code == 404


@pytest.mark.parametrize(
    ("reader", "reads"),
    [
        (factories.reviewer, True),
        (factories.publisher, True),
        (factories.joint, False),
        (factories.auditor, False),
    ],
)
def test_names_and_numbers_of_people_are_for_the_posts_that_work_on_the_filing(client, reader, reads):
    filing = factories.submitted("building-units", contact_name="演示张三", contact_phone="13800000000")

    shown = page(client, reader(), filing).content.decode()
    answer = client.get(reverse("filing-print", args=[filing.pk, "docx"]))

    printed = str(cells_of_word(answer))
    told = ("演示张三", "13800000000")
    assert [[secret in text for secret in told] for text in (shown, printed)] == [[reads, reads]] * 2


def test_a_filing_that_does_not_exist_is_not_found(client):
    factories.sign_in(client, factories.reviewer())

    assert [client.get(f"/desk/filings/{pk}/").status_code for pk in ("0", "9" * 18, "9" * 30)] == [404] * 3


def test_a_comparison_marks_each_change_since_the_version_before(client):
    filing = factories.filing("skill-brands", State.RETURNED)
    rewritten(filing, advantage_people="演示数据。从业人员约1200人（2024年11月）。")
    factories.act(filing, "submit", factories.filer())

    answer = page(client, factories.reviewer(), filing, compare="1")

    sheet = answer.context["sheet"]
    changed = [line.name for _, lines in sheet.sections for line in lines if line.is_changed]
    assert (sheet.changes, changed) == (1, ["advantage_people"])
    assert "<ins>" in answer.content.decode()
    assert "<ins>" not in page(client, factories.reviewer(), filing).content.decode()


def test_a_comparison_marks_rows_that_went_and_came(client):
    filing = factories.filing("building-units", State.RETURNED, place="370705")
    record = filing.record
    year = {"year": 2025, "trained_count": 700, "self_used_count": 300, "exported_count": 300}
    old = dict(
        record.annual_performances.values("year", "trained_count", "self_used_count", "exported_count")[0]
    )
    drafts.save(
        record,
        by=factories.filer("370705"),
        revision=record.revision,
        values={},
        rows={"annual_performances": [{**old, "certificate_count": 580}, year]},
    )
    factories.act(filing, "submit", factories.filer("370705"))

    sheet = page(client, factories.reviewer(), filing, compare="1").context["sheet"]

    assert [mark for mark, _ in sheet.tables[0]["rows"]] == ["", "ins"]
    assert sheet.changes == 1


def test_an_amendment_is_compared_with_the_text_in_force(client):
    entry = factories.entry("skill-brands")
    factories.sign_in(client, factories.filer())
    client.post(reverse("amend", args=[entry.code]))
    draft = Filing.objects.get(amends=entry.filing)
    rewritten(draft, advantage_people="演示数据。人数已更新。")

    answer = page(client, factories.filer(), draft, compare="1")

    assert answer.context["sheet"].changes == 1
    assert "与现行内容比较" in answer.content.decode()


def test_a_reviewer_reads_the_warnings_with_their_clause_and_the_explanation(client):
    short = {"year": 2024, "trained_count": 430, "self_used_count": 300, "exported_count": 300}
    record = factories.draft("building-units", place="370705", annual_performances=[short])
    rewritten(record, explanation="订单减少，已补签协议。")
    factories.act(record, "submit", factories.filer("370705"))

    answer = page(client, factories.reviewer(), record)

    assert [problem.clause for problem in answer.context["problems"]] == ["鲁就办〔2021〕22号 二（二）"]
    assert "订单减少，已补签协议。" in answer.content.decode()


def test_a_chosen_project_leads_to_its_entry_and_names_the_catalogue_of_the_day(client):
    filing = factories.submitted("skill-brands")
    code = CatalogueEntry.objects.get(kind="exam-projects").code

    answer = page(client, factories.reviewer(), filing)

    assert reverse("catalogue-entry", args=["exam-projects", code]) in answer.content.decode()


def test_the_record_tells_who_did_what_newest_first(client):
    filing = factories.filing("skill-brands", State.RETURNED)

    told = page(client, factories.filer(), filing).context["timeline"]

    assert [(item["title"], item["shape"], item["comment"]) for item in told] == [
        ("退回修改", "back", factories.COMMENT),
        ("提交第 1 版", "", ""),
    ]


def test_a_filing_under_review_says_where_it_is_on_top_of_the_record(client):
    told = page(client, factories.filer(), factories.submitted("skill-brands")).context["timeline"]

    assert (told[0]["title"], told[0]["shape"], told[0]["who"]) == ("待市级审核", "now", "等待受理")


def test_a_filing_prints_as_word_and_as_pdf(client):
    filing = factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())

    word, pdf = (client.get(reverse("filing-print", args=[filing.pk, kind])) for kind in ("docx", "pdf"))

    cells = cells_of_word(word)
    assert any(filing.title in cell for cell in cells)
    assert b"".join(pdf.streaming_content)[:5] == b"%PDF-"
    assert word["Content-Disposition"].startswith("attachment")
    assert pdf["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize("query", ["", "?version=1"])
def test_others_print_the_version_that_was_sent(client, query):
    filing = returned_and_rewritten()
    factories.sign_in(client, factories.reviewer())

    answer = client.get(reverse("filing-print", args=[filing.pk, "docx"]) + query)

    cells = cells_of_word(answer)
    assert [any(w in c for c in cells) for w in ("潍坊剪纸品牌", "尚未提交的人数")] == [True, False]


@pytest.mark.parametrize("version", ["2", "0", "x", "9" * 30, "1\x00"])
def test_a_version_that_does_not_exist_is_not_found(client, version):
    filing = factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())

    url = reverse("filing-print", args=[filing.pk, "docx"])

    assert client.get(url, {"version": version}).status_code == 404


@pytest.mark.parametrize("record_type", TYPES)
def test_every_type_has_a_blank_form(client, record_type):
    factories.sign_in(client, factories.filer())

    answer = client.get(reverse("form-blank", args=[record_type, "docx"]))

    assert cells_of_word(answer) != []


def test_the_sum_of_a_statistical_sheet_stands_under_its_column(client):
    record = factories.submitted("project-training-returns")

    (table,) = page(client, factories.reviewer(), record).context["sheet"].tables

    assert [(label, cell) for label, cell in table["total"] if cell] == [("市", "合计"), ("培训人数", "120")]
