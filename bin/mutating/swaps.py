"""A module of the running program with the code of its functions replaced, and what of it a test ran."""

import ast
import copy
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType

from mutating import changes
from mutating.changes import Fault

SEEN = "_seen_by_the_test"
BLOCKS = ("body", "orelse", "finalbody")


class Target:
    """A module whose functions can be swapped for others while it is in use."""

    def __init__(self, name: str):
        self.name, self.module = name, import_module(name)
        self.tree = ast.parse(Path(self.module.__file__).read_text(encoding="utf-8"))
        self.faults = list(changes.faults(self.tree))
        self._live = _live(name)
        self._before = {
            function: function.__code__ for functions in self._live.values() for function in functions
        }

    def put_in(self, fault: Fault) -> None:
        """Put one fault into the program; nothing takes it out of this process again."""
        self._swap(changes.with_fault(self.tree, fault), [fault.function])

    @contextmanager
    def watched(self) -> Iterator[set[int]]:
        """Note the lines of statements that run meanwhile."""
        seen: set[int] = set()
        setattr(self.module, SEEN, seen)
        self._swap(_noting(self.tree), [name for name, _ in changes.functions(self.tree)])
        yield seen
        for function, code in self._before.items():
            function.__code__ = code
        delattr(self.module, SEEN)

    def _swap(self, tree: ast.Module, names: list[str]) -> None:
        codes = dict(_codes(compile(tree, self.module.__file__, "exec")))
        for name in names:
            for function in self._live.get(name, ()):
                function.__code__ = codes[name]


def _live(module: str) -> dict[str, list[FunctionType]]:
    """Return the function objects of a module by qualified name, also those behind decorators."""
    gc.unfreeze()  # what is frozen is not listed
    found: dict[str, list[FunctionType]] = {}
    for one in gc.get_objects():
        if (
            type(one) is FunctionType
            and one.__module__ == module
            and one.__code__.co_filename.endswith(".py")
        ):
            found.setdefault(one.__code__.co_qualname, []).append(one)
    return found


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """Yield the code of functions and methods by qualified name; what stands in a function is part of it."""
    for const in code.co_consts:
        if isinstance(const, CodeType) and "<locals>" not in const.co_qualname:
            yield const.co_qualname, const
            yield from _codes(const)


def _noting(tree: ast.Module) -> ast.Module:
    """Return a copy of a module whose functions note the line of each statement before it runs."""
    tree = copy.deepcopy(tree)
    for _, function in changes.functions(tree):
        _note_in(function)
    return ast.fix_missing_locations(tree)


def _note_in(node: ast.AST) -> None:
    for child in ast.iter_child_nodes(node):
        _note_in(child)
    for block in BLOCKS:
        statements = getattr(node, block, None)
        if isinstance(statements, list) and statements and not isinstance(node, ast.ClassDef):
            setattr(node, block, [one for statement in statements for one in (_note(statement), statement)])


def _note(statement: ast.stmt) -> ast.stmt:
    return ast.parse(f"{SEEN}.add({statement.lineno})").body[0]
