"""What the pages look like: contrast, room on narrow screens, words beside shapes, and without scripts."""

import re
from itertools import product
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.template.loader import get_template
from django.urls import reverse

from portal import text
from portal.templatetags.portal_ui import ICONS, STATE_SHAPES, breakable, mark
from portal.tokens import contrast, themes
from portal.vocabulary import State
from tests import factories
from tests.walking import wider_than_the_window

TEMPLATES = Path(settings.BASE_DIR) / "templates"
PORTAL = Path(settings.BASE_DIR) / "portal"
OUR_SHEETS = ("tokens", "portal", "pages", "modes")
SHEETS = (*OUR_SHEETS, "admin")  # which dresses pages of Django


def sheet(name: str) -> str:
    """Return one of the shipped stylesheets."""
    return Path(finders.find(f"portal/{name}.css")).read_text()


GROUNDS = ("paper", "card", "sunk")
TEXTS = ("ink", "ink-2", "ink-3", "indigo", "indigo-deep", "zhu", "bad", "ok", "warn")
TEXT_PAIRS = [
    *product(TEXTS, GROUNDS),
    *((name, f"{name}-tint") for name in ("indigo", "zhu", "bad", "ok", "warn")),
    *product(("ink", "ink-2", "ink-3", "indigo"), ("warn-tint", "ok-tint", "bad-tint", "indigo-tint")),
    *product(("on-fill",), ("indigo", "indigo-deep", "zhu", "bad", "warn")),
    *product(("ink", "indigo"), ("mark",)),
    *product(("band-ink", "band-ink-2"), ("band",)),
    *product(("ink",), ("heat-0", "heat-1", "heat-2")),
    *product(("on-fill",), ("heat-3", "heat-4")),
    ("band", "band-ink"),
]
EDGE_PAIRS = [*product(("edge", "focus"), GROUNDS), ("band-focus", "band")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(theme):
    colours = themes()[theme]

    weak = {(a, b): contrast(colours[a], colours[b]) for a, b in TEXT_PAIRS}

    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_border_of_a_control_and_every_focus_ring_can_be_seen(theme):
    colours = themes()[theme]

    weak = {(a, b): contrast(colours[a], colours[b]) for a, b in EDGE_PAIRS}

    assert {pair: ratio for pair, ratio in weak.items() if ratio < 3} == {}


def test_dark_by_the_system_and_dark_by_choice_are_the_same():
    found = themes()

    assert found["system"] == found["dark"]


def test_a_stylesheet_names_only_tokens_that_exist():
    used = {name for part in SHEETS for name in re.findall(r"var\(--([\w-]+)", sheet(part))}
    known = {name for part in SHEETS for name in re.findall(r"(?<![\w-])--([\w-]+):", sheet(part))}

    assert used - known == set()


def test_a_stylesheet_dresses_only_classes_that_some_page_or_script_names():
    rules = re.sub(r"/\*.*?\*/|{[^{}]*}", "", "".join(map(sheet, OUR_SHEETS)), flags=re.DOTALL)
    places = [TEMPLATES.glob("**/*.html"), PORTAL.glob("**/*.py"), PORTAL.glob("static/**/*.js")]
    words = {word for paths in places for path in paths for word in re.findall(r"[\w-]+", path.read_text())}

    dressed = set(re.findall(r"\.([a-z][\w-]*)", rules))

    assert {name for name in dressed - words if not re.fullmatch(r"c-37\d\d|[hk]-?\d", name)} == set()


def test_every_state_has_its_shape():
    assert set(State.values) - set(STATE_SHAPES) == set()


def test_a_tag_says_its_state_in_words():
    shown = Template('{% tag "returned" "退回修改" %}').render(Context())

    assert shown == '<span class="tag back">退回修改</span>'


def test_every_icon_a_template_asks_for_is_drawn_and_each_drawing_is_used():
    markup = "\n".join(path.read_text() for path in TEMPLATES.glob("**/*.html"))
    code = Path(finders.find("portal/portal.js")).read_text()

    asked = set(re.findall(r"{% icon [\"'](\w+)[\"'] %}", markup)) | {"info", "check", "warn"}

    assert asked - set(ICONS) == set()
    assert {name for name in set(ICONS) - asked if name not in code} == set()


@pytest.mark.parametrize(
    ("value", "query", "shown"),
    [
        ("潍坊风筝品牌", "风筝", "潍坊<mark>风筝</mark>品牌"),
        ("ＡＢＣ品牌", "abc", "<mark>ＡＢＣ</mark>品牌"),
        ("风筝和风筝", "风筝", "<mark>风筝</mark>和<mark>风筝</mark>"),
        ("风筝制作", "风筝 制作", "<mark>风筝制作</mark>"),
        ("<风筝>", "风筝", "&lt;<mark>风筝</mark>&gt;"),
        ("风筝", "", "风筝"),
        ("㎏计重", "kg", "<mark>㎏</mark>计重"),
    ],
)
def test_a_hit_is_marked_as_it_is_searched(value, query, shown):
    assert mark(value, query) == shown


COUNTED = ["", "风筝", " 风 筝\n", "a1，。！", "𠮷野家", "全角　空格", "é́", "1\u2003 2\u00a0 3", "👨‍👩‍👧"]


@pytest.mark.django_db(transaction=True)
def test_the_browser_counts_as_the_server_does(page):
    page.goto(reverse("home"))

    counted = [page.evaluate("value => countText(value)", value) for value in COUNTED]

    assert counted == [text.count(value) for value in COUNTED]


@pytest.fixture
def published():
    """Publish one entry of each kind of content and return the public addresses to look at."""
    name = "潍坊风筝扎制和传统木版年画手工印刷技艺专项职业能力品牌名称很长的一条（演示）"
    brand = factories.entry("skill-brands", name=name)
    unit = factories.entry("building-units", place="370705")
    entries = [reverse("catalogue-entry", args=[e.kind, e.code]) for e in (brand, unit)]
    lists = [reverse("catalogue-list", args=[kind]) for kind in ("skill-brands", "building-units")]
    asked = [f"{lists[0]}?view=table", f"{lists[0]}?q=没有&city=3707", f"{reverse('search')}?q=风筝"]
    return [reverse("home"), reverse("catalogue"), reverse("login"), "/nothing/", *lists, *asked, *entries]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("chosen", [{}, {"elder": "on"}, {"elder": "on", "text": "large"}])
def test_no_public_page_is_wider_than_the_window(page, published, live_server, chosen):
    cookies = [{"name": name, "value": value, "url": live_server.url} for name, value in chosen.items()]
    page.context.add_cookies(cookies)

    assert wider_than_the_window(page, published) == []


class Announced(forms.Form):
    announced = forms.BooleanField(label="公布前须公示", required=False)


def test_a_single_box_prints_its_label_once():
    shown = get_template("components/field.html").render({"field": Announced()["announced"], "number": 6})

    assert re.findall("公布前须公示|选填", shown) == ["公布前须公示"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [1100, 1180, 1300])
def test_the_header_of_the_workbench_is_one_line(page, width):
    sign_in(page, factories.reviewer(factories.PROVINCE))
    page.set_viewport_size({"width": width, "height": 800})

    assert page.locator(".desk-top .wrap").bounding_box()["height"] == 56


@pytest.mark.django_db(transaction=True)
def test_a_city_stays_beside_its_numbers_while_their_table_is_moved(page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(reverse("map"))
    heading = page.locator(".scroll th[scope=row]").first
    before = heading.bounding_box()["x"]

    moved = page.locator(".scroll").evaluate("frame => (frame.scrollLeft = 90, frame.scrollLeft)")

    assert (moved, heading.bounding_box()["x"]) == (90, before)


def test_the_name_of_the_portal_goes_on_in_a_new_line_behind_its_and_alone():
    assert breakable("品牌与<考核>") == "品牌与<wbr>&lt;考核&gt;"


@pytest.mark.django_db(transaction=True)
def test_the_phone_menu_opens_without_scripts(chromium, live_server):
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(live_server.url)

    page.click("details.menu > summary")
    page.click(".menu-sheet >> text=品牌与项目目录")

    page.wait_for_url(live_server.url + reverse("catalogue"))
    context.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [360, 1366])
def test_elder_mode_is_one_press_away_and_back_without_scripts(chromium, live_server, width):
    context = chromium.new_context(java_script_enabled=False, viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(live_server.url)
    size = "getComputedStyle(document.documentElement).fontSize"

    sizes = [page.evaluate(size)]
    words = ("长者模式", "退出长者模式")
    for word, back in (words, words[::-1]):
        page.locator(".util").get_by_role("button", name=word, exact=True).click()
        page.locator(".util").get_by_role("button", name=back, exact=True).wait_for()
        page.wait_for_load_state()
        sizes.append(page.evaluate(size))

    assert sizes == ["16px", "20px", "16px"]
    context.close()


@pytest.mark.django_db(transaction=True)
def test_the_slash_key_leads_to_the_search_and_types_nothing(page):
    page.goto(reverse("home"))

    page.keyboard.press("/")
    page.keyboard.type("风/筝")

    assert page.input_value("[data-portal-search]") == "风/筝"


@pytest.mark.django_db(transaction=True)
def test_single_keys_are_explained_and_can_be_switched_off(page):
    page.goto(reverse("home"))

    page.keyboard.press("?")
    told = page.is_visible("#keys")
    page.check("[data-portal-keys-off]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#keys", state="hidden")
    page.keyboard.press("?")

    assert (told, page.is_visible("#keys")) == (True, False)


@pytest.mark.django_db(transaction=True)
def test_the_words_of_a_draft_are_counted_while_typing_and_saved_by_themselves(page, live_server):
    filing = factories.draft("skill-brands")
    sign_in(page, factories.filer())
    page.goto(reverse("filing-edit", args=[filing.pk]))

    page.fill("[name=advantage_features]", "三艺 俱全。")
    page.wait_for_selector("[data-portal-saved]:has-text('已自动暂存')")

    assert page.inner_text("[data-portal-counter=id_advantage_features] b") == "5"
    assert filing.record_type.model.objects.get(pk=filing.pk).advantage_features == "三艺 俱全。"


def sign_in(page, user) -> None:
    """Sign a person in through the page."""
    page.goto(reverse("login"))
    page.fill("[name=username]", user.username)
    page.fill("[name=password]", factories.PASSWORD)
    page.click("main button")
    page.wait_for_url("**/desk/")


@pytest.mark.django_db(transaction=True)
def test_every_control_can_be_reached_and_seen_by_keyboard(page, published):
    page.goto(published[0])

    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.textContent")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")

    assert (first, outline) == ("跳到正文", "3px")


@pytest.mark.django_db(transaction=True)
def test_a_printed_page_has_no_furniture(page, published):
    page.goto(published[-2])
    page.emulate_media(media="print")

    hidden = [page.is_visible(part) for part in (".top", ".foot", ".crumb", ".demo", "[data-portal-print]")]

    assert hidden == [False] * 5
    assert page.is_visible("h1")


@pytest.mark.django_db(transaction=True)
def test_a_brand_is_printed_on_one_sheet_with_its_code_before_its_text(page, published):
    page.goto(published[-2])
    page.emulate_media(media="print")

    printed = page.pdf(prefer_css_page_size=True)
    heights = [page.locator(part).bounding_box()["y"] for part in ("h1", ".article > aside", ".prose")]

    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    assert heights == sorted(heights)


@pytest.mark.django_db(transaction=True)
def test_a_wide_list_scrolls_in_its_frame_and_squeezes_no_word_into_one_character_a_line(page):
    factories.entry("building-units", place="370705")
    sign_in(page, factories.filer())
    page.set_viewport_size({"width": 768, "height": 800})
    page.goto(reverse("filing-list", args=["building-units"]))

    widths = page.eval_on_selector_all(".cards td", "cells => cells.map(cell => cell.clientWidth)")

    assert [width for width in widths if width < 80] == []
    assert len(widths) > 0


def test_filings_are_counted_as_pieces_and_as_nothing_else():
    places = [TEMPLATES.glob("**/*.html"), PORTAL.glob("**/*.py")]
    texts = {path: path.read_text() for found in places for path in found if "migrations" not in path.parts}
    nouns = "填报|草稿|演示填报|真实填报|拟办|没有办理|；每一|，[^，。\n]{0,12}没有错误"
    otherwise = rf"\}}(?:</b>)? ?[份条](?:{nouns})"

    found = {str(path): re.findall(otherwise, said) for path, said in texts.items()}

    assert {path: said for path, said in found.items() if said} == {}
