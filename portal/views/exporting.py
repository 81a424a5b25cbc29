"""What is taken out of the workbench as a file besides the lists of one type: the work queue."""

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from portal import exports, queue, queue_export, spreadsheet
from portal.models import Filing


@require_POST
def queue_workbook(request: HttpRequest) -> StreamingHttpResponse:
    """The tab of the queue that is looked at, under its conditions and in its order; noted in the log."""
    wish = queue.read_wish(request.GET, request.user)
    title = queue.TABS[wish.tab]
    note = exports.Note(request.user, Filing, f"工作台“{title}”")
    lines = queue_export.Lines(wish, request.user, note.begin)
    pieces = spreadsheet.stream(title, [lines.page()])
    name = f"{title}-{timezone.localdate()}.xlsx"
    return exports.streamed(note.kept(pieces, lambda: lines.written), name)
