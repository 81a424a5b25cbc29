"""Personal data whose term has ended is erased here and nowhere else: in rows, versions, objections, files.

A value gives way to a marker that is shown as 已按期清除; what was never typed stays empty. The digest of a
version is of its clear text, so what is left gets a second one, signed with the key of the installation: the
database lets a version be erased once with that record (``guards``), and ``verify`` believes no other. A
version that does not fit its digest is left as it is, or its erasure would cover the change. Files go after
the commit; a run that was killed is gone on with by the next. Source: ``terms``, security.md 55.
"""

import hashlib
import hmac
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, time

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from portal import access_log, attachments, field_marks, registry, resealing, sealing, snapshot, terms
from portal.models import (
    WAITING,
    Act,
    Attachment,
    Filing,
    FilingVersion,
    Import,
    ImportPurpose,
    MessagePreference,
    Objection,
    ObjectionStage,
)
from portal.models.sealed import personal_of
from portal.vocabulary import EDITABLE, ENDED, State

BATCH = 200  # filings in one transaction
TITLE = "到期个人信息清除"
WORDS = {
    "filings": "件填报",
    "versions": "个提交版本",
    "files": "个附件",
    "objections": "件异议",
    "sheets": "个登记表格",
    "phones": "个手机号",
    "left": "件因内容与摘要不符而未动",
}
Counts = dict[str, Counter]


def purge(now: datetime | None = None) -> Counts:
    """Erase what is due and return class → what was erased, counted by the names of ``WORDS``.

    Each batch is a transaction with its line in the access log, which names classes and numbers alone.
    Raises ``ValueError`` when the terms are set to what they cannot be.
    """
    now, found = now or timezone.now(), {}
    _leave_no_trace()
    for name in terms.OF_FILINGS:
        found[name] = _each(name, due(name, now), now)
    for name, erase in _OTHERS.items():
        found[name] = _noted(name, erase, now)
    remove_files()
    attachments.tidy()
    return found


def count(now: datetime | None = None) -> Counts:
    """Return what ``purge`` would find, changing nothing."""
    now = now or timezone.now()
    found = {name: Counter(filings=due(name, now).count()) for name in terms.OF_FILINGS}
    found["objection"] = Counter(objections=_objections(now).count())
    found["sheet"] = Counter(sheets=_sheets(now).count())
    found["phone"] = Counter(phones=_phones().count())
    return found


def due(name: str, now: datetime) -> QuerySet[Filing]:
    """Return the filings of a class whose term has ended and that were not erased since they ended."""
    before = _before(name, now)
    listed = [kind.slug for kind in registry.all_types() if kind.is_catalogued]
    unlisted = ~Q(kind__in=listed) | Q(is_nothing=True)
    is_over, since = {
        "draft": (Q(state__in=EDITABLE, updated_at__lt=before), "updated_at"),
        "ended": (Q(state__in=ENDED, arrived_at__lt=before), "arrived_at"),
        "exited": (Q(state=State.APPROVED, entry__ended_at__lt=before), "entry__ended_at"),
        "return": (Q(unlisted, state=State.APPROVED, decided_at__lt=before), "decided_at"),
    }[name]
    return Filing.objects.filter(is_over, Q(erased_at=None) | Q(erased_at__lt=F(since)))


