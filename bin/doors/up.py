"""The door ``./bin/up``: checks first, then environment and data, then web and worker until told to stop."""

import http.client
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from doors import Closed, heed
from doors.environment import (
    PYTHON,
    ROOT,
    clean_environment,
    ensure,
    only_one,
    require_port,
    say,
    tied_to_this_process,
)

VAR = Path(os.environ.get("PORTAL_VAR", ROOT / "var"))
#: How long the first page may take; a busy machine imports Django in ten seconds or more.
PATIENCE = 120
#: Processes of the web server at most; each holds about a hundred megabytes.
MOST_WEB = 4
#: Threads of each web process: four that work (``portal/lanes.py``), those that wait for them, the public's.
#: On SQLite many wait for the one writer; on PostgreSQL each thread has a connection of its hundred.
THREADS, ON_SQLITE = 16, 32
#: Where all share one machine, reports and imports give way to those who wait for a page.
BEHIND = {"worker": ("nice", "-n", "10")}
#: A part that ran this long and ended is started again; one that ends sooner has a fault of its own.
STEADY = 15


@dataclass(frozen=True)
class Child:
    """A process that must live as long as this one, where what it says is kept, and since when it runs."""

    name: str
    process: subprocess.Popen
    log: Path
    began: float = field(default_factory=time.monotonic)


def main(arguments: list[str]) -> int:
    """Run the portal until a signal comes; 0 when asked to stop, 1 when a part of it stopped by itself."""
    if arguments:
        raise Closed(
            "./bin/up takes no arguments; PORT=8001 ./bin/up chooses another port.",
            "./bin/up 不带参数；换端口请用 PORT=8001 ./bin/up。",
        )
    port = require_port(os.environ.get("PORT", "8000"))
    with only_one(VAR / "up.lock"):
        ensure("base")
        prepare()
        return serve(port)


def prepare() -> None:
    """Bring the database, the reference data and the static files up to date, in one process."""
    say("Preparing the data", "正在准备数据")
    if subprocess.run([PYTHON, "manage.py", "prepare"], cwd=ROOT, env=clean_environment()).returncode:
        raise Closed(
            "The data could not be prepared, for the reason above; what was there before is kept.",
            "未能准备好数据，原因见上；原有数据都在。",
        )


def commands(port: int) -> dict[str, str]:
    """Return what ``python -m`` runs for each part: the web server, and a worker that keeps the schedule."""
    cores = max(1, min(os.cpu_count() or 1, MOST_WEB))  # Python computes on one core in each process
    threads = ON_SQLITE if os.environ.get("DATABASE_URL", "sqlite:").startswith("sqlite:") else THREADS
    return {
        "web": f"granian --interface wsgi --no-ws --workers {cores} --blocking-threads {threads}"
        " --respawn-failed-workers --workers-kill-timeout 15"  # one killed is replaced, none hangs
        f" --host 127.0.0.1 --port {port} portal.wsgi:application",
        "worker": "celery --app portal worker --beat --concurrency 2 --loglevel INFO"
        " --without-gossip --without-mingle",
    }


def serve(port: int) -> int:
    """Start every part, say where the portal is, and watch; whatever happens, no part is left behind."""
    children: list[Child] = []
    try:
        for name, command in commands(port).items():
            children.append(start(name, command))
        wait_until_it_answers(port, children)
        welcome(port)
        while True:
            if stopped := first_stopped(children):
                children[children.index(stopped)] = started_again(stopped, port)
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("Stopping; the data stays in var/", "正在停止；数据保留在 var/ 中")
        return 0
    finally:
        stop(children)


def start(name: str, command: str) -> Child:
    """Start one part with a fresh log; the log of the time before is kept beside it."""
    log = VAR / "log" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*BEHIND.get(name, ()), PYTHON, "-m", *command.split()],
            cwd=ROOT,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=tied_to_this_process(signal.SIGTERM),
        )
    return Child(name, process, log)


def started_again(child: Child, port: int) -> Child:
    """Return a new part for one that was killed or that a broker took down; Closed when it ended at once.

    The jobs a worker had are in their rows: another attempt begins when their lease is over.
    """
    if time.monotonic() - child.began < STEADY:
        raise stopped_by_itself(child)
    stop_group(child)
    say(f"The {child.name} process ended and is started again", f"{child.name} 进程已退出，正在重新启动")
    return start(child.name, commands(port)[child.name])


def wait_until_it_answers(port: int, children: list[Child]) -> None:
    """Return when /healthz answers; Closed when a part stops before that or patience runs out."""
    deadline = time.monotonic() + PATIENCE
    while not answers(port):
        if stopped := first_stopped(children):
            raise stopped_by_itself(stopped)
        if time.monotonic() > deadline:
            raise Closed(
                f"The portal did not answer within {PATIENCE} seconds; its log is {children[0].log}.",
                f"门户在 {PATIENCE} 秒内没有响应，日志见 {children[0].log}。",
            )
        time.sleep(0.2)


def answers(port: int) -> bool:
    """Tell whether the web server gives /healthz any answer but a fault; no proxy is asked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def welcome(port: int) -> None:
    """Print the address, the demonstration accounts where there are any, and how to stop."""
    print(f"\n  http://127.0.0.1:{port}/\n")
    accounts = VAR / "demo_accounts.txt"
    if accounts.exists():
        print(accounts.read_text(encoding="utf-8"))
        say(f"This list is kept in {accounts}", "以上账号和口令保存在该文件中")
    say("Ctrl-C stops everything", "按 Ctrl-C 全部停止")


def first_stopped(children: list[Child]) -> Child | None:
    """Return a part that is no longer running, or None."""
    return next((child for child in children if child.process.poll() is not None), None)


def stopped_by_itself(child: Child) -> Closed:
    """Return the sentence for a part that ended although nobody asked, with the last lines it said."""
    tail = "\n".join(child.log.read_text(errors="replace").splitlines()[-12:])
    code = child.process.returncode
    return Closed(
        f"{tail}\n\nThe {child.name} process stopped by itself (code {code}), so the rest was stopped too. "
        f"The data is kept; the whole log is {child.log}.",
        f"{child.name} 进程自行退出（代码 {code}），其余进程已一并停止。数据都在；完整日志见 {child.log}。",
    )


def stop(children: list[Child]) -> None:
    """Ask every part to finish, the last started first; one that needs over twenty seconds is killed."""
    heed(signal.SIG_IGN)  # a second Ctrl-C must not leave one behind
    for child in reversed(children):
        child.process.terminate()
    for child in reversed(children):
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(20)
        stop_group(child)


def stop_group(child: Child) -> None:
    """Kill what a part that has ended, or would not end, left running."""
    with suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()
