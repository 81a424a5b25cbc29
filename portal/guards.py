"""Triggers that make the database itself refuse what no code may do, for SQLite and PostgreSQL.

* events and submitted versions are append-only; of a version only the sealed part may be sealed anew, or
  erased once with the record of it, when its filing is neither under review nor in force;
* a filing begins as a draft, and its state changes only with the matching event of the same step.
"""

from portal.statements import Triggers

APPEND_ONLY = ("portal_event", "portal_filingversion")
REFUSED = "portal: refused, "

_OVER = """EXISTS (SELECT 1 FROM portal_filing f WHERE f.id = OLD.filing_id
    AND f.state NOT IN ('city_review', 'province_review') AND NOT EXISTS
    (SELECT 1 FROM portal_catalogueentry c WHERE c.filing_id = f.id AND c.valid_to IS NULL))"""
# Sealed text that another key sealed: whoever reads it sees by the digest that the clear text is the same.
# Erased: he sees by the signature of the record who erased it, and by its digest that the rest is the same.
_KEPT = ("id", "filing_id", "number", "sha256", "submitted_at", "submitted_by_id", "is_late")
_RESEALED = (
    "(json_type(OLD.snapshot, '$.sealed') = 'text' AND json_type(NEW.snapshot, '$.sealed') = 'text'"
    " AND json_extract(OLD.snapshot, '$.sealed') <> 'erased'"
    " AND json_remove(NEW.snapshot, '$.sealed') = json_remove(OLD.snapshot, '$.sealed')"
    " AND CASE json_extract(NEW.snapshot, '$.sealed') WHEN 'erased'"
    f" THEN OLD.erased IS NULL AND json_type(NEW.erased) = 'object' AND {_OVER}"
    " ELSE NEW.erased IS OLD.erased END AND "
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
    f"""CREATE FUNCTION portal_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (jsonb_typeof(OLD.snapshot -> 'sealed') = 'string'
            AND jsonb_typeof(NEW.snapshot -> 'sealed') = 'string' AND OLD.snapshot ->> 'sealed' <> 'erased'
            AND (to_jsonb(NEW) #- '{{snapshot,sealed}}') - 'erased'
                = (to_jsonb(OLD) #- '{{snapshot,sealed}}') - 'erased'
            AND CASE NEW.snapshot ->> 'sealed' WHEN 'erased'
                THEN OLD.erased IS NULL AND jsonb_typeof(NEW.erased) = 'object' AND {_OVER}
                ELSE NEW.erased IS NOT DISTINCT FROM OLD.erased END) IS NOT TRUE THEN
            RAISE EXCEPTION '{REFUSED}portal_filingversion is append-only'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$""",
    "CREATE TRIGGER portal_filingversion_no_update BEFORE UPDATE ON portal_filingversion "
    "FOR EACH ROW EXECUTE FUNCTION portal_version_guard()",
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
        "DROP FUNCTION IF EXISTS portal_version_guard() CASCADE",
        "DROP FUNCTION IF EXISTS portal_filing_guard() CASCADE",
    ],
}

_TRIGGERS = Triggers({"sqlite": _SQLITE, "postgresql": _POSTGRESQL}, _REMOVE)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
