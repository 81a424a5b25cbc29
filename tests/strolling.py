"""Somebody who reads a page and clicks: links, choices, fields, buttons by their words; no browser."""

from html.parser import HTMLParser
from urllib.parse import urljoin

from django.test import Client


class Page(HTMLParser):
    """What a page offers: links, buttons and choices by their words, forms with what they would send."""

    def __init__(self, html: str):
        super().__init__()
        self.links, self.buttons, self.choices, self.fields = [], [], [], {}
        self.forms: dict[str, dict] = {}
        self._form, self._open = "", []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = given.get("id") or f"form {len(self.forms)}"
            self.forms[self._form] = {
                "to": given.get("action", ""),
                "by": given.get("method", "get"),
                "sent": {},
            }
        elif tag in ("a", "button", "label", "textarea"):
            self._open.append((tag, given | {"form": given.get("form", self._form)}, []))
        elif tag == "input":
            self._input(given)

    def handle_endtag(self, tag):
        if self._open and self._open[-1][0] == tag:
            _, given, words = self._open.pop()
            self._closed(tag, given, "".join("".join(words).split()))
        elif tag == "form":
            self._form = ""

    def handle_data(self, data):
        for _, _, words in self._open:
            words.append(data)

    def _input(self, given: dict[str, str]) -> None:
        kind, name, form = given.get("type", "text"), given.get("name"), given.get("form", self._form)
        if kind in ("radio", "checkbox") and self._open:
            self._open[-1][1]["ticks"] = (form, name, given.get("value", "on"))
        if name and form and (kind not in ("radio", "checkbox", "submit", "file") or "checked" in given):
            self.forms[form]["sent"][name] = given.get("value", "")
        if name and "id" in given:
            self.fields[given["id"]] = (form, name)

    def _closed(self, tag: str, given: dict, words: str) -> None:
        if tag == "a" and "href" in given:
            self.links.append((words, given["href"]))
        elif tag == "button":
            self.buttons.append((words, given))
        elif tag == "label":
            self.choices.append((words, given.get("ticks"), given.get("for")))
        elif tag == "textarea" and given.get("name") and given["form"]:
            self.forms[given["form"]]["sent"][given["name"]] = words


class Stroller:
    """A person with a client: ``see`` is the page before him."""

    def __init__(self, address: str = "/"):
        self.client = Client()
        self.go(address)

    def sign_in(self, username: str, password: str) -> None:
        """Sign in by the form of the page before him."""
        self.type("用户名", username)
        self.type("密码", password)
        self.press("登录")

    def go(self, address: str, by: str = "get", sent: dict | None = None) -> None:
        """Open an address, whatever it leads to."""
        answer = getattr(self.client, by)(address, sent or {}, follow=True)
        assert answer.status_code == 200, (answer.status_code, address)
        self.at = answer.redirect_chain[-1][0] if answer.redirect_chain else address
        self.text = answer.content.decode()
        self.see = Page(self.text)

    def click(self, words: str) -> None:
        """Follow the link, press the button or tick the choice that says so; a link may say more."""
        exact = [to for said, to in self.see.links if words == said]
        if not exact and any(said == words for said, _ in self.see.buttons):
            self.press(words)
        elif found := exact or [to for said, to in self.see.links if words in said]:
            self.go(urljoin(self.at, found[0]))
        else:
            form, name, value = next(ticks for said, ticks, _ in self.see.choices if words in said and ticks)
            self.see.forms[form]["sent"][name] = value

    def type(self, label: str, value: str) -> None:
        """Fill in the field that a label names."""
        form, name = self.see.fields[next(to for said, _, to in self.see.choices if label in said and to)]
        self.see.forms[form]["sent"][name] = value

    def press(self, words: str) -> None:
        """Press the first button that says so, and send its form."""
        given = next(given for said, given in self.see.buttons if said == words)
        form = self.see.forms[given["form"]]
        sent = form["sent"] | ({given["name"]: given.get("value", "")} if "name" in given else {})
        self.go(urljoin(self.at, given.get("formaction") or form["to"]), form["by"], sent)
