"""Celery tasks: primary key in, one domain call; what a task does is elsewhere."""

import resource

from celery import shared_task
from celery.signals import worker_process_init, worker_ready
from django.conf import settings

from portal import (
    access_chain,
    access_jobs,  # noqa: F401 -- registers what it does
    accounts,
    attempts,
    backups,
    campaigns,
    counting,
    deliveries,
    edition_jobs,  # noqa: F401 -- registers what it does
    filing_counts,
    held_forms,
    imports,  # its jobs with it
    jobs,
    logs,
    notice_messages,
    planner,
    presence,
    purging,
    queueing,
    receipt_jobs,  # noqa: F401 -- registers what it does
    reminders,
    schedules,
    search_jobs,  # noqa: F401 -- registers what it does
    sent_forms,
    verify,
)

LAST_WORDS = 60  # seconds that a job over its time has to end in order
MAIL_LIMIT = 300  # seconds after which a server that says a byte now and then is left


@shared_task
def nightly_verify() -> None:
    """Remove what was left behind, check the invariants; the auditors hear of a fault."""
    jobs.tidy()
    imports.tidy()
    presence.sweep()
    accounts.close_unused()
    attempts.tidy()
    held_forms.tidy()
    sent_forms.tidy()
    access_chain.seal(thorough=True)
    access_chain.anchor()
    verify.nightly()


@shared_task
def refresh_planner() -> None:
    """Let the planner of SQLite know how many rows there are by now."""
    planner.refresh()


@shared_task
def nightly_purge() -> None:
    """Erase the personal data whose term has ended, before the backup of the night."""
    purging.purge()


@shared_task
def nightly_backup() -> None:
    """Make the backup of the night, unless a second beat has it made; who administers hears of a failure."""
    backups.nightly()


@shared_task
def remind_before_due() -> None:
    """Remind the bureaus that owe a campaign whose due day is near; each day mark is used once."""
    campaigns.remind_all_before_due()


@shared_task
def remind_of_waiting() -> None:
    """Remind the desks and the bureaus of what lies with them too long; each mark of days is used once."""
    reminders.remind_all()


@shared_task(soft_time_limit=MAIL_LIMIT, time_limit=MAIL_LIMIT + LAST_WORDS)
def send_deliveries() -> None:
    """Send the mails and text messages that wait; what another worker took is left to it."""
    deliveries.send_waiting()


@shared_task
def mail_digests() -> None:
    """Write the digests of the day; a second beat writes none."""
    deliveries.write_digests()


@shared_task
def tell_of_notices() -> None:
    """Tell the bureaus and the publishers of notices that begin or have ended; nobody is told twice."""
    notice_messages.tell_due()


@shared_task(soft_time_limit=settings.JOB_LIMIT, time_limit=settings.JOB_LIMIT + LAST_WORDS)
def run_job(pk: int) -> str:
    """Run a job, if it is still to be had; a worker killed here is missed by its lease, not by the broker."""
    with logs.about(f"job-{pk}"):
        return jobs.execute(pk)


@shared_task
def sweep_jobs(thorough: bool = False) -> None:
    """Take back what silent workers held and call for what waits; ``thorough``: tidy the store as well."""
    jobs.sweep()
    if thorough:
        jobs.tidy()


@shared_task
def fold_counts() -> None:
    """Sum what was added to the running counters, so that reading them stays quick."""
    counting.fold()
    filing_counts.fold()


@shared_task
def seal_access_log() -> None:
    """Give the access records that wait their places in the chain."""
    access_chain.seal()
    access_chain.anchor()


@shared_task
def run_schedules() -> None:
    """Ask for the reports whose period has ended; a second beat asks for none of them again."""
    schedules.run_due()


@worker_process_init.connect
def limit_memory(**kwargs) -> None:
    """Let a task that wants too much memory fail with that reason, before the kernel picks what to kill.

    Counted is what a process has taken for itself: shared libraries and mapped files cost nothing twice.
    """
    most = settings.JOB_MEMORY * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


@worker_ready.connect
def sweep_at_once(**kwargs) -> None:
    """Let a worker begin with what those before it left behind."""
    queueing.call(sweep_jobs.name, thorough=True)
