"""The workflow as a model: random acts of random people on every record type, held to the table by hand.

Row 18, faults F9, F11 and F12. What may happen is read from the table of ``test_workflow_policy``, never from
``ACTIONS``; that all is whole afterwards is what the nightly check says of the database.
"""

from collections import Counter, defaultdict
from itertools import count

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal import catalogue, counting, drafts, filing_counts, registry, verify, workflow
from portal.models import CatalogueEntry, Event, Filing, User
from portal.refusals import Conflict, Invalid, Refused
from portal.vocabulary import ExitReason, State
from tests import attacking, factories
from tests.factories import COMMENT, DOCUMENT, KUIWEN, PROVINCE, WEIFANG
from tests.sizes import size
from tests.test_workflow_policy import ACTIONS, POLICY, actors

pytestmark = pytest.mark.django_db

SEQUENCES, STEPS = (100, 30) if attacking.IS_LONG else size((6, 15), (100, 30))
PLACES = {"county": KUIWEN, "city": WEIFANG, "province": PROVINCE}
#: Types that end at the province behave in the table like the first, all others like the second.
LIKE = {True: "skill-brands", False: "building-units"}
NOT_DONE = (Filing.DoesNotExist, Refused, Conflict, Invalid)


def legal_steps() -> dict[tuple[str, str], dict[tuple[str, str, str], set[str]]]:
    """Return (type of the table, place) → (state, actor, action) → where it may lead."""
    steps: dict = defaultdict(lambda: defaultdict(set))
    for (slug, place, standing), cells in POLICY.items():
        for (actor, action), target in cells.items():
            steps[slug, place][standing.split(",")[0], actor, action].add(target)
    for place in ("county", "city"):  # what the province returned, the province takes back
        for actor in ("province reviewer", "province approver"):
            steps["skill-brands", place][State.RETURNED, actor, "recall"].add(State.PROVINCE_REVIEW)
    return steps


LEGAL = legal_steps()


class Filed:
    """A filing as the model knows it: where it lies, what is legal there, who might try something."""

    def __init__(self, record: Filing, place: str):
        self.pk, self.place = record.pk, place
        self.people = {name: user.pk for name, user in actors(PLACES[place]).items()}
        self.legal = LEGAL[LIKE[record.route == registry.PROVINCE], place]

    def now(self) -> Filing:
        """Return the row as it is."""
        return Filing.objects.get(pk=self.pk)


def begun() -> list[Filed]:
    """Return a draft of every type in every place that may file it."""
    found = []
    for record_type in registry.all_types():
        for place, code in PLACES.items():
            try:
                found.append(Filed(factories.draft(record_type, place=code), place))
            except (Refused, Filing.DoesNotExist):
                continue
    return found


@pytest.fixture(scope="module")
def filings(for_the_module) -> list[Filed]:
    """Give a draft of every type, whose people are there, and what they refer to published."""
    made = begun()
    counting.fold()
    filing_counts.fold()
    return made


