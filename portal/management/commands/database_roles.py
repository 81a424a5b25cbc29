"""``manage.py database_roles``: the roles of PostgreSQL, what each may, and the two logins that take them."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, connection, transaction

from portal import fence
from portal.asking import APP, JOBS, OPEN_TO_ALL, ROLES

#: login → whether it has the rights of its roles at once, its roles
LOGINS = {
    "portal_web": ("NOINHERIT", (APP, OPEN_TO_ALL)),
    "portal_worker": ("INHERIT", (JOBS, "pg_read_all_stats")),
}


class Command(BaseCommand):
    """Run by the owner after ``migrate``; safe to repeat, and the way to set a new password."""

    help = "建立 PostgreSQL 角色并授权；无权建角色时，先把 --sql 打印的语句交数据库管理员执行。"

    def add_arguments(self, parser) -> None:
        """Declare the way out for an owner that may create no roles."""
        parser.add_argument("--sql", action="store_true", help="只打印建立角色的语句，不执行")

    def handle(self, *, sql: bool, **options) -> None:
        """Make the roles there are not, grant, and put up the fences."""
        if connection.vendor != "postgresql":
            raise CommandError("只有 PostgreSQL 有数据库角色。")
        if sql:
            self.stdout.write("".join(f"{statement};\n" for statement in statements(set())))
            return
        try:
            make()
        except ProgrammingError as reason:
            raise CommandError(f"{reason}\n请让数据库管理员执行 --sql 打印的语句，再运行一次。") from None
        if options["verbosity"]:
            self.stdout.write("数据库角色已建立，权限和行级安全策略已就位。")


def statements(present: set[str]) -> list[str]:
    """Return what makes the roles and logins that are not ``present``, and joins them."""
    made = [f"CREATE ROLE {role} NOLOGIN" for role in ROLES if role not in present]
    for login, (inherits, roles) in LOGINS.items():
        made += [f"CREATE ROLE {login} LOGIN {inherits}"] if login not in present else []
        made += [f"GRANT {role} TO {login}" for role in roles if (login, role) not in present]
    return made


@transaction.atomic
def make() -> None:
    """Make roles, logins with the passwords of the environment, grants and policies, or nothing of it."""
    with connection.cursor() as cursor:
        for statement in statements(_present(cursor)):
            cursor.execute(statement)
        for login, password in settings.DATABASE_PASSWORDS.items():
            if password:
                cursor.execute(f"ALTER ROLE {login} PASSWORD %s", [password])
    fence.remove(connection)
    fence.install(connection)


def _present(cursor) -> set:
    """Return the names of all roles, and (member, role) of who may take which."""
    cursor.execute("SELECT rolname FROM pg_roles")
    names = {name for (name,) in cursor.fetchall()}
    cursor.execute("SELECT member::regrole::text, roleid::regrole::text FROM pg_auth_members")
    return names | set(cursor.fetchall())
