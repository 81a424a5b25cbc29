"""The acts on a registration and on what it entered: sent for confirmation, sent away, given up, revoked.

Who may do what, and why not; what is confirmed is entered by ``historical_jobs``.
"""

from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from portal import asking, jobs, text, workflow
from portal.historical import CONFIRM, ENDED_ALREADY, PREPARE, bureau_of, note
from portal.models import CatalogueEntry, Event, Filing, Import, Job, Registration, RowOutcome, User
from portal.refusals import Refused
from portal.vocabulary import ENDED, State

RECEIPT = "history-receipt"  # the jobs that make receipts of sheets
LONGEST_REASON = 400
AT_ONCE = 500

UNDER_WAY = "正在办理，办完以前不能再办理"
FAULTY = "表里还有错误，改好后重新上传"
NOT_READ = "表格还没有读完"
NOT_PROPOSED = "登记人还没有送请确认"
PROPOSED = "已送请确认，等待另一位同事办理"
FOUR_EYES = "这份登记是您准备的，须由另一位省级审批或发布岗位的同事确认"
NO_REASON = "请写明原因，同事要据此知道为什么。"
REASON_TOO_LONG = f"原因最多 {LONGEST_REASON} 字，请缩短后再提交。"
NOT_HIS = "您的岗位不能办理登记。"
NOT_REVOKER = "只有省级审批岗位可以撤销登记。"
NOT_REGISTERED = "这件填报不是登记的历史结果，或者登记已经撤销。"
PUBLISHED = "已公布，须办理变更或退出。"
REPLACED = "已有一件更新在办或已替换它，不能撤销登记。"

LABELS = {"propose": "送请确认", "confirm": "确认登记", "refuse": "退回", "abandon": "放弃"}
STAGES = {
    "reading": ("读取中", "unopened"),
    "unread": ("没有读成", "rejected"),
    "faulty": ("有错误", "returned"),
    "read": ("待送请确认", "draft"),
    "proposed": ("待确认", "province_review"),
    "entering": ("正在登记", "province_review"),
    "entered": ("已登记", "approved"),
    "refused": ("已退回", "rejected"),
    "abandoned": ("已放弃", "cancelled"),
}


def stage(found: Registration) -> str:
    """Return where a registration stands, a key of ``STAGES``; needs ``upload.job``."""
    upload = found.upload
    if upload.committed_at:
        return "entered"
    if upload.abandoned_at:
        return "refused" if found.refused_by_id else "abandoned"
    if upload.is_under_way:
        return "entering" if upload.read_at else "reading"
    if upload.read_at is None:
        return "unread"
    if upload.counts.get(RowOutcome.FAULTY) or not upload.counts.get(RowOutcome.NEW):
        return "faulty"
    return "proposed" if found.proposed_at else "read"


def choices(found: Registration, user: User, job: Job | None = None) -> dict[str, str]:
    """Return act → why it is closed to ``user`` now, empty when open; none without a post or at its end.

    The ``job`` that does an act is no obstacle to it.
    """
    if bureau_of(user, CONFIRM) is None or not found.upload.is_open:
        return {}
    if found.upload.is_under_way and found.upload.job != job:
        return dict.fromkeys(LABELS, UNDER_WAY)
    is_own = found.upload.created_by_id == user.pk
    unready = {"unread": NOT_READ, "faulty": FAULTY, "read": "" if is_own else NOT_PROPOSED}
    now = unready.get(stage(found), "")
    if is_own:
        sent = PROPOSED if found.proposed_at else now
        return {"propose": sent, "confirm": FOUR_EYES, "abandon": ""}
    return {"confirm": now, "refuse": now}


def demand(found: Registration, act: str, by: User, job: Job | None = None) -> Registration:
    """Return the registration, held until the transaction ends; ``Refused`` when that is closed to ``by``."""
    list(Import.objects.select_for_update().filter(pk=found.upload_id).values_list("pk"))
    current = Registration.objects.select_related("upload__created_by", "upload__job").get(pk=found.pk)
    open_to = choices(current, by, job)
    if act not in open_to:
        has_ended = bureau_of(by, CONFIRM) is not None and not current.upload.is_open
        raise Refused(ENDED_ALREADY if has_ended else NOT_HIS)
    if open_to[act]:
        raise Refused(f"{LABELS[act]}现在不能办理：{open_to[act]}。")
    return current


