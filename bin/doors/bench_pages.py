"""``docs/benchmarks.md`` as it follows from ``docs/benchmarks.json``: the same results, the same page.

Pure functions of what the programs handed over (``benchmarks.measuring``); standard library only.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from doors.bench_reasons import why

#: The goals in the order of their numbers, as headings of the page.
TARGETS = {
    "P1": "import",
    "P2": "import again with 1 % changed",
    "P3": "dry run with all errors",
    "P4": "export of a filtered list to XLSX",
    "P5": "public list: first page with facets and count",
    "P6": "search for one, two and three characters, rare and common",
    "P7": "page 1,000",
    "P8": "public list page through the server",
    "P9": "batch decision",
    "P10": "provincial roll-ups",
    "P11": "work queue of a provincial reviewer, with counts per tab",
    "P12": "form page, review page, submit, decide",
    "P13": "paper: one form, a print file, a package",
    "P14": "start and memory",
    "gain": "optimisations of pages, with and without",
    "cost": "what one request costs the server",
    "load": "mixed load, nothing lost",
}
#: The size up to which a goal is asked for, where it names one.
ASKED = dict.fromkeys(("P4", "P5", "P6", "P7", "P10", "P11"), 1_000_000)
ASKED |= dict.fromkeys(("P1", "P2", "P3", "P8"), 100_000)
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
OURS = "ours"
COLUMNS = (
    "operation",
    "size",
    "variant",
    "CPU own + database",
    "CPU × ours",
    "wall",
    "memory",
    "rounds",
    "note",
)
UNITS = ((1, "s"), (1e3, "ms"), (1e6, "µs"))
HEAD = """# Benchmarks

Made by `./bin/bench`; not written by hand. `./bin/bench NAME` measures one program anew and leaves what the
others found as it is; `--quick` tries everything at small sizes and writes nothing here. The programs are in
`bin/benchmarks/`, what they found is kept in `docs/benchmarks.json`.

How it is measured: the variants run in turn (A B C A B C), each round in a process of its own with its
modules imported, on a database filled by `portal/population` or by the program; their answers must be equal.
The tables show medians of the rounds. CPU is that of the process + that of its backend of the database, the
latter read in hundredths of a second. Wall times depend on what else the machine did: where its load (at the
end of this page) is above its cores, compare CPU, not wall. “Size” is rows of the database or of the sheet.
“Memory” is the peak above what the process held when the work began, empty where nothing was added. “CPU ×
ours” is the CPU of a variant over that of ours at the same size: *stock* is what the documentation of Django,
django-import-export or openpyxl leads to, *floor* is what the database or the bytes cost with nothing around
them. The exponent says how CPU grows with the size: 0 is flat, 1 in proportion.
"""


def page(kept: dict[str, dict]) -> str:
    """Return the page that ``kept`` (program → database → what was found) amounts to."""
    targets = sorted(_told(kept, "rows").keys() | _told(kept, "verdicts").keys(), key=_order)
    parts = [HEAD, _goals(kept), *(_target(target, kept) for target in targets), _circumstances(kept)]
    return "\n".join(parts)


def _order(target: str) -> tuple[int, str]:
    known = list(TARGETS)
    return (known.index(target) if target in known else len(known), target)


def _told(kept: dict[str, dict], what: str) -> dict[str, dict[str, list[dict]]]:
    """Return target → database → the rows, or verdicts, of all programs."""
    found: dict[str, dict[str, list[dict]]] = defaultdict(lambda: defaultdict(list))
    for _, databases in sorted(kept.items()):
        for database, own in databases.items():
            for one in own[what]:
                found[one["target"]][database].append(one)
    return found


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table of Markdown."""
    headings = list(headings)
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _goals(kept: dict[str, dict]) -> str:
    """Return the table of all goals: how many were met on each database, and what was not measured."""
    verdicts, rows = _told(kept, "verdicts"), _told(kept, "rows")
    lines = [
        [target, name, *(_share(target, verdicts[target][d], rows[target][d]) for d in NAMES)]
        for target, name in TARGETS.items()
        if target != "cost"
    ]
    return "## Goals met\n\n" + table(["", "goal", *NAMES.values()], lines)


