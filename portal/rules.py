"""What must hold before a filing may be submitted: the general rules, and those of its type."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet

from portal import asked, materials, successors, text
from portal.models import ChoiceListField, Filing
from portal.registry import Problem
from portal.sealing import ERASED_WORDS
from portal.snapshot import child_rows, related
from portal.vocabulary import ENDED

TEXT_LIMIT = 20_000  # 字; a technical cap where the notices set none
MOST_ROWS = 500  # child rows of one kind; a technical cap as well
TOO_MANY_ROWS = "{}最多{}行，现在有{}行；请核对是否重复。"

NOTHING_UNEXPLAINED = "零报送须在情况说明中写明原因。"


def problems(record: Filing) -> list[Problem]:
    """Return every broken rule of ``record`` in the order of the form; warnings ``needs_explanation``.

    A zero report (零报送) has no form: it says why there is nothing to report.
    """
    if record.is_nothing:
        return list(_unexplained(record))
    found = [
        *_missing(record),
        *_erased(record),
        *_invalid(record),
        *_too_long(record),
        *_rows(record),
        *_namesake(record),
        *_dropped(record),
        *record.problems(),
        *materials.problems(record),
    ]
    places = [*record.record_type.fields, *record.record_type.rows, *record.record_type.all_slots]
    order = {name: place for place, name in enumerate(places)}
    return sorted(found, key=lambda problem: order.get(problem.field, len(order)))


def _unexplained(record: Filing) -> Iterator[Problem]:
    if not record.explanation:
        yield Problem("explanation", NOTHING_UNEXPLAINED, record.record_type.basis)


def lacking(record: Filing) -> tuple[list[str], list[str]]:
    """Return the labels of what today's rules miss in a record without files, and what else its type finds.

    For what was decided before the portal (``historical``): nothing of it stops anything. Needs relations and
    rows.
    """
    kind = record.record_type
    columns = [kind.field(name) for name in kind.fields]
    missing = [str(c.verbose_name) for c in columns if is_required(c) and is_empty(record, c.name)]
    in_rows = [label for name in kind.rows for label in _lacking_in_rows(record, name)]
    files = [slot.label for slot in kind.slots.values() if slot.least]
    return [*missing, *in_rows, *files], [problem.text for problem in record.problems()]


def _lacking_in_rows(record: Filing, name: str) -> list[str]:
    rows, model = child_rows(record, name), record.record_type.row_model(name)
    columns = [model._meta.get_field(field) for field in record.record_type.rows[name]]
    missed = [c for c in columns if is_required(c) and any(is_empty(row, c.name) for row in rows)]
    return [f"{model._meta.verbose_name_plural}的{column.verbose_name}" for column in missed]


def blocking(record: Filing, found: list[Problem] | None = None) -> list[Problem]:
    """Return the problems that forbid submission: all errors, and the warnings while 情况说明 is empty."""
    found = problems(record) if found is None else found
    return [p for p in found if not p.needs_explanation or not record.explanation]


def is_empty(record: models.Model, name: str) -> bool:
    """Say whether a field has no value; ``False`` and ``0`` are values."""
    column = record._meta.get_field(name)
    if column.many_to_many:
        return not related(record, name)
    value = getattr(record, column.attname)  # of a relation its key, which costs no query
    return value is None or value == "" or value == []


def is_required(column: models.Field) -> bool:
    """Say whether a field must be filled before submission: a model field that is not ``blank``."""
    return not column.blank and not isinstance(column, models.BooleanField)


def _missing(record: Filing) -> Iterator[Problem]:
    for name in record.record_type.fields:
        column = record._meta.get_field(name)
        if is_required(column) and is_empty(record, name):
            verb = (
                "选择"
                if column.choices or column.is_relation or isinstance(column, ChoiceListField)
                else "填写"
            )
            yield Problem(name, f"请{verb}{column.verbose_name}。", _clause(record, name))


def _erased(record: Filing) -> Iterator[Problem]:
    """What was erased when its term ended is asked for again, also where it may stay empty (``purging``)."""
    for name in record.record_type.personal:
        if getattr(record, name) == ERASED_WORDS:
            label = record._meta.get_field(name).verbose_name
            yield Problem(name, f"{label}{ERASED_WORDS}，请重新填写。", _clause(record, name))


def _invalid(record: Filing) -> Iterator[Problem]:
    for name in record.record_type.fields:
        column = record._meta.get_field(name)
        if column.is_relation or is_empty(record, name) or getattr(record, name) == ERASED_WORDS:
            continue
        try:
            column.clean(getattr(record, name), record)
        except ValidationError as error:
            yield Problem(name, error.messages[0], _clause(record, name))


def _too_long(record: Filing) -> Iterator[Problem]:
    texts = [n for n in record.record_type.fields if isinstance(record._meta.get_field(n), models.TextField)]
    for name, limit in (dict.fromkeys(texts, TEXT_LIMIT) | record.record_type.limits).items():
        label = str(record._meta.get_field(name).verbose_name)
        if said := text.too_long(label, getattr(record, name), limit):
            yield Problem(name, said, _clause(record, name))


def _rows(record: Filing) -> Iterator[Problem]:
    for name, fields in record.record_type.rows.items():
        rows = child_rows(record, name)
        if len(rows) > MOST_ROWS:
            said = TOO_MANY_ROWS.format(rows[0]._meta.verbose_name_plural, MOST_ROWS, len(rows))
            yield Problem(name, said, record.record_type.basis)
        for number, row in enumerate(rows, 1):
            for field in fields:
                if said := _wrong_in_row(row, row._meta.get_field(field)):
                    place = f"{row._meta.verbose_name_plural}第{number}行"
                    yield Problem(name, f"{place}{said}", record.record_type.basis)


def _wrong_in_row(row: models.Model, column: models.Field) -> str:
    """Return what is missing or wrong in one cell of a child row, else nothing."""
    if is_empty(row, column.name):
        return f"请填写{column.verbose_name}。" if is_required(column) else ""
    if column.is_relation:
        return ""
    try:
        column.clean(getattr(row, column.name), row)
    except ValidationError as error:
        return f"的{column.verbose_name}：{error.messages[0]}"
    return ""


def _namesake(record: Filing) -> Iterator[Problem]:
    """A bureau holds a name once among its live filings of a type."""
    if not record.title:
        return
    if _name_is_taken(record):
        yield Problem(
            record.record_type.key[0], "本单位已有同名的填报，请换一个名称。", record.record_type.basis
        )


def _name_is_taken(record: Filing) -> bool:
    if getattr(record, "name_as_read", None) == record.title:  # asked when it was read (``records``)
        return record.name_is_taken
    told = record.kind, record.organisation_id, record.title, record.pk or 0, record.amends_id or 0
    return bool(asked.rows((), namesakes, *told))


def namesakes(kind: Any, bureau: Any, title: Any, own: Any, amends: Any) -> QuerySet:
    """Return the first live filing of the same type, bureau and name that forbids another one the name.

    Values or expressions. ``own`` and ``amends`` are those that forbid nothing, 0 for none.
    """
    live = Filing.objects.filter(kind=kind, organisation_id=bureau, title=title, holds_name=True)
    return live.exclude(state__in=ENDED).exclude(pk__in=[own, amends]).values_list("pk")[:1]


def _dropped(record: Filing) -> Iterator[Problem]:
    """What is chosen has to be in force; what was submitted under an older edition may be kept knowingly."""
    for gone in successors.dropped(record):
        clause = _clause(record, gone.name)
        if gone.kept:
            sentence = f"{gone.sentence}保留的是{gone.kept}的内容；确需保留的，在情况说明中写明原因。"
            yield Problem(gone.name, sentence, clause, needs_explanation=True)
        else:
            ask = "请改选后继条目。" if gone.successor else "请从最新目录中重新选取。"
            yield Problem(gone.name, f"{gone.sentence}{ask}", clause)


def _clause(record: Filing, name: str) -> str:
    return record.record_type.clauses.get(name, record.record_type.basis)
