"""Five hundred filings approved, and five hundred published: ours at once, and in a loop, each on its own.

The filings are copies of one, written straight to the tables. Every round takes five hundred that nobody has
touched. The page of the workbench is timed as the reviewer waits for it.
"""

import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from benchmarks import databases, measuring  # noqa: E402
from benchmarks.measuring import Verdict, tell  # noqa: E402
from brands.models import SkillBrand  # noqa: E402
from portal import catalogue, guards, workflow  # noqa: E402
from portal.models import CatalogueEntry, Event, Filing, FilingVersion, Membership, Organisation, User  # noqa: E402
from portal.vocabulary import Kind, Role, State  # noqa: E402
from portal.workflow import Asked, Outcome  # noqa: E402

CITY, PROVINCE = "3707", "37"
NUMBER, DOCUMENT = "演示文〔2024〕1号", "同意。"
LEAST_LOOP, MOST_WALL = 10, 2.0  # 1/10 of the CPU of a loop; seconds of the page
AT = datetime(2026, 1, 5, tzinfo=UTC)
STATES = {"approve": State.PROVINCE_REVIEW, "publish": State.APPROVED}


def fill(number: int, groups: int) -> None:
    """Write ``groups`` times ``number`` filings that wait for approval, and as many that are approved."""
    call_command("collectstatic", interactive=False, verbosity=0)  # the page names what it is served with
    people = {role: _person(role) for role in (Role.APPROVER, Role.PUBLISHER, Role.REVIEWER)}
    filer = _person(Role.FILER, CITY)
    guards.remove(connection)
    with transaction.atomic():
        for state in STATES.values():
            _write(state, number * groups, filer, people[Role.REVIEWER])
    guards.install(connection)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _person(role: str, place: str = PROVINCE) -> User:
    user = User.objects.create_user(role, must_change_password=False)
    bureau = Organisation.objects.get(region_id=place, kind=Kind.HRSS_BUREAU)
    Membership.objects.create(user=user, organisation=bureau, role=role)
    return user


def _write(state: str, number: int, filer: User, reviewer: User) -> None:
    bureau = filer.posts[0].organisation
    decided = {"decided_at": AT, "decided_by": reviewer} if state == State.APPROVED else {}
    sent = {
        "submitted_at": AT,
        "submitted_by": filer,
        "created_by": filer,
        "created_at": AT,
        "arrived_at": AT,
    }
    filings = Filing.objects.bulk_create(
        Filing(
            kind=SkillBrand.record_type.slug,
            organisation=bureau,
            region_id=CITY,
            title=f"演示品牌{state}{n}",
            state=state,
            step=2,
            **sent,
            **decided,
        )
        for n in range(number)
    )
    _write_records(filings)
    FilingVersion.objects.bulk_create(
        FilingVersion(
            filing=f,
            number=1,
            snapshot={"title": f.title},
            sha256="0",
            submitted_at=AT,
            submitted_by=filer,
        )
        for f in filings
    )
    steps = (("submit", State.DRAFT, State.CITY_REVIEW), ("endorse", State.CITY_REVIEW, state))
    Event.objects.bulk_create(
        Event(filing=f, number=n, version=1, action=a, source=s, target=t, by=filer, by_name="演示", at=AT)
        for f in filings
        for n, (a, s, t) in enumerate(steps, 1)
    )


def _write_records(filings: Sequence[Filing]) -> None:
    """Write the rows of the type: the fields keep their defaults, the words are those of the example."""
    own = [f for f in SkillBrand._meta.local_concrete_fields if not f.primary_key]
    words = SkillBrand.record_type.example
    row = {f.attname: words.get(f.name, f.get_default()) for f in own}
    columns = [f.column for f in own]
    quoted = ", ".join(map(connection.ops.quote_name, ["filing_ptr_id", *columns]))
    marks = ", ".join(["%s"] * (len(columns) + 1))
    sql = f"INSERT INTO {SkillBrand._meta.db_table} ({quoted}) VALUES ({marks})"
    values = [f.get_db_prep_save(row[f.attname], connection) for f in own]
    with connection.cursor() as cursor:
        cursor.executemany(sql, [(filing.pk, *values) for filing in filings])


def waiting(action: str, number: int) -> list[Asked]:
    """Return the next filings that wait for ``action``, as a list would tick them."""
    found = Filing.objects.filter(state=STATES[action], entry=None).exclude(
        decided_by__username=Role.APPROVER
    )
    rows = found.order_by("pk").values_list("pk", "version", "step")[:number]
    comment = DOCUMENT if action == "approve" else ""
    return [Asked(pk, action, version, step, comment) for pk, version, step in rows]


