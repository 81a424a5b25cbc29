"""The register of what the portal does with personal data: which, what for, who sees it, how long it stays.

《个人信息保护法》第五十五、五十六条; GB/T 35273-2020 11.3. What the database keeps sealed is read from the
models: a field that is declared sealed is in the register that day.
"""

from dataclasses import dataclass

from django.apps import apps
from django.conf import settings

from portal import registry, terms
from portal.models import Objection, User
from portal.models.sealed import Sealed

DUTY = "《中华人民共和国个人信息保护法》第十三条第一款第三项：为履行法定职责所必需"
DESKS = "填报单位，以及审核、审批、会商这件填报的岗位；名单和日志中遮盖，不公开。"
#: How long what belongs to a filing stays, by the table of terms; the filing itself is a record of office.
IN_FORCE = "在办和有效期间保存。"
#: What is sealed beside a filing and an objection: label of the model → what for, who sees it, how long.
OTHERS = {
    "portal.Attachment": (
        "随填报报送材料；文件名可能含有姓名",
        "与填报相同。",
        "",
    ),
    "portal.HeldForm": (
        "登录结束时保留没有提交的内容，下次登录后交还本人",
        "仅本人。",
        "交还后即时删除，最迟次日删除。",
    ),
    "portal.MessagePreference": ("按本人选择发送短信提醒", "仅本人和发送程序。", "本人清空后即时删除。"),
}


@dataclass(frozen=True)
class Processing:
    """One line of the register, in the words the auditor reads."""

    name: str
    purpose: str
    basis: str
    data: tuple[str, ...]
    seen_by: str
    kept: str


def register() -> list[Processing]:
    """Return every kind of processing: filings by type, objections, what else is sealed, accounts, log."""
    filings = [_of_type(kind) for kind in registry.all_types() if kind.personal]
    return [*filings, _of_objections(), *_of_others(), _of_accounts(), _of_the_log()]


def sealed() -> dict[str, tuple[str, ...]]:
    """Return label of a model → names of the columns that the database keeps sealed."""
    found = {
        model._meta.label: tuple(
            str(field.verbose_name) for field in model._meta.local_fields if isinstance(field, Sealed)
        )
        for model in apps.get_models()
    }
    return {label: names for label, names in found.items() if names}


def with_the_filing() -> str:
    """Return how long the personal fields of a filing and its files stay."""
    return f"{IN_FORCE}{terms.words(*terms.OF_FILINGS)}"


def _kept() -> dict[str, str]:
    """Return label → what the table of terms adds to ``OTHERS``."""
    removed = "草稿中移除的文件可恢复一天，其后的凌晨删除。"
    return {
        "portal.Attachment": f"{with_the_filing()}{removed}",
        "portal.MessagePreference": terms.words("phone"),
    }


def _of_type(kind: registry.RecordType) -> Processing:
    return Processing(
        name=f"填报：{kind.label}",
        purpose="办理填报、审核，有疑问时与填报单位联系",
        basis=f"{DUTY}；{kind.basis}",
        data=tuple(str(kind.field(name).verbose_name) for name in kind.personal),
        seen_by=DESKS,
        kept=with_the_filing(),
    )


def _of_objections() -> Processing:
    return Processing(
        name="公示异议",
        purpose="核实和答复对公示的实名异议",
        basis=DUTY,
        data=sealed()[Objection._meta.label],
        seen_by="登记异议的单位和作出决定的岗位；不公开。",
        kept=terms.words("objection"),
    )


def _of_others() -> list[Processing]:
    return [
        Processing(_name(label), purpose, DUTY, sealed()[label], seen_by, kept + _kept().get(label, ""))
        for label, (purpose, seen_by, kept) in OTHERS.items()
    ]


def _name(label: str) -> str:
    return str(apps.get_model(label)._meta.verbose_name)


def _of_accounts() -> Processing:
    names = ("username", "full_name", "email")
    return Processing(
        name="账号",
        purpose="确认工作人员身份，记明每项办理由谁作出",
        basis=DUTY,
        data=tuple(str(User._meta.get_field(name).verbose_name) for name in names),
        seen_by="同单位人员、办理同一填报的岗位、三员；不公开。",
        kept="停用后保留姓名和账号，办理记录要指明经办人。",
    )


def _of_the_log() -> Processing:
    return Processing(
        name="访问记录",
        purpose="审计：谁查看、导出、下载了什么，谁被拒绝",
        basis="《中华人民共和国网络安全法》：网络日志留存不少于六个月",
        data=("账号", "来源地址", "涉及的联系方式（只存摘要）"),
        seen_by="审计员。",
        kept=f"{settings.ACCESS_LOG_DAYS} 天后移出数据库，存为签名的归档文件。",
    )
