"""Where sessions lie: in the database, and one that cannot be written just now ends nobody's request.

Django answers 400 whenever a session was not stored, even after the request did what it was for: the person
reads that nothing was done, and it was. What a session misses then is the minute in which it was used.
"""

import logging

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError

logger = logging.getLogger(__name__)


class SessionStore(db.SessionStore):
    """A session that is kept as it was when the database is away or locked; one that ended stays ended."""

    def save(self, must_create: bool = False) -> None:
        """Store the session; raises ``UpdateError`` when it is over."""
        try:
            super().save(must_create)
        except UpdateError as failed:
            if not isinstance(failed.__context__, OperationalError):
                raise
            logger.warning("A session was not stored: %s", failed.__context__)
