"""Pages about the site itself, for everybody: what it does for accessibility, and all its public pages."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_safe

from portal import facts, manual, registry

Link = tuple[str, str]  # words, address
SEARCHED = {"首页": "home", "品牌与项目目录": "catalogue", "全部目录查询": "search", "各市分布": "map"}
TOLD = {"公示公告": "notices", "政策目标进度": "targets", "核验纸质表": "verify"}
READ_BY_PROGRAMS = {"数据接口": "interface", "订阅目录变动": "feed", "订阅公示公告": "feed-notices"}
OF_THE_SITE = {"无障碍声明": "accessibility", "工作人员登录": "login"}


@login_not_required
@require_safe
@conditional_page
def accessibility(request: HttpRequest) -> HttpResponse:
    """What is kept to, what was not tried, and whom to tell of a barrier."""
    return render(request, "public/accessibility.html", {"nav": "accessibility"})


@login_not_required
@require_safe
@conditional_page
def site_map(request: HttpRequest) -> HttpResponse:
    """Every public page but those of single entries, notices and targets."""
    groups = [
        ("查询", _named(SEARCHED)),
        ("各目录", _of_types("catalogue-list", [t for t in registry.all_types() if t.public])),
        ("公示、目标和核验", _named(TOLD)),
        ("参考资料", [*_named({"参考资料": "reference"}), *_reference()]),
        ("帮助", [*_named({"帮助": "help"}), *_chapters(), *_named({"常见问题": "help-questions"})]),
        ("填写示例", _of_types("help-sample", list(registry.all_types()))),
        ("数据", _named(READ_BY_PROGRAMS)),
        ("本站", _named(OF_THE_SITE)),
    ]
    return render(request, "public/site_map.html", {"nav": "site-map", "groups": groups})


def _named(routes: dict[str, str]) -> list[Link]:
    return [(words, reverse(name)) for words, name in routes.items()]


def _of_types(route: str, types: list[registry.RecordType]) -> list[Link]:
    return [(record_type.label, reverse(route, args=[record_type])) for record_type in types]


def _reference() -> list[Link]:
    lists = [*registry.reference_lists(), *facts.SOURCED.values()]
    return [(found.label, reverse("reference-list", args=[found.slug])) for found in lists]


def _chapters() -> list[Link]:
    return [(one.title, reverse("help-chapter", args=[slug])) for slug, one in manual.chapters().items()]
