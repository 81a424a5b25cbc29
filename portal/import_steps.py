"""The steps of an import, each whole or not at all: its plan made and named, carried out, its files removed.

Called in the request by ``imports`` for what is small, by ``import_jobs`` for what is large.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from portal import access_log, drafts, import_files
from portal.attachments import all_or_nothing
from portal.import_files import Kept
from portal.import_plans import Plan, Writer
from portal.import_reading import Progress, Result, Source, read_into
from portal.import_writing import Writing
from portal.importing import values
from portal.models import Act, Import, Organisation, User
from portal.refusals import Refused
from portal.registry import RecordType

MOST_PLAN = 2**30
LONGEST_WARNINGS = 200
NO_POST = "您没有为本单位填报“{}”的岗位，没有读取文件；请用填报岗位的账号登录。"
COMMITTED = "“{}”已经导入，没有再导入一次。"
ABANDONED = "“{}”已放弃，不能再导入；需要时请重新上传。"
NOT_READ = "“{}”还没有读取完毕，请稍候。"
UNREAD = "“{}”没有读取完毕，没有导入任何数据；请重新上传。"
UNDER_WAY = "“{}”正在处理，请等它结束。"
FAULTY = "文件里 {} 条有错误，没有导入任何数据；请改正后重新上传。"
NOTHING = "没有需要导入的内容：各行与已有的填报相同，或者已提交、已公布。"
EXPIRED = "“{}”的预览已失效（超过保留期限，或系统已更新），没有导入任何数据；请重新上传。"


@dataclass(frozen=True)
class Reading:
    """A plan that was made and stored, and what was found beside it."""

    plan: Kept
    counts: dict[str, int]
    result: Result


def filing_bureau(record_type: RecordType, by: User, named: Organisation | None = None) -> Organisation:
    """Return the bureau for which ``by`` imports records of a type, ``named`` if he must file for that one.

    Raises ``Refused`` when he may not.
    """
    bureaus = drafts.filing_organisations(by, record_type)
    chosen = [one for one in bureaus if named is None or one.pk == named.pk]
    if not chosen:
        raise Refused(NO_POST.format(record_type.label))
    return chosen[0]


def prepare(imported: Import, progress: Progress) -> Reading:
    """Read the stored file into a plan and store that; nothing names it yet."""
    plan = Writer()
    with import_files.opened(imported.file) as content, plan.file:
        source = Source(
            content,
            imported.file_name,
            imported.size,
            imported.record_type,
            imported.organisation,
            imported.created_by,
        )
        result = read_into(plan, source, progress)
        kept = import_files.keep(plan.finish(result.facts), ".plan", MOST_PLAN)
    return Reading(kept, plan.counts, result)


@contextmanager
def kept_or_removed(name: str) -> Iterator[None]:
    """Remove a stored file when what is to name it fails."""
    with all_or_nothing(_is_named) as kept:
        kept.append(name)
        yield


def _is_named(name: str) -> bool:
    return Import.objects.filter(Q(file=name) | Q(plan=name)).exists()


def note_read(imported: Import, reading: Reading) -> Import:
    """Name the plan in the row, with what was counted. Raises ``Refused`` when it was given up meanwhile."""
    current = held(imported.pk)
    if not current.is_open:
        raise Refused(ABANDONED.format(current.file_name))
    current.plan, current.counts, current.read_at = reading.plan.name, reading.counts, timezone.now()
    current.warnings = reading.result.warnings[:LONGEST_WARNINGS]
    current.organisation, current.reason = reading.result.organisation, ""
    current.save()
    return current


def held(pk: int) -> Import:
    """Return an import, held until the end of the transaction."""
    Import.objects.select_for_update().get(pk=pk)
    return Import.objects.select_related("organisation__region", "job", "created_by").get(pk=pk)


def why_closed(imported: Import) -> str:
    """Return why an import cannot be carried out, whoever asks and whether a job is to; empty when it can."""
    name = imported.file_name
    if imported.committed_at:
        return COMMITTED.format(name)
    if imported.abandoned_at:
        return ABANDONED.format(name)
    if imported.read_at is None:
        return NOT_READ.format(name) if imported.is_under_way else UNREAD.format(name)
    if faulty := imported.counts.get("faulty", 0):
        return FAULTY.format(faulty)
    if not writes(imported):
        return NOTHING
    return "" if imported.plan else EXPIRED.format(name)


def writes(imported: Import) -> int:
    """Return how many filings carrying it out writes."""
    return imported.counts.get("new", 0) + imported.counts.get("changed", 0)


def is_valid(plan: Plan, imported: Import) -> bool:
    """Say whether the fields that a plan names are still what they were when it was made."""
    return plan.facts.get("meaning") == values.meaning(imported.record_type)


def carry_out(imported: Import, by: User, progress: Progress) -> Import:
    """Write everything new and changed, and that it was. Needs a transaction; raises ``Refused``."""
    current = held(imported.pk)
    if reason := why_closed(current):
        raise Refused(reason)
    filing_bureau(current.record_type, by, current.organisation)
    try:
        with import_files.opened(current.plan) as file:
            plan = Plan(file)
            if not is_valid(plan, current):
                raise Refused(EXPIRED.format(current.file_name))
            kind, bureau = current.record_type, current.organisation
            Writing(plan, kind, bureau, by=by, progress=progress).carry_out()
    except FileNotFoundError:
        raise Refused(EXPIRED.format(current.file_name)) from None
    current.committed_at = timezone.now()
    current.confirmed_at, current.confirmed_by = current.confirmed_at or current.committed_at, by
    current.reason = ""
    current.save()
    facts = {"type": current.record_type.slug, "written": writes(current)}
    access_log.record(Act.IMPORT, by=by, about=current, title=current.file_name, details=facts)
    return current


def note_failed(imported: Import, reason: str) -> None:
    """Open an import again that was not carried out, with the reason."""
    open_one = Import.objects.open().filter(pk=imported.pk)
    open_one.update(reason=reason[:400], confirmed_at=None, confirmed_by=None)
