"""Triggers that keep the access log as it was written, for SQLite and PostgreSQL.

Nothing of it is ever changed. A record is deleted only with what a signed archive holds, and never within
six months, whatever any code asks for (网络安全法（2016）第二十一条（三）).
"""

from portal.statements import Triggers

REFUSED = "portal: refused, "

PREFIX = "portal_access"
TABLES = ("record", "subject", "seal", "anchor", "archive")
_ARCHIVED = "(SELECT MAX(number) FROM portal_accessarchive)"
# table → when one of its rows may not go
_KEPT = {
    "record": "{young} OR NOT EXISTS (SELECT 1 FROM portal_accessseal s"
    f" WHERE s.record_id = OLD.id AND s.number <= {_ARCHIVED})",
    "subject": "NOT EXISTS (SELECT 1 FROM portal_accessseal s"
    f" WHERE s.record_id = OLD.record_id AND s.number <= {_ARCHIVED})",
    "seal": f"OLD.number > COALESCE({_ARCHIVED}, 0)"
    " OR EXISTS (SELECT 1 FROM portal_accessrecord r WHERE r.id = OLD.record_id)",
    "anchor": "1 = 1",
    "archive": "1 = 1",
}
_YOUNG = {
    "sqlite": "OLD.at > datetime('now', '-6 months')",
    "postgresql": "OLD.at > now() - interval '6 months'",
}
_SQLITE = [
    statement
    for table in TABLES
    for statement in (
        f"CREATE TRIGGER {PREFIX}{table}_no_update BEFORE UPDATE ON {PREFIX}{table} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSED}the access log is never changed'); END",
        f"CREATE TRIGGER {PREFIX}{table}_no_delete BEFORE DELETE ON {PREFIX}{table} "
        f"WHEN {_KEPT[table].format(young=_YOUNG['sqlite'])} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSED}the access log is kept'); END",
    )
]
_RAISE = "RAISE EXCEPTION '{}%', '{}' USING ERRCODE = 'integrity_constraint_violation';"
_POSTGRESQL = [
    f"""CREATE FUNCTION portal_access_unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN {_RAISE.format(REFUSED, "the access log is never changed")} END $$""",
    *(
        statement
        for table in TABLES
        for statement in (
            f"CREATE TRIGGER {PREFIX}{table}_no_update BEFORE UPDATE OR TRUNCATE ON {PREFIX}{table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION portal_access_unchanged()",
            f"""CREATE FUNCTION portal_access_{table}_kept() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF {_KEPT[table].format(young=_YOUNG["postgresql"])} THEN
                    {_RAISE.format(REFUSED, "the access log is kept")}
                END IF;
                RETURN OLD;
            END $$""",
            f"CREATE TRIGGER {PREFIX}{table}_no_delete BEFORE DELETE ON {PREFIX}{table} "
            f"FOR EACH ROW EXECUTE FUNCTION portal_access_{table}_kept()",
        )
    ),
]
NAMES = {f"{PREFIX}{table}_no_{verb}" for table in TABLES for verb in ("update", "delete")}
_REMOVE = {
    "sqlite": [f"DROP TRIGGER IF EXISTS {name}" for name in sorted(NAMES)],
    "postgresql": [
        "DROP FUNCTION IF EXISTS portal_access_unchanged() CASCADE",
        *(f"DROP FUNCTION IF EXISTS portal_access_{table}_kept() CASCADE" for table in TABLES),
    ],
}

_TRIGGERS = Triggers({"sqlite": _SQLITE, "postgresql": _POSTGRESQL}, _REMOVE)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
