"""Acts of an edition: those of few changes at once, those of many as a job that anybody can watch.

Either way it is the same call of ``editions`` or ``edition_changes``. A job checks the person's rights anew
when it runs, and commits the act together with its own end.
"""

import base64
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import transaction
from django.urls import reverse

from portal import edition_changes, edition_policy, editions, jobs, notify
from portal.edition_changes import Progress, unheard
from portal.importing.edition import EditionReading, read_edition
from portal.leases import Cancelled, LeaseLost
from portal.models import WAITING, Edition, Job, User
from portal.workflow import Refused

JOB = "edition-act"
#: So many changes are made in the request. To send one for approval takes some 12 ms, to publish it 9 ms: a
#: hundred are done before anybody asks himself whether the page is stuck, more than that he is to see.
MOST_IN_A_REQUEST = 100
TAKE = "take"
LABELS = edition_policy.LABELS | {TAKE: "导入表格"}
ACTS = {
    "propose": editions.propose,
    "approve": editions.approve,
    "return": editions.send_back,
    "publish": editions.publish,
    "abandon": editions.abandon,
}
DONE = {
    "propose": "“{}”已送审，由审定岗位办理。",
    "approve": "“{}”已审定，由发布岗位发布。",
    "return": "“{}”已退回修改，意见已写入各件填报，并通知编制人员。",
    "publish": "“{}”已发布，从 {} 起现行。",
    "abandon": "“{}”已放弃，为它开立的草稿已作废。",
    TAKE: "“{}”已按表格编成 {} 项变化，核对后送审。",
}
TYPED = {"explanation": "情况说明", "comment": "退回意见", "name": "表格", "reason": "移出理由"}
UNDER_WAY = "正在办理“{}”，办完以前不能办理别的。"
MOVED_ON = "等候期间现行目录或草稿有变动，这份表格的变化与您确认时不同，没有导入；请重新上传核对。"
TROUBLE = "办理时出错，没有办理，一切保持原样。请稍后再办；仍不行时请把作业编号 {} 告诉系统管理员。"


@dataclass(frozen=True)
class Sheet:
    """A sheet as it was sent, what was chosen beside it, and what it changed when its sender confirmed it."""

    name: str
    whole: bool
    reason: str
    counts: dict[str, int]
    data: bytes = b""

    def read(self, edition: Edition, by: User) -> EditionReading:
        """Return what it changes now."""
        return read_edition(self.data, self.name, edition, by, whole=self.whole, reason=self.reason)


class Faulty(Refused):
    """A sheet that cannot be taken any more; ``lines`` says why, one sentence each."""

    def __init__(self, reading: EditionReading):
        self.lines = [
            f"{fault.sheet}第 {fault.row} 行 {fault.column}：{fault.message}" for fault in reading.errors
        ]
        super().__init__(reading.summary)


def under_way(edition: Edition) -> Job | None:
    """Return the act that waits or runs for an edition as a job, if any."""
    waiting = Job.objects.filter(kind=JOB, status__in=WAITING, parameters__edition=edition.pk)
    return waiting.defer("parameters").select_related("requested_by").order_by("pk").first()


def demand_idle(edition: Edition) -> None:
    """Raise ``Refused`` while an act is under way: nothing else is done with the edition meanwhile."""
    if job := under_way(edition):
        raise Refused(UNDER_WAY.format(job.title))


def choices(edition: Edition, user: User, job: Job | None) -> list[edition_policy.Choice]:
    """Return the acts of ``user``'s posts, all closed while ``job`` is under way."""
    found = edition_policy.choices(edition, user)
    return [replace(choice, reason=UNDER_WAY.format(job.title)) for choice in found] if job else found


def act(edition: Edition, name: str, *, by: User, **facts: str) -> Edition | Job:
    """Do the act ``name`` now and return the edition, or ask for it and return the job.

    ``facts`` as the function of ``editions`` takes them. Raises ``Refused``.
    """
    if edition.changes.count() > MOST_IN_A_REQUEST:
        return ask(edition, name, by=by, facts=facts)
    demand_idle(edition)
    return ACTS[name](edition, by=by, **facts)