def approve_ours(asked: list[Asked], by: User) -> list[Outcome]:
    """All at once."""
    return workflow.perform_all(asked, by=by)


def approve_loop(asked: list[Asked], by: User) -> list[Outcome]:
    """Each on its own, as the page of one filing does."""
    return [
        Outcome(
            one,
            workflow.perform(
                Filing(pk=one.pk), one.action, by=by, version=one.version, step=one.step, comment=one.comment
            ),
        )
        for one in asked
    ]


def publish_ours(asked: list[Asked], by: User) -> list[Outcome]:
    """All at once."""
    return catalogue.publish_all(asked, by=by, document_number=NUMBER)


def publish_loop(asked: list[Asked], by: User) -> list[Outcome]:
    """Each on its own."""
    for one in asked:
        catalogue.publish(Filing(pk=one.pk), by=by, document_number=NUMBER)
    return [Outcome(one, True) for one in asked]


WORKS: dict[str, tuple[str, str, Callable]] = {
    "approve, ours": ("approve", Role.APPROVER, approve_ours),
    "approve, loop": ("approve", Role.APPROVER, approve_loop),
    "publish, ours": ("publish", Role.PUBLISHER, publish_ours),
    "publish, loop": ("publish", Role.PUBLISHER, publish_loop),
}


def work(name: str, number: int) -> None:
    """Do one variant in this process and print its round."""
    action, role, run = WORKS[name]
    by, asked = User.objects.get(username=role), waiting(action, number)
    by.posts  # noqa: B018 -- read once a request, whatever is asked

    def measured() -> str:
        done = sum(outcome.event is not None for outcome in run(asked, by))
        return str(done)

    measuring.once(measured)
    check([one.pk for one in asked], action)


def check(pks: list[int], action: str) -> None:
    """Stop when one of them was not done, once, with an event that links to the one before."""
    events = Event.objects.filter(filing__in=pks, number=3, action=action)
    linked = [event for event in events if event.hash == event.digest()]
    entries = CatalogueEntry.objects.filter(filing__in=pks).count() if action == "publish" else len(pks)
    if not (len(linked) == len(pks) == entries):
        raise SystemExit(f"Of {len(pks)} only {len(linked)} were done, {entries} stand.")


def page(number: int) -> float:
    """Return the seconds in which the workbench answers a batch of ``number`` approvals."""
    asked, client = waiting("approve", number), Client()
    client.force_login(User.objects.get(username=Role.APPROVER))
    items = [f"{one.pk}-{one.version}-{one.step}" for one in asked]
    started = time.monotonic()
    answer = client.post("/desk/batch/do/", {"action": "approve", "comment": DOCUMENT, "item": items})
    taken = time.monotonic() - started
    if answer.status_code != 200 or answer.context["done"] != number:
        raise SystemExit(f"The page answered {answer.status_code}.")
    return taken


def main() -> int:
    """Fill the database, measure, hand over."""
    chosen = measuring.arguments("decisions", sizes=(500,), quick=(50,), works=WORKS)
    if chosen.only:
        work(chosen.only, chosen.size)
        return 0
    setup_test_environment()
    for number in chosen.sizes:
        databases.use(f"decisions{number}", lambda number=number: fill(number, 3 * chosen.rounds))
        for action in STATES:
            compare(action, number, chosen.rounds)
        pages(number, chosen.rounds)
    return 0


def compare(action: str, number: int, rounds: int) -> None:
    """Measure ours beside the loop."""
    names = {name: name.partition(", ")[2] for name, (what, _, _) in WORKS.items() if what == action}
    found = measuring.rounds(__file__, names, rounds, size=number)
    measuring.hand_over("P9", f"{action} filings at once", number, found, names)
    ours, loop = map(measuring.cpu, found.values())
    claim, said = f"{action} {number} at once against a loop", f"1/{loop / ours:.1f} of its CPU"
    tell(Verdict("P9", claim, said, f"at most 1/{LEAST_LOOP}", loop >= LEAST_LOOP * ours))


def pages(number: int, rounds: int) -> None:
    """Measure how long the page of the workbench takes."""
    walls = median(page(number) for _ in range(rounds))
    claim, goal = f"page that approves {number} at once", f"at most {MOST_WALL:.0f} s wall"
    tell(Verdict("P9", claim, f"{walls:.2f} s", goal, walls <= MOST_WALL))


if __name__ == "__main__":
    sys.exit(main())
