"""Who may sign in at all: people whose accounts are open, in use, and whose first password has not lapsed."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.utils import timezone

from portal import passwords
from portal.models import User

UNUSED = timedelta(days=90)  # GB/T 22239-2019 8.1.4.2 c: superfluous and expired accounts are closed


class OpenAccounts(ModelBackend):
    """Answers alike, and after the same work, for a name that is not there and an account that is shut."""

    def get_user(self, user_id: int) -> User | None:
        """Return who is signed in, with his posts, which every request looks at; None when he may not be."""
        user = User.objects.with_posts(user_id)
        return user if user and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: User) -> bool:
        """Say whether the account is open; asked in every request, so closing it ends its sessions."""
        return super().user_can_authenticate(user) and not is_unused(user) and not passwords.has_lapsed(user)


def is_unused(user: User) -> bool:
    """Say whether nobody has signed in for ninety days; demonstration accounts wait as long as they must."""
    last = max(user.last_login or user.password_set_at, user.password_set_at)
    return not settings.DEMO and timezone.now() - last > UNUSED
