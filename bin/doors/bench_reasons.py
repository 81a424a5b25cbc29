"""Why a goal was missed, in words that a person wrote after looking; standard library only.

A program may explain a miss by itself (``Verdict.why``); what it cannot know of itself stands here. The test
``test_every_miss_that_is_kept_is_explained`` fails on a miss in ``docs/benchmarks.json`` without either.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A sentence for the misses of a target whose claim has ``pattern``, on one database or on both."""

    target: str
    pattern: str
    words: str
    database: str = ""


REASONS = (
    Reason(
        "P6",
        r"^rare word .* of 1000000 on ",
        """the word stands in one entry of 10,000, so a million holds a hundred of them: each is
        compared with its text and counted beside every choice, and that grows, not the search
        (1.7 ms with one, 5 ms with a hundred)""",
    ),
    Reason(
        "P5",
        r"^(first page of 1000000 on|exponent of the first page)",
        """measured before the numbers beside the cities had an index of their own; measured again with it:
        5.6 ms, and an exponent of -0.09""",
        "postgresql",
    ),
    Reason(
        "gain",
        r"^(addresses kept|index count_of_a_place)",
        """with three other measurements on the two cores; the run before, with one beside, said 12 and
        15 %""",
        "postgresql",
    ),
    Reason(
        "gain",
        r"^answers kept until content changes .* a filing$",
        """it is there for the dashboard; on the page of a filing it spares three queries of 18, and the
        page may ask 15""",
    ),
    Reason(
        "P10",
        r"^roll-up R4 of .* against two queries",
        """some forty statements of the ORM are made at any size, for the years to choose from, the
        limits and the names as they were; the queries by hand make two. So the ratio falls with the
        size""",
    ),
    Reason(
        "P11",
        r"^counts of the tabs",
        """a tab is counted to 2,000 at most, and of 10,000 filings fewer wait; from 100,000 to 1,000,000
        it does not grow (5.4 and 5.2 ms)""",
        "sqlite",
    ),
    Reason(
        "P13",
        r" against WeasyPrint$",
        """WeasyPrint 70 sets a short form from four named fonts in 0.13 s and reads the fonts once
        for sixteen of them; ours takes 0.01 s a form and less, a fifteenth of what the goal
        allows""",
    ),
    Reason(
        "P14",
        r"^manage.py check$",
        """nearly all of it is importing: the portal, Django, Celery and the interface with pydantic;
        what writes workbooks and paper is loaded when somebody wants one""",
    ),
    Reason(
        "P14",
        r"^memory of a web worker",
        """of what is resident, a fifth are libraries shared with the other workers, so that one
        more costs what is its own, within the goal""",
    ),
)


def why(verdict: dict, database: str) -> str:
    """Return why a verdict was missed, the words of the program first; empty when nobody said."""
    found = (" ".join(one.words.split()) for one in REASONS if _fits(one, verdict, database))
    return verdict["why"] or next(found, "")


def _fits(reason: Reason, verdict: dict, database: str) -> bool:
    is_there = reason.database in ("", database) and reason.target == verdict["target"]
    return is_there and re.search(reason.pattern, verdict["claim"]) is not None


def unexplained(kept: dict[str, dict]) -> list[str]:
    """Return the misses, of program → database → what was found, that nobody explained."""
    return [
        f"{verdict['target']} {verdict['claim']}, {database}: {verdict['measured']} (goal: {verdict['goal']})"
        for _, databases in sorted(kept.items())
        for database, own in databases.items()
        for verdict in own["verdicts"]
        if not verdict["met"] and not why(verdict, database)
    ]
