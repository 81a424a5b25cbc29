"""The nightly invariants: each kind of planted fault is found, and nothing is said of data that is whole."""

from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from portal import catalogue, filing_counts, guards, post_triggers, tasks, verify
from portal.models import (
    Attachment,
    CatalogueEntry,
    CodeCounter,
    Event,
    Filing,
    FilingVersion,
    Membership,
    Message,
    Organisation,
)
from portal.vocabulary import Role, State
from tests import factories

pytestmark = pytest.mark.django_db
ZEROS = "0" * 64


@contextmanager
def unguarded():
    """Take the triggers off while a fault is planted, as somebody with the database's password could."""
    connection.check_constraints()
    guards.remove(connection)
    yield
    connection.check_constraints()
    guards.install(connection)


def lines(record=None):
    """What is found, without the words that name the filing; what fails to be counted is told elsewhere."""
    filing_counts.rebuild()
    start = f"填报 {record.pk}（{record.kind}）：" if record else ""
    return [line.removeprefix(start) for line in verify.faults()]


@pytest.fixture
def approved():
    """A brand that walked the whole road: submit, endorse, approve."""
    return factories.approved("skill-brands")


@pytest.fixture
def published():
    """The entry of a brand."""
    return factories.entry("skill-brands")


def event(record, number):
    """The event of a filing, as a query that can be updated."""
    return Event.objects.filter(filing_id=record.pk, number=number)


def rehash(record):
    """Give every event of the filing the digest and link of what it says now."""
    previous = ""
    for one in Event.objects.filter(filing_id=record.pk).order_by("number"):
        one.previous_hash = previous
        one.hash = previous = one.digest()
        one.save()


def test_nothing_is_said_of_data_that_is_whole(published, capsys):
    amended = catalogue.amend(published, by=factories.filer())
    for action, by, arguments in factories.road(amended, State.APPROVED):
        amended = factories.act(amended, action, by, **arguments)
    replacement = factories.publish(amended)
    catalogue.exit(
        replacement, by=factories.publisher(), reason="voluntary", document_number="演示退〔2024〕1号"
    )
    factories.filing("skill-brands", State.RETURNED)
    factories.filing("skill-brands", State.REJECTED)
    call_command("verify")
    counted = (Filing, Event, FilingVersion, CatalogueEntry, Membership, Attachment)
    numbers = [table.objects.count() for table in counted]
    sentence = "一切相符：填报 {}，流转记录 {}，提交版本 {}，目录条目 {}，岗位 {}，附件 {}。\n"
    assert capsys.readouterr().out == sentence.format(*numbers)


def test_a_fault_is_one_line_and_ends_with_status_1(approved, capsys):
    with unguarded():
        Filing.objects.filter(pk=approved.pk).update(step=7)
    with pytest.raises(SystemExit) as ended:
        call_command("verify")
    assert ended.value.code == 1
    assert capsys.readouterr().out == f"填报 {approved.pk}（skill-brands）：步数为 7，流转记录有 3 条。\n"


def test_the_same_few_queries_check_one_chunk_of_one_or_of_three(django_assert_num_queries):
    factories.approved("skill-brands")
    list(verify.faults())
    with CaptureQueriesContext(connection) as one:
        list(verify.faults())
    factories.approved("skill-brands")
    factories.approved("skill-brands")
    with django_assert_num_queries(len(one)):
        list(verify.faults())


def test_a_database_of_several_chunks_is_checked_to_the_end(approved, monkeypatch):
    monkeypatch.setattr(verify, "CHUNK", 1)
    last = factories.approved("skill-brands")
    with unguarded():
        Filing.objects.filter(pk=last.pk).update(step=7)
    assert lines(last) == ["步数为 7，流转记录有 3 条。"]


def test_a_state_that_no_event_led_to_is_found(approved):
    with unguarded():
        Filing.objects.filter(pk=approved.pk).update(state=State.REJECTED)
    assert lines(approved) == [
        "状态为 rejected，最后一条流转记录为 approved。",
    ]


