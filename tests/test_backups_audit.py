"""The access log in a backup: its chain in the manifest, its anchors beside it, the restore recorded."""

import json

import pytest
from django.test import override_settings

from portal import access_archive, access_chain, access_log, backups, verify
from portal.backups import contents
from portal.models import AccessRecord, Act
from tests.backing_up import plant
from tests.test_access_chain import chained
from tests.test_backups import refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_folders(tmp_path):
    """Give each test a store and a folder of anchors of its own."""
    with override_settings(MEDIA_ROOT=tmp_path / "media", VAR=tmp_path, ACCESS_LOG_FOLDER=tmp_path / "audit"):
        yield


@pytest.fixture
def folder(tmp_path):
    """The folder of the anchors."""
    return tmp_path / "audit"


@pytest.fixture
def made(tmp_path):
    """A backup with records, seals and an anchor."""
    plant()
    anchored("演示之前")
    return backups.make(tmp_path / "backups")


def anchored(title: str) -> None:
    """Record something, seal it and anchor the day."""
    access_log.record(Act.JOB, title=title)
    access_chain.seal()
    access_chain.anchor()


def test_a_restore_brings_the_chain_back_with_its_anchors_and_keeps_the_later_ones_aside(made, folder):
    before = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
    anchored("演示之后")
    later = (folder / access_chain.HEAD).read_text()

    backups.restore(made.folder, over=True)

    (aside,) = (path for path in folder.iterdir() if path.is_file() and path.name not in before)
    assert {name: (folder / name).read_text() for name in before} == before
    assert (aside.name.startswith("head-"), aside.read_text()) == (True, later)
    assert list(verify.faults()) == []


def test_a_restore_without_its_anchors_would_be_told_as_a_log_that_was_cut_off(made, folder):
    anchored("演示之后")
    later = (folder / access_chain.HEAD).read_text()
    backups.restore(made.folder, over=True)

    (folder / access_chain.HEAD).write_text(later)

    assert [line for line in verify.faults() if "访问记录：缺少序号" in line] != []


def test_a_restore_is_itself_recorded_with_the_backup_it_took(made):
    backups.restore(made.folder, over=True)

    last = AccessRecord.objects.order_by("-pk").first()
    seal = contents.measured(made.folder / contents.MANIFEST)["sha256"]
    assert (last.act, last.object_type, last.object_id) == (Act.ADMINISTER, "backup", made.name)
    assert json.loads(last.details) == {"manifest": seal}


def test_a_host_without_anchors_gets_those_of_the_backup(made, folder):
    before = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
    for path in folder.iterdir():
        path.unlink()

    backups.restore(made.folder, over=True)

    assert {path.name: path.read_text() for path in folder.iterdir() if path.is_file()} == before


def test_archives_are_in_every_backup_for_nothing_else_has_what_they_hold(folder, tmp_path, settings):
    settings.ACCESS_LOG_DAYS = 200
    chained(40, days=10)
    access_archive.archive()
    (archive,) = (folder / "archive").iterdir()
    before = archive.read_bytes()
    backup = backups.make(tmp_path / "backups")
    archive.unlink()

    backups.restore(backup.folder, over=True)

    assert {path.name: path.read_bytes() for path in (folder / "archive").iterdir()} == {archive.name: before}
    assert list(access_archive.faults()) == []


def test_the_note_of_an_archive_that_was_moved_is_in_a_backup_too(folder, tmp_path, settings):
    settings.ACCESS_LOG_DAYS = 200
    chained(40, days=10)
    kept = access_archive.archive()
    (archive,) = (folder / "archive").iterdir()
    note = archive.rename(archive.with_name(f"{kept.file_name}.moved"))
    note.write_text("档案室（演示）")
    backup = backups.make(tmp_path / "backups")
    note.unlink()

    backups.restore(backup.folder, over=True)

    assert {path.name: path.read_text() for path in (folder / "archive").iterdir()} == {
        note.name: "档案室（演示）"
    }
    assert list(access_archive.faults()) == []


def test_an_archive_that_was_changed_in_the_backup_is_refused_before_anything_is_touched(tmp_path, settings):
    settings.ACCESS_LOG_DAYS = 200
    chained(40, days=10)
    access_archive.archive()
    backup = backups.make(tmp_path / "backups")
    (archive,) = (backup.folder / "audit").glob("*.gz")
    archive.write_bytes(archive.read_bytes() + b"0")

    assert archive.name in refused(backup.folder, over=True)


def test_an_anchor_that_was_changed_in_the_backup_is_refused_before_anything_is_touched(made):
    with (made.folder / "audit" / access_chain.ANCHORS).open("a") as file:
        file.write("2026-01-01 1 0\n")

    assert "anchors.txt" in refused(made.folder, over=True)


def test_a_chain_of_access_records_that_is_not_that_of_the_manifest_leaves_the_old_database(made):
    facts = made.manifest | {"access_chain": "0" * 64}
    contents.write_manifest(made.folder, facts)

    assert "access_chain" in refused(made.folder, over=True)


def test_a_backup_of_a_release_that_knew_no_such_chain_is_restored(made):
    facts = {name: its for name, its in made.manifest.items() if name not in ("access_chain", "audit")}
    contents.write_manifest(made.folder, facts)

    backups.restore(made.folder, over=True)

    assert AccessRecord.objects.filter(object_type="backup").count() == 1
