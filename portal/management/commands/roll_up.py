"""``manage.py roll_up``: one report straight into a file, the same bytes as the job makes."""

import sys
from datetime import date, datetime
from pathlib import Path

from django.core.management.base import BaseCommand

from portal import report_runs, reports
from portal.models import Region
from portal.report_files import FORMATS
from portal.reports import Asked
from portal.windows import SHANGHAI, end_of, moment, through
from portal.workflow import Refused

NO_KIND = "没有“{}”这种报表，可用的有：{}。"
NO_REGION = "没有区划“{}”，请填写区划代码，如 37、3701、370102。"
NO_CUTOFF = "“{}”不是时间，请写成 2024-06-15 或 2024-06-15T17:00。"
NO_FILTER = "“{}”不是这种报表的筛选，请写成 名称=取值；可用的名称：{}。"
NO_VALUE = "筛选“{}”没有“{}”这个取值，可用的有：{}。"
NO_FORMAT = "输出文件的后缀应为 {}，现在是“{}”。"
NOT_WRITABLE = "不能写入“{}”：文件夹不存在、没有权限或磁盘已满；没有留下文件。"


class Command(BaseCommand):
    """Thin: the work is ``report_runs.save``. Whatever is wrong is one sentence and exit 1."""

    help = "生成一份统计报表，直接写入文件；同样的问题总是同样的内容。"

    def add_arguments(self, parser) -> None:
        """Declare what is asked and where it goes."""
        parser.add_argument("kind", metavar="KIND")
        parser.add_argument("--cutoff", required=True, metavar="ISO", help="统计截止；只写日期指当天 24:00")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE")
        parser.add_argument("--region", default=reports.PROVINCE_CODE)
        parser.add_argument("--filter", action="append", default=[], dest="filters", metavar="NAME=VALUE")
        parser.add_argument("--format", default="", help="默认按文件后缀")

    def handle(self, *, kind: str, output: Path, format: str, **said) -> None:
        """Write the file and say what is in it."""
        format = format or output.suffix.lstrip(".").lower()
        try:
            asked = question(kind, said["cutoff"], said["region"], said["filters"])
            if format not in FORMATS:
                raise Refused(NO_FORMAT.format("、".join(f".{known}" for known in FORMATS), output.suffix))
            rows, digest = report_runs.save(asked, format, output)
        except (Refused, report_runs.Unsettled) as reason:
            self._stop(str(reason))
        except OSError:
            self._stop(NOT_WRITABLE.format(output))
        self.stdout.write(f"报表：{asked.slug} {reports.get(asked.slug).title}")
        self.stdout.write(f"统计截止：{moment(asked.cutoff)}")
        self.stdout.write(f"行数：{rows}")
        self.stdout.write(f"SHA-256：{digest}")

    def _stop(self, sentence: str) -> None:
        self.stderr.write(sentence)
        sys.exit(1)


def question(kind: str, cutoff: str, region: str, filters: list[str]) -> Asked:
    """Return what is asked in the words of a command line; raise ``Refused`` with what is wrong."""
    if kind not in reports.kinds:
        raise Refused(NO_KIND.format(kind, "、".join(known.slug for known in reports.all_kinds())))
    if not Region.objects.filter(pk=region).exists():
        raise Refused(NO_REGION.format(region))
    instant = _instant(cutoff)
    report_runs.check_cutoff(instant)
    chosen = dict(_pair(kind, said) for said in filters)
    for name, value in chosen.items():
        _check_value(Asked(kind, instant, region, {}), name, value)
    return reports.ask(kind, instant, region, chosen)


def _instant(said: str) -> datetime:
    """Return the instant of an ISO time, of Shanghai where it names no zone; of a day its last second.

    A second that names no part of itself is meant to its end, as on the pages.
    """
    try:
        return through(end_of(date.fromisoformat(said)))
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise Refused(NO_CUTOFF.format(said)) from None
    at = found if found.tzinfo else found.replace(tzinfo=SHANGHAI)
    return at if "." in said else through(at)


def _pair(kind: str, said: str) -> tuple[str, str]:
    name, between, value = said.partition("=")
    known = [narrowing.name for narrowing in reports.get(kind).filters]
    if not between or name not in known:
        raise Refused(NO_FILTER.format(said, "、".join(known) or "无"))
    return name, value


def _check_value(asked: Asked, name: str, value: str) -> None:
    (narrowing,) = (one for one in reports.get(asked.slug).filters if one.name == name)
    choices = narrowing.choices(asked)
    if value not in choices:
        raise Refused(NO_VALUE.format(name, value, "、".join(choices)))
