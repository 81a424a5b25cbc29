"""Two people at the same instant, on real connections: one act each time, the other learns who was first."""

import re
from collections import Counter

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal import catalogue, drafts, guards, workflow
from portal.models import CatalogueEntry, Event, Filing, FilingVersion
from portal.vocabulary import ExitReason, State
from tests.copies import many_filings
from tests.factories import (
    COMMENT,
    DOCUMENT,
    PROVINCE,
    WEIFANG,
    act,
    approver,
    entry,
    filer,
    person,
    publisher,
    reviewer,
    road,
)
from tests.races import kinds, race
from tests.sizes import size

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = size(200, 1000)


def performing(action: str, by):
    """Return a runner that does ``action`` as ``by`` on a filing as it was when the rounds began."""

    def run(filing: Filing):
        return workflow.perform(
            filing, action, by=by, version=filing.version, step=filing.step, comment=COMMENT
        )

    return run


def events_after(filings: list[Filing], step: int) -> Counter:
    """Return how many filings have how many events after ``step``."""
    counts = Counter(
        Event.objects.filter(filing__in=filings, number__gt=step).values_list("filing_id", flat=True)
    )
    return Counter(counts[filing.pk] for filing in filings)


def test_of_two_who_decide_at_once_one_decides_and_the_other_is_told():
    filings = many_filings(ROUNDS, "skill-brands", State.PROVINCE_REVIEW)
    second = person("approver", PROVINCE, name="second approver")

    outcomes = race(filings, performing("approve", approver()), performing("reject", second))

    assert Counter(map(tuple, map(kinds, outcomes))) == {("Conflict", "Event"): ROUNDS}
    assert events_after(filings, filings[0].step) == {1: ROUNDS}
    told = [outcome.event.action for pair in outcomes for outcome in pair if kinds([outcome]) == ["Conflict"]]
    assert Counter(told).total() == ROUNDS
    assert set(told) <= {"approve", "reject"}


def test_over_http_the_one_who_comes_second_gets_the_page_that_names_the_first_and_keeps_his_words():
    filings = many_filings(ROUNDS, "skill-brands", State.PROVINCE_REVIEW)
    first, second = approver(), person("approver", PROVINCE, name="second approver")

    answers = race(filings, posting("approve", first), posting("reject", second))

    assert Counter(map(tuple, (sorted(a.status_code for a in pair) for pair in answers))) == {
        (302, 409): ROUNDS
    }
    assert events_after(filings, filings[0].step) == {1: ROUNDS}
    pages = [answer.content.decode() for pair in answers for answer in pair if answer.status_code == 409]
    told = Counter(re.search("作了“(.+?)”", page)[1] for page in pages)
    done = Counter(Filing.objects.filter(pk__in=[f.pk for f in filings]).values_list("state", flat=True))
    assert (told["审核通过"], told["不予通过"]) == (done["approved"], done["rejected"])
    assert [page for page in pages if COMMENT not in page or "您的操作没有提交" not in page] == []


def posting(action: str, by):
    """Return a runner that sends the decision form of a filing as ``by``, signed in on his own client."""
    client = Client()
    client.force_login(by)

    def run(filing: Filing):
        sent = {"action": action, "version": filing.version, "step": filing.step, "comment": COMMENT}
        return client.post(f"/desk/filings/{filing.pk}/act/", sent)

    return run


def test_control_the_same_race_shows_doubles_when_the_state_is_only_read_and_then_saved():
    filings = many_filings(ROUNDS, "skill-brands", State.PROVINCE_REVIEW)
    guards.remove(connection)  # they alone would stop it already
    first, second = approver(), person("approver", PROVINCE, name="second approver")

    outcomes = race(filings, naively(State.APPROVED, first), naively(State.REJECTED, second))

    doubled = [pair for pair in outcomes if pair == ("decided", "decided")]
    assert doubled != []


def naively(target: str, by):
    """Return a runner that decides as most systems do: read, look, save."""

    def run(filing: Filing):
        current = Filing.objects.get(pk=filing.pk)
        if current.state != State.PROVINCE_REVIEW:
            return "too late"
        current.state, current.decided_at, current.decided_by = target, timezone.now(), by
        current.save(update_fields=["state", "decided_at", "decided_by"])
        return "decided"

    return run


def test_withdrawal_and_acceptance_at_once_never_both_happen():
    filings = many_filings(100, "skill-brands", State.CITY_REVIEW)

    outcomes = race(filings, performing("withdraw", filer()), performing("accept", reviewer()))

    assert Counter(map(tuple, map(kinds, outcomes))) == {("Conflict", "Event"): 100}
    for filing in Filing.objects.filter(pk__in=[filing.pk for filing in filings]):
        last = filing.events.get(number=filing.step)
        expected = {
            "withdraw": (State.DRAFT, 2, False),
            "accept": (State.CITY_REVIEW, 1, True),
        }[last.action]
        assert (filing.state, filing.version, filing.accepted_at is not None) == expected


def test_a_double_click_on_submit_makes_one_version_and_one_event():
    filings = many_filings(100, "skill-brands", State.DRAFT)

    outcomes = race(filings, performing("submit", filer()), performing("submit", filer()))

    assert Counter(map(tuple, map(kinds, outcomes))) == {("Conflict", "Event"): 100}
    assert events_after(filings, 0) == {1: 100}
    assert FilingVersion.objects.filter(filing__in=filings).count() == 100


