"""Forms that make something, each good once: its key, and where its first sending led (security.md 59).

The key is random and stands in the form; it is taken in the transaction of what the form makes, so that of
two sendings at once the second waits for the first and is led where that led. What was refused made nothing
and leaves its key free.
"""

import re
import secrets
from datetime import timedelta

from django.http import QueryDict
from django.utils import timezone
from django.utils.crypto import salted_hmac

from portal.models import SentForm, User

FIELD, KEPT = "form_key", timedelta(days=7)
_NOT_SAID = ("csrfmiddlewaretoken", FIELD)


def new_key() -> str:
    """Return the key of a form that is about to be shown."""
    return secrets.token_hex(16)


def key_of(sent: QueryDict) -> str:
    """Return the key that a form bears, empty without one that could be ours."""
    key = sent.get(FIELD, "")
    return key if re.fullmatch("[0-9a-f]{32}", key) else ""


def take(key: str, path: str, sent: QueryDict, *, by: User) -> tuple[SentForm, bool]:
    """Take the key of a form for ``by`` and return its row, and whether this is its first sending.

    Called in the transaction of what the form makes; waits for another sending that has taken the key.
    """
    return SentForm.objects.get_or_create(user=by, key=key, defaults={"digest": digest(path, sent)})


def settle(row: SentForm, led_to: str) -> None:
    """Keep where a form led; one that led nowhere made nothing, and its key is free again."""
    if not led_to:
        row.delete()
        return
    row.led_to = led_to
    row.save(update_fields=["led_to"])


def digest(path: str, sent: QueryDict) -> str:
    """Return the keyed hash of what was sent where."""
    said = sorted((name, values) for name, values in sent.lists() if name not in _NOT_SAID)
    return salted_hmac("portal.sent_forms", repr((path, said)), algorithm="sha256").hexdigest()


def texts(sent: QueryDict) -> list[str]:
    """Return what a person typed into a form, as far as it is more than a number or a choice."""
    said = (value for name, values in sent.lists() if name not in _NOT_SAID for value in values)
    return [value for value in said if len(value.strip()) > 1 and not value.strip().isascii()]


def tidy() -> None:
    """Forget the forms that were sent long ago."""
    SentForm.objects.filter(at__lt=timezone.now() - KEPT).delete()
