"""Going somewhere at once: pages one may open, filings in scope, what was opened last, and the keyboard."""

import re

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from portal import palette, registry
from tests import factories
from tests.test_look import sign_in

pytestmark = pytest.mark.django_db
GO = "/desk/go/"
OPTIONS = "#palette-list [role=option]"
NAME = "潍坊风筝扎制品牌（演示）"
# Pages whose title is of another kind: a number of things to do, what was asked, what is inside.
OTHERWISE = {"工作台", "首页", "导入表格", "全部目录查询", "操作手册", "各市分布"}
ROLES = ("stranger", "filer", "reviewer", "approver", "publisher", "joint", "auditor", "sysadmin", "secadmin")


def found(client: Client, q: str = "") -> dict[str, list[str]]:
    """Return group → titles, as the script is told."""
    answer = client.get(GO, {"q": q}, headers={"Accept": "application/json"})
    return {group["name"]: [line["title"] for line in group["lines"]] for group in answer.json()["groups"]}


@pytest.mark.parametrize("role", ROLES)
def test_the_palette_leads_wherever_the_menu_leads_and_nowhere_that_is_shut(client, role):
    factories.sign_in(client, getattr(factories, role)())
    page = client.get(GO).content.decode()
    menu = re.search(r'<nav class="nav" aria-label="工作台导航">(.*?)</nav>', page, re.DOTALL)[1]
    ways = re.findall(r'<li><a href="([^"]+)"', page)

    assert set(re.findall(r'href="([^"]+)"', menu)) - set(ways) == set()
    assert [way for way in ways if client.get(way, follow=True).status_code != 200] == []


def test_the_palette_calls_a_page_as_the_page_calls_itself(client):
    titles = {}
    for role in ("filer", "approver", "publisher", "auditor"):
        factories.sign_in(client, getattr(factories, role)())
        for url, word in re.findall(r'<li><a href="([^"]+)">([^<：]+)</a>', client.get(GO).content.decode()):
            if word not in titles:
                page = client.get(url, follow=True).content.decode()
                titles[word] = re.search("<title>(.*?)</title>", page)[1]

    assert {place.word for place in palette.PLACES} - set(titles) == set()
    assert {word for word, title in titles.items() if word not in title} == OTHERWISE


def test_a_filing_is_found_by_name_by_number_and_by_code(client):
    entry = factories.entry("skill-brands", name=NAME)
    factories.sign_in(client, factories.reviewer())

    asked = ("风筝扎制", str(entry.filing_id), entry.code.lower())
    assert [found(client, q)["填报"] for q in asked] == [[NAME]] * 3


def test_no_filing_out_of_scope_is_found_by_anything(client):
    drafts = factories.draft("skill-brands", name="潍坊金丝雀草稿（演示）")
    sent = factories.submitted("skill-brands", name="潍坊金丝雀送审（演示）")
    asked = ["金丝雀", str(drafts.pk), str(sent.pk)]
    shown = {}
    for name, user in {
        "own": factories.filer(),
        "other": factories.filer("3702"),
        "admin": factories.sysadmin(),
    }.items():
        factories.sign_in(client, user)
        shown[name] = [found(client, q).get("填报", []) for q in asked]

    assert [len(lines) for lines in shown["own"]] == [2, 1, 1]
    assert (shown["other"], shown["admin"]) == ([[], [], []], [[], [], []])


@pytest.mark.parametrize(
    "q", ["", "%", "_", "'", "0", "9" * 40, "-", "SB-", "\x00", "🪁", "a" * 500, "風筝\u200b"]
)
def test_whatever_is_typed_is_answered(client, q):
    factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())

    assert client.get(GO, {"q": q}).status_code == 200
    assert len(found(client, q).get("填报", [])) <= palette.MOST


def test_a_percent_sign_finds_no_filing(client):
    factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())

    assert "填报" not in found(client, "%")


@override_settings(THROTTLE=1)
def test_the_palette_has_the_limit_of_searches(client):
    factories.sign_in(client, factories.reviewer())

    assert [client.get(GO).status_code for _ in range(61)] == [200] * 60 + [429]


def test_what_was_opened_last_comes_first_on_desk_and_palette(client):
    filings = [factories.submitted(kind) for kind in ("skill-brands", "labour-brands")]
    factories.sign_in(client, factories.reviewer())
    for filing in [*filings, filings[0]]:
        client.get(reverse("filing", args=[filing.pk]))

    titles = [filing.title for filing in filings]
    assert found(client)["最近打开"] == titles
    assert [line.title for line in client.get("/desk/").context["opened"]] == titles


