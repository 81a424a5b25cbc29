"""What a record type and a reference list are: their declarations, and the sentence a broken rule is told in.

Leaf module: imports nothing of ours. A declaration holds only data; behaviour is a method on the model.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PROVINCE, CITY = "province", "city"
# A county's part of a city's return: it ends at the city, which merges it into its own.
MERGED = "merged"


@dataclass(frozen=True)
class Problem:
    """One broken rule: the field it is about, the sentence for the filer, and the clause it rests on.

    With ``needs_explanation`` it is a warning: the filing may be submitted once 情况说明 is written.
    """

    field: str
    text: str
    clause: str
    needs_explanation: bool = False


@dataclass(frozen=True)
class PaperForm:
    """An official form of a notice: the title as printed, its rows by label, and the notes word for word.

    ``rows``         label → field            ``hints``    field → words in the cell of the blank form
    ``place_label``  the row that names the city, where the form has no line for the bureau
    ``printed``      label → words that always stand there: they ask for something and are no answer
    ``lines``        the labels line by line where several share one; else each row has its own
    ``stacked``      labels whose answer is written below them in the same cell
    ``appended``     label → field of what is handed in with the form; printed below it, read if it is there
    """

    title: tuple[str, ...]
    rows: dict[str, str]
    notes: tuple[str, ...]
    annex: str = "附件"
    organisation_label: str = "填报单位（盖章）"
    place_label: str = ""
    hints: dict[str, str] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)
    lines: tuple[tuple[str, ...], ...] = ()
    stacked: tuple[str, ...] = ()
    appended: dict[str, str] = field(default_factory=dict)

    @property
    def all_rows(self) -> dict[str, str]:
        """Label → field of all that is printed and read, appended rows last."""
        return {**self.rows, **self.appended}

    @property
    def layout(self) -> tuple[tuple[str, ...], ...]:
        """The labels line by line."""
        return self.lines or tuple((label,) for label in self.rows)


@dataclass(frozen=True)
class SheetForm:
    """A statistical sheet of a notice: one filing is one sheet, and each line of it one child row.

    ``rows``   related name of the child rows     ``columns``  label → field of a row, in the printed order;
    ``total``  the field that 合计 adds up        an empty name is the city the bureau lies in
    ``footer`` label → field of the filing that stands below the table
    ``notes``  word for word
    """

    title: str
    rows: str
    columns: dict[str, str]
    total: str
    footer: dict[str, str]
    notes: tuple[str, ...]
    annex: str = "附件"

    @property
    def printed_notes(self) -> tuple[str, ...]:
        """The notes as lines: “注：1.…”, “2.…”."""
        first, *others = (f"{number}.{note}" for number, note in enumerate(self.notes, 1))
        return (f"注：{first}", *others)

    def total_line(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """Return the line of 合计 below ``rows`` of printed words, empty without rows."""
        place = list(self.columns.values()).index(self.total)
        numbers = [int(row[place]) for row in rows if row[place].isdigit()]
        cells = ["合计", *[""] * (len(self.columns) - 1)]
        cells[place] = str(sum(numbers))
        return cells if rows else []


@dataclass(frozen=True)
class Slot:
    """A place for files of one filing: how many, how large, of what kind, and what is measured in them.

    ``kind``        ``image``, ``video`` or ``document``: how the content is checked
    ``suffixes``    file types taken, by suffix and by content; all of the kind when empty
    ``most_bytes``  of one file        ``seconds``  shortest and longest playing time of a video
    ``least_fps``   frames per second  ``missing``  the sentence when the files do not suffice, if special
    """

    label: str
    kind: str
    clause: str
    least: int = 0
    most: int = 1
    most_bytes: int = 20 * 2**20
    suffixes: tuple[str, ...] = ()
    seconds: tuple[int, int] | None = None
    least_fps: int = 0
    missing: str = ""
    hint: str = ""


# The sheet that came back with the seal; whether it is compulsory is a property of the campaign.
STAMPED_SCAN = "stamped_scan"
_STAMPED = Slot("盖章扫描件", "document", "", most=5, suffixes=("pdf", "jpg", "jpeg", "png"))


@dataclass(frozen=True)
class Criteria:
    """What the reviewer has to weigh, in the ``words`` of the notice, and the ``clause`` they stand in."""

    words: tuple[str, ...] = ()
    clause: str = ""


@dataclass(frozen=True)
class RecordType:
    """Everything the shell has to know of one record type; built by ``@record`` beside the model.

    ``sections``  heading → field names, in the order of the paper form
    ``columns``   fields of list and sheet      ``key``     natural key within one bureau, for imports
    ``facets``    choice fields the public filters by
    ``public``    fields the public page shows, in order; whatever is not named here stays inside
    ``internal``  fields for the desks alone; every field is tagged public, internal or personal (8.1.4.2 g)
    ``personal``  fields that hold a person's name or number: never public, masked in lists, sealed columns
    ``clauses``   field → clause shown beside it   ``limits``  field → most 字 (``text.count``)
    ``criteria``  what the reviewer has to weigh, in the words of the notice; ``criteria_clause`` says where
                  they stand when that is not ``basis``
    ``criteria_by``  choice field → its values for which the notice sets criteria of their own
    ``rows``      related name of child rows → their fields
    ``slots``     name → ``Slot`` for files; every type also takes the stamped scan
    ``figures``   name → label of what a periodic review asks of a published one every year
    ``county_route``  where a county's filing ends when that is not ``route``
    ``filed_by``  the levels whose bureaus file it; without it all, the province only what ends there
    ``pages``     route → words of a page of the workbench about it, beside its list
    ``order``     place among the registries      ``unit``  the measure word its entries are counted by
    ``example``   a whole, submittable filing: placeholder, sample row, demonstration and test data at once
    """

    model: type
    slug: str
    code: str
    basis: str
    route: str
    sections: dict[str, list[str]]
    columns: list[str]
    key: list[str]
    example: dict[str, Any]
    order: int
    question: str = ""
    unit: str = "个"
    levelled: bool = False
    pages: dict[str, str] = field(default_factory=dict)
    facets: list[str] = field(default_factory=list)
    public: list[str] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)
    personal: list[str] = field(default_factory=list)
    clauses: dict[str, str] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    criteria: tuple[str, ...] = ()
    criteria_clause: str = ""
    criteria_by: dict[str, dict[str, Criteria]] = field(default_factory=dict)
    rows: dict[str, list[str]] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    figures: dict[str, str] = field(default_factory=dict)
    county_route: str = ""
    filed_by: tuple[str, ...] = ()
    paper: PaperForm | None = None
    sheet: SheetForm | None = None

    @property
    def is_catalogued(self) -> bool:
        """Whether an approved filing may become an entry of the public catalogue; a return shows nothing."""
        return bool(self.public)

    @property
    def all_slots(self) -> dict[str, Slot]:
        """The places for files, the stamped scan last."""
        return {**self.slots, STAMPED_SCAN: _STAMPED}

    def route_of(self, level: str) -> str:
        """Return where the filing of a bureau of ``level`` ends."""
        below_city = level in ("county", "zone")
        return self.county_route if below_city and self.county_route else self.route

    def weighed(self, values: Mapping[str, Any]) -> Criteria:
        """Return what is weighed of a filing with these values of the fields of ``criteria_by``."""
        special = (found.get(values[name]) for name, found in self.criteria_by.items())
        usual = Criteria(self.criteria, self.criteria_clause or self.basis)
        return next((found for found in special if found), usual)

    def is_filed_at(self, level: str) -> bool:
        """Say whether bureaus of ``level`` file this type at all."""
        if self.filed_by:
            return level in self.filed_by
        ends_below = self.route == CITY or self.county_route == MERGED
        return level != "province" or not ends_below

    @property
    def label(self) -> str:
        """The Chinese name of the type, e.g. 专项职业能力品牌."""
        return str(self.model._meta.verbose_name)

    @property
    def fields(self) -> list[str]:
        """All field names of the form, section after section."""
        return [name for names in self.sections.values() for name in names]

    def field(self, name: str) -> Any:
        """Return the model field called ``name``."""
        return self.model._meta.get_field(name)

    def row_model(self, name: str) -> type:
        """Return the model of the child rows called ``name``."""
        return self.model._meta.get_field(name).related_model

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True)
class ReferenceList:
    """A list of public facts that are no filings, shown with its source; built by ``@reference_list``.

    ``file``      fixture the rows come from, one by one through ``model.from_row``
    ``columns``   fields of its table, the name first     ``facets``  fields the page filters by
    ``note``      what the list is and what it is not      ``order``   place among the lists
    ``question``  its column of the genealogy, with ``named_in``: record type → the field that names a row.
                  The model says which rows filings name (``objects.named_by``), what they name beside these
                  (``objects.unlisted``), what a filer is told (``objects.names``, ``objects.advice``) and
                  which filings name a row (``naming``)
    """

    model: type
    slug: str
    file: str
    columns: list[str]
    note: str
    order: int
    facets: list[str] = field(default_factory=list)
    question: str = ""
    named_in: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The Chinese name of the list."""
        return str(self.model._meta.verbose_name)

    def __str__(self) -> str:
        return self.label


