"""What a filing's files have to be and what was measured in them: one light per requirement. Pure reads.

A requirement that the file itself leaves open is unknown: a warning that 情况说明 answers, never an error.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from portal import reading
from portal.media import FORMATS, expected
from portal.models import Attachment, Filing, FilingVersion, User
from portal.registry import STAMPED_SCAN, Problem, Slot

OK, BAD, UNKNOWN = "ok", "bad", "unknown"
WORDS = {OK: "符合", BAD: "不符合", UNKNOWN: "无法判定"}
UNITS = {"image": "张", "video": "个", "document": "份"}
MEGABYTE = 2**20


@dataclass(frozen=True)
class Light:
    """One requirement of a slot, what was measured, and how that compares; ``sentence`` says what to do."""

    slot: str
    requirement: str
    measured: str
    state: str
    clause: str
    sentence: str = ""

    @property
    def word(self) -> str:
        """The state in a word: 符合, 不符合 or 无法判定."""
        return WORDS[self.state]


def files(record: Filing) -> dict[str, list[Attachment]]:
    """Return slot → the files that are in it now, in the order of upload; prefetched ones cost no query."""
    found: dict[str, list[Attachment]] = {slot: [] for slot in record.record_type.all_slots}
    for attachment in sorted(record.attachments.all(), key=lambda a: a.pk) if record.pk else ():
        if attachment.removed_at is None:
            found.setdefault(attachment.slot, []).append(attachment)
    return found


def lights(record: Filing) -> list[Light]:
    """Return the lights of all requirements on the files of ``record``, slot after slot.

    A zero report (零报送) has no form and no seal under it: nothing is asked of its files.
    """
    if record.is_nothing:
        return []
    found = files(record)
    slots = record.record_type.all_slots
    shown = [light for name, slot in slots.items() for light in of_slot(name, slot, found[name])]
    return [*shown, *_of_scan(record, found[STAMPED_SCAN])]


def problems(record: Filing) -> list[Problem]:
    """Return a problem for each requirement that is not met, and a warning for each that nobody can tell."""
    unmet = [light for light in lights(record) if light.state != OK]
    told = {(light.slot, light.sentence): light for light in reversed(unmet)}
    return [
        Problem(light.slot, light.sentence, light.clause, needs_explanation=light.state == UNKNOWN)
        for light in reversed(told.values())
    ]


def of_slot(name: str, slot: Slot, kept: list[Attachment]) -> Iterator[Light]:
    """Yield the lights of one slot that holds ``kept``."""
    if slot.least:
        yield _of_count(name, slot, len(kept))
    if slot.kind == "image" and kept:
        yield _of_pictures(name, slot, kept)
    if slot.kind == "video":
        for number, attachment in enumerate(kept, 1):
            which = f"{slot.label}（第{number}个）" if len(kept) > 1 else slot.label
            said = f"第{number}个：" if len(kept) > 1 else ""
            for light in _of_video(name, slot, which, attachment.facts):
                yield replace(light, requirement=f"{said}{light.requirement}")
    if slot.kind == "document" and kept:
        form = "、".join(suffix.upper() for suffix in slot.suffixes) or "PDF、Word"
        labels = "、".join(dict.fromkeys(label(attachment) for attachment in kept))
        yield Light(name, f"格式为{form}", labels, OK, slot.clause)


def _of_count(name: str, slot: Slot, number: int) -> Light:
    unit = UNITS[slot.kind]
    wanted, now = f"不少于{slot.least}{unit}", f"{number}{unit}"
    sentence = slot.missing or f"{slot.label}{wanted}，当前{now}。"
    return Light(name, wanted, now, OK if number >= slot.least else BAD, slot.clause, sentence)


def _of_pictures(name: str, slot: Slot, kept: list[Attachment]) -> Light:
    """Pictures that could not be decoded, or are of another kind, were refused when they were uploaded."""
    smallest = min(kept, key=lambda a: a.facts["width"] * a.facts["height"])
    pixels = f"最小的{smallest.facts['width']}×{smallest.facts['height']}像素"
    labels = "、".join(dict.fromkeys(label(attachment) for attachment in kept))
    return Light(name, "格式为JPG、JPEG或PNG，能够打开", f"{labels}，{pixels}", OK, slot.clause)


def _of_video(name: str, slot: Slot, which: str, facts: dict) -> Iterator[Light]:
    if slot.seconds:
        yield _of_seconds(name, slot, which, facts)
    if slot.least_fps:
        yield _of_fps(name, slot, which, facts)


def _of_seconds(name: str, slot: Slot, which: str, facts: dict) -> Light:
    shortest, longest = slot.seconds
    wanted = f"时长{shortest}至{longest}秒"
    if "undetermined" in facts:
        return _unknown(name, slot, wanted, which, facts)
    seconds = Fraction(facts["seconds"])
    measured = f"{decimals(seconds, up=seconds > longest)}秒"
    sentence = f"{which}时长须为{shortest}至{longest}秒，当前{measured}。"
    return Light(name, wanted, measured, OK if shortest <= seconds <= longest else BAD, slot.clause, sentence)


def _of_fps(name: str, slot: Slot, which: str, facts: dict) -> Light:
    wanted = f"不少于{slot.least_fps}帧/秒"
    if "undetermined" in facts:
        return _unknown(name, slot, wanted, which, facts)
    fps = Fraction(facts["fps"])
    measured = f"{decimals(fps)}帧/秒"
    sentence = f"{which}{wanted}，当前{measured}。"
    return Light(name, wanted, measured, OK if fps >= slot.least_fps else BAD, slot.clause, sentence)


def _unknown(name: str, slot: Slot, wanted: str, which: str, facts: dict) -> Light:
    sentence = f"{which}：{facts['undetermined']}确认符合要求的，可在情况说明中写明后提交。"
    return Light(name, wanted, WORDS[UNKNOWN], UNKNOWN, slot.clause, sentence)


def _of_scan(record: Filing, kept: list[Attachment]) -> Iterator[Light]:
    """Whether the stamped scan is compulsory is a property of the campaign."""
    if not record.campaign_id or not record.campaign.needs_scan:
        return
    label = record.record_type.all_slots[STAMPED_SCAN].label
    number, state = record.campaign.document_number, OK if kept else BAD
    sentence = f"请上传{label}：打印报表，加盖公章后扫描。"
    yield Light(STAMPED_SCAN, "必须上传", f"{len(kept)}份", state, number, sentence)


def decimals(value: Fraction, *, up: bool = False) -> str:
    """Return at most three decimals, cut so that what breaks a bound never looks as if it kept it."""
    thousandths = (ceil if up else floor)(value * 1000)
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03}".rstrip("0").rstrip(".")


def label(attachment: Attachment) -> str:
    """Return what the content of a file is, e.g. JPG 图片; rows older than the measuring say their type."""
    known = FORMATS.get(attachment.facts.get("format", ""))
    return known.label if known else attachment.media_type


def measured(attachment: Attachment) -> str:
    """Return the facts of one file in a line: format, pixels, playing time, frame rate, size."""
    return " · ".join([label(attachment), *_facts(attachment.facts), size(attachment.size)])


def _facts(facts: dict) -> Iterable[str]:
    if facts.get("width"):
        yield f"{facts['width']}×{facts['height']}像素"
    if "seconds" in facts:
        yield f"{decimals(Fraction(facts['seconds']))}秒"
        yield f"{decimals(Fraction(facts['fps']))}帧/秒"
    if "undetermined" in facts:
        yield facts["undetermined"]


def size(count: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / MEGABYTE:.1f}MB" if count >= MEGABYTE else f"{max(1, round(count / 1024))}KB"


@dataclass(frozen=True)
class Place:
    """One slot with the files that a page shows in it and the lights of its requirements."""

    name: str
    slot: Slot
    files: list[Attachment]
    lights: list[Light]

    @property
    def count(self) -> str:
        """How many files there are, e.g. 4张."""
        return f"{len(self.files)}{UNITS[self.slot.kind]}"

    @property
    def wanted(self) -> str:
        """How many there have to be at least, e.g. 5张; empty when none has to."""
        return f"{self.slot.least}{UNITS[self.slot.kind]}" if self.slot.least else ""

    @property
    def room(self) -> int:
        """How many more files the slot takes."""
        return max(0, self.slot.most - len(self.files))

    @property
    def takes(self) -> tuple[str, ...]:
        """The suffixes it takes."""
        return expected(self.slot.kind, self.slot.suffixes)

    @property
    def megabytes(self) -> int:
        """The largest size of one file, in MB."""
        return self.slot.most_bytes // MEGABYTE


def places(record: Filing) -> list[Place]:
    """Return every slot of a draft with what is in it; a zero report has the place for its scan only."""
    return _places(record, files(record), lights(record))


def _places(record: Filing, found: dict[str, list[Attachment]], shown: list[Light]) -> list[Place]:
    slots = record.record_type.all_slots
    names = [STAMPED_SCAN] if record.is_nothing else slots
    return [Place(n, slots[n], found[n], [one for one in shown if one.slot == n]) for n in names]


def submitted(record: Filing, version: FilingVersion | None) -> list[Place]:
    """Return the slots that hold files of ``version``, as its readers see them; None is the draft."""
    if version is None:
        return [place for place in places(record) if place.files]
    numbers = _numbers(version)
    found: dict[str, list[Attachment]] = {}
    for attachment in record.attachments.filter(pk__in=numbers).order_by("pk"):
        found.setdefault(attachment.slot, []).append(attachment)
    slots = record.record_type.all_slots
    return [Place(n, slots[n], found[n], list(of_slot(n, slots[n], found[n]))) for n in slots if n in found]


def _numbers(version: FilingVersion) -> list[int]:
    return [file["id"] for file in version.snapshot.get("files", ())]


def may_open(attachment: Attachment, filing: Filing, user: User) -> bool:
    """Say whether ``user``, who sees ``filing``, may open a file of it.

    The bureau opens all that are kept; everybody else those of the version last submitted.
    """
    if reading.is_own(filing, user):
        return True
    version = reading.version_for(filing, user)
    return version is not None and attachment.pk in _numbers(version)
