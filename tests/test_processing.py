"""The register of personal data holds all that is sealed; the portal asks for no more than the forms."""

import re

import pytest
from django.apps import apps

from portal import processing, registry
from portal.models.sealed import Sealed
from tests import factories

pytestmark = pytest.mark.django_db
#: What the annexes of the notices ask for of a person.
ASKED = {"法定代表人", "联系人", "联系电话", "填表人"}
NEVER = re.compile("身份证|证件号|出生|民族|宗教|银行|住址|家庭|健康|指纹|照片")


def test_every_sealed_column_stands_in_the_register():
    told = {name for line in processing.register() for name in line.data}

    assert {name for names in processing.sealed().values() for name in names} - told == set()
    assert len(processing.sealed()) > 6


@pytest.mark.parametrize("kind", [t for t in registry.all_types() if t.personal], ids=lambda kind: kind.slug)
def test_a_type_that_holds_personal_data_has_its_line_with_its_notice(kind):
    (line,) = [line for line in processing.register() if line.name == f"填报：{kind.label}"]

    assert line.data == tuple(str(kind.field(name).verbose_name) for name in kind.personal)
    assert kind.basis in line.basis


def test_a_filing_asks_of_a_person_for_what_the_forms_ask_and_seals_it():
    asked = {kind.slug: {kind.field(name) for name in kind.personal} for kind in registry.all_types()}

    assert {str(field.verbose_name) for fields in asked.values() for field in fields} <= ASKED
    assert [field for fields in asked.values() for field in fields if not isinstance(field, Sealed)] == []


def test_no_column_is_for_a_number_of_identity_or_what_nobody_needs():
    ours = [
        m for m in apps.get_models() if m._meta.app_label in ("portal", "brands", "assessments", "workforce")
    ]

    names = [str(field.verbose_name) for model in ours for field in model._meta.concrete_fields]

    assert [name for name in names if NEVER.search(name)] == []
    assert len(names) > 500


def test_the_auditor_reads_the_whole_register(client):
    client.force_login(factories.auditor())

    page = client.get("/desk/audit/processing/").content.decode()

    assert [
        line.name for line in processing.register() if f'<td class="hd">{line.name}</td>' not in page
    ] == []
    assert "/desk/audit/processing/" in client.get("/desk/audit/").content.decode()
