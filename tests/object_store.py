"""A store that speaks as much of S3 as the portal asks for, in memory: put, get, head, list, delete."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

MISSING = b"<Error><Code>NoSuchKey</Code></Error>"


class Handler(BaseHTTPRequestHandler):
    """Keeps what is put into ``server.objects``: path → bytes."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *words) -> None:
        """Say nothing."""

    @property
    def key(self) -> str:
        """Bucket and name, as they are in the address."""
        return unquote(urlsplit(self.path).path)

    def do_PUT(self) -> None:
        """Keep an object."""
        self.server.objects[self.key] = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200)

    def do_HEAD(self) -> None:
        """Tell about an object."""
        found = self.server.objects.get(self.key)
        self.answer(404 if found is None else 200, found or b"")

    def do_GET(self) -> None:
        """Give an object or a part of it, or the names of a folder."""
        found = self.server.objects.get(self.key)
        if found is None and "prefix=" in self.path:
            self.answer(200, self.listing())
        elif found is None:
            self.answer(404, MISSING)
        else:
            self.part_of(found)

    def part_of(self, found: bytes) -> None:
        """Answer with the range that is asked for, or with all of it."""
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        asked = found[int(first) : int(last or len(found)) + 1]
        told = {"Content-Range": f"bytes {first}-{int(first) + len(asked) - 1}/{len(found)}"}
        self.answer(*((206, asked, told) if "Range" in self.headers else (200, found)))

    def do_DELETE(self) -> None:
        """Forget an object."""
        self.server.objects.pop(self.key, None)
        self.answer(204)

    def listing(self) -> bytes:
        """Return the names below a folder, and its folders."""
        prefix = parse_qs(urlsplit(self.path).query).get("prefix", [""])[0]
        names = [key.split("/", 2)[2] for key in sorted(self.server.objects) if key.startswith(self.key)]
        below = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
        folders = sorted({name.split("/")[0] for name in below if "/" in name})
        files = "".join(
            f"<Contents><Key>{escape(prefix + name)}</Key></Contents>" for name in below if "/" not in name
        )
        inner = "".join(
            f"<CommonPrefixes><Prefix>{escape(prefix + name)}/</Prefix></CommonPrefixes>" for name in folders
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{files}{inner}</ListBucketResult>".encode()

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send an answer with what every client wants to know of an object."""
        self.send_response(status)
        told = {"ETag": f'"{md5(body).hexdigest()}"', "Last-Modified": formatdate(usegmt=True)}
        told |= {"Accept-Ranges": "bytes", "Content-Length": str(len(body))} | (headers or {})
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)


@contextmanager
def object_store() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Run a store and give its address and what is in it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.objects = {}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", server.objects
        server.shutdown()
