"""Pages that say what went wrong lead on, and give back what was typed."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db
OWN = "http://testserver"
TYPED = {
    "comment": "这一版的培训人数与统计表不一致，请核对。",
    "password": "not-for-anybody-9",
    "action": "return",
}


def refused(origin: str, data: dict) -> str:
    """Return the page that answers a form without its token."""
    browser = Client(enforce_csrf_checks=True, headers={"origin": origin} if origin else None)
    browser.force_login(factories.reviewer())
    answer = browser.post(reverse("view-keep"), urlencode(data), "application/x-www-form-urlencoded")
    assert answer.status_code == 403
    return answer.content.decode()


def test_a_form_without_its_token_gives_back_the_texts_but_no_password():
    page = refused(OWN, TYPED | {"more": "<script>alert(1)</script>"})

    assert f">{TYPED['comment']}</textarea>" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</textarea>" in page
    assert TYPED["password"] not in page


@pytest.mark.parametrize("origin", ["https://example.org", "null", ""])
def test_a_form_of_another_site_lays_no_words_into_ours(origin):
    assert TYPED["comment"] not in refused(origin, TYPED)


def test_whoever_may_not_open_a_page_is_led_to_those_he_may():
    page = refused(OWN, {})

    assert f'href="{reverse("desk")}"' in page


def test_the_address_of_a_form_that_is_opened_says_what_it_is_and_leads_on():
    browser = Client()
    browser.force_login(factories.reviewer())

    answer = browser.get(reverse("view-keep"))

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "这个地址不能直接打开" in answer.content.decode()
    assert f'href="{reverse("desk")}"' in answer.content.decode()
