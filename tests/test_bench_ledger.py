"""The ledger of a load: it finds what was lost, done twice, or done without having been acknowledged."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from benchmarks import load_ledger
from benchmarks.load_ledger import Entry, Kept, Ledger

NEW = Entry("new-1", "new", "filer", 7, outcome="ok")
SAVED = [Entry(f"autosave-{n}", "autosave", "filer", 7, f"记{n}", outcome="ok") for n in (2, 3)]
SENT = Entry("submit-4", "submit", "filer", 7, outcome="ok")
UNSURE = Entry("accept-5", "accept", "desk", 7)
FILE = Entry("import-6", "import", "filer", token="甲 乙", outcome="ok")
REPORT = Entry("report-7", "report", "desk", outcome="ok", made=[3])
ALL = [NEW, *SAVED, SENT, UNSURE, FILE, REPORT]


def kept(**changes) -> Kept:
    """Return a database in which everything that was acknowledged stands once, with ``changes``."""
    whole = {
        "begun": {7: "filer"},
        "texts": {7: "记3"},
        "writes": {7: 3},
        "acts": [(7, "submit", "filer")],
        "imported": {"甲": 1, "乙": 1},
        "reports": {3},
    }
    return Kept(**whole | changes)


def faults(**changes) -> list[str]:
    return list(load_ledger.faults(ALL, kept(**changes)))


def test_what_was_acknowledged_and_kept_is_no_fault():
    assert faults() == []


@pytest.mark.parametrize(
    ("revisions", "faults"),
    [
        ((4, 5), []),
        ((None, None), []),
        ((4, 4), ["filing 7 took 2 texts that were typed into revision 4"]),
    ],
)
def test_of_two_texts_that_were_typed_into_one_page_one_is_taken(revisions, faults):
    saved = [replace(entry, revision=n) for entry, n in zip(SAVED, revisions, strict=True)]

    assert list(load_ledger.faults([NEW, *saved, SENT, FILE, REPORT], kept())) == faults


def test_what_got_no_answer_may_be_there_or_not():
    assert faults(acts=[(7, "submit", "filer"), (7, "accept", "desk")], writes={7: 4}) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"begun": {}}, "draft 7 was begun and is lost"),
        ({"begun": {7: "filer", 8: "filer"}}, "draft 8 of filer was begun by nobody"),
        ({"texts": {7: "记2"}}, "filing 7 holds '记2' and not '记3'"),
        ({"writes": {7: 2}}, "filing 7 was written 2 times, acknowledged 3"),
        ({"writes": {7: 5}}, "filing 7 was written 5 times, acknowledged 3"),
        ({"acts": []}, "submit of filing 7 by filer was acknowledged and is lost"),
        (
            {"acts": [(7, "submit", "filer")] * 2},
            "submit of filing 7 by filer is there and was not acknowledged",
        ),
        (
            {"acts": [(7, "submit", "filer"), (9, "approve", "desk")]},
            "approve of filing 9 by desk is there and was not acknowledged",
        ),
        ({"imported": {"甲": 1}}, "import-6: import ok, its rows are there [0, 1] times"),
        ({"imported": {"甲": 2, "乙": 2}}, "import-6: import ok, its rows are there [2] times"),
        ({"reports": set()}, "report-7: report 3 was never made"),
    ],
)
def test_a_planted_fault_is_found(changes, fault):
    assert faults(**changes) == [fault]


def test_a_report_that_says_why_it_was_not_made_is_no_fault():
    assert faults(reports=set(), given_up={3: "已尝试3次仍未完成"}) == []


def test_what_was_refused_and_yet_done_is_found():
    refused = Entry("approve-8", "approve", "desk", 7, outcome="refused")

    found = load_ledger.faults([*ALL, refused], kept(acts=[(7, "submit", "filer"), (7, "approve", "desk")]))

    assert list(found) == ["approve of filing 7 by desk is there and was not acknowledged"]


def given_out(*between: Entry, by: str = "filer", token: str = "") -> list[str]:
    """Return the faults when draft 7 is given out a second time, after ``between``."""
    first = replace(NEW, begun=1, ended=2)
    again = Entry("new-8", "new", by, 7, token, outcome="ok", begun=11, ended=12)
    facts = {"texts": {7: "记2"}, "writes": {7: 1}} if between else {"texts": {}, "writes": {}}
    whole = kept(acts=[], imported={}, reports=set(), **facts)
    return list(load_ledger.faults([first, *between, again], whole))


def test_an_untouched_draft_may_be_given_out_again_to_who_began_it():
    assert given_out() == []


def test_a_draft_written_while_it_is_asked_for_again_may_be_given_out():
    assert given_out(replace(SAVED[0], begun=10, ended=13)) == []


def test_a_draft_that_was_written_and_given_out_again_is_found():
    assert given_out(replace(SAVED[0], begun=3, ended=4)) == ["draft 7 was given out 2 times"]


def test_a_draft_given_out_to_somebody_else_is_found():
    assert given_out(by="another") == ["draft 7 was given out 2 times"]


def test_a_draft_given_out_as_another_type_is_found():
    assert given_out(token="skill-brands") == ["draft 7 was given out 2 times"]


def test_a_write_without_an_answer_is_read_as_unknown(tmp_path):
    lines = [
        {"key": "new-1", "kind": "new", "by": "filer"},
        {"key": "new-1", "outcome": "ok", "filing": 7},
        {"key": "submit-2", "kind": "submit", "by": "filer", "filing": 7},
    ]
    path = tmp_path / "ledger.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    found = load_ledger.read(path)

    assert found == [NEW, Entry("submit-2", "submit", "filer", 7, outcome="unknown")]
    assert [(entry.begun, entry.ended) for entry in found] == [(1, 2), (3, 0)]


def test_lines_that_wait_together_are_all_written(tmp_path):
    path = tmp_path / "ledger.jsonl"

    async def write() -> None:
        ledger = Ledger(path)
        await asyncio.gather(*(ledger.write({"key": str(n)}) for n in range(50)))
        ledger.close()

    with ThreadPoolExecutor(1) as pool:  # a browser's event loop may run in this thread
        pool.submit(lambda: asyncio.run(write())).result()

    assert sorted(int(json.loads(line)["key"]) for line in path.read_text().splitlines()) == list(range(50))
