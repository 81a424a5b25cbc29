"""公示 and 公布: the only writer of notices and their lists; the objections are ``objections``.

A notice is drafted at the desk of a bureau (审核, 审批 or 发布 post) and published by a 发布 post that had no
hand in the text. Who did what stands in the columns and in the log that the auditor reads.
"""

import hashlib
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from portal import notice_messages, publicity, registry, scope, text, working_days
from portal.models import (
    Candidate,
    CatalogueEntry,
    Filing,
    NoticeItem,
    Organisation,
    PublicNotice,
    RoundStage,
    SelectionRound,
    User,
    canonical,
)
from portal.registry import CITY, RecordType
from portal.vocabulary import Level, NoticeKind, Role, State
from portal.workflow import Refused

DESK = (Role.REVIEWER, Role.APPROVER, Role.PUBLISHER)
LEVELS = (Level.PROVINCE, Level.CITY)  # where entries are published
USUAL = LEAST = 5  # working days; no notice sets them, 5 is the practice of the province's own 公示
MOST_DAYS = 60
MOST_ITEMS = 500

NOT_AT_A_DESK = "只有省、市人社部门的审核、审批和发布岗位可以拟写公示公告。"
TOO_SHORT = "公示不少于 {} 个工作日；{} 至 {} 只有 {} 个工作日，请把结束日期往后推。"
FEW_DAYS = "公示不少于 {} 个工作日，现在填的是 {} 个。"
STALE = "这份公告刚刚被改过，没有发布。请看过现在的内容和日期后再发布。"
CHANGED = "这份公告刚刚被他人改过，没有保存。您填写的内容已保留，请对照现在的内容后再保存。"
PAST = "开始日期 {} 已经过去，没有发布。请先把开始日期改为今天或以后。"
OTHER_DAYS = "工作日安排在拟写以后有调整，没有发布。请先修改公告，重新推算日期。"
OWN_TEXT = "这份公告您拟写或修改过，须由另一位发布岗位的同事发布。"
PUBLISHED = "这份公告已经发布，内容和日期不再改动；确有错误的，撤销后重新发布。"
MISSING = "受理异议要写明{}，群众才知道向谁提出。"
ITEM_COLUMNS = ("filing_id", "title", "organisation_name", "version")
CONTACTS = ("how_to_object", "receiver", "address", "phone")


class Stale(Refused):
    """The notice is no longer what the person read."""


def desks(user: User) -> list[Organisation]:
    """Return the bureaus at whose desk ``user`` drafts notices: of the province or a city, HRSS only."""
    found = [post.organisation for post in user.posts if post.role in DESK and is_desk(post.organisation)]
    return list({bureau.pk: bureau for bureau in found}.values())


def is_desk(organisation: Organisation) -> bool:
    """Say whether a bureau publishes notices at all."""
    return organisation.is_hrss and organisation.region.level in LEVELS


def sits_at(user: User, organisation_id: int, roles: Collection[str] = DESK) -> bool:
    """Say whether ``user`` holds one of ``roles`` at the desk of that very bureau."""
    return any(
        post.role in roles and post.organisation_id == organisation_id and is_desk(post.organisation)
        for post in user.posts
    )


def listable(organisation: Organisation, kind: str, record_type: RecordType) -> models.QuerySet:
    """Return the filings that a notice of a bureau may list.

    公示 lists what is approved and not published yet or was chosen by a selection round, 公布 what is in
    force; the province all, a city what ends at the city.
    """
    found = Filing.objects.filter(scope.within("region_id", organisation.region_id), kind=record_type.slug)
    if organisation.region.level != Level.PROVINCE and record_type.route != CITY:
        return found.none()
    if kind == NoticeKind.ANNOUNCEMENT:
        return found.filter(pk__in=Filing.objects.in_force().values("pk"))
    publishable = models.Q(state=State.APPROVED, entry=None, is_nothing=False)
    found = found.filter(publishable | models.Q(pk__in=_chosen_in_rounds()))
    return found if record_type.is_catalogued else found.none()


