"""Pages that say what went wrong lead on, and give back what was typed."""

import html
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from portal import given_back as given_back_words
from portal import registry
from portal.vocabulary import State
from tests import factories
from tests.typed import typed

pytestmark = pytest.mark.django_db
OWN = "http://testserver"
TYPED = {
    "comment": "这一版的培训人数与统计表不一致，请核对。",
    "password": "not-for-anybody-9",
    "action": "return",
}


def refused(origin: str, data: dict, referer: str = "") -> str:
    """Return the page that answers a form without its token."""
    told = {"origin": origin, "referer": referer}
    browser = Client(enforce_csrf_checks=True, headers={name: value for name, value in told.items() if value})
    browser.force_login(factories.reviewer())
    answer = browser.post(
        reverse("view-keep"), urlencode(data, doseq=True), "application/x-www-form-urlencoded"
    )
    assert answer.status_code == 403
    return answer.content.decode()


def given_back(page: str) -> dict[str, str]:
    """Return what the page lists: label → words, with their lines."""
    found = re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.DOTALL)
    return {html.unescape(label): html.unescape(said).replace("<br>", "\n") for label, said in found}


def test_a_form_without_its_token_gives_back_the_texts_but_no_password():
    page = refused(OWN, TYPED | {"more": "again", "opinion": "<script>alert(1)</script>"})

    assert given_back(page) == {
        "意见": TYPED["comment"],
        "动作": "退回修改",
        "会商意见": "<script>alert(1)</script>",
    }
    assert "<script>alert(1)" not in page


def test_a_form_without_its_token_gives_back_all_that_was_filled_in_as_its_page_called_it():
    filing, brand = factories.submitted("skill-brands"), factories.entry("labour-brands")
    data = typed(filing, advantage_people="一行\n二行", labour_brands=[str(brand.filing_id)])

    found = given_back(refused(OWN, data))

    record_type = filing.record_type
    filled = {name for name in record_type.fields if any(data.get(name, ()))}
    assert found.keys() == {str(record_type.field(name).verbose_name) for name in filled}
    assert (found["带动的劳务品牌"], found["从业人员及技能领头人情况"]) == (brand.title, "一行\n二行")


def test_rows_are_given_back_each_value_with_its_row_and_a_number_as_it_was_typed():
    sent = {"authorizations-1-region": "370705", "authorizations-TOTAL_FORMS": "2", "contact": "13805360001"}

    assert given_back(refused(OWN, sent)) == {
        "授权项目第2行：地区": "潍坊市奎文区",
        "联系方式": "13805360001",
    }


def test_what_was_chosen_is_named_only_where_everybody_may_read_it():
    draft = factories.filing("labour-brands", State.DRAFT)
    sent = {"labour_brands": str(draft.pk), "region": "370705"}

    assert given_back(refused(OWN, sent)) == {
        "带动的劳务品牌": given_back_words.CHOSEN,
        "地区": "潍坊市奎文区",
    }


def test_what_pages_send_along_is_known_and_nothing_that_is_typed_is_among_it():
    sent = {"hidden": set(), "seen": set()}
    for page in (Path(settings.BASE_DIR) / "templates").glob("**/*.html"):
        for control in re.findall(r"<(?:input|button|select|textarea)\b[^>]*>", page.read_text()):
            name = re.search(r'\bname="(\w+)"', control)
            is_hidden = control.startswith("<button") or 'type="hidden"' in control
            sent["hidden" if is_hidden else "seen"].update(name.groups() if name else ())
    of_filings = {name for one in registry.all_types() for name in (*one.fields, *one.rows)}

    assert sent["hidden"] - sent["seen"] - given_back_words.MACHINERY == set()
    assert given_back_words.MACHINERY & (of_filings | sent["seen"]) == set()


@pytest.mark.parametrize(
    ("referer", "led"),
    [
        (f"{OWN}/desk/?tab=done#x", True),
        ("https://example.org/desk/?tab=done", False),
        (f"{OWN}//example.org/desk/?tab=done", False),
        ("", False),
    ],
)
def test_a_form_without_its_token_leads_back_to_the_page_it_was_on_and_nowhere_else(referer, led):
    page = refused(OWN, TYPED, referer)

    assert ('href="/desk/?tab=done">回到刚才的页面' in page, "example.org" in page) == (led, False)


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
