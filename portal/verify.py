"""What must always hold, checked against the whole database: one line per fault, read only.

Each invariant is a function of rows that yields sentences; ``faults`` feeds them chunk by chunk, with the
same few queries for each. The lines name a filing by number, never by its content.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection, models
from django.utils import timezone

from portal import registry, snapshot
from portal.models import (
    Attachment,
    CatalogueEntry,
    CodeCounter,
    Event,
    Filing,
    FilingVersion,
    Membership,
    Message,
    canonical,
)
from portal.vocabulary import (
    ADMIN_ROLES,
    DECIDED,
    IN_REVIEW,
    JOINT_KINDS,
    ExitReason,
    Role,
    State,
    SuccessionKind,
)

CHUNK = 500
STORED, PIECE = "attachments", 2**20
UNDER_WAY = timedelta(minutes=1)  # between its last byte and its row a file is measured
SUBMITTED = (*IN_REVIEW, *DECIDED)
GUARDS = {
    "sqlite": {
        "portal_event_no_update",
        "portal_event_no_delete",
        "portal_filingversion_no_update",
        "portal_filingversion_no_delete",
        "portal_filing_begins",
        "portal_filing_state",
    },
    "postgresql": {
        "portal_event_no_change",
        "portal_filingversion_no_change",
        "portal_filing_begins",
        "portal_filing_state",
    },
}
_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}


def faults() -> Iterator[str]:
    """Yield one line for each fault in the database."""
    yield from missing_guards()
    for numbers in _chunks():
        yield from _faults_of(numbers)
    entries = CatalogueEntry.objects.select_related("filing").order_by("code", "valid_from", "pk")
    serials: dict[str, int] = defaultdict(int)
    for code, lineage in groupby(entries.iterator(chunk_size=CHUNK), key=attrgetter("code")):
        prefix, _, serial = code.rpartition("-")
        serials[prefix] = max(serials[prefix], int(serial) if serial.isdecimal() else 0)
        yield from of_lineage(code, list(lineage))
    yield from of_counters(serials, dict(CodeCounter.objects.values_list("prefix", "last")))
    yield from of_posts(Membership.objects.current().select_related("organisation", "user"))
    yield from of_files(Attachment.objects.order_by("pk").iterator(chunk_size=CHUNK))
    yield from of_orphans(_stored(STORED))


def counts() -> dict[str, int]:
    """Return how many rows of each kind there are to check, by their Chinese name."""
    tables = (Filing, Event, FilingVersion, CatalogueEntry, Membership, Attachment)
    return {str(table._meta.verbose_name): table.objects.count() for table in tables}


def nightly() -> int:
    """Check everything, tell the auditors when something is wrong, and return the number of faults."""
    found = list(faults())
    if found:
        auditors = Membership.objects.current().filter(role=Role.AUDITOR, user__is_active=True)
        sentence = (
            f"夜间核对发现 {len(found)} 处不符，数据没有改动；执行 manage.py verify 可列出全部。{found[0]}"
        )
        Message.objects.bulk_create(
            Message(user_id=user, text=sentence[:400], created_at=timezone.now())
            for user in auditors.order_by("user_id").values_list("user_id", flat=True).distinct()
        )
    return len(found)


def _chunks() -> Iterator[list[int]]:
    last = 0
    while numbers := list(
        Filing.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        yield numbers
        last = numbers[-1]


def _faults_of(numbers: list[int]) -> Iterator[str]:
    """Look twice at what seems wrong: an act between two queries of the first look is no fault."""
    found = list(_look(numbers))
    if found:
        found = list(_look(sorted({number for number, _ in found})))
    yield from (line for _, line in found)


def _look(numbers: list[int]) -> Iterator[tuple[int, str]]:
    filings = _with_entries(numbers)
    events = _by_filing(Event.objects.filter(filing_id__in=numbers).order_by("number"))
    versions = _by_filing(FilingVersion.objects.filter(filing_id__in=numbers).order_by("number"))
    filings = list(filings)
    records = _records(filings)
    for filing in filings:
        own = events[filing.pk], versions[filing.pk]
        found = [
            *of_chain(own[0]),
            *of_state(filing, own[0]),
            *of_versions(*own),
            *of_content(filing, records.get(filing.pk), own[1]),
            *of_decision(filing, own[0]),
            *of_entry(filing, own[0]),
        ]
        yield from ((filing.pk, f"填报 {filing.pk}（{filing.kind}）：{text}") for text in found)


def _with_entries(numbers: list[int]) -> models.QuerySet:
    found = Filing.objects.filter(pk__in=numbers).select_related("entry__succession").order_by("pk")
    return found.prefetch_related("entry__promotions")


def _by_filing(rows: models.QuerySet) -> dict[int, list]:
    grouped = defaultdict(list)
    for row in rows:
        grouped[row.filing_id].append(row)
    return grouped


def _records(filings: Iterable[Filing]) -> dict[int, Filing]:
    """Return the submitted ones with the fields, relations and rows of their own type."""
    wanted = defaultdict(list)
    for filing in filings:
        if filing.state in SUBMITTED:
            wanted[filing.kind].append(filing.pk)
    records = {}
    for kind in registry.all_types():
        if numbers := wanted.get(kind.slug):
            many = [name for name in kind.fields if kind.field(name).many_to_many]
            records |= kind.model.objects.prefetch_related(*many, *kind.rows).in_bulk(numbers)
    return records


def missing_guards() -> Iterator[str]:
    """Yield each trigger of ``guards`` that the database lacks or has switched off."""
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS[connection.vendor])
        present = {name for (name,) in cursor.fetchall()}
    for name in sorted(GUARDS[connection.vendor] - present):
        yield f"数据库缺少触发器 {name}。"


def of_chain(events: list[Event]) -> Iterator[str]:
    """Yield the breaks in a filing's chain: numbers, states that do not join, links and digests."""
    state, previous = State.DRAFT, ""
    for number, event in enumerate(events, 1):
        if event.number != number:
            yield f"流转记录的序号应为 {number}，实为 {event.number}。"
        if event.source != state:
            yield f"流转记录 {event.number} 的原状态与上一条的新状态不一致。"
        if event.previous_hash != previous:
            yield f"流转记录 {event.number} 没有接上前一条的摘要。"
        if event.hash != event.digest():
            yield f"流转记录 {event.number} 的内容与摘要不符。"
        state, previous = event.target, event.hash


