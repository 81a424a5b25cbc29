"""``python -m tests.relay ADDRESS PORT PLACE``: passes connections on to ``PLACE``, a socket or host:port."""

import socket
import sys
import threading
from contextlib import suppress


def main(address: str, port: str, place: str) -> None:
    """Serve until this process is killed; it says ``ready`` once it listens."""
    with socket.create_server((address, int(port))) as server:
        print("ready", flush=True)
        while True:
            client, _ = server.accept()
            inner = reached(place)
            for source, target in ((client, inner), (inner, client)):
                threading.Thread(target=pass_on, args=(source, target), daemon=True).start()


def reached(place: str) -> socket.socket:
    """Return a connection to where the relay leads."""
    if place.startswith("/"):
        inner = socket.socket(socket.AF_UNIX)
        inner.connect(place)
        return inner
    host, port = place.rsplit(":", 1)
    return socket.create_connection((host, int(port)))


def pass_on(source: socket.socket, target: socket.socket) -> None:
    """Copy one direction until it ends, then end both."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    main(*sys.argv[1:])
