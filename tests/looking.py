"""A browser that is shown pages straight from Django's test client: no server, one transaction, any role.

Whatever a page asks for is answered by the client or, for static files, from where they lie.
"""

import mimetypes
from contextvars import copy_context
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import Client

from tests.conftest import PATIENCE

HOST = "http://testserver"
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
#: WCAG 2.2 A and AA by the tags of axe-core, and the practices it recommends.
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN_AXE = """async (tags) => {
  const rules = { "target-size": { enabled: true } };
  const found = await axe.run(document, { runOnly: tags, rules, resultTypes: ["violations"] });
  const said = (id, node) => `${id}: ${node.target.join(" ")} | ${node.html.slice(0, 160)}`;
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => said(id, node)));
}"""
_DRESS = """({ elder, theme, unfolded }) => {
  const root = document.documentElement;
  root.dataset.wore ??= root.dataset.theme || "";
  root.toggleAttribute("data-elder", elder);
  if (theme || root.dataset.wore) root.dataset.theme = theme || root.dataset.wore;
  else delete root.dataset.theme;
  for (const box of document.querySelectorAll("details")) {
    box.dataset.stood ??= box.open ? "open" : "";
    box.open = unfolded || box.dataset.stood === "open";
  }
}"""
#: The distances that a reader may set for himself (WCAG 1.4.12).
_SPACE = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
    word-spacing: .16em !important; } p { margin-bottom: 2em !important; }`);
  document.adoptedStyleSheets = [sheet];
}"""
#: What stands on a page but cannot be seen whole: the page moves sideways, or a box cuts its own text.
_CUT = """() => {
  const out = (box) => box.getBoundingClientRect().right > innerWidth + 1 && !box.closest(".scroll");
  const wide = () => [...document.querySelectorAll("body *")].filter(out).slice(-1)
    .map((box) => `${box.tagName} ${box.className} ${box.textContent.trim().slice(0, 20)}`);
  const root = document.documentElement, found = [];
  if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} wide by ${wide()}`);
  for (const box of document.querySelectorAll("body *")) {
    const style = getComputedStyle(box), text = box.textContent.trim();
    const isSeen = style.clipPath === "none" && style.clip === "auto" && box.getClientRects().length;
    if (!text || !isSeen || box.closest("svg")) continue;
    const across = ["hidden", "clip"].includes(style.overflowX) && box.scrollWidth > box.clientWidth + 1;
    const down = ["hidden", "clip"].includes(style.overflowY) && box.scrollHeight > box.clientHeight + 1;
    if (across || down) found.push(`${box.tagName} ${box.className} cuts ${text.slice(0, 30)}`);
    const label = getComputedStyle(box, "::before");
    const isStiff = label.whiteSpace === "nowrap" && label.content.length > 8;
    if (isStiff && box.matches(".cards td")) found.push(`${label.content} runs into ${text.slice(0, 30)}`);
  }
  return found;
}"""


@dataclass(frozen=True)
class Look:
    """How wide the window is, how the reader set the portal, and whether all that unfolds is unfolded."""

    width: int
    elder: bool = False
    theme: str = ""
    unfolded: bool = False

    def __str__(self):
        return f"{self.width}{' elder' * self.elder} {self.theme}{' unfolded' * self.unfolded}".strip()


WIDTHS = (360, 768, 1366)
_WORN = ((False, ""), (True, ""), (False, "dark"))
FOLDED = [Look(width, *worn) for worn in _WORN for width in WIDTHS]
LOOKS = FOLDED + [replace(look, unfolded=True) for look in FOLDED]


class Eyes:
    """One page of a browser that looks at answers of the portal."""

    def __init__(self, chromium, client: Client | None = None, *, scripts: bool = True):
        self.client, self.shown = client or Client(), None
        self.context_of_test = copy_context()  # holds the connection, which the browser's greenlet has not
        facts = {"base_url": HOST, "locale": "zh-CN", "reduced_motion": "reduce"}
        self.context = chromium.new_context(**facts, java_script_enabled=scripts)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.page.route("**/*", self._answer)

    def look(self, address: str, shown: HttpResponse | None = None) -> None:
        """Load a page; ``shown`` is what is answered there, for pages that a form leads to."""
        self.shown = shown
        self.page.goto(address)

    def wear(self, look: Look) -> None:
        """Give the window its width and the page its mode."""
        self.page.set_viewport_size({"width": look.width, "height": 800})
        self.page.wait_for_function("width => innerWidth === width", arg=look.width)
        self.page.evaluate(_DRESS, asdict(look))

    def violations(self) -> list[str]:
        """Return what axe-core finds on the page as it stands.

        The window is as high as the page: a bar at its edge covers only what could be moved from under it.
        """
        height = self.page.evaluate("Math.max(800, document.documentElement.scrollHeight)")
        self.page.set_viewport_size(self.page.viewport_size | {"height": height})
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        return self.page.evaluate(_RUN_AXE, RULES)

    def cut(self) -> list[str]:
        """Return what is lost at 400 % (320 CSS pixels), as it stands and with a reader's own spacing."""
        self.wear(Look(320))
        plain = self.page.evaluate(_CUT)
        self.page.evaluate(_SPACE)
        return plain + [f"spaced: {lost}" for lost in self.page.evaluate(_CUT)]

    def close(self) -> None:
        """Close the browser's window."""
        self.context.close()

    def _answer(self, route) -> None:
        asked = urlsplit(route.request.url)
        if asked.path.startswith("/static/"):
            return _static(route, asked.path.removeprefix("/static/"))
        answer, self.shown = self.shown or self._get(route.request), None
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=body)

    def _get(self, asked) -> HttpResponse:
        url, wanted = asked.url.removeprefix(HOST), {"accept": asked.headers.get("accept", "*/*")}
        get = partial(self.client.get, url, follow=True, headers=wanted)
        return self.context_of_test.copy().run(get)


def _static(route, name: str) -> None:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    route.fulfill(status=200, content_type=kind, body=Path(finders.find(name)).read_bytes())
