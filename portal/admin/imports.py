"""Importing drafts from the administration: choose a workbook, look at what was read, confirm."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from import_export.admin import ImportMixin
from import_export.forms import ImportForm

from portal import drafts, imports, resources
from portal.resources import Received, SafeXLSX
from portal.workflow import Refused

WRONG_SUFFIX = "这里只能导入 .xlsx 工作簿；Word 原表请在工作台导入。"


class WorkbookForm(ImportForm):
    """The first page: one workbook of a size that is read at once, received as the workbench does."""

    def __init__(self, *args, receive, **kwargs):
        super().__init__(*args, **kwargs)
        self.receive = receive

    @property
    def media(self) -> forms.Media:
        """Nothing to load: there is one format and nothing to guess."""
        return forms.Media()

    def clean_import_file(self):
        """Refuse what is too big or no workbook by its name before anything reads it; receive the rest."""
        file = self.cleaned_data["import_file"]
        if file.size > imports.AT_ONCE_BYTES:
            raise ValidationError(resources.TOO_MANY)
        if not file.name.lower().endswith(".xlsx"):
            raise ValidationError(WRONG_SUFFIX)
        try:
            file.imported = self.receive(file, file.name)
        except Refused as refused:
            raise ValidationError(str(refused)) from None
        return file


class DraftImport(ImportMixin):
    """Import for whoever files the type for a bureau; with any error in the file nothing is kept."""

    import_form_class = WorkbookForm
    import_template_name = "admin/portal/import.html"
    import_formats = (SafeXLSX,)
    tmp_storage_class = Received

    def has_import_permission(self, request) -> bool:
        """Say whether the person files this type for a bureau."""
        return bool(drafts.filing_organisations(request.user, self.model.record_type))

    def get_import_resource_classes(self, request):
        """Return the resource of the type."""
        return [resources.resource_for(self.model.record_type)]

    def get_import_resource_kwargs(self, request, **kwargs):
        """Let the resource know who files."""
        return {"user": request.user}

    def get_import_form_kwargs(self, request):
        """Let the form receive the file for whoever files."""

        def receive(file, name: str):
            return imports.receive(file, name, self.model.record_type, by=request.user)

        return super().get_import_form_kwargs(request) | {"receive": receive}

    def write_to_tmp_storage(self, import_file, input_format) -> Received:
        """Return what hands the number of the import on."""
        return Received(name=str(import_file.imported.pk))

    def get_import_data_kwargs(self, request, **kwargs):
        """Take nothing when anything is wrong (``ValidationError``s alone would let the good lines pass)."""
        return {"rollback_on_validation_errors": True}

    def process_result(self, result, request):
        """Say what became of the confirmation."""
        if result.has_errors() or result.has_validation_errors():
            result.rows = []
        return super().process_result(result, request)

    def generate_log_entries(self, result, request) -> None:
        """Note each draft that was made."""
        for row in result.rows:
            self.log_addition(request, row.instance, "从工作簿导入")

    def add_success_message(self, result, request) -> None:
        """Tell how many drafts there are now, or that there are none."""
        reasons = [str(error.error) for error in result.base_errors]
        reasons += [text for row in result.invalid_rows for text in row.error.messages]
        for reason in reasons:
            messages.warning(request, f"没有导入任何数据：{reason}")
        if not reasons:
            done = f"已导入{len(result.rows)}件草稿，请在工作台核对后提交。"
            messages.success(request, result.notice or done)
