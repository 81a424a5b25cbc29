"""Which two versions of a filing a person lays side by side; what changed among their files. Pure reads."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Case, F, When
from django.utils import timezone

from portal import materials, reading, snapshot
from portal.comparison import GONE, NEW, SAME, file_parts
from portal.models import Attachment, Filing, FilingVersion, User

IN_FORCE = 0  # the text in force, which an amendment is compared with
FILE_WORDS = {NEW: "新增", GONE: "移除", SAME: "未变"}


@dataclass(frozen=True)
class Known:
    """A version one can choose, in words; ``number`` 0 is the text in force."""

    number: int
    words: str


@dataclass(frozen=True)
class Pair:
    """What is ``shown`` (None: the live text) and the ``earlier`` text it is compared with, None without one.

    ``number`` and ``old`` are their numbers; ``before`` is the one it would be compared with unless told.
    """

    known: list[Known]
    shown: FilingVersion | None
    earlier: FilingVersion | None
    number: int
    old: int | None
    before: int | None
    is_newest: bool

    @property
    def compares(self) -> bool:
        """Whether two texts are laid side by side."""
        return self.earlier is not None


def choose(filing: Filing, user: User, asked: Mapping[str, str]) -> Pair:
    """Return the pair that ``asked`` names: ``b`` is shown, ``a`` the older; what does not exist falls back.

    Without ``a`` or ``compare=1`` nothing is compared; then it is the version before. At most three queries.
    """
    sent = _sent(filing)
    is_live = not sent or (reading.is_own(filing, user) and filing.state in reading.UNSETTLED)
    numbers = [*([filing.version] if is_live else []), *(version.number for version in sent)]
    olds = [*numbers[1:], *([IN_FORCE] if filing.amends_id else [])]
    a, b = (_number(asked.get(name, "")) for name in "ab")
    if a is not None and b is not None and a > b:
        a, b = b, a  # the older first, however they were chosen
    shown = b if b in numbers else numbers[0]
    before = next((number for number in olds if number < shown), None)
    is_chosen = a in olds and a < shown
    old = a if is_chosen else before if asked.get("compare") == "1" else None
    needs_text = not is_live or shown != numbers[0]
    texts = {version.number: version for version in sent if "snapshot" in version.__dict__}
    wanted = {number for number in (old, shown if needs_text else None) if number is not None}
    texts |= _texts(filing, wanted - texts.keys())
    return Pair(
        known=_known(filing, sent, numbers, is_live),
        shown=texts[shown] if needs_text else None,
        earlier=texts.get(old),
        number=shown,
        old=old,
        before=before,
        is_newest=shown == numbers[0],
    )


def _sent(filing: Filing) -> list[FilingVersion]:
    """Return the versions that were submitted, newest first; the newest alone has its text."""
    kind = FilingVersion._meta.get_field("snapshot")
    newest = Case(When(number=filing.version, then=F("snapshot")), output_field=kind)
    sent = list(filing.versions.order_by("-number").defer("snapshot").annotate(text=newest))
    for version in sent:
        if version.number == filing.version:
            version.snapshot = version.text
    return sent


def _number(asked: str) -> int | None:
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None


def _texts(filing: Filing, numbers: set[int]) -> dict[int, FilingVersion]:
    """Return the versions of these numbers with their text; that in force may never have been submitted."""
    sent = filing.versions.filter(number__in=numbers) if numbers - {IN_FORCE} else ()
    found = {version.number: version for version in sent}
    if IN_FORCE in numbers:
        versions = FilingVersion.objects.filter(filing_id=filing.amends_id).order_by("-number")
        found[IN_FORCE] = versions.first()
    return found


def _known(filing: Filing, sent: list[FilingVersion], numbers: list[int], is_live: bool) -> list[Known]:
    listed = [Known(numbers[0], f"第 {numbers[0]} 版（尚未提交）")] if is_live else []
    for version in sent:
        at = timezone.localtime(version.submitted_at)
        listed.append(Known(version.number, f"第 {version.number} 版（{at:%Y-%m-%d} 提交）"))
    return [*listed, Known(IN_FORCE, "现行内容")] if filing.amends_id else listed


@dataclass
class SlotFiles:
    """The files of one slot with what became of each: mark, word, description, attachment to open."""

    name: str
    label: str
    files: list[tuple[str, str, str, Attachment | None]]
    is_first: bool = False

    @property
    def is_changed(self) -> bool:
        """Whether a file came or went."""
        return any(mark for mark, *_ in self.files)


def files(filing: Filing, pair: Pair) -> list[SlotFiles]:
    """Return what became of the files between the two versions, slot by slot; one query (two of a draft).

    What went is described and cannot be opened: it is no part of what was sent last.
    """
    old = pair.earlier.snapshot.get("files", []) if pair.earlier else []
    new = pair.shown.snapshot.get("files", []) if pair.shown else snapshot.files(filing)
    known = Attachment.objects.in_bulk({file["id"] for file in [*old, *new]}) if old or new else {}
    before, after = _by_slot(old), _by_slot(new)
    slots = {name: slot for name, slot in filing.record_type.all_slots.items() if before[name] or after[name]}
    return [
        SlotFiles(n, slot.label, [_file(m, f, known, pair) for m, f in file_parts(before[n], after[n])])
        for n, slot in slots.items()
    ]


def named(slots: list[SlotFiles], shown: dict) -> Iterator[Attachment]:
    """Yield the files whose names a page shows, beside the text and in their slots (``places``, ``scan``)."""
    yield from (file for slot in slots for *_, file in slot.files if file)
    for one in (*shown.get("places", ()), shown.get("scan")):
        yield from one["place"].files if one and one["place"] else ()


def _by_slot(kept: list[dict]) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = defaultdict(list)
    for file in kept:
        found[file["slot"]].append(file)
    return found


def _file(mark: str, file: dict, known: dict[int, Attachment], pair: Pair) -> tuple:
    attachment = known.get(file["id"])
    said = materials.measured(attachment) if attachment else materials.size(file["size"])
    opens = attachment if mark != GONE and pair.is_newest and not attachment.erased_at else None
    return mark, FILE_WORDS[mark] if pair.compares else "", said, opens
