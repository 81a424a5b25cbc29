"""The read-only interface: what it answers, how it pages, what caches are told, what nobody can misread."""

import json
from datetime import date

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.html import escape

from portal import catalogue, registry
from portal.api import examples
from portal.api.answers import changed_at
from portal.models import Edition, PolicyTarget
from portal.vocabulary import BrandLevel, ExitReason, Outcome, State
from tests import factories, timelines
from tests.factories import DOCUMENT, entry, filing, publisher, reviewer
from tests.reviewing import LOW, hearing_over, intended, ready, rectifying
from workforce import key_brands

pytestmark = pytest.mark.django_db
MAY, JUNE, JULY = date(2024, 5, 1), date(2024, 6, 1), date(2024, 7, 1)
CATALOGUED = [t.slug for t in registry.all_types() if t.is_catalogued]


def get(client, path: str, expected: int = 200, /, **params) -> dict:
    answer = client.get(f"/api/v1/{path}", params)
    assert (answer.status_code, answer["Content-Type"]) == (expected, "application/json; charset=utf-8"), (
        answer
    )
    return json.loads(answer.content)


def names(page: dict) -> list[str]:
    return [item["name"] for item in page["items"]]


@pytest.mark.parametrize("kind", CATALOGUED)
def test_an_entry_answers_with_the_public_fields_of_its_declaration_and_no_other(kind, client):
    published = entry(kind, on=MAY)

    one = get(client, f"catalogues/{kind}/entries/{published.code}")
    listed = get(client, f"catalogues/{kind}/entries")

    assert listed == {"items": [one], "next": None}
    assert list(one["fields"]) == registry.get(kind).public
    assert (one["code"], one["name"], one["valid_from"]) == (published.code, published.title, "2024-05-01")
    assert one["url"] == f"http://testserver/catalogue/{kind}/{published.code}/"


@pytest.mark.parametrize("kind", CATALOGUED)
def test_nothing_that_is_not_published_is_answered(kind, client):
    for state in (State.DRAFT, State.CITY_REVIEW, State.APPROVED):
        if registry.get(kind).route == "city" or state != State.CITY_REVIEW:
            filing(kind, state)

    assert get(client, f"catalogues/{kind}/entries") == {"items": [], "next": None}


def test_choices_relations_and_lists_come_with_their_words(client):
    brand = entry("skill-brands", on=MAY)
    project = brand.filing.record.exam_projects.get()

    fields = get(client, f"catalogues/skill-brands/entries/{brand.code}")["fields"]

    assert fields["stage"] == {"value": "cultivating", "label": "培育"}
    assert fields["initiatives"] == [{"value": "shandong_handicraft", "label": "山东手造"}]
    assert fields["exam_projects"] == [
        {"kind": "exam-projects", "code": project.entry.code, "name": project.title}
    ]


def test_an_exited_entry_says_why_and_when_and_keeps_its_fields_to_itself(client):
    gone = entry("labour-brands", on=MAY)
    catalogue.exit(gone, by=publisher(), reason=ExitReason.DISHONEST, document_number=DOCUMENT, on=JUNE)

    one = get(client, f"catalogues/labour-brands/entries/{gone.code}")

    assert one["status"] == {"value": "exited", "label": "已退出"}
    assert one["exit"] == {
        "reason": {"value": "dishonest", "label": "违规失信"},
        "document_number": DOCUMENT,
        "on": "2024-06-01",
    }
    assert (one["fields"], one["successor"]) == (None, None)
    assert names(get(client, "catalogues/labour-brands/entries")) == []
    assert names(get(client, "catalogues/labour-brands/entries", status="exited")) == [gone.title]


def test_no_version_of_what_exited_is_given_out_on_an_earlier_day(client):
    first = entry("labour-brands", on=MAY)
    second = timelines.amended(first, JUNE, summary="演示数据。变更后的简介。")
    before = get(client, "catalogues/labour-brands/entries", on="2024-05-01")["items"]
    catalogue.exit(second, by=publisher(), reason=ExitReason.DISHONEST, document_number=DOCUMENT, on=JULY)

    after = get(client, "catalogues/labour-brands/entries", on="2024-05-01")["items"]

    assert before[0]["fields"]["summary"] == registry.get("labour-brands").example["summary"]
    assert [(one["code"], one["fields"]) for one in after] == [(first.code, None)]


