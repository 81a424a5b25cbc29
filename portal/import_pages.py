"""What the pages of an import show: the last ones of a bureau, the rows of one by outcome, what was made.

Pure reads in the words of the page; what becomes of a file is ``imports``.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.urls import reverse

from portal import access_log, imports, job_pages
from portal.annexes import CellError
from portal.imports import Change, PlanRow
from portal.models import Filing, Import, ImportPurpose, JobStatus, RowOutcome, User
from portal.registry import RecordType
from portal.spreadsheet.cells import letters_of
from portal.text import key

PER_PAGE, LATEST, SHOWN_WHOLE = 50, 10, 5
REFRESH = job_pages.REFRESH
#: outcome → its tab, in their order; what is wrong comes first
TABS = {
    RowOutcome.FAULTY: "错误",
    RowOutcome.CHANGED: "更新",
    RowOutcome.NEW: "新增",
    RowOutcome.LEFT: "未改动（已提交或已公布）",
    RowOutcome.SAME: "相同",
}
SHAPES = {
    RowOutcome.FAULTY: "bad",
    RowOutcome.CHANGED: "open",
    RowOutcome.NEW: "ok",
    RowOutcome.LEFT: "unopened",
    RowOutcome.SAME: "draft",
}
IN_COLUMNS = (RowOutcome.NEW, RowOutcome.FAULTY)
#: a file larger than this has its receipt made by a job: it takes some 60 ms a thousand rows
MOST_ROWS, MOST_BYTES = 10_000, 2 * 2**20


def latest(user: User) -> list[dict]:
    """Return the last imports of the bureaus of ``user``, each with its standing."""
    found = Import.objects.visible_to(user).filter(purpose=ImportPurpose.DRAFTS)
    found = found.select_related("organisation", "created_by", "job")[:LATEST]
    return [{"import": one, "type": one.record_type, **standing(one)} for one in found]


def in_scope(user: User) -> QuerySet:
    """Return the imports a page of ``user`` may show."""
    found = Import.objects.visible_to(user).filter(purpose=ImportPurpose.DRAFTS)
    return found.select_related("organisation__region__parent", "created_by", "confirmed_by", "job")


def standing(imported: Import) -> dict[str, str]:
    """Return where an import stands: the shape of its tag and its word."""
    if imported.committed_at:
        return {"state": "approved", "word": "已导入"}
    if imported.abandoned_at:
        return {"state": "cancelled", "word": "已放弃"}
    if imported.is_under_way:
        return {"state": "province_review", "word": "正在导入" if imported.confirmed_at else "正在读取"}
    if imported.read_at is None:
        return {"state": "rejected", "word": "没有读取"}
    if imported.counts.get(RowOutcome.FAULTY):
        return {"state": "rejected", "word": "有错误"}
    if not written(imported):
        return {"state": "unopened", "word": "没有可导入的"}
    return {"state": "returned", "word": "待确认"}


def counted(imported: Import, outcome: str) -> int:
    """Return how many rows have an outcome."""
    return imported.counts.get(outcome, 0)


def written(imported: Import) -> int:
    """Return how many filings confirming writes: the new ones and the changed ones."""
    return counted(imported, RowOutcome.NEW) + counted(imported, RowOutcome.CHANGED)


def outcome_of(imported: Import, asked: str) -> RowOutcome:
    """Return the outcome a query string asks for, else the first that has rows."""
    if asked in RowOutcome.values:
        return RowOutcome(asked)
    return next((outcome for outcome in TABS if counted(imported, outcome)), RowOutcome.NEW)


def tabs(imported: Import, chosen: RowOutcome) -> list[dict]:
    """Return the tabs of a preview with their numbers."""
    address = reverse("import", args=[imported.pk])
    return [
        {
            "word": word,
            "count": counted(imported, outcome),
            "url": f"{address}?outcome={outcome}",
            "is_here": outcome == chosen,
        }
        for outcome, word in TABS.items()
    ]


def paged(imported: Import, outcome: RowOutcome, asked: str) -> tuple[Page, imports.Page]:
    """Return the pager of an outcome at the page a query string asks for, and the rows of that page."""
    pages = Paginator(range(counted(imported, outcome)), PER_PAGE)
    page = pages.get_page(asked[:9])
    return page, imports.page(imported, outcome, page.number, PER_PAGE)


def is_shown_whole(imported: Import) -> bool:
    """Say whether the records of a file are few enough to be shown with every field."""
    return 0 < imported.total <= SHOWN_WHOLE and not counted(imported, RowOutcome.FAULTY)


def whole_rows(imported: Import) -> list[PlanRow]:
    """Return every row of a small file in its order."""
    rows = [
        row for outcome in TABS if counted(imported, outcome) for row in imports.page(imported, outcome).rows
    ]
    return sorted(rows, key=lambda row: (row.sheet, row.row))


def whole(imported: Import, rows: list[PlanRow]) -> list[dict]:
    """Return records of a small file with all of their fields, whatever becomes of them."""
    return [_whole(imported.record_type, row) for row in rows]


def phones(imported: Import, rows: list[PlanRow], *, columns: Iterable[str] | None = None) -> list[str]:
    """Return the telephone numbers a page shows: of ``columns``, all fields without, and what changes."""
    named = access_log.phone_fields(imported.record_type)
    read = [row.words.get(name) for row in rows for name in named if columns is None or name in columns]
    changes = [change for row in rows for change in row.changes if change.name in named]
    return [said(one) for one in (*read, *(c.before for c in changes), *(c.after for c in changes)) if one]


def _whole(record_type: RecordType, row: PlanRow) -> dict:
    before = {change.name: change.before for change in row.changes}
    names = [name for name in record_type.fields if name in row.words]
    lines = [
        {
            "label": str(record_type.field(name).verbose_name),
            "text": said(row.words[name]),
            "before": before.get(name),
        }
        for name in names
    ]
    for name in record_type.rows:
        label = str(record_type.row_model(name)._meta.verbose_name_plural)
        lines += [{"label": label, "text": said(line)} for line in row.words.get(name, [])]
    return {"title": row.title or record_type.label, "lines": lines, **_head(row)}


def said(words: Any) -> str:
    """Return what was read as one text: names joined, the cells of a child row side by side."""
    if isinstance(words, dict):
        return " · ".join(said(word) for word in words.values())
    if isinstance(words, list):
        between = "\n" if any(isinstance(word, dict) for word in words) else "、"
        return between.join(map(said, words))
    if isinstance(words, bool):
        return "是" if words else "否"
    return "" if words is None else str(words)


def _head(row: PlanRow) -> dict:
    return {
        "number": row.row,
        "sheet": row.sheet,
        "place": f"{row.sheet} 第 {row.row} 行" if row.row else "整份文件",
        "state": SHAPES[row.outcome],
        "word": row.outcome.label,
        "note": row.note,
        "url": reverse("filing", args=[row.filing]) if row.filing else "",
    }


def headings(record_type: RecordType, outcome: RowOutcome) -> dict[str, str]:
    """Return field → heading of the columns in which rows of an outcome are listed.

    Of rows whose filing is there already only the name is shown, and what changes.
    """
    names = record_type.columns if outcome in IN_COLUMNS else record_type.key[:1]
    return {name: str(record_type.field(name).verbose_name) for name in names}


def lines(record_type: RecordType, found: imports.Page) -> list[dict]:
    """Return rows of a plan as the table shows them: what is wrong, or was before, inside its cell.

    Errors without a line of their own, of a form or a sheet of child rows, are ``loose_faults``.
    """
    return [_line(record_type, row, found.columns) for row in found.rows if not _is_loose(row)]


def loose_faults(found: imports.Page) -> list[dict]:
    """Return the errors of a page of rows that belong to no line of the records."""
    errors = [fault for row in found.rows if _is_loose(row) for fault in row.errors]
    return [_fault(fault, found.columns) for fault in errors]


def _is_loose(row: PlanRow) -> bool:
    return row.outcome == RowOutcome.FAULTY and not row.title and not any(row.words.values())


def _fault(fault: CellError, places: dict) -> dict:
    return {**asdict(fault), "cell": address(places, fault)}


def _line(record_type: RecordType, row: PlanRow, places: dict) -> dict:
    names = headings(record_type, row.outcome)
    faults = [_fault(fault, places) for fault in row.errors]
    own = {key(f["column"]): f for f in reversed(faults) if (f["sheet"], f["row"]) == (row.sheet, row.row)}
    shown = {name: own.get(key(label)) for name, label in names.items()}
    changes = {change.name: change for change in row.changes}
    return {
        **_head(row),
        "title": row.title,
        "cells": [_cell(row, name, names, shown[name], changes.get(name)) for name in names],
        "faults": [fault for fault in faults if fault not in shown.values()],
        "changes": [change for name, change in changes.items() if name not in names],
        "tables": _changed_tables(record_type, row),
    }


def address(places: dict[str, dict[str, int]], fault: CellError) -> str:
    """Return what the cell of an error is called in its sheet, such as D17; empty when that is unknown.

    ``places``: sheet → header → its place in the line, from 0.
    """
    place = places.get(fault.sheet, {}).get(fault.column)
    return "" if place is None or not fault.row else f"{letters_of(place + 1)}{fault.row}"


def _cell(row: PlanRow, name: str, names: dict, fault: dict | None, change: Change | None) -> dict:
    text = said(row.words.get(name, row.title if len(names) == 1 else ""))
    return {
        "label": names[name],
        "text": fault["value"] if fault else change.after if change else text,
        "fault": fault,
        "change": change,
    }


def _changed_tables(record_type: RecordType, row: PlanRow) -> list[dict]:
    """Return the child rows that a changed row brings, as they will be."""
    if row.outcome != RowOutcome.CHANGED:
        return []
    return [
        {"label": str(record_type.row_model(name)._meta.verbose_name_plural), "text": said(row.words[name])}
        for name in record_type.rows
        if name in row.words
    ]


def with_filings(imported: Import, rows: list[dict]) -> list[dict]:
    """Return the lines of new rows of a committed import with the address of the draft each became."""
    found = Filing.objects.filter(kind=imported.slug, organisation=imported.organisation_id, holds_name=True)
    pks = dict(found.filter(title__in=[row["title"] for row in rows]).values_list("title", "pk"))
    urls = {title: reverse("filing", args=[pk]) for title, pk in pks.items()}
    return [row | {"url": urls.get(row["title"], row["url"])} for row in rows]


def only_draft(imported: Import) -> int | None:
    """Return the number of the draft an import made when it is the only thing in the file, else None."""
    if (imported.total, counted(imported, RowOutcome.NEW)) != (1, 1):
        return None
    titles = [row.title for row in imports.page(imported, RowOutcome.NEW).rows]  # none once it was tidied
    found = Filing.objects.filter(kind=imported.slug, organisation=imported.organisation_id, title__in=titles)
    return found.order_by("-pk").values_list("pk", flat=True).first()


def under_way(imported: Import) -> dict:
    """Return how far the job of an import is, for its page."""
    job = imported.job
    return {
        "job": job,
        "percent": job_pages.percent(job),
        "remaining": job_pages.in_words(job_pages.remaining(job)),
        "before": job_pages.ahead(job) if job.status == JobStatus.QUEUED else 0,
        "refresh": REFRESH,
    }


def takes_a_job(imported: Import) -> bool:
    """Say whether the receipt of an import takes longer than a request may."""
    return imported.total > MOST_ROWS or imported.size > MOST_BYTES