def take(edition: Edition, sheet: Sheet, reading: EditionReading, *, by: User) -> Edition | Job:
    """Let the sheet stand in place of all earlier changes, now or by a job. Raises ``Refused``."""
    if sum(sheet.counts.values()) + edition.changes.count() > MOST_IN_A_REQUEST:
        facts = {name: said for name, said in asdict(sheet).items() if name != "data"}
        upload = base64.b64encode(sheet.data).decode()
        return ask(edition, TAKE, by=by, facts=facts, **{jobs.UPLOAD: upload})
    demand_idle(edition)
    return _take(edition, reading, by, unheard)


@transaction.atomic
def ask(edition: Edition, name: str, *, by: User, facts: dict[str, Any], **more: str) -> Job:
    """Ask for an act and return its job. Raises ``Refused`` when it is closed, or another is under way."""
    demand_idle(edition)  # before the lock, which a running act has until it is done
    current = _held(edition, name, by)
    demand_idle(current)
    parameters = {"edition": current.pk, "act": name, "user": by.pk, "facts": facts, **more}
    return jobs.enqueue(JOB, title=f"{LABELS[name]} {current}", parameters=parameters, by=by)


def _held(edition: Edition, name: str, by: User) -> Edition:
    """Return the edition, held until the transaction ends; ``Refused`` unless the act is open to ``by``."""
    return edition_changes.in_work(edition, by) if name == TAKE else editions.opened(edition, name, by)


@jobs.runner(JOB)
def run(job: Job, work: jobs.Work) -> None:
    """Do the act that was asked for, all of it with the end of the job or nothing."""
    asked = job.parameters
    try:
        with work.at_once():
            by, edition = User.objects.get(pk=asked["user"]), Edition.objects.get(pk=asked["edition"])
            done = _done(edition, asked, by, work.progress)
            notify.tell_person(by, said_of(done, asked["act"]), reverse("edition", args=[done.pk]))
    except (Refused, Cancelled, LeaseLost):
        raise
    except Exception as error:
        raise jobs.Trouble(TROUBLE.format(job.pk)) from error


def _done(edition: Edition, asked: dict[str, Any], by: User, progress: Progress) -> Edition:
    """Do what was asked for, by whoever may do it now."""
    if asked["act"] != TAKE:
        return ACTS[asked["act"]](edition, by=by, progress=progress, **asked["facts"])
    sheet = Sheet(**asked["facts"], data=base64.b64decode(asked[jobs.UPLOAD]))
    reading = sheet.read(edition, by)
    if reading.errors:
        raise Faulty(reading)
    if reading.counts != sheet.counts:
        raise Refused(MOVED_ON)
    return _take(edition, reading, by, progress)


@transaction.atomic
def _take(edition: Edition, reading: EditionReading, by: User, progress: Progress) -> Edition:
    done = edition_changes.take(edition, reading.lines, by=by, progress=progress)
    editions.note(done, by, "导入表格")
    return done


def said_of(edition: Edition, act: str) -> str:
    """Return the sentence that an act is done."""
    return DONE[act].format(edition, edition.changes.count() if act == TAKE else edition.on)


def shown(job: Job) -> dict[str, Any]:
    """Return what the page of such a job shows: its edition, what was asked for and why it was refused.

    What was typed stands there as well, for whoever has to ask again.
    """
    asked = job.parameters
    edition = Edition.objects.get(pk=asked["edition"])
    typed = [(label, said) for name, label in TYPED.items() if (said := asked["facts"].get(name))]
    summary = [("目录版次", str(edition)), ("办理", LABELS[asked["act"]]), *typed]
    return {"edition": edition, "summary": summary, "reasons": asked.get(jobs.REASONS, [])}
