"""Every page, full, empty and refusing: nothing for axe-core, valid markup, nothing lost at 400 % (row 74).

The usual run takes half of the routes, of the administration, which is of one make, an eighth, and looks at
each page in one of eighteen ways (three widths; plain, 长者模式, dark; as it comes and with all unfolded),
always the same one; PORTAL_TEST_WHOLE=1 at all of them in all ways.
"""

import re
from collections.abc import Iterable, Iterator

import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import RequestFactory

from tests import factories, markup, showing
from tests.crawling import KIND, plant
from tests.looking import FOLDED, LOOKS, Eyes, Look
from tests.showing import Readers, Shown
from tests.sizes import falling_to, size
from tests.test_attack_crawl import policy

pytestmark = pytest.mark.django_db
PARTS = 4
parted = pytest.mark.parametrize("part", range(PARTS))
FAULTS = ("400", "403", "403_csrf", "405", "413", "429", "500", "503")
FAULTY = """<!doctype html><html lang="zh-CN"><title>页</title><main><h1>标题</h1>
<img src="/static/portal/favicon.svg">
<p style="width: 900px; color: #aaa; background: #fff">浅色的字</p></main></html>
"""


@pytest.fixture
def readers() -> Readers:
    return Readers()


def wrong(chromium, pages: Iterable[Shown]) -> list[tuple[str, str]]:
    """Return what is wrong with each of ``pages``, as (page and look, fault); there must be one."""
    found, eyes, seen = [], Eyes(chromium), 0
    for seen, shown in enumerate(pages, 1):  # noqa: B007 -- counted
        found += [(str(shown), fault) for fault in markup.faults(shown.answer.content.decode())]
        found += [(f"{shown} at {look}", fault) for look, fault in _seen(eyes, shown)]
    eyes.close()
    assert seen
    return found


def _seen(eyes: Eyes, shown: Shown) -> Iterator[tuple[str, str]]:
    eyes.look(shown.address, shown.answer)
    kind = re.sub(r"\d+", "0", shown.address)  # rows are numbered otherwise in every run
    return _dressed(eyes, falling_to(kind, LOOKS, 1))


def _dressed(eyes: Eyes, looks: list[Look]) -> Iterator[tuple[str, str]]:
    for look in looks:
        eyes.wear(look)
        yield from ((str(look), fault) for fault in eyes.violations())
    yield from (("400 %", lost) for lost in eyes.cut())


SHOW = "dialog => dialog.showModal()"
#: Each dialog, and how it is opened.
OPENED = {
    "#keys": lambda page: page.keyboard.press("?"),
    "[data-portal-idle]": lambda page: page.locator("dialog[data-portal-idle]").evaluate(SHOW),
    ".palette": lambda page: _palette(page),
}


@parted
def test_nothing_is_wrong_with_a_page_that_shows_something(chromium, readers, part):
    planted = plant()

    assert wrong(chromium, showing.opened(readers, part, size(2, 1) * PARTS, planted, policy())) == []


@parted
def test_nothing_is_wrong_with_a_page_that_has_nothing_to_show(chromium, readers, part):
    assert wrong(chromium, showing.opened(readers, part, size(2, 1) * PARTS, [], policy())) == []


@parted
def test_nothing_is_wrong_with_a_page_that_refuses_a_form(chromium, readers, part):
    planted = plant()

    assert wrong(chromium, showing.refused(readers, part, size(2, 1) * PARTS, planted, policy())) == []


def test_nothing_is_wrong_with_a_page_that_says_what_went_wrong(chromium, readers):
    assert wrong(chromium, mistaken(readers)) == []


def mistaken(readers: Readers) -> Iterator[Shown]:
    """Yield what a stranger and somebody signed in are shown where nothing is, and the pages of faults."""
    for reader in ("nobody", "filer"):
        yield Shown(reader, "/nothing/", readers[reader].get("/nothing/"))
    for name in FAULTS:
        page = render_to_string(f"{name}.html", request=RequestFactory().get("/nothing/"))
        yield Shown("nobody", f"/{name}/", HttpResponse(page, status=int(name[:3])))


@pytest.mark.parametrize("dialog", OPENED)
def test_nothing_is_wrong_with_a_dialog_that_stands_open(chromium, readers, dialog):
    factories.submitted(KIND)
    eyes = Eyes(chromium, readers["reviewer"])
    eyes.look("/desk/")
    OPENED[dialog](eyes.page)
    eyes.page.locator(f"dialog[open]{dialog}").wait_for()

    assert list(_dressed(eyes, falling_to(dialog, FOLDED, 3))) == []
    eyes.close()


def _palette(page) -> None:
    """Press what opens the palette, and wait for what it finds."""
    page.keyboard.press("Control+k")
    page.locator("#palette-list [role=option]").first.wait_for()


def test_control_a_picture_without_words_pale_text_and_a_wide_box_are_found(chromium):
    eyes = Eyes(chromium)
    eyes.look("/", HttpResponse(FAULTY))
    eyes.wear(LOOKS[0])

    rules = {said.partition(":")[0] for said in eyes.violations()}
    lost = [said.partition(" is ")[0] for said in eyes.cut()]
    eyes.close()

    assert rules == {"image-alt", "color-contrast"}
    assert lost == ["the page", "spaced: the page"]
