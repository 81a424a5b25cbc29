"""Editions of a catalogue: prepared, sent for approval, approved or returned, published at once, given up.

The only writer of ``Edition``. Three different people make one: who prepares, who approves and who publishes
it (动态发布, 鲁人社字〔2024〕95号 二（二）6). What it changes is ``edition_changes``.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from portal import catalogue, drafts, edition_changes, notify, registry, rules, text, workflow
from portal.edition_changes import Progress, told, unheard
from portal.edition_policy import choices, region_for
from portal.models import CatalogueEntry, Edition, EditionChange, Filing, Membership, Message, User
from portal.models.catalogue import FIRST_DAY, TOO_EARLY
from portal.vocabulary import EDITABLE, HRSS_KINDS, IN_REVIEW, ChangeVerb, ExitReason, Role, State, Topic
from portal.workflow import Conflict, Refused, checked_comment

UNCHANGED = "本版没有发布，目录没有任何变化。"


class Unready(Refused):
    """The edition cannot go on as it stands; ``lines`` says why, one sentence each."""

    def __init__(self, what: str, lines: list[str]):
        self.lines = lines
        super().__init__(what)


@transaction.atomic
def prepare(kind: str, *, by: User, **facts: Any) -> Edition:
    """Return a new edition in preparation; ``facts``: name, on, document_number, is_demo.

    Raises ``Refused`` when the catalogue is not ``by``'s to edit, or one is in preparation already.
    """
    region = region_for(registry.get(kind), by)
    if not region:
        raise Refused(edition_changes.NOT_YOURS)
    edition = Edition(kind=kind, region_id=region, created_by=by, **facts)
    _store(edition)
    note(edition, by, "新编一版", ADDITION)
    return edition


@transaction.atomic
def revise(edition: Edition, *, by: User, name: str, on: date, document_number: str) -> Edition:
    """Change the facts of an edition in preparation. Raises ``Refused``."""
    current = edition_changes.in_work(edition, by)
    current.name, current.on, current.document_number = name, on, document_number
    _store(current)
    note(current, by, f"修改版次信息：{current.name}，{current.on}，{current.document_number or '文号未填'}")
    return current


def _store(edition: Edition) -> None:
    """Store the facts; ``Refused`` with the sentence of what is wrong with them."""
    edition.name, edition.document_number = text.clean(edition.name), text.clean(edition.document_number)
    try:
        edition.full_clean()
    except ValidationError as error:
        raise Refused("".join(dict.fromkeys(error.messages))) from None
    if edition.on < FIRST_DAY:
        raise Refused(TOO_EARLY)
    if fixed := _fixed_after(edition):
        raise Refused(f"“{fixed}”以 {fixed.on} 为准，本版的日期要晚于这一天。")
    try:
        with transaction.atomic():
            edition.save()
    except IntegrityError:
        raise Refused("刚刚已有人新编了一版，没有再建；请打开那一版。") from None


def _fixed_after(edition: Edition) -> Edition | None:
    of_same = Edition.objects.filter(kind=edition.kind, region=edition.region_id, published_at__isnull=False)
    return of_same.filter(on__gte=edition.on).order_by("-on").first()


def opened(edition: Edition, act: str, by: User) -> Edition:
    """Return the edition, held until the transaction ends; ``Refused`` unless ``act`` is open to ``by``."""
    held = Edition.objects.select_for_update(of=("self",)).select_related("region")
    current = held.get(pk=edition.pk)
    choice = next((one for one in choices(current, by) if one.name == act), None)
    if choice is None:
        raise Refused("您的岗位不能办理这个动作。")
    if choice.reason:
        raise Refused(f"{choice.label}现在不能办理：{choice.reason}")
    return current


@transaction.atomic
def propose(
    edition: Edition,
    *,
    by: User,
    explanation: str = "",
    request_id: str = "",
    progress: Progress = unheard,
) -> Edition:
    """Send the edition for approval: every draft of it is submitted, with ``explanation`` where one is asked.

    Raises ``Unready`` with everything that is missing, ``Refused`` when it is not open to ``by``.
    """
    current = opened(edition, "propose", by)
    changes = edition_changes.of(current)
    if not changes:
        raise Refused("本版还没有任何变化，没有送审；请先导入表格，或逐项添加。")
    _demand_number(current)
    open_drafts = [c.filing for c in changes if c.verb in edition_changes.COMING and c.filing.is_editable]
    checked = told(open_drafts, progress, "核对草稿")
    explained = [_explained(filing.record, explanation, by) for filing in checked]
    found = [*edition_changes.obstacles(current, changes), *unready(explained)]
    if found:
        raise Unready(f"有 {len(found)} 处须先处理，没有送审。", found)
    for filing in told(explained, progress, "提交草稿"):
        _named(filing, "submit", by, request_id=request_id)
    edition_changes.settle(current)
    current.proposed_at, current.proposed_by = timezone.now(), by
    _tell(current, (Role.APPROVER, Role.REVIEWER), "已送审，请审定", by)
    return _moved_on(current, by, "送审")


def _demand_number(edition: Edition) -> None:
    if not edition.document_number:
        raise Refused("请先填写本版的文号。")


def _explained(record: Filing, explanation: str, by: User) -> Filing:
    """Return a draft with the explanation of the edition, where a rule asks for one."""
    said = text.clean(explanation)
    asked = any(problem.needs_explanation for problem in rules.problems(record))
    if not said or not asked or record.explanation == said:
        return record
    with edition_changes.naming(record):
        return drafts.save(record, by=by, revision=record.revision, values={"explanation": said})


def unready(records: list[Filing]) -> Iterator[str]:
    """Yield one sentence for each draft that cannot be submitted as it is."""
    for record in records:
        if found := rules.blocking(record):
            asks = "，属实的请写情况说明" if all(p.needs_explanation for p in found) else ""
            yield f"《{record}》：{''.join(p.text for p in found).rstrip('。')}{asks}。"


def _moved_on(edition: Edition, by: User, said: str) -> Edition:
    """Store who did what when, and note it where everybody on the edition's page reads it."""
    edition.save()
    note(edition, by, said)
    return edition


