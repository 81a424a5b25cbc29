"""What is typed to prepare an edition of a catalogue; what must hold is asked by ``editions``."""

from typing import Any

from django import forms

from portal import edition_policy
from portal.campaign_forms import WANTED
from portal.forms import CleanText, Day
from portal.models import Edition, User


class EditionForm(forms.Form):
    """The facts of an edition; ``kind`` is chosen once, when it is begun."""

    use_required_attribute = False

    kind = forms.ChoiceField(
        label="目录", error_messages={"required": "请选择。", "invalid_choice": "没有这个选项，请重新选择。"}
    )
    name = CleanText(
        label="版次名称",
        max_length=40,
        error_messages=WANTED,
        help_text="公开页按这个名称引用，例如：2024年版",
    )
    on = Day(
        label="日期",
        error_messages=WANTED,
        help_text="这一版从这一天起现行；要晚于现行版的日期，到这一天才能发布。",
    )
    document_number = CleanText(
        label="文号",
        max_length=60,
        required=False,
        help_text="如“鲁人社字〔2024〕95号”：年份用六角括号〔〕，序号不补零；送审以前填写。",
    )

    def __init__(self, *args: Any, user: User, edition: Edition | None = None, **kwargs: Any):
        if edition is not None:
            kwargs.setdefault("initial", {name: getattr(edition, name) for name in edition_facts()})
        super().__init__(*args, **kwargs)
        if edition is not None:
            del self.fields["kind"]
        else:
            kinds = edition_policy.kinds_of(user)
            self.fields["kind"].choices = [(slug, kind.label) for slug, kind in kinds.items()]


def edition_facts() -> tuple[str, ...]:
    """Return the names of the facts that may be changed until an edition is sent for approval."""
    return ("name", "on", "document_number")