def test_what_is_submitted_is_what_is_stored_when_a_colleague_saves_at_that_instant():
    records = [filing.record for filing in many_filings(100, "skill-brands", State.DRAFT)]
    colleague = filer(WEIFANG, name="colleague")

    def save(record):
        return drafts.save(record, by=colleague, revision=record.revision, values={"stage": "upgraded"})

    outcomes = race(records, performing("submit", filer()), save)

    allowed = {
        ("Conflict", "Event"),
        ("Conflict", "SkillBrand"),
        ("Event", "SkillBrand"),
        ("Event", "Refused"),
    }
    assert set(map(tuple, map(kinds, outcomes))) <= allowed
    for version in FilingVersion.objects.filter(filing__in=[record.pk for record in records]):
        assert version.snapshot["values"]["stage"] == version.filing.record.stage


def test_two_colleagues_in_one_draft_never_overwrite_each_other_unseen():
    records = [filing.record for filing in many_filings(100, "skill-brands", State.DRAFT)]

    def saving(stage: str, by):
        return lambda record: drafts.save(
            Filing.objects.get(pk=record.pk).record, by=by, revision=0, values={"stage": stage}
        )

    outcomes = race(
        records, saving("upgraded", filer()), saving("discovered", filer(WEIFANG, name="colleague"))
    )

    assert Counter(map(tuple, map(kinds, outcomes))) == {("Conflict", "SkillBrand"): 100}


def test_of_two_who_publish_at_once_one_publishes():
    filings = many_filings(100, "skill-brands", State.APPROVED)

    def publishing(by):
        return lambda filing: catalogue.publish(filing, by=by, document_number=DOCUMENT)

    second = person("publisher", PROVINCE, name="second publisher")
    outcomes = race(filings, publishing(publisher()), publishing(second))

    losers = {kind for pair in map(kinds, outcomes) for kind in pair} - {"CatalogueEntry"}
    assert losers <= {"Conflict", "Refused"}
    assert CatalogueEntry.objects.filter(filing__in=filings).count() == 100
    assert [kinds(pair).count("CatalogueEntry") for pair in outcomes] == [1] * 100


def test_what_is_published_at_that_instant_is_not_taken_back():
    filings, by = many_filings(100, "skill-brands", State.APPROVED), publisher()

    def publish(filing):
        return catalogue.publish(filing, by=by, document_number=DOCUMENT)

    outcomes = race(filings, publish, performing("reopen", approver()))

    assert set(map(tuple, map(kinds, outcomes))) <= {
        ("CatalogueEntry", "Conflict"),
        ("CatalogueEntry", "Refused"),
        ("Conflict", "Event"),
        ("Event", "Refused"),
    }
    numbers = [filing.pk for filing in filings]
    published = CatalogueEntry.objects.filter(filing__in=numbers).values_list("filing_id", flat=True)
    approved = Filing.objects.filter(state=State.APPROVED, pk__in=numbers).values_list("pk", flat=True)
    assert set(published) == set(approved)


def test_public_codes_stay_distinct_when_two_publish_different_brands_at_once():
    filings = many_filings(100, "skill-brands", State.APPROVED)

    def publishing(by):
        return lambda filing: catalogue.publish(filing, by=by, document_number=DOCUMENT)

    pairs = list(zip(filings[::2], filings[1::2], strict=True))
    first, second = (
        publishing(publisher()),
        publishing(person("publisher", PROVINCE, name="second publisher")),
    )
    race(pairs, lambda pair: first(pair[0]), lambda pair: second(pair[1]))

    codes = CatalogueEntry.objects.filter(kind="skill-brands").values_list("code", flat=True)
    assert sorted(codes) == [f"SB-3707-{serial:04d}" for serial in range(1, 101)]


def test_an_entry_that_exits_is_not_brought_back_by_its_amendment_published_at_that_instant():
    rounds = [amended_entry() for _ in range(20)]

    def publish(pair):
        return catalogue.publish(pair[1], by=publisher(), document_number=DOCUMENT)

    def exit(pair):
        return catalogue.exit(
            pair[0],
            by=person("publisher", PROVINCE, name="second publisher"),
            reason=ExitReason.VOLUNTARY,
            document_number=DOCUMENT,
        )

    outcomes = race(rounds, publish, exit)

    assert set(map(tuple, map(kinds, outcomes))) <= {
        ("CatalogueEntry", "Conflict"),
        ("CatalogueEntry", "Refused"),
        ("Conflict", "Event"),
        ("Event", "Refused"),
    }
    for old, amendment in rounds:
        old.refresh_from_db()
        replaced = CatalogueEntry.objects.filter(filing=amendment).exists()
        exits = Event.objects.filter(filing=old.filing, action="exit").count()
        assert (old.is_exited, exits) == ((False, 0) if replaced else (True, 1))


def amended_entry() -> tuple[CatalogueEntry, Filing]:
    """Return an entry in force and its amendment, approved and ready to be published."""
    old = entry("skill-brands")
    amendment = catalogue.amend(old, by=filer())
    for action, by, arguments in road(amendment, State.APPROVED):
        amendment = act(amendment, action, by, **arguments)
    return old, amendment


def test_an_entry_is_amended_by_one_draft_when_two_colleagues_begin_at_once():
    entries = [entry("exam-projects") for _ in range(20)]

    def amending(by):
        return lambda old: catalogue.amend(old, by=by)

    outcomes = race(entries, amending(filer()), amending(filer(WEIFANG, name="colleague")))

    assert Counter(map(tuple, map(kinds, outcomes))) == {("ExamProject", "Refused"): 20}
    assert Filing.objects.exclude(amends=None).count() == 20
