"""Public facts beside the registries: what they hold, how they are searched, where they come from."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal import facts, reference, registry
from portal.models import Region
from portal.vocabulary import State
from tests import factories
from tests.public import Links, address, read
from workforce.models import CraftWorkshop, IchItem

pytestmark = pytest.mark.django_db
ICH, WORKSHOPS = "/reference/ich/", "/reference/craft-workshops/"
PAPER_CUT = "剪纸（烟台剪纸）"


def names(client, **asked) -> list[str]:
    return [row.name for row in client.get(ICH, asked).context["page"]]


def test_the_lists_hold_what_their_sources_give():
    levels = [IchItem.objects.filter(level=level).count() for level in ("ich_national", "ich_provincial")]

    assert (levels, CraftWorkshop.objects.count()) == ([186, 17], 16)
    assert IchItem.objects.filter(city__level="city").count() == 203
    assert IchItem.objects.filter(source="").count() == 0


@pytest.mark.parametrize("file", ["ich_items.csv", "craft_workshops.csv"])
def test_every_row_names_a_place_there_is_and_where_it_comes_from(file):
    rows = reference.read(reference.FIXTURES / file)

    places = {row.get("city") or row.get("region") for row in rows}
    assert places - set(Region.objects.values_list("code", flat=True)) == set()
    assert [row for row in rows if not re.match("https?://", row["source_url"])] == []
    assert len({row["code"] for row in rows}) == len(rows)


def test_a_row_that_a_newer_file_lacks_is_ended_and_found_no_more(client, tmp_path):
    for path in reference.FIXTURES.glob("*.csv"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith("G001,")]
        (tmp_path / path.name).write_text("".join(kept), encoding="utf-8")

    reference.load(tmp_path)

    assert (IchItem.objects.get(code="G001").valid_to is None, names(client, q="梁祝传说")) == (False, [])
    assert client.get(f"{ICH}G001/").status_code == 404


def test_the_index_leads_to_every_list_and_says_what_it_is_not(client):
    page = read(client, "/reference/")

    lists = [ICH, WORKSHOPS, "/reference/exam-projects/", "/reference/labour-brands/"]
    assert [link for link in Links(page).found if link in lists] == lists
    assert page.count("摘自公开报道，非完整目录") == 3


def test_an_item_is_found_by_part_of_its_name_however_it_is_typed(client):
    found = {q: names(client, q=q) for q in ("烟台剪纸", "（烟台", "(烟台", "剪 烟台", "龘", "%", "\x00")}

    assert found == {
        "烟台剪纸": [PAPER_CUT],
        "（烟台": [PAPER_CUT],
        "(烟台": [PAPER_CUT],
        "剪 烟台": [PAPER_CUT],
        "龘": [],
        "%": [],
        "\x00": names(client),
    }


def test_every_choice_beside_the_list_leads_to_as_many_rows_as_it_says(client):
    for asked in ("", "?city=3706", "?level=ich_national&q=剪纸", "?category=传统技艺&level=ich_provincial"):
        context = client.get(ICH + asked).context
        options = [option for facet in context["facets"] for option in facet["options"]]
        fresh = [option for option in options if not option["is_chosen"]]
        counted = [client.get(ICH + option["query"]).context["page"].paginator.count for option in fresh]
        assert (asked, counted) == (asked, [option["count"] for option in fresh])


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{ICH}?level=nonsense", 404),
        (f"{ICH}?city=37", 404),
        (f"{ICH}?category=%00", 200),
        (f"{ICH}?page=0", 404),
        (f"{ICH}?page=8", 404),
        (f"{ICH}?unknown=1", 200),
        (f"{WORKSHOPS}?level=市级", 200),
        ("/reference/nonsense/", 404),
        ("/reference/ich/G999/", 404),
        ("/reference/craft-workshops/F001/", 404),
        ("/reference/exam-projects/G001/", 404),
        (f"{ICH}G001/?of=nonsense", 404),
    ],
)
def test_odd_addresses_are_refused_or_passed_over(client, path, code):
    assert client.get(path).status_code == code


def test_the_official_applicant_is_not_guessed(client):
    page = read(client, f"{ICH}{IchItem.objects.get(name=PAPER_CUT).code}/")

    assert ("烟台市" in page, "申报地区或单位以公布文件为准" in page) == (True, True)
    assert [word for word in ("栖霞", "莱州", "芝罘") if word in page] == []


def test_a_published_craft_project_and_its_item_lead_to_one_another(client):
    craft = factories.entry("handicraft-projects", source_kind="ich_national", source_item=PAPER_CUT)
    hidden = factories.submitted(
        "handicraft-projects", name="演示未公布项目", source_kind="ich_national", source_item=PAPER_CUT
    )
    item = f"{ICH}{IchItem.objects.get(name=PAPER_CUT).code}/"

    there, back = read(client, address(craft)), read(client, item)

    assert item in Links(there).found
    assert address(craft) in Links(back).found
    assert hidden.title not in back


@pytest.mark.parametrize(
    ("kind", "item", "said"),
    [
        ("ich_national", PAPER_CUT, "国家级非遗名录中有这一项：烟台市"),
        ("ich_national", "剪纸(烟台剪纸)", "国家级非遗名录中有这一项：烟台市"),
        ("ich_national", "演示面花", "国家级名录的山东项目中没有同名的，请核对名称；不影响提交"),
        ("ich_provincial", "岳王拳", "省级非遗名录中有这一项：济宁市"),
        ("ich_provincial", "演示面花", ""),
        ("ich_municipal", PAPER_CUT, ""),
    ],
)
def test_the_form_offers_the_names_and_says_whether_the_lists_hold_what_is_named(client, kind, item, said):
    draft = factories.draft("handicraft-projects", source_kind=kind, source_item=item)
    client.force_login(factories.filer())

    page = read(client, reverse("filing-edit", args=[draft.pk]))

    assert f'<option value="{PAPER_CUT}"></option>' in page
    assert 'list="id_source_item_known"' in page
    assert IchItem.objects.advice(draft) == said
    assert said in page


def test_a_name_that_no_list_holds_refuses_no_submission():
    sent = factories.submitted("handicraft-projects", source_kind="ich_national", source_item="演示面花")

    assert sent.state == State.CITY_REVIEW


@pytest.mark.parametrize(
    ("slug", "name", "place"), [("exam-projects", "剪纸", "3707"), ("labour-brands", "济南阳光大姐", "3701")]
)
def test_names_from_reports_stand_with_their_source_and_lead_to_the_entry_so_named(client, slug, name, place):
    listed = facts.SOURCED[slug]
    entry = factories.entry(listed.kind, name=name, place=place, explanation="演示：名称沿用公开报道。")

    page = read(client, f"/reference/{slug}/")

    links = Links(page).found
    assert address(entry) in links
    assert [row["name"] for row in listed.rows() if row["name"] not in page] == []
    assert {url for row in listed.rows() for url in row["sources"]} - set(links) == set()


def test_a_list_costs_as_many_queries_for_one_row_as_for_thirty(client):
    costs = []
    for asked in ("", "?q=剪纸", f"?q={PAPER_CUT}"):
        with CaptureQueriesContext(connection) as captured:
            read(client, ICH + asked)
        costs.append(len(captured))

    assert costs == [costs[0]] * 3


def test_every_declared_list_is_complete():
    for listed in registry.reference_lists():
        held = {column.name for column in listed.model._meta.fields}
        assert {*listed.columns, *listed.facets, "code", "name_key", "valid_to"} - held == set()
