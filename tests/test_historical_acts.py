"""Who may do what with registered history, what comes after it, and how it is taken back."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from portal import (
    authenticity,
    catalogue,
    desk_numbers,
    historical_acts,
    historical_jobs,
    imports,
    registry,
    rollups,
    tallies,
    verify,
)
from portal.historical import Upload, prepare, visible_to
from portal.models import CatalogueEntry, Event, Filing, FilingVersion, Import, Registration
from portal.tallies import Sight
from portal.vocabulary import Role, State
from portal.workflow import Asked, Refused
from tests.factories import (
    COMMENT,
    act,
    add_post,
    approver,
    auditor,
    filer,
    joint,
    person,
    publisher,
    reviewer,
    secadmin,
    stranger,
    sysadmin,
)
from tests.registering import BUREAU, DAY, NUMBER, again, colleague, prepared, proposed, registered, sheet

pytestmark = pytest.mark.django_db
NAME = "劳务品牌名称"
LINE = {NAME: "奎文家政（演示）", "填报单位": BUREAU, "品牌类型": "民生保障型"}
DATA = sheet("labour-brands", LINE)
DOCUMENT = "鲁人社函〔2023〕102号"

ACTS = {
    "propose": lambda found, by: historical_acts.propose(found, by=by),
    "confirm": lambda found, by: historical_jobs.confirm(found, by=by),
    "refuse": lambda found, by: historical_acts.refuse(found, by=by, reason="缺页"),
    "abandon": lambda found, by: historical_acts.abandon(found, by=by),
}
# who → what is open to him of a registration that was read, and of one that was sent for confirmation
POLICY = {
    "its preparer": ({"propose", "abandon"}, {"abandon"}),
    "another approver of the province": (set(), {"confirm", "refuse"}),
    "a publisher of the province": (set(), {"confirm", "refuse"}),
    "a reviewer of the province": (set(), set()),
    "an approver of a city": (set(), set()),
    "a publisher of a city": (set(), set()),
    "a filer": (set(), set()),
    "a joint department": (set(), set()),
    "the auditor": (set(), set()),
    "the system administrator": (set(), set()),
    "the security administrator": (set(), set()),
    "a stranger": (set(), set()),
}


def people() -> dict:
    found = [
        *(approver(), colleague(), publisher(), reviewer("37"), approver("3707"), publisher("3707")),
        *(filer("370705"), joint(), auditor(), sysadmin(), secadmin(), stranger()),
    ]
    return dict(zip(POLICY, found, strict=True))


def outcome(name: str, found: Registration, by) -> bool:
    """Say whether the act was done; whatever it did is undone."""
    from django.db import transaction

    with transaction.atomic():
        try:
            ACTS[name](again(found), by)
            return True
        except Refused:
            return False
        finally:
            transaction.set_rollback(True)


@pytest.mark.parametrize("stage", [0, 1], ids=["read", "proposed"])
def test_everybody_is_offered_and_may_do_exactly_what_the_table_opens(stage):
    found = (prepared, proposed)[stage]("labour-brands", DATA)
    offered, done = {}, {}
    for who, by in people().items():
        choices = historical_acts.choices(again(found), by)
        offered[who] = {name for name, reason in choices.items() if not reason}
        done[who] = {name for name in ACTS if outcome(name, found, by)}

    wanted = {who: cells[stage] for who, cells in POLICY.items()}
    assert (offered, done) == (wanted, wanted)


def test_only_an_approver_of_the_province_prepares():
    import io

    from tests.registering import SCAN

    for who, by in people().items():
        uploads = Upload(io.BytesIO(DATA), "表.xlsx"), Upload(io.BytesIO(SCAN), "文.pdf")
        may = who in ("its preparer", "another approver of the province")
        try:
            prepare(registry.get("labour-brands"), *uploads, by=by, document_number=NUMBER, decided_on=DAY)
            assert may, who
        except Refused as refused:
            assert (may, str(refused)) == (False, "只有省级审批岗位可以登记历史结果。")


def test_only_those_who_prepare_or_confirm_see_a_registration():
    found = prepared("labour-brands", DATA)

    seen = {who for who, by in people().items() if found in visible_to(by)}

    assert seen == {"its preparer", "another approver of the province", "a publisher of the province"}


def test_who_files_for_a_bureau_of_the_sheet_does_not_confirm_it():
    found, by = proposed("labour-brands", DATA), colleague()
    add_post(by, Role.FILER, "370705")

    with pytest.raises(Refused) as refused:
        historical_jobs.confirm(found, by=colleague())

    assert str(refused.value) == "表里有您所在填报单位的结果，须由另一位同事确认，没有登记。"


def test_a_registration_is_confirmed_once():
    found = proposed("labour-brands", DATA)
    historical_jobs.confirm(found, by=colleague())

    with pytest.raises(Refused) as refused:
        historical_jobs.confirm(again(found), by=publisher())

    assert (str(refused.value), Filing.objects.count()) == ("这份登记已经结束，不能再办理。", 1)


def test_a_name_that_its_bureau_took_meanwhile_stops_the_whole_sheet():
    found = proposed("labour-brands", sheet("labour-brands", {**LINE, NAME: "另一个"}, LINE))
    registered("labour-brands", DATA)

    with pytest.raises(Refused) as refused:
        historical_jobs.confirm(again(found), by=colleague())

    assert "这个单位已有同名的填报" in str(refused.value)
    assert [f.title for f in Filing.objects.all()] == [LINE[NAME]]


def test_what_is_sent_away_or_given_up_ends_and_its_sheet_is_removed():

    refused, given_up = proposed("labour-brands", DATA), proposed("labour-brands", DATA)
    files = [refused.upload.file, given_up.upload.file]
    historical_acts.refuse(refused, by=publisher(), reason="文号不对")
    historical_acts.abandon(given_up, by=approver())

    assert [historical_acts.stage(again(one)) for one in (refused, given_up)] == ["refused", "abandoned"]
    assert (again(refused).refused_by, again(refused).reason) == (publisher(), "文号不对")
    assert (again(refused).upload.file, again(given_up).upload.plan) == ("", "")
    assert files


def test_it_is_published_from_a_day_before_the_registration_by_somebody_else():
    brand = registered("labour-brands", DATA)[0]
    asked = [Asked(brand.pk, "publish", 1, 1)]

    with_confirmer = catalogue.why_unpublishable(brand, person(Role.PUBLISHER))
    (done,) = catalogue.publish_all(asked, by=publisher(), document_number=DOCUMENT, on=DAY)

    entry = CatalogueEntry.objects.get()
    assert (with_confirmer, done.obstacle, entry.valid_from) == ("", None, DAY)
    assert CatalogueEntry.objects.in_force(date(2023, 5, 1)).count() == 1
    assert list(verify.faults()) == []


def test_a_publisher_who_confirmed_does_not_publish():
    brand = registered("labour-brands", DATA, by=publisher())[0]

    assert catalogue.why_unpublishable(brand, publisher()) == "审核结论是您作出的，须由另一人公布。"


def test_the_public_entry_tells_what_it_rests_on_and_an_amendment_does_not(client):
    brand = registered("labour-brands", DATA)[0]
    entry = catalogue.publish(brand, by=publisher(), document_number=DOCUMENT)

    page = client.get(f"/catalogue/labour-brands/{entry.code}/").content.decode()
    amendment = catalogue.amend(entry, by=filer("370705"))

    assert "历史登记，依据鲁人社函〔2023〕102号，2023-04-28办结" in page
    assert (amendment.source, amendment.registration_id) == ("", None)


def test_reports_of_an_earlier_cut_off_do_not_know_it_and_later_ones_count_it_as_approved():
    before = timezone.now()
    registered("labour-brands", DATA)
    after = timezone.now()

    counted = [rollups.standing_at(at, "37", "labour-brands").count() for at in (before, after)]
    states = [dict(tallies.by_state(Sight(at))) for at in (before, after)]

    assert counted == [0, 1]
    assert states == [{}, {("labour-brands", "370705", State.APPROVED): 1}]


def test_handling_times_and_what_was_decided_in_a_period_do_not_count_it():
    registered("labour-brands", DATA)

    asked = desk_numbers.read({}, approver())
    assert (desk_numbers.decisions(asked).count(), desk_numbers.measured(asked).times) == (0, {})
    assert desk_numbers.queues(asked).longest == {}
    assert sum(tallies.trend(Sight(timezone.now())).values()) == 0


def test_its_check_code_is_answered_as_approved():
    brand = registered("labour-brands", DATA)[0]
    version = FilingVersion.objects.select_related("filing__organisation__region").get(filing=brand)

    answer = authenticity.answer(version)

    assert (answer.shape, answer.word, answer.at) == ("approved", "登记历史结果", brand.decided_at)


def test_a_conclusion_that_was_registered_is_not_reopened_but_revoked():
    brand = registered("labour-brands", DATA)[0]

    with pytest.raises(Refused) as refused:
        act(brand, "reopen", colleague(), comment=COMMENT)

    assert "是登记的历史结果，由省级审批岗位撤销登记" in str(refused.value)


def test_what_is_revoked_is_void_its_name_is_free_and_its_bureau_may_take_it_up():
    brand = registered("labour-brands", DATA)[0]

    event = historical_acts.revoke(brand, by=approver(), reason="录错单位")

    gone = Filing.objects.get()
    assert (event.action, event.source, event.target, event.comment) == (
        "revoke",
        "approved",
        "cancelled",
        "录错单位",
    )
    assert (gone.state, gone.version, gone.decided_by, gone.registration) == (State.CANCELLED, 2, None, None)
    assert list(verify.faults()) == []
    assert registered("labour-brands", DATA)[0].title == gone.title
    version = FilingVersion.objects.select_related("filing__organisation__region").get(filing=gone)
    answer = authenticity.answer(version)
    assert (answer.word, answer.cancelled_at) == ("撤销登记", event.at)


def test_a_revoked_one_may_be_filed_anew_by_its_bureau():
    brand = registered(
        "handicraft-projects",
        sheet("handicraft-projects", {"培训项目名称": "剪纸（演示）", "填报单位": BUREAU}),
    )[0]
    historical_acts.revoke(brand, by=colleague(), reason="材料不全")

    again_ = act(brand, "reopen", filer("370705"))

    assert (again_.state, again_.version) == (State.DRAFT, 2)


def test_who_is_no_approver_of_the_province_revokes_nothing():
    brand = registered("labour-brands", DATA)[0]

    for by in (publisher(), reviewer("37"), approver("3707"), filer("370705")):
        with pytest.raises(Refused) as refused:
            historical_acts.revoke(brand, by=by, reason="不是")
        assert str(refused.value) == "只有省级审批岗位可以撤销登记。"


def test_what_is_published_leaves_by_the_usual_exit():
    brand = registered("labour-brands", DATA)[0]
    entry = catalogue.publish(brand, by=publisher(), document_number=DOCUMENT)

    with pytest.raises(Refused) as refused:
        historical_acts.revoke(brand, by=approver(), reason="录错")
    catalogue.exit(entry, by=publisher(), reason="voluntary", document_number=DOCUMENT)

    assert str(refused.value) == "已公布，须办理变更或退出。"
    assert list(verify.faults()) == []


def test_a_whole_sheet_is_revoked_but_for_what_was_published():
    data = sheet("labour-brands", *({**LINE, NAME: f"品牌{n}（演示）"} for n in range(5)))
    first, *_ = registered("labour-brands", data)
    catalogue.publish(first, by=publisher(), document_number=DOCUMENT)

    number = historical_acts.revoke_all(first.registration, by=approver(), reason="表格用错")

    assert number == 4
    assert Filing.objects.filter(state=State.CANCELLED).count() == 4
    assert list(verify.faults()) == []


def test_a_broken_chain_and_a_changed_scan_are_noticed():
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from django.db import connection

    from portal import guards

    brand = registered("labour-brands", DATA)[0]
    found = brand.registration
    guards.remove(connection)
    Event.objects.filter(filing=brand).update(comment="另一份文件")
    guards.install(connection)
    default_storage.delete(found.document.name)
    default_storage.save(found.document.name, ContentFile(b"%PDF- other %%EOF"))

    assert list(verify.faults()) == [
        f"填报 {brand.pk}（labour-brands）：流转记录 1 的内容与摘要不符。",
        f"历史登记 {found.pk}：文件 {found.document.name} 的内容与上传时不一致。",
    ]


def test_the_sheet_of_a_registration_is_kept_however_long_it_lies():
    waits = proposed("labour-brands", sheet("labour-brands", {**LINE, NAME: "另一个（演示）"}))
    entered = registered("labour-brands", DATA)[0].registration
    Import.objects.update(created_at=timezone.now() - timedelta(days=60))
    Import.objects.filter(pk=entered.upload_id).update(committed_at=timezone.now() - timedelta(days=60))

    imports.tidy()

    assert (again(waits).upload.is_open, bool(again(entered).upload.file)) == (True, True)
    assert list(verify.faults()) == []
