"""R5 目标进度: how far each target of the notices was at an instant, by city, and what is behind each number.

The targets are those of that instant, with the numbers they had. A city or county reads its own part; whether
a target of the whole province is reached is told of the province alone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from portal import browse, progress, scope, targets
from portal.browse import PROVINCE_CODE
from portal.models import CatalogueEntry, Filing, Operator, TargetScope
from portal.progress import Place, Progress
from portal.reports import (
    DAY,
    NUMBER,
    SUBTOTAL,
    TOTAL,
    Asked,
    Behind,
    Cell,
    Column,
    Content,
    Filter,
    Line,
    Number,
    Table,
    Unknown,
    reported,
)
from portal.targets import TENTH, demand

TITLE = "政策目标进度"
BASIS = "鲁人社字〔2024〕95号 一；鲁就办〔2021〕22号；鲁人社发〔2020〕18号 三（三）13；鲁人社字〔2021〕32号"
COUNTED = {
    TargetScope.UNIT: "家单位",
    TargetScope.COUNTY: "个县（市、区）",
    TargetScope.PAIR: "组（市与项目）",
}
CREDITED = {TargetScope.COUNTY: "县（市、区）（个）", TargetScope.PAIR: "市（个）"}
ABOUT = f"通知写的是“左右”，没有规定幅度；标“约”的，按上下{TENTH}分之一计算。"
OWN_PART = "只统计本地区；全省的目标以全省的数判断。"
REACHED = "完成数：全省和每市的目标为目录中的数量，其余为达到的单位、县（市、区）或没有超出的组数。"
APART = "功能区和市直组织的培训不计入县（市、区）。"
ELSEWHERE = "其他地区（如所在的市）的填报使本地区达到的，由该地区查看，这里的数不能打开。"
NO_PAIRS = "每市每个项目的考核机构数按市统计，县级不列。"


def _years(asked: Asked) -> dict[str, str]:
    """Return the years that some target can be counted for; each target has a latest of its own."""
    asking = [counter.years for counter in targets.counters.values() if counter.years]
    known = {year for years in asking for year in years(asked.day, asked.cutoff)}
    return {"": "各目标最近的年度"} | {str(year): f"{year}年" for year in sorted(known, reverse=True)}


def _found(asked: Asked) -> list[Progress]:
    return [one for one in progress.overview(asked.day, **_as_asked(asked)) if _is_told(one, asked)]


def _as_asked(asked: Asked) -> dict:
    year = asked.filters.get("year", "")
    return {"public": False, "root": asked.region, "at": asked.cutoff, "year": year}


def _is_told(one: Progress, asked: Asked) -> bool:
    return not (asked.is_below_a_city and one.target.scope == TargetScope.PAIR)


def behind(asked: Asked, cell: Mapping[str, str]) -> Behind:
    """Return the filings that a number counts, with what each adds where that is not one."""
    found, place = _asked_for(asked, cell), cell.get("place", "")
    names = {"": "", **{one.code: one.name for one in found.places}}
    if place not in names:
        raise Unknown(f"place={place[:40]}")
    amounts, amount = _amounts(found, place, cell)
    title = "，".join(part for part in (found.target.label, names[place], cell.get("line", "")) if part)
    return Behind(title, Filing.objects.filter(pk__in=amounts), amounts if amount else {}, amount)


def _asked_for(asked: Asked, cell: Mapping[str, str]) -> Progress:
    """Return the target that a cell belongs to; raise ``Unknown`` for a cell there is not."""
    try:
        found = progress.progress(cell.get("target", ""), asked.day, **_as_asked(asked))
    except progress.Unknown as unknown:
        raise Unknown(str(unknown)) from None
    is_of = cell.get("column", "of") == "of" and (found.count.reached is not None or "column" not in cell)
    if not _is_told(found, asked) or not is_of or set(cell) - {"target", "place", "column", "line"}:
        raise Unknown(str(dict(cell))[:80])
    return found


def _amounts(found: Progress, place: str, cell: Mapping[str, str]) -> tuple[dict[int, int], str]:
    """Return filing → what it adds, and the heading of that; empty when each counts once."""
    count, target = found.count, found.target
    if "line" in cell:
        nodes = (line.nodes for line in count.lines if (line.place, line.name) == (place, cell["line"]))
        return {node.filing_id: 1 for node in next(nodes, ())}, ""
    if count.credited and "column" not in cell:
        told = (filing for where, filing in count.credited() if not place or where[:4] == place)
        return dict(Counter(told)), CREDITED[target.scope]
    rows = count.behind if "column" in cell or count.reached is None else count.reached
    rows = rows.filter(browse.in_place(place)) if place else rows
    filing = "filing" if rows.model is CatalogueEntry else "pk"
    if found.is_plain and count.amount:
        return {pk: amount or 0 for pk, amount in rows.values_list(filing, "amount")}, count.amount
    return dict.fromkeys(rows.values_list(filing, flat=True), 1), ""


@reported(
    "targets",
    code="R5",
    title=TITLE,
    basis=BASIS,
    behind=behind,
    filters=[Filter("year", "年度", _years)],
)
def target_progress(asked: Asked) -> Content:
    """Return the targets, the cities beside each other, what falls short or over, and the sentences."""
    found = _found(asked)
    plain = [one for one in found if one.is_plain]
    others = [one for one in found if not one.is_plain]
    by_city = () if asked.is_below_a_city else (_plain_table(plain, asked), _other_table(others, asked))
    return Content(
        TITLE, (_overview(found, asked), *by_city, _exceptions_table(others, asked), _sentences_table(found))
    )


def _overview(found: Sequence[Progress], asked: Asked) -> Table:
    columns = (
        Column("序号", NUMBER, 5),
        Column("目标", width=22),
        Column("要求", width=20),
        Column("年度", NUMBER, 6),
        Column("完成", NUMBER, 9),
        Column("单位", width=10),
        Column("对照", width=18),
        Column("期限", DAY, 11),
        Column("情况", width=14),
        Column("依据", width=24),
    )
    notes = [REACHED]
    if any(one.target.operator == Operator.ABOUT for one in found):
        notes.append(ABOUT)
    if asked.region != PROVINCE_CODE:
        notes += [OWN_PART, ELSEWHERE]
    if asked.is_below_a_city:
        notes.append(NO_PAIRS)
    lines = [Line(_target_cells(number, one, asked)) for number, one in enumerate(found, 1)]
    return Table("目标", columns, lambda: lines, tuple(notes))


def _target_cells(number: int, one: Progress, asked: Asked) -> tuple[Cell, ...]:
    target = one.target
    return (
        number,
        target.label,
        demand(target),
        one.year if one.years else None,
        _number(one, asked, sum(one.count.by_city.values())),
        COUNTED.get(target.scope, target.unit),
        _held_against(one, asked),
        one.due_on,
        one.word if _is_judged(one, asked) else "—",
        f"{target.document_number} {target.clause}",
    )


def _is_judged(one: Progress, asked: Asked) -> bool:
    """Say whether the part of a region alone tells where a target stands."""
    if one.is_plain:
        return asked.region == PROVINCE_CODE
    return not (asked.is_below_a_city and one.target.scope == TargetScope.CITY)


def _held_against(one: Progress, asked: Asked) -> str:
    if one.is_plain or not _is_judged(one, asked):
        return ""
    if one.target.scope == TargetScope.CITY:
        return f"{one.of} 个市中 {one.number} 个达到"
    return f"共 {one.of} {COUNTED[one.target.scope]}"


def _number(one: Progress, asked: Asked, value: int, **cell: str) -> Number:
    """Return a number with its address; with none where it counts what another region filed."""
    is_open = value and (asked.region == PROVINCE_CODE or _is_own(one, asked, cell))
    return Number(value, {"target": one.target.slug, **cell} if is_open else {})


def _is_own(one: Progress, asked: Asked, cell: Mapping[str, str]) -> bool:
    """Say whether all filings of a number are the region's: a city tells of its counties, say."""
    if "line" not in cell and ("column" in cell or not one.count.credited):
        return True  # entries and filings are looked for in the region alone
    told, _ = _amounts(one, cell.get("place", ""), cell)
    elsewhere = Filing.objects.filter(pk__in=told).exclude(scope.within("region_id", asked.region))
    return not elsewhere.exists()


