"""Backup and restore: all there was and nothing else, on both databases, with nothing that starts again."""

import json
from threading import Event, Thread

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import override_settings
from django.utils import timezone

from portal import backups, deliveries, sealing, stores, tasks, verify
from portal.backups import contents, postgresql, restoring, settling
from portal.models import Attachment, Delivery, Job, JobStatus, Message, MessagePreference, User
from portal.settings import store as portal_store
from portal.vocabulary import MailMode
from tests import factories
from tests.backing_up import lasting, plant, store, stored, token
from tests.object_store import object_store

pytestmark = pytest.mark.django_db(transaction=True)
FIELD_KEYS = ["new-key-9876543210-qponmlkjihgfedcba", "old-key-0123456789-abcdefghijklmnopq"]


@pytest.fixture(autouse=True)
def own_media(tmp_path):
    """Give each test a store of its own."""
    with override_settings(MEDIA_ROOT=tmp_path / "media", VAR=tmp_path):
        yield


@pytest.fixture
def root(tmp_path):
    """The folder of the backups."""
    return tmp_path / "backups"


def refused(path, **how) -> str:
    """Return the sentence with which a restore is refused; nothing may be different after it."""
    before, files = lasting(), stored()
    with pytest.raises(backups.Unusable) as reason:
        backups.restore(path, **how)
    assert (lasting(), stored()) == (before, files)
    return str(reason.value)


def test_what_was_backed_up_is_what_is_restored_and_nothing_else(root):
    plant()
    before, files = lasting(), stored()
    call_command("backup", to=root)
    factories.entry("building-units", name="演示乙公司")
    lost = Attachment.objects.order_by("pk").first()
    default_storage.delete(lost.file.name)
    with default_storage.open(Attachment.objects.order_by("pk").last().file.name, "wb") as file:
        file.write(b"something else")

    call_command("restore", str(root), over=True)

    assert (lasting(), stored()) == (before, files)
    assert list(verify.faults()) == []


def test_nothing_that_was_under_way_begins_again_and_who_asked_is_told(root):
    user = plant()
    backups.make(root)

    backups.restore(root, over=True)

    job, delivery = Job.objects.get(), Delivery.objects.get()
    assert (job.status, job.reason) == (JobStatus.FAILED, settling.REASON)
    assert (delivery.sent_at, delivery.reason) == (None, deliveries.HELD_BACK)
    last = Message.objects.filter(user=user).order_by("pk").last()
    assert (last.text, last.address) == (
        f"“演示报表”没有完成：{settling.REASON}",
        f"/desk/jobs/{job.pk}/",
    )
    assert Session.objects.count() == 0


@override_settings(MAIL_ON=True)
def test_a_mail_that_was_held_back_does_not_come_with_the_digest_either(root):
    user = plant()
    User.objects.filter(pk=user.pk).update(email="demo@portal.example")
    MessagePreference.objects.create(user=user, mail=MailMode.EACH)
    Job.objects.all().delete()
    backups.make(root)
    backups.restore(root, over=True)

    assert deliveries.write_digests(timezone.now() + deliveries.UNSETTLED) == 0


def test_no_state_of_public_content_has_the_token_of_another_one(root):
    plant()
    at_backup = token()
    backups.make(root)
    factories.entry("building-units", name="演示乙公司")
    after_it = token()

    backups.restore(root, over=True)

    assert len({at_backup, after_it, token()}) == 3


def test_numbers_that_were_given_after_the_backup_are_not_given_again(root):
    plant()
    backups.make(root)
    backups.restore(root, over=True)

    before = set(User.objects.values_list("pk", flat=True))
    assert User.objects.create(username="later").pk > max(before)


def test_who_administers_is_told_of_a_restore(root):
    plant()
    admin = factories.sysadmin()
    made = backups.make(root)

    backups.restore(root, over=True)

    (told,) = Message.objects.filter(user=admin).values_list("text", flat=True)
    assert told.startswith(f"系统已恢复到 {timezone.localtime():%Y-%m-%d}")
    assert made.manifest["missing"] == []


def test_a_file_that_has_not_changed_is_copied_once(root):
    kept, changed = store("attachments/1/a.bin", b"one"), store("attachments/1/b.bin", b"two")
    first = backups.make(root)
    default_storage.delete(changed)
    store(changed, b"three")

    second = backups.make(root)

    places = [[one.folder / "files" / name for one in (first, second)] for name in (kept, changed)]
    assert [a.samefile(b) for a, b in places] == [True, False]
    assert [[path.read_bytes() for path in pair] for pair in places] == [[b"one"] * 2, [b"two", b"three"]]


