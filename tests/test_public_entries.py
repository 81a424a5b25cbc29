"""The page of one entry: its neighbours, its versions, what is left of it after it has gone."""

import pytest
from django.utils import timezone

from portal import catalogue
from portal.models import CatalogueEntry, Filing
from portal.vocabulary import State
from tests import factories
from tests.public import Links, address, leave, read

pytestmark = pytest.mark.django_db
LIST = "/catalogue/skill-brands/"


def test_brand_project_institution_and_unit_link_to_one_another(client):
    labour = factories.entry("labour-brands", name="潍坊演示家政")
    unit = factories.entry("building-units", place="370705")
    project = factories.entry("exam-projects", name="演示风筝制作")
    where = factories.entry(
        "exam-institutions",
        name="演示风筝学校",
        authorizations=[{"project": "演示风筝制作", "region": "潍坊市"}],
    )
    learn = factories.entry("handicraft-projects", exam_project="演示风筝制作")
    brand = factories.entry(
        "skill-brands",
        name="潍坊风筝品牌（演示）",
        exam_projects=["演示风筝制作"],
        institutions=["演示风筝学校"],
        labour_brands=["潍坊演示家政"],
    )
    family = {address(entry) for entry in (labour, unit, project, where, learn, brand)}

    linked = {url: {link for link in Links(read(client, url)).found if link in family} for url in family}

    assert linked == {url: family - {url} for url in family}


def test_a_neighbour_that_was_amended_is_still_linked(client):
    project = factories.entry("exam-projects", name="演示风筝制作")
    brand = factories.entry("skill-brands", name="潍坊风筝品牌（演示）", exam_projects=["演示风筝制作"])
    amended(project, summary="演示数据。新的简介。")

    pages = [read(client, address(brand)), read(client, address(project))]

    assert address(project) in Links(pages[0]).found
    assert address(brand) in Links(pages[1]).found


def amended(entry: CatalogueEntry, **values) -> CatalogueEntry:
    """Publish an amendment of an entry through every hand it needs."""
    place = entry.filing.organisation.region_id
    draft = catalogue.amend(entry, by=factories.filer(place))
    for name, value in values.items():
        setattr(draft, name, value)
    draft.save()
    for action, by, arguments in factories.road(draft, State.APPROVED):
        factories.act(draft, action, by, **arguments)
    return factories.publish(draft.record, document_number="演示文〔2025〕2号")


def test_an_amended_entry_shows_the_new_text_and_keeps_the_old_one_at_hand(client):
    entry = factories.entry("exam-projects", summary="演示数据。原来的简介。")
    amended(entry, summary="演示数据。新的简介。")
    url = address(entry)

    now, before = read(client, url), read(client, f"{url}?version=1")

    assert ("新的简介" in now, "原来的简介" in now, "现行有效" in now) == (True, False, True)
    assert ("新的简介" in before, "原来的简介" in before) == (False, True)
    assert "这是第 1 版" in before
    assert "?version=1" in Links(now).found
    assert [client.get(f"{url}?version={v}").status_code for v in ("0", "3", "x", "2")] == [
        404,
        404,
        404,
        200,
    ]


def test_an_exited_entry_keeps_a_page_with_reason_date_and_document_and_nothing_else(client):
    secret = {"advantage_features": "演示数据。只有退出前可见。", "exam_projects": ["演示只有退出前可见"]}
    entry = factories.entry("skill-brands", **secret)
    assert "只有退出前可见" in read(client, f"{LIST}?view=table")
    leave(entry)

    page, listed = read(client, address(entry)), client.get(LIST)
    today = str(timezone.localdate())

    assert [word in page for word in (entry.title, today, "自愿退出", "演示文〔2025〕3号")] == [True] * 4
    assert "只有退出前可见" not in page
    assert [line["entry"].title for line in listed.context["lines"]] == []
    assert entry.title in read(client, f"{LIST}?status=exited")
    assert "只有退出前可见" not in read(client, f"{LIST}?status=exited&view=table")
    assert client.get(f"{LIST}download.xlsx?status=exited").status_code == 404


def test_a_row_taken_over_from_a_public_source_names_it(client):
    entry = factories.entry("labour-brands")
    Filing.objects.filter(pk=entry.filing_id).update(source="演示报，2023年1月")

    assert "演示报，2023年1月" in read(client, address(entry))
