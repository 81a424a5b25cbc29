"""A killed purge leaves nothing half erased, the next one ends it, and no byte holds what went. Processes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.test import override_settings

from doors.environment import clean_environment
from portal import backups, purging, registry, verify
from portal.models import Attachment, Filing, FilingVersion
from portal.sealing import ERASED_WORDS
from portal.vocabulary import State
from tests import factories
from tests.ending import SAID, aged, canaries, exited
from tests.held import held
from tests.jobbing import database_url

pytestmark = pytest.mark.django_db(transaction=True)
KIND, BRANDS = registry.get("exam-institutions"), registry.get("city-training-brands")
PATIENCE = 400


@pytest.fixture(autouse=True)
def own_store(tmp_path):
    """Give each test a store that other processes find."""
    with override_settings(MEDIA_ROOT=tmp_path / "media", VAR=tmp_path):
        yield tmp_path


def purge(folder: Path, at: int) -> tuple[int, str]:
    """Run the command, killed with the row or file ``at``; return its exit code and the last it said."""
    environment = clean_environment(
        PORTAL_VAR=str(folder),
        DATABASE_URL=database_url(),
        PORTAL_SECRET_KEY=settings.SECRET_KEY,
        PORTAL_FIELD_KEYS=",".join(settings.FIELD_KEYS),
        PORTAL_ACCESS_LOG_KEY=settings.ACCESS_LOG_KEY,
    )
    words = [sys.executable, "-m", "tests.falling_purge", str(at)]
    run = {"cwd": settings.BASE_DIR, "env": environment, "timeout": PATIENCE, "check": False}
    done = subprocess.run(words, capture_output=True, text=True, **run)
    return done.returncode, done.stdout.rpartition("\n")[2] + done.stderr


def plant() -> None:
    """Plant three filings whose time has come, one with files."""
    for number in range(2):
        aged(factories.filing(KIND, State.REJECTED, name=f"演示机构{number}", **SAID))
    aged(exited(factories.entry(BRANDS, **SAID).filing))


def halves() -> list[int]:
    """Return the filings of which one part is erased and another is not."""
    found = []
    for filing in Filing.objects.order_by("pk"):
        record = filing.record
        parts = {getattr(record, name) == ERASED_WORDS for name in record.record_type.personal}
        parts |= {version.erased is not None for version in record.versions.all()}
        parts |= {one.erased_at is not None for one in record.attachments.all()}
        if parts != {filing.erased_at is not None}:
            found.append(filing.pk)
    return found


def test_a_killed_purge_leaves_no_filing_half_erased_and_the_next_one_ends_it(own_store):
    plant()
    names = [name for pair in Attachment.objects.values_list("file", "display") for name in pair if name]
    whole = []

    for at in (2, 6, 9, 16):
        assert purge(own_store, at)[0] == -signal.SIGKILL
        whole.append(halves())
    stood, told = canaries(), [line for line in verify.faults() if "已清除，文件还没有删除" not in line]

    assert purge(own_store, 0)[0] == 0
    assert (whole, told, stood > 0 or len(names) > 2) == ([[], [], [], []], [], True)
    assert (canaries(), halves(), list(verify.faults())) == (0, [], [])
    assert [name for name in names if default_storage.exists(name)] == []
    assert purge(own_store, 0) == (0, "0")


def sealed() -> list[str]:
    """Return every sealed text of the rows and versions, as the database keeps it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT contact_name, contact_phone FROM {KIND.model._meta.db_table}")
        rows = [text for row in cursor.fetchall() for text in row]
        part = "snapshot ->> 'sealed'" if connection.vendor == "postgresql" else "snapshot ->> '$.sealed'"
        cursor.execute(f"SELECT {part} FROM portal_filingversion")
        return [*rows, *(text for (text,) in cursor.fetchall() if text)]


def test_no_byte_of_the_database_nor_of_a_backup_made_afterwards_holds_what_was_erased(own_store):
    plant()
    texts, names = sealed(), Attachment.objects.values_list("file", flat=True)
    pictures = [(own_store / "media" / name).read_bytes() for name in names]
    before = held()
    assert [text for text in texts if text not in before] == []

    purging.purge()
    made = backups.make(own_store / "backups")

    after = held()
    files = [path.read_bytes() for path in made.folder.rglob("*") if path.is_file()]
    assert (len(texts) >= 6, [text for text in texts if text in after]) == (True, [])
    assert [text for text in texts if any(text.encode() in data for data in files)] == []
    assert (len(pictures) > 0, [data for data in pictures if data in files]) == (True, [])
    assert FilingVersion.objects.filter(erased__isnull=True, filing__erased_at__isnull=False).count() == 0
