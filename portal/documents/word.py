"""The printed form as a Word document, from the XML templates in ``templates/print/word``.

The parts are plain templates of ours, escaped by Django like a page: no template language runs inside a
document, a diff shows every change of the layout, and no library writes today's date into the file.
"""

import io
import zipfile

from django.template.loader import render_to_string

from portal.documents.paper import PrintedForm

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PARTS = {
    "[Content_Types].xml": "content_types.xml",
    "_rels/.rels": "package.rels",
    "word/document.xml": "document.xml",
    "word/_rels/document.xml.rels": "document.rels",
    "word/styles.xml": "styles.xml",
    "word/settings.xml": "settings.xml",
    "word/header.xml": "header.xml",
    "word/footer.xml": "footer.xml",
    "docProps/core.xml": "core.xml",
}


def form_docx(form: PrintedForm) -> bytes:
    """Return ``form`` as a .docx with the official typefaces by name; the same form gives the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part, template in PARTS.items():
            archive.writestr(_member(part), render_to_string(f"print/word/{template}", {"form": form}))
    return file.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    return member
