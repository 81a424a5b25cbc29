"""Triggers that note each change of an entry for the counts of the catalogues, for SQLite and PostgreSQL.

A change is a row of its own and no number is updated: two publications never wait for each other. When the
last entry is gone, so are the counts.
"""

from portal.statements import Triggers

_COLUMNS = "kind, standing, place, level, facets, number"
_WATCHED = "kind, region_id, level, facets, valid_to, exit_reason"
_EMPTY = "DELETE FROM portal_entrychange; DELETE FROM portal_entrycount;"
_UNLESS = " WHERE NOT EXISTS (SELECT 1 FROM portal_catalogueentry);"


def _standing(row: str) -> str:
    return f"CASE WHEN {row}.valid_to IS NULL THEN 'open' WHEN {row}.exit_reason <> '' THEN 'exited' END"


def _noted(row: str, number: int) -> str:
    """Return the statement that notes ``row`` unless it was replaced, which no count holds."""
    return (
        f"INSERT INTO portal_entrychange ({_COLUMNS}) "
        f"SELECT {row}.kind, {_standing(row)}, {row}.region_id, {row}.level, {row}.facets, {number} "
        f"WHERE {row}.valid_to IS NULL OR {row}.exit_reason <> '';"
    )


def _differs(same: str) -> str:
    columns = [name.strip() for name in _WATCHED.split(",")]
    return " OR ".join(f"OLD.{name} {same} NEW.{name}" for name in columns)


_SQLITE = [
    "CREATE TRIGGER portal_entry_counted_in AFTER INSERT ON portal_catalogueentry "
    f"BEGIN {_noted('NEW', 1)} END",
    f"CREATE TRIGGER portal_entry_counted_anew AFTER UPDATE OF {_WATCHED} ON portal_catalogueentry "
    f"WHEN {_differs('IS NOT')} BEGIN {_noted('OLD', -1)} {_noted('NEW', 1)} END",
    "CREATE TRIGGER portal_entry_counted_out AFTER DELETE ON portal_catalogueentry "
    f"BEGIN {_noted('OLD', -1)} {_EMPTY.replace(';', _UNLESS)} END",
]
_POSTGRESQL = [
    f"""CREATE FUNCTION portal_entry_counted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN {_EMPTY}
        ELSIF TG_OP = 'INSERT' THEN {_noted("NEW", 1)}
        ELSIF TG_OP = 'DELETE' THEN {_noted("OLD", -1)}
        ELSE {_noted("OLD", -1)} {_noted("NEW", 1)}
        END IF;
        RETURN NULL;
    END $$""",
    "CREATE TRIGGER portal_entry_counted_in AFTER INSERT ON portal_catalogueentry "
    "FOR EACH ROW EXECUTE FUNCTION portal_entry_counted()",
    f"CREATE TRIGGER portal_entry_counted_anew AFTER UPDATE OF {_WATCHED} ON portal_catalogueentry "
    f"FOR EACH ROW WHEN ({_differs('IS DISTINCT FROM')}) EXECUTE FUNCTION portal_entry_counted()",
    "CREATE TRIGGER portal_entry_counted_out AFTER DELETE ON portal_catalogueentry "
    "FOR EACH ROW EXECUTE FUNCTION portal_entry_counted()",
    "CREATE TRIGGER portal_entry_counts_empty AFTER TRUNCATE ON portal_catalogueentry "
    "FOR EACH STATEMENT EXECUTE FUNCTION portal_entry_counted()",
]
_EACH = ("portal_entry_counted_in", "portal_entry_counted_anew", "portal_entry_counted_out")
NAMES = {"sqlite": {*_EACH}, "postgresql": {*_EACH, "portal_entry_counts_empty"}}
_REMOVE = {
    "sqlite": [f"DROP TRIGGER IF EXISTS {name}" for name in _EACH],
    "postgresql": ["DROP FUNCTION IF EXISTS portal_entry_counted() CASCADE"],
}

# Whoever drops them counts anew afterwards: `counting.rebuild`.
_TRIGGERS = Triggers({"sqlite": _SQLITE, "postgresql": _POSTGRESQL}, _REMOVE)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
