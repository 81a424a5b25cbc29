"""Publishing many at once: the rules of publishing one, codes without gaps, queries that do not grow."""

from datetime import date

import pytest

from portal import catalogue, verify
from portal.models import CatalogueEntry, CodeCounter, Filing, Succession
from portal.refusals import Conflict, Refused
from portal.vocabulary import BrandLevel, State
from portal.workflow import Asked
from tests import factories
from tests.batching import asked, send, statements, ticked
from tests.copies import many_filings

pytestmark = pytest.mark.django_db

DAY = date(2024, 6, 3)


def publish_all(filings, **said):
    now = Filing.objects.in_bulk([filing.pk for filing in filings])
    said = {"by": factories.publisher(), "document_number": factories.DOCUMENT, "on": DAY, **said}
    return catalogue.publish_all(asked([now[f.pk] for f in filings], "publish"), **said)


def serials() -> dict[str, int]:
    """Return city → the last serial given out to its brands."""
    return dict(CodeCounter.objects.filter(prefix__startswith="SB-").values_list("prefix", "last"))


def amended(former: CatalogueEntry) -> Filing:
    """Return an approved amendment of an entry."""
    draft = catalogue.amend(former, by=factories.filer())
    for action, by in (
        ("submit", factories.filer()),
        ("endorse", factories.reviewer()),
        ("approve", factories.approver()),
    ):
        draft = factories.act(draft, action, by)
    return draft


def why(outcomes) -> list[str]:
    return [str(outcome.obstacle or "") for outcome in outcomes]


def test_each_is_entered_with_the_next_code_of_its_city_and_found_by_the_search(client):
    filings = many_filings(3, "skill-brands", State.APPROVED)
    elsewhere = factories.approved("skill-brands", place="3717", name="菏泽演示品牌")

    outcomes = publish_all([*filings, elsewhere])

    entries = CatalogueEntry.objects.in_bulk([o.asked.pk for o in outcomes], field_name="filing_id")
    codes = [entries[outcome.asked.pk].code for outcome in outcomes]
    assert codes == ["SB-3707-0001", "SB-3707-0002", "SB-3707-0003", "SB-3717-0001"]
    assert serials() == {"SB-3707": 3, "SB-3717": 1}
    assert {(o.event.action, o.event.comment) for o in outcomes} == {
        ("publish", f"{factories.DOCUMENT} {DAY}")
    }
    found = client.get("/search/?q=菏泽演示品牌").content.decode()
    assert found.count('href="/catalogue/skill-brands/SB-3717-0001/"') == 1


def test_an_entry_of_a_batch_is_the_entry_that_publishing_it_alone_makes():
    alone, together = many_filings(2, "skill-brands", State.APPROVED)
    factories.publish(alone, on=DAY, level=BrandLevel.PROVINCIAL)

    publish_all([together], level=BrandLevel.PROVINCIAL)

    one, other = (CatalogueEntry.objects.filter(filing=f).values().get() for f in (alone, together))
    own = {"id", "filing_id", "code", "title", "published_at", "search_text", "name_key"}
    assert {k: v for k, v in one.items() if k not in own} == {k: v for k, v in other.items() if k not in own}
    assert other["search_text"] == one["search_text"].replace(one["name_key"], other["name_key"])
    assert list(verify.faults()) == []


def test_what_may_not_be_published_is_told_why_and_stops_no_other():
    good = factories.approved("skill-brands", name="潍坊演示一")
    waiting = factories.submitted("skill-brands", name="潍坊演示二")
    done = factories.entry("skill-brands", name="潍坊演示三").filing
    moved = factories.approved("skill-brands", name="潍坊演示四")
    now = Filing.objects.in_bulk([f.pk for f in (good, waiting, done, moved)])
    ask = [*asked([now[f.pk] for f in (good, waiting, done)], "publish"), Asked(moved.pk, "publish", 1, 1)]

    outcomes = catalogue.publish_all(ask, by=factories.publisher(), document_number=factories.DOCUMENT)

    assert why(outcomes[:3]) == ["", "审核通过后才能公布。", "已经公布过。"]
    assert (type(outcomes[3].obstacle), outcomes[3].obstacle.event.action) == (Conflict, "approve")
    assert CatalogueEntry.objects.filter(filing=good).count() == 1


