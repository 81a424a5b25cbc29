"""What tells that public content changed: triggers on every table the public pages read, and their token.

The triggers stand on both databases, so nothing that writes can bypass them, whatever program it is. A change
leaves a random token in ``PublicChange`` in the transaction that makes it; ``token`` joins the tokens that
stand. No two states of public content share one, after a restored backup neither: a counter would go back and
meet its numbers again. On PostgreSQL each transaction adds a row of its own, so that no publication waits for
another; those older than ten minutes are folded into the next. SQLite has one writer and one row.

What nobody can see must not change the token, or each draft that is stored would: a filing, its content and
its submitted versions count where an entry or the list of a notice names the filing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models

from portal import registry
from portal.models import Filing, FilingVersion

PREFIX = "public_change"
#: Read by public pages, each row of them.
OPEN = (
    "catalogueentry",
    "edition",
    "noticeitem",
    "organisation",
    "policytarget",
    "promotion",
    "publicnotice",
    "region",
    "reviewitem",
    "succession",
)
_IN_SIGHT = """EXISTS (SELECT 1 FROM {rows} JOIN portal_catalogueentry e ON e.filing_id = {column}) OR
    EXISTS (SELECT 1 FROM {rows} JOIN portal_noticeitem i ON i.filing_id = {column})"""
_SQLITE_IN_SIGHT = """EXISTS (SELECT 1 FROM portal_catalogueentry WHERE filing_id = {row}.{column}) OR
    EXISTS (SELECT 1 FROM portal_noticeitem WHERE filing_id = {row}.{column})"""
# UPDATE and not REPLACE: the conflict clause of a statement overrides those in the triggers it fires.
_SQLITE_NOTE = """INSERT INTO portal_publicchange (id, token, at)
    SELECT 1, '', CURRENT_TIMESTAMP WHERE NOT EXISTS (SELECT 1 FROM portal_publicchange WHERE id = 1);
    UPDATE portal_publicchange SET token = lower(hex(randomblob(16))), at = CURRENT_TIMESTAMP WHERE id = 1"""
# Once a transaction: the setting is undone with the savepoint that the row goes with.
_POSTGRESQL_NOTE = f"""CREATE FUNCTION {PREFIX}_note() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('portal.{PREFIX}', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
        INSERT INTO portal_publicchange (token, at) VALUES (replace(gen_random_uuid()::text, '-', ''), now());
        DELETE FROM portal_publicchange WHERE id IN (SELECT id FROM portal_publicchange
            WHERE at < now() - interval '10 minutes' FOR UPDATE SKIP LOCKED);
        PERFORM set_config('portal.{PREFIX}', pg_current_xact_id()::text, true);
    END IF;
END $$"""

_PRESENT = {
    "sqlite": "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s",
    "postgresql": "SELECT 'DROP FUNCTION ' || oid::regprocedure || ' CASCADE' FROM pg_proc"
    " WHERE proname LIKE %s",
}


@dataclass(frozen=True)
class Watched:
    """A table whose changes are noted: of every row, or of those whose ``column`` names a filing in sight.

    Of a table that ``begins`` a filing, what is added cannot be in sight yet.
    """

    table: str
    column: str = ""
    begins: bool = False

    @property
    def verbs(self) -> tuple[str, ...]:
        """What is noted."""
        return ("UPDATE", "DELETE") if self.begins else ("INSERT", "UPDATE", "DELETE")


def watched() -> list[Watched]:
    """Return every table that is watched: of the portal by name, of the record types all there are."""
    found = [Watched(f"portal_{name}") for name in OPEN]
    found += [Watched(Filing._meta.db_table, "id", begins=True)]
    found += [Watched(FilingVersion._meta.db_table, "filing_id")]
    labels = {record_type.model._meta.app_label for record_type in registry.all_types()}
    for label in sorted(labels):
        for model in apps.get_app_config(label).get_models():
            found += _of_model(model)
    return found


def _of_model(model: type[models.Model]) -> Iterator[Watched]:
    """Yield the table of a model of a record type's app, and those of what it is joined with."""
    table = model._meta.db_table
    if issubclass(model, Filing):
        yield Watched(table, model._meta.pk.column, begins=True)
    else:
        yield Watched(table, next(_owners(model), ""))
    for field in model._meta.local_many_to_many:
        if field.remote_field.through._meta.auto_created:
            yield Watched(field.m2m_db_table(), field.m2m_column_name() if issubclass(model, Filing) else "")


def _owners(model: type[models.Model]) -> Iterator[str]:
    """Yield the column by which a row belongs to a filing and goes with it."""
    for field in model._meta.local_fields:
        owner = field.remote_field and field.remote_field.on_delete is models.CASCADE and field.related_model
        if owner and issubclass(owner, Filing):
            yield field.column


def triggers(vendor: str) -> set[str]:
    """Return the names of all triggers that must stand on a database of this kind."""
    present = {one.table for one in watched()}
    return {line.split()[2] for line in _statements(vendor, present) if line.startswith("CREATE TRIGGER")}


def token(connection) -> str:
    """Return the token of the public content as it is committed now; empty says that nothing is known."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM portal_publicchange ORDER BY id")
        return "".join(one for (one,) in cursor.fetchall())


def install(connection) -> None:
    """Create the triggers of all tables there are, and note that anything may have changed before."""
    note = _SQLITE_NOTE.split(";") if connection.vendor == "sqlite" else [f"SELECT {PREFIX}_note()"]
    present = set(connection.introspection.table_names())  # a database may be migrated in part
    _run(connection, [*_statements(connection.vendor, present), *note])


def remove(connection) -> None:
    """Drop the triggers, those of tables that are no longer watched too."""
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT[connection.vendor], [f"{PREFIX}%"])
        statements = [statement for (statement,) in cursor.fetchall()]
    _run(connection, statements)


def _run(connection, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _statements(vendor: str, present: set[str]) -> list[str]:
    tables = [one for one in watched() if one.table in present]
    if vendor == "sqlite":
        return [line for one in tables for line in _sqlite(one)]
    always = f"""CREATE FUNCTION {PREFIX}_always() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM {PREFIX}_note(); RETURN NULL; END $$"""
    return [_POSTGRESQL_NOTE, always, *(line for one in tables for line in _postgresql(one))]


def _sqlite(one: Watched) -> Iterator[str]:
    for verb in one.verbs:
        rows = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}[verb]
        sights = (_SQLITE_IN_SIGHT.format(row=row, column=one.column) for row in rows)
        when = f"WHEN {' OR '.join(sights)}" if one.column else ""
        yield f"""CREATE TRIGGER {PREFIX}_{verb.lower()}_{one.table} AFTER {verb} ON {one.table} {when}
        BEGIN {_SQLITE_NOTE}; END"""


def _postgresql(one: Watched) -> Iterator[str]:
    """Yield triggers that fire once a statement; what is emptied is always noted."""
    call = f"EXECUTE FUNCTION {PREFIX}_always()"
    verbs = ["TRUNCATE"] if one.column else [*one.verbs, "TRUNCATE"]
    yield f"""CREATE TRIGGER {PREFIX}_{one.table} AFTER {" OR ".join(verbs)} ON {one.table}
    FOR EACH STATEMENT {call}"""
    if one.column:
        yield _function(one)
        for verb in one.verbs:
            for side in {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}[verb]:
                if side == "OLD" or not (one.begins and verb == "UPDATE"):  # the key of a filing stays
                    yield _conditional(one, verb, side)


def _function(one: Watched) -> str:
    in_sight = _IN_SIGHT.format(rows="changed", column=f"changed.{one.column}")
    return f"""CREATE FUNCTION {PREFIX}_of_{one.table}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF {in_sight} THEN PERFORM {PREFIX}_note(); END IF; RETURN NULL; END $$"""


def _conditional(one: Watched, verb: str, side: str) -> str:
    return f"""CREATE TRIGGER {PREFIX}_{verb.lower()}_{side.lower()}_{one.table} AFTER {verb} ON {one.table}
    REFERENCING {side} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {PREFIX}_of_{one.table}()"""
