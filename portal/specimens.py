"""What the page of components shows: made-up data for every template in ``templates/components``.

A template that cannot stand by itself is named in ``ELSEWHERE`` with the reason; a test asks for each file.
"""

from dataclasses import dataclass, field
from datetime import date

from django import forms
from django.core.paginator import Paginator
from django.http import QueryDict

from portal import charts, registry

DAY = date(2024, 12, 31)
ELSEWHERE = {
    "account_menu": "在本页右上角的账号菜单中，含退出登录",
    "aloud": "长者模式的每一页上方，朗读按钮只在浏览器能朗读时出现",
    "chart_mark": "在“chart”的图例和折线中",
    "chart_pattern": "在“chart”的图例和条形中",
    "column_meta": "只写入页面头部，没有外观",
    "footer": "公开页面的页脚，在首页查看",
    "idle": "登录将要结束时才出现的对话框，含脚本",
    "keys": "在本页按 ? 打开",
    "messages": "办理之后在页面顶部出现，样子见“提示”",
    "public_links": "公开页面的主导航，在首页查看",
}


@dataclass(frozen=True)
class Specimen:
    """One example: the name of a component with its data, or the ``source`` of what has no file."""

    name: str
    data: dict = field(default_factory=dict)
    source: str = ""


class _Form(forms.Form):
    """One question of each kind."""

    name = forms.CharField(label="品牌项目名称", help_text="与证书上的名称一致。", max_length=100)
    text = forms.CharField(label="地域特色和技能特点", widget=forms.Textarea)
    number = forms.IntegerField(label="年培训人数", min_value=0)
    direction = forms.ChoiceField(
        label="品牌方向", choices=[("", "请选择"), ("food", "餐饮"), ("craft", "手工艺")]
    )
    parts = forms.MultipleChoiceField(
        label="服务内容", choices=[("a", "培训"), ("b", "评价")], widget=forms.CheckboxSelectMultiple
    )


def parts() -> list[Specimen]:
    """Return what has no template of its own: buttons, tags, messages, boxes to type in."""
    return [Specimen(name, source=source) for name, source in _PARTS.items()]


