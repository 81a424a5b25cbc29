"""The trigger that takes an entry that is deleted out of the index of bigrams.

SQLite drops it whenever a migration rebuilds the table of entries. On PostgreSQL the migration that made the
index gave it its triggers, which nothing drops.
"""

from portal.statements import Triggers

NAMES = {"portal_entrygrams_end"}
_SQLITE = (
    "CREATE TRIGGER portal_entrygrams_end AFTER DELETE ON portal_catalogueentry "
    "BEGIN DELETE FROM portal_entrygrams WHERE rowid = OLD.id; END"
)
_REMOVE = {"sqlite": ["DROP TRIGGER IF EXISTS portal_entrygrams_end"], "postgresql": []}

_TRIGGERS = Triggers({"sqlite": [_SQLITE], "postgresql": []}, _REMOVE)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
