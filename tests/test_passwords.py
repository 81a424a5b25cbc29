"""What a password must be, by the law and by the rules that forbid what the law asks for."""

import gzip
from pathlib import Path

import pytest
from django.contrib.auth import password_validation
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.exceptions import ValidationError
from django.test import Client, override_settings

from portal.account_forms import NewPasswordForm, ProofForm
from portal.models import FormerPassword, User
from portal.views.account import SignInForm
from tests import factories
from tests.identity import try_in

pytestmark = pytest.mark.django_db
COMMON = Path(password_validation.__file__).parent / "common-passwords.txt.gz"


def refused(password: str, user: User | None = None) -> bool:
    """Say whether a password is refused."""
    try:
        password_validation.validate_password(password, user)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize(
    ("password", "by_law", "by_asvs"),
    [
        ("Kq7#vm2pLx", False, False),
        ("Kq7#vm2pL", True, True),  # nine
        ("kqzvmwplxtgh", True, False),  # one kind
        ("Kqzvmwplxtgh", True, False),  # two kinds
        ("kqz vmw 7 plx tgh", False, False),
        ("海棠花 Kaile 又 xie 了", False, False),
        ("x" * 60 + "Y7 ab", False, False),
        ("aB3 " * 32, False, False),  # 128
        ("aB3 " * 32 + "x", True, True),
        ("Shandong@2024", True, True),
        ("Weifang123!", True, True),
        ("人社局Renshe2025!", True, True),
        ("P@ssw0rd2026!", True, True),
    ],
)
def test_both_sets_of_rules(password, by_law, by_asvs):
    found = []
    for days in (90, 0):
        with override_settings(PASSWORD_DAYS=days):
            found.append(refused(password))

    assert found == [by_law, by_asvs]


@override_settings(PASSWORD_DAYS=0)
def test_every_one_of_the_common_passwords_is_refused():
    with gzip.open(COMMON, "rt", encoding="utf-8") as lines:
        common = [line.strip() for line in lines][:3200]

    assert [password for password in common if not refused(password)] == []


def test_the_own_name_carries_no_password():
    person = User(username="wangxiaoming", full_name="王小明")

    assert (refused("Wangxiaoming#7", person), refused("王小明王小明王小明aB7", person)) == (True, True)


def test_the_last_five_are_not_used_again_and_the_sixth_is():
    person, had = factories.filer(), [f"Kq7#vm2pLx {n}" for n in range(6)]
    for password in had:
        person.set_password(password)
        person.save()

    assert [refused(password, person) for password in had] == [False, True, True, True, True, True]
    assert FormerPassword.objects.filter(user=person).count() == 5


def test_an_old_hash_becomes_argon2id_at_the_next_sign_in():
    person = factories.filer()
    with override_settings(
        PASSWORD_HASHERS=["portal.hashers.Argon2id", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    ):
        old = make_password(factories.PASSWORD, hasher="pbkdf2_sha256")
        User.objects.filter(pk=person.pk).update(password=old)
        answer = try_in(Client(), person.username)
        stored = User.objects.get(pk=person.pk).password
        hasher = identify_hasher(stored)

    assert (answer.status_code, hasher.algorithm) == (302, "argon2")
    assert "m=19456,t=2,p=1" in stored


@pytest.mark.parametrize("form", [SignInForm, ProofForm, NewPasswordForm, SetPasswordForm])
def test_a_field_for_a_password_is_masked_is_filled_by_managers_and_changes_nothing(form):
    fields = [field for name, field in form.base_fields.items() if "password" in name]

    said = [(one.widget.input_type, one.strip, one.widget.attrs["autocomplete"]) for one in fields]
    assert {(kind, strip) for kind, strip, _ in said} == {("password", False)}
    assert {filled for _, _, filled in said} <= {"current-password", "new-password"}