@transaction.atomic
def propose(found: Registration, *, by: User) -> Registration:
    """Send what was read without errors to the second person. Raises ``Refused``."""
    current = demand(found, "propose", by)
    if bureau_of(by, PREPARE) is None:
        raise Refused(NOT_HIS)
    current.proposed_at = timezone.now()
    current.save(update_fields=["proposed_at"])
    note(current, by, f"送请确认 {current.upload.counts[RowOutcome.NEW]} 条")
    return current


@transaction.atomic
def refuse(found: Registration, *, by: User, reason: str) -> Registration:
    """Send a registration away for good; a corrected sheet is a new one. Raises ``Refused``."""
    current, said = demand(found, "refuse", by), checked_reason(reason)
    current.refused_by, current.reason = by, said
    current.save(update_fields=["refused_by", "reason"])
    _end(current)
    note(current, by, f"退回：{said}")
    return current


@transaction.atomic
def abandon(found: Registration, *, by: User) -> Registration:
    """Give up what was not entered; its files are removed. Raises ``Refused``."""
    current = demand(found, "abandon", by)
    _end(current)
    note(current, by, "放弃登记")
    return current


def _end(current: Registration) -> None:
    upload = current.upload
    files = [name for name in (upload.file, upload.plan) if name]
    Import.objects.filter(pk=upload.pk).update(abandoned_at=timezone.now(), file="", plan="")
    jobs.expire(RECEIPT, {"registration": current.pk})
    transaction.on_commit(partial(_remove, files))


def _remove(files: list[str]) -> None:
    for name in files:
        default_storage.delete(name)


def checked_reason(reason: str) -> str:
    """Return a reason fit to be stored; ``Refused`` when there is none or it is too long."""
    if not (said := text.clean(reason)):
        raise Refused(NO_REASON)
    if text.count(said) > LONGEST_REASON:
        raise Refused(REASON_TOO_LONG)
    return said


@asking.for_the_house()
def why_not_revoked(filing: Filing, user: User) -> str | None:
    """Return why ``user`` cannot revoke what was registered, empty when he can, None when it is not his."""
    if bureau_of(user, PREPARE) is None or not filing.registration_id:
        return None
    if CatalogueEntry.objects.filter(filing_id=filing.pk).exists():
        return PUBLISHED
    return REPLACED if Filing.objects.exclude(state__in=ENDED).filter(amends=filing).exists() else ""


@transaction.atomic
def revoke(filing: Filing, *, by: User, reason: str) -> Event:
    """Let one result registered wrongly be void (已作废) while it is not published; return the event.

    Its name is free again. Raises ``Filing.DoesNotExist`` out of scope, ``Refused`` with the sentence.
    """
    workflow.hold([filing.pk], by)
    current = Filing.objects.visible_to(by).select_related("organisation__region").get(pk=filing.pk)
    if (why := why_not_revoked(current, by)) is None:
        raise Refused(NOT_REGISTERED if bureau_of(by, PREPARE) else NOT_REVOKER)
    if why:
        raise Refused(why)
    return _revoked([current], by, checked_reason(reason))[0]


def revocable(found: Registration) -> QuerySet:
    """Return what still stands by a registration and is neither published nor replaced."""
    replaced = Filing.objects.exclude(state__in=ENDED).filter(amends__registration=found)
    return found.filings.filter(entry=None).exclude(pk__in=replaced.values("amends")).order_by("pk")


@transaction.atomic
@asking.for_the_house()
def revoke_all(found: Registration, *, by: User, reason: str) -> int:
    """Revoke all that is still ``revocable`` of a registration and return how many these were.

    Raises ``Refused`` with the sentence, ``Conflict`` when something happened to one of them meanwhile.
    """
    if bureau_of(by, PREPARE) is None:
        raise Refused(NOT_REVOKER)
    said, number, last = checked_reason(reason), 0, 0
    while part := list(revocable(found).filter(pk__gt=last).select_related("organisation__region")[:AT_ONCE]):
        workflow.hold([filing.pk for filing in part], by)
        number += len(_revoked(part, by, said))
        last = part[-1].pk
    note(found, by, f"撤销登记 {number} 条：{said}")
    return number


def _revoked(filings: list[Filing], by: User, reason: str) -> list[Event]:
    """Void filings; one that its bureau takes up again begins a new version."""
    said = [(reason, {"registration": filing.registration_id}) for filing in filings]
    undone = {"decided_at": None, "decided_by": None, "registration": None, "version": F("version") + 1}
    return workflow.move_all(filings, "revoke", State.CANCELLED, said, by=by, at=timezone.now(), **undone)
