"""How an account begins and ends: first administrators, resets that need two people, accounts nobody uses."""

from django.conf import settings
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import get_random_string

from portal import invitations
from portal.backends import UNUSED, is_unused
from portal.models import Membership, Organisation, ResetRequest, User
from portal.vocabulary import ADMIN_ROLES, BUSINESS_ROLES, Kind, Level, Role

UNMISTAKABLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no 0 O 1 l I
BY_COMMAND = "由运行维护人员用服务器命令设立"
WATCHERS = (Role.SECURITY_ADMIN, Role.AUDITOR)
AT_WORK = (*BUSINESS_ROLES, Role.JOINT_REVIEWER)
NOT_AGREED = "这项申请不能由您同意：已经办理过，或者涉及您本人，或者是您提出的。没有改动。"


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


def is_watcher(user: User) -> bool:
    """Say whether the account belongs to somebody who watches the system administrator (22239 8.1.4.2 d).

    A post that has begun or will begin counts; what is closed with the account is looked at all the same.
    """
    return _holds(user, WATCHERS)


def goes_by_mail(user: User) -> bool:
    """Say whether the link of an account reaches its owner past every administrator."""
    return bool(settings.MAIL_ON and user.email)


def waits_for_another(user: User) -> bool:
    """Say whether a reset waits until a second administrator agrees, for who has the link could be its owner.

    So it is with whoever watches the system administrator, and with whoever has a post in the business unless
    the link goes to his mail (22239 8.1.4.2 d: an administrator has no business rights, nor takes them).
    """
    return is_watcher(user) or (_holds(user, AT_WORK) and not goes_by_mail(user))


def is_administrator(user: User) -> bool:
    """Say whether the account belongs to one of the three, whose posts end before their accounts are closed.

    The post is ended by the security administrator, the account is closed by the system administrator: none
    of them switches off another alone (22239 8.1.4.2 d).
    """
    return _holds(user, ADMIN_ROLES)


def _holds(user: User, roles: tuple[str, ...]) -> bool:
    posts = Membership.objects.filter(user=user, role__in=roles)
    return posts.filter(Q(valid_to=None) | Q(valid_to__gt=timezone.localdate())).exists()


@transaction.atomic
def reset(user: User) -> None:
    """End the password, the second step and the sign-ins of a person; he sets a new one by a link."""
    invitations.shut(user)
    user.save(update_fields=["password", "password_set_at", "must_change_password", "sign_in_epoch"])


def ask_for_reset(user: User, *, by: User) -> ResetRequest:
    """Note that the system administrator asks; nothing changes until somebody else agrees."""
    asked = ResetRequest.objects.filter(user=user, agreed_at=None).first()
    return asked or ResetRequest.objects.create(user=user, asked_by=by)


@transaction.atomic
def agree_to_reset(asked: ResetRequest, *, by: User) -> bool:
    """Reset once somebody agrees who neither asked nor is reset; say whether it was done, which is once."""
    if by.pk in (asked.asked_by_id, asked.user_id):
        return False
    waiting = ResetRequest.objects.filter(pk=asked.pk, agreed_at=None)
    if not waiting.update(agreed_by=by, agreed_at=timezone.now()):
        return False
    if not asked.user.is_active:
        asked.user.is_active = True
        asked.user.save(update_fields=["is_active"])
    reset(asked.user)
    return True


def unused(users: QuerySet[User]) -> QuerySet[User]:
    """Return those nobody has signed in with for ninety days."""
    since = timezone.now() - UNUSED
    never = Q(last_login=None) | Q(last_login__lt=since)
    return users.filter(never, password_set_at__lt=since)


def close_unused() -> int:
    """Close the accounts nobody uses and return how many; who returns is given a link."""
    found = [user for user in unused(User.objects.filter(is_active=True)) if is_unused(user)]
    for user in found:
        user.is_active = False
        user.save(update_fields=["is_active"])
    return len(found)
