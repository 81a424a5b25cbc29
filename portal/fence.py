"""Row-level security of PostgreSQL beside the querysets: which table is fenced, how, and what each role may.

A table that belongs to a filing shows and takes rows of filings in the sight of who asks (``scope.sights``,
told by ``portal.fenced``); what has been published is read by everybody. What belongs to a person or a bureau
(``OWNED``) shows and takes his rows, or its. Every other table is named here, and open to a role by grant
alone, so that its indexes serve as ever; one that is named nowhere is granted to jobs only. The
owner is not bound, so one login for everything works as it did.
Source: security.md 15, 16 and 27; the fences follow the models, so a new record type needs no line here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models
from django.db.migrations.recorder import MigrationRecorder

from portal.asking import APP, JOBS, OPEN_TO_ALL, ROLES
from portal.models import Filing
from portal.scope import WHOLE
from portal.statements import run

APPS = ("portal", "assessments", "brands", "workforce")
#: Written once; nobody but the owner changes a row, and no role has more than INSERT.
APPEND_ONLY = ("portal_event", "portal_filingversion", "portal_accessrecord", "portal_accesssubject")
#: What of a submitted version jobs may seal anew or erase; the trigger says how (``guards``).
VERSION, RESEALED = "portal_filingversion", "UPDATE (snapshot, erased)"
#: What ``archive_log`` takes out after its time; the triggers say when.
ARCHIVED = ("portal_accessrecord", "portal_accesssubject")
#: Kept by triggers, which write as the owner: readable by who is signed in, written by jobs.
DERIVED = (
    "portal_entrychange",
    "portal_entrycount",
    "portal_filingcount",
    "portal_filingreviewer",
    "portal_filingroad",
    "portal_filingunpublished",
    "portal_publicchange",
)
#: The chain over the access log, which jobs alone write.
SEALED = ("portal_accessseal", "portal_accessanchor", "portal_accessarchive")
#: Read by strangers too: what is in force, what was announced, where and by whom.
PUBLIC = (
    "portal_campaign",
    "portal_catalogueentry",
    "portal_creditrecord",
    "portal_edition",
    "portal_editionchange",
    "portal_former",
    "portal_noticeitem",
    "portal_organisation",
    "portal_policytarget",
    "portal_promotion",
    "portal_publicnotice",
    "portal_region",
    "portal_reviewitem",
    "portal_succession",
    "portal_workday",
    "workforce_craftworkshop",
    "workforce_ichitem",
    "workforce_keybrand",
)
#: Open to who is signed in or signing in, and asked for by querysets of their own.
SIGNED_IN = (
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_admin_log",
    "django_content_type",
    "django_session",
    "portal_campaignduty",
    "portal_candidate",
    "portal_codecounter",
    "portal_criterion",
    "portal_delivery",
    "portal_extension",
    "portal_failedsignins",
    "portal_formerpassword",
    "portal_importedrow",
    "portal_job",
    "portal_membership",
    "portal_messagepreference",
    "portal_periodicreview",
    "portal_recoverycode",
    "portal_reminder",
    "portal_report",
    "portal_reportschedule",
    "portal_resetrequest",
    "portal_reviewfigure",
    "portal_score",
    "portal_scorer",
    "portal_secondfactor",
    "portal_selectionround",
    "portal_sentform",
    "portal_user",
    "portal_user_groups",
    "portal_user_user_permissions",
)
_TOLD = "(SELECT string_to_array(current_setting('portal.{}', true), ','))"
_HIS = "{}.user_id = (SELECT nullif(current_setting('portal.person', true), '')::bigint)"
_ITS = f"{{}}.organisation_id = ANY({_TOLD.format('desks')}::bigint[])"
#: Of one person, or of a bureau at which he has a post: table → the condition that it is the asker's.
OWNED = {
    "portal_heldform": _HIS.format("portal_heldform"),
    "portal_import": _ITS.format("portal_import"),
    "portal_message": _HIS.format("portal_message"),
    "portal_objection": "EXISTS (SELECT 1 FROM portal_publicnotice n"
    f" WHERE n.id = portal_objection.notice_id AND {_ITS.format('n')})",
    "portal_registration": "EXISTS (SELECT 1 FROM portal_import i"
    f" WHERE i.id = portal_registration.upload_id AND {_ITS.format('i')})",
    "portal_savedview": _HIS.format("portal_savedview"),
}
#: Of the derived tables, those that stand on public pages.
COUNTED_IN_PUBLIC = ("portal_entrychange", "portal_entrycount", "portal_publicchange")
MIGRATIONS, INDEX = MigrationRecorder.Migration._meta.db_table, "portal_entrygrams"  # have no model
#: Belong to a filing and are never public, whatever becomes of it.
INTERNAL = ("copy", "event", "jointopinion", "prepareddecision", "presence", "remark")
# Triggers that write what the roles may not.
_AS_OWNER = "^(public_change_|portal_entry_counted|portal_filing_(counted|touch|enter|act)$)"
_REGIONS = ("left({f}.region_id, 2)", "left({f}.region_id, 4)", "{f}.region_id")
_WHOLE = f"(SELECT '{WHOLE}' = ANY({_TOLD.format('regions')}::text[]))"
_IN_REGIONS = " OR ".join(f"{region} = ANY({_TOLD.format('regions')}::text[])" for region in _REGIONS[1:])
_BUREAUS = (f"{{f}}.organisation_id || '@' || {region}" for region in _REGIONS)
_HOUSE = "(SELECT current_setting('portal.house', true)) = 'yes'"
_SIGHT = f"""({_HOUSE}
    OR ({{f}}.submitted_at IS NOT NULL AND ({_WHOLE} OR {_IN_REGIONS}))
    OR {_TOLD.format("bureaus")} && ARRAY[{", ".join(_BUREAUS)}])"""
_OURS = "pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
_TODAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
_PUBLISHED = f"""(EXISTS (SELECT 1 FROM portal_catalogueentry e WHERE e.filing_id = {{key}})
    OR EXISTS (SELECT 1 FROM portal_noticeitem i JOIN portal_publicnotice n ON n.id = i.notice_id
        WHERE i.filing_id = {{key}} AND n.published_at IS NOT NULL AND n.starts_on <= {_TODAY}))"""


@dataclass(frozen=True)
class Fenced:
    """A table whose rows belong to the filing that ``column`` names."""

    table: str
    column: str
    is_internal: bool = False

    @property
    def key(self) -> str:
        """The number of the filing, as an expression."""
        return f"{self.table}.{self.column}"

    @property
    def sight(self) -> str:
        """The condition that its filing is in the sight of who asks."""
        if self.table == Filing._meta.db_table:
            return _SIGHT.format(f=self.table)
        return f"EXISTS (SELECT 1 FROM portal_filing f WHERE f.id = {self.key} AND {_SIGHT.format(f='f')})"


def fenced() -> dict[str, Fenced]:
    """Return table → fence, of filings and of all that belongs to one."""
    known = {*PUBLIC, *SIGNED_IN, *OWNED, *DERIVED, *SEALED, *APPEND_ONLY}
    known -= {"portal_event", "portal_filingversion"}
    found = {one.table: one for model in _models() for one in _of(model) if one.table not in known}
    return dict(sorted(found.items()))


def tables() -> set[str]:
    """Return every table there should be."""
    others = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    return others | {MIGRATIONS, INDEX}


def unnamed() -> set[str]:
    """Return the tables that nothing here says anything of: shut until somebody does."""
    named = {*PUBLIC, *SIGNED_IN, *OWNED, *DERIVED, *SEALED, *APPEND_ONLY, MIGRATIONS, INDEX}
    return tables() - {*fenced(), *named}


def shut() -> set[str]:
    """Return the tables that show a role some of their rows only."""
    return {*fenced(), *OWNED}


def _models() -> Iterator[type[models.Model]]:
    for label in APPS:
        yield from apps.get_app_config(label).get_models()


def _of(model: type[models.Model]) -> Iterator[Fenced]:
    if owner := next(_owners(model), None):
        yield Fenced(model._meta.db_table, owner, model._meta.model_name in INTERNAL)
    for field in model._meta.local_many_to_many:
        if issubclass(model, Filing) and field.remote_field.through._meta.auto_created:
            yield Fenced(field.m2m_db_table(), field.m2m_column_name())


def _owners(model: type[models.Model]) -> Iterator[str]:
    """Yield the columns that name the filing a row belongs to, the surest first."""
    if issubclass(model, Filing):
        yield model._meta.pk.column
    fields = [f for f in model._meta.local_fields if f.is_relation and not f.null]
    of_filings = [f for f in fields if issubclass(f.related_model, Filing)]
    cascading = [f for f in of_filings if f.remote_field.on_delete is models.CASCADE]
    yield from (field.column for field in [*cascading, *of_filings])


def install(connection) -> None:
    """Shut what belongs to filings, then open all there is to the roles, if there are any yet."""
    if connection.vendor == "postgresql":
        present = set(connection.introspection.table_names())
        run(connection, map(_shut, sorted(shut() & present - _shut_already(connection))))
        if _has_roles(connection):
            run(connection, [*_granted(present), *_definers(connection)])


def remove(connection) -> None:
    """Take the policies off: PostgreSQL alters no column that one names."""
    if connection.vendor == "postgresql":
        run(connection, [f'DROP POLICY "{name}" ON "{table}"' for table, name in policies(connection)])


def policies(connection) -> set[tuple[str, str]]:
    """Return table and name of the policies that stand."""
    asked = "SELECT tablename, policyname FROM pg_policies WHERE schemaname = current_schema()"
    with connection.cursor() as cursor:
        cursor.execute(f"{asked} AND policyname LIKE 'portal%'")
        return set(cursor.fetchall())


def faults(connection) -> Iterator[str]:
    """Yield each table without its fence, where the roles are; nothing on SQLite and with one login."""
    if connection.vendor != "postgresql" or not _has_roles(connection):
        return
    for table in sorted(shut() - _shut_already(connection)):
        yield f"数据表 {table} 没有启用行级安全。"
    wanted = {(table, name) for table in shut() for name, _ in _policies(table)}
    for table, name in sorted(wanted - policies(connection)):
        yield f"数据表 {table} 缺少行级安全策略 {name}。"


def _shut_already(connection) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT relname FROM {_OURS} AND relrowsecurity")
        return {name for (name,) in cursor.fetchall()}


def goes_unbound(connection) -> bool:
    """Say whether the login owns a table, is a superuser or may pass by row-level security."""
    if connection.vendor != "postgresql":
        return False
    powers = "SELECT 1 FROM pg_roles WHERE rolname = session_user AND (rolsuper OR rolbypassrls)"
    owned = f"SELECT 1 FROM {_OURS} AND pg_has_role(session_user, relowner, 'MEMBER')"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({powers}) OR EXISTS ({owned})")
        return cursor.fetchone()[0]


def _has_roles(connection) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", [list(ROLES)])
        return cursor.fetchone()[0] == len(ROLES)


def _shut(table: str) -> str:
    return f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'


def _granted(present: set[str]) -> Iterator[str]:
    everybody = ", ".join(ROLES)
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {everybody}"
    yield f"GRANT USAGE ON SCHEMA public TO {everybody}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {JOBS}"
    for table in sorted(present & tables()):
        for role, verbs in _grants(table):
            yield f'GRANT {verbs} ON "{table}" TO {role}'
    for table in sorted(shut() & present):
        for name, told in _policies(table):
            yield f'CREATE POLICY {name} ON "{table}" {told}'


def _grants(table: str) -> Iterator[tuple[str, str]]:
    """Yield role and verbs; none has TRUNCATE, REFERENCES or TRIGGER."""
    kept = {MIGRATIONS: "SELECT", **dict.fromkeys(APPEND_ONLY, "SELECT, INSERT")}
    every = kept.get(table, "SELECT, INSERT, UPDATE, DELETE")
    archived = f"{every}, DELETE" if table in ARCHIVED else every
    yield JOBS, archived
    if table == VERSION:
        yield JOBS, RESEALED
    if table not in unnamed():
        yield APP, "SELECT" if table in (*DERIVED, *SEALED) else every
    if _is_public(table):
        yield OPEN_TO_ALL, "SELECT"


def _is_public(table: str) -> bool:
    one = fenced().get(table)
    return not one.is_internal if one else table in (*PUBLIC, *COUNTED_IN_PUBLIC, MIGRATIONS, INDEX)


def _policies(table: str) -> Iterator[tuple[str, str]]:
    """Yield name and condition; PostgreSQL asks the last name first, and the sight costs the least."""
    one = fenced().get(table)
    yield "portal_jobs", f"TO {JOBS} USING (true)"
    yield "portal_sight", f"TO {APP} USING ({one.sight if one else f'{_HOUSE} OR {OWNED[table]}'})"
    if one and not one.is_internal:
        yield "portal_published", f"FOR SELECT TO {APP}, {OPEN_TO_ALL} USING {_PUBLISHED.format(key=one.key)}"


def _definers(connection) -> Iterator[str]:
    """Yield what lets the triggers that keep derived data write it for whoever caused it, as the owner."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regprocedure::text FROM pg_proc"
            " WHERE pronamespace = current_schema()::regnamespace AND proname ~ %s",
            [_AS_OWNER],
        )
        for (function,) in cursor.fetchall():
            yield f"ALTER FUNCTION {function} SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
            yield f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC"
