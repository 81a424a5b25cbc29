"""All filings of a type: whose list holds what, how it is narrowed and sorted, what may be taken out."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from portal import drafts, registry
from portal.models import Filing
from portal.vocabulary import State
from tests import copies, factories

pytestmark = pytest.mark.django_db
TYPES = [pytest.param(t, id=t.slug) for t in registry.all_types()]
BRANDS, LABOUR = "/desk/filings/skill-brands/", "/desk/filings/labour-brands/"


def listed(client, user, url=BRANDS, **params):
    factories.sign_in(client, user)
    answer = client.get(url, params)
    assert answer.status_code == 200
    return answer


def names(answer) -> list[str]:
    rows = answer.context["rows"]
    return [row["title"] if isinstance(row, dict) else row.title for row in rows]


def grow(filing, more: int) -> None:
    """Add ``more`` filings like this one; each call finds names that are free."""
    copies.multiply(Filing.objects.filter(kind=filing.kind).latest("pk").record, more)


@pytest.mark.parametrize("record_type", TYPES)
def test_the_list_asks_as_much_for_a_thousand_as_for_one(client, record_type):
    first = factories.submitted(record_type)
    factories.sign_in(client, factories.reviewer())
    costs = []
    for more in (0, 2, 997):
        grow(first, more)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(reverse("filing-list", args=[record_type]))
        costs.append(len(queries))

    assert answer.context["page"].paginator.count == 1000
    assert costs == [costs[0]] * 3


def test_a_list_holds_what_its_reader_may_see_and_nothing_else(client):
    here = factories.submitted("skill-brands", name="潍坊风筝品牌（演示）")
    there = factories.submitted("skill-brands", place="3701", name="济南鲁绣品牌（演示）")
    begun = factories.draft("skill-brands", name="潍坊年画品牌（演示）")

    found = {
        user.username: set(names(listed(client, user)))
        for user in (
            factories.reviewer(),
            factories.filer(),
            factories.filer("370705"),
            factories.reviewer("37"),
            factories.sysadmin(),
        )
    }

    assert list(found.values()) == [
        {here.title, begun.title},
        {here.title, begun.title},
        set(),
        {here.title, there.title},
        set(),
    ]


def test_a_list_filters_by_state_and_by_place(client):
    waiting = factories.submitted("building-units", place="370705")
    entry = factories.entry("building-units", place="370702")
    province, url = factories.reviewer("37"), "/desk/filings/building-units/"

    found = [
        names(listed(client, province, url, **params))
        for params in (
            {"state": "city_review"},
            {"state": "in_force"},
            {"state": "approved"},
            {"state": "exited"},
            {"city": "3707", "county": "370705"},
            {"city": "3701"},
        )
    ]

    assert found == [[waiting.title], [entry.title], [], [], [waiting.title], []]


def test_places_to_choose_from_are_those_below_the_reader(client):
    regions = {
        user.username: [len(answer.context["where"].cities), len(answer.context["where"].counties)]
        for user in (
            factories.reviewer("37"),
            factories.reviewer(),
            factories.filer("370705"),
            factories.stranger(),
        )
        if (answer := listed(client, user))
    }

    cities, counties = zip(*regions.values(), strict=True)
    assert cities == (16, 0, 0, 0)
    assert (counties[0], counties[1] > 0, counties[2:]) == (0, True, (0, 0))


def test_a_list_sorts_by_a_column_both_ways(client):
    a = factories.submitted("labour-brands", name="潍坊演示甲", worker_count=10)
    b = factories.submitted("labour-brands", name="潍坊演示乙", worker_count=20)
    user, url = factories.reviewer(), "/desk/filings/labour-brands/"

    found = [names(listed(client, user, url, sort=sort)) for sort in ("worker_count", "-worker_count")]

    assert found == [[a.title, b.title], [b.title, a.title]]
    directions = [h["direction"] for h in listed(client, user, url, sort="worker_count").context["headings"]]
    assert directions.count("ascending") == 1


def test_nobody_but_the_bureau_reads_in_a_list_what_was_not_sent(client):
    filing = factories.filing("skill-brands", State.RETURNED, name="潍坊剪纸品牌（演示）", direction="food")
    drafts.save(
        filing,
        by=factories.filer(),
        revision=filing.revision,
        values={"name": "潍坊未提交品牌（演示）", "direction": "agriculture"},
    )

    pages = {
        user.username: listed(client, user).content.decode()
        for user in (factories.filer(), factories.reviewer(), factories.reviewer("37"), factories.auditor())
    }

    assert ["潍坊未提交品牌（演示）" in page for page in pages.values()] == [True, False, False, False]
    assert ["农业种植技术" in page for page in pages.values()] == [True, False, False, False]


def renamed_but_not_sent() -> Filing:
    """Return a filing that the city returned and its bureau has renamed since."""
    filing = factories.filing("skill-brands", State.RETURNED, name="潍坊年画品牌（演示）")
    values = {"name": "潍坊未提交品牌（演示）"}
    drafts.save(filing, by=factories.filer(), revision=filing.revision, values=values)
    return filing


def exported(client, user) -> list[str]:
    """Return the names in the workbook that ``user`` takes out of the list."""
    factories.sign_in(client, user)
    answer = client.post(f"{BRANDS}export/")
    book = load_workbook(BytesIO(b"".join(answer.streaming_content)))
    cells = [str(cell) for line in book.worksheets[0].values for cell in line]
    return sorted(cell for cell in cells if "品牌（演示）" in cell)


def test_an_export_holds_no_other_city_and_nothing_another_bureau_is_still_changing(client):
    sent = factories.submitted("skill-brands", name="潍坊风筝品牌（演示）")
    there = factories.submitted("skill-brands", name="济南面塑品牌（演示）", place="3701")
    renamed_but_not_sent()

    users = (factories.reviewer(), factories.reviewer("3701"), factories.filer(), factories.stranger())
    found = [exported(client, user) for user in users]

    own = sorted([sent.title, "潍坊未提交品牌（演示）"])
    assert found == [[sent.title], [there.title], own, []]


@pytest.mark.parametrize(("page", "own"), [(BRANDS, [0, 1]), ("/desk/", [0, 0])])
def test_a_search_finds_what_its_reader_reads_and_not_what_was_not_sent(client, page, own):
    renamed_but_not_sent()
    users = (factories.reviewer(), factories.filer())

    answers = [[listed(client, user, page, q=q, tab="done") for q in ("年画", "未提交")] for user in users]

    found = [[answer.context["page"].paginator.count for answer in pair] for pair in answers]
    assert found == [[1, 0], own]


LISTS = [(LABOUR, "title"), (LABOUR, "-title"), (LABOUR, "worker_count"), ("/desk/", "name")]


@pytest.mark.parametrize(("page", "sort"), LISTS)
def test_no_place_in_a_list_tells_of_what_was_not_sent(client, page, sort):
    factories.filing("labour-brands", State.RETURNED, name="潍坊演示丙", worker_count=600)
    record = factories.filing("labour-brands", State.RETURNED, name="潍坊演示丁", worker_count=500)
    orders = []

    for values in ({"name": "一", "worker_count": 1}, {"name": "龘", "worker_count": 9_000}):
        drafts.save(record, by=factories.filer(), revision=record.revision, values=values)
        orders.append(names(listed(client, factories.reviewer(), page, sort=sort, tab="done")))

    assert (orders[0], len(orders[0])) == (orders[1], 2)


def test_an_export_is_a_post_for_it_writes_down_who_took_what(client):
    factories.sign_in(client, factories.reviewer())

    assert client.get(f"{BRANDS}export/").status_code == 405


def test_a_list_of_a_type_that_does_not_exist_is_not_found(client):
    factories.sign_in(client, factories.reviewer())

    assert client.get("/desk/filings/no-such-type/").status_code == 404
