"""Somebody with a keyboard alone: Tab, Enter, Space and arrows, and what is seen at every stop."""

MOST = 160
#: What is wrong with the stop the keyboard is at: nobody sees where it is, or something lies over it.
_SEEN = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return "";
  const name = `${at.tagName} ${(at.labels?.[0] || at).innerText.trim().slice(0, 30) || at.name}`;
  const boxes = [at, at.closest("label"), at.nextElementSibling].filter(Boolean);
  const worn = boxes.map((box) => getComputedStyle(box));
  const ringed = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  if (!worn.some(ringed)) return `${name} shows no focus`;
  const { left, right, top, bottom } = (at.closest("label") || at).getBoundingClientRect();
  const middle = [(left + right) / 2, (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2];
  const sides = [[left + 3, middle[1]], [right - 3, middle[1]]];
  const corners = [[left + 3, top + 3], [right - 3, bottom - 3], ...sides];
  const hit = (x, y) => document.elementFromPoint(x, y);
  const own = [at, at.closest("label")].filter(Boolean);
  const free = (over) => over && own.some((box) => box.contains(over) || over.contains(box));
  return [middle, ...corners].some(([x, y]) => free(hit(x, y))) ? "" : `${name} lies under something`;
}"""
_IS_HERE = "box => box === document.activeElement"
_IS_GROUP = "box => document.activeElement.type === 'radio' && document.activeElement.name === box.name"


class Keyboard:
    """The keys of a page; ``wrong`` says which stops could not be seen, ``pages`` how many were loaded."""

    def __init__(self, page):
        self.page, self.wrong, self.pages = page, [], 0
        page.on("load", lambda _: setattr(self, "pages", self.pages + 1))

    def tab(self) -> None:
        """Go to the next stop and look at it."""
        self.page.keyboard.press("Tab")
        if found := self.page.evaluate(_SEEN):
            self.wrong.append(f"{self.page.url}: {found}")

    def to(self, role: str, name, *, exact: bool = False):
        """Go on with Tab until the control of that role and name has the focus."""
        target = self.page.get_by_role(role, name=name, exact=exact).first
        target.wait_for()
        for _ in range(MOST):
            if target.evaluate(_IS_HERE):
                return target
            self.tab()
        raise AssertionError(f"{role} {name} was not reached with Tab on {self.page.url}")

    def press(self, role: str, name, *, exact: bool = False) -> None:
        """Go to a link or button and press Enter."""
        self.to(role, name, exact=exact)
        self.page.keyboard.press("Enter")

    def write(self, name, words: str, role: str = "textbox") -> None:
        """Go to a box and type."""
        self.to(role, name)
        self.page.keyboard.type(words)

    def tick(self, name) -> None:
        """Go to a box and tick it."""
        self.to("checkbox", name)
        self.page.keyboard.press("Space")

    def choose(self, name: str) -> None:
        """Go to the group of a choice, and with the arrows to the choice."""
        target = self.page.get_by_role("radio", name=name).first
        for _ in range(MOST):
            if target.evaluate(_IS_GROUP):
                break
            self.tab()
        self.page.keyboard.press("Space")
        for _ in range(MOST):
            if target.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{name} was not reached with the arrows on {self.page.url}")
