"""How an account begins: the password that is told once, and the first administrators of an installation."""

from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import get_random_string

from portal.models import Membership, Organisation, User
from portal.vocabulary import Kind, Level, Role

UNMISTAKABLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no 0 O 1 l I
BY_COMMAND = "由运行维护人员用服务器命令设立"


class Unappointed(Exception):
    """Nobody was appointed and nothing was written; the text says why and what to do."""


def one_time_password() -> str:
    """Return a password to be told once and changed at the first sign-in."""
    return get_random_string(14, UNMISTAKABLE)


@transaction.atomic
def appoint(role: str, username: str, full_name: str) -> str:
    """Make the first holder of an administrator's role at the province and return his one-time password.

    Only the first: the next ones are made by the system administrator and given their posts by the security
    administrator, each under the eyes of the others (separation of duties). Raise ``Unappointed``.
    """
    _refuse_a_second(role)
    bureau = (
        Organisation.objects.current().filter(region__level=Level.PROVINCE, kind=Kind.HRSS_BUREAU).first()
    )
    if bureau is None:
        raise Unappointed("还没有区划和单位，请先执行 manage.py load_reference。")
    password = one_time_password()
    user = User(username=username, full_name=full_name, is_staff=True)
    user.set_password(password)
    _store(user)
    post = Membership(user=user, organisation=bureau, role=role)
    _store(post)
    LogEntry.objects.log_actions(user.pk, [post], ADDITION, BY_COMMAND, single_object=True)
    return password


def _refuse_a_second(role: str) -> None:
    at_province = Membership.objects.current().filter(role=role, organisation__region__level=Level.PROVINCE)
    if holder := at_province.filter(user__is_active=True).select_related("user").first():
        sentence = f"{Role(role).label}已由 {holder.user.username} 担任，没有新设账号。"
        raise Unappointed(f"{sentence}增设人员请由系统管理员建立账号、安全管理员授予岗位。")


def _store(row: User | Membership) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise Unappointed(f"{''.join(error.messages)}没有新设账号，请更正后重新执行。") from None
    row.save()
