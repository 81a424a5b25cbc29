"""The catalogue over time: publish, amend, exit; one entry of a lineage in force, whatever is done."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import catalogue, workflow
from portal.models import CatalogueEntry, Edition, Event, Filing
from portal.vocabulary import ExitReason, Role, State
from tests.factories import (
    COMMENT,
    DOCUMENT,
    PROVINCE,
    WEIFANG,
    act,
    add_post,
    approved,
    approver,
    auditor,
    bureau,
    entry,
    filer,
    filing,
    person,
    publish,
    publisher,
    reviewer,
    road,
)

pytestmark = pytest.mark.django_db

MAY, JUNE, JULY = date(2024, 5, 1), date(2024, 6, 1), date(2024, 7, 1)


def amended(old: CatalogueEntry, **changes) -> Filing:
    """Return the approved amendment of an entry."""
    record = catalogue.amend(old, by=filer(old.filing.region_id))
    for name, value in changes.items():
        setattr(record, name, value)
    record.save()
    for action, by, arguments in road(record, State.APPROVED):
        record = act(record, action, by, **arguments)
    return record


def leave(old: CatalogueEntry, **arguments) -> Event:
    facts = {"reason": ExitReason.VOLUNTARY, "document_number": DOCUMENT, **arguments}
    return catalogue.exit(old, by=publisher(), **facts)


def test_a_published_filing_is_in_force_from_its_day_with_number_publisher_and_code():
    new = entry("skill-brands", on=MAY)

    assert (new.code, new.document_number, new.publisher) == ("SB-3707-0001", DOCUMENT, bureau(PROVINCE).name)
    assert (new.valid_from, new.valid_to, new.level) == (MAY, None, "municipal")
    assert list(new.filing.events.values_list("action", flat=True)) == [
        "submit",
        "endorse",
        "approve",
        "publish",
    ]
    in_force = CatalogueEntry.objects.filter(kind="skill-brands")
    days = (MAY - timedelta(days=1), MAY, timezone.localdate())
    assert [in_force.in_force(day).count() for day in days] == [0, 1, 1]


def test_codes_count_within_type_and_city():
    places = [WEIFANG, "370705", "3708", PROVINCE]

    codes = [entry("labour-brands", place=place).code for place in places]

    assert codes == ["LB-3707-0001", "LB-3707-0002", "LB-3708-0001", "LB-3700-0001"]


def test_an_amendment_takes_over_the_code_and_ends_the_old_span_on_its_day():
    old = entry("skill-brands", on=MAY, level="provincial")

    new = publish(amended(old, stage="upgraded"), on=JUNE)

    old.refresh_from_db()
    assert (old.code, old.valid_from, old.valid_to, old.is_exited) == (new.code, MAY, JUNE, False)
    assert (new.valid_from, new.valid_to, new.level) == (JUNE, None, "provincial")
    of_lineage = CatalogueEntry.objects.filter(code=new.code)
    assert [e.pk for e in of_lineage.in_force(JUNE - timedelta(days=1))] == [old.pk]
    assert [e.pk for e in of_lineage.in_force(JUNE)] == [new.pk]


def test_the_published_text_stays_public_while_its_amendment_is_on_the_way():
    old = entry("skill-brands", stage="discovered")

    record = amended(old, stage="upgraded")

    assert record.amends_id == old.filing_id
    assert [e.filing_id for e in CatalogueEntry.objects.filter(kind="skill-brands").public()] == [
        old.filing_id
    ]
    assert Filing.objects.get(pk=old.filing_id).record.stage == "discovered"


def test_an_amendment_copies_fields_relations_and_rows():
    old = entry("exam-projects")
    brand = entry("skill-brands")

    copied, brand_copy = catalogue.amend(old, by=filer()), catalogue.amend(brand, by=filer())

    rows = [
        list(record.specifications.values("edition", "minutes")) for record in (old.filing.record, copied)
    ]
    assert rows[0] == rows[1] == [{"edition": "演示第1版", "minutes": 90}]
    assert list(brand_copy.exam_projects.all()) == list(brand.filing.record.exam_projects.all())
    assert (brand_copy.name, brand_copy.state, brand_copy.version) == (brand.title, State.DRAFT, 1)


def test_an_amendment_on_the_day_of_publication_leaves_the_old_entry_in_force_on_no_day():
    old = entry("skill-brands", on=MAY)

    new = publish(amended(old), on=MAY)

    assert [e.pk for e in CatalogueEntry.objects.filter(code=new.code).in_force(MAY)] == [new.pk]


def test_an_amendment_that_takes_a_name_held_by_the_bureau_is_not_published():
    first, second = entry("skill-brands"), entry("skill-brands")
    record = catalogue.amend(second, by=filer())
    record.name = first.title
    record.save()

    with pytest.raises(workflow.Invalid, match="本单位已有同名的填报"):
        workflow.perform(record, "submit", by=filer(), version=1)


def test_an_exit_says_why_when_and_by_which_document_and_frees_the_name():
    old = entry("skill-brands", on=MAY)

    event = leave(old, on=JULY, reason=ExitReason.DISHONEST, comment="核查属实。")

    old.refresh_from_db()
    assert (old.valid_to, old.exit_reason, old.exit_document_number) == (JULY, "dishonest", DOCUMENT)
    assert event.comment == f"违规失信 {DOCUMENT} 2024-07-01 核查属实。"
    assert list(CatalogueEntry.objects.filter(kind="skill-brands").in_force()) == []
    assert list(CatalogueEntry.objects.filter(kind="skill-brands").public()) == [old]
    assert approved("skill-brands", name=old.title).state == State.APPROVED


def test_an_entry_may_leave_on_the_day_it_came():
    old = entry("skill-brands", on=MAY)

    leave(old, on=MAY)

    assert list(CatalogueEntry.objects.filter(kind="skill-brands").in_force(MAY)) == []


def test_the_catalogue_at_an_edition_is_what_was_in_force_on_its_day():
    stays, leaves = entry("exam-projects", on=MAY), entry("exam-projects", on=MAY)
    edition = Edition.objects.create(kind="exam-projects", name="演示版", on=JUNE)
    leave(leaves, on=JULY)
    entry("exam-projects", on=JULY)

    at_edition = CatalogueEntry.objects.filter(kind="exam-projects").in_force(edition.on)

    assert set(at_edition) == {stays, leaves}


TOMORROW = "日期不能晚于今天"


@pytest.mark.parametrize(
    ("state", "by", "arguments", "sentence"),
    [
        (State.PROVINCE_REVIEW, publisher, {}, "审核通过后才能公布。"),
        (State.APPROVED, approver, {}, "您的岗位不能公布这个类型。"),
        (State.APPROVED, lambda: publisher(WEIFANG), {}, "您的岗位不能公布这个类型。"),
        (State.APPROVED, lambda: approver_who_publishes(), {}, "审核结论是您作出的，须由另一人公布。"),
        (State.APPROVED, publisher, {"document_number": "95号"}, "文号要写成"),
        (State.APPROVED, publisher, {"document_number": "鲁人社字[2024]95号"}, "文号要写成"),
        (State.APPROVED, publisher, {"on": date(2999, 1, 1)}, TOMORROW),
        (State.APPROVED, publisher, {"level": "national"}, "级别只能是市级或省级。"),
    ],
)
def test_nothing_else_is_published(state, by, arguments, sentence):
    record = filing("skill-brands", state)
    before = Event.objects.count()

    with pytest.raises(workflow.Refused, match=sentence):
        catalogue.publish(record, by=by(), **{"document_number": DOCUMENT, **arguments})

    assert (CatalogueEntry.objects.filter(filing=record.pk).count(), Event.objects.count()) == (0, before)


def approver_who_publishes():
    add_post(approver(), Role.PUBLISHER, PROVINCE)
    return approver()


def test_the_city_publishes_what_ends_at_the_city():
    record = approved("building-units")

    new = catalogue.publish(record, by=publisher(WEIFANG), document_number=DOCUMENT)

    assert (new.publisher, new.code) == (bureau(WEIFANG).name, "BU-3707-0001")


@pytest.mark.parametrize("by", [lambda: publisher("3708"), lambda: person(Role.PUBLISHER, "370702")])
def test_a_publisher_of_elsewhere_finds_nothing(by):
    record = approved("building-units")

    with pytest.raises(Filing.DoesNotExist):
        catalogue.publish(record, by=by(), document_number=DOCUMENT)
    published = catalogue.publish(record, by=publisher(WEIFANG), document_number=DOCUMENT)
    with pytest.raises(Filing.DoesNotExist):
        catalogue.exit(published, by=by(), reason=ExitReason.VOLUNTARY, document_number=DOCUMENT)


@pytest.mark.parametrize("by", [reviewer, approver, filer, auditor, lambda: publisher(WEIFANG)])
def test_an_entry_is_ended_by_its_publisher_alone(by):
    published = entry("skill-brands")

    with pytest.raises(workflow.Refused, match="您的岗位不能办理退出。"):
        catalogue.exit(published, by=by(), reason=ExitReason.VOLUNTARY, document_number=DOCUMENT)

    assert CatalogueEntry.objects.in_force().count() == CatalogueEntry.objects.count()


def test_a_filing_is_published_once():
    new = entry("skill-brands")

    with pytest.raises(workflow.Refused, match="已经公布过。"):
        publish(new.filing)

    assert CatalogueEntry.objects.filter(filing=new.filing_id).count() == 1


def test_a_published_filing_is_not_reopened():
    new = entry("skill-brands")

    with pytest.raises(workflow.Refused, match="已公布，须办理变更或退出"):
        workflow.perform(new.filing, "reopen", by=approver(), version=new.filing.version, comment=COMMENT)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"reason": "whim"}, "请选择退出原因。"),
        ({"reason": ExitReason.MERGED}, "请选择退出原因。"),  # goes into another by a merger alone
        ({"document_number": ""}, "文号要写成"),
        ({"on": MAY - timedelta(days=1)}, "退出日期不能早于公布日期（2024-05-01）。"),
        ({"on": date(2999, 1, 1)}, TOMORROW),
    ],
)
def test_an_exit_without_its_facts_is_refused(arguments, sentence):
    old = entry("skill-brands", on=MAY)

    with pytest.raises(workflow.Refused, match=sentence):
        leave(old, **arguments)

    assert list(CatalogueEntry.objects.filter(kind="skill-brands").in_force()) == [old]


def test_an_entry_leaves_once_and_is_amended_no_more():
    old = entry("skill-brands")
    leave(old)

    with pytest.raises(workflow.Refused, match="这一条已不在现行目录中。"):
        leave(old)
    with pytest.raises(workflow.Refused, match="这一条已不在现行目录中，不能变更。"):
        catalogue.amend(old, by=filer())


def test_an_amendment_of_an_entry_that_left_meanwhile_is_not_published():
    old = entry("skill-brands")
    record = amended(old)
    leave(old)

    with pytest.raises(workflow.Refused, match="原条目已退出或已被替换，这份变更不能公布。"):
        publish(record)


def test_an_amendment_may_not_begin_before_the_entry_it_replaces():
    old = entry("skill-brands", on=JUNE)

    with pytest.raises(workflow.Refused, match="日期不能早于原条目的公布日期（2024-06-01）。"):
        publish(amended(old), on=MAY)


def test_an_entry_is_amended_by_its_own_bureau_one_draft_at_a_time():
    old = entry("skill-brands")
    catalogue.amend(old, by=filer())

    with pytest.raises(workflow.Refused, match="这一条已有一份变更在办。"):
        catalogue.amend(old, by=filer())
    with pytest.raises(workflow.Refused, match="您没有为这个单位填报"):
        catalogue.amend(old, by=reviewer())
    with pytest.raises(Filing.DoesNotExist):
        catalogue.amend(old, by=filer("3708"))


def test_an_entry_whose_amendment_waits_for_publication_is_amended_by_no_second_draft():
    old = entry("skill-brands", on=MAY)
    waiting = amended(old)

    with pytest.raises(workflow.Refused, match="这一条已有一份变更在办。"):
        catalogue.amend(old, by=filer())

    assert list(old.filing.amendments.all()) == [Filing.objects.get(pk=waiting.pk)]


steps = st.lists(
    st.tuples(st.sampled_from(["publish", "amend", "exit"]), st.integers(0, 2), st.integers(0, 6)),
    min_size=2,
    max_size=8,
)


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=steps)
def test_whatever_is_done_a_lineage_never_has_two_entries_in_force(steps):
    with transaction.atomic():
        for step in steps:
            walk(*step)

        overlapping = [
            code
            for code, spans in lineages().items()
            if any(end is None or end > begin for (_, end), (begin, _) in pairwise(spans))
        ]
        assert overlapping == []
        exits = CatalogueEntry.objects.exclude(exit_reason="").count()
        assert Event.objects.filter(action="exit").count() == exits
        assert Event.objects.filter(action="publish").count() == CatalogueEntry.objects.count()
        transaction.set_rollback(True)


def walk(step: str, which: int, days: int) -> None:
    """Try one step on the entry of that place on that day of May; a refusal is an answer too."""
    day, current = (
        MAY + timedelta(days=days),
        list(CatalogueEntry.objects.filter(valid_to=None).order_by("code")),
    )
    try:
        if step == "publish":
            entry("exam-projects", on=day)
        elif which < len(current) and step == "amend":
            with transaction.atomic():  # an amendment that is refused does not stay to bar the next
                publish(amended(current[which]), on=day)
        elif which < len(current):
            leave(current[which], on=day)
    except workflow.Refused:
        pass


def lineages() -> dict[str, list[tuple]]:
    """Return the spans of each code in the order they were published."""
    spans: dict[str, list[tuple]] = {}
    for row in CatalogueEntry.objects.order_by("pk"):
        spans.setdefault(row.code, []).append((row.valid_from, row.valid_to))
    return spans
