"""A list of filings as a workbook: ours, import-export, openpyxl and XlsxWriter over values, a deflated CSV.

All write the same records of one type, of the whole province, with their codes and places in words. The plain
way gets its relations with ``select_related`` and ``prefetch_related``, so that it asks no query for a row.
"""

import csv
import sys
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import NamedTemporaryFile

import django

django.setup()

from django.db import connection  # noqa: E402
from import_export import fields, resources  # noqa: E402
from import_export.widgets import ForeignKeyWidget, ManyToManyWidget  # noqa: E402
from openpyxl import Workbook, load_workbook  # noqa: E402
from xlsxwriter import Workbook as ConstantMemory  # noqa: E402

from assessments.models import AssessmentInstitution, ExamProject  # noqa: E402
from benchmarks import databases, measuring  # noqa: E402
from benchmarks.measuring import MEGABYTE, Verdict, tell  # noqa: E402
from brands.models import SkillBrand  # noqa: E402
from portal import exports, spreadsheet  # noqa: E402
from portal.export_rows import Rows  # noqa: E402
from portal.models import Membership, Organisation, Region, User  # noqa: E402
from portal.population import fill_filings  # noqa: E402
from portal.sheets import all_labels  # noqa: E402
from portal.vocabulary import Kind, Role, State  # noqa: E402

TYPE = SkillBrand.record_type
READER = "bench_export_reader"
LEAST_STOCK, MOST_MEMORY, MOST_WAIT = 5, 60 * MEGABYTE, 1.0
PLAIN = [name for name in TYPE.fields if name not in ("exam_projects", "institutions", "labour_brands")]
SLOW = 100_000  # from here on the plain ways get one round, above it none: they take minutes


def fill(number: int) -> None:
    """Write ``number`` brands of the whole province and the reviewer who takes them along."""
    fill_filings(number, kinds={TYPE.slug: 1}, has_history=False)
    user = User.objects.create_user(READER, must_change_password=False)
    bureau = Organisation.objects.get(region_id="37", kind=Kind.HRSS_BUREAU)
    Membership.objects.create(user=user, organisation=bureau, role=Role.APPROVER)


def listed():
    """Return the filtered list that all of them export, in the order of the list."""
    reader = User.objects.get(username=READER)
    visible = SkillBrand.objects.visible_to(reader).exclude(state=State.CANCELLED)
    return visible.filter(is_nothing=False).order_by("region_id", "organisation_id", "pk")


class _Discarded:
    """Where a file goes that nobody keeps: counts its bytes."""

    def __init__(self):
        self.size = 0

    def write(self, piece: bytes) -> int:
        """Take a piece."""
        self.size += len(piece)
        return len(piece)

    def flush(self) -> None:
        """Have nothing to flush."""


def pieces() -> Iterator[bytes]:
    """Yield the workbook as the portal sends it."""
    reader = User.objects.get(username=READER)
    rows = Rows(TYPE, listed(), exports.export_sheets(TYPE, personal=True), reader)
    yield from spreadsheet.stream(TYPE.label, exports.export_pages(rows))


def ours(sink) -> None:
    """Write what the portal sends."""
    for piece in pieces():
        sink.write(piece)


class BrandResource(resources.ModelResource):
    """The record as the documentation of import-export declares it."""

    organisation = fields.Field("organisation", "organisation", ForeignKeyWidget(Organisation, "name"))
    region = fields.Field("region", "region", ForeignKeyWidget(Region, "name"))
    exam_projects = fields.Field(
        "exam_projects", "exam_projects", ManyToManyWidget(ExamProject, "、", "title")
    )
    institutions = fields.Field(
        "institutions", "institutions", ManyToManyWidget(AssessmentInstitution, "、", "title")
    )

    class Meta:
        model = SkillBrand
        fields = (*PLAIN, "explanation", "organisation", "region", "state", "exam_projects", "institutions")


def stock(sink) -> None:
    """Write what import-export makes of the list."""
    found = listed().select_related("organisation", "region")
    found = found.prefetch_related("exam_projects", "institutions")
    sink.write(BrandResource().export(found).xlsx)


def values() -> Iterator[tuple]:
    """Yield the lines of the two tuned ways: plain values, places and related titles looked up beforehand."""
    sheets = exports.export_sheets(TYPE)
    labels = all_labels(sheets)
    many = {name: _titles(name, labels) for name in ("exam_projects", "institutions")}
    places = {region.pk: region.full_name for region in Region.objects.select_related("parent")}
    names = (*PLAIN, "explanation", "organisation__name", "region_id", "state")
    for key, *line in listed().values_list("pk", *names).iterator(chunk_size=2000):
        cells = ["、".join(value) if isinstance(value, list) else value for value in line]
        cells[-2] = places[cells[-2]]
        yield (*cells, *(found.get(key, "无") for found in many.values()))


def _titles(name: str, labels: dict) -> dict[int, str]:
    field = SkillBrand._meta.get_field(name)
    words, found = labels[field.related_model], {}
    pair = (field.m2m_field_name(), field.m2m_reverse_field_name())
    for owner, other in field.remote_field.through.objects.order_by(*pair).values_list(*pair):
        found.setdefault(owner, []).append(words.get(other, ""))
    return {owner: "、".join(titles) for owner, titles in found.items()}


