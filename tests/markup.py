"""What is wrong with the markup of a page: what a strict parser says, and what refers to nothing."""

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib

#: Attributes whose words are ids of the same page.
REFERENCES = (
    "for", "form", "list", "headers", "popovertarget", "aria-labelledby", "aria-describedby", "aria-controls",
    "aria-owns", "aria-details", "aria-errormessage", "aria-activedescendant",
)  # fmt: skip
LABELLED = {"input", "select", "textarea", "button", "output", "meter", "progress"}
INTERACTIVE = {"a", "button", "select", "textarea", "input", "label", "summary"}


def faults(html: str) -> list[str]:
    """Return each fault of a page in words, none if its markup is valid as far as we look."""
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    root = parser.parse(html)
    wrong = [f"line {line}: {code} {facts}" for (line, _), code, facts in parser.errors]
    return [*wrong, *_repeated(root), *_to_nothing(root), *_nested(root), *_idle(root), *_headless(root)]


def _repeated(root: Element) -> Iterator[str]:
    ids = Counter(element.get("id") for element in root.iter() if element.get("id") is not None)
    yield from (f"id {name!r} stands {times} times" for name, times in ids.items() if times > 1 or not name)


def _to_nothing(root: Element) -> Iterator[str]:
    there = {element.get("id"): element.tag for element in root.iter() if element.get("id")}
    for element in _elements(root):
        for name in REFERENCES:
            for word in (element.get(name) or "").split():
                if word not in there:
                    yield f"{element.tag}[{name}={word}] leads to nothing"
        if element.tag == "label" and (to := element.get("for")) and there.get(to, "input") not in LABELLED:
            yield f"label for {to} labels a {there.get(to)}"
        anchor = element.get("href") or ""
        if re.fullmatch(r"#[\w-]+", anchor) and anchor[1:] not in there:
            yield f"a[href={anchor}] leads to nothing"


def _idle(root: Element) -> Iterator[str]:
    """Yield labels of nothing, but those by which the administration of Django names what is only shown."""
    of_shown = {label for box in root.iter() if _is_shown(box) for label in box.iter("label")}
    for label in root.iter("label"):
        if (
            label not in of_shown
            and not label.get("for")
            and not any(e.tag in LABELLED for e in label.iter())
        ):
            yield f"label of nothing: {''.join(label.itertext())!r}"


def _is_shown(box: Element) -> bool:
    return any("readonly" in (child.get("class") or "") for child in box)


def _nested(root: Element, inside: str = "") -> Iterator[str]:
    for element in root:
        if not isinstance(element.tag, str):
            continue
        is_active = element.tag in INTERACTIVE and element.get("type") != "hidden"
        if is_active and inside and (inside, element.tag) not in ALLOWED:
            yield f"{element.tag} stands inside {inside}"
        yield from _nested(element, element.tag if is_active else inside)


#: A label holds its control, and may say more of it behind a link.
ALLOWED = {("label", "input"), ("label", "select"), ("label", "textarea")}


def _headless(root: Element) -> Iterator[str]:
    for table in root.iter("table"):
        if next(table.iter("td"), None) is not None and next(table.iter("th"), None) is None:
            yield f"table without headers: {''.join(table.itertext()).strip()[:40]!r}"


def _elements(root: Element) -> Iterator[Element]:
    yield from (element for element in root.iter() if isinstance(element.tag, str))
