"""登记历史结果 at the workbench: upload to confirmation, for whom it is open, what crafted requests get."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.models import Filing, Registration
from portal.vocabulary import State
from tests.factories import approver, auditor, filer, joint, publisher, reviewer, secadmin, sign_in, sysadmin
from tests.registering import BUREAU, NUMBER, SCAN, colleague, prepared, proposed, registered, sheet

pytestmark = pytest.mark.django_db
NAME = "劳务品牌名称"
LINE = {NAME: "奎文家政（演示）", "填报单位": BUREAU}


def sent(**changes) -> dict:
    data = sheet("labour-brands", LINE)
    return {
        "type": "labour-brands",
        "sheet": SimpleUploadedFile("历史.xlsx", data),
        "document": SimpleUploadedFile("公布.pdf", SCAN),
        "document_number": NUMBER,
        "decided_on": "2023-04-28",
    } | changes


def test_from_the_upload_to_the_registration_by_two_people(client):
    sign_in(client, approver())
    answer = client.post("/desk/history/", sent())
    found = Registration.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/desk/history/{found.pk}/")
    assert client.post(f"{answer.url}act/", {"act": "propose"}).status_code == 302

    sign_in(client, publisher())
    assert "历史结果待确认" in client.get("/desk/").content.decode()
    answer = client.post(f"/desk/history/{found.pk}/act/", {"act": "confirm"}, follow=True)

    assert "已登记 1 条，均为审核通过" in answer.content.decode()
    assert Filing.objects.get().state == State.APPROVED


def test_who_prepared_does_not_confirm_and_is_told_why(client):
    found = proposed("labour-brands", sheet("labour-brands", LINE))
    sign_in(client, approver())

    answer = client.post(f"/desk/history/{found.pk}/act/", {"act": "confirm"})

    assert (answer.status_code, Filing.objects.count()) == (422, 0)
    assert "这份登记是您准备的，须由另一位省级审批或发布岗位的同事确认" in answer.content.decode()


@pytest.mark.parametrize(
    "person",
    [filer, reviewer, joint, auditor, sysadmin, secadmin, lambda: reviewer("37"), lambda: approver("3707")],
)
def test_nobody_else_meets_it(client, person):
    found = registered("labour-brands", sheet("labour-brands", LINE))[0].registration
    sign_in(client, person())
    pages = ["/desk/history/", f"/desk/history/{found.pk}/", f"/desk/history/{found.pk}/document/"]
    acts = [f"/desk/history/{found.pk}/act/"]

    assert {client.get(page).status_code for page in pages} == {404}
    assert {client.post(act, {"act": "revoke", "reason": "不是"}).status_code for act in acts} == {404}
    assert client.get("/desk/history/labour-brands/template.xlsx").status_code == 404
    assert client.post("/desk/history/", sent()).status_code == 404
    assert Registration.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"type": "odd"}, "请选择要登记的类型。"),
        ({"document_number": "鲁人社函[2023]102号"}, "文号要写成"),
        ({"decided_on": "2099-01-01"}, "日期不能晚于今天"),
        ({"decided_on": "1999-12-31"}, "日期不能早于 2000-01-01，请核对年份。"),
        ({"decided_on": "不知道"}, "请按“2024-06-01”的样子填写日期。"),
        ({"document": ""}, "请上传作出结论的文件"),
        ({"sheet": ""}, "请选择要登记的表格，没有保存。"),
        ({"document": SimpleUploadedFile("公布.pdf", b"MZ" + bytes(100))}, "文件内容是Windows 程序，不是"),
    ],
)
def test_what_cannot_be_registered_is_refused_with_its_sentence_and_nothing_is_kept(
    client, changes, sentence
):
    sign_in(client, approver())

    answer = client.post("/desk/history/", sent(**changes))

    assert (answer.status_code, Registration.objects.count()) == (422, 0)
    assert sentence in answer.content.decode()


def test_errors_stand_with_their_cells(client):
    lines = [{NAME: "一", "所属区划": "市中区"}, {NAME: "二", "填报单位": "火星人社局"}, {NAME: "三"}]
    found = prepared("labour-brands", sheet("labour-brands", *lines))
    sign_in(client, approver())

    page = client.get(f"/desk/history/{found.pk}/").content.decode()

    assert "3 处错误，没有登记任何结果" in page
    assert "有几个叫“市中区”的，请在“所属区划”写全称，如“济南市市中区”。" in page
    assert "没有叫“火星人社局”的人力资源和社会保障部门" in page
    assert "没有写是哪个单位的结果" in page


@pytest.mark.parametrize("act", ["", "odd", "__class__"])
def test_an_act_that_there_is_not_is_not_found(client, act):
    found = proposed("labour-brands", sheet("labour-brands", LINE))
    sign_in(client, colleague())

    assert client.post(f"/desk/history/{found.pk}/act/", {"act": act}).status_code == 404


def test_a_result_that_was_registered_wrongly_is_revoked_on_its_page(client):
    brand = registered("labour-brands", sheet("labour-brands", LINE))[0]
    sign_in(client, approver())
    assert (
        "历史登记，依据鲁人社函〔2023〕102号，2023-04-28办结"
        in client.get(f"/desk/filings/{brand.pk}/").content.decode()
    )

    answer = client.post(f"/desk/filings/{brand.pk}/revoke/", {"reason": "录错单位"}, follow=True)

    page = answer.content.decode()
    assert "已撤销登记 1 条，名称可以重新使用。" in page
    assert Filing.objects.get().state == State.CANCELLED
    assert "撤销登记" in page and "录错单位" in page


def test_a_reason_is_needed_to_revoke_and_to_send_away(client):
    brand = registered("labour-brands", sheet("labour-brands", LINE))[0]
    other = proposed("labour-brands", sheet("labour-brands", {NAME: "另一个", "填报单位": BUREAU}))
    sign_in(client, colleague())

    one = client.post(f"/desk/filings/{brand.pk}/revoke/", {"reason": " "}, follow=True)
    two = client.post(f"/desk/history/{other.pk}/act/", {"act": "refuse", "reason": ""})

    assert "请写明原因" in one.content.decode() and "请写明原因" in two.content.decode()
    assert (Filing.objects.get().state, two.status_code) == (State.APPROVED, 422)


def test_the_template_of_every_type_has_the_columns_beside_and_is_read(client):
    from openpyxl import load_workbook

    from portal import registry

    sign_in(client, approver())
    for record_type in registry.all_types():
        answer = client.get(f"/desk/history/{record_type.slug}/template.xlsx")
        book = load_workbook(
            io.BytesIO(answer.getvalue() if hasattr(answer, "getvalue") else b"".join(answer))
        )
        header = [cell.value for cell in book.worksheets[0][1]]
        assert header[-4:] == ["填报单位", "所属区划", "办结文号", "办结日期"]
