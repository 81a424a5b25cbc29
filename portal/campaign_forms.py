"""What the province types to open a campaign or to give a bureau more time; days as a notice names them.

A day opens at its 00:00 and is due at its 24:00. What must hold is asked by ``campaigns``.
"""

import re
from typing import Any

from django import forms

from portal import campaigns, registry, text, windows
from portal.forms import CleanText, Day, LongText, SeveralOffered
from portal.models import Campaign, Expected, Organisation
from portal.offers import Offer

DAYS = re.compile(r"[0-9]{1,2}", re.ASCII)
WANTED = {"required": "请填写。"}
CHOOSE = {"required": "请选择。", "invalid_choice": "没有这个选项，请重新选择。"}


class CampaignForm(forms.Form):
    """The facts of a campaign; ``organisations`` left empty means every bureau of the level."""

    use_required_attribute = False

    kind = forms.ChoiceField(label="报送表", error_messages=CHOOSE)
    name = CleanText(
        label="任务名称", max_length=60, error_messages=WANTED, help_text="例如：2026年项目制培训情况统计表"
    )
    document_number = CleanText(
        label="依据文号",
        max_length=60,
        error_messages=WANTED,
        help_text="如“鲁人社字〔2024〕95号”：年份用六角括号〔〕，序号不补零。",
    )
    clause = CleanText(label="条款", max_length=60, required=False, help_text="如“三（二）”。")
    opens_on = Day(label="开放日期", error_messages=WANTED, help_text="当日 00:00 起可以提交。")
    due_on = Day(
        label="截止日期", error_messages=WANTED, help_text="当日 24:00 截止；之后仍可补报，标记为逾期。"
    )
    updates_on = Day(
        label="更新截止日期",
        required=False,
        help_text="已审核通过的报表在当日 24:00 以前可以更新；不接收更新的不填。",
    )
    expects = forms.ChoiceField(
        label="应报单位", choices=Expected.choices, widget=forms.RadioSelect, error_messages=CHOOSE
    )
    organisations = SeveralOffered(
        label="只要这些单位报送", required=False, help_text="不选即为全部；所选单位要与“应报单位”同级。"
    )
    reminder_days = CleanText(
        label="提前提醒（天）",
        required=False,
        help_text="截止前几天自动提醒未报单位，用顿号分开；不提醒的不填。",
    )
    needs_scan = forms.BooleanField(label="须上传盖章扫描件", required=False)
    needs_publicity = forms.BooleanField(
        label="公布前须公示",
        required=False,
        help_text="勾选后，这项任务的填报公示期满、异议办结以后才能公布；只报送不公布的表不用勾选。",
    )

    def __init__(self, *args: Any, campaign: Campaign | None = None, **kwargs: Any):
        kwargs.setdefault("initial", _initial(campaign))
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.slug, kind.label) for kind in registry.all_types()]
        bureaus = [bureau for level in Expected.values for bureau in campaigns.eligible(level)]
        choices = [(str(bureau.pk), bureau.region.full_name) for bureau in bureaus]
        self.fields["organisations"].take(Offer(choices, {str(bureau.pk): bureau for bureau in bureaus}))

    def clean_reminder_days(self) -> list[int]:
        """Return the days of a list such as 7、3、1."""
        parts = [
            text.digits(part).removesuffix("天")
            for part in text.split_names(self.cleaned_data["reminder_days"])
        ]
        if not all(DAYS.fullmatch(part) for part in parts):
            raise forms.ValidationError("请填写天数，如“7、3、1”。")
        return [int(part) for part in parts]

    def clean(self) -> dict[str, Any]:
        """Refuse bureaus of another level than the one that is expected."""
        cleaned = super().clean()
        picked, expects = cleaned.get("organisations"), cleaned.get("expects")
        if picked and expects and {bureau.region.level for bureau in picked} != {expects}:
            self.add_error("organisations", "所选单位要与“应报单位”同级，请重新选择。")
        kind = cleaned.get("kind")
        if cleaned.get("needs_publicity") and kind and not registry.get(kind).is_catalogued:
            self.add_error("needs_publicity", "这张表只报送不公布，不用公示。")
        return cleaned

    def facts(self) -> dict[str, Any]:
        """Return what ``campaigns.start`` takes: the columns, and the bureaus that were picked."""
        typed = self.cleaned_data
        plain = ("kind", "name", "document_number", "clause", "expects", "reminder_days")
        updates = typed["updates_on"]
        return {
            **{name: typed[name] for name in (*plain, "needs_scan", "needs_publicity")},
            "opens_at": windows.start_of(typed["opens_on"]),
            "due_at": windows.end_of(typed["due_on"]),
            "updates_until": windows.end_of(updates) if updates else None,
            "organisations": typed["organisations"] or None,
        }


def _initial(campaign: Campaign | None) -> dict[str, Any]:
    if campaign is None:
        return {"expects": Expected.CITIES, "reminder_days": _joined(campaigns.REMINDER_DAYS)}
    owing = [str(pk) for pk in campaign.duties.values_list("organisation_id", flat=True)]
    is_everybody = len(owing) == campaigns.eligible(campaign.expects).count()
    return {
        "kind": campaign.kind,
        "name": campaign.name,
        "document_number": campaign.document_number,
        "clause": campaign.clause,
        "opens_on": _day(campaign.opens_at),
        "due_on": _day(campaign.due_at),
        "updates_on": _day(campaign.updates_until),
        "expects": campaign.expects,
        "organisations": [] if is_everybody else owing,
        "reminder_days": _joined(campaign.reminder_days),
        "needs_scan": campaign.needs_scan,
        "needs_publicity": campaign.needs_publicity,
    }


def _joined(days) -> str:
    return "、".join(str(day) for day in days)


def _day(at):
    return at.astimezone(windows.SHANGHAI).date() if at else None


class ExtensionForm(forms.Form):
    """More time for one bureau."""

    use_required_attribute = False

    until = Day(label="延至", error_messages=WANTED, help_text="当日 24:00 截止。")
    reason = LongText(label="原因", error_messages=WANTED, help_text="单位看得到，写入报送情况。")


class NothingForm(forms.Form):
    """A zero report: why there is nothing, and the word that it is so."""

    use_required_attribute = False

    organisation = forms.ChoiceField(label="填报单位", error_messages=CHOOSE)
    explanation = LongText(
        label="没有内容要报的原因", error_messages=WANTED, help_text="随零报送提交，审核人员看得到。"
    )
    signed = forms.BooleanField(
        label="经核实，本单位这次没有需要报送的内容。", error_messages={"required": "请确认后再提交。"}
    )

    def __init__(self, *args: Any, bureaus: list[Organisation], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = [(str(bureau.pk), bureau.name) for bureau in bureaus]
        if len(bureaus) == 1:
            self.fields["organisation"].widget = forms.HiddenInput()
            self.initial["organisation"] = str(bureaus[0].pk)
