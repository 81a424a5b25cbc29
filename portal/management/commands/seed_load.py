"""``manage.py seed_load``: synthetic filings and entries for benchmarks, straight to the tables."""

from argparse import ArgumentTypeError

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import population
from portal.models import Organisation

MOST = 20_000_000  # twice what the whole country files in ten years


class Command(BaseCommand):
    """Thin: the work is ``population.add``."""

    help = (
        "压力测试用：直接向数据表写入合成的填报和目录条目，逐条标明“演示”，计数和查询索引一并更新。"
        "只用于空库或演示库；写入期间请停用其他服务。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask how many."""
        parser.add_argument("--rows", type=_rows, required=True, help="填报与目录条目合计的条数")

    def handle(self, *args, rows: int, **options) -> None:
        """Write the rows, all or none, unless there is real data."""
        refuse()
        population.add(rows, lambda done: self.stdout.write(f"已写入 {done:,} / {rows:,} 条。"))
        self.stdout.write(f"已生成 {rows:,} 条演示数据，计数和查询索引已更新；可用 manage.py verify 核对。")


def _rows(said: str) -> int:
    if not (said.isascii() and said.isdecimal() and 1 <= int(said[:9]) <= MOST and len(said) < 9):
        raise ArgumentTypeError(f"条数应为 1 至 {MOST:,} 之间的整数。")
    return int(said)


def refuse() -> None:
    """Stop where synthetic rows would come among real ones, or cannot be written yet."""
    if not settings.DEMO:
        raise CommandError("演示数据已关闭（PORTAL_DEMO=0），没有写入任何数据；请在空库或演示库上执行。")
    if real := population.real_filings():
        raise CommandError(
            f"库中有 {real:,} 件真实填报，合成数据不能混入；没有写入任何数据，请在空库或演示库上执行。"
        )
    if not Organisation.objects.exists():
        raise CommandError(
            "还没有区划和单位；没有写入任何数据，请先执行 manage.py load_reference，再执行一次。"
        )
