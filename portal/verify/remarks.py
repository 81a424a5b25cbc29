"""Invariants of a filing's remarks and locks: the acts that sent, answered and closed them agree."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from portal import remarks
from portal.models import Event, Filing, Remark
from portal.verify.filings import SUBMITTED
from portal.vocabulary import DECIDED, Level, RemarkState, State

CLOSING = ("return", "endorse", "approve", "reject")
DESK_AT = {State.CITY_REVIEW: Level.CITY, State.PROVINCE_REVIEW: Level.PROVINCE}


def of_remarks(filing: Filing, events: list[Event], found: list[Remark]) -> Iterator[str]:
    """Yield where remarks, the acts that sent, answered or closed them, and the locks do not agree."""
    returns, submissions = _standing_returns(events), _standing_submissions(events)
    yield from _unknown_to_the_filing(returns, "remarks", found, RemarkState.PREPARED, "发出")
    yield from _unknown_to_the_filing(submissions, "replies", found, RemarkState.OPEN, "答复")
    for remark in found:
        yield from (f"审核意见 {remark.pk}：{text}" for text in _of_one(remark, filing, events, returns))
    yield from _of_locks(filing, returns)


def _standing_returns(events: list[Event]) -> list[Event]:
    """Return the returns without those recalled, which the next act says."""
    recalled = {before.number for before, act in pairwise(events) if act.action == "recall"}
    return [event for event in events if event.action == "return" and event.number not in recalled]


def _standing_submissions(events: list[Event]) -> list[Event]:
    """Return the submissions without those withdrawn."""
    withdrawn = {event.version for event in events if event.action == "withdraw"}
    return [e for e in events if e.action == "submit" and e.version not in withdrawn]


def _unknown_to_the_filing(
    events: Iterable[Event], told: str, found: list[Remark], before: RemarkState, word: str
) -> Iterator[str]:
    """Yield what an act tells of and the filing has not, or has as if the act had not been."""
    held = {remark.pk: remark.standing for remark in found}
    for event in events:
        for line in event.details.get(told, ()):
            if held.get(line["remark"], RemarkState.PREPARED) in (RemarkState.PREPARED, before):
                yield f"流转记录 {event.number} {word}的审核意见 {line['remark']} 不在或没有{word}。"


def _of_one(remark: Remark, filing: Filing, events: list[Event], returns: list[Event]) -> Iterator[str]:
    if remark.standing == RemarkState.OPEN and filing.state in SUBMITTED:
        yield "在审或已办结，仍待答复。"
    if remark.standing == RemarkState.PREPARED and filing.state in DECIDED:
        yield "已办结，仍待发出。"
    if remark.issued_at:
        yield from _of_sending(remark, returns)
    if remark.answered_at:
        yield from _of_answer(remark, events)
    if remark.closed_at:
        yield from _of_closing(remark, events)


def _of_sending(remark: Remark, returns: list[Event]) -> Iterator[str]:
    sent = next((event for event in returns if event.at == remark.issued_at), None)
    told = {"remark": remark.pk, "field": remark.field, "text": remark.text}
    if sent is None:
        yield "发出时间没有对应的退回记录。"
    elif told not in sent.details.get("remarks", ()):
        yield f"与流转记录 {sent.number} 所载的栏目或文字不一致。"


def _of_answer(remark: Remark, events: list[Event]) -> Iterator[str]:
    sent = [e for e in events if e.action == "submit" and e.version == remark.answered_in]
    if not remark.issued_at <= remark.answered_at:
        yield "答复早于发出。"
    if [event.at for event in sent] != [remark.answered_at]:
        yield f"答复时间与第 {remark.answered_in} 版的提交时间不一致。"
    elif {"remark": remark.pk, "reply": remark.reply} not in sent[0].details.get("replies", ()):
        yield f"答复与流转记录 {sent[0].number} 所载的不一致。"


def _of_closing(remark: Remark, events: list[Event]) -> Iterator[str]:
    if remark.answered_at is not None and remark.closed_at < remark.answered_at:
        yield "关闭早于答复。"
    closing = [e for e in events if e.action in CLOSING and e.at == remark.closed_at]
    if [DESK_AT.get(event.source) for event in closing] != [remark.level]:
        yield "关闭时间没有对应的本级办理记录。"


def _of_locks(filing: Filing, returns: list[Event]) -> Iterator[str]:
    opened = returns[-1].details.get("unlocked") if returns else None
    if (opened is None) != (filing.unlocked is None):
        yield "开放修改的栏目与最后一次退回不一致。"
    elif opened is not None:
        if missing := sorted(set(opened) - set(filing.unlocked)):
            yield f"最后一次退回开放的栏目 {'、'.join(missing)} 没有开放。"
        if unknown := sorted(set(filing.unlocked) - set(remarks.anchors(filing.record_type))):
            yield f"开放修改的栏目 {'、'.join(unknown)} 不在表中。"
