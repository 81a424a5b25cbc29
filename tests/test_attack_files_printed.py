"""Documents made of hostile words: they reach nobody, hold no way out and evaluate nothing (row 48)."""

import re
import zipfile
from html import unescape
from io import BytesIO
from socketserver import BaseRequestHandler, TCPServer
from threading import Thread
from urllib.request import urlopen

import pytest
from django.test import Client
from django.urls import reverse

from portal import registry
from portal.vocabulary import State
from tests import attacking, factories

pytestmark = pytest.mark.django_db
WORDS = """演示。#image("{at}a.png") #eval("1+1") #read("/etc/passwd") {{{{ 7*7 }}}} {{% debug %}} ${{7*7}}
<img src="{at}b.png"> <w:instrText>INCLUDEPICTURE "{at}c.png"</w:instrText> <!ENTITY x SYSTEM "{at}d">
=WEBSERVICE("{at}e") =HYPERLINK("{at}f","g") \\\\127.0.0.1\\share\\h {at}i"""
PRINTS = [(name, suffix) for name in ("filing-print", "circulation-print") for suffix in ("docx", "pdf")]


class Listener(BaseRequestHandler):
    """Notes who came and hangs up."""

    def handle(self) -> None:
        self.server.came.append(self.client_address)


@pytest.fixture
def listener():
    """Give a server of this machine that notes who comes."""
    with TCPServer(("127.0.0.1", 0), Listener) as server:
        server.came = []
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("kind", [t.slug for t in registry.all_types() if "advantage_people" in t.example])
def test_a_document_of_hostile_words_fetches_nothing_and_evaluates_nothing(kind, listener):
    at = f"http://127.0.0.1:{listener.server_address[1]}/"
    record = factories.filing(kind, State.CITY_REVIEW, advantage_people=WORDS.format(at=at))
    client = Client()
    client.force_login(factories.reviewer())

    with attacking.figures() as counted:
        made = {}
        for name, suffix in PRINTS:
            answer = client.get(reverse(name, args=[record.pk, suffix]))
            made[name, suffix] = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert answer.status_code == 200
        ways_out = {key: found for key, content in made.items() if (found := outward(content))}
        counted.update(cases=len(made), broken=len(ways_out) + len(listener.came))
        assert (ways_out, listener.came) == ({}, [])
        assert '#eval("1+1")' in unescape(text_of(made["filing-print", "docx"]))


def test_control_the_listener_notes_who_comes(listener):
    with pytest.raises(OSError):
        urlopen(f"http://127.0.0.1:{listener.server_address[1]}/", timeout=5)

    assert len(listener.came) == 1


def text_of(document: bytes) -> str:
    return zipfile.ZipFile(BytesIO(document)).read("word/document.xml").decode()


def outward(content: bytes) -> list[str]:
    """Return what in a document leads out of it: foreign parts, fields to be filled in, actions."""
    if content.startswith(b"%PDF"):
        return re.findall(r"/(?:URI|Launch|JavaScript|SubmitForm|ImportData)\b", content.decode("latin-1"))
    archive = zipfile.ZipFile(BytesIO(content))
    parts = {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}
    return [
        f"{name}: {found}"
        for name, part in parts.items()
        for found in re.findall(r'TargetMode="External"|<w:instrText|<!ENTITY|<f>|<w:fldSimple[^>]*>', part)
        if "PAGE" not in found
    ]
