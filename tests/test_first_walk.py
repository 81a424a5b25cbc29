"""The first walk of README and the examples of the guide hold in the demonstration: walked, and asked."""

import json
import re

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from portal.models import CatalogueEntry
from tests.strolling import Stroller
from tests.test_demo import SECRET, built  # noqa: F401 -- a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("built")]
README = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
GUIDE = (settings.BASE_DIR / "docs" / "api.md").read_text(encoding="utf-8")
SITE = "http://127.0.0.1:8000"
EXAMPLES = re.findall(r"curl '?(\S+?)'?\n```\n\n```json\n(.*?)```", GUIDE, re.DOTALL)


def steps() -> list[list[str]]:
    """Return the numbered lines of the first walk as words: ``**click**``, ```` `typed or account` ````."""
    section = README.partition("## A first walk")[2].partition("\n## ")[0]
    lines = re.split(r"\n\d\. ", section)[1:]
    return [re.findall(r"\*\*.+?\*\*|`[^`]+`", line.partition("\n\n")[0]) for line in lines]


def walk(words: list[str]) -> Stroller:
    """Do what one line says; an account signs in, other words in quotes are typed as the number."""
    person = Stroller()
    for word in words:
        said = word.strip("*`")
        if word in ("**stranger**", "**工作人员登录**"):
            continue  # who walks, and a link that was taken to sign in
        if word.startswith("**"):
            person.click(said)
        elif "_" in said or said == "auditor":
            person = Stroller("/login/")
            person.sign_in(said, SECRET)
        else:
            person.type("公布文号", said)
            person.type("公布日期", str(timezone.localdate()))
    return person


def test_the_first_walk_of_the_readme_can_be_walked_and_ends_in_the_catalogue():
    ends = [walk(words) for words in steps()]

    assert ends[0].at == "/catalogue/skill-brands/SB-3704-0001/genealogy/"
    assert "请填写品牌项目名称。" in ends[1].text
    assert CatalogueEntry.objects.in_force().filter(title="寒亭民俗用品有限公司（演示）").count() == 1
    assert ends[4].at == "/desk/audit/"


@pytest.mark.parametrize(("address", "shown"), EXAMPLES, ids=[address for address, _ in EXAMPLES])
def test_an_example_of_the_interface_is_answered_as_the_guide_shows_it(address, shown):
    answer = Client(headers={"host": "127.0.0.1:8000"}).get(address.removeprefix(SITE))

    assert absent(json.loads(shown), json.loads(answer.content)) == []


def test_every_example_of_the_guide_is_asked():
    assert len(EXAMPLES) == GUIDE.count("\ncurl ")


def absent(shown, real, place: str = "") -> list[tuple]:
    """Return where ``real`` lacks what is shown: all keys and values, of a list its first ones."""
    if isinstance(shown, dict):
        return [gap for key in shown for gap in absent(shown[key], real.get(key), f"{place}.{key}")]
    if isinstance(shown, list) and isinstance(real, list) and len(shown) <= len(real) and shown:
        pairs = zip(shown, real, strict=False)
        return [gap for number, pair in enumerate(pairs) for gap in absent(*pair, f"{place}[{number}]")]
    return [] if shown == real else [(place, shown, real)]
