"""Personal data is sealed wherever the database keeps it, and opens with its key and in its place alone."""

import json
from dataclasses import replace

import pytest
from django.core.checks import run_checks
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client, override_settings
from django.urls import reverse

from portal import (
    access_log,
    bulk_drafts,
    documents,
    drafts,
    held_forms,
    population,
    registry,
    resealing,
    sealing,
    starting,
    verify,
)
from portal.bulk_drafts import New
from portal.models import AccessRecord, Attachment, FilingVersion, HeldForm, MessagePreference
from portal.sealing import Unreadable
from portal.vocabulary import State
from tests import factories, made_files, registering

pytestmark = pytest.mark.django_db
UNITS = registry.get("building-units")
NAME, PHONE, BOSS = "金丝雀联系人", "13900003707", "金丝雀法人"
SAID = {"contact_name": NAME, "contact_phone": PHONE, "legal_representative": BOSS}
OLD, NEW = "old-key-0123456789-abcdefghijklmnopq", "new-key-9876543210-qponmlkjihgfedcba"
both_ciphers = pytest.mark.parametrize("cipher", list(sealing.CIPHERS))


def everything() -> dict[str, str]:
    """Return every column of every table as one text, read past the models."""
    quote, found = connection.ops.quote_name, {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                cursor.execute(f"SELECT CAST({quote(column.name)} AS text) FROM {quote(table)}")
                found[f"{table}.{column.name}"] = "\n".join(str(row[0]) for row in cursor.fetchall())
    return found


def in_clear(*said: str) -> list[str]:
    """Return the columns in which one of the words stands, as it is or as JSON escapes it."""
    wanted = [form for word in said for form in (word, json.dumps(word).strip('"'))]
    return sorted(name for name, text in everything().items() if any(word in text for word in wanted))


def overwrite(table: str, column: str, value: str, key: int, name: str = "id") -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {name} = %s", [value, key])
        return cursor.rowcount


def stored(record) -> str:
    table = record._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT contact_phone FROM {table} WHERE filing_ptr_id = %s", [record.pk])
        return cursor.fetchone()[0]


# -- one value


@both_ciphers
def test_what_is_sealed_opens_again_and_never_looks_the_same(cipher):
    with override_settings(FIELD_CIPHER=cipher, FIELD_KEYS=[NEW]):
        first, second = (sealing.seal(f"{NAME} {PHONE}", "a.b") for _ in range(2))

        opened = [sealing.open(first, "a.b"), sealing.open(second, "a.b")]

    assert opened == [f"{NAME} {PHONE}"] * 2
    assert first != second
    assert first.startswith(f"{cipher}:{sealing.key_id(NEW)}:")


@both_ciphers
@pytest.mark.parametrize(
    "change",
    [
        lambda sealed: sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:],
        lambda sealed: sealed[:-8],
        lambda sealed: sealed.rpartition(":")[0] + ":",
        lambda sealed: f"{sealed}*",
        lambda sealed: "13900003707",
        lambda sealed: {"aes": "sm4", "sm4": "aes"}[sealed[:3]] + sealed[3:],
    ],
    ids=["altered", "cut", "emptied", "no base64", "clear", "other cipher"],
)
def test_what_was_altered_does_not_open(cipher, change):
    with override_settings(FIELD_CIPHER=cipher, FIELD_KEYS=[NEW]):
        sealed = sealing.seal(PHONE, "a.b")

        with pytest.raises(Unreadable, match="密文已被改动"):
            sealing.open(change(sealed), "a.b")


@both_ciphers
def test_what_is_sealed_opens_in_no_other_place(cipher):
    with override_settings(FIELD_CIPHER=cipher, FIELD_KEYS=[NEW]):
        sealed = sealing.seal(PHONE, "a.b")

        with pytest.raises(Unreadable, match="放错了地方"):
            sealing.open(sealed, "a.c")


def test_a_lost_key_is_told_by_its_name_and_no_key_seals_nothing():
    with override_settings(FIELD_KEYS=[OLD]):
        sealed = sealing.seal(PHONE, "a.b")

    with override_settings(FIELD_KEYS=[NEW]), pytest.raises(Unreadable, match=sealing.key_id(OLD)):
        sealing.open(sealed, "a.b")
    with override_settings(FIELD_KEYS=[]), pytest.raises(Unreadable, match="PORTAL_FIELD_KEYS"):
        sealing.seal(PHONE, "a.b")


