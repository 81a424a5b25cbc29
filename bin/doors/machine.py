"""What a measurement says of the machine it ran on; standard library only."""

import os
import platform
import re
import subprocess
from pathlib import Path


def facts(python: Path) -> dict[str, str]:
    """Return the processor, cores, memory and kernel, and the version of ``python``, in words."""
    version = subprocess.run([python, "--version"], capture_output=True, text=True).stdout.split()[-1]
    kilobytes = int(_first("/proc/meminfo", r"MemTotal:\s*([0-9]+)") or 0)
    return {
        "processor": _first("/proc/cpuinfo", r"model name\s*:\s*(.+)") or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{kilobytes / 2**20:.1f} GiB",
        "kernel": f"{platform.system()} {re.match('[0-9.]*', platform.release())[0]}",
        "python": version,
    }


def _first(path: str, pattern: str) -> str:
    file = Path(path)
    found = re.search(pattern, file.read_text()) if file.exists() else None
    return found[1].strip() if found else ""


def load() -> str:
    """Return the load of the last one, five and fifteen minutes."""
    return " ".join(f"{number:.2f}" for number in os.getloadavg())


def commit(root: Path) -> str:
    """Return the commit that is checked out, with a plus when files of it were changed; empty without git."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""
