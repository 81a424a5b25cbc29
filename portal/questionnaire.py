"""A record's form and row sets together: bound to what was typed, stored by ``drafts``, shown as sections.

Pages and the autosave answer take their data from here, so that neither queries on its own.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import models
from django.forms import BoundField

from portal import drafts, materials, registry, rules, snapshot, text
from portal.forms import LongText, RowSet, SeveralOffered, chosen_objects, form_class, row_set_class
from portal.models import CatalogueEntry, ChoiceListField, Edition, Filing, User
from portal.registry import Problem, RecordType
from portal.scope import within
from portal.workflow import Conflict

EXPLANATION = "explanation"
NUMERALS = "一二三四五六七八九十"
WORTH_COUNTING = 60  # a column this long shows how full it is
NO_LIMIT = "通知未规定字数，建议300字以内"


@dataclass(frozen=True)
class Question:
    """One question as the page asks it; the names are those of ``components/field.html``."""

    field: BoundField
    number: int
    need: bool = False
    clause: str = ""
    limit: int | None = None
    under: str = ""
    known: list[str] | None = None


@dataclass(frozen=True)
class Section:
    """One card of the form: questions, or a set of child rows."""

    anchor: str
    heading: str
    note: str = ""
    questions: list[Question] = field(default_factory=list)
    rows: RowSet | None = None
    label: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Todo:
    """One line of the list beside the form: done, or what is missing and where."""

    name: str
    text: str
    done: bool = False

    @property
    def anchor(self) -> str:
        """The id of the question on the page."""
        return f"q-{self.name}"


def load(filing: Filing) -> Filing:
    """Return the filing with the fields of its type and all its form and rules look at, in few queries."""
    record_type = filing.record_type
    columns = [record_type.field(name) for name in record_type.fields]
    single = [column.name for column in columns if column.is_relation and not column.many_to_many]
    joined = ["organisation__region__parent", "region__parent", "amends", "campaign", *single]
    return (
        record_type.model.objects.select_related(*joined)
        .prefetch_related("attachments", *_prefetched(record_type))
        .get(pk=filing.pk)
    )


def _prefetched(record_type: RecordType) -> Iterator[str]:
    for name in record_type.fields:
        column = record_type.field(name)
        if column.many_to_many:
            yield name
            yield from _row_paths(getattr(column.related_model, "record_type", None), f"{name}__")
    yield from _row_paths(record_type, "")


def _row_paths(record_type: RecordType | None, path: str) -> Iterator[str]:
    for rows, fields in (record_type.rows if record_type else {}).items():
        yield f"{path}{rows}"
        for name in fields:
            related_model = record_type.row_model(rows)._meta.get_field(name).related_model
            if related_model is not None:
                yield f"{path}{rows}__{name}"
            if hasattr(related_model, "record_type"):
                yield f"{path}{rows}__{name}__entry"


class Questionnaire:
    """The form and the row sets of ``record``, bound to ``data`` when it is given.

    ``more`` names the row set that is to show one blank row more (再加一行 without JavaScript).
    """

    def __init__(self, record: Filing, data: Mapping | None = None, more: str = ""):
        self.record, self.record_type = record, record.record_type
        if data is not None and more in self.record_type.rows:
            data = _with_one_more(data, more)
        self.data = data
        self.form = form_class(self.record_type)(data, instance=copy(record))
        self.row_sets = {
            name: row_set_class(self.record_type, name)(data, record=record, name=name)
            for name in self.record_type.rows
        }

    def values(self) -> dict[str, Any]:
        """Return the field values that may be stored, whatever else is wrong."""
        self.form.is_valid()
        return self.form.storable

    def rows(self) -> dict[str, list[dict]]:
        """Return the row sets that may be stored; one with a faulty row stays as it was."""
        return {name: rows.rows() for name, rows in self.row_sets.items() if rows.is_valid()}

    def is_stored(self, name: str) -> bool:
        """Whether what was typed there is among what ``store`` stores, whatever a rule says of it."""
        return name in self.values() or name in self.rows()

    def store(self, *, by: User, revision: int) -> None:
        """Store what may be stored; raises what ``drafts.save`` does, ``Conflict`` once it is submitted."""
        if not self.record.is_editable:
            raise Conflict(self.record)
        drafts.save(self.record, by=by, revision=revision, values=self.values(), rows=self.rows())

    def refuse(self, sentence: str) -> None:
        """Show why nothing was stored: beside the name, which alone the database refuses."""
        self.form.add_error(self.record_type.key[0], sentence)

    def refresh(self) -> Filing:
        """Read the record anew, as it is stored now, and return it; what was typed stays in the form."""
        if self.data is not None:
            self.record = load(self.record)
        return self.record

    def typed(self) -> list[tuple[str, str]]:
        """Return each name and value that was sent, to be sent again; without what is of that page alone."""
        own = ("csrfmiddlewaretoken", "revision", "more", "then")
        return [(name, value) for name, values in self.data.lists() if name not in own for value in values]

    def errors(self) -> dict[str, list[str]]:
        """Return field or row set name → sentences, in the order of the form."""
        if self.data is None:
            return {}
        found = {name: list(messages) for name, messages in self.form.errors.items()}
        found |= {name: _row_errors(rows) for name, rows in self.row_sets.items() if not rows.is_valid()}
        return {name: found[name] for name in self._names() if name in found}

    def notes(self) -> dict[str, dict[str, str]]:
        """Return row set → prefix of a row → what the portal understood of it; needs the stored record."""
        found = {}
        for name, rows in self.row_sets.items():
            if rows.total and (not rows.is_bound or rows.is_valid()):
                stored = snapshot.child_rows(self.record, name)
                pairs = zip(rows.kept(), stored, strict=True)
                found[name] = {form.prefix: self.record.row_note(row) for form, row in pairs}
        return found

    def label(self, name: str) -> str:
        """Return the Chinese name of a field or row set."""
        if name in self.row_sets:
            return str(self.row_sets[name].model._meta.verbose_name_plural)
        if name in self.record_type.all_slots:
            return self.record_type.all_slots[name].label
        return str(self.record_type.field(name).verbose_name)

    def _names(self) -> list[str]:
        return [*self.record_type.fields, *self.record_type.rows, EXPLANATION]

    def sections(self, found: list[Problem]) -> list[Section]:
        """Return the cards of the page: the declared sections, the row sets, 情况说明.

        What a statistical sheet has below its table is asked below the rows, as on paper.
        """
        wrong, cards, notes = {problem.field for problem in found}, [], self.notes()
        above, below = self._parted()
        for heading, names in above:
            cards.append(self._asked(cards, heading, names, wrong))
        for name, rows in self.row_sets.items():
            counts = {"done": int(name not in wrong), "total": 1, "notes": notes.get(name, {})}
            cards.append(self._card(cards, self.label(name), rows=rows, label=name, **counts))
        for heading, names in below:
            cards.append(self._asked(cards, heading, names, wrong))
        asked = Question(self.form[EXPLANATION], len(self.record_type.fields) + 1)
        return [*cards, self._card(cards, "情况说明", note="有提示项时填写", questions=[asked])]

    def _parted(self) -> tuple[list[tuple[str, list[str]]], list[tuple[str, list[str]]]]:
        """Return the declared sections that stand above the rows, and those that stand below them."""
        footer = set(self.record_type.sheet.footer.values()) if self.record_type.sheet else set()
        parts: tuple[list, list] = [], []
        for section in self.record_type.sections.items():
            parts[footer.issuperset(section[1])].append(section)
        return parts

    def _asked(self, cards: list[Section], heading: str, names: list[str], wrong: set[str]) -> Section:
        first = self.record_type.fields.index(names[0]) + 1
        questions = [self._question(name, number) for number, name in enumerate(names, first)]
        counts = {"done": len(set(names) - wrong), "total": len(names)}
        note = "" if self._is_printed(names) else "不打印，用于目录筛选"
        return self._card(cards, heading, note=note, questions=questions, **counts)

    @staticmethod
    def _card(cards: list[Section], heading: str, **parts: Any) -> Section:
        return Section(f"s-{len(cards) + 1}", f"{NUMERALS[len(cards)]}、{heading}", **parts)

    def _is_printed(self, names: list[str]) -> bool:
        """Whether the official form has a row for one of ``names``; a row may join fields (advantage_…)."""
        paper = self.record_type.paper
        return paper is None or any(name.startswith(tuple(paper.all_rows.values())) for name in names)

    def _question(self, name: str, number: int) -> Question:
        column, asked = self.record_type.field(name), self.form[name]
        longest = getattr(asked.field, "max_length", None) or 0
        listed = registry.list_named_in(self.record_type.slug, name)
        return Question(
            asked,
            number,
            need=rules.is_required(column),
            clause=self.record_type.clauses.get(name, ""),
            limit=self.record_type.limits.get(name) or (longest if longest >= WORTH_COUNTING else None),
            under=listed.model.objects.advice(self.record) if listed else self._under(name, asked),
            known=listed.model.objects.names() if listed else None,
        )

    def _under(self, name: str, asked: BoundField) -> str:
        if name == self.record_type.key[0] and self.record_type.is_catalogued:
            return namesake_sentence(self.record)
        if hasattr(self.record_type.field(name).related_model, "record_type"):
            return self._chosen_sentence(name, asked)
        is_unlimited = isinstance(asked.field, LongText) and name not in self.record_type.limits
        return NO_LIMIT if is_unlimited and "字" not in asked.field.help_text else ""

    def _chosen_sentence(self, name: str, asked: BoundField) -> str:
        edition = Edition.latest(self.record_type.field(name).related_model.record_type.slug)
        if not asked.field.objects:
            return "现行目录中还没有可选的内容"
        chosen = len(asked.value() or []) if isinstance(asked.field, SeveralOffered) else bool(asked.value())
        return f"已选 {int(chosen)} 项{f'；当前目录：{edition}' if edition else ''}"

    def todo(self, found: list[Problem]) -> list[Todo]:
        """Return what is missing, then what is done; ``found`` as ``rules.problems`` gives it."""
        missing = [Todo(p.field, p.text) for p in rules.blocking(self.record, found)]
        wrong = {line.name for line in missing}
        done = [name for name in self._names() if name not in wrong and not self._is_empty(name)]
        done += [slot for slot, kept in materials.files(self.record).items() if kept and slot not in wrong]
        return [*missing, *(Todo(name, self.label(name), done=True) for name in done)]

    def _is_empty(self, name: str) -> bool:
        if name in self.row_sets:
            return not snapshot.child_rows(self.record, name)
        return rules.is_empty(self.record, name) or getattr(self.record, name) is False

    def differences(self, stored: Filing) -> list[dict[str, str]]:
        """Return {label, mine, theirs} where what was typed here is not what ``stored`` holds."""
        pairs = [(name, self._mine(name), _theirs(stored, name)) for name in self._names()]
        return [
            {"label": self.label(name), "mine": mine, "theirs": theirs}
            for name, mine, theirs in pairs
            if mine != theirs
        ]

    def _mine(self, name: str) -> str:
        if name in self.row_sets:
            fields = self.record_type.rows[name]
            return "\n".join(
                _row_words(self.row_sets[name].model, fields, row) for row in self._row_values(name)
            )
        values = self.values()
        if name in values:
            return words(self.record_type.field(name), values[name])
        return "、".join(self.data.getlist(self.form[name].html_name))

    def _row_values(self, name: str) -> list[dict]:
        rows = self.row_sets[name]
        if rows.is_valid():
            return rows.rows()
        fields = self.record_type.rows[name]
        return [
            {field: form[field].value() or "" for field in fields}
            for form in rows.forms
            if form.has_changed()
        ]


def _theirs(record: Filing, name: str) -> str:
    if name not in record.record_type.rows:
        column = record._meta.get_field(name)
        value = chosen_objects(record, name) if column.many_to_many else getattr(record, name)
        return words(column, value)
    fields = record.record_type.rows[name]
    rows = snapshot.child_rows(record, name)
    return "\n".join(_row_words(type(row), fields, {f: getattr(row, f) for f in fields}) for row in rows)


def _row_words(model: type[models.Model], fields: list[str], row: Mapping[str, Any]) -> str:
    return " · ".join(words(model._meta.get_field(name), row.get(name)) for name in fields)


def words(column: models.Field, value: Any) -> str:
    """Return a value as people read it; relations as objects or as the titles of an example."""
    if value is None and snapshot.is_place(column):
        return snapshot.CITY_ITSELF
    if value is None or value == "" or value == []:
        return ""
    if isinstance(column, ChoiceListField):
        return "、".join(column.labels(value))
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        return text.plain_number(value)
    if isinstance(value, list):
        return "、".join(str(one) for one in sorted(value, key=lambda one: getattr(one, "pk", 0)))
    return str(dict(column.flatchoices).get(value, value)) if column.choices else str(value)


def example(record_type: RecordType) -> list[dict[str, str]]:
    """Return the 填报示例 as {label, text}, in the order of the form; what it leaves empty is left out."""
    lines = [(record_type.field(name), record_type.example.get(name)) for name in record_type.fields]
    shown = [{"label": str(column.verbose_name), "text": words(column, value)} for column, value in lines]
    for name, fields in record_type.rows.items():
        model = record_type.row_model(name)
        rows = [_row_words(model, fields, row) for row in record_type.example.get(name, [])]
        shown.append({"label": str(model._meta.verbose_name_plural), "text": "\n".join(rows)})
    return [line for line in shown if line["text"]]


def namesake_sentence(record: Filing) -> str:
    """Say whether the city's catalogue in force has the name already; empty without a name or a catalogue."""
    if not record.title or not record.record_type.is_catalogued:
        return ""
    others = CatalogueEntry.objects.in_force().filter(kind=record.kind, title=record.title)
    others = others.filter(within("region_id", record.region_id[:4])).exclude(filing_id=record.amends_id)
    code = others.exclude(filing_id=record.pk).values_list("code", flat=True).first()
    return f"同市现行目录中已有同名的 {code}，请核对是否重复" if code else "同市现行目录中没有重名"


def _row_errors(rows: RowSet) -> list[str]:
    found = [str(message) for message in rows.non_form_errors()]
    for number, form in enumerate(rows.forms, 1):
        for name, messages in form.errors.items():
            label = form.fields[name].label if name in form.fields else ""
            found += [f"第{number}行 {label}：{message}" for message in messages]
    return found


def _with_one_more(data: Mapping, name: str) -> Mapping:
    total = f"{name}-TOTAL_FORMS"
    data = data.copy()
    typed = data.get(total, "")
    data[total] = str(int(typed) + 1) if typed.isascii() and typed.isdigit() and len(typed) < 4 else typed
    return data