def of_state(filing: Filing, events: list[Event]) -> Iterator[str]:
    """Yield where the filing's state and step are not those of its last event."""
    last = events[-1].target if events else State.DRAFT
    if filing.state != last:
        yield f"状态为 {filing.state}，最后一条流转记录为 {last}。"
    if filing.step != len(events):
        yield f"步数为 {filing.step}，流转记录有 {len(events)} 条。"


def of_versions(events: list[Event], versions: list[FilingVersion]) -> Iterator[str]:
    """Yield submissions and versions that lack each other, and texts that no longer fit their hash."""
    submitted = {event.version for event in events if event.action == "submit"}
    stored = {version.number for version in versions}
    for number in sorted(submitted - stored):
        yield f"第 {number} 版已提交，没有留存内容。"
    for number in sorted(stored - submitted):
        yield f"第 {number} 版有留存内容，没有提交记录。"
    for version in versions:
        if version.sha256 != hashlib.sha256(canonical(version.snapshot)).hexdigest():
            yield f"第 {version.number} 版的内容与摘要不符。"


def of_content(filing: Filing, record: Filing | None, versions: list[FilingVersion]) -> Iterator[str]:
    """Yield where a filing under review or decided is not what was submitted."""
    if filing.state not in SUBMITTED:
        return
    version = next((v for v in versions if v.number == filing.version), None)
    if record is None or version is None:
        yield f"在审或已办结，缺少{'类型内容' if record is None else f'第 {filing.version} 版的留存内容'}。"
        return
    for name, stored, live in _pairs(record, version.snapshot):
        if stored != live:
            yield f"{name} 与提交的第 {version.number} 版不一致。"


