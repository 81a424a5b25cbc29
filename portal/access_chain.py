"""The hash chain over the access records: sealed in order, anchored every day, checked.

Nobody who writes a record waits for the chain: whoever seals gives all that wait their places in one go.
Two who seal at once cannot both: a place is given once. Hash: SHA-256, or SM3 (GB/T 32905) by one setting.
GB/T 22239-2019 8.1.4.7 b.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from portal import access_log
from portal.models import AccessAnchor, AccessArchive, AccessRecord, AccessSeal, AccessSubject

BATCH = 5000
OUT_OF_ORDER = 50_000  # records within which one that was committed late is looked for
LATE = timedelta(hours=2)  # a record is committed this much later than another at most, clocks put right
FIELDS = (
    *("id", "at", "act", "result", "user_id", "username", "name", "organisation_id", "organisation_name"),
    *("roles", "object_type", "object_id", "object_name", "subject", "request_id", "address", "details"),
)
ANCHORS, HEAD = "anchors.txt", "head.txt"
_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
Progress = Callable[[int, int], None]


def link(algorithm: str, number: int, previous: str, facts: tuple) -> str:
    """Return the hash of a record at its place; ``facts`` are the values of ``FIELDS``."""
    at: datetime = facts[1]
    said = [algorithm, number, previous, facts[0], at.astimezone(UTC).isoformat(timespec="microseconds")]
    return hashlib.new(algorithm, _dump([*said, *facts[2:]]).encode()).hexdigest()


def end() -> tuple[int, str]:
    """Return number and hash of the last record that was sealed, those that were archived included."""
    last = AccessSeal.objects.order_by("-number").values_list("number", "hash").first()
    return last or beginning()


def beginning() -> tuple[int, str]:
    """Return number and hash of what the chain in the database goes on from."""
    last = AccessArchive.objects.order_by("-number").values_list("number", "hash").first()
    return last or (0, "")


def seal(*, thorough: bool = False) -> int:
    """Give all records that wait their places, and return how many; ``thorough`` looks at all there are."""
    after, sealed = (0 if thorough else _floor()), 0
    while True:
        try:
            found, after = _seal_batch(after)
        except IntegrityError:  # somebody else gave these places at this moment
            return sealed
        sealed += found
        if found < BATCH:
            break
    if sealed:
        _write_head(end())
    return sealed


def _floor() -> int:
    """Return a record before which all have their places."""
    number = end()[0] - OUT_OF_ORDER
    return AccessSeal.objects.filter(number=number).values_list("record_id", flat=True).first() or 0


def _seal_batch(after: int) -> tuple[int, int]:
    with transaction.atomic():
        number, previous = end()
        rows = list(_waiting().filter(pk__gt=after).order_by("pk").values_list(*FIELDS)[:BATCH])
        seals, algorithm = [], settings.ACCESS_LOG_HASH
        for row in rows:
            number += 1
            previous = link(algorithm, number, previous, row)
            seals.append(AccessSeal(number=number, record_id=row[0], algorithm=algorithm, hash=previous))
        AccessSeal.objects.bulk_create(seals, batch_size=1000)
    return len(rows), rows[-1][0] if rows else after


def _waiting():
    return AccessRecord.objects.filter(~Exists(AccessSeal.objects.filter(record=OuterRef("pk")).values("pk")))


def waiting() -> int:
    """Return how many of the latest records have no place yet."""
    return _waiting().filter(pk__gt=_floor()).count()


def anchor() -> AccessAnchor | None:
    """Write down where the chain ends today, once a day, in the database and in the file beside it."""
    number, last = end()
    if not number:
        return None
    today = {"number": number, "hash": last, "made_at": timezone.now()}
    found, is_new = AccessAnchor.objects.get_or_create(day=timezone.localdate(), defaults=today)
    if is_new and (folder := _folder()):
        with (folder / ANCHORS).open("a") as file:
            file.write(f"{found.day} {found.number} {found.hash}\n")
            file.flush()
            os.fsync(file.fileno())
    return found


def _folder() -> Path | None:
    if not settings.ACCESS_LOG_FOLDER:
        return None
    folder = Path(settings.ACCESS_LOG_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_head(last: tuple[int, str]) -> None:
    if folder := _folder():
        scratch = folder / f"{HEAD}.{os.getpid()}"
        scratch.write_text(f"{last[0]} {last[1]}\n")
        scratch.replace(folder / HEAD)


def faults(progress: Progress = lambda done, total: None) -> Iterator[str]:
    """Yield a line for each place where the chain is not what was sealed, with its number."""
    number, previous = beginning()
    total, anchors, before, newest = end()[0], _anchors(), None, None
    yield from _against(anchors, number, previous)
    for row in sealed(number):
        place, algorithm, said, facts = row[0], row[1], row[2], row[3:]
        is_next = place == number + 1
        if not is_next:
            yield _missing(number + 1, place - 1)
        elif link(algorithm, place, previous, facts) != said:
            yield f"访问记录：序号 {place} 的内容与封存时不符。"
        if before and facts[1] < before - LATE:
            yield f"访问记录：序号 {place} 的时间早于前一条，可能是事后补写的。"
        if '"numbers"' in facts[-1]:
            yield from _of_numbers(place, facts)
        yield from _against(anchors, place, said)
        number, previous, before = place, said, facts[1]
        newest = max(newest or before, before)
        if not place % BATCH:
            progress(place, total)
    yield from _cut_off(number, anchors)
    yield from _unsealed(newest)


def _missing(first: int, last: int) -> str:
    return f"访问记录：缺少序号 {first}。" if first == last else f"访问记录：缺少序号 {first} 至 {last}。"


def sealed(after: int) -> Iterator[tuple]:
    """Yield the seals with their records by number; a seal whose record is gone is left out."""
    columns = ("number", "algorithm", "hash", *(f"record__{name}" for name in FIELDS))
    while rows := list(
        AccessSeal.objects.filter(number__gt=after).order_by("number").values_list(*columns)[:BATCH]
    ):
        yield from rows
        after = rows[-1][0]


def _anchors() -> dict[int, list[tuple[str, str]]]:
    """Return number → (where it is written down, hash): the rows, the file beside the database, its head."""
    found: dict[int, list[tuple[str, str]]] = {}
    for day, number, said in AccessAnchor.objects.values_list("day", "number", "hash"):
        found.setdefault(number, []).append((f"{day} 的锚点", said))
    for place, line in _written():
        *day, number, said = line.split()
        found.setdefault(int(number), []).append((f"{place}{' ' if day else ''}{''.join(day)}", said))
    return found


def _written() -> Iterator[tuple[str, str]]:
    folder = _folder()
    for name in (ANCHORS, HEAD):
        if folder and (folder / name).exists():
            yield from ((f"文件 {name}", line) for line in (folder / name).read_text().splitlines())


def _against(anchors: dict, number: int, said: str) -> Iterator[str]:
    for place, anchored in anchors.get(number, ()):
        if anchored != said:
            yield f"访问记录：序号 {number} 与{place}不符。"


def _cut_off(number: int, anchors: dict) -> Iterator[str]:
    """Yield what is written down to have been sealed after the last record there is."""
    last = max([place for place in anchors if place > number], default=0)
    seals = AccessSeal.objects.order_by("-number").values_list("number", flat=True).first() or 0
    if max(last, seals) > number:
        yield _missing(number + 1, max(last, seals))


def _unsealed(newest: datetime | None) -> Iterator[str]:
    """Yield the records without a place that say they were written before those that have one."""
    if newest is None:
        return
    for key, at in _waiting().filter(at__lt=newest - LATE).order_by("pk").values_list("pk", "at")[:BATCH]:
        before = AccessSeal.objects.filter(record__at__lte=at).order_by("-number").values_list("number")
        place = before.first() or (beginning()[0],)
        yield f"访问记录：序号 {place[0]} 之后有一条没有封存的记录（编号 {key}），可能是事后补写的。"


def _of_numbers(place: int, facts: tuple) -> Iterator[str]:
    found = AccessSubject.objects.filter(record=facts[0]).values_list("digest", flat=True)
    if json.loads(facts[-1])["numbers_hash"] != access_log.whole(found):
        yield f"访问记录：序号 {place} 涉及的联系方式与封存时不符。"
