"""Entering 国务院办公厅's yearly notice of holidays: the only writer of ``Workday``.

The days come as lines of a small CSV, one source for all of them; any bad line means that nothing is kept.
"""

import re
from datetime import date

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from portal import text
from portal.models import User, Workday
from portal.vocabulary import Level, Role
from portal.workflow import Refused

KEEPERS = (Role.PUBLISHER, Role.SYSTEM_ADMIN)
WORDS = {"上班": True, "放假": False, "取消": None}  # 取消 takes a row away again
MOST_LINES = 400
LINE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\s*[,，\t]\s*(上班|放假|取消)(?:\s*[,，].*)?")
BAD_LINE = "第 {} 行“{}”不是“2027-01-01,放假”的样子"


def may_keep(user: User) -> bool:
    """Say whether ``user`` enters holidays: the publisher of the province or the system administrator."""
    return any(
        post.role in KEEPERS
        and post.organisation.is_hrss
        and post.organisation.region.level == Level.PROVINCE
        for post in user.posts
    )


def parse(lines: str) -> dict[date, bool | None]:
    """Return day → worked, free, or None for a row to take away. Raises ``Refused`` with every bad line.

    A line reads ``2027-01-01,放假`` (上班, 放假, 取消); empty lines and a heading 日期,… are passed over.
    """
    typed = text.clean(lines).splitlines()
    if len(typed) > MOST_LINES:
        raise Refused(f"一次最多录入 {MOST_LINES} 行，现在有 {len(typed)} 行，没有保存。")
    found, bad = {}, []
    for number, line in enumerate(typed, 1):
        line = text.clean(line)
        if not line or (number == 1 and line.startswith("日期")):
            continue
        try:
            day, word = LINE.fullmatch(line).groups()
            found[_day(day)] = WORDS[word]
        except (AttributeError, ValueError):
            bad.append(BAD_LINE.format(number, line[:30]))
    if bad:
        raise Refused(f"{'；'.join(bad[:10])}。没有保存任何一行。")
    return found


def _day(words: str) -> date:
    day = date.fromisoformat(words)
    if not 2000 <= day.year <= 2100:
        raise ValueError(words)
    return day


@transaction.atomic
def keep(lines: str, *, source: str, by: User) -> int:
    """Store the days of ``lines`` with their ``source`` and return how many. Raises ``Refused``."""
    if not may_keep(by):
        raise Refused("只有省级发布岗位和系统管理员可以录入放假安排。")
    source, days = text.clean(source), parse(lines)
    if not source or len(source) > 200:
        raise Refused("请写明依据的通知名称和文号，最多 200 字。没有保存。")
    if not days:
        raise Refused("没有可录入的日期，没有保存。")
    for day, is_worked in days.items():
        if is_worked is None:
            Workday.objects.filter(day=day).delete()
        else:
            Workday.objects.update_or_create(day=day, defaults={"is_worked": is_worked, "source": source})
    _note(days, source, by)
    return len(days)


def _note(days: dict[date, bool | None], source: str, by: User) -> None:
    """Keep who entered what from which notice, where the auditor reads it."""
    words = {value: word for word, value in WORDS.items()}
    said = "、".join(f"{day} {words[value]}" for day, value in sorted(days.items()))
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(Workday),
        object_id=str(min(days)),
        object_repr=f"工作日调整 {len(days)} 天",
        action_flag=CHANGE,
        change_message=f"{source}：{said}",
    )
