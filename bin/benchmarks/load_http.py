"""HTTP/1.1 over kept connections, as little of it as a load needs; standard library only."""

import asyncio
import gzip
import time
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlencode

MANY = 64  # connections that are idle at a time
LIFE = 10  # seconds that a connection is used
PATIENCE = 20  # seconds; an answer that takes longer is a timeout


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> bytes:
        """The body as it was before it was compressed."""
        return gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body

    @property
    def where(self) -> str:
        """Where a redirect leads, empty for none."""
        return self.headers.get("location", "")


@dataclass
class Browser:
    """Asks one server as ``MANY`` browsers would: over the connection that has been idle for longest.

    A connection belongs to one process of the server. Were the last one used again, as most of them are few,
    one process would get nearly all requests; were they kept for ever, a process started anew would get none.
    So they end after ``LIFE``, as those of ``deploy/nginx.conf`` do.
    """

    host: str
    port: int
    idle: deque = field(default_factory=deque)

    async def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Return the answer; raises ``OSError`` or ``TimeoutError`` where there is none."""
        async with asyncio.timeout(PATIENCE):
            return await self._ask(_request(method, path, f"{self.host}:{self.port}", headers, body))

    async def _ask(self, request: bytes) -> Answer:
        while len(self.idle) >= MANY:
            reader, writer, since = self.idle.popleft()
            if reader.at_eof() or writer.is_closing():
                writer.close()
                continue
            return await self._over(reader, writer, since, request)
        opened = await asyncio.open_connection(self.host, self.port)
        return await self._over(*opened, time.monotonic(), request)

    async def _over(self, reader, writer, since: float, request: bytes) -> Answer:
        try:
            writer.write(request)
            answer = await _read(reader)
        except BaseException:
            writer.close()
            raise
        if answer.headers.get("connection", "").lower() == "close" or time.monotonic() - since > LIFE:
            writer.close()
        else:
            self.idle.append((reader, writer, since))
        return answer


def _request(method: str, path: str, host: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept-Encoding: gzip"]
    lines.append(f"X-Request-Start: t={time.time():.3f}")  # as the proxy says it
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}"] if method == "POST" else []
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _read(reader: asyncio.StreamReader) -> Answer:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    status = int(first.split()[1])
    if status in (204, 304):
        return Answer(status, headers, b"")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Answer(status, headers, await _chunks(reader))
    return Answer(status, headers, await reader.readexactly(int(headers.get("content-length", 0))))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)


FORM = "application/x-www-form-urlencoded"
BOUNDARY = "portal-load-boundary"


def form(values: dict[str, object]) -> tuple[str, bytes]:
    """Return content type and body of a form."""
    return FORM, urlencode(values, doseq=True).encode()


def upload(values: dict[str, str], name: str, content: bytes) -> tuple[str, bytes]:
    """Return content type and body of a form with a file called ``file``."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in values.items()
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    parts.append(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + content)
    return f"multipart/form-data; boundary={BOUNDARY}", b"".join([*parts, f"\r\n--{BOUNDARY}--\r\n".encode()])
