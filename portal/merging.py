"""What a city makes of returns: the parts of its counties merged (汇总), the rows of an earlier year.

The parts are the approved county returns of the same title (鲁人社字〔2021〕32号 附件2注3). Rows are stored
by ``drafts`` alone.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from portal import drafts, scope
from portal.models import Filing, Region, User
from portal.registry import MERGED
from portal.rules import MOST_ROWS
from portal.snapshot import child_rows, is_place
from portal.vocabulary import Level, State
from portal.workflow import Refused

MISSING, WAITING, RETURNED, OPEN, DONE, NOTHING = "未报", "待审", "退回修改", "未纳入", "已纳入", "零报送"
SENT = {State.CITY_REVIEW: WAITING, State.RETURNED: RETURNED, State.APPROVED: OPEN}
NO_CITY = "只有市级的报表汇总县级报表。"
NO_TITLE = "请先填写{}，再汇总县级报表。"
TOO_MANY = "汇总后有{}行，超过一张表的{}行，没有汇总；请核对是否重复。"
Row = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One county: where its return stands, what it reports, and what the city's draft says of it now."""

    region: Region
    standing: str
    filings: list[Filing] = field(default_factory=list)
    reported: list[Row] = field(default_factory=list)
    present: list[Row] = field(default_factory=list)
    total: str = ""

    @property
    def reported_sum(self) -> int:
        """The sum of what the county reports."""
        return _sum(self.reported, self.total)

    @property
    def present_sum(self) -> int:
        """The sum of the draft's rows of this county."""
        return _sum(self.present, self.total)

    @property
    def is_open(self) -> bool:
        """Whether merging changes the rows of this county."""
        return self.standing == OPEN


def _sum(rows: Iterable[Row], name: str) -> int:
    return sum(row[name] or 0 for row in rows)


def is_merged(record: Filing) -> bool:
    """Say whether ``record`` is a return of a city that takes up those of its counties."""
    is_return = record.record_type.county_route == MERGED and record.record_type.sheet is not None
    return is_return and record.organisation.region.level == Level.CITY and not record.is_nothing


def parts(record: Filing, *, by: User) -> list[Part]:
    """Return every county and zone of the city with its return of the same title, as ``by`` may see it."""
    name, place = record.record_type.sheet.rows, _place(record)
    sent = _sent(record, by)
    present = _by_place(drafts.row_values(record, name), place)
    regions = Region.objects.current().filter(parent_id=record.region_id).order_by("code")
    return [_part(record, region, sent.get(region.pk, []), present.get(region.pk, [])) for region in regions]


def _place(record: Filing) -> str:
    """Return the field of a row that names the county."""
    sheet = record.record_type.sheet
    model = record.record_type.row_model(sheet.rows)
    return next(n for n in sheet.columns.values() if n and is_place(model._meta.get_field(n)))


def _sent(record: Filing, by: User) -> dict[str, list[Filing]]:
    """Return county → its live filings that count for this return: the same title, or a zero report."""
    below = scope.within("region_id", record.region_id)
    found = Filing.objects.visible_to(by).filter(below, kind=record.kind, state__in=SENT, holds_name=True)
    found = found.exclude(organisation_id=record.organisation_id).select_related("region").order_by("pk")
    by_region: dict[str, list[Filing]] = {}
    for filing in found:
        answers_task = filing.is_nothing and filing.campaign_id == record.campaign_id
        if filing.title == record.title or answers_task:
            by_region.setdefault(filing.region_id, []).append(filing)
    return by_region


def _by_place(rows: Iterable[Row], place: str) -> dict[str | None, list[Row]]:
    found: dict[str | None, list[Row]] = {}
    for row in rows:
        found.setdefault(row[place].pk if row[place] else None, []).append(row)
    return found


def _part(record: Filing, region: Region, sent: list[Filing], present: list[Row]) -> Part:
    sheet = record.record_type.sheet
    approved = [filing for filing in sent if filing.state == State.APPROVED and not filing.is_nothing]
    reported = [row for filing in approved for row in drafts.row_values(filing.record, sheet.rows)]
    standing = _standing(sent, bool(approved), _alike(reported, present))
    return Part(region, standing, sent, reported, present, sheet.total)


def _standing(sent: list[Filing], is_approved: bool, is_taken_up: bool) -> str:
    if is_approved:
        return DONE if is_taken_up else OPEN
    if not sent:
        return MISSING
    last = sent[-1]
    return NOTHING if last.is_nothing and last.state == State.APPROVED else SENT[last.state]


def _alike(some: list[Row], others: list[Row]) -> bool:
    """Say whether two sets of rows are the same, whatever their order."""
    return Counter(map(_content, some)) == Counter(map(_content, others))


def _content(row: Row) -> tuple:
    return tuple(row.values())


def merged(record: Filing, found: list[Part]) -> list[Row]:
    """Return the rows of the city's return once the approved county returns are taken up.

    The city's own rows come first and stay, and so do rows of counties that have no approved return.
    """
    name, place = record.record_type.sheet.rows, _place(record)
    replaced = {part.region.pk for part in found if part.reported}
    kept = [r for r in drafts.row_values(record, name) if not r[place] or r[place].pk not in replaced]
    rows = [*kept, *(row for part in found for row in part.reported)]
    return sorted(rows, key=lambda row: row[place].pk if row[place] else "")


def merge(record: Filing, *, by: User, revision: int) -> Filing:
    """Take the approved county returns into a city's draft read at ``revision``; again, nothing changes.

    Raises ``Refused`` with the sentence, ``Conflict`` when somebody wrote since.
    """
    if not is_merged(record):
        raise Refused(NO_CITY)
    if not record.title:
        raise Refused(NO_TITLE.format(record.record_type.field(record.record_type.key[0]).verbose_name))
    rows = merged(record, parts(record, by=by))
    if len(rows) > MOST_ROWS:
        raise Refused(TOO_MANY.format(len(rows), MOST_ROWS))
    return drafts.save(
        record, by=by, revision=revision, values={}, rows={record.record_type.sheet.rows: rows}
    )


def earlier(record: Filing) -> Filing | None:
    """Return the bureau's return of the latest earlier year that was ever submitted, or None."""
    key = record.record_type.key[0]
    found = record.record_type.model.objects.filter(
        organisation_id=record.organisation_id, submitted_at__isnull=False, is_nothing=False
    ).exclude(state=State.CANCELLED)
    if (year := getattr(record, key)) is not None:
        found = found.filter(**{f"{key}__lt": year})
    return found.exclude(pk=record.pk).order_by(f"-{key}", "-holds_name", "-pk").first()


def may_start_from_earlier(record: Filing) -> Filing | None:
    """Return the return whose rows an empty draft may start with (提取上期), or None."""
    sheet = record.record_type.sheet
    if sheet is None or record.is_nothing or child_rows(record, sheet.rows):
        return None
    return earlier(record)


def start_from_earlier(record: Filing, *, by: User, revision: int) -> Filing:
    """Store the rows of the latest earlier return in an empty draft read at ``revision``; return the source.

    Raises ``Refused`` with the sentence, ``Conflict`` when somebody wrote since.
    """
    source = may_start_from_earlier(record)
    if source is None:
        raise Refused("表里已经有内容，或者没有往年的报表，没有提取。")
    name = record.record_type.sheet.rows
    rows = {name: drafts.row_values(source, name)}
    drafts.save(record, by=by, revision=revision, values={}, rows=rows)
    return source