def test_the_catalogue_of_a_day_is_what_was_in_force_then_at_the_level_of_then(client):
    stays, leaves = entry("labour-brands", on=MAY), entry("labour-brands", on=MAY)
    catalogue.exit(leaves, by=publisher(), reason=ExitReason.VOLUNTARY, document_number=DOCUMENT, on=JULY)
    catalogue.promote(stays, by=publisher(), level=BrandLevel.PROVINCIAL, document_number=DOCUMENT, on=JULY)

    june = get(client, "catalogues/labour-brands/entries", on="2024-06-01")
    july = get(client, "catalogues/labour-brands/entries", on="2024-07-01")
    april = get(client, "catalogues/labour-brands/entries", on="2024-04-30")

    assert {(i["code"], i["level"]["value"]) for i in june["items"]} == {
        (stays.code, "municipal"),
        (leaves.code, "municipal"),
    }
    assert [(i["code"], i["level"]["value"]) for i in july["items"]] == [(stays.code, "provincial")]
    assert april["items"] == []
    then = get(client, "catalogues/labour-brands/entries", on="2024-06-01", level="provincial")
    assert then["items"] == []


def test_a_merged_project_names_its_successor(client):
    old, new = entry("exam-projects", on=MAY), entry("exam-projects", on=MAY)
    catalogue.merge(old, new, by=publisher(), document_number=DOCUMENT, on=JUNE)

    one = get(client, f"catalogues/exam-projects/entries/{old.code}")

    assert one["successor"] == {
        "how": {"value": "merged", "label": "并入"},
        "code": new.code,
        "name": new.title,
    }


def test_an_entry_to_be_put_right_says_until_when(client):
    item = rectifying(hearing_over(intended(ready(LOW, "演示说明。"), Outcome.RECTIFYING)))
    code = item.entry.code

    found = get(client, "catalogues/building-units/entries", status="rectifying")["items"]

    assert [(one["code"], one["rectify_until"]) for one in found] == [(code, str(item.rectify_until))]


def test_pages_follow_each_other_without_gap_or_double(client):
    published = [entry("exam-projects", on=MAY) for _ in range(5)]
    found, address = [], "/api/v1/catalogues/exam-projects/entries?limit=2"

    while address:
        page = json.loads(client.get(address).content)
        found.append([item["code"] for item in page["items"]])
        address = page["next"]

    codes = sorted(one.code for one in published)
    assert found == [codes[0:2], codes[2:4], codes[4:5]]


def test_the_filters_are_those_of_the_page(client):
    here = entry("exam-projects", on=MAY, place=factories.WEIFANG)
    entry("exam-projects", on=MAY, place="3717", catalogue_class="food", name="演示面点制作")

    assert names(get(client, "catalogues/exam-projects/entries", city="3707")) == [here.title]
    assert names(get(client, "catalogues/exam-projects/entries", catalogue_class="handcraft")) == [here.title]
    assert names(get(client, "catalogues/exam-projects/entries", q=here.title)) == [here.title]
    assert names(get(client, "catalogues/exam-projects/entries", q="没有这样的词")) == []


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("catalogues/exam-projects/entries", {"limit": "0"}, 422),
        ("catalogues/exam-projects/entries", {"limit": "9999999999999999999999"}, 422),
        ("catalogues/exam-projects/entries", {"cursor": "bm9uc2Vuc2U="}, 422),
        ("catalogues/exam-projects/entries", {"cursor": "乱写"}, 422),
        ("catalogues/exam-projects/entries", {"city": "3799"}, 422),
        ("catalogues/exam-projects/entries", {"on": "2024-02-30"}, 422),
        ("catalogues/exam-projects/entries", {"on": "2999-01-01"}, 422),
        ("catalogues/exam-projects/entries", {"catalogue_class": "nothing"}, 422),
        ("catalogues/exam-projects/entries", {"status": "exited", "on": "2024-01-01"}, 422),
        ("catalogues/exam-projects/entries/EP-0000-0001", {}, 404),
        ("catalogues/subsidy-reviews/editions", {}, 404),
        ("catalogues/nothing/editions", {}, 404),
        ("catalogues/exam-projects/differences", {"from_day": "2024-01-01"}, 422),
        ("notices/1", {}, 404),
        ("notices/99999999999999999999", {}, 422),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(path, params, status, client):
    error = get(client, path, status, **params)["error"]

    assert error["status"] == status
    assert error["message"]


