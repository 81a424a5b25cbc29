"""The forms in which a person proves who he is: a code, or the password again. Every try is counted."""

from collections.abc import Callable

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from portal import attempts, second_factor
from portal.models import User

WRONG_CODE = "没有通过：验证码不正确、已经用过，或者错误次数较多。请换下一个验证码再试，或者用一个恢复码。"
WRONG_PASSWORD = "原密码不正确，或者错误次数较多。请核对后再试；连续错误 5 次的，请 15 分钟后再试。"
WRONG_PROOF = "没有确认：密码或验证码不正确，或者错误次数较多。请核对后再试。"


class CodeForm(forms.Form):
    """One field for a code of the authenticator or a recovery code."""

    code = forms.CharField(
        label="验证码或恢复码",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True}),
    )

    def __init__(self, request: HttpRequest, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user = request, user

    def clean_code(self) -> str:
        """Refuse a wrong code and one that was used; five tries in a quarter of an hour."""
        typed = self.cleaned_data["code"]
        if not _passes(self.user, lambda: second_factor.is_right(self.user, typed)):
            raise ValidationError(WRONG_CODE)
        return typed


class ProofForm(forms.Form):
    """One field for the password or, where there is an authenticator, a code."""

    password = forms.CharField(
        label="密码或验证码",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        """Refuse what is neither."""
        typed = self.cleaned_data["password"]
        if not _passes(self.user, lambda: _proves(self.user, typed)):
            raise ValidationError(WRONG_PROOF)
        return typed


class NewPasswordForm(PasswordChangeForm):
    """The password there was and the new one; a try at the old one counts as at any other proof."""

    def clean_old_password(self) -> str:
        """Refuse a wrong password, and any once too many were wrong (ASVS 5.0, 6.3.1)."""
        typed = self.cleaned_data["old_password"]
        if not _passes(self.user, lambda: self.user.check_password(typed)):
            raise ValidationError(WRONG_PASSWORD)
        return typed


def _proves(user: User, typed: str) -> bool:
    return user.check_password(typed) or second_factor.is_right(user, typed)


def _passes(user: User, is_right: Callable[[], bool]) -> bool:
    """Count a try and look at it while it may be made; the access log has those that fail (ASVS 16.3.1)."""
    wanted = attempts.of_codes(user)
    if attempts.is_shut(wanted) or not attempts.take(wanted):
        return False
    if is_right():
        attempts.forget(user)
        return True
    user_login_failed.send(sender=__name__, credentials={"username": user.username}, request=None)
    return False
