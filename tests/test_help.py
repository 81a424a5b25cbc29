"""The pages of help: open to strangers, told in the portal's words, with the numbers of the rules."""

import re
import tomllib
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from PIL import Image

from portal import manual, notices, questions, registry
from portal.actions import ACTIONS
from portal.models import PolicyTarget
from tests import factories

pytestmark = pytest.mark.django_db
ROOT = Path(settings.BASE_DIR)
TYPES = list(registry.all_types())
TEMPLATES = "\n".join(path.read_text() for path in sorted(ROOT.glob("templates/**/*.html")))
CODE = "\n".join(
    path.read_text()
    for app in ("portal", "assessments", "brands", "workforce")
    for path in sorted(ROOT.glob(f"{app}/**/*.py"))
)


def pages() -> dict[str, str]:
    """Return name → address of every page of help."""
    chapters = {slug: reverse("help-chapter", args=[slug]) for slug in manual.CHAPTERS}
    samples = {t.slug: reverse("help-sample", args=[t]) for t in TYPES}
    return {"index": reverse("help"), "questions": reverse("help-questions")} | chapters | samples


def words(answer) -> str:
    return unescape(re.sub(r"<[^>]*>", "", answer.content.decode()))


def typed_numbers(text: str) -> list[str]:
    """Return the numbers in a text; that of a format such as MP4 is a name."""
    return re.findall(r"(?<![A-Z])\d+", text)


def test_every_page_of_help_is_open_to_strangers_and_has_one_heading_of_the_first_order(client):
    answers = {name: client.get(url) for name, url in pages().items()}

    assert {name: a.status_code for name, a in answers.items() if a.status_code != 200} == {}
    assert {n for n, a in answers.items() if len(re.findall(r"<h1\b", a.content.decode())) != 1} == set()


def test_headings_of_help_leave_out_no_order(client):
    found = {n: re.findall(r"<h(\d)", client.get(url).content.decode()) for n, url in pages().items()}

    jumps = {n for n, orders in found.items() for a, b in pairwise(orders) if int(b) > int(a) + 1}
    assert jumps == set()


def test_an_unknown_chapter_is_not_found(client):
    assert client.get("/help/nothing/").status_code == 404


def test_the_manual_presses_only_what_the_portal_has():
    told = [tomllib.loads((manual.WORDS / f"{slug}.toml").read_text()) for slug in manual.CHAPTERS]
    sections = [section for chapter in told for section in chapter["sections"]]
    said = [line for section in sections for line in [*section["steps"], *section.get("notes", ())]]
    named = {name for line in said for name in manual.pressed(line)}

    assert len(named) > 40
    assert {name for name in named if name not in TEMPLATES and name not in CODE} == set()


def test_every_anchor_the_portal_links_to_is_on_its_page(client):
    linked = re.findall(r"{% url 'help-chapter' '(\w+)' %}#([\w-]+)", TEMPLATES)
    anchors = {slug: {section.id for section in c.sections} for slug, c in manual.chapters().items()}

    assert len(linked) >= 4
    assert {(slug, anchor) for slug, anchor in linked if anchor not in anchors[slug]} == set()
    shown = client.get(reverse("help-chapter", args=["filer"])).content.decode()
    assert set(re.findall(r'<section[^>]* id="([\w-]+)"', shown)) == anchors["filer"]


def test_links_to_help_stand_where_they_are_needed(client):
    draft, sent = factories.draft("labour-brands"), factories.submitted("labour-brands")
    factories.sign_in(client, factories.filer())
    form, lost = client.get(reverse("filing-edit", args=[draft.pk])), client.get("/catalogue/no-such/")
    factories.sign_in(client, factories.reviewer())
    decision = client.get(reverse("filing", args=[sent.pk]))

    asked = [form, lost, decision, decision, client.get("/")]
    reviewer = ["/help/reviewer/#decide", "/help/reviewer/#mistake"]
    wanted = ["/help/filer/#form", "/help/citizen/#course", *reviewer, '"/help/"']
    assert [want in a.content.decode() for a, want in zip(asked, wanted, strict=True)] == [True] * 5


def told_to_press(slug: str, name: str) -> set[str]:
    """Return what one section of a chapter tells the reader to press."""
    section = next(section for section in manual.chapters()[slug].sections if section.id == name)
    return {words for said in (*section.steps, *section.notes) for words, is_pressed in said if is_pressed}


def test_a_reviewer_is_told_every_way_to_take_a_decision_back():
    ways = {act.label for act in ACTIONS if act.reviews and act.name in ("recall", "reopen")}

    assert told_to_press("reviewer", "mistake") == ways | {"提交结论", "办理变更", "办理退出"}


@pytest.mark.parametrize("slug", [slug for slug in manual.CHAPTERS if slug != "citizen"])
def test_every_chapter_of_the_workbench_says_what_saves_time_with_keys_that_there_are(slug):
    text = (manual.WORDS / f"{slug}.toml").read_text()
    known = re.findall(r"<kbd>([^<]+)</kbd>", (ROOT / "templates/components/keys.html").read_text())

    named = {key for keys in re.findall(r"(?<!\w)(?:Ctrl\+\w+|[a-z](?!\w))", text) for key in keys.split("+")}

    assert {"跳转", "键盘操作"} - told_to_press(slug, "quick") == set()
    assert {key.lower() for key in named} - {key.lower() for key in known} == set()


