"""The printed form as a Word document, from the XML templates in ``templates/print/word``.

The parts are plain templates of ours, escaped by Django like a page: no template language runs inside a
document, a diff shows every change of the layout, and no library writes today's date into the file.
"""

import io
import zipfile
from typing import Any

from django.template.loader import render_to_string

from portal.documents.check import Check
from portal.documents.paper import PrintedForm

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
QR, QR_PARTS = "word/media/qr.png", {"word/_rels/header.xml.rels": "word/header.rels"}
COMMON_PARTS = {
    "word/settings.xml": "word/settings.xml",
    "word/footer.xml": "word/footer.xml",
    "docProps/core.xml": "word/core.xml",
}
PARTS = {
    "[Content_Types].xml": "word/content_types.xml",
    "_rels/.rels": "word/package.rels",
    "word/document.xml": "word/document.xml",
    "word/_rels/document.xml.rels": "word/document.rels",
    "word/styles.xml": "word/styles.xml",
    "word/header.xml": "word/header.xml",
    **COMMON_PARTS,
}


def form_docx(form: PrintedForm) -> bytes:
    """Return ``form`` as a .docx with the official typefaces by name; the same form gives the same bytes."""
    return written(PARTS, form, form.check)


def written(parts: dict[str, str], form: Any, check: Check | None = None) -> bytes:
    """Return the file of ``parts``, part → template in ``templates/print``; ``form`` is what they show.

    The QR code of ``check`` becomes a picture that the header holds.
    """
    qr = check.png if check else b""
    parts, said = {**parts, **(QR_PARTS if qr else {})}, {"form": form, "has_qr": bool(qr)}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part, template in parts.items():
            archive.writestr(_member(part), render_to_string(f"print/{template}", said))
        if qr:
            archive.writestr(_member(QR), qr)
    return file.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    return member
