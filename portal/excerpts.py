"""What a line of a list quotes of an entry: its first sentence, or the text around the words searched for.

Quotes the fields a declaration names under ``public`` and nothing else (PIPL 51).
"""

import re
from collections.abc import Iterator

from django.db import models

from portal import snapshot, text
from portal.models import Filing
from portal.registry import RecordType

_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?")
LONGEST = 90  # characters of one quotation
BEFORE = 30  # of them before the word, when a sentence is longer than that
MOST_QUOTED = 3
CUT = "……"
# A demonstration row says so in its title; its sentence need not begin with it too.
DEMO = "演示数据。"


def excerpt(record_type: RecordType, record: Filing, words: list[str], seen: str) -> str:
    """Return one or more quotations that hold the folded ``words`` which ``seen`` does not hold already.

    With nothing left to show it is the first sentence of the first text.
    """
    seen = text.fold(seen)
    missing = [word for word in words if word not in seen]
    quoted: list[str] = []
    for part in _parts(record_type, record) if missing else ():
        held = [word for word in missing if word in text.fold(part)]
        if held and len(quoted) < MOST_QUOTED:
            quoted.append(around(part, held[0]))
            missing = [word for word in missing if word not in text.fold(quoted[-1])]
    return " ".join(quoted) or _first(record_type, record)


def around(value: str, word: str) -> str:
    """Return ``value``, or when it is long the part of it around the first place of the folded ``word``."""
    if len(value) <= LONGEST:
        return value
    folded, places = text.fold_with_places(value)
    found = places[max(0, folded.find(word))]
    start = max(0, min(found - BEFORE, len(value) - LONGEST))
    end = max(start + LONGEST, found + len(word))
    return f"{CUT if start else ''}{value[start:end]}{CUT if end < len(value) else ''}"


def _first(record_type: RecordType, record: Filing) -> str:
    sentences = [s for value in _texts(record_type, record) for s in _sentences(value)]
    chosen = next((s for s in sentences if s != DEMO), next(iter(sentences), ""))
    return chosen if len(chosen) <= LONGEST else f"{chosen[:LONGEST]}{CUT}"


def _parts(record_type: RecordType, record: Filing) -> Iterator[str]:
    """Yield what can be quoted: sentences of the texts, then the other public fields with their label."""
    for value in _texts(record_type, record):
        yield from _sentences(value)
    for name in record_type.public:
        if name not in record_type.key and not _is_text(record_type, name):
            label = str(record_type.field(name).verbose_name)
            if value := snapshot.shown(record, name):
                yield f"{label}：{value}"


def _texts(record_type: RecordType, record: Filing) -> list[str]:
    return [getattr(record, name) for name in record_type.public if _is_text(record_type, name)]


def _sentences(value: str) -> list[str]:
    return [sentence.strip() for sentence in _SENTENCE.findall(value) if sentence.strip()]


def _is_text(record_type: RecordType, name: str) -> bool:
    return isinstance(record_type.field(name), models.TextField)