def test_editions_count_what_they_held_and_differences_name_what_changed(client):
    stays, leaves = entry("exam-projects", on=MAY), entry("exam-projects", on=MAY)
    out = {"kind": "exam-projects", "published_at": timezone.now(), "document_number": DOCUMENT}
    Edition.objects.create(name="演示第1版", on=MAY, **out)
    catalogue.exit(leaves, by=publisher(), reason=ExitReason.ADJUSTED, document_number=DOCUMENT, on=JUNE)
    Edition.objects.create(name="演示第2版", on=JUNE, **out)
    Edition.objects.create(kind="exam-projects", name="编制中的一版", on=JULY)

    editions = get(client, "catalogues/exam-projects/editions")["items"]
    between = get(client, "catalogues/exam-projects/differences", from_day="2024-05-01", to_day="2024-06-01")

    assert [(e["name"], e["on"], e["count"]) for e in editions] == [
        ("演示第2版", "2024-06-01", 1),
        ("演示第1版", "2024-05-01", 2),
    ]
    assert between["changes"] == [
        {
            "verb": {"value": "removed", "label": "移出"},
            "code": leaves.code,
            "before": leaves.title,
            "after": None,
            "successor_code": None,
        }
    ]
    assert stays.code in {i["code"] for i in get(client, "catalogues/exam-projects/entries")["items"]}


def test_every_catalogue_is_named_with_its_size_and_edition(client):
    entry("exam-projects", on=MAY)
    Edition.objects.create(kind="exam-projects", name="演示版", on=MAY, published_at=timezone.now())

    found = {c["kind"]: (c["in_force"], c["current_edition"]) for c in get(client, "catalogues")["items"]}

    assert found == dict.fromkeys(CATALOGUED, (0, None)) | {"exam-projects": (1, "演示版")}


def test_an_unchanged_answer_is_not_sent_twice(client):
    entry("exam-projects", on=MAY)
    address = "/api/v1/catalogues/exam-projects/entries"
    first = client.get(address)

    same_tag = client.get(address, headers={"if-none-match": first["ETag"]})
    same_day = client.get(address, headers={"if-modified-since": first["Last-Modified"]})
    entry("exam-projects", on=MAY)
    changed = client.get(address, headers={"if-none-match": first["ETag"]})

    assert [r.status_code for r in (first, same_tag, same_day, changed)] == [200, 304, 304, 200]


def test_a_target_that_was_set_anew_and_a_key_brand_are_changes_since_the_last_answer(client):
    brand, kind = entry("labour-brands", on=MAY), ContentType.objects.get_for_model(PolicyTarget)

    key_brands.designate(brand, year=timezone.localdate().year, by=reviewer())
    after_the_brand = changed_at()
    facts = {"user": publisher(), "content_type": kind, "object_id": "exam-projects"}
    note = LogEntry.objects.create(**facts, action_flag=CHANGE)

    assert after_the_brand == brand.filing.events.get(action="designate").at
    assert changed_at() == note.action_time > after_the_brand


def test_a_head_request_answers_as_a_get_without_its_body(client):
    entry("exam-projects", on=MAY)
    address = "/api/v1/catalogues/exam-projects/entries"

    head, whole = client.head(address), client.get(address)

    assert (head.status_code, head["ETag"], head.content) == (200, whole["ETag"], b"")


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(verb, client):
    assert getattr(client, verb)("/api/v1/catalogues").status_code == 405


def test_a_target_tells_what_was_counted_by_city_and_the_sentence_it_stands_in(client):
    entry("exam-projects", on=MAY)
    entry("exam-projects", on=MAY, place="3717")

    found = {target["slug"]: target for target in get(client, "targets")["items"]}
    before = {target["slug"]: target["value"] for target in get(client, "targets", on="2024-04-30")["items"]}

    one = next(target for target in found.values() if "考核项目" in target["label"])
    assert (one["value"], one["of"], one["operator"]["label"]) == (2, 500, "不少于")
    assert [c["region"]["name"] for c in one["cities"] if c["value"]] == ["潍坊市", "菏泽市"]
    assert "500" in one["sentence"]
    assert before[one["slug"]] == 0


def test_every_example_of_the_page_is_answered(client):
    entry("exam-projects", on=MAY)
    page = client.get("/api/").content.decode()

    answers = {e.path: client.get(f"/api/v1/{e.path}").status_code for e in examples.examples()}

    assert answers == dict.fromkeys(answers, 200)
    assert [e.path for e in examples.examples() if escape(e.path) not in page] == []
    assert len(answers) == 10


def test_the_description_names_every_route(client):
    described = json.loads(client.get("/api/v1/openapi.json").content)["paths"]

    assert len(described) == 6 + 2 * len(CATALOGUED)


def test_the_interface_sets_no_cookie(client):
    assert client.get("/api/v1/catalogues").cookies == {}


@pytest.mark.parametrize("number", [1, 3, 40])
def test_a_list_costs_equally_many_queries_at_any_size(number, client, django_assert_num_queries):
    for _ in range(number):
        entry("skill-brands", on=MAY)

    with django_assert_num_queries(15):
        client.get("/api/v1/catalogues/skill-brands/entries")
