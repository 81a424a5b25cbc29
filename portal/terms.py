"""How long personal data stays after its purpose ended: one table, with the ground of each term.

《个人信息保护法》第十九条、第四十七条第一款; GB/T 35273-2020 6.1; GB/T 22239-2019 8.1.4.10. No notice
states a number of years, so each is our default; ``PORTAL_TERMS`` ("draft=1,return=10") changes it, in whole
years and never below one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.conf import settings

LAW = "《个人信息保护法》第十九条、第四十七条第一款；GB/T 35273-2020 6.1"
OURS = f"{LAW}。通知没有规定年限，年限为本系统默认值，可由省级调整。"
MOST = 100  # years; more is a slip of the hand


@dataclass(frozen=True)
class Term:
    """One class: what goes, how many whole years after what, 0 meaning the next night; on what ground."""

    name: str
    label: str
    after: str
    years: int
    ground: str = OURS

    @property
    def words(self) -> str:
        """The term as the register of processing tells it."""
        since = f"满 {self.years} 年后" if self.years else "的次日"
        return f"{self.label}：{self.after}{since}清除。"


DEFAULTS = (
    Term("draft", "草稿和退回后没有再提交的填报", "最后一次修改", 2),
    Term("ended", "作废和不予通过的填报", "结束", 3),
    Term("exited", "退出目录或已被替换的填报", "退出或被替换", 3),
    Term("return", "审核通过、不列入目录的报表和零报送", "办结", 5),
    Term("objection", "公示异议的异议人、联系方式和内容", "办结", 3),
    Term("sheet", "登记历史结果上传的表格文件", "登记（没有登记的按上传时间）", 1),
    Term("phone", "已停用账号接收短信的手机号", "停用", 0, f"{LAW}：处理目的已实现。"),
)
#: Those of filings, whose personal fields, submitted versions and files go together.
OF_FILINGS = ("draft", "ended", "exited", "return")


def table() -> dict[str, Term]:
    """Return name → term as it holds here. Raises ``ValueError`` where ``PORTAL_TERMS`` names none."""
    if wrong := list(faults()):
        raise ValueError(wrong[0])
    said = dict(part.split("=") for part in settings.TERMS)
    return {
        t.name: Term(t.name, t.label, t.after, int(said.get(t.name, t.years)), t.ground) for t in DEFAULTS
    }


def faults() -> Iterator[str]:
    """Yield each part of ``PORTAL_TERMS`` that names no term that has years, or no number of them."""
    changeable = [term.name for term in DEFAULTS if term.years]
    for part in settings.TERMS:
        name, _, years = part.partition("=")
        if name not in changeable or not (years.isascii() and years.isdigit() and 1 <= int(years) <= MOST):
            yield part


def words(*names: str) -> str:
    """Return the terms of these names in the words of the register."""
    found = table()
    return "".join(found[name].words for name in names)


def before(day: date, years: int) -> date:
    """Return the day that lies whole years before ``day``; of a leap day the last of February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