def tuned(sink) -> None:
    """Write the values with openpyxl, a row at a time."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(TYPE.label)
    for line in values():
        sheet.append(line)
    with NamedTemporaryFile() as file:
        book.save(file.name)
        sink.write(Path(file.name).read_bytes())


def constant_memory(sink) -> None:
    """Write the values with XlsxWriter in constant memory."""
    with NamedTemporaryFile() as file:
        options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd", "strings_to_formulas": False}
        book = ConstantMemory(file.name, options)
        sheet = book.add_worksheet()
        for number, line in enumerate(values()):
            sheet.write_row(number, 0, line)
        book.close()
        sink.write(Path(file.name).read_bytes())


def floor(sink) -> None:
    """Write the rows of the table as the database gives them, as CSV, deflated."""
    sql, parameters = listed().query.sql_with_params()
    squeezed = zlib.compressobj(6)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", parameters) as copied:
                for block in copied:
                    sink.write(squeezed.compress(block))
        else:
            cursor.execute(sql, parameters)
            while lines := cursor.fetchmany(2000):
                sink.write(squeezed.compress(_commas(lines)))
    sink.write(squeezed.flush())


def _commas(lines: list[tuple]) -> bytes:
    held = StringIO()
    csv.writer(held).writerows(lines)
    return held.getvalue().encode()


def first(_sink) -> None:
    """Take the first piece of the answer: what a browser shows as a download that has begun."""
    next(pieces())


def first_rows(_sink) -> None:
    """Take pieces until the first that holds records."""
    sent = pieces()
    next(sent)
    next(sent)


WORKS: dict[str, Callable] = {
    "ours": ours,
    "stock": stock,
    "openpyxl": tuned,
    "XlsxWriter": constant_memory,
    "floor": floor,
    "first byte": first,
    "first records": first_rows,
}
NAMED = {
    "stock": "stock: import-export",
    "openpyxl": "openpyxl, write-only over values",
    "XlsxWriter": "XlsxWriter, constant memory over values",
    "floor": "floor: rows as CSV, deflated",
}
WRITERS = ("ours", "stock", "openpyxl", "XlsxWriter")


def done(name: str) -> str:
    """Do one work and return what it was done to: how many records the list holds."""
    sink = _Discarded()
    WORKS[name](sink)
    return "written" if sink.size or name.startswith("first") else "nothing"


def agree(size: int) -> None:
    """Stop when a file of a small list lacks a record that the list holds."""
    if size > 20_000:
        return
    wanted = sorted(listed().values_list("name", flat=True))
    for name in WRITERS:
        sink = BytesIO()
        WORKS[name](sink)
        sheet = load_workbook(sink, read_only=True).worksheets[0]
        cells = {cell for line in sheet.iter_rows(values_only=True) for cell in line}
        if missing := set(wanted) - cells:
            raise SystemExit(f"{name} lacks {len(missing)} of {len(wanted)} records.")


def main() -> int:
    """Fill the databases, compare, measure, hand over."""
    sizes = (1_000, 10_000, 100_000, 1_000_000)
    chosen = measuring.arguments("exports", sizes=sizes, quick=(300,), works=WORKS)
    if chosen.only:
        measuring.once(lambda: done(chosen.only))
        return 0
    plain: dict[int, float] = {}
    for size in chosen.sizes:
        databases.use(f"exports{size}", lambda size=size: fill(size), is_read_only=True)
        agree(size)
        compare(size, chosen.rounds, plain)
        wait(size, chosen.rounds)
    return 0


def compare(size: int, rounds: int, plain: dict[int, float]) -> None:
    """Measure ours beside the others; above ``SLOW`` against the plain way of a smaller list, scaled up."""
    names = ["ours", "floor"] if size > SLOW else [*WRITERS, "floor"]
    fewer = dict.fromkeys(("stock", "openpyxl", "XlsxWriter"), 1) if size >= SLOW else {}
    number = min(rounds, 3) if size > SLOW else rounds
    found = measuring.rounds(__file__, names, number, size=size, fewer=fewer)
    measuring.hand_over("P4", "export of a list to xlsx", size, found, NAMED)
    mine, base = measuring.cpu(found["ours"]), measuring.cpu(found["floor"])
    if "stock" in found:
        plain[size] = measuring.cpu(found["stock"])
    if plain:
        of = max(plain)
        times = plain[of] * size / of / mine
        how = "" if of == size else f", taken in proportion from {of} records"
        claim = f"CPU of an export of {size} records against import-export{how}"
        tell(Verdict("P4", claim, f"1/{times:.1f}", f"at most 1/{LEAST_STOCK}", times >= LEAST_STOCK))
    memory = measuring.above(found["ours"])
    said = f"{memory / MEGABYTE:.1f} MB above the start; {mine / base:.1f} × the CPU of the floor"
    goal = f"at most {MOST_MEMORY // MEGABYTE} MB"
    tell(Verdict("P4", f"memory of an export of {size} records", said, goal, memory <= MOST_MEMORY))


def wait(size: int, rounds: int) -> None:
    """Measure how long the first byte and the first records are waited for."""
    found = measuring.rounds(__file__, ["first byte"], rounds, size=size)
    found |= measuring.rounds(__file__, ["first records"], rounds, size=size)
    rows = {name: measuring.row("P4", name, size, "ours", own) for name, own in found.items()}
    for row in rows.values():
        tell(row)
    waits = {name: row.wall for name, row in rows.items()}
    said = f"{waits['first byte']:.3f} s, the first records after {waits['first records']:.2f} s"
    claim = f"first byte of an export of {size} records"
    tell(Verdict("P4", claim, said, f"at most {MOST_WAIT:.0f} s", waits["first byte"] <= MOST_WAIT))


if __name__ == "__main__":
    sys.exit(main())
