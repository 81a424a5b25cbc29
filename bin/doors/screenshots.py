"""The door ``./bin/screenshots``: a private portal with demonstration data, and the pictures taken of it."""

import argparse
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from doors import Closed
from doors.brokers import free_port
from doors.environment import PYTHON, ROOT, clean_environment, ensure, only_one, say
from doors.up import answers

#: What the private portal writes; removed before and after.
VAR = Path(os.environ.get("PORTAL_VAR", ROOT / "var")) / "screenshots"
KINDS = ("manual", "pages")
PATIENCE = 120


def main(arguments: list[str]) -> int:
    """Take the pictures asked for; 1 when a page that should have one could not be shown."""
    chosen = _parser().parse_args(arguments)
    kinds = [chosen.kind] if chosen.kind else list(KINDS)
    with only_one(VAR.with_suffix(".lock")):
        ensure("dev")
        with portal() as here:
            command = [PYTHON, "-m", "picturing", *kinds, *chosen.names]
            return subprocess.run(command, cwd=ROOT, env=here).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./bin/screenshots", add_help=False)
    parser.add_argument("kind", nargs="?", type=_known)
    parser.add_argument("names", nargs="*")
    return parser


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise Closed(
            f"Name what is to be taken: ./bin/screenshots {' | '.join(KINDS)}.",
            f"请写明要截取什么：{'、'.join(KINDS)}。",
        )
    return kind


@contextmanager
def portal() -> Iterator[dict[str, str]]:
    """Run a fresh portal on a free port and give the environment that finds it and its data."""
    shutil.rmtree(VAR, ignore_errors=True)
    port = free_port()
    here = environment(f"http://127.0.0.1:{port}")
    server = None
    try:
        prepare(here)
        server = serve(port, here)
        yield here
    finally:
        if server:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(20)
            server.kill()
        shutil.rmtree(VAR, ignore_errors=True)


def environment(address: str) -> dict[str, str]:
    """Return what the parts find around them: private files, demonstration data, no limit on asking."""
    kept = {key: value for key, value in clean_environment().items() if not key.startswith("PORTAL_")}
    kept.pop("DATABASE_URL", None)
    private = {"PORTAL_VAR": str(VAR), "PORTAL_THROTTLE": "0", "PICTURED_PORTAL": address}
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "bin")))
    return kept | private | {"PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "portal.settings"}


def prepare(here: dict[str, str]) -> None:
    """Make the data of the private portal, the access log sealed as after its first hour."""
    say("Preparing a private portal", "正在准备一个单独的门户")
    runs = ([PYTHON, "manage.py", command] for command in ("prepare", "seal_log"))
    if any(subprocess.run(run, cwd=ROOT, env=here).returncode for run in runs):
        raise Closed("The data could not be prepared, for the reason above.", "未能准备好数据，原因见上。")


def serve(port: int, here: dict[str, str]) -> subprocess.Popen:
    """Start the web server and return it once it answers."""
    command = f"-m granian --interface wsgi --no-ws --host 127.0.0.1 --port {port} portal.wsgi:application"
    with (VAR / "web.log").open("wb") as log:
        server = subprocess.Popen([PYTHON, *command.split()], cwd=ROOT, env=here, stdout=log, stderr=log)
    deadline = time.monotonic() + PATIENCE
    while not answers(port):
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            tail = (VAR / "web.log").read_text(errors="replace")[-2000:]
            raise Closed(f"{tail}\nThe private portal did not answer.", "单独的门户没有响应，日志见上。")
        time.sleep(0.2)
    return server
