"""Triggers that make the database itself refuse what no code may do, for SQLite and PostgreSQL.

* events and submitted versions are append-only; of a version only the sealed part may be sealed anew;
* a filing begins as a draft, and its state changes only with the matching event of the same step.
"""

APPEND_ONLY = ("portal_event", "portal_filingversion")
REFUSED = "portal: refused, "

# Sealed text that another key sealed: whoever reads it sees by the digest that the clear text is the same.
_KEPT = ("id", "filing_id", "number", "sha256", "submitted_at", "submitted_by_id", "is_late")
_RESEALED = (
    "(json_type(OLD.snapshot, '$.sealed') = 'text' AND json_type(NEW.snapshot, '$.sealed') = 'text'"
    " AND json_remove(NEW.snapshot, '$.sealed') = json_remove(OLD.snapshot, '$.sealed') AND "
    + " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _KEPT)
    + ")"
)
_BUT = {"portal_filingversion_no_update": f"WHEN {_RESEALED} IS NOT TRUE "}
_SQLITE = [
    *(
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} {_BUT.get(f'{table}_no_{verb}', '')}"
        f"BEGIN SELECT RAISE(ABORT, '{REFUSED}{table} is append-only'); END"
        for table in APPEND_ONLY
        for verb in ("update", "delete")
    ),
    f"""CREATE TRIGGER portal_filing_begins BEFORE INSERT ON portal_filing
    WHEN NEW.state <> 'draft' OR NEW.step <> 0
    BEGIN SELECT RAISE(ABORT, '{REFUSED}a filing begins as a draft'); END""",
    f"""CREATE TRIGGER portal_filing_state BEFORE UPDATE OF state ON portal_filing
    WHEN NEW.state <> OLD.state AND NOT EXISTS (SELECT 1 FROM portal_event e WHERE e.filing_id = NEW.id
        AND e.number = NEW.step AND e.number = OLD.step + 1 AND e.source = OLD.state AND e.target = NEW.state)
    BEGIN SELECT RAISE(ABORT, '{REFUSED}a state changes only with its event'); END""",
]
_POSTGRESQL = [
    f"""CREATE FUNCTION portal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{REFUSED}% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    "CREATE TRIGGER portal_event_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON portal_event "
    "FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only()",
    "CREATE TRIGGER portal_filingversion_no_change BEFORE DELETE OR TRUNCATE ON portal_filingversion "
    "FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only()",
    """CREATE TRIGGER portal_filingversion_no_update BEFORE UPDATE ON portal_filingversion FOR EACH ROW
    WHEN ((jsonb_typeof(OLD.snapshot -> 'sealed') = 'string'
        AND jsonb_typeof(NEW.snapshot -> 'sealed') = 'string'
        AND to_jsonb(NEW) #- '{snapshot,sealed}' = to_jsonb(OLD) #- '{snapshot,sealed}') IS NOT TRUE)
    EXECUTE FUNCTION portal_append_only()""",
    f"""CREATE FUNCTION portal_filing_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.state <> 'draft' OR NEW.step <> 0 THEN
                RAISE EXCEPTION '{REFUSED}a filing begins as a draft'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
        ELSIF NEW.state <> OLD.state AND NOT EXISTS (SELECT 1 FROM portal_event e
            WHERE e.filing_id = NEW.id AND e.number = NEW.step AND e.number = OLD.step + 1
            AND e.source = OLD.state AND e.target = NEW.state) THEN
            RAISE EXCEPTION '{REFUSED}a state changes only with its event'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$""",
    "CREATE TRIGGER portal_filing_begins BEFORE INSERT ON portal_filing "
    "FOR EACH ROW EXECUTE FUNCTION portal_filing_guard()",
    "CREATE TRIGGER portal_filing_state BEFORE UPDATE OF state ON portal_filing "
    "FOR EACH ROW EXECUTE FUNCTION portal_filing_guard()",
]
_REMOVE = {
    "sqlite": [
        *(
            f"DROP TRIGGER IF EXISTS {table}_no_{verb}"
            for table in APPEND_ONLY
            for verb in ("update", "delete")
        ),
        "DROP TRIGGER IF EXISTS portal_filing_begins",
        "DROP TRIGGER IF EXISTS portal_filing_state",
    ],
    "postgresql": [
        "DROP FUNCTION IF EXISTS portal_append_only() CASCADE",
        "DROP FUNCTION IF EXISTS portal_filing_guard() CASCADE",
    ],
}


def install(connection) -> None:
    """Create the triggers on ``connection`` (used by the migration)."""
    _run(connection, {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[connection.vendor])


def remove(connection) -> None:
    """Drop the triggers; only a migration backwards and the emptying of a test database may."""
    _run(connection, _REMOVE[connection.vendor])


def _run(connection, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
