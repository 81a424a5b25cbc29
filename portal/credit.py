"""信用档案: what is held against a published unit or institution; the only writer of credit records.

Never public: read by the bureaus' own posts and the auditor (鲁人社发〔2020〕18号 三（三）12).
"""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from portal import access_log, catalogue, scope, text
from portal.models import Act, CatalogueEntry, CreditRecord, Filing, User
from portal.vocabulary import BUSINESS_ROLES, ExitReason, Level, Role
from portal.workflow import Refused, checked_comment

CLAUSE = "鲁人社发〔2020〕18号 三（三）12"
RECORDERS = (Role.REVIEWER, Role.APPROVER, Role.PUBLISHER)
# What stands in a document about conduct; 并入 and 目录动态调整 are no fault of the unit.
REASONS = [
    (value, label)
    for value, label in ExitReason.choices
    if value not in (ExitReason.MERGED, ExitReason.ADJUSTED, ExitReason.VOLUNTARY, ExitReason.DISSOLVED)
]
LONGEST_REASON = 200


def may_read(user: User) -> bool:
    """Say whether credit records are shown to ``user`` at all: the posts of the HRSS system, the auditor."""
    return any(
        post.role == Role.AUDITOR or (post.role in BUSINESS_ROLES and post.organisation.is_hrss)
        for post in user.posts
    )


def visible_entries(user: User) -> QuerySet:
    """Return the published entries whose credit record ``user`` may read."""
    if not may_read(user):
        return CatalogueEntry.objects.none()
    return CatalogueEntry.objects.filter(filing__in=Filing.objects.visible_to(user))


def may_record(user: User, region_code: str) -> bool:
    """Say whether ``user`` keeps the records of a region: the desk of the city or of the province."""
    return any(scope.sits_at(user, level, RECORDERS, region_code) for level in (Level.CITY, Level.PROVINCE))


def of_code(code: str) -> QuerySet:
    """Return the records of one public code, the newest first."""
    found = CreditRecord.objects.filter(code=code).select_related("recorded_by", "lifted_by")
    return found.order_by("-on", "-pk")


def standing(codes: Iterable[str]) -> dict[str, int]:
    """Return code → how many records stand against it, codes without one left out; one query."""
    rows = CreditRecord.objects.filter(code__in=list(codes), lifted_at=None).order_by()
    return dict(rows.values("code").annotate(n=Count("pk")).values_list("code", "n"))


def counted(filings: QuerySet, user: User) -> QuerySet:
    """Annotate ``credits``: the records that stand against the entry of a filing; 0 for who may not read."""
    if not may_read(user):
        return filings
    own = CreditRecord.objects.filter(code=OuterRef("entry__code"), lifted_at=None).order_by()
    number = Subquery(own.values("code").annotate(n=Count("pk")).values("n"))
    return filings.annotate(credits=Coalesce(number, 0))


def found(user: User, q: str) -> QuerySet:
    """Return the newest entry of each code ``user`` may read that has records, or whose name or code holds q.

    Annotates ``standing`` and ``recorded``.
    """
    entries = visible_entries(user)
    later = CatalogueEntry.objects.filter(code=OuterRef("code")).order_by("-valid_from", "-pk")
    entries = entries.filter(pk=Subquery(later.values("pk")[:1]))
    rows = CreditRecord.objects.filter(code=OuterRef("code")).order_by().values("code")
    entries = entries.annotate(
        recorded=Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0),
        standing=Coalesce(Subquery(rows.filter(lifted_at=None).annotate(n=Count("pk")).values("n")), 0),
    )
    if q:
        return entries.filter(Q(title__icontains=q) | Q(code__icontains=q)).order_by("code")
    return entries.filter(recorded__gt=0).order_by("-standing", "code")


@transaction.atomic
def record(
    entry: CatalogueEntry, *, by: User, reason: str, said: str, on: date | None, document_number: str = ""
) -> CreditRecord:
    """Write a record against a published entry, in force or exited, and return it.

    Raises ``CatalogueEntry.DoesNotExist`` out of scope, ``Refused`` with the sentence.
    """
    current = visible_entries(by).get(pk=entry.pk)
    if not may_record(by, current.region_id):
        raise Refused("只有市级、省级审核、审批和发布岗位可以登记信用记录。")
    if reason not in dict(REASONS):
        raise Refused("请选择情形。")
    if not (said := checked_comment(said)):
        raise Refused("请写明查实的事实。")
    if on is None or on > timezone.localdate():
        raise Refused(f"请填写发生日期，不晚于今天（{timezone.localdate()}）。")
    written = CreditRecord.objects.create(
        code=current.code,
        kind=current.kind,
        reason=reason,
        text=said,
        document_number=catalogue.checked_number(document_number) if text.clean(document_number) else "",
        on=on,
        recorded_by=by,
    )
    access_log.record(Act.ADMINISTER, by=by, about=written, title=f"登记信用记录：{current.code}")
    return written


@transaction.atomic
def lift(held: CreditRecord, *, by: User, reason: str) -> CreditRecord:
    """Lift a record with the reason; it stays readable. Another person than the one who wrote it.

    Raises ``CatalogueEntry.DoesNotExist`` out of scope, ``Refused`` with the sentence.
    """
    entry = visible_entries(by).filter(code=held.code).order_by("-valid_from", "-pk").first()
    if entry is None:
        raise CatalogueEntry.DoesNotExist
    if not may_record(by, entry.region_id):
        raise Refused("只有市级、省级审核、审批和发布岗位可以解除信用记录。")
    if held.recorded_by_id == by.pk:
        raise Refused("这条记录是您登记的，须由另一人解除。")
    if not (reason := text.clean(reason)):
        raise Refused("请写明解除理由。")
    if (length := text.count(reason)) > LONGEST_REASON or len(reason) > LONGEST_REASON:
        raise Refused(f"解除理由最多 {LONGEST_REASON} 字，现在有 {max(length, len(reason))} 字，请缩短。")
    lifted = {"lifted_at": timezone.now(), "lifted_by": by, "lifting_reason": reason}
    if not CreditRecord.objects.filter(pk=held.pk, lifted_at=None).update(**lifted):
        raise Refused("这条记录已经解除。")
    held.refresh_from_db()
    access_log.record(Act.ADMINISTER, by=by, about=held, title=f"解除信用记录：{held.code}")
    return held
