"""Imports that another release, a slow file or a change of posts meets on their way."""

import pytest
from django.core.files.storage import default_storage

from portal import (
    access_log,
    import_files,
    import_pages,
    import_plans,
    imports,
    jobs,
    receipt_jobs,
    registry,
    sandbox,
)
from portal.models import AccessRecord, Filing, Import, Job, User
from portal.receipts import numbers
from portal.vocabulary import Role
from tests import factories
from tests import made_files as made
from tests.unit_files import HEADER, UNIT, received

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return factories.filer()


def counts(imported: Import) -> dict[str, int]:
    return {name: number for name, number in imported.counts.items() if number}


# -- Slow files


@pytest.mark.parametrize("name", ["单位.xlsx", "单位.csv"])
def test_a_small_file_that_takes_too_long_is_read_by_a_job(by, monkeypatch, name):
    data = (
        made.xlsx([HEADER, ["甲公司", "其他", ""]])
        if name.endswith("xlsx")
        else "单位全称,单位类型\n甲公司,其他".encode()
    )
    at_once = imports.receive(data, name, UNIT, by=by)
    monkeypatch.setattr(sandbox, "AT_ONCE_SECONDS", 0)

    waiting = imports.receive(data, name, UNIT, by=by)
    done = jobs.execute(waiting.job_id)

    assert (at_once.job, counts(at_once)) == (None, {"new": 1})
    assert (waiting.read_at, waiting.plan, waiting.job.kind, done) == (None, "", "import-read", "done")
    assert counts(Import.objects.get(pk=waiting.pk)) == {"new": 1}


def test_an_official_form_that_takes_too_long_is_read_by_a_job_as_well(by, monkeypatch):
    monkeypatch.setattr(sandbox, "AT_ONCE_SECONDS", 0)

    waiting = imports.receive(made.docx([["甲"]]), "表.docx", registry.get("skill-brands"), by=by)

    assert (waiting.read_at, waiting.job.kind) == (None, "import-read")
    assert jobs.execute(waiting.job_id) == "done"


def test_the_page_of_a_file_that_takes_too_long_shows_its_progress(by, client, monkeypatch):
    monkeypatch.setattr(sandbox, "AT_ONCE_SECONDS", 0)
    waiting = received(by, ["甲公司", "其他", ""])
    client.force_login(by)

    page = client.get(f"/desk/import/{waiting.pk}/").content.decode()

    assert "data-portal-job" in page and "排队中" in page


# -- Another release


def remade(imported: Import, change) -> None:
    """Put another plan in the place of the stored one: ``change`` is given its rows and facts."""
    with import_files.opened(imported.plan) as file:
        plan = import_plans.Plan(file)
        rows, facts = {name: list(plan.rows(name)) for name in plan.blocks}, plan.facts
    change(rows, facts)
    writer = import_plans.Writer()
    with writer.file:
        for outcome, own in rows.items():
            for row in own:
                writer.add(outcome, row)
        default_storage.delete(imported.plan)
        default_storage.save(imported.plan, writer.finish(facts))


def renamed(rows: dict, facts: dict) -> None:
    """Let the plan be one of a release that called a field otherwise."""
    for own in rows.values():
        for row in own:
            row["v"] = {f"old_{name}": value for name, value in row.get("v", {}).items()}
    facts["meaning"] = "another"


def unsaid(rows: dict, facts: dict) -> None:
    """Let the plan be one of a release that did not say what its fields are."""
    renamed(rows, facts)
    del facts["meaning"]


@pytest.mark.parametrize("change", [renamed, unsaid])
def test_a_plan_of_a_release_with_other_fields_has_expired(by, client, change):
    imported = received(by, ["甲公司", "其他", ""])
    remade(imported, change)
    client.force_login(by)
    told = "“单位.xlsx”的预览已失效（超过保留期限，或系统已更新），没有导入任何数据；请重新上传。"

    page = client.get(f"/desk/import/{imported.pk}/")
    answer = client.post(f"/desk/import/{imported.pk}/confirm/")

    assert (page.status_code, told in page.content.decode()) == (200, True)
    assert (answer.status_code, told in answer.content.decode()) == (409, True)
    assert (imports.page(imported, "new").rows, Filing.objects.count()) == ([], 0)


