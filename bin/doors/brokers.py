"""A private RabbitMQ and a private Redis for the tests: found on the machine, gone at the end.

Each listens on a free port and keeps what it writes in a private folder. RabbitMQ has a node name, a cookie
and a name server (epmd) of its own, so it never meets a RabbitMQ that the machine runs. A broker can be
stopped and started again in its place, as one that is away for a while.
"""

import base64
import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from doors import Closed
from doors.environment import tied_to_this_process
from doors.postgres import as_user, private_folder

PATIENCE = 120


class Broker(ABC):
    """What both have in common: one process or two, a port, a log, an address for each part.

    ``parts`` are kept apart by the broker itself (virtual hosts, numbered databases): suites that run side
    by side never take each other's messages. ``urls`` says for each what CELERY_BROKER_URL is.
    """

    name = package = ""
    programs: tuple[str, ...] = ()

    def __init__(self, folder: Path, log: Path, parts: tuple[str, ...], address: str) -> None:
        self.folder, self.log, self.parts, self.address = folder, log, parts, address
        self.port, self.password = free_port(address), secrets.token_hex(16)
        self.processes: list[subprocess.Popen] = []
        self.configure()

    @classmethod
    def is_there(cls) -> bool:
        """Tell whether the machine has its programs."""
        return all(map(shutil.which, cls.programs))

    @classmethod
    def missed(cls) -> str:
        """Return what is said aloud where it is not installed, in both languages."""
        return (
            f"!! NO {cls.name.upper()}: nothing that needs it is tested. Install the package {cls.package}.\n"
            f"!! 没有 {cls.name}：需要它的测试都不会进行。请安装软件包 {cls.package}。"
        )

    @classmethod
    def user(cls) -> pwd.struct_passwd:
        """Return who runs it: ourselves, or as root the account of its package, else ``nobody``."""
        if os.geteuid():
            return pwd.getpwuid(os.geteuid())
        accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
        return accounts.get(cls.name.lower()) or accounts["nobody"]

    @property
    @abstractmethod
    def urls(self) -> dict[str, str]:
        """Return part → CELERY_BROKER_URL."""

    @abstractmethod
    def configure(self) -> None:
        """Write its configuration into the folder."""

    @abstractmethod
    def launch(self) -> None:
        """Start its programs."""

    @abstractmethod
    def answers(self) -> bool:
        """Tell whether it serves clients."""

    def write(self, name: str, text: str) -> Path:
        """Write a file that its account alone can read, and return the path."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        os.chown(path, self.user().pw_uid, self.user().pw_gid)
        return path

    def run(self, *command: object, **environment: object) -> None:
        """Start one program in a session of its own, with nothing of our environment; it ends when we do."""
        ours = {"PATH": os.environ["PATH"], "HOME": self.folder, "LANG": "C.UTF-8"} | environment
        options = {"cwd": self.folder, "stdin": subprocess.DEVNULL, "start_new_session": True}
        tied = tied_to_this_process(signal.SIGTERM)
        with self.log.open("ab") as log:
            options |= {"stdout": log, "stderr": log, "env": {key: str(ours[key]) for key in ours}}
            words = [str(word) for word in command]
            self.processes.append(subprocess.Popen(words, preexec_fn=tied, **options, **as_user(self.user())))

    def start(self) -> None:
        """Start it and return once it serves clients; Closed when it ends by itself or needs too long."""
        self.launch()
        self.wait_for(self.answers)

    def wait_for(self, ready) -> None:
        """Return once ``ready()``; Closed when the last program ended or patience did."""
        deadline = time.monotonic() + PATIENCE
        while not ready():
            if self.processes[-1].poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Closed(
                    f"The private {self.name} could not be started; its log is {self.log}.",
                    f"未能启动测试用的 {self.name}，日志见 {self.log}。",
                )
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop all of it, the last started first; what needs over twenty seconds is killed."""
        while self.processes:
            process = self.processes.pop()
            with suppress(ProcessLookupError):
                process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what it started and left behind
            process.wait()


