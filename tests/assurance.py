"""What ``docs/assurance.md`` is made of: ``docs/assurance.toml``, one row a control, and how it is drawn.

``python -m tests.assurance`` writes the page anew; a test holds the two together.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA, PAGE = ROOT / "docs" / "assurance.toml", ROOT / "docs" / "assurance.md"
VERDICTS = {"met": "met", "argued": "argued", "open": "**open**"}
HEAD = """# Assurance

Made of `docs/assurance.toml` by `python -m tests.assurance`; do not edit it here.

Control by control: what is asked, whether it is met, where it is built and which tests hold it. The
controls follow GB/T 22239-2019 (levels 2 and 3), OWASP ASVS 5.0, GB/T 35273-2020 and GB/T 37668-2019 as
far as software can meet them. **M** must be met before release, **S** before real data, **B** goes
beyond. *met*: built, and tests hold it. *argued*: built, but a test or a figure that was asked for is
missing in part; the row says which. *open*: not there, or not to the extent asked. `./bin/test` runs
the tests on SQLite and PostgreSQL.
"""


@cache
def rows() -> list[dict]:
    """Return the controls as they are written down, by number."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))["control"]


@cache
def runs() -> list[dict]:
    """Return what the long proofs printed, as it is written down: command, day, what it gave."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))["run"]


def page() -> str:
    """Return the page: the sum by priority and verdict, each part as a table, then the long runs."""
    parts: dict[str, list[dict]] = {}
    for row in rows():
        parts.setdefault(row["part"], []).append(row)
    return "\n".join([HEAD, _sums(), *(_part(title, its) for title, its in parts.items()), _runs()])


def _runs() -> str:
    lines = (line(f"`{run['command']}`", run["database"], run["day"], run["gave"]) for run in runs())
    return table("What long runs gave, on two cores", "command | database | day | figures", lines)


def _sums() -> str:
    counted = Counter((row["priority"], row["verdict"]) for row in rows())
    lines = [f"| {p} | " + " | ".join(str(counted[p, v]) for v in VERDICTS) + " |" for p in "MSB"]
    return "\n".join(["| | met | argued | open |", "|---|---|---|---|", *lines, ""])


def _part(title: str, its: list[dict]) -> str:
    return table(title, "# | | control | | where, and what is to be said | tests", map(_line, its))


def _line(row: dict) -> str:
    marks = (str(row["number"]), row["priority"], row["subject"], VERDICTS[row["verdict"]])
    return line(*marks, where(row), held(row))


def table(title: str, heads: str, lines: Iterable[str]) -> str:
    """Return a heading with a table below it; ``heads`` are parted as in its first line."""
    return "\n".join([f"## {title}", "", f"| {heads} |", "|---" * (heads.count("|") + 1) + "|", *lines, ""])


def line(*cells: str) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(cells)} |"


def where(row: dict) -> str:
    """Return the modules of a row and what is to be said."""
    built = " ".join(f"`{name}`" for name in row.get("built", "").split())
    return " ".join([built, row.get("said", "")]).strip()


def held(row: dict) -> str:
    """Return the tests of a row, one below the other."""
    return "<br>".join(f"`{name}`" for name in tests_of(row))


def tests_of(row: dict) -> list[str]:
    """Return the tests of a row as pytest names them; written are ``file::name`` without their prefixes."""
    pairs = (name.partition("::") for name in row.get("tests", "").split())
    return [f"tests/test_{file}.py::test_{name}" for file, _, name in pairs]


def exists(test: str) -> bool:
    """Say whether a test of that name stands in that file."""
    file, _, name = test.partition("::")
    path = ROOT / file
    return path.is_file() and bool(re.search(rf"^(?:async )?def {name}\(", path.read_text("utf-8"), re.M))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
