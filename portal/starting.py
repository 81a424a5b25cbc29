"""What production does not start with: demonstration data, a secret others know, an all-powerful account.

GB/T 22239-2019 8.1.4.2 b asks for no default accounts, 8.1.4.2 d for separated administrators; ASVS 5.0,
6.3.2, 13.2.3 and 13.4.2.
"""

from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from portal.models import Edition, User
from portal.sealing import CIPHERS

SHORTEST, SHORTEST_DATA_KEY = 50, 32
_KNOWN = ("django-insecure", "changeme", "change-me", "secret", "…", "...")


def problems() -> Iterator[str]:
    """Yield why this installation may not serve; nothing where the demonstration is meant to run."""
    if settings.DEMO:
        return
    if settings.DEBUG:
        yield "PORTAL_DEBUG=1 会把内部信息显示给访问者：请去掉它。"
    yield from _of_the_key(settings.SECRET_KEY)
    yield from _of_the_field_keys(settings.FIELD_KEYS)
    yield from _of_the_log_key(settings.ACCESS_LOG_OWN_KEY)
    try:
        yield from _of_the_data()
    except DatabaseError:  # not there, or not made yet: it is not served from either, /readyz says so
        return


def _of_the_data() -> Iterator[str]:
    if Edition.objects.filter(is_demo=True).exists():
        yield "数据库里有演示数据：请换一个空的数据库，或者用 PORTAL_DEMO=1 启动演示环境。"
    if settings.HTTPS and User.objects.filter(is_superuser=True, is_active=True).exists():
        yield "有启用的超级用户账号：三员分立之外不能有不受限制的账号，请停用它。"


def refuse() -> None:
    """Raise ``ImproperlyConfigured`` with all there is against starting; the data is left as it is."""
    if found := list(problems()):
        raise ImproperlyConfigured("没有启动，数据没有改动。" + "".join(found))


def _of_the_key(key: str) -> Iterator[str]:
    if _is_weak(key, SHORTEST):
        yield f"PORTAL_SECRET_KEY 太短或者是人所共知的：请用至少 {SHORTEST} 个随机字符。"


def _of_the_field_keys(keys: list[str]) -> Iterator[str]:
    if not keys or any(_is_weak(key, SHORTEST_DATA_KEY) for key in keys):
        yield f"没有设置 PORTAL_FIELD_KEYS，或其中的密钥太短：请用至少 {SHORTEST_DATA_KEY} 个随机字符。"
    if settings.FIELD_CIPHER not in CIPHERS:
        yield "PORTAL_FIELD_CIPHER 只能是 aes 或 sm4。"


def _of_the_log_key(key: str) -> Iterator[str]:
    """Yield what is wrong with the key of the access log; over plain http the secret key may stand for it."""
    if not key and settings.HTTPS:
        yield (
            "没有设置 PORTAL_ACCESS_LOG_KEY：新装请生成单独的密钥；"
            "以前没有设置过的，请填写现在的 PORTAL_SECRET_KEY，否则原有的审计归档和清除记录都会核对不符。"
        )
    elif key and _is_weak(key, SHORTEST_DATA_KEY):
        yield f"PORTAL_ACCESS_LOG_KEY 太短或者是人所共知的：请用至少 {SHORTEST_DATA_KEY} 个随机字符。"


def _is_weak(key: str, shortest: int) -> bool:
    return len(key) < shortest or len(set(key)) < 10 or key.startswith(_KNOWN)
