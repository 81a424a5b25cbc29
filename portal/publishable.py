"""What publication asks first: whose it is, why it waits, which days, numbers and levels it may have.

Pure reads but for the locks on editions; ``publication`` and ``catalogue`` act.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db.models import Q
from django.utils import timezone

from portal import publicity, scope, text
from portal.models import CatalogueEntry, Edition, EditionChange, Filing, User
from portal.models.catalogue import DOCUMENT_NUMBER, FIRST_DAY, TOO_EARLY
from portal.refusals import Refused
from portal.registry import CITY, RecordType
from portal.vocabulary import BrandLevel, ChangeVerb, Level, Role, State

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
    return why_unpublishable_all([filing], user, edition)[filing.pk]


def why_unpublishable_all(
    filings: Collection[Filing], user: User, edition: Edition | None = None
) -> dict[int, str]:
    """Return filing → the sentence of ``why_unpublishable``; five queries for any number."""
    pks = [filing.pk for filing in filings]
    published = set(CatalogueEntry.objects.filter(filing__in=pks).values_list("filing_id", flat=True))
    listed, waiting = _listed(pks), publicity.why_waiting_all(filings)
    found = {}
    for filing in filings:
        other = listed.get(filing.pk)
        found[filing.pk] = (
            _why_not(filing, user)
            or ("已经公布过。" if filing.pk in published else "")
            or (f"已列入“{other}”，随这一版一并公布。" if other and other != edition else "")
            or waiting[filing.pk]
        )
    return found


def _why_not(filing: Filing, user: User) -> str:
    """Return why the filing or the post is not one to publish; no query."""
    if not filing.is_publishable:
        return "报表和零报送只报不公布。"
    if not may_publish(user, filing):
        return "您的岗位不能公布这个类型。"
    if filing.state != State.APPROVED:
        return "审核通过后才能公布。"
    return "审核结论是您作出的，须由另一人公布。" if filing.decided_by_id == user.pk else ""


def _listed(pks: Sequence[int]) -> dict[int, Edition]:
    """Return filing → the edition in preparation that lists it."""
    preparing = Edition.objects.in_preparation()
    changes = EditionChange.objects.filter(edition__in=preparing, filing__in=pks, verb__in=COMING)
    changes = changes.select_related("edition").order_by("edition__region_id", "-edition__on")
    found: dict[int, Edition] = {}
    for change in changes:
        found.setdefault(change.filing_id, change.edition)
    return found


def latest(entry: CatalogueEntry) -> date:
    """Return the last day on which something happened to an entry; nothing is told of it before that."""
    return max([entry.valid_from, *entry.promotions.values_list("on", flat=True)])


def level_of(record_type: RecordType, level: str, replaced: CatalogueEntry | None) -> str:
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


def hold_editions(places: Iterable[tuple[str, str]]) -> None:
    """Wait for the editions that are being published just now over (kind, region); needs a transaction.

    None of another city is waited for: two that are published at once would wait for each other.
    """
    wanted = Q(pk__in=[])
    for kind, region_code in set(places):
        wanted |= Q(kind=kind, region__in=[region_code[:length] for length in (2, 4)])
    prepared = Edition.objects.select_for_update().in_preparation().filter(wanted)
    list(prepared.order_by("pk").values_list("pk", flat=True))


def fixed_since(day: date, kinds: Iterable[str]) -> list[Edition]:
    """Return the published editions that fix ``day`` in catalogues of ``kinds``, latest first."""
    return list(Edition.objects.published().filter(kind__in=set(kinds), on__gte=day).order_by("-on"))


def refuse_fixed(fixed: Sequence[Edition], kind: str, region_code: str) -> None:
    """Refuse a day that an edition has fixed: what a published edition holds never changes."""
    over = (e for e in fixed if e.kind == kind and region_code.startswith(e.region_id))
    if covering := next(over, None):
        raise Refused(f"“{covering}”以 {covering.on} 为准，已经定版；日期要晚于这一天。")


def checked_number(document_number: str) -> str:
    """Return a document number as it is stored; ``Refused`` with what is wrong with it."""
    try:
        DOCUMENT_NUMBER(number := text.clean(document_number))
        NOT_TOO_LONG(number)
    except ValidationError as error:
        raise Refused(error.messages[0]) from None
    return number


def checked_day(on: date | None) -> date:
    """Return the day of an act, today unless told; ``Refused`` when it is to come or too long ago."""
    today = timezone.localdate()
    if on and on > today:
        raise Refused(f"日期不能晚于今天（{today}）。")
    if on and on < FIRST_DAY:
        raise Refused(TOO_EARLY)
    return on or today