# -- tags


def test_every_field_is_tagged_once_and_what_is_personal_is_sealed():
    assert [error.id for error in run_checks() if error.id in ("portal.E005", "portal.E006")] == []


def test_a_field_without_a_tag_and_a_personal_one_in_clear_are_refused(monkeypatch):
    inside = [name for name in UNITS.internal if name != "entrusted_to"]
    changed = replace(UNITS, internal=inside, personal=[*UNITS.personal, "credit_code"])
    monkeypatch.setattr(registry, "all_types", lambda: [changed])

    found = sorted((e.id, e.msg) for e in run_checks() if e.id in ("portal.E005", "portal.E006"))

    assert found == [
        ("portal.E005", "building-units: “credit_code” is tagged 2 times."),
        ("portal.E005", "building-units: “entrusted_to” is tagged 0 times."),
        ("portal.E006", "building-units: “credit_code” is personal and not sealed."),
    ]


# -- every road into the database


def test_what_a_bureau_writes_and_submits_stands_nowhere_in_clear():
    record = factories.filing(UNITS, State.CITY_REVIEW, **SAID)

    read = UNITS.model.objects.get(pk=record.pk)

    assert {name: getattr(read, name) for name in SAID} == SAID
    assert {name: record.versions.get().snapshot["values"][name] for name in SAID} == SAID
    assert in_clear(NAME, PHONE, BOSS) == []
    assert in_clear(record.name) != []  # the search of this test finds what is there


def test_what_comes_in_sets_stands_nowhere_in_clear():
    by = factories.filer()
    bureau = drafts.filing_organisations(by, UNITS)[0]

    with transaction.atomic():
        ((pk,),) = bulk_drafts.create(UNITS, bureau, [New({"name": "演示乙", **SAID})], by=by)
        first = in_clear(NAME, PHONE, BOSS)
        change = bulk_drafts.Change(pk, 0, {"contact_phone": "13900003708"})
        list(bulk_drafts.save(UNITS, [change], by=by))

    assert UNITS.model.objects.get(pk=pk).contact_phone == "13900003708"
    assert (first, in_clear(NAME, "13900003708", BOSS)) == ([], [])


def test_what_is_registered_of_former_years_stands_nowhere_in_clear():
    kind = registry.get("exam-institutions")
    columns = {column.header: column for column in registering.sheets_of(kind)[0].columns}
    line = {"考核机构名称": "演示学校", "联系人": NAME, "联系电话": PHONE, "填报单位": registering.BUREAU}
    assert set(line) <= set(columns)

    (record,) = registering.registered(kind.slug, registering.sheet(kind.slug, line))

    assert (record.contact_name, record.contact_phone) == (NAME, PHONE)
    assert in_clear(NAME, PHONE) == []


def test_what_a_population_says_stands_nowhere_in_clear_and_fits_its_digests(monkeypatch):
    monkeypatch.setitem(UNITS.example, "contact_phone", PHONE)
    monkeypatch.setitem(UNITS.example, "contact_name", NAME)
    population.words.bodies.cache_clear()
    try:
        population.fill_filings(20, kinds={UNITS.slug: 1})
    finally:
        population.words.bodies.cache_clear()

    assert set(UNITS.model.objects.values_list("contact_phone", flat=True)) == {PHONE}
    assert in_clear(NAME, PHONE) == []
    assert list(resealing.faults()) == []


def test_a_kept_form_a_number_for_messages_and_the_name_of_a_file_stand_nowhere_in_clear(rf):
    user = factories.filer()
    request = rf.post("/desk/", {"contact_phone": PHONE})
    held_forms.hold(request, user)
    MessagePreference.objects.create(user=user, phone=PHONE)
    record = factories.submitted("city-training-brands")
    Attachment.objects.filter(filing=record).update(name=f"潍坊市+风筝+{NAME}{PHONE}.jpg")

    assert HeldForm.objects.get().data == {"contact_phone": [PHONE]}
    assert MessagePreference.objects.get().phone == PHONE
    assert NAME in Attachment.objects.filter(filing=record)[0].name
    assert in_clear(NAME, PHONE) == []


