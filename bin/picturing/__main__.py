"""Takes the pictures: signs people in, opens pages, stores what is seen as small files."""

import io
import json
import logging
import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import django

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread
django.setup()
logging.getLogger("django.request").setLevel(logging.ERROR)  # who may not open a page is asked first

from django.conf import settings  # noqa: E402
from PIL import Image, ImageChops  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from picturing import finding, table  # noqa: E402
from portal import demo, manual  # noqa: E402

ADDRESS = os.environ["PICTURED_PORTAL"]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SCREENS = Path(settings.BASE_DIR) / "docs" / "screenshots"
#: How much of a page is kept, in pixels; a form is longer than anybody looks at in a picture.
TALLEST = 3000
#: Qualities of WebP: of what is looked over, of what is read.
OVERVIEW, READ = 30, 48
#: How high a window is.
HEIGHT = 820
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=zh-CN"]
#: What Chromium writes into its own controls.
CHINESE = {**os.environ, "LANGUAGE": "zh_CN"}


class Camera:
    """A browser with one window per person and width, each signed in once by the form."""

    def __init__(self, browser: Browser):
        self.browser = browser
        self.page = cache(self._page)

    def _page(self, person: str | None, width: int, *, elder: bool = False) -> Page:
        context = self.browser.new_context(
            base_url=ADDRESS,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": width, "height": HEIGHT},
            reduced_motion="reduce",
        )
        if elder:
            context.add_cookies([{"name": "elder", "value": "on", "url": ADDRESS}])
        page = context.new_page()
        if person:
            page.goto("/login/")
            page.get_by_label("用户名").fill(person)
            page.get_by_label("密码").fill(demo.password())
            page.get_by_role("button", name="登录", exact=True).click()
            page.wait_for_url("**/desk/**")
        return page


def store(shot: bytes, path: Path, tallest: int, quality: int) -> tuple[int, int]:
    """Write a picture as WebP, cut off at ``tallest``, unless the same is there; return its size."""
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, tallest)))
    path.parent.mkdir(parents=True, exist_ok=True)
    written = io.BytesIO()
    picture.save(written, "WEBP", quality=quality, method=6)
    if not is_same(written, path):
        path.write_bytes(written.getvalue())
    return picture.size


def is_same(written: io.BytesIO, path: Path) -> bool:
    """Say whether the file at ``path`` shows exactly this already."""
    if not path.exists():
        return False
    with Image.open(path) as before, Image.open(written) as now:
        return (
            before.size == now.size
            and not ImageChops.difference(before.convert("RGB"), now.convert("RGB")).getbbox()
        )


def take_pages(camera: Camera, only: list[str]) -> list[str]:
    """Take every page at both widths; return the routes for which no page opened."""
    missing = []
    for name, route in sorted(finding.by_name().items()):
        if not finding.is_pictured(name) or (only and name not in only):
            continue
        people = table.LOOKERS.get(name, table.PEOPLE)
        seen = finding.found(name, route, people, query=table.QUERIES.get(name, ""))
        if seen is None:
            missing.append(name)
            continue
        take(camera, name, *seen)
    for name, address in table.BESIDE.items():
        take(camera, name, None, address)
    return missing


def take(camera: Camera, name: str, person: str | None, address: str) -> None:
    """Take one page at both widths."""
    for width in table.WIDTHS:
        page = camera.page(person, width)
        page.goto(address)
        store(whole(page, width), SCREENS / str(width) / f"{name.replace(':', '-')}.webp", TALLEST, OVERVIEW)
    print(f"{name}: {address} ({person or 'a stranger'})", flush=True)


def whole(page: Page, width: int) -> bytes:
    """Return a page in a window as high as it is: what lies at the foot of the window lies at its foot."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(height, TALLEST)})
    return page.screenshot()


def take_manual(camera: Camera, only: list[str]) -> list[str]:
    """Take the pictures of the manual; return the names for which no page opened."""
    by_name, missing, sizes = finding.by_name(), [], dict(manual.sizes())
    for name, shot in table.MANUAL.items():
        if only and name not in only:
            continue
        people = [who for who in table.PEOPLE if table.is_among(who, shot.person)]
        seen = finding.found(shot.route, by_name[shot.route], people, shot.of, shot.query)
        if seen is None:
            missing.append(name)
            continue
        page = camera.page(seen[0], 1180, elder=shot.elder)
        page.goto(seen[1])
        sizes[name] = list(store(framed(page, shot), manual.PICTURES / f"{name}.webp", HEIGHT, READ))
        print(f"{name}: {seen[1]} ({seen[0] or 'a stranger'})", flush=True)
    told = {name: sizes[name] for name in sorted(sizes) if name in table.MANUAL}
    (manual.PICTURES / "pictures.json").write_text(json.dumps(told, indent=1) + "\n")
    return missing


def framed(page: Page, shot: table.Shot) -> bytes:
    """Return what the picture shows: the part named, or what fits the window."""
    for pressed in shot.press:
        page.locator(pressed).first.click()
        page.wait_for_load_state()
    if shot.part:
        return page.locator(shot.part).first.screenshot()
    return page.screenshot()


def main(arguments: list[str]) -> int:
    """Take the kinds named first, of the names that follow or all; 1 when something could not be shown."""
    kinds = [kind for kind in arguments if kind in ("manual", "pages")]
    only = [name for name in arguments if name not in kinds]
    with sync_playwright() as playwright:
        camera = Camera(playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS, env=CHINESE))
        takers = {"manual": take_manual, "pages": take_pages}
        missing = [name for kind in kinds for name in takers[kind](camera, only)]
    for name in missing:
        print(f"No page opened for {name}.", file=sys.stderr)
    return int(bool(missing))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
