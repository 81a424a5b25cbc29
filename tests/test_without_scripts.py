"""Without scripts nothing on a page is dead: no button that does nothing, no field that is never sent.

What waits for a script is not there until the script is (``hidden``, ``.scripted``); the roads of a filing
without scripts are walked in ``test_end_to_end`` and the tests of browsers beside it.
"""

from collections.abc import Iterator

import pytest
from django.http import HttpResponse

from tests import showing
from tests.crawling import plant
from tests.looking import Eyes
from tests.showing import Readers, Shown
from tests.sizes import size
from tests.test_attack_crawl import policy

pytestmark = pytest.mark.django_db
PARTS = 4
#: Django's administration has a switch of its own for the theme; the other shows components by themselves.
NOT_HELD = ("/admin/", "/styleguide/")
DEAD = """<!doctype html><html lang="zh-CN"><title>页</title><body>
<button type="button">点我</button><a>去</a><span role="button">按</span>
<input name="a"><form><select name="b"><option>一</option></select></form>
<details><summary>更多</summary><button type="button">里面</button></details>
<form><input name="c"><button>查找</button></form><button type="button" aria-disabled="true">不能</button>
<button type="button" hidden>等脚本</button><a href="/">首页</a></body></html>
"""
#: What a reader sees and can try, but nothing happens: the words of each, or its name.
_DEAD = """() => {
  for (const box of document.querySelectorAll("details")) box.open = true;
  const isSeen = (box) => box.checkVisibility({ visibilityProperty: true }) && box.getClientRects().length;
  const seen = (what) => [...document.querySelectorAll(what)].filter(isSeen);
  const sends = (one) => one.type === "submit" || one.type === "image";
  const isDead = (button) => !sends(button) || !button.form;
  const isStiff = (form) => ![...form.elements].some((one) => sends(one) && isSeen(one));
  const fields = seen("input:not([type=submit], [readonly]), select, textarea:not([readonly])");
  return [
    ...seen("button:not([aria-disabled=true], [popovertarget])").filter(isDead),
    ...seen("a:not([href]), [role=button]:not(a, button)"),
    ...fields.filter((field) => !field.form || isStiff(field.form)),
  ].map((box) => box.textContent.trim().slice(0, 40) || box.name || box.outerHTML.slice(0, 80));
}"""


@pytest.fixture
def eyes(chromium) -> Iterator[Eyes]:
    """Give a browser that runs no script of a page."""
    without = Eyes(chromium, scripts=False)
    yield without
    without.close()


def dead(eyes: Eyes, shown: Shown) -> list[str]:
    """Return what stands on a page and does nothing."""
    eyes.look(shown.address, shown.answer)
    return eyes.page.evaluate(_DEAD)


@pytest.mark.parametrize("part", range(PARTS))
def test_without_scripts_everything_that_is_shown_does_something(eyes, part):
    pages = [*showing.opened(Readers(), part, size(2, 1) * PARTS, plant(), policy())]

    assert pages
    ours = [shown for shown in pages if not shown.address.startswith(NOT_HELD)]
    assert [(str(shown), found) for shown in ours if (found := dead(eyes, shown))] == []


def test_control_what_does_nothing_is_found(eyes):
    page = Shown("nobody", "/", HttpResponse(DEAD))

    assert dead(eyes, page) == ["点我", "里面", "去", "按", "a", "一"]
