"""What the desk types of a notice and of an objection; what must hold is asked by ``notices``."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Case, When

from portal import notices, objections, publicity, registry, text, working_days
from portal.campaign_forms import CHOOSE, WANTED
from portal.forms import CleanText, Day, LongText, SeveralOffered, WholeNumber
from portal.models import Campaign, Filing, NoticeItem, Organisation, PublicNotice
from portal.offers import Offer
from portal.registry import RecordType
from portal.vocabulary import NoticeKind
from portal.workflow import Refused

NAMED = {"required": objections.ANONYMOUS}
TOO_LONG = "最多%(limit_value)d个字符，现在有%(show_value)d个，请缩短。"
HOW = (
    "对公示内容有异议的，请在公示期内以书面形式实名提出：以单位名义提出的加盖公章，"
    "以个人名义提出的署真实姓名并留联系方式。匿名异议不予受理。"
)
CARRIED = ("how_to_object", "receiver", "address", "postcode", "phone", "email", "supervision_phone")
OF_PUBLICITY = ("working_days", "ends_on", *CARRIED)


def _line(label: str, most: int, **kwargs: Any) -> CleanText:
    messages = {**WANTED, "max_length": TOO_LONG, **kwargs.pop("error_messages", {})}
    return CleanText(label=label, max_length=most, error_messages=messages, **kwargs)


class BeginForm(forms.Form):
    """What a new notice is about; asked before the rest, for the list depends on it."""

    use_required_attribute = False

    kind = forms.ChoiceField(
        label="类型", choices=NoticeKind.choices, widget=forms.RadioSelect, error_messages=CHOOSE
    )
    catalogue = forms.ChoiceField(label="目录", error_messages=CHOOSE)
    campaign = forms.ChoiceField(
        label="只列这项任务的填报",
        required=False,
        error_messages=CHOOSE,
        help_text="不选的，不限任务。",
    )
    number = CleanText(
        label="只列这个公布文号的条目", required=False, help_text="发公布时可用，如“鲁人社字〔2024〕95号”。"
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        kinds = [kind for kind in registry.all_types() if kind.is_catalogued]
        self.fields["catalogue"].choices = [(kind.slug, kind.label) for kind in kinds]
        asked = Campaign.objects.filter(kind__in=[kind.slug for kind in kinds]).order_by("-due_at", "-pk")
        campaigns = [(str(campaign.pk), campaign.name) for campaign in asked[:100]]
        self.fields["campaign"].choices = [("", "全部"), *campaigns]


class NoticeForm(forms.Form):
    """The text, the days and the list of one notice of a known kind, catalogue and bureau."""

    use_required_attribute = False

    title = _line("标题", 100)
    document_number = _line("文号", 60, required=False, help_text="如“鲁人社字〔2024〕95号”；没有的不填。")
    basis = _line("依据", 200)
    body = LongText(label="正文", required=False, help_text="名单和日期由系统附在正文之后，不用重复。")
    starts_on = Day(label="开始日期", error_messages=WANTED, help_text="今天或以后；从这一天起对外公开。")
    working_days = WholeNumber(
        label="公示工作日数",
        required=False,
        min_value=1,
        max_value=notices.MOST_DAYS,
        help_text=f"不少于 {notices.LEAST} 个，开始当天是工作日的计入；法定节假日和调休照国务院办公厅通知。",
    )
    ends_on = Day(label="结束日期", required=False, help_text="不填的，由工作日数推算。")
    how_to_object = LongText(label="异议方式", error_messages=WANTED)
    receiver = _line("受理单位", 60)
    address = _line("地址", 100)
    postcode = _line("邮编", 6, required=False)
    phone = _line("电话", 40, help_text="单位办公电话，对外公开。")
    email = forms.EmailField(
        label="电子邮箱",
        required=False,
        error_messages={"invalid": "请填写有效的邮箱地址，如“gongshi@example.cn”。"},
    )
    supervision_phone = _line("监督电话", 40, required=False)
    filings = SeveralOffered(label="名单", error_messages={"required": "名单是空的，请至少选一条。"})

    def __init__(self, *args: Any, kind: str, offered: list[Filing], **kwargs: Any):
        super().__init__(*args, **kwargs)
        if kind != NoticeKind.PUBLICITY:
            for name in OF_PUBLICITY:
                del self.fields[name]
        labels = [(str(filing.pk), f"{filing.title}　{filing.organisation.short_name}") for filing in offered]
        self.fields["filings"].take(Offer(labels, {str(filing.pk): filing for filing in offered}))

    def clean_postcode(self) -> str:
        """Return the postcode as plain digits."""
        return text.digits(self.cleaned_data["postcode"])

    def facts(self) -> dict[str, Any]:
        """Return what ``notices.draft`` takes beside kind and catalogue."""
        return dict(self.cleaned_data)


def offered(
    organisation: Organisation,
    kind: str,
    record_type: RecordType,
    *,
    campaign: int | None = None,
    number: str = "",
    chosen: tuple[int, ...] = (),
) -> list[Filing]:
    """Return the filings a notice may list: those ``chosen`` first, then the newest, as many as fit."""
    found = notices.listable(organisation, kind, record_type)
    found = found.filter(campaign_id=campaign) if campaign else found
    found = found.filter(entry__document_number=number) if number else found
    first = Case(When(pk__in=chosen, then=0), default=1)
    newest = "-entry__valid_from" if kind == NoticeKind.ANNOUNCEMENT else "-decided_at"
    ordered = found.select_related("organisation").order_by(first, newest, "region_id", "pk")
    return list(ordered[: notices.MOST_ITEMS])


def initial(
    organisation: Organisation, kind: str, record_type: RecordType, chosen: list[Filing], today
) -> dict[str, Any]:
    """Return what a new notice begins with; where to object is carried over from the bureau's last one."""
    last = PublicNotice.objects.filter(organisation=organisation, kind=NoticeKind.PUBLICITY).first()
    contacts = {name: getattr(last, name) for name in CARRIED} if last else {"receiver": organisation.name}
    return {
        **_words(kind, record_type, chosen),
        "starts_on": today,
        "working_days": notices.USUAL,
        "how_to_object": HOW,
        **contacts,
        "filings": [str(filing.pk) for filing in chosen],
    }


