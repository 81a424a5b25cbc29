"""Triggers that keep apart the three administrators and the business posts, for SQLite and PostgreSQL.

Whoever holds one of the three posts holds no other one at the same time, whatever any code or statement asks
for (GB/T 22239-2019 8.1.4.2 d). A post without a first day is in force already.
"""

from portal.guards import REFUSED
from portal.statements import Triggers
from portal.vocabulary import ADMIN_ROLES

NAMES = {"portal_posts_apart_insert", "portal_posts_apart_update"}
_TODAY = {
    "sqlite": "date('now', '+8 hours')",
    "postgresql": "(now() AT TIME ZONE 'Asia/Shanghai')::date",
}
_THREE = "({})".format(", ".join(f"'{role}'" for role in ADMIN_ROLES))
_CLASH = f"""EXISTS (SELECT 1 FROM portal_membership m WHERE m.user_id = NEW.user_id AND m.id <> NEW.id
    AND m.role <> NEW.role AND (m.role IN {_THREE} OR NEW.role IN {_THREE})
    AND (m.valid_to IS NULL OR m.valid_to > COALESCE(NEW.valid_from, {{today}}))
    AND (NEW.valid_to IS NULL OR NEW.valid_to > COALESCE(m.valid_from, {{today}})))"""
_SAID = f"{REFUSED}these posts exclude each other"
_OF = {"insert": "INSERT", "update": "UPDATE OF user_id, role, valid_from, valid_to"}
_SQLITE = [
    f"CREATE TRIGGER portal_posts_apart_{verb} AFTER {when} ON portal_membership "
    f"WHEN {_CLASH.format(today=_TODAY['sqlite'])} BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
    for verb, when in _OF.items()
]
# The row of the person is locked first: two posts given at the same instant would not see each other.
_POSTGRESQL = [
    f"""CREATE FUNCTION portal_posts_apart() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM portal_user WHERE id = NEW.user_id FOR NO KEY UPDATE;
        IF {_CLASH.format(today=_TODAY["postgresql"])} THEN
            RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$""",
    *(
        f"CREATE TRIGGER portal_posts_apart_{verb} AFTER {when} ON portal_membership "
        "FOR EACH ROW EXECUTE FUNCTION portal_posts_apart()"
        for verb, when in _OF.items()
    ),
]
_REMOVE = {
    "sqlite": [f"DROP TRIGGER IF EXISTS {name}" for name in sorted(NAMES)],
    "postgresql": ["DROP FUNCTION IF EXISTS portal_posts_apart() CASCADE"],
}

_TRIGGERS = Triggers({"sqlite": _SQLITE, "postgresql": _POSTGRESQL}, _REMOVE)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
