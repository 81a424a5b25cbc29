"""What the database keeps, byte for byte: for tests of what must not lie in it."""

import subprocess
from pathlib import Path

from django.db import connection

from tests import retracing


def held() -> str:
    """Return the bytes of SQLite's file; of PostgreSQL, which keeps old rows until VACUUM FULL, every row."""
    if connection.vendor == "postgresql":
        return "".join(text for rows in retracing.read().values() for _, text in rows)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return bytes_of(Path(connection.settings_dict["NAME"])).decode(errors="replace")


def bytes_of(path: Path) -> bytes:
    """Read a file of SQLite in another process, for closing it in this one would let go of our locks on it.

    The next process to close the database would take itself for the last one and remove the log beside it:
    https://www.sqlite.org/howtocorrupt.html, section 2.2.
    """
    return subprocess.run(["cat", path], check=True, capture_output=True).stdout
