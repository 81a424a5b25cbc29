"""Triggers that keep the derived data of ``models.filing_counts`` beside filings, events and entries.

* ``begun moved gone``: filings by state, and what waits to be published;
* ``touched``: a filing changed, so whoever had it before him finds it on top;
* ``acted``: acts by month, who did them, the road of a filing with a decision;
* ``entered``: a filing has its entry and waits no more.

Nothing fires when a draft is begun or stored. On PostgreSQL events are taken a statement at a time: whoever
writes ten thousand at once pays for one join. Its joins are told to use indexes, for a plan made for a
thousand rows is kept for the next single one.
"""

from portal.statements import Triggers

COUNTED_ACTS = ("submit", "approve", "publish")
REVIEW_ACTS = (
    "accept",
    "approve",
    "assign",
    "designate",
    "endorse",
    "exit",
    "intend",
    "keep",
    "promote",
    "publish",
    "recall",
    "rectify",
    "reject",
    "release",
    "reopen",
    "return",
    "settle",
    "undesignate",
)
NAMES = ("begun", "moved", "gone", "touched", "acted", "entered")
_PARTS = ("count", "reviewer", "road")  # of ``acted`` on SQLite, where a trigger has one condition
_COLUMNS = "filing_id, kind, region_id, decided, city, province, publication, gross, away, returns, is_open"


def _in(words: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"'{word}'" for word in words) + ")"


_DECIDED = "('approved', 'rejected')"
_DECIDES = "{0}.source IN " + _DECIDED + " OR {0}.target IN " + _DECIDED
_COUNTED = "({0}.state NOT IN ('draft', 'cancelled') OR {0}.submitted_at IS NOT NULL)"
_OPEN = "({0}.state = 'approved' AND NOT {0}.is_nothing)"
_REVIEWS = "{0}.action IN " + _in(REVIEW_ACTS) + " AND {0}.source <> 'cancelled'"
_MICROS = {
    "sqlite": "(CAST(strftime('%s', substr(e.at, 1, 19)) AS INTEGER) * 1000000"
    " + CAST(substr(e.at, 21, 6) AS INTEGER))",
    "postgresql": "(EXTRACT(EPOCH FROM e.at) * 1000000)::bigint",
}
_MONTH = {
    "sqlite": "strftime('%Y-%m', substr({0}.at, 1, 19), '+8 hours')",
    "postgresql": "to_char({0}.at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM')",
}


def roads(vendor: str, which: str) -> str:
    """Return the query of the roads of the filings of the events ``e`` that a condition names.

    The same as ``desk_numbers`` would work out: the clock of the desks over the moves of each filing.
    """
    at = _MICROS[vendor]

    def lain(*states: str) -> str:
        held = _in(states)
        ends = f"e.source IN {held} AND e.target NOT IN {held}"
        begins = f"e.target IN {held} AND e.source NOT IN {held}"
        return f"SUM(CASE WHEN {ends} THEN {at} WHEN {begins} THEN -{at} ELSE 0 END)"

    def desk(state: str) -> str:
        been = f"MAX(CASE WHEN e.target = '{state}' THEN 1 ELSE 0 END) = 1"
        return f"CASE WHEN {been} THEN {_whole(lain(state), vendor)} END"

    decided = f"MAX(CASE WHEN e.action IN ('approve', 'reject') THEN {at} END)"
    sent = f"MIN(CASE WHEN e.action = 'submit' THEN {at} END)"
    last = "COALESCE(MAX(CASE WHEN e.action IN {} THEN e.number END), 0)"
    return f"""SELECT e.filing_id, f.kind, f.region_id, {decided}, {desk("city_review")},
        {desk("province_review")}, MAX(CASE WHEN e.action = 'publish' THEN {at} END) - {decided},
        {decided} - {sent}, {_whole(lain("draft", "returned", "cancelled"), vendor)} - {sent},
        SUM(CASE WHEN e.action = 'return' THEN 1 ELSE 0 END),
        {last.format("('approve')")} > {last.format("('reject')")} AND NOT f.is_nothing
    FROM portal_event e JOIN portal_filing f ON f.id = e.filing_id
    WHERE {which} AND (e.source <> e.target OR e.action = 'publish')
        AND NOT (e.action = 'recall' AND e.source = 'returned')
        AND NOT (e.action = 'return' AND EXISTS (SELECT 1 FROM portal_event n
            WHERE n.filing_id = e.filing_id AND n.number = e.number + 1 AND n.action = 'recall'))
    GROUP BY e.filing_id, f.kind, f.region_id, f.is_nothing
    HAVING {last.format("('approve', 'reject')")} > {last.format("('reopen')")}"""


def _whole(number: str, vendor: str) -> str:
    return f"({number})::bigint" if vendor == "postgresql" else number