class Workflow(RuleBasedStateMachine):
    """People who try acts, right ones and wrong ones; what they did is undone at the end of each sequence."""

    filings: list[Filed]
    counted: dict

    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.published = self.shown()
        self.gone: set[int] = set()

    def teardown(self):
        """Hold the whole database to the nightly check, look at the public pages, and undo everything."""
        try:
            counting.fold()
            filing_counts.fold()
            assert list(verify.faults()) == []
            assert listed() == {title for _, _, title in self.published}
            self.counted["sequences"] += 1
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    @staticmethod
    def shown() -> set[tuple]:
        """Return what is in force, as the table of the entries has it."""
        return set(CatalogueEntry.objects.filter(valid_to=None).values_list("filing_id", "kind", "title"))

    def tried(self, filed: Filed, name: str, attempt) -> tuple[Filing, Filing | None]:
        """Return the filing before an attempt and after it, None when it was refused and nothing changed."""
        before, events = filed.now(), Event.objects.count()
        self.counted["cases"] += 1
        try:
            with transaction.atomic():
                attempt(before, User.objects.get(pk=filed.people[name]))
        except NOT_DONE:
            self.counted["refused"] += 1
            after = filed.now()
            assert (after.state, after.step, after.version, after.revision) == (
                before.state,
                before.step,
                before.version,
                before.revision,
            )
            assert Event.objects.count() == events
            return before, None
        assert filed.people[name] not in self.gone
        return before, filed.now()

    @rule(data=some.data(), action=some.sampled_from(ACTIONS), behind=some.sampled_from([0, 0, 0, 0, 1]))
    def act(self, data, action, behind):
        """Somebody tries an act, as often as not one that is open to him, sometimes on an older version."""
        filed, name, action = data.draw(self.tries(action))

        def attempt(filing, by):
            facts = {"comment": COMMENT, "version": filing.version - behind, "step": filing.step}
            workflow.perform(filing, action, by=by, **facts)

        before, after = self.tried(filed, name, attempt)

        if after:
            assert behind == 0
            assert after.state in filed.legal[before.state, name, action]
            last = after.events.order_by("-number").first()
            assert (last.action, last.by_id, last.source, last.target) == (
                action,
                filed.people[name],
                before.state,
                after.state,
            )
            assert (last.number, last.version) == (before.step + 1, before.version)
            assert after.version == before.version + (action in ("withdraw", "return"))

    def tries(self, action: str):
        """Return a strategy for (filing, actor, action): anything, or what the table opens just now."""

        def near(filed: Filed):
            state = filed.now().state
            opened = [(n, a) for s, n, a in filed.legal if s == state] or [("stranger", action)]
            wild = some.tuples(some.sampled_from(sorted(filed.people)), some.just(action))
            return some.one_of(some.sampled_from(opened), wild).map(lambda pair: (filed, *pair))

        return some.sampled_from(self.filings).flatmap(near)

    @rule(data=some.data(), number=some.integers(1, 10**6))
    def write(self, data, number):
        """Somebody changes the text of a filing; only its bureau may, and only while it lies there."""
        filed = data.draw(some.sampled_from(self.filings))
        name = data.draw(some.sampled_from(sorted(filed.people)))

        def attempt(filing, by):
            drafts.save(
                filing.record, by=by, revision=filing.revision, values={"explanation": f"演示{number}"}
            )

        before, after = self.tried(filed, name, attempt)

        if after:
            assert before.state in (State.DRAFT, State.RETURNED)
            assert (before.state, name, "submit") in filed.legal
            assert (after.state, after.step) == (before.state, before.step)

    @rule(
        data=some.data(),
        who=some.sampled_from(["province publisher", "province approver", "filer", "stranger"]),
    )
    def publish(self, data, who):
        """Somebody publishes; only the publisher of the province does, and only what is approved."""
        filed = data.draw(some.sampled_from(self.filings))

        before, after = self.tried(
            filed, who, lambda filing, by: catalogue.publish(filing.record, by=by, document_number=DOCUMENT)
        )

        if after:
            assert (who, before.state) == ("province publisher", State.APPROVED)
            self.published.add((filed.pk, after.kind, after.title))

    @precondition(lambda self: any(f.pk in {pk for pk, _, _ in self.published} for f in self.filings))
    @rule(data=some.data(), who=some.sampled_from(["province publisher", "city reviewer", "auditor"]))
    def leave(self, data, who):
        """Somebody lets a published entry exit; only the publisher does."""
        held = {pk for pk, _, _ in self.published}
        filed = data.draw(some.sampled_from([f for f in self.filings if f.pk in held]))
        entry = CatalogueEntry.objects.get(filing_id=filed.pk, valid_to=None)
        said = {"reason": ExitReason.VOLUNTARY, "document_number": DOCUMENT}

        _, after = self.tried(filed, who, lambda filing, by: catalogue.exit(entry, by=by, **said))

        if after:
            assert who == "province publisher"
            self.published = {one for one in self.published if one[0] != filed.pk}

    @rule(data=some.data())
    def disable(self, data):
        """A person is disabled, or comes back."""
        filed = data.draw(some.sampled_from(self.filings))
        who = filed.people[data.draw(some.sampled_from(sorted(filed.people)))]
        self.gone ^= {who}
        User.objects.filter(pk=who).update(is_active=who not in self.gone)

    @invariant()
    def every_row_is_what_its_last_event_left(self):
        """A row has the state of its last event, its number of events, and a version for each way back."""
        ours, last, back = [f.pk for f in self.filings], {}, Counter()
        for event in Event.objects.filter(filing_id__in=ours).order_by("number"):
            last[event.filing_id] = (event.number, event.target)
            back[event.filing_id] += event.action in ("withdraw", "return")
        for filing in Filing.objects.filter(pk__in=ours):
            assert (filing.step, filing.state) == last.get(filing.pk, (0, State.DRAFT))
            assert filing.version == 1 + back[filing.pk]

    @invariant()
    def in_force_is_what_was_published_and_has_not_left(self):
        """Nothing is in a catalogue but by the act of publishing."""
        assert self.shown() == self.published


def listed() -> set[str]:
    """Return the titles that the public interface answers with, over all catalogues."""
    client, found = Client(), set()
    for record_type in registry.all_types():
        if record_type.public:
            page = client.get(f"/api/v1/catalogues/{record_type.slug}/entries?size=100").json()
            found |= {one["name"] for one in page["items"]}
    return found


PROFILE = settings(
    max_examples=SEQUENCES,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink) if attacking.IS_LONG else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def run(filings: list[Filed], number: int, counted: dict) -> None:
    """Run the sequences of one round, by a seed of its own."""
    machine = type("Seeded", (Workflow,), {"filings": filings, "counted": counted})
    run_state_machine_as_test(seed(attacking.SEED + number)(machine), settings=PROFILE)


def test_no_sequence_of_acts_leads_where_the_table_does_not(filings):
    with attacking.figures() as counted:
        for number in attacking.rounds():
            run(filings, number, counted)

    assert counted["sequences"] >= SEQUENCES
    assert counted["cases"] > counted["refused"] > 0


def test_control_a_step_that_the_table_lacks_is_noticed(filings, monkeypatch):
    lacking = {cell: set() for cell in LEGAL["skill-brands", "city"]}
    monkeypatch.setattr(next(f for f in filings if f.place == "city"), "legal", lacking)
    numbers = count()

    with pytest.raises(AssertionError):
        for number in numbers:
            run([f for f in filings if f.legal is lacking], number, Counter())
            assert number < 20, "found"
