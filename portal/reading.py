"""A filing as its reader may see it: the version shown, its fields with clause and links, what changed since.

Pure reads. Only the bureau sees what it has not submitted; everybody else reads the version last submitted.
"""

from dataclasses import dataclass, field

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.urls import reverse

from portal import scope, snapshot
from portal.comparison import after_of, before_of, row_parts, text_parts
from portal.models import CatalogueEntry, Event, Filing, FilingVersion, User
from portal.registry import RecordType
from portal.vocabulary import EDITABLE, ENDED, Role, State

# In these states the live text may differ from what was submitted.
UNSETTLED = (*EDITABLE, State.CANCELLED)
NAMELESS = "（未命名）"
NOT_SHOWN = "涉及个人信息，只对填报和审核岗位显示"


@dataclass
class Line:
    """One field of the sheet; ``parts`` marks what changed, ``links`` lead to catalogue entries.

    ``pins`` are the remarks on it; ``is_first``: it is read first, among what was remarked on.
    """

    number: int
    name: str
    label: str
    text: str
    clause: str = ""
    links: list[dict] = field(default_factory=list)
    note: str = ""
    parts: list[tuple[str, str]] = field(default_factory=list)
    pins: list = field(default_factory=list)
    is_first: bool = False

    @property
    def is_changed(self) -> bool:
        """Whether it differs from the text it is compared with."""
        return any(mark for mark, _ in self.parts)

    @property
    def old(self) -> list[tuple[str, str]]:
        """The marked words of the text it is compared with."""
        return before_of(self.parts)

    @property
    def new(self) -> list[tuple[str, str]]:
        """The marked words as they are now."""
        return after_of(self.parts)


@dataclass
class Sheet:
    """A filing as read: ``sections`` are (heading, lines), ``tables`` have label, columns and marked rows.

    ``changes`` counts what differs from the text it is compared with.
    """

    title: str
    version: int
    number: int | None
    submitted_at: object
    sections: list[tuple[str, list[Line]]]
    tables: list[dict]
    explanation: Line
    changes: int = 0

    @property
    def is_live(self) -> bool:
        """Whether it shows what the bureau is still writing."""
        return self.number is None

    @property
    def lines(self) -> list[Line]:
        """The fields in their order, 情况说明 last."""
        return [*(line for _, lines in self.sections for line in lines), self.explanation]


def is_own(filing: Filing, user: User) -> bool:
    """Say whether ``user`` files for the bureau of ``filing`` and may see its unsent text."""
    return scope.files_for(user, filing.organisation_id)


def with_sent(filings: QuerySet) -> QuerySet:
    """Annotate ``sent``: the snapshot last submitted, where the live text may already differ from it."""
    versions = FilingVersion.objects.filter(filing=OuterRef("pk")).order_by("-number")
    latest = Subquery(versions.values("snapshot")[:1])
    kind = FilingVersion._meta.get_field("snapshot")
    return filings.annotate(sent=Case(When(state__in=UNSETTLED, then=latest), output_field=kind))


def without_unsent(filings: QuerySet, user: User) -> QuerySet:
    """Leave out what other bureaus than ``user``'s are changing at present."""
    return filings.filter(_live_for(user))


def titled(q: str, user: User) -> Q:
    """Return the condition that the title ``user`` may read holds ``q``; needs ``with_sent``."""
    return _live_for(user) & Q(title__icontains=q) | ~_live_for(user) & Q(sent__title__icontains=q)


def in_order(column: str, user: User) -> Case:
    """Return what to sort by for a column of the text, so that no place tells of what was not sent."""
    return Case(When(_live_for(user), then=F(column)))


def _live_for(user: User) -> Q:
    """Return the condition that ``user`` reads the live text: it is settled, or of his own bureau."""
    own = [post.organisation_id for post in user.posts if post.role == Role.FILER]
    return ~Q(state__in=UNSETTLED) | Q(organisation_id__in=own)


def sent_to(filing: Filing, user: User) -> dict | None:
    """Return the snapshot a row of a list shows instead of the live text, for who may not see that."""
    return None if is_own(filing, user) else filing.sent


def title_for(filing: Filing, user: User) -> str:
    """Return the title ``user`` may read in a list; needs ``with_sent``."""
    sent = sent_to(filing, user)
    return (sent["title"] if sent else filing.title) or NAMELESS


def version_for(filing: Filing, user: User) -> FilingVersion | None:
    """Return the submitted version ``user`` reads, or None where he reads the live text of his own bureau."""
    if is_own(filing, user) and filing.state in UNSETTLED:
        return None
    return filing.versions.order_by("-number").first()


def name_for(filing: Filing, user: User) -> str:
    """Return the title of one filing that ``user`` may read."""
    version = version_for(filing, user)
    return (version.snapshot["title"] if version else filing.title) or NAMELESS


def open_amendment(filing: Filing) -> Filing | None:
    """Return the amendment of a published filing that is under way, or None."""
    return filing.amendments.filter(entry=None).exclude(state__in=ENDED).order_by("-pk").first()


def comes_back(filing: Filing) -> bool:
    """Return whether a filing was begun to list an entry again that had left; one query if it amends."""
    left = Event.objects.filter(filing_id=filing.amends_id, action="exit", at__lte=filing.created_at)
    return bool(filing.amends_id) and left.exists()