def _share(target: str, verdicts: list[dict], rows: list[dict]) -> str:
    """Return how many were met; when it was measured smaller than the goal asks for, up to which size."""
    if not rows and not verdicts:
        return "not measured"
    met = f"{sum(one['met'] for one in verdicts)} of {len(verdicts)}" if verdicts else "–"
    largest, asked = max((row["size"] for row in rows), default=0), ASKED.get(target, 0)
    return f"{met}, measured to {largest:,} of {asked:,}" if largest < asked else met


def _target(target: str, kept: dict[str, dict]) -> str:
    rows, verdicts = _told(kept, "rows")[target], _told(kept, "verdicts")[target]
    parts = [f"## {target}: {TARGETS.get(target, '')}\n" if target in TARGETS else f"## {target}\n"]
    for database, name in NAMES.items():
        if rows[database] or verdicts[database]:
            parts.append(f"### {target} on {name}\n")
            parts += [
                _measured(rows[database]),
                _growth(rows[database]),
                _judged(verdicts[database], database),
            ]
    return "\n".join(part for part in parts if part)


def _measured(rows: list[dict]) -> str:
    if not rows:
        return ""
    ours = {(row["operation"], row["size"]): cpu(row) for row in rows if row["variant"] == OURS}
    return table(COLUMNS, [_cells(row, ours.get((row["operation"], row["size"]))) for row in rows])


def _cells(row: dict, ours: float | None) -> list[str]:
    times = f"{cpu(row) / ours:.2f}" if ours else ""
    parts = f"{seconds(row['own'])} + {seconds(row['backend'])}" if row["backend"] else seconds(row["own"])
    memory = f"{row['peak_above'] / 1e6:+.1f} MB" if row["peak_above"] > 5e4 else ""
    shown = [row["operation"], f"{row['size']:,}" if row["size"] else "", row["variant"], parts, times]
    return [*shown, seconds(row["wall"]), memory, str(row["rounds"]), row["note"]]


def cpu(row: dict) -> float:
    """Return the CPU of process and backend together."""
    return row["own"] + row["backend"]


def seconds(value: float) -> str:
    """Return seconds with three digits that count: 12.3 s, 4.56 ms, 789 µs; a dash for nothing."""
    if value <= 0:
        return "–"
    factor, unit = next(((f, u) for f, u in UNITS if value * f >= 1), UNITS[-1])
    digits = max(0, 2 - math.floor(math.log10(value * factor)))
    return f"{value * factor:,.{digits}f} {unit}"


def _growth(rows: list[dict]) -> str:
    """Return how each variant grows from its smallest to its largest size, for those measured at several."""
    found: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for row in rows:
        if row["size"] and cpu(row) > 0:
            found[row["operation"], row["variant"]][row["size"]] = cpu(row)
    lines = [
        [operation, variant, f"{min(points):,} → {max(points):,}", f"{exponent(points):.2f}"]
        for (operation, variant), points in found.items()
        if len(points) > 1
    ]
    return table(["growth of", "variant", "sizes", "exponent of CPU"], lines) if lines else ""


def exponent(points: dict[int, float]) -> float:
    """Return the slope of log cost over log size, by least squares."""
    pairs = [(math.log(size), math.log(cost)) for size, cost in points.items()]
    x, y = (sum(side) / len(pairs) for side in zip(*pairs, strict=True))
    return sum((a - x) * (b - y) for a, b in pairs) / sum((a - x) ** 2 for a, _ in pairs)


