"""Workbooks out of the portal: exact text, no formulas, the reader's scope, and a template that guides."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from portal import drafts, excel, exports, registry, sheets
from portal.models import CatalogueEntry, Filing, Organisation, Region
from portal.registry import RecordType
from portal.snapshot import shown
from portal.vocabulary import Kind, Role, State
from tests import copies, factories
from tests.programs import converted

REASON = "演示核对"
pytestmark = pytest.mark.django_db
TYPES = list(registry.all_types())
every_type = pytest.mark.parametrize("record_type", TYPES, ids=lambda record_type: record_type.slug)
PAYLOADS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    '=HYPERLINK("http://example.invalid")',
    "#N/A",
    "1e5",
    "007",
]


def opened(data: bytes):
    return load_workbook(BytesIO(data))


def table(book, title: str) -> list[list]:
    return [list(row) for row in book[title[:31]].iter_rows(values_only=True)]


def records(book, record_type: RecordType) -> list[dict]:
    header, *lines = table(book, record_type.label)
    return [dict(zip(header, line, strict=True)) for line in lines]


def export(record_type: RecordType, **options) -> bytes:
    return exports.export_workbook(record_type, record_type.model.objects.all(), **options)


def names_for(user, record_type: RecordType) -> set[str]:
    response = exports.export_response(user, record_type, record_type.model.objects.all(), REASON)
    book = opened(b"".join(response.streaming_content))
    return {row[str(record_type.field("name").verbose_name)] for row in records(book, record_type)}


def label(record_type: RecordType, name: str) -> str:
    return str(record_type.field(name).verbose_name)


@every_type
def test_headers_tell_every_column_apart(record_type):
    context = set(sheets.CONTEXT) | set(sheets.PUBLIC_CONTEXT)

    for sheet in sheets.layout(record_type):
        headers = [column.header for column in sheet.columns]

        assert len({sheet.column(header) for header in headers}) == len(headers)
        assert context & set(headers) == set()


@every_type
def test_an_export_holds_every_field_in_its_printed_words(record_type):
    record = factories.filing(record_type)

    (row,) = records(opened(export(record_type, personal=True)), record_type)

    printed = {label(record_type, name): shown(record, name) for name in record_type.fields}
    held = {header: row[header] for header in printed}
    assert {header: "" if value is None else str(value)[:10] for header, value in held.items()} == {
        header: words[:10] for header, words in printed.items()
    }


def test_child_rows_stand_on_a_sheet_of_their_own_under_the_name_of_their_record():
    factories.filing("building-units")

    book = opened(export(registry.get("building-units")))

    assert table(book, "年度培训就业情况") == [
        ["单位全称", "年度", "培训人数", "自用人数", "输出人数", "取得证书人数"],
        ["演示家政服务有限公司", 2024, 620, 200, 500, 580],
    ]


def test_a_county_name_that_exists_twice_is_written_with_its_city():
    record = factories.filing("exam-institutions", place="370103")
    rows = {
        "authorizations": [
            {"project": row.project, "region": Region.objects.get(pk="370103")}
            for row in record.authorizations.all()
        ]
    }
    drafts.save(record, by=factories.filer("370103"), revision=record.revision, values={}, rows=rows)

    book = opened(export(record.record_type))

    assert table(book, "授权项目")[1][2] == "济南市市中区"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_that_looks_like_a_formula_stays_the_text_it_is(payload):
    record = factories.filing("skill-brands")
    Filing.objects.filter(pk=record.pk).update(explanation=payload)
    type(record).objects.filter(pk=record.pk).update(name=payload, advantage_people=payload)

    book = opened(export(record.record_type))

    row = records(book, record.record_type)[0]
    assert [row["品牌项目名称"], row["从业人员及技能领头人情况"], row["情况说明"]] == [payload] * 3
    assert [cell.value for sheet in book for line in sheet for cell in line if cell.data_type == "f"] == []


def test_a_control_character_in_old_data_does_not_spoil_the_export():
    record = factories.filing("skill-brands")
    type(record).objects.filter(pk=record.pk).update(name="剪\x07纸\x1b\ufffe😀\u202e喆")

    (row,) = records(opened(export(record.record_type)), record.record_type)

    assert row["品牌项目名称"] == "剪纸😀\u202e喆"


def test_a_text_longer_than_a_cell_holds_says_that_it_was_cut():
    record = factories.filing("skill-brands")
    type(record).objects.filter(pk=record.pk).update(advantage_people="长 " * 20_000)

    (row,) = records(opened(export(record.record_type)), record.record_type)

    assert len(row["从业人员及技能领头人情况"]) == 32_767
    assert row["从业人员及技能领头人情况"].endswith("……（内容过长，未全部写出）")


def test_what_another_bureau_is_changing_is_exported_as_it_was_submitted():
    record = factories.filing("building-units", State.RETURNED)
    values, rows = {"address": "未报送的地址"}, {"annual_performances": []}
    drafts.save(record, by=factories.filer(), revision=record.revision, values=values, rows=rows)
    everything = record.record_type.model.objects.all()

    for reader, address, lines in [
        (factories.filer(), "未报送的地址", 0),
        (factories.reviewer(), "演示路2号", 1),
    ]:
        book = opened(exports.export_workbook(record.record_type, everything, reader=reader))

        assert records(book, record.record_type)[0]["地址"] == address
        assert len(table(book, "年度培训就业情况")) == 1 + lines


@every_type
def test_the_sent_version_is_written_in_the_same_cells_as_the_live_record(record_type):
    record = factories.filing(record_type, State.RETURNED)
    everything = record_type.model.objects.all()

    live, sent = (
        [
            table(
                opened(exports.export_workbook(record_type, everything, personal=True, reader=reader)),
                sheet.title,
            )
            for sheet in sheets.layout(record_type)
        ]
        for reader in (factories.filer(record.region_id), factories.reviewer())
    )

    assert live == sent


READERS = [
    (Role.FILER, "370705", Kind.HRSS_BUREAU),
    (Role.FILER, "3707", Kind.HRSS_BUREAU),
    (Role.REVIEWER, "3707", Kind.HRSS_BUREAU),
    (Role.REVIEWER, "3717", Kind.HRSS_BUREAU),
    (Role.APPROVER, "37", Kind.HRSS_BUREAU),
    (Role.PUBLISHER, "37", Kind.HRSS_BUREAU),
    (Role.JOINT_REVIEWER, "3707", Kind.AGRICULTURE),
    (Role.AUDITOR, "37", Kind.HRSS_BUREAU),
    (Role.SYSTEM_ADMIN, "37", Kind.HRSS_BUREAU),
    (Role.SECURITY_ADMIN, "37", Kind.HRSS_BUREAU),
]


@pytest.mark.parametrize(("role", "place", "kind"), READERS)
def test_an_export_holds_exactly_what_its_reader_may_see(role, place, kind):
    record_type = registry.get("labour-brands")
    for number, (region, state) in enumerate(
        [
            ("370705", State.DRAFT),
            ("370705", State.CITY_REVIEW),
            ("3707", State.DRAFT),
            ("3717", State.APPROVED),
        ]
    ):
        factories.filing(record_type, state, place=region, name=f"演示潍坊品牌{number}")
    user = factories.person(role, place, kind)

    exported = names_for(user, record_type)

    assert exported == {record.title for record in record_type.model.objects.visible_to(user)}


def test_what_each_role_may_see_differs_so_that_a_leak_would_show():
    record_type = registry.get("labour-brands")
    for place in ("370705", "3717"):
        factories.filing(record_type, State.CITY_REVIEW, place=place, name=f"演示潍坊品牌{place}")

    seen = {place: names_for(factories.reviewer(place), record_type) for place in ("3707", "3717", "37")}

    assert seen == {
        "3707": {"演示潍坊品牌370705"},
        "3717": {"演示潍坊品牌3717"},
        "37": {"演示潍坊品牌370705", "演示潍坊品牌3717"},
    }
    assert names_for(factories.sysadmin(), record_type) == set()
    assert names_for(factories.stranger(), record_type) == set()


def test_names_and_numbers_of_persons_go_to_business_posts_only():
    record_type = registry.get("building-units")
    factories.filing(record_type, State.CITY_REVIEW)

    headers = {}
    for user in (factories.reviewer(), factories.joint("3707"), factories.auditor()):
        response = exports.export_response(user, record_type, record_type.model.objects.all(), REASON)
        (row,) = records(opened(b"".join(response.streaming_content)), record_type)
        headers[user.posts[0].role] = {"法定代表人", "联系人", "联系电话"} & set(row)

    assert headers == {
        Role.REVIEWER: {"法定代表人", "联系人", "联系电话"},
        Role.JOINT_REVIEWER: set(),
        Role.AUDITOR: set(),
    }


@every_type
def test_a_public_export_holds_nothing_but_the_public_fields(record_type):
    record = factories.settled(record_type)

    book = opened(export(record_type, public=True, personal=True))

    (row,) = records(book, record_type)
    public = [label(record_type, name) for name in record_type.fields if name in record_type.public]
    assert list(row) == [*public, *sheets.PUBLIC_CONTEXT]
    entry = CatalogueEntry.objects.filter(filing_id=record.pk).first()
    published = [entry.code, factories.DOCUMENT] if record_type.is_catalogued else [None, None]
    assert [row["目录编号"], row["公布文号"]] == published
    assert len(book.sheetnames) == 1


def test_every_export_is_noted_with_its_number_of_records():
    user, record_type = factories.reviewer(), registry.get("building-units")
    factories.filing(record_type, State.CITY_REVIEW)

    names_for(user, record_type)

    assert list(user.logentry_set.values_list("object_repr", "change_message")) == [
        ("劳务品牌建设单位", "导出1条，含个人信息，事由：演示核对")
    ]


def test_the_download_bears_a_chinese_name_that_every_browser_reads():
    record_type = registry.get("handicraft-projects")

    response = exports.export_response(
        factories.reviewer(), record_type, record_type.model.objects.all(), REASON
    )

    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''%E2%80%9C%E5%B1%B1")


@every_type
def test_the_number_of_queries_does_not_grow_with_the_records(record_type):
    factories.settled(record_type)
    reader, counts = factories.reviewer("37"), []
    assert reader.posts
    for more in (0, 2, 30):
        copies.multiply(record_type.model.objects.latest("pk"), more)
        with CaptureQueriesContext(connection) as queries:
            export(record_type, personal=True, reader=reader)
        counts.append(len(queries))

    assert counts == [counts[0]] * 3


@every_type
def test_the_same_records_give_the_same_bytes(record_type):
    factories.filing(record_type)

    assert export(record_type) == export(record_type)
    assert excel.template_workbook(record_type) == excel.template_workbook(record_type)


@every_type
def test_the_template_says_of_every_column_what_belongs_there(record_type):
    factories.settled(record_type)

    book = opened(excel.template_workbook(record_type))

    for sheet in sheets.layout(record_type):
        header = book[sheet.title][1]
        assert [cell.value for cell in header] == [column.header for column in sheet.columns]
        assert [cell.value for cell in header if cell.comment is None] == []
    assert book.properties.keywords == excel.template_version(record_type)
    assert book[record_type.label].freeze_panes == "B2"


def test_the_template_offers_choices_and_what_is_in_force_in_drop_downs():
    factories.entry("exam-projects", name="演示风筝制作")
    factories.filing("exam-projects", name="演示未公布的项目")

    book = opened(excel.template_workbook(registry.get("skill-brands")))

    lists, checks = {}, {}
    for name, defined in book.defined_names.items():
        ((title, area),) = defined.destinations
        lists[name] = [line[0].value for line in _lines(book[title][area])]
    for check in book["专项职业能力品牌"].data_validations.dataValidation:
        checks[str(check.sqref).split(":")[0]] = (check.type, check.formula1)
    assert book["选项"].sheet_state == "veryHidden"
    assert lists["list__exam_projects"] == ["演示风筝制作"]
    assert lists["list__direction"] == ["特色美食制作", "农业种植技术", "特色手工技艺", "其他"]
    assert checks["B2"] == ("list", "list__exam_projects")
    assert checks["A2"] == ("textLength", "0")


def _lines(area):
    return area if isinstance(area, tuple) else ((area,),)


@every_type
def test_the_sample_line_of_the_template_is_marked_and_holds_the_example(record_type):
    factories.publish_related(record_type, record_type.example)
    record = factories.filing(record_type)

    sample = table(opened(excel.template_workbook(record_type)), record_type.label)[1]

    exported = table(opened(export(record_type, personal=True)), record_type.label)[1]
    assert sample[0] == f"{sheets.SAMPLE}{getattr(record, record_type.key[0])}"
    assert sample[1:] == exported[1 : len(sample)]


def test_another_office_program_reads_template_and_export(tmp_path):
    record_type = registry.get("exam-institutions")
    factories.filing(record_type)
    (tmp_path / "template.xlsx").write_bytes(excel.template_workbook(record_type))
    (tmp_path / "export.xlsx").write_bytes(export(record_type))

    for name in ("template", "export"):
        every_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1"
        converted(tmp_path / f"{name}.xlsx", tmp_path, every_sheet)

    (template,) = tmp_path.glob("template*.csv")
    (exported,) = tmp_path.glob("export*.csv")
    assert template.read_text("utf-8").startswith("考核机构名称,机构类型,统一社会信用代码")
    assert "演示工艺美术学校,院校,91370000MA3DEM0X11" in exported.read_text("utf-8")


def test_an_organisation_is_named_in_every_exported_line():
    record = factories.filing("skill-brands")

    (row,) = records(opened(export(record.record_type)), record.record_type)

    bureau = Organisation.objects.get(pk=record.organisation_id)
    assert [row["填报单位"], row["所属区划"], row["状态"], row["目录编号"]] == [
        bureau.name,
        "潍坊市",
        "草稿",
        None,
    ]
