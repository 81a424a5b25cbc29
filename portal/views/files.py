"""Files on their way out: after a look at who asks, as a download, a part of it when asked for."""

import re
from collections.abc import Iterator

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from portal import access_log, exports, materials
from portal.models import Attachment, Filing

CHUNK = 256 * 1024
RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.ASCII)


@require_safe
def attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as it was uploaded."""
    found = _readable(request, pk)
    return _download(request, found.file.name, found.name, found.media_type, found.sha256)


@require_safe
def display(request: HttpRequest, pk: int) -> HttpResponse:
    """The small copy of a picture, without place, device and comments."""
    found = _readable(request, pk)
    if not found.display:
        raise Http404
    name = f"{found.name.rpartition('.')[0] or found.name}.jpg"
    return _download(request, found.display.name, name, "image/jpeg", f"{found.sha256}-display")


def _readable(request: HttpRequest, pk: int) -> Attachment:
    """Return a file the person may open; pictures of people are for the business posts only (PIPL 51)."""
    user = request.user
    visible = Filing.objects.visible_to(user).values("pk")
    found = get_object_or_404(
        Attachment.objects.filter(filing_id__in=visible, erased_at=None).select_related(
            "filing__organisation"
        ),
        pk=pk,
    )
    if not exports.may_see_personal(user) or not materials.may_open(found, found.filing, user):
        raise Http404
    # The name is personal data, which the log keeps no longer than its keyed hash: only its type is named.
    access_log.mark(request, found, f"（{found.filing.record_type}的附件）", [found.name])
    return found


def _download(request: HttpRequest, stored: str, name: str, media_type: str, mark: str) -> HttpResponse:
    try:
        size = default_storage.size(stored)
    except OSError:
        raise Http404 from None
    span = _span(request, size, f'"{mark}"')
    if span is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, end, status = span
    response = StreamingHttpResponse(_pieces(stored, start, end), content_type=media_type, status=status)
    sent = {
        "Content-Length": str(end - start),
        "Content-Disposition": content_disposition_header(True, name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": f'"{mark}"',
    }
    if status == 206:
        sent["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    for header, value in sent.items():
        response[header] = value
    return response


def _span(request: HttpRequest, size: int, tag: str) -> tuple[int, int, int] | None:
    """Return start, end and status for what is asked: all, or one range; None when there is no such part."""
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    if not asked or asked[0] == "bytes=-" or request.headers.get("If-Range", tag) != tag:
        return 0, size, 200
    first, last = asked[1], asked[2]
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last) + 1, size) if first and last else size
    return (start, end, 206) if start < end else None


def _pieces(stored: str, start: int, end: int) -> Iterator[bytes]:
    with default_storage.open(stored) as file:
        file.seek(start)
        while start < end and (chunk := file.read(min(CHUNK, end - start))):
            start += len(chunk)
            yield chunk
