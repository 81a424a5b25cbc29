"""Version 1 of the interface, whole: its routes, and its description in OpenAPI."""

from django.urls import URLPattern
from ninja import NinjaAPI, Router

from portal.api import answers, editions, entries, notices, targets

api = NinjaAPI(
    title="山东省技能品牌与考核项目目录接口",
    version="1.0",
    description="只读接口：现行和历史目录、版次、变化、公示公告、政策目标。内容与公开网页一致，不含个人信息。",
    docs_url=None,
    renderer=answers.ChineseJSON(),
    urls_namespace="api",
)
answers.install(api)
_router = Router(tags=["v1"])
for part in (entries, editions, notices, targets):
    part.register(_router)
api.add_router("", _router)


def urls() -> tuple[list[URLPattern], str, str]:
    """Return the routes for ``urls.py``, each open to everybody and answered for caches."""
    patterns, app, namespace = api.urls
    for pattern in patterns:
        pattern.callback = answers.public(pattern.callback)
    return patterns, app, namespace
