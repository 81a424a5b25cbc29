"""Forms made from a declaration: their fields, and one lenient form per record type.

Only what a *draft* may hold is checked here (type, choice, length, namesake); what a submission must hold is
``rules``. A value that fits its column is ``storable`` even when a rule finds fault with it, so that nothing
typed is lost.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from portal import text
from portal.models import ChoiceListField, Filing
from portal.offers import Later, Offer, WhenShown, choosable
from portal.registry import RecordType
from portal.rules import TEXT_LIMIT
from portal.snapshot import related

LARGEST_NUMBER = 2_147_483_647  # what an integer column holds on PostgreSQL
MOST_DIGITS = 20
FEW_CHOICES = 5  # up to here as circles, more as a list to open
NOT_PUBLIC = "不对外公开。"
DATE_FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_AMOUNT = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{0,20})?", re.ASCII)


class CleanText(forms.CharField):
    """Text cleaned before any validator looks at it; without ``maxlength``, which cuts off what is pasted."""

    def to_python(self, value: Any) -> str:
        return text.clean(super().to_python(value))

    def widget_attrs(self, widget: forms.Widget) -> dict:
        return {}


class LongText(CleanText):
    """Text of several lines, up to the technical cap where no notice sets a limit."""

    widget = forms.Textarea

    def validate(self, value: str) -> None:
        super().validate(value)
        if (length := text.count(value)) > TEXT_LIMIT:
            raise ValidationError(f"最多填写{TEXT_LIMIT}字，现在有{length}字，请缩短后再暂存。")


class WholeNumber(forms.IntegerField):
    """A whole number as people type it: full-width digits, blanks and thousands separators are forgiven."""

    widget = forms.TextInput
    default_error_messages = {
        "invalid": "请填写整数，例如620。",
        "min_value": "请填写%(limit_value)s或更大的整数。",
        "max_value": "最多填%(limit_value)s，请核对。",
        "required": "请填写。",
    }

    def to_python(self, value: Any) -> int | None:
        typed = text.digits(str(value or "")).replace(",", "")
        if typed and not _WHOLE_NUMBER.fullmatch(typed):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if len(typed) > MOST_DIGITS:  # Python itself refuses to read some thousand digits
            raise ValidationError(self.error_messages["max_value"], params={"limit_value": self.max_value})
        return super().to_python(typed)

    def widget_attrs(self, widget: forms.Widget) -> dict:
        return {"inputmode": "numeric"}


class Amount(forms.DecimalField):
    """An amount of money as people type it, shown without zeros that say nothing."""

    widget = forms.TextInput
    default_error_messages = {
        "invalid": "请填写数字，例如10或8.5。",
        "min_value": "请填写%(limit_value)s或更大的数。",
        "max_decimal_places": "最多填两位小数。",
        "max_digits": "数字太大，请核对。",
        "max_whole_digits": "数字太大，请核对。",
        "required": "请填写。",
    }

    def to_python(self, value: Any) -> Decimal | None:
        typed = text.digits(str("" if value is None else value)).replace(",", "")
        if typed and not _AMOUNT.fullmatch(typed):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(typed)

    def prepare_value(self, value: Any) -> Any:
        return text.plain_number(value) if isinstance(value, Decimal) else value

    def widget_attrs(self, widget: forms.Widget) -> dict:
        return {"inputmode": "decimal"}


class Day(forms.DateField):
    """A date, written as 2024-06-01 or in one of the ways people write it; of a year that can be meant."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    default_error_messages = {
        "invalid": "请按“2024-06-01”的样子填写日期。",
        "required": "请填写。",
        "year": "日期要在1900年至2100年之间，请核对。",
    }

    def to_python(self, value: Any):
        day = super().to_python(text.digits(value) if isinstance(value, str) else value)
        if day and not 1900 <= day.year <= 2100:  # the first day of year 1 is none in another time zone
            raise ValidationError(self.error_messages["year"], code="year")
        return day


class Codes(forms.MultipleChoiceField):
    """Several codes of a fixed list, each once and in the order of the list."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> list[str]:
        chosen = super().clean(value)
        return [code for code, _ in self.choices if code in chosen]


class _Offered:
    """A field whose choices are objects offered at run time; cleans to the objects themselves."""

    default_error_messages = {
        "invalid_choice": "所选的内容已不在可选范围内，请重新选择。",
        "required": "请选择。",
    }
    before: Sequence[tuple[str, str]] = ()
    offered: Offer | Later = Offer([], {})

    def take(self, offered: Offer | Later) -> None:
        """Offer these objects; what is read later is read when the choices are shown."""
        self.offered, before = offered, [("", offered.none)] if offered.none else self.before
        later = isinstance(offered, Later)
        self.choices = WhenShown(before, offered) if later else [*before, *offered.choices]

    def valid_value(self, value: str) -> bool:
        """Say whether ``value`` is offered; asks only for it where the choices were not read."""
        later = isinstance(self.offered, Later)
        return value in self.offered.named([value]) if later else super().valid_value(value)


class OneOffered(_Offered, forms.ChoiceField):
    """One of the offered objects, or None."""

    before = (("", "未选择"),)

    def clean(self, value: Any) -> models.Model | None:
        return next(iter(self.offered.named([super().clean(value)]).values()), None)


class SeveralOffered(_Offered, forms.MultipleChoiceField):
    """Several of the offered objects."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> list[models.Model]:
        if isinstance(value, list | tuple):
            self.offered.named(map(str, value))  # read together
        return list(self.offered.named(super().clean(value)).values())