def _chosen_in_rounds() -> models.QuerySet:
    """Return the filings in force that a selection round chose and nobody has conferred yet (择优选拔)."""
    chosen = Candidate.objects.filter(is_chosen=True, round__stage=RoundStage.DECIDED)
    entries = CatalogueEntry.objects.in_force().filter(code__in=chosen.values("entry__code"))
    return entries.values("filing_id")


def round_behind(filings: Collection[Filing]) -> SelectionRound | None:
    """Return the newest decided round that chose every one of ``filings``; None where none did."""
    entries = CatalogueEntry.objects.in_force().filter(filing__in=filings)
    codes = set(entries.values_list("code", flat=True))
    if not codes or len(codes) < len(filings):
        return None
    chosen = models.Q(candidates__is_chosen=True, candidates__entry__code__in=codes)
    rounds = SelectionRound.objects.filter(stage=RoundStage.DECIDED)
    rounds = rounds.annotate(among=models.Count("candidates", filter=chosen))
    return rounds.filter(among=len(codes)).order_by("-pk").first()


@transaction.atomic
def draft(*, by: User, organisation: Organisation, filings: Iterable[Filing], **facts: Any) -> PublicNotice:
    """Return a new notice of ``organisation`` that lists ``filings``; nobody outside its desk sees it yet.

    ``facts`` are the columns of ``PublicNotice``; ``ends_on`` left out is counted from ``working_days``.
    Raises ``Refused`` with the sentences of what is wrong.
    """
    if not sits_at(by, organisation.pk):
        raise Refused(NOT_AT_A_DESK)
    notice = PublicNotice(organisation=organisation, created_by=by, **facts)
    _write(notice, filings, by)
    note(notice, by, ADDITION, f"拟写，列 {notice.items.count()} 条")
    return notice


@transaction.atomic
def change(
    notice: PublicNotice, *, by: User, filings: Iterable[Filing], read: str = "", **facts: Any
) -> PublicNotice:
    """Change a notice that is not published and return it; ``read`` is the ``digest`` of what was read.

    Raises ``Stale`` when it is another text by now, ``Refused`` with what is wrong, ``DoesNotExist`` out of
    scope.
    """
    current = _locked(notice, by)
    _demand_unpublished(current)
    if read and read != digest(current):
        raise Stale(CHANGED)
    for name, value in facts.items():
        setattr(current, name, value)
    _write(current, filings, by)
    note(current, by, CHANGE, f"修改，列 {current.items.count()} 条")
    return current


@transaction.atomic
def discard(notice: PublicNotice, *, by: User) -> None:
    """Drop a notice that was never published. Raises as ``change`` does."""
    current = _locked(notice, by)
    _demand_unpublished(current)
    note(current, by, DELETION, "作废草稿")
    current.delete()


def _locked(notice: PublicNotice, by: User, roles: Collection[str] = DESK) -> PublicNotice:
    """Return the notice as it is now, held until the end; out of scope it does not exist."""
    found = PublicNotice.objects.select_for_update(of=("self",)).select_related("organisation__region")
    current = found.get(pk=notice.pk)
    if not sits_at(by, current.organisation_id):
        raise PublicNotice.DoesNotExist
    if not sits_at(by, current.organisation_id, roles):
        raise Refused("只有本单位的发布岗位可以发布和撤销公告。")
    return current


def _demand_unpublished(notice: PublicNotice) -> None:
    if notice.published_at:
        raise Refused(PUBLISHED)


def _write(notice: PublicNotice, filings: Iterable[Filing], by: User) -> None:
    """Check and store a draft with its list."""
    for column in notice._meta.concrete_fields:
        if isinstance(column, models.CharField | models.TextField):
            setattr(notice, column.attname, text.clean(getattr(notice, column.attname)))
    chosen = _chosen(notice, filings)
    _set_period(notice)
    _check(notice)
    notice.save()
    notice.items.all().delete()
    NoticeItem.objects.bulk_create(_item(notice, filing) for filing in chosen)