def _plain_table(found: Sequence[Progress], asked: Asked) -> Table:
    """Return the targets of the province beside each other, a line per city."""
    columns = [Column(one.target.label, NUMBER, 14, one.target.unit) for one in found]
    return Table("全省目标分市", (Column("市", width=10), *columns), lambda: _plain_lines(found, asked))


def _plain_lines(found: Sequence[Progress], asked: Asked) -> Iterator[Line]:
    by_code = [{place.code: place for place in one.places} for one in found]
    names = {code: place.name for places in by_code for code, place in places.items()}
    for code in sorted(names):
        yield Line((names[code], *(_in(code, asked, *pair) for pair in zip(found, by_code, strict=True))))
    if len(names) > 1:
        totals = (_number(one, asked, sum(one.count.by_city.values())) for one in found)
        yield Line(("合计", *totals), TOTAL)


def _in(code: str, asked: Asked, one: Progress, places: Mapping[str, Place]) -> Number:
    return _number(one, asked, places[code].number if code in places else 0, place=code)


def _other_table(found: Sequence[Progress], asked: Asked) -> Table:
    columns = (
        Column("目标", width=24),
        Column("年度", NUMBER, 6),
        Column("市", width=10),
        Column("完成", NUMBER, 9),
        Column("总数", NUMBER, 9),
        Column("单位", width=12),
        Column("情况", width=16),
    )
    return Table("每市、每县和单位的目标分市", columns, lambda: _other_lines(found, asked), (REACHED, APART))