def counts(vendor: str) -> str:
    """Return the query of the numbers of ``FilingCount`` as the filings and events give them."""
    return f"""SELECT f.kind, f.region_id, f.state AS word, '' AS month, COUNT(*) AS number
    FROM portal_filing f WHERE {_COUNTED.format("f")} GROUP BY f.kind, f.region_id, f.state
    UNION ALL SELECT f.kind, f.region_id, e.action, {_MONTH[vendor].format("e")}, COUNT(*)
    FROM portal_event e JOIN portal_filing f ON f.id = e.filing_id WHERE e.action IN {_in(COUNTED_ACTS)}
    GROUP BY f.kind, f.region_id, e.action, {_MONTH[vendor].format("e")}"""


INTO = {
    "portal_filingcount": "INSERT INTO portal_filingcount (kind, region_id, word, month, number)",
    "portal_filingroad": f"INSERT INTO portal_filingroad ({_COLUMNS})",
    "portal_filingreviewer": "INSERT INTO portal_filingreviewer (filing_id, user_id, updated_at)",
    "portal_filingunpublished": "INSERT INTO portal_filingunpublished (filing_id, kind, region_id)",
}
_COUNTS, _ROADS, _REVIEWERS, _UNPUBLISHED = INTO.values()
# table → the query of what it says, columns as in ``INTO``
HELD = {
    "portal_filingcount": "SELECT kind, region_id, word, month, SUM(number) AS number FROM portal_filingcount"
    " GROUP BY kind, region_id, word, month HAVING SUM(number) <> 0",
    "portal_filingroad": f"SELECT {_COLUMNS} FROM portal_filingroad",
    "portal_filingreviewer": "SELECT filing_id, user_id, updated_at FROM portal_filingreviewer",
    "portal_filingunpublished": "SELECT filing_id, kind, region_id FROM portal_filingunpublished",
}


def wanted(vendor: str) -> dict[str, str]:
    """Return table → the query of what it should say."""
    return {
        "portal_filingcount": counts(vendor),
        "portal_filingroad": roads(vendor, "1 = 1"),
        "portal_filingreviewer": "SELECT DISTINCT e.filing_id, e.by_id, f.updated_at FROM portal_event e"
        f" JOIN portal_filing f ON f.id = e.filing_id WHERE {_REVIEWS.format('e')}",
        "portal_filingunpublished": "SELECT f.id, f.kind, f.region_id FROM portal_filing f"
        f" WHERE {_OPEN.format('f')} AND NOT EXISTS"
        " (SELECT 1 FROM portal_catalogueentry c WHERE c.filing_id = f.id)",
    }


_MOVED = (
    "OLD.state <> NEW.state OR OLD.kind <> NEW.kind OR OLD.region_id <> NEW.region_id"
    " OR OLD.is_nothing <> NEW.is_nothing OR (OLD.submitted_at IS NULL) <> (NEW.submitted_at IS NULL)"
)
_WATCHED = "state, kind, region_id, is_nothing, submitted_at"


def _change(row: str, number: int) -> str:
    """Return the statements that count one row of filings in or out."""
    values = f"{row}.kind, {row}.region_id, {row}.state, '', {number}"
    counted = f"{_COUNTS} SELECT {values} WHERE {_COUNTED.format(row)};"
    if number < 0:
        return f"{counted} DELETE FROM portal_filingunpublished WHERE filing_id = {row}.id;"
    entry = f"SELECT 1 FROM portal_catalogueentry c WHERE c.filing_id = {row}.id"
    waits = f"{_OPEN.format(row)} AND NOT EXISTS ({entry})"
    return f"{counted} {_UNPUBLISHED} SELECT {row}.id, {row}.kind, {row}.region_id WHERE {waits};"


