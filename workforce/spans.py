"""组织时间 as people write it, read as a span of days with its precision (鲁人社字〔2021〕32号 附件2注2).

“2021年5月10日-5月28日”, “2021年6月”, “9月上旬（计划）”, “2021.5.10—28”, “5-6月”, “三季度”. Leaf module: pure
functions.
"""

import calendar
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

DAY, TEN_DAYS, MONTH, LONGER = "day", "ten_days", "month", "longer"
PRECISIONS = [(DAY, "到日"), (TEN_DAYS, "到旬"), (MONTH, "到月"), (LONGER, "到季度或更长")]
_COARSER = [DAY, TEN_DAYS, MONTH, LONGER]
_PARTS = {"上": (1, 10), "初": (1, 10), "中": (11, 20), "下": (21, 31), "底": (21, 31), "末": (21, 31)}
_NUMERALS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_MONTH_IN_WORDS = re.compile(r"十?[一二三四五六七八九十](?=月)")
_PLANNED = re.compile("计划|拟|预计|待开展")
_HELD = re.compile("实际|已")
_NOISE = re.compile(
    r"[()\[\]【】]|计划|拟|预计|待开展|实际|已|开展|完成|组织|举办|开班|结束|期间|左右|于|起|上午|下午|全天"
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?:[-~至到]\d{1,2}:\d{2})?")
_RANGE = re.compile(r"至|到|~|-+|—+|–+|―+|―+")
_SEVERAL = re.compile(r"[、,;和及]")
# 2021-05-10, 20210510 and 2021-05 are one point each: their dashes are no range.
_PACKED = [
    (re.compile(r"(?<!\d)(20\d\d)-(\d{1,2})-(\d{1,2})(?!\d)"), r"\1年\2月\3日"),
    (re.compile(r"(?<!\d)(20\d\d)(\d\d)(\d\d)(?!\d)"), r"\1年\2月\3日"),
    (re.compile(r"(?<!\d)(20\d\d)-(\d{1,2})(?:月|(?![\d日.]))"), r"\1年\2月"),
]
_NUMBER_OF_DAY = r"[12]\d|3[01]|0?[1-9]"
_NUMBER_OF_MONTH = r"1[0-2]|0?[1-9]"
_YEAR = r"(?:(?P<year>20\d\d)(?:年度?|[./](?=\d))|(?P<same>本年|今年)|(?P<next>次年|明年))?"
_WAYS = [
    re.compile(_YEAR + rf"(?P<month>{_NUMBER_OF_MONTH})(?:月|[./])(?P<day>{_NUMBER_OF_DAY})(?:日|号)?"),
    re.compile(_YEAR + rf"(?P<month>{_NUMBER_OF_MONTH})月份?(?P<part>[上中下])旬"),
    re.compile(_YEAR + rf"(?P<month>{_NUMBER_OF_MONTH})月份?(?P<part>[初中底末])"),
    re.compile(_YEAR + rf"(?P<month>{_NUMBER_OF_MONTH})月份?"),
    re.compile(rf"(?P<year>20\d\d)[./](?P<month>{_NUMBER_OF_MONTH})"),
    re.compile(_YEAR + r"第?(?P<quarter>[一二三四1-4])季度"),
    re.compile(_YEAR + r"(?P<half>[上下])半年"),
    re.compile(_YEAR + r"全年"),
    re.compile(r"(?P<year>20\d\d)年?度?"),
    re.compile(rf"(?P<day>{_NUMBER_OF_DAY})(?:日|号)?"),
]


@dataclass(frozen=True)
class Span:
    """First and last day, how exact they are, and whether the training is planned (None: not said)."""

    start: date
    end: date
    precision: str
    planned: bool | None


@dataclass(frozen=True)
class _Stretch:
    start: date
    end: date
    precision: str


def parse(text: str, year: int) -> Span | None:
    """Return the span ``text`` names, with ``year`` where it names none; None when it cannot be read."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    said = True if _PLANNED.search(plain) else False if _HELD.search(plain) else None
    try:
        found = list(_stretches(_bare(plain), year))
    except ValueError:
        return None
    if not found:
        return None
    precision = _coarsest(stretch.precision for stretch in found)
    return Span(
        min(stretch.start for stretch in found), max(stretch.end for stretch in found), precision, said
    )


def _bare(plain: str) -> str:
    bare = _CLOCK.sub("", _NOISE.sub("", plain))
    bare = _MONTH_IN_WORDS.sub(lambda match: str(sum(_NUMERALS[word] for word in match[0])), bare)
    for packed, spelled_out in _PACKED:
        bare = packed.sub(spelled_out, bare)
    return bare


def _coarsest(precisions) -> str:
    return max(precisions, key=_COARSER.index)


def _stretches(bare: str, year: int) -> Iterator[_Stretch]:
    """Yield each stretch of a text that may list several, “5月10日-12日、6月2日” and “5、6月” among them."""
    for part in _completed([part for part in _SEVERAL.split(bare) if part]):
        stretch = _stretch(part, year)
        year = stretch.start.year
        yield stretch


def _completed(parts: list[str]) -> list[str]:
    """Give a bare number the 月 that only the last of a list bears: “5-6月”, “5、6月”, “2021年5、6月”."""
    if not parts or not re.search(r"\d月份?$", parts[-1]):
        return parts
    whole = [re.sub(r"((?:^|年|[./])\d{1,2})$", r"\1月", part) for part in parts[:-1]]
    return [*whole, parts[-1]]


def _stretch(part: str, year: int) -> _Stretch:
    """Read one stretch; raises ``ValueError``."""
    first, *others = _completed(_RANGE.split(part))
    start = _point(first, year)
    if not others:
        return start
    if len(others) > 1:
        raise ValueError(part)
    end = _point(others[0], start.start.year, start.start)
    if end.end < start.start and not re.match(r"20\d\d", others[0]):
        end = _point(others[0], start.start.year + 1, start.start)
    if end.end < start.start:
        raise ValueError(part)
    return _Stretch(start.start, end.end, _coarsest([start.precision, end.precision]))


def _point(word: str, year: int, after: date | None = None) -> _Stretch:
    """Read one end of a stretch; a lone day stands in the month of the end ``after`` which it comes."""
    match = next((match for way in _WAYS if (match := way.fullmatch(word))), None)
    if match is None:
        raise ValueError(word)
    said = match.groupdict()
    year = int(said.get("year") or year) + bool(said.get("next"))
    month = int(said["month"]) if "month" in said else after.month if after else 0
    if "day" in said:
        day = int(said["day"])
        return _Stretch(date(year, month, day), date(year, month, day), DAY)
    if "part" in said:
        first, last = _PARTS[said["part"]]
        return _Stretch(
            date(year, month, first), date(year, month, min(last, _length(year, month))), TEN_DAYS
        )
    first, last = _months(said, month)
    precision = MONTH if first == last else LONGER
    return _Stretch(date(year, first, 1), date(year, last, _length(year, last)), precision)


def _months(said: dict, month: int) -> tuple[int, int]:
    if "quarter" in said:
        last = 3 * (_NUMERALS.get(said["quarter"]) or int(said["quarter"]))
        return last - 2, last
    if "half" in said:
        return (1, 6) if said["half"] == "上" else (7, 12)
    return (month, month) if "month" in said else (1, 12)


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