_lists: dict[str, ReferenceList] = {}


def reference_list(*, slug: str, **declaration: Any):
    """Register the decorated model as the reference list ``slug``; see ``ReferenceList``."""

    def register(model: type) -> type:
        model.reference_list = _lists[slug] = ReferenceList(model=model, slug=slug, **declaration)
        return model

    return register


def reference_lists() -> list[ReferenceList]:
    """Return every reference list in its order."""
    return sorted(_lists.values(), key=lambda found: found.order)


def list_named_in(slug: str, name: str) -> ReferenceList | None:
    """Return the reference list whose rows the field ``name`` of the record type ``slug`` names, if any."""
    return next((found for found in _lists.values() if found.named_in.get(slug) == name), None)


_types: dict[str, RecordType] = {}


def record(*, slug: str, **declaration: Any):
    """Register the decorated model as the record type ``slug``; see ``RecordType`` for the arguments."""

    def register(model: type) -> type:
        model.record_type = _types[slug] = RecordType(model=model, slug=slug, **declaration)
        return model

    return register


def get(slug: str) -> RecordType:
    """Return the record type called ``slug``; raise ``KeyError`` when there is none."""
    return _types[slug]


def all_types() -> Iterator[RecordType]:
    """Yield every record type in the order of the registries."""
    yield from sorted(_types.values(), key=lambda record_type: record_type.order)
