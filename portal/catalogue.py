"""The catalogue: publish, amend, promote, exit, merge, reinstate – the only writer of entries.

Each act is an event of its filing. How something is published stands in ``publication``.
"""

from datetime import date

from django.db import transaction

from portal import drafts, reading, scope
from portal.models import CatalogueEntry, Event, Filing, Promotion, Succession, User
from portal.publication import end, publish, publish_all
from portal.publishable import (
    COMING,
    checked_day,
    checked_number,
    fixed_since,
    hold_editions,
    latest,
    may_publish,
    refuse_fixed,
    why_unpublishable,
    why_unpublishable_all,
)
from portal.vocabulary import BrandLevel, ExitReason, Level, Role, SuccessionKind
from portal.workflow import Conflict, Refused, checked_comment, record_event

__all__ = [
    "COMING",
    "EXIT_REASONS",
    "amend",
    "checked_number",
    "exit",
    "may_publish",
    "merge",
    "promote",
    "publish",
    "publish_all",
    "reinstate",
    "why_not_reinstated",
    "why_unpublishable",
    "why_unpublishable_all",
]

EXIT_REASONS = [(v, w) for v, w in ExitReason.choices if v != ExitReason.MERGED]  # of an exit by itself


def _after_the_edition(filing: Filing, day: date) -> None:
    """Refuse a day that an edition has fixed, or is fixing just now."""
    hold_editions([(filing.kind, filing.region_id)])
    refuse_fixed(fixed_since(day, [filing.kind]), filing.kind, filing.region_id)


@transaction.atomic
def exit(
    entry: CatalogueEntry,
    *,
    by: User,
    reason: str,
    document_number: str,
    on: date | None = None,
    comment: str = "",
    request_id: str = "",
) -> Event:
    """End an entry with its reason, document number and date; the page stays as a tombstone.

    What went into another entry leaves by ``merge`` alone. Raises ``Refused`` with the sentence, ``Conflict``
    when another act came first, ``DoesNotExist`` out of scope.
    """
    if reason not in dict(EXIT_REASONS):
        raise Refused("请选择退出原因。")
    return _leave(entry, by, reason, document_number, on, comment, request_id)


def _leave(
    entry: CatalogueEntry,
    by: User,
    reason: str,
    document_number: str,
    on: date | None,
    comment: str,
    request_id: str,
) -> Event:
    filing = Filing.objects.visible_to(by).select_related("organisation__region").get(pk=entry.filing_id)
    current = CatalogueEntry.objects.in_force().filter(pk=entry.pk).first()
    if not may_publish(by, filing):
        raise Refused("您的岗位不能办理退出。")
    if current is None:
        raise Refused("这一条已不在现行目录中。")
    number, day = checked_number(document_number), checked_day(on)
    if day < (earliest := latest(current)):
        raise Refused(f"退出日期不能早于公布日期（{earliest}）。")
    _after_the_edition(filing, day)
    said = f"{ExitReason(reason).label} {number} {day} {checked_comment(comment)}".strip()
    event = record_event(filing, "exit", filing.state, by=by, comment=said, request_id=request_id)
    end(current, day, event, exit_reason=reason, exit_document_number=number)
    return event


@transaction.atomic
def amend(entry: CatalogueEntry, *, by: User) -> Filing:
    """Return a new draft that copies the filing in force and will replace its entry when published.

    The published text stays public until then. Raises ``Refused`` when it is not ``by``'s to amend or one is
    open.
    """
    filing = Filing.objects.visible_to(by).get(pk=entry.filing_id)
    if not CatalogueEntry.objects.in_force().filter(pk=entry.pk).exists():
        raise Refused("这一条已不在现行目录中，不能变更。")
    if scope.files_for(by, filing.organisation_id) and reading.open_amendment(filing):
        raise Refused("这一条已有一份变更在办。")
    return drafts.copy(filing, by=by)


