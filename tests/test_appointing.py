"""The first administrators of an installation come from one command, and only the first."""

from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from portal.models import CampaignDuty, Membership, Organisation, User
from portal.vocabulary import ADMIN_ROLES, Level, Role
from tests import factories

pytestmark = pytest.mark.django_db
CHOSEN = "Correct horse 7 battery"


def appoint(role: str = Role.SYSTEM_ADMIN, username: str = "yanshi_wang", full_name: str = "演示王六") -> str:
    """Return what the command prints."""
    out = StringIO()
    call_command("appoint", role, username, full_name, stdout=out)
    return out.getvalue()


def refusal(*arguments: str) -> str:
    """Return why the command appointed nobody, after a look that nothing was written."""
    before = (User.objects.count(), Membership.objects.count())
    with pytest.raises(CommandError) as refused:
        appoint(*arguments)
    assert (User.objects.count(), Membership.objects.count()) == before
    return str(refused.value)


@pytest.mark.parametrize("role", ADMIN_ROLES)
def test_the_first_holder_signs_in_changes_the_password_and_may_enter(client, role):
    printed = appoint(role)

    password = printed.split("一次性密码 ")[1].split()[0]
    answer = client.post(reverse("login"), {"username": "yanshi_wang", "password": password})
    assert client.get(answer["Location"])["Location"] == reverse("password-change")
    new = {"old_password": password, "new_password1": CHOSEN, "new_password2": CHOSEN}
    client.post(reverse("password-change"), new)
    assert client.get(reverse("admin:index")).status_code == 200
    (post,) = User.objects.get(username="yanshi_wang").posts
    assert (post.role, post.organisation.region.level) == (role, Level.PROVINCE)


def test_the_appointment_stands_in_the_log_and_the_password_nowhere():
    printed = appoint()

    (entry,) = LogEntry.objects.all()
    assert (entry.user.username, entry.change_message) == ("yanshi_wang", "由运行维护人员用服务器命令设立")
    assert "一次性密码" in printed
    assert User.objects.get().must_change_password is True
    assert User.objects.get().is_superuser is False


def test_a_role_that_somebody_holds_is_refused():
    holder = factories.sysadmin()

    assert refusal() == (
        f"系统管理员已由 {holder.username} 担任，没有新设账号。"
        "增设人员请由系统管理员建立账号、安全管理员授予岗位。"
    )


@pytest.mark.parametrize("how", ["closed", "ended", "at a city"])
def test_a_holder_who_cannot_act_does_not_stand_in_the_way(how):
    holder = factories.sysadmin()
    if how == "closed":
        User.objects.filter(pk=holder.pk).update(is_active=False)
    elif how == "ended":
        Membership.objects.filter(user=holder).update(valid_to=timezone.localdate())
    else:
        city = factories.bureau(factories.WEIFANG)
        Membership.objects.filter(user=holder).update(organisation=city)

    appoint()

    assert User.objects.get(username="yanshi_wang").has_role(Role.SYSTEM_ADMIN) is True


@pytest.mark.parametrize(
    ("username", "full_name"), [("a b", "演示王六"), ("yanshi_wang", ""), ("taken", "演示")]
)
def test_a_name_that_does_not_do_is_told_and_nothing_is_written(username, full_name):
    User.objects.create_user("taken", password=factories.PASSWORD)

    assert refusal(Role.AUDITOR, username, full_name).endswith("没有新设账号，请更正后重新执行。")


def test_a_business_role_is_not_given_by_command():
    assert "invalid choice" in refusal(Role.PUBLISHER)


def test_without_reference_data_it_says_what_to_do():
    CampaignDuty.objects.all().delete()
    Organisation.objects.all().delete()

    assert refusal() == "还没有区划和单位，请先执行 manage.py load_reference。"
