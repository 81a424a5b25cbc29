"""Where the columns of a sheet stand: the line that names most of them, among its first."""

import re
import unicodedata

WITHIN = 20  # the header stands in one of the first lines, below titles
_BRACKETED = re.compile(r"\([^()]*\)")


def key(word: str) -> str:
    """Return the form in which labels are compared: letters and digits only, brackets left out."""
    plain = _BRACKETED.sub("", unicodedata.normalize("NFKC", word)).casefold()
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LN")


def found(lines: dict[int, dict[int, str]], labels: list[str]) -> tuple[int, dict[str, int]]:
    """Return the number of the header line, 0 without any, and key → column (from 1) of what stands there.

    ``lines``: row → column → text of the first lines.
    """
    wanted = {key(label) for label in labels}
    best = max(lines, key=lambda row: (len(wanted & _keys(lines[row])), -row), default=0)
    if not best or not wanted & _keys(lines[best]):
        return 0, {}
    places: dict[str, int] = {}
    for column, word in lines[best].items():
        places.setdefault(key(word), column)
    return best, places


def _keys(line: dict[int, str]) -> set[str]:
    return {key(word) for word in line.values()}


class Marks:
    """What is to be marked on one sheet, by row: the red columns and the sentences."""

    def __init__(self, faults: list, header: int, places: dict[str, int]):
        self.red: dict[int, set[int]] = {}
        self.told: dict[int, list[str]] = {}
        self.header = header
        for row, label, sentence in faults:
            column = places.get(key(label)) if label else None
            if column:
                self.red.setdefault(row, set()).add(column)
            # A sentence about the header stands below it: the header names the column of reasons.
            self.told.setdefault(max(row, header + 1), []).append(_with_label(label, sentence))

    @property
    def rows(self) -> set[int]:
        """Every row that something is written in."""
        return {*self.red, *self.told, *([self.header] if self.header else [])}

    @property
    def first(self) -> tuple[int, int]:
        """The row and column of the first faulty cell, or of the header."""
        cells = ((row, min(self.red[row])) for row in sorted(self.red))
        return next(cells, (min(self.told, default=max(1, self.header)), 1))


def _with_label(label: str, sentence: str) -> str:
    return sentence if not label or label in sentence else f"“{label}”：{sentence}"
