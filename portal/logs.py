"""How a line of the log reads: the time, the request it belongs to, and no secret and nobody's data.

What a line is made of may come from whoever asks: characters that end a line or steer a terminal are written
as escapes, telephone and identity numbers are masked, passwords, tokens and keys left out.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from urllib.parse import unquote, urlsplit

from django.conf import settings

# PostgreSQL repeats the whole row that it refused, telephone numbers and all, behind this word.
_ROW = re.compile(r"^DETAIL:.*?(?=^\s*$\n(?:The above|During handling)|\Z)", re.MULTILINE | re.DOTALL)
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)", re.ASCII)
_IDENTITY = re.compile(r"(?<!\d)(\d{6})\d{8}(\d{3}[\dXx])(?![\dXx])", re.ASCII)
_NAMED = re.compile(
    r"((?:password|passwd|secret|token|sessionid|session|authorization|cookie|otp)['\"]?\s*[=:]\s*)"
    r"(?:Bearer\s+)?(?:'[^']*'|\"[^\"]*\"|[^\s,;&)}\]]+)",
    re.IGNORECASE,
)
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# A line inside a traceback that looks like the beginning of another entry.
_LIKE_A_LINE = re.compile(r"^(?=\d{4}-\d\d-\d\d |\{)", re.MULTILINE)
HIDDEN = "***"

_about: ContextVar[str] = ContextVar("about", default="-")


@contextmanager
def about(what: str) -> Iterator[None]:
    """Let every line that is written meanwhile name the request or the job that it belongs to."""
    token = _about.set(what)
    try:
        yield
    finally:
        _about.reset(token)


def clean(text: str) -> str:
    """Return ``text`` without secrets and personal numbers; control characters but line ends as escapes."""
    text = _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    if (secrets := _secrets()) is not None:
        text = secrets.sub(HIDDEN, text)
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    return _IDENTITY.sub(r"\1********\2", _PHONE.sub(r"\1****\2", text))


@cache
def _secrets() -> re.Pattern | None:
    """Return what finds the secrets of this installation: its keys, and the passwords in its addresses."""
    urls = (settings.CELERY_BROKER_URL,)
    found = {settings.SECRET_KEY, getattr(settings, "METRICS_TOKEN", ""), settings.EMAIL_HOST_PASSWORD}
    found |= {*settings.FIELD_KEYS, *settings.SECRET_KEY_FALLBACKS}
    found |= {settings.DATABASES["default"].get("PASSWORD", "")}
    found |= {unquote(urlsplit(url).password or "") for url in urls}
    found |= {settings.STORAGES["default"].get("OPTIONS", {}).get("secret_key") or ""}
    long_enough = sorted((re.escape(secret) for secret in found if len(secret) >= 6), key=len, reverse=True)
    return re.compile("|".join(long_enough)) if long_enough else None


class Formatter(logging.Formatter):
    """Puts the number that the error page shows before the message, ``-`` where no request is known."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} [{request_id}] {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        """Return one record as text, its traceback below it."""
        record.request_id = number_of(record)
        return super().format(record)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """Return when it was, with the offset of the clock (ASVS 5.0, 16.2.2)."""
        return datetime.fromtimestamp(record.created).astimezone().isoformat(" ", "milliseconds")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line itself: one line, whatever the message holds."""
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def formatException(self, ei) -> str:
        """Return a traceback without the rows that the database quotes in it."""
        text = clean(_ROW.sub("DETAIL: left out\n", super().formatException(ei)).rstrip("\n"))
        return _LIKE_A_LINE.sub("  ", text)

    def formatStack(self, stack_info: str) -> str:
        """Return where a line was written from."""
        return clean(stack_info)


class Json(Formatter):
    """One object a line, for programs that gather logs: at, level, request, logger, message, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one record as one line of JSON."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        said = {
            "at": f"{at}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "request": number_of(record),
            "logger": record.name,
            "process": record.process,
            "message": one_line(record.getMessage()),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


def number_of(record: logging.LogRecord) -> str:
    """Return the request or job that a line belongs to, ``-`` for none."""
    return getattr(getattr(record, "request", None), "id", None) or _about.get()


def one_line(text: str) -> str:
    """Return a message as one line."""
    return clean(text).replace("\n", "\\n")


class FewOfAFlood(logging.Filter):
    """Lets through one line a second on answers that a flood gets by the hundred: 429 and 503."""

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[int, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a line is written."""
        status, now = getattr(record, "status_code", 0), time.monotonic()
        if status not in (429, 503):
            return True
        if now < self._next.get(status, 0.0):
            return False
        self._next[status] = now + 1
        return True


class Stderr(logging.StreamHandler):
    """Writes to what stderr is at that moment, not to what it was when the settings were read."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self):
        """The stream of now."""
        return sys.stderr
