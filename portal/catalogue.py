"""The catalogue: publish, amend, promote, exit, merge, reinstate – the only writer of entries.

Each act is an event of its filing.
"""

from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from portal import drafts, publicity, reading, scope, search, snapshot, text
from portal.models import (
    CatalogueEntry,
    CodeCounter,
    Edition,
    Event,
    Filing,
    Promotion,
    Succession,
    User,
)
from portal.models.catalogue import DOCUMENT_NUMBER, FIRST_DAY, TOO_EARLY
from portal.registry import CITY, RecordType
from portal.vocabulary import BrandLevel, ChangeVerb, ExitReason, Level, Role, State, SuccessionKind
from portal.workflow import Conflict, Refused, checked_comment, record_event, swap

EXIT_REASONS = [(v, w) for v, w in ExitReason.choices if v != ExitReason.MERGED]  # of an exit by itself
COMING = (ChangeVerb.ADDED, ChangeVerb.ADJUSTED, ChangeVerb.RENAMED)  # what an edition publishes
NOT_TOO_LONG = MaxLengthValidator(60, "文号最多60个字，请核对。")  # what the column holds on PostgreSQL


def may_publish(user: User, filing: Filing) -> bool:
    """Say whether ``user`` publishes this filing: the province all, a city what ends at the city."""
    levels = (Level.PROVINCE, Level.CITY) if filing.record_type.route == CITY else (Level.PROVINCE,)
    return any(scope.sits_at(user, level, (Role.PUBLISHER,), filing.region_id) for level in levels)


def why_unpublishable(filing: Filing, user: User, edition: Edition | None = None) -> str:
    """Return the sentence why ``user`` may not publish ``filing`` now, empty when he may.

    What an edition in preparation lists is published with that ``edition`` alone.
    """
    if not filing.is_publishable:
        return "报表和零报送只报不公布。"
    if not may_publish(user, filing):
        return "您的岗位不能公布这个类型。"
    if filing.state != State.APPROVED:
        return "审核通过后才能公布。"
    if filing.decided_by_id == user.pk:
        return "审核结论是您作出的，须由另一人公布。"
    if CatalogueEntry.objects.filter(filing_id=filing.pk).exists():
        return "已经公布过。"
    listed = Edition.objects.in_preparation().filter(changes__filing=filing, changes__verb__in=COMING)
    if (other := listed.first()) and other != edition:
        return f"已列入“{other}”，随这一版一并公布。"
    return publicity.why_waiting(filing)


@transaction.atomic
def publish(
    filing: Filing,
    *,
    by: User,
    document_number: str,
    on: date | None = None,
    level: str = "",
    request_id: str = "",
    edition: Edition | None = None,
) -> CatalogueEntry:
    """Put an approved filing into the catalogue from the day ``on`` (today unless told) and return its entry.

    An amendment takes over the code and ends the entry it replaces; a reinstatement takes up the code of the
    entry that exited. Raises ``Filing.DoesNotExist`` out of scope, ``Refused`` with the reason, ``Conflict``
    when another act came first.
    """
    current = Filing.objects.visible_to(by).select_related("organisation__region__parent").get(pk=filing.pk)
    if reason := why_unpublishable(current, by, edition):
        raise Refused(reason)
    number, day = checked_number(document_number), _checked_day(on)
    _after_the_edition(current.kind, current.region_id, day)
    record, replaced = current.record, _replaced(current, day)
    said = {"comment": f"{number} {day}", "request_id": request_id}
    event = record_event(current, "publish", current.state, by=by, **said)
    if replaced:
        if not replaced.is_exited:
            _end(replaced, day, event)
        swap(Filing.objects.filter(pk=current.pk), holds_name=True)
    entry = _entered(
        filing_id=current.pk,
        kind=current.kind,
        code=replaced.code if replaced else next_code(record.record_type, current.region_id),
        title=current.title,
        region_id=current.region_id,
        level=_level(record.record_type, level, replaced),
        document_number=number,
        publisher=_publisher(by, current),
        valid_from=day,
        published_at=event.at,
        published_by=by,
        search_text=search_text(record),
        name_key=text.key(current.title)[:100],
    )
    if replaced and not replaced.is_exited and replaced.name_key != entry.name_key:
        Succession.objects.create(old=replaced, new=entry, kind=SuccessionKind.RENAMED)
    return entry


def _entered(**facts) -> CatalogueEntry:
    """Return a new entry, findable from now on; a code in force twice means that somebody was quicker."""
    try:
        with transaction.atomic():
            entry = CatalogueEntry.objects.create(**facts)
    except IntegrityError:
        raise Conflict(Filing.objects.get(pk=facts["filing_id"])) from None
    search.index([(entry.pk, entry.search_text)])
    return entry


def _after_the_edition(kind: str, region_code: str, day: date) -> None:
    """Refuse a day that an edition has fixed: what a published edition holds never changes.

    One that is being published just now is waited for, but none of another city: two that are published at
    once would wait for each other.
    """
    holding = [region_code[:length] for length in (2, 4)]  # the province and the city
    prepared = Edition.objects.select_for_update().in_preparation().filter(kind=kind, region__in=holding)
    list(prepared.order_by("pk").values_list("pk", flat=True))
    fixed = Edition.objects.published().filter(kind=kind, on__gte=day)
    covering = next((e for e in fixed.order_by("-on") if region_code.startswith(e.region_id)), None)
    if covering:
        raise Refused(f"“{covering}”以 {covering.on} 为准，已经定版；日期要晚于这一天。")


