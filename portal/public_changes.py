"""What tells that public content changed: triggers on every table the public pages read, and their tokens.

The triggers stand on both databases, so nothing that writes can bypass them, whatever program it is. A change
leaves a random token in ``PublicChange`` in the transaction that makes it, under each part of the public
content that it belongs to: the catalogue of a record type, by its slug, or what all pages may show
(``COMMON``). ``tokens`` joins the tokens that stand of each part. No two states of a part share one, after a
restored backup neither: a counter would go back and meet its numbers again. On PostgreSQL each transaction
adds rows of its own, so that no publication waits for another; those of a part that are older than ten
minutes are folded into its next. SQLite has one writer and one row for each part.

What nobody can see must not change a token, or each draft that is stored would: a filing and its content
count where an entry or the list of a notice names the filing. Submitted versions are on no page that is kept.

A filing that points to filings of other types comes to be shown on their pages. ``LINKS`` is the part that
tells of it: it changes when such links change, and when an entry does whose filing has any.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models

from portal import registry
from portal.models import Filing, PublicChange
from portal.registry import RecordType
from portal.statements import run

PREFIX = "public_change"
COMMON, LINKS = "", "links"
# The parts a row belongs to, as expressions; what is not known any more belongs to all.
_ALL_PAGES = ("''",)
_OWN_KIND = ("{row}.kind",)
_OF_ENTRY = "coalesce((SELECT kind FROM portal_catalogueentry WHERE id = {row}.%s), '')"
#: Read by public pages, each row of them, with the parts it belongs to.
OPEN = {
    "edition": _OWN_KIND,
    "noticeitem": _ALL_PAGES,
    "organisation": _ALL_PAGES,
    "policytarget": _ALL_PAGES,
    "promotion": (_OF_ENTRY % "entry_id",),
    "publicnotice": _ALL_PAGES,
    "region": _ALL_PAGES,
    "reviewitem": (_OF_ENTRY % "entry_id",),
    "succession": (_OF_ENTRY % "old_id", _OF_ENTRY % "new_id"),
}
_IN_SIGHT = """EXISTS (SELECT 1 FROM portal_catalogueentry WHERE filing_id = {row}.{column}) OR
    EXISTS (SELECT 1 FROM portal_noticeitem WHERE filing_id = {row}.{column})"""
# UPDATE and not REPLACE: the conflict clause of a statement overrides those in the triggers it fires.
_SQLITE_NOTE = """INSERT INTO portal_publicchange (part, token, at)
    SELECT part, '', CURRENT_TIMESTAMP FROM ({parts}) AS changed
    WHERE part NOT IN (SELECT part FROM portal_publicchange);
    UPDATE portal_publicchange SET token = lower(hex(randomblob(16))), at = CURRENT_TIMESTAMP
    WHERE part IN ({parts})"""
# Once a transaction and part: the setting is undone with the savepoint that the row goes with.
_POSTGRESQL_NOTE = f"""CREATE FUNCTION {PREFIX}_note(noted text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    mine text := pg_current_xact_id()::text || ':,';
    known text := coalesce(current_setting('portal.{PREFIX}', true), '');
BEGIN
    IF NOT starts_with(known, mine) THEN known := mine; END IF;
    IF position(',' || noted || ',' IN known) = 0 THEN
        INSERT INTO portal_publicchange (part, token, at)
            VALUES (noted, replace(gen_random_uuid()::text, '-', ''), now());
        DELETE FROM portal_publicchange WHERE id IN (SELECT id FROM portal_publicchange
            WHERE part = noted AND at < now() - interval '10 minutes' FOR UPDATE SKIP LOCKED);
        PERFORM set_config('portal.{PREFIX}', known || noted || ',', true);
    END IF;
END $$"""

_EMPTIED = f"""CREATE FUNCTION {PREFIX}_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM {PREFIX}_note('{COMMON}'); RETURN NULL; END $$"""
_ROWS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}
_PRESENT = {
    "sqlite": "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s",
    "postgresql": "SELECT 'DROP FUNCTION ' || oid::regprocedure || ' CASCADE' FROM pg_proc"
    " WHERE proname LIKE %s",
}


@dataclass(frozen=True)
class Watched:
    """A table whose changes are noted: of every row, or of those whose ``column`` names a filing in sight.

    ``parts`` are the parts that a row belongs to. Of a table that ``begins`` a filing, what is added cannot
    be in sight yet.
    """

    table: str
    parts: tuple[str, ...] = _ALL_PAGES
    column: str = ""
    begins: bool = False

    @property
    def verbs(self) -> tuple[str, ...]:
        """What is noted."""
        return ("UPDATE", "DELETE") if self.begins else ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Link:
    """Where a record type points to others: a table, the column of the filing, the condition that it does."""

    slug: str
    table: str
    column: str
    condition: str = ""


def watched() -> list[Watched]:
    """Return every table that is watched: of the portal by name, of the record types all there are."""
    found = [Watched("portal_catalogueentry", (*_OWN_KIND, _linked()))]
    found += [Watched(f"portal_{name}", parts) for name, parts in OPEN.items()]
    found += [Watched(Filing._meta.db_table, _OWN_KIND, "id", begins=True)]
    labels = {record_type.model._meta.app_label for record_type in registry.all_types()}
    for label in sorted(labels):
        for model in apps.get_app_config(label).get_models():
            found += _of_model(model)
    return found


def _of_model(model: type[models.Model]) -> Iterator[Watched]:
    """Yield the table of a model of a record type's app, and those of what it is joined with."""
    table, is_filing = model._meta.db_table, issubclass(model, Filing)
    if is_filing:
        yield Watched(table, _parts(table, model), model._meta.pk.column, begins=True)
    else:
        column, owner = next(_owners(model), ("", None))
        yield Watched(table, _parts(table, owner), column)
    for field in model._meta.local_many_to_many:
        if field.remote_field.through._meta.auto_created:
            joined = field.m2m_db_table()
            parts = _parts(joined, model if is_filing else None)
            yield Watched(joined, parts, field.m2m_column_name() if is_filing else "")


def _parts(table: str, owner: type[Filing] | None) -> tuple[str, ...]:
    """Return the parts of a table whose rows are of ``owner``; common to all pages when they are nobody's."""
    if owner is None:
        return _ALL_PAGES
    is_link = any(link.table == table for link in links())
    return (f"'{owner.record_type.slug}'", *([f"'{LINKS}'"] if is_link else []))


def _owners(model: type[models.Model]) -> Iterator[tuple[str, type[Filing]]]:
    """Yield the column by which a row belongs to a filing and goes with it, and the type of that."""
    for field in model._meta.local_fields:
        owner = field.remote_field and field.remote_field.on_delete is models.CASCADE and field.related_model
        if owner and issubclass(owner, Filing):
            yield field.column, owner


def links() -> list[Link]:
    """Return where the record types point to one another: by their fields and by those of their rows."""
    return [link for record_type in registry.all_types() for link in _links(record_type)]


def _links(record_type: RecordType) -> Iterator[Link]:
    slug, options = record_type.slug, record_type.model._meta
    for field in _pointing(record_type.model, record_type.fields):
        if field.many_to_many:
            yield Link(slug, field.m2m_db_table(), field.m2m_column_name())
        else:
            yield Link(slug, options.db_table, options.pk.column, f" AND {field.column} IS NOT NULL")
    for name, row_fields in record_type.rows.items():
        if _pointing(record_type.row_model(name), row_fields):
            rows = record_type.row_model(name)._meta.db_table
            yield Link(slug, rows, record_type.field(name).field.column)


def _pointing(model: type[models.Model], names: Iterable[str]) -> list[models.Field]:
    """Return the fields of these that point to filings of a record type."""
    fields = [model._meta.get_field(name) for name in names]
    return [f for f in fields if f.is_relation and hasattr(f.related_model, "record_type")]


def targets(record_type: RecordType) -> set[str]:
    """Return the record types that one of ``record_type`` may point to."""
    found = _pointing(record_type.model, record_type.fields)
    for name, row_fields in record_type.rows.items():
        found += _pointing(record_type.row_model(name), row_fields)
    return {field.related_model.record_type.slug for field in found}


def _linked() -> str:
    """Return the part of an entry whose filing points to others: ``LINKS``, else its own again."""
    has_one = (
        f"{{row}}.kind = '{one.slug}' AND EXISTS "
        f"(SELECT 1 FROM {one.table} WHERE {one.column} = {{row}}.filing_id{one.condition})"
        for one in links()
    )
    return f"CASE WHEN {' OR '.join(has_one)} THEN '{LINKS}' ELSE {{row}}.kind END"


def triggers(vendor: str) -> set[str]:
    """Return the names of all triggers that must stand on a database of this kind."""
    present = {one.table for one in watched()}
    return {line.split()[2] for line in _statements(vendor, present) if line.startswith("CREATE TRIGGER")}


def tokens(connection) -> dict[str, str]:
    """Return the token of each part of the public content as it is committed now.

    Empty says that nothing is known; a part without one has not changed since that of ``COMMON``.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT part, token FROM portal_publicchange ORDER BY id")
        found: dict[str, str] = {}
        for part, token_ in cursor.fetchall():
            found[part] = found.get(part, "") + token_
    return found if COMMON in found else {}


def token(connection) -> str:
    """Return one token of all public content; empty says that nothing is known."""
    return "|".join(f"{part}:{found}" for part, found in sorted(tokens(connection).items()))


def install(connection) -> None:
    """Create the triggers of all tables there are, and note that anything may have changed before.

    A table of an older release, which knows no parts, is left to that release.
    """
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, PublicChange._meta.db_table)
    if "part" not in {column.name for column in columns}:
        return
    present = set(connection.introspection.table_names())  # a database may be migrated in part
    run(connection, [*_statements(connection.vendor, present), *_note(connection.vendor)])


def _note(vendor: str) -> list[str]:
    if vendor == "sqlite":
        return _sqlite_note(_ALL_PAGES, ["row"]).split(";")
    return [f"SELECT {PREFIX}_note('{COMMON}')"]


def remove(connection) -> None:
    """Drop the triggers, those of tables that are no longer watched too."""
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT[connection.vendor], [f"{PREFIX}%"])
        statements = [statement for (statement,) in cursor.fetchall()]
    run(connection, statements)


def _statements(vendor: str, present: set[str]) -> list[str]:
    tables = [one for one in watched() if one.table in present]
    if vendor == "sqlite":
        return [line for one in tables for line in _sqlite(one)]
    return [_POSTGRESQL_NOTE, _EMPTIED, *(line for one in tables for line in _postgresql(one))]


def _sqlite(one: Watched) -> Iterator[str]:
    for verb in one.verbs:
        rows = _ROWS[verb]
        sights = (_IN_SIGHT.format(row=row, column=one.column) for row in rows)
        when = f"WHEN {' OR '.join(sights)}" if one.column else ""
        yield f"""CREATE TRIGGER {PREFIX}_{verb.lower()}_{one.table} AFTER {verb} ON {one.table} {when}
        BEGIN {_sqlite_note(one.parts, rows)}; END"""


def _sqlite_note(parts: Iterable[str], rows: Iterable[str]) -> str:
    said = dict.fromkeys(part.format(row=row) for row in rows for part in parts)
    return _SQLITE_NOTE.format(parts=" UNION ".join(f"SELECT {part} AS part" for part in said))


def _postgresql(one: Watched) -> Iterator[str]:
    """Yield triggers that fire once a statement; what is emptied changes every page."""
    yield f"""CREATE TRIGGER {PREFIX}_{one.table} AFTER TRUNCATE ON {one.table}
    FOR EACH STATEMENT EXECUTE FUNCTION {PREFIX}_emptied()"""
    yield _function(one)
    for verb in one.verbs:
        for side in _ROWS[verb]:
            if side == "OLD" or not (one.begins and verb == "UPDATE"):  # key and kind of a filing stay
                yield _conditional(one, verb, side)


def _function(one: Watched) -> str:
    where = f" WHERE {_IN_SIGHT.format(row='changed', column=one.column)}" if one.column else ""
    found = " UNION ".join(f"SELECT {part.format(row='changed')} FROM changed{where}" for part in one.parts)
    return f"""CREATE FUNCTION {PREFIX}_of_{one.table}() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE noted text;
    BEGIN FOR noted IN {found} LOOP PERFORM {PREFIX}_note(noted); END LOOP; RETURN NULL; END $$"""


def _conditional(one: Watched, verb: str, side: str) -> str:
    return f"""CREATE TRIGGER {PREFIX}_{verb.lower()}_{side.lower()}_{one.table} AFTER {verb} ON {one.table}
    REFERENCING {side} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {PREFIX}_of_{one.table}()"""
