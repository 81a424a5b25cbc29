"""Import of official forms and sheets: one reading for web, command and preview; all of a file or nothing.

``read_file`` only reads; ``commit`` makes the drafts. The sheet is never trusted: ``sandbox`` parses
it, it names only what is in force within the bureau's reach, and cannot say a state or another bureau.
"""

from pathlib import PurePath

from django.db import transaction

from portal import drafts, text
from portal.annexes import CellError, read_forms
from portal.importing.annex import is_complete, named_bureau, read_annexes
from portal.importing.held import Held
from portal.importing.lines import is_whole_sheet, read_lines
from portal.importing.reading import Draft, Reading, shown
from portal.importing.statement import read_statements
from portal.models import Filing, Organisation, User
from portal.registry import RecordType
from portal.sandbox import Table, Unreadable, read_tables
from portal.workflow import Refused

__all__ = ["CellError", "Draft", "Reading", "commit", "read_file", "shown"]

NO_POST = "您没有为本单位填报“{label}”的岗位，没有读取文件；请用填报岗位的账号登录。"
NOT_A_SHEET = "没有认出“{label}”的表头，请使用下载的模板填写。"
NO_WORD_FORM = "“{label}”没有 Word 表格，请下载 Excel 模板填写后再上传。"
NO_RECORDS = "表里还没有填写内容，请填写后再上传。"


def read_file(upload: bytes, filename: str, record_type: RecordType, by: User) -> Reading:
    """Return what ``upload`` holds for the bureau of ``by``; writes nothing and raises nothing.

    Whatever is wrong stands in ``errors`` with its place, all of it at once.
    """
    reading = Reading(record_type)
    bureaus = drafts.filing_organisations(by, record_type)
    if not bureaus:
        return _refused(reading, NO_POST.format(label=record_type.label))
    suffix = PurePath(filename).suffix.lower()
    try:
        tables = read_tables(upload, suffix)
    except Unreadable as unreadable:
        return _refused(reading, str(unreadable), filename)
    _read(reading, tables, suffix, bureaus)
    _finish(reading)
    return reading


def _read(reading: Reading, tables: list[Table], suffix: str, bureaus: list[Organisation]) -> None:
    record_type = reading.record_type
    forms = read_forms(tables, record_type.paper) if record_type.paper else []
    reading.organisation = named_bureau(forms, bureaus)
    is_sheet = suffix != ".docx"
    if record_type.sheet and read_statements(reading, tables):
        return
    holds_lines = is_whole_sheet(record_type, tables) or not is_complete(forms)
    if is_sheet and holds_lines and read_lines(reading, tables):
        return
    if record_type.paper:
        read_annexes(reading, forms)
    else:
        message = (NOT_A_SHEET if is_sheet else NO_WORD_FORM).format(label=record_type.label)
        _refused(reading, message)


def _refused(reading: Reading, message: str, said: str = "") -> Reading:
    reading.errors.append(CellError("", 0, "", said, message))
    return reading


def _finish(reading: Reading) -> None:
    if not reading.records and not reading.errors:
        _refused(reading, NO_RECORDS)
    for draft in reading.records:
        draft.title = _title(reading, draft)
    _refuse_namesakes(reading)


def _title(reading: Reading, draft: Draft) -> str:
    many = {f.name for f in reading.record_type.model._meta.many_to_many}
    plain = {name: value for name, value in draft.values.items() if name not in many}
    return text.clean(reading.record_type.model(**plain).heading()[:100])


def _refuse_namesakes(reading: Reading) -> None:
    """A bureau holds a name once among its live filings of a type, and a file once."""
    held, met = Held(reading.record_type.slug), set()
    for draft in reading.records:
        if not draft.title:
            continue
        if held.alike(reading.organisation.pk, draft.title):
            _add(reading, draft, "本单位已有同名的填报，请打开已有的那一份修改，或换一个名称。")
        elif text.key(draft.title) in met:
            _add(reading, draft, "文件里有同名的两份，请删去一份，或换一个名称。")
        met.add(text.key(draft.title))


def _add(reading: Reading, draft: Draft, message: str) -> None:
    label = str(reading.record_type.field(reading.record_type.key[0]).verbose_name)
    reading.errors.append(CellError(draft.sheet, draft.row, label, draft.title, message))


@transaction.atomic
def commit(reading: Reading, by: User) -> list[Filing]:
    """Make a draft of every record of a reading without errors, or none; return them.

    Raises ``Refused`` when there are errors, or when a name was taken since the file was read.
    """
    if reading.errors:
        raise Refused(reading.summary)
    return [
        drafts.create(
            reading.record_type,
            by=by,
            organisation=reading.organisation,
            values=draft.values,
            rows=draft.rows,
        )
        for draft in reading.records
    ]