_PARTS = {
    "按钮": """<div class="row"><button class="btn main">查询</button><button class="btn">暂存</button>
<button class="btn seal">审核通过</button><button class="btn danger">作废</button>
<button class="btn plain">取消</button><button class="btn" aria-disabled="true">提交</button>
<button class="btn sm">{% icon "download" %}下载</button></div>
<p class="hint">“提交”不可用：还有 2 条意见未答复</p>""",
    "状态": """<div class="row">{% tag "draft" "草稿" %} {% tag "city_review" "待市级审核" %}
{% tag "approved" "审核通过" %} {% tag "filed_late" "逾期报送" %} {% tag "returned" "退回修改" %}
{% tag "rejected" "不予通过" %} {% tag "cancelled" "已作废" %}
<span class="chip level">省级</span> <span class="chip">演示</span></div>""",
    "提示": """<div class="stack-s">{% say "plain" %}<b>开放填报至 2024-12-31 24:00</b>{% endsay %}
{% say "ok" %}<b>第 2 版已提交，待市级审核</b>{% endsay %}
{% say "warn" %}<b>已超过截止时间，本次提交将标记为逾期</b>{% endsay %}
{% say "bad" %}<b>共 3 处错误，没有导入任何内容</b><p>改好后重新上传。</p>{% endsay %}</div>""",
    "依据": """<p class="clause">鲁人社字〔2024〕95号 二（一）2</p>""",
    "标签页": """<nav class="tabs" aria-label="待办"><a href="#" aria-current="page">待办<sup>7</sup></a>
<a href="#">已办</a><a href="#">待公布<sup>2</sup></a></nav>""",
    "截止时间": """<article class="card duty soon"><div><b>专项职业能力品牌征集（演示）</b>
<p class="clause">鲁人社字〔2024〕95号 三（二）</p></div><div class="left">9<small>天后截止</small></div>
<p class="small soft">2024-12-31 24:00 · 已报 13 / 16</p></article>""",
    "停留时长": """<p class="row"><span class="stay">2 天</span><span class="stay long">8 天</span></p>""",
    "进度": """<p><b>正在生成</b>　<span class="soft">第 2 步，共 3 步</span></p>
<div class="mt-2" role="progressbar" aria-label="生成进度"
aria-valuemin="0" aria-valuemax="100" aria-valuenow="60">
<svg class="bar" aria-hidden="true"><rect width="60%" height="100%"/></svg></div>
<p class="mt-2 small soft">可以离开本页，完成后通知您。</p>""",
    "改动": """<p>年培训 <del>300</del><ins>320</ins> 人</p>""",
    "意见": """<div class="note"><p class="row gap-s"><span class="pin">1</span>{% tag "open" "待答复" %}</p>
<p class="words">请补充培训人数的来源。</p></div>
<div class="note answered"><p class="row gap-s"><span class="pin">2</span>{% tag "answered" "已答复" %}</p>
<p class="words">请附证明材料。</p><div class="reply"><b>答复</b><p class="words">已附。</p></div></div>""",
    "还缺什么": """<ul class="todo all"><li class="done">品牌名称</li><li>关联行动</li>
<li class="miss"><a href="#">地域特色和技能特点</a></li></ul>""",
    "逐项核对": """<fieldset class="checklist">
<legend class="label">逐项核对<span class="opt">选填</span></legend>
<p class="clause">鲁人社字〔2024〕95号 二（一）2</p>
<div class="item"><p>有明确的考核项目</p>
<div class="row"><label class="check"><input type="radio" name="met" checked><span>符合</span></label>
<label class="check"><input type="radio" name="met"><span>不符合</span></label></div></div></fieldset>""",
    "现行有效": """<div class="stamp"><span>现行有效</span></div>""",
    "对话框": """<dialog class="dialog" open aria-label="登录即将结束"><h2 class="l">登录即将结束</h2>
<p>较长时间没有操作，2 分钟内登录会自动结束。已暂存的内容不受影响。</p>
<p class="row mt-3"><button class="btn main">继续使用</button></p></dialog>""",
    "已经发生的": """<div class="toast"><span>已删除第 3 行</span><button class="btn sm">撤销</button>
<button class="btn plain sm">关闭</button></div>""",
    "操作栏": """<div class="dock"><div class="in-d">
<span class="state">{% icon "check" %} 10:32:05 暂存</span>
<button class="btn">暂存</button><button class="btn main">提交</button></div></div>""",
    "事实": """<p class="big">13 / 16 市</p><p class="soft">已报送的市 / 应报送的市</p>""",
}


def components() -> list[Specimen]:
    """Return an example of each template that can stand by itself, by name."""
    found = [*_plain(), *_forms(), *_lists(), *_figures(), *_targets()]
    return sorted(found, key=lambda one: one.name)


