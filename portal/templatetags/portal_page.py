"""Markup the template engine is slow at: options, cells of numbers, charts, what stands twice. No query."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from html import escape

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from portal.charts import Chart, Word

register = template.Library()


@register.simple_tag
def options(words: Mapping[str, object], chosen: str) -> SafeString:
    """Return the options of a list: value → word, the chosen one selected."""
    return mark_safe(  # escaped piece by piece
        "".join(
            f'<option value="{escape(str(value))}"{" selected" if value == chosen else ""}>'
            f"{escape(str(word))}</option>"
            for value, word in words.items()
        )
    )


@register.simple_tag(takes_context=True)
def made(context: Context, name: str) -> SafeString:
    """Return the template ``name`` as it stands here, to be written in more places than one."""
    with context.push():
        return context.template.engine.get_template(name).render(context)


@register.simple_tag
def figures(rows: Iterable[dict]) -> SafeString:
    """Return the lines of a table of numbers, as ``views.dashboard.written`` gives them."""
    return mark_safe("\n".join(map(_line, rows)))  # escaped cell by cell


def _line(row: dict) -> str:
    total = ' class="total"' if row["style"] == "total" else ""
    cells = "".join(map(_cell, row["cells"]))
    return f'<tr{total}><th scope="row">{escape(row["first"]["said"])}</th>{cells}</tr>'


def _cell(cell: dict) -> str:
    shown, number = escape(cell["said"]), ' class="num"' if cell["is_number"] else ""
    if cell["url"]:
        shown = f'<a href="{escape(cell["url"])}">{shown}</a>'
    return f"<td{number}>{shown}</td>"


@register.simple_tag
def patterns(chart: Chart) -> SafeString:
    """Return the patterns of the series of a chart."""
    return mark_safe("".join(_pattern(chart.slug, one.look) for one in chart.legend))  # by a template


@lru_cache  # charts are few, and so are looks
def _pattern(slug: str, look: int) -> str:
    return render_to_string("components/chart_pattern.html", {"id": slug, "look": look})


@register.simple_tag
def shapes(chart: Chart) -> SafeString:
    """Return the rules of a chart and its boxes; numbers are written as SVG wants them."""
    rules = (
        f'<line class="rule" x1="{rule.x}" y1="{rule.y}" x2="{rule.to_x}" y2="{rule.to_y}"/>'
        for rule in chart.rules
    )
    fill = f"url(#{escape(chart.slug)}"
    boxes = (
        f'<rect class="box" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"'
        f' fill="{fill}-{box.look})"/>'
        for box in chart.boxes
    )
    return mark_safe("".join([*rules, "\n", *boxes]))


@register.simple_tag
def words(chart: Chart) -> SafeString:
    """Return the words of a chart."""
    return mark_safe("".join(map(_word, chart.words)))  # escaped one by one


def _word(word: Word) -> str:
    soft = ' class="faint"' if word.is_soft else ""
    place = f'x="{word.x}" y="{word.y}" text-anchor="{escape(word.anchor)}"'
    return f"<text{soft} {place}>{escape(word.text)}</text>"