def test_a_changed_comment_no_longer_fits_its_digest(approved):
    with unguarded():
        event(approved, 2).update(comment="改写的意见")
    assert lines(approved) == ["流转记录 2 的内容与摘要不符。"]


def test_a_digest_made_anew_breaks_the_next_link(approved):
    with unguarded():
        changed = event(approved, 1).get()
        changed.comment = "改写的意见"
        event(approved, 1).update(comment=changed.comment, hash=changed.digest())
    assert lines(approved) == ["流转记录 2 没有接上前一条的摘要。"]


def test_a_deleted_event_leaves_a_gap(approved):
    with unguarded():
        event(approved, 2).delete()
    assert lines(approved) == [
        "流转记录的序号应为 2，实为 3。",
        "流转记录 3 的原状态与上一条的新状态不一致。",
        "流转记录 3 没有接上前一条的摘要。",
        "步数为 3，流转记录有 2 条。",
    ]


def test_a_changed_version_no_longer_fits_its_hash(approved):
    with unguarded():
        FilingVersion.objects.filter(filing=approved).update(sha256=ZEROS)
    assert lines(approved) == ["第 1 版的内容与摘要不符。"]


def test_a_deleted_version_is_missed(approved):
    with unguarded():
        FilingVersion.objects.filter(filing=approved).delete()
    assert lines(approved) == [
        "第 1 版已提交，没有留存内容。",
        "在审或已办结，缺少第 1 版的留存内容。",
    ]


def test_a_version_that_nobody_submitted_is_found(approved):
    version = FilingVersion.objects.get(filing=approved)
    version.pk, version.number = None, 2
    version.save()
    assert lines(approved) == ["第 2 版有留存内容，没有提交记录。"]


def test_a_field_changed_after_submission_is_found(approved):
    type(approved).objects.filter(pk=approved.pk).update(stage="upgraded", explanation="后补的说明")
    assert lines(approved) == ["explanation 与提交的第 1 版不一致。", "stage 与提交的第 1 版不一致。"]


def test_a_relation_changed_after_submission_is_found(approved):
    approved.exam_projects.clear()
    assert lines(approved) == ["exam_projects 与提交的第 1 版不一致。"]


def test_a_child_row_changed_after_submission_is_found():
    unit = factories.approved("building-units")
    unit.annual_performances.update(trained_count=1)
    assert lines(unit) == ["annual_performances 与提交的第 1 版不一致。"]


def test_a_draft_may_differ_from_the_version_before_it():
    record = factories.filing("skill-brands", State.RETURNED)
    type(record).objects.filter(pk=record.pk).update(stage="upgraded")
    assert lines() == []


def test_a_decision_credited_to_somebody_else_is_found(approved):
    Filing.objects.filter(pk=approved.pk).update(decided_by=factories.reviewer())
    assert lines(approved) == ["办结人与最后一条结论记录的经办人不一致。"]


def test_a_decision_by_the_one_who_submitted_is_found(approved):
    with unguarded():
        event(approved, 3).update(by=factories.filer())
        rehash(approved)
        Filing.objects.filter(pk=approved.pk).update(decided_by=factories.filer())
    assert lines(approved) == ["提交人与办结人是同一人。"]


def test_an_entry_that_nobody_published_is_found(approved):
    other = factories.entry("skill-brands")
    CatalogueEntry.objects.filter(pk=other.pk).update(filing=approved)
    of_one, of_other = (f"填报 {record.pk}（skill-brands）：" for record in (approved, other.filing))
    assert sorted(lines()) == sorted(
        [
            f"{of_one}有 0 条公布记录，有目录条目。",
            f"{of_one}目录条目 {other.code} 的类型、名称或区划与填报不一致。",
            f"{of_other}有 1 条公布记录，没有目录条目。",
        ]
    )


def test_an_entry_of_a_filing_that_is_not_approved_is_found(published):
    record = published.filing
    with unguarded():
        Filing.objects.filter(pk=record.pk).update(state=State.REJECTED)
    assert lines(record) == [
        "状态为 rejected，最后一条流转记录为 approved。",
        f"目录条目 {published.code} 的填报没有审核通过。",
    ]