def _before(name: str, now: datetime) -> datetime:
    """Return the beginning of the day before which something must have ended for its term to be over."""
    day = terms.before(timezone.localdate(now), terms.table()[name].years)
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def _each(name: str, found: QuerySet[Filing], now: datetime) -> Counter:
    """Erase filings batch by batch; what is left goes by without stopping the others."""
    done, last = Counter(), 0
    while numbers := list(found.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        done += _noted(name, lambda now, part=numbers: _filings(found.filter(pk__in=part), now), now)
        last = numbers[-1]
    return done


def _noted(name: str, erase, now: datetime) -> Counter:
    """Erase in one transaction and write down how much, with a hash over the keys that stands for them."""
    with transaction.atomic():
        done, keys = erase(now)
        if done:
            said = hashlib.sha256(",".join(map(str, sorted(keys))).encode()).hexdigest()
            details = {"class": name, **done, "sha256": said}
            access_log.record(Act.JOB, kind="portal.purge", title=TITLE, details=details)
    return done


def _filings(found: QuerySet[Filing], now: datetime) -> tuple[Counter, list[int]]:
    """Erase filings that are still due once they are held; nobody submits or reopens one meanwhile."""
    kinds = dict(_held(found).order_by("pk").values_list("pk", "kind"))
    versions, spoiled = _versions(kinds, now)
    numbers = sorted(kinds.keys() - spoiled)
    for version in versions:
        if version.filing_id not in spoiled:
            _erase_version(version)
    _rows({pk: kinds[pk] for pk in numbers})
    files = Attachment.objects.filter(filing_id__in=numbers, erased_at=None).update(
        name=sealing.ERASED_WORDS, erased_at=now, removed_at=Coalesce("removed_at", now)
    )
    # A form that was open meanwhile is told of it, and a sheet that was imported is not taken for the same.
    erased = Filing.objects.filter(pk__in=numbers)
    erased.update(erased_at=now, revision=F("revision") + 1, unlocked=None)
    number = sum(version.filing_id not in spoiled for version in versions)
    done = Counter(filings=len(numbers), versions=number, files=files, left=len(spoiled))
    return +done, numbers


def _held(found: QuerySet) -> QuerySet:
    """Hold rows until the end of the transaction; on SQLite, which has one writer, they are held already."""
    return found.select_for_update(of=("self",)) if connection.features.has_select_for_update else found


def _versions(kinds: Iterable[int], now: datetime) -> tuple[list[FilingVersion], set[int]]:
    """Return the versions with personal values, each with its record, and the filings with a wrong one."""
    waiting = FilingVersion.objects.filter(filing_id__in=list(kinds), erased__isnull=True).order_by("pk")
    found, spoiled = [], set()
    for number in waiting.values_list("pk", flat=True):
        try:
            version = waiting.get(pk=number)
        except sealing.Unreadable:
            spoiled.add(FilingVersion.objects.values_list("filing_id", flat=True).get(pk=number))
            continue
        if snapshot.digest(version.snapshot) != version.sha256:
            spoiled.add(version.filing_id)
        elif any(personal_of(version.snapshot).values()):
            version.erased = _record(version, now)
            found.append(version)
    return found, spoiled


def _record(version: FilingVersion, now: datetime) -> dict[str, str]:
    """Return the record of an erasure: when, the digest of what is left, our signature."""
    column = FilingVersion._meta.get_field("snapshot")
    stored = column.shut(version.snapshot) | {"sealed": sealing.ERASED}
    record = {"at": now.isoformat(), "left": snapshot.digest(column.opened(stored))}
    return record | {"signature": sign(version, record)}


def sign(version: FilingVersion, record: dict[str, str], key: str = "") -> str:
    """Return the signature under a record of erasure, by the key of the log or a former one."""
    facts = version.filing_id, version.number, version.sha256, record.get("at"), record.get("left")
    secret = (key or settings.ACCESS_LOG_KEY).encode()
    return hmac.new(secret, f"portal.purge:{'|'.join(map(str, facts))}".encode(), "sha256").hexdigest()


def is_ours(version: FilingVersion) -> bool:
    """Say whether a record of erasure was written here, with the key of now or a former one."""
    keys = (settings.ACCESS_LOG_KEY, *settings.SECRET_KEY_FALLBACKS)
    signed = str(version.erased.get("signature"))
    return any(hmac.compare_digest(sign(version, version.erased, key), signed) for key in keys)


def _erase_version(version: FilingVersion) -> None:
    """Put the marker in the place of what is sealed; the rest stays as it is written."""
    table, put = FilingVersion._meta.db_table, resealing.PUT[connection.vendor].format("snapshot")
    column = FilingVersion._meta.get_field("erased")
    record = column.get_db_prep_save(version.erased, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET snapshot = {put}, erased = %s WHERE id = %s AND erased IS NULL",
            [sealing.ERASED, record, version.pk],
        )


def _rows(kinds: dict[int, str]) -> None:
    """Put the marker in the place of every personal field that says something."""
    grouped = defaultdict(list)
    for number, slug in kinds.items():
        grouped[slug].append(number)
    for slug, numbers in grouped.items():
        kind = registry.get(slug)
        for name in kind.personal:
            rows = kind.model.objects.filter(pk__in=numbers).exclude(**{name: ""})
            rows.update(**{name: sealing.ERASED_WORDS})


def _objections(now: datetime) -> QuerySet[Objection]:
    closed = Objection.objects.filter(stage=ObjectionStage.CLOSED, erased_at=None)
    return closed.filter(closed_at__lt=_before("objection", now))


def _erase_objections(now: datetime) -> tuple[Counter, list[int]]:
    numbers = list(_objections(now).values_list("pk", flat=True))
    words = dict.fromkeys(field_marks.personal(Objection), sealing.ERASED_WORDS)
    Objection.objects.filter(pk__in=numbers).update(**words, erased_at=now)
    return +Counter(objections=len(numbers)), numbers


def _sheets(now: datetime) -> QuerySet[Import]:
    """Return the sheets of past results that were entered, or left lying, longer ago than their term.

    One that waits for its job or for the second person does so since then at least.
    """
    before = _before("sheet", now)
    is_left = Q(committed_at=None, abandoned_at=None, created_at__lt=before)
    is_new = Q(registration__proposed_at__gte=before)
    is_new |= Q(job__status__in=WAITING, job__requested_at__gte=before)
    found = Import.objects.filter(Q(committed_at__lt=before) | is_left & ~is_new)
    return found.filter(purpose=ImportPurpose.HISTORY).exclude(file="", plan="")


def _erase_sheets(now: datetime) -> tuple[Counter, list[int]]:
    """The files go first: a run killed before its commit deletes them again, and no stray is left."""
    found = list(_held(_sheets(now)).values_list("pk", "file", "plan"))
    numbers = [pk for pk, *_ in found]
    _delete(name for _, *both in found for name in both if name)
    sheets = Import.objects.filter(pk__in=numbers)
    sheets.update(file="", plan="")
    sheets.filter(committed_at=None).update(abandoned_at=now)
    return +Counter(sheets=len(numbers)), numbers


def _phones() -> QuerySet[MessagePreference]:
    return MessagePreference.objects.filter(user__is_active=False).exclude(phone="")


def _erase_phones(now: datetime) -> tuple[Counter, list[int]]:
    numbers = list(_phones().values_list("pk", flat=True))
    MessagePreference.objects.filter(pk__in=numbers).update(phone="", texts=False)
    return +Counter(phones=len(numbers)), numbers


_OTHERS = {"objection": _erase_objections, "sheet": _erase_sheets, "phone": _erase_phones}


def remove_files() -> None:
    """Delete the stored files of erased attachments that no other filing uses, then forget their names."""
    waiting = Attachment.objects.exclude(erased_at=None).exclude(file="", display="")
    for pk, *names in waiting.order_by("pk").values_list("pk", "file", "display"):
        kept = Attachment.objects.filter(erased_at=None)
        _delete(n for n in names if n and not kept.filter(Q(file=n) | Q(display=n)).exists())
        Attachment.objects.filter(pk=pk).update(file="", display="")


def _delete(names: Iterable[str]) -> None:
    for name in names:
        default_storage.delete(name)


def _leave_no_trace() -> None:
    """Let SQLite overwrite what it drops, or the sealed text stays in free pages of its file."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")
