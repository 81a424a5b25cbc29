"""What is older than the term leaves the database for a signed file, and only then; never within six months.

The file is one JSON line for each record with its place and hash, between a head and a foot, compressed. The
foot is signed with the key of the installation; the chain in the database goes on from its last hash.
网络安全法（2016）第二十一条（三）; GB/T 22239-2019 8.1.5.4.
"""

import gzip
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from portal import access_chain, access_log
from portal.models import AccessArchive, AccessSeal, AccessSubject, Act
from portal.refusals import Refused

LEAST_DAYS = 184  # no six months are longer
MOVED = ".moved"  # a note in the place of an archive that is kept elsewhere: it says where
TOO_YOUNG = "访问记录至少保留六个月，{} 之后的记录不能归档。没有改动任何内容。"
NOT_WHOLE = "访问记录的封存摘要有 {} 处不符，没有归档，也没有删除。请先执行 manage.py verify_log 查明。"
NO_FOLDER = "没有设置审计文件的存放位置（PORTAL_ACCESS_LOG_FOLDER），没有归档。"
SPOILED = "归档文件 {} 写出后核对不符，没有删除任何记录。请检查存储后再执行。"


def term() -> date:
    """Return the day before which records have been kept long enough, as the setting says."""
    days = max(settings.ACCESS_LOG_DAYS, LEAST_DAYS)
    return timezone.localdate() - timedelta(days=days)


def archive(before: date | None = None) -> AccessArchive | None:
    """Write the records before a day to a signed file, check it, and delete them; None where there are none.

    Raises ``Refused`` when the day lies within six months, or the chain is not whole.
    """
    day, latest = before or term(), timezone.localdate() - timedelta(days=LEAST_DAYS)
    if day > latest:
        raise Refused(TOO_YOUNG.format(latest))
    if not settings.ACCESS_LOG_FOLDER:
        raise Refused(NO_FOLDER)
    if found := sum(1 for _ in access_chain.faults()):
        raise Refused(NOT_WHOLE.format(found))
    first, last = access_chain.beginning()[0] + 1, _last_before(day)
    if last < first:
        return None
    path = _write(first, last)
    kept = _checked(path, first, last)
    _purge(kept)
    return kept


def _last_before(day: date) -> int:
    """Return the number up to which all records are older than the day."""
    begins = datetime.combine(day, datetime.min.time(), timezone.get_current_timezone())
    young = AccessSeal.objects.filter(record__at__gte=begins).order_by("number").values_list("number").first()
    if young:
        return young[0] - 1
    return AccessSeal.objects.aggregate(last=Max("number"))["last"] or 0


def folder() -> Path:
    """Return where the archives lie, which is the only place that has what they hold."""
    return Path(settings.ACCESS_LOG_FOLDER or ".") / "archive"


def _write(first: int, last: int) -> Path:
    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / f"access-{first}-{last}.jsonl.gz"
    scratch = path.with_suffix(".part")
    with scratch.open("wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
            for line in _lines(first, last):
                file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        raw.flush()
        os.fsync(raw.fileno())
    scratch.replace(path)
    return path


def _lines(first: int, last: int) -> Iterator[dict]:
    previous = access_chain.beginning()[1]
    yield {"first": first, "last": last, "previous": previous, "fields": access_chain.FIELDS}
    for number, algorithm, said, *facts in _rows(first, last):
        facts[1] = facts[1].astimezone(UTC).isoformat(timespec="microseconds")
        digests = (
            AccessSubject.objects.filter(record=facts[0]).order_by("digest").values_list("digest", flat=True)
        )
        extra = {"subjects": list(digests)} if '"numbers"' in facts[-1] else {}
        yield {"number": number, "algorithm": algorithm, "hash": said, "record": facts, **extra}


def _rows(first: int, last: int) -> Iterator[tuple]:
    for row in access_chain.sealed(first - 1):
        if row[0] > last:
            return
        yield row


def _checked(path: Path, first: int, last: int) -> AccessArchive:
    """Read the file again, follow its chain to the end, and return the row that stands for it."""
    number, said = first - 1, access_chain.beginning()[1]
    for line in read(path):
        number, expected = number + 1, said
        said = line["hash"]
        if line["number"] != number or _link(line, expected) != said:
            raise Refused(SPOILED.format(path.name))
    if (number, said) != (last, AccessSeal.objects.get(number=last).hash):
        raise Refused(SPOILED.format(path.name))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    facts = {"number": last, "hash": said, "first": first, "file_name": path.name, "sha256": digest}
    return AccessArchive(**facts, signature=sign(facts), made_at=timezone.now())


def read(path: Path) -> Iterator[dict]:
    """Yield the records of an archive with their places and hashes."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        next(file)
        yield from map(json.loads, file)


def _link(line: dict, previous: str) -> str:
    key, at, *rest = line["record"]
    facts = (key, datetime.fromisoformat(at), *rest)
    return access_chain.link(line["algorithm"], line["number"], previous, facts)


def sign(facts: dict, key: str = "") -> str:
    """Return the signature over what an archive says it holds, by the key of the log or a former one."""
    said = "|".join(str(facts[name]) for name in ("first", "number", "hash", "file_name", "sha256"))
    secret = (key or settings.ACCESS_LOG_KEY).encode()
    return hmac.new(secret, f"portal.access.archive:{said}".encode(), "sha256").hexdigest()


def _is_signed(kept: AccessArchive) -> bool:
    """Say whether we signed it: with the key of now, or with one that was replaced since."""
    keys = (settings.ACCESS_LOG_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(hmac.compare_digest(sign(vars(kept), key), kept.signature) for key in keys)


def faults() -> Iterator[str]:
    """Yield a line for each archive that we did not sign, is not what it was, or is gone without a note."""
    for kept in AccessArchive.objects.order_by("number"):
        path = folder() / kept.file_name
        if not _is_signed(kept):
            yield f"审计归档：{kept.file_name} 的签名不符。"
        elif not path.exists():
            if not _where(kept):
                yield f"审计归档：{kept.file_name} 不在存放位置，也没有移存说明。"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != kept.sha256:
            yield f"审计归档：{kept.file_name} 的内容与归档时不符。"


def elsewhere() -> Iterator[str]:
    """Yield a line for each archive that is not here but has a note, with what the note says."""
    for kept in AccessArchive.objects.order_by("number"):
        if not (folder() / kept.file_name).exists() and (where := _where(kept)):
            yield f"审计归档：{kept.file_name} 已移存：{where}。没有核对内容，摘要应为 {kept.sha256}。"


def _where(kept: AccessArchive) -> str:
    """Return what the note beside its place says of where an archive is now, empty without one."""
    note = folder() / f"{kept.file_name}{MOVED}"
    return " ".join(note.read_text(encoding="utf-8").split()) if note.exists() else ""


def _purge(kept: AccessArchive) -> None:
    """Delete what the file holds, in one transaction with the row that stands for it, and record it."""
    gone = "SELECT record_id FROM portal_accessseal WHERE number <= %s"
    with transaction.atomic():
        kept.save(force_insert=True)
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM portal_accesssubject WHERE record_id IN ({gone})", [kept.number])
            cursor.execute(f"DELETE FROM portal_accessrecord WHERE id IN ({gone})", [kept.number])
            cursor.execute("DELETE FROM portal_accessseal WHERE number <= %s", [kept.number])
        details = {"first": kept.first, "last": kept.number, "sha256": kept.sha256}
        access_log.record(Act.SEAL, about=kept, title=kept.file_name, details=details)
