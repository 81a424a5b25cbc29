"""The frame of ./bin/bench: what is kept, the page made of it, growth, the reasons of misses."""

import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from benchmarks import measuring
from benchmarks.measuring import Round, Row, Verdict
from doors import bench, bench_pages, bench_reasons
from doors.bench_reasons import Reason

MACHINE = {"processor": "演示", "cores": "2", "memory": "8.0 GiB", "kernel": "Linux 6.1", "python": "3.11.2"}


def told(*things: Row | Verdict) -> dict:
    """Return what a program found, as it is kept."""
    return {
        "rows": [asdict(one) for one in things if isinstance(one, Row)],
        "verdicts": [asdict(one) for one in things if isinstance(one, Verdict)],
        "day": "2026-11-21",
        "commit": "abc",
        "machine": MACHINE,
        "load": {"before": "0.1 0.1 0.1", "after": "0.9 0.2 0.1"},
        "version": "3.40.1",
        "code": 0,
    }


def row(variant: str, size: int, own: float, backend: float = 0.0) -> Row:
    return Row("P5", "first page", size, variant, own, backend, own + backend, 2_000_000, 5)


@pytest.mark.parametrize(
    ("costs", "power"), [([3, 3, 3], 0), ([1, 10, 100], 1), ([1, 100, 10_000], 2), ([5, 50 / 10**0.5, 5], 0)]
)
def test_the_exponent_is_the_slope_between_sizes(costs, power):
    points = dict(zip([10, 100, 1000], costs, strict=True))

    assert bench_pages.exponent(points) == pytest.approx(power, abs=1e-9)


def test_rows_are_medians_of_the_rounds():
    rounds = [Round(own, 1.0, 9.0, 10, above, "x") for own, above in ((3.0, 5), (1.0, 7), (2.0, 6))]

    found = measuring.row("P1", "import", 10, "ours", rounds)

    assert found == Row("P1", "import", 10, "ours", 2.0, 1.0, 9.0, 6, 3)
    assert found.cpu == 3.0


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "–"), (123.4, "123 s"), (1.5, "1.50 s"), (0.0123, "12.3 ms"), (0.00000042, "0.420 µs")],
)
def test_seconds_are_told_with_three_digits(value, words):
    assert bench_pages.seconds(value) == words


def test_the_page_has_ours_beside_the_others_growth_and_each_miss_explained():
    missed = Verdict("P5", "growth", "0.4", "at most 0.1", False, "the index is cold")
    found = told(row("ours", 1000, 0.01), row("stock", 1000, 0.05, 0.15), row("ours", 10_000, 0.1), missed)

    page = bench_pages.page({"lists": {"sqlite": found}})

    measured = "0 of 1, measured to 10,000 of 1,000,000"
    assert f"| P5 | public list: first page with facets and count | {measured} | not measured |" in page
    assert "| P9 | batch decision | not measured | not measured |" in page
    assert "| first page | 1,000 | stock | 50.0 ms + 150 ms | 20.00 | 200 ms | +2.0 MB | 5 |  |" in page
    assert "| first page | ours | 1,000 → 10,000 | 1.00 |" in page
    assert "* Missed: growth. The index is cold.\n" in page
    assert "| lists | SQLite 3.40.1 | 2026-11-21 | abc | 0.1 0.1 0.1 | 0.9 0.2 0.1 |" in page
    assert page == bench_pages.page(json.loads(json.dumps({"lists": {"sqlite": found}})))


def test_one_program_measured_anew_leaves_the_others_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "KEPT", tmp_path / "benchmarks.json")
    monkeypatch.setattr(bench, "PAGE", tmp_path / "benchmarks.md")
    monkeypatch.setattr(bench, "SCALING", tmp_path / "scaling.md")
    bench.SCALING.write_text("<!-- costs -->\n<!-- /costs -->\n")
    old, new = told(row("ours", 1000, 0.01)), told(row("ours", 1000, 0.02))
    bench.keep({"lists": {"sqlite": old}, "desk": {"sqlite": old}})

    bench.keep({"lists": {"sqlite": new, "postgresql": new | {"code": 1}}})

    kept = json.loads(bench.KEPT.read_text())
    assert kept == {"lists": {"sqlite": new}, "desk": {"sqlite": old}}
    assert bench.PAGE.read_text() == bench_pages.page(kept)


