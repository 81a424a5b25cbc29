"""django-import-export resources made from a declaration: a workbook comes in as drafts of one's own bureau.

The reading is ``importing``'s, the writing ``drafts``'s; here both are fitted into preview and confirmation.
"""

import base64
import binascii
from functools import cache

import tablib
from django.core.exceptions import BadRequest, ValidationError
from django.db import models, transaction
from import_export.fields import Field
from import_export.formats.base_formats import XLSX
from import_export.resources import ModelResource
from import_export.tmp_storages import BaseStorage

from portal import drafts, importing
from portal.importing import CellError, Draft
from portal.models import User
from portal.registry import RecordType
from portal.sheets import layout
from portal.workflow import Refused

LINE = "line"


class SafeXLSX(XLSX):
    """A workbook that only the confined child process ever opens (``sandbox``)."""

    def get_title(self) -> str:
        """Return what the format is called on the page."""
        return "Excel 工作簿（.xlsx）"

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        """Return the file as it came, unopened, in one line; the resource has it read."""
        return tablib.Dataset([in_stream], headers=[LINE])

    def can_export(self) -> bool:
        """Say no: workbooks are written by ``excel``, which keeps the scope and writes no formula."""
        return False


class InPage(BaseStorage):
    """Keeps an upload in the page that asks for confirmation, so that nothing of it lies about meanwhile.

    What comes back is read and judged anew, so changing it on the way gains nothing.
    """

    MOST_BYTES = 2 * 2**20

    def save(self, data: bytes) -> None:
        """Take the file."""
        self.name = base64.urlsafe_b64encode(data).decode()

    def read(self) -> bytes:
        """Return the file that came back with the confirmation."""
        try:
            return base64.b64decode(self.name, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise BadRequest("这个请求不完整，没有导入。") from None

    def remove(self) -> None:
        """Nothing was kept."""


class DraftResource(ModelResource):
    """Reads a file into drafts of the uploader's bureau: all of them or, with one error anywhere, none.

    The fields are the columns of the template: number, state and bureau are not among them.
    """

    record_type: RecordType

    def __init__(self, user: User | None = None, **kwargs):
        super().__init__(**kwargs)
        self.user = user

    def before_import(self, dataset: tablib.Dataset, **kwargs) -> None:
        """Put what was read in place of the file: a line for each error or, without any, for each record."""
        (data,) = dataset[0]
        self.reading = importing.read_file(data, kwargs["file_name"], self.record_type, by=self.user)
        dataset.wipe()
        dataset.headers = [LINE]
        for line in self.reading.errors or self.reading.records:
            dataset.append([line])

    def after_import(self, dataset: tablib.Dataset, result, **kwargs) -> None:
        """Add what the preview shows: the columns of the declaration in words, and what to mind."""
        result.headers = [str(self.record_type.field(name).verbose_name) for name in self.record_type.columns]
        result.lines = [self._words(draft) for draft in self.reading.records]
        result.warnings = self.reading.warnings

    def _words(self, draft: Draft) -> list[str]:
        words = importing.shown(draft, self.record_type)
        found = [words.get(name, "") for name in self.record_type.columns]
        return ["、".join(word) if isinstance(word, list) else word for word in found]

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
        """Write one draft; a trial run is rolled back as a whole."""
        draft: Draft = row[LINE]
        try:
            with transaction.atomic():
                made = self._draft(draft)
        except Refused as refusal:
            place = CellError(draft.sheet, draft.row, "", draft.title, str(refusal))
            raise ValidationError(sentence(place)) from None
        instance.pk, instance.title = made.pk, made.title

    def _draft(self, draft: Draft) -> models.Model:
        kept = {"values": draft.values, "rows": draft.rows}
        return drafts.create(self.record_type, by=self.user, organisation=self.reading.organisation, **kept)

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
