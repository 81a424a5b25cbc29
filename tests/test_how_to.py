"""``docs/how-to`` is followed to the letter in a copy of the project: files written, commands run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
FOLDER = ROOT / "docs" / "how-to"
# Each goes on from the one before.
PAGES = ["add-a-record-type", "add-a-rule", "add-a-notice", "add-a-report", "add-a-page"]
COPIED = ("assessments", "bin", "brands", "fixtures", "portal", "templates", "tests", "workforce")
WRITTEN = re.compile(
    r"^ *\*\*`(?P<path>[^`]+)`\*\*, (?P<how>new|at the end|after|instead of)(?: `(?P<line>[^`]+)`)?:\n\n"
    r"(?P<margin> *)```\w+\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project."""
    copy = tmp_path_factory.mktemp("project")
    for name in COPIED:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    return copy


def test_what_the_pages_say_makes_a_record_type_with_rule_notice_report_and_page(project):
    tests: list[str] = []
    for page in PAGES:
        text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
        for step in WRITTEN.finditer(text):
            write(project / step["path"], step["how"], step["line"], without_margin(step))
        for line in to_run(text):
            if "pytest" in line:
                tests.append(line)  # all in one run: the database is made once
            else:
                run(project, *line.split()[1:])

    said = run(project, "-m", "pytest", "-q", f"--basetemp={project / 'tmp'}", *chosen(tests))

    assert re.search(r"^\d+ passed, \d+ deselected in", said.splitlines()[-1])
    run(project, "-m", "ruff", "check", "--quiet", ".")
    run(project, "-m", "ruff", "format", "--check", "--quiet", ".")


def without_margin(step: re.Match) -> str:
    """Return the text of a block as the file has it: its fence may stand in a list."""
    return re.sub(f"^{step['margin']}", "", step["text"], flags=re.MULTILINE)


def to_run(text: str) -> list[str]:
    """Return the lines of the fences without a language."""
    blocks = (block for language, block in FENCE.findall(text) if not language)
    return [line.strip() for block in blocks for line in block.splitlines()]


def write(path: Path, how: str, line: str | None, text: str) -> None:
    """Do what a page says with a file; a line it names stands there once."""
    if how == "new":
        assert not path.exists(), path
        path.write_text(text, encoding="utf-8")
        return
    before = path.read_text(encoding="utf-8")
    if how == "at the end":
        gap = "\n\n" if path.suffix == ".py" else ""
        path.write_text(f"{before}{gap}{text}", encoding="utf-8")
        return
    assert before.splitlines().count(line) == 1, (path, line)
    kept = f"{line}\n" if how == "after" else ""
    path.write_text(f"\n{before}".replace(f"\n{line}\n", f"\n{kept}{text}")[1:], encoding="utf-8")


def chosen(lines: list[str]) -> list[str]:
    """Return the files that the lines of pytest name, and one choice among their tests."""
    parts = [line.split()[3:] for line in lines]
    files = [words[0] for words in parts]
    names = [words[2] if len(words) > 1 else Path(words[0]).stem for words in parts]
    return [*files, "-k", " or ".join(names)]


def run(project: Path, *arguments: str) -> str:
    """Run Python in the copy, on a database of its own, and return what it said; it has to succeed."""
    own = {"PORTAL_VAR": str(project / "var"), "DATABASE_URL": "sqlite:///", "PYTHONDONTWRITEBYTECODE": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=project, env=kept | own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (arguments, done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout
