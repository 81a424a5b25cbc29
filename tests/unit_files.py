"""Sheets of building units as a bureau uploads them, for tests of imports."""

from portal import imports, registry
from portal.models import Import, User
from tests import made_files as made

UNIT = registry.get("building-units")
HEADER = ["单位全称", "单位类型", "法定代表人"]


def lines(*rows: list) -> bytes:
    """Return a workbook with these rows below the header."""
    return made.xlsx([HEADER, *rows])


def named(number: int) -> list[list]:
    """Return so many rows, each with a name of its own."""
    return [[f"单位{n}", "其他", ""] for n in range(number)]


def received(by: User, *rows: list, name: str = "单位.xlsx") -> Import:
    """Upload these rows as ``by``."""
    return imports.receive(lines(*rows), name, UNIT, by=by)


def aged(imported: Import, **changes) -> Import:
    """Return an import as it is once columns of its row were changed."""
    Import.objects.filter(pk=imported.pk).update(**changes)
    return Import.objects.get(pk=imported.pk)
