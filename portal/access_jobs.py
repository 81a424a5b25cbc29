"""The check of the access log as a job: how far it is, and a file that says what was found."""

from django.utils import timezone

from portal import access_archive, access_chain, access_log, jobs
from portal.models import Act, ActResult, Job, User
from portal.refusals import Refused
from portal.vocabulary import Level, Role

KIND = "verify-access-log"
TITLE = "访问记录核对结果"
NOT_YOURS = "只有省级审计员可以核对访问记录，没有开始核对。"


def is_auditor(user: User) -> bool:
    """Say whether a person audits the installation: an auditor's post at the province."""
    return any(p.role == Role.AUDITOR and p.organisation.region.level == Level.PROVINCE for p in user.posts)


def ask(*, by: User) -> Job:
    """Seal what waits, ask for the check and return the job."""
    access_chain.seal()
    return jobs.enqueue(KIND, title=TITLE, by=by)


@jobs.runner(KIND)
def run(job: Job, work: jobs.Work) -> jobs.Result:
    """Check the whole chain, tell how far it is, and write down each fault with its number."""
    if not is_auditor(job.requested_by):
        raise Refused(NOT_YOURS)
    found = [
        *access_chain.faults(lambda done, total: work.progress(done, total, "核对")),
        *access_archive.faults(),
    ]
    number, said = access_chain.end()
    head = [
        f"访问记录核对结果　{timezone.localtime():%Y-%m-%d %H:%M:%S}",
        f"封存至序号 {number}，末条摘要 {said or '无'}",
        f"不符 {len(found)} 处" if found else "一切相符",
    ]
    path = work.path(".txt")
    lines = [*head, *found, *access_archive.elsewhere()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = ActResult.FAILED if found else ActResult.DONE
    details = {"to": number, "faults": len(found)}
    access_log.record(Act.SEAL, by=job.requested_by, result=result, about=job, details=details)
    return jobs.Result(path, f"{TITLE}-{timezone.localdate()}.txt")


def latest() -> Job | None:
    """Return the check that was asked for last."""
    return Job.objects.filter(kind=KIND).order_by("-pk").first()
