"""Forms on paper: any filing as a ``PrintedForm``, and from there as Word document and PDF.

A type with an official annex (``RecordType.paper``, ``sheet``) is printed exactly so, any other as a 登记表.
"""

from dataclasses import replace

from django.utils import timezone

from portal import check_codes, site, snapshot, text
from portal.documents.check import Check
from portal.documents.circulation import PrintedCirculation, circulation_docx, circulation_pdf
from portal.documents.letter import Letter, letter_docx
from portal.documents.paper import PrintedForm, Row, Section, SubTable
from portal.documents.pdf import form_pdf, forms_pdf
from portal.documents.statement import blank_statement, statement
from portal.documents.word import form_docx
from portal.models import Filing, FilingVersion
from portal.registry import PaperForm, RecordType
from portal.vocabulary import EDITABLE, State

__all__ = [
    "Check",
    "Letter",
    "PrintedCirculation",
    "PrintedForm",
    "Row",
    "Section",
    "SubTable",
    "blank_form",
    "check_of",
    "circulation_docx",
    "circulation_pdf",
    "form_docx",
    "form_pdf",
    "form_xlsx",
    "forms_pdf",
    "letter_docx",
    "printed_form",
    "version_form",
]

ORGANISATION_LABEL = "填报单位（盖章）"
UNNAMED_BUREAU = "_____人力资源和社会保障局"
UNNAMED_CITY_BUREAU = "_____市人力资源和社会保障局"
BUREAU_ENDING = "人力资源和社会保障局"  # what stands before it in a bureau's name is its place
APPENDIX = "随表报送的材料"


def form_xlsx(form: PrintedForm) -> bytes:
    """Return a form that is a statement as .xlsx; the same form gives the same bytes."""
    from portal.documents import excel  # openpyxl is loaded by who writes one

    return excel.form_xlsx(form)


def printed_form(filing: Filing, version: int | None = None, *, base: str = "") -> PrintedForm:
    """Return a filing as submitted in ``version``; without it the text in work, or else the last version.

    A version prints from its snapshot alone: the same version gives the same form whenever it is printed.
    ``base``: scheme and host under which it is checked, that of the installation unless told.
    """
    record = filing.record
    if version is None and record.state not in (*EDITABLE, State.CANCELLED):
        version = record.version
    if version:
        return version_form(record, record.versions.get(number=version), base=base)
    return _form(record.record_type, snapshot.take(record), (_unfinished_mark(record), *_demo_mark(record)))


def version_form(filing: Filing, version: FilingVersion, *, base: str = "") -> PrintedForm:
    """Return a submitted version of ``filing`` as a form, from its snapshot alone and without a query."""
    form = _form(filing.record_type, version.snapshot, (_version_mark(version), *_demo_mark(filing)))
    return replace(form, check=check_of(version, base=base))


def check_of(version: FilingVersion, *, base: str = "") -> Check:
    """Return what a print of ``version`` is checked by; without a known host the address is a path."""
    code, host = check_codes.code_of(version), base or site.base()
    return Check(code, f"{host}{check_codes.path_of()}", f"{host}{check_codes.path_of(code)}")


def _demo_mark(filing: Filing) -> list[str]:
    return ["演示数据"] if filing.is_demo else []


def blank_form(record_type: RecordType) -> PrintedForm:
    """Return the form to fill in by hand or in Word, with the hints of the annex in its cells."""
    if record_type.sheet:
        return blank_statement(record_type)
    if record_type.paper:
        hints = record_type.paper.hints
        words = {name: hints.get(name, "") for name in record_type.paper.all_rows.values()}
        bureau = "" if record_type.paper.place_label else UNNAMED_CITY_BUREAU
        return _annex(record_type.paper, bureau, words, ())
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
    return f"第 {version.number} 版　{at:%Y-%m-%d %H:%M} 提交"


def _unfinished_mark(record: Filing) -> str:
    if record.state == State.CANCELLED:
        return "已作废"
    return f"第 {record.version} 版，修改中，未提交" if record.version > 1 else "草稿，未提交"


def _form(record_type: RecordType, taken: dict, marks: tuple[str, ...]) -> PrintedForm:
    if taken.get("nothing"):
        return _nothing(taken, marks)
    if record_type.sheet:
        return statement(record_type, taken, marks)
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


def _nothing(taken: dict, marks: tuple[str, ...]) -> PrintedForm:
    """Return a zero report, which no annex has a form for: what was asked, that there is nothing, and why."""
    return PrintedForm(
        title=(f"{taken['label']}零报送表",),
        organisation_label=ORGANISATION_LABEL,
        organisation=taken["organisation"],
        sections=tuple(_section(section) for section in _sections(taken)),
        marks=marks,
    )


def _words(record_type: RecordType, taken: dict) -> dict[str, str]:
    """Return field → printed words; a row of the annex that joins fields is a property of the model."""
    words = {shown["name"]: shown["text"] for part in taken["sections"] for shown in part["fields"]}
    record = snapshot.rebuilt(record_type, taken)
    named = record_type.paper.all_rows.values()
    joined = {name: getattr(record, name) for name in named if name not in words}
    return words | joined


def _annex(paper: PaperForm, organisation: str, words: dict[str, str], marks: tuple[str, ...]) -> PrintedForm:
    said = {label: words[name] for label, name in paper.all_rows.items()} | paper.printed
    said[paper.place_label] = organisation.removesuffix(BUREAU_ENDING)
    rows = tuple(
        _row(label, said[label], is_stacked=label in paper.stacked, shares_line=place > 0)
        for line in paper.layout
        for place, label in enumerate(line)
    )
    notes = "".join(f"{number}. {note}" for number, note in enumerate(paper.notes, 1))
    return PrintedForm(
        title=paper.title,
        organisation_label=paper.organisation_label,
        organisation=organisation,
        sections=(Section("", rows),),
        notes=(f"备注：{notes}",) if notes else (),
        annex=paper.annex,
        marks=marks,
        appendix=_appendix(paper, said),
    )


def _appendix(paper: PaperForm, said: dict[str, str]) -> Section | None:
    """Return the rows handed in with the form; none of a form to fill in, which stays that of the notice."""
    rows = tuple(_row(label, said[label]) for label in paper.appended)
    return Section(APPENDIX, rows) if any(row.paragraphs for row in rows) else None


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


def _row(label: str, words: str, **place: bool) -> Row:
    lines = text.clean(words).split("\n")
    return Row(label, tuple(line for line in lines if line.strip()), **place)
