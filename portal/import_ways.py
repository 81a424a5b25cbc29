"""How files of each purpose are read and carried out; ``drafts`` here, others register their own."""

from collections.abc import Callable
from dataclasses import dataclass

from portal import drafts
from portal.import_plans import Plan
from portal.import_reading import Progress
from portal.import_writing import Writing
from portal.importing.sorting import BureauOf
from portal.models import Import, ImportPurpose, Organisation, User
from portal.refusals import Refused
from portal.registry import RecordType

NO_POST = "您没有为本单位填报“{}”的岗位，没有读取文件；请用填报岗位的账号登录。"


@dataclass(frozen=True)
class Way:
    """What is done with the files of one purpose.

    ``bureau``     (type, person, the one he named or None) → the bureau of the import; raises ``Refused``
    ``carry_out``  (import, plan, person, progress) → the number of filings written, in a transaction that is
                   rolled back when it raises ``Refused``
    ``bureau_of``  import → whose each line is (``Sorter``), None when all are the import's bureau's
    ``keep``       headers beside the type's own whose words go into the plan
    """

    bureau: Callable[[RecordType, User, Organisation | None], Organisation]
    carry_out: Callable[[Import, Plan, User, Progress], int]
    bureau_of: Callable[[Import], BureauOf] | None = None
    keep: tuple[str, ...] = ()


_ways: dict[str, Way] = {}


def register(purpose: str, way: Way) -> None:
    """Say how files of a purpose are read and carried out."""
    _ways[purpose] = way


def way_of(purpose: str) -> Way:
    """Return the way of a purpose; raises ``KeyError`` when nobody registered one."""
    return _ways[purpose]


def _own_bureau(record_type: RecordType, by: User, named: Organisation | None) -> Organisation:
    bureaus = drafts.filing_organisations(by, record_type)
    chosen = [one for one in bureaus if named is None or one.pk == named.pk]
    if not chosen:
        raise Refused(NO_POST.format(record_type.label))
    return chosen[0]


def _carry_out(imported: Import, plan: Plan, by: User, progress: Progress) -> int:
    writing = Writing(plan, imported.record_type, imported.organisation, by=by, progress=progress)
    return writing.carry_out()


register(ImportPurpose.DRAFTS, Way(_own_bureau, _carry_out))
