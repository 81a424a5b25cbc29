"""Reading the bytes of a SQLite database leaves it to those who have it open."""

import sqlite3
import subprocess
import sys
from contextlib import closing

from tests.held import bytes_of

ANOTHER = (
    "import sqlite3, sys; one = sqlite3.connect(sys.argv[1]); one.execute('SELECT 1 FROM a'); one.close()"
)


def log_stays(path, read) -> bool:
    """Say whether the log stands after ``read`` here and after another process opened and closed."""
    with closing(sqlite3.connect(path)) as ours:
        ours.executescript("PRAGMA journal_mode=WAL; CREATE TABLE a (b); INSERT INTO a VALUES ('c')")
        read(path)
        subprocess.run([sys.executable, "-c", ANOTHER, path], check=True)
        return path.with_name(f"{path.name}-wal").exists()


def test_the_log_stands_while_we_have_the_database_open_and_read_its_bytes(tmp_path):
    assert log_stays(tmp_path / "one.sqlite3", bytes_of)


def test_control_reading_in_our_own_process_loses_the_log(tmp_path):
    assert not log_stays(tmp_path / "one.sqlite3", type(tmp_path).read_bytes)
