"""A first filing by somebody who only hears the screen: names and roles, twelve steps at most."""

import re

import pytest

from portal import registry
from portal.models import Filing
from portal.vocabulary import State
from tests import factories
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
KIND, BRAND = "labour-brands", "潍坊演示家政"
MOST_STEPS = 12
SAID = {
    "劳务品牌名称": BRAND,
    "所属行业": "家政服务",
    "品牌简介": "演示数据。以家政服务为主，培训与就业衔接。",
    "名称中的地区": "潍坊",
    "名称中的产业行业": "家政",
    "从业人员": "1200",
}


def test_a_filing_needs_twelve_steps_at_most_from_sign_in_to_submitted_by_names_alone(page):
    """A step is a page that is loaded, whatever led to it."""
    user, steps = factories.filer(), []
    page.on("load", lambda loaded: steps.append(loaded.url))

    page.goto("/login/")
    page.get_by_label("用户名").fill(user.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("link", name="新建填报").first.click()
    page.get_by_role("button", name=re.compile(f"^开始填报.*{registry.get(KIND)}$")).click()
    for label, words in SAID.items():
        page.get_by_label(label).fill(words)
    page.get_by_role("radio", name="高品质服务型", exact=True).check()
    page.get_by_role("radio", name="培育", exact=True).check()
    page.get_by_role("button", name="提交", exact=True).click()
    page.get_by_role("button", name="确认提交").click()
    page.get_by_role("heading", level=1, name=BRAND).wait_for()

    assert Filing.objects.get(title=BRAND).state == State.CITY_REVIEW
    assert len(steps) <= MOST_STEPS, steps
