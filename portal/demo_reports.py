"""Reports of the demonstration: some that were asked for and made, and schedules, by the real path.

Nothing is written past ``report_runs``, ``jobs`` and ``schedules``.
"""

from collections.abc import Mapping

from django.utils import timezone

from portal import jobs, report_runs, reports, schedules
from portal.models import Report, User

# Who asks for which kind, for which region, as what file.
ASKED = (
    ("province_reviewer", "brands", "37", "xlsx"),
    ("province_approver", "project-training", "37", "pdf"),
    ("province_publisher", "reporting", "37", "docx"),
    ("weifang_reviewer", "brands", "3707", "xlsx"),
)
# Who lets which kind come by itself, for which region, how often.
SCHEDULED = (
    ("province_reviewer", "targets", "37", "monthly"),
    ("province_reviewer", "reporting", "37", "campaign"),
    ("weifang_reviewer", "brands", "3707", "quarterly"),
)


def build(people: Mapping[str, User]) -> list[Report]:
    """Set the schedules and ask for the reports; return those, which wait for a worker."""
    for name, slug, region, frequency in SCHEDULED:
        schedules.create(by=people[name], slug=slug, region=region, frequency=frequency)
    now = timezone.now()
    return [
        report_runs.request(reports.ask(slug, now, region, {}), format, by=people[name])
        for name, slug, region, format in ASKED
    ]


def make() -> None:
    """Run what waits, as a worker does, so that the first visitor finds files."""
    for pk in Report.objects.filter(status="queued").order_by("pk").values_list("pk", flat=True):
        jobs.execute(pk)
