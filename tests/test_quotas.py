"""Room for files: a bureau's share and the floor of the disk, refused before anything is stored (row 37)."""

from io import BytesIO

import pytest
from django.test import override_settings
from django.urls import reverse

from portal import attachments, imports, quotas, registry
from portal.models import Import
from portal.registry import STAMPED_SCAN
from portal.workflow import Refused
from tests import factories, made_files
from tests.factories import KUIWEN, WEIFANG, bureau, filer, sign_in
from tests.test_attachments import add, in_rows, on_disk, pdf
from tests.test_material_pages import post, put

pytestmark = pytest.mark.django_db
KIND = "skill-brands"


@pytest.fixture
def draft():
    return factories.draft(KIND)


class Unmeasured:
    """A stream that does not say how long it is, as a file in an archive."""

    def __init__(self, content: bytes):
        self.read = BytesIO(content).read


def quota(bytes_left: int) -> override_settings:
    """Leave 潍坊 so many bytes."""
    return override_settings(BUREAU_QUOTA=quotas.used(bureau(WEIFANG).pk) + bytes_left)


def test_a_file_that_fits_to_the_last_byte_is_taken_and_one_byte_more_is_not(draft):
    with quota(len(pdf("甲"))):
        add(draft, pdf("甲"))
        before = on_disk()
        with pytest.raises(Refused, match="上限"):
            add(draft, b"x")

    assert on_disk() == before == in_rows()


@pytest.mark.parametrize("send", [put, lambda *sent: post(*sent[:2], ("甲.pdf", sent[2]))])
def test_an_upload_beyond_the_share_is_refused_with_the_sentence_before_it_is_stored(client, draft, send):
    sign_in(client, filer())
    before = on_disk()

    with quota(1024):
        answer = send(client, draft, pdf("甲" * 70_000))

    said = answer.json()["message"] if "json" in answer["Content-Type"] else answer.content.decode()
    assert (answer.status_code, "放不下这个文件，没有保存" in said) == (413, True)
    assert on_disk() == before == in_rows()


def test_what_does_not_say_its_length_is_stopped_on_its_way_and_leaves_nothing(draft):
    before = on_disk()

    with quota(200_000), pytest.raises(Refused, match="上限"):
        attachments.add(draft, STAMPED_SCAN, Unmeasured(pdf("甲" * 100_000)), "甲.pdf", by=filer())

    assert on_disk() == before == in_rows()


def test_what_was_removed_gives_way_to_what_does_not_say_its_length(draft):
    removed = add(draft, pdf("甲" * 1000))
    attachments.remove(removed, by=filer())

    with quota(10):
        added = attachments.add(draft, STAMPED_SCAN, Unmeasured(pdf("乙" * 1000)), "乙.pdf", by=filer())

    assert list(draft.attachments.all()) == [added]


def test_a_removed_file_that_another_filing_still_has_makes_no_room(draft):
    row, other = add(draft, pdf("甲")), factories.draft(KIND, name="演示另一品牌")
    attachments.remove(row, by=filer())

    with quota(0):
        alone = attachments.room(draft.organisation_id, row.size).bytes
        row.pk, row.filing_id, row.removed_at, row._state.adding = None, other.pk, None, True
        row.save(force_insert=True)
        shared = attachments.room(draft.organisation_id, row.size).bytes

    assert (alone, shared) == (row.size, 0)


def test_a_sheet_beyond_the_share_is_not_kept(draft):
    sheet = made_files.xlsx([["品牌名称"], ["演示品牌"]])
    before = on_disk()

    with quota(len(sheet) - 1), pytest.raises(Refused, match="上限"):
        imports.receive(sheet, "演示.xlsx", registry.get(KIND), by=filer())

    assert (on_disk(), Import.objects.count()) == (before, 0)


def test_sheets_count_until_they_are_removed(draft):
    before = quotas.used(bureau(WEIFANG).pk)
    sheet = made_files.xlsx([["品牌名称"], ["演示品牌"]])

    imported = imports.receive(sheet, "演示.xlsx", registry.get(KIND), by=filer())
    held = quotas.used(bureau(WEIFANG).pk) - before
    imports.abandon(imported, by=filer())

    assert (held, quotas.used(bureau(WEIFANG).pk)) == (len(sheet), before)


def test_one_bureau_takes_no_room_of_another(draft):
    add(draft, pdf("甲"))

    with override_settings(BUREAU_QUOTA=1):
        full, empty = (quotas.room(bureau(place).pk).bytes for place in (WEIFANG, KUIWEN))

    assert (full, empty) == (0, 1)


def test_a_file_that_rows_share_counts_once(draft):
    row = add(draft, pdf("甲"))
    before, other = quotas.used(bureau(WEIFANG).pk), factories.draft(KIND, name="演示另一品牌")

    row.pk, row.filing_id, row._state.adding = None, other.pk, True
    row.save(force_insert=True)

    assert (before, quotas.used(bureau(WEIFANG).pk)) == (len(pdf("甲")), len(pdf("甲")))


def test_nothing_is_stored_below_the_floor_of_the_disk(client, draft):
    sign_in(client, filer())
    before = on_disk()

    with override_settings(UPLOAD_FLOOR=100):
        refused = put(client, draft, pdf("甲"))
        with pytest.raises(Refused, match="接近用完"):
            imports.receive(b"x", "演示.xlsx", registry.get(KIND), by=filer())
    taken = put(client, draft, pdf("甲"))

    assert (refused.status_code, refused.json()["message"]) == (413, quotas.LOW)
    assert taken.status_code in (200, 201)
    assert len(on_disk() - before) == 1


def test_without_a_share_only_the_disk_counts():
    with override_settings(BUREAU_QUOTA=0, UPLOAD_FLOOR=0):
        assert quotas.room(bureau(WEIFANG).pk) == quotas.disk()


def test_room_costs_two_queries_however_many_files_there_are(draft, django_assert_num_queries):
    for number in range(2):
        add(draft, pdf(number))

    with django_assert_num_queries(2):
        quotas.room(draft.organisation_id)


def test_the_page_of_the_files_opens_for_whoever_is_full(client, draft):
    sign_in(client, filer())

    with override_settings(BUREAU_QUOTA=1):
        assert client.get(reverse("filing-materials", args=[draft.pk])).status_code == 200