def test_an_amendment_takes_its_place_and_its_code_among_new_ones():
    former = factories.entry("skill-brands", name="潍坊演示一", on=DAY)
    draft = amended(former)
    new = factories.approved("skill-brands", name="潍坊演示二")

    outcomes = publish_all([new, draft], on=date(2024, 7, 1), level="")

    assert why(outcomes) == ["", ""]
    now = CatalogueEntry.objects.get(filing=draft)
    former.refresh_from_db()
    assert (now.code, former.valid_to, now.valid_from) == (former.code, date(2024, 7, 1), date(2024, 7, 1))
    holding = Filing.objects.filter(pk__in=[former.filing_id, draft.pk]).order_by("pk")
    assert list(holding.values_list("holds_name", flat=True)) == [False, True]
    assert Succession.objects.count() == 0
    assert list(verify.faults()) == []


def test_the_level_is_for_what_is_new_and_what_is_amended_keeps_its_own():
    former = factories.entry("skill-brands", name="潍坊演示一", on=DAY, level=BrandLevel.PROVINCIAL)
    draft = amended(former)
    new = factories.approved("skill-brands", name="潍坊演示二")

    outcomes = publish_all([new, draft], on=date(2024, 7, 1), level=BrandLevel.MUNICIPAL)

    levels = [CatalogueEntry.objects.get(filing=filing).level for filing in (new, draft)]
    assert (why(outcomes), levels) == (["", ""], [BrandLevel.MUNICIPAL, BrandLevel.PROVINCIAL])


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"document_number": "95号"}, "文号要写成"),
        ({"on": date(1999, 1, 1)}, "日期不能早于"),
    ],
)
def test_a_wrong_number_or_day_publishes_nothing(said, sentence):
    filings = many_filings(2, "skill-brands", State.APPROVED)

    with pytest.raises(Refused, match=sentence):
        publish_all(filings, **said)

    assert CatalogueEntry.objects.filter(filing__in=filings).count() == 0


def test_a_filing_outside_and_one_twice_are_told_so():
    outside = factories.approved("building-units", place="3717", name="菏泽演示企业")
    own = factories.approved("building-units", name="潍坊演示企业")

    outcomes = publish_all([outside, own, own], by=factories.publisher("3707"))

    assert why(outcomes) == ["这件填报不在您的范围内，没有办理。", "", "这件填报在本次办理中出现了两次。"]


def test_a_hundred_new_entries_cost_the_statements_of_one():
    filings = many_filings(105, "skill-brands", State.APPROVED)
    by = factories.publisher()
    publish_all(filings[:1], by=by)  # reads the posts, once a request

    costs = [
        statements(lambda part=part: publish_all(part, by=by))
        for part in (filings[1:2], filings[2:5], filings[5:])
    ]

    assert costs == [costs[0]] * 3
    assert serials() == {"SB-3707": 105}


def test_the_pages_publish_what_is_ticked_with_one_document(client):
    first, second = (factories.approved("skill-brands", name=f"潍坊演示{n}") for n in ("一", "二"))
    sent = ticked([first, second])
    said = {"document_number": factories.DOCUMENT, "on": "2024-06-03"}

    asking = send(client, factories.publisher(), "batch", "publish", sent)
    refused = send(client, factories.publisher(), "batch-do", "publish", sent, **said)
    done = send(client, factories.publisher(), "batch-do", "publish", sent, **said, level="municipal")

    assert [line.reason for line in asking.context["lines"]] == ["", ""]
    assert (refused.status_code, refused.context["typed"]["document_number"]) == (422, factories.DOCUMENT)
    assert [(line.said, line.entry) for line in done.context["lines"]] == [
        ("已公布", "SB-3707-0001"),
        ("已公布", "SB-3707-0002"),
    ]
