"""Personal data goes the day after its term, everywhere it lies, and nothing else goes with it."""

import io
import json
from datetime import timedelta

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from portal import (
    catalogue,
    drafts,
    historical_acts,
    historical_jobs,
    purging,
    quotas,
    registry,
    rules,
    sealing,
    terms,
    verify,
)
from portal.models import (
    Attachment,
    Filing,
    FilingVersion,
    Import,
    Job,
    MessagePreference,
    Objection,
    Registration,
)
from portal.refusals import Invalid, Refused
from portal.sealing import ERASED_WORDS
from portal.vocabulary import State
from tests import factories, made_files, noticing, registering
from tests.ending import NAME, PHONE, SAID, aged, canaries, day_of, exited, told

pytestmark = pytest.mark.django_db
KIND, BRANDS = registry.get("exam-institutions"), registry.get("city-training-brands")
NOTHING = {name: {} for name in terms.table()}


def plant() -> None:
    """Plant one or more of each class, all ended today, beside what is in force, under review and open."""
    for state in (State.DRAFT, State.RETURNED, State.REJECTED, State.CANCELLED):
        factories.filing(KIND, state, **SAID)
    exited(factories.entry(KIND, **SAID).filing)
    factories.approved("project-training-returns", filled_by=NAME, contact_phone=PHONE)
    noticing.know_the_years()
    notice = noticing.running()
    noticing.closed(noticing.objected(notice, objector=NAME, contact=PHONE))
    MessagePreference.objects.create(user=factories.stranger(), phone=PHONE, texts=True)
    type(factories.stranger()).objects.filter(pk=factories.stranger().pk).update(is_active=False)


def kept() -> str:
    """Return what of the planted is in force, under review or open, as it stands."""
    live = Filing.objects.filter(title__startswith="演示在用").values("pk")
    rows = KIND.model.objects.filter(pk__in=live).order_by("pk").values_list("contact_name", "contact_phone")
    versions = FilingVersion.objects.filter(filing__in=live).order_by("pk").values_list("snapshot", "erased")
    files = Attachment.objects.filter(filing__in=live).order_by("pk").values_list("name", "file", "erased_at")
    return json.dumps([list(rows), list(versions), list(files)], default=str, ensure_ascii=False)


def test_each_class_goes_the_day_after_its_term_and_not_a_day_before_and_nothing_in_force_goes():
    plant()
    used = {"contact_name": "在用联系人", "contact_phone": "13700003707"}
    factories.entry(KIND, name="演示在用一", **used)
    factories.submitted(KIND, name="演示在用二", **used)
    factories.filing(KIND, State.APPROVED, name="演示在用三", **used)
    open_one = noticing.objected(noticing.running(), objector="在用异议人")
    before, found = kept(), []

    for name, late in [("phone", 0), ("draft", 0), ("draft", 1), ("ended", 0), ("ended", 1), ("return", 0)]:
        found.append(told(purging.purge(day_of(name, late=late))))
        found.append(told(purging.purge(day_of(name, late=late))))
    left = canaries()
    found.append(told(purging.purge(day_of("return", late=1))))

    three = {
        "ended": {"filings": 2, "versions": 1},
        "exited": {"filings": 1, "versions": 1},
        "objection": {"objections": 1},
    }
    wanted = [{"phone": {"phones": 1}}, {}, {"draft": {"filings": 2, "versions": 1}}, {}, three, {}]
    expected = [part for one in wanted for part in (one, {})] + [{"return": {"filings": 1, "versions": 1}}]
    assert [
        {n: {k: v for k, v in c.items() if k != "files"} for n, c in one.items()} for one in found
    ] == expected
    assert (left, canaries()) == (6, 0)
    assert (kept(), before.count("13700003707") >= 3) == (before, True)
    assert Objection.objects.get(pk=open_one.pk).objector == "在用异议人"
    assert list(MessagePreference.objects.values_list("phone", "texts")) == [("", False)]
    assert list(verify.faults()) == []


def test_what_was_never_typed_stays_empty_and_the_rest_of_the_form_as_it_was():
    empty, record = factories.draft(KIND), aged(factories.filing(KIND, State.REJECTED, **SAID))
    drafts.save(empty, by=factories.filer(), revision=empty.revision, values={"contact_name": ""})
    before, other = record.versions.get(), [name for name in KIND.fields if name not in KIND.personal]

    aged(empty)
    purging.purge()

    after, version = KIND.model.objects.get(pk=record.pk), record.versions.get()
    assert KIND.model.objects.get(pk=empty.pk).contact_name == ""
    assert [getattr(after, name) for name in KIND.personal] == [ERASED_WORDS] * 2
    assert [version.snapshot["values"][name] for name in KIND.personal] == [ERASED_WORDS] * 2
    assert version.sha256 == before.sha256
    assert [version.snapshot["values"][n] for n in other] == [before.snapshot["values"][n] for n in other]
    column = FilingVersion._meta.get_field("snapshot")
    assert column.opened(column.shut(version.snapshot)) == version.snapshot
    assert stored(record) == sealing.ERASED


