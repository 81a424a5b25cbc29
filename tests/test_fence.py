"""Row-level security beside the querysets: what PostgreSQL shows each role, whatever a view asks for."""

import re
from io import StringIO

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from portal import asking, checks, fence, registry, scope
from portal.models import AccessRecord, CatalogueEntry, Event, Filing, Message, Region, Remark, User
from portal.vocabulary import BUSINESS_ROLES, Role, State
from tests.factories import (
    KUIWEN,
    WEIFANG,
    add_post,
    approver,
    auditor,
    draft,
    entry,
    filer,
    filing,
    joint,
    publisher,
    reviewer,
    secadmin,
    sign_in,
    stranger,
    submitted,
    sysadmin,
)

pytestmark = pytest.mark.django_db
PLACES = (KUIWEN, "370702", "3707Z01", WEIFANG, "3708", "370103", "370402")


@pytest.fixture(scope="module")
def planted(for_the_module) -> Filing:
    """Plant a draft, a submitted and a returned filing everywhere, and one that is published."""
    for place in PLACES:
        submitted("skill-brands", place=place, name=f"演示剪纸{place}已提交")
        draft("skill-brands", place=place, name=f"演示剪纸{place}草稿")
    filing("skill-brands", State.RETURNED, place="3706", name="演示剪纸退回")
    return entry("skill-brands", place="3709", name="演示剪纸公布").filing


def two_posts() -> User:
    """Return somebody who files for one county and reviews in another city."""
    person = filer(KUIWEN, name="two_posts")
    add_post(person, Role.REVIEWER, "3701")
    return User.objects.get(pk=person.pk)


PEOPLE = {
    "county filer": lambda: filer(KUIWEN),
    "zone filer": lambda: filer("3707Z01"),
    "city filer": filer,
    "city reviewer": reviewer,
    "next city": lambda: reviewer("3708"),
    "province": lambda: reviewer("37"),
    "approver": approver,
    "publisher": publisher,
    "joint": lambda: joint(WEIFANG),
    "joint of the province": lambda: joint("37"),
    "auditor": auditor,
    "system administrator": sysadmin,
    "security administrator": secadmin,
    "stranger": stranger,
    "two posts": two_posts,
}


def test_every_table_is_fenced_or_named_open_and_every_name_is_a_table():
    opened = {*fence.PUBLIC, *fence.SIGNED_IN}

    assert fence.unnamed() == set()
    assert {*opened, *fence.OWNED, *fence.DERIVED, *fence.SEALED, *fence.APPEND_ONLY} <= fence.tables()
    assert not fence.shut() & opened
    assert not set(fence.fenced()) & set(fence.OWNED)


def test_every_record_type_is_fenced_with_all_its_rows():
    models = [model for record_type in registry.all_types() for model in _of(record_type)]

    assert {model._meta.db_table for model in models} <= set(fence.fenced())


def _of(record_type) -> list:
    return [record_type.model, *map(record_type.row_model, record_type.rows)]


@pytest.mark.parametrize("name", PEOPLE)
def test_the_asker_has_the_sights_of_the_querysets(name):
    user = PEOPLE[name]()

    told = scope.asker(user)

    seen = scope.sights(user)
    assert set(told.regions) == {sight.region for sight in seen}
    assert set(told.bureaus) == {f"{s.bureau}@{s.region}" for s in seen if s.bureau is not None}
    desks = {post.organisation_id for post in user.posts if post.role in BUSINESS_ROLES}
    assert (set(told.desks), told.person) == (set(map(str, desks)), str(user.pk))


@pytest.mark.parametrize("word", ["37'; RESET ROLE; --", "37 ", "３７", "", "a;b"])
def test_nothing_but_plain_words_is_told_to_the_database(word):
    with pytest.raises(ValueError, match="cannot be told"):
        asking.Asker(asking.APP, (word,)).statements()


@pytest.mark.fenced
@pytest.mark.parametrize("name", PEOPLE)
def test_a_view_that_forgets_its_scope_shows_what_the_scope_shows_and_what_is_public(planted, name):
    user = PEOPLE[name]()
    own = _visible(user)

    with asking.asking(scope.asker(user)):
        found = {table: _filings_of(one) for table, one in fence.fenced().items()}

    whole = {table: _filings_of(one) for table, one in fence.fenced().items()}
    for table, one in fence.fenced().items():
        sight = own if one.is_internal else own | _published()
        assert found[table] == whole[table] & sight, table
    assert found["portal_filing"] == own | _published()


def _published() -> set[int]:
    return set(CatalogueEntry.objects.values_list("filing", flat=True))


def _visible(user) -> set[int]:
    return set(Filing.objects.visible_to(user).values_list("pk", flat=True))


