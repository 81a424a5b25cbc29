"""The looks of a marked workbook: its own styles, and a red copy of each that a faulty cell has."""

from copy import deepcopy
from xml.etree.ElementTree import Element, SubElement

RED, INK = "FFF9C0C8", "FFA3152A"  # a shade of ours: a receipt that comes back is known by it
MOST = 60_000  # Excel holds 64,000


class Styles:
    """The part ``styles.xml`` of a workbook, to which styles are added as they are needed."""

    def __init__(self, root: Element):
        self.root, self.space = root, root.tag[: root.tag.find("}") + 1]
        self.formats = self._group("cellXfs")
        self.red_fill = self._red()
        self.red = {place for place, one in enumerate(self.formats) if self._is_red(one)}
        self._copies: dict[tuple[int, int], int] = {}
        self.head = self.reason = 0

    def _group(self, name: str) -> Element:
        found = self.root.find(self.space + name)
        if found is None:
            raise ValueError(f"a workbook without {name}")
        return found

    def _red(self) -> int:
        fills = self._group("fills")
        for place, fill in enumerate(fills):
            if any(one.get("rgb") == RED for one in fill.iter()):
                return place
        pattern = SubElement(SubElement(fills, f"{self.space}fill"), f"{self.space}patternFill")
        pattern.set("patternType", "solid")
        SubElement(pattern, f"{self.space}fgColor", rgb=RED)
        SubElement(pattern, f"{self.space}bgColor", indexed="64")
        return len(fills) - 1

    def _is_red(self, one: Element) -> bool:
        return one.get("fillId") == str(self.red_fill)

    def add_reasons(self) -> None:
        """Add the two styles of the column of reasons: its header and its sentences."""
        self.head, self.reason = (self._written(bold) for bold in (True, False))

    def _written(self, bold: bool) -> int:
        fonts = self._group("fonts")
        font = SubElement(fonts, f"{self.space}font")
        if bold:
            SubElement(font, f"{self.space}b")
        SubElement(font, f"{self.space}sz", val="11")
        SubElement(font, f"{self.space}color", rgb=INK)
        one = SubElement(self.formats, f"{self.space}xf", numFmtId="49", borderId="0", fillId="0")
        one.attrib |= {"fontId": str(len(fonts) - 1), "xfId": "0", "applyFont": "1"}
        one.attrib |= {"applyNumberFormat": "1", "applyAlignment": "1", "applyProtection": "1"}
        SubElement(one, f"{self.space}alignment", vertical="top", wrapText="1")
        SubElement(one, f"{self.space}protection", locked="0")
        return len(self.formats) - 1

    def reddened(self, style: int) -> int:
        """Return the style that looks like ``style`` on red."""
        return style if style in self.red else self._with_fill(style, self.red_fill)

    def paled(self, style: int) -> int:
        """Return the style that looks like ``style`` without the red of an earlier receipt."""
        return self._with_fill(style, 0) if style in self.red else style

    def _with_fill(self, style: int, fill: int) -> int:
        if (style, fill) not in self._copies:
            if len(self.formats) > MOST:
                raise ValueError("too many styles")
            copy = deepcopy(self.formats[style if style < len(self.formats) else 0])
            copy.attrib |= {"fillId": str(fill), "applyFill": "1"}
            self.formats.append(copy)
            self._copies[style, fill] = len(self.formats) - 1
        return self._copies[style, fill]

    def finished(self) -> Element:
        """Return the part as it is to be written."""
        for group in self.root:
            if "count" in group.attrib:
                group.set("count", str(len(group)))
        return self.root