def stored(record: Filing) -> str:
    table = record.record_type.model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT contact_phone FROM {table} WHERE filing_ptr_id = %s", [record.pk])
        return cursor.fetchone()[0]


# -- what is left is read


def test_every_page_and_paper_of_an_erased_filing_shows_the_marker_and_none_fails(client):
    brand = aged(exited(factories.entry(BRANDS, **SAID).filing).record)
    record = aged(factories.filing(KIND, State.REJECTED, **SAID))
    purging.purge()
    pages = [
        *(reverse("filing", args=[one.pk]) for one in (brand, record)),
        f"{reverse('filing', args=[brand.pk])}?b=1&compare=1",
        *(reverse("filing-print", args=[one.pk, s]) for one in (brand, record) for s in ("docx", "pdf")),
        reverse("desk"),
        reverse("circulation", args=[record.pk]),
        reverse("catalogue-entry", args=[BRANDS, brand.entry.code]),
    ]

    read = {}
    for user in (factories.filer(), factories.reviewer(), factories.approver()):
        client.force_login(user)
        for page in pages:
            answer = client.get(page)
            body = b"".join(answer) if answer.streaming else answer.content
            read[user.username, page] = answer.status_code, PHONE.encode() in body
        for kind in (BRANDS, KIND):
            answer = client.post(reverse("filing-export", args=[kind]), {"reason": "演示核对"})
            made = openpyxl.load_workbook(io.BytesIO(b"".join(answer)))
            cells = [cell.value for sheet in made for row in sheet.iter_rows() for cell in row]
            read[user.username, kind.slug] = answer.status_code, PHONE in cells
            assert (ERASED_WORDS in cells) is True
    client.force_login(factories.reviewer())
    shown = [client.get(page).content.decode().count(ERASED_WORDS) for page in pages[:2]]

    assert {page for page, answer in read.items() if answer != (200, False)} == set()
    assert (shown[0] >= 2 + brand.attachments.count(), shown[1]) == (True, 2)


def test_an_erased_file_has_neither_name_nor_link_nor_content_and_its_digest_stays(client):
    brand = aged(exited(factories.entry(BRANDS, **SAID).filing).record)
    before = list(brand.attachments.order_by("pk").values_list("size", "sha256"))
    taken = quotas.used(brand.organisation_id)
    names = [name for pair in brand.attachments.values_list("file", "display") for name in pair if name]

    purging.purge()

    client.force_login(factories.reviewer())
    page = client.get(reverse("filing", args=[brand.pk])).content.decode()
    one = brand.attachments.first()
    assert list(brand.attachments.order_by("pk").values_list("size", "sha256")) == before
    assert (taken > 0, quotas.used(brand.organisation_id)) == (True, 0)
    assert set(brand.attachments.values_list("name", "file", "display")) == {(ERASED_WORDS, "", "")}
    assert ([name for name in names if default_storage.exists(name)], len(names) > 1) == ([], True)
    assert f"/desk/attachments/{one.pk}/" not in page
    assert client.get(reverse("attachment", args=[one.pk])).status_code == 404
    assert list(verify.faults()) == []


def test_of_an_erased_draft_size_and_digest_of_its_files_stay():
    draft = aged(factories.draft(BRANDS, **SAID))
    before = list(draft.attachments.order_by("pk").values_list("size", "sha256"))

    purging.purge()
    draft.attachments.update(removed_at=timezone.now() - timedelta(days=2))
    purging.purge()

    after = list(draft.attachments.order_by("pk").values_list("size", "sha256"))
    assert (len(before) > 1, after) == (True, before)


def test_a_file_that_a_filing_in_force_shares_stays_until_that_one_goes_too():
    first = factories.entry(BRANDS, **SAID)
    change = catalogue.amend(first, by=factories.filer()).record
    shared = change.attachments.order_by("pk").first()
    for action, by, arguments in factories.road(change, State.APPROVED):
        change = factories.act(change, action, by, **arguments)
    factories.publish(change)
    aged(first.filing)

    purging.purge()

    assert first.filing.attachments.filter(erased_at=None).count() == 0
    assert default_storage.exists(shared.file.name)
    assert Attachment.objects.get(pk=shared.pk).name != ERASED_WORDS
    assert list(verify.faults()) == []

    aged(exited(Filing.objects.get(pk=change.pk)).record)
    purging.purge()

    assert (default_storage.exists(shared.file.name), list(verify.faults())) == (False, [])


# -- what is erased has to be filled in again


def test_a_draft_taken_up_again_is_submitted_only_with_its_personal_fields_typed_anew():
    record = factories.filing(KIND, State.RETURNED, **SAID)
    factories.act(record, "cancel", factories.filer())
    aged(record)
    purging.purge()
    draft = factories.act(record, "reopen", factories.filer())
    files = factories.attached(draft, factories.filer())

    with pytest.raises(Invalid) as refused:
        factories.act(draft, "submit", factories.filer())
    drafts.save(files, by=factories.filer(), revision=files.revision, values=SAID)
    sent = factories.act(draft, "submit", factories.filer())
    purging.purge()

    assert [p.text for p in refused.value.problems] == [
        f"{n}已按期清除，请重新填写。" for n in ("联系人", "联系电话")
    ]
    assert (sent.state, sent.contact_phone) == (State.CITY_REVIEW, PHONE)
    assert [version.erased is None for version in sent.versions.all()] == [False, True]
    assert list(verify.faults()) == []


