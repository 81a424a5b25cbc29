"""Registrations of past results as people make them: a sheet, a scan, one prepares, another confirms."""

import io
from collections.abc import Sequence
from datetime import date

from portal import historical_acts, historical_jobs, registry
from portal.historical import Upload, prepare
from portal.historical_rows import sheets_of
from portal.models import Filing, Registration, User
from portal.vocabulary import Role
from tests import made_files as made
from tests.factories import approver, person

NUMBER, DAY = "鲁人社函〔2023〕102号", date(2023, 4, 28)
SCAN = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PLACE, BUREAU = "370705", "奎文区人力资源和社会保障局"


def colleague() -> User:
    """Return a second approver of the province."""
    return person(Role.APPROVER, name="second approver")


def sheet(slug: str, *lines: dict[str, object], header: Sequence[str] | None = None) -> bytes:
    """Return a workbook of ``lines``, each header → cell, with all columns or those of ``header``."""
    main = sheets_of(registry.get(slug))[0]
    columns = list(header or [column.header for column in main.columns])
    rows = [columns, *([line.get(name, "") for name in columns] for line in lines)]
    return made.xlsx(rows, title=main.title)


def prepared(
    slug: str, data: bytes, *, by: User | None = None, name: str = "历史结果.xlsx", **said
) -> Registration:
    """Return a registration that was read; with number and day unless told."""
    said = {"document_number": NUMBER, "decided_on": DAY} | said
    uploads = Upload(io.BytesIO(data), name), Upload(io.BytesIO(SCAN), "公布文件.pdf")
    by = by or approver()
    found = prepare(registry.get(slug), *uploads, by=by, **said)
    historical_jobs.begin(found, by=by)
    return again(found)


def proposed(slug: str, data: bytes, **said) -> Registration:
    """Return a registration that waits for the second person."""
    found = prepared(slug, data, **said)
    if errors := historical_jobs.plan(found)["errors"]:
        raise AssertionError(errors)
    return again(historical_acts.propose(found, by=found.upload.created_by))


def registered(slug: str, data: bytes, *, by: User | None = None, **said) -> list[Filing]:
    """Return what a confirmed registration entered."""
    found = proposed(slug, data, **said)
    historical_jobs.confirm(found, by=by or colleague())
    return [filing.record for filing in found.filings.order_by("pk")]


def again(found: Registration) -> Registration:
    """Return a registration as its page reads it."""
    return Registration.objects.select_related("upload__created_by", "upload__job").get(pk=found.pk)