@transaction.atomic
def approve(edition: Edition, *, by: User, request_id: str = "", progress: Progress = unheard) -> Edition:
    """Approve every filing of the edition at once (审定). Raises ``Unready`` or ``Refused``."""
    current = opened(edition, "approve", by)
    changes = edition_changes.of(current)
    coming = [change.filing for change in changes if change.verb in edition_changes.COMING]
    missing = [f"《{f}》{f.get_state_display()}，须先退回本版。" for f in coming if f.state in EDITABLE]
    if found := [*edition_changes.obstacles(current, changes), *missing]:
        raise Unready(f"有 {len(found)} 处不能审定，没有办理。", found)
    for filing in told(coming, progress, "审定"):
        if filing.state in IN_REVIEW:
            _named(filing, "approve", by, request_id=request_id)
    current.approved_at, current.approved_by = timezone.now(), by
    _tell(current, (Role.PUBLISHER, Role.FILER), "已审定，等待发布", by)
    return _moved_on(current, by, "审定")


def _named(filing: Filing, act: str, by: User, **arguments: Any) -> None:
    """Do an act on one filing; a refusal names it."""
    with edition_changes.naming(filing):
        workflow.perform(filing, act, by=by, version=filing.version, **arguments)


@transaction.atomic
def send_back(
    edition: Edition, *, by: User, comment: str, request_id: str = "", progress: Progress = unheard
) -> Edition:
    """Return the edition with an opinion: it is in preparation again, all its own filings are returned."""
    current = opened(edition, "return", by)
    if not (said := checked_comment(comment)):
        raise Refused("退回须写明意见，编制人员要据此修改。")
    for change in told(edition_changes.of(current), progress, "退回"):
        if change.verb in edition_changes.COMING and _is_returned_with(change.filing, current):
            _return(change.filing, by, said, request_id)
    current.proposed_at = current.proposed_by = current.approved_at = current.approved_by = None
    _tell(current, (Role.FILER,), f"已退回修改：{said}", by)
    return _moved_on(current, by, f"退回修改：{said}")


def _is_returned_with(filing: Filing, edition: Edition) -> bool:
    """Whether a filing goes back with its edition: it is of the same bureau, and was not decided before."""
    if filing.organisation.region_id != edition.region_id:
        return False
    decided_since = filing.decided_at and filing.decided_at >= edition.proposed_at
    return filing.state in IN_REVIEW or (filing.state == State.APPROVED and bool(decided_since))


def _return(filing: Filing, by: User, said: str, request_id: str) -> None:
    if filing.state == State.APPROVED:
        _named(filing, "reopen", by, comment=said, request_id=request_id)
        filing = Filing.objects.get(pk=filing.pk)
    _named(filing, "return", by, comment=said, request_id=request_id)


@transaction.atomic
def abandon(edition: Edition, *, by: User, progress: Progress = unheard) -> Edition:
    """Give the edition up: its drafts are cancelled, the name and the place are free for another."""
    current = opened(edition, "abandon", by)
    edition_changes.clear(current, by, progress)
    current.abandoned_at = timezone.now()
    return _moved_on(current, by, "放弃")


def publish(edition: Edition, *, by: User, request_id: str = "", progress: Progress = unheard) -> Edition:
    """Publish the edition at once: entries come, change, merge and leave on its day, with its document.

    All of it or nothing. Raises ``Unready`` when the catalogue moved on, ``Refused`` with the row at fault.
    """
    try:
        with transaction.atomic():
            return _publish(edition, by, request_id, progress)
    except IntegrityError:
        raise Refused(f"这一天已有一版目录，或刚刚有他人改动了目录。{UNCHANGED}") from None


