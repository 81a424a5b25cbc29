"""A form that is sent after the sign-in ran out: not taken, said so, and the way back is a page."""

import pytest
from django.urls import reverse

from portal.models import Event
from tests import factories

pytestmark = pytest.mark.django_db

HERE = "http://testserver"
EXPIRED = "登录已过期，刚才的操作没有提交。"


def sent(client, filing, page: str):
    said = {"action": "endorse", "version": filing.version, "step": filing.step, "comment": "同意上报。"}
    return client.post(reverse("filing-act", args=[filing.pk]), said, headers={"referer": page})


@pytest.mark.parametrize(
    ("page", "back"),
    [
        ("/desk/filings/{pk}/?from=tab%3Dtodo", "/desk/filings/{pk}/%3Ffrom%3Dtab%253Dtodo"),
        ("/desk/filings/{pk}/act/", "/desk/filings/{pk}/"),
        ("/desk/filings/{pk}/edit/", "/desk/filings/{pk}/edit/"),
        ("/desk/?tab=todo", "/desk/%3Ftab%3Dtodo"),
        ("", "/desk/"),
    ],
)
def test_who_signs_in_again_comes_back_to_the_page_of_the_form(client, page, back):
    filing = factories.submitted("skill-brands")

    answer = sent(client, filing, f"{HERE}{page.format(pk=filing.pk)}" if page else "")

    assert (answer.status_code, answer.url) == (302, f"/login/?next={back.format(pk=filing.pk)}")
    acts = Event.objects.filter(filing_id=filing.pk).values_list("action", flat=True)
    assert list(acts) == ["submit"]


def test_no_other_site_says_where_he_comes_back(client):
    answer = sent(client, factories.submitted("skill-brands"), "http://elsewhere.example/desk/filings/1/")

    assert answer.url == "/login/?next=/desk/"


def test_the_page_he_comes_back_to_says_that_nothing_was_submitted(client):
    filing, by = factories.submitted("skill-brands"), factories.reviewer()
    answer = sent(client, filing, f"{HERE}/desk/filings/{filing.pk}/")

    found = client.post(answer.url, {"username": by.username, "password": factories.PASSWORD}, follow=True)

    assert found.redirect_chain == [(f"/desk/filings/{filing.pk}/", 302)]
    assert EXPIRED in found.content.decode()