def _pairs(record: Filing, taken: dict) -> Iterator[tuple[str, Any, Any]]:
    """Yield (name, as submitted, as it is now) of what the type still has; relations count by id alone.

    A related filing's code may come after the submission, and a region may be renamed.
    """
    kind = record.record_type
    yield "title", taken["title"], record.title
    yield "explanation", taken["explanation"], record.explanation
    yield "region", taken["region"], record.region_id
    for name in (name for name in kind.fields if name in taken["values"]):
        yield name, _bare(taken["values"][name]), _live(record, name)
    for name in (name for name in kind.rows if name in taken["rows"]):
        rows, children = taken["rows"][name], snapshot.child_rows(record, name)
        fields = [field for field in kind.rows[name] if all(field in row for row in rows)]
        stored = [{field: _bare(row[field]) for field in fields} for row in rows]
        yield name, stored, [{field: _live(child, field) for field in fields} for child in children]


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return value["id"]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [item["id"] for item in value]
    return value


def _live(row: models.Model, name: str) -> Any:
    column = row._meta.get_field(name)
    if column.many_to_many:
        return [other.pk for other in snapshot.related(row, name)]
    return getattr(row, column.attname) if column.is_relation else snapshot.raw(row, name)


def of_decision(filing: Filing, events: list[Event]) -> Iterator[str]:
    """Yield where the decision is not that of the events, or the submitter's own."""
    if filing.state not in DECIDED:
        return
    decider = next((e.by_id for e in reversed(events) if e.action in ("approve", "reject")), None)
    if filing.decided_by_id != decider:
        yield "办结人与最后一条结论记录的经办人不一致。"
    if filing.decided_by_id == filing.submitted_by_id:
        yield "提交人与办结人是同一人。"


def of_entry(filing: Filing, events: list[Event]) -> Iterator[str]:
    """Yield where a filing and its catalogue entry, its publication or its hold on the name do not agree."""
    entry = getattr(filing, "entry", None)
    said = {name: [e.comment for e in events if e.action == name] for name in ("publish", "promote", "exit")}
    if len(said["publish"]) != (1 if entry else 0):
        yield f"有 {len(said['publish'])} 条公布记录，{'有' if entry else '没有'}目录条目。"
    if entry:
        yield from _of_published(filing, entry, said)
    holds = entry.valid_to is None if entry else filing.amends_id is None
    if filing.holds_name != holds:
        yield f"应{'' if holds else '不'}占用名称，实际相反。"


def _of_published(filing: Filing, entry: CatalogueEntry, said: dict[str, list[str]]) -> Iterator[str]:
    if filing.state != State.APPROVED:
        yield f"目录条目 {entry.code} 的填报没有审核通过。"
    if len(said["exit"]) != (1 if entry.exit_reason else 0):
        yield f"目录条目 {entry.code} 的退出与 {len(said['exit'])} 条退出记录不符。"
    if (entry.kind, entry.title, entry.region_id) != (filing.kind, filing.title, filing.region_id):
        yield f"目录条目 {entry.code} 的类型、名称或区划与填报不一致。"
    yield from _of_level(entry, said["promote"])
    for act, number, day in (
        ("publish", entry.document_number, entry.valid_from),
        ("exit", entry.exit_document_number, entry.valid_to),
    ):
        if any(not (number in comment and str(day) in comment) for comment in said[act]):
            yield f"目录条目 {entry.code} 的文号或日期与流转记录不一致。"


def _of_level(entry: CatalogueEntry, said: list[str]) -> Iterator[str]:
    promotions = list(entry.promotions.all())
    if len(said) != len(promotions):
        yield f"目录条目 {entry.code} 的级别变动与 {len(said)} 条级别记录不符。"
    if promotions and entry.level != promotions[-1].level:
        yield f"目录条目 {entry.code} 的级别不是最后一次公布的级别。"
    if (entry.exit_reason == ExitReason.MERGED) != _is_merged(entry):
        yield f"目录条目 {entry.code} 的退出原因与承接关系不符。"


def _is_merged(entry: CatalogueEntry) -> bool:
    succession = getattr(entry, "succession", None)
    return bool(succession and succession.kind == SuccessionKind.MERGED)


