"""How long a sign-in holds: by time, by what the person holds, and how lately it was confirmed.

Everything is read from the session itself; it is written to at most once a minute.
"""

import hashlib
import time

from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.signals import user_logged_in
from django.db.models import F
from django.dispatch import receiver
from django.http import HttpRequest

from portal.models import User
from portal.vocabulary import ADMIN_ROLES

SIGNED_IN, SEEN, POSTS, CONFIRMED = "signed_in_at", "seen_at", "posts", "confirmed_at"
WRITE_EVERY = 60  # seconds; a sign-in may so end up to a minute early, never late
IDLE, IDLE_OF_ADMINISTRATORS, ABSOLUTE = 30 * 60, 15 * 60, 10 * 3600  # ASVS 5.0, 7.3.1 and 7.3.2
CONFIRMED_FOR = 10 * 60
OLD, CHANGED = "old", "changed"


@receiver(user_logged_in, dispatch_uid="sessions")
def begin(request: HttpRequest, user: User, **kwargs) -> None:
    """Note in a new session when it began and for which posts."""
    request.session.update(beginning(user))


def beginning(user: User) -> dict:
    """Return what a session that begins now says of its sign-in."""
    now = int(time.time())
    return {SIGNED_IN: now, SEEN: now, CONFIRMED: now, POSTS: posts_of(user)}


def why_over(request: HttpRequest) -> str:
    """Return why the sign-in of a request is over: by time or by other posts; nothing while it holds."""
    session, now = request.session, time.time()
    if session.get(POSTS) != posts_of(request.user):
        return CHANGED
    over = now - session.get(SIGNED_IN, 0) > ABSOLUTE or now - session.get(SEEN, 0) > idle_of(request.user)
    return OLD if over else ""


def end(request: HttpRequest) -> None:
    """End the sign-in of a request; it goes on as a stranger's."""
    logout(request)
    request._cached_user = request.user  # Django would find the one it looked up before


def touch(request: HttpRequest) -> None:
    """Note that the person is there, unless that was just noted."""
    now = int(time.time())
    if now - request.session.get(SEEN, 0) >= WRITE_EVERY:
        request.session[SEEN] = now


def left(request: HttpRequest) -> int:
    """Return the seconds until the sign-in ends unless the person does something."""
    session, now = request.session, time.time()
    by_absence = session.get(SEEN, 0) + idle_of(request.user) - now
    return max(int(min(by_absence, session.get(SIGNED_IN, 0) + ABSOLUTE - now)), 0)


def idle_of(user: User) -> int:
    """Return how many seconds a person may do nothing; administrators half as long (22239 8.1.4.1 b)."""
    return IDLE_OF_ADMINISTRATORS if user.is_superuser or user.has_role(*ADMIN_ROLES) else IDLE


def confirm(request: HttpRequest) -> None:
    """Note that the person has just proved who he is; the session goes on under a new key (ASVS 7.2.4)."""
    request.session.cycle_key()
    request.session[CONFIRMED] = int(time.time())


def is_confirmed(request: HttpRequest) -> bool:
    """Say whether that was lately enough for a sensitive act (ASVS 5.0, 7.5.1 and 7.5.3)."""
    return time.time() - request.session.get(CONFIRMED, 0) <= CONFIRMED_FOR


def end_others(request: HttpRequest) -> None:
    """End every sign-in of the person but this one."""
    end_all(request.user)
    request.user.refresh_from_db(fields=["sign_in_epoch"])
    update_session_auth_hash(request, request.user)


def end_all(user: User) -> None:
    """End every sign-in of a person, on the next request of each."""
    User.objects.filter(pk=user.pk).update(sign_in_epoch=F("sign_in_epoch") + 1)


def posts_of(user: User) -> str:
    """Return a mark of the posts a person holds today: with another one his sign-in is over."""
    held = sorted(f"{post.pk} {post.organisation_id} {post.role}" for post in user.posts)
    return hashlib.sha256("\n".join(held).encode()).hexdigest()[:16]