def _chosen(notice: PublicNotice, filings: Iterable[Filing]) -> list[Filing]:
    """Return the filings in the order of their places; one that may not be listed is refused by name."""
    wanted = {filing.pk: filing for filing in filings}
    if not wanted:
        raise Refused("名单是空的，请至少选一条。")
    if len(wanted) > MOST_ITEMS:
        raise Refused(f"一份公告最多列 {MOST_ITEMS} 条，现在有 {len(wanted)} 条，请分成几份。")
    if notice.record_kind not in {t.slug for t in registry.all_types()}:
        raise Refused("没有这种目录。")
    found = listable(notice.organisation, notice.kind, registry.get(notice.record_kind))
    able = found.filter(pk__in=wanted).select_related("organisation").order_by("region_id", "pk")
    listed = list(able)
    if gone := wanted.keys() - {filing.pk for filing in listed}:
        names = "、".join(f"《{wanted[pk]}》" for pk in sorted(gone)[:5])
        raise Refused(f"{names}现在不能列入这份公告：{_why_not(notice.kind)}。请去掉后再保存。")
    return listed


def _why_not(kind: str) -> str:
    if kind == NoticeKind.ANNOUNCEMENT:
        return "不在现行目录中，或不归本单位公布"
    return "没有审核通过、已经公布，或不归本单位公布"


def _item(notice: PublicNotice, filing: Filing) -> NoticeItem:
    return NoticeItem(
        notice=notice,
        filing=filing,
        title=filing.title,
        organisation_name=filing.organisation.name,
        version=filing.version,
    )


def _set_period(notice: PublicNotice) -> None:
    """Give a 公示 both days and their number of working days; a 公布 has neither."""
    if notice.kind != NoticeKind.PUBLICITY:
        notice.ends_on = notice.working_days = None
        return
    notice.ends_on, notice.working_days = period(notice.starts_on, notice.working_days, notice.ends_on)


def period(starts_on: date, days: int | None, ends_on: date | None = None) -> tuple[date, int]:
    """Return the last day of a 公示 and its number of working days, from either of the two.

    An end that was typed stands; in a year of which the holidays are not known its working days are those the
    drafter says. Raises ``Refused`` when it is too short or the calendar has to be entered first.
    """
    days = USUAL if days is None else days
    if not LEAST <= days <= MOST_DAYS:
        raise Refused(FEW_DAYS.format(LEAST, days) if days < LEAST else f"公示最多 {MOST_DAYS} 个工作日。")
    if ends_on is None:
        try:
            return working_days.ends_after(starts_on, days), days
        except working_days.UnknownYear as unknown:
            raise Refused(str(unknown)) from None
    if not LEAST <= (ends_on - starts_on).days + 1 <= 3 * MOST_DAYS:
        raise Refused(f"结束日期要在开始日期之后，首尾不少于 {LEAST} 天、不超过 {3 * MOST_DAYS} 天。")
    return ends_on, _counted(starts_on, ends_on, days)


def _counted(starts_on: date, ends_on: date, days: int) -> int:
    try:
        counted = working_days.count(starts_on, ends_on)
    except working_days.UnknownYear:
        return min(days, (ends_on - starts_on).days + 1)
    if counted < LEAST:
        raise Refused(TOO_SHORT.format(LEAST, starts_on, ends_on, counted))
    return counted


def _check(notice: PublicNotice) -> None:
    """Raise ``Refused`` with every sentence of what is wrong with the columns of a notice."""
    found, labels = [], {column.name: str(column.verbose_name) for column in notice._meta.fields}
    try:
        notice.full_clean()
    except ValidationError as error:
        said = error.message_dict.items()
        found = [f"{labels.get(name, '公告')}：{words}" for name, several in said for words in several]
    missing = [labels[name] for name in CONTACTS if not getattr(notice, name)]
    if notice.kind == NoticeKind.PUBLICITY and missing:
        found.append(MISSING.format("、".join(missing)))
    if found:
        raise Refused("；".join(sentence.rstrip("。") for sentence in found) + "。")


def digest(notice: PublicNotice) -> str:
    """Return a mark of everything a reader of the notice sees, so that what is published is what was read."""
    hidden = ("id", "created_at", "created_by_id", "published_at", "published_by_id")
    columns = {
        c.attname: str(getattr(notice, c.attname)) for c in notice._meta.fields if c.attname not in hidden
    }
    items = [[str(v) for v in row] for row in notice.items.order_by("pk").values_list(*ITEM_COLUMNS)]
    return hashlib.sha256(canonical({**columns, "items": items})).hexdigest()


