"""What the dashboards look at: who reads which region at which instant, and the counts that are read once.

Pure reads. Every number comes from ``tallies`` (and so from the reads of the reports) or ``windows``; what is
shown of them is made in ``panels``, what is behind a number in ``behind_numbers``.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property, lru_cache
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from portal import answers, inbox, kept, registry, rollups, scope, tallies, targets, windows
from portal.models import Campaign, Region, User
from portal.tallies import Sight
from portal.vocabulary import Level

OWN = {Level.PROVINCE: "省本级", Level.CITY: "市本级"}


@lru_cache(maxsize=8192)  # a page leads to some hundred lists, the same ones as the last time
def _encoded(parts: tuple[tuple[str, str], ...]) -> str:
    return urlencode(parts)


@dataclass(frozen=True)
class Asked:
    """What is looked at: a region and what lies below, at an instant, all types or one.

    ``at`` is the instant as it was typed, empty for now; ``roots`` the regions the person reads; ``odd`` the
    sentence why nothing can be counted for what was typed.
    """

    region: Region
    cutoff: datetime
    at: str = ""
    kind: str = ""
    roots: tuple[str, ...] = ()
    odd: str = ""

    @cached_property
    def sight(self) -> Sight:
        """The same for the counts."""
        return Sight(self.cutoff, self.region.code, self.kind)

    @property
    def known(self) -> datetime | None:
        """The instant as which all is known that was known; None for now."""
        return self.cutoff if self.at else None

    @property
    def params(self) -> QueryDict:
        """The same as parameters of a link."""
        region = "" if self.region.code == min(self.roots, key=len) else self.region.code
        return inbox.as_params(at=self.at, region=region, kind=self.kind)

    @cached_property
    def _parts(self) -> dict[str, str]:
        return self.params.dict()

    def query(self, **more: str) -> str:
        """Return the query string with some parts changed or added."""
        parts = self._parts | more
        return f"?{_encoded(tuple(parts.items()))}" if parts else ""

    @property
    def words(self) -> str:
        """The instant in words."""
        return windows.moment(self.cutoff) if self.at else f"{windows.moment(self.cutoff)}（此刻）"

    @property
    def kind_label(self) -> str:
        """The type in words."""
        return registry.get(self.kind).label if self.kind else "全部类型"


class Odd(ValueError):
    """An instant is asked for that nothing can be counted for; the text is the sentence for the person."""


def roots_of(user: User) -> list[str]:
    """Return the regions whose numbers ``user`` reads, the widest first; none for who has no reading post."""
    codes = {post.organisation.region_id for post in windows.reading_posts(user)}
    return sorted(codes, key=lambda code: (len(code), code))


def read(params: Mapping[str, str], user: User) -> Asked | None:
    """Return what a query string asks, None where ``user`` reads no such region."""
    roots = roots_of(user)
    region = read_region(params, roots)
    if region is None:
        return None
    typed = params.get("at", "").strip()[:40]
    asked = Asked(region, timezone.now(), "", read_kind(params), tuple(roots))
    try:
        return replace(asked, cutoff=read_instant(typed), at=typed) if typed else asked
    except Odd as odd:
        return replace(asked, at=typed, odd=str(odd))


def read_region(params: Mapping[str, str], roots: Sequence[str]) -> Region | None:
    """Return the region asked for, the first of ``roots`` unless told; None outside of all of them."""
    code = params.get("region", "")[:8] or (roots[0] if roots else "")
    if not any(code.startswith(root) for root in roots):
        return None
    return next(iter(kept.kept("region", _regions_with, code)), None)


def _regions_with(code: str) -> list[Region]:
    return list(Region.objects.filter(pk=code))


def read_kind(params: Mapping[str, str]) -> str:
    """Return the type asked for, empty for all and for one there is not."""
    kind = params.get("kind", "")
    return kind if kind in {record_type.slug for record_type in registry.all_types()} else ""


def read_instant(typed: str) -> datetime:
    """Return the instant somebody typed, a day alone as its 24:00; raise ``Odd``."""
    try:
        local = datetime.fromisoformat(typed)
        day = date.fromisoformat(typed) if len(typed) == len("2024-06-15") else None
    except ValueError:
        raise Odd("没有看懂统计截至的时间。写成 2024-06-15 这样的日期后再查看。") from None
    at = windows.end_of(day) if day else local if local.tzinfo else local.replace(tzinfo=windows.SHANGHAI)
    at = at if "." in typed else windows.through(at)
    if day == timezone.localdate():
        return timezone.now()
    if at > timezone.now():
        raise Odd("统计截至的时间还没有到。改为今天或以前的日期后再查看。")
    if at.year < 2000:
        raise Odd("统计截至的时间早于2000年，请核对年份。")
    return at


@dataclass(frozen=True)
class Place:
    """One line of a table by region: a region with what lies below it, or ``is_own`` what is its own."""

    code: str
    name: str
    is_own: bool = False

    @property
    def cell(self) -> dict[str, str]:
        """The place as part of the address of a number."""
        return {"own" if self.is_own else "place": self.code}


def line_of(region: Region, code: str) -> str:
    """Return the code of the line that a region counts in, of the lines of ``region``."""
    return code[:4] if region.level == Level.PROVINCE else code


def places(region: Region, at: datetime | None, counted: Iterable[str]) -> list[Place]:
    """Return the lines by region: the cities of the province, the counties of a city, a county itself.

    ``at``: as they were at an instant, None for now.

    Regions that hold no more and yet have something among ``counted`` follow: no number is left out of its
    sum.
    """
    if region.level not in OWN:
        return [Place(region.code, region.name)]
    levels = [Level.CITY] if region.level == Level.PROVINCE else [Level.COUNTY, Level.ZONE]
    asked = rollups.day_of(at or timezone.now()), region.code, *levels
    held = rollups.regions_at(at, *asked[1:]) if at else kept.kept("below", _held_now, *asked)
    below = [Place(one.code, one.name) for one in held]
    now = [Place(region.code, OWN[region.level], is_own=True), *below]
    gone = sorted({line_of(region, code) for code in counted} - {place.code for place in now})
    names = dict(Region.objects.filter(pk__in=gone).values_list("code", "name")) if gone else {}
    return now + [Place(code, names[code]) for code in gone]


def _held_now(day: date, region: str, *levels: str) -> list[Region]:
    return [one for one in targets.regions_on(day, *levels) if one.code.startswith(region)]


@dataclass(frozen=True)
class Dashboard:
    """Everything of one page, each read made once."""

    asked: Asked
    user: User

    @cached_property
    def states(self) -> Counter:
        """(kind, region, state) → number."""
        return tallies.by_state(self.asked.sight)

    @cached_property
    def places(self) -> list[Place]:
        """The lines by region."""
        return places(self.asked.region, self.asked.known, (code for _, code, _ in self.states))

    def line_of(self, code: str) -> str:
        """Return the code of the line that a region counts in."""
        return line_of(self.asked.region, code)

    @cached_property
    def boards(self) -> list[tuple[Campaign, list[windows.Row]]]:
        """The campaigns in progress or due this year with the bureaus in sight; the one due last first."""
        found = boards_at(self.asked)
        return [(campaign, rows) for campaign, rows in found if rows]

    @property
    def is_empty(self) -> bool:
        """Whether nothing had been submitted."""
        return not self.states


def campaigns_at(asked: Asked) -> list[Campaign]:
    """Return the campaigns opened by the instant that are due in its year or later, as the report R8 does."""
    year = windows.start_of(date(rollups.day_of(asked.cutoff).year, 1, 1))
    return [
        campaign
        for campaign in (answers.opened_by(asked.cutoff) if asked.at else _opened_now(asked.cutoff))
        if campaign.due_at >= year and asked.kind in ("", campaign.kind)
    ]


def _opened_now(now: datetime) -> QuerySet:
    return Campaign.objects.filter(opens_at__lte=now).order_by("-due_at", "-kind", "-name")


def boards_at(asked: Asked) -> list[tuple[Campaign, list[windows.Row]]]:
    """Return each of them with the bureaus in the region as they stood at the instant."""
    found = campaigns_at(asked)
    inside = scope.within("organisation__region_id", asked.region.code)
    boards = windows.boards(found, inside, asked.known)
    return [(campaign, boards[campaign.pk]) for campaign in found]


def regions(asked: Asked) -> list[Region]:
    """Return what the person may choose: what he reads, what lies directly below it and below the choice."""
    return kept.kept("choices", _near, asked.roots, asked.region.pk, asked.region.parent_id)


def _near(roots: Sequence[str], chosen: str, above: str | None) -> list[Region]:
    near = Q(pk__in=[*roots, chosen, above]) | Q(parent_id__in=[*roots, chosen])
    found = Region.objects.filter(near).order_by("code").select_related("parent")
    return [one for one in found if any(one.code.startswith(root) for root in roots)]
