"""Small pieces of markup every page is made of: icons, status tags, search hits, widgets. No query."""

import re

from django import template
from django.forms import widgets
from django.forms.utils import flatatt
from django.utils.html import conditional_escape, escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal import hits, materials, sent_forms, text, windows

register = template.Library()

# Stroked paths on a 24 × 24 grid; a word always stands beside an icon.
ICONS = {
    "search": '<circle cx="11" cy="11" r="7"/><path d="m16.5 16.5 4.5 4.5"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "down": '<path d="m6 9 6 6 6-6"/>',
    "check": '<path d="m4 12 5 5L20 6"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5m0-8v.01"/>',
    "warn": '<path d="M12 3 2.5 20h19zM12 10v4m0 3v.01"/>',
    "print": '<path d="M7 9V3h10v6M7 17H4V9h16v8h-3M7 14h10v7H7z"/>',
    "download": '<path d="M12 4v11m-5-5 5 5 5-5M4 20h16"/>',
    "upload": '<path d="M12 20V9m-5 5 5-5 5 5M4 4h16"/>',
    "eye": '<path d="M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12z"/><circle cx="12" cy="12" r="3"/>',
    "add": '<path d="M12 5v14M5 12h14"/>',
    "remove": '<path d="M5 12h14"/>',
    "text": '<path d="M4 6h10M9 6v13M14 12h6m-3 0v7"/>',
    "user": '<circle cx="12" cy="8" r="4"/><path d="M4 21c1-5 4-7 8-7s7 2 8 7"/>',
}
SAY_ICONS = {"ok": "check", "warn": "warn", "bad": "warn"}

# State of a filing or an entry → class of its tag: ○ draft ◐ moving ● done ◆ returned ✕ refused ◌ ended.
STATE_SHAPES = {
    "draft": "",
    "city_review": "wait",
    "province_review": "wait",
    "returned": "back",
    "approved": "ok",
    "rejected": "no",
    "cancelled": "end",
    "notice": "wait",
    "in_force": "ok",
    "rectifying": "back",
    "exited": "end",
    "replaced": "end",
    "ok": "ok",
    "bad": "no",
    "unknown": "back",
    "unopened": "end",
    "unfiled": "end",
    "in_work": "",
    "filed": "ok",
    "filed_late": "late",
    "nothing": "ok",
    "prepared": "",
    "open": "back",
    "answered": "wait",
    "closed": "ok",
}
TYPED = (widgets.Input, widgets.Textarea, widgets.Select, widgets.ClearableFileInput)
MANY = 12  # boxes or circles, from which on they can be narrowed down by typing
SPECIAL = re.compile("[&<>\"']")  # what is written otherwise in a page
PLAIN = (widgets.TextInput, widgets.DateInput, widgets.Textarea)
REMARK_FORM = (
    '<details class="noprint remark-new"{open} data-portal-remark-new>'
    '<summary class="small">＋ 提意见<span class="sr">：{label}</span></summary>'
    '<form class="mt-2 stack-s" action="{url}" method="post">'
    '<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
    '<input type="hidden" name="version" value="{version}"><input type="hidden" name="field" value="{name}">'
    '<label class="sr" for="new-{name}">对“{label}”的意见</label>'
    '<textarea class="in" id="new-{name}" name="text" rows="3" data-portal-count="{limit}" data-portal-kept>'
    '{text}</textarea><div class="row between"><button class="btn sm">记下意见</button>'
    '<span class="small soft" data-portal-counter="new-{name}"><b>0</b> / {limit} 字</span></div>'
    '<p class="hint">随退回一起发出，发出前只有本级审核岗位看得到。</p></form></details>'
)
TICKED = (widgets.CheckboxInput, widgets.RadioSelect, widgets.CheckboxSelectMultiple)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return the icon called ``name`` as inline SVG that screen readers pass over."""
    drawing = mark_safe(ICONS[name])
    return format_html('<svg class="ico" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', drawing)


@register.filter
def breakable(name: str) -> SafeString:
    """Return a name that may go on in a new line behind its 与; the stylesheet keeps the rest together."""
    return mark_safe(conditional_escape(name).replace("与", "与<wbr>"))


@register.simple_tag
def tag(state: str, word: str) -> SafeString:
    """Return the status tag of ``state`` reading ``word``: a word and a shape, never colour alone."""
    return format_html('<span class="tag {}">{}</span>', STATE_SHAPES[state], word)


@register.filter
def measured(attachment) -> str:
    """Return what was measured in a file, in a line."""
    return materials.measured(attachment)


@register.filter
def shape(state: str) -> str:
    """Return the class of a state's shape, shared by tags and timelines."""
    return STATE_SHAPES.get(state, "")


