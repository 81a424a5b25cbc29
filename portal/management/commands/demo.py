"""``manage.py demo``: the demonstration data, built once."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal import demo, demo_reports
from portal.models import Filing


class Command(BaseCommand):
    """Thin: the work is ``demo.build``."""

    help = "按流程生成演示账号和演示数据（PORTAL_DEMO=0 时不执行）；已有演示数据时不作改动。"

    def handle(self, *args, **options) -> None:
        """Build the demonstration unless it is here, and print the accounts."""
        if not settings.DEMO:
            raise CommandError("演示数据已关闭（PORTAL_DEMO=0），没有写入任何数据。")
        if demo.is_built():
            self.stdout.write("演示数据已经有了，没有改动。")
            return
        secret = demo.password()
        try:
            demo.build(secret)
        except demo.Incomplete as reason:
            raise CommandError(str(reason)) from None
        demo_reports.make()
        self.stdout.write(demo.accounts(secret))
        self.stdout.write(f"已生成 {Filing.objects.filter(is_demo=True).count()} 件演示填报。")
