"""A virus scanner that speaks as much of ClamAV's daemon as the portal asks for: INSTREAM (clamd(8))."""

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer

#: What every scanner finds, though it does no harm: https://www.eicar.org/download-anti-malware-testfile/
TEST_FILE = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
MOST = 2**20


class Handler(StreamRequestHandler):
    """Answers one command and keeps what it was shown in ``server.shown``."""

    def handle(self) -> None:
        """Read pieces until the empty one, or until there are too many bytes."""
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
            if len(content) > MOST:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.server.shown.append(content)
        self.wfile.write(b"stream: Eicar-Test FOUND\0" if TEST_FILE in content else b"stream: OK\0")


@contextmanager
def scanner() -> Iterator[ThreadingTCPServer]:
    """Give a scanner that runs in this process; ``server_address`` is where it is asked."""
    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.shown = True, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