def writers(notice: PublicNotice) -> set[int]:
    """Return who drafted or changed a notice, by the log."""
    notes = LogEntry.objects.filter(content_type=_content_type(), object_id=str(notice.pk))
    hands = notes.filter(action_flag__in=(ADDITION, CHANGE), change_message__regex="^(拟写|修改)")
    return {notice.created_by_id, *hands.values_list("user_id", flat=True)}


def why_not_publish(notice: PublicNotice, user: User, today: date | None = None) -> str:
    """Return the sentence why ``user`` may not publish ``notice``, empty when he may."""
    if notice.published_at:
        return PUBLISHED
    if not sits_at(user, notice.organisation_id, (Role.PUBLISHER,)):
        return "只有本单位的发布岗位可以发布和撤销公告。"
    if user.pk in writers(notice):
        return OWN_TEXT
    if notice.starts_on < (today or timezone.localdate()):
        return PAST.format(notice.starts_on)
    return ""


@transaction.atomic
def publish(notice: PublicNotice, *, by: User, read: str, at: datetime | None = None) -> PublicNotice:
    """Publish the notice that was ``read`` (its ``digest``) and tell the bureaus; both days are fixed now.

    ``at`` is the moment, now unless told: the demonstration tells of past ones. Raises ``Stale`` when it is
    another text by now, ``Refused`` with the sentence, ``DoesNotExist`` out of scope.
    """
    current, at = _locked(notice, by, (Role.PUBLISHER,)), at or timezone.now()
    if reason := why_not_publish(current, by, timezone.localdate(at)):
        raise Refused(reason)
    if read != digest(current):
        raise Stale(STALE)
    counted = current.working_days
    _set_period(current)
    if current.working_days != counted:
        raise Refused(OTHER_DAYS)
    listed = [item.filing for item in current.items.select_related("filing")]
    _demand_same(current, _chosen(current, listed))
    current.published_at, current.published_by = at, by
    current.save()
    note(current, by, CHANGE, f"发布，{publicity.dates(current)}")
    notice_messages.published(current, at)
    return current


def _demand_same(notice: PublicNotice, filings: list[Filing]) -> None:
    """Refuse a list whose filings were submitted anew since it was drafted."""
    versions = dict(notice.items.values_list("filing_id", "version"))
    if moved := [filing for filing in filings if versions[filing.pk] != filing.version]:
        names = "、".join(f"《{filing}》" for filing in moved[:5])
        raise Refused(f"{names}在拟写以后重新提交过，没有发布。请先修改公告，重新选定名单。")


@transaction.atomic
def withdraw(notice: PublicNotice, *, by: User, reason: str) -> PublicNotice:
    """Take a published notice back with the reason; its page stays. Raises as ``publish`` does."""
    current, reason = _locked(notice, by, (Role.PUBLISHER,)), text.clean(reason)
    if not current.published_at:
        raise Refused("这份公告还没有发布，不用撤销；不再需要的，作废草稿即可。")
    if current.withdrawn_at:
        raise Refused(f"这份公告已于 {timezone.localdate(current.withdrawn_at)} 撤销。")
    if not reason:
        raise Refused("请写明撤销原因，公开页会显示。")
    if text.count(reason) > 100:
        raise Refused(f"撤销原因最多 100 字，现在有 {text.count(reason)} 字，请缩短后再提交。")
    current.withdrawn_at, current.withdrawn_by, current.withdrawal_reason = timezone.now(), by, reason
    current.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_reason"])
    note(current, by, CHANGE, f"撤销：{reason}")
    notice_messages.withdrawn(current)
    return current


def note(notice: PublicNotice, by: User, flag: int, what: str) -> None:
    """Keep who did what to a notice, where the auditor reads it."""
    LogEntry.objects.create(
        user=by,
        content_type=_content_type(),
        object_id=str(notice.pk),
        object_repr=str(notice)[:200],
        action_flag=flag,
        change_message=what,
    )


def _content_type() -> ContentType:
    return ContentType.objects.get_for_model(PublicNotice)
