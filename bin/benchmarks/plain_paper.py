"""Forms as WeasyPrint sets them, by its documentation: a Django template, a style sheet, ``write_pdf``.

The same content as ours: the same cells, typefaces, sizes, header with its code, a tagged PDF. WeasyPrint is
no requirement of the portal: it is looked for in ``tools`` beside the other files of a measurement.
"""

import sys
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.template import Context, Engine
from django.utils.safestring import mark_safe

from portal.documents import PrintedForm
from portal.documents.pdf import FONTS, _data

TOOLS = settings.VAR / "tools"
INSTALL = "pip install --target var/bench/tools weasyprint"
HERE = Path(__file__).parent


def is_there() -> bool:
    """Say whether WeasyPrint can be imported."""
    if TOOLS.exists() and str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))  # behind the portal's own libraries
    return find_spec("weasyprint") is not None


def forms_pdf(forms: Sequence[PrintedForm], title: str, organisation: str) -> bytes:
    """Return one tagged PDF of several forms, each on a new page, as a view of the documentation would."""
    return _written(forms, title, organisation, *_style())


def tuned_pdf(forms: Sequence[PrintedForm], title: str, organisation: str) -> bytes:
    """Return the same with a template, style sheet and fonts that are read once in a process, as ours are."""
    return _written(forms, title, organisation, *_kept_style())


def _written(forms: Sequence[PrintedForm], title: str, organisation: str, sheet, fonts) -> bytes:
    import weasyprint  # no requirement of the portal

    shown = [{**_data(form), "qr": _image(_data(form)["qr"])} for form in forms]
    said = _template().render(Context({"forms": shown, "title": title, "organisation": organisation}))
    return weasyprint.HTML(string=said).write_pdf(
        stylesheets=[sheet], font_config=fonts, pdf_variant="pdf/ua-1"
    )


def _image(svg: str) -> str:
    return mark_safe("data:image/svg+xml," + svg.replace("#", "%23").replace('"', "'")) if svg else ""


@cache
def _template():
    return Engine().from_string((HERE / "plain_paper.html").read_text(encoding="utf-8"))


_kept_style = cache(lambda: _style())


def _style() -> tuple:
    """Return the style sheet and the fonts that it names."""
    from weasyprint import CSS as Sheet
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    words = (HERE / "plain_paper.css").read_text(encoding="utf-8")
    return Sheet(string=words, base_url=f"{FONTS.as_uri()}/", font_config=fonts), fonts