def test_what_is_imported_from_a_sheet_stands_nowhere_in_clear_nor_what_is_wrong_in_it(client, capsys):
    header = [str(UNITS.field(name).verbose_name) for name in (UNITS.key[0], "contact_name", "contact_phone")]
    good, wrong = ["演示丙公司", NAME, PHONE], ["演示丁公司", NAME, f"{PHONE}、{PHONE}、{PHONE}"]
    client.force_login(factories.filer())

    def send(*lines: list):
        file = SimpleUploadedFile("演示.xlsx", made_files.xlsx([header, *lines], title=UNITS.label))
        return client.post(reverse("filing-import"), {"type": UNITS.slug, "file": file}, follow=True)

    shown = [send(good, wrong), page := send(good)]
    client.post(reverse("import-confirm", args=[page.context["imported"].pk]))

    assert [PHONE in answer.content.decode() for answer in shown] == [True, True]
    assert UNITS.model.objects.get().contact_phone == PHONE
    assert (in_clear(NAME, PHONE), PHONE in capsys.readouterr().err) == ([], False)


def test_what_is_read_from_a_word_form_stands_nowhere_in_clear(client):
    kind = registry.get("city-training-brands")
    printed = factories.draft(kind, contact_name=NAME, contact_phone=PHONE)
    form = documents.form_docx(documents.printed_form(printed))
    factories.act(printed, "cancel", factories.filer())
    client.force_login(factories.filer())
    file = SimpleUploadedFile("演示.docx", form)

    page = client.post(reverse("filing-import"), {"type": kind.slug, "file": file}, follow=True)
    client.post(reverse("import-confirm", args=[page.context["imported"].pk]))

    read = kind.model.objects.exclude(pk=printed.pk).get()
    assert (read.contact_name, read.contact_phone) == (NAME, PHONE)
    assert in_clear(NAME, PHONE) == []


def test_a_file_that_was_opened_leaves_its_name_nowhere_in_clear(client):
    record = factories.submitted("city-training-brands")
    Attachment.objects.filter(filing=record).update(name=f"潍坊市+风筝+{NAME}{PHONE}.jpg")
    client.force_login(factories.reviewer())
    opened = Attachment.objects.filter(filing=record)[0]

    answer = client.get(reverse("attachment", args=[opened.pk]))

    seen = AccessRecord.objects.get(object_type="portal.attachment")
    assert (answer.status_code, seen.subject) == (200, access_log.digest(PHONE))
    assert in_clear(NAME, PHONE) == []


def test_nothing_is_looked_up_by_what_is_sealed_but_whether_it_is_empty():
    factories.draft(UNITS, **SAID)

    with pytest.raises(FieldError):
        UNITS.model.objects.filter(contact_phone=PHONE).exists()
    with pytest.raises(FieldError):
        UNITS.model.objects.filter(contact_phone__startswith="139").exists()
    assert UNITS.model.objects.exclude(contact_phone="").count() == 1


# -- keys


def test_a_new_key_takes_over_while_all_can_be_read_and_what_was_sent_stays_the_same():
    with override_settings(FIELD_KEYS=[OLD]):
        records = [factories.filing(UNITS, State.CITY_REVIEW, name=f"演示{n}", **SAID) for n in range(3)]
    with override_settings(FIELD_KEYS=[NEW, OLD]):
        before = list(FilingVersion.objects.order_by("pk").values_list("snapshot", "sha256"))
        resealing.reseal(resealing.columns([UNITS.model])[0])
        during = list(verify.faults())
        call_command("rotate_field_keys", verbosity=0)
        again = sum(resealing.reseal(column) for column in resealing.columns())

    with override_settings(FIELD_KEYS=[NEW]):
        after = list(FilingVersion.objects.order_by("pk").values_list("snapshot", "sha256"))
        read = [UNITS.model.objects.get(pk=record.pk).contact_phone for record in records]
        faults = list(verify.faults())

    assert (read, again) == ([PHONE] * 3, 0)
    assert after == before
    assert (during, faults) == ([], [])


def test_a_rotation_never_undoes_what_was_written_meanwhile():
    with override_settings(FIELD_KEYS=[OLD]):
        record = factories.draft(UNITS, **SAID)
        old = stored(record)
    column = next(c for c in resealing.columns([UNITS.model]) if c.name == "contact_phone")

    with override_settings(FIELD_KEYS=[NEW, OLD]):
        UNITS.model.objects.filter(pk=record.pk).update(contact_phone="13900003708")
        written = resealing._reseal(column, (record.pk, old))

        assert written == 0
        assert UNITS.model.objects.get(pk=record.pk).contact_phone == "13900003708"