class RabbitMQ(Broker):
    """One node with a virtual host for each part, without plugins; what is queued outlives ``stop``."""

    name, package = "RabbitMQ", "rabbitmq-server"
    # The command in /usr/sbin changes to the package's account and folder; this one runs where it is told.
    programs = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "epmd")
    #: Two schedulers that sleep when there is nothing to do: a test shares its machine.
    erlang = (
        "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -start_epmd false"
        " -kernel inet_dist_use_interface {127,0,0,1}"
    )

    @property
    def urls(self) -> dict[str, str]:
        """Return part → URL of its virtual host."""
        where = f"amqp://portal:{self.password}@{self.address}:{self.port}"
        return {part: f"{where}/{part}" for part in self.parts}

    def configure(self) -> None:
        """Write the listener, the limits, and what exists from the first start: account and virtual hosts."""
        self.names, self.nodes = free_port(), free_port()
        definitions = self.write("definitions.json", json.dumps(self.definitions()))
        self.write("enabled_plugins", "[].\n")
        lines = (
            f"listeners.tcp.1 = {self.address}:{self.port}",
            f"load_definitions = {definitions}",
            "vm_memory_high_watermark.absolute = 512MiB",
            "disk_free_limit.absolute = 20MB",
            "raft.wal_max_size_bytes = 4000000",
            "log.file = false",
            "log.console = true",
        )
        self.write("rabbitmq.conf", "\n".join(lines) + "\n")

    def definitions(self) -> dict:
        """Return account and virtual hosts as RabbitMQ imports them; the password is salted and hashed."""
        salt = secrets.token_bytes(4)
        digest = base64.b64encode(salt + hashlib.sha256(salt + self.password.encode()).digest()).decode()
        user = {"name": "portal", "password_hash": digest, "tags": ""}
        everything = {"user": "portal", "configure": ".*", "write": ".*", "read": ".*"}
        return {
            "users": [user | {"hashing_algorithm": "rabbit_password_hashing_sha256"}],
            "vhosts": [{"name": part} for part in self.parts],
            "permissions": [everything | {"vhost": part} for part in self.parts],
        }

    def launch(self) -> None:
        """Start the name server as a child of ours, then the node: by itself it would leave one running."""
        self.run("epmd", "-port", self.names, "-address", "127.0.0.1")
        self.wait_for(lambda: answer_of("127.0.0.1", self.names) is not None)
        self.run(self.programs[0], **self.environment())

    def environment(self) -> dict[str, object]:
        """Return what the node reads from its environment: every place in our folder, every port our own."""
        places = {
            "CONF_ENV_FILE": "none", "CONFIG_FILE": "rabbitmq.conf", "ADVANCED_CONFIG_FILE": "none.config",
            "ENABLED_PLUGINS_FILE": "enabled_plugins", "MNESIA_BASE": "mnesia", "LOG_BASE": "log",
            "PID_FILE": "pid", "GENERATED_CONFIG_DIR": "config", "SCHEMA_DIR": "schema",
        }  # fmt: skip
        settings = {f"RABBITMQ_{key}": self.folder / place for key, place in places.items()}
        settings |= {"RABBITMQ_NODENAME": f"portal{self.port}@localhost", "RABBITMQ_DIST_PORT": self.nodes}
        settings |= {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": self.erlang, "RABBITMQ_LOGS": "-"}
        return settings | {"ERL_EPMD_PORT": self.names, "ERL_EPMD_ADDRESS": "127.0.0.1"}

    def answers(self) -> bool:
        """Tell whether it opens a conversation in AMQP 0-9-1: a method frame on channel 0."""
        return answer_of(self.address, self.port, b"AMQP\x00\x00\x09\x01") == b"\x01"


class Redis(Broker):
    """One server with a numbered database for each part, without persistence: ``stop`` forgets the queue."""

    name, package = "Redis", "redis-server"
    programs = ("redis-server",)

    @property
    def urls(self) -> dict[str, str]:
        """Return part → URL of its database."""
        where = f"redis://:{self.password}@{self.address}:{self.port}"
        return {part: f"{where}/{number}" for number, part in enumerate(self.parts)}

    def configure(self) -> None:
        """Write the listener and the password; nothing is stored."""
        lines = (f"bind {self.address}", f"port {self.port}", f"requirepass {self.password}")
        self.write("redis.conf", "\n".join((*lines, 'save ""', "appendonly no")) + "\n")

    def launch(self) -> None:
        """Start the server."""
        self.run(*self.programs, self.folder / "redis.conf")

    def answers(self) -> bool:
        """Tell whether it asks for the password."""
        return answer_of(self.address, self.port, b"PING\r\n") == b"-"


KINDS: dict[str, type[Broker]] = {"amqp": RabbitMQ, "redis": Redis}


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port of ``address`` that nobody listens on now."""
    with socket.create_server((address, 0)) as probe:
        return probe.getsockname()[1]


def answer_of(address: str, port: int, words: bytes = b"") -> bytes | None:
    """Return the first byte that comes back for ``words``, None when nobody listens there."""
    try:
        with socket.create_connection((address, port), 2) as connection:
            connection.sendall(words)
            return connection.recv(1) if words else b""
    except OSError:
        return None


@contextmanager
def broker(kind: str, parent: Path, parts: tuple[str, ...], address: str = "127.0.0.1") -> Iterator[Broker]:
    """Run a broker of ``kind`` (amqp or redis) for the duration; its log stays in ``parent``."""
    made = KINDS[kind]
    with private_folder(parent, made.user(), kind) as folder:
        log = parent / f"{kind}.log"
        log.write_bytes(b"")
        one = made(folder, log, parts, address)
        try:
            one.start()
            yield one
        finally:
            one.stop()
