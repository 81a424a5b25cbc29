"""The one writer of access records: who did, saw, took out or was refused what, in the act's transaction.

What came with a request (its number, the address it came from, who asked) is said once for all that is
recorded meanwhile (``begin``). No record holds a telephone number: texts are covered, numbers are kept as a
keyed hash, so that "who saw this number" has an answer. GB/T 22239-2019 8.1.4.3 a, b; PIPL 51.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from portal import text
from portal.models import AccessRecord, AccessSubject, ActResult, User, canonical
from portal.vocabulary import Role

_NUMBER = re.compile(r"\+?[0-9][0-9()\- ]{5,18}[0-9]")
_MOBILE = re.compile(r"(?<![0-9A-Za-z])(1[0-9]{2})[0-9]{4}([0-9]{4})(?![0-9A-Za-z])")
_LANDLINE = re.compile(r"(?<![0-9A-Za-z])(0[0-9]{2,3}-?[0-9]{2})[0-9]{3,4}([0-9]{2})(?![0-9A-Za-z])")
_PHONE = re.compile(r"1[0-9]{10}|0[0-9]{9,11}")
LEAST_DIGITS = 7


@dataclass(frozen=True)
class Origin:
    """The request that acts come with: its number, the address it came from, who is signed in."""

    request_id: str = ""
    address: str = ""
    user: Any = None


NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def begin(origin: Origin = NOWHERE) -> None:
    """Say what request the acts from here on come with; without one, that there is none any more."""
    _origin.set(origin)


def origin() -> Origin:
    """Return what request is being answered."""
    return _origin.get()


def record(
    act: str,
    *,
    by: User | None = None,
    result: str = ActResult.DONE,
    about: models.Model | None = None,
    kind: str = "",
    key: str = "",
    title: str = "",
    phones: Iterable[str] = (),
    details: dict | None = None,
    username: str = "",
) -> AccessRecord:
    """Write down one act in the transaction of the caller and return it; what cannot be written, fails it.

    ``about`` is what it was done to, or ``kind``, ``key`` and ``title`` say so; ``phones`` are texts with
    the numbers that were shown or taken out. Without ``by`` it is the person who is signed in, if any.
    """
    came = _origin.get()
    digests = sorted({digest(number) for said in phones for number in numbers_in(said)})
    facts = dict(details or {})
    if len(digests) > 1:
        facts |= {"numbers": len(digests), "numbers_hash": whole(digests)}
    row = AccessRecord(
        at=timezone.now(),
        act=act,
        result=result,
        object_type=(kind or (about._meta.label_lower if about is not None else ""))[:60],
        object_id=covered(str(key or (about.pk or "" if about is not None else "")))[:60],
        object_name=covered(title or (str(about) if about is not None else ""))[:200],
        subject=digests[0] if len(digests) == 1 else "",
        request_id=came.request_id[:32],
        address=came.address[:45],
        details=covered(canonical(facts).decode()) if facts else "",
        **_person(by or came.user, username),
    )
    if len(digests) < 2:
        row.save(force_insert=True)
        return row
    with transaction.atomic():
        row.save(force_insert=True)
        AccessSubject.objects.bulk_create(
            (AccessSubject(record=row, digest=one) for one in digests), batch_size=1000
        )
    return row


def _person(user: User | None, username: str) -> dict:
    """Return who it was, copied as he was at that moment."""
    if user is None or not user.pk:
        return {"username": covered(username)[:150]}
    came = _origin.get().user
    known = came if came is not None and came.pk == user.pk else user
    bureau = known.organisation
    return {
        "user_id": user.pk,
        "username": known.username,
        "name": known.full_name,
        "organisation_id": bureau.pk if bureau else None,
        "organisation_name": bureau.name if bureau else "",
        "roles": "、".join(dict.fromkeys(str(Role(post.role).label) for post in known.posts))[:120],
    }


def covered(said: str) -> str:
    """Return a text in one line without control characters and full telephone numbers: 138****8000."""
    plain = " ".join(text.clean(said).split())
    return _LANDLINE.sub(r"\1****\2", _MOBILE.sub(r"\1****\2", plain))


def covered_mail(address: str | None) -> str:
    """Return a mail address by its first letter, its server and the beginning of its keyed hash."""
    name, _, server = str(address or "").strip().lower().partition("@")
    return f"{name[:1]}***@{server} {digest(f'{name}@{server}')[:8]}" if name else ""


def numbers_in(said: str) -> list[str]:
    """Return the telephone numbers in a text, digits alone, without the code of the country."""
    found = (re.sub("[^0-9]", "", one) for one in _NUMBER.findall(unicodedata.normalize("NFKC", str(said))))
    return [_at_home(one) for one in found if len(one) >= LEAST_DIGITS]


def phones_in(said: str) -> list[str]:
    """Return those of the numbers in a text that telephones of this country have."""
    return [number for number in numbers_in(said) if _PHONE.fullmatch(number)]


def _at_home(number: str) -> str:
    bare = re.sub("^(?:00)?86", "", number)
    return bare if len(bare) == 11 and bare.startswith("1") else number


def digest(number: str, key: str = "") -> str:
    """Return the keyed hash of a number as ``numbers_in`` gives it, so that a list of numbers finds none."""
    secret = (key or settings.ACCESS_LOG_KEY).encode()
    return hmac.new(secret, b"portal.access.number:" + number.encode(), "sha256").hexdigest()


def digests(number: str) -> list[str]:
    """Return the hashes under which a number may stand: by the key of now and by those before it."""
    return [digest(number, key) for key in (settings.ACCESS_LOG_KEY, *settings.SECRET_KEY_FALLBACKS)]


def whole(found: Iterable[str]) -> str:
    """Return one hash over many, so that none of the numbers of a record can be taken away unseen."""
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()


def mark(request, about: models.Model, title: str, phones: Iterable[str]) -> None:
    """Say that the answer to ``request`` shows these numbers; it is written down once it is made."""
    facts = {"kind": about._meta.label_lower, "key": str(about.pk), "title": title}
    request.shows_numbers = facts | {"phones": [said for said in phones if said]}


def mark_filing(request, filing, sheet) -> None:
    """Say that the answer shows a filing as its ``sheet`` has it, whoever's numbers are on that."""
    if names := phone_fields(filing.record_type):
        lines = [line for line in sheet.lines if line.name in names]
        shown = [line.text for line in lines] + ["".join(word for _, word in line.old) for line in lines]
        _mark(request, filing, "" if sheet.is_live else sheet.title, shown)


