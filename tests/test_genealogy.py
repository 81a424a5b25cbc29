"""The genealogy page: everything that hangs together, from any starting point, both ways."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal import genealogy
from portal.models import CatalogueEntry
from tests import copies, factories
from tests.public import Links, address, leave, read
from workforce.models import IchItem

pytestmark = pytest.mark.django_db
PAPER_CUT = "剪纸（烟台剪纸）"


def tree(entry: CatalogueEntry) -> str:
    return reverse("genealogy", args=[entry.kind, entry.code])


def fact(item: IchItem) -> str:
    return reverse("reference-item", args=["ich", item.code])


@pytest.fixture
def family() -> dict[str, CatalogueEntry]:
    """Publish one entry of each kind, tied to one another, the craft project to an item of the list."""
    labour = factories.entry("labour-brands", name="潍坊演示家政")
    unit = factories.entry("building-units", place="370705")
    project = factories.entry("exam-projects", name="演示剪纸制作")
    authorizations = [{"project": "演示剪纸制作", "region": "潍坊市"}]
    where = factories.entry("exam-institutions", name="演示剪纸学校", authorizations=authorizations)
    craft = factories.entry(
        "handicraft-projects",
        exam_project="演示剪纸制作",
        source_kind="ich_national",
        source_item=PAPER_CUT,
    )
    brand = factories.entry(
        "skill-brands",
        name="潍坊剪纸品牌（演示）",
        exam_projects=["演示剪纸制作"],
        institutions=["演示剪纸学校"],
        labour_brands=["潍坊演示家政"],
    )
    return {e.kind: e for e in (labour, unit, project, where, craft, brand)}


def test_from_any_starting_point_all_the_others_and_the_item_are_linked(client, family):
    item = IchItem.objects.get(name=PAPER_CUT)
    everyone = {address(entry) for entry in family.values()}

    linked = {kind: set(Links(read(client, tree(entry))).found) for kind, entry in family.items()}
    from_item = set(Links(read(client, fact(item))).found)

    assert {kind: found & everyone for kind, found in linked.items()} == dict.fromkeys(family, everyone)
    assert [fact(item) in found for found in linked.values()] == [True] * len(family)
    assert from_item & everyone == everyone


def test_the_page_of_an_entry_leads_to_its_genealogy(client, family):
    linked = {
        kind: tree(entry) in Links(read(client, address(entry))).found for kind, entry in family.items()
    }

    assert linked == dict.fromkeys(family, True)


def test_the_item_is_a_column_of_its_own_before_the_others(client, family):
    context = client.get(tree(family["skill-brands"])).context

    shown = [
        (column["question"], [node["name"] for node in column["nodes"]]) for column in context["columns"]
    ]
    assert [question for question, _ in shown] == ["源自哪项非遗", *names_of(genealogy.QUESTIONS)]
    assert shown[0][1] == [PAPER_CUT]


def names_of(questions) -> list[str]:
    """Return the questions as the page of a brand asks them: its own column bears its name."""
    return ["本品牌" if question == "哪个品牌" else question for question in questions]


def test_an_item_that_no_list_here_holds_is_named_without_a_page(client):
    craft = factories.entry("handicraft-projects", source_kind="ich_municipal", source_item="演示面花")

    nodes = client.get(tree(craft)).context["columns"][0]["nodes"]

    assert nodes == [{"name": "演示面花", "note": "市级非遗，本站名录未收录", "url": ""}]


def test_a_craft_that_draws_on_no_ich_list_has_no_item(client):
    craft = factories.entry("handicraft-projects", source_kind="craft_revival", source_item=PAPER_CUT)

    column = client.get(tree(craft)).context["columns"][0]

    assert (column["nodes"], column["missing"]) == ([], "暂无关联项目")


def test_an_item_is_matched_by_name_and_level_and_its_own_city_comes_first(client):
    names = {"source_kind": "ich_national", "source_item": "　孟姜女传说 "}
    rizhao = factories.entry("handicraft-projects", place="3711", **names)
    other = factories.entry(
        "handicraft-projects", place="3711", source_kind="ich_provincial", source_item="孟姜女传说"
    )

    found = IchItem.objects.named_by([rizhao.filing_id, other.filing_id])

    assert [item.city_id for item in found[rizhao.filing_id]] == ["3711", "3703", "3701"]
    assert found[other.filing_id] == []
    assert {craft.pk for craft in found[rizhao.filing_id][0].naming()} == {rizhao.filing_id}


def test_more_than_a_picture_holds_is_counted_and_listed_in_pages(client):
    project = factories.entry("exam-projects", name="演示剪纸制作")
    first = factories.entry("skill-brands", name="潍坊剪纸品牌（演示）", exam_projects=["演示剪纸制作"])
    copies.multiply_entry(first, 54)

    whole = client.get(tree(project)).context
    pages = [client.get(tree(project), {"of": "skill-brands", "page": page}) for page in ("1", "2", "3")]

    brands = next(column for column in whole["columns"] if column["question"] == "哪个品牌")
    assert [len(brands["nodes"]), brands["nodes"][-1]["name"]] == [6, "等共 55 个"]
    assert brands["nodes"][-1]["url"] == "?of=skill-brands"
    group = next(group for group in whole["groups"] if group["slug"] == "skill-brands")
    assert (len(group["nodes"]), group["total"]) == (20, 55)
    assert [answer.status_code for answer in pages] == [200, 200, 404]
    assert [len(answer.context["page"]) for answer in pages[:2]] == [50, 5]


@pytest.mark.parametrize(
    "asked", ["of=nonsense", "of=city-training-brands", "of=%00", "of=skill-brands&page=0"]
)
def test_what_the_family_does_not_hold_is_not_found(client, family, asked):
    assert client.get(f"{tree(family['exam-projects'])}?{asked}").status_code == 404


def test_what_exited_has_no_genealogy_and_is_in_none(client, family):
    leave(family["skill-brands"])

    assert client.get(tree(family["skill-brands"])).status_code == 404
    assert address(family["skill-brands"]) not in Links(read(client, tree(family["exam-projects"]))).found


def test_a_genealogy_costs_the_same_for_one_neighbour_and_for_many(client):
    project = factories.entry("exam-projects", name="演示剪纸制作")
    named = {"exam_project": "演示剪纸制作", "source_kind": "ich_national", "source_item": PAPER_CUT}
    crafts = [factories.entry("handicraft-projects", **named)]
    crafts += copies.multiply_entry(crafts[0], 29)
    urls = [tree(project), fact(IchItem.objects.get(name=PAPER_CUT)), tree(crafts[0])]

    costs = {}
    for left in (30, 3, 1):
        kept = [entry.pk for entry in crafts[:left]]
        CatalogueEntry.objects.filter(kind="handicraft-projects").exclude(pk__in=kept).delete()
        costs[left] = [queries(client, url) for url in urls]

    assert costs == dict.fromkeys(costs, costs[1])


def queries(client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        read(client, url)
    return len(captured)
