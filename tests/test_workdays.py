"""Entering a year of holidays: who may, from which lines, and what comes of it."""

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from portal import workdays, working_days
from portal.models import Workday
from portal.workflow import Refused
from tests.campaigning import get, post, said
from tests.factories import WEIFANG, auditor, publisher, reviewer, stranger, sysadmin

pytestmark = pytest.mark.django_db

SOURCE = "国务院办公厅关于2099年部分节假日安排的通知（演示）"
LINES = "日期,安排\n2099-01-01,放假\n\n2099-01-03，上班\n"


def test_a_year_is_entered_with_its_source_and_counts_from_then_on():
    assert workdays.keep(LINES, source=SOURCE, by=publisher()) == 2

    rows = Workday.objects.order_by("day").values_list("day", "is_worked", "source")
    assert list(rows) == [(date(2099, 1, 1), False, SOURCE), (date(2099, 1, 3), True, SOURCE)]
    assert working_days.ends_after(date(2099, 1, 1), 5) == date(2099, 1, 7)


def test_a_row_is_put_right_and_taken_away_again():
    workdays.keep(LINES, source=SOURCE, by=publisher())

    workdays.keep("2099-01-01,上班\n2099-01-03,取消", source="更正（演示）", by=sysadmin())

    assert list(Workday.objects.values_list("day", "is_worked", "source")) == [
        (date(2099, 1, 1), True, "更正（演示）")
    ]


def test_any_bad_line_means_that_nothing_is_kept():
    with pytest.raises(Refused) as refused:
        workdays.keep(f"{LINES}2099-02-30,放假\n二月\n1999-01-01,放假", source=SOURCE, by=publisher())

    assert str(refused.value) == (
        "第 5 行“2099-02-30,放假”不是“2027-01-01,放假”的样子；第 6 行“二月”不是“2027-01-01,放假”的样子；"
        "第 7 行“1999-01-01,放假”不是“2027-01-01,放假”的样子。没有保存任何一行。"
    )
    assert Workday.objects.count() == 0


@pytest.mark.parametrize(
    ("lines", "source", "sentence"),
    [
        (LINES, " ", "请写明依据的通知名称和文号，最多 200 字。没有保存。"),
        ("日期,安排", SOURCE, "没有可录入的日期，没有保存。"),
        ("2099-01-01,放假\n" * 401, SOURCE, "一次最多录入 400 行，现在有 401 行，没有保存。"),
    ],
)
def test_a_source_and_days_are_needed(lines, source, sentence):
    with pytest.raises(Refused) as refused:
        workdays.keep(lines, source=source, by=publisher())

    assert str(refused.value) == sentence
    assert Workday.objects.count() == 0


def test_the_auditor_reads_who_entered_what_from_which_notice():
    workdays.keep(LINES, source=SOURCE, by=sysadmin())

    note = LogEntry.objects.get()
    assert (note.user, note.change_message) == (sysadmin(), f"{SOURCE}：2099-01-01 放假、2099-01-03 上班")


OTHERS = {
    "a city's publisher": lambda: publisher(WEIFANG),
    "the province's reviewer": lambda: reviewer("37"),
    "the auditor": auditor,
    "somebody without a post": stranger,
}


@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS)
def test_nobody_else_enters_holidays(client, who):
    with pytest.raises(Refused):
        workdays.keep(LINES, source=SOURCE, by=who())
    assert get(client, who(), "workdays").status_code == 404
    assert post(client, who(), "workdays", lines=LINES, source=SOURCE).status_code == 404
    assert Workday.objects.count() == 0


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_file_is_read_as_the_office_programs_write_it(client, encoding):
    file = SimpleUploadedFile("workdays.csv", LINES.encode(encoding))

    answer = post(client, sysadmin(), "workdays", source=SOURCE, lines="", file=file)

    assert (answer.status_code, answer.url) == (302, reverse("workdays"))
    assert said(answer) == ["已录入 2 天，以后推算的日期照此计算。"]
    assert Workday.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"\xff\xfe\xff\x00\xff", "文件不是 CSV 文本"), (b"x" * 65_537, "文件超过 64 KB")],
)
def test_a_file_that_is_none_is_refused_and_the_text_stays(client, content, sentence):
    file = SimpleUploadedFile("workdays.csv", content)

    answer = post(client, publisher(), "workdays", source=SOURCE, lines="2099-01-01,放假", file=file)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert (SOURCE in answer.content.decode(), "2099-01-01,放假" in answer.content.decode()) == (True, True)
    assert Workday.objects.count() == 0


def test_the_way_there_is_shown_to_those_who_keep_them(client):
    pages = [get(client, who(), "messages").content.decode() for who in (sysadmin, auditor)]
    listed = get(client, publisher(), "notice-list").content.decode()

    assert [reverse("workdays") in page for page in (*pages, listed)] == [True, False, True]
