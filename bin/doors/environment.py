"""The private environment: ``.venv`` with the pinned packages, and the conditions checked before any work.

Standard library only; each ``require_…`` raises Closed before something is half done.
"""

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from doors import FLOOR, Closed

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MEGABYTE = 1_000_000
#: What an installation of each set of pins and what a later start write at most: measured, then doubled.
INSTALLATION = {"base": 500 * MEGABYTE, "dev": 1_000 * MEGABYTE}
DOWNLOADS, LATER_START = 300 * MEGABYTE, 100 * MEGABYTE


def say(english: str, chinese: str) -> None:
    """Print one line of progress in both languages."""
    print(f"{english} / {chinese}")


def missing_modules() -> list[str]:
    """Return which parts of the standard library that a virtual environment needs are absent here."""
    return [
        name for name in ("venv", "ensurepip", "_ssl", "_sqlite3") if importlib.util.find_spec(name) is None
    ]


def require_modules(missing: Iterable[str]) -> None:
    """Raise Closed when ``missing`` names any module; Debian and Ubuntu ship venv in a package of its own."""
    if names := ", ".join(missing):
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        raise Closed(
            f"This Python ({sys.executable}) was installed without: {names}. On Debian or Ubuntu run "
            f"'sudo apt-get install {version}-venv', elsewhere install a complete Python; then run it again.",
            f"当前 Python（{sys.executable}）缺少组件：{names}。Debian、Ubuntu 请先运行"
            f"“sudo apt-get install {version}-venv”，其他系统请安装完整的 Python，再运行一次。",
        )


def require_space(folder: Path, needed: int) -> None:
    """Raise Closed when the file system of ``folder`` has fewer than ``needed`` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        wanted, there = needed // MEGABYTE, free // MEGABYTE
        raise Closed(
            f"The disk is too full: {folder} has {there} MB free and {wanted} MB are needed. "
            "Nothing was changed; free some space and run this again.",
            f"磁盘空间不足：{folder} 剩余 {there} MB，需要 {wanted} MB。"
            "没有改动任何内容；请腾出空间后再运行一次。",
        )


def require_port(text: str) -> int:
    """Return the port that ``text`` names; raise Closed when it is none or cannot be opened on 127.0.0.1."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise Closed(
            f"PORT={text} is not a port: give a number from 1 to 65535, for example PORT=8001 ./bin/up.",
            f"PORT={text} 不是端口号：请用 1 到 65535 之间的数字，例如 PORT=8001 ./bin/up。",
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except OSError as error:
            raise Closed(
                f"Port {text} cannot be used ({error.strerror}). Nothing was changed; choose another one, "
                "for example PORT=8001 ./bin/up.",
                f"端口 {text} 无法使用（已被占用或没有权限）。没有改动任何内容；"
                "请换一个端口，例如 PORT=8001 ./bin/up。",
            ) from None
    return int(text)


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold ``lock`` for the duration; raise Closed when another process of this folder holds it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Closed(
                f"The same command is already running from this folder ({lock} is held). Stop it first.",
                f"本目录下同一条命令已在运行（{lock} 被占用）。请先停止它。",
            ) from None
        yield


def ensure(pins: str) -> None:
    """Bring ``.venv`` to ``requirements/<pins>.txt``; does nothing when that is done already."""
    file = ROOT / "requirements" / f"{pins}.txt"
    stamp, digest = (VENV / f".{pins}-installed", hashlib.sha256(file.read_bytes()).hexdigest())
    usable = is_usable()
    if usable and stamp.exists() and stamp.read_text() == digest:
        require_space(ROOT, LATER_START)
        return
    require_space(ROOT, INSTALLATION[pins])
    require_space(Path(tempfile.gettempdir()), DOWNLOADS)
    if not usable:
        make_venv()
    install(file)
    stamp.write_text(digest)


def is_usable() -> bool:
    """Tell whether ``.venv`` has a running Python that finds the packages installed for it."""
    found = "importlib.util.find_spec('django')"
    test = f"import importlib.util, sys; sys.exit(sys.version_info < {FLOOR} or {found} is None)"
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", test], stderr=subprocess.DEVNULL).returncode == 0


def make_venv() -> None:
    """Make ``.venv`` anew with the running Python."""
    require_modules(missing_modules())
    say("Making the environment .venv", "正在建立运行环境 .venv")
    run = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV])
    if run.returncode:
        raise Closed(
            "The environment .venv could not be made, for the reason above. Then run this again.",
            "未能建立运行环境 .venv，原因见上。排除后再运行一次即可。",
        )


def install(file: Path) -> None:
    """Install the pins in ``file`` into ``.venv``, each one checked against its hash."""
    say("Installing the pinned packages, one to three minutes", "正在安装固定版本的依赖，约一到三分钟")
    options = ["--require-hashes", "-qq", "--no-input", "--disable-pip-version-check"]
    run = subprocess.run([PYTHON, "-m", "pip", "install", *options, "-r", file], env=clean_environment())
    if run.returncode:
        raise Closed(
            f"The packages of {file.relative_to(ROOT)} could not be installed, for the reason above: usually "
            "no network, or a mirror that pip has not been told of (pip config). Then run this again.",
            f"未能安装 {file.relative_to(ROOT)} 中的依赖，原因见上：通常是没有网络，或没有为 pip 配置软件源"
            "（pip config）。处理后再运行一次即可。",
        )


def clean_environment(**extra: str) -> dict[str, str]:
    """Return the environment for a child: ours, ``extra`` on top, without what redirects Python elsewhere.

    Bytecode is kept, whatever ours says: compiling the program anew is a third of every start.
    """
    left_out = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
    ours = {key: value for key, value in os.environ.items() if key not in left_out}
    return ours | {"PYTHONUNBUFFERED": "1"} | extra


def tied_to_this_process(number: signal.Signals) -> Callable[[], None] | None:
    """Return what a child does before exec so that the kernel signals it when we are killed; Linux only."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(1, number)  # 1 is PR_SET_PDEATHSIG
