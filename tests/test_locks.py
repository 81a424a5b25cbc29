"""What a return with remarks leaves open: of every record type each field, each kind of rows, each slot."""

from io import BytesIO

import pytest

from portal import attachments, drafts, locks, registry, remarks, workflow
from portal.models import Attachment, Filing
from portal.registry import STAMPED_SCAN
from portal.vocabulary import State
from tests import factories
from tests.factories import WEIFANG, act, filer
from tests.returning import another, answer, resubmitted, returned, stored_values

pytestmark = pytest.mark.django_db
KINDS = [kind.slug for kind in registry.all_types()]
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def save(record, rows=None, **values):
    current = Filing.objects.get(pk=record.pk).record
    return drafts.save(
        current, by=filer(record.region_id), revision=current.revision, values=values, rows=rows
    )


def content(record):
    """All that a filer could have changed, and the locks."""
    fresh = Filing.objects.get(pk=record.pk).record
    rows = {name: drafts.row_values(fresh, name) for name in fresh.record_type.rows}
    files = list(fresh.attachments.current().order_by("pk").values_list("slot", "sha256"))
    return stored_values(fresh), fresh.explanation, rows, files, fresh.unlocked, fresh.revision


def place_of(kind):
    return WEIFANG if registry.get(kind).is_filed_at("city") else factories.KUIWEN


@pytest.fixture(params=KINDS)
def record(request):
    """A filing of each type that came back with one remark, on its 情况说明: everything else is locked."""
    return returned(request.param, remarks.EXPLANATION, place=place_of(request.param))


def refused(record, rows=None, **values):
    before = content(record)
    with pytest.raises(workflow.Refused) as refusal:
        save(record, rows, **values)
    assert content(record) == before
    return str(refusal.value)


def test_every_locked_field_refuses_another_value_and_takes_its_own(record):
    for name in record.record_type.fields:
        label = record.record_type.field(name).verbose_name
        assert refused(record, **{name: another(record, name)}) == locks.LOCKED.format(f"“{label}”")

    save(record, **stored_values(record))

    assert Filing.objects.get(pk=record.pk).unlocked == [remarks.EXPLANATION]


def test_every_kind_of_locked_rows_refuses_fewer_more_and_other_rows_and_takes_its_own(record):
    for name in record.record_type.rows:
        rows = drafts.row_values(record, name)
        label = record.record_type.row_model(name)._meta.verbose_name_plural
        others = [rows[:-1], [*rows, rows[-1]]]
        held = getattr(record, name).order_by("pk").first()
        others += [
            [{**rows[0], field: another(held, field)}, *rows[1:]] for field in record.record_type.rows[name]
        ]
        for wanted in others:
            assert refused(record, {name: wanted}) == locks.LOCKED.format(f"“{label}”")
        save(record, {name: rows})

    assert Filing.objects.get(pk=record.pk).unlocked == [remarks.EXPLANATION]


def test_every_locked_slot_refuses_a_file_and_its_removal_but_the_scan_follows(record):
    before = content(record)
    for slot in record.record_type.slots:
        with pytest.raises(workflow.Refused, match="本次退回只开放有意见的栏目"):
            attachments.add(record, slot, BytesIO(PDF), "补充.pdf", by=filer(record.region_id))
    for kept in Attachment.objects.filter(filing_id=record.pk):
        with pytest.raises(workflow.Refused, match="本次退回只开放有意见的栏目"):
            attachments.remove(kept, by=filer(record.region_id))
    assert content(record) == before

    attachments.add(record, STAMPED_SCAN, BytesIO(PDF), "扫描.pdf", by=filer(record.region_id))

    assert content(record)[3] == [*before[3], *content(record)[3][-1:]]
    assert locks.stray(Filing.objects.get(pk=record.pk).record, record.versions.get()) == []


