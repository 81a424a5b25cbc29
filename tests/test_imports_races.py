"""Imports against each other, against an edit and against SIGKILL: real connections, real workers."""

import os
from collections import Counter

import pytest

from portal import drafts, import_jobs, imports, jobs, registry, verify
from portal.models import Filing, Import, ImportedRow, Job, JobStatus, Message
from tests import made_files as made
from tests.factories import filer
from tests.jobbing import swept, until, workers_in
from tests.races import kinds, race
from tests.sizes import size

pytestmark = pytest.mark.django_db(transaction=True)

UNIT = registry.get("building-units")
ROUNDS = int(os.environ.get("PORTAL_RACE_ROUNDS", "20"))
ROWS, POINTS, LEASE = 3, 8, 4.0
PARTS = size(1, 3)  # of the points at which a worker is killed, each with as many


def received(name: str, unit_type: str = "其他", number: int = ROWS) -> Import:
    rows = [[f"{name}{n}", unit_type] for n in range(number)]
    return imports.receive(made.xlsx([["单位全称", "单位类型"], *rows]), "表.xlsx", UNIT, by=filer())


def confirming(imported: Import):
    return imports.confirm(imported, by=filer())


def met(outcomes) -> Counter:
    return Counter(map(tuple, map(kinds, outcomes)))


def of_first(pair):
    return confirming(pair[0])


def of_second(pair):
    return confirming(pair[1])


def test_of_two_who_confirm_one_file_at_once_one_imports_it():
    filer()
    files = [received(f"甲{n}-") for n in range(ROUNDS)]

    outcomes = race(files, confirming, confirming)

    assert met(outcomes) == {("Import", "Refused"): ROUNDS}
    assert Filing.objects.count() == ROUNDS * ROWS == ImportedRow.objects.count()


def test_of_two_files_with_the_same_names_one_is_imported():
    pairs = [(received(f"甲{n}-"), received(f"甲{n}-", "龙头企业")) for n in range(ROUNDS)]

    outcomes = race(pairs, of_first, of_second)

    assert met(outcomes) == {("Import", "Refused"): ROUNDS}
    assert Filing.objects.count() == ROUNDS * ROWS
    assert {len(set(types_of(n))) for n in range(ROUNDS)} == {1}
    assert list(verify.faults()) == []


def types_of(n: int) -> list[str]:
    """Return the types of the units of a round: all of one file."""
    return list(UNIT.model.objects.filter(name__startswith=f"甲{n}-").values_list("unit_type", flat=True))


def test_an_import_and_an_edit_of_the_same_draft_never_overwrite_each_other():
    confirming(received("甲", number=ROUNDS))
    changes = [received_one(f"甲{n}") for n in range(ROUNDS)]

    outcomes = race(changes, confirming, editing)

    found = met(outcomes)
    assert set(found) <= {("BuildingUnit", "Refused"), ("Conflict", "Import")}
    units = UNIT.model.objects.all()
    assert {(u.revision, (u.unit_type == "leading_enterprise") + bool(u.address)) for u in units} == {(1, 1)}


def received_one(name: str) -> Import:
    data = made.xlsx([["单位全称", "单位类型"], [name, "龙头企业"]])
    return imports.receive(data, f"{name}.xlsx", UNIT, by=filer())


def editing(imported: Import):
    """Edit the draft that an import is to change, as an editor opened before it does."""
    title = imports.page(imported, "changed").rows[0].title
    record = UNIT.model.objects.get(name=title)
    return drafts.save(record, by=filer(), revision=0, values={"address": "某路"})


def test_control_two_who_look_first_and_write_then_both_write():
    """What the lock, the second look and the constraint stand against: nameless drafts have none of these."""
    by = filer()

    def naively(n: int) -> str:
        if Filing.objects.filter(source=f"甲{n}").exists():
            return "there already"
        drafts.create(UNIT, by=by, source=f"甲{n}")
        return "done"

    outcomes = race(range(100), naively, naively)

    assert ("done", "done") in outcomes


def asked(imported: Import, at: int) -> Job:
    """Ask for the job that carries an import out, to be killed at a line."""
    parameters = {"import": imported.pk, "user": filer().pk, "kill": {"at": at, "whom": "child"}}
    return jobs.enqueue(import_jobs.COMMIT, title="导入", parameters=parameters, by=filer())


def happened(imported: Import, name: str) -> tuple[bool, int]:
    """Return whether an import was carried out, and how many of its drafts there are."""
    imported.refresh_from_db()
    return imported.committed_at is not None, Filing.objects.filter(title__startswith=name).count()


@pytest.mark.parametrize("part", range(PARTS))
def test_an_import_happens_once_and_whole_wherever_its_worker_is_killed(tmp_path, part):
    """SIGKILL at so many points from the first line of the engine to the last."""
    with workers_in(tmp_path, LEASE) as workers:
        names = [f"甲{n}-" for n in range(POINTS + 1)]
        quiet, *found = map(received, names)
        workers.start(1, pool=POINTS)
        swept([asked(quiet, -1)])
        (steps,) = until(lambda: [steps for _, end, steps in workers.outcomes() if end == JobStatus.DONE])
        least = POINTS * PARTS - 1
        points = [1 + (point * PARTS + part) * (steps - 1) // least for point in range(POINTS)]
        waiting = [asked(one, at) for one, at in zip(found, points, strict=True)]
        until(lambda: all((tmp_path / f"killed-{job.pk}").exists() for job in waiting))
        is_done = {job.pk: Job.objects.get(pk=job.pk).status == JobStatus.DONE for job in waiting}
        seen = [happened(*each) for each in zip(found, names[1:], strict=True)]
        after = {(is_done[job.pk], *each) for job, each in zip(waiting, seen, strict=True)}
        done = swept(waiting)
        faults = list(verify.faults())

    assert after <= {(False, False, 0), (True, True, ROWS)}
    assert (False, False, 0) in after and (points[-1] < steps or (True, True, ROWS) in after)
    assert [job.status for job in done] == [JobStatus.DONE] * POINTS
    ended = [happened(*each) for each in zip([quiet, *found], names, strict=True)]
    assert ended == [(True, ROWS)] * (POINTS + 1)
    told = Message.objects.filter(user=filer(), text__contains="已导入").values_list("address", flat=True)
    assert (set(Counter(told).values()), faults) == ({1}, [])