def test_a_decision_on_what_was_erased_is_not_taken_back():
    erased, control = (factories.filing(KIND, State.REJECTED, **SAID, name=f"演示机构{n}") for n in "甲乙")
    aged(erased)
    purging.purge()
    said = {"by": factories.approver(), "comment": "重新审核（演示）。"}

    with pytest.raises(Refused, match="个人信息已按期清除，不能恢复审核"):
        factories.act(erased, "reopen", **said)

    assert factories.act(control, "reopen", **said).state == State.PROVINCE_REVIEW


def test_what_is_listed_again_after_its_data_went_asks_for_it_anew():
    gone = exited(factories.entry(BRANDS, **SAID).filing)
    aged(gone)
    purging.purge()

    draft = catalogue.reinstate(gone.entry, by=factories.filer()).record

    found = [p.text for p in rules.problems(draft)]
    assert (draft.contact_phone, draft.attachments.count()) == (ERASED_WORDS, 0)
    assert [text for text in found if ERASED_WORDS in text] == [
        f"{n}已按期清除，请重新填写。" for n in ("联系人", "联系电话")
    ]


def test_the_same_sheet_sent_again_fills_an_erased_draft(client):
    header = [str(KIND.field(name).verbose_name) for name in (KIND.key[0], "contact_name", "contact_phone")]
    data = made_files.xlsx([header, ["演示丙机构", NAME, PHONE]], title=KIND.label)
    client.force_login(factories.filer())

    def send() -> Import:
        file = SimpleUploadedFile("演示.xlsx", data)
        imported = client.post(
            reverse("filing-import"), {"type": KIND.slug, "file": file}, follow=True
        ).context["imported"]
        client.post(reverse("import-confirm", args=[imported.pk]))
        return Import.objects.get(pk=imported.pk)

    send()
    aged(KIND.model.objects.get())
    purging.purge()
    erased = KIND.model.objects.get().contact_phone
    again = send()

    assert (erased, KIND.model.objects.get().contact_phone) == (ERASED_WORDS, PHONE)
    assert {name: number for name, number in again.counts.items() if number} == {"changed": 1}


def test_a_sheet_of_former_years_goes_with_its_plan_and_what_it_entered_stays():
    line = {"考核机构名称": "演示学校", "联系人": NAME, "联系电话": PHONE, "填报单位": registering.BUREAU}
    (record,) = registering.registered(KIND.slug, registering.sheet(KIND.slug, line))
    sheet = Import.objects.get()
    names = [name for name in (sheet.file, sheet.plan) if name]

    found = [told(purging.purge(day_of("sheet", late=late))) for late in (0, 1, 2)]

    assert found == [{}, {"sheet": {"sheets": 1}}, {}]
    assert ([name for name in names if default_storage.exists(name)], len(names) > 0) == ([], True)
    assert Filing.objects.get(pk=record.pk).record.contact_phone == PHONE
    assert list(verify.faults()) == []


def test_a_sheet_of_former_years_that_was_left_lying_goes_and_one_that_waits_has_its_term(monkeypatch):
    right = {"考核机构名称": "演示学校", "联系人": NAME, "联系电话": PHONE, "填报单位": registering.BUREAU}
    sheets = [registering.sheet(KIND.slug, right | {"考核机构名称": name}) for name in ("", *"甲乙丙")]
    left = [registering.prepared(KIND.slug, data) for data in sheets[:2]]
    waiting = [registering.proposed(KIND.slug, sheets[2])]
    monkeypatch.setattr(historical_jobs, "MOST_BYTES_AT_ONCE", 0)
    waiting.append(registering.prepared(KIND.slug, sheets[3]))
    later = timezone.now() + timedelta(days=300)
    Registration.objects.exclude(proposed_at=None).update(proposed_at=later)
    Job.objects.update(requested_at=later)

    found = [told(purging.purge(day_of("sheet", late=late))) for late in (0, 1)]
    stages = [historical_acts.stage(registering.again(one)) for one in (*left, *waiting)]
    found.append(told(purging.purge(day_of("sheet", late=302))))

    uploads = [registering.again(one).upload for one in (*left, *waiting)]
    assert found == [{}, {"sheet": {"sheets": 2}}, {"sheet": {"sheets": 2}}]
    assert stages == ["abandoned", "abandoned", "proposed", "reading"]
    assert [(upload.file, upload.plan, upload.is_open) for upload in uploads] == [("", "", False)] * 4
    lying = default_storage.listdir("registrations")[1]
    documents = Registration.objects.values_list("document", flat=True)
    assert sorted(f"registrations/{name}" for name in lying) == sorted(documents)
    assert list(verify.faults()) == []
