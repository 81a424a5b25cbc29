"""Sheets of past results with errors: the same workbook back, whose it is, and two bureaus in one place."""

import io

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from openpyxl import load_workbook

from portal import historical, historical_acts, historical_jobs, historical_receipts, jobs, sandbox
from portal.models import Job, Registration, User
from portal.receipts.styles import RED
from portal.refusals import Refused
from portal.registry import get
from portal.vocabulary import HRSS_KINDS
from tests import factories
from tests import made_files as made
from tests.registering import BUREAU, NUMBER, again, colleague, prepared, proposed, registered, sheet

pytestmark = pytest.mark.django_db
NAME = "劳务品牌名称"
UNIT = get("building-units")
LINES = [
    {NAME: "奎文家政（演示）", "填报单位": BUREAU},
    {NAME: "火星家政（演示）", "填报单位": "火星人社局", "办结日期": "2099-01-01"},
    {NAME: "", "所属区划": "潍坊市奎文区", "办结文号": "没有文号"},
]


def faulty(**said) -> Registration:
    return prepared("labour-brands", sheet("labour-brands", *LINES), **said)


def receipt_of(client, found: Registration) -> bytes:
    answer = client.get(f"/desk/history/{found.pk}/receipt.xlsx")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def status(client, address: str) -> int:
    """Return the status of an answer whose content, if any, is taken in."""
    answer = client.get(address)
    b"".join(answer)
    return answer.status_code


def red(book) -> list[tuple[int, str]]:
    """Return (line, header) of the cells that are marked."""
    page = book.worksheets[0]
    header = [cell.value for cell in page[1]]
    cells = (cell for line in page.iter_rows(min_row=2) for cell in line)
    return [(cell.row, header[cell.column - 1]) for cell in cells if cell.fill.fgColor.rgb == RED]


def test_wrong_rows_come_back_in_the_same_workbook_with_red_cells_and_the_reasons(client):
    found = faulty()
    factories.sign_in(client, factories.approver())

    page = client.get(f"/desk/history/{found.pk}/").content.decode()
    book = load_workbook(io.BytesIO(receipt_of(client, found)))

    sheet_ = book.worksheets[0]
    header = [cell.value for cell in sheet_[1]]
    reasons = [cell.value for cell in list(sheet_.columns)[-1]]
    assert "下载错误回执" in page
    assert header[-1] == reasons[0] == "错误说明"
    assert red(book) == [(3, "填报单位"), (3, "办结日期"), (4, NAME), (4, "办结文号")]
    assert reasons[1] is None
    assert "没有叫“火星人社局”的人力资源和社会保障部门" in reasons[2]
    assert "没有填写" in reasons[3] and "文号要写成" in reasons[3]


def test_a_corrected_receipt_is_registered(client):
    found = faulty()
    factories.sign_in(client, factories.approver())
    book = load_workbook(io.BytesIO(receipt_of(client, found)))
    header = [cell.value for cell in book.worksheets[0][1]]
    corrected = {(3, "填报单位"): BUREAU, (3, "办结日期"): "2023-05-01"}
    corrected |= {(4, NAME): "又一家政（演示）", (4, "办结文号"): NUMBER}
    for (line, name), said in corrected.items():
        book.worksheets[0].cell(line, header.index(name) + 1, said)

    brands = registered("labour-brands", made.saved(book))

    assert [brand.title for brand in brands] == ["奎文家政（演示）", "火星家政（演示）", "又一家政（演示）"]


def test_more_errors_than_the_page_lists_are_all_in_the_receipt(client, monkeypatch):
    monkeypatch.setattr(historical_jobs, "MOST_ERRORS", 1)
    found = faulty()

    listed = historical_jobs.plan(found)

    assert (len(listed["errors"]), listed["faults"]) == (1, 4)
    assert [(e.row, e.column) for e in historical_jobs.faults(found)] == [
        (3, "填报单位"),
        (3, "办结日期"),
        (4, "办结文号"),
        (4, NAME),
    ]


def test_what_was_kept_by_a_release_that_kept_one_line_is_read():
    found = faulty()
    with default_storage.open(found.upload.plan) as file:
        whole = file.read()
    default_storage.delete(found.upload.plan)
    default_storage.save(found.upload.plan, io.BytesIO(whole.partition(b"\n")[0]))

    assert (len(historical_jobs.plan(found)["errors"]), len(historical_jobs.faults(found))) == (4, 4)


