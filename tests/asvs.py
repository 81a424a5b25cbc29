"""What ``docs/asvs.md`` is made of: ``docs/asvs.toml``, one entry a requirement, and how it is drawn.

``python -m tests.asvs`` writes the page anew; a test holds the two together.
"""

import tomllib
from functools import cache

from tests import assurance

DATA, PAGE = assurance.ROOT / "docs" / "asvs.toml", assurance.ROOT / "docs" / "asvs.md"
VERDICTS = {**assurance.VERDICTS, "n.a.": "n.a."}
# The chapters, and how many requirements of levels 1 and 2 each has in OWASP ASVS 5.0.0: 253 of 345.
CHAPTERS = {
    1: ("Encoding and cleaning", 27),
    2: ("Validation and procedure", 11),
    3: ("Browsers", 19),
    4: ("Interfaces", 10),
    5: ("Files", 9),
    6: ("Authentication", 35),
    7: ("Sessions", 18),
    8: ("Authorisation", 7),
    9: ("Self-contained tokens", 7),
    10: ("OAuth and OpenID Connect", 29),
    11: ("Cryptography", 14),
    12: ("Encrypted connections", 9),
    13: ("Configuration", 13),
    14: ("Protection of data", 9),
    15: ("Architecture and coding", 13),
    16: ("Logs and faults", 16),
    17: ("WebRTC", 7),
}
HEAD = """# OWASP ASVS 5.0.0, levels 1 and 2

Made of `docs/asvs.toml` by `python -m tests.asvs`; do not edit it here.

Every requirement of levels 1 and 2 of the OWASP Application Security Verification Standard 5.0.0 by its
number, in words of our own: the standard itself says what is asked (<https://github.com/OWASP/ASVS>).
*met*, *argued* and *open* are meant as in [assurance.md](assurance.md), whose rows are named where their
tests hold a requirement; *n.a.*: the portal has nothing of the kind, the entry says why. It is our own
judgement; nobody from outside has looked.
"""


@cache
def requirements() -> list[dict]:
    """Return the requirements as they are written down, by number."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))["requirement"]


def chapter_of(entry: dict) -> int:
    """Return the chapter of the standard that an entry stands in."""
    return int(entry["number"].split(".")[0])


def tests_of(entry: dict) -> list[str]:
    """Return the tests of an entry and of the rows of assurance it names."""
    rows = {row["number"]: row for row in assurance.rows()}
    inherited = [test for number in entry.get("rows", ()) for test in assurance.tests_of(rows[number])]
    return [*assurance.tests_of(entry), *inherited]


def page() -> str:
    """Return the page: the sums by level and verdict, then each chapter as a table."""
    parts = [
        assurance.table(
            f"V{chapter} {title}",
            "# | level | subject | | where, and what is to be said | rows, tests",
            [_line(entry) for entry in requirements() if chapter_of(entry) == chapter],
        )
        for chapter, (title, _) in CHAPTERS.items()
    ]
    return "\n".join([HEAD, _sums(), *parts])


def counted(verdict: str, *levels: int) -> int:
    """Return how many requirements of these levels, else of both, have a verdict."""
    return sum(e["verdict"] == verdict and e["level"] in (levels or (1, 2)) for e in requirements())


def figures() -> str:
    """Return in words how many requirements apply, and how many of them are met."""
    applicable, met = len(requirements()) - counted("n.a."), counted("met")
    said = f"Of {len(requirements())} requirements {applicable} apply"
    return f"{said}, and of these {met} are met ({met * 100 // applicable} %)."


def _sums() -> str:
    levels = {"level 1": (1,), "level 2": (2,), "both": ()}
    lines = [assurance.line(said, *(str(counted(v, *n)) for v in VERDICTS)) for said, n in levels.items()]
    heads = [assurance.line("", *VERDICTS), "|---" * (len(VERDICTS) + 1) + "|"]
    return "\n".join([figures(), "", *heads, *lines, ""])


def _line(entry: dict) -> str:
    rows = ", ".join(map(str, entry.get("rows", ())))
    proof = "<br>".join(filter(None, [f"rows {rows}" if rows else "", assurance.held(entry)]))
    verdict, level = VERDICTS[entry["verdict"]], str(entry["level"])
    return assurance.line(entry["number"], level, entry["subject"], verdict, assurance.where(entry), proof)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
