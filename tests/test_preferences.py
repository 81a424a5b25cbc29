"""How a visitor sees the pages: his preferences in cookies, and the facts of the site around them."""

import pytest

from tests.public import read

pytestmark = pytest.mark.django_db
LIST = "/catalogue/skill-brands/"


def test_facts_of_the_site_show_when_they_are_filled_in(client, settings):
    before = read(client, "/")
    settings.SITE = settings.SITE | {"owner": "演示单位", "icp": "演示备案号"}

    after = read(client, "/")

    assert ["主办单位" in page for page in (before, after)] == [False, True]
    assert "演示备案号" in after


def test_the_strip_shows_that_rows_are_invented(client, settings):
    pages = []
    for settings.DEMO in (True, False):
        pages.append(read(client, "/"))

    assert ["演示环境" in page for page in pages] == [True, False]


@pytest.mark.parametrize(
    ("sent", "attribute"),
    [
        ({"elder": "on"}, "data-elder"),
        ({"theme": "dark"}, 'data-theme="dark"'),
        ({"theme": "light"}, 'data-theme="light"'),
    ],
)
def test_a_preference_is_kept_and_taken_back(client, sent, attribute):
    client.post("/preferences/", {**sent, "next": LIST})
    kept = read(client, "/")
    client.post("/preferences/", dict.fromkeys(sent, ""))

    assert [attribute in page for page in (kept, read(client, "/"))] == [True, False]


def test_a_preference_that_does_not_exist_is_not_kept(client):
    client.post("/preferences/", {"theme": "<script>", "elder": "yes", "density": "0"})

    assert {name: cookie.value for name, cookie in client.cookies.items()} == {
        "theme": "",
        "elder": "",
        "density": "",
    }


@pytest.mark.parametrize(
    ("target", "to"),
    [
        (f"{LIST}?q=剪纸", "/catalogue/skill-brands/?q=%E5%89%AA%E7%BA%B8"),
        ("https://example.org/", "/"),
        ("//example.org/", "/"),
        ("/\\example.org", "/"),
        ("/\t/example.org", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_after_choosing_a_preference_one_stays_on_this_site(client, target, to):
    answer = client.post("/preferences/", {"elder": "on", "next": target})

    assert (answer.status_code, answer.url) == (302, to)


@pytest.mark.parametrize(
    "origin", ["https://example.org", "null", "http://[", "http://testserver.example.org"]
)
def test_another_site_cannot_choose_a_preference(client, origin):
    answer = client.post("/preferences/", {"elder": "on"}, headers={"Origin": origin})

    assert (answer.status_code, dict(answer.cookies)) == (403, {})
