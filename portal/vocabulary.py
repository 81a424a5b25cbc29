"""The words that only code may change: roles, levels, kinds of organisation, states.

Leaf module. Each word has its Chinese label, so a page never spells one out.
"""

from django.db.models import TextChoices


class Level(TextChoices):
    """Rank of a region (GB/T 2260; zones are listed beside the counties)."""

    PROVINCE = "province", "省"
    CITY = "city", "设区的市"
    COUNTY = "county", "县（市、区）"
    ZONE = "zone", "功能区"


class Kind(TextChoices):
    """What an organisation is; the last three are joint departments (鲁人社字〔2024〕95号 三（一））."""

    HRSS_BUREAU = "hrss_bureau", "人力资源和社会保障部门"
    SERVICE_CENTRE = "service_centre", "公共就业服务机构"
    AGRICULTURE = "agriculture", "农业农村部门"
    CULTURE_TOURISM = "culture_tourism", "文化和旅游部门"
    TRADE_UNION = "trade_union", "总工会"


HRSS_KINDS = (Kind.HRSS_BUREAU, Kind.SERVICE_CENTRE)
JOINT_KINDS = (Kind.AGRICULTURE, Kind.CULTURE_TOURISM, Kind.TRADE_UNION)


class Role(TextChoices):
    """What a member may do in his organisation; the last three exclude each other and all others."""

    FILER = "filer", "填报"
    REVIEWER = "reviewer", "审核"
    APPROVER = "approver", "审批"
    PUBLISHER = "publisher", "发布"
    JOINT_REVIEWER = "joint_reviewer", "会商"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    AUDITOR = "auditor", "审计员"


BUSINESS_ROLES = (Role.FILER, Role.REVIEWER, Role.APPROVER, Role.PUBLISHER)
ADMIN_ROLES = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)


class State(TextChoices):
    """Where a filing stands (design of the workflow; labels as bureaus know them)."""

    DRAFT = "draft", "草稿"
    CITY_REVIEW = "city_review", "待市级审核"
    PROVINCE_REVIEW = "province_review", "待省级审核"
    RETURNED = "returned", "退回修改"
    APPROVED = "approved", "审核通过"
    REJECTED = "rejected", "不予通过"
    CANCELLED = "cancelled", "已作废"


EDITABLE = (State.DRAFT, State.RETURNED)
IN_REVIEW = (State.CITY_REVIEW, State.PROVINCE_REVIEW)
DECIDED = (State.APPROVED, State.REJECTED)
ENDED = (State.CANCELLED, State.REJECTED)  # what such a filing held, its name or its place, is free again


class BrandLevel(TextChoices):
    """Level of a published brand."""

    MUNICIPAL = "municipal", "市级"
    PROVINCIAL = "provincial", "省级"


class ExitReason(TextChoices):
    """Why an entry left the catalogue; from 年度培训 on inferred, the last two belong to 动态调整.

    Source: 鲁人社字〔2021〕32号 三（三）, 鲁人社发〔2020〕18号 三（三）12; 鲁人社字〔2024〕95号 二（二）6.
    """

    MISMANAGED = "mismanaged", "管理不规范"
    SHORT_TRAINING = "short_training", "培训缺斤少两"
    LAX_ASSESSMENT = "lax_assessment", "鉴定考核把关不严"
    DISHONEST = "dishonest", "违规失信"
    UNFAIR_COMPETITION = "unfair_competition", "恶意竞争"
    DISORDER = "disorder", "管理失序"
    BELOW_FIGURES = "below_figures", "年度培训或就业人数不达标"
    DISSOLVED = "dissolved", "主体注销"
    VOLUNTARY = "voluntary", "自愿退出"
    FALSE_INFORMATION = "false_information", "信息虚假"
    MERGED = "merged", "并入其他条目"
    ADJUSTED = "adjusted", "目录动态调整"


class SuccessionKind(TextChoices):
    """How an entry lives on."""

    RENAMED = "renamed", "更名为"
    MERGED = "merged", "并入"


class ChangeVerb(TextChoices):
    """What a new edition does to the one in force (动态发布, 鲁人社字〔2024〕95号 二（二）6)."""

    ADDED = "added", "新增"
    ADJUSTED = "adjusted", "调整"
    RENAMED = "renamed", "更名"
    MERGED = "merged", "合并"
    REMOVED = "removed", "移出"


class NoticeKind(TextChoices):
    """公示 asks for objections, 公布 makes a final list known."""

    PUBLICITY = "publicity", "公示"
    ANNOUNCEMENT = "announcement", "公布"


class Outcome(TextChoices):
    """How a periodic review ends for one entry (定期审核与退出机制, 鲁就办〔2021〕22号 三（三）)."""

    KEPT = "kept", "保留"
    RECTIFYING = "rectifying", "限期整改"
    EXITED = "exited", "退出"


class RemarkState(TextChoices):
    """Where a remark on a field stands."""

    PREPARED = "prepared", "待发出"
    OPEN = "open", "待答复"
    ANSWERED = "answered", "已答复"
    CLOSED = "closed", "已关闭"


class ReturnReason(TextChoices):
    """Why a filing goes back; told beside the opinion and counted."""

    INCOMPLETE = "incomplete", "不完整"
    INACCURATE = "inaccurate", "不准确"
    UNQUALIFIED = "unqualified", "不符合条件"
    UNCLEAR = "unclear", "材料不清"


class JointConclusion(TextChoices):
    """What a joint department concludes; it decides nothing (会商)."""

    AGREES = "agrees", "同意"
    RESERVES = "reserves", "有意见"
    OBJECTS = "objects", "不同意"


class Topic(TextChoices):
    """What a message is about, for what a person wants to be told how."""

    ACT = "act", "办理"
    REMINDER = "reminder", "提醒"
    OTHER = "other", "其他"


class Channel(TextChoices):
    """How a message leaves the portal."""

    MAIL = "mail", "电子邮件"
    TEXT = "text", "短信"


class MailMode(TextChoices):
    """How often a person is mailed."""

    OFF = "off", "不发"
    DIGEST = "digest", "每日一封汇总"
    EACH = "each", "逐条"