def test_no_number_of_an_answer_is_typed():
    typed = {one["id"]: typed_numbers("".join(one["answer"])) for one in questions.told()}

    assert {name: numbers for name, numbers in typed.items() if numbers} == {}


def test_every_answer_has_a_clause_and_an_anchor_of_its_own():
    told = questions.questions()

    assert [one.id for one in told if not one.clause or not one.answer] == []
    assert len({one.id for one in told}) == len(told)


def test_answers_say_the_numbers_the_rules_check(client):
    PolicyTarget.objects.filter(slug="unit-trained").update(number=617)
    declared = registry.get("city-training-brands")

    said = {one.id: "".join(one.answer) for one in questions.questions()}

    texts = [declared.limits[f] for f in ("features", "experience", "case_story", "promo_article")]
    assert [int(n) for n in typed_numbers(said["texts"])] == texts
    video = declared.slots["video"]
    measured = [declared.slots["pictures"].least, *video.seconds, video.least_fps]
    assert [int(n) for n in typed_numbers(said["pictures"])] == measured
    assert [int(n) for n in typed_numbers(said["unit-numbers"])] == [617, 500]
    assert [int(n) for n in typed_numbers(said["publicity"])] == [notices.LEAST]
    assert "617" in words(client.get(reverse("help-questions")))


def test_an_answer_rests_on_its_clause_or_says_that_no_notice_settles_it(client):
    page = client.get(reverse("help-questions")).content.decode()

    found = re.findall(r'<p class="clause( plain)?">([^<]*)</p>', page)
    unsettled = {clause for plain, clause in found if plain}
    assert unsettled == {"省级通知未规定", "各通知未规定，参照省内做法"}
    assert [clause for plain, clause in found if not plain and "未规定" in clause] == []


def test_whoever_needs_a_post_is_sent_to_who_grants_it():
    sentences = re.split(r'[。"\n<>]', TEMPLATES + CODE)
    asks = [s for s in sentences if "岗位" in s and "系统管理员" in s and re.search("请|联系|办理|增", s)]

    assert [s for s in asks if "安全管理员" not in s] == []


def test_a_page_of_help_asks_the_database_as_much_as_its_numbers_need(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get(reverse("help-chapter", args=["reviewer"]))
    with django_assert_num_queries(1):
        client.get(reverse("help-questions"))


@pytest.mark.parametrize("record_type", TYPES, ids=lambda record_type: record_type.slug)
def test_a_sample_shows_its_example_whole_and_is_marked(client, record_type):
    said = words(client.get(reverse("help-sample", args=[record_type])))

    labels = [str(record_type.field(name).verbose_name) for name in record_type.fields]
    texts = [v for v in record_type.example.values() if isinstance(v, str) and "。" in v]
    assert [label for label in labels if label not in said] == []
    assert [text for text in texts if text not in said] == []
    assert "演示" in said


def test_every_picture_of_the_manual_was_taken_and_has_the_size_that_is_said():
    named = {s.picture_name for c in manual.chapters().values() for s in c.sections if s.picture_name}
    taken = {}
    for path in sorted(manual.PICTURES.glob("*.webp")):
        with Image.open(path) as picture:
            taken[path.stem] = list(picture.size)

    assert set(taken) == named
    assert manual.sizes() == taken


def test_every_picture_of_the_manual_says_in_words_what_it_shows():
    sections = [s for c in manual.chapters().values() for s in c.sections]

    assert [s.id for s in sections if s.picture_name and not s.alt] == []


def test_the_card_of_the_first_sign_in_is_shown_until_it_is_ended_and_comes_back_when_asked(client):
    user = factories.filer()
    factories.sign_in(client, user)
    links = ["/help/filer/#desk", "/help/filer/#new", "/help/filer/#check"]
    steps = []

    for asked in ("", "end", "", "again"):
        if asked:
            client.post(reverse("tour"), {"tour": asked})
        shown = client.get(reverse("desk")).content.decode()
        steps.append([link for link in links if link in shown])

    assert steps == [links, [], [], links]


def test_what_one_person_ends_another_still_sees_and_no_other_word_ends_it(client):
    first, second = factories.filer(), factories.reviewer()
    factories.sign_in(client, first)
    client.post(reverse("tour"), {"tour": "end"})
    factories.sign_in(client, second)
    client.post(reverse("tour"), {"tour": "whatever"})

    shown = client.get(reverse("desk")).content.decode()

    assert "第一次使用？三步上手" in shown
    assert [link for link in ("/help/reviewer/#queue", "/help/reviewer/#decide") if link not in shown] == []


def test_a_stranger_is_offered_no_tour(client):
    answer = client.post(reverse("tour"), {"tour": "end"})

    assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/login/")
    assert "首次使用" not in words(client.get(reverse("help")))


@pytest.mark.parametrize("slug", [slug for slug in manual.CHAPTERS if slug != "citizen"])
def test_a_tour_has_three_steps(slug):
    assert len(manual.chapters()[slug].tour) == 3


def test_the_first_page_of_help_leads_to_each_group_of_questions(client):
    text = client.get(reverse("help")).content.decode()

    groups = list(dict.fromkeys(question.group for question in questions.questions()))

    assert re.findall(r'questions/#g-\d+">([^<]+)<', text) == groups
