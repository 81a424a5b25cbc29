"""A file taken out of a draft: put back for a day, then gone for good unless a version holds it."""

from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from portal import attachments
from portal.models import Attachment, Filing
from portal.workflow import Refused
from tests import factories, films
from tests.factories import act, filer, reviewer
from tests.test_attachments import add, in_rows, on_disk, pdf
from tests.test_material_pages import put

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> Filing:
    return factories.draft("skill-brands")


def test_a_removed_file_is_put_back_as_it_was(draft):
    added = add(draft, films.picture(), "a.jpg")
    attachments.remove(added, by=filer())
    assert (list(draft.attachments.current()), attachments.removed(draft)) == ([], [added])
    assert attachments.tidy() == 0

    for _ in range(2):  # a second click changes nothing
        attachments.restore(added, by=filer())

    assert (list(draft.attachments.current()), attachments.removed(draft)) == ([added], [])
    assert on_disk() == in_rows() == {added.file.name, added.display.name}


def test_a_file_no_version_holds_goes_for_good_a_day_after_it_was_removed(
    draft, django_capture_on_commit_callbacks
):
    added, later = add(draft, films.picture(), "a.jpg"), add(draft, pdf(2))
    for one, hours in ((added, 25), (later, 23)):
        attachments.remove(one, by=filer())
        draft.attachments.filter(pk=one.pk).update(removed_at=timezone.now() - timedelta(hours=hours))
    with pytest.raises(Refused, match=attachments.TOO_OLD):
        attachments.restore(added, by=filer())

    with django_capture_on_commit_callbacks() as waiting:
        assert attachments.tidy() == 1
        assert on_disk() == {added.file.name, added.display.name, later.file.name}
    for call in waiting:
        call()

    assert (attachments.removed(draft), on_disk()) == ([later], {later.file.name})


def test_what_was_removed_gives_way_when_the_share_of_the_bureau_is_full(
    draft, django_capture_on_commit_callbacks
):
    removed, kept = add(draft, pdf("甲" * 100)), add(draft, pdf("乙"))
    attachments.remove(removed, by=filer())
    size = len(pdf("丙" * 100))

    with override_settings(BUREAU_QUOTA=kept.size + size), django_capture_on_commit_callbacks(execute=True):
        added = add(draft, pdf("丙" * 100))

    assert list(draft.attachments.all()) == [kept, added]
    assert on_disk() == in_rows() == {kept.file.name, added.file.name}


def test_nothing_removed_gives_way_to_a_file_that_is_refused_anyway(
    client, draft, django_capture_on_commit_callbacks
):
    removed, kept = add(draft, pdf("甲" * 100)), add(draft, pdf("乙"))
    attachments.remove(removed, by=filer())
    without_token = Client(enforce_csrf_checks=True)
    for browser in (client, without_token):
        browser.force_login(filer())
    fits, program = pdf("丙" * 100), b"MZ" + bytes(removed.size - 2)
    share = override_settings(BUREAU_QUOTA=kept.size + removed.size)

    with share, django_capture_on_commit_callbacks(execute=True):
        answers = [put(client, draft, fits + b"x"), put(client, draft, program)]
        answers.append(put(without_token, draft, fits))
        with override_settings(UPLOAD_FLOOR=100):
            answers.append(put(client, draft, fits))

    assert [answer.status_code for answer in answers] == [413, 422, 403, 413]
    assert attachments.removed(draft) == [removed]
    assert on_disk() == in_rows() == {kept.file.name, removed.file.name}


def test_a_file_is_put_back_by_the_bureau_alone_into_a_draft_where_there_is_still_a_place(draft):
    added = add(draft)
    attachments.remove(added, by=filer())
    for other in (filer("3708"), filer(factories.KUIWEN), reviewer(), factories.sysadmin()):
        with pytest.raises(Refused, match=attachments.NOT_YOURS):
            attachments.restore(added, by=other)
    again = add(draft)
    with pytest.raises(Refused, match=attachments.TWICE):
        attachments.restore(added, by=filer())
    attachments.remove(again, by=filer())
    act(draft, "submit", filer())

    with pytest.raises(Refused, match=attachments.SUBMITTED):
        attachments.restore(Attachment.objects.get(pk=added.pk), by=filer())
    assert draft.versions.get().snapshot["files"] == []


def test_a_file_of_a_submitted_version_stays_with_it(draft, django_capture_on_commit_callbacks):
    first, second = add(draft, pdf(1)), add(draft, pdf(2))
    returned = act(act(draft, "submit", filer()), "return", reviewer(), comment=factories.COMMENT)

    with django_capture_on_commit_callbacks(execute=True):
        attachments.remove(Attachment.objects.get(pk=first.pk), by=filer())
    third = add(returned, pdf(3))
    act(returned, "submit", filer())

    held = [[one["id"] for one in version.snapshot["files"]] for version in draft.versions.all()]
    assert held == [[first.pk, second.pk], [second.pk, third.pk]]
    assert Attachment.objects.get(pk=first.pk).removed_at is not None
    draft.attachments.filter(pk=first.pk).update(removed_at=timezone.now() - timedelta(days=2))
    with django_capture_on_commit_callbacks(execute=True):
        assert attachments.tidy() == 0
    assert on_disk() == in_rows() == {one.file.name for one in (first, second, third)}


def test_a_removed_file_may_be_uploaded_again(draft):
    act(draft, "submit", filer())
    returned = act(draft, "return", reviewer(), comment=factories.COMMENT)
    add(returned)
    act(returned, "submit", filer())
    again = act(returned, "return", reviewer(), comment=factories.COMMENT)
    attachments.remove(again.attachments.get(), by=filer())

    add(again)

    assert [one.removed_at is None for one in again.attachments.order_by("pk")] == [False, True]
