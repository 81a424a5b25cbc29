"""What the tests that attack share: how long they go on, by which seed, and the figures they leave."""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Minutes that a stage may go on; 0 in the short profile, which does everything once and small.
MINUTES = float(os.environ.get("PORTAL_ATTACK_MINUTES", "0"))
IS_LONG = MINUTES > 0
SEED = int(os.environ.get("PORTAL_ATTACK_SEED", "20260615"))


def chance(*of: object) -> random.Random:
    """Return random choices that are the same for the same seed and purpose."""
    return random.Random(f"{SEED} {of}")


def rounds() -> Iterator[int]:
    """Yield 0, and in the long profile 1, 2, … for as long as its minutes last."""
    ends = time.monotonic() + MINUTES * 60
    number = 0
    yield number
    while time.monotonic() < ends:
        yield (number := number + 1)


@contextmanager
def figures() -> Iterator[Counter]:
    """Give what a test counts (cases, refused, leaked, 5xx, broken) and leave it for ``bin/attack``.

    What was counted is left also when the test fails.
    """
    counted: Counter = Counter()
    try:
        yield counted
    finally:
        if file := os.environ.get("PORTAL_ATTACK_FIGURES"):
            with Path(file).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(counted) + "\n")