def test_what_is_being_made_is_no_part_of_a_backup(root):
    stores.place(7, 1, "txt").write_text("half")

    assert backups.make(root).files == []


def test_the_newest_stay_and_the_others_go_with_their_files(root):
    store("attachments/1/a.bin", b"one")
    made = [backups.make(root, keep=2) for _ in range(4)]

    assert [path.name for path in contents.folders(root)] == [one.name for one in made[2:]]
    assert sorted(path.name for path in root.iterdir()) == [".lock", *(one.name for one in made[2:])]
    assert backups.check(root).name == made[3].name


def test_a_backup_made_after_the_clock_went_back_is_the_newest(root):
    backups.make(root).folder.rename(root / "29991231T235959.000000Z")

    second = backups.make(root, keep=1)

    assert [path.name for path in contents.folders(root)] == [second.name]


def pieces(folder) -> list:
    """Return the files below a folder that hold something."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)


@pytest.mark.parametrize("harm", ["changed", "cut", "gone"])
def test_a_backup_with_one_wrong_byte_anywhere_is_refused_before_anything_is_touched(root, harm):
    plant()
    made = backups.make(root)
    names = {made.folder / contents.MANIFEST, made.folder / contents.FILES}
    names |= {pieces(made.folder / kind)[0] for kind in ("database", "files")}
    for path in sorted(names):
        content = path.read_bytes()
        path.unlink()
        if harm != "gone":
            half = len(content) // 2
            wrong = bytes([content[half] ^ 1])
            path.write_bytes(content[:half] + (wrong + content[half + 1 :] if harm == "changed" else b""))

        assert "没有改动任何内容" in refused(made.folder, over=True)
        path.write_bytes(content)
    assert backups.check(made.folder).name == made.name


def rewritten(made, **facts) -> None:
    """Write the manifest of a backup anew with other facts, sealed as it should be."""
    contents.write_manifest(made.folder, made.manifest | facts)


def test_counts_that_are_not_those_of_the_manifest_leave_the_old_database(root):
    plant()
    made = backups.make(root)
    rewritten(made, counts=made.manifest["counts"] | {"portal_filing": 99})

    assert refused(root, over=True) == "恢复的数据与清单不符（counts），数据库没有改动。请换一份备份。"


def test_a_chain_of_events_that_is_not_that_of_the_manifest_leaves_the_old_database(root):
    plant()
    rewritten(backups.make(root), chain="0" * 64)

    assert refused(root, over=True) == "恢复的数据与清单不符（chain），数据库没有改动。请换一份备份。"


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"format": 2}, "的格式是第 2 版，本系统只认识第 1 版，没有改动任何内容。请用做这份备份的版本恢复。"),
        ({"vendor": "oracle"}, "这份备份来自 oracle，本系统使用"),
        ({"migrations": [["portal", "0999_later"]]}, "这份备份来自较新的版本（portal.0999_later）"),
    ],
)
def test_a_backup_that_does_not_fit_is_refused(root, facts, sentence):
    plant()
    rewritten(backups.make(root), **facts)

    assert sentence in refused(root, over=True)


def test_data_that_is_there_is_not_replaced_unasked(root):
    plant()
    backups.make(root)

    assert refused(root).startswith("本系统已有数据，没有改动任何内容。")


def test_a_folder_without_a_backup_is_told(root):
    with pytest.raises(CommandError, match="没有完整的备份"):
        call_command("restore", str(root))


def test_a_look_at_a_backup_restores_nothing(root, capsys):
    made = backups.make(root)
    factories.filer()
    before = lasting()

    call_command("restore", str(root), check=True)

    assert capsys.readouterr().out == f"{made.folder} 完好，可以用来恢复。\n"
    assert lasting() == before


def test_files_of_later_stay_until_somebody_says_otherwise(root):
    backups.make(root)
    later = store("attachments/1/later.bin", b"later")

    backups.restore(root, over=True)
    assert default_storage.exists(later)
    backups.restore(root, over=True, tidy=True)
    assert not default_storage.exists(later)


def test_a_file_that_a_row_names_and_nobody_has_is_told(root):
    plant()
    lost = Attachment.objects.order_by("pk").first().file.name
    default_storage.delete(lost)

    assert backups.make(root).manifest["missing"] == [lost]


def test_a_backup_made_while_others_write_is_one_moment(root):
    stop = Event()
    writer = Thread(target=write_until, args=(stop,))
    writer.start()
    made = backups.make(root)
    stop.set()
    writer.join()

    backups.restore(root, over=True)

    assert User.objects.count() == made.manifest["counts"]["portal_user"]
    assert sorted(User.objects.values_list("username", flat=True)) == [
        f"{number:06d}" for number in range(User.objects.count())
    ]


def write_until(stop: Event) -> None:
    """Add one person after the other."""
    number = 0
    while not stop.is_set():
        User.objects.create(username=f"{number:06d}")
        number += 1
    connection.close()


def test_two_backups_at_once_are_one(root):
    root.mkdir()
    with backups.making._only_one(root), pytest.raises(backups.Unusable, match="正在做另一份备份"):
        backups.make(root)


def test_files_of_an_object_store_are_backed_up_and_restored_too(root, monkeypatch):
    with object_store() as (address, objects):
        monkeypatch.setenv("PORTAL_S3_ENDPOINT", address)
        monkeypatch.setenv("PORTAL_S3_ACCESS_KEY", "portal")
        monkeypatch.setenv("PORTAL_S3_SECRET_KEY", "secret")
        with override_settings(STORAGES=settings.STORAGES | {"default": portal_store("bucket")}):
            plant()
            before = dict(objects)
            backups.make(root)
            objects.pop(sorted(objects)[0])
            objects[sorted(objects)[0]] = b"something else"

            backups.restore(root, over=True)

            assert (objects, list(verify.faults())) == (before, [])
            default_storage.connection.meta.client.close()


@pytest.mark.parametrize("days", [0, 1])
def test_the_backup_of_the_night_is_made_once(root, days):
    with override_settings(BACKUPS=root, BACKUPS_KEPT=3):
        tasks.nightly_backup()
        tasks.nightly_backup()
        if days:
            made = contents.newest(root)
            rewritten(made, made_at="2026-01-01T00:00:00+00:00")
            tasks.nightly_backup()

    assert len(contents.folders(root)) == 1 + days


def test_a_night_without_a_backup_is_told_to_who_administers(root):
    admin = factories.sysadmin()
    root.write_text("not a folder")

    with override_settings(BACKUPS=root, BACKUPS_KEPT=3):
        tasks.nightly_backup()

    (told,) = Message.objects.filter(user=admin).values_list("text", flat=True)
    assert told.startswith("夜间备份没有做成：存放备份的文件夹不能写入")


def test_no_secret_stands_in_a_manifest(root):
    with override_settings(FIELD_KEYS=FIELD_KEYS):
        manifest = backups.make(root).manifest

    text = json.dumps(manifest)
    assert manifest["field_keys"] == [sealing.key_id(key) for key in FIELD_KEYS]
    assert [secret for secret in (settings.SECRET_KEY, *FIELD_KEYS) if secret in text] == []


def test_a_restore_says_which_key_of_personal_data_is_missing_and_loses_nothing(root):
    newer, older = FIELD_KEYS
    with override_settings(FIELD_KEYS=[older]):
        record = factories.draft("building-units", contact_phone="13900003707")
    said = {}
    with override_settings(FIELD_KEYS=FIELD_KEYS):
        backup = backups.make(root).folder

    for keys in ([newer], FIELD_KEYS):
        with override_settings(FIELD_KEYS=keys):
            lines = said[len(keys)] = []
            backups.restore(backup, over=True, tell=lines.append)

    told = [[line for line in lines if "PORTAL_FIELD_KEYS" in line] for lines in said.values()]
    assert told == [[restoring.NO_FIELD_KEY.format(sealing.key_id(older))], []]
    with override_settings(FIELD_KEYS=FIELD_KEYS):
        assert type(record).objects.get(pk=record.pk).contact_phone == "13900003707"


def test_the_tables_of_an_older_release_are_made_where_one_step_leads_there_and_else_refused():
    loader = MigrationLoader(None)
    whole = {old for short in loader.replacements.values() for old in short.replaces}
    theirs = {
        node for node in loader.disk_migrations if node[0] not in {app for app, _ in loader.replacements}
    }
    before, part = theirs | whole, theirs | {("portal", "0001_initial")}

    found = postgresql.leaves(loader, postgresql.with_short_ways(loader, before))

    assert {*loader.replacements} <= {*found}
    with pytest.raises(contents.Unusable, match="过早的版本"):
        postgresql.leaves(loader, postgresql.with_short_ways(loader, part))
