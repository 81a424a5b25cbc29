"""The faults that are put into the statements of a function, one at a time, and nothing that runs them."""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SWAPPED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add,
}  # fmt: skip
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Made = tuple[str, ast.AST | None]


@dataclass(frozen=True)
class Fault:
    """A fault: the function it is in, the line of its statement, what it does, and how to put it in.

    ``number`` tells it from the others of its function.
    """

    function: str
    line: int
    said: str
    number: int


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the functions of a module and the methods of its classes with their qualified names."""
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        prefix, node = waiting.pop(0)
        for child in node.body:
            if isinstance(child, FUNCTIONS):
                yield prefix + child.name, child
            elif isinstance(child, ast.ClassDef):
                waiting.append((f"{prefix}{child.name}.", child))


def faults(tree: ast.Module) -> Iterator[Fault]:
    """Yield every fault of every function of a module."""
    for name, function in functions(tree):
        for number, (line, said, _) in enumerate(_changes(function)):
            yield Fault(name, line, said, number)


def with_fault(tree: ast.Module, fault: Fault) -> ast.Module:
    """Return a copy of the module with one fault in it."""
    tree = copy.deepcopy(tree)
    function = next(found for name, found in functions(tree) if name == fault.function)
    _, _, put_in = _changes(function)[fault.number]
    put_in()
    return ast.fix_missing_locations(tree)


def _changes(function: ast.FunctionDef) -> list[tuple[int, str, Callable[[], None]]]:
    """Return the changes of a function: the line of the statement, in words, and what makes it."""
    return [(line, said, put_in) for line, place in _places(function) for said, put_in in _at(place)]


@dataclass(frozen=True)
class _Place:
    """Where a node hangs: in a field of its parent, at a position where that is a list."""

    parent: ast.AST
    field: str
    position: int | None
    node: ast.AST

    def replace(self, node: ast.AST | None) -> None:
        """Hang another node there; None takes it out of its list."""
        if self.position is None:
            setattr(self.parent, self.field, node)
        elif node is None:
            del getattr(self.parent, self.field)[self.position]
        else:
            getattr(self.parent, self.field)[self.position] = node


def _places(function: ast.FunctionDef) -> Iterator[tuple[int, _Place]]:
    """Yield each node of the statements of a function with the line of its statement."""
    for position, statement in enumerate(function.body):
        if position or not _is_docstring(statement):
            place = _Place(function, "body", position, statement)
            yield from _below(place, statement.lineno)


def _below(place: _Place, line: int) -> Iterator[tuple[int, _Place]]:
    node = place.node
    line = node.lineno if isinstance(node, ast.stmt) else line
    yield line, place
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "format_spec", "type_params"):
            continue
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for position, child in children:
            if isinstance(child, ast.AST) and not (position == 0 and _is_inner_docstring(node, child)):
                yield from _below(_Place(node, field, position, child), line)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_inner_docstring(parent: ast.AST, node: ast.AST) -> bool:
    return isinstance(parent, FUNCTIONS) and _is_docstring(node)


def _at(place: _Place) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield what can be changed at one place."""
    made = _WAYS.get(type(place.node))
    for said, node in made(place.node) if made else ():
        yield said, lambda node=node: place.replace(node)
    if isinstance(place.node, ast.expr) and place.field == "test" and _is_plain(place.node):
        yield "condition turned round", lambda: place.replace(ast.UnaryOp(ast.Not(), place.node))
    if isinstance(place.node, ast.keyword) and place.node.arg:
        yield f"argument {place.node.arg} left out", lambda: place.replace(None)
    if place.field == "ifs":
        yield "condition of a comprehension left out", lambda: place.replace(None)


def _is_plain(test: ast.expr) -> bool:
    """Say whether no other fault turns a condition round."""
    is_not = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    return not is_not and not (isinstance(test, ast.Compare) and len(test.ops) == 1)


def _compared(node: ast.Compare) -> Iterator[Made]:
    for number, op in enumerate(node.ops):
        ops = [SWAPPED[type(op)]() if at == number else one for at, one in enumerate(node.ops)]
        said = f"{type(op).__name__} became {type(ops[number]).__name__}"
        yield said, ast.Compare(node.left, ops, node.comparators)


def _joined(node: ast.BoolOp) -> Iterator[Made]:
    op = SWAPPED[type(node.op)]
    yield f"{type(node.op).__name__} became {op.__name__}", ast.BoolOp(op(), node.values)


def _reckoned(node: ast.BinOp) -> Iterator[Made]:
    if op := SWAPPED.get(type(node.op)):
        yield f"{type(node.op).__name__} became {op.__name__}", ast.BinOp(node.left, op(), node.right)


def _denied(node: ast.UnaryOp) -> Iterator[Made]:
    if isinstance(node.op, ast.Not):
        yield "not left out", node.operand


def _constant(node: ast.Constant) -> Iterator[Made]:
    value = node.value
    if isinstance(value, bool):
        yield f"{value} became {not value}", ast.Constant(not value)
    elif isinstance(value, int):
        yield f"{value} became {value + 1}", ast.Constant(value + 1)
    elif isinstance(value, str) and value:
        yield f"{value[:30]!r} became another text", ast.Constant(f"XX{value}XX")


def _returned(node: ast.Return) -> Iterator[Made]:
    if node.value and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield "None returned", ast.Return(ast.Constant(None))


def _called(node: ast.Expr) -> Iterator[Made]:
    if isinstance(node.value, ast.Call):
        yield "call left out", ast.Pass()


def _assigned(node: ast.Assign) -> Iterator[Made]:
    if not isinstance(node.targets[0], ast.Tuple):
        yield "None assigned", ast.Assign(node.targets, ast.Constant(None))


def _raised(node: ast.Raise) -> Iterator[Made]:
    yield "raise left out", ast.Pass()


def _broken(node: ast.Break) -> Iterator[Made]:
    yield "break became continue", ast.Continue()


def _continued(node: ast.Continue) -> Iterator[Made]:
    yield "continue became break", ast.Break()


_WAYS: dict[type, Callable[..., Iterator[Made]]] = {
    ast.Compare: _compared, ast.BoolOp: _joined, ast.BinOp: _reckoned, ast.UnaryOp: _denied,
    ast.Constant: _constant, ast.Return: _returned, ast.Expr: _called, ast.Assign: _assigned,
    ast.Raise: _raised, ast.Break: _broken, ast.Continue: _continued,
}  # fmt: skip
