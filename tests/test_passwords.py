"""What a password must be, by the law and by the rules that forbid what the law asks for."""

import gzip
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from django.contrib.auth import password_validation
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.exceptions import ValidationError
from django.test import Client, override_settings

from portal import passwords
from portal.account_forms import NewPasswordForm, ProofForm
from portal.models import FormerPassword, MessagePreference, User
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


def common() -> list[str]:
    """Return the passwords of Django's list, the most used ones first."""
    with gzip.open(COMMON, "rt", encoding="utf-8") as lines:
        return [line.strip() for line in lines]


def let_through(words: Iterable[str], user: User | None = None) -> list[str]:
    """Return what the list of words lets through by itself, whatever length and kinds say."""
    by_words, found = passwords.Uncommon(), []
    for word in words:
        with suppress(ValidationError):
            by_words.validate(word, user)
            found.append(word)
    return found


def test_every_one_of_the_common_passwords_is_refused_as_such():
    assert let_through(common()[:3200]) == []


def test_a_word_of_this_place_is_refused_as_such_with_a_year_and_digits_behind_it_to_ten_characters():
    padded = [f"{word}2024123123123"[: max(10, len(word) + 4)] for word in passwords._CONTEXT.split()]

    assert let_through(padded) == []


def test_control_the_list_of_words_lets_through_what_nobody_thinks_of():
    assert let_through(["kqzvmwplxtgh", "kqzvmwpl2024", "海棠花又谢了几回"]) == [
        "kqzvmwplxtgh",
        "kqzvmwpl2024",
        "海棠花又谢了几回",
    ]


@override_settings(PASSWORD_DAYS=0)
def test_of_the_common_passwords_no_one_of_ten_characters_gets_in_by_its_length():
    long = [password for password in common() if len(password) >= 10]

    assert (len(long) > 300, [password for password in long if not refused(password)]) == (True, [])


def test_the_own_name_carries_no_password():
    person = User(username="wangxiaoming", full_name="王小明")

    assert (refused("Wangxiaoming#7", person), refused("王小明王小明王小明aB7", person)) == (True, True)


def test_the_own_telephone_number_carries_no_password_and_another_s_may():
    person, other = factories.filer(), factories.reviewer()
    MessagePreference.objects.create(user=person, phone="13800003707")

    assert let_through(["Ab#13800003707"], person) == []
    assert let_through(["Ab#13800003707"], other) == ["Ab#13800003707"]


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
