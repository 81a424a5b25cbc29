"""The strict reader of pages finds what it is there to find, and nothing in a page that is right."""

import pytest

from tests.markup import faults

PAGE = '<!doctype html><html lang="zh-CN"><head><title>页</title></head><body>{}</body></html>'
FAULTY = {
    '<p id="a">一</p><p id="a">二</p>': ["id 'a' stands 2 times"],
    '<label for="nothing">名称</label><input>': ["label[for=nothing] leads to nothing"],
    '<p id="a">一</p><label for="a">名称</label>': ["label for a labels a p"],
    "<label>名称</label>": ["label of nothing: '名称'"],
    '<input aria-describedby="gone">': ["input[aria-describedby=gone] leads to nothing"],
    '<a href="#gone">去</a>': ["a[href=#gone] leads to nothing"],
    '<a href="/"><button>去</button></a>': ["button stands inside a"],
    "<table><tbody><tr><td>一</td></tr></tbody></table>": ["table without headers: '一'"],
    "<p>一</div>": ["line 1: end-tag-too-early {'name': 'div'}"],
}


@pytest.mark.parametrize("body", FAULTY)
def test_a_fault_is_named(body):
    assert faults(PAGE.format(body)) == FAULTY[body]


def test_a_form_inside_a_form_is_found():
    found = faults(PAGE.format("<form><form></form></form>"))

    assert [fault.split()[2] for fault in found] == ["unexpected-start-tag", "unexpected-end-tag"]


def test_nothing_is_found_in_a_page_that_is_right():
    right = (
        '<main><h1 id="head">标题</h1><form aria-labelledby="head"><label>名称<input></label>'
        '<label for="b">二</label><select id="b"><option>一</option></select></form>'
        '<table><tr><th scope="row">一</th><td>二</td></tr></table><a href="#head">上</a></main>'
    )

    assert faults(PAGE.format(right)) == []
