"""How an export looks and what it is called: its header, its columns, its name, the bounds of its reason."""

from io import BytesIO
from urllib.parse import unquote

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from portal import access_log, drafts, exports, registry, spreadsheet
from portal.models import AccessRecord, Act
from portal.sheets import Column
from portal.vocabulary import State
from tests import factories
from tests.campaigning import campaign, nothing

pytestmark = pytest.mark.django_db
KIND = "building-units"


def response(user, reason: str = "演示核对"):
    record_type = registry.get(KIND)
    return exports.export_response(user, record_type, record_type.model.objects.all(), reason)


def book(answer):
    return load_workbook(BytesIO(b"".join(answer.streaming_content)))


@pytest.mark.parametrize(
    ("header", "field", "characters"),
    [("状态", None, 16), ("填报单位全称", None, 16), ("填报单位全称和", None, 18), ("情况", "TextField", 46)],
)
def test_a_column_is_as_wide_as_its_header_and_what_stands_below_need(header, field, characters):
    found = None if field is None else registry.get("skill-brands").field("explanation")

    assert exports.width(Column(header, "", found)) == characters


def test_the_header_stays_in_view_and_says_which_columns_are_compulsory_and_which_were_added():
    factories.filing(KIND, State.CITY_REVIEW)

    sheet = book(response(factories.reviewer())).worksheets[0]

    fills = {cell.value: cell.fill.fgColor.rgb for cell in sheet[1]}
    looks = [fills[header] for header in ("单位全称", "情况说明", "状态")]
    assert (sheet.freeze_panes, len(set(looks))) == ("B2", 3)


def test_a_zero_report_stays_out_of_an_export():
    factories.filing(KIND, State.CITY_REVIEW, name="演示企业")
    nothing(campaign(places=["3717"], kind=KIND), "3717")

    (sheet, *_) = book(response(factories.reviewer("37"))).worksheets

    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["演示企业"]


@pytest.mark.parametrize("length", [exports.LEAST_REASON, exports.MOST_REASON])
def test_the_shortest_and_the_longest_reason_are_taken(length):
    assert exports.checked_reason("核" * length) == "核" * length


@pytest.mark.parametrize(
    ("suffix", "content_type"), [("csv", "text/csv; charset=utf-8"), ("xlsx", spreadsheet.CONTENT_TYPE)]
)
def test_a_public_file_is_called_by_its_catalogue_and_its_day(suffix, content_type):
    record_type = registry.get(KIND)

    answer = exports.public_response(record_type, record_type.model.objects.none(), suffix)

    name = unquote(answer["Content-Disposition"]).partition("utf-8''")[2]
    assert (name, answer["Content-Type"]) == (
        f"{record_type.label}-{timezone.localdate()}.{suffix}",
        content_type,
    )


def test_a_workbook_that_is_made_already_is_sent_as_an_attachment_under_its_name():
    answer = exports.download(b"PK", "template.xlsx")

    sent = (b"".join(answer.streaming_content), answer["Content-Disposition"], answer["Content-Type"])
    assert sent == (b"PK", 'attachment; filename="template.xlsx"', spreadsheet.CONTENT_TYPE)


def test_a_workbook_of_what_was_sent_bears_its_name_and_says_whose_each_record_is():
    filing = factories.submitted("labour-brands", place="370705", name="演示潍坊品牌")
    version = filing.versions.latest("number")

    data = exports.sent_workbook(filing.record_type, [(filing, version.snapshot)])

    sent = load_workbook(BytesIO(data))
    header, line = sent.worksheets[0].iter_rows(values_only=True)
    assert sent.properties.title == f"{filing.record_type.label}汇总一览表"
    assert (header[-2:], line[-2:]) == (
        ("填报单位", "所属区划"),
        ("潍坊市奎文区人力资源和社会保障局", "潍坊市奎文区"),
    )
    assert line[0] == "演示潍坊品牌"


def test_the_log_keeps_the_number_that_each_reader_saw_while_its_bureau_changes_it():
    record = factories.filing(KIND, State.RETURNED, contact_phone="13900000001")
    drafts.save(
        record, by=factories.filer(), revision=record.revision, values={"contact_phone": "13900000002"}
    )

    for reader in (factories.filer(), factories.reviewer()):
        b"".join(response(reader).streaming_content)

    seen = AccessRecord.objects.filter(act=Act.EXPORT).order_by("pk").values_list("subject", flat=True)
    assert list(seen) == [access_log.digest(f"1390000000{n}") for n in (2, 1)]
