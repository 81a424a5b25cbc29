"""A killed rotation of keys can be read and gone on with; no byte holds what is sealed. Real processes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from doors.environment import clean_environment
from portal import registry, resealing, verify
from portal.models import FilingVersion
from portal.vocabulary import State
from tests import factories
from tests.held import held
from tests.jobbing import database_url

pytestmark = pytest.mark.django_db(transaction=True)
UNITS = registry.get("building-units")
OLD, NEW = "old-key-0123456789-abcdefghijklmnopq", "new-key-9876543210-qponmlkjihgfedcba"
PHONE, PATIENCE = "13900003707", 400


def rotate(folder: Path, at: int) -> int:
    """Run the command, killed with the row ``at``; return its exit code."""
    environment = clean_environment(
        PORTAL_VAR=str(folder),
        DATABASE_URL=database_url(),
        PORTAL_SECRET_KEY=settings.SECRET_KEY,
        PORTAL_FIELD_KEYS=f"{NEW},{OLD}",
    )
    words = [sys.executable, "-m", "tests.falling_rotation", str(at)]
    done = subprocess.run(words, cwd=settings.BASE_DIR, env=environment, timeout=PATIENCE, check=False)
    return done.returncode


def read() -> tuple[list, list]:
    """Return what the rows and the versions say, through the models."""
    phones = UNITS.model.objects.order_by("pk").values_list("contact_phone", flat=True)
    return list(phones), list(FilingVersion.objects.order_by("pk").values_list("snapshot", "sha256"))


def test_a_killed_rotation_loses_nothing_and_the_next_one_goes_on(tmp_path):
    with override_settings(FIELD_KEYS=[OLD]):
        for number in range(4):
            factories.filing(UNITS, State.CITY_REVIEW, name=f"演示{number}", contact_phone=PHONE)
        before = read()

    for at in (1, 4, 9):
        assert rotate(tmp_path, at) == -signal.SIGKILL
        with override_settings(FIELD_KEYS=[NEW, OLD]):
            assert (read(), list(verify.faults())) == (before, [])
    with override_settings(FIELD_KEYS=[NEW]):
        unread = len(list(resealing.faults()))

    assert rotate(tmp_path, 0) == 0
    with override_settings(FIELD_KEYS=[NEW]):
        assert unread > 0
        assert (read(), list(verify.faults())) == (before, [])


def test_no_byte_of_the_database_holds_what_is_sealed():
    factories.filing(UNITS, State.CITY_REVIEW, name="演示金丝雀公司", contact_phone=PHONE)

    assert ("演示金丝雀公司" in held(), PHONE in held()) == (True, False)
