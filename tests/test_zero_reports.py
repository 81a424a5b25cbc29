"""The zero report (零报送): signed on its page, submitted, returned, mended and printed like a filing."""

from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from portal.models import Filing
from portal.vocabulary import State
from tests.campaigning import answer, campaign, get, manager, nothing, post
from tests.factories import (
    KUIWEN,
    WEIFANG,
    act,
    bureau,
    filer,
    reviewer,
)

pytestmark = pytest.mark.django_db


def test_a_zero_report_is_signed_on_its_page_submitted_and_reviewed_like_a_filing(client):
    of = campaign()
    sent = {"organisation": bureau(WEIFANG).pk, "explanation": "没有新增品牌（演示）。", "signed": "on"}

    shown = get(client, filer(), "campaign-nothing", of.pk)
    answered = post(client, filer(), "campaign-nothing", of.pk, **sent)
    twice = post(client, filer(), "campaign-nothing", of.pk, **sent)
    record = Filing.objects.get()

    assert shown.status_code == 200
    assert (record.is_nothing, record.state, record.explanation) == (
        True,
        State.CITY_REVIEW,
        "没有新增品牌（演示）。",
    )
    assert answered.url == twice.url == reverse("filing", args=[record.pk])
    page = get(client, reviewer(), "filing", record.pk).content.decode()
    assert all(
        words in page for words in ("零报送", "没有新增品牌（演示）。", "本单位没有需要报送的内容。", of.name)
    )
    assert "对照审核的条件" not in page


@pytest.mark.parametrize(
    "missing",
    [{"explanation": " "}, {"signed": ""}, {"organisation": "1"}, {"organisation": "x"}],
    ids=lambda missing: next(iter(missing)),
)
def test_a_zero_report_without_its_reason_or_its_signature_is_not_sent(client, missing):
    of = campaign()
    sent = {"organisation": bureau(WEIFANG).pk, "explanation": "没有（演示）。", "signed": "on", **missing}

    answered = post(client, filer(), "campaign-nothing", of.pk, **sent)

    assert (answered.status_code, Filing.objects.count()) == (422, 0)


def test_whoever_filed_already_or_speaks_for_another_is_told_why_he_cannot_report_nothing(client):
    of = campaign()
    answer(of, place=WEIFANG)

    told = {
        place: get(client, filer(place), "campaign-nothing", of.pk).context["reasons"]
        for place in (WEIFANG, KUIWEN)
    }

    assert told == {
        WEIFANG: ["本单位已为“演示任务”填报 1 件，不能再作零报送；没有内容要报的，请先作废那些草稿。"],
        KUIWEN: ["“演示任务”不收潍坊市奎文区人力资源和社会保障局的零报送，或尚未开放、已经关闭。"],
    }


def test_a_reviewer_reports_nothing_himself(client):
    assert get(client, reviewer(), "campaign-nothing", campaign().pk).status_code == 404


def test_a_returned_zero_report_is_mended_where_it_is_submitted(client):
    record = nothing(campaign())
    act(record, "return", reviewer(), comment="请写明核实的范围。")
    read = Filing.objects.get(pk=record.pk)
    sent = {
        "revision": read.revision,
        "version": read.version,
        "step": read.step,
        "explanation": "已核实全部县区。",
    }

    led = get(client, filer(), "filing-edit", record.pk)
    shown = client.get(led.url)
    empty = post(client, filer(), "filing-check", record.pk, **{**sent, "explanation": ""})
    read.refresh_from_db()
    answered = post(client, filer(), "filing-check", record.pk, **{**sent, "revision": read.revision})
    record.refresh_from_db()

    assert led.url == reverse("filing-check", args=[record.pk])
    assert (shown.context["asks"], shown.context["errors"]) == (True, [])
    assert (empty.status_code, "零报送须在情况说明中写明原因" in empty.content.decode()) == (200, True)
    assert (answered.status_code, record.state, record.explanation) == (
        302,
        State.CITY_REVIEW,
        "已核实全部县区。",
    )


def test_a_returned_zero_report_takes_no_form(client):
    nothing(campaign())
    record = act(Filing.objects.get(), "return", reviewer(), comment="请写明原因（演示）。")

    answered = post(client, filer(), "filing-autosave", record.pk, revision=record.revision, name="演示")

    kept = Filing.objects.get()
    assert (answered.status_code, kept.explanation, kept.title) == (404, record.explanation, record.title)


def test_a_zero_report_fills_no_column_of_a_list_and_no_line_of_an_export(client):
    nothing(campaign(kind="exam-projects"), state=State.PROVINCE_REVIEW)
    listed = get(client, manager(), "filing-list", "exam-projects")

    exported = post(client, manager(), "filing-export", "exam-projects", reason="演示核对")
    lines = list(load_workbook(BytesIO(b"".join(exported.streaming_content))).active.values)

    assert {cell["text"] for row in listed.context["rows"] for cell in row["cells"]} == {""}
    assert len(lines) == 1


@pytest.mark.parametrize("suffix", ["docx", "pdf"])
def test_a_zero_report_is_printed(client, suffix):
    record = nothing(campaign())

    answered = get(client, filer(), "filing-print", record.pk, suffix)

    assert answered.status_code == 200