def test_what_was_changed_past_the_locks_is_not_submitted(record):
    name = next(n for n in record.record_type.fields if not record._meta.get_field(n).is_relation)
    answer(record)
    type(record).objects.filter(pk=record.pk).update(**{name: another(record, name)})

    assert locks.stray(Filing.objects.get(pk=record.pk).record, record.versions.get()) == [name]
    with pytest.raises(workflow.Refused, match="与第 1 版不一致，没有提交"):
        act(record, "submit", filer(record.region_id))


def test_what_was_left_as_it_was_is_submitted_again(record):
    again = resubmitted(record, explanation="已按意见补充说明（演示）。")

    assert (again.state, again.version) == (
        State.CITY_REVIEW if record.region_id != "37" else State.PROVINCE_REVIEW,
        2,
    )


def test_remarked_names_are_open_and_their_fellows_are_not(record):
    shut = set(locks.locked(record))

    everything = set(remarks.anchors(record.record_type))
    assert everything - shut == {remarks.EXPLANATION, STAMPED_SCAN}
    assert all(locks.is_open(Filing(unlocked=None), name) for name in everything)


# ---- what is the same in another dress, what a rule opens


def test_what_is_stored_the_same_is_no_change():
    record = returned("skill-brands", "name")
    text = stored_values(record)["advantage_people"]
    many = stored_values(record)["exam_projects"]

    save(record, advantage_people=f"  {text}\r\n", exam_projects=[chosen.pk for chosen in reversed(many)])

    assert Filing.objects.get(pk=record.pk).unlocked == ["name"]


def test_rows_that_the_type_settles_are_compared_as_they_would_be_stored():
    record = returned("project-training-returns", "filled_by", place=factories.KUIWEN)
    rows = drafts.row_values(record, "training_rows")
    assert {str(row["organizer_region"].pk) for row in rows} == {factories.KUIWEN}

    save(record, {"training_rows": [{**row, "organizer_region": None} for row in rows]})

    assert drafts.row_values(record, "training_rows") == rows


def test_a_refused_change_stores_nothing_that_came_with_it():
    record = returned("skill-brands", "name")
    before = content(record)
    changes = {"name": "另一个名称（演示）", "advantage_people": "偷改"}

    with pytest.raises(workflow.Refused):
        save(record, **changes)

    assert content(record) == before


def test_an_upload_that_fails_opens_nothing_and_one_that_is_demanded_stays_open():
    record = returned("subsidy-reviews", "summary")
    Attachment.objects.filter(filing_id=record.pk, slot="scan").delete()
    by = filer(record.region_id)

    with pytest.raises(workflow.Refused, match="空的"):
        attachments.add(record, "scan", BytesIO(b""), "空.pdf", by=by)
    before = Filing.objects.get(pk=record.pk).unlocked
    attachments.add(record, "scan", BytesIO(PDF), "扫描.pdf", by=by)
    save(record, **{name: stored_values(record)[name] for name in ("participants",)})

    assert (before, Filing.objects.get(pk=record.pk).unlocked) == (["summary"], ["scan", "summary"])


def test_two_names_that_rules_open_do_not_close_each_other():
    record = returned("subsidy-reviews", "summary")
    Attachment.objects.filter(filing_id=record.pk, slot="scan").delete()
    type(record).objects.filter(pk=record.pk).update(evaluated_on=None)
    read = Filing.objects.get(pk=record.pk).record  # as a page reads it before the upload
    by = filer(record.region_id)

    attachments.add(record, "scan", BytesIO(PDF), "扫描.pdf", by=by)
    day = stored_values(record)["evaluated_on"]
    drafts.save(read, by=by, revision=read.revision, values={"evaluated_on": day})

    assert Filing.objects.get(pk=record.pk).unlocked == ["evaluated_on", "scan", "summary"]


def test_what_the_type_has_learnt_to_ask_since_is_no_stray_change():
    record = returned("project-training-returns", "filled_by")
    version = record.versions.get()
    del version.snapshot["values"]["contact_phone"]
    for row in version.snapshot["rows"]["training_rows"]:
        del row["remark"]

    assert locks.stray(Filing.objects.get(pk=record.pk).record, version) == []
