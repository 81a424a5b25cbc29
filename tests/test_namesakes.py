"""Under its name a form says whether the city's catalogue in force has that name already."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from portal import catalogue
from tests import factories

pytestmark = pytest.mark.django_db
KIND, NAME = "handicraft-projects", "演示重名项目"
NONE = "同市现行目录中没有重名"


def said(client, record) -> tuple[bool, bool]:
    """Say whether the form of a draft tells of an entry with its name, and whether it says there is none."""
    factories.sign_in(client, factories.filer(record.region_id))
    page = client.get(reverse("filing-edit", args=[record.pk])).content.decode()
    return "同市现行目录中已有同名的" in page, NONE in page


@pytest.mark.parametrize(("place", "expected"), [("370705", (True, False)), ("3708", (False, True))])
def test_the_name_of_an_entry_of_the_same_city_is_told_with_its_code(client, place, expected):
    entry = factories.entry(KIND, name=NAME)
    record = factories.draft(KIND, name=NAME, place=place)

    assert said(client, record) == expected
    page = client.get(reverse("filing-edit", args=[record.pk])).content.decode()
    assert (escape(f"同市现行目录中已有同名的 {entry.code}，请核对是否重复") in page) == expected[0]


def test_an_amendment_does_not_meet_the_entry_it_replaces(client):
    entry = factories.entry(KIND, name=NAME)

    assert said(client, catalogue.amend(entry, by=factories.filer())) == (False, True)


def test_a_name_of_which_another_begins_alike_is_none(client):
    factories.entry(KIND, name=f"{NAME}二")

    assert said(client, factories.draft(KIND, name=NAME, place="370705")) == (False, True)
