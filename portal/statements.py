"""Statements that make what no model describes: the triggers of each kind of database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

ByVendor = Mapping[str, Sequence[str]]


def run(connection, statements: Iterable[str]) -> None:
    """Execute ``statements`` on ``connection``, one after the other."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@dataclass(frozen=True)
class Triggers:
    """What makes triggers that belong together and what drops them, by vendor: ``sqlite``, ``postgresql``."""

    made: ByVendor
    dropped: ByVendor

    def install(self, connection) -> None:
        """Create them on ``connection``."""
        run(connection, self.made[connection.vendor])

    def remove(self, connection) -> None:
        """Drop them, if they are there: for a migration, the emptying of a test database, a quick filling."""
        run(connection, self.dropped[connection.vendor])
