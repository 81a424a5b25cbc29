"""Packages for tests: made by the domain or fetched from the page, and read back file by file."""

import hashlib
import zipfile
from datetime import UTC, datetime
from io import BytesIO

from django.urls import reverse

from portal import attachments, package
from portal.models import Attachment, Campaign, Filing
from tests import factories
from tests.factories import WEIFANG

PDF = b"%%PDF-1.4\n%%%%EOF %b"
PAPERS = ["报送函.docx", "汇总一览表.xlsx", "全部表格.pdf"]
REASON = {"reason": "演示报送"}
NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


def found(campaign: Campaign, place: str = WEIFANG, user=None) -> package.Contents | None:
    """Return what the package of a bureau holds as ``user``, else its own reviewer, finds it."""
    return package.find(user or factories.reviewer(place), campaign.pk, place)


def packed(campaign: Campaign, place: str = WEIFANG, *, at: datetime = NOON) -> bytes:
    """Return the zip of a bureau's package."""
    target = BytesIO()
    package.write(found(campaign, place), target, by=factories.reviewer(place), at=at)
    return target.getvalue()


def opened(data: bytes) -> dict[str, bytes]:
    """Return path → content of a zip, in the order of the zip."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def address(campaign: Campaign, place: str = WEIFANG) -> str:
    """Return the address of the page of a bureau's package."""
    return reverse("campaign-package", args=[campaign.pk, place])


def fetched(client, user, campaign: Campaign, place: str = WEIFANG) -> bytes:
    """Return the zip as ``user`` downloads it."""
    factories.sign_in(client, user)
    answer = client.post(address(campaign, place), REASON)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def attach(record: Filing, name: str, content: bytes, slot: str = "stamped_scan") -> Attachment:
    """Add a file to a draft as its bureau does."""
    return attachments.add(record, slot, BytesIO(content), name, by=factories.filer(record.region_id))


def with_files(campaign: Campaign, files: dict[str, bytes], place: str = WEIFANG, **changes) -> Filing:
    """Return a submitted answer with these stamped scans."""
    record = factories.draft(campaign.kind, place=place, **changes)
    for name, content in files.items():
        attach(record, name, content)
    return factories.act(record, "submit", factories.filer(place))


def without_receipt(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files of a package but the receipt, which says who made it and when."""
    return {name: content for name, content in files.items() if name != "回执.txt"}


def listed(receipt: bytes) -> dict[str, tuple[int, str]]:
    """Return file → (bytes, SHA-256) as a receipt lists them."""
    lines = receipt.decode("utf-8-sig").split("二、包内文件")[1].splitlines()[2:]
    return {path: (int(size), digest) for _, path, size, digest in (line.split("\t") for line in lines)}


def digests(files: dict[str, bytes]) -> dict[str, tuple[int, str]]:
    """Return file → (bytes, SHA-256) as they are."""
    return {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in without_receipt(files).items()
    }


def inner_digests(files: dict[str, bytes], path: str) -> dict[str, tuple[int, str]]:
    """Return file → (bytes, SHA-256) of what is in an archive of a package, as the receipt names it."""
    return {f"{path}/{name}": found for name, found in digests(opened(files[path])).items()}


def comparable(taken: dict) -> dict:
    """Return what a sheet holds of a filing: every word and every row."""
    return {name: taken[name] for name in ("title", "organisation", "explanation", "sections", "tables")}
