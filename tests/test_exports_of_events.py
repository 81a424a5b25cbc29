"""The auditor takes events and the access log along, nobody else, and that is an entry of the log."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from portal.models import Event
from portal.vocabulary import State
from tests import factories
from tests.test_exports import notes, rows, taken

pytestmark = pytest.mark.django_db


def auditor_at(client):
    """Return the auditor, signed in to the administration."""
    auditor = factories.auditor()
    type(auditor).objects.filter(pk=auditor.pk).update(is_staff=True)
    client.force_login(auditor)
    return auditor


def test_the_auditor_takes_the_events_along_and_that_is_an_entry_of_the_log(client):
    record = factories.filing("labour-brands", State.CITY_REVIEW, name="演示潍坊品牌")
    auditor = auditor_at(client)

    answer = client.post(f"{reverse('admin:portal_event_export')}?action=submit")

    (row,) = rows(taken(answer))
    event = Event.objects.get(filing=record, action="submit")
    assert (row["填报"], row["动作"], row["摘要"]) == ("演示潍坊品牌", "提交第 1 版", event.hash)
    assert list(row)[:4] == ["时间", "动作", "填报", "类型"]
    assert notes(auditor) == ["导出1条"]


def test_the_log_itself_can_be_taken_along_with_what_was_exported(client):
    factories.filing("labour-brands", State.CITY_REVIEW)
    auditor_at(client)
    taken(client.post(reverse("admin:portal_event_export")))

    found = rows(taken(client.post(reverse("admin:admin_logentry_export"))))

    assert [row["说明"] for row in found][-1] == f"导出{Event.objects.count()}条"
    assert LogEntry.objects.count() == len(found) + 1


@pytest.mark.parametrize("maker", ["reviewer", "sysadmin", "secadmin"])
def test_nobody_but_the_auditor_takes_events_along(client, maker):
    client.force_login(getattr(factories, maker)())

    assert client.post(reverse("admin:portal_event_export")).status_code in (302, 403)
    assert client.get(reverse("admin:portal_event_export")).status_code in (302, 403)


def test_events_are_taken_by_a_post_with_filters_that_exist(client):
    auditor_at(client)

    assert client.get(reverse("admin:portal_event_export")).status_code == 405
    assert client.post(f"{reverse('admin:portal_event_export')}?nothing=1").status_code == 404
