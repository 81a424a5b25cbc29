"""The search pages: what comes first, what is marked and quoted, what is offered when little is found."""

from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import browse, excerpts, registry, search, tiles
from portal.models import CatalogueEntry
from tests import copies, factories
from tests.public import Links, address, leave, read

pytestmark = pytest.mark.django_db
LIST, SEARCH, MAP = "/catalogue/skill-brands/", "/search/", "/map/"
KIND = "skill-brands"


def titles(client, q: str, **asked) -> list[str]:
    return [line["entry"].title for line in client.get(LIST, {"q": q, **asked}).context["lines"]]


def test_names_come_first_and_of_equals_the_newest(client):
    said = {"advantage_features": "演示数据。绢人风筝也在当地制作。"}
    days = {
        name: date(2024, 1, day)
        for day, name in enumerate(("绢人风筝", "绢人风筝品牌", "潍坊绢人风筝", "潍坊绢人风筝一"), 1)
    }
    for name, day in days.items():
        factories.entry(KIND, name=name, on=day, explanation="演示")
    factories.entry(KIND, name="潍坊剪纸品牌（演示）", on=date(2024, 6, 1), **said)

    found = titles(client, "绢人风筝")

    assert found == ["绢人风筝", "绢人风筝品牌", "潍坊绢人风筝一", "潍坊绢人风筝", "潍坊剪纸品牌（演示）"]
    assert titles(client, "绢人风筝", sort="new")[0] == "潍坊剪纸品牌（演示）"


def test_the_order_by_fit_is_offered_with_words_alone(client):
    factories.entry(KIND, name="潍坊剪纸品牌（演示）")

    orders = {q: [s["word"] for s in client.get(LIST, {"q": q}).context["sorts"]] for q in ("", "　", "剪纸")}
    asked = client.get(LIST, {"sort": "fit"}).context["listing"].sort

    others = ["最近公布在前", "按编号", "按地区"]
    assert orders == {"": others, "　": others, "剪纸": ["按相关度", *others]}
    assert asked == "new"


def test_each_word_is_marked_where_it_stands_in_name_place_and_text(client):
    factories.entry(
        KIND,
        name="潍坊剪纸品牌（演示）",
        advantage_features="演示数据。第一句话。当地绢人㎏计重。",
        advantage_people="演示数据。从业一千人。",
    )

    page = read(client, f"{SEARCH}?q=剪纸 kg 一千 潍坊市")

    marked = [
        "<mark>剪纸</mark>",
        "绢人<mark>㎏</mark>计重",
        "从业<mark>一千</mark>人",
        "<mark>潍坊市</mark>",
    ]
    assert [words in page for words in marked] == [True] * 4


def test_a_word_in_a_short_field_is_quoted_with_the_name_of_the_field(client):
    factories.entry("handicraft-projects", provider="演示绢人学校")

    page = read(client, f"{SEARCH}?q=绢人")

    assert "培训机构或企业：演示<mark>绢人</mark>学校" in page


@pytest.mark.parametrize(
    ("value", "word", "quoted"),
    [
        ("短的话。", "话", "短的话。"),
        ("前" * 100 + "风筝" + "后" * 100, "风筝", "……" + "前" * 30 + "风筝" + "后" * 58 + "……"),
        ("风筝" + "后" * 100, "风筝", "风筝" + "后" * 88 + "……"),
        ("前" * 100 + "风筝", "风筝", "……" + "前" * 88 + "风筝"),
        ("前" * 100 + "㎏" + "后" * 100, "kg", "……" + "前" * 30 + "㎏" + "后" * 59 + "……"),
    ],
)
def test_a_long_sentence_is_quoted_around_the_word(value, word, quoted):
    assert excerpts.around(value, word) == quoted


def test_a_search_that_finds_little_offers_near_names(client):
    meant = factories.entry(KIND, name="潍坊风筝扎制品牌（演示）")
    factories.entry(KIND, name="潍坊剪纸品牌（演示）")

    context = client.get(SEARCH, {"q": "潍坊风争扎制"}).context

    assert (context["total"], [item["entry"] for item in context["near"]]) == (0, [meant])
    assert address(meant) in Links(read(client, f"{SEARCH}?q=潍坊风争扎制")).found


def test_what_is_found_is_not_offered_again(client):
    factories.entry(KIND, name="潍坊风筝扎制品牌（演示）")

    context = client.get(SEARCH, {"q": "风筝扎制"}).context

    assert (context["total"], context["near"]) == (1, [])


def test_what_is_not_published_or_has_exited_is_offered_to_nobody(client):
    factories.submitted(KIND, name="潍坊风筝扎制品牌（演示）")
    leave(factories.entry(KIND, name="潍坊风筝扎制旧品牌（演示）"))

    assert client.get(SEARCH, {"q": "风争扎制"}).context["near"] == []


def test_a_search_says_what_the_reference_lists_hold_of_it(client):
    lists = client.get(SEARCH, {"q": "木版年画"}).context["lists"]

    assert [(found["listed"].slug, found["count"]) for found in lists] == [("ich", 3)]
    assert client.get("/reference/ich/", {"q": "木版年画"}).context["page"].paginator.count == 3


def test_of_words_that_stand_nowhere_together_the_one_to_drop_is_named(client):
    factories.entry(KIND, name="潍坊剪纸品牌（演示）")
    factories.entry(KIND, place="3701", name="济南面塑品牌（演示）")

    context = client.get(SEARCH, {"q": "济南 绢人 面塑"}).context
    alone = client.get(SEARCH, {"q": "绢人"}).context

    assert context["ways"] == [{"word": "绢人", "q": "济南 面塑", "count": 1}]
    assert alone["ways"] == []
    assert "去掉“绢人”后有 1 个" in read(client, f"{SEARCH}?q=济南 绢人 面塑")