def _judged(verdicts: list[dict], database: str) -> str:
    rows = [[one["claim"], one["measured"], one["goal"], "yes" if one["met"] else "no"] for one in verdicts]
    misses = [f"* Missed: {one['claim']}. {_why(why(one, database))}\n" for one in verdicts if not one["met"]]
    parts = [table(["claim", "measured", "goal", "met"], rows) if rows else "", "".join(misses)]
    return "\n".join(part for part in parts if part)


def _why(said: str) -> str:
    words = said or "not explained"
    return f"{words[0].upper()}{words[1:].rstrip('.')}."


COSTS = re.compile("(<!-- costs -->\n).*?(<!-- /costs -->)", re.DOTALL)
PER_ROW = ("P1", "P2", "P4", "P10")


def with_costs(text: str, kept: dict[str, dict]) -> str:
    """Return a page with the costs of a request and of a row put between its marks."""
    return COSTS.sub(lambda marks: f"{marks[1]}{costs(kept)}{marks[2]}", text)


def costs(kept: dict[str, dict]) -> str:
    """Return the tables of what one request, and one row of the largest measured job, costs."""
    requests, rows = _told(kept, "rows")["cost"], [_told(kept, "rows")[target] for target in PER_ROW]
    largest = [_largest(found) for found in rows]
    single = {name: {row["operation"]: _split(row, 1) for row in requests[name]} for name in NAMES}
    many = {name: {what: cell for one in largest for what, cell in one[name].items()} for name in NAMES}
    tables = [
        table([heading, *(f"{name}, CPU own + database" for name in NAMES.values())], lines)
        for heading, lines in (("one request", _beside(single)), ("one row", _beside(many)))
        if lines
    ]
    return "\n" + "\n".join(tables or ["Not measured yet: `./bin/bench load` fills this in.\n"]) + "\n"


def _beside(found: dict[str, dict[str, str]]) -> list[list[str]]:
    """Return a line for each operation, with its cell on each database."""
    names = list(dict.fromkeys(what for own in found.values() for what in own))
    return [[what, *(found[name].get(what, "–") for name in NAMES)] for what in names]


def _largest(rows: dict[str, list[dict]]) -> dict[str, dict[str, str]]:
    """Return database → operation → what a row of the largest size costs us."""
    found: dict[str, dict[str, str]] = {name: {} for name in NAMES}
    for name in NAMES:
        for row in sorted(rows[name], key=lambda row: row["size"]):
            if row["variant"] == OURS and row["size"] > 1 and not row["operation"].startswith("first "):
                size = f"{row['size']:,}"
                said = f"{row['target']} {row['operation']}"
                found[name][said] = f"{_split(row, row['size'])} (of {size})"
    return found


def _split(row: dict, number: int) -> str:
    parts = [row["own"] / number, row["backend"] / number]
    return " + ".join(seconds(part) for part in parts if part) or "–"


def _circumstances(kept: dict[str, dict]) -> str:
    """Return what each program ran on, and the load of the machine around it."""
    machines: dict[str, list] = defaultdict(list)
    for name, database, own in _runs(kept):
        facts = own["machine"]
        words = f"{facts['processor']}, {facts['cores']} cores, {facts['memory']}, {facts['kernel']}"
        line = [name, f"{NAMES[database]} {own['version']}", own["day"], own["commit"]]
        machines[f"{words}, Python {facts['python']}"].append(
            [*line, own["load"]["before"], own["load"]["after"]]
        )
    headings = ["program", "database", "day", "commit", "load before (1, 5, 15 min)", "load after"]
    parts = [f"{words}\n\n{table(headings, rows)}" for words, rows in sorted(machines.items())]
    return "## Machine\n\n" + "\n".join(parts)


def _runs(kept: dict[str, dict]) -> Iterator[tuple[str, str, dict]]:
    for name, databases in sorted(kept.items(), key=lambda pair: _natural(pair[0])):
        yield from ((name, database, databases[database]) for database in NAMES if database in databases)


def _natural(name: str) -> list:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
