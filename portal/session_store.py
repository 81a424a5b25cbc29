"""Where sessions lie: in the database, and one that cannot be written just now ends nobody's request.

Django answers 400 whenever a session was not stored, even after the request did what it was for: the person
reads that nothing was done, and it was. What a session misses then is the minute in which it was used, or
the notice that would have been shown. One that was begun or renamed in the request has to be written: without
its contents the person would not be signed in, though the page says so.
"""

import logging

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError

logger = logging.getLogger(__name__)


class SessionStore(db.SessionStore):
    """A session that is kept as it was when the database is away or locked; one that ended stays ended."""

    is_begun_here = False

    def create(self) -> None:
        """Begin a session under a name of its own."""
        self.is_begun_here = True
        super().create()

    def save(self, must_create: bool = False) -> None:
        """Store the session; raises ``UpdateError`` when it is over, the fault when it was begun here."""
        try:
            super().save(must_create)
        except UpdateError as failed:
            fault = failed.__context__
            if not isinstance(fault, OperationalError):
                raise
            if self.is_begun_here:
                raise fault from fault.__cause__
            logger.warning("A session was not stored: %s", fault)
