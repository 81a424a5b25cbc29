"""What changed between two texts or two tables, in parts a page can mark. Leaf: plain words in and out."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

SAME, GONE, NEW = "", "del", "ins"
# Longer texts are compared clause by clause: quicker, and easier to read than scattered characters.
LONGEST_BY_CHARACTER = 4000
LEAST_SAME = 2  # one equal character between two changes is chance, not sense
_WORD = re.compile(r"[0-9A-Za-z.]+|.", re.DOTALL)  # a changed number is one change
_CLAUSE = re.compile(r"[^，。；：、！？\n]*[，。；：、！？\n]|[^，。；：、！？\n]+")


def text_parts(old: str, new: str) -> list[tuple[str, str]]:
    """Return (mark, words) in reading order; the mark is ``""``, ``"del"`` or ``"ins"``."""
    split = (_WORD if len(old) + len(new) <= LONGEST_BY_CHARACTER else _CLAUSE).findall
    before, after = split(old), split(new)
    parts: list[tuple[str, str]] = []
    for gone, added, same in _runs(before, after):
        parts += [
            (mark, "".join(words)) for mark, words in ((GONE, gone), (NEW, added), (SAME, same)) if words
        ]
    return parts


def _runs(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[list, list, list]]:
    """Yield (gone, added, same) in turn; a short equal run between two changes counts as changed."""
    gone: list[str] = []
    added: list[str] = []
    steps = SequenceMatcher(None, before, after).get_opcodes()
    for place, (kind, i, j, k, m) in enumerate(steps):
        is_inner = 0 < place < len(steps) - 1
        if kind != "equal" or (is_inner and j - i < LEAST_SAME):
            gone, added = gone + list(before[i:j]), added + list(after[k:m])
            continue
        yield gone, added, list(before[i:j])
        gone, added = [], []
    yield gone, added, []


def row_parts(old: list[list[str]], new: list[list[str]]) -> list[tuple[str, list[str]]]:
    """Return (mark, row) for every row of two tables, rows that went before those that came."""
    before, after = [tuple(row) for row in old], [tuple(row) for row in new]
    parts: list[tuple[str, list[str]]] = []
    for kind, i, j, k, m in SequenceMatcher(None, before, after).get_opcodes():
        if kind == "equal":
            parts += [(SAME, list(row)) for row in before[i:j]]
        else:
            parts += [(GONE, list(row)) for row in before[i:j]] + [(NEW, list(row)) for row in after[k:m]]
    return parts
