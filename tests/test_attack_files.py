"""A corpus of hostile files, posted through the real upload views: refused in words, and nothing is left.

Rows 37 to 39, 42 and 45, faults F16 to F19 and F23 to F25. Time and memory are those of the child that reads.
"""

import json
import subprocess
import sys
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer
from threading import Thread
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from portal.models import Attachment, Filing
from portal.sandbox import read_tables
from portal.verify.files import of_store
from portal.verify.imports import of_imports
from tests import attacking, factories, hostile_files
from tests.test_attachments import in_rows, on_disk
from tests.test_materials import bare_draft

pytestmark = pytest.mark.django_db

MOST_CPU, MOST_MEMORY = 5.0, 150 * 2**20
MEASURE = """
import json, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from portal.sandbox import Unreadable, read_tables
try:
    said = f"{len(read_tables(Path(sys.argv[1]), sys.argv[2]))} tables"
except Unreadable as refused:
    said = str(refused)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([said, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]))
"""
#: Harmless once they are read as they stand: the span ends with the sheet, the quotes are one text.
READ = ("merged over everything", "quotes without end")
HEAVY = {what: (content, suffix) for what, content, suffix in hostile_files.heavy(attacking.IS_LONG)}


@pytest.mark.parametrize("what", HEAVY)
def test_a_file_that_asks_for_more_than_it_is_worth_costs_little_and_is_refused(what, tmp_path):
    content, suffix = HEAVY[what]
    (tmp_path / "sent").write_bytes(content)
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "sent"), suffix, str(settings.BASE_DIR)]

    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    said, seconds, memory = json.loads(answer.stdout)

    with attacking.figures() as counted:
        is_refused = said.endswith("。") and "没有保存任何内容" in said
        counted.update(cases=1, refused=is_refused, broken=seconds > MOST_CPU or memory > MOST_MEMORY)
    assert is_refused or (what, said) in [(name, "1 tables") for name in READ]
    assert (seconds < MOST_CPU, memory < MOST_MEMORY) == (True, True), (seconds, memory)


SHEETS = {what: one for what, one in hostile_files.HOSTILE.items() if one[1] != ".docx"}
KEPT_SHORT = [*SHEETS] if attacking.IS_LONG else [*SHEETS][::4]


def test_no_hostile_sheet_gets_through_the_door_of_imports():
    client, faults = Client(raise_request_exception=False), {}
    client.force_login(factories.filer())

    with attacking.figures() as counted:
        for what in KEPT_SHORT:
            content, suffix, _ = SHEETS[what]
            status = _imported(client, f"报送{suffix}", content)
            counted.update({"cases": 1, "refused": status == 422, "5xx": status >= 500})
            faults |= {what: status} if status >= 500 else {}

    assert faults == {}
    assert [*of_store(), *of_imports()] == []  # no file that no row knows
    assert Filing.objects.count() == 0


def _imported(client: Client, name: str, content: bytes) -> int:
    file = SimpleUploadedFile(name, content, "application/octet-stream")
    return client.post(reverse("filing-import"), {"type": "building-units", "file": file}).status_code


def put(client: Client, record: Filing, slot: str, name: str, content: bytes):
    """Send a file as the script of the page does."""
    place, kind = reverse("filing-upload", args=[record.pk, slot]), "application/octet-stream"
    return client.put(place, content, content_type=kind, headers={"X-File-Name": quote(name)})


def test_no_picture_video_or_scan_is_taken_for_what_its_name_says():
    record, client, taken = bare_draft(), Client(raise_request_exception=False), {}
    client.force_login(factories.filer())

    with attacking.figures() as counted:
        for what, (slot, name, content) in hostile_files.media_files().items():
            answer = put(client, record, slot, name, content)
            told = answer.json().get("message", "") if answer["Content-Type"] == "application/json" else ""
            is_refused = answer.status_code == 422 and told.endswith("。")
            counted.update({"cases": 1, "refused": is_refused, "5xx": answer.status_code >= 500})
            taken |= {} if is_refused else {what: (answer.status_code, told)}

    assert taken == {}
    assert (Attachment.objects.count(), on_disk()) == (0, set())


def test_a_polyglot_is_shown_as_a_copy_without_its_script_and_served_as_no_page():
    record, client = bare_draft(), Client()
    client.force_login(factories.filer())
    slot, _, content = hostile_files.media_files()["a polyglot as video"]

    status = put(client, record, "pictures", "a.jpg", content).status_code
    (kept,) = Attachment.objects.all()
    copy = client.get(reverse("attachment-display", args=[kept.pk]))
    file = client.get(reverse("attachment", args=[kept.pk]))

    assert (status, slot) == (201, "video")
    assert b"<script>" not in b"".join(copy.streaming_content)
    assert file["Content-Disposition"].startswith("attachment")
    assert (file["X-Content-Type-Options"], file["Content-Type"]) == ("nosniff", "image/jpeg")
    assert "sandbox" in file["Content-Security-Policy"]
    file.close()


def test_no_name_leads_out_of_the_store_or_into_a_header():
    record, client, root = bare_draft(), Client(raise_request_exception=False), Path(settings.MEDIA_ROOT)
    client.force_login(factories.filer())

    with attacking.figures() as counted:
        for number, name in enumerate(hostile_files.NAMES):
            status = put(
                client, record, "stamped_scan", name, b"%PDF-1.7\n%" + bytes([65 + number]) + b"\n%%EOF"
            )
            counted.update({"cases": 1, "5xx": status.status_code >= 500})

    rows = list(Attachment.objects.order_by("pk"))
    sent = [client.get(reverse("attachment", args=[row.pk])) for row in rows]
    assert [r.name for r in rows if set(r.name) & set("/\\\r\n\x00\u202e") or len(r.name) > 200] == []
    assert {(root / name).resolve().is_relative_to(root.resolve()) for name in in_rows()} <= {True}
    assert [r.file.name for r in rows if not r.file.name.isascii() or ".." in r.file.name] == []
    assert [answer.status_code for answer in sent] == [200] * len(rows)
    assert not any(set("\r\n") & set(answer["Content-Disposition"]) for answer in sent)
    for answer in sent:
        answer.close()


class Listener(BaseRequestHandler):
    """Notes that somebody came."""

    def handle(self) -> None:
        """Say nothing."""
        self.server.came.append(self.client_address)


def test_a_document_that_names_another_server_fetches_nothing():
    with TCPServer(("127.0.0.1", 0), Listener) as server:
        server.came = []
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        tables = read_tables(
            hostile_files.remote(f"http://127.0.0.1:{server.server_address[1]}/x.dotm"), ".docx"
        )
        server.shutdown()

    assert [table.rows for table in tables] == [[["品牌项目名称", "甲"]]]
    assert server.came == []
