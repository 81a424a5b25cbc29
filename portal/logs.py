"""How a line of the log reads: the time, the request it belongs to, and no row of anybody's data."""

import logging
import re
import sys

# PostgreSQL repeats the whole row that it refused, telephone numbers and all, behind this word.
_ROW = re.compile(r"^DETAIL:.*?(?=^\s*$\n(?:The above|During handling)|\Z)", re.MULTILINE | re.DOTALL)


class Formatter(logging.Formatter):
    """Puts the number that the error page shows before the message, ``-`` where no request is known."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} [{request_id}] {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        """Return one record as text, its traceback below it."""
        record.request_id = getattr(getattr(record, "request", None), "id", "-")
        return super().format(record)

    def formatException(self, ei) -> str:
        """Return a traceback without the rows that the database quotes in it."""
        return _ROW.sub("DETAIL: left out\n", super().formatException(ei)).rstrip("\n")


class Stderr(logging.StreamHandler):
    """Writes to what stderr is at that moment, not to what it was when the settings were read."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self):
        """The stream of now."""
        return sys.stderr
