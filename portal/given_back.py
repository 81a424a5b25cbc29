"""What somebody typed into a form that was refused, in words he can read and copy: a name and a value each.

Keeps nothing. Whatever is not known to be machinery is given back, lest something be lost;
an object that was chosen is named only where everybody may read its name.
"""

import re
from collections.abc import Iterable
from functools import cache

from django.apps import apps
from django.db import models

from portal import registry
from portal.actions import ACTIONS
from portal.batches import ACTS
from portal.models import CatalogueEntry, Region
from portal.registry import RecordType

SECRET = re.compile("password|token|^code$|key$")
_MACHINERY = re.compile(r"-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS$|-id$")
#: What pages send along that nobody typed; names that are typed on another page are not among them.
MACHINERY = frozenset(
    [
        "_selected_action",
        "add",
        "confirmed",
        "content",
        "density",
        "drop",
        "elder",
        "field",
        "filing",
        "more",
        "next",
        "page",
        "preview",
        "read",
        "revision",
        "seen",
        "step",
        "tab",
        "theme",
        "then",
        "topic",
        "tour",
        "version",
        "view",
    ]
)
_ROW = re.compile(r"(?P<rows>[a-z_]+)-(?P<row>[0-9]{1,4})-(?P<name>[A-Za-z_]+)", re.ASCII)
_KEY = re.compile("[0-9]{1,18}(-[0-9]{1,9})*", re.ASCII)
_OURS = ("portal", "assessments", "brands", "workforce")
#: Names that mean several things, or that only a page knows.
_WORDS = {
    "DELETE": "删除这一行",
    "action": "动作",
    "bureau": "单位",
    "city": "市",
    "comment": "意见",
    "conclusion": "结论",
    "county": "县（市、区）",
    "decided_on": "日期",
    "document_number": "文号",
    "due_on": "期限",
    "item": "条目",
    "kind": "类型",
    "level": "级别",
    "name": "名称",
    "on": "日期",
    "organisation": "单位",
    "phone": "电话",
    "q": "查找",
    "reason": "理由",
    "region": "地区",
    "said": "内容",
    "source": "来源",
    "stage": "阶段",
    "text": "内容",
}
OTHER = "其他内容"
FEW = 3  # names, from which on a form is known by them
CHOSEN = "（已选择一项，请重新选择）"


def pairs(sent: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return label and words of each field that was filled in; several values of one field together."""
    named: dict[str, list[str]] = {}
    for name, value in sent:
        if value.strip() and not _is_ours(name):
            named.setdefault(name, []).append(value)
    words, record_type = _words_of_chosen(named), _type_of(named)
    return [(_label(name, record_type), _said(name, values, words)) for name, values in named.items()]


def _type_of(names: Iterable[str]) -> RecordType | None:
    """Return the record type whose form has all these names; none for a form of hardly any."""
    asked = {_row_of(name)[0] for name in names} - {"explanation"}
    found = (t for t in registry.all_types() if asked <= {*t.fields, *t.rows})
    return next(found, None) if len(asked) >= FEW else None


def _row_of(name: str) -> tuple[str, str]:
    """Return the name of the field or of its rows, and the name inside the row."""
    row = _ROW.fullmatch(name)
    return (row["rows"], row["name"]) if row else (name, "")


def _is_ours(name: str) -> bool:
    return name in MACHINERY or bool(SECRET.search(name) or _MACHINERY.search(name))


def _label(name: str, record_type: RecordType | None = None) -> str:
    if row := _ROW.fullmatch(name):
        return f"{_label(row['rows'])}第{int(row['row']) + 1}行：{_label(row['name'])}"
    if record_type and name in record_type.fields:
        return str(record_type.field(name).verbose_name)
    known = {str(column.verbose_name) for column in _columns().get(name, ())}
    return known.pop() if len(known) == 1 else _WORDS.get(name, OTHER)


@cache
def _columns() -> dict[str, list]:
    """Return name → the columns of that name, and the rows that a filing calls so."""
    found: dict[str, list] = {}
    for model in (model for app in _OURS for model in apps.get_app_config(app).get_models()):
        for column in (*model._meta.fields, *model._meta.many_to_many):
            found.setdefault(column.name, []).append(column)
    for record_type in registry.all_types():
        for rows in record_type.rows:
            found.setdefault(rows, []).append(record_type.row_model(rows)._meta)
    return found


def _of(name: str) -> list:
    outer, inner = _row_of(name)
    return _columns().get(inner or outer, [])


def _chosen_from(name: str) -> set[type[models.Model]]:
    """Return the models a field of this name chooses from; none where one of that name is typed."""
    found = {getattr(column, "related_model", None) for column in _of(name)}
    return set() if None in found else found


def _words_of_chosen(named: dict[str, list[str]]) -> dict[str, str]:
    """Return key → name of the regions and entries of the catalogue that were chosen; two queries."""
    keys: dict[bool, set[str]] = {True: set(), False: set()}
    for name, values in named.items():
        if chosen := _chosen_from(name):
            keys[Region in chosen].update(filter(_KEY.fullmatch, values))
    regions = Region.objects.filter(pk__in=keys[True])
    entries = CatalogueEntry.objects.public().filter(filing__in=[key for key in keys[False] if key.isdigit()])
    return {region.pk: region.full_name for region in regions} | {
        str(entry.filing_id): entry.title for entry in entries
    }


def _said(name: str, values: list[str], words: dict[str, str]) -> str:
    if _chosen_from(name):
        return "、".join(dict.fromkeys(words.get(v, CHOSEN) if _KEY.fullmatch(v) else v for v in values))
    choices = _choices(name)
    return "、".join(choices.get(value, value) for value in values)


def _choices(name: str) -> dict[str, str]:
    """Return value → word of what could be chosen, where all columns of the name say the same of it."""
    if name in ("act", "action"):
        return {act.name: act.label for act in ACTIONS} | ACTS
    found: dict[str, set[str]] = {"on": {"是"}}
    for column in _of(name):
        for value, word in getattr(column, "options", None) or getattr(column, "flatchoices", ()):
            found.setdefault(str(value), set()).add(str(word))
    return {value: words.pop() for value, words in found.items() if len(words) == 1}
