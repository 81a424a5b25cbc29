"""Runs in a child process of ``portal.sandbox``: a file and its faults on stdin, its receipt on stdout.

Started by path in an isolated interpreter; imports nothing of ours but its neighbours and the limits. What is
read first is a line of JSON, ``{"suffix", "column", "labels", "sheets", "lines"}``: the name of the column of
reasons, the labels a header may hold, ``[row, label, sentence]`` by sheet (rows from 1), and the same as
a table for files that cannot be marked. The file follows. The answer is a line of JSON and the workbook.
"""

import json
import sys
from pathlib import Path

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "sandbox")]
MEMORY, CPU_SECONDS, MOST_UNPACKED = 768 * 2**20, 100, 800 * 2**20


def receipt(asked: dict, data: bytes) -> bytes:
    """Return the file with its faults marked; a list of them when it is no sheet that can be written in."""
    import parts
    import plain

    suffix = asked["suffix"]
    makers = {".xlsx": parts.marked, ".csv": plain.marked}
    try:
        return makers[suffix](data, asked)
    except Exception:  # a foreign file may be odd in any way; what is wrong with it is said all the same
        return plain.listed(asked["lines"])


if __name__ == "__main__":
    import child

    child.CPU_SECONDS, child.MOST_UNPACKED = CPU_SECONDS, MOST_UNPACKED
    child.confine(MEMORY)
    wanted = json.loads(sys.stdin.buffer.readline())
    made = receipt(wanted, sys.stdin.buffer.read())
    sys.stdout.buffer.write(json.dumps({"size": len(made)}).encode() + b"\n" + made)
