"""Invariants of registered history: two people, the document in every event, its files as they were sent."""

from collections.abc import Iterable, Iterator

from django.core.files.storage import default_storage
from django.utils import timezone

from portal import historical, stores
from portal.models import Event, Filing, Import, ImportPurpose, Registration
from portal.verify.files import UNDER_WAY
from portal.vocabulary import State

CHUNK = 500


def of_registrations() -> Iterator[str]:
    """Yield the faults of all registrations, of what stands by them and of what lies in their folder."""
    found = Registration.objects.select_related("upload").order_by("pk")
    for one in found.iterator(chunk_size=CHUNK):
        yield from (f"历史登记 {one.pk}：{said}" for said in _of_people(one))
        yield from (f"历史登记 {one.pk}：{said}" for said in _of_files(one))
    yield from _of_filings()
    yield from _of_folder()


def _of_people(one: Registration) -> Iterator[str]:
    upload = one.upload
    if upload.committed_at and upload.confirmed_by_id == upload.created_by_id:
        yield "准备人与确认人是同一人。"
    if upload.purpose != ImportPurpose.HISTORY:
        yield "上传的用途不是登记历史结果。"


def _of_files(one: Registration) -> Iterator[str]:
    """The sheet of what was given up is removed; everything else stays as it was sent."""
    kept = [(one.document.name, one.document_size, one.document_sha256)]
    if one.upload.file:
        kept.append((one.upload.file, one.upload.size, one.upload.sha256))
    for name, size, sha256 in kept:
        if not default_storage.exists(name):
            yield f"文件 {name} 不存在。"
        elif stores.measured(name) != (size, sha256):
            yield f"文件 {name} 的内容与上传时不一致。"


def _of_filings() -> Iterator[str]:
    """What stands by a registration has its event, with the same document; nothing else is so marked."""
    marked = Filing.objects.filter(registration__isnull=False)
    for pk in marked.exclude(state=State.APPROVED).order_by("pk").values_list("pk", flat=True):
        yield f"填报 {pk}：不是审核通过，却以历史登记为据。"
    events = (
        Event.objects.filter(action="register").order_by("filing_id").select_related("filing__registration")
    )
    for event in events.iterator(chunk_size=CHUNK):
        yield from (f"填报 {event.filing_id}：{said}" for said in _of_event(event))
    unsaid = marked.exclude(pk__in=Event.objects.filter(action="register").values("filing"))
    for pk in unsaid.order_by("pk").values_list("pk", flat=True):
        yield f"填报 {pk}：以历史登记为据，没有登记的流转记录。"


def _of_event(event: Event) -> Iterator[str]:
    found = event.filing.registration
    if found is None:
        if event.filing.step == event.number:
            yield "有登记的流转记录，没有标明历史登记。"
        return
    told = event.details.get("registration"), event.details.get("document_sha256")
    if told != (found.pk, found.document_sha256):
        yield "登记的流转记录与历史登记的依据文件不一致。"


def _of_folder() -> Iterator[str]:
    """Yield each file that no registration knows, but for one that is being stored now."""
    if not default_storage.exists(historical.FOLDER):
        return
    known = set(Registration.objects.values_list("document", flat=True))
    uploads = Import.objects.filter(purpose=ImportPurpose.HISTORY)
    known |= {name for pair in uploads.values_list("file", "plan") for name in pair}
    for name in _names(default_storage.listdir(historical.FOLDER)[1]):
        if name not in known and timezone.now() - default_storage.get_modified_time(name) >= UNDER_WAY:
            yield f"文件 {name} 不属于任何历史登记。"


def _names(found: Iterable[str]) -> list[str]:
    return [f"{historical.FOLDER}/{name}" for name in sorted(found)]
