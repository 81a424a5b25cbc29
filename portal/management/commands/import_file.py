"""``manage.py import_file``: a form, sheet or list of any length, read exactly as the web upload does."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from heapq import merge
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, OutputWrapper
from django.db import transaction

from portal import import_steps, imports, registry
from portal.annexes import CellError
from portal.import_plans import Plan, Row, Writer
from portal.import_reading import Result, Source, read_into
from portal.import_writing import Writing
from portal.importing import Reading, values
from portal.models import RowOutcome, User
from portal.registry import RecordType
from portal.workflow import Refused

NO_TYPE = "没有“{slug}”这个类型，可用的有：{known}。"
NO_USER = "没有用户“{username}”，或者已停用。"
NO_FILE = "找不到文件“{name}”，或者没有读取它的权限。"


class Command(BaseCommand):
    """Thin: the work is that of ``imports``. Exit 1 when anything is wrong; stores only with ``--commit``."""

    help = "读取官方表格或工作簿；不加 --commit 只检查，不保存。"

    def add_arguments(self, parser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--type", required=True, dest="slug", metavar="SLUG")
        parser.add_argument("--as", required=True, dest="username", metavar="USERNAME")
        parser.add_argument("--commit", action="store_true")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *, file: Path, slug: str, username: str, commit: bool, as_json: bool, **options) -> None:
        """Read, commit when asked and nothing is wrong, print the outcome."""
        outcome = import_file(file, slug, username, commit=commit)
        with outcome.plan.file if outcome.plan else nullcontext():
            write = outcome.write_json if as_json else outcome.write_lines
            write(self.stdout)
        if outcome.errors:
            raise SystemExit(1)


@dataclass
class Outcome:
    """What came of a file: its plan, what to mind, every error, how many filings were written."""

    slug: str
    errors: list[CellError] = field(default_factory=list)
    plan: Plan | None = None
    result: Result | None = None
    imported: int = 0

    @property
    def city(self) -> str:
        """The city the bureau lies in, empty when it came to no reading."""
        return Reading(registry.get(self.slug), self.result.organisation).city if self.result else ""

    @property
    def warnings(self) -> list[str]:
        """What to mind of the file."""
        return self.result.warnings if self.result else []

    def rows(self) -> Iterator[tuple[RowOutcome, Row]]:
        """Yield the rows that hold a record, in the order of the file and one at a time."""
        if self.plan is None:
            return
        found = [self._of(self.plan, outcome) for outcome in RowOutcome]
        for outcome, row in merge(*found, key=lambda one: one[1]["r"]):
            if outcome != RowOutcome.FAULTY or "v" in row:
                yield outcome, row

    @staticmethod
    def _of(plan: Plan, outcome: RowOutcome) -> Iterator[tuple[RowOutcome, Row]]:
        """Yield the rows of one outcome with it."""
        yield from ((outcome, row) for row in plan.rows(outcome))

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the records as they are printed."""
        facts = self.plan.facts if self.plan else {}
        objects, record_type = values.loaded(facts.get("named", {})), registry.get(self.slug)
        for outcome, row in self.rows():
            shown = imports.shown_row(record_type, outcome, row, facts.get("sheet", ""), objects)
            yield {
                "sheet": shown.sheet,
                "row": shown.row,
                "title": shown.title,
                "organisation": self.result.organisation.name,
                "outcome": outcome.value,
                **shown.words,
            }

    def write_json(self, out: OutputWrapper) -> None:
        """Write one JSON object: type, city, records, errors, warnings, imported."""
        out.write(f'{{"type": {_json(self.slug)}, "city": {_json(self.city)}, "records": [', ending="")
        for number, record in enumerate(self.records() if self.plan else ()):
            out.write((", " if number else "") + _json(record), ending="")
        errors = _json([asdict(error) for error in self.errors])
        rest = f'"warnings": {_json(self.warnings)}, "imported": {self.imported}'
        out.write(f'], "errors": {errors}, {rest}}}')

    def write_lines(self, out: OutputWrapper) -> None:
        """Write the outcome for people."""
        total, faults = sum(1 for _ in self.rows()), len(self.errors)
        out.write(f"共读取{total}件，{faults}处错误，导入{self.imported}件。")
        for e in self.errors:
            place = f"{e.sheet}第{e.row}行“{e.column}”：“{e.value}”" if e.row else ""
            out.write(f"{place}{e.message}")
        for warning in self.warnings:
            out.write(warning)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def import_file(file: Path, slug: str, username: str, *, commit: bool) -> Outcome:
    """Read a file and, when asked and nothing is wrong, carry its plan out."""
    try:
        record_type = registry.get(slug)
        user = User.objects.get(username=username, is_active=True)
        bureau = import_steps.filing_bureau(record_type, user)
        with file.open("rb") as content:
            source = Source(content, file.name, file.stat().st_size, record_type, bureau, user)
            return _read(source, commit=commit)
    except KeyError:
        known = "、".join(t.slug for t in registry.all_types())
        return _failed(slug, NO_TYPE.format(slug=slug, known=known), slug)
    except User.DoesNotExist:
        return _failed(slug, NO_USER.format(username=username), username)
    except Refused as refused:
        return _failed(slug, str(refused), "")
    except OSError:
        return _failed(slug, NO_FILE.format(name=file.name), file.name)


def _failed(slug: str, message: str, said: str) -> Outcome:
    return Outcome(slug, [CellError("", 0, "", said, message)])


def _read(source: Source, *, commit: bool) -> Outcome:
    writer = Writer()
    result = read_into(writer, source)
    plan = Plan(writer.finish(result.facts))
    errors = [CellError(*one) for row in plan.rows(RowOutcome.FAULTY) for one in row["e"]]
    outcome = Outcome(source.record_type.slug, errors, plan, result)
    if commit and not errors:
        _carry_out(outcome, source.record_type, source.by)
    return outcome


def _carry_out(outcome: Outcome, record_type: RecordType, by: User) -> None:
    try:
        with transaction.atomic():
            writing = Writing(outcome.plan, record_type, outcome.result.organisation, by=by)
            outcome.imported = writing.carry_out()
    except Refused as refused:
        outcome.errors.append(CellError("", 0, "", "", str(refused)))