@transaction.atomic
def merge(
    entry: CatalogueEntry,
    into: CatalogueEntry,
    *,
    by: User,
    document_number: str,
    on: date | None = None,
    request_id: str = "",
) -> Succession:
    """End an entry because it went into another that is in force; its code leads there from now on.

    Raises as ``exit`` does, and ``Refused`` when ``into`` is itself or not in force.
    """
    target = CatalogueEntry.objects.in_force().filter(pk=into.pk, kind=entry.kind).first()
    if target is None or target.code == entry.code:
        raise Refused("要并入的条目须是同一目录中另一条现行条目。")
    day = checked_day(on)
    if not CatalogueEntry.objects.in_force(day).filter(code=target.code).exists():
        raise Refused(f"要并入的条目在 {day} 还不在目录中。")
    said = f"并入 {target.code} {target.title}"
    _leave(entry, by, ExitReason.MERGED, document_number, on, said, request_id)
    return Succession.objects.create(old_id=entry.pk, new=target, kind=SuccessionKind.MERGED)


def why_not_reinstated(entry: CatalogueEntry, user: User) -> str:
    """Return the sentence why ``user`` cannot ask for an entry to be listed again, empty when he can."""
    newest = CatalogueEntry.objects.filter(code=entry.code).order_by("-valid_from", "-pk").first()
    if newest.pk != entry.pk or not newest.is_exited:
        return "只有已退出目录的条目可以申请重新列入。"
    if hasattr(newest, "succession"):
        return "这一条已并入其他条目，不能重新列入。"
    if scope.files_for(user, entry.filing.organisation_id) and reading.open_amendment(entry.filing):
        return "这一条已有一份变更在办。"
    return ""


@transaction.atomic
def reinstate(entry: CatalogueEntry, *, by: User) -> Filing:
    """Return a new draft of an exited entry; published, it takes up the code again (重新列入).

    Raises ``Refused`` when the entry has not exited, went into another, or is being reinstated already.
    """
    filing = Filing.objects.visible_to(by).get(pk=entry.filing_id)
    if reason := why_not_reinstated(entry, by):
        raise Refused(reason)
    return drafts.copy(filing, by=by)


@transaction.atomic
def promote(
    entry: CatalogueEntry,
    *,
    by: User,
    level: str,
    document_number: str,
    on: date | None = None,
    request_id: str = "",
) -> Promotion:
    """Confer a level on a published entry from the day ``on`` (today unless told) by the province's decision.

    Raises ``Refused`` with the sentence, ``Conflict`` when another act came first, ``DoesNotExist`` out of
    scope.
    """
    filing = Filing.objects.visible_to(by).select_related("organisation__region").get(pk=entry.filing_id)
    current = CatalogueEntry.objects.in_force().filter(pk=entry.pk).first()
    if not scope.sits_at(by, Level.PROVINCE, (Role.PUBLISHER,), filing.region_id):
        raise Refused("只有省级发布岗位可以公布级别。")
    if current is None or not filing.record_type.levelled or level not in BrandLevel.values:
        raise Refused("只有现行目录中分级别的条目可以公布级别。")
    if current.level == level:
        raise Refused(f"这一条已是{current.get_level_display()}。")
    number, day = checked_number(document_number), checked_day(on)
    if day < (earliest := latest(current)):
        raise Refused(f"日期不能早于公布日期（{earliest}）。")
    _after_the_edition(filing, day)
    said = f"{BrandLevel(level).label} {number} {day}"
    event = record_event(filing, "promote", filing.state, by=by, comment=said, request_id=request_id)
    if not CatalogueEntry.objects.filter(pk=current.pk, valid_to=None, level=current.level).update(
        level=level
    ):
        raise Conflict(filing)
    risen = {"former": current.level, "level": level, "document_number": number, "on": day}
    return Promotion.objects.create(entry=current, **risen, by=by, at=event.at)
