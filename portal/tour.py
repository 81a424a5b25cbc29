"""The card of the first sign-in: three steps into the manual, until its reader ends it. Its only writer."""

from django.utils import timezone

from portal import manual
from portal.manual import Chapter
from portal.models import User


def card(user: User) -> Chapter | None:
    """Return the chapter whose three steps the desk of ``user`` shows, None once he has ended it."""
    chapter = None if user.toured_at else manual.chapter_for(user)
    return chapter if chapter and chapter.tour else None


def end(*, by: User) -> None:
    """Show the card to ``by`` no more."""
    User.objects.filter(pk=by.pk).update(toured_at=timezone.now())


def begin_again(*, by: User) -> None:
    """Show the card to ``by`` as on the first day."""
    User.objects.filter(pk=by.pk).update(toured_at=None)
