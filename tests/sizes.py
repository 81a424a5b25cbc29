"""How large the largest proofs are: enough to find faults each time, all of it with PORTAL_TEST_WHOLE=1."""

import os
import random
from collections.abc import Iterable
from typing import TypeVar

WHOLE = os.environ.get("PORTAL_TEST_WHOLE") == "1"
T = TypeVar("T")


def size(usual: T, whole: T) -> T:
    """Return the size of a proof in this run."""
    return whole if WHOLE else usual


def falling_to(about: str, values: Iterable[T], number: int) -> list[T]:
    """Return the ``number`` of ``values`` that fall to a thing, the same in every run; all in a whole run."""
    values = list(values)
    return values if WHOLE else random.Random(about).sample(values, number)
