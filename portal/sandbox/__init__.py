"""Foreign files are parsed here and nowhere else: in a throw-away child process with narrow limits.

Leaf module: imports nothing of ours. A 28 KB workbook can abort its reader and a 2 KB one can ask for 3 GB;
what dies of that is the child (OWASP ASVS 5.2.3, 1.5.1).
"""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGXCPU
from threading import Timer
from time import monotonic
from typing import BinaryIO

CHILD = Path(__file__).with_name("child.py")
SUFFIXES = (".docx", ".xlsx", ".csv")
MOST_BYTES = 10 * 2**20
MOST_SECONDS = 30
AT_ONCE_SECONDS = 20  # that a request waits for its file to be read, and of CPU for each child meanwhile

TOO_BIG = "文件超过 10 MB，没有读取；请删去图片，或分成几个文件后再上传。"
WRONG_SUFFIX = "只能读取 .docx、.xlsx 和 .csv 文件；请用 Word、WPS 或 Excel 另存为其中一种后再上传。"
GAVE_UP = "文件内容超出读取的时间或内存限制，没有保存任何内容；请新建一个文件，只粘贴需要的内容后再上传。"
BUSY = "服务器暂时不能读取文件，没有保存任何内容；请稍后再上传。"


class Unreadable(Exception):
    """A file that cannot be read; its text is one sentence for the person who sent it."""


@dataclass(frozen=True)
class Table:
    """A sheet or a table of a document as plain text.

    ``rows`` hold the text of each cell by row and column, both from 0; ``before`` the lines of text since the
    table before, ``after`` those until the next one; ``merged`` each covered cell → the cell that shows in
    its place.
    """

    name: str
    rows: list[list[str]]
    before: list[str] = field(default_factory=list)
    merged: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)

    def text(self, row: int, column: int) -> str:
        """Return what shows at a place; empty outside the table."""
        row, column = self.merged.get((row, column), (row, column))
        inside = 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row])
        return self.rows[row][column] if inside else ""

    def lines(self, first: int) -> Iterator[tuple[int, list[str]]]:
        """Yield (row, what shows in its cells) from the row ``first`` on."""
        covered = {row for row, _ in self.merged}
        for row in range(first, len(self.rows)):
            cells = self.rows[row]
            if row in covered:
                width = max(len(cells), 1 + max(column for at, column in self.merged if at == row))
                cells = [self.text(row, column) for column in range(width)]
            yield row, cells


class ChildGone(Exception):
    """The child did not answer: it ran out of time or memory."""


class OutOfTime(Exception):
    """What ``at_once`` gives to reading a file is used up; a job may go on."""


_until: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def at_once() -> Iterator[None]:
    """Let the children of this block have ``AT_ONCE_SECONDS`` together; raises ``OutOfTime`` after these."""
    token = _until.set(monotonic() + AT_ONCE_SECONDS)
    try:
        yield
    finally:
        _until.reset(token)


def _left() -> float | None:
    """Return the seconds left to the block, None outside of one."""
    return None if (until := _until.get()) is None else max(0.0, until - monotonic())


def _gone(code: int | None = None) -> Exception:
    """Return what it means that a child ended with ``code``, or had no time left (None)."""
    is_late = _until.get() is not None and code in (None, -SIGKILL, -SIGXCPU)
    return OutOfTime() if is_late else ChildGone()


def read_tables(source: bytes | Path, suffix: str, *, seconds: float = MOST_SECONDS) -> list[Table]:
    """Return the tables of a .docx, .xlsx or .csv file, given as bytes or path; hidden sheets are left out.

    Raises ``Unreadable`` whatever is wrong with the file, and nothing else. Leaves no file behind.
    """
    answer = _answer(_content(source), _known(suffix), seconds)
    if "refused" in answer:
        raise Unreadable(answer["refused"])
    return [_table(raw) for raw in answer["tables"]]


def _known(suffix: str) -> str:
    if suffix.lower() not in SUFFIXES:
        raise Unreadable(WRONG_SUFFIX)
    return suffix.lower()


