"""A killed backup or restore leaves what was there, and the next one does it all. Real processes."""

import signal
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import override_settings

from doors.environment import clean_environment
from portal import backups
from portal.backups import contents
from tests import factories
from tests.backing_up import lasting, plant, stored
from tests.jobbing import database_url

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 400
SHARES = (0.1, 0.6, 0.95)  # of the steps of a whole run, where one is killed


@pytest.fixture(autouse=True)
def own_media(tmp_path):
    """Give each test the store that its processes have."""
    with override_settings(MEDIA_ROOT=tmp_path / "media", VAR=tmp_path):
        yield


def run(folder, at: int, *words: str) -> tuple[int, str]:
    """Run a command that is killed at one of its steps; return its exit code and what it said."""
    environment = clean_environment(
        PORTAL_VAR=str(folder), DATABASE_URL=database_url(), PORTAL_SECRET_KEY=settings.SECRET_KEY
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.falling", str(at), *words],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout


def steps(said: tuple[int, str]) -> list[int]:
    """Return at which steps to kill, by what a whole run said."""
    code, text = said
    assert code == 0, text
    return [int(int(text.splitlines()[-1]) * share) for share in SHARES]


def test_a_killed_backup_is_none_and_the_next_one_is_whole(tmp_path):
    plant()
    root = tmp_path / "backups"
    for number, at in enumerate(steps(run(tmp_path, 0, "backup", "--to", str(root))), 2):
        before = contents.folders(root)

        assert run(tmp_path, at, "backup", "--to", str(root))[0] == -signal.SIGKILL

        assert contents.folders(root) == before
        made = backups.make(root)
        assert (backups.check(made.folder).name, len(contents.folders(root))) == (made.name, number)
        assert [path.name for path in root.iterdir() if path.name.startswith(".making")] == []


def test_a_killed_restore_leaves_all_of_the_old_or_all_of_the_new(tmp_path):
    plant()
    root, old, files = tmp_path / "backups", lasting(), stored()
    backups.make(root)
    words = ("restore", str(root), "--over")
    for number, at in enumerate(steps(run(tmp_path, 0, *words))):
        factories.entry("building-units", name=f"演示{number}公司")
        later = lasting()

        assert run(tmp_path, at, *words)[0] == -signal.SIGKILL

        assert lasting() in (old, later)
        assert run(tmp_path, 0, *words)[0] == 0
        assert (lasting(), stored()) == (old, files)
