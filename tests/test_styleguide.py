"""The living page of components: every template is shown, each piece of markup is what was rendered."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from portal import specimens
from tests import factories

#: Parts of the interface that are markup with a class.
DRAWN = {"btn", "tag", "say", "clause", "tabs", "duty", "stay", "bar", "pin", "note", "todo", "checklist"}
DRAWN |= {"stamp", "dialog", "toast", "dock"}
COMPONENTS = Path(settings.BASE_DIR) / "templates" / "components"


def test_every_component_is_shown_or_says_why_not():
    files = sorted(path.stem for path in COMPONENTS.glob("*.html"))
    shown = {one.name for one in specimens.components()}

    assert sorted(shown | set(specimens.ELSEWHERE)) == files
    assert shown & set(specimens.ELSEWHERE) == set()


@pytest.fixture
def guide(client) -> str:
    """Return the page as a filer reads it."""
    factories.sign_in(client, factories.filer())
    answer = client.get(reverse("styleguide"))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
def test_the_markup_beside_a_component_is_that_of_the_component_itself(guide):
    shown = re.findall(r'<div class="pad specimen" inert>(.*?)</div>\n<details', guide, re.DOTALL)
    beside = re.findall(r"<code>(.*?)</code></pre>", guide, re.DOTALL)

    assert len(shown) == len(beside) == len([*specimens.parts(), *specimens.components()])
    assert [as_written(markup) for markup in shown] == [as_written(unescape(said)) for said in beside]


def as_written(markup: str) -> list[str]:
    """Return the words and tags of markup without blanks and without the number of the example."""
    plain = re.sub(r"--\d+", "", markup)
    return re.sub(r"\s+", " ", plain).replace("> <", "><").split()


@pytest.mark.django_db
def test_what_has_no_template_of_its_own_is_shown_too(guide):
    shown = "".join(re.findall(r'<div class="pad specimen" inert>(.*?)</div>\n<details', guide, re.DOTALL))
    dressed = {word for words in re.findall(r'class="([^"]*)"', shown) for word in words.split()}

    assert DRAWN - dressed == set()
    assert [f"<{name}>" in shown for name in ("ins", "del")] == [True, True]


@pytest.mark.django_db
def test_no_two_elements_of_the_page_have_one_name(guide):
    names = re.findall(r'\sid="([^"]+)"', guide)

    assert sorted(names) == sorted(set(names))


@pytest.mark.django_db
def test_a_stranger_is_led_to_the_sign_in(client):
    answer = client.get(reverse("styleguide"))

    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/styleguide/")
