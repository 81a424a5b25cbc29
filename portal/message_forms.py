"""The form in which a person says how else he wants to be told. Writes nothing."""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError

from portal.models import MessagePreference, User
from portal.vocabulary import MailMode

NO_ADDRESS = "请填写邮箱地址，或把电子邮件改为“不发”。"
NO_PHONE = "请填写手机号，或去掉短信前的勾。"


class PreferenceForm(forms.Form):
    """Mail: how often and where to; text messages: whether and to which number."""

    mail = forms.ChoiceField(label="电子邮件", choices=MailMode.choices, widget=forms.RadioSelect)
    email = forms.EmailField(
        label="邮箱地址",
        required=False,
        max_length=254,
        error_messages={"invalid": "这不是邮箱地址，应如 name@example.com。"},
    )
    texts = forms.BooleanField(label="催办和到期提醒发短信", required=False)
    phone = forms.CharField(
        label="手机号", required=False, validators=MessagePreference._meta.get_field("phone").validators
    )

    @classmethod
    def of(cls, user: User, preference: MessagePreference, data=None) -> "PreferenceForm":
        """Return the form with what ``user`` prefers now; ``data`` is what was sent."""
        facts = {name: getattr(preference, name) for name in ("mail", "texts", "phone")}
        return cls(data, initial={"email": user.email, **facts})

    def clean_phone(self) -> str:
        """Return the number in plain digits, however wide they were typed: the pattern takes any digit."""
        return "".join(str(unicodedata.digit(sign)) for sign in self.cleaned_data["phone"])

    def clean(self) -> dict:
        """Refuse a way that leads nowhere."""
        said = super().clean()
        if said.get("mail", MailMode.OFF) != MailMode.OFF and not said.get("email", "refused already"):
            self.add_error("email", ValidationError(NO_ADDRESS))
        if said.get("texts") and not said.get("phone", "refused already"):
            self.add_error("phone", ValidationError(NO_PHONE))
        return said