def _filings_of(one: fence.Fenced) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT {one.column} FROM {one.table}")
        return {number for (number,) in cursor.fetchall()}


@pytest.mark.fenced
@pytest.mark.parametrize("asker", [asking.STRANGER, asking.UNKNOWN])
def test_whoever_is_not_known_reads_published_filings_alone(planted, asker):
    with asking.asking(asker):
        found = set(Filing.objects.values_list("pk", flat=True))

    assert found == _published()


@pytest.mark.fenced
def test_strangers_read_no_people_no_messages_and_no_record_of_what_was_done(planted):
    for model in (User, Message, AccessRecord, Event, Remark):
        with asking.asking(asking.STRANGER), pytest.raises(ProgrammingError), transaction.atomic():
            model.objects.exists()


@pytest.mark.fenced
def test_a_connection_that_was_another_persons_is_his_no_longer(planted):
    with asking.asking(scope.asker(reviewer("37"))):
        before = Filing.objects.count()

    with asking.asking(asking.UNKNOWN):
        after = Filing.objects.count()

    assert before == len(_visible(reviewer("37")) | _published())
    assert after == len(_published())


@pytest.mark.fenced
def test_who_asks_is_told_anew_after_a_rollback(planted):
    person = scope.asker(filer(KUIWEN))

    with asking.asking(person):
        for _ in range(2):
            with pytest.raises(IntegrityError), transaction.atomic():
                Filing.objects.count()
                raise IntegrityError
        found = Filing.objects.count()

    assert found == len(_visible(filer(KUIWEN)) | _published())


@pytest.mark.fenced
def test_what_is_written_outside_of_the_sight_is_refused_and_changes_nothing(planted):
    theirs = Filing.objects.get(title="演示剪纸3708已提交")

    with asking.asking(scope.asker(filer(KUIWEN))):
        changed = Filing.objects.filter(pk=theirs.pk).update(title="演示改写")
        published = Filing.objects.filter(pk=planted.pk).update(title="演示改写")
        with pytest.raises(ProgrammingError), transaction.atomic():
            Remark.objects.create(filing=theirs, by=filer(KUIWEN), text="演示")

    assert (changed, published) == (0, 0)


@pytest.mark.fenced
@pytest.mark.parametrize("role", asking.ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE portal_event SET comment = ''",
        "DELETE FROM portal_event",
        "DELETE FROM portal_filingversion",
        "UPDATE portal_accessrecord SET name = ''",
        "TRUNCATE portal_filing CASCADE",
        "DROP TABLE portal_event",
        "ALTER TABLE portal_filing DISABLE ROW LEVEL SECURITY",
        "DROP POLICY portal_sight ON portal_filing",
        "CREATE TABLE public.mine (one int)",
        "DROP FUNCTION portal_filing_guard() CASCADE",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('a', 'b', now())",
        "SELECT public_change_note('')",
    ],
)
def test_no_role_changes_what_is_kept_or_the_tables_themselves(planted, role, statement):
    with (
        asking.asking(asking.Asker(role, is_house=True)),
        pytest.raises(ProgrammingError, match=re.compile("permission denied|must be owner")),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.fenced
def test_no_role_goes_past_row_level_security():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin, rolinherit"
            " FROM pg_roles WHERE rolname LIKE 'portal\\_%' ORDER BY 1"
        )
        found = cursor.fetchall()

    nothing = (False, False, False, False)
    assert found == [
        ("portal_app", *nothing, False, True),
        ("portal_jobs", *nothing, False, True),
        ("portal_public", *nothing, False, True),
        ("portal_web", *nothing, True, False),
        ("portal_worker", *nothing, True, True),
    ]


@pytest.mark.fenced
def test_the_nightly_check_names_the_fence_that_is_missing():
    with connection.cursor() as cursor:
        cursor.execute("DROP POLICY portal_sight ON brands_skillbrand")
        cursor.execute("ALTER TABLE portal_remark DISABLE ROW LEVEL SECURITY")

    assert list(fence.faults(connection)) == [
        "数据表 portal_remark 没有启用行级安全。",
        "数据表 brands_skillbrand 缺少行级安全策略 portal_sight。",
    ]


@pytest.mark.fenced
@pytest.mark.parametrize("role", [asking.APP, asking.OPEN_TO_ALL])
def test_a_table_named_nowhere_is_shut(planted, role):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE portal_forgotten AS SELECT * FROM portal_filing")
    fence.remove(connection)
    fence.install(connection)

    with asking.asking(asking.Asker(role, is_house=True)), pytest.raises(ProgrammingError, match="denied"):
        connection.cursor().execute("SELECT count(*) FROM portal_forgotten")


