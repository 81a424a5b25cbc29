"""Files on disk are those of the rows: each planted difference is one line, and a whole store is none."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from portal import verify
from portal.vocabulary import State
from tests import factories, films
from tests.test_attachments import add

pytestmark = pytest.mark.django_db
LONG_AGO = (timezone.now() - timedelta(hours=1)).timestamp()


def stored(name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / name


@pytest.fixture
def scan():
    """A picture in a draft."""
    return add(factories.draft("skill-brands"), films.picture(), "盖章.jpg")


def test_nothing_is_said_of_files_that_are_whole(scan):
    factories.filing("city-training-brands", State.APPROVED)

    assert list(verify.faults()) == []


@pytest.mark.parametrize("which", ["file", "display"])
def test_a_file_that_is_missing_is_named_by_its_number_only(scan, which):
    name = getattr(scan, which).name
    stored(name).unlink()

    assert list(verify.faults()) == [f"附件 {scan.pk}（填报 {scan.filing_id}）：文件 {name} 不存在。"]


@pytest.mark.parametrize(
    "change", [lambda data: data[:-1] + b"x", lambda data: data[:-1]], ids=["a byte", "the end"]
)
def test_a_file_that_was_changed_is_found_out(scan, change):
    path = stored(scan.file.name)
    path.write_bytes(change(path.read_bytes()))

    sentence = f"附件 {scan.pk}（填报 {scan.filing_id}）：文件 {scan.file.name} 的内容与上传时不一致。"
    assert list(verify.faults()) == [sentence]


def orphan(folder: str, *, fresh: bool) -> str:
    path = stored(f"attachments/{folder}/orphan")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    if not fresh:
        os.utime(path, (LONG_AGO, LONG_AGO))
    return f"文件 attachments/{folder}/orphan 不属于任何附件。"


def test_a_file_that_no_row_knows_is_named(scan):
    said = [orphan("0", fresh=True), orphan("x", fresh=True), orphan(str(scan.filing_id), fresh=False)]

    assert sorted(verify.faults()) == sorted(said)


def test_a_file_that_is_being_uploaded_now_is_none(scan):
    orphan(str(scan.filing_id), fresh=True)

    assert list(verify.faults()) == []


def test_nobody_uploads_to_what_is_submitted(scan):
    factories.act(scan.filing, "submit", factories.filer())

    said = orphan(str(scan.filing_id), fresh=True)

    assert list(verify.faults()) == [said]
