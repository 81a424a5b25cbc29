"""Names of files as every system can unpack them, and no two alike in one folder."""

import re
from pathlib import PurePosixPath

from portal import text

# What Windows refuses in a name, and every white space but the plain blank.
_FORBIDDEN = re.compile(r'(?:[<>:"/\\|?*]|[^\S ])+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
UNNAMED = "未命名"
MOST_BYTES = 150
LONGEST_SUFFIX = 10


def safe(name: str, most: int = MOST_BYTES) -> str:
    """Return ``name`` fit for any file system: nothing forbidden, at most ``most`` bytes, the suffix kept."""
    kept = _FORBIDDEN.sub("_", text.clean(name)).strip(" .")
    kept = f"_{kept}" if _RESERVED.fullmatch(kept) else kept
    stem, suffix = _parted(kept or UNNAMED)
    return _cut(stem, most - len(suffix.encode())) + suffix


def _parted(name: str) -> tuple[str, str]:
    suffix = PurePosixPath(name).suffix
    is_suffix = suffix.isascii() and len(suffix) <= LONGEST_SUFFIX
    return (name.removesuffix(suffix), suffix) if is_suffix else (name, "")


def _cut(stem: str, most: int) -> str:
    """Return as much of ``stem`` as ``most`` bytes of UTF-8 hold, whole characters only."""
    return stem.encode()[:most].decode(errors="ignore").rstrip(" .")


def fitted(name: str, most: int) -> str:
    """Return ``name``, whose parts are joined by +, in at most ``most`` bytes: its longest part is cut."""
    parts = name.split("+")
    longest = max(range(len(parts)), key=lambda place: len(parts[place].encode()))
    over = len(name.encode()) - most
    if over > 0:
        parts[longest] = _cut(parts[longest], max(0, len(parts[longest].encode()) - over))
    return "+".join(parts)


class Names:
    """The names given out so far; the second of a name gets (2), whatever its case."""

    def __init__(self):
        self._taken: set[str] = set()

    def take(self, folder: str, name: str, most: int = MOST_BYTES) -> str:
        """Return the path of a new file called ``name``, made safe, in ``folder``."""
        stem, suffix = _parted(safe(name, most))
        path, number = f"{folder}{stem}{suffix}", 1
        while path.casefold() in self._taken:
            number += 1
            mark = f"({number}){suffix}"
            path = f"{folder}{_cut(stem, most - len(mark.encode()))}{mark}"
        self._taken.add(path.casefold())
        return path
