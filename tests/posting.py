"""Mail for tests: an SMTP server of our own on this machine, people who want mail, messages to them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Event, Lock, Thread

from django.test import override_settings
from django.utils import timezone

from portal import mailbox, notify
from portal.models import Delivery, Message, User
from portal.vocabulary import MailMode, Topic

SMTP = "django.core.mail.backends.smtp.EmailBackend"
PATIENCE = 120  # seconds that a slow machine may take
PHONE = "13900000001"


class MailServer(ThreadingTCPServer):
    """Takes mail; answers a verb otherwise when told so, waits with it, or is gone before the last."""

    daemon_threads, allow_reuse_address = True, True

    def __init__(self, port: int = 0):
        super().__init__(("127.0.0.1", port), _Talk)
        self.mails: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.breaks_off = False
        self.holds, self.reached, self.go = "", Event(), Event()
        self._lock = Lock()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.server_address[1]

    def take(self, data: bytes) -> None:
        """Keep a mail that was handed over whole."""
        with self._lock:
            self.mails.append(message_from_bytes(data, policy=policy.default))

    def handle_error(self, request, client_address) -> None:
        """Say nothing of a client that was killed."""


class _Talk(StreamRequestHandler):
    def handle(self) -> None:
        """Talk SMTP until the client is gone."""
        self._say("220 mail.test")
        while line := self.rfile.readline():
            verb = line.split(maxsplit=1)[0].decode().upper() if line.strip() else ""
            if not self._answer(verb):
                return

    def _answer(self, verb: str) -> bool:
        usual = {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 ok")
        self._wait(verb)
        said = self.server.answers.get(verb, usual)
        self._say(said)
        if verb == "DATA" and said.startswith("354"):
            self.server.take(self._data())
            self._wait(".")
            if self.server.breaks_off:
                return False
            self._say(self.server.answers.get(".", "250 taken"))
        return verb != "QUIT"

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)

    def _wait(self, verb: str) -> None:
        if self.server.holds == verb:
            self.server.reached.set()
            self.server.go.wait(PATIENCE)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mail_server(port: int = 0) -> Iterator[MailServer]:
    """Run a server that this process sends its mail through meanwhile."""
    with MailServer(port) as server, through(server.port):
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server
        finally:
            server.go.set()
            server.shutdown()


def through(port: int) -> override_settings:
    """Let this process send its mail through a server on ``port``, whether there is one or not."""
    return override_settings(
        MAIL_ON=True, EMAIL_BACKEND=SMTP, EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, EMAIL_TIMEOUT=PATIENCE
    )


def shut_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wants(user: User, mail: str = MailMode.EACH, *, email: str = "", phone: str = "") -> User:
    """Return ``user`` as he is once he has asked to be told in another way too."""
    email = email or f"{user.username}@example.com"
    mailbox.prefer(user, mail=mail, email=email, texts=bool(phone), phone=phone)
    return User.objects.get(pk=user.pk)


def tell(user: User, text: str = "演示消息。", topic: str = Topic.ACT, **facts) -> Message:
    """Return a message that was just delivered to ``user``."""
    facts = {"created_at": timezone.now(), **facts}
    (stored,) = notify.deliver([Message(user=user, text=text, topic=topic, **facts)])
    return stored


def outcomes() -> list[str]:
    """Return where each delivery stands, in the order in which they were written."""
    return [_standing(row) for row in Delivery.objects.order_by("pk")]


def _standing(row: Delivery) -> str:
    if row.sent_at:
        return "sent"
    return "failed" if row.failed_at else "taken" if row.taken_at else "waiting"