def _plain() -> list[Specimen]:
    brand, unit = registry.get("skill-brands"), registry.get("building-units")
    node = {"name": "风筝扎制（演示）", "note": "专项职业能力", "url": "#"}
    columns = [
        {"question": "从哪里学", "term": "考核机构", "nodes": [], "missing": "还没有关联", "links": "fl"},
        {"question": "考什么", "term": "考核项目", "nodes": [node], "links": "fl fr"},
        {
            "question": "本条目",
            "term": "技能品牌",
            "nodes": [node | {"url": "", "is_self": True}],
            "links": "fr",
        },
    ]
    group = {"term": "考核项目", "nodes": [node], "slug": "exam-projects", "total": 8, "unit": "项"}
    entry = {"title": "潍坊风筝（演示）", "code": "SB-3707-0003", "kind": brand.slug, "level": "provincial"}
    entry |= {"get_level_display": "省级", "region": {"full_name": "潍坊市"}, "valid_from": DAY}
    links = [{"label": "考核项目", "nodes": [{"name": "风筝扎制（演示）"}], "count": 0}]
    history = {
        "shape": "ok",
        "title": "公布",
        "who": "潍坊市人社局",
        "at": "2024-12-31 10:32",
        "notes": ["演示文号"],
    }
    return [
        Specimen("account_link"),
        Specimen(
            "brand",
            {"url": "#", "name": "山东省技能品牌与考核项目", "motto": "目录查询 · 填报审核 · 汇总发布"},
        ),
        Specimen("crumb_home", {"catalogue": True, "of_type": brand, "here": "潍坊风筝（演示）"}),
        Specimen("crumb_help", {"here": "常见问题"}),
        Specimen(
            "crumb_reference", {"listed": {"slug": "ich", "label": "非遗项目"}, "here": "潍坊风筝制作技艺"}
        ),
        Specimen(
            "empty",
            {"title": "没有待办事项", "text": "报来的填报会出现在这里。", "url": "#", "action": "新建填报"},
        ),
        Specimen("family", {"columns": columns, "groups": [group]}),
        Specimen("gene", {"columns": columns}),
        Specimen(
            "hit",
            {"line": {"entry": entry, "sentence": "扎、糊、绘、放四艺俱全。", "links": links}, "q": "风筝"},
        ),
        Specimen("kv", {"pairs": [("编号", "SB-3707-0003"), ("所属地区", "潍坊市")]}),
        Specimen("logo"),
        Specimen("meant", {"near": [{"type": brand, "entry": entry}]}),
        Specimen(
            "near",
            {
                "near": [{"url": "#", "title": "潍坊风筝扎制（演示）", "rest": " · 寒亭区 · 已公布"}],
                "said": "仅供核对",
            },
        ),
        Specimen("no_hits", {"way_out": {"text": "去掉“省级”后有 12 个。", "query": "#"}}),
        Specimen("password_rules", {"field": {"auto_id": "id_new"}, "password_days": 90}),
        Specimen(
            "registries",
            {
                "registries": [
                    {"type": t, "count": n, "note": "本月新增 2 个"} for t, n in ((brand, 36), (unit, 120))
                ]
            },
        ),
        Specimen("source", {"url": "https://example.org/notice", "words": "鲁人社字〔2024〕95号"}),
        Specimen(
            "timeline",
            {
                "items": [
                    history,
                    {
                        "shape": "back",
                        "title": "退回修改",
                        "at": "2024-12-16 15:03",
                        "comment": "请补充培训人数的来源。",
                    },
                ]
            },
        ),
    ]


def _forms() -> list[Specimen]:
    brand = registry.get("skill-brands")
    empty = _Form()
    wrong = _Form({"name": "风筝" * 60, "text": "扎、糊、绘、放四艺俱全。", "number": "-3", "parts": ["a"]})
    wish = {"q": "风筝", "hidden": [("city", "3707")]}
    fields = [
        {"field": empty["name"], "number": 1, "need": True, "clause": "鲁人社字〔2024〕95号 附件1"},
        {"field": wrong["number"], "number": 2, "need": True, "under": "同市平均 312 人"},
        {"field": wrong["text"], "number": 3, "limit": 300},
        {"field": empty["direction"], "number": 4},
        {"field": wrong["parts"], "number": 5},
    ]
    return [
        Specimen("day_form", {"type": brand, "today": DAY}),
        Specimen("density_form"),
        Specimen("elder_form"),
        *(Specimen("field", one) for one in fields),
        Specimen("list_search", {"wish": wish}),
        Specimen("search_form", {"action_name": "search", "label": "关键词", "q": ""}),
        Specimen("target_day", {"day": DAY, "years": [2024, 2025], "chosen": 2024, "wish": {}}),
        Specimen("text_form"),
        Specimen("theme_form"),
        Specimen("verify_form", {"typed": "ABCD-EFGH-JKLM"}),
    ]


