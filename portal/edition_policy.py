"""Who may do what with an edition, and when: its stages, the posts of each act, why one is closed.

Decides nothing but open or closed; ``editions`` does what is open.
"""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal import drafts, registry, scope
from portal.models import Edition, Membership, Organisation, User
from portal.registry import CITY, PROVINCE, RecordType
from portal.vocabulary import BUSINESS_ROLES, HRSS_KINDS, Level, Role

PREPARING, PROPOSED, APPROVED, PUBLISHED, ABANDONED = (
    "preparing",
    "proposed",
    "approved",
    "published",
    "abandoned",
)
STAGES = {
    PREPARING: "编制中",
    PROPOSED: "待审定",
    APPROVED: "待发布",
    PUBLISHED: "已发布",
    ABANDONED: "已放弃",
}
LABELS = {"propose": "送审", "approve": "审定", "return": "退回修改", "publish": "发布", "abandon": "放弃"}
OPEN_AT = {
    "propose": (PREPARING,),
    "abandon": (PREPARING,),
    "approve": (PROPOSED,),
    "return": (PROPOSED, APPROVED),
    "publish": (APPROVED,),
}
BY_FILERS = ("propose", "abandon")
BY_DECIDERS = ("approve", "return")


@dataclass(frozen=True)
class Choice:
    """An act as one person meets it: open, or closed with the ``reason``."""

    name: str
    reason: str = ""

    @property
    def label(self) -> str:
        """The word of the act."""
        return LABELS[self.name]

    @property
    def is_open(self) -> bool:
        """Whether it may be done now."""
        return not self.reason


def stage(edition: Edition) -> str:
    """Return how far the edition has come, a key of ``STAGES``."""
    if edition.published_at:
        return PUBLISHED
    if edition.abandoned_at:
        return ABANDONED
    if edition.approved_at:
        return APPROVED
    return PROPOSED if edition.proposed_at else PREPARING


def visible_to(user: User) -> QuerySet:
    """Return the editions ``user`` meets at the workbench: of the catalogues of his own desk and below."""
    condition = Q(pk__in=[])
    for region in _regions(user):
        condition |= scope.within("region_id", region)
    return Edition.objects.filter(condition).select_related("region")


def _regions(user: User) -> set[str]:
    """Return the province or the city whose desk ``user`` works at, or audits."""
    return {post.organisation.region_id for post in getattr(user, "posts", ()) if _is_concerned(post)}


def _is_concerned(post: Membership) -> bool:
    works_there = post.role in BUSINESS_ROLES and post.organisation.kind in HRSS_KINDS
    above_county = post.organisation.region.level in (Level.PROVINCE, Level.CITY)
    return (works_there or post.role == Role.AUDITOR) and above_county


def works_on_editions(user: User) -> bool:
    """Say whether the workbench shows editions to ``user`` at all."""
    return bool(_regions(user))


def kinds_of(user: User) -> dict[str, RecordType]:
    """Return the types whose catalogue ``user`` may prepare an edition of, by slug."""
    return {t.slug: t for t in registry.all_types() if region_for(t, user)}


def bureau_of(edition: Edition, user: User) -> Organisation | None:
    """Return the bureau of the edition's region for which ``user`` files its type, or None."""
    bureaus = drafts.filing_organisations(user, registry.get(edition.kind))
    return next((bureau for bureau in bureaus if bureau.region_id == edition.region_id), None)


def region_for(record_type: RecordType, user: User) -> str:
    """Return the region whose catalogue of a type ``user`` prepares: the province's, of some a city's."""
    level = Level.CITY if record_type.route == CITY else Level.PROVINCE
    if not record_type.is_catalogued or record_type.route not in (CITY, PROVINCE):
        return ""
    bureaus = drafts.filing_organisations(user, record_type)
    return next((bureau.region_id for bureau in bureaus if bureau.region.level == level), "")


def choices(edition: Edition, user: User) -> list[Choice]:
    """Return the acts of ``user``'s posts on the edition, each open or with the reason why it is closed."""
    names = [name for name in LABELS if _holds_post(edition, user, name)]
    return [Choice(name, _why_closed(edition, user, name)) for name in names]


def _holds_post(edition: Edition, user: User, act: str) -> bool:
    level, region = edition.region.level, edition.region_id
    if act in BY_FILERS:
        return bureau_of(edition, user) is not None
    if act in BY_DECIDERS:
        roles = (Role.APPROVER,) if level == Level.PROVINCE else (Role.REVIEWER, Role.APPROVER)
        return scope.sits_at(user, level, roles, region)
    return any(scope.sits_at(user, desk, (Role.PUBLISHER,), region) for desk in {level, Level.PROVINCE})


def _why_closed(edition: Edition, user: User, act: str) -> str:
    if stage(edition) not in OPEN_AT[act]:
        return f"这一版{STAGES[stage(edition)]}。"
    if act in BY_DECIDERS and _had_a_hand_in(edition, user):
        return "这一版是您或您所在填报岗位编制的，须由他人审定。"
    if act == "publish" and user.pk in (
        edition.created_by_id,
        edition.proposed_by_id,
        edition.approved_by_id,
    ):
        return "这一版是您编制或审定的，须由另一人发布。"
    if act == "publish" and edition.on > timezone.localdate():
        return f"本版日期是 {edition.on}，到那一天才能发布。"
    return ""


def _had_a_hand_in(edition: Edition, user: User) -> bool:
    made = user.pk in (edition.created_by_id, edition.proposed_by_id)
    return made or bureau_of(edition, user) is not None
