"""``manage.py roll_up``: the same bytes as the job wherever it runs, or one sentence and nothing left."""

import hashlib
import os
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest
from django.conf import settings
from django.core.management import call_command

from portal import jobs, report_runs, reports
from portal.management.commands.roll_up import question
from portal.models import Report
from portal.reports import Asked
from portal.stores import measured
from portal.windows import end_of, through
from tests import factories
from tests.jobbing import database_url

DAY = "2024-06-30"
CUTOFF = through(end_of(date(2024, 6, 30)))


@pytest.fixture
def folder(tmp_path):
    """Give a folder that is empty but for a file."""
    (tmp_path / "file").touch()
    return tmp_path


def roll_up(*arguments: str) -> None:
    call_command("roll_up", *arguments)


@pytest.mark.django_db
def test_the_command_makes_the_file_and_says_what_is_in_it(folder, capsys):
    file = folder / "report.xlsx"

    roll_up("reporting", "--cutoff", DAY, "--output", str(file))

    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    rows = report_runs.produce(Asked("reporting", CUTOFF, "37", defaults()), "xlsx", folder / "b.xlsx")
    assert capsys.readouterr().out.splitlines() == [
        f"报表：reporting {reports.get('reporting').title}",
        "统计截止：2024-06-30 24:00",
        f"行数：{rows}",
        f"SHA-256：{digest}",
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["b.xlsx", "file", "report.xlsx"]
    assert (folder / "b.xlsx").read_bytes() == file.read_bytes()


def defaults() -> dict[str, str]:
    return dict(reports.ask("reporting", CUTOFF, "37", {}).filters)


@pytest.mark.django_db
@pytest.mark.parametrize("suffix", ["xlsx", "docx", "pdf"])
def test_the_job_makes_the_same_bytes(folder, suffix):
    asked = reports.ask("reporting", CUTOFF, "3707", {})

    roll_up("reporting", "--cutoff", DAY, "--region", "3707", "--output", str(folder / f"report.{suffix}"))
    job = report_runs.request(asked, suffix, by=factories.reviewer())
    outcome = jobs.execute(job.pk)

    made, stored = (folder / f"report.{suffix}").read_bytes(), Report.objects.get(pk=job.pk)
    digest = hashlib.sha256(made).hexdigest()
    assert (outcome, stored.sha256, stored.size) == ("done", digest, len(made))
    assert measured(stored.file) == (len(made), digest)
    jobs.stores.clear(job.pk, stored.token)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nix", "--cutoff", DAY], "没有“nix”这种报表，可用的有：brands、"),
        (["reporting", "--cutoff", "gestern"], "“gestern”不是时间，"),
        (["reporting", "--cutoff", "2024-02-30"], "“2024-02-30”不是时间，"),
        (["reporting", "--cutoff", "2999-01-01"], "统计截止时间还没有到，"),
        (["reporting", "--cutoff", "0001-01-01T00:00+14:00"], "统计截止时间应在2000年以后，"),
        (["reporting", "--cutoff", DAY, "--region", "99"], "没有区划“99”，"),
        (["reporting", "--cutoff", DAY, "--filter", "nix=1"], "“nix=1”不是这种报表的筛选，"),
        (["reporting", "--cutoff", DAY, "--filter", "campaign"], "“campaign”不是这种报表的筛选，"),
        (["brands", "--cutoff", DAY, "--filter", "state=nix"], "筛选“state”没有“nix”这个取值，"),
        (["reporting", "--cutoff", DAY, "--output", "report.txt"], "输出文件的后缀应为 .xlsx、.docx、.pdf，"),
        (["reporting", "--cutoff", DAY, "--output", "no/report.xlsx"], "不能写入“"),
        (["reporting", "--cutoff", DAY, "--output", "file/report.pdf"], "不能写入“"),
        (["reporting", "--cutoff", DAY, "--output", "."], "输出文件的后缀应为 "),
        (["reporting", "--cutoff", DAY, "--output", f"{'长' * 200}.pdf"], "不能写入“"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(folder, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(folder)
    output = [] if "--output" in arguments else ["--output", "report.xlsx"]

    with pytest.raises(SystemExit) as end:
        roll_up(*arguments, *output)

    said = capsys.readouterr()
    assert (end.value.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert said.err.startswith(sentence)
    assert os.listdir(folder) == ["file"]


@pytest.mark.django_db
def test_a_day_is_its_last_instant_and_a_time_without_zone_is_that_of_shanghai():
    said = ["2024-06-30", "2024-06-30T08:00", "2024-06-30T08:00Z", "2024-06-30T08:00:00.000000Z"]

    found = [question("reporting", one, "37", []).cutoff.astimezone(UTC) for one in said]

    assert found == [
        datetime(2024, 6, 30, 15, 59, 59, 999_999, tzinfo=UTC),
        datetime(2024, 6, 30, 0, 0, 0, 999_999, tzinfo=UTC),
        datetime(2024, 6, 30, 8, 0, 0, 999_999, tzinfo=UTC),
        datetime(2024, 6, 30, 8, 0, 0, 0, tzinfo=UTC),
    ]


# What a process is told about the machine it runs on must not be in the file.
MAKE = """
import os, sys, time
from pathlib import Path
os.umask(int(sys.argv[2], 8))
shift, now, local = float(sys.argv[3]), time.time, time.localtime
time.time = lambda: now() + shift
time.localtime = lambda seconds=None: local(time.time() if seconds is None else seconds)
import django
django.setup()
from django.core.management import call_command
for suffix in ("xlsx", "docx", "pdf"):
    call_command("roll_up", "reporting", cutoff="2024-06-30", output=Path(sys.argv[1]) / f"a.{suffix}")
"""


def made_elsewhere(folder, umask: str, shift: str, **environment: str) -> dict[str, bytes]:
    """Return the files of a report made by a process of its own on this database."""
    folder.mkdir()
    own = {
        "DATABASE_URL": database_url(),
        "PORTAL_VAR": str(folder),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    command = [sys.executable, "-c", MAKE, str(folder), umask, shift]
    subprocess.run(
        command,
        env={**os.environ, **own, **environment},
        cwd=settings.BASE_DIR,
        check=True,
        capture_output=True,
    )
    return {path.suffix: path.read_bytes() for path in folder.glob("a.*")}


def test_no_file_depends_on_the_machine_it_is_made_on(django_db_setup, tmp_path):
    usual = made_elsewhere(tmp_path / "usual", "022", "0")
    moved = {"TZ": "America/St_Johns", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "7"}

    other = made_elsewhere(tmp_path / "other", "077", "250000000", **moved)

    assert sorted(usual) == [".docx", ".pdf", ".xlsx"]
    assert other == usual
