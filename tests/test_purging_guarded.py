"""An erasure that is none is refused by the database or found by ``verify``; controls without the guard."""

import json

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.utils import timezone

from portal import guards, purging, registry, verify
from portal.models import Attachment, Filing, FilingVersion
from portal.models.sealed import SEALED
from portal.sealing import ERASED
from portal.vocabulary import State
from tests import factories
from tests.ending import SAID, aged, canaries, exited

pytestmark = pytest.mark.django_db
KIND, BRANDS = registry.get("exam-institutions"), registry.get("city-training-brands")


def rejected(**changes) -> Filing:
    return aged(factories.filing(KIND, State.REJECTED, **SAID, **changes))


def kept(version: FilingVersion) -> dict:
    """Return the snapshot of a version as the database keeps it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(snapshot AS text) FROM portal_filingversion WHERE id = %s", [version.pk])
        return json.loads(cursor.fetchone()[0])


def write(version: FilingVersion, snapshot: dict, erased: dict | None, **others) -> int:
    """Write a version past the models, in a transaction of its own."""
    columns = {
        "snapshot": json.dumps(snapshot),
        "erased": None if erased is None else json.dumps(erased),
        **others,
    }
    put = ", ".join(f"{name} = %s" for name in columns)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE portal_filingversion SET {put} WHERE id = %s", [*columns.values(), version.pk]
        )
        return cursor.rowcount


def forged(version: FilingVersion) -> dict:
    return {"at": timezone.now().isoformat(), "left": "0" * 64, "signature": "0" * 64}


CHANGED = {
    "without its record": lambda stored: (stored | {SEALED: ERASED}, None, {}),
    "with another title": lambda stored: (stored | {SEALED: ERASED, "title": "别的"}, {}, {}),
    "with another digest": lambda stored: (stored | {SEALED: ERASED}, {}, {"sha256": "0" * 64}),
    "with nothing sealed": lambda stored: ({n: v for n, v in stored.items() if n != SEALED}, {}, {}),
    "only in its record": lambda stored: (stored, {}, {}),
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_the_database_refuses_an_erasure(change):
    version = rejected().versions.get()
    snapshot, erased, others = change(kept(version))

    with pytest.raises(IntegrityError, match="append-only"):
        write(version, snapshot, erased, **others)


@pytest.mark.parametrize("state", [State.CITY_REVIEW, State.PROVINCE_REVIEW, "in force"])
def test_the_database_refuses_to_erase_what_is_under_review_or_in_force(state):
    record = factories.entry(KIND).filing if state == "in force" else factories.filing(KIND, state, **SAID)
    version = record.versions.get()

    with pytest.raises(IntegrityError, match="append-only"):
        write(version, kept(version) | {SEALED: ERASED}, {})


def test_the_database_lets_an_erased_version_be_neither_filled_nor_sealed_nor_recorded_again():
    version = rejected().versions.get()
    before = kept(version)
    purging.purge()
    version = FilingVersion.objects.get(pk=version.pk)
    after = kept(version)

    for snapshot, erased in ((before, version.erased), (before, None), (after, {}), (after, None)):
        with pytest.raises(IntegrityError, match="append-only"):
            write(version, snapshot, erased)

    assert after == before | {SEALED: ERASED}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_control_without_its_guards_verify_finds_the_planted_erasure(change):
    record = rejected()
    version = record.versions.get()
    guards.remove(connection)
    snapshot, erased, others = change(kept(version))

    assert write(version, snapshot, erased, **others) == 1

    guards.install(connection)
    assert [line for line in verify.faults() if f"填报 {record.pk}" in line and "第 1 版" in line] != []


def test_a_forged_record_and_a_change_under_cover_of_a_true_one_are_found():
    record = rejected()
    version = record.versions.get()
    stored = kept(version)
    purging.purge()
    true = FilingVersion.objects.get(pk=version.pk).erased
    clean = list(verify.faults())
    guards.remove(connection)
    found = []

    for snapshot, erased in (
        (stored | {SEALED: ERASED}, forged(version)),
        (stored | {SEALED: ERASED}, true | {"at": "2000-01-01"}),
        (stored | {SEALED: ERASED, "title": "别的"}, true),
        (stored | {SEALED: ERASED}, {}),
    ):
        write(version, snapshot, erased)
        found.append([line.partition("：")[2] for line in verify.faults() if "第 1 版的" in line])

    stranger, changed = ["第 1 版的清除记录不是本系统写的。"], ["第 1 版的内容与清除时的摘要不符。"]
    assert (clean, found) == ([], [stranger, stranger, changed, stranger])


def test_a_record_signed_with_a_former_key_is_still_believed_and_with_another_one_not():
    rejected()
    with override_settings(ACCESS_LOG_KEY="former key of the log"):
        purging.purge()

    with override_settings(ACCESS_LOG_KEY="new", SECRET_KEY_FALLBACKS=["former key of the log"]):
        believed = list(verify.faults())
    with override_settings(ACCESS_LOG_KEY="new"):
        found = [line for line in verify.faults() if "清除记录不是本系统写的" in line]

    assert (believed, len(found)) == ([], 1)


def test_a_version_that_was_changed_is_not_erased_with_its_filing_and_told_as_left():
    spoiled, whole = rejected(name="演示机构甲"), rejected(name="演示机构乙")
    version = spoiled.versions.get()
    guards.remove(connection)
    write(version, kept(version) | {"title": "别的"}, None)
    guards.install(connection)

    found = purging.purge()["ended"]

    assert (found["filings"], found["versions"], found["left"]) == (1, 1, 1)
    assert canaries() > 0
    assert [
        f.erased_at is None for f in Filing.objects.filter(pk__in=[spoiled.pk, whole.pk]).order_by("pk")
    ] == [
        True,
        False,
    ]
    assert [line for line in verify.faults() if "第 1 版的内容与摘要不符" in line] != []


def test_what_cannot_be_opened_for_want_of_its_key_is_left():
    rejected()

    with override_settings(FIELD_KEYS=["another-key-0123456789-abcdefghijklmnopq"]):
        found = purging.purge()["ended"]

    assert (found["filings"], found["left"]) == (0, 1)
    assert canaries() > 0


def test_files_are_missed_unless_their_filing_was_erased():
    brand = factories.entry(BRANDS).filing.record
    one, *_ = brand.attachments.order_by("pk")
    name = one.file.name
    clean = list(verify.faults())

    Attachment.objects.filter(pk=one.pk).update(erased_at=timezone.now())
    marked = list(verify.faults())
    Attachment.objects.filter(pk=one.pk).update(file="", display="")
    forgotten = list(verify.faults())
    Attachment.objects.filter(pk=one.pk).update(erased_at=None)
    nameless = list(verify.faults())
    default_storage.delete(name)

    told = f"填报 {brand.pk}（{brand.kind}）：附件 {one.pk} 已被清除，第 1 版仍在审或有效。"
    about = f"附件 {one.pk}（填报 {brand.pk}）"
    assert clean == []
    assert marked == [told, f"{about}：已清除，文件还没有删除。"]
    assert [told in forgotten, f"文件 {name} 不属于任何附件。" in forgotten] == [True, True]
    assert f"{about}：没有文件，也没有清除记录。" in nameless


def test_what_a_killed_run_left_of_the_files_is_told_and_the_next_run_removes_it(monkeypatch):
    aged(exited(factories.entry(BRANDS, **SAID).filing))
    names = [name for pair in Attachment.objects.values_list("file", "display") for name in pair if name]
    with monkeypatch.context() as killed:
        killed.setattr(purging, "remove_files", lambda: None)
        purging.purge()
    left, told = [default_storage.exists(name) for name in names], list(verify.faults())

    purging.purge()

    assert (set(left), len(told)) == ({True}, Attachment.objects.count())
    assert ([name for name in names if default_storage.exists(name)], list(verify.faults())) == ([], [])
