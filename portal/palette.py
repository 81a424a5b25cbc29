"""Where one can go at once from the workbench: pages he may open, filings by name or number, the last ones.

Pure reads. The filings opened last are numbers in a cookie and looked up in scope each time, so that nothing
is written while pages are read, and no name stays in the browser.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from portal import cookies, inbox, reading, registry, text
from portal.models import Filing, User

MOST = 8  # lines of each group
LONGEST = 60  # characters of what is asked
OPENED, PATH, A_MONTH = "opened", "/desk/", 30 * 24 * 3600  # the cookie and how long it lasts in seconds
_NUMBER = re.compile("[1-9][0-9]{0,17}")
_COOKIE = re.compile(r"([0-9]{1,18}):([1-9][0-9]{0,17}(?:\.[1-9][0-9]{0,17}){0,7})")


@dataclass(frozen=True)
class Place:
    """A page by its route; ``fact`` of ``context_processors.desk`` says who may open it, none: everybody."""

    word: str
    route: str
    fact: str = ""


@dataclass(frozen=True)
class Line:
    """One way on: what it is called, what is said beside it, where it leads."""

    title: str
    note: str
    url: str


PLACES = (
    Place("工作台", "desk"),
    Place("新建填报", "filing-new", "files"),
    Place("导入表格", "filing-import", "files"),
    Place("报送任务", "campaigns"),
    Place("定期审核", "reviews", "reads_reviews"),
    Place("信用档案", "credit", "reads_reviews"),
    Place("目录版次", "desk-editions", "edits_catalogues"),
    Place("择优选拔", "rounds", "selects"),
    Place("公示公告", "notice-list", "writes_notices"),
    Place("工作日调整", "workdays", "keeps_workdays"),
    Place("填报台账", "filing-lists"),
    Place("数据看板", "dashboard", "reads_numbers"),
    Place("统计报表", "reports", "reads_numbers"),
    Place("办理统计", "desk-numbers", "reads_desks"),
    Place("政策目标进度", "desk-targets", "reads_targets"),
    Place("访问记录", "audit", "audits"),
    Place("消息", "messages"),
    Place("消息接收方式", "message-preferences"),
    Place("下载中心", "downloads", "reads_numbers"),
    Place("操作手册", "help"),
    Place("常见问题", "help-questions"),
    Place("账号安全", "security"),
    Place("修改密码", "password-change"),
    Place("品牌与项目目录", "catalogue"),
    Place("全部目录查询", "search"),
    Place("各市分布", "map"),
    Place("核验纸质表", "verify"),
    Place("参考资料", "reference"),
    Place("首页", "home"),
    Place("界面组件（供维护人员）", "styleguide"),
)


def asked(params: Mapping[str, str]) -> str:
    """Return what is looked for, as a query string says it."""
    return text.clean(params.get("q", "")[:LONGEST])


def pages(words: str, facts: Mapping[str, object]) -> list[Line]:
    """Return the pages whose name holds ``words``, of those the facts open; all of them without words."""
    wanted = text.key(words)
    return [line for line in _all_pages(facts) if wanted in text.key(line.title)]


def _all_pages(facts: Mapping[str, object]) -> list[Line]:
    open_ones = [place for place in PLACES if not place.fact or facts[place.fact]]
    found = [Line(place.word, "", reverse(place.route)) for place in open_ones]
    types = list(registry.all_types())
    found += [Line(f"台账：{kind}", "", reverse("filing-list", args=[kind])) for kind in types]
    public = [kind for kind in types if kind.public]
    return found + [Line(f"目录：{kind}", "", reverse("catalogue-list", args=[kind])) for kind in public]


def filings(words: str, user: User) -> list[Line]:
    """Return the filings ``user`` may see by number, by code, or by title or bureau as he reads them."""
    if not words:
        return []
    seen = Filing.objects.visible_to(user)
    numbered = _lines(seen.filter(_numbered(words)), user) if _is_number(words) else []
    return numbered or _lines(inbox.narrowed(reading.with_sent(seen), user, q=words), user)


def _is_number(words: str) -> bool:
    return bool(_NUMBER.fullmatch(words)) or "-" in words


def _numbered(words: str) -> Q:
    return Q(pk=int(words)) if _NUMBER.fullmatch(words) else Q(entry__code=words.upper())


def _lines(found: QuerySet, user: User) -> list[Line]:
    newest = _shown(found).order_by("-updated_at", "-pk")
    return [_line(filing, user) for filing in newest[:MOST]]


def _shown(found: QuerySet) -> QuerySet:
    """Return filings with all that a line shows."""
    return reading.with_sent(found).select_related("organisation", "entry")


def _line(filing: Filing, user: User) -> Line:
    _, standing = inbox.standing(filing)
    note = f"{filing.record_type} · {filing.organisation.short_name} · {standing}"
    return Line(reading.title_for(filing, user), note, reverse("filing", args=[filing.pk]))


def opened(request: HttpRequest) -> list[Line]:
    """Return the filings this person opened last in this browser, newest first; one query, none without."""
    numbers = _opened(request)
    if not numbers:
        return []
    seen = Filing.objects.visible_to(request.user).filter(pk__in=numbers)
    found = {filing.pk: filing for filing in _shown(seen)}
    return [_line(found[pk], request.user) for pk in numbers if pk in found]


def note_opened(request: HttpRequest, response: HttpResponse, pk: int) -> None:
    """Let the browser remember with ``response`` that the person opened a filing."""
    numbers = [pk, *(other for other in _opened(request) if other != pk)][:MOST]
    value = f"{request.user.pk}:{'.'.join(map(str, numbers))}"
    response.set_cookie(
        cookies.called(OPENED, PATH),
        value,
        max_age=A_MONTH,
        path=PATH,
        samesite="Lax",
        httponly=True,
        secure=request.is_secure(),
    )


def _opened(request: HttpRequest) -> list[int]:
    """Return the numbers the cookie holds, none when somebody else opened them."""
    found = _COOKIE.fullmatch(request.COOKIES.get(cookies.called(OPENED, PATH), ""))
    if not found or found[1] != str(request.user.pk):
        return []
    return [int(number) for number in found[2].split(".")]


def forget_opened(response: HttpResponse) -> None:
    """Let the browser forget it."""
    response.delete_cookie(cookies.called(OPENED, PATH), path=PATH, samesite="Lax")
