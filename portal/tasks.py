"""Celery tasks: primary key in, one domain call; what a task does is elsewhere."""

from celery import shared_task

from portal import campaigns, notice_messages, verify


@shared_task
def nightly_verify() -> None:
    """Check the invariants; a fault is told to the auditors."""
    verify.nightly()


@shared_task
def remind_before_due() -> None:
    """Remind the bureaus that owe a campaign whose due day is near; each day mark is used once."""
    campaigns.remind_all_before_due()


@shared_task
def tell_of_notices() -> None:
    """Tell the bureaus and the publishers of notices that begin or have ended; nobody is told twice."""
    notice_messages.tell_due()