def test_a_query_that_is_too_long_says_what_was_left_out(client):
    factories.entry(KIND, name="潍坊剪纸品牌（演示）")

    said = {
        q: client.get(SEARCH, {"q": q}).context["cut"] for q in ("剪纸", "剪" * 61, "一 二 三 四 五 六 七")
    }

    cut = "只按前60个字、前6个词查询，其余没有用到。"
    assert list(said.values()) == ["", cut, cut]


ODD = [
    "%",
    "_",
    "\\",
    "'",
    '"',
    "*",
    "NEAR(",
    "a|OR|b",
    "-x",
    "^",
    "🐉",
    "﷽",
    "é",
    "ﬁ",
    "{",
    "}",
    '","',
    "NULL",
]


@pytest.mark.parametrize("q", [*(odd.replace("|", " ") for odd in ODD), "剪" * 5000])
def test_nothing_that_is_typed_is_a_fault_or_a_command(client, q):
    factories.entry(KIND, name="潍坊剪纸品牌（演示）")

    answers = [client.get(url, {"q": q}) for url in (SEARCH, LIST)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert (answers[0].context["total"], answers[1].context["page"].paginator.count) == (0, 0)


@pytest.mark.parametrize("q", ["", " ", "　", "\u2003", "\x00", "\u200b", "\ud7ff"])
def test_what_holds_no_word_asks_for_nothing(client, q):
    factories.entry(KIND, name="潍坊剪纸品牌（演示）")

    answers = [client.get(url, {"q": q}) for url in (SEARCH, LIST)]

    assert (answers[0].context["total"], answers[1].context["page"].paginator.count) == (0, 1)
    assert answers[1].context["conditions"] == []


def test_brackets_are_the_same_in_either_width(client):
    factories.entry(KIND, name="潍坊剪纸品牌（演示）")

    assert [titles(client, q) for q in ("(演示)", "（演示）", "(演示）")] == [["潍坊剪纸品牌（演示）"]] * 3


def test_blanks_alone_search_for_nothing(client):
    factories.entry(KIND, name="潍坊剪纸品牌（演示）")

    context = client.get(SEARCH, {"q": "\u2003"}).context

    assert (context["q"], context["groups"], context["total"]) == ("", [], 0)


def test_the_search_costs_the_same_for_one_entry_and_for_many(client):
    entries = copies.many_entries(30, KIND)

    costs = {}
    for left in (30, 3):
        kept = [entry.pk for entry in entries[:left]]
        CatalogueEntry.objects.filter(kind=KIND).exclude(pk__in=kept).delete()
        costs[left] = [queries(client, f"{SEARCH}?q={q}") for q in ("剪纸品牌", "剪址品牌制作")]

    assert costs[30] == costs[3]


def queries(client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        read(client, url)
    return len(captured)


def test_the_index_is_made_anew_in_batches_and_finds_the_same(client, monkeypatch, capsys):
    monkeypatch.setattr(search, "BATCH", 2)
    copies.many_entries(5, KIND)  # multiplied in bulk, past the index
    before = browse.counts_for("剪纸")[KIND]

    call_command("rebuild_search")

    assert (before, browse.counts_for("剪纸")[KIND]) == (1, 5)
    assert capsys.readouterr().out.endswith(f"索引已重建：{CatalogueEntry.objects.count()} 个条目。\n")


def indexed() -> set[int]:
    column = {"sqlite": "rowid", "postgresql": "entry_id"}[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM portal_entrygrams")
        return {pk for (pk,) in cursor.fetchall()}


def test_an_entry_that_is_deleted_leaves_the_index():
    gone = factories.entry(KIND, name="潍坊风筝品牌（演示）")
    before = indexed()

    CatalogueEntry.objects.filter(pk=gone.pk).delete()

    assert before - indexed() == {gone.pk}


def test_the_map_shows_one_catalogue_and_leads_to_the_others(client):
    factories.entry(KIND, name="潍坊剪纸品牌（演示）")
    factories.entry(KIND, place="3701", name="济南剪纸品牌（演示）")
    factories.entry("exam-projects", place="3701", name="演示面塑制作")

    shown = client.get(MAP, {"map": "exam-projects"}).context
    page = read(client, f"{MAP}?map=exam-projects")

    assert {tile["code"]: tile["count"] for tile in shown["map"]["cities"] if tile["count"]} == {
        "3701": 1,
        "3707": 1,
    }
    assert [row["code"] for row in shown["table"]["rows"]] == [
        tile["code"] for tile in shown["map"]["cities"]
    ]
    assert (shown["table"]["totals"][0], shown["table"]["whole"]) == (2, 4)
    assert f"{MAP}?map={KIND}" in Links(page).found
    assert "方格只表示大致方位，不是行政区域界线" in page
    assert client.get(MAP, {"map": "nonsense"}).status_code == 404
    assert client.get("/", {"map": "nonsense"}).status_code == 404
    assert client.get("/", {"map": "exam-projects"}).context["mapped"].slug == "exam-projects"


@pytest.mark.parametrize(
    ("most", "words"),
    [
        (0, ["0", "1", "2", "3", "≥ 4"]),
        (4, ["0", "1", "2", "3", "≥ 4"]),
        (37, ["0", "1–10", "11–20", "21–30", "31–40"]),
    ],
)
def test_the_shades_of_the_map_reach_to_the_highest_number(most, words):
    drawn = tiles.drawn(registry.get(KIND), {"3701": most})

    assert [word for _, word in drawn["legend"]] == words
    assert max(tile["heat"] for tile in drawn["cities"]) == (4 if most else 0)
