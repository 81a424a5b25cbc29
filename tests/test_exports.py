"""Exports of lists: in scope, without what may not leave, in few queries, logged to the last row."""

from io import BytesIO
from itertools import islice
from urllib.parse import unquote

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from portal import export_rows, exports, ledger, queue, reading, registry
from portal.models import AccessRecord, Act, Filing
from portal.vocabulary import Kind, Role, State
from tests import copies, factories
from tests.payloads import PAYLOADS

pytestmark = pytest.mark.django_db
TYPES = [record_type.slug for record_type in registry.all_types()]
CANARY = "13900009999"
REASON = {"reason": "演示核对"}
PEOPLE = [
    (Role.FILER, "370705", Kind.HRSS_BUREAU),
    (Role.REVIEWER, "3707", Kind.HRSS_BUREAU),
    (Role.REVIEWER, "3717", Kind.HRSS_BUREAU),
    (Role.APPROVER, "37", Kind.HRSS_BUREAU),
    (Role.PUBLISHER, "37", Kind.HRSS_BUREAU),
    (Role.JOINT_REVIEWER, "3707", Kind.AGRICULTURE),
    (Role.AUDITOR, "37", Kind.HRSS_BUREAU),
    (Role.SYSTEM_ADMIN, "37", Kind.HRSS_BUREAU),
]
every_reader = pytest.mark.parametrize(("role", "place", "kind"), PEOPLE)


BELOW = {"统一社会信用代码": "@", "成立日期": "yyyy-mm-dd", "情况说明": "General"}


def taken(answer) -> bytes:
    return b"".join(answer.streaming_content)


def rows(data: bytes, sheet: int = 0) -> list[dict]:
    header, *lines = load_workbook(BytesIO(data)).worksheets[sheet].iter_rows(values_only=True)
    return [dict(zip(header, line, strict=True)) for line in lines]


def words_of(data: bytes) -> str:
    if data[:2] != b"PK":
        return data.decode()
    return "\n".join(
        str(cell) for sheet in load_workbook(BytesIO(data)) for row in sheet.values for cell in row
    )


def notes(user) -> list[str]:
    return list(user.logentry_set.order_by("pk").values_list("change_message", flat=True))


def closed(answer) -> None:
    """Close an answer as the server does when the reader is gone, keeping the connection of the test."""
    request_finished.disconnect(close_old_connections)
    try:
        answer.close()
    finally:
        request_finished.connect(close_old_connections)


def spread() -> list[Filing]:
    """Return filings of a type with personal fields in two cities and several states."""
    wanted = [("370705", State.DRAFT), ("370705", State.CITY_REVIEW), ("3707", State.RETURNED)]
    wanted += [("3717", State.APPROVED)]
    return [
        factories.filing("building-units", state, place=place, name=f"演示单位{number}", contact_phone=CANARY)
        for number, (place, state) in enumerate(wanted)
    ]


@every_reader
def test_a_list_exports_exactly_the_filings_it_shows(client, role, place, kind):
    spread()
    user, record_type = factories.person(role, place, kind), registry.get("building-units")
    client.force_login(user)

    answer = client.post(reverse("filing-export", args=[record_type]), REASON)

    shown = reading.without_unsent(ledger.filings(record_type, user, ledger.Wish()), user)
    assert {row["单位全称"] for row in rows(taken(answer))} == {filing.title for filing in shown}


def test_below_a_header_a_code_stays_text_a_day_a_day_and_the_name_of_the_file_says_of_which_day(client):
    record_type = registry.get("building-units")
    factories.filing("building-units", State.DRAFT)
    client.force_login(factories.filer())

    answer = client.post(reverse("filing-export", args=[record_type]), REASON)

    sheet, *_ = load_workbook(BytesIO(taken(answer))).worksheets
    letters = {cell.value: cell.column_letter for cell in sheet[1]}
    below = {header: sheet.column_dimensions[letters[header]].number_format for header in BELOW}
    assert below == BELOW
    assert unquote(answer["Content-Disposition"]).endswith(
        f"{record_type.label}-{timezone.localdate():%Y-%m-%d}.xlsx"
    )


@every_reader
def test_every_tab_of_the_queue_exports_exactly_what_it_holds(client, role, place, kind):
    spread()
    user = factories.person(role, place, kind)
    client.force_login(user)

    found = {}
    for tab in queue.tabs_of(user):
        answer = client.post(f"{reverse('desk-export')}?tab={tab}")
        found[tab] = sorted(row["事项"] for row in rows(taken(answer)))

    held = {tab: queue.ordered(queue.read_wish({"tab": tab}, user), user) for tab in queue.tabs_of(user)}
    assert found == {
        tab: sorted(row.title for row in queue.shown([f.pk for f in filings], queue.Wish(tab=tab), user))
        for tab, filings in held.items()
    }


