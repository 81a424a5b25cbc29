"""What a door does first: find a Python that is new enough, say in one sentence why it stays closed.

Read by whatever ``python3`` a machine has, so this module alone keeps to the syntax of Python 3.6.
"""

import errno
import importlib
import os
import shutil
import signal
import subprocess
import sys

FLOOR = (3, 11)
NEWER = ("python3.11", "python3.12", "python3.13", "python3.14", "python3")


class Closed(Exception):
    """A door stays closed; its text says in English and in Chinese what happened and what to do."""

    def __init__(self, english, chinese):
        super().__init__(english + "\n" + chinese)


def require_python(version):
    """Raise Closed when ``version``, as in ``sys.version_info``, is below the floor."""
    if tuple(version[:2]) < FLOOR:
        found, wanted = (".".join(map(str, part)) for part in (version[:3], FLOOR))
        raise Closed(
            f"This needs Python {wanted} or newer, and python3 here is {found}. "
            f"Install a newer Python beside it (for example python{wanted}) and run the same command again.",
            f"需要 Python {wanted} 或更高版本，本机的 python3 是 {found}。请另外安装较新的 Python"
            f"（例如 python{wanted}），再运行同一条命令。",
        )


def newer_python():
    """Return the path of a Python on this machine that is new enough, or None."""
    test = "import sys; sys.exit(sys.version_info < {!r})".format(FLOOR)
    for path in filter(None, map(shutil.which, NEWER)):
        run = subprocess.run([path, "-c", test], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if run.returncode == 0:
            return path
    return None


def enter(door, usage):
    """Run ``doors.<door>.main(arguments)`` on a Python that is new enough and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace", line_buffering=True)
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(usage.strip())
        return 0
    try:
        if sys.version_info < FLOOR and newer_python():
            os.execv(newer_python(), [newer_python()] + sys.argv)
        require_python(sys.version_info)
        return run(importlib.import_module("doors." + door).main)
    except Closed as closed:
        print(closed, file=sys.stderr)
        return 1


def run(main):
    """Return what ``main(arguments)`` returns; a full disk is Closed, a signal stops it with 130."""
    heed(interrupt)
    try:
        return main(sys.argv[1:])
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Closed(
            "The disk became full. What was stored before is kept; free some space and run this again.",
            "磁盘已满。此前已保存的数据都在；请腾出空间后再运行一次。",
        )
    except KeyboardInterrupt:
        print("Stopped. / 已停止。", file=sys.stderr)
        return 130


def heed(handler):
    """Have ``handler`` answer every polite way of saying stop."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def interrupt(number, frame):
    """Treat every polite signal as Ctrl-C, also when a shell started this in the background."""
    raise KeyboardInterrupt
