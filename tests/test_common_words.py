"""Words that more entries hold than are read at once, pages that nobody turns to: no number is made up."""

import pytest

from portal import browse, hits, search
from tests import copies, factories
from tests.public import read

pytestmark = pytest.mark.django_db
KIND, LIST, SEARCH = "skill-brands", "/catalogue/skill-brands/", "/search/"
NUMBER = 45


@pytest.fixture(autouse=True)
def crowded(monkeypatch):
    """Hold more entries with one word than are read at once, and one that has it in its name alone."""
    monkeypatch.setattr(hits, "MOST", 40)
    factories.entry(KIND, place="3717", name="菏泽演示面塑品牌")
    others = copies.many_entries(NUMBER - 1, KIND, place="3707")
    search.rebuild()
    return others


def test_the_number_of_hits_of_a_common_word_is_said_to_be_more(client):
    page = read(client, f"{LIST}?q=潍坊")

    assert "<b>20 个以上</b>" in page
    assert "没有逐个计数，筛选项旁不显示个数" in page
    assert client.get(LIST, {"q": "潍坊"}).context["facets"][0]["options"][0]["count"] is None
    assert client.get(LIST, {"q": "潍坊"}).context["may_download"] is False


def test_the_number_of_a_rare_word_is_exact(client):
    context = client.get(LIST, {"q": "菏泽"}).context

    assert (context["page"].paginator.count, context["is_common"]) == (1, False)
    assert context["facets"][0]["options"][0]["count"] == 1


def test_pages_of_a_common_word_hold_all_that_may_be_turned_to_and_then_a_sentence(client):
    shown = [client.get(LIST, {"q": "潍坊", "page": page}) for page in (1, 2, 3)]

    codes = [line["entry"].code for answer in shown[:2] for line in answer.context["lines"]]
    assert len(set(codes)) == 40
    assert [answer.context["is_too_far"] for answer in shown] == [False, False, True]
    assert "这一页太靠后，没有列出" in shown[2].content.decode()


def test_a_page_in_the_depth_of_a_list_is_answered_by_a_sentence(client, monkeypatch):
    monkeypatch.setattr(browse, "FARTHEST", 10)

    codes = [client.get(LIST, {"page": page}).status_code for page in (1, 2, 3, 4, 10**26)]
    middle = read(client, f"{LIST}?page=2")

    assert codes == [200, 200, 200, 404, 404]
    assert "请按地区、类别筛选" in middle


def test_the_search_over_all_catalogues_says_so_too(client):
    page = read(client, f"{SEARCH}?q=潍坊")

    assert "专项职业能力品牌 20 个以上" in page
    assert "在这个目录中查看全部</a>" in page