def test_a_rotation_without_the_old_key_says_so_and_changes_nothing():
    with override_settings(FIELD_KEYS=[OLD]):
        record = factories.draft(UNITS, **SAID)
        before = stored(record)

    with override_settings(FIELD_KEYS=[NEW]), pytest.raises(CommandError, match=sealing.key_id(OLD)):
        call_command("rotate_field_keys", verbosity=0)

    assert stored(record) == before


def test_the_database_lets_nothing_of_a_version_change_but_what_is_sealed_in_it():
    record = factories.filing(UNITS, State.CITY_REVIEW, **SAID)
    version = record.versions.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(snapshot AS text) FROM portal_filingversion WHERE id = %s", [version.pk])
        kept = json.loads(cursor.fetchone()[0])
    without = {name: part for name, part in kept.items() if name != "sealed"}
    refused = [kept | {"title": "别的"}, without, kept | {"sealed": None}, kept | {"more": 1}]

    for changed in refused:
        with pytest.raises(IntegrityError, match="append-only"):
            overwrite("portal_filingversion", "snapshot", json.dumps(changed), version.pk)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        FilingVersion.objects.filter(pk=version.pk).update(snapshot=version.snapshot, sha256="0" * 64)

    assert FilingVersion.objects.filter(pk=version.pk).update(snapshot=version.snapshot) == 1
    assert list(verify.faults()) == []


def test_the_check_names_what_is_in_clear_altered_or_moved():
    record = factories.filing(UNITS, State.CITY_REVIEW, **SAID)
    table, good = UNITS.model._meta.db_table, stored(record)
    found = []
    for bad in (PHONE, good[:-8] + "AAAAAAAA"):
        overwrite(table, "contact_phone", bad, record.pk, "filing_ptr_id")
        found.append(list(resealing.faults()))
        assert [line for line in verify.faults() if PHONE in line] == []
    overwrite(table, "contact_phone", good, record.pk, "filing_ptr_id")
    overwrite(table, "contact_name", good, record.pk, "filing_ptr_id")
    found.append(list(resealing.faults()))

    at = f"{table} 第 {record.pk} 行的"
    assert found == [
        [f"{at}联系电话没有加密。"],
        [f"{at}联系电话：{sealing.ALTERED}"],
        [f"{at}联系人：{sealing.ALTERED}"],
    ]


def test_what_was_stored_in_clear_is_sealed_once():
    record = factories.draft(UNITS, **SAID)
    for name, value in SAID.items():
        overwrite(UNITS.model._meta.db_table, name, value, record.pk, "filing_ptr_id")
    columns = resealing.columns([UNITS.model])
    before = in_clear(*SAID.values())

    done = [sum(resealing.reseal(column) for column in columns) for _ in range(2)]

    assert len(before) == 3
    assert done == [3, 0]
    assert in_clear(*SAID.values()) == []
    read = UNITS.model.objects.get(pk=record.pk)
    assert {name: getattr(read, name) for name in SAID} == SAID


# -- people


def test_a_page_without_the_key_says_so_in_a_sentence():
    record = factories.filing(UNITS, State.CITY_REVIEW, **SAID)
    client = Client(raise_request_exception=False)
    factories.sign_in(client, factories.reviewer())
    address = reverse("filing", args=[record.pk])

    with override_settings(FIELD_KEYS=[NEW]):
        answers = [client.get(address), client.get(reverse("desk"))]

    assert answers[0].status_code == 503
    assert "没有加密它的密钥" in answers[0].content.decode()
    assert PHONE in client.get(address).content.decode()
    assert [answer for answer in answers if answer.status_code == 500] == []


@pytest.mark.parametrize("keys", [[], ["short"], ["x" * 40], [NEW, "changeme" * 5]])
def test_production_does_not_start_without_a_good_key(keys):
    with override_settings(DEMO=False, SECRET_KEY=f"{NEW}{OLD}", FIELD_KEYS=keys):
        (problem,) = starting.problems()
        with pytest.raises(ImproperlyConfigured, match="PORTAL_FIELD_KEYS"):
            starting.refuse()

    assert problem.startswith("没有设置 PORTAL_FIELD_KEYS")
