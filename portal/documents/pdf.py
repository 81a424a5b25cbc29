"""The printed form as PDF, set by typst: no network, no font but ours, the same form gives the same bytes."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from portal.documents.paper import PrintedForm

HERE = Path(__file__).resolve().parent.parent
SOURCES, FONTS = HERE / "typst", HERE / "fonts"
ALWAYS = 1_704_067_200  # 2024-01-01: the time of printing is no part of the form


def form_pdf(form: PrintedForm) -> bytes:
    """Return a tagged PDF (PDF/UA-1) of ``form``, with its fonts inside."""
    return _compiled([form], "".join(form.title), form.organisation, counts_pages=False)


def forms_pdf(forms: Sequence[PrintedForm], title: str, organisation: str) -> bytes:
    """Return one PDF of several forms, each on a new page; pages are numbered through, with their total."""
    return _compiled(forms, title, organisation, counts_pages=True)


def _compiled(forms: Sequence[PrintedForm], title: str, organisation: str, *, counts_pages: bool) -> bytes:
    bundle = {
        "title": title,
        "organisation": organisation,
        "counts-pages": counts_pages,
        "forms": [_data(form) for form in forms],
    }
    return compiled("form.typ", bundle)


def compiled(source: str, bundle: dict) -> bytes:
    """Return the PDF that a file of ``typst/`` makes of plain data."""
    import typst  # 7 MB, for the processes that print alone

    return typst.compile(
        SOURCES / source,
        root=SOURCES,
        font_paths=_fonts(),
        sys_inputs={"bundle": json.dumps(bundle, ensure_ascii=False)},
        pdf_standards=["ua-1"],
        timestamp=ALWAYS,
        format="pdf",
    )


def _data(form: PrintedForm) -> dict:
    tables = [{**asdict(table), "weights": table.weights} for table in form.tables]
    lines = form.statement and {**asdict(form.statement), "weights": form.statement.weights}
    grids = [asdict(grid) for grid in form.grids]
    qr = form.check.svg if form.check else ""
    head = {"header": form.header, "qr": qr}
    return {**asdict(form), **head, "grids": grids, "tables": tables, "statement": lines}


@cache
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
