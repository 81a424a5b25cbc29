"""The child rows of a filing as a set of forms, made from its declaration.

Unlike a filing's own fields a row is stored whole: what its columns demand is demanded here.
"""

from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from portal.forms import form_field
from portal.models import Filing
from portal.offers import Later, Offer, choosable, offer_places
from portal.registry import RecordType
from portal.rules import MOST_ROWS
from portal.snapshot import child_rows, is_place


class RowForm(forms.Form):
    """One child row; one that is left empty is no row."""

    use_required_attribute = False


class RowSet(forms.BaseFormSet):
    """The child rows of one kind: stored whole or not at all, so that a half-filled row deletes nothing.

    Those of a statistical sheet are a grid: ``total`` is the column it adds up.
    """

    model: type[models.Model]
    names: list[str]
    total: str
    default_error_messages = {
        "missing_management_form": "这张表的行数没有传到，请刷新页面后再填。",
        "too_many_forms": "这张表最多填%(num)d行。",
    }

    def __init__(self, data=None, *, record: Filing, name: str, **kwargs: Any):
        rows, self.own_place = child_rows(record, name), record.region_id
        self.offers = {
            field: self._offer(record, column, [other for row in rows if (other := getattr(row, field))])
            for field, column in self._relations()
        }
        initial = None if data is not None else [self._initial(row) for row in rows]
        super().__init__(data, prefix=name, initial=initial, **kwargs)

    @classmethod
    def _relations(cls):
        columns = ((name, cls.model._meta.get_field(name)) for name in cls.names)
        return [(name, column) for name, column in columns if column.is_relation]

    @staticmethod
    def _offer(record: Filing, column: models.Field, chosen: list[models.Model]) -> Offer | Later:
        if is_place(column):
            return offer_places(record, chosen)
        return choosable(column.related_model, record, chosen)

    def full_clean(self) -> None:
        """Look up together what all rows chose, before each row is looked at."""
        for name, offered in self.offers.items() if self.is_bound else ():
            boxes = [f"{self.prefix}-{row}-{name}" for row in range(self.total_form_count())]
            offered.named(value for box in boxes if (value := self.data.get(box)))
        super().full_clean()

    def _initial(self, row: models.Model) -> dict[str, Any]:
        columns = {name: self.model._meta.get_field(name) for name in self.names}
        values = {name: getattr(row, column.attname) for name, column in columns.items()}
        return {n: None if is_place(columns[n]) and v == self.own_place else v for n, v in values.items()}

    def _construct_form(self, i: int, **kwargs: Any) -> forms.Form:
        return super()._construct_form(i, **{**kwargs, "empty_permitted": True})

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        """Offer the choices, and name the box that takes a row away."""
        super().add_fields(form, index)
        form.fields["DELETE"].label = "删除这一行"
        for name, offered in self.offers.items():
            form.fields[name].take(offered)

    def clean(self) -> None:
        """Refuse two rows of which the table holds one, in the constraint's own words."""
        for constraint in self.model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint):
                self._check_once(constraint)

    def _check_once(self, constraint: models.UniqueConstraint) -> None:
        names, seen = [name for name in constraint.fields if name in self.names], set()
        for row in self.rows():
            values = tuple(row.get(name) for name in names)
            if None not in values and values in seen:
                raise ValidationError(constraint.get_violation_error_message())
            seen.add(values)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows that were filled in and not ticked for deletion, as ``drafts.save`` takes them."""
        return [{name: form.cleaned_data.get(name) for name in self.names} for form in self.kept()]

    def kept(self) -> list[forms.Form]:
        """Return the forms of the rows that are stored, in their order."""
        if not self.is_bound:
            return self.initial_forms
        return [form for form in self.forms if form.has_changed() and not self._should_delete_form(form)]


@cache
def _row_set_class(model: type[Filing], name: str) -> type[RowSet]:
    row_model, names = model.record_type.row_model(name), model.record_type.rows[name]
    fields = {field: _row_field(row_model._meta.get_field(field)) for field in names}
    sheet = model.record_type.sheet
    total = sheet.total if sheet and sheet.rows == name else ""
    return forms.formset_factory(
        type("TypedRowForm", (RowForm,), fields),
        formset=type("TypedRowSet", (RowSet,), {"model": row_model, "names": names, "total": total}),
        extra=1,
        can_delete=True,
        max_num=MOST_ROWS,
        absolute_max=2 * MOST_ROWS,
        validate_max=True,
    )


def _row_field(column: models.Field) -> forms.Field:
    """A row is stored whole: what its columns demand is demanded here, and their validators hold here."""
    field = form_field(column)
    is_text = isinstance(column, models.CharField | models.TextField)
    field.required = not column.null and not is_text and not isinstance(column, models.BooleanField)
    own = column._validators  # told once: a limit of the column replaces that of its type
    general = [v for v in field.validators if type(v) not in {type(stricter) for stricter in own}]
    field.validators = [*general, *own]
    return field


def row_set_class(record_type: RecordType, name: str) -> type[RowSet]:
    """Return the set of forms of the child rows called ``name``; made once."""
    return _row_set_class(record_type.model, name)
