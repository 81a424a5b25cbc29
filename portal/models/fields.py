"""Model fields the declarations need beyond Django's own."""

from django import forms
from django.core.exceptions import ValidationError
from django.db import models


class ChoiceListField(models.JSONField):
    """Several of the given choices, stored as a JSON list of their codes in the order of the choices."""

    def __init__(self, *args, options=(), **kwargs):
        self.options = list(options)
        kwargs.setdefault("default", list)
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "options": self.options}

    def validate(self, value, model_instance):
        super().validate(value, model_instance)
        if set(value) - {code for code, _ in self.options}:
            raise ValidationError(f"“{self.verbose_name}”中有不认识的选项。")

    def labels(self, value: list[str]) -> list[str]:
        """Return the Chinese words of the stored codes."""
        return [label for code, label in self.options if code in (value or [])]

    def formfield(self, **kwargs):
        """Return check boxes; the model's own widget for JSON is of no use to a filer."""
        return forms.MultipleChoiceField(
            choices=self.options,
            widget=forms.CheckboxSelectMultiple,
            required=kwargs.get("required", not self.blank),
            label=self.verbose_name,
            help_text=self.help_text,
        )