def _content(source: bytes | Path) -> bytes:
    try:
        data = source if isinstance(source, bytes) else _head(source)
    except OSError:
        raise Unreadable("找不到这个文件，或者没有读取它的权限；请检查文件名后再试。") from None
    if len(data) > MOST_BYTES:
        raise Unreadable(TOO_BIG)
    return data


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _answer(data: bytes, suffix: str, seconds: float) -> dict:
    try:
        return json.loads(_run([str(CHILD), suffix], seconds, input=data))
    except (ChildGone, ValueError):
        raise Unreadable(GAVE_UP) from None
    except OSError:
        raise Unreadable(BUSY) from None


def converse(
    script: Path, *arguments: str, content: BinaryIO, seconds: float = MOST_SECONDS
) -> tuple[dict, bytes]:
    """Run ``script`` in a child that reads the file ``content`` from where it stands.

    Return the line of JSON it answers with, and the bytes that follow. The script binds itself to its limits
    (``child.confine``). Raises ``ChildGone``, or ``OSError`` when no child could be started.
    """
    line, _, rest = _run([str(script), *arguments], seconds, stdin=_descriptor(content)).partition(b"\n")
    return _parsed(line), rest


def _parsed(line: bytes) -> dict:
    try:
        return json.loads(line)
    except ValueError:
        raise ChildGone from None


@contextmanager
def stream(script: Path, *arguments: str, content: BinaryIO) -> Iterator[tuple[dict, BinaryIO]]:
    """Run ``script`` as ``converse`` does, and give the bytes that follow its answer as a file to read from.

    Reading them to their end raises ``ChildGone`` when the child did not end well.
    """
    command = interpreter(str(script), *arguments)
    given = {"stdin": _descriptor(content), "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment(), cwd="/", **given) as child, _ended_in_time(child):
        if not (line := child.stdout.readline()):
            raise _gone(child.wait(timeout=MOST_SECONDS))
        yield _parsed(line), _Rest(child)


@contextmanager
def _ended_in_time(child: subprocess.Popen) -> Iterator[None]:
    """Kill a child at the end of the block, or of ``at_once``, whichever comes first."""
    left = _left()
    alarm = None if left is None else Timer(left, child.kill)
    if alarm:
        alarm.start()
    try:
        yield
    finally:
        if alarm:
            alarm.cancel()
        child.kill()


class _Rest:
    """What a child writes behind its answer."""

    def __init__(self, child: subprocess.Popen):
        self.child = child

    def read(self, size: int) -> bytes:
        """Return the next bytes, none at the end."""
        chunk = self.child.stdout.read(size)
        if not chunk and (code := self.child.wait(timeout=MOST_SECONDS)):
            raise _gone(code)
        return chunk


def _descriptor(content: BinaryIO) -> int:
    """Return the file's descriptor, placed where the file is read: Python's own position may be ahead."""
    number = content.fileno()
    os.lseek(number, content.tell(), os.SEEK_SET)
    return number


def _run(command: list[str], seconds: float, **given) -> bytes:
    left = _left()
    limits = {"timeout": seconds if left is None else min(seconds, left), "env": environment()}
    try:
        done = subprocess.run(interpreter(*command), capture_output=True, cwd="/", **limits, **given)
    except subprocess.TimeoutExpired:
        raise _gone() from None
    if done.returncode < 0:
        raise _gone(done.returncode)
    return done.stdout


def interpreter(*command: str) -> list[str]:
    """Return the command line of a child; isolated (-I), so that nothing of ours is imported by accident."""
    return [sys.executable, "-I", "-B", "-X", "utf8", *command]  # -B, because it may not write a file


def environment() -> dict[str, str]:
    """Return what a child finds in its environment: no secrets, only where its libraries are."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    limits = {} if (left := _left()) is None else {"CPU_SECONDS": str(max(1, math.ceil(left)))}
    return {**kept, **limits, "OPENPYXL_LXML": "False"}


def _table(raw: dict) -> Table:
    merged = {}
    for top, left, bottom, right in raw["merged"]:
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                if (row, column) != (top, left):
                    merged[row, column] = (top, left)
    return Table(raw["name"], raw["rows"], raw["before"], merged, raw.get("after", []))
