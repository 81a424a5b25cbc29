"""Whatever answer shows a number of a person leaves one record that finds it; lists take a fresh proof."""

import pytest
from django.db.models import Q

from portal import access_log, attachments, identity, imports, registry
from portal.examples import FILES
from portal.models import AccessRecord, Act, Filing
from portal.vocabulary import State
from tests import crawling, editing, made_files
from tests.factories import PROVINCE, WEIFANG, act, auditor, draft, filer, filing, publish, reviewer

pytestmark = pytest.mark.django_db
#: Where a number stands → the number; an answer that shows one names its source.
NUMBERS = {
    "planted everywhere": crawling.PHONE,
    "the name of a file": "13900003001",
    "a file of a draft": "13900003008",
    "a unit": "13900003002",
    "a training": "13900003003",
    "a city's brand": "13900003004",
    "a row that was sent in": "13900003005",
    "another row": "13900003006",
    "an edition": "13900003007",
}
PEOPLE = {
    "a filer of the city": lambda: filer(WEIFANG),
    "a reviewer of the city": lambda: reviewer(WEIFANG),
    "a reviewer of the province": lambda: reviewer(PROVINCE),
}
#: A file with many numbers that takes no fresh proof → why.
RETURNED = {"import-receipt": "the sheet that a bureau sent comes back to it with its faults marked"}


@pytest.fixture(scope="module")
def planted(for_the_module) -> list[Filing]:
    """Plant a number in every sealed column that a page shows."""
    found = [*crawling.plant(), *map(plant_one, KINDS)]
    plant_rest()
    submitted = act(plant_file("the name of a file", "演示附件学校"), "submit", filer())
    return [*found, submitted, plant_file("a file of a draft", "演示草稿学校")]


KINDS = {
    "a unit": "building-units",
    "a training": "project-training-returns",
    "a city's brand": "city-training-brands",
}


def plant_one(source: str) -> Filing:
    return filing(KINDS[source], State.CITY_REVIEW, contact_phone=NUMBERS[source])


def plant_file(source: str, name: str) -> Filing:
    """Plant a draft with a file that is called by a number, as a notice wants it."""
    record = draft(crawling.KIND, name=name)
    with (FILES / "scan.pdf").open("rb") as paper:
        attachments.add(record, "stamped_scan", paper, f"盖章件{NUMBERS[source]}.pdf", by=filer())
    return record


def plant_rest() -> None:
    """Plant a number in an edition and in a sheet that was sent in."""
    entry = publish(filing(crawling.KIND, State.APPROVED, name="演示调整学校"))
    edition = editing.prepared(crawling.KIND, name="演示机构新版")
    editing.amended(edition, entry, contact_phone=NUMBERS["an edition"])
    lines = [["考核机构名称", "机构类型", "联系电话"]]
    lines.append(["演示一校", "院校", NUMBERS["a row that was sent in"]])
    lines.append(["演示二校", "没有这种", NUMBERS["another row"]])
    imports.receive(made_files.xlsx(lines), "演示.xlsx", registry.get(crawling.KIND), by=filer())


def crawled(user, planted):
    """Yield (route, request, response, numbers shown, how many records find each) of every page and file."""
    found = crawling.crawl(user, planted, ("get",), is_asked)
    before = last()
    for name, _, asked, response in found:
        said = crawling.words(response)
        shown = {source for source, number in NUMBERS.items() if number in said}
        yield name, asked, response, shown, {source: finding(NUMBERS[source], before) for source in shown}
        before = last()


def is_asked(route: str) -> bool:
    """Say whether a route is walked: of the administration the pages of one type stand for all."""
    return route.startswith("desk/") or "assessmentinstitution" in route


def last() -> int:
    return AccessRecord.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def finding(number: str, after: int) -> int:
    """Return how many records since find a number, as the auditor's question does."""
    mark = access_log.digest(number)
    rows = AccessRecord.objects.filter(pk__gt=after, act__in=(Act.VIEW, Act.DOWNLOAD, Act.EXPORT))
    return rows.filter(Q(subject=mark) | Q(subjects__digest=mark)).distinct().count()


@pytest.mark.parametrize("who", PEOPLE)
def test_every_answer_that_shows_a_number_leaves_one_record_that_finds_it(planted, who):
    met = list(crawled(PEOPLE[who](), planted))

    unfound = [(asked, found) for _, asked, _, shown, found in met if set(found.values()) - {1}]
    files = [(name, shown) for name, _, answer, shown, _ in met if answer.has_header("Content-Disposition")]
    lists = {name for name, shown in files if len(shown) > 1}
    assert unfound == []
    assert {name for name in lists if "GET" not in identity.SENSITIVE.get(name, ())} <= set(RETURNED)
    assert len({source for _, _, _, shown, _ in met for source in shown}) > 3


def test_the_auditor_meets_no_number_at_all(planted):
    assert [asked for _, asked, _, shown, _ in crawled(auditor(), planted) if shown] == []
