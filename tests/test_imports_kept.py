"""What stays of an import and how long: given up, imported, confirmed in vain, or named by nobody."""

import json
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.test import TestCase
from django.utils import timezone

from portal import import_files, imports, jobs, receipt_jobs
from portal.models import AccessRecord, Act, Import, ImportPurpose, Job, JobStatus, User
from portal.refusals import Refused
from tests import factories
from tests.unit_files import aged, named, received

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return factories.filer()


def lies(imported: Import) -> list[bool]:
    """Say of the file and the plan of an import whether they lie in the store."""
    return [bool(name) and default_storage.exists(name) for name in (imported.file, imported.plan)]


# -- Given up


def test_what_a_colleague_files_may_be_given_up_and_is_recorded(by):
    imported = received(by, ["甲公司", "其他", ""])
    colleague = factories.filer(name="a colleague")

    with TestCase.captureOnCommitCallbacks(execute=True):
        imports.abandon(imported, by=colleague)

    left = Import.objects.get()
    record = AccessRecord.objects.filter(act=Act.IMPORT).latest("pk")
    assert (left.abandoned_at is not None, left.file, left.plan, lies(imported)) == (
        True,
        "",
        "",
        [False] * 2,
    )
    assert (record.user, record.object_name) == (colleague, "单位.xlsx")
    assert json.loads(record.details) == {"said": "放弃"}


def test_who_filed_it_may_give_it_up_after_he_lost_his_post_and_nobody_else_may(by):
    imported = received(by, ["甲公司", "其他", ""])
    for other in (factories.filer("3701"), factories.filer("370705"), factories.reviewer()):
        with pytest.raises(Refused) as refused:
            imports.abandon(imported, by=other)
        assert str(refused.value) == "只有填报单位的填报岗位可以导入。"
    by.memberships.all().delete()

    imports.abandon(imported, by=User.objects.get(pk=by.pk))

    assert Import.objects.get().abandoned_at is not None


def test_what_a_job_is_working_on_is_not_given_up(by, monkeypatch):
    monkeypatch.setattr(imports, "AT_ONCE_ROWS", 0)
    imported = received(by, ["甲公司", "其他", ""])
    imports.confirm(imported, by=by)

    with pytest.raises(Refused) as refused:
        imports.abandon(imported, by=by)

    assert str(refused.value) == "“单位.xlsx”正在处理，请等它结束。"
    assert (Import.objects.get().abandoned_at, lies(imported)) == (None, [True, True])


# -- What stays how long


def old(imported: Import, **changes) -> Import:
    """Let an import be from a week and an hour ago."""
    long_ago = timezone.now() - imports.KEPT_FOR - timedelta(hours=1)
    return aged(imported, created_at=long_ago, **changes)


def tidied() -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        imports.tidy()


def test_what_is_young_was_kept_for_the_past_or_is_worked_on_stays_as_it_is(by, monkeypatch):
    young = received(by, *named(1), name="新.xlsx")
    history = old(received(by, *named(1), name="历史.xlsx"), purpose=ImportPurpose.HISTORY)
    monkeypatch.setattr(imports, "AT_ONCE_ROWS", 0)
    working = received(by, *named(2), name="在办.xlsx")
    imports.confirm(working, by=by)
    working = old(working)

    tidied()

    for one in (young, history, working):
        left = Import.objects.get(pk=one.pk)
        assert (left.is_open, lies(left), left.confirmed_at == one.confirmed_at) == (True, [True] * 2, True)


def test_what_was_imported_keeps_its_row_and_after_a_week_no_files(by):
    fresh, aged_one = received(by, *named(1)), received(by, ["甲公司", "其他", ""])
    for one in (fresh, aged_one):
        imports.confirm(one, by=by)
    aged_one = aged(aged_one, committed_at=timezone.now() - imports.KEPT_FOR - timedelta(hours=1))
    fresh = Import.objects.get(pk=fresh.pk)

    tidied()

    left = Import.objects.get(pk=aged_one.pk)
    assert (left.file, left.plan, left.abandoned_at, lies(aged_one)) == ("", "", None, [False, False])
    assert lies(Import.objects.get(pk=fresh.pk)) == [True, True]


def test_what_was_confirmed_and_whose_job_has_failed_may_be_confirmed_again(by, monkeypatch):
    monkeypatch.setattr(imports, "AT_ONCE_ROWS", 0)
    imported = received(by, ["甲公司", "其他", ""])
    job = imports.confirm(imported, by=by)
    ended = {"status": JobStatus.FAILED, "reason": "机器停了", "finished_at": timezone.now()}
    Job.objects.filter(pk=job.pk).update(**ended)

    tidied()

    left = Import.objects.get()
    assert (left.confirmed_at, left.confirmed_by, left.reason, left.is_open) == (None, None, "机器停了", True)


def test_a_file_that_no_row_names_is_removed_a_day_later(by):
    imported = received(by, ["甲公司", "其他", ""])
    young, stray = (import_files.keep(BytesIO(b"a"), ".plan", 10).name for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_files, "GRACE", -timedelta(hours=1))
        import_files.remove([young])
        tidied()

    assert lies(imported) == [True, True]
    assert not default_storage.exists(stray)


def test_what_is_read_again_loses_the_plan_it_had(by):
    imported = received(by, ["甲公司", "其他", ""])

    with TestCase.captureOnCommitCallbacks(execute=True):
        again = imports.read(imported)

    assert (again.plan == imported.plan, lies(imported), lies(again)) == (False, [True, False], [True, True])


def test_a_receipt_that_was_made_goes_with_what_is_given_up(by):
    imported = received(by, ["甲公司", "没有这种", ""])
    about = {"import": imported.pk}
    job = jobs.enqueue(receipt_jobs.KIND, title="回执", parameters=about, by=by)
    about = {"import": imported.pk + 1}
    other = jobs.enqueue(receipt_jobs.KIND, title="回执", parameters=about, by=by)

    imports.abandon(imported, by=by)

    expired = Job.objects.filter(expires_at__lte=timezone.now())
    assert set(expired.values_list("pk", flat=True)) & {job.pk, other.pk} == {job.pk}