def _level(record_type: RecordType, level: str, replaced: CatalogueEntry | None) -> str:
    """Return the level of a new entry; promotion alone changes it (鲁人社字〔2024〕95号 二（三）11)."""
    if not record_type.levelled:
        return ""
    chosen = level or (replaced.level if replaced else BrandLevel.MUNICIPAL)
    if chosen not in BrandLevel.values:
        raise Refused("级别只能是市级或省级。")
    if replaced and chosen != replaced.level:
        act, now = ("重新列入", "原") if replaced.is_exited else ("变更", "现")
        raise Refused(f"这一条{now}为{replaced.get_level_display()}，{act}不改变级别；级别由择优选拔公布。")
    return chosen


def _publisher(by: User, filing: Filing) -> str:
    level = [
        p.organisation
        for p in by.posts
        if p.role == Role.PUBLISHER and filing.region_id.startswith(p.organisation.region_id)
    ]
    return level[0].name


def checked_number(document_number: str) -> str:
    """Return a document number as it is stored; ``Refused`` with what is wrong with it."""
    try:
        DOCUMENT_NUMBER(number := text.clean(document_number))
        NOT_TOO_LONG(number)
    except ValidationError as error:
        raise Refused(error.messages[0]) from None
    return number


def _checked_day(on: date | None) -> date:
    today = timezone.localdate()
    if on and on > today:
        raise Refused(f"日期不能晚于今天（{today}）。")
    if on and on < FIRST_DAY:
        raise Refused(TOO_EARLY)
    return on or today


def _replaced(filing: Filing, day: date) -> CatalogueEntry | None:
    """Return the entry that a filing replaces or, when it was begun after the exit, takes up again."""
    if not filing.amends_id:
        return None
    entry = CatalogueEntry.objects.in_force().filter(filing_id=filing.amends_id).first()
    entry = entry or _reinstated(filing)
    if entry is None:
        raise Refused("原条目已退出或已被替换，这份变更不能公布。")
    earliest = entry.valid_to or _latest(entry)
    if day < earliest:
        raise Refused(f"日期不能早于原条目的{'退出' if entry.valid_to else '公布'}日期（{earliest}）。")
    return entry


def _latest(entry: CatalogueEntry) -> date:
    """Return the last day on which something happened to an entry; nothing is told of it before that."""
    return max([entry.valid_from, *entry.promotions.values_list("on", flat=True)])


def _reinstated(filing: Filing) -> CatalogueEntry | None:
    """Return the exited entry that ends its lineage, if the filing was begun after the exit."""
    entry = CatalogueEntry.objects.filter(filing_id=filing.amends_id).exclude(exit_reason="").first()
    left = filing.amends.events.filter(action="exit").order_by("-number").first()
    if entry is None or left is None or filing.created_at < left.at:
        return None
    newest = CatalogueEntry.objects.filter(code=entry.code).order_by("-valid_from", "-pk").first()
    return entry if newest.pk == entry.pk else None


def _end(entry: CatalogueEntry, day: date, event: Event, **exit_facts: str) -> None:
    """Close the span at the instant of ``event``: at no instant is there neither an entry nor its successor.

    ``Conflict`` when it was closed or promoted since. Filing first, as every act locks.
    """
    Filing.objects.filter(pk=entry.filing_id).update(holds_name=False)
    as_read = CatalogueEntry.objects.filter(pk=entry.pk, valid_to=None, level=entry.level)
    if not as_read.update(valid_to=day, ended_at=event.at, **exit_facts):
        raise Conflict(entry.filing)


def next_code(record_type: RecordType, region_code: str) -> str:
    """Return the next public code, e.g. ``SB-3707-0003``: type, city, serial. Needs a transaction."""
    prefix = f"{record_type.code}-{region_code[:4].ljust(4, '0')}"
    CodeCounter.objects.get_or_create(prefix=prefix)
    CodeCounter.objects.filter(prefix=prefix).update(last=F("last") + 1)
    return str(CodeCounter.objects.get(prefix=prefix))


def search_text(record: Filing) -> str:
    """Return what the public search looks through: name, places and the public fields, folded."""
    region = record.region
    places = [region.name, region.parent.name if region.parent_id and region.level != Level.CITY else ""]
    fields = [snapshot.shown(record, name) for name in record.record_type.public]
    return text.fold("\n".join([record.title, *places, *fields]))


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
    number, day = checked_number(document_number), _checked_day(on)
    if day < (earliest := _latest(current)):
        raise Refused(f"退出日期不能早于公布日期（{earliest}）。")
    _after_the_edition(filing.kind, filing.region_id, day)
    said = f"{ExitReason(reason).label} {number} {day} {checked_comment(comment)}".strip()
    event = record_event(filing, "exit", filing.state, by=by, comment=said, request_id=request_id)
    _end(current, day, event, exit_reason=reason, exit_document_number=number)
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
    day = _checked_day(on)
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
    number, day = checked_number(document_number), _checked_day(on)
    if day < (earliest := _latest(current)):
        raise Refused(f"日期不能早于公布日期（{earliest}）。")
    _after_the_edition(filing.kind, filing.region_id, day)
    said = f"{BrandLevel(level).label} {number} {day}"
    event = record_event(filing, "promote", filing.state, by=by, comment=said, request_id=request_id)
    if not CatalogueEntry.objects.filter(pk=current.pk, valid_to=None, level=current.level).update(
        level=level
    ):
        raise Conflict(filing)
    risen = {"former": current.level, "level": level, "document_number": number, "on": day}
    return Promotion.objects.create(entry=current, **risen, by=by, at=event.at)