def test_the_queue_is_exported_under_its_conditions_in_its_order_and_noted(client):
    for number in range(3):
        factories.filing("labour-brands", State.CITY_REVIEW, place="370705", name=f"演示潍坊品牌{number}")
    factories.filing("building-units", State.CITY_REVIEW, place="370705", name="演示单位")
    user = factories.reviewer()
    client.force_login(user)

    answer = client.post(f"{reverse('desk-export')}?tab=todo&kind=labour-brands&sort=-title")

    found = rows(taken(answer))
    assert [row["事项"] for row in found] == ["演示潍坊品牌2", "演示潍坊品牌1", "演示潍坊品牌0"]
    words = {(row["类型"], row["报送单位"], row["状态"]) for row in found}
    assert words == {("劳务品牌", "奎文区人社局", "待市级审核")}
    assert notes(user) == ["导出3条"]


def test_the_queue_is_exported_by_a_post_for_it_is_written_down(client):
    client.force_login(factories.reviewer())

    assert client.get(reverse("desk-export")).status_code == 405


@every_reader
def test_no_telephone_number_leaves_without_permission(client, role, place, kind):
    factories.entry("building-units", place="370705", name="演示公布单位", contact_phone=CANARY)
    spread()
    user = factories.person(role, place, kind)
    client.force_login(user)

    files = [taken(client.post(reverse("filing-export", args=["building-units"]), REASON))]
    files += [taken(client.post(f"{reverse('desk-export')}?tab={tab}")) for tab in queue.TABS]
    public = [reverse("catalogue-download", args=["building-units", suffix]) for suffix in ("xlsx", "csv")]
    files += [taken(client.get(url)) for url in public]

    with_number = [CANARY in words_of(file) for file in files]
    may = exports.may_see_personal(user)
    assert with_number == [may, *[False] * (len(files) - 1)]


