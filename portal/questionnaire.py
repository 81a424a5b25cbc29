"""A record's form and row sets together: bound to what was typed, stored by ``drafts``, shown as sections.

Pages and the autosave answer take their data from here, so that neither queries on its own.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import QuerySet
from django.forms import BoundField
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from portal import (
    asked,
    corrections,
    drafts,
    kept,
    locks,
    materials,
    registry,
    remarks,
    rules,
    snapshot,
    text,
    wording,
)
from portal.corrections import Note
from portal.forms import LongText, SeveralOffered, form_class
from portal.models import CatalogueEntry, Filing, User
from portal.records import load
from portal.registry import Problem
from portal.row_forms import RowSet, row_set_class
from portal.scope import within
from portal.workflow import Conflict, Refused

EXPLANATION = "explanation"
NUMERALS = "一二三四五六七八九十"
WORTH_COUNTING = 60  # a column this long shows how full it is
NO_LIMIT = "通知未规定字数，建议300字以内"


@dataclass(frozen=True)
class Question:
    """One question as the page asks it; the names are those of ``components/field.html``.

    Of a returned filing: without ``field`` it is locked and shows its ``words``; ``notes`` are the remarks on
    it, ``why`` it is open without any.
    """

    field: BoundField | None
    number: int
    name: str = ""
    label: str = ""
    words: str = ""
    notes: list[Note] = field(default_factory=list)
    why: str = ""
    need: bool = False
    clause: str = ""
    limit: int | None = None
    under: str = ""
    known: list[str] | None = None


@dataclass(frozen=True)
class Section:
    """One card of the form: questions, or a set of child rows, locked as a ``table`` of words."""

    anchor: str
    heading: str
    note: str = ""
    questions: list[Question] = field(default_factory=list)
    rows: RowSet | None = None
    table: dict[str, Any] | None = None
    label: str = ""
    asked: Question | None = None
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


class Questionnaire:
    """The form and the row sets of ``record``, bound to ``data`` when it is given.

    ``more`` names the row set that is to show one blank row more (再加一行 without JavaScript).
    """

    def __init__(self, record: Filing, data: Mapping | None = None, more: str = ""):
        self.record, self.record_type = record, record.record_type
        self.correction, self.refusal = corrections.of(record, data), ""
        shut = self.correction.shut if self.correction else ()
        if data is not None and more in self.record_type.rows and more not in shut:
            data = _with_one_more(data, more)
        self.data, self._editions = data, SimpleLazyObject(lambda: snapshot.editions_of(self.record_type))
        self.form = form_class(self.record_type)(data, instance=copy(record))
        self.row_sets = {
            name: row_set_class(self.record_type, name)(data, record=record, name=name)
            for name in self.record_type.rows
        }
        self.sent = [name for name in shut if self._is_sent(name)]
        for name in set(shut) - set(self.sent):
            self.form.fields.pop(name, None)
            self.row_sets.pop(name, None)

    def _is_sent(self, name: str) -> bool:
        """Whether a locked name comes with the form all the same, to be refused if it differs."""
        return self.data is not None and (name in self.data or f"{name}-TOTAL_FORMS" in self.data)

    def is_shut(self, name: str) -> bool:
        """Whether the return left ``name`` locked."""
        return self.correction is not None and name in self.correction.shut

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
        if faulty := [name for name in self.sent if not self.is_stored(name)]:
            raise Refused(locks.sentence(self.record, faulty))
        told = {"values": self.values(), "rows": self.rows(), "replies": corrections.replies(self.data)}
        drafts.save(self.record, by=by, revision=revision, **told)

    def refuse(self, sentence: str) -> None:
        """Show why nothing was stored: beside the name, which alone the database refuses of what is open."""
        if self.record.unlocked is None:
            self.form.add_error(self.record_type.key[0], sentence)
        self.refusal = sentence

    def refresh(self) -> Filing:
        """Read the record anew, as it is stored now, and return it; what was typed stays in the form."""
        if self.data is not None:
            self.record = load(self.record)
            self.correction = corrections.of(self.record, self.data)
        return self.record

    def newly_open(self) -> str:
        """Say which names a rule has opened with what was just stored; their controls come with the page."""
        shown = {*self.form.fields, *self.row_sets, *self.record_type.all_slots}
        opened = [name for name in (self.correction.by_rule if self.correction else ()) if name not in shown]
        labels = "、".join(f"“{self.label(name)}”" for name in opened)
        return f"已暂存。按核对要求，{labels}已开放，点“暂存”后可以修改。" if opened else ""

    def typed(self) -> list[tuple[str, str]]:
        """Return each name and value that was sent, to be sent again; without what is of that page alone."""
        own = {"csrfmiddlewaretoken", "revision", "more", "then"}
        sent = [(n, v) for n, values in self.data.lists() if n not in own for v in values]
        return [(n, v) for n, v in sent if not self.is_shut(n.partition("-")[0])]

    def errors(self) -> dict[str, list[str]]:
        """Return field or row set name → sentences, in the order of the form."""
        if self.data is None:
            return {}
        found = {name: list(messages) for name, messages in self.form.errors.items()}
        found |= {name: _row_errors(rows) for name, rows in self.row_sets.items() if not rows.is_valid()}
        notes = self.correction.waiting if self.correction else ()
        found |= {note.key: [note.problem] for note in notes if note.problem}
        if general := found.pop(NON_FIELD_ERRORS, None):  # about the name, which is locked here
            found[self.record_type.key[0]] = general
        return {name: found[name] for name in [*self._names(), *found] if name in found}

    def notes(self) -> dict[str, dict[str, str]]:
        """Return row set → prefix of a row → what the portal understood of it; needs the stored record."""
        found = {}
        for name, rows in self.row_sets.items():
            if rows.total and not self.refusal and (not rows.is_bound or rows.is_valid()):
                stored = snapshot.child_rows(self.record, name)
                pairs = zip(rows.kept(), stored, strict=True)
                found[name] = {form.prefix: self.record.row_note(row) for form, row in pairs}
        return found

    def label(self, name: str) -> str:
        """Return the Chinese name of a field or row set."""
        if (found := corrections.KEY.fullmatch(name)) and self.correction:
            labels = {note.remark.pk: note.label for note in self.correction.notes}
            return f"对“{labels[int(found[1])]}”的答复"
        return remarks.anchors(self.record_type)[name]

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
        tables = {table["name"]: table for table in self._shut_tables()}
        for name in self.record_type.rows:
            counts = {"done": int(name not in wrong), "total": 1, "notes": notes.get(name, {})}
            shown = {"table": tables[name]} if name in tables else {"rows": self.row_sets[name]}
            asked = Question(None, 0, **self._told(name))
            cards.append(self._card(cards, self.label(name), label=name, asked=asked, **shown, **counts))
        for heading, names in below:
            cards.append(self._asked(cards, heading, names, wrong))
        asked = Question(self.form[EXPLANATION], len(self.record_type.fields) + 1, **self._told(EXPLANATION))
        return [*cards, self._card(cards, "情况说明", note="有提示项时填写", questions=[asked])]

    def _shut_tables(self) -> list[dict]:
        if not any(self.is_shut(name) for name in self.record_type.rows):
            return []
        shut = [table for table in snapshot.tables(self.record) if self.is_shut(table["name"])]
        return [t | {"lines": [list(zip(t["columns"], row, strict=True)) for row in t["rows"]]} for t in shut]

    def _told(self, name: str) -> dict[str, Any]:
        """Return what a return says of a field or of rows, for ``Question``."""
        if self.correction is None:
            return {"name": name}
        why = self.correction.by_rule.get(name, "")
        return {"name": name, "notes": self.correction.about(name), "why": why}

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
        column = self.record_type.field(name)
        if self.is_shut(name):
            words = wording.stored(self.record, name)
            return Question(None, number, label=self.label(name), words=words, **self._told(name))
        asked = self.form[name]
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
            **self._told(name),
        )

    def _under(self, name: str, asked: BoundField) -> str:
        if name == self.record_type.key[0] and self.record_type.is_catalogued:
            return namesake_sentence(self.record)
        if hasattr(self.record_type.field(name).related_model, "record_type"):
            return self._chosen_sentence(name, asked)
        is_unlimited = isinstance(asked.field, LongText) and name not in self.record_type.limits
        return NO_LIMIT if is_unlimited and "字" not in asked.field.help_text else ""

    def _chosen_sentence(self, name: str, asked: BoundField) -> str:
        edition = self._editions.get(self.record_type.field(name).related_model.record_type.slug)
        if not asked.field.offered.choices:
            return "现行目录中还没有可选的内容"
        chosen = len(asked.value() or []) if isinstance(asked.field, SeveralOffered) else bool(asked.value())
        return f"已选 {int(chosen)} 项{f'；当前目录：{edition}' if edition else ''}"

    def todo(self, found: list[Problem]) -> list[Todo]:
        """Return what is missing, then what is done; ``found`` as ``rules.problems`` gives it."""
        missing = [Todo(p.field, p.text) for p in rules.blocking(self.record, found)]
        unanswered = self.correction.unanswered if self.correction else ()
        missing += [Todo(note.key, f"请答复对“{note.label}”的审核意见。") for note in unanswered]
        wrong = {line.name for line in missing}
        done = [name for name in self._names() if name not in wrong and not self._is_empty(name)]
        done += [slot for slot, kept in materials.files(self.record).items() if kept and slot not in wrong]
        return [*missing, *(Todo(name, self.label(name), done=True) for name in done)]

    def _is_empty(self, name: str) -> bool:
        if name in self.record_type.rows:
            return not snapshot.child_rows(self.record, name)
        return rules.is_empty(self.record, name) or getattr(self.record, name) is False

    def differences(self, stored: Filing) -> list[dict[str, str]]:
        """Return {label, mine, theirs, shut} where what was typed here is not what ``stored`` holds."""
        shown = [name for name in self._names() if name in self.form.fields or name in self.row_sets]
        pairs = [(name, self._mine(name), wording.stored(stored, name)) for name in shown]
        return [
            {"label": self.label(name), "mine": mine, "theirs": theirs, "shut": self.is_shut(name)}
            for name, mine, theirs in pairs
            if mine != theirs
        ] + self._other_replies(stored)

    def _other_replies(self, stored: Filing) -> list[dict]:
        """Return the answers typed here that are not what is stored, as ``differences`` does."""
        correction = corrections.of(stored, self.data)
        return [
            {"label": self.label(note.key), "mine": note.said, "theirs": note.remark.reply, "shut": False}
            for note in (correction.waiting if correction else ())
            if text.clean(note.said) != note.remark.reply
        ]

    def _mine(self, name: str) -> str:
        if name in self.row_sets:
            fields = self.record_type.rows[name]
            return "\n".join(
                wording.row_words(self.row_sets[name].model, fields, row) for row in self._row_values(name)
            )
        values = self.values()
        if name in values:
            return wording.words(self.record_type.field(name), values[name])
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


def namesake_sentence(record: Filing) -> str:
    """Say whether the city's catalogue in force has the name already; empty without a name or a catalogue."""
    if not record.title or not record.record_type.is_catalogued:
        return ""
    city, name_key = record.region_id[:4], text.key(record.title)[:100]

    def namesakes(kind: str, name_key: str, title: str, own: int, amends: int) -> QuerySet:
        others = CatalogueEntry.objects.in_force().filter(kind=kind, name_key=name_key, title=title)
        others = others.filter(within("region_id", city)).exclude(filing_id__in=[own, amends])
        return others.order_by("pk").values_list("code")[:1]

    told = record.kind, name_key, record.title, record.pk or 0, record.amends_id or 0
    where = city, timezone.localdate()
    found = kept.kept(("namesakes", *where, *told), lambda: asked.rows(where, namesakes, *told))
    return f"同市现行目录中已有同名的 {found[0][0]}，请核对是否重复" if found else "同市现行目录中没有重名"


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
