"""The plan of an import: rows in blocks, read whole, page by page, and what its index says."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from portal.import_plans import BLOCK, LEVEL, Block, Plan, Writer, _packed
from portal.models import RowOutcome

NEW, FAULTY = RowOutcome.NEW, RowOutcome.FAULTY
NUMBER = 2 * BLOCK + 3


class Counted:
    """A file that notes the places it is read from."""

    def __init__(self, file):
        self.file, self.read_from = file, []

    def seek(self, place: int, whence: int = 0) -> int:
        found = self.file.seek(place, whence)
        self.read_from.append(found)
        return found

    def read(self, size: int) -> bytes:
        return self.file.read(size)


def rows(number: int) -> list[dict]:
    return [{"r": n, "t": f"单位{n}"} for n in range(number)]


@pytest.fixture
def begun() -> Iterator[Callable[[], Writer]]:
    """Begin a plan, whose file is closed at the end."""
    with ExitStack() as files:

        def one() -> Writer:
            plan = Writer()
            files.enter_context(plan.file)
            return plan

        yield one


@pytest.fixture
def written(begun) -> Callable[..., Writer]:
    """Write so many new rows and these faulty ones."""

    def one(number: int, *faulty: dict) -> Writer:
        plan = begun()
        for row in rows(number):
            plan.add(NEW, row)
        for row in faulty:
            plan.add(FAULTY, row)
        return plan

    return one


def test_a_writer_counts_the_rows_of_every_outcome(written):
    assert written(3, {"r": 1}).counts == {"new": 3, "changed": 0, "same": 0, "left": 0, "faulty": 1}


def test_a_plan_gives_back_all_rows_of_an_outcome_in_their_order_and_the_facts(written):
    plan = Plan(written(NUMBER, {"r": 9}).finish({"sheet": "表", "columns": {"表": {"名称": 0}}}))

    assert list(plan.rows(NEW)) == rows(NUMBER)
    assert list(plan.rows(FAULTY)) == [{"r": 9}]
    assert list(plan.rows(RowOutcome.LEFT)) == []
    assert plan.facts == {"sheet": "表", "columns": {"表": {"名称": 0}}}


@pytest.mark.parametrize(
    ("number", "blocks"),
    [
        (0, []),
        (1, [1]),
        (BLOCK - 1, [BLOCK - 1]),
        (BLOCK, [BLOCK]),
        (BLOCK + 1, [BLOCK, 1]),
        (NUMBER, [BLOCK, BLOCK, 3]),
    ],
)
def test_a_block_holds_two_hundred_rows_and_the_last_one_what_is_left(written, number, blocks):
    plan = Plan(written(number).finish({}))

    assert BLOCK == 200
    assert [block.rows for block in plan.blocks[NEW]] == blocks
    assert sorted(plan.blocks) == sorted(RowOutcome.values)


def test_blocks_lie_one_behind_the_other_from_the_first_byte(written):
    plan = Plan(written(NUMBER, {"r": 9}).finish({}))

    found = [*plan.blocks[NEW], *plan.blocks[FAULTY]]
    places = sorted((block.offset, block.length) for block in found)
    assert [place for place, _ in places] == [sum(length for _, length in places[:n]) for n in range(4)]


def test_a_full_block_is_written_while_others_still_wait(written):
    plan = written(BLOCK)

    assert plan.file.tell() == len(_packed(rows(BLOCK)))


def test_the_file_of_a_plan_stands_at_its_beginning_and_is_small(written):
    file = written(NUMBER).finish({})

    assert file.tell() == 0
    assert len(file.read()) < len(str(rows(NUMBER)).encode()) / 4
    assert LEVEL == 1


def test_what_is_packed_keeps_its_characters_and_no_blanks():
    assert zlib.decompress(_packed({"名": ["甲", 1]})).decode() == '{"名":["甲",1]}'


@pytest.mark.parametrize("size", [1, 7, 50, BLOCK, BLOCK + 1, NUMBER, 2 * NUMBER])
@pytest.mark.parametrize(
    "first", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, NUMBER - 1, NUMBER, 5 * BLOCK]
)
def test_a_page_is_that_part_of_the_rows_wherever_the_blocks_end(written, first, size):
    plan = Plan(written(NUMBER).finish({}))

    assert plan.page(NEW, first, size) == rows(NUMBER)[first : first + size]


@pytest.mark.parametrize(
    ("first", "size", "read"),
    [
        (0, 50, [0]),
        (BLOCK - 1, 1, [0]),
        (BLOCK, 50, [1]),
        (BLOCK - 1, 2, [0, 1]),
        (0, BLOCK, [0]),
        (NUMBER, 9, []),
    ],
)
def test_a_page_reads_only_the_blocks_that_hold_it(written, first, size, read):
    counted = Counted(written(NUMBER).finish({}))
    plan = Plan(counted)
    counted.read_from.clear()

    plan.page(NEW, first, size)

    assert counted.read_from == [plan.blocks[NEW][number].offset for number in read]


def test_rows_of_several_outcomes_added_in_turn_stay_apart(begun):
    plan = begun()
    for n, row in enumerate(rows(NUMBER)):
        plan.add(FAULTY if n % 2 else NEW, row)

    stored = Plan(plan.finish({}))

    assert list(stored.rows(NEW)) == rows(NUMBER)[::2]
    assert list(stored.rows(FAULTY)) == rows(NUMBER)[1::2]
    assert Counter(plan.counts) == Counter({"new": NUMBER - NUMBER // 2, "faulty": NUMBER // 2})


def test_a_block_says_where_it_lies_and_how_many_rows_it_holds(written):
    plan = Plan(written(2).finish({}))

    (block,) = plan.blocks[NEW]
    assert block == Block(offset=0, length=len(_packed(rows(2))), rows=2)