def form_field(column: models.Field, **kwargs: Any) -> forms.Field:
    """Return the lenient form field of a model field: empty is allowed, what is there must fit the column."""
    label = str(column.verbose_name)
    common = {"required": False, "label": label, "help_text": column.help_text}
    if column.is_relation:
        return (SeveralOffered if column.many_to_many else OneOffered)(**common)
    if isinstance(column, ChoiceListField):
        return Codes(choices=column.options, error_messages=_unknown(label), **common)
    if column.choices:
        return _choice(column, common)
    return _typed(column, common)


def _choice(column: models.Field, common: dict) -> forms.Field:
    choices = list(column.flatchoices)
    few = len(choices) <= FEW_CHOICES
    widget = forms.RadioSelect if few else forms.Select
    blank = [] if few else [("", "未选择")]
    return forms.ChoiceField(
        choices=[*blank, *choices], widget=widget, error_messages=_unknown(common["label"]), **common
    )


def _unknown(label: str) -> dict[str, str]:
    return {"invalid_choice": f"“{label}”没有这个选项，请重新选择。"}


def _typed(column: models.Field, common: dict) -> forms.Field:
    if isinstance(column, models.BooleanField):
        return forms.BooleanField(**common)
    if isinstance(column, models.IntegerField):
        least = 0 if "Positive" in column.get_internal_type() else None
        return WholeNumber(min_value=least, max_value=LARGEST_NUMBER, **common)
    if isinstance(column, models.DecimalField):
        return Amount(
            min_value=0, max_digits=column.max_digits, decimal_places=column.decimal_places, **common
        )
    if isinstance(column, models.DateField):
        return Day(input_formats=DATE_FORMATS, **common)
    if isinstance(column, models.TextField):
        return LongText(**common)
    too_long = {"max_length": "最多%(limit_value)d个字符，现在有%(show_value)d个，请缩短。"}
    return CleanText(max_length=column.max_length, error_messages=too_long, **common)


class FilingForm(forms.ModelForm):
    """A draft's form; ``storable`` holds after validation what ``drafts.save`` may store."""

    use_required_attribute = False
    record_type: RecordType

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.storable: dict[str, Any] = {}
        self.before = self.instance.values_now()
        for name, field in self.fields.items():
            if isinstance(field, _Offered):
                self._offer(name, field)

    def _offer(self, name: str, field: _Offered) -> None:
        column = self.instance._meta.get_field(name)
        chosen = chosen_objects(self.instance, name)
        field.take(choosable(column.related_model, self.instance, chosen))
        keys = [str(other.pk) for other in chosen]
        self.initial[name] = keys if column.many_to_many else "".join(keys)

    def _post_clean(self) -> None:
        self.storable = dict(self.cleaned_data)
        super()._post_clean()
        self._check_all_constraints()

    def _check_all_constraints(self) -> None:
        """Check the parent's too: a ModelForm skips every constraint that names a field it does not show."""
        self.instance.title = self.instance.heading()[:100]
        key = self.record_type.key[0]
        try:
            self.instance.validate_changes(self.before)
        except ValidationError as error:
            self.storable.pop(key, None)
            self.add_error(key if key in self.fields else None, error.messages)


def chosen_objects(record: models.Model, name: str) -> list[models.Model]:
    """Return the objects a relation field of ``record`` holds now, as a list for both kinds of relation."""
    if record._meta.get_field(name).many_to_many:
        return related(record, name)
    other = getattr(record, name)
    return [other] if other else []


@cache
def _form_class(model: type[Filing]) -> type[FilingForm]:
    record_type = model.record_type
    form = forms.modelform_factory(
        model,
        form=type("TypedForm", (FilingForm,), {"record_type": record_type}),
        fields=[*record_type.fields, "explanation"],
        formfield_callback=form_field,
    )
    for name, field in form.base_fields.items():
        _dress(field, record_type.example.get(name))
        if name in record_type.personal and NOT_PUBLIC not in field.help_text:
            field.help_text = f"{field.help_text}{NOT_PUBLIC}"
    return form


def form_class(record_type: RecordType) -> type[FilingForm]:
    """Return the form of a record type: its sections' fields and 情况说明; made once."""
    return _form_class(record_type.model)


def _dress(field: forms.Field, example: Any) -> None:
    is_typed = isinstance(field, CleanText | WholeNumber)
    if is_typed and example not in (None, ""):
        field.widget.attrs["placeholder"] = f"例如：{example}"
