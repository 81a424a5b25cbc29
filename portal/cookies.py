"""What the portal's own cookies are called: over https with the prefix that no other host can forge.

`__Host-` binds a cookie to this host and https; `__Secure-`, for one that is sent to a part of its paths,
to https alone (ASVS 5.0, 3.3.1 and 3.3.3). Session and token have theirs in the settings.
"""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage

NOTICES = "messages"


def called(name: str, path: str = "/") -> str:
    """Return what the cookie ``name`` is called that is sent to ``path`` and below."""
    if not settings.HTTPS:
        return name
    return f"__Host-{name}" if path == "/" else f"__Secure-{name}"


class InCookie(CookieStorage):
    """Django's store of notices in a cookie, under a name of ours."""

    @property
    def cookie_name(self) -> str:
        """Return the name with its prefix."""
        return called(NOTICES)


class Notices(FallbackStorage):
    """Notices of one page to the next: in a cookie, in the session what is too long for one."""

    storage_classes = (InCookie, SessionStorage)