@register.simple_block_tag
def say(content: str, kind: str = "") -> SafeString:
    """Frame a message: ``{% say "warn" %}<b>fact</b><p>next step</p>{% endsay %}``; also ok, bad."""
    picture = icon(SAY_ICONS.get(kind, "info"))
    return format_html('<div class="say {}">{}<div>{}</div></div>', kind, picture, content)


@register.simple_block_tag
def dialog(content: str, name: str, title: str) -> SafeString:
    """Frame a native dialog that ``<button data-portal-open="name">`` opens."""
    return format_html(
        '<dialog class="dialog" id="{0}" aria-labelledby="{0}-title">'
        '<h2 class="l" id="{0}-title">{1}</h2>{2}</dialog>',
        name,
        title,
        content,
    )


@register.filter
def mark(value: str, query: str) -> SafeString:
    """Escape ``value`` and wrap in ``<mark>`` each place where a word of ``query`` stands, as searched."""
    folded, places = text.fold_with_places(value)
    hits = set()
    for word in text.fold(query).split():
        start = folded.find(word)
        while start >= 0:
            hits.update(places[start : start + len(word)])
            start = folded.find(word, start + len(word))
    return (
        format_html_join("", "{}", ((part,) for part in _marked(value, hits)))
        if hits
        else conditional_escape(value)
    )


def _marked(value: str, hits: set[int]):
    start = 0
    for end in range(1, len(value) + 1):
        if end == len(value) or (end in hits) != (start in hits):
            part = value[start:end]
            yield format_html("<mark>{}</mark>", part) if start in hits else part
            start = end


@register.filter(name="count")
def count(value) -> int:
    """Return the 字数 of a value by the rule the server checks (``text.count``)."""
    return text.count(str(value or ""))


@register.filter
def too_long(field, limit: int | None) -> str:
    """Return the sentence that what stands in a bound field is over its limit, empty while it is not."""
    return text.too_long(str(field.label), str(field.value() or ""), limit) if limit else ""


@register.simple_tag
def control(field, limit: int | None = None, rows: int | None = None, known: bool = False) -> SafeString:
    """Return the widget of a bound field in the portal's dress; ``limit`` switches the live 字数 on.

    With ``known`` a list of names to choose from stands beside it.
    """
    widget, attrs = field.field.widget, {}
    if known:
        attrs["list"] = f"{field.auto_id}_known"
    if isinstance(widget, TYPED) and not isinstance(widget, TICKED):
        attrs["class"] = f"{widget.attrs.get('class', '')} in".strip()
    if limit or isinstance(widget, widgets.Textarea):
        attrs["data-portal-count"] = limit or ""
    if isinstance(widget, widgets.Textarea):
        attrs["rows"] = rows or 4
    if described := _described_by(field):
        attrs["aria-describedby"] = described
    if type(widget) in PLAIN:
        return _written(field, widget, attrs)
    plain = type(widget) is widgets.Select
    return field.as_widget(OptionList(widget.attrs, widget.choices) if plain else None, attrs=attrs)


def _written(field, widget: widgets.Widget, attrs: dict) -> SafeString:
    """Return a box to type in as Django would, written at once instead of by three templates."""
    if field.auto_id and "id" not in widget.attrs:
        attrs["id"] = field.auto_id
    shared = flatatt(widget.build_attrs(widget.attrs, field.build_widget_attrs(attrs, widget)))
    value, name = widget.format_value(field.value()), field.html_name
    if isinstance(widget, widgets.Textarea):
        return format_html('<textarea name="{}"{}>\n{}</textarea>', name, shared, value or "")
    filled = "" if value is None else format_html(' value="{}"', value)
    return format_html('<input type="{}" name="{}"{}{}>', widget.input_type, name, filled, shared)


@register.simple_tag
def known_names(field, known) -> SafeString:
    """Return the list of names to choose from that stands beside a bound field; it has hundreds."""
    options = "".join([f'<option value="{name}"></option>' for name in _escaped([str(n) for n in known])])
    return format_html('<datalist id="{}_known">{}</datalist>', field.auto_id, mark_safe(options))


@register.simple_tag(takes_context=True)
def remark_form(context, name: str, label: str) -> SafeString:
    """Return the folded form of a new remark on ``name``, written at once: a page has one for each field."""
    typed, limit = context["typed"].remark, context["remark_limit"]
    is_typed = typed.field == name and not typed.pk
    return format_html(
        REMARK_FORM,
        name=name,
        label=label,
        open=" open" if is_typed else "",
        url=context["remark_url"],
        token=context["csrf_token"],
        version=context["filing"].version,
        limit=limit,
        text=typed.text if is_typed else "",
    )


