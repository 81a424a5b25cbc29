"""The administration's list of jobs: who may cancel one there, and what is said of those that have ended."""

import pytest
from django.utils import timezone

from portal import report_runs, reports
from portal.models import Job, JobStatus
from tests.administration import enter, url
from tests.factories import auditor, reviewer, sysadmin

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> Job:
    """A report that waits for a worker."""
    asked = reports.ask("brands", timezone.now(), "37", {})
    return report_runs.request(asked, "xlsx", by=reviewer("37"))


def cancelled(client, job: Job) -> list[str]:
    """Choose the action for ``job`` and return what was said."""
    chosen = {"action": "cancel", "_selected_action": [job.pk]}
    response = client.post(url(Job, "changelist"), chosen, follow=True)
    return [str(message) for message in response.context["messages"]]


def test_the_system_administrator_cancels_a_job_and_its_owner_is_told(client, job):
    enter(client, sysadmin())
    assert cancelled(client, job) == [f"“{job}”已取消。"]
    assert Job.objects.get(pk=job.pk).status == JobStatus.CANCELLED
    assert job.requested_by.messages.get().text == f"“{job}”已由系统管理员取消。"


def test_what_has_ended_is_left_as_it_is(client, job):
    enter(client, sysadmin())
    cancelled(client, job)
    assert cancelled(client, job) == [f"“{job}”已经结束（已取消），不能取消。"]


def test_the_auditor_is_offered_no_action(client, job):
    enter(client, auditor())
    assert cancelled(client, job) == []
    assert Job.objects.get(pk=job.pk).status == JobStatus.QUEUED
