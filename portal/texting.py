"""Text messages: the one way out to phones, through a backend that a setting names.

The portal itself has no gateway: ``LogBackend`` writes down that something would have been sent. A backend
is a class without arguments that has ``reaches_phones`` and ``send(phone, text)``; whatever it raises but
``NotSent`` leaves open whether the message went out, so it is never repeated.
"""

import logging

from django.conf import settings
from django.utils.module_loading import import_string

NO_BACKEND = "短信接口没有装好，短信没有发出。"

logger = logging.getLogger(__name__)


class NotSent(Exception):
    """Nothing has left the house, for certain; ``again``: a later try may do better. Its text is shown."""

    def __init__(self, reason: str, *, again: bool = False):
        self.again = again
        super().__init__(reason)


class Unreachable(NotSent):
    """Nothing has left, because the way out is shut: whatever else waits need not be tried now."""

    def __init__(self, reason: str):
        super().__init__(reason, again=True)


class LogBackend:
    """Logs what would have been sent: the masked number and the length, never the text."""

    reaches_phones = False

    def send(self, phone: str, text: str) -> None:
        """Write a line to the log."""
        logger.info(
            "No gateway for text messages: %s characters to %s were not sent", len(text), masked(phone)
        )


def send(phone: str, text: str) -> None:
    """Send ``text`` to ``phone``. Raises ``NotSent`` when nothing has left."""
    backend().send(phone, text)


def reaches_phones() -> bool:
    """Say whether text messages leave the house at all."""
    return backend().reaches_phones


def backend():
    """Return the backend that the settings name. Raises ``NotSent`` when there is none."""
    try:
        return import_string(settings.TEXT_BACKEND)()
    except ImportError as error:
        raise NotSent(NO_BACKEND) from error


def masked(phone: str) -> str:
    """Return a number with its middle hidden, ``138****0001``."""
    return f"{phone[:3]}****{phone[-4:]}" if phone else ""