def test_an_exit_that_nobody_did_is_found(published):
    CatalogueEntry.objects.filter(pk=published.pk).update(
        valid_to=F("valid_from"),
        ended_at=F("published_at"),
        exit_reason="voluntary",
        exit_document_number="演示退〔2024〕1号",
    )
    assert lines(published.filing) == [
        f"目录条目 {published.code} 的退出与 0 条退出记录不符。",
        "应不占用名称，实际相反。",
    ]


def test_a_document_number_changed_after_publication_is_found(published):
    CatalogueEntry.objects.filter(pk=published.pk).update(document_number="演示文〔2024〕9号")
    assert lines(published.filing) == [f"目录条目 {published.code} 的文号或日期与流转记录不一致。"]


def test_a_name_let_go_while_in_force_is_found(published):
    Filing.objects.filter(pk=published.filing_id).update(holds_name=False)
    assert lines(published.filing) == ["应占用名称，实际相反。"]


def test_an_end_without_a_reason_is_found(published):
    CatalogueEntry.objects.filter(pk=published.pk).update(
        valid_to=F("valid_from"), ended_at=F("published_at")
    )
    Filing.objects.filter(pk=published.filing_id).update(holds_name=False)
    day = published.valid_from
    assert lines() == [f"目录条目 {published.code}：{day} 终止，既没有退出原因也没有替换的条目。"]


def test_two_entries_under_one_code_that_do_not_follow_each_other_are_found(published):
    other = factories.entry("skill-brands")
    CatalogueEntry.objects.filter(pk=published.pk).update(valid_to="2099-01-01", ended_at=F("published_at"))
    CatalogueEntry.objects.filter(pk=other.pk).update(code=published.code)
    Filing.objects.filter(pk=published.filing_id).update(holds_name=False)
    day = published.valid_from
    assert lines() == [
        f"目录条目 {published.code}：{day} 起的一条与 {day} 起的一条没有衔接。",
        f"目录条目 {published.code}：{day} 起的一条不是前一条的变更。",
    ]


def test_a_counter_set_back_is_found(published):
    prefix = published.code.rpartition("-")[0]
    CodeCounter.objects.filter(prefix=prefix).update(last=0)
    assert lines() == [f"编号 {prefix} 已用到 1，计数器为 0。"]


def test_posts_that_exclude_each_other_are_found():
    user = factories.sysadmin()
    bureau = factories.bureau("37")
    post_triggers.remove(connection)  # they would refuse it
    Membership.objects.create(user=user, organisation=bureau, role=Role.APPROVER)
    post_triggers.install(connection)
    assert lines() == [f"账号 {user.username} 兼任互斥的岗位：approver、system_admin。"]


def test_a_joint_post_outside_the_joint_departments_is_found():
    post = factories.joint().memberships.get()
    Membership.objects.filter(pk=post.pk).update(
        organisation=Organisation.objects.get(pk=factories.bureau("37").pk)
    )
    assert lines() == [f"岗位 {post.pk}：会商岗位与单位性质不符。"]


def test_missing_triggers_are_named():
    connection.check_constraints()
    guards.remove(connection)
    assert lines() == [f"数据库缺少触发器 {name}。" for name in sorted(verify.GUARDS[connection.vendor])]


def test_the_auditors_are_told_of_a_fault_and_nobody_of_none(approved):
    auditor = factories.auditor()
    Message.objects.all().delete()
    tasks.nightly_verify()
    assert Message.objects.count() == 0
    Filing.objects.filter(pk=approved.pk).update(step=7)
    tasks.nightly_verify()
    told = Message.objects.get()
    assert (told.user, told.filing) == (auditor, None)
    assert told.text == (
        "夜间核对发现 1 处不符，数据没有改动；执行 manage.py verify 可列出全部。"
        f"填报 {approved.pk}（skill-brands）：步数为 7，流转记录有 3 条。"
    )


def test_the_check_runs_every_night(settings):
    nightly = settings.CELERY_BEAT_SCHEDULE["nightly-verify"]

    assert (nightly["task"], nightly["schedule"].hour) == (tasks.nightly_verify.name, {2})
