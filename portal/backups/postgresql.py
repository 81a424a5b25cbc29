"""PostgreSQL: every table by COPY in one snapshot; brought back into migrated tables in one transaction.

No program of the server is needed, so that any host of the portal can do it, whatever the server's version.
Owners, rights and policies stay those of the database that is restored into.
"""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from portal.backups import facts
from portal.backups.contents import PIECE, Unusable

SUFFIX = ".copy.gz"
COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = '\"{}\"'::regclass AND attnum > 0"
    " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
)
SEQUENCES = (
    "SELECT sequencename, last_value FROM pg_sequences"
    " WHERE schemaname = current_schema() AND last_value IS NOT NULL ORDER BY sequencename"
)
OLDER = (
    "这份备份来自较早的版本，只能恢复到空的数据库，没有改动任何内容。"
    "请新建一个空的数据库再恢复，或用做这份备份的版本恢复后再升级。"
)

TOO_OLD = "这份备份来自过早的版本，没有改动任何内容。请用做这份备份的版本恢复，再升级到本版本。"


def size() -> int:
    """Return how many bytes the database takes."""
    return next(_rows("SELECT pg_database_size(current_database())"))[0]


def dump(folder: Path) -> tuple[dict, set[str]]:
    """Copy every table into ``folder``; return what they hold, and the files that their rows name."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = facts.of(_rows, "postgresql")
        columns = {name: [one for (one,) in _rows(COLUMNS.format(name))] for name in found["counts"]}
        for name, its in columns.items():
            _copy_out(folder / f"{name}{SUFFIX}", name, its)
        return found | {"columns": columns, "sequences": dict(_rows(SEQUENCES))}, facts.files_named(_rows)


def _copy_out(path: Path, table: str, columns: list[str]) -> None:
    query = f'COPY (SELECT {_listed(columns)} FROM "{table}") TO STDOUT'
    with (
        gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) as file,
        connection.cursor() as cursor,
        cursor.copy(query) as pieces,
    ):
        for piece in pieces:
            file.write(piece)


def load(folder: Path, manifest: dict, compare: Callable[[dict], None], settle: Callable[[], None]) -> None:
    """Put the tables in ``folder`` in the place of those there are, in one transaction."""
    _prepare({tuple(row) for row in manifest["migrations"]})
    with transaction.atomic(durable=True):
        _switch("DISABLE", manifest["columns"])
        _run(f"TRUNCATE {_listed(manifest['columns'])}")
        for name, columns in manifest["columns"].items():
            _copy_in(folder / f"{name}{SUFFIX}", name, columns)
        _run("SET CONSTRAINTS ALL IMMEDIATE")
        compare(facts.of(_rows, "postgresql"))
        _number_on(manifest["sequences"])
        _switch("ENABLE", manifest["columns"])
        call_command("migrate", interactive=False, verbosity=0)
        settle()


def _prepare(wanted: set[tuple[str, str]]) -> None:
    """Make the tables be those of the backup: what is migrated stays, an empty database is brought there."""
    present = facts.tables(_rows, "postgresql")
    loader = MigrationLoader(connection)
    wanted = with_short_ways(loader, wanted)
    if wanted >= set(loader.disk_migrations):
        call_command("migrate", interactive=False, verbosity=0)
    elif present and set(loader.applied_migrations) != wanted:
        raise Unusable(OLDER)
    elif not present:
        for app, name in leaves(loader, wanted):
            call_command("migrate", app, name, interactive=False, verbosity=0)


def leaves(loader: MigrationLoader, wanted: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return of each app the last of the wanted migrations, ``("portal", "0022_seal")``.

    Raises ``Unusable`` when an empty database is not brought there any more: what is done in one step now
    was done in part.
    """
    replaced = {old for node in wanted & {*loader.replacements} for old in loader.replacements[node].replaces}
    if wanted - replaced - {*loader.graph.nodes}:
        raise Unusable(TOO_OLD)
    nodes = [node for node in loader.graph.nodes if node in wanted]
    pairs = [(node, parent.key) for node in nodes for parent in loader.graph.node_map[node].parents]
    inner = {parent for node, parent in pairs if parent[0] == node[0]}
    return sorted(node for node in nodes if node not in inner)


def with_short_ways(loader: MigrationLoader, wanted: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the wanted migrations, and those that do in one step what several of them do."""
    return wanted | {node for node, short in loader.replacements.items() if wanted >= {*short.replaces}}


def _copy_in(path: Path, table: str, columns: list[str]) -> None:
    query = f'COPY "{table}" ({_listed(columns)}) FROM STDIN'
    with gzip.open(path, "rb") as file, connection.cursor() as cursor, cursor.copy(query) as into:
        while piece := file.read(PIECE):
            into.write(piece)


def _number_on(sequences: dict[str, int]) -> None:
    """Let no sequence give a number again; it is never set back, for that would outlive a rollback."""
    for name, last in sequences.items():
        _run(f'SELECT setval(\'"{name}"\', greatest({int(last)}, (SELECT last_value FROM "{name}")))')


def _switch(verb: str, tables: dict) -> None:
    """Switch the triggers of the portal off or on; those that check foreign keys stay."""
    for name in tables:
        _run(f'ALTER TABLE "{name}" {verb} TRIGGER USER')


def _rows(sql: str) -> Iterator[tuple]:
    """Yield the rows of a query as the server finds them."""
    with connection.chunked_cursor() if connection.in_atomic_block else connection.cursor() as cursor:
        cursor.execute(sql)
        yield from cursor


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _listed(names) -> str:
    return ", ".join(f'"{name}"' for name in names)
