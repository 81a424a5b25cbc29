"""What an absent colleague of one's own desk holds, handed to a present one, filing by filing (移交)."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from portal import asked, notify, scope, workflow
from portal.actions import REVIEWERS
from portal.models import Filing, Membership, User
from portal.presence import desks_of
from portal.refusals import Refused
from portal.vocabulary import Level

MOST = 500  # filings in one go
LEVELS = (Level.CITY, Level.PROVINCE)


@dataclass(frozen=True)
class Handed:
    """What became of a handover: one outcome per filing with its title as the desk reads it."""

    outcomes: list[workflow.Outcome]

    @property
    def done(self) -> int:
        """How many have changed hands."""
        return sum(outcome.event is not None for outcome in self.outcomes)


def people(user: User) -> list[User]:
    """Return everybody who reviews at the desks of ``user``, himself included; one query."""
    found = {post.user_id: post.user for post in asked.rows(asked.whose(user), _posts, user)}
    return list(found.values())


def _posts(user: User) -> QuerySet:
    posts = Membership.objects.current().filter(desks_of(user))
    return posts.select_related("user").order_by("user_id")


def gone(user: User, fellows: list[User]) -> list[User]:
    """Return who holds filings at the desks of ``user`` and sits there no more; ``fellows`` do. One query."""
    left = Filing.objects.visible_to(user).filter(at_own_desk(user), holder__isnull=False)
    return list(User.objects.filter(pk__in=left.exclude(holder__in=fellows).values("holder")).order_by("pk"))


def at_own_desk(user: User) -> Q:
    """Return the condition for the filings that lie at a review desk of ``user`` now."""
    condition = Q(pk__in=[])
    for post in user.posts:
        level = post.organisation.region.level
        if post.role in REVIEWERS and post.organisation.is_hrss and level in LEVELS:
            condition |= Q(state=f"{level}_review") & scope.within("region_id", post.organisation.region_id)
    return condition


def held(user: User, colleague: User) -> QuerySet:
    """Return what ``colleague`` holds at the desks of ``user``, the longest waiting first."""
    own = Filing.objects.visible_to(user).filter(at_own_desk(user), holder=colleague)
    return own.order_by("arrived_at", "pk")


@transaction.atomic
def hand_over(colleague: User, to: User, *, by: User, request_id: str = "") -> Handed:
    """Assign what ``colleague`` holds to ``to`` as ``workflow`` allows each; who receives is told once.

    Up to ``MOST`` filings, the longest waiting first. Raises ``Refused`` when ``to`` does not sit at the
    desk of ``by``, ``colleague`` neither sits there nor left filings there, or both are the same person.
    """
    fellows = people(by)
    if to not in fellows or colleague not in [*fellows, *gone(by, fellows)]:
        raise Refused("只能在本级审核岗位的同事之间移交，没有移交。")
    if colleague.pk == to.pk:
        raise Refused("移交人和接收人是同一个人，没有移交；请另选接收人。")
    filings = list(held(by, colleague)[:MOST])
    if not filings:
        raise Refused(f"{colleague}没有在办的填报，不需要移交。")
    workflow.hold([f.pk for f in filings], by)  # all at once: their parts are not in the order of the locks
    asked = [workflow.Asked(f.pk, "assign", f.version, f.step, to=to) for f in filings]
    handed = Handed(workflow.perform_all(asked, by=by, request_id=request_id))
    if handed.done and to.pk != by.pk:
        whose = "本人" if colleague.pk == by.pk else colleague
        said = f"{by}将{whose}经办的 {handed.done} 件填报移交给您，请接着办理。"
        notify.tell_person(to, said, f"{reverse('desk')}?tab=todo&holder=me")
    return handed
