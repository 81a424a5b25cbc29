"""The chain of the access log: each tampering is found and its place named; old records leave by a file."""

import random
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from portal import access_archive, access_chain, access_log, access_triggers, verify
from portal.models import AccessAnchor, AccessArchive, AccessRecord, AccessSeal, Act
from tests import factories
from tests.sizes import size

pytestmark = pytest.mark.django_db
LENGTH, TAMPERS, SEED = 30, size(250, 1000), 20261121


@pytest.fixture
def folder(settings, tmp_path):
    """A folder for anchors and archives."""
    settings.ACCESS_LOG_FOLDER = str(tmp_path / "audit")
    return tmp_path / "audit"


@pytest.fixture
def chain(folder):
    """Thirty records of the last thirty days, sealed and anchored."""
    return chained(LENGTH, days=1)


def chained(length: int, *, days: int) -> list[int]:
    """Write one record every few days until now, seal and anchor them, and return their primary keys."""
    now = timezone.now()
    AccessRecord.objects.bulk_create(
        AccessRecord(
            at=now - timedelta(days=days * (length - number)),
            act=Act.VIEW,
            result="done",
            username=f"演示{number}",
            object_type="portal.filing",
            object_id=str(number),
            details='{"status":200}',
        )
        for number in range(1, length + 1)
    )
    access_chain.seal(thorough=True)
    access_chain.anchor()
    return list(AccessSeal.objects.order_by("number").values_list("record_id", flat=True))


def faults() -> list[str]:
    """Return what the check finds, without the words that every line begins with."""
    return [line.removeprefix("访问记录：") for line in access_chain.faults()]


