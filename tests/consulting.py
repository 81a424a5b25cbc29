"""Joint departments in tests: a filing that lies at a desk, asked about and answered as people would."""

from datetime import date, timedelta

from django.utils import timezone

from portal import consultation
from portal.models import Event, Filing, JointOpinion, User
from portal.vocabulary import JointConclusion, Kind, State
from tests.factories import PROVINCE, WEIFANG, bureau, filing, joint, reviewer

KIND = "skill-brands"
QUESTION = "请就品牌与乡村振兴项目的衔接提出意见。"
OPINION = "建议补充与当地农产品加工的衔接。"
DEPARTMENTS = (Kind.AGRICULTURE, Kind.CULTURE_TOURISM, Kind.TRADE_UNION)
DESK_OF = {State.CITY_REVIEW: WEIFANG, State.PROVINCE_REVIEW: PROVINCE}


def in_days(days: int) -> date:
    """Return the day so many days from today."""
    return timezone.localdate() + timedelta(days=days)


def ask(
    record: Filing,
    *kinds: str,
    by: User | None = None,
    question: str = QUESTION,
    due_on: date | None = None,
) -> list[JointOpinion]:
    """Ask the departments of ``kinds`` (农业农村 unless told) at the desk where the filing lies."""
    current = Filing.objects.get(pk=record.pk)
    place = DESK_OF.get(current.state, PROVINCE)
    chosen = [bureau(place, kind) for kind in kinds or DEPARTMENTS[:1]]
    by = by or reviewer(place)
    return consultation.ask(current, chosen, question, due_on or in_days(7), by=by, version=current.version)


def answer(
    opinion: JointOpinion,
    conclusion: str = JointConclusion.RESERVES,
    said: str = OPINION,
    by: User | None = None,
) -> JointOpinion:
    """Let the department that was asked answer."""
    organisation = opinion.organisation
    by = by or joint(organisation.region_id, organisation.kind)
    return consultation.answer(opinion, conclusion, said, by=by)


def asked(state: str = State.PROVINCE_REVIEW, *kinds: str, **facts) -> JointOpinion:
    """Return the first question about a new filing in ``state``."""
    return ask(filing(KIND, state), *kinds, **facts)[0]


def overdue(opinion: JointOpinion, days: int) -> JointOpinion:
    """Return the question as if its due day had been ``days`` ago; its event still says the former day."""
    JointOpinion.objects.filter(pk=opinion.pk).update(due_on=in_days(-days))
    return JointOpinion.objects.get(pk=opinion.pk)


def acts(record_pk: int) -> list[str]:
    """Return the acts on a filing, oldest first."""
    return list(Event.objects.filter(filing=record_pk).order_by("number").values_list("action", flat=True))
