"""Celery tasks: primary key in, one domain call; what a task does is elsewhere."""

from celery import shared_task

from portal import verify


@shared_task
def nightly_verify() -> None:
    """Check the invariants; a fault is told to the auditors."""
    verify.nightly()
