"""Submitting a draft as it was read: the explanation and the act in one transaction, and who gets it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from portal import drafts, policy, registry, rules, text, workflow
from portal.models import Campaign, Event, Filing, Membership, Organisation, User
from portal.vocabulary import Kind, Role, State


def submit(
    record: Filing,
    *,
    by: User,
    explanation: str,
    revision: int,
    version: int,
    step: int,
    replies: Mapping[int, str] | None = None,
    request_id: str = "",
) -> Event:
    """Submit ``record`` as it stood at ``revision`` with this 情况说明, and return the event.

    ``replies`` to remarks, number → words, are stored as well. Raises what ``drafts.save`` and
    ``workflow.perform`` raise; what was written here survives ``Invalid``.
    """
    told = {"by": by, "revision": revision, "values": {"explanation": explanation}, "replies": replies}
    try:
        with transaction.atomic():
            drafts.save(record, **told)
            return workflow.perform(
                record, "submit", by=by, version=version, step=step, request_id=request_id
            )
    except workflow.Invalid:
        drafts.save(record, **told)
        raise


@transaction.atomic
def report_nothing(
    campaign: Campaign, *, by: User, organisation: Organisation, explanation: str, request_id: str = ""
) -> Filing:
    """Send the zero report (零报送) of a bureau for a campaign: drafted and submitted in one transaction.

    Raises ``Refused`` with the sentence when the bureau owes none, files something or gives no reason.
    """
    if not (explanation := text.clean(explanation)):
        raise workflow.Refused(rules.NOTHING_UNEXPLAINED)
    record = drafts.create(
        registry.get(campaign.kind),
        by=by,
        organisation=organisation,
        values={"explanation": explanation},
        campaign=campaign,
        is_nothing=True,
        is_demo=campaign.is_demo,
    )
    workflow.perform(record, "submit", by=by, version=record.version, request_id=request_id)
    record.refresh_from_db()
    return record


@dataclass(frozen=True)
class Desk:
    """Who will review a submission; ``closed`` says why it cannot be submitted now."""

    name: str
    closed: str = ""


def reviewing_desk(record: Filing, user: User) -> Desk:
    """Return the bureau that a submission of ``record`` by ``user`` goes to."""
    choices = {choice.action.name: choice for choice in policy.available_actions(record, user)}
    choice = choices["submit"]
    code = record.region_id[:2] if choice.action.target == State.PROVINCE_REVIEW else record.region_id[:4]
    bureau = Organisation.objects.current().filter(kind=Kind.HRSS_BUREAU, region_id=code).first()
    return Desk(bureau.name if bureau else "", choice.reason)


def writer(record: Filing, event: Event | None, user: User) -> str:
    """Return who changed ``record`` last and when, in words; a stored draft keeps its hour but no name.

    ``event`` is the latest act. When that is not the latest write, it was somebody of the filing desk, whose
    people are named.
    """
    at = timezone.localtime(record.updated_at).strftime("%Y-%m-%d %H:%M:%S")
    if event and event.at == record.updated_at:
        act = {action.name: action.label for action in policy.ACTIONS}.get(event.action, event.action)
        return f"{event.organisation_name} {event.by_name} 于 {at} 对第 {event.version} 版作了“{act}”"
    posts = Membership.objects.current().filter(role=Role.FILER, organisation_id=record.organisation_id)
    others = posts.filter(user__is_active=True).exclude(user=user).select_related("user").order_by("user_id")
    names = "、".join(str(post.user) for post in others)
    who = f"本单位填报岗位（{names}，或您在另一个窗口）" if names else "您在另一个窗口"
    return f"{who}于 {at} 改动了这件填报"
