"""Markup of the grid of child rows, written without Django's widget templates: it has thousands of cells."""

from django import template
from django.forms import BoundField, Form
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal import text
from portal.row_forms import RowSet

register = template.Library()
LONG = 100  # characters; a column of such texts gets more room


@register.simple_tag
def grid_cell(field: BoundField, number: int | str, total: str) -> SafeString:
    """Return the control of one cell with what is wrong in it; ``total`` names the column of the sum."""
    value, wrong = field.value(), field.errors
    common = format_html(
        'name="{}" id="{}" aria-label="第 {} 行 {}"{}',
        field.html_name,
        field.auto_id,
        number,
        field.label,
        format_html(' aria-invalid="true" aria-describedby="{}_error"', field.auto_id) if wrong else "",
    )
    said = format_html('<p class="err" id="{}_error">{}</p>', field.auto_id, " ".join(wrong)) if wrong else ""
    choices = getattr(field.field, "choices", None)
    if choices is not None:
        return format_html("<select {}>{}</select>{}", common, _options(choices, value), said)
    mark = SafeString(' inputmode="numeric" data-portal-grid-number-cell') if field.name == total else ""
    mark = mark or SafeString(' class="long"' if (getattr(field.field, "max_length", 0) or 0) >= LONG else "")
    return format_html('<input {} value="{}"{}>{}', common, "" if value is None else value, mark, said)


def _options(choices, value) -> SafeString:
    chosen = "" if value is None else str(value)
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((key, SafeString(" selected") if str(key) == chosen else "", words) for key, words in choices),
    )


@register.simple_tag
def note(notes: dict[str, str], row: Form) -> str:
    """Return what the portal understood of a row."""
    return (notes or {}).get(row.prefix, "")


@register.filter
def labelled(row: Form, name: str) -> str:
    """Return the label of a field of a row."""
    return row.fields[name].label


@register.filter
def summed(rows: RowSet) -> int:
    """Return the sum of the column that a statistical sheet adds up."""
    typed = (text.digits(str(form[rows.total].value() or "")) for form in rows.forms)
    return sum(int(number) for number in typed if number.isascii() and number.isdigit())
