"""What a password must be, and how long it holds: one rule each, with its clause.

``PORTAL_PASSWORD_DAYS`` chooses between two sets of rules that contradict each other. 90, the default:
three of four kinds of characters and a change every 90 days (GB/T 22239-2019 8.1.4.1 a). 0: length and a list
of bad passwords alone, no change by the calendar (OWASP ASVS 5.0, 6.2.5 and 6.2.10).
"""

import re
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils import timezone

from portal import text
from portal.models import FormerPassword, MessagePreference, User

LONGEST, KEPT, KINDS = 128, 5, 3
ONE_TIME = timedelta(days=7)  # how long a password somebody else set may wait for its owner (ASVS 6.4.1)
_KINDS = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")
# What everybody here would think of first (ASVS 6.2.11): the province, its cities, the trade, plain words.
_CONTEXT = (
    "shandong jinan qingdao zibo zaozhuang dongying yantai weifang jining taian weihai rizhao linyi dezhou "
    "liaocheng binzhou heze sdrs sdhrss hrss rsj renshe rensheju rencai jineng pinpai kaohe laowu gongwuyuan "
    "password passw0rd p@ssw0rd p@ssword admin root qwerty asdf zxcv abc 123 1qaz 2wsx welcome woaini "
    "山东 人社 济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽 技能 品牌 "
    "考核 劳务 密码"
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_GUESSED = "这个密码太容易猜到：除常见词、地名、年份和您的姓名、手机号以外，所剩的字符太少。"
_LEFT = 6  # characters that must remain once the words everybody thinks of are taken out


class LongEnough:
    """Between ten and 128 characters; a longer one is refused and never cut (ASVS 6.2.1, 6.2.9)."""

    def __init__(self, min_length: int = 10) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ``ValidationError`` for a password that is too short or too long."""
        if len(password) < self.min_length:
            raise ValidationError(f"密码至少 {self.min_length} 个字符，现在是 {len(password)} 个。")
        if len(password) > LONGEST:
            raise ValidationError(f"密码最多 {LONGEST} 个字符，现在是 {len(password)} 个。")

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return f"{self.min_length} 到 {LONGEST} 个字符，可以有空格和汉字"


class Mixed:
    """Three of lower case, upper case, digits and all the rest, while the calendar rules hold."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ``ValidationError`` for a password of fewer kinds."""
        if settings.PASSWORD_DAYS and sum(bool(re.search(kind, password)) for kind in _KINDS) < KINDS:
            raise ValidationError("密码要有大写字母、小写字母、数字、其他字符（符号、空格、汉字）中的三种。")

    def get_help_text(self) -> str:
        """Return the rule in words, none where it does not hold."""
        return "要有大写字母、小写字母、数字、其他字符中的三种" if settings.PASSWORD_DAYS else ""


class Uncommon(CommonPasswordValidator):
    """None of the 20,000 most used ones, and more than words of this place, years, one's own name, number."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ``ValidationError`` for a password that would be guessed."""
        plain = text.key(password)
        if {plain, password.lower().strip()} & self.passwords or len(_without(plain, _own(user))) < _LEFT:
            raise ValidationError(_GUESSED)

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return "不能是常见密码，也不能主要由地名、单位名、年份或您的姓名、手机号组成"


class Unused:
    """None of the last five (GB/T 22239-2019 8.1.4.1 a)."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ``ValidationError`` for a password this person has had lately."""
        if user is None or user.pk is None:
            return
        former = FormerPassword.objects.filter(user=user).values_list("password", flat=True)[:KEPT]
        if any(check_password(password, had) for had in dict.fromkeys([user.password, *former])):
            raise ValidationError(f"这个密码您用过，最近 {KEPT} 个密码不能重复使用。")

    def password_changed(self, password: str, user: User | None = None) -> None:
        """Keep the hash of a password that was just stored, and of those before it the last few."""
        FormerPassword.objects.create(user=user, password=user.password)
        kept = FormerPassword.objects.filter(user=user).values_list("pk", flat=True)[:KEPT]
        FormerPassword.objects.filter(user=user).exclude(pk__in=list(kept)).delete()

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return f"不能是最近用过的 {KEPT} 个之一"


def is_due(user: User) -> bool:
    """Say whether a person must set a new password before anything else."""
    if user.must_change_password:
        return True
    age = timezone.now() - user.password_set_at
    return bool(settings.PASSWORD_DAYS) and age > timedelta(days=settings.PASSWORD_DAYS)


def has_lapsed(user: User) -> bool:
    """Say whether a password somebody else set has waited too long for its owner."""
    return user.must_change_password and timezone.now() - user.password_set_at > ONE_TIME


def _own(user: User | None) -> list[str]:
    """Return what everybody knows of a person: account, name, the number that messages go to."""
    if user is None:
        return []
    numbers = MessagePreference.objects.filter(user=user.pk).values_list("phone", flat=True)
    return [text.key(word) for word in (user.username, user.full_name, *numbers)]


def _without(plain: str, own: list[str]) -> str:
    """Return a password without the words everybody thinks of, the longest taken out first."""
    rest = _YEAR.sub("", plain)
    for word in sorted((w for w in {*_CONTEXT.split(), *own} if len(w) > 1), key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest
