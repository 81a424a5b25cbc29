"""django-import-export resources made from a declaration: a workbook comes in as drafts of one's own bureau.

Reading and writing are the workbench's (``imports``); here they are fitted into preview and confirmation.
"""

from functools import cache

import tablib
from django.core.exceptions import BadRequest, ValidationError
from django.db import models
from import_export.fields import Field
from import_export.formats.base_formats import XLSX
from import_export.resources import ModelResource
from import_export.tmp_storages import BaseStorage

from portal import import_pages, imports
from portal.annexes import CellError
from portal.imports import PlanRow
from portal.models import Filing, Import, ImportPurpose, Job, RowOutcome, User
from portal.registry import RecordType
from portal.sheets import layout
from portal.workflow import Refused

LINE = "line"
MOST_LINES = 1000
TOO_MANY = (
    f"文件超过 {MOST_LINES} 行或 {imports.AT_ONCE_BYTES // 2**10} KB，请在工作台导入，那里有进度和错误回执。"
)
UNDER_WAY = "内容较多，正在后台导入，完成后通知您。"
WRITTEN = (RowOutcome.NEW, RowOutcome.CHANGED)


class SafeXLSX(XLSX):
    """A workbook that only the confined child process ever opens (``sandbox``)."""

    def get_title(self) -> str:
        """Return what the format is called on the page."""
        return "Excel 工作簿（.xlsx）"

    def create_dataset(self, in_stream: str) -> tablib.Dataset:
        """Return the number of the import in one line; the resource reads its plan."""
        return tablib.Dataset([in_stream], headers=[LINE])

    def can_export(self) -> bool:
        """Say no: workbooks are written by ``exports``, which keeps the scope and writes no formula."""
        return False


class Received(BaseStorage):
    """Hands the number of an import on to the page of confirmation; its file lies in the store."""

    def save(self, data: bytes) -> None:
        """Nothing to do: the file was received with its form."""

    def read(self) -> str:
        """Return the number that came back with the confirmation."""
        if not (self.name.isascii() and self.name.isdigit() and len(self.name) < 18):
            raise BadRequest("这个请求不完整，没有导入。")
        return self.name

    def remove(self) -> None:
        """Nothing to do: ``imports`` removes the file in its time."""


class DraftResource(ModelResource):
    """Reads a file into drafts of the uploader's bureau: all of them or, with one error anywhere, none.

    The fields are the columns of the template: number, state and bureau are not among them.
    """

    record_type: RecordType

    def __init__(self, user: User | None = None, **kwargs):
        super().__init__(**kwargs)
        self.user, self.is_trial = user, True

    def import_data(self, dataset: tablib.Dataset, dry_run: bool = False, *args, **kwargs):
        """Show what the file would do, or with ``dry_run`` off do it."""
        self.is_trial = dry_run
        return super().import_data(dataset, dry_run, *args, **kwargs)

    def before_import(self, dataset: tablib.Dataset, **kwargs) -> None:
        """Put the plan in place of its number: a line for each error or, without any, for each record."""
        (number,) = dataset[0]
        self.imported, self.notice = self._found(number), ""
        found = self._lines()
        if not self.is_trial and not isinstance(next(iter(found), None), CellError):
            found = self._confirmed(found)
        dataset.wipe()
        dataset.headers = [LINE]
        for line in found:
            dataset.append([line])

    def _found(self, number: str) -> Import:
        mine = Import.objects.visible_to(self.user).filter(slug=self.record_type.slug)
        found = mine.filter(pk=int(number), purpose=ImportPurpose.DRAFTS).first()
        if found is None:
            raise BadRequest("这个请求不完整，没有导入。")
        return found

    def _lines(self) -> list[CellError] | list[PlanRow]:
        if self.imported.job_id or self.imported.total > MOST_LINES:
            return [CellError("", 0, "", "", TOO_MANY)]
        if faults := list(imports.faults(self.imported)):
            return faults
        return [
            row for outcome in WRITTEN for row in imports.page(self.imported, outcome, 1, MOST_LINES).rows
        ]

    def _confirmed(self, found: list[PlanRow]) -> list[CellError] | list[PlanRow]:
        """Carry the import out and return the lines, or the one sentence why nothing was imported."""
        try:
            done = imports.confirm(self.imported, by=self.user)
        except Refused as refused:
            return [CellError("", 0, "", "", str(refused))]
        if isinstance(done, Job):
            self.notice = UNDER_WAY
            return []
        return found

    def after_import(self, dataset: tablib.Dataset, result, **kwargs) -> None:
        """Add what the preview shows: the columns of the declaration in words, and what to mind."""
        names = import_pages.headings(self.record_type, RowOutcome.NEW)
        rows = [line for (line,) in dataset if isinstance(line, PlanRow)]
        result.headers = [*names.values()]
        result.lines = [self._words(row, names) for row in rows]
        result.warnings, result.notice, result.imported = self.imported.warnings, self.notice, self.imported

    def _words(self, row: PlanRow, names: dict[str, str]) -> list[str]:
        key = self.record_type.key[0]
        return [import_pages.said(row.words.get(name, row.title if name == key else "")) for name in names]

    def handle_import_error(self, result, error: Exception, raise_errors: bool = False) -> None:
        """Let a fault of ours be one: the sender could not mend it, and its text is not for him."""
        raise error

    def import_row(self, row, instance_loader, **kwargs):
        """Do one line; what is no ``ValidationError`` is a fault of ours too."""
        result = super().import_row(row, instance_loader, **kwargs)
        if result.errors:
            raise result.errors[0].error
        return result

    def import_instance(self, instance: models.Model, row: dict, **kwargs) -> None:
        """Say what is wrong at a place of the file."""
        if isinstance(row[LINE], CellError):
            raise ValidationError(sentence(row[LINE]))

    def save_instance(self, instance: models.Model, is_create: bool, row: dict, **kwargs) -> None:
        """Name the draft a line became; ``imports`` has written it, all of the file at once."""
        line: PlanRow = row[LINE]
        instance.pk, instance.title = line.filing, line.title
        if not self.is_trial and instance.pk is None:
            made = Filing.objects.filter(organisation=self.imported.organisation_id, title=line.title)
            made = made.filter(kind=self.record_type.slug).order_by("-pk")
            instance.pk = made.values_list("pk", flat=True).first()

    def save_m2m(self, instance: models.Model, row: dict, **kwargs) -> None:
        """The draft is written whole already."""


def sentence(error: CellError) -> str:
    """Return an error behind its place in the file, as far as it has one."""
    sheet = f"工作表“{error.sheet}”" if error.sheet else ""
    row = f"第{error.row}行" if error.row else ""
    column = f"“{error.column}”" if error.column else ""
    place = f"{sheet}{row}{column}"
    return f"{place}：{error.message}" if place else error.message


@cache
def _resource(model: type[models.Model]) -> type[DraftResource]:
    record_type: RecordType = model.record_type
    columns = layout(record_type)[0].columns
    options = {
        "model": model,
        "fields": [column.name for column in columns],
        "import_id_fields": [],
        "force_init_instance": True,
        "skip_diff": True,
        "use_transactions": True,
        "store_row_values": True,
        "name": record_type.label,
    }
    fields = {column.name: Field(attribute=column.name, column_name=column.header) for column in columns}
    return type(
        "TypedResource",
        (DraftResource,),
        {**fields, "record_type": record_type, "Meta": type("Meta", (), options)},
    )


def resource_for(record_type: RecordType) -> type[DraftResource]:
    """Return the resource of a record type; made once."""
    return _resource(record_type.model)
