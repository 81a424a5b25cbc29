"""Invariants of periodic reviews: items, events and entries tell the same, two people decided an exit."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from portal.models import CatalogueEntry, Event, ReviewItem
from portal.outcomes import BY_REVIEW
from portal.vocabulary import Outcome

ACTS = ("keep", "rectify", "settle")
_ITEM = re.compile(re.escape(BY_REVIEW).replace(r"\{\}", "([0-9]+)"))


def of_reviews() -> Iterator[str]:
    """Yield the faults of all review items; looked at twice, for an act between two queries is none."""
    if list(_look()):
        yield from _look()


def _look() -> Iterator[str]:
    items = list(ReviewItem.objects.select_related("entry").prefetch_related("figures").order_by("pk"))
    events = Event.objects.filter(action__in=[*ACTS, "report"], filing__entry__isnull=False)
    acts = list(events.values_list("filing__entry__code", "action", "by_id", "comment"))
    yield from of_exits(items, _exits())
    yield from of_acts(items, Counter((code, action) for code, action, *_ in acts if action in ACTS))
    yield from of_figures(items, _reports(acts))
    yield from of_exit_events(items, _exit_events())


def _exits() -> set[tuple]:
    exited = CatalogueEntry.objects.exclude(exit_reason="")
    return set(exited.values_list("code", "exit_reason", "exit_document_number", "valid_to"))


def _exit_events() -> list[tuple[str, str]]:
    exits = Event.objects.filter(action="exit", filing__entry__isnull=False)
    return list(exits.order_by("pk").values_list("filing__entry__code", "comment"))


def _reports(acts: Iterable[tuple]) -> dict[str, list[tuple[int, list[int]]]]:
    """Return code → (who, numbers) of each report; labels may be worded anew, numbers may not."""
    found = defaultdict(list)
    for code, action, by, comment in acts:
        if action == "report":
            parts = comment.partition("\n")[0].split("，")
            numbers = [int(n) for part in parts if (n := part.rpartition(" ")[2]).isdecimal()]
            found[code].append((by, sorted(numbers)))
    return found


def of_exits(items: Iterable[ReviewItem], exits: set[tuple]) -> Iterator[str]:
    """Yield the items that ended in an exit the catalogue does not know, or that one person decided alone."""
    for item in items:
        if item.outcome != Outcome.EXITED:
            continue
        if (item.entry.code, item.reason, item.document_number, item.decided_on) not in exits:
            yield f"审核条目 {item.pk}：结果为退出，目录条目 {item.entry.code} 没有相应的退出。"
        if item.intended_by_id in (None, item.decided_by_id):
            yield f"审核条目 {item.pk}：退出没有经过两人。"


def of_acts(items: Iterable[ReviewItem], acts: Counter) -> Iterator[str]:
    """Yield the codes whose outcomes and events differ in number."""
    expected: Counter = Counter()
    for item in items:
        code, is_kept = item.entry.code, item.outcome == Outcome.KEPT
        expected[code, "rectify"] += item.rectify_until is not None
        expected[code, "settle"] += item.settled_on is not None
        expected[code, "keep"] += is_kept and item.settled_on is None
    for code, action in sorted({*expected, *acts}):
        if expected[code, action] != acts[code, action]:
            told, held = acts[code, action], expected[code, action]
            yield f"目录条目 {code}：定期审核结果 {action} 有 {held} 项，流转记录有 {told} 条。"


def of_figures(items: Iterable[ReviewItem], reports: dict[str, list[tuple[int, list[int]]]]) -> Iterator[str]:
    """Yield the items whose figures are not those that somebody reported."""
    for item in items:
        numbers = sorted(figure.value for figure in item.figures.all())
        if numbers and (item.handed_in_by_id, numbers) not in reports.get(item.entry.code, []):
            yield f"审核条目 {item.pk}：年度数据与报送记录不一致。"


def of_exit_events(items: Iterable[ReviewItem], exits: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the exits that name a review item which did not end so."""
    ended = {(str(item.pk), item.entry.code) for item in items if item.outcome == Outcome.EXITED}
    for code, comment in exits:
        if (named := _ITEM.search(comment)) and (named[1], code) not in ended:
            yield f"目录条目 {code}：退出记录所说的定期审核第 {named[1]} 项没有这个结果。"
