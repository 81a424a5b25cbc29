"""What the pages of an import show: the last ones of a bureau, the rows of one by outcome, what was made.

Pure reads in the words of the page; what becomes of a file is ``imports``.
"""

from dataclasses import asdict
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.urls import reverse
from openpyxl.utils import get_column_letter

from portal import imports, job_pages, jobs, registry
from portal.annexes import CellError
from portal.imports import Change, PlanRow
from portal.models import Filing, Import, ImportPurpose, JobStatus, RowOutcome, User
from portal.registry import RecordType
from portal.text import key

PER_PAGE, LATEST, SHOWN_WHOLE, LISTED = 50, 10, 5, 50
COLUMNS = "columns"  # of the facts of an import: sheet → header → place, from 0
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
#: a file larger than this has its receipt made by a job: it takes some 60 ms a thousand rows
MOST_ROWS, MOST_BYTES = 10_000, 2 * 2**20


def latest(user: User) -> list[dict]:
    """Return the last imports of the bureaus of ``user``, each with its standing."""
    found = Import.objects.visible_to(user).filter(purpose=ImportPurpose.DRAFTS)
    found = found.select_related("organisation", "created_by", "job")[:LATEST]
    return [{"import": one, "type": type_of(one), **standing(one)} for one in found]


def in_scope(user: User) -> QuerySet:
    """Return the imports a page of ``user`` may show."""
    found = Import.objects.visible_to(user).filter(purpose=ImportPurpose.DRAFTS)
    return found.select_related("organisation__region__parent", "created_by", "confirmed_by", "job")


def type_of(imported: Import) -> RecordType:
    """Return the record type of an import."""
    return registry.get(imported.slug)


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


def paged(imported: Import, outcome: RowOutcome, asked: str) -> tuple[Page, list[PlanRow]]:
    """Return the page of an outcome a query string asks for, and its rows."""
    pages = Paginator(range(counted(imported, outcome)), PER_PAGE)
    page = pages.get_page(asked[:9])
    return page, imports.page(imported, outcome, page.number, PER_PAGE).rows


def is_shown_whole(imported: Import) -> bool:
    """Say whether the records of a file are few enough to be shown with every field."""
    return 0 < imported.total <= SHOWN_WHOLE and not counted(imported, RowOutcome.FAULTY)


def whole(imported: Import) -> list[dict]:
    """Return every record of a small file with all of its fields, whatever becomes of it."""
    record_type = type_of(imported)
    rows = [
        row for outcome in TABS if counted(imported, outcome) for row in imports.page(imported, outcome).rows
    ]
    return [_whole(record_type, row) for row in sorted(rows, key=lambda row: (row.sheet, row.row))]


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


def headings(record_type: RecordType) -> list[str]:
    """Return the columns of the preview: those of the list of the type."""
    return [str(record_type.field(name).verbose_name) for name in record_type.columns]


def lines(imported: Import, rows: list[PlanRow]) -> list[dict]:
    """Return rows of a plan as the table shows them: what is wrong, or was before, inside its cell."""
    record_type = type_of(imported)
    names = dict(zip(record_type.columns, headings(record_type), strict=True))
    return [_line(imported, row, names) for row in rows]


def _line(imported: Import, row: PlanRow, names: dict[str, str]) -> dict:
    faults = [_fault(imported, fault) for fault in row.errors]
    own = {key(f["column"]): f for f in reversed(faults) if (f["sheet"], f["row"]) == (row.sheet, row.row)}
    shown = {name: own.get(key(label)) for name, label in names.items()}
    changes = {change.name: change for change in row.changes}
    return {
        **_head(row),
        "title": row.title,
        "cells": [_cell(row, name, label, shown[name], changes.get(name)) for name, label in names.items()],
        "faults": [fault for fault in faults if fault not in shown.values()],
        "changes": [change for name, change in changes.items() if name not in names],
    }


def _fault(imported: Import, fault: CellError) -> dict:
    return {**asdict(fault), "cell": address(imported, fault)}


def address(imported: Import, fault: CellError) -> str:
    """Return what the cell of an error is called in its sheet, such as D17; empty when that is unknown."""
    place = imported.facts.get(COLUMNS, {}).get(fault.sheet, {}).get(fault.column)
    return "" if place is None or not fault.row else f"{get_column_letter(place + 1)}{fault.row}"


def _cell(row: PlanRow, name: str, label: str, fault: dict | None, change: Change | None) -> dict:
    text = said(row.words.get(name))
    return {
        "label": label,
        "text": fault["value"] if fault else change.after if change else text,
        "fault": fault,
        "change": change,
    }


def made(imported: Import) -> list[Filing]:
    """Return filings that an import wrote, up to a page of them; the list of the type holds all."""
    if imported.committed_at is None:
        return []
    found = Filing.objects.filter(kind=imported.slug, organisation=imported.organisation_id)
    found = found.filter(created_by=imported.confirmed_by_id, created_at__gte=imported.confirmed_at)
    return list(found.filter(created_at__lte=imported.committed_at).order_by("pk")[:LISTED])


def under_way(imported: Import) -> dict:
    """Return how far the job of an import is, for its page."""
    job = imported.job
    return {
        "job": job,
        "percent": job_pages.percent(job),
        "remaining": job_pages.in_words(jobs.remaining(job)),
        "before": jobs.ahead(job) if job.status == JobStatus.QUEUED else 0,
        "refresh": REFRESH,
    }


def takes_a_job(imported: Import) -> bool:
    """Say whether the receipt of an import takes longer than a request may."""
    return imported.total > MOST_ROWS or imported.size > MOST_BYTES
