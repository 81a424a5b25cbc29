"""Every report: each number is what is behind it, and an old cut-off gives the same file for ever.

The same file after everything that happened later, whatever was corrected meanwhile, out of rows that were
stored in another order.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from portal import report_runs, reports, scope
from portal.models import Organisation, PolicyTarget, Region
from portal.reports import Asked, Number
from tests import chronicles, enacting
from tests.chronicles import BEGIN, END, SHANGHAI
from tests.sizes import size

pytestmark = pytest.mark.django_db
NUMBER = size(600, 1200)
MOST = size(25, 60)  # numbers of one report that are opened; of more, as many evenly chosen
EARLY, LATE = (
    (BEGIN + (END - BEGIN) * part).astimezone(SHANGHAI).replace(microsecond=0) for part in (0.45, 0.8)
)
KINDS = [kind.slug for kind in reports.all_kinds()]
PLACES = ("37", "3707", "370702")


@pytest.fixture(scope="module")
def chronicle():
    """The chronicle before anything of it is stored."""
    return lambda: chronicles.written(NUMBER, *enacting.places())


@pytest.fixture(scope="module")
def early_files(for_the_module, chronicle, tmp_path_factory) -> dict[str, bytes]:
    """The report of each kind as it was made at the cut-off itself, before anything later happened."""
    files = {}
    with transaction.atomic():
        enacting.enact(chronicle().until(EARLY))
        for slug in KINDS:
            files[slug] = made(asked(slug, EARLY), tmp_path_factory.mktemp(slug))
        transaction.set_rollback(True)
    return files


@pytest.fixture(scope="module")
def enacted(early_files, chronicle):
    """Everything that happened until the end."""
    written = chronicle()
    enacting.enact(written)
    return written


def asked(slug: str, cutoff, region: str = "37") -> Asked:
    """Return the usual question of a kind."""
    return reports.ask(slug, cutoff, region, {})


def made(question: Asked, folder: Path, suffix: str = "xlsx") -> bytes:
    """Return the file of a report."""
    path = folder / f"report.{suffix}"
    report_runs.produce(question, suffix, path)
    return path.read_bytes()


def numbers(content: reports.Content) -> Iterator[Number]:
    """Yield every number of a report that can be opened."""
    for table in content.tables:
        for line in table.lines():
            yield from (cell for cell in line.cells if isinstance(cell, Number) and cell.cell)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("slug", KINDS)
def test_every_number_is_the_sum_of_what_is_behind_it(enacted, slug, place):
    question = asked(slug, LATE, place)
    every = sorted((number.address, number.value) for number in numbers(reports.content(question)))
    found = dict(every[:: 1 + len(every) // MOST])
    behind = {address: reports.behind(question, address) for address in found}

    assert {address: counted(what) for address, what in behind.items()} == found
    outside = [what.filings.exclude(scope.within("region_id", place)) for what in behind.values()]
    assert [filings.count() for filings in outside if filings.exists()] == []
    assert place != "37" or found


def counted(behind: reports.Behind) -> int:
    """Return the sum of what is behind a number."""
    if not behind.amount:
        return behind.filings.count()
    return sum(behind.amounts[pk] for pk in behind.filings.values_list("pk", flat=True))


@pytest.mark.parametrize("slug", KINDS)
def test_a_report_made_again_later_is_the_same_file(enacted, early_files, slug, tmp_path):
    assert made(asked(slug, EARLY), tmp_path) == early_files[slug]


@pytest.mark.parametrize("slug", KINDS)
def test_names_and_targets_corrected_later_change_no_old_report(enacted, early_files, slug, tmp_path):
    correct_everything()
    assert made(asked(slug, EARLY), tmp_path) == early_files[slug]


def test_a_correction_is_seen_in_a_report_of_today(enacted, tmp_path):
    before = made(asked("targets", LATE), tmp_path)
    assert made(asked("targets", LATE), tmp_path) == before
    PolicyTarget.objects.filter(slug="exam-projects").update(number=7)  # nothing is kept of this one
    assert made(asked("targets", LATE), tmp_path) != before


def correct_everything() -> None:
    """Rename bureaus and cities and change a target, as the administration does."""
    for bureau in Organisation.objects.filter(region_id__in=["37", "3707"], kind="hrss_bureau"):
        bureau.name = f"演示更名{bureau.region_id}"
        bureau.save()
    for city in Region.objects.filter(code__in=["3707", "370702"]):
        city.name = f"演示改名{city.code}"
        city.save()
    target = PolicyTarget.objects.get(slug="exam-projects")
    target.number = 7
    target.save()


@pytest.mark.parametrize("suffix", ["docx", "pdf"])
@pytest.mark.parametrize("slug", KINDS)
def test_paper_is_the_same_file_twice(enacted, slug, suffix, tmp_path):
    question = asked(slug, LATE, "3707")
    assert made(question, tmp_path, suffix) == made(question, tmp_path, suffix)


def test_both_databases_are_told_to_compare(enacted, early_files):
    """What each suite makes is written down; ``./bin/test`` compares the two."""
    digests = {slug: hashlib.sha256(data).hexdigest() for slug, data in early_files.items()}
    path = Path(settings.VAR) / "reports.json"
    path.write_text(json.dumps(digests, sort_keys=True))
    assert sorted(digests) == sorted(KINDS)
    assert connection.vendor in ("sqlite", "postgresql")