def test_a_miss_and_a_break_are_told_apart_from_a_pass(capsys):
    missed = told(Verdict("P9", "at once", "3", "at most 2", False))

    codes = [
        bench.summary({"a": {"sqlite": told()}}, is_strict=True),
        bench.summary({"a": {"sqlite": missed}}, is_strict=True),
        bench.summary({"a": {"sqlite": missed}}, is_strict=False),
        bench.summary({"a": {"sqlite": told() | {"code": 1}}}, is_strict=False),
    ]

    assert codes == [0, 1, 0, 1]
    assert "missed: P9 at once, sqlite: 3 (goal: at most 2)" in capsys.readouterr().out


def test_a_miss_is_explained_by_the_program_or_by_a_reason_of_its_database(monkeypatch):
    rare = Reason("P6", r"^rare", "the index is read from disk", "sqlite")
    monkeypatch.setattr(bench_reasons, "REASONS", (rare,))
    words = [("P6", "rare word", ""), ("P6", "common word", ""), ("P5", "rare word", "said so")]
    missed = told(*(Verdict(target, claim, "6 ms", "5 ms", False, why) for target, claim, why in words))
    kept = {"lists": {"sqlite": missed, "postgresql": missed}}

    page = bench_pages.page(kept)

    assert bench_reasons.unexplained(kept) == [
        "P6 common word, sqlite: 6 ms (goal: 5 ms)",
        "P6 rare word, postgresql: 6 ms (goal: 5 ms)",
        "P6 common word, postgresql: 6 ms (goal: 5 ms)",
    ]
    assert page.count("* Missed: rare word. The index is read from disk.") == 1
    assert page.count("* Missed: rare word. Said so.") == 2


def test_every_miss_that_is_kept_is_explained():
    kept = json.loads(bench.KEPT.read_text(encoding="utf-8")) if bench.KEPT.exists() else {}

    assert bench_reasons.unexplained(kept) == []


def test_the_page_is_what_the_kept_results_amount_to():
    kept = json.loads(bench.KEPT.read_text(encoding="utf-8")) if bench.KEPT.exists() else {}
    page = bench.PAGE.read_text(encoding="utf-8") if bench.PAGE.exists() else bench_pages.page({})

    assert page == bench_pages.page(kept)


def test_every_program_is_known_by_its_main():
    assert {"decisions", "roll_ups", "load"} <= set(bench.programs())
    assert {"measuring", "population", "load_client"}.isdisjoint(bench.programs())


FORKED = """
import sys
import django
django.setup()
from benchmarks.nursery import Nursery

seen = []

def main():
    seen.append(sys.argv[1])
    if sys.argv[1] == "break":
        raise SystemExit("演示")
    print("noise")
    print(seen, connection.settings_dict["NAME"] == "other")
    return 0

from django.db import connection
nursery = Nursery(main)
connection.settings_dict["NAME"] = "other"
print(nursery.round(["first"]))
try:
    nursery.round(["break"])
except SystemExit as broken:
    print(broken)
print(nursery.round(["second"]))
"""


def test_a_round_is_a_fork_that_knows_the_database_and_nothing_of_other_rounds(tmp_path):
    environment = bench.environment(f"sqlite:///{tmp_path / 'a.sqlite3'}", tmp_path / "results")

    run = subprocess.run([sys.executable, "-c", FORKED], env=environment, capture_output=True, text=True)

    told = ["['first'] True", "A round broke off: break", "['second'] True"]
    assert [run.returncode, run.stdout.splitlines()] == [0, told]


def test_a_fresh_database_begins_without_the_anchors_of_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "VAR", tmp_path)
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "anchors.txt").touch()

    with bench.opened("sqlite"):
        left = [path.name for path in tmp_path.iterdir()]

    assert left == []