def read(
    filing: Filing,
    user: User,
    *,
    pair: tuple[FilingVersion | None, FilingVersion | None] | None = None,
    personal: bool = True,
) -> Sheet:
    """Return the sheet ``user`` reads; of a ``pair`` (shown, earlier) each change is marked.

    The caller has made sure that he may read both; None as what is shown is the live text. Without
    ``personal`` the fields that hold a person's name or number say that they are not shown (PIPL 51).
    """
    version, earlier = pair or (version_for(filing, user), None)
    content = version.snapshot if version else live(filing.record)
    sheet = _sheet(filing.record_type, content, version)
    if earlier:
        _mark(sheet, content, earlier.snapshot)
    if not personal:
        _mask(sheet, filing.record_type)
    return sheet


def public_lines(filing: Filing) -> list[tuple[str, str]]:
    """Return (label, words) of what a stranger will read once this approved filing is published, in order."""
    version = filing.versions.order_by("-number").first()
    content = version.snapshot if version else live(filing.record)
    found = {i["name"]: (i["label"], i["text"]) for s in content["sections"] for i in s["fields"]}
    return [found[name] for name in filing.record_type.public if name in found]


def live(record: Filing) -> dict:
    """Return the parts of a snapshot that a sheet shows, of a draft as it is now."""
    return {
        "title": str(record),
        "version": record.version,
        "explanation": record.explanation,
        "sections": snapshot.sections(record),
        "tables": snapshot.tables(record),
        "values": _references(record),
        "editions": {},
    }


def _references(record: Filing) -> dict[str, list[dict]]:
    """Return the related filings of each field with their codes; one query for all codes."""
    others = {name: chosen_of(record, name) for name in linking(record.record_type)}
    ids = [other.pk for found in others.values() for other in found]
    codes = dict(CatalogueEntry.objects.filter(filing_id__in=ids).values_list("filing_id", "code"))
    return {
        name: [{"id": o.pk, "code": codes.get(o.pk, ""), "title": o.title} for o in found]
        for name, found in others.items()
    }


def chosen_of(record: Filing, name: str) -> list[Filing]:
    """Return the filings a field points to, one or many."""
    if record._meta.get_field(name).many_to_many:
        return snapshot.related(record, name)
    return [other] if (other := getattr(record, name)) else []


def linking(record_type: RecordType) -> dict[str, RecordType]:
    """Return field → record type for the fields that point to other filings."""
    columns = {name: record_type.field(name) for name in record_type.fields}
    models = {name: column.related_model for name, column in columns.items() if column.is_relation}
    return {name: model.record_type for name, model in models.items() if hasattr(model, "record_type")}


def _sheet(record_type: RecordType, content: dict, version: FilingVersion | None) -> Sheet:
    number, sections = 0, []
    for section in content["sections"]:
        lines = []
        for item in section["fields"]:
            number += 1
            lines.append(_line(record_type, content, number, item))
        sections.append((section["heading"], lines))
    return Sheet(
        title=content["title"] or NAMELESS,
        version=content["version"],
        number=version.number if version else None,
        submitted_at=version.submitted_at if version else None,
        sections=sections,
        tables=[_whole_table(record_type, table) for table in content["tables"]],
        explanation=Line(0, "explanation", "情况说明", content["explanation"]),
    )


def _line(record_type: RecordType, content: dict, number: int, item: dict) -> Line:
    name, linked = item["name"], linking(record_type).get(item["name"])
    value = content["values"].get(name) if linked else None
    others = value if isinstance(value, list) else [value] if value else []
    return Line(
        number,
        name,
        item["label"],
        item["text"],
        clause=record_type.clauses.get(name, ""),
        links=[_link(linked, other) for other in others],
        note=content["editions"].get(linked.slug, "") if linked and others else "",
    )


def _link(record_type: RecordType, other: dict) -> dict:
    code = other["code"]
    url = reverse("catalogue-entry", args=[record_type, code]) if code and record_type.public else ""
    return {"text": other["title"], "code": code, "url": url}


def _table(table: dict, rows: list[tuple[str, list[str]]]) -> dict:
    """Return a table whose rows are (mark, cells), each cell with the label of its column."""
    labelled = [(mark, list(zip(table["columns"], row, strict=False))) for mark, row in rows]
    return {**table, "rows": labelled}


def _whole_table(record_type: RecordType, table: dict) -> dict:
    """Return a table as it stands; that of a statistical sheet with 合计 and the notes of the notice."""
    whole, paper = _table(table, [("", row) for row in table["rows"]]), record_type.sheet
    if paper is None or paper.rows != table["name"]:
        return whole
    total = zip(table["columns"], paper.total_line(table["rows"]), strict=False)
    return {**whole, "total": list(total), "notes": paper.printed_notes}


def _mark(sheet: Sheet, content: dict, old: dict) -> None:
    """Mark in ``sheet`` what differs from the snapshot ``old`` and count it."""
    texts = {item["name"]: item["text"] for section in old["sections"] for item in section["fields"]}
    texts["explanation"] = old["explanation"]
    for line in sheet.lines:
        line.parts = text_parts(texts.get(line.name, ""), line.text)
    rows = {table["name"]: table["rows"] for table in old["tables"]}
    sheet.tables = [_table(t, row_parts(rows.get(t["name"], []), t["rows"])) for t in content["tables"]]
    for table in sheet.tables:
        table["is_changed"] = any(mark for mark, _ in table["rows"])
    sheet.changes = sum(line.is_changed for line in sheet.lines)
    sheet.changes += sum(table["is_changed"] for table in sheet.tables)


def _mask(sheet: Sheet, record_type: RecordType) -> None:
    for line in sheet.lines:
        if line.name in record_type.personal:
            line.text, line.parts = NOT_SHOWN, []
