"""Questions the interface answers, each with an address that works: for its page, and for the tests."""

from dataclasses import dataclass

from django.utils import timezone

from portal.api.entries import public_types
from portal.models import CatalogueEntry


@dataclass(frozen=True)
class Example:
    """What somebody may want to know, and the address that answers it."""

    question: str
    path: str


def examples() -> list[Example]:
    """Return the examples over the catalogue as it is today; with an empty catalogue the general ones."""
    today, newest = timezone.localdate(), CatalogueEntry.objects.in_force().order_by("-valid_from", "-pk")
    entry = newest.filter(kind__in=[t.slug for t in public_types()]).first()
    kind = entry.kind if entry else "skill-brands"
    found = [
        Example("有哪些目录，各有多少条，可以按什么筛选", "catalogues"),
        Example("一个目录现行的条目，每页20条", f"catalogues/{kind}/entries?limit=20"),
        Example("潍坊市的条目", f"catalogues/{kind}/entries?city=3707"),
        Example("某一天的目录", f"catalogues/{kind}/entries?on={today}"),
        Example("已退出的条目和退出原因", f"catalogues/{kind}/entries?status=exited"),
        Example("考核项目目录的各个版次", "catalogues/exam-projects/editions"),
        Example(
            "考核项目目录在两个日期之间的变化",
            f"catalogues/exam-projects/differences?from_day={today.year - 1}-01-01&to_day={today}",
        ),
        Example("公示公告", "notices"),
        Example("政策目标和进度", "targets"),
    ]
    one = [Example("一个条目", f"catalogues/{entry.kind}/entries/{entry.code}")] if entry else []
    return [*found[:2], *one, *found[2:]]
