"""Files joining and leaving a filing: what is stored, what is refused, and that nothing is ever left over."""

import hashlib
import resource
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings

from portal import attachments, catalogue, registry, workflow
from portal.examples import FILES
from portal.models import Attachment, Filing
from portal.registry import STAMPED_SCAN
from portal.vocabulary import State
from portal.workflow import Refused
from tests import factories, films
from tests.copies import many_filings
from tests.factories import act, filer, reviewer
from tests.races import race

pytestmark = pytest.mark.django_db
LIMIT = registry.get("skill-brands").all_slots[STAMPED_SCAN].most_bytes
KIND = "city-training-brands"


def pdf(mark: object = "") -> bytes:
    """Return a scan unlike any other with another mark."""
    return b"%PDF-1.7\n%" + str(mark).encode() + b"\n%%EOF"


def add(record, content: bytes = b"", name="扫描件.pdf", *, slot=STAMPED_SCAN, by=None) -> Attachment:
    file = content if hasattr(content, "read") else BytesIO(content or pdf())
    return attachments.add(record, slot, file, name, by=by or filer(record.region_id))


def refusal(record, *args, **options) -> str:
    with pytest.raises(Refused) as caught:
        add(record, *args, **options)
    return str(caught.value)


def on_disk() -> set[str]:
    """Return the names of all stored files."""
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)) for path in root.glob("attachments/**/*") if path.is_file()}


def in_rows() -> set[str]:
    """Return the names of all files that a row knows."""
    pairs = Attachment.objects.values_list("file", "display")
    return {name for pair in pairs for name in pair if name}


@pytest.fixture
def draft() -> Filing:
    return factories.draft("skill-brands")