_TOUCH = "UPDATE portal_filingreviewer SET updated_at = NEW.updated_at WHERE filing_id = NEW.id;"
_TOUCHED = "NEW.updated_at <> OLD.updated_at AND NEW.submitted_at IS NOT NULL"
_ENTER = "DELETE FROM portal_filingunpublished WHERE filing_id = NEW.filing_id;"
_SQLITE = [
    f"CREATE TRIGGER portal_filing_begun AFTER INSERT ON portal_filing WHEN {_COUNTED.format('NEW')} "
    f"BEGIN {_change('NEW', 1)} END",
    f"CREATE TRIGGER portal_filing_moved AFTER UPDATE OF {_WATCHED} ON portal_filing WHEN {_MOVED} "
    f"BEGIN {_change('OLD', -1)} {_change('NEW', 1)} END",
    f"CREATE TRIGGER portal_filing_gone AFTER DELETE ON portal_filing WHEN {_COUNTED.format('OLD')} "
    f"BEGIN {_change('OLD', -1)} END",
    "CREATE TRIGGER portal_filing_touched AFTER UPDATE OF updated_at ON portal_filing "
    f"WHEN {_TOUCHED} BEGIN {_TOUCH} END",
    "CREATE TRIGGER portal_filing_acted_count AFTER INSERT ON portal_event "
    f"WHEN NEW.action IN {_in(COUNTED_ACTS)} BEGIN {_COUNTS} SELECT f.kind, f.region_id, NEW.action, "
    f"{_MONTH['sqlite'].format('NEW')}, 1 FROM portal_filing f WHERE f.id = NEW.filing_id; END",
    f"CREATE TRIGGER portal_filing_acted_reviewer AFTER INSERT ON portal_event WHEN {_REVIEWS.format('NEW')} "
    f"BEGIN {_REVIEWERS} SELECT f.id, NEW.by_id, f.updated_at FROM portal_filing f "
    "WHERE f.id = NEW.filing_id AND NOT EXISTS (SELECT 1 FROM portal_filingreviewer r "
    "WHERE r.filing_id = NEW.filing_id AND r.user_id = NEW.by_id); END",
    f"CREATE TRIGGER portal_filing_acted_road AFTER INSERT ON portal_event WHEN {_DECIDES.format('NEW')} "
    "BEGIN DELETE FROM portal_filingroad WHERE filing_id = NEW.filing_id; "
    f"{_ROADS} {roads('sqlite', 'e.filing_id = NEW.filing_id')}; END",
    f"CREATE TRIGGER portal_filing_entered AFTER INSERT ON portal_catalogueentry BEGIN {_ENTER} END",
]
_BY_INDEX = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off"
_ENDED = f"SELECT a.filing_id FROM added a WHERE {_DECIDES.format('a')}"
_POSTGRESQL = [
    f"""CREATE FUNCTION portal_filing_counted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN {_change("OLD", -1)} END IF;
        IF TG_OP <> 'DELETE' THEN {_change("NEW", 1)} END IF;
        RETURN NULL;
    END $$""",
    "CREATE FUNCTION portal_filing_touch() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN {_TOUCH} RETURN NULL; END $$",
    "CREATE FUNCTION portal_filing_enter() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN {_ENTER} RETURN NULL; END $$",
    f"""CREATE FUNCTION portal_filing_act() RETURNS trigger LANGUAGE plpgsql {_BY_INDEX} AS $$
    BEGIN
        {_COUNTS} SELECT f.kind, f.region_id, a.action, {_MONTH["postgresql"].format("a")}, count(*)
            FROM added a JOIN portal_filing f ON f.id = a.filing_id
            WHERE a.action IN {_in(COUNTED_ACTS)} GROUP BY 1, 2, 3, 4;
        {_REVIEWERS} SELECT DISTINCT a.filing_id, a.by_id, f.updated_at
            FROM added a JOIN portal_filing f ON f.id = a.filing_id WHERE {_REVIEWS.format("a")}
            ORDER BY 1, 2 ON CONFLICT DO NOTHING;
        IF EXISTS ({_ENDED}) THEN
            DELETE FROM portal_filingroad r WHERE r.filing_id IN ({_ENDED});
            {_ROADS} {roads("postgresql", f"e.filing_id IN ({_ENDED})")};
        END IF;
        RETURN NULL;
    END $$""",
    "CREATE TRIGGER portal_filing_begun AFTER INSERT ON portal_filing "
    f"FOR EACH ROW WHEN {_COUNTED.format('NEW')} EXECUTE FUNCTION portal_filing_counted()",
    f"CREATE TRIGGER portal_filing_moved AFTER UPDATE OF {_WATCHED} ON portal_filing "
    f"FOR EACH ROW WHEN ({_MOVED}) EXECUTE FUNCTION portal_filing_counted()",
    "CREATE TRIGGER portal_filing_gone AFTER DELETE ON portal_filing "
    f"FOR EACH ROW WHEN {_COUNTED.format('OLD')} EXECUTE FUNCTION portal_filing_counted()",
    "CREATE TRIGGER portal_filing_touched AFTER UPDATE OF updated_at ON portal_filing "
    f"FOR EACH ROW WHEN ({_TOUCHED}) EXECUTE FUNCTION portal_filing_touch()",
    "CREATE TRIGGER portal_filing_acted AFTER INSERT ON portal_event REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION portal_filing_act()",
    "CREATE TRIGGER portal_filing_entered AFTER INSERT ON portal_catalogueentry "
    "FOR EACH ROW EXECUTE FUNCTION portal_filing_enter()",
]
_FUNCTIONS = ("counted", "touch", "enter", "act")


def names(vendor: str) -> set[str]:
    """Return the names of the triggers on a database."""
    if vendor == "postgresql":
        return {f"portal_filing_{name}" for name in NAMES}
    split = [f"acted_{part}" for part in _PARTS] + [name for name in NAMES if name != "acted"]
    return {f"portal_filing_{name}" for name in split}


_REMOVE = {
    "sqlite": [f"DROP TRIGGER IF EXISTS {name}" for name in sorted(names("sqlite"))],
    "postgresql": [f"DROP FUNCTION IF EXISTS portal_filing_{name}() CASCADE" for name in _FUNCTIONS],
}
# What is written without them is counted by `filing_counts.rebuild`.
_TRIGGERS = Triggers({"sqlite": _SQLITE, "postgresql": _POSTGRESQL}, _REMOVE)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
