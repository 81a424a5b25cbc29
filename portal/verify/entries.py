"""Invariants of the catalogue: an entry and its filing, the entries of one code, the counters of codes."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby, pairwise
from operator import attrgetter

from portal.models import CatalogueEntry, CodeCounter, Event, Filing
from portal.vocabulary import ExitReason, State, SuccessionKind

CHUNK = 500


def of_catalogue() -> Iterator[str]:
    """Yield the faults of all lineages and of the counters that give out their codes."""
    entries = CatalogueEntry.objects.select_related("filing").order_by("code", "valid_from", "pk")
    serials: dict[str, int] = defaultdict(int)
    for code, lineage in groupby(entries.iterator(chunk_size=CHUNK), key=attrgetter("code")):
        prefix, _, serial = code.rpartition("-")
        serials[prefix] = max(serials[prefix], int(serial) if serial.isdecimal() else 0)
        yield from of_lineage(code, list(lineage))
    yield from of_counters(serials, dict(CodeCounter.objects.values_list("prefix", "last")))


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
