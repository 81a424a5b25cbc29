"""Celery tasks: primary key in, one domain call; what a task does is elsewhere."""

from celery import shared_task

from portal import campaigns, verify


@shared_task
def nightly_verify() -> None:
    """Check the invariants; a fault is told to the auditors."""
    verify.nightly()


@shared_task
def remind_before_due() -> None:
    """Remind the bureaus that owe a campaign whose due day is near; each day mark is used once."""
    campaigns.remind_all_before_due()
