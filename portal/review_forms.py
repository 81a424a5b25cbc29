"""What is typed to open a periodic review: the facts of the round and how its entries are chosen.

What must hold is asked by ``periodic``.
"""

import secrets
from typing import Any

from django import forms
from django.utils import timezone

from portal import periodic, registry
from portal.campaign_forms import CHOOSE, WANTED
from portal.choosing import Choice
from portal.forms import CleanText, Day, WholeNumber
from portal.models import Organisation, Region, User
from portal.vocabulary import Level


class ReviewForm(forms.Form):
    """The facts of a round, by whoever may open one; the fields of ``Choice`` narrow what is taken up."""

    use_required_attribute = False

    organisation = forms.ChoiceField(label="组织单位", error_messages=CHOOSE)
    kind = forms.ChoiceField(label="目录", error_messages=CHOOSE)
    name = CleanText(
        label="名称", max_length=60, error_messages=WANTED, help_text="例如：2026年劳务品牌建设单位定期审核"
    )
    year = WholeNumber(
        label="年度",
        min_value=2020,
        max_value=2100,
        error_messages=WANTED,
        help_text="填报哪一年的数据，如2026。",
    )
    basis = CleanText(
        label="依据", max_length=200, error_messages=WANTED, help_text="文号和条款；填报单位看得到。"
    )
    due_on = Day(
        label="填报截止", error_messages=WANTED, help_text="当日 24:00 截止；锁定以前仍可补报，标记为逾期。"
    )
    before = Day(label="只选这一天以前公布的", required=False, help_text="不限的不填。")
    city = forms.ChoiceField(label="只选一个市", required=False, error_messages=CHOOSE)
    below = forms.BooleanField(label="只选上年度数据未达标的", required=False)
    credited = forms.BooleanField(label="只选有信用记录的", required=False)
    percent = WholeNumber(
        label="抽取比例（%）",
        min_value=1,
        max_value=100,
        error_messages=WANTED,
        help_text="100 为不抽样；抽样从符合以上条件的条目中进行。",
    )
    seed = CleanText(
        label="抽样种子",
        max_length=40,
        required=False,
        help_text="用同一种子可以重新抽出同样的条目，随通知公开；可以换成现场摇出的号码。",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any):
        kwargs.setdefault("initial", _initial())
        super().__init__(*args, **kwargs)
        self.bureaus = {str(o.pk): o for o in periodic.organisations(user)}
        self.fields["organisation"].choices = [(pk, o.name) for pk, o in self.bureaus.items()]
        if len(self.bureaus) == 1:
            self.fields["organisation"].widget = forms.HiddenInput()
            self.initial["organisation"] = next(iter(self.bureaus))
        kinds = [t for t in registry.all_types() if periodic.organisations(user, t.slug)]
        self.fields["kind"].choices = [(kind.slug, kind.label) for kind in kinds]
        cities = Region.objects.filter(level=Level.CITY).order_by("code")
        self.fields["city"].choices = [("", "不限"), *cities.values_list("code", "name")]

    def clean(self) -> dict[str, Any]:
        """Refuse a sample without a seed."""
        cleaned = super().clean()
        if cleaned.get("percent", 100) < 100 and not cleaned.get("seed"):
            self.add_error("seed", "抽样要有种子。")
        return cleaned

    @property
    def organisation_chosen(self) -> Organisation:
        """The bureau in whose name the round is opened."""
        return self.bureaus[self.cleaned_data["organisation"]]

    def choice(self) -> Choice:
        """Return how the entries are chosen."""
        names = ("before", "city", "below", "credited", "percent", "seed")
        return Choice(**{name: self.cleaned_data[name] for name in names})

    def facts(self) -> dict[str, Any]:
        """Return what ``periodic.start`` takes."""
        names = ("kind", "name", "year", "basis", "due_on")
        facts = {name: self.cleaned_data[name] for name in names}
        return {**facts, "organisation": self.organisation_chosen, "choice": self.choice()}


def _initial() -> dict[str, Any]:
    return {
        "year": timezone.localdate().year,
        "basis": periodic.CLAUSE,
        "percent": 100,
        "seed": secrets.token_hex(4),
    }


class FiguresForm(forms.Form):
    """The figures a catalogue asks for, as whole numbers, and the statement."""

    use_required_attribute = False

    def __init__(self, *args: Any, kind: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name, label in registry.get(kind).figures.items():
            self.fields[name] = WholeNumber(
                label=label, min_value=0, max_value=periodic.MOST, error_messages=WANTED
            )
        self.fields["statement"] = CleanText(
            label="情况说明",
            required=False,
            widget=forms.Textarea,
            help_text="运行、培训或考核的情况；数据未达标的写明原因。",
        )

    @property
    def figures(self) -> dict[str, int]:
        """The figures without the statement."""
        return {name: value for name, value in self.cleaned_data.items() if name != "statement"}