@contextmanager
def undone():
    """Take back whatever is done inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def run(sql: str, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_a_whole_chain_has_no_faults(chain):
    assert (faults(), access_chain.end()[0], access_chain.waiting()) == ([], LENGTH, 0)


def edit(keys: list[int], chance: random.Random) -> int:
    """Change one column of a record."""
    place = chance.randrange(LENGTH)
    column = chance.choice(["username", "object_id", "details", "result", "address", "act", "subject"])
    run(f"UPDATE portal_accessrecord SET {column} = 'x' WHERE id = %s", keys[place])
    return place + 1


def delete(keys: list[int], chance: random.Random) -> int:
    """Delete a record, with its seal or without."""
    place = chance.randrange(LENGTH)
    if chance.random() < 0.5:
        run("DELETE FROM portal_accessseal WHERE record_id = %s", keys[place])
    run("DELETE FROM portal_accessrecord WHERE id = %s", keys[place])
    return place + 1


def insert(keys: list[int], chance: random.Random) -> int:
    """Write a record that says it was written at some time in the past."""
    place = chance.randrange(LENGTH - 1)
    forged = AccessRecord.objects.get(pk=keys[place])
    forged.pk, forged.username = None, "forged"
    forged.save(force_insert=True)
    return place + 1


def swap(keys: list[int], chance: random.Random) -> int:
    """Exchange the places of two records."""
    one, other = sorted(chance.sample(range(LENGTH), 2))
    change = "UPDATE portal_accessseal SET record_id = %s WHERE record_id = %s"
    for new, old in ((-1, keys[one]), (keys[one], keys[other]), (keys[other], -1)):
        run(change, new, old)
    return one + 1


def truncate(keys: list[int], chance: random.Random) -> int:
    """Cut off the end, seals and all."""
    place = chance.randrange(LENGTH)
    for key in keys[place:]:
        run("DELETE FROM portal_accessseal WHERE record_id = %s", key)
        run("DELETE FROM portal_accessrecord WHERE id = %s", key)
    return place + 1


def test_each_of_many_tamperings_is_found_and_its_place_is_named(chain):
    access_triggers.remove(connection)
    chance, missed = random.Random(SEED), []

    for turn in range(TAMPERS):
        tamper = chance.choice([edit, delete, insert, swap, truncate])
        with undone():
            place = tamper(chain, chance)
            found = faults()
        if not any(f"序号 {place} " in f"{line.replace('。', ' 。')}" for line in found):
            missed.append((turn, tamper.__name__, place, found))

    assert (missed, faults()) == ([], [])


def test_whoever_writes_the_whole_chain_anew_is_found_by_the_anchor(chain):
    access_triggers.remove(connection)
    run("UPDATE portal_accessrecord SET username = 'x' WHERE id = %s", chain[4])
    run("DELETE FROM portal_accessseal")
    run("DELETE FROM portal_accessanchor")

    access_chain.seal(thorough=True)

    day = timezone.localdate()
    assert faults() == [f"序号 {LENGTH} 与文件 anchors.txt {day}不符。"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE portal_accessrecord SET username = 'x'",
        "DELETE FROM portal_accessrecord",
        "UPDATE portal_accessseal SET hash = 'x'",
        "DELETE FROM portal_accessseal",
        "UPDATE portal_accessanchor SET hash = 'x'",
        "DELETE FROM portal_accessanchor",
    ],
)
def test_the_database_refuses_to(chain, sql):
    with pytest.raises(IntegrityError, match="portal: refused"), transaction.atomic():
        run(sql)

    assert faults() == []


def test_what_is_written_after_a_seal_goes_on_from_it(chain):
    access_log.record(Act.JOB, title="演示作业")

    sealed = access_chain.seal()

    assert (sealed, access_chain.seal(), access_chain.end()[0], faults()) == (1, 0, LENGTH + 1, [])


def test_a_day_has_one_anchor_however_often_it_is_asked_for(chain, folder):
    access_chain.anchor()

    day, number, _ = (folder / "anchors.txt").read_text().split()
    assert (AccessAnchor.objects.count(), day, number) == (1, str(timezone.localdate()), str(LENGTH))


def test_the_chain_may_change_over_to_sm3(chain, settings):
    settings.ACCESS_LOG_HASH = "sm3"
    access_log.record(Act.JOB, title="演示作业")
    access_chain.seal()

    algorithms = list(AccessSeal.objects.order_by("number").values_list("algorithm", flat=True))
    assert (algorithms[-2:], faults()) == (["sha256", "sm3"], [])


def test_numbers_of_an_export_cannot_be_taken_away(folder):
    numbers = ["13800138000", "13800138001"]
    row = access_log.record(Act.EXPORT, title="演示导出", phones=numbers)
    access_chain.seal()
    access_triggers.remove(connection)

    run("DELETE FROM portal_accesssubject WHERE digest = %s", access_log.digest("13800138000"))

    assert (row.subject, faults()) == ("", ["序号 1 涉及的联系方式与封存时不符。"])


def test_nothing_is_archived_within_six_months(folder):
    chained(10, days=15)

    with pytest.raises(CommandError, match="至少保留六个月"):
        call_command("archive_log", before=timezone.localdate() - timedelta(days=150))

    assert (AccessRecord.objects.count(), AccessArchive.objects.count()) == (10, 0)


def test_the_term_is_never_shorter_than_six_months_whatever_the_setting_says(settings):
    settings.ACCESS_LOG_DAYS = 30

    assert access_archive.term() == timezone.localdate() - timedelta(days=access_archive.LEAST_DAYS)


def test_what_is_older_goes_to_a_signed_file_and_the_chain_goes_on(folder, settings):
    settings.ACCESS_LOG_DAYS = 200
    chained(50, days=10)  # of 490 days; the records 1 to 29 are older than 200

    call_command("archive_log", verbosity=0)

    kept = AccessArchive.objects.get()
    lines = list(access_archive.read(folder / "archive" / kept.file_name))
    assert (kept.first, kept.number) == (1, 29)
    assert [line["record"][5] for line in lines] == [f"演示{number}" for number in range(1, 30)]
    assert AccessSeal.objects.order_by("number").first().number == 30
    access_chain.seal()
    assert (faults(), list(access_archive.faults())) == ([], [])


def test_the_database_keeps_young_records_even_if_somebody_says_they_are_archived(folder):
    chained(10, days=15)
    number, said = access_chain.end()
    forged = {"number": number, "hash": said, "first": 1, "file_name": "x", "sha256": "x", "signature": "x"}
    AccessArchive.objects.create(**forged, made_at=timezone.now())

    with pytest.raises(IntegrityError, match="portal: refused"), transaction.atomic():
        run("DELETE FROM portal_accessrecord")

    assert list(access_archive.faults()) == ["审计归档：x 的签名不符。"]


def test_an_archive_signed_with_a_former_key_is_believed_as_long_as_that_key_is_named(folder, settings):
    settings.ACCESS_LOG_DAYS, settings.ACCESS_LOG_KEY = 200, "the former key"
    chained(50, days=10)
    call_command("archive_log", verbosity=0)
    settings.ACCESS_LOG_KEY = "the key of now"
    wrong = [f"审计归档：{AccessArchive.objects.get().file_name} 的签名不符。"]

    found = {}
    for former in ([], ["another"], ["another", "the former key"]):
        settings.SECRET_KEY_FALLBACKS = former
        found[len(former)] = list(access_archive.faults())

    assert found == {0: wrong, 1: wrong, 2: []}


def test_an_archive_that_is_gone_is_named_until_a_note_says_where_it_is(folder, settings, capsys):
    settings.ACCESS_LOG_DAYS = 200
    chained(50, days=10)
    call_command("archive_log", verbosity=0)
    kept = AccessArchive.objects.get()
    (folder / "archive" / kept.file_name).unlink()
    note, gone = folder / "archive" / f"{kept.file_name}.moved", f"审计归档：{kept.file_name} 不在存放位置"

    found = [list(access_archive.faults())]
    for said in ("", "档案室 磁带7\n"):
        note.write_text(said)
        found.append(list(access_archive.faults()))
    call_command("verify_log")

    assert found == [[f"{gone}，也没有移存说明。"]] * 2 + [[]]
    assert f"{kept.file_name} 已移存：档案室 磁带7。没有核对内容" in capsys.readouterr().out


def test_a_chain_with_faults_is_not_archived(folder, settings):
    settings.ACCESS_LOG_DAYS = 200
    keys = chained(50, days=10)
    access_triggers.remove(connection)
    run("UPDATE portal_accessrecord SET username = 'x' WHERE id = %s", keys[2])

    with pytest.raises(CommandError, match="有 1 处不符"):
        call_command("archive_log")

    assert AccessRecord.objects.count() == 50


def test_the_nightly_check_names_a_fault_of_the_log(chain):
    access_triggers.remove(connection)
    run("UPDATE portal_accessrecord SET username = 'x' WHERE id = %s", chain[4])
    access_triggers.install(connection)

    assert [line for line in verify.faults() if "访问记录" in line] == [
        "访问记录：序号 5 的内容与封存时不符。"
    ]


def test_the_command_exits_with_1_and_a_line_for_a_fault(chain, capsys):
    access_triggers.remove(connection)
    run("DELETE FROM portal_accessrecord WHERE id = %s", chain[4])

    with pytest.raises(SystemExit) as ended:
        call_command("verify_log")

    assert (ended.value.code, capsys.readouterr().out) == (1, "访问记录：缺少序号 5。\n")


def test_people_and_bureaus_stay_as_they_were_called(folder):
    user = factories.reviewer()
    access_log.record(Act.JOB, by=user, title="演示作业")
    type(user).objects.filter(pk=user.pk).update(full_name="改名")

    assert AccessRecord.objects.order_by("-pk").first().name == user.full_name
