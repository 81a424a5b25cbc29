"""Runs in a child process of ``portal.sandbox``: an archive on stdin; its list as a line of JSON on stdout,
or one of its files.

Started by path in an isolated interpreter; imports nothing of ours but its neighbour that sets the limits.
Nothing is ever unpacked to a path: a name in the archive is only shown.
"""

import json
import sys
import zipfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "sandbox"))

CHUNK = 256 * 1024
MOST_MEMBERS, MOST_RATIO, SMALL = 100, 100, 2**20
UTF8_NAME, ENCRYPTED = 0x800, 0x1
JUNK = ("__macosx", ".ds_store", "thumbs.db", "desktop.ini")

KEPT_NOTHING = "没有保存任何文件"
BROKEN = f"压缩包不完整，或者不是 ZIP 格式，{KEPT_NOTHING}；请重新压缩为 .zip 后上传。"
LOCKED = f"压缩包设了密码，{KEPT_NOTHING}；请取消密码后重新压缩。"
TOO_MANY = f"压缩包里超过{MOST_MEMBERS}个文件，{KEPT_NOTHING}；请只放要报送的素材。"
BOMB = f"压缩包解开后过大，{KEPT_NOTHING}；请只放要报送的素材。"
NOTHING = f"压缩包里没有文件，{KEPT_NOTHING}；请核对后重新压缩。"


class RefusedError(Exception):
    """The archive is not one to be read; the text is the sentence for its sender."""


def members(archive: zipfile.ZipFile, most_bytes: int) -> list[zipfile.ZipInfo]:
    """Return the files of an archive that is known to be harmless, without folders and leftovers."""
    found = [one for one in archive.infolist() if not one.is_dir() and not _is_junk(shown_name(one))]
    if any(one.flag_bits & ENCRYPTED for one in found):
        raise RefusedError(LOCKED)
    if len(archive.infolist()) > 10 * MOST_MEMBERS or len(found) > MOST_MEMBERS:
        raise RefusedError(TOO_MANY)
    if sum(one.file_size for one in found) > most_bytes:
        raise RefusedError(BOMB)
    if any(one.file_size > SMALL and one.file_size > MOST_RATIO * one.compress_size for one in found):
        raise RefusedError(BOMB)
    if not found:
        raise RefusedError(NOTHING)
    return found


def _is_junk(name: str) -> bool:
    parts = name.replace("\\", "/").lower().split("/")
    return parts[-1].startswith("._") or any(part in JUNK for part in parts)


def shown_name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; archives of Chinese Windows write GBK and do not say so."""
    if member.flag_bits & UTF8_NAME:
        return member.filename
    raw = member.filename.encode("cp437", "replace")
    return _decoded(raw, "utf-8", least=0x800) or _decoded(raw, "gb18030") or member.filename


def _decoded(raw: bytes, encoding: str, least: int = 0) -> str:
    """Return a name, empty when it is not in this encoding: “图片” in GBK could be read as Greek in UTF-8."""
    try:
        name = raw.decode(encoding)
    except UnicodeDecodeError:
        return ""
    return name if all(ord(character) < 0x80 or ord(character) >= least for character in name) else ""


def answer(source, out, most_bytes: int, number: int | None) -> None:
    """Write the list of the archive's files, or an empty answer and the content of the file of this number.

    What breaks in the middle of a file ends this process with an error, which its reader looks at.
    """
    try:
        archive = zipfile.ZipFile(source)
        found = members(archive, most_bytes)
    except RefusedError as refusal:
        return _say(out, {"refused": str(refusal)})
    except Exception:
        return _say(out, {"refused": BROKEN})
    if number is None:
        return _say(out, {"members": [{"name": shown_name(one), "size": one.file_size} for one in found]})
    with archive.open(found[number]) as content:
        _say(out, {})
        while chunk := content.read(CHUNK):
            out.write(chunk)


def _say(out, reply: dict) -> None:
    out.write(json.dumps(reply, ensure_ascii=False).encode() + b"\n")


if __name__ == "__main__":
    from child import confine

    confine()
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else None
    answer(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]), chosen)
