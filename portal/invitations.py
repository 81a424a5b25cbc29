"""The link by which a person sets a password: for a new account and for one that was reset.

Good once and for seven days (ASVS 5.0, 6.4.1 and 6.4.3). It is made of the stored hash, which is replaced by
every reset and by the password itself; nobody but its owner ever sees or chooses the password.
"""

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from portal import second_factor, site
from portal.models import User

GENERATOR = PasswordResetTokenGenerator()


def shut(user: User) -> None:
    """Take the password of an account away, end its sign-ins and its second step; the caller stores it."""
    user.set_unusable_password()
    user.must_change_password = True
    user.sign_in_epoch += 1
    if user.pk:
        second_factor.remove(user)


def link(request: HttpRequest, user: User) -> str:
    """Return the address to hand over; its host is the configured one, whatever the request says it is."""
    token = GENERATOR.make_token(user)
    path = reverse("activate", args=[urlsafe_base64_encode(force_bytes(user.pk)), token])
    return f"{site.base() or request._current_scheme_host}{path}"