def _lists() -> list[Specimen]:
    options = [
        {"word": "潍坊市", "count": 4, "query": "#", "is_chosen": True},
        {"word": "青岛市", "count": 3, "query": "#"},
    ]
    conditions = [{"word": "潍坊市", "query": "#"}, {"word": "省级", "query": "#"}]
    headings = [{"text": "名称"}, {"text": "人数", "number": True}]
    row = [
        {"label": "名称", "text": "潍坊风筝（演示）", "url": "#"},
        {"label": "人数", "text": "1204", "number": True},
    ]
    facets = [{"label": "级别", "options": options}]
    page = Paginator(range(95), 20).get_page(2)
    brand = registry.get("skill-brands")
    return [
        Specimen("conditions", {"conditions": conditions, "clear": "#"}),
        Specimen("facet", {"label": "所在市", "options": options}),
        Specimen("filters", {"facets": facets, "top_cities": options, "conditions": conditions}),
        Specimen(
            "map_switch", {"types": [brand, registry.get("building-units")], "mapped": brand, "url": "#"}
        ),
        Specimen("pager", {"page": page, "params": QueryDict()}),
        Specimen("table", {"caption": "品牌", "headings": headings, "rows": [row, row]}),
    ]


def _figures() -> list[Specimen]:
    series = [charts.Series("已公布", (4, 3, 2), 1), charts.Series("审核中", (1, 2, 0), 2)]
    chart = charts.stacked("sample", "各市品牌", ["潍坊", "青岛", "济南"], series, "个")
    cities = [("3707", "潍坊市", 4), ("3702", "青岛市", 3), ("3701", "济南市", 2), ("3711", "日照市", 0)]
    tiles = [
        {"code": code, "name": name, "short_name": name[:2], "count": n, "heat": n, "url": "#"}
        for code, name, n in cities
    ]
    legend = [(0, "0"), (2, "1—2"), (4, "3 以上")]
    panel = {"slug": "sample", "table": {"name": "各市品牌的数"}}
    cell = {"said": "4", "is_number": True, "url": "#"}
    row = {"style": "", "first": {"said": "潍坊市"}, "cells": [cell]}
    headings = [{"text": "市"}, {"text": "品牌（个）", "is_number": True}]
    return [
        Specimen("chart", {"chart": chart}),
        Specimen(
            "chart_table", {"panel": panel, "headings": headings, "rows": [row, row | {"style": "total"}]}
        ),
        Specimen("tiles", {"map": {"cities": tiles, "legend": legend}, "unit": "个品牌"}),
    ]


def _targets() -> list[Specimen]:
    gauge = {
        "label": "省级品牌",
        "url": "#",
        "number": "7 个",
        "held_against": "不少于 10 个",
        "width": 70,
        "tick": 99,
    }
    gauge |= {
        "shape": "open",
        "word": "还差 3 个",
        "due": "2025年底前",
        "basis": "鲁人社字〔2024〕95号 一",
        "behind": 7,
    }
    gauge |= {"is_quoted": True}
    target = {"label": "省级品牌", "sentence": "到2025年，培育省级品牌10个以上。（演示）"}
    target |= {"document_number": "鲁人社字〔2024〕95号", "clause": "一"}
    line = {"title": "潍坊风筝（演示）", "url": "#", "code": "SB-3707-0003", "place": "潍坊市", "on": DAY}
    place = {"place": {"code": "3707", "name": "潍坊市", "number": "4"}, "query": "?city=3707"}
    reached = place | {"sign": True, "shape": "closed", "word": "已达到"}
    wish = {"params": QueryDict(), "city": ""}
    page = Paginator([line], 20).get_page(1)
    return [
        Specimen("gauge", {"gauge": gauge}),
        Specimen(
            "target_behind",
            {"target": target, "page": page, "lines": [line], "wish": wish, "params": QueryDict()},
        ),
        Specimen("target_places", {"target": target, "counts": "品牌（个）", "places": [reached, place]}),
        Specimen("target_sentence", {"target": target, "is_quoted": True}),
    ]
