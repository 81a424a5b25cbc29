"""Lists of the administration as workbooks: what is shown under the same filters, noted in the log."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseNotAllowed, StreamingHttpResponse
from django.urls import path
from django.utils import timezone

from portal import exports, spreadsheet
from portal.export_rows import CHUNK, keys_of
from portal.spreadsheet import Column, Page


class Exportable:
    """A list that its viewers may take along; ``export_columns``: header → (width, cell of a row)."""

    change_list_template = "admin/portal/exportable_list.html"
    export_columns: dict[str, tuple[int, Callable[[Any], Any]]] = {}
    export_related: tuple[str, ...] = ()

    def get_urls(self):
        """Return the addresses of the list and of its workbook."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        own = path("export/", self.admin_site.admin_view(self.export_view), name=name)
        return [own, *super().get_urls()]

    def export_view(self, request: HttpRequest) -> StreamingHttpResponse:
        """Send the rows that the list shows under the filters of the address."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            found = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            raise Http404("no such filter") from None
        return self._answer(request, found)

    def _answer(self, request: HttpRequest, found) -> StreamingHttpResponse:
        title = str(self.opts.verbose_name_plural)
        note = exports.Note(request.user, self.model, title)
        columns = [Column(header, width) for header, (width, _) in self.export_columns.items()]
        lines = _Lines(found.select_related(*self.export_related), self.export_columns, note.begin)
        pieces = spreadsheet.stream(title, [Page(title, columns, lines, frozen=1)])
        kept = note.kept(pieces, lambda: lines.written)
        return exports.streamed(kept, f"{title}-{timezone.localdate()}.xlsx")


class _Lines:
    """The lines of a query, a chunk of rows in memory at a time; ``written`` counts them."""

    def __init__(self, found, columns: dict, begun: Callable[[int], object]):
        self.found, self.columns, self.begun, self.written = found, columns, begun, 0

    def __iter__(self) -> Iterator[list]:
        keys, cells = keys_of(self.found), [cell for _, cell in self.columns.values()]
        self.begun(len(keys))
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK].tolist()
            rows = self.found.order_by().in_bulk(chunk)
            for row in (rows[key] for key in chunk if key in rows):
                self.written += 1
                yield [cell(row) for cell in cells]
