"""Objections to a 公示: registered, answered, closed; the only writer of them.

They are received in writing and under a real name (单位加盖公章, 个人署实名并留联系方式; 匿名不予受理). The
desk of the bureau that published the notice handles them and nobody else reads them; its 填报 posts do not,
for an objection may be to a filing of their own. Whoever registered one does not close it; who answers may.
"""

from datetime import date
from typing import Any

from django.contrib.admin.models import CHANGE
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal import notice_messages, notices, text
from portal.models import Objection, ObjectionStage, PublicNotice, User
from portal.vocabulary import NoticeKind
from portal.workflow import Refused, checked_comment

ANONYMOUS = "匿名不予受理：请写明单位全称（加盖公章）或个人真实姓名，并留联系方式。没有登记。"
NAMELESS = {"匿名", "匿名者", "无名", "无名氏", "群众", "某群众", "热心群众", "佚名", "不详", "未署名"}
NOT_IN_TIME = "异议要在公示期内提出（{} 至 {}），收到日期 {} 不在其中，没有登记。"
NOT_OPEN = "只有已经发布、没有撤销的公示才登记异议。"
SAME_PERSON = "这件异议由您登记，须由另一位同事办结。"
HANDLED = "这件异议刚刚已由他人处理，没有保存。您填写的内容已保留，请看过现在的情况后再办。"


def visible_to(user: User) -> QuerySet:
    """Return the objections that the desk of ``user`` handles."""
    desks = [bureau.pk for bureau in notices.desks(user)]
    return Objection.objects.filter(notice__organisation_id__in=desks)


def why_not_register(notice: PublicNotice, today: date | None = None) -> str:
    """Return the sentence why nothing is registered for a notice, empty when it is open to objections."""
    begun = notice.published_at and notice.starts_on <= (today or timezone.localdate())
    is_open = begun and not notice.withdrawn_at and notice.kind == NoticeKind.PUBLICITY
    return "" if is_open else NOT_OPEN


@transaction.atomic
def register(notice: PublicNotice, *, by: User, **facts: Any) -> Objection:
    """Write down an objection that came in and return it; ``facts`` are the columns of ``Objection``.

    Raises ``Refused`` with the sentence, ``PublicNotice.DoesNotExist`` out of scope.
    """
    current = PublicNotice.objects.select_for_update(of=("self",)).get(pk=notice.pk)
    if not notices.sits_at(by, current.organisation_id):
        raise PublicNotice.DoesNotExist
    if why := why_not_register(current):
        raise Refused(why)
    objection = Objection(notice=current, registered_by=by, **facts)
    _clean(objection)
    _check(objection, current)
    objection.save()
    notices.note(current, by, CHANGE, f"登记异议 {objection.pk} 号")
    return objection


def _clean(objection: Objection) -> None:
    for name in ("objector", "contact", "text"):
        setattr(objection, name, text.clean(getattr(objection, name) or ""))


def _check(objection: Objection, notice: PublicNotice) -> None:
    """Raise ``Refused`` when an objection is anonymous, empty, out of time or about another list."""
    if text.key(objection.objector) in NAMELESS or text.is_absence(objection.objector):
        raise Refused(ANONYMOUS)
    if text.is_absence(objection.contact):
        raise Refused(ANONYMOUS)
    checked_comment(objection.text)
    if objection.item_id and objection.item.notice_id != notice.pk:
        raise Refused("所选的条目不在这份公示的名单中。")
    last = min(notice.ends_on, timezone.localdate())
    if not notice.starts_on <= objection.received_on <= last:
        raise Refused(NOT_IN_TIME.format(notice.starts_on, notice.ends_on, objection.received_on))
    try:
        objection.full_clean()
    except ValidationError as error:
        labels = {field.name: str(field.verbose_name) for field in objection._meta.fields}
        said = [f"{labels.get(n, '异议')}：{m}" for n, found in error.message_dict.items() for m in found]
        raise Refused("；".join(sentence.rstrip("。") for sentence in said) + "。") from None


@transaction.atomic
def answer(objection: Objection, *, by: User, answer: str) -> Objection:
    """Write the answer that the objector was given. Raises ``Refused``, ``DoesNotExist`` out of scope."""
    current, answer = _found(objection, by), checked_comment(answer)
    if not answer:
        raise Refused("请写明答复内容，没有保存。")
    _move(current, ObjectionStage.OPEN, answer=answer, answered_at=timezone.now(), answered_by=by)
    notices.note(current.notice, by, CHANGE, f"答复异议 {current.pk} 号")
    return current


@transaction.atomic
def close(objection: Objection, *, by: User, conclusion: str) -> Objection:
    """Close an answered objection with what came of it; the last one sets publication free.

    Raises ``Refused``, also to the person who registered it; ``DoesNotExist`` out of scope.
    """
    current, conclusion = _found(objection, by), checked_comment(conclusion)
    if why := why_not_close(current, by):
        raise Refused(why)
    if not conclusion:
        raise Refused("请写明办结意见，没有保存。")
    now = timezone.now()
    _move(current, ObjectionStage.ANSWERED, conclusion=conclusion, closed_at=now, closed_by=by)
    notices.note(current.notice, by, CHANGE, f"办结异议 {current.pk} 号")
    notice_messages.settled(current.notice, now)
    return current


def why_not_close(objection: Objection, user: User) -> str:
    """Return the sentence why ``user`` may not close an objection now, empty when he may."""
    if objection.stage == ObjectionStage.OPEN:
        return "先答复异议人，再办结。"
    if objection.stage == ObjectionStage.CLOSED:
        return HANDLED
    return SAME_PERSON if objection.registered_by_id == user.pk else ""


def _found(objection: Objection, by: User) -> Objection:
    return visible_to(by).select_related("notice__organisation").get(pk=objection.pk)


_NEXT = {
    ObjectionStage.OPEN: ObjectionStage.ANSWERED,
    ObjectionStage.ANSWERED: ObjectionStage.CLOSED,
}


def _move(objection: Objection, stage: ObjectionStage, **facts: Any) -> None:
    """Take an objection one stage on; whoever comes second is told so."""
    waiting = Objection.objects.filter(pk=objection.pk, stage=stage)
    if not waiting.update(stage=_NEXT[stage], **facts):
        raise Refused(HANDLED)
    objection.refresh_from_db()