def _publish(edition: Edition, by: User, request_id: str, progress: Progress) -> Edition:
    current = opened(edition, "publish", by)
    _demand_number(current)
    changes = edition_changes.of(current)
    coming = [c.filing for c in changes if c.verb in edition_changes.COMING]
    waiting = [
        f"《{f}》{f.get_state_display()}，还没有审核通过。" for f in coming if f.state != State.APPROVED
    ]
    if found := [*edition_changes.obstacles(current, changes), *waiting]:
        raise Unready(f"有 {len(found)} 处不能发布。{UNCHANGED}", found)
    facts = {"by": by, "document_number": current.document_number, "on": current.on, "request_id": request_id}
    # Who leaves gives his name free, who comes takes it; what merges needs the entry it goes into.
    turns = ((ChangeVerb.REMOVED,), edition_changes.COMING, (ChangeVerb.MERGED,))
    in_turn = [change for verbs in turns for change in changes if change.verb in verbs]
    for change in told(in_turn, progress, "公布"):
        _happen(change, facts)
    current.published_at, current.published_by = timezone.now(), by
    _tell(current, (Role.FILER, Role.APPROVER), f"已发布，从 {current.on} 起现行", by)
    return _moved_on(current, by, f"发布：{current.document_number}，{current.on}")


def _happen(change: EditionChange, facts: dict[str, Any]) -> None:
    try:
        if change.verb in edition_changes.COMING:
            catalogue.publish(change.filing, edition=change.edition, **facts)
        elif change.verb == ChangeVerb.MERGED:
            catalogue.merge(change.entry, _target(change), **facts)
        else:
            catalogue.exit(change.entry, reason=ExitReason.ADJUSTED, comment=change.reason, **facts)
    except Conflict:
        raise Refused(f"{change}：刚刚已由他人处理。{UNCHANGED}") from None
    except Refused as refusal:
        raise Refused(f"{change}：{refusal}{UNCHANGED}") from None


def _target(change: EditionChange) -> CatalogueEntry:
    """Return the entry in force of the project a merged one goes into, as it is within the publication."""
    entry = CatalogueEntry.objects.get(filing_id=change.filing_id)
    return CatalogueEntry.objects.in_force().filter(code=entry.code).first() or entry


def _tell(edition: Edition, roles: tuple[str, ...], what: str, by: User) -> None:
    """Write to the posts of the edition's own bureau what happened to it; one row per person."""
    posts = Membership.objects.current().filter(role__in=roles, user__is_active=True)
    there = posts.filter(organisation__kind__in=HRSS_KINDS, organisation__region=edition.region_id)
    people = sorted(set(there.values_list("user_id", flat=True)) - {by.pk})
    said, now = f"“{edition}”（{registry.get(edition.kind)}目录）{what}", timezone.now()
    facts = {"topic": Topic.OTHER, "address": reverse("edition", args=[edition.pk]), "created_at": now}
    notify.deliver(Message(user_id=pk, text=said[:400], **facts) for pk in people)


def note(edition: Edition, by: User, said: str, flag: int = CHANGE) -> None:
    """Keep who did what with an edition, where its page and the auditor read it."""
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(Edition),
        object_id=str(edition.pk),
        object_repr=str(edition)[:200],
        action_flag=flag,
        change_message=said,
    )


def faults() -> Iterator[str]:
    """Yield one line for each published edition that lacks a hand, or a change of which did not happen.

    Editions that were published before they were made at the workbench have no ``created_by``.
    """
    made = Edition.objects.filter(published_at__isnull=False, created_by__isnull=False)
    for edition in made.order_by("pk").prefetch_related("changes__entry", "changes__filing__entry"):
        hands = [edition.proposed_by_id, edition.approved_by_id, edition.published_by_id]
        if None in hands or len(set(hands)) < len(hands):
            yield f"目录版次 {edition.pk}：送审、审定、发布不是三个人经手。"
        if not (edition.proposed_at and edition.approved_at):
            yield f"目录版次 {edition.pk}：已发布，没有送审或审定的时间。"
        for change in edition.changes.all():
            if not _happened(change, edition):
                yield f"目录版次 {edition.pk} 的第 {change.pk} 项变化（{change.verb}）没有发生。"


def _happened(change: EditionChange, edition: Edition) -> bool:
    if change.verb in edition_changes.COMING:
        entry = getattr(change.filing, "entry", None)
        return entry is not None and entry.valid_from == edition.on
    reason = ExitReason.MERGED if change.verb == ChangeVerb.MERGED else ExitReason.ADJUSTED
    return (change.entry.exit_reason, change.entry.valid_to) == (reason, edition.on)