def _words(kind: str, record_type: RecordType, chosen: list[Filing]) -> dict[str, str]:
    """Return title, basis and text of a new notice: what is chosen by a round is in the catalogue already."""
    label, basis = record_type.label, record_type.basis
    start = "根据{}，经各地报送、审核，".format
    if kind != NoticeKind.PUBLICITY:
        title, body = f"关于公布{label}的通知", f"{start(basis)}现将列入目录的{label}予以公布。"
    elif of := notices.round_behind(chosen):
        title, basis = f"关于{of.name}拟入选名单的公示", of.basis
        body = f"根据{basis}，经择优选拔，拟确定下列{label}入选{of.name}，现予公示，接受社会监督。"
    else:
        title = f"关于{label}拟公布名单的公示"
        body = f"{start(basis)}拟将下列{label}列入目录，现予公示，接受社会监督。"
    return {"title": title, "basis": basis, "body": body}


def present(notice: PublicNotice) -> dict[str, Any]:
    """Return the values of a notice that is changed; an end that follows from the days goes on doing so."""
    names = [name for name in NoticeForm.base_fields if name != "filings"]
    listed = NoticeItem.objects.filter(notice=notice).values_list("filing_id", flat=True)
    values = {name: getattr(notice, name) for name in names} | {"filings": [str(pk) for pk in listed]}
    return values | {"ends_on": None} if _follows(notice) else values


def _follows(notice: PublicNotice) -> bool:
    """Say whether the last day is the one that start and working days give."""
    try:
        return notice.ends_on == working_days.ends_after(notice.starts_on, notice.working_days)
    except (TypeError, working_days.UnknownYear):  # a notice without days, a year nobody entered
        return False


def period(values: Mapping[str, Any]) -> tuple[str, str]:
    """Return the days of a 公示 as typed so far in words, and the sentence why there are none yet."""
    try:
        names = ("starts_on", "working_days", "ends_on")
        starts_on, days, ends_on = (NoticeForm.base_fields[n].clean(values.get(n)) for n in names)
        ends_on, days = notices.period(starts_on, days, ends_on)
    except forms.ValidationError as error:
        return "", error.messages[0]
    except Refused as refusal:
        return "", str(refusal)
    return publicity.dates(PublicNotice(starts_on=starts_on, ends_on=ends_on, working_days=days)), ""


class ObjectionForm(forms.Form):
    """An objection as it came in on paper."""

    use_required_attribute = False

    item = forms.ChoiceField(label="针对条目", required=False, error_messages=CHOOSE)
    is_unit = forms.ChoiceField(
        label="提出人",
        choices=[("person", "个人（署真实姓名）"), ("unit", "单位（加盖公章）")],
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    objector = _line("单位全称或个人姓名", 60, error_messages=NAMED, help_text="匿名不予受理。不对外公开。")
    contact = _line("联系方式", 100, error_messages=NAMED, help_text="用于答复。不对外公开。")
    text = LongText(label="异议内容", error_messages=WANTED, help_text="照收到的书面材料填写。不对外公开。")
    received_on = Day(label="收到日期", error_messages=WANTED, help_text="要在公示期内。")

    def __init__(self, *args: Any, notice: PublicNotice, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.items = {str(item.pk): item for item in notice.items.order_by("filing__region_id", "pk")}
        names = [(key, f"{item.title}　{item.organisation_name}") for key, item in self.items.items()]
        self.fields["item"].choices = [("", "整个名单"), *names]

    def facts(self) -> dict[str, Any]:
        """Return what ``objections.register`` takes."""
        typed = self.cleaned_data
        return {**typed, "item": self.items.get(typed["item"]), "is_unit": typed["is_unit"] == "unit"}
