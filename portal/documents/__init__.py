"""Forms on paper: any filing as a ``PrintedForm``, and from there as Word document and PDF.

A type with an official annex (``RecordType.paper``) is printed exactly so, any other as a 登记表.
"""

from django.utils import timezone

from portal import snapshot, text
from portal.documents.paper import PrintedForm, Row, Section, SubTable
from portal.documents.pdf import form_pdf
from portal.documents.word import form_docx
from portal.models import Filing, FilingVersion
from portal.registry import PaperForm, RecordType
from portal.vocabulary import EDITABLE, State

__all__ = ["PrintedForm", "Row", "Section", "SubTable", "blank_form", "form_docx", "form_pdf", "printed_form"]

ORGANISATION_LABEL = "填报单位（盖章）"
UNNAMED_BUREAU = "_____人力资源和社会保障局"
UNNAMED_CITY_BUREAU = "_____市人力资源和社会保障局"


def printed_form(filing: Filing, version: int | None = None) -> PrintedForm:
    """Return a filing as submitted in ``version``; without it the text in work, or else the last version.

    A version prints from its snapshot alone: the same version gives the same form whenever it is printed.
    """
    record = filing.record
    if version is None and record.state not in (*EDITABLE, State.CANCELLED):
        version = record.version
    stored = record.versions.get(number=version) if version else None
    taken = stored.snapshot if stored else snapshot.take(record)
    marks = [_version_mark(stored) if stored else _unfinished_mark(record)]
    return _form(record.record_type, taken, (*marks, *(["演示数据"] if record.is_demo else [])))


def blank_form(record_type: RecordType) -> PrintedForm:
    """Return the form to fill in by hand or in Word, with the hints of the annex in its cells."""
    if record_type.paper:
        hints = record_type.paper.hints
        words = {name: hints.get(name, "") for name in record_type.paper.rows.values()}
        return _annex(record_type.paper, UNNAMED_CITY_BUREAU, words, ())
    return _form(record_type, _blank(record_type), ())


def _blank(record_type: RecordType) -> dict:
    record = record_type.model()
    sections = snapshot.sections(record)
    for section in sections:
        for shown in section["fields"]:
            shown["text"] = ""
    tables = [{**table, "rows": [[""] * len(table["columns"])]} for table in snapshot.tables(record)]
    return {
        "organisation": UNNAMED_BUREAU,
        "label": record_type.label,
        "sections": sections,
        "tables": tables,
    }


def _version_mark(version: FilingVersion) -> str:
    at = timezone.localtime(version.submitted_at)
    return f"第 {version.number} 版　{at:%Y-%m-%d %H:%M} 提交　校验码 {version.sha256[:16]}"


def _unfinished_mark(record: Filing) -> str:
    if record.state == State.CANCELLED:
        return "已作废"
    return f"第 {record.version} 版，修改中，未提交" if record.version > 1 else "草稿，未提交"


def _form(record_type: RecordType, taken: dict, marks: tuple[str, ...]) -> PrintedForm:
    if record_type.paper:
        words = _words(record_type, taken)
        return _annex(record_type.paper, taken["organisation"], words, marks)
    return PrintedForm(
        title=(f"{taken['label']}登记表",),
        organisation_label=ORGANISATION_LABEL,
        organisation=taken["organisation"],
        sections=tuple(_section(section) for section in _sections(taken)),
        tables=tuple(_table(table) for table in taken["tables"] if table["rows"]),
        notes=(f"依据：{record_type.basis}",),
        marks=marks,
    )


def _words(record_type: RecordType, taken: dict) -> dict[str, str]:
    """Return field → printed words; a row of the annex that joins fields is a property of the model."""
    words = {shown["name"]: shown["text"] for part in taken["sections"] for shown in part["fields"]}
    plain = {f.name for f in record_type.model._meta.concrete_fields if not f.is_relation}
    record = record_type.model(**{name: taken["values"][name] for name in taken["values"] if name in plain})
    joined = {name: getattr(record, name) for name in record_type.paper.rows.values() if name not in words}
    return words | joined


def _annex(paper: PaperForm, organisation: str, words: dict[str, str], marks: tuple[str, ...]) -> PrintedForm:
    rows = tuple(_row(label, words[name]) for label, name in paper.rows.items())
    notes = "".join(f"{number}. {note}" for number, note in enumerate(paper.notes, 1))
    return PrintedForm(
        title=paper.title,
        organisation_label=paper.organisation_label,
        organisation=organisation,
        sections=(Section("", rows),),
        notes=(f"备注：{notes}",) if notes else (),
        annex=paper.annex,
        marks=marks,
    )


def _sections(taken: dict) -> list[dict]:
    """Return the sections, and the explanation that is handed in with the form where there is one."""
    label = str(Filing._meta.get_field("explanation").verbose_name)
    said = taken.get("explanation")
    own = [{"heading": "", "fields": [{"label": label, "text": said}]}] if said else []
    return [*taken["sections"], *own]


def _section(section: dict) -> Section:
    return Section(
        section["heading"], tuple(_row(shown["label"], shown["text"]) for shown in section["fields"])
    )


def _table(table: dict) -> SubTable:
    rows = tuple(tuple(text.clean(cell) for cell in row) for row in table["rows"])
    return SubTable(table["label"], tuple(table["columns"]), rows)


def _row(label: str, words: str) -> Row:
    lines = text.clean(words).split("\n")
    return Row(label, tuple(line for line in lines if line.strip()))