def _other_lines(found: Sequence[Progress], asked: Asked) -> Iterator[Line]:
    for one in found:
        for place in one.places:
            yield Line(_place_cells(one, asked, place))
        if len(one.places) > 1:
            whole = Place(
                "", "小计", sum(one.count.by_city.values()), sum(one.count.of.values()), "", one.word
            )
            yield Line(_place_cells(one, asked, whole), SUBTOTAL)


def _place_cells(one: Progress, asked: Asked, place: Place) -> tuple[Cell, ...]:
    where = {"place": place.code} if place.code else {}
    of = None if one.target.scope == TargetScope.CITY else place.of
    return (
        one.target.label,
        one.year if one.years else None,
        place.name,
        _number(one, asked, place.number, **where),
        _number(one, asked, place.of, column="of", **where) if one.target.scope == TargetScope.UNIT else of,
        COUNTED.get(one.target.scope, one.target.unit),
        place.word,
    )


def _exceptions_table(found: Sequence[Progress], asked: Asked) -> Table:
    """Return the counties that do not reach a target, and the pairs over a limit with the institutions."""
    columns = (
        Column("目标", width=24),
        Column("市", width=10),
        Column("县（市、区）或考核项目", width=24),
        Column("数量", NUMBER, 8),
        Column("单位", width=6),
        Column("考核机构", width=40),
    )
    return Table("没有达到和超出的", columns, lambda: _exceptions(found, asked), (APART,), is_long=True)


def _exceptions(found: Sequence[Progress], asked: Asked) -> Iterator[Line]:
    for one in found:
        names = {place.code: place.name for place in one.places}
        for line in one.count.lines:
            if not line.is_reached and not line.is_apart:
                titles = "、".join(node.title for node in line.nodes)
                where = names.get(line.place[:4], "")
                number = _exceeding(one, asked, line)
                yield Line((one.target.label, where, line.name, number, one.target.unit, titles))


def _exceeding(one: Progress, asked: Asked, line: targets.Line) -> Cell:
    if line.nodes and line.place in {place.code for place in one.places}:
        return _number(one, asked, line.number, place=line.place, line=line.name)
    return line.number


def _sentences_table(found: Sequence[Progress]) -> Table:
    columns = (
        Column("目标", width=24),
        Column("文号", width=20),
        Column("条款", width=12),
        Column("原文", width=60),
    )
    rows = [one.target for one in found]
    lines = [Line((row.label, row.document_number, row.clause, row.sentence)) for row in rows]
    return Table("依据原文", columns, lambda: lines)
