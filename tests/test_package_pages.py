"""The page of a submission package: whose it is, what it announces, what its download notes."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import access_log, exports, package
from portal.models import AccessRecord, Filing
from portal.vocabulary import Kind, State
from tests import campaigning, factories, packing
from tests.factories import KUIWEN, PROVINCE, WEIFANG
from tests.packing import PDF, with_files

pytestmark = pytest.mark.django_db
CANARY = "潍坊金丝雀品牌"


def noted() -> list[LogEntry]:
    """Return what the log says of downloads."""
    return list(LogEntry.objects.filter(change_message__startswith="下载"))


def page(client, user, campaign, place=WEIFANG):
    factories.sign_in(client, user)
    return client.get(packing.address(campaign, place))


WHO = {
    "the filer of the city": (factories.filer, 200),
    "the reviewer of the city": (factories.reviewer, 200),
    "the service centre of the city": (
        lambda: factories.person("reviewer", WEIFANG, Kind.SERVICE_CENTRE),
        200,
    ),
    "the reviewer of the province": (lambda: factories.reviewer(PROVINCE), 200),
    "the publisher of the province": (lambda: factories.publisher(PROVINCE), 200),
    "a county of the city": (lambda: factories.filer(KUIWEN), 404),
    "the filer of another city": (lambda: factories.filer("3708"), 404),
    "the reviewer of another city": (lambda: factories.reviewer("3708"), 404),
    "a joint department of the province": (factories.joint, 404),
    "the auditor": (factories.auditor, 404),
    "the system administrator": (factories.sysadmin, 404),
    "somebody without a post": (factories.stranger, 404),
}


@pytest.mark.parametrize("who, status", WHO.values(), ids=WHO)
def test_only_the_city_and_the_province_open_and_download(client, who, status):
    campaign = campaigning.campaign()
    campaigning.answer(campaign, name=CANARY)
    user = who()

    got = page(client, user, campaign)
    posted = client.post(packing.address(campaign), packing.REASON)
    said = [got.content, b"".join(posted.streaming_content) if posted.streaming else posted.content]

    assert [got.status_code, posted.status_code] == [status] * 2
    assert [CANARY.encode() in words for words in said[:1]] == [status == 200]
    assert len(noted()) == (status == 200)


def test_a_stranger_is_sent_to_the_sign_in_page(client):
    address = packing.address(campaigning.campaign())

    assert client.get(address).url == f"/login/?next={address}"


@pytest.mark.parametrize("place", ["37", "3799", "370705", "3707Z01", "99", "37O7", "3707/", "１２"])
def test_there_is_no_package_of_a_bureau_that_owes_nothing(client, place):
    campaign = campaigning.campaign(places=[WEIFANG, "3708"])
    campaigning.answer(campaign, place=KUIWEN)
    factories.sign_in(client, factories.reviewer(PROVINCE))

    answer = client.get(packing.address(campaign).replace(WEIFANG, place))

    assert answer.status_code == 404


def test_there_is_no_package_for_a_campaign_that_is_not_there(client):
    campaign = campaigning.campaign()
    factories.sign_in(client, factories.reviewer(PROVINCE))
    address = packing.address(campaign)

    statuses = [
        client.get(address.replace(f"/{campaign.pk}/", f"/{number}/")).status_code
        for number in (campaign.pk + 1, 10**17, 10**18)
    ]

    assert statuses == [404] * 3


def test_with_nothing_sent_the_page_says_so_and_offers_no_download(client):
    campaign = campaigning.campaign()
    factories.draft("skill-brands", name="潍坊未报品牌")

    answer = page(client, factories.filer(), campaign)
    posted = client.post(packing.address(campaign), packing.REASON)

    assert answer.context["why_not"] == "本单位还没有提交过内容，没有可以打包的材料；提交后再来下载。"
    assert answer.context["lacking"] == ["“潍坊未报品牌”还没有提交，不在包内。"]
    assert "下载报送材料包" not in answer.content.decode()
    assert [posted.status_code, posted.context["refusal"]] == [422, answer.context["why_not"]]


def test_the_province_is_not_told_what_a_city_has_not_sent(client):
    campaign = campaigning.campaign()
    factories.draft("skill-brands", name=CANARY)
    returned = campaigning.answer(campaign, State.RETURNED, name="潍坊已报品牌")
    Filing.objects.filter(pk=returned.pk).update(title=f"{CANARY}二")

    answer = page(client, factories.reviewer(PROVINCE), campaign)

    assert answer.context["lacking"] == ["“潍坊已报品牌”正在修改，包内是上次提交的第 1 版。"]
    assert CANARY not in answer.content.decode()


def test_the_page_announces_every_file_and_what_is_missing(client):
    campaign = campaigning.campaign(needs_scan=True)
    with_files(campaign, {"盖章页.pdf": PDF % b"1"}, name="潍坊甲品牌")
    with_files(campaign, {"盖章页.pdf": PDF % b"2"}, name="潍坊乙品牌", place=KUIWEN)

    answer = page(client, factories.reviewer(), campaign)

    assert [name for name, _ in answer.context["papers"]] == [
        "报送函.docx",
        "汇总一览表.xlsx",
        "分单位一览表/",
        "全部表格.pdf",
        "附件/",
        "回执.txt",
    ]
    assert answer.context["lacking"] == [
        f"“{name}”还在市级审核，没有上报，已先装入包内。" for name in ("潍坊甲品牌", "潍坊乙品牌")
    ]
    words = answer.content.decode()
    assert [words.count("已上传"), words.count("没有上传")] == [2, 0]


def test_a_scan_that_the_campaign_wants_and_a_version_lacks_is_named(client):
    campaign = campaigning.campaign()
    campaigning.answer(campaign, name="潍坊甲品牌")
    campaign = campaigning.now_due(campaign, needs_scan=True)

    answer = page(client, factories.reviewer(), campaign)

    assert answer.context["lacking"] == ["“潍坊甲品牌”没有盖章扫描件，本任务要求上传。"]
    assert answer.content.decode().count("没有上传") == 1


def test_a_download_is_noted_with_what_went_out(client):
    campaign = campaigning.campaign(kind="city-training-brands")
    campaigning.answer(campaign)

    data = packing.fetched(client, factories.reviewer(PROVINCE), campaign)

    (entry,) = noted()
    assert packing.opened(data)["回执.txt"].decode("utf-8-sig").startswith("报送材料包回执")
    assert [entry.user, entry.object_repr, entry.get_change_message()] == [
        factories.reviewer(PROVINCE),
        "演示任务",
        "下载潍坊市人力资源和社会保障局的报送材料包：1份表格、6个附件，含个人信息，事由：演示报送",
    ]


def test_a_package_with_personal_data_is_not_given_without_a_reason_and_names_of_files_count(client):
    campaign = campaigning.campaign()
    with_files(campaign, {"盖章件13900003707.pdf": PDF % b"1"}, name="潍坊甲品牌")
    factories.sign_in(client, factories.reviewer())

    refused = client.post(packing.address(campaign), {"reason": " "})
    none = len(noted())
    b"".join(client.post(packing.address(campaign), packing.REASON))

    assert (refused.status_code, refused.context["refusal"], none) == (422, exports.NO_REASON, 0)
    row = AccessRecord.objects.order_by("-pk").first()
    assert (row.act, row.subject) == ("download", access_log.digest("13900003707"))


def test_the_download_is_a_file_with_a_chinese_name_that_nobody_keeps(client):
    campaign = campaigning.campaign("任务/甲（演示）")
    campaigning.answer(campaign)
    factories.sign_in(client, factories.reviewer())

    answer = client.post(packing.address(campaign), packing.REASON)

    assert [answer["Content-Type"], int(answer["Content-Length"])] == [
        "application/zip",
        len(b"".join(answer.streaming_content)),
    ]
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''%E6%BD%8D%E5%9D%8A")
    assert "no-store" in answer["Cache-Control"]


def test_a_full_disk_is_told_in_a_sentence_and_nothing_is_noted(client, monkeypatch):
    campaign = campaigning.campaign()
    campaigning.answer(campaign)

    full = open("/dev/full", "r+b", buffering=0)  # noqa: SIM115 -- the view closes it
    monkeypatch.setattr(package, "scratch", lambda: full)
    factories.sign_in(client, factories.reviewer())

    answer = client.post(packing.address(campaign), packing.REASON)

    said = "服务器的存储空间不足，没有生成材料包；已提交的内容不受影响，请联系系统管理员后再试。"
    assert [answer.status_code, answer.context["refusal"]] == [422, said]
    assert [full.closed, noted()] == [True, []]


@pytest.mark.parametrize("number", [1, 3, 30])
def test_page_and_download_cost_the_same_queries_at_any_size(client, number):
    campaign = campaigning.campaign(kind="handicraft-projects")
    for turn in range(number):
        place = (WEIFANG, KUIWEN, "370702")[turn % 3]
        with_files(campaign, {"盖章页.pdf": PDF % str(turn).encode()}, place=place, name=f"演示项目{turn}")
    page(client, factories.reviewer(), campaign)

    with CaptureQueriesContext(connection) as looked:
        found = client.get(packing.address(campaign)).context["contents"]
    with CaptureQueriesContext(connection) as taken:
        client.post(packing.address(campaign), packing.REASON).close()

    assert [len(found.items), len(looked), len(taken)] == [number, 11, 14]


def test_the_board_leads_those_to_a_package_who_may_open_it(client):
    campaign = campaigning.campaign()
    link = f'href="{packing.address(campaign)}"'

    shown = []
    for user in (
        factories.filer(),
        factories.reviewer(PROVINCE),
        factories.auditor(),
        factories.filer(KUIWEN),
    ):
        factories.sign_in(client, user)
        shown.append(link in client.get(f"/desk/campaigns/{campaign.pk}/").content.decode())

    assert shown == [True, True, False, False]


def test_a_city_packs_what_its_counties_owe(client):
    campaign = campaigning.campaign(expects="county")
    campaigning.answer(campaign, place=KUIWEN, name="潍坊奎文品牌")

    city = packing.found(campaign)
    county = packing.found(campaign, KUIWEN, factories.filer(KUIWEN))

    assert [[item.title for item in found.items] for found in (city, county)] == [["潍坊奎文品牌"]] * 2
    assert [found.superior.name for found in (city, county)] == [
        "山东省人力资源和社会保障厅",
        "潍坊市人力资源和社会保障局",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_package_whose_record_cannot_be_written_is_not_given_and_not_noted(client):
    campaign = campaigning.campaign()
    campaigning.answer(campaign, name=CANARY)
    factories.sign_in(client, factories.filer())
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE portal_accessrecord RENAME TO portal_elsewhere")

    try:
        answer = client.post(packing.address(campaign), packing.REASON)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE portal_elsewhere RENAME TO portal_accessrecord")

    assert (answer.status_code, CANARY.encode() in answer.content, noted()) == (500, False, [])
