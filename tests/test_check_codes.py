"""Check codes: the same on every print, forgiving when typed, and nothing else fits."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import check_codes
from portal.models import FilingVersion
from portal.vocabulary import State
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> FilingVersion:
    return factories.submitted("skill-brands").versions.get()


def version_with(version: FilingVersion, **changes) -> FilingVersion:
    """Return the version with other facts, not stored."""
    facts = {"pk": version.pk, "filing_id": version.filing_id, "number": 1, "sha256": version.sha256}
    return FilingVersion(**{**facts, **changes})


def test_a_code_leads_to_its_version_with_one_query_by_primary_key(version):
    code = check_codes.code_of(version)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = check_codes.find(code)

    assert (found, len(asked)) == (version, 1)
    assert [len(part) for part in code.split("-")] == [4] * 5
    assert check_codes.code_of(FilingVersion.objects.get(pk=version.pk)) == code


@pytest.mark.parametrize(
    "typed",
    [
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: f"  {code.replace('-', ' ')}\n",
        lambda code: code.replace("-", "—"),
        lambda code: code.replace("0", "o").replace("1", "l"),
        lambda code: code.replace("0", "O").replace("1", "I"),
        lambda code: "".join(chr(ord(c) + 0xFEE0) for c in code),
    ],
    ids=["small", "no dashes", "blanks", "long dashes", "o and l", "O and I", "full width"],
)
def test_a_code_is_taken_however_it_is_typed(version, typed):
    assert check_codes.find(typed(check_codes.code_of(version))) == version


@pytest.mark.parametrize(
    "typed",
    ["", "0", "U" * 20, "0" * 20, "Z" * 20, "0" * 19, "0" * 21, "四" * 20, "-" * 99, "1" * 5000, "\0"],
)
def test_what_is_no_code_finds_nothing_and_asks_as_often_as_one(version, typed):
    with CaptureQueriesContext(connection) as asked:
        found = check_codes.find(typed)

    assert (found, len(asked)) == (None, 1)


def test_one_other_sign_anywhere_fits_no_version(version):
    code = check_codes.code_of(version).replace("-", "")
    others = [
        code[:place] + sign + code[place + 1 :]
        for place in range(len(code))
        for sign in (check_codes.ALPHABET[(check_codes.ALPHABET.index(code[place]) + 1) % 32],)
    ]

    assert [other for other in others if check_codes.find(other)] == []


@pytest.mark.parametrize("changes", [{"sha256": "0" * 64}, {"filing_id": 1 << 40}, {"number": 2}])
def test_who_does_not_know_content_filing_and_number_gets_another_code(version, changes):
    forged = check_codes.code_of(version_with(version, **changes))

    assert forged != check_codes.code_of(version)
    assert check_codes.find(forged) is None


def test_codes_of_neighbours_have_nothing_in_common_to_look_at(version):
    codes = [check_codes.code_of(version_with(version, pk=version.pk + n)) for n in range(50)]
    heads = {check_codes.code_of(version_with(version, number=n))[:9] for n in range(50)}

    assert len(set(codes)) == 50
    assert len(heads) == 50


@pytest.mark.parametrize("pk", [1, 2**40 - 1])
def test_the_number_of_the_row_comes_back_from_the_code_of_the_first_and_the_last(version, pk):
    code = check_codes.code_of(version_with(version, pk=pk))
    value = check_codes._value(code)
    seal = value & (1 << check_codes.SEAL_BITS) - 1

    assert (value >> check_codes.SEAL_BITS) ^ check_codes._veil(seal) == pk


def test_each_version_of_a_filing_has_its_own_code_and_keeps_it():
    record = factories.filing("skill-brands", State.RETURNED)
    first = check_codes.code_of(record.versions.get())
    record = factories.act(record, "submit", factories.filer())
    codes = [check_codes.code_of(version) for version in record.versions.order_by("number")]

    assert codes[0] == first
    assert [check_codes.find(code).number for code in codes] == [1, 2]
