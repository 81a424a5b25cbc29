"""The page of a draft's files: upload, remove, unpack an archive. Each view: scope, one call, answer."""

from collections.abc import Callable
from typing import BinaryIO
from urllib.parse import unquote

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import access_log, archives, attachments, corrections, materials, scope
from portal.bodies import ENVELOPE, discard, length
from portal.models import Attachment, Filing
from portal.workflow import Refused

NO_FILE = "还没有选择文件，没有保存；请选择文件后再上传。"
CUT_OFF = "文件没有传完，没有保存；已上传的都在，请重新选择这个文件。"
SEVERAL = "一次选了几个文件的，请分几次上传。"
SIGN_IN = "登录已过期，没有保存这个文件；已上传的都在，请在新窗口登录后重新上传。"
STORED = "已保存{}个文件。"
UNPACKED = "已从压缩包保存{}个文件，{}个没有保存。"


def own(request: HttpRequest, pk: int) -> Filing:
    """Return a filing of a bureau this person files for; anything else is 404."""
    visible = Filing.objects.visible_to(request.user)
    filing = get_object_or_404(visible.select_related("organisation__region", "region", "campaign"), pk=pk)
    if not scope.files_for(request.user, filing.organisation_id):
        raise Http404
    return filing.record if filing.record_type.slots else filing


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The slots of a draft with their files and lights; once submitted, the page of the filing shows them."""
    record = own(request, pk)
    return _page(request, record) if record.is_editable else redirect("filing", pk)


def _page(
    request: HttpRequest, record: Filing, *, status: int = 200, refusals=(), results=(), notice=""
) -> HttpResponse:
    correction, slots = corrections.of(record), record.record_type.slots
    spots, removed = corrections.spots(materials.places(record), correction), attachments.removed(record)
    access_log.mark_files(request, record, [f for s in spots for f in s.place.files] + list(removed))
    context = {
        "nav": "file",
        "record": record,
        "type": record.record_type,
        "spots": spots,
        "removed": removed,
        "correction": correction,
        "archive_name": record.archive_name(),
        "takes_archive": any(spot.place.name in slots and not spot.is_shut for spot in spots),
        "refusals": refusals,
        "results": results,
        "notice": notice,
    }
    return render(request, "desk/materials.html", context, status=status)


def _guarded(inner: Callable) -> Callable:
    """Look at who sends and how much before the body is read; ``inner`` then checks the token.

    ``inner`` has ``room(record, **where)``: the most bytes, and the sentence for more.
    """

    @csrf_exempt
    @login_not_required
    @require_http_methods(["POST", "PUT"])
    def view(request: HttpRequest, pk: int, **where: str) -> HttpResponse:
        if not request.user.is_authenticated:
            return _signed_out(request)
        record = own(request, pk)
        most, sentence = inner.room(record, **where)
        if length(request) > (most if request.method == "PUT" else most + ENVELOPE):
            discard(request)
            told = sentence if request.method == "PUT" else f"{sentence}{SEVERAL}"
            return _refused(request, record, [told], status=413)
        size = length(request) - (0 if request.method == "PUT" else ENVELOPE)
        room = attachments.room(record.organisation_id, size)
        if size > room.bytes:
            discard(request)
            return _refused(request, record, [room.sentence], status=413)
        try:
            return csrf_protect(inner)(request, record, **where)
        except UnreadablePostError:
            return _refused(request, record, [CUT_OFF], status=400)

    return view


def _signed_out(request: HttpRequest) -> HttpResponse:
    if request.method == "PUT":
        return JsonResponse({"message": SIGN_IN}, status=401)
    return redirect_to_login(request.get_full_path())


def _refused(request: HttpRequest, record: Filing, sentences: list[str], status: int = 422) -> HttpResponse:
    if request.method == "PUT":
        return JsonResponse({"message": sentences[0]}, status=status)
    return _page(request, record, refusals=sentences, status=status)


class _Body:
    """The raw body of a request as a file; one that ends early is an error, never a short file."""

    def __init__(self, request: HttpRequest):
        self.request, self.left = request, length(request)
        self.size = self.left

    def read(self, size: int) -> bytes:
        """Return the next bytes, none at the end."""
        chunk = self.request.read(min(size, self.left)) if self.left else b""
        if not chunk and self.left:
            raise UnreadablePostError("the upload was cut off")
        self.left -= len(chunk)
        return chunk


def _sent(request: HttpRequest) -> list[tuple[str, BinaryIO]]:
    """Return the names and contents that were sent: one raw body by a script, or the files of a form."""
    if request.method == "PUT":
        return [(unquote(request.headers.get("X-File-Name", "")), _Body(request))]
    return [(sent.name, sent) for sent in request.FILES.getlist("file")]


def _upload(request: HttpRequest, record: Filing, slot: str) -> HttpResponse:
    refusals, stored = [], 0
    sent = _sent(request)
    for name, content in sent:
        try:
            attachments.add(record, slot, content, name, by=request.user)
            stored += 1
        except Refused as refusal:
            refusals.append(f"“{name}”：{refusal}" if len(sent) > 1 else str(refusal))
    if refusals or not sent:
        return _refused(request, record, refusals or [NO_FILE])
    if request.method == "PUT":
        return JsonResponse({"message": STORED.format(stored)}, status=201)
    messages.success(request, STORED.format(stored))
    return redirect("filing-materials", record.pk)


def _slot_room(record: Filing, slot: str) -> tuple[int, str]:
    place = record.record_type.all_slots.get(slot)
    if place is None:
        raise Http404
    return place.most_bytes, attachments.too_big(place)


def _unpack(request: HttpRequest, record: Filing) -> HttpResponse:
    sent = _sent(request)
    if not sent:
        return _refused(request, record, [NO_FILE])
    name, content = sent[0]
    try:
        results = archives.unpack(record, content, by=request.user)
    except Refused as refusal:
        return _refused(request, record, [str(refusal)])
    warning, lost = archives.name_warning(record, name), sum(not one.place for one in results)
    told = UNPACKED.format(len(results) - lost, lost)
    if request.method == "PUT":
        lines = [f"{one.name}：{one.refusal or '已存入' + one.place + '。'}" for one in results]
        return JsonResponse({"message": told, "lines": [*([warning] if warning else []), *lines]}, status=201)
    return _page(request, record, results=results, notice=" ".join([told, warning]).strip())


def _archive_room(record: Filing) -> tuple[int, str]:
    return archives.MOST_BYTES, archives.TOO_BIG


_upload.room, _unpack.room = _slot_room, _archive_room
upload, archive = _guarded(_upload), _guarded(_unpack)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file out of a draft of one's own bureau."""
    return _change(request, pk, attachments.remove, "已移除“{}”，一天内可以在原栏目恢复。")


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a file back that was removed by mistake."""
    return _change(request, pk, attachments.restore, "已恢复“{}”。")


def _change(request: HttpRequest, pk: int, change: Callable, said: str) -> HttpResponse:
    visible = Filing.objects.visible_to(request.user).values("pk")
    found = Attachment.objects.filter(filing_id__in=visible, erased_at=None).select_related("filing")
    attachment = get_object_or_404(found, pk=pk)
    if not scope.files_for(request.user, attachment.filing.organisation_id):
        raise Http404
    try:
        change(attachment, by=request.user)
        messages.success(request, said.format(attachment.name))
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect("filing-materials", attachment.filing_id)
