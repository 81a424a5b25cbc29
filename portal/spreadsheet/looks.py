"""What a cell looks like on every sheet of the portal, and the part of a workbook that says so (styles)."""

from dataclasses import dataclass
from functools import cache

TEXT, QUOTED, DAY, MOMENT, WHOLE, GENERAL = "text", "quoted", "day", "moment", "whole", "general"
# What a cell holds → its number format (ECMA-376 part 1, 18.8.30: those below 164 are built in).
FORMATS = {
    TEXT: (49, "@"),
    QUOTED: (49, "@"),
    DAY: (164, "yyyy-mm-dd"),
    MOMENT: (165, "yyyy-mm-dd hh:mm:ss"),
    WHOLE: (1, "0"),
    GENERAL: (0, "General"),
}
FRAME = "B8C4CE"
NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
FACE = '<sz val="11"/>{color}<name val="宋体"/><family val="3"/><charset val="134"/>'


@dataclass(frozen=True)
class Look:
    """How a cell is set: its letters, the colour behind it, in the middle or from the top, framed or not."""

    color: str = ""
    fill: str = ""
    bold: bool = False
    italic: bool = False
    centred: bool = False
    framed: bool = True


LOOKS = {
    "bare": Look(framed=False),
    "required": Look("FFFFFF", "1F4E79", bold=True, centred=True),
    "optional": Look("1F2933", "D9E2EC", bold=True, centred=True),
    "context": Look("52606D", "EEF1F4", italic=True, centred=True),
    "sample": Look("52606D", italic=True),
    "data": Look(),
}


@cache
def ways_of(look: str) -> dict[str, int]:
    """Return what a cell holds → the number of its style; 0 is the style of cells nobody wrote."""
    first = 1 + list(LOOKS).index(look) * len(FORMATS)
    return {name: first + place for place, name in enumerate(FORMATS)}


@cache
def styles() -> str:
    """Return the styles part (18.8): a font, a fill and a frame for each look, a format for what it holds."""
    looks = list(LOOKS.values())
    own = "".join(f'<numFmt numFmtId="{n}" formatCode="{c}"/>' for n, c in FORMATS.values() if n >= 164)
    cells = "".join(_cell(place, look, name) for place, look in enumerate(looks) for name in FORMATS)
    side = "".join(
        f'<{name} style="thin"><color rgb="FF{FRAME}"/></{name}>'
        for name in ("left", "right", "top", "bottom")
    )
    parts = [
        _counted("numFmts", own, 2),
        _counted(
            "fonts", f"<font>{FACE.format(color='')}</font>" + "".join(map(_font, looks)), 1 + len(looks)
        ),
        _counted("fills", _fill("none") + _fill("gray125") + "".join(map(_own_fill, looks)), 2 + len(looks)),
        _counted("borders", f"<border><left/><right/><top/><bottom/></border><border>{side}</border>", 2),
        _counted("cellStyleXfs", '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>', 1),
        _counted(
            "cellXfs",
            f'<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>{cells}',
            1 + len(looks) * len(FORMATS),
        ),
        _counted("cellStyles", '<cellStyle name="Normal" xfId="0" builtinId="0"/>', 1),
    ]
    return f"<styleSheet {NAMESPACE}>{''.join(parts)}</styleSheet>"


def _counted(name: str, inside: str, number: int) -> str:
    return f'<{name} count="{number}">{inside}</{name}>'


def _font(look: Look) -> str:
    marks = "<b/>" * look.bold + "<i/>" * look.italic
    color = f'<color rgb="FF{look.color}"/>' if look.color else ""
    return f"<font>{marks}{FACE.format(color=color)}</font>"


def _own_fill(look: Look) -> str:
    return _fill("solid", f'<fgColor rgb="FF{look.fill}"/>') if look.fill else _fill("none")


def _fill(pattern: str, inside: str = "") -> str:
    return f'<fill><patternFill patternType="{pattern}">{inside}</patternFill></fill>'


def _cell(place: int, look: Look, holds: str) -> str:
    number, quoted = FORMATS[holds][0], ' quotePrefix="1"' * (holds == QUOTED)
    aligned = 'vertical="center" horizontal="center"' if look.centred else 'vertical="top"'
    alignment = f'<alignment {aligned} wrapText="1"/>' if look.framed else ""
    return (
        f'<xf numFmtId="{number}" fontId="{1 + place}" fillId="{2 + place}" borderId="{int(look.framed)}"'
        f' xfId="0"{quoted} applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1"'
        f' applyAlignment="1">{alignment}</xf>'
    )
