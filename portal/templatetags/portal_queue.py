"""Markup of the lines of the queue, written without the template engine: a page has hundreds of cells."""

from collections.abc import Iterable
from html import escape

from django import template
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from portal.addressing import address
from portal.inbox import Row
from portal.templatetags.portal_ui import icon, tag

register = template.Library()
NONE = '<span class="faint">—</span>'


@register.simple_tag(takes_context=True)
def queue_lines(context: Context, rows: Iterable[Row], origin: str, is_picked_from: bool) -> SafeString:
    """Return the lines of ``rows``; ``origin`` is the encoded wish, the forms take it along.

    With boxes to tick where something can be done to several at once.
    """
    token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{context["csrf_token"]}">'
    return mark_safe("\n".join(_line(row, token, origin, bool(is_picked_from)) for row in rows))


def _line(row: Row, token: str, origin: str, is_picked_from: bool) -> str:
    """Return one line; whatever a person typed is escaped in the cell it stands in."""
    cells = [_pick(row)] if is_picked_from else []
    cells += [_title(row), _of_bureau(row), _stay(row), _due(row), _holder(row), _state(row)]
    acts = f'<a class="btn sm" href="{escape(row.url)}" aria-label="{escape(f"{row.act}：{row.title}")}">'
    acts += f"{escape(row.act)}</a>{_accept(row, token, origin)}{_read(row, token)}"
    cells.append(f'<td class="act noprint"><div class="acts-row">{acts}</div></td>')
    fresh = ' class="fresh"' if row.is_unread else ""
    return "\n".join([f"<tr{fresh}>", *cells, "</tr>"])


def _pick(row: Row) -> str:
    box = f'<input class="tick" type="checkbox" name="item" value="{escape(row.item)}" form="batch"'
    box += f' aria-label="{escape(f"选择 {row.title}")}">'
    return f'<td class="pick noprint">{box if row.acts else ""}</td>'


def _title(row: Row) -> str:
    looking = ""
    if row.looking:
        names = escape("、".join(row.looking))
        looking = f'<span class="looking small noprint">{icon("eye")}{names}正在看</span>'
    title = f'<a class="t-title" href="{escape(row.page)}">{escape(row.title)}</a>'
    return f'<td class="hd">{title}<br><span class="small faint">{escape(row.about)}</span>{looking}</td>'


def _of_bureau(row: Row) -> str:
    arrived = f'<time datetime="{row.arrived["machine"]}">{row.arrived["words"]}</time>'
    return (
        f'<td data-l="报送单位" class="bureau">{escape(row.bureau)}</td>\n'
        f'<td data-l="到达时间" class="nowrap only-wide">{arrived}</td>'
    )


def _stay(row: Row) -> str:
    if not row.stay:
        return f'<td data-l="停留时长" class="only-wide">{NONE}</td>'
    long = " long" if row.is_long else ""
    return f'<td data-l="停留时长"><span class="stay{long}">{escape(row.stay)}</span></td>'


def _due(row: Row) -> str:
    if not row.due:
        return f'<td data-l="截止日期" class="nowrap only-wide">{NONE}</td>'
    over = f'<br><span class="over small">{escape(row.overdue)}</span>' if row.overdue else ""
    day = f'<time datetime="{row.due_on}">{row.due_on}</time>'
    return f'<td data-l="截止日期" class="nowrap"><span>{day}{over}</span></td>'


def _holder(row: Row) -> str:
    if not row.holder:
        return f'<td data-l="经办人" class="holder only-wide">{NONE}</td>'
    return f'<td data-l="经办人" class="holder">{escape(row.holder)}</td>'


def _state(row: Row) -> str:
    chips = [*(["未阅"] if row.is_unread else []), *row.marks]
    marks = "".join(f' <span class="chip">{escape(mark)}</span>' for mark in chips)
    note = f' <span class="small faint">{escape(row.note)}</span>' if row.note else ""
    return f'<td class="st">{tag(row.state, row.word)}{marks}{note}</td>'


def _accept(row: Row, token: str, origin: str) -> str:
    if "accept" not in row.acts:
        return ""
    hidden = {"version": row.version, "step": row.step, "from": origin}
    return _form(address("filing-accept", row.pk), token, hidden, "受理", row.title)


def _read(row: Row, token: str) -> str:
    return (
        _form(address("copies-read"), token, {"filing": row.pk}, "已阅", row.title) if row.is_unread else ""
    )


def _form(url: str, token: str, hidden: dict, word: str, title: str) -> str:
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(str(value))}">' for name, value in hidden.items()
    )
    button = f'<button class="btn sm plain" aria-label="{escape(f"{word}：{title}")}">{word}</button>'
    return f'<form action="{url}" method="post">{token}{fields}{button}</form>'
