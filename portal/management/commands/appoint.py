"""``manage.py appoint``: the first system administrator, security administrator and auditor."""

from django.core.management.base import BaseCommand, CommandError

from portal import accounts
from portal.vocabulary import ADMIN_ROLES, Role


class Command(BaseCommand):
    """Thin: the work is ``accounts.appoint``."""

    help = "设立首位系统管理员、安全管理员或审计员：新建账号，一次性密码只显示这一次，首次登录须更改。"

    def add_arguments(self, parser) -> None:
        """Declare who is appointed to what."""
        parser.add_argument("role", choices=[str(role) for role in ADMIN_ROLES])
        parser.add_argument("username")
        parser.add_argument("full_name")

    def handle(self, *, role: str, username: str, full_name: str, **options) -> None:
        """Appoint, and print the password; it is kept nowhere."""
        try:
            password = accounts.appoint(role, username, full_name)
        except accounts.Unappointed as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(f"已设立{Role(role).label}：账号 {username}，一次性密码 {password} 。")
        self.stdout.write("这个密码只显示这一次，请当面交给本人；首次登录时须改密码。")