def of_lineage(code: str, entries: list[CatalogueEntry]) -> Iterator[str]:
    """Yield gaps and overlaps among the entries of one code, oldest first; only the last may be in force."""
    for old, new in pairwise(entries):
        joins = old.valid_to and (
            old.valid_to <= new.valid_from if old.exit_reason else old.valid_to == new.valid_from
        )
        if not joins:
            yield f"目录条目 {code}：{old.valid_from} 起的一条与 {new.valid_from} 起的一条没有衔接。"
        if new.filing.amends_id != old.filing_id:
            yield f"目录条目 {code}：{new.valid_from} 起的一条不是前一条的变更。"
        if old.exit_reason == ExitReason.MERGED:
            yield f"目录条目 {code}：{old.valid_to} 已并入其他条目，之后又有条目。"
    last = entries[-1]
    if last.valid_to and not last.exit_reason:
        yield f"目录条目 {code}：{last.valid_to} 终止，既没有退出原因也没有替换的条目。"


def of_counters(serials: dict[str, int], counters: dict[str, int]) -> Iterator[str]:
    """Yield each prefix whose counter would give a code out a second time."""
    for prefix, serial in sorted(serials.items()):
        if counters.get(prefix, 0) < serial:
            yield f"编号 {prefix} 已用到 {serial}，计数器为 {counters.get(prefix, 0)}。"


def of_posts(posts: Iterable[Membership]) -> Iterator[str]:
    """Yield the people whose posts exclude each other, and joint posts outside the joint departments."""
    held: dict[str, set[str]] = defaultdict(set)
    for post in posts:
        held[post.user.username].add(post.role)
        if (post.role == Role.JOINT_REVIEWER) != (post.organisation.kind in JOINT_KINDS):
            yield f"岗位 {post.pk}：会商岗位与单位性质不符。"
    for username, roles in sorted(held.items()):
        if len(roles) > 1 and roles & set(ADMIN_ROLES):
            yield f"账号 {username} 兼任互斥的岗位：{'、'.join(sorted(roles))}。"


def of_files(rows: Iterable[Attachment]) -> Iterator[str]:
    """Yield each row whose file is missing, or not what was uploaded; its name is never told."""
    for row in rows:
        for name in (row.file.name, row.display.name):
            if name and not default_storage.exists(name):
                yield f"附件 {row.pk}（填报 {row.filing_id}）：文件 {name} 不存在。"
        if default_storage.exists(row.file.name) and _content(row.file.name) != (row.size, row.sha256):
            yield f"附件 {row.pk}（填报 {row.filing_id}）：文件 {row.file.name} 的内容与上传时不一致。"


def _content(name: str) -> tuple[int, str]:
    """Return size and SHA-256 of a stored file, read piece by piece."""
    size, digest = 0, hashlib.sha256()
    with default_storage.open(name) as file:
        for chunk in file.chunks(PIECE):
            size += len(chunk)
            digest.update(chunk)
    return size, digest.hexdigest()


def _stored(folder: str) -> Iterator[list[str]]:
    """Yield the names of the files of each folder below ``folder``, itself included."""
    if not default_storage.exists(folder):
        return
    folders, names = default_storage.listdir(folder)
    yield [f"{folder}/{name}" for name in sorted(names)]
    for inner in sorted(folders):
        yield from _stored(f"{folder}/{inner}")


def of_orphans(folders: Iterable[list[str]]) -> Iterator[str]:
    """Yield each stored file that no row knows, but for those that are being uploaded now."""
    for names in filter(None, folders):
        found = Attachment.objects.filter(models.Q(file__in=names) | models.Q(display__in=names))
        known = {name for pair in found.values_list("file", "display") for name in pair}
        for name in names:
            if name not in known and not _is_under_way(name):
                yield f"文件 {name} 不属于任何附件。"


def _is_under_way(name: str) -> bool:
    number = name.split("/")[1]
    filing = Filing.objects.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
    fresh = timezone.now() - default_storage.get_modified_time(name) < UNDER_WAY
    return fresh and filing is not None and filing.is_editable
