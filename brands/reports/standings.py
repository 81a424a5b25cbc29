"""Where a brand stood at a cut-off: the groups a report counts it in, and the words it is shown with."""

from django.db.models import QuerySet
from django.db.models.functions import Substr

from portal.models import Filing
from portal.rollups import LEFT, PUBLISHED
from portal.vocabulary import IN_REVIEW, BrandLevel, ExitReason, State

# A brand that was submitted and is a draft again was withdrawn (撤回).
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "review": ("在审", IN_REVIEW),
    "returned": ("退回修改", (State.RETURNED,)),
    "withdrawn": ("已撤回", (State.DRAFT,)),
    "approved": ("审核通过", (State.APPROVED,)),
    "published": ("已公布", (PUBLISHED,)),
    "left": ("已退出", (LEFT,)),
    "rejected": ("不予通过", (State.REJECTED,)),
    "cancelled": ("已作废", (State.CANCELLED,)),
}
GROUP_OF = {standing: group for group, (_, standings) in GROUPS.items() for standing in standings}


def words(brand: Filing) -> str:
    """Return where a filing of ``rollups.things_at`` stood; needs ``entry`` where it had one."""
    if brand.standing_then == PUBLISHED:
        return f"已公布（{_joined(BrandLevel, brand.level_then, brand.document_then)}）"
    if brand.standing_then == LEFT:
        return f"已退出（{_joined(ExitReason, brand.entry.exit_reason, brand.entry.exit_document_number)}）"
    group, _ = GROUPS[GROUP_OF[brand.standing_then]]
    return str(State(brand.standing_then).label) if GROUP_OF[brand.standing_then] == "review" else group


def _joined(choices, value: str, document_number: str) -> str:
    label = str(choices(value).label) if value else ""
    return "，".join(part for part in (label, document_number) if part)


def of_city(brands: QuerySet, code: str) -> QuerySet:
    """Return the brands of one city with its counties; of the province's own bureau for ``37``."""
    return brands.annotate(city_then=Substr("region_id", 1, 4)).filter(city_then=code)


def in_order(brands: QuerySet) -> list[Filing]:
    """Return the brands by region, time of first submission and name."""
    found = brands.select_related("entry").defer("explanation", "entry__search_text").order_by()
    return sorted(found, key=lambda brand: (brand.region_id, brand.begun_then, brand.title_then))
