"""Reading official forms into drafts: each cell of ``annexes`` becomes the field its label stands for."""

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from portal.annexes import Cell, CellError, FormReading, label_key
from portal.forms import form_class
from portal.importing.cells import Names, Unfit, is_empty, value
from portal.importing.reading import Draft, Reading
from portal.models import Filing, Organisation
from portal.registry import RecordType
from portal.rules import is_required
from portal.vocabulary import Level

EMPTY = "“{label}”没有填写，导入后须补填才能提交。"
NOT_READ = (
    "“{label}”一栏写的是附件印好的要求，另写在那里的文字没有读取；请打开草稿，填到相应的栏目或作为附件上传。"
)
NOT_THE_FORM = "文件里没有找到“{title}”的栏目，请使用附件原表填写。"


def read_annexes(reading: Reading, forms: list[FormReading]) -> None:
    """Add the record of each form to ``reading``, for its bureau."""
    paper = reading.record_type.paper
    reading.errors += [error for form in forms for error in form.errors]
    if not forms:
        first = next(iter(paper.rows))
        message = NOT_THE_FORM.format(title="".join(paper.title))
        reading.errors.append(CellError("", 0, first, "", message))
    for form in forms:
        _check_bureau(reading, form)
        reading.records.append(_draft(reading, form))
        reading.warnings += [NOT_READ.format(label=cell.label) for cell in form.unread]


def named_bureau(forms: list[FormReading], bureaus: list[Organisation]) -> Organisation:
    """Return which of the person's bureaus the first form names; the first of them when it names none."""
    said = forms[0].organisation_text if forms else ""
    named = [bureau for bureau in bureaus if said and is_named(bureau, said)]
    inside = [bureau for bureau in bureaus if said and _lies_in(bureau, said)]
    return [*named, *inside, *bureaus][0]


def is_named(bureau: Organisation, said: str) -> bool:
    """Say whether a form that names ``said`` means this bureau, by its name, 人社局 for short, or its place.

    报送市 asks for no more than the place.
    """
    spelled_out = said.replace("人社局", "人力资源和社会保障局").replace("人社厅", "人力资源和社会保障厅")
    names = (bureau.name, bureau.short_name, bureau.region.full_name, bureau.region.short_name)
    return label_key(spelled_out) in {label_key(name) for name in names}


def _lies_in(bureau: Organisation, said: str) -> bool:
    """Whether a form names the city a county's bureau lies in."""
    city = bureau.region.parent if bureau.region.level in (Level.COUNTY, Level.ZONE) else None
    return bool(city) and label_key(said) in {label_key(city.name), label_key(city.short_name)}


def _check_bureau(reading: Reading, form: FormReading) -> None:
    said, bureau, paper = form.organisation_text, reading.organisation, reading.record_type.paper
    label = paper.organisation_label or paper.place_label
    asked = label_key(label)
    if not said:
        reading.warnings.append(f"第{form.number}份表没有写{asked}，按“{bureau.name}”读取。")
    elif not (is_named(bureau, said) or (paper.place_label and _lies_in(bureau, said))):
        message = f"{asked}写的是“{said}”，与您的单位“{bureau.name}”不一致。"
        reading.errors.append(CellError(form.sheet, form.row, label, said, message))


def _draft(reading: Reading, form: FormReading) -> Draft:
    draft = Draft(form.sheet, form.row)
    names = Names(
        reading.record_type.model(organisation=reading.organisation, region=reading.organisation.region)
    )
    for name, cell in form.cells.items():
        try:
            _take(reading, draft, name, cell, names)
        except Unfit as unfit:
            reading.errors.append(cell.error(str(unfit), unfit.said))
    for label, name in reading.record_type.paper.appended.items():
        if name not in form.cells and is_required(reading.record_type.field(name)):
            reading.warnings.append(EMPTY.format(label=label))
    return draft


def _take(reading: Reading, draft: Draft, name: str, cell: Cell, names: Names) -> None:
    record_type = reading.record_type
    try:
        column = record_type.field(name)
    except FieldDoesNotExist:
        _take_parts(reading, draft, name, cell, names)
        return
    if not is_empty(column, cell.text):
        draft.values[name] = _value(record_type, column, cell.text, names)
    elif column.many_to_many and column.blank:
        draft.values[name] = []  # 无 said, and meant
    elif name == record_type.key[0]:
        reading.errors.append(cell.error(f"“{cell.label}”没有填写。"))
    elif is_required(column):
        reading.warnings.append(EMPTY.format(label=cell.label))


def _value(record_type: RecordType, column: models.Field, said: str, names: Names):
    field = form_class(record_type).base_fields[column.name]
    return value(column, field, said, names, record_type.limits.get(column.name))


def _take_parts(reading: Reading, draft: Draft, name: str, cell: Cell, names: Names) -> None:
    """Take a row of the annex that joins several fields: the model's property divides it (``PaperForm``)."""
    record_type, record = reading.record_type, reading.record_type.model()
    before = _plain(record)
    setattr(record, name, cell.text)
    parts = {field: said for field, said in _plain(record).items() if said != before[field]}
    for field, said in parts.items():
        draft.values[field] = _value(record_type, record_type.field(field), said, names)
    empty = [str(record_type.field(f).verbose_name) for f in _siblings(record_type, parts) if f not in parts]
    if not parts:
        reading.warnings.append(EMPTY.format(label=cell.label))
    elif empty:
        whole = str(record_type.field(next(iter(parts))).verbose_name)
        lacking = "、".join(f"“{label}”" for label in empty)
        reading.warnings.append(
            f"“{cell.label}”没有按内容分段，全部放在“{whole}”一栏；请打开草稿，把其余内容移到{lacking}。"
        )


def _plain(record: Filing) -> dict[str, str]:
    names = [name for name in record.record_type.fields if not record._meta.get_field(name).is_relation]
    return {name: getattr(record, name) for name in names}


def _siblings(record_type: RecordType, parts: dict) -> list[str]:
    """Return the fields that stand in the same section of the form as the parts that were filled."""
    return [f for names in record_type.sections.values() if set(names) & set(parts) for f in names]


def is_complete(forms: list[FormReading]) -> bool:
    """Say whether the tables hold the official form itself, with every one of its rows."""
    return bool(forms) and not any(form.errors for form in forms)