class OptionList(widgets.Select):
    """A list to open, written at once: Django renders two templates for each of some hundred options."""

    def render(self, name, value, attrs=None, renderer=None) -> SafeString:
        """Return what Django would, without groups and blanks between the options."""
        picked, options = self.format_value(value), []
        choices = list(self.choices)
        if any(isinstance(label, list | tuple) for _, label in choices):
            return super().render(name, value, attrs, renderer)
        for key, safe, label in zip(*_parts(choices), strict=True):
            selected = ""
            if key in picked:  # the first one alone
                picked, selected = (), " selected"
            options.append(f'<option value="{safe}"{selected}>{label}</option>')
        shared = flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})
        return mark_safe(f"<select{shared}>{''.join(options)}</select>")  # escaped above


@register.simple_tag
def ticks(field) -> SafeString:
    """Return the boxes or circles of a bound field with their labels, written at once; without groups."""
    widget, name = field.field.widget, escape(field.html_name)
    attrs = field.build_widget_attrs({"id": widget.attrs.get("id") or field.auto_id}, widget)
    shared = widget.build_attrs(widget.attrs, attrs)
    own_id, rest = escape(shared.pop("id")), flatatt(shared)
    picked, lines = widget.format_value(field.value()), []
    for number, (key, safe, label) in enumerate(zip(*_parts(widget.choices), strict=True)):
        checked = " checked" if key in picked else ""
        if checked and not widget.allow_multiple_selected:
            picked = ()
        lines.append(
            f'<label class="check" for="{own_id}_{number}"><input type="{widget.input_type}" name="{name}"'
            f' value="{safe}" id="{own_id}_{number}"{rest}{checked}><span>{label}</span></label>'
        )
    narrows = ' data-portal-filter="输入文字缩小范围"' if len(lines) > MANY else ""
    return mark_safe(f'<div class="ticks"{narrows}>{"".join(lines)}</div>')  # escaped above


def _parts(choices) -> tuple[list[str], list[str], list[str]]:
    """Return the keys of choices, then keys and labels escaped."""
    pairs = [("" if key is None else str(key), str(label)) for key, label in choices]
    keys = [key for key, _ in pairs]
    return keys, _escaped(keys), _escaped([label for _, label in pairs])


def _escaped(words: list[str]) -> list[str]:
    """Return words escaped, of a thousand choices all at once; none of them holds a control character."""
    whole = "\0".join(words)
    return escape(whole).split("\0") if words and SPECIAL.search(whole) else words


def _described_by(field) -> str:
    name = field.auto_id
    return " ".join([f"{name}_helptext"] * bool(field.help_text) + [f"{name}_error"] * bool(field.errors))


@register.filter
def moment(at) -> str:
    """Return a time as notices write it: the last second of a day is its 24:00."""
    return windows.moment(at) if at else ""


@register.filter
def is_ticked(field) -> bool:
    """Say whether a bound field is a group of boxes or circles rather than one control."""
    return isinstance(field.field.widget, widgets.RadioSelect | widgets.CheckboxSelectMultiple)


@register.filter
def is_single_tick(field) -> bool:
    """Say whether a bound field is one check box, whose label stands behind it."""
    return isinstance(field.field.widget, widgets.CheckboxInput)


@register.filter
def is_counted(field) -> bool:
    """Say whether the 字数 of a bound field is shown although no notice limits it."""
    return isinstance(field.field.widget, widgets.Textarea)


@register.filter
def page_numbers(page) -> list[int | str]:
    """Return the numbers a pager shows: the ends, two on each side of here, ``…`` for what is left out."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1))


@register.filter
def message_kind(level: str) -> str:
    """Return the kind of ``say`` for the level of a Django message."""
    return {"success": "ok", "warning": "warn", "error": "bad"}.get(level, "")


@register.filter
def polite(sentence: str) -> str:
    """Return a sentence of Django's own in our form of address: 您, never 你."""
    return str(sentence).replace("你", "您")


@register.filter
def how_many(count: int, unit: str = "个") -> str:
    """Return a number of entries in words, with 以上 when no more than that is known."""
    return hits.in_words(count, unit)


@register.filter
def how_many_lines(count: int, unit: str = "条") -> str:
    """Return a number of lines in words, with 以上 when no more than that is known."""
    return hits.in_words(count, unit)


@register.simple_tag
def form_key() -> SafeString:
    """Return the hidden field with the key of a form that makes something (``views.once``)."""
    return format_html('<input type="hidden" name="{}" value="{}">', sent_forms.FIELD, sent_forms.new_key())
