"""The parts of a workbook that a receipt keeps, and how each is made harmless: an allow list, no formulas.

What is not listed stays behind: macros, links, embedded files, queries, pictures, tables' own formulas.
"""

import io
import posixpath
import re
import zipfile
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import plain
import sheet
from styles import Styles

TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
IDENTITY = "}id"
RELATED = re.compile(r"/relationships/(metadata/)?(officeDocument|core-properties|extended-properties)$")
OF_BOOK = re.compile(r"/relationships/(worksheet|styles|sharedStrings|theme)$")
OF_SHEET = re.compile(r"/relationships/(comments|vmlDrawing)$")
BOOK_KEEPS = {"workbookPr", "workbookProtection", "bookViews", "sheets", "definedNames"}
DEFAULTS = {"rels", "xml", "vml"}
AREA = re.compile(r"('[^'\[\]]+'|[\w.]+)!\$?[A-Z]{0,3}\$?\d*(:\$?[A-Z]{0,3}\$?\d*)?")


def marked(data: bytes, asked: dict) -> bytes:
    """Return the workbook ``data`` with what is wrong marked on its sheets; raise whatever is odd in it."""
    from child import unpacked

    source, main = unpacked(data, ".xlsx")
    return _Book(source, main, asked).written()


class _Book:
    """One workbook on its way from one archive into another."""

    def __init__(self, source: zipfile.ZipFile, main: str, asked: dict):
        self.source, self.main, self.asked = source, main, asked
        self.names = set(source.namelist())
        self.links = self._links(main, OF_BOOK)
        self.root = _plain(self._tree(main))
        self.styles = Styles(_plain(self._tree(self._part("/styles"))))
        self.styles.add_reasons()
        self.strings = self._part("/sharedStrings", needed=False)
        self.sheets = self._sheets()

    def written(self) -> bytes:
        """Return the bytes of the marked workbook."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
            kept = [self._write_sheet(out, *one) for one in self.sheets]  # first: they add to the styles
            self._write_tree(out, self._part("/styles"), self.styles.finished())
            self._write_tree(out, self.main, self._book())
            self._write_links(out, self.main, self.links)
            self._write_rest(out, {part for parts in kept for part in parts})
        return made.getvalue()

    # -- what is in the archive

    def _tree(self, part: str) -> Element:
        from defusedxml.ElementTree import fromstring

        return fromstring(self.source.read(part), forbid_dtd=True)

    def _links(self, part: str, kinds: re.Pattern) -> dict[str, tuple[str, str]]:
        """Return id → (kind, part) of what a part refers to inside of the archive and may keep."""
        name = _links_of(part)
        found = self._tree(name).iter(RELATION) if name in self.names else ()
        inside = (
            one for one in found if one.get("TargetMode") != "External" and kinds.search(one.get("Type"))
        )
        known = {one.get("Id"): (one.get("Type"), _target(part, one.get("Target"))) for one in inside}
        return {mark: (kind, name) for mark, (kind, name) in known.items() if name in self.names}

    def _part(self, end: str, needed: bool = True) -> str:
        found = [name for kind, name in self.links.values() if kind.endswith(end)]
        if needed and not found:
            raise KeyError(end)
        return found[0] if found else ""

    def _sheets(self) -> list[tuple[str, str]]:
        """Return (title, part) of the worksheets in their order."""
        return [(one.get("name", ""), self.links[_identity(one)][1]) for one in self._listed()]

    def _listed(self) -> list[Element]:
        every = [one for group in self.root if _local(group) == "sheets" for one in group]
        return [one for one in every if self.links.get(_identity(one), ("",))[0].endswith("/worksheet")]

    # -- what is written

    def _write_sheet(self, out: zipfile.ZipFile, title: str, part: str) -> list[str]:
        """Write one sheet and what belongs to it; return the parts that are still to be written for it."""
        links = self._links(part, OF_SHEET)
        faults = self.asked["sheets"].get(title, [])
        writer = sheet.Writer(self.source, part, self.strings, self.styles, bool(links))
        writer.mark(faults, self.asked["labels"], self.asked["column"])
        with out.open(part, "w") as target:
            writer.write(target, is_shown=title == self._shown())
        self._write_links(out, part, links)
        return [name for _, name in links.values()]

    def _shown(self) -> str:
        """Return the title of the sheet to open at: the first one with faults."""
        return next((title for title, _ in self.sheets if title in self.asked["sheets"]), self.sheets[0][0])

    def _book(self) -> Element:
        listed = self._listed()
        for group in list(self.root):
            if _local(group) not in BOOK_KEEPS:
                self.root.remove(group)
            elif _local(group) == "sheets":
                group[:] = listed
            elif _local(group) == "definedNames":
                group[:] = [
                    one for one in group if AREA.fullmatch(one.text or "") and not one.get("function")
                ]
                if not len(group):
                    self.root.remove(group)
            elif _local(group) == "bookViews":
                _open_at(group, [title for title, _ in self.sheets].index(self._shown()))
        return self.root

    def _write_rest(self, out: zipfile.ZipFile, parts: set[str]) -> None:
        related = self._links("", RELATED)
        rest = {name for _, name in (*self.links.values(), *related.values())} | parts
        for name in sorted(rest - set(out.namelist())):
            with self.source.open(name) as found, out.open(name, "w") as target:
                while chunk := found.read(2**16):
                    target.write(chunk)
        self._write_links(out, "", related)
        types = self._tree("[Content_Types].xml")
        kept = set(out.namelist())
        types[:] = [one for one in types if self._is_kept(one, kept)]
        self._write_tree(out, "[Content_Types].xml", types)

    @staticmethod
    def _is_kept(one: Element, kept: set[str]) -> bool:
        if one.tag == f"{TYPES}Default":
            return one.get("Extension", "").lower() in DEFAULTS
        return one.get("PartName", "").lstrip("/") in kept

    def _write_links(self, out: zipfile.ZipFile, part: str, links: dict[str, tuple[str, str]]) -> None:
        if links:
            root = Element(f"{{{plain.PACKAGE}/relationships}}Relationships")
            for mark, (kind, name) in links.items():
                ElementTree.SubElement(root, RELATION, Id=mark, Type=kind, Target=f"/{name}")
            self._write_tree(out, _links_of(part), root)

    def _write_tree(self, out: zipfile.ZipFile, part: str, root: Element) -> None:
        ElementTree.register_namespace("", root.tag[1:].partition("}")[0])
        out.writestr(part, plain.BEGIN.encode() + ElementTree.tostring(root, "utf-8"))


def _local(node: Element) -> str:
    return node.tag.rpartition("}")[2]


def _identity(node: Element) -> str:
    return next((value for name, value in node.attrib.items() if name.endswith(IDENTITY)), "")


def _links_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _target(part: str, target: str) -> str:
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")


def _open_at(views: Element, place: int) -> None:
    for view in views:
        view.attrib.pop("firstSheet", None)
        view.set("activeTab", str(place))


def _plain(root: Element) -> Element:
    """Return a tree without what newer versions of Office added: its prefixes would not survive."""
    for node in root.iter():
        for name in [n for n in node.attrib if n.startswith("{") and not n.endswith(IDENTITY)]:
            del node.attrib[name]
        node[:] = [one for one in node if _local(one) not in ("extLst", "AlternateContent")]
    return root