def test_a_file_is_stored_under_a_name_of_ours_with_its_digest_and_what_was_measured(draft):
    content = films.located()

    added = add(draft, content, "局长张三13900000000.JPG")

    assert (added.name, added.size, added.sha256) == (
        "局长张三13900000000.JPG",
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    assert (added.media_type, added.facts) == ("image/jpeg", {"format": "JPEG", "width": 400, "height": 200})
    with added.file.open() as kept:
        assert kept.read() == content
    assert on_disk() == {added.file.name, added.display.name} == in_rows()
    assert [name.split("/")[:2] for name in sorted(on_disk())] == [["attachments", str(draft.pk)]] * 2
    assert "张三" not in " ".join(on_disk())


NAMES = {
    "../../etc/passwd.pdf": "passwd.pdf",
    "..\\..\\x.pdf": "x.pdf",
    "C:\\桌面\\扫描.pdf": "扫描.pdf",
    "a\u202efdp.pdf": "afdp.pdf",
    "a\r\nSet-Cookie: x.pdf": "a Set-Cookie: x.pdf",
    "a\0b.pdf": "ab.pdf",
    "": "未命名.pdf",
    "...": "....pdf",
    "CON": "CON.pdf",
    "x" * 300 + ".pdf": "x" * 196 + ".pdf",
    "scan.jpg": "scan.pdf",
    "scan": "scan.pdf",
    "scan.exe": "scan.exe.pdf",
    "二〇二一年.报告": "二〇二一年.报告.pdf",
}


@pytest.mark.parametrize(("given", "kept"), NAMES.items(), ids=range(len(NAMES)))
def test_a_name_is_kept_without_what_could_harm_and_with_the_suffix_of_its_content(draft, given, kept):
    assert add(draft, pdf(), given).name == kept


REFUSED = {
    "a program": (
        b"MZ\x90\0" + bytes(60),
        "文件内容是Windows 程序，不是文件（PDF、JPG、JPEG、PNG），没有保存；",
    ),
    "nothing": (BytesIO(), attachments.EMPTY),
    "one byte too many": (BytesIO(b"%PDF-1.7\n" + bytes(LIMIT)), "文件超过20MB，没有保存；"),
    "a picture that is cut off": (films.picture(size=(900, 900))[:3000], "图片不完整或已损坏，没有保存；"),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_leaves_neither_row_nor_file(draft, content, sentence):
    said = refusal(draft, content)

    assert said.startswith(sentence)
    assert (Attachment.objects.count(), on_disk()) == (0, set())


def test_a_file_of_exactly_the_limit_is_taken(draft):
    head, tail = b"%PDF-1.7\n", b"\n%%EOF"

    added = add(draft, head + bytes(LIMIT - len(head) - len(tail)) + tail)

    assert added.size == LIMIT


def test_a_slot_takes_so_many_files_and_no_more(draft):
    for number in range(5):
        add(draft, pdf(number))

    assert refusal(draft, pdf("sixth")) == "盖章扫描件最多5个文件，没有保存；请先移除一个再上传。"
    assert on_disk() == in_rows()


def test_the_same_content_is_taken_once_per_filing(draft):
    add(draft, pdf(), "甲.pdf")

    assert refusal(draft, pdf(), "乙.pdf") == attachments.TWICE
    assert add(factories.draft("skill-brands"), pdf(), "乙.pdf").name == "乙.pdf"
    assert on_disk() == in_rows()


def test_only_the_bureaus_filer_adds_and_removes(draft):
    added = add(draft)

    for other in (filer("3708"), filer(factories.KUIWEN), reviewer(), factories.sysadmin()):
        assert refusal(draft, pdf("other"), by=other) == attachments.NOT_YOURS
        with pytest.raises(Refused, match=attachments.NOT_YOURS):
            attachments.remove(added, by=other)
    assert list(draft.attachments.current()) == [added]


def test_a_slot_the_form_does_not_have_takes_nothing(draft):
    assert refusal(draft, slot="pictures") == attachments.NO_SLOT


def test_what_is_submitted_keeps_its_files_as_they_are(draft):
    added = add(draft)
    submitted = act(draft, "submit", filer())

    assert refusal(submitted, pdf("late")) == attachments.SUBMITTED
    with pytest.raises(Refused, match=attachments.SUBMITTED):
        attachments.remove(Attachment.objects.get(pk=added.pk), by=filer())
    assert on_disk() == in_rows() == {added.file.name}


class Meanwhile(BytesIO):
    """A file during whose upload something happens."""

    def __init__(self, content: bytes, happens):
        super().__init__(content)
        self.happens = happens

    def read(self, *args):
        chunk = super().read(*args)
        if not chunk:
            self.happens()
        return chunk


def test_a_filing_submitted_during_an_upload_does_not_get_the_file(draft):
    upload = Meanwhile(pdf() + bytes(9000) + b"%%EOF", lambda: act(draft, "submit", filer()))

    assert refusal(draft, upload) == attachments.SUBMITTED
    assert (on_disk(), draft.versions.get().snapshot["files"]) == (set(), [])


def test_an_upload_that_is_cut_off_leaves_nothing(draft):
    def cut():
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        add(draft, Meanwhile(pdf() + bytes(9000), cut))
    assert (Attachment.objects.count(), on_disk()) == (0, set())


@contextmanager
def no_file_beyond(most: int):
    """Let the kernel refuse to write more than ``most`` bytes into one file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_said_in_words_and_leaves_no_part_of_the_file(draft):
    add(draft, pdf("before"))
    before = on_disk()

    with no_file_beyond(16 * 2**20):
        said = refusal(draft, b"%PDF-1.7\n" + bytes(19 * 2**20) + b"%%EOF")

    assert said == attachments.NO_ROOM
    assert on_disk() == before == in_rows()


def test_an_amendment_begins_with_the_files_in_force_and_without_the_old_seal(
    django_capture_on_commit_callbacks,
):
    record = factories.draft(KIND)
    add(record)
    for action, by, arguments in factories.road(record, State.APPROVED):
        record = act(record, action, by, **arguments)
    amended = catalogue.amend(factories.publish(record), by=filer())
    pictures = amended.attachments.filter(slot="pictures")

    attachments.remove(pictures.first(), by=filer())
    with django_capture_on_commit_callbacks(execute=True):
        attachments.discard(amended.attachments.all())

    held = {
        slot: amended.attachments.filter(slot=slot).count() for slot in ("pictures", "video", STAMPED_SCAN)
    }
    assert held == {"pictures": 4, "video": 1, STAMPED_SCAN: 0}
    assert {one.file.name for one in amended.attachments.all()} < {
        one.file.name for one in record.attachments.all()
    }
    assert on_disk() == in_rows()


def test_the_example_files_of_the_slots_are_all_taken():
    record = factories.draft(KIND)

    kept = {
        slot: sorted(a.name for a in record.attachments.filter(slot=slot)) for slot in ("pictures", "video")
    }

    assert kept == {
        "pictures": [f"picture-{number}.jpg" for number in range(1, 6)],
        "video": [(FILES / "video.mp4").name],
    }


ROUNDS = 40


@pytest.mark.django_db(transaction=True)
def test_a_file_that_joins_as_the_filing_is_submitted_is_in_the_version_or_nowhere():
    filings = many_filings(ROUNDS, "skill-brands", State.DRAFT)
    by = filer()

    def joining(filing):
        return attachments.add(filing, STAMPED_SCAN, BytesIO(pdf(filing.pk)), "a.pdf", by=by)

    def submitting(filing):
        return workflow.perform(filing, "submit", by=by, version=filing.version)

    outcomes = race(filings, joining, submitting)

    for filing, (joined, submitted) in zip(filings, outcomes, strict=True):
        held = [one["id"] for one in filing.versions.get().snapshot["files"]]
        assert not isinstance(submitted, Exception)
        assert held == ([joined.pk] if isinstance(joined, Attachment) else [])
        assert held == list(filing.attachments.values_list("pk", flat=True))
        assert isinstance(joined, Attachment) or str(joined) == attachments.SUBMITTED
    assert on_disk() == in_rows()


@pytest.mark.django_db(transaction=True)
def test_files_removed_while_the_filing_is_submitted_are_in_the_version_or_gone():
    filings, by = many_filings(ROUNDS // 2, "skill-brands", State.DRAFT), filer()
    stored = attachments.add(filings[0], STAMPED_SCAN, BytesIO(pdf()), "a.pdf", by=by)
    for filing in filings:
        Attachment.objects.bulk_create(copy_of(stored, filing, number) for number in range(12))

    def removing(filing):
        for attachment in filing.attachments.order_by("pk"):
            attachments.remove(attachment, by=by)

    def submitting(filing):
        return workflow.perform(filing, "submit", by=by, version=filing.version)

    race(filings, removing, submitting)

    for filing in filings:
        held = [one["id"] for one in filing.versions.get().snapshot["files"]]
        assert held == list(filing.attachments.current().order_by("pk").values_list("pk", flat=True))


def copy_of(attachment: Attachment, filing, number: int) -> Attachment:
    """Return another row for a stored file, as amendments share them; each stands for content of its own."""
    facts = {"slot": attachment.slot, "name": attachment.name, "media_type": attachment.media_type}
    digest = f"{number:064}"
    return Attachment(
        filing_id=filing.pk, file=attachment.file.name, size=1, sha256=digest, uploaded_by=filer(), **facts
    )


@pytest.mark.django_db(transaction=True)
def test_of_two_who_upload_the_same_file_at_once_one_is_told():
    filings = many_filings(ROUNDS // 2, "skill-brands", State.DRAFT)
    by = filer()

    def joining(filing):
        return attachments.add(filing, STAMPED_SCAN, BytesIO(pdf()), "a.pdf", by=by)

    outcomes = race(filings, joining, joining)

    told = [sorted(str(one) for one in pair if isinstance(one, Exception)) for pair in outcomes]
    assert told == [[attachments.TWICE]] * len(filings)
    assert on_disk() == in_rows()
