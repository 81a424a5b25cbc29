"""The form that was sent when the sign-in had run out or had to be confirmed: kept for its sender alone.

One a person, for a day. It is data and no act: giving it back sends it again, and whatever is asked of a form
is asked of it then.
"""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from portal import asking, bodies
from portal.models import HeldForm, User

MOST, KEPT = 1_000_000, timedelta(days=1)  # characters of one form
NEVER = ("csrfmiddlewaretoken", "password", "old_password", "new_password1", "new_password2", "code")


@asking.for_the_house()
def hold(request: HttpRequest, user: User, *, empty: bool = False) -> bool:
    """Keep the form of a request and say whether it was kept; files and passwords are not.

    ``empty``: a form of a button alone is kept too. What is as long as files alone are is not read for it.
    """
    if request.method != "POST" or (request.content_type or "").startswith("application/json"):
        return False
    if bodies.length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return False
    data = {name: values for name, values in request.POST.lists() if name not in NEVER}
    if not (data or empty) or sum(len(value) for values in data.values() for value in values) > MOST:
        return False
    path = request.get_full_path().replace("/autosave/", "/edit/")
    HeldForm.objects.update_or_create(
        user=user, defaults={"path": path[:500], "data": data, "at": timezone.now()}
    )
    return True


@asking.for_the_house()
def of(user: User) -> HeldForm | None:
    """Return the form that is kept for a person, if there is one."""
    return HeldForm.objects.filter(user=user, at__gt=timezone.now() - KEPT).first()


def fields(held: HeldForm) -> list[tuple[str, str]]:
    """Return name and value of each field as it was sent, repeated names in their order."""
    return [(name, value) for name, values in held.data.items() for value in values]


def texts(held: HeldForm) -> list[str]:
    """Return what a person typed into the form, as far as it is more than a number or a choice."""
    return [value for _, value in fields(held) if len(value.strip()) > 1 and not value.strip().isascii()]


def drop(user: User) -> None:
    """Forget the form of a person."""
    HeldForm.objects.filter(user=user).delete()


def tidy() -> None:
    """Forget the forms nobody came back for."""
    HeldForm.objects.filter(at__lt=timezone.now() - KEPT).delete()
