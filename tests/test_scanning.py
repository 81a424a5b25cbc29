"""What the virus scanner finds is not kept, nor what it could not look at (row 47)."""

from contextlib import contextmanager
from datetime import date
from io import BytesIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage
from django.test import override_settings

from portal import attachments, edition_files, environment, historical, imports, registry, scanning
from portal.models import Attachment, Edition, Import
from portal.refusals import Refused
from portal.registry import STAMPED_SCAN
from tests import editing, factories, made_files
from tests.factories import PROVINCE, approver, filer, sign_in
from tests.retracing import stored
from tests.test_attachments import pdf
from tests.test_material_pages import post
from tests.virus_scanner import MOST, TEST_FILE, scanner

pytestmark = pytest.mark.django_db
KIND = "skill-brands"
SCAN, SHEET = pdf("甲"), made_files.xlsx([["品牌名称"], ["演示品牌"]])


def attached(harm: bytes) -> bytes:
    """Add a file to a draft; return what was kept of it."""
    found = attachments.add(factories.draft(KIND), STAMPED_SCAN, BytesIO(SCAN + harm), "甲.pdf", by=filer())
    return read(found.file.name)


def imported(harm: bytes) -> bytes:
    """Upload a sheet of drafts."""
    return read(imports.receive(SHEET + harm, "演示.xlsx", registry.get(KIND), by=filer()).file)


def issued(harm: bytes) -> bytes:
    """Join the document to an edition of a catalogue."""
    edition = Edition.objects.first() or editing.prepared()
    return read(edition_files.attach(edition, BytesIO(SCAN + harm), "通知.pdf", by=filer(PROVINCE)).file.name)


def registered(harm: bytes) -> bytes:
    """Upload results of former years with the document they rest on."""
    files = historical.Upload(BytesIO(SHEET), "表.xlsx"), historical.Upload(BytesIO(SCAN + harm), "文.pdf")
    said = {"document_number": "鲁人社函〔2023〕102号", "decided_on": date(2023, 4, 28)}
    return read(historical.prepare(registry.get(KIND), *files, by=approver(), **said).document.name)


@contextmanager
def asked():
    """Let a scanner be asked, and give it."""
    with scanner() as server, override_settings(SCANNER=server.server_address):
        yield server


def read(name: str) -> bytes:
    with default_storage.open(name) as file:
        return file.read()


def kept() -> tuple:
    """Return all files and rows of what was uploaded."""
    return (
        stored(),
        Attachment.objects.count(),
        Import.objects.count(),
        Edition.objects.exclude(file="").count(),
    )


WAYS = pytest.mark.parametrize("way", [attached, imported, issued, registered])


@WAYS
def test_the_scanner_is_shown_every_byte_that_is_kept(way):
    with asked() as server:
        content = way(b"%more")

    assert content in server.shown


@WAYS
def test_what_the_scanner_finds_leaves_no_file_and_no_row(way):
    before = kept()

    with asked(), pytest.raises(Refused) as caught:
        way(TEST_FILE)

    assert (str(caught.value), kept()) == (scanning.FOUND, before)


@WAYS
def test_while_the_scanner_is_away_nothing_is_kept_unless_the_operator_lets_it(way, caplog):
    with scanner() as server:
        gone = server.server_address
    before = kept()

    with override_settings(SCANNER=gone):
        with pytest.raises(Refused) as caught:
            way(b"%more")
        after = kept()
        with override_settings(SCANNER_OPTIONAL=True):
            content = way(b"%more")

    assert (str(caught.value), after, content.endswith(b"%more")) == (scanning.AWAY, before, True)
    assert {record.getMessage() for record in caplog.records} == {
        "the scanner did not look at an upload: ConnectionRefusedError ERROR"
    }


def test_a_file_too_long_for_the_scanner_is_not_kept():
    before = kept()

    with asked(), pytest.raises(Refused) as caught:
        attached(b"%" * (4 * MOST))

    assert (str(caught.value), kept()) == (scanning.AWAY, before)


def test_the_page_says_what_was_found_and_the_good_file_beside_it_stays(client):
    draft = factories.draft(KIND)
    sign_in(client, filer())

    with asked():
        answer = post(client, draft, ("好.pdf", SCAN), ("坏.pdf", pdf("乙") + TEST_FILE))

    assert (answer.status_code, scanning.FOUND in answer.content.decode()) == (422, True)
    assert [row.name for row in draft.attachments.current()] == ["好.pdf"]


@pytest.mark.parametrize("place", ["localhost", ":3310", "localhost:", "localhost:clamd"])
def test_an_address_that_is_none_is_refused_at_the_start(place):
    with pytest.raises(ImproperlyConfigured, match="PORTAL_SCANNER"):
        environment.scanner(place)


def test_an_address_is_a_socket_of_this_machine_or_a_host_with_its_port():
    places = ["", "/run/clamav/clamd.ctl", "scanner:3310", "[::1]:3310"]

    read = [environment.scanner(place) for place in places]

    assert read == ["", "/run/clamav/clamd.ctl", ("scanner", 3310), ("::1", 3310)]