def test_a_zero_report_is_no_line_of_an_export(client):
    record_type, user = registry.get("labour-brands"), factories.reviewer()
    record = factories.filing(record_type, State.CITY_REVIEW, name="演示潍坊品牌")
    everything = record_type.model.objects.all()
    assert len(rows(taken(exports.export_response(user, record_type, everything, **REASON)))) == 1

    nothing = everything.exclude(pk=record.pk)

    assert rows(taken(exports.export_response(user, record_type, nothing, **REASON))) == []
    assert notes(user) == ["导出1条", "导出0条"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_lines_come_in_order_over_the_bounds_of_a_chunk(monkeypatch, size):
    monkeypatch.setattr(export_rows, "CHUNK", size)
    record = factories.filing("building-units")
    copies.multiply(record, 5)
    record_type = record.record_type

    data = exports.export_workbook(record_type, record_type.model.objects.order_by("-pk"), personal=True)

    titles = list(record_type.model.objects.order_by("-pk").values_list("name", flat=True))
    assert [row["单位全称"] for row in rows(data)] == titles
    assert {row["单位全称"] for row in rows(data, 1)} <= set(titles)


@pytest.mark.parametrize("slug", TYPES)
def test_a_chunk_costs_the_same_queries_however_full_it_is(monkeypatch, slug):
    monkeypatch.setattr(export_rows, "CHUNK", 4)
    record_type, reader, counts = registry.get(slug), factories.reviewer("37"), []
    factories.settled(slug)
    assert reader.posts
    for more in (0, 2, 4, 4):
        copies.multiply(record_type.model.objects.latest("pk"), more)
        with CaptureQueriesContext(connection) as queries:
            found = record_type.model.objects.all()
            exports.export_workbook(record_type, found, personal=True, reader=reader)
        counts.append(len(queries))

    one, three, seven, eleven = counts
    assert (one, seven - three) == (three, eleven - seven)


def test_what_is_not_in_force_any_more_is_still_called_by_its_name():
    record = factories.filing("skill-brands")
    related = record.exam_projects.first()
    expected = related.title
    assert expected

    labels = {type(related): {}}
    cells = export_rows.Cells([type(record)._meta.get_field("exam_projects")], labels)

    assert cells.lines([(record.pk,)]) == [["、".join(sorted(p.title for p in record.exam_projects.all()))]]


def test_a_filing_that_is_gone_when_its_chunk_is_read_leaves_no_empty_line():
    record = factories.filing("labour-brands", name="演示潍坊留下")
    gone = factories.filing("labour-brands", name="演示潍坊消失")
    record_type = record.record_type
    everything, sheets = record_type.model.objects.order_by("pk"), exports.export_sheets(record_type)
    found = export_rows.Rows(record_type, everything, sheets)
    assert list(found.keys) == [record.pk, gone.pk]

    found.keys.append(10**9)

    assert [line[0] for line in found.lines(found.sheets[0])] == ["演示潍坊留下", "演示潍坊消失"]
    assert found.written == 2


def test_a_download_that_breaks_off_says_in_the_log_how_far_it_came(monkeypatch):
    monkeypatch.setattr(export_rows, "CHUNK", 2)
    record = factories.filing("building-units", State.CITY_REVIEW)
    copies.multiply(record, 4)
    user, record_type = factories.reviewer(), record.record_type
    answer = exports.export_response(user, record_type, record_type.model.objects.all(), **REASON)
    pieces = iter(answer.streaming_content)

    next(pieces)
    assert notes(user) == []
    next(pieces)
    closed(answer)

    assert notes(user) == ["导出5条，含个人信息，事由：演示核对；下载中断，已写出5条"]


def test_a_failure_in_the_middle_breaks_the_download_and_stays_in_the_log(monkeypatch):
    monkeypatch.setattr(export_rows, "CHUNK", 2)
    record = factories.filing("labour-brands", State.CITY_REVIEW)
    copies.multiply(record, 3)
    user, record_type, read = factories.reviewer(), record.record_type, export_rows.Rows._records

    def failing(self, sheet, keys):
        if self.written:
            raise OSError("the database went away")
        yield from read(self, sheet, keys)

    monkeypatch.setattr(export_rows.Rows, "_records", failing)
    answer = exports.export_response(user, record_type, record_type.model.objects.all(), **REASON)

    with pytest.raises(OSError, match="went away"):
        taken(answer)

    assert notes(user) == ["导出4条；下载中断，已写出2条"]


def test_the_first_bytes_wait_for_no_query():
    record_type, user = registry.get("labour-brands"), factories.reviewer()
    assert user.posts
    answer = exports.export_response(user, record_type, record_type.model.objects.all(), **REASON)

    with CaptureQueriesContext(connection) as queries:
        (first,) = islice(answer.streaming_content, 1)

    assert (first[:2], len(queries)) == (b"PK", 0)


@pytest.mark.parametrize("slug", TYPES)
def test_what_is_exported_is_read_back_as_the_same_text(slug):
    record = factories.filing(slug)
    names = [f.name for f in type(record)._meta.local_fields if type(f).__name__ == "TextField"]
    for start in range(0, len(PAYLOADS) if names else 0, len(names) or 1):
        chosen = dict(zip(names, PAYLOADS[start:], strict=False))
        type(record).objects.filter(pk=record.pk).update(**chosen)

        (row,) = rows(exports.export_workbook(record.record_type, type(record).objects.all(), personal=True))

        labels = {name: str(record.record_type.field(name).verbose_name) for name in chosen}
        assert {name: row[label] for name, label in labels.items()} == chosen


def test_a_list_of_the_catalogue_is_the_same_as_workbook_and_as_commas(client):
    factories.entry("building-units", place="370705", name="=演示单位")
    factories.entry("building-units", place="3717", name="演示别处")

    book, commas = (
        taken(client.get(reverse("catalogue-download", args=["building-units", kind]), {"city": "3707"}))
        for kind in ("xlsx", "csv")
    )

    header, line = commas.decode("utf-8-sig").splitlines()
    (row,) = rows(book)
    assert commas.startswith(b"\xef\xbb\xbf")
    assert header.split(",") == list(row)
    assert (row["单位全称"], line.split(",")[0]) == ("=演示单位", "'=演示单位")


@pytest.mark.parametrize("said", [None, "", " ", "核", "\u200b\u200b\u200b", "核" * 101])
def test_a_list_with_persons_is_not_taken_out_without_a_reason(client, said):
    factories.filing("building-units", State.CITY_REVIEW, contact_phone=CANARY)
    user = factories.reviewer()
    client.force_login(user)
    sent = {} if said is None else {"reason": said}

    answer = client.post(reverse("filing-export", args=["building-units"]), sent)

    assert (answer.status_code, notes(user)) == (422, [])
    assert exports.NO_REASON in answer.content.decode()


def test_the_reason_is_kept_with_the_number_of_records_and_read_by_the_auditor(client):
    factories.filing("building-units", State.CITY_REVIEW, contact_phone=CANARY)
    client.force_login(factories.reviewer())
    reason = {"reason": f"演示报送核对\n{CANARY}"}

    taken(client.post(reverse("filing-export", args=["building-units"]), reason))

    kept = AccessRecord.objects.filter(act=Act.EXPORT).get()
    client.force_login(factories.auditor())
    page = client.get(reverse("audit-record", args=[kept.pk])).content.decode()
    assert "导出1条，含个人信息，事由：演示报送核对 139****9999" in page
    assert CANARY not in kept.details


def test_a_list_without_persons_asks_for_no_reason(client):
    factories.filing("building-units", State.CITY_REVIEW, contact_phone=CANARY)
    client.force_login(factories.joint("3707"))
    listed = client.get(reverse("filing-list", args=["building-units"])).content.decode()

    answer = client.post(reverse("filing-export", args=["building-units"]))

    assert (answer.status_code, 'name="reason"' in listed) == (200, False)


def test_the_list_asks_for_the_reason_where_it_is_taken_out(client):
    factories.filing("building-units", State.CITY_REVIEW)
    client.force_login(factories.reviewer())

    listed = client.get(reverse("filing-list", args=["building-units"])).content.decode()

    assert 'name="reason" required' in listed