def test_who_looks_past_the_scope_of_a_person_is_known():
    found = {
        path.relative_to(settings.BASE_DIR).as_posix()
        for app in fence.APPS
        for path in (settings.BASE_DIR / app).rglob("*.py")
        if "for_the_house()" in path.read_text() and path.name != "asking.py"
    }

    assert found == {
        "portal/api/answers.py",  # when the public last saw a change, of any bureau
        "portal/attachments.py",  # whether another filing still uses a file
        "portal/authenticity.py",  # whether a sheet is genuine, whoever asks
        "portal/check_codes.py",  # the same
        "portal/consultation.py",  # of what somebody was told already
        "portal/deadlines.py",  # where the bureaus of a region stand, drafts too
        "portal/historical_acts.py",  # whether an update is in the making elsewhere
        "portal/held_forms.py",  # a form is kept and found while somebody is signing in
        "portal/historical_jobs.py",  # the province enters results for the bureaus they belong to
        "portal/notice_messages.py",  # of what somebody was told already, what hinders a publication
        "portal/notify.py",  # a message is written by one and belongs to another
        "portal/periodic.py",  # of what somebody was told already
        "portal/policy.py",  # whether an update is in the making elsewhere
        "portal/publicity.py",  # whether an objection hinders, at whatever desk it lies
        "portal/quotas.py",  # how much of the store a bureau's files take, whoever uploads
        "portal/reminders.py",  # of what somebody was told already
        "portal/selection.py",  # whether an objection hinders
        "portal/windows.py",  # where each bureau stands
    }


@pytest.mark.fenced
def test_who_asks_goes_with_the_first_statement_and_costs_no_message(planted, tmp_path):
    with asking.asking(scope.asker(reviewer())):
        told, known = [_messages(tmp_path, str(turn)) for turn in range(2)]

    assert (told, known) == (1, 1)


def _messages(folder, name: str) -> int:
    """Return how many messages one query sends, as libpq notes them."""
    with (folder / name).open("w") as file:
        connection.connection.pgconn.trace(file.fileno())
        Filing.objects.count()
        connection.connection.pgconn.untrace()
    return len(re.findall(r"\tF\t\d+\tQuery", (folder / name).read_text()))


@pytest.mark.fenced
@pytest.mark.parametrize("statement", ["SELECT 1 FROM portal_filing", "SELECT 1 FROM portal_catalogueentry"])
def test_the_login_of_the_web_may_nothing_by_itself(statement):
    parameters = connection.get_connection_params() | {"user": "portal_web"}

    with psycopg.connect(**parameters) as web:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            web.execute(statement)
        web.rollback()
        for role in (asking.JOBS, "portal"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                web.execute(f"SET ROLE {role}")
            web.rollback()
        web.execute("SET ROLE portal_app")
        assert web.execute("SELECT count(*) FROM portal_filing").fetchone() == (0,)


@pytest.mark.fenced
def test_the_login_of_the_workers_reads_every_row_and_owns_nothing():
    parameters = connection.get_connection_params() | {"user": "portal_worker"}

    with psycopg.connect(**parameters) as worker:
        regions = worker.execute("SELECT count(*) FROM portal_region").fetchone()
        owned = worker.execute("SELECT count(*) FROM pg_class WHERE relowner = 'portal_worker'::regrole")
        assert (regions, owned.fetchone()) == ((Region.objects.count(),), (0,))


@pytest.mark.fenced
def test_an_answer_in_pieces_is_made_in_the_name_of_who_asked_for_it(planted):
    def count():
        yield Filing.objects.count()
        yield Filing.objects.count()

    person = scope.asker(reviewer())
    pieces = list(asking.pieces(person, count()))

    assert pieces == [len(_visible(reviewer()) | _published())] * 2
    assert asking.current() == asking.LOGIN


@pytest.mark.fenced
def test_a_page_begins_as_a_strangers_and_ends_as_nobodys(planted, client):
    sign_in(client, reviewer())

    answers = [client.get("/desk/").status_code, client.get("/catalogue/").status_code]

    assert (answers, asking.current()) == ([200, 200], asking.LOGIN)


@pytest.mark.fenced
def test_the_owner_is_warned_of_in_production():
    assert [warning.id for warning in checks.the_portal_owns_nothing(None)] == ["portal.W001"]


@pytest.mark.fenced
def test_the_statements_for_an_administrator_are_those_that_make_the_roles():
    out = StringIO()

    call_command("database_roles", "--sql", stdout=out)

    made = re.findall(r"CREATE ROLE (\w+)", out.getvalue())
    assert made == [*asking.ROLES, "portal_web", "portal_worker"]
