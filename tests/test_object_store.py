"""Files in a store that speaks S3: what the portal does with them is what it does with a folder."""

import hashlib

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import override_settings

from portal import jobs, stores, verify
from portal.models import Job, JobStatus
from portal.settings import store
from tests.job_kinds import text_of
from tests.object_store import object_store


@pytest.fixture
def objects(monkeypatch):
    """The objects of an empty store that the portal uses by its variables; name → bytes."""
    with object_store() as (address, found):
        monkeypatch.setenv("PORTAL_S3_ENDPOINT", address)
        monkeypatch.setenv("PORTAL_S3_ACCESS_KEY", "portal")
        monkeypatch.setenv("PORTAL_S3_SECRET_KEY", "secret")
        with override_settings(STORAGES=settings.STORAGES | {"default": store("bucket")}):
            yield found
            default_storage.connection.meta.client.close()


def test_without_a_bucket_files_lie_in_the_folder():
    assert store("") == {"BACKEND": "django.core.files.storage.FileSystemStorage"}


def test_a_file_is_stored_listed_read_and_removed(objects):
    name = default_storage.save("attachments/ab/1.bin", ContentFile(b"x" * 3_000_000))

    with default_storage.open(name) as file:
        pieces = [len(piece) for piece in file.chunks(2**20)]
    assert objects == {"/bucket/attachments/ab/1.bin": b"x" * 3_000_000}
    assert (sum(pieces), max(pieces), default_storage.size(name)) == (3_000_000, 2**20, 3_000_000)
    assert default_storage.listdir("attachments") == (["ab"], [])
    assert default_storage.listdir("attachments/ab") == ([], ["1.bin"])
    default_storage.delete(name)
    assert (objects, default_storage.exists(name)) == ({}, False)


def test_a_second_file_of_a_name_does_not_replace_the_first(objects):
    names = [default_storage.save("attachments/1.bin", ContentFile(text)) for text in (b"one", b"two")]

    assert [objects[f"/bucket/{name}"] for name in names] == [b"one", b"two"]


@pytest.mark.django_db
def test_a_job_uploads_its_file_and_leaves_nothing_on_the_host(objects):
    job = jobs.enqueue("lines", title="云上")

    outcome = jobs.execute(job.pk)

    job = Job.objects.get(pk=job.pk)
    content = text_of("云上").encode()
    assert (outcome, job.status) == ("done", JobStatus.DONE)
    assert objects == {f"/bucket/{job.file}": content}
    assert (job.size, job.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert [found for found in stores.files_of(job.pk) if found.is_local] == []
    assert list(verify.faults()) == []
