"""E-mail: one plain text to one person through Django's backend, and what is known when that fails.

Known is whether anything left: a server that could not be reached, or refused in words, has taken nothing.
Whatever else goes wrong leaves it open, and is not repeated.
"""

from contextlib import suppress
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from portal import site
from portal.texting import NotSent, Unreachable

NO_SERVER = "邮件服务器连接不上，邮件没有发出。"
REFUSED = "邮件服务器没有接收（代码 {}），邮件没有发出。"
BAD_ADDRESS = "收件地址无法使用，邮件没有发出。请在“消息”的“接收方式”中改正。"


def send(to: str, subject: str, text: str, *, number: str) -> None:
    """Send a mail; ``number`` makes its Message-ID, the same each time. Raises ``NotSent``."""
    mail = EmailMessage(subject, text, to=[to], headers=_headers(number))
    try:
        mail.message()
    except ValueError as error:  # a header that would become two is one of them
        raise NotSent(BAD_ADDRESS) from error
    connection = get_connection()
    try:
        connection.open()
    except (OSError, SMTPException) as error:
        raise Unreachable(NO_SERVER) from error
    try:
        connection.send_messages([mail])
    except (SMTPRecipientsRefused, SMTPResponseException) as error:
        code = _code(error)
        raise NotSent(REFUSED.format(code), again=400 <= code < 500) from error
    finally:
        with suppress(OSError, SMTPException):  # what was taken is taken, however the server takes its leave
            connection.close()


def _headers(number: str) -> dict[str, str]:
    """Return the headers by which a mail sent twice, or answered by a machine, would be recognised."""
    domain = settings.SITE["domain"].partition(":")[0] or "portal.invalid"
    return {"Message-ID": f"<{number}@{domain}>", "Auto-Submitted": "auto-generated"}


def _code(error: SMTPException) -> int:
    if isinstance(error, SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))[0]
    return error.smtp_code


def absolute(path: str) -> str:
    """Return the address of a page for a mail; empty where the site's own domain is not known."""
    base = site.base()
    return base + path if base and path else ""
