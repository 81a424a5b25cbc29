"""The doors ./bin/up and ./bin/test: what one says that stays closed, the pins, the count."""

import ast
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from _pytest.outcomes import Failed, Skipped
from django.conf import settings

from doors import Closed, brokers, environment, newer_python, postgres, require_python, test, up
from portal.management.commands import prepare
from portal.settings import database
from tests.brokering import needs_broker
from tests.job_kinds import until
from tests.programs import needs

ROOT = settings.BASE_DIR
REPORT = """<testsuites>
  <testsuite tests="7" failures="1" errors="1" skipped="2"/>
  <testsuite tests="3" failures="0" errors="0" skipped="0"/>
</testsuites>"""


@pytest.fixture
def taken_port():
    """Give a port of this machine that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def pins(name: str) -> dict[str, str]:
    """Return package → version of a requirements file."""
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    found = [line.split()[0].split("==") for line in lines if "==" in line and not line.startswith(" ")]
    return dict(found)


def names(name: str) -> set[str]:
    """Return the packages that a hand-written requirements file asks for."""
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    return {line.split("~")[0].split("[")[0].split()[0] for line in lines if line[:1].isalpha()}


@pytest.mark.parametrize("version", [(3, 11, 0, "final", 0), (3, 14, 1), (4, 0, 0)])
def test_a_new_python_opens_the_door(version):
    assert require_python(version) is None


def test_an_old_python_is_told_what_it_is_and_what_is_needed():
    with pytest.raises(Closed) as closed:
        require_python((3, 9, 2, "final", 0))

    assert str(closed.value) == (
        "This needs Python 3.11 or newer, and python3 here is 3.9.2. Install a newer Python beside it "
        "(for example python3.11) and run the same command again.\n"
        "需要 Python 3.11 或更高版本，本机的 python3 是 3.9.2。请另外安装较新的 Python（例如 python3.11），"
        "再运行同一条命令。"
    )


@pytest.mark.parametrize(
    "path", ["bin/up", "bin/test", "bin/bench", "bin/soak", "bin/attack", "bin/doors/__init__.py"]
)
def test_an_old_python_can_read_what_it_is_told_by(path):
    assert ast.parse((ROOT / path).read_text(), feature_version=(3, 6))


def test_a_newer_python_is_found_where_there_is_one():
    run = subprocess.run(
        [newer_python(), "-c", "import sys; print(sys.version_info >= (3, 11))"], capture_output=True
    )

    assert run.stdout == b"True\n"


def test_a_python_without_venv_is_told_which_package_to_install():
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"

    with pytest.raises(Closed) as closed:
        environment.require_modules(["ensurepip", "venv"])

    assert str(closed.value).splitlines() == [
        f"This Python ({sys.executable}) was installed without: ensurepip, venv. On Debian or Ubuntu run "
        f"'sudo apt-get install {version}-venv', elsewhere install a complete Python; then run it again.",
        f"当前 Python（{sys.executable}）缺少组件：ensurepip, venv。Debian、Ubuntu 请先运行"
        f"“sudo apt-get install {version}-venv”，其他系统请安装完整的 Python，再运行一次。",
    ]


def test_a_complete_python_misses_nothing():
    assert environment.missing_modules() == []
    assert environment.require_modules([]) is None


def test_a_taken_port_is_said_before_any_work(taken_port):
    run = subprocess.run(
        [sys.executable, ROOT / "bin" / "up"],
        env=os.environ | {"PORT": str(taken_port)},
        capture_output=True,
        text=True,
    )

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        f"Port {taken_port} cannot be used (Address already in use). Nothing was changed; choose another "
        "one, for example PORT=8001 ./bin/up.\n"
        f"端口 {taken_port} 无法使用（已被占用或没有权限）。没有改动任何内容；"
        "请换一个端口，例如 PORT=8001 ./bin/up。\n"
    )


@pytest.mark.parametrize("text", ["", "http", "0", "-1", "65536", "８０００"])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(Closed) as closed:
        environment.require_port(text)

    assert str(closed.value).splitlines()[1] == (
        f"PORT={text} 不是端口号：请用 1 到 65535 之间的数字，例如 PORT=8001 ./bin/up。"
    )


def test_a_full_disk_is_said_with_what_is_there_and_what_is_needed(tmp_path):
    with pytest.raises(Closed) as closed:
        environment.require_space(tmp_path, 10**18)

    english, chinese = str(closed.value).splitlines()
    assert english.startswith(f"The disk is too full: {tmp_path} has ")
    assert english.endswith(
        " MB free and 1000000000000 MB are needed. Nothing was changed; free some space and run this again."
    )
    assert chinese.endswith(" MB，需要 1000000000000 MB。没有改动任何内容；请腾出空间后再运行一次。")


def test_room_enough_is_no_sentence(tmp_path):
    assert environment.require_space(tmp_path, 1) is None


def test_the_same_door_opens_once_at_a_time(tmp_path):
    lock = tmp_path / "var" / "up.lock"

    with environment.only_one(lock), pytest.raises(Closed) as closed, environment.only_one(lock):
        pass

    assert str(closed.value).splitlines()[1] == f"本目录下同一条命令已在运行（{lock} 被占用）。请先停止它。"


def test_the_door_opens_again_once_the_first_has_left(tmp_path):
    with environment.only_one(tmp_path / "up.lock"):
        pass

    with environment.only_one(tmp_path / "up.lock") as held:
        assert held is None


def test_a_part_that_stopped_by_itself_is_named_with_its_last_words_and_its_log(tmp_path):
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", "print('why'); raise SystemExit(3)"], stdout=output)
        process.wait()
    child = up.Child("worker", process, log)

    assert up.first_stopped([child]) == child
    assert str(up.stopped_by_itself(child)) == (
        "why\n\nThe worker process stopped by itself (code 3), so the rest was stopped too. "
        f"The data is kept; the whole log is {log}.\n"
        f"worker 进程自行退出（代码 3），其余进程已一并停止。数据都在；完整日志见 {log}。"
    )


@pytest.mark.parametrize(
    ("url", "threads"),
    [
        (None, up.ON_SQLITE),
        ("sqlite:////srv/portal.sqlite3", up.ON_SQLITE),
        ("postgres://portal@/portal", up.THREADS),
    ],
)
def test_many_threads_wait_where_there_is_one_writer_and_few_where_each_holds_a_connection(
    monkeypatch, url, threads
):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    if url:
        monkeypatch.setenv("DATABASE_URL", url)

    words = up.commands(8000)["web"].split()

    assert words[words.index("--blocking-threads") + 1] == str(threads)


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_part_that_ran_a_while_and_ended_is_started_again(tmp_path, monkeypatch, name):
    monkeypatch.setattr(up, "VAR", tmp_path)
    monkeypatch.setattr(up, "commands", lambda port: {name: "timeit -n 1 pass"})
    ended = subprocess.Popen([sys.executable, "-c", "pass"], process_group=0)
    ended.wait()
    log = tmp_path / "log" / f"{name}.log"

    again = up.started_again(up.Child(name, ended, log, began=time.monotonic() - up.STEADY), 8000)

    assert (again.name, again.log, again.process.wait()) == (name, log, 0)


@pytest.mark.parametrize(("name", "behind"), [("web", 0), ("worker", 10)])
def test_the_worker_runs_behind_the_web_server(tmp_path, monkeypatch, name, behind):
    monkeypatch.setattr(up, "VAR", tmp_path)
    child = up.start(name, "timeit -n 1 -r 1 __import__('time').sleep(60)")

    ours = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        until(lambda: os.getpriority(os.PRIO_PROCESS, child.process.pid) == min(19, ours + behind))
    finally:
        up.stop_group(child)


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_part_that_ends_at_once_is_not_started_again(tmp_path, name):
    ended = subprocess.Popen([sys.executable, "-c", "raise SystemExit(2)"])
    ended.wait()
    (tmp_path / "x.log").touch()

    with pytest.raises(Closed) as closed:
        up.started_again(up.Child(name, ended, tmp_path / "x.log"), 8000)

    assert f"The {name} process stopped by itself (code 2)" in str(closed.value)


@pytest.mark.parametrize("kind", brokers.KINDS)
def test_a_missing_broker_is_said_in_both_languages_with_its_package(monkeypatch, kind):
    made = brokers.KINDS[kind]
    monkeypatch.setattr(made, "programs", ("no-such-program",))

    assert not made.is_there()
    assert test.missed_brokers() == [
        f"!! NO {made.name.upper()}: nothing that needs it is tested. Install the package {made.package}.\n"
        f"!! 没有 {made.name}：需要它的测试都不会进行。请安装软件包 {made.package}。"
    ] + [one.missed() for one in brokers.KINDS.values() if one is not made and not one.is_there()]


@pytest.mark.parametrize("kind", brokers.KINDS)
def test_a_private_broker_leaves_no_process_behind(tmp_path, kind):
    needs_broker(kind)
    with brokers.broker(kind, tmp_path, ("one", "two")) as broker:
        sessions = {process.pid for process in broker.processes}
        running = {os.getsid(pid) for pid in sessions}

    left = subprocess.run(["ps", "-e", "-o", "sid="], capture_output=True, text=True).stdout.split()
    assert running == sessions
    assert sessions & {int(session) for session in left} == set()
    assert [path.name for path in tmp_path.iterdir()] == [f"{kind}.log"]


def test_the_count_adds_failures_and_errors(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(REPORT)

    assert test.read_counts(report) == Counter(passed=6, failed=2, skipped=2)


def test_no_report_counts_nothing(tmp_path):
    assert test.read_counts(tmp_path / "none.xml") == Counter()


def test_reports_that_differ_between_the_databases_fail_the_run(tmp_path):
    assert test.same_reports(tmp_path) == []
    for slug in test.SUITES:
        (tmp_path / slug).mkdir()
    (tmp_path / "sqlite" / test.DIGESTS).write_text('{"brands": "1", "targets": "2", "reporting": "3"}')
    (tmp_path / "postgresql" / test.DIGESTS).write_text('{"brands": "1", "targets": "9"}')
    (stage,) = test.same_reports(tmp_path)
    assert stage.counts == Counter(passed=1, failed=2)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counter(passed=12), "12 passed, 0 failed"),
        (Counter(passed=12, failed=1, skipped=3), "12 passed, 1 failed, 3 skipped"),
    ],
)
def test_the_count_is_worded_as_pytest_words_it(counts, words):
    assert test.in_words(counts) == words


@pytest.mark.parametrize(
    ("counts", "demand", "code"),
    [
        (Counter(passed=12, skipped=3), "", 0),
        (Counter(passed=12, skipped=3), "1", 1),
        (Counter(passed=12), "1", 0),
        (Counter(passed=12, failed=1), "", 1),
    ],
)
def test_a_skipped_test_fails_the_run_only_where_everything_is_demanded(monkeypatch, counts, demand, code):
    monkeypatch.setenv("PORTAL_REQUIRE_ALL", demand)

    assert test.verdict(counts) == code


@pytest.mark.parametrize("variable", ["PORTAL_REQUIRE_OFFICE", "PORTAL_REQUIRE_BROWSER"])
def test_a_missing_program_skips_a_test_and_fails_it_where_it_is_demanded(monkeypatch, variable):
    outcomes = []
    for demand in ("", "1"):
        monkeypatch.setenv(variable, demand)
        with pytest.raises((Skipped, Failed)) as outcome:
            needs("no-such-program", wanted_by=variable)
        outcomes.append(outcome.type)

    assert outcomes == [Skipped, Failed]


def test_the_run_of_the_checks_demands_all_of_it():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()

    assert "export PORTAL_REQUIRE_BROWSER=1 PORTAL_REQUIRE_OFFICE=1 PORTAL_REQUIRE_ALL=1" in lines


def test_a_folder_without_a_server_is_no_server(tmp_path):
    assert postgres.version(tmp_path) == 0


@pytest.mark.parametrize("name", ["base.txt", "prod.txt", "dev.txt"])
def test_the_pins_name_no_place_they_were_downloaded_from(name):
    text = (ROOT / "requirements" / name).read_text()

    assert [line for line in text.splitlines() if "://" in line or line.startswith("--i")] == []


@pytest.mark.parametrize("name", ["base", "prod", "dev"])
def test_every_package_asked_for_is_pinned(name):
    assert names(f"{name}.in") - set(pins(f"{name}.txt")) == set()


def test_every_package_asked_for_has_its_reason_in_the_readme():
    readme = (ROOT / "README.md").read_text()

    assert [package for package in sorted(names("base.in")) if f"\n- `{package}`: " not in readme] == []


def test_sqlite_waits_for_the_disk_wherever_it_is_no_test():
    options = database("sqlite:///portal.sqlite3")["OPTIONS"]

    assert options["init_command"] == (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    )


def test_the_tests_run_on_the_versions_that_production_runs_on():
    base, prod, dev = pins("base.txt"), pins("prod.txt"), pins("dev.txt")

    assert {package: prod.get(package) for package in base} == base
    assert {package: dev.get(package) for package in prod} == prod


def test_static_files_are_collected_once_until_one_of_them_changes():
    prepare.collect_static_files()
    (stylesheet,) = Path(settings.STATIC_ROOT).glob("portal/portal.css")
    before = stylesheet.stat().st_mtime_ns

    prepare.collect_static_files()

    assert stylesheet.stat().st_mtime_ns == before