def test_the_receipt_of_a_large_sheet_is_made_by_a_job_for_who_asked(client, monkeypatch):
    monkeypatch.setattr(historical_receipts, "MOST_ROWS", 0)
    found, address = faulty(), "/desk/history/{}/receipt.xlsx"
    factories.sign_in(client, factories.approver())

    looked = client.get(address.format(found.pk))
    client.post(address.format(found.pk))
    job = Job.objects.get(kind=historical_receipts.KIND)
    done = jobs.execute(job.pk)
    own = client.get(f"/desk/jobs/{job.pk}/file")
    others = []
    for other in (colleague(), factories.publisher(), factories.auditor(), factories.filer()):
        client.force_login(other)
        others.append(status(client, f"/desk/jobs/{job.pk}/file"))

    assert (looked.status_code, looked.url, done) == (302, f"/desk/history/{found.pk}/", "done")
    assert red(load_workbook(io.BytesIO(b"".join(own.streaming_content))))[0] == (3, "填报单位")
    assert others == [404] * 4


def test_who_left_the_desk_of_the_province_gets_no_receipt(client, monkeypatch):
    monkeypatch.setattr(historical_receipts, "MOST_ROWS", 0)
    found, by = faulty(), factories.approver()
    factories.sign_in(client, by)
    for _ in range(2):
        client.post(f"/desk/history/{found.pk}/receipt.xlsx")
    first, second = Job.objects.filter(kind=historical_receipts.KIND).order_by("pk")
    jobs.execute(first.pk)
    before = status(client, f"/desk/jobs/{first.pk}/file")

    by.memberships.update(organisation=factories.filer().posts[0].organisation)
    client.force_login(User.objects.get(pk=by.pk))

    assert (before, status(client, f"/desk/jobs/{first.pk}/file")) == (200, 404)
    assert jobs.execute(second.pk) == "failed"


def test_a_sheet_without_errors_or_that_was_given_up_has_no_receipt(client):
    right, given_up = prepared("labour-brands", sheet("labour-brands", LINES[0])), faulty()
    historical_acts.abandon(given_up, by=factories.approver())
    factories.sign_in(client, factories.approver())

    answers = [client.get(f"/desk/history/{one.pk}/receipt.xlsx").status_code for one in (right, given_up)]

    assert answers == [404, 404]


def test_a_sheet_that_takes_too_long_is_read_by_a_job(monkeypatch):
    monkeypatch.setattr(sandbox, "AT_ONCE_SECONDS", 0)

    waiting = prepared("labour-brands", sheet("labour-brands", LINES[0]))

    assert (waiting.upload.read_at, jobs.execute(waiting.upload.job_id)) == (None, "done")
    assert again(waiting).upload.counts == {"new": 1, "faulty": 0}


def test_two_bureaus_in_one_place_keep_their_own_results_and_rows():
    bureau, centre = (factories.bureau("3707", kind) for kind in HRSS_KINDS)
    lines = [["甲公司（演示）", "其他", one.name, NUMBER, "2023-04-28"] for one in (bureau, centre)]
    years = [
        ["甲公司（演示）", year, people, people, 0, one.name]
        for one, year, people in ((bureau, 2023, 100), (centre, 2022, 7), (centre, 2023, 200))
    ]
    book = made.xlsx(
        [["单位全称", "单位类型", "填报单位", "办结文号", "办结日期"], *lines],
        title=UNIT.label,
        **{
            "年度培训就业情况": [["单位全称", "年度", "培训人数", "自用人数", "输出人数", "填报单位"], *years]
        },
    )

    units = registered(UNIT.slug, book)

    found = [
        (
            unit.organisation,
            [(row.year, row.trained_count) for row in unit.annual_performances.order_by("year")],
        )
        for unit in units
    ]
    assert found == [(bureau, [(2023, 100)]), (centre, [(2022, 7), (2023, 200)])]


@pytest.mark.parametrize("most", [0, 1])
def test_who_confirms_many_is_told_that_others_cannot_save_meanwhile_where_there_is_one_writer(
    client, monkeypatch, most
):
    monkeypatch.setattr(historical_jobs, "MOST_ROWS_UNNOTICED", most)
    found = proposed("labour-brands", sheet("labour-brands", LINES[0]))
    factories.sign_in(client, colleague())

    page = client.get(f"/desk/history/{found.pk}/").content.decode()

    is_told = connection.vendor == "sqlite" and most == 0
    assert ("期间其他人不能保存；请在没有人填报和审核时确认。" in page) == is_told


def test_what_was_read_of_a_sheet_is_kept_once():
    found = faulty()
    files = set(default_storage.listdir("registrations")[1])

    with pytest.raises(Refused, match="已经结束"):
        historical.keep(found, b"{}", {"new": 1}, [])

    assert again(found).upload.counts == {"new": 1, "faulty": 2}
    assert set(default_storage.listdir("registrations")[1]) == files
