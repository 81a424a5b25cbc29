"""The statistical sheet of a notice (``registry.SheetForm``) as it is printed, from a snapshot."""

from portal import text
from portal.documents.paper import PrintedForm, Statement
from portal.registry import RecordType, SheetForm

EMPTY_LINES = 8


def statement(record_type: RecordType, taken: dict, marks: tuple[str, ...]) -> PrintedForm:
    """Return the sheet of a filing from its snapshot: lines, their sum, the signatures below."""
    sheet = record_type.sheet
    table = next(table for table in taken["tables"] if table["name"] == sheet.rows)
    said = {shown["name"]: shown["text"] for part in taken["sections"] for shown in part["fields"]}
    rows = tuple(tuple(text.clean(cell) for cell in row) for row in table["rows"])
    footer = tuple((label, said.get(name, "")) for label, name in sheet.footer.items())
    total = tuple(sheet.total_line(rows))
    explanation = f"情况说明：{taken['explanation']}" if taken.get("explanation") else ""
    lines = Statement(tuple(table["columns"]), rows, total, footer, _number_column(sheet))
    return _printed(sheet, lines, taken["organisation"], taken["title"], marks, explanation)


def blank_statement(record_type: RecordType) -> PrintedForm:
    """Return the sheet to fill in by hand, as the notice has it."""
    sheet = record_type.sheet
    rows = (("",) * len(sheet.columns),) * EMPTY_LINES
    footer = tuple((label, "") for label in sheet.footer)
    lines = Statement(tuple(sheet.columns), rows, (), footer, _number_column(sheet))
    return _printed(sheet, lines, "", sheet.title, (), "")


def _printed(
    sheet: SheetForm, lines: Statement, organisation: str, name: str, marks: tuple[str, ...], explanation: str
) -> PrintedForm:
    return PrintedForm(
        title=(sheet.title,),
        organisation_label="",
        organisation=organisation,
        sections=(),
        notes=(*sheet.printed_notes, *([explanation] if explanation else [])),
        annex=sheet.annex,
        marks=marks,
        statement=lines,
        name=name,
    )


def _number_column(sheet: SheetForm) -> int:
    return list(sheet.columns.values()).index(sheet.total)
