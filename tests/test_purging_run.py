"""The run of the purge and its terms: command, night, batches, roles, what the province may change."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from portal import asking, attachments, checks, processing, purging, registry, tasks, terms
from portal.models import AccessRecord, FilingVersion
from portal.vocabulary import State
from tests import factories
from tests.ending import NAME, PHONE, SAID, aged, canaries, day_of, exited, told

pytestmark = pytest.mark.django_db
KIND, BRANDS = registry.get("exam-institutions"), registry.get("city-training-brands")

# -- the run


def test_the_command_counts_first_and_then_erases_and_the_log_holds_numbers_and_a_hash_alone():
    record = aged(factories.filing(KIND, State.REJECTED, **SAID))

    def run(*words: str) -> list[str]:
        out = StringIO()
        call_command("purge", *words, stdout=out)
        return out.getvalue().splitlines()

    first, untouched = run("--dry-run"), canaries()
    second, third = run(), run()

    label = "作废和不予通过的填报"
    assert (f"{label}：1 件填报。" in first, untouched > 0) == (True, True)
    (line,) = [line for line in second if line.startswith(label)]
    assert line.startswith(f"{label}：1 件填报，1 个提交版本")
    assert f"{label}：没有到期的。" in third
    (noted,) = AccessRecord.objects.filter(object_type="portal.purge")
    details = json.loads(noted.details)
    assert (details["class"], details["filings"], len(details["sha256"])) == ("ended", 1, 64)
    assert [
        word for word in (NAME, PHONE, record.title) if word in f"{noted.details}{noted.object_name}"
    ] == []


def test_the_night_runs_it_before_the_backup_and_the_check():
    aged(factories.filing(KIND, State.REJECTED, **SAID))
    beat = settings.CELERY_BEAT_SCHEDULE

    tasks.nightly_purge()

    assert canaries() == 0
    assert beat["nightly-purge"]["task"] == tasks.nightly_purge.name
    assert min(beat["nightly-purge"]["schedule"].hour) < 1 < min(beat["nightly-verify"]["schedule"].hour)


@pytest.mark.parametrize("batch", [1, 2])
def test_batches_of_any_size_erase_the_same(monkeypatch, batch):
    monkeypatch.setattr(purging, "BATCH", batch)
    for number in range(3):
        aged(factories.filing(KIND, State.DRAFT, **SAID, name=f"演示机构{number}"))

    found = told(purging.purge())["draft"]

    assert (found["filings"], canaries()) == (3, 0)
    assert AccessRecord.objects.filter(object_type="portal.purge").count() == -(-3 // batch)


@pytest.mark.fenced
def test_the_role_of_jobs_may_do_all_of_it():
    record = aged(exited(factories.entry(BRANDS, **SAID).filing).record)
    draft = factories.draft(BRANDS)
    attachments.remove(draft.attachments.first(), by=factories.filer())
    draft.attachments.exclude(removed_at=None).update(removed_at=timezone.now() - timedelta(days=2))
    number = draft.attachments.count()

    with asking.asking(asking.Asker(asking.JOBS)):
        found = told(purging.purge())

    assert (found["exited"]["versions"], draft.attachments.count()) == (1, number - 1)
    assert (canaries(), FilingVersion.objects.get(filing=record).erased is None) == (0, False)


# -- the terms


def test_the_province_changes_a_term_and_the_register_tells_the_same():
    aged_by_two = day_of("draft", late=1)
    factories.draft(KIND, **SAID)

    with override_settings(TERMS=["draft=4"]):
        kept_longer, register = told(purging.purge(aged_by_two)), processing.register()
    gone = told(purging.purge(aged_by_two))

    words = "草稿和退回后没有再提交的填报：最后一次修改满 {} 年后清除。"
    line = next(line for line in register if line.name == f"填报：{KIND.label}")
    usual = next(line for line in processing.register() if line.name == f"填报：{KIND.label}")
    assert (kept_longer, gone["draft"]["filings"]) == ({}, 1)
    assert (words.format(4) in line.kept, words.format(2) in usual.kept) == (True, True)


@pytest.mark.parametrize(
    "said", ["draft=0", "draft=", "draft", "drafts=2", "phone=1", "ended=-1", "ended=1000"]
)
def test_a_term_that_is_none_is_told_at_the_start_and_nothing_is_erased(said):
    aged(factories.draft(KIND, **SAID))

    with override_settings(TERMS=[said]):
        found = checks.terms_are_years(None)
        with pytest.raises(CommandError, match=f"“{said}”不是期限"):
            call_command("purge")

    assert ([error.id for error in found], checks.terms_are_years(None)) == (["portal.E007"], [])
    assert canaries() == 2


def test_the_operations_manual_lists_every_term_as_it_holds():
    manual = (Path(settings.BASE_DIR) / "docs/operations.md").read_text()

    lines = [f"| `{t.name}` | {t.label} | {t.after} | {t.years or '次日'} |" for t in terms.DEFAULTS]
    assert [line for line in lines if line not in manual.splitlines()] == []