def test_no_more_than_eight_are_remembered_and_the_cookie_holds_numbers_alone(client):
    user = factories.reviewer()
    filing = factories.submitted("skill-brands", name="潍坊金丝雀品牌（演示）")
    factories.sign_in(client, user)
    client.cookies[palette.OPENED] = f"{user.pk}:" + ".".join(str(1000 + n) for n in range(8))

    client.get(reverse("filing", args=[filing.pk]))

    kept = client.cookies[palette.OPENED]
    assert kept.value == f"{user.pk}:{filing.pk}." + ".".join(str(1000 + n) for n in range(7))
    assert (kept["httponly"], kept["path"], kept["samesite"]) == (True, "/desk/", "Lax")


def test_a_colleague_on_the_same_machine_is_not_shown_what_the_other_opened(client):
    filing = factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())
    client.get(reverse("filing", args=[filing.pk]))
    factories.sign_in(client, factories.reviewer(name="colleague"))

    assert "最近打开" not in found(client)


def test_signing_out_forgets_what_was_opened(client):
    filing = factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())
    client.get(reverse("filing", args=[filing.pk]))

    client.post(reverse("logout"))

    assert client.cookies[palette.OPENED].value == ""


@pytest.mark.parametrize("kept", ["{user}:{pk}", "{user}:{pk}.x", "0:{pk}", "{user}", "x" * 5000])
def test_a_forged_cookie_shows_nothing_out_of_scope(client, kept):
    hidden = factories.draft("skill-brands", name="潍坊金丝雀草稿（演示）")
    user = factories.filer("3702")
    factories.sign_in(client, user)
    client.cookies[palette.OPENED] = kept.format(user=user.pk, pk=hidden.pk)

    assert "金丝雀" not in client.get("/desk/").content.decode()
    assert "最近打开" not in found(client)


def test_the_page_works_without_scripts(client):
    filing = factories.submitted("skill-brands", name=NAME)
    factories.sign_in(client, factories.reviewer())

    page = client.get(GO, {"q": "风筝"}).content.decode()

    assert f'<a href="{reverse("filing", args=[filing.pk])}">潍坊风筝扎制品牌（演示）</a>' in page
    assert "没有找到" in client.get(GO, {"q": "没有这样的"}).content.decode()


def test_a_place_names_a_fact_that_the_frame_knows(client):
    factories.sign_in(client, factories.reviewer())
    facts = client.get(GO).context

    assert {place.fact for place in palette.PLACES if place.fact and place.fact not in facts} == set()
    assert len(palette.pages("", facts)) > len(list(registry.all_types()))


@pytest.mark.django_db(transaction=True)
def test_control_k_finds_a_filing_and_enter_opens_it(page):
    filing = factories.submitted("skill-brands", name=NAME)
    sign_in(page, factories.reviewer())

    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="要找的填报或页面")
    box.fill("风筝扎制")
    page.get_by_role("option", name=NAME).wait_for()
    active = page.locator(f"#{box.get_attribute('aria-activedescendant')}").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('filing', args=[filing.pk])}")

    assert active.startswith("潍坊风筝扎制品牌（演示）")


@pytest.mark.django_db(transaction=True)
def test_arrows_go_round_the_list_and_escape_gives_the_focus_back(page):
    sign_in(page, factories.reviewer())
    page.locator("a[data-portal-palette]").first.focus()

    page.keyboard.press("Control+k")
    page.locator(OPTIONS).first.wait_for()
    page.keyboard.press("ArrowUp")
    chosen = page.locator("[role=option][aria-selected=true]")
    last = chosen.inner_text() == page.locator(OPTIONS).last.inner_text()
    page.keyboard.press("ArrowDown")
    first = chosen.inner_text() == page.locator(OPTIONS).first.inner_text()
    page.keyboard.press("Escape")

    assert (last, first, page.is_visible("dialog.palette")) == (True, True, False)
    assert page.evaluate("document.activeElement.matches('[data-portal-palette]')") is True


@pytest.mark.django_db(transaction=True)
def test_enter_before_the_answer_asks_for_what_was_typed_and_opens_no_older_line(page):
    page.clock.install()  # the next question never goes out
    sign_in(page, factories.reviewer())
    page.keyboard.press("Control+k")
    page.locator(OPTIONS).first.wait_for()

    page.keyboard.type("风筝")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{GO}?q=*")

    assert page.locator("main input[name=q]").input_value() == "风筝"


@pytest.mark.django_db(transaction=True)
def test_the_palette_of_an_ended_sign_in_says_so(page):
    sign_in(page, factories.reviewer())
    page.keyboard.press("Control+k")
    page.locator(OPTIONS).first.wait_for()

    page.context.clear_cookies(name="session")
    page.keyboard.type("风筝")

    page.locator("#palette-list", has_text="登录已过期，请重新登录。").wait_for()