def mark_record(request, record, sent: dict | None = None) -> None:
    """Say the same of what a bureau is writing, or of the snapshot that it ``sent``."""
    if names := phone_fields(record.record_type):
        live = () if sent else [getattr(record.record, name) for name in names]
        shown = phones_sent(record.record_type, sent) if sent else live
        _mark(request, record, sent["title"] if sent else "", shown)


def mark_files(request, filing, files: Iterable) -> None:
    """Add the files whose names hold a number, as a notice wants it, to what the answer shows of a filing."""
    if found := [file.name for file in files if phones_in(file.name)]:
        if not getattr(request, "shows_numbers", None):
            _mark(request, filing, f"（{filing.record_type}的附件）", [])
        request.shows_numbers["phones"] += found


def _mark(request, filing, title: str, shown: list[str]) -> None:
    """What was never sent is named by its type alone: its title is for its own bureau to read."""
    name = title or f"（未提交的{filing.record_type}）"
    facts = {"kind": "portal.filing", "key": str(filing.pk), "title": name}
    request.shows_numbers = facts | {"phones": [said for said in shown if said]}


def phones_sent(record_type, sent: dict) -> list[str]:
    """Return what a snapshot holds in the fields with telephone numbers."""
    names, fields = phone_fields(record_type), (f for part in sent["sections"] for f in part["fields"])
    return [field["text"] for field in fields if field["name"] in names]


def phone_fields(record_type) -> list[str]:
    """Return the fields of a record type that hold the telephone number of a person."""
    return [name for name in record_type.personal if name.endswith("phone")]
