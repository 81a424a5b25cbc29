"""Files that come from outside are shown to a virus scanner before anything is kept of them.

The scanner is the daemon of ClamAV, asked by its command INSTREAM (clamd(8)), here or on another host; with
none named, nothing is asked. What it finds is not kept, and neither is what it could not look at, unless the
operator wants it otherwise (GB/T 22239-2019 8.1.4.5, OWASP ASVS 5.4.3).
"""

import logging
import socket
import struct
from contextlib import closing
from typing import BinaryIO

from django.conf import settings

from portal.refusals import Refused

PIECE = 64 * 1024
PATIENCE = 30  # seconds that the scanner may be silent
FOUND = "病毒扫描在这个文件中发现可疑内容，没有保存；请在本机查杀病毒后，重新生成文件再上传。"
AWAY = "病毒扫描服务暂时不可用，没有保存这个文件，已上传的都在；请稍后再试，或联系管理员。"

log = logging.getLogger(__name__)


def demand_clean(content: BinaryIO) -> None:
    """Read ``content`` from its beginning to its end and raise ``Refused`` unless the scanner lets it pass.

    A scanner that is away, breaks off or finds the file too long for it refuses too, but with
    ``PORTAL_SCANNER_OPTIONAL`` that is logged and no more.
    """
    if not settings.SCANNER:
        return
    try:
        answer = _asked(content)
    except OSError as error:
        answer = f"{type(error).__name__} ERROR"
    if answer.endswith(" FOUND"):
        log.warning("the scanner refused an upload: %s", answer)
        raise Refused(FOUND)
    if not answer.endswith(" OK"):
        log.error("the scanner did not look at an upload: %s", answer)
        if not settings.SCANNER_OPTIONAL:
            raise Refused(AWAY)


def _asked(content: BinaryIO) -> str:
    """Return what the scanner says of the content, one line that ends with OK, FOUND or ERROR."""
    content.seek(0)
    with closing(_connected()) as line:
        line.sendall(b"zINSTREAM\0")
        try:
            while piece := content.read(PIECE):
                line.sendall(struct.pack("!I", len(piece)) + piece)
            line.sendall(struct.pack("!I", 0))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it stops reading what is too long for it, and says so
        with line.makefile("rb") as answer:
            return answer.read(4096).rstrip(b"\0\n").decode(errors="replace")


def _connected() -> socket.socket:
    """Return a connection to the scanner: a path of a socket, or (host, port)."""
    if not isinstance(settings.SCANNER, str):
        return socket.create_connection(settings.SCANNER, timeout=PATIENCE)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(PATIENCE)
    line.connect(settings.SCANNER)
    return line