def test_a_job_that_meets_such_a_plan_says_so_and_imports_nothing(by, monkeypatch):
    monkeypatch.setattr(imports, "AT_ONCE_ROWS", 0)
    imported = received(by, ["甲公司", "其他", ""])
    job = imports.confirm(imported, by=by)
    remade(imported, renamed)

    assert jobs.execute(job.pk) == "failed"
    assert ("已失效" in Job.objects.get(pk=job.pk).reason, Filing.objects.count()) == (True, 0)


def test_the_errors_in_such_a_plan_are_still_marked_in_the_file(by, client):
    imported = received(by, ["甲公司", "没有这种", ""])
    remade(imported, renamed)
    client.force_login(by)

    page = client.get(f"/desk/import/{imported.pk}/")

    assert (page.status_code, [fault.column for fault in imports.faults(imported)]) == (200, ["单位类型"])


def test_a_plan_that_is_put_again_as_it_was_is_carried_out(by):
    imported = received(by, ["甲公司", "其他", ""])
    remade(imported, lambda rows, facts: None)

    imports.confirm(imported, by=by)

    assert Filing.objects.count() == 1


# -- Whose a receipt is


def status(client, address: str) -> int:
    """Return the status of an answer whose content, if any, is taken in."""
    answer = client.get(address)
    b"".join(answer)
    return answer.status_code


def wrong(by: User, client, monkeypatch) -> Job:
    """Return the job that makes the receipt of a file with an error, asked for by ``by``."""
    monkeypatch.setattr(import_pages, "MOST_ROWS", 0)
    imported = received(by, ["甲公司", "没有这种", ""])
    client.force_login(by)
    client.post(f"/desk/import/{imported.pk}/receipt.xlsx")
    return Job.objects.get(kind=receipt_jobs.KIND)


def moved(user: User) -> None:
    """Let a filer work for another bureau from now on."""
    other = factories.filer("3701").posts[0].organisation
    user.memberships.update(organisation=other)


def test_a_receipt_made_by_a_job_is_for_who_asked_alone(by, client, monkeypatch):
    job = wrong(by, client, monkeypatch)
    done = jobs.execute(job.pk)
    address = f"/desk/jobs/{job.pk}/file"
    own = status(client, address)

    others = [factories.filer("3701"), factories.filer("370705"), factories.reviewer(), factories.auditor()]
    place, answers = by.posts[0].organisation.region_id, []
    for other in [*others, factories.person(Role.FILER, place, name="a colleague")]:
        client.force_login(other)
        answers.append(status(client, address))

    assert (done, own, answers) == ("done", 200, [404] * 5)


@pytest.mark.parametrize("piece", [7, 2**20])
def test_a_receipt_made_by_a_job_is_recorded_with_the_numbers_in_it_however_it_is_read(
    by, client, monkeypatch, piece
):
    monkeypatch.setattr(import_pages, "MOST_ROWS", 0)
    monkeypatch.setattr(numbers, "PIECE", piece)
    lines = [[*HEADER, "联系电话"], ["甲公司", "没有这种", "", "13900003707"]]
    imported = imports.receive(made.xlsx(lines), "单位.xlsx", UNIT, by=by)
    client.force_login(by)
    client.post(f"/desk/import/{imported.pk}/receipt.xlsx")
    job = Job.objects.get(kind=receipt_jobs.KIND)
    jobs.execute(job.pk)

    b"".join(client.get(f"/desk/jobs/{job.pk}/file"))

    row = AccessRecord.objects.order_by("-pk").first()
    assert (row.act, row.object_id, row.subject) == (
        "download",
        str(job.pk),
        access_log.digest("13900003707"),
    )


def test_who_went_to_another_bureau_gets_no_receipt_of_the_one_he_left(by, client, monkeypatch):
    job = wrong(by, client, monkeypatch)
    jobs.execute(job.pk)
    addresses = [f"/desk/jobs/{job.pk}/", f"/desk/jobs/{job.pk}/file"]
    before = [status(client, address) for address in addresses]

    moved(by)
    client.force_login(User.objects.get(pk=by.pk))

    assert (before, [status(client, address) for address in addresses]) == ([200, 200], [404, 404])


def test_a_receipt_that_waits_while_who_asked_goes_elsewhere_is_not_made(by, client, monkeypatch):
    job = wrong(by, client, monkeypatch)

    moved(by)

    assert (jobs.execute(job.pk), Job.objects.get(pk=job.pk).file) == ("failed", "")
