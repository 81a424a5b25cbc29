"""Questions that are asked again and again: their SQL is worked out once and then only filled in.

Knows no model. Working out a statement costs far more than asking a small one, so what a page asks in every
request is kept as the statement of its question; what changes from asking to asking is a value of it.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Expression, QuerySet
from django.db.models.expressions import Col, RawSQL
from django.db.models.sql.where import WhereNode
from django.utils import timezone

MOST = 1500  # statements kept by a process; the one kept longest is forgotten first
# What stands for a value while a statement is worked out: nothing that a question could say by itself.
MARK = "\x1f"
# Whole numbers lie within what every integer column but the smallest holds, or a comparison would be dropped.
FIRST_NUMBER, FIRST_MOMENT = 2_047_483_011, datetime(1802, 3, 4, 5, 6, 7, tzinfo=UTC)

_kept: OrderedDict[Hashable, "_Statement"] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class _Statement:
    """A question with its SQL; ``places``: which value stands at a parameter, the text kept where None."""

    question: QuerySet
    compiler: Any
    sql: str
    params: tuple
    places: tuple[int | None, ...]

    def filled(self, given: list[Any]) -> QuerySet:
        """Return the question, to be read as it is; nothing can be added to it."""
        params = tuple(
            kept if place is None else given[place]
            for kept, place in zip(self.params, self.places, strict=True)
        )
        compiler, found = copy(self.compiler), self.question._chain()
        compiler.connection = connections[self.question.db]  # every thread has its own
        compiler.as_sql = lambda *args, **kwargs: (self.sql, params)
        found.query.get_compiler = lambda *args, **kwargs: compiler
        return found


def whose(user) -> Hashable:
    """Return what the questions of ``user`` depend on beside his number: his posts, former ones too."""
    held = tuple((post.role, post.organisation_id) for post in user.held)
    posts = tuple(_place(post.role, post.organisation) for post in user.posts)
    return posts, held, timezone.localdate()


def _place(role: str, organisation) -> Hashable:
    region = organisation.region
    return role, organisation.pk, organisation.kind, region.pk, region.level


def rows(key: Hashable, question: Callable[..., QuerySet], *given: Any) -> list:
    """Return the rows of ``question(*given)``, whose statement is worked out at its first asking.

    ``key`` names the question and holds all it depends on beside ``given``: whole numbers, moments,
    texts and people, each a value of the statement as it is given, not one worked out of it.
    """
    return list(_asked(key, question, given))


def _asked(key: Hashable, question: Callable[..., QuerySet], given: tuple) -> QuerySet:
    place = (question.__module__, question.__qualname__, key)
    found = _kept.get(place)
    if found is None:
        found = _worked_out(question, given)
        if found is None:
            return question(*given)
        _keep(place, found)
    connection = connections[found.question.db]
    return found.filled([_adapted(value, connection) for value in given])


def _keep(place: Hashable, statement: _Statement) -> None:
    with _lock:
        _kept[place] = statement
        while len(_kept) > MOST:
            _kept.popitem(last=False)


def _worked_out(question: Callable[..., QuerySet], given: tuple) -> _Statement | None:
    """Return the statement of a question, None when it has none to keep: it can find nothing."""
    stand_ins = [_stand_in(value, number) for number, value in enumerate(given)]
    found = question(*stand_ins)
    connection = connections[found.db]
    compiler = found.query.get_compiler(using=found.db)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    adapted = [_adapted(value, connection) for value in stand_ins]
    places = tuple(adapted.index(p) if _may_stand_in(p) and p in adapted else None for p in params)
    _check(params, places)
    _forget_the_tree(compiler)
    return _Statement(found, compiler, sql, tuple(params), places)


def _forget_the_tree(compiler) -> None:
    """Leave of a question that has its SQL what its rows are read by: the tree of it is most of its size."""
    query = compiler.query
    compiler.select = [(_as_read(shown), ("", ()), alias) for shown, _, alias in compiler.select]
    query.annotations = {name: _as_read(one) for name, one in query.annotations.items()}
    query._annotation_select_cache = None
    query.where, query.alias_map, query.order_by = WhereNode(), {}, ()
    compiler.where = compiler.having = compiler.qualify = None


def _as_read(expression) -> Any:
    """Return an expression by which its column is read alike, a plain one where it can be."""
    is_plain = type(expression).convert_value is Expression.convert_value
    return (
        expression if isinstance(expression, Col) or not is_plain else RawSQL("", (), expression.output_field)
    )


def _check(params: Iterable, places: Iterable[int | None]) -> None:
    """Refuse a question that works something out of a value it was given: it would never change."""
    for param, place in zip(params, places, strict=True):
        said = str(param)
        if place is None and (MARK in said or said.startswith((str(FIRST_MOMENT.year), "20474830"))):
            raise ValueError(f"a question worked {said} out of what it was given")


def _may_stand_in(param: Any) -> bool:
    return isinstance(param, int | str | date) and not isinstance(param, bool)


def _stand_in(value: Any, number: int) -> Any:
    """Return what stands for the value with this number; a person keeps all but his own number."""
    if isinstance(value, datetime):
        return FIRST_MOMENT + timedelta(seconds=number)
    if isinstance(value, int):
        return FIRST_NUMBER + number
    if isinstance(value, str):
        return f"{MARK}{number}"
    person = copy(value)
    person._state, person.pk = copy(value._state), FIRST_NUMBER + number
    return person


def _adapted(value: Any, connection) -> Any:
    """Return a value as it stands among the parameters of a statement."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value if isinstance(value, int | str) else value.pk
