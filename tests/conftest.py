"""Fixtures for every test: reference data, cheap settings, a database emptied after commits, the browser."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connections, transaction
from django.test import TransactionTestCase, override_settings

from portal import access_log, asking, sessions
from tests import dealing
from tests.emptying import INSTALLED, load_reference
from tests.programs import needs
from tests.retracing import HERE, stored

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PATIENCE = 30_000  # ms that a browser waits for what a slow machine has yet to show
# What a forked process left alone: a connection that nobody holds is closed, and its parent has it no more.
_of_the_parent: list = []


def leave_what_the_parent_opened() -> None:
    """Let a forked process open connections of its own.

    Those of its parent are not all closed before: while a browser's loop runs in a thread, Django shows it
    other ones than before, and in the child, where no loop runs, those from before.
    """
    for connection in connections.all(initialized_only=True):
        _of_the_parent.append(connection)
        del connections[connection.alias]


os.register_at_fork(after_in_child=leave_what_the_parent_opened)


def pytest_collection_modifyitems(config, items):
    """Leave out what another run of the suite has (``tests.dealing``)."""
    left_out = set(dealing.left_out(items))
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish():
    """Look for garbage less often: thousands of collected tests would be gone through each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def cheap_settings(tmp_path_factory):
    """Hash passwords quickly, keep uploads in a folder of the run, serve static files as they lie.

    Each is looked for when it is asked for: every client of every test would list all of them otherwise.
    """
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    files = "django.core.files.storage.FileSystemStorage"
    with override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES={"default": {"BACKEND": files}, "staticfiles": {"BACKEND": plain}},
        MEDIA_ROOT=tmp_path_factory.mktemp("media"),
        STATIC_ROOT=tmp_path_factory.mktemp("static"),
        WHITENOISE_AUTOREFRESH=True,
        THROTTLE=0,  # all tests come from one address
        UPLOAD_FLOOR=0,  # the disk of who tests may be as full as it is
        ACCESS_LOG_FOLDER="",  # the database of a test forgets its chain, a file beside it would not
    ):
        yield


@contextmanager
def files_removed() -> Iterator[None]:
    """Remove the files that were stored meanwhile: their rows go with a transaction, the files would not."""
    before = stored()
    yield
    for path in stored() - before:
        path.unlink()


@pytest.fixture(scope="session", autouse=True)
def sign_ins_are_rarely_written():
    """Let no page ask more only because the one before it was a minute ago, as on a slow machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "WRITE_EVERY", 5 * sessions.WRITE_EVERY)
        yield


@pytest.fixture(autouse=True)
def walks_that_were_walked(request, monkeypatch, _django_db_marker):
    """Let factories lay again what they walked before, while nothing else has written (tests.retracing)."""
    HERE.begin(set(request.fixturenames), monkeypatch)


@pytest.fixture(autouse=True)
def nobody_from_the_test_before():
    """Forget who asked last: a test may leave an answer that is sent piece by piece unfinished."""
    yield
    access_log.begin()


@pytest.fixture(autouse=True)
def no_files_left_over():
    """End each test without its uploads; what a fixture of the module stored stays for its next test."""
    with files_removed():
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory):
    """Put a SQLite test database into the folder of this run, so that two runs never share one.

    It does not wait for the disk, as the private PostgreSQL does not: nobody needs it after a power cut.
    """
    for connection in connections.all():
        if connection.vendor == "sqlite":
            folder, options = tmp_path_factory.mktemp("database"), connection.settings_dict["OPTIONS"]
            connection.settings_dict["TEST"]["NAME"] = str(folder / "portal.sqlite3")
            options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Make the database and load the reference data once; every test's transaction sees it."""
    with django_db_blocker.unblock():
        with_roles(connections["default"])
        load_reference()
        INSTALLED.remember()
    TransactionTestCase._fixture_teardown = empty_databases


def with_roles(connection) -> None:
    """Where requests have roles of their own, make them, and let the owner who tests take each."""
    if connection.settings_dict["ENGINE"] == "portal.fenced":
        call_command("database_roles", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(f"GRANT {', '.join(asking.ROLES)} TO CURRENT_USER")


def empty_databases(_case: TransactionTestCase) -> None:
    """End a test that really committed: the guards refuse Django's flush, and reference data must stay."""
    INSTALLED.restore()


@pytest.fixture(scope="module")
def for_the_module(django_db_setup, django_db_blocker):
    """Let what fixtures of a module write stand before each of its tests, until the module is done."""
    with files_removed(), django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="session")
def chromium():
    """Start headless Chromium once; without it skip aloud, or fail where the environment wants a browser."""
    needs(CHROMIUM, wanted_by="PORTAL_REQUIRE_BROWSER", hint=" (set CHROMIUM to the path of a browser)")
    from playwright.sync_api import sync_playwright

    # Playwright's event loop runs in this thread from here on; Django would take our code for asynchronous.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium, live_server):
    """Give a page of a fresh browser at the address of a running server; scripts that fail, fail the test."""
    context = chromium.new_context(base_url=live_server.url, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(PATIENCE)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.extend(_complaint(message)))
    yield page
    context.close()
    assert errors == []


def _complaint(message) -> list[str]:
    answered = message.text.startswith("Failed to load resource")  # a 404 or 409 page is an answer
    return [message.text] if message.type == "error" and not answered else []
