"""The submission package of one bureau for one campaign: what is in it, and the download."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from portal import access_log, attachments, exports, package, windows
from portal.models import Campaign, User
from portal.package import Contents
from portal.views import addresses
from portal.workflow import Refused

DISK_FULL = "服务器的存储空间不足，没有生成材料包；已提交的内容不受影响，请联系系统管理员后再试。"


@require_http_methods(["GET", "HEAD", "POST"])
def campaign_package(request: HttpRequest, campaign: int, region: str) -> HttpResponse:
    """What the package holds and what is missing; POST makes it, and notes who took it what for."""
    contents = package.find(request.user, campaign, region)
    if contents is None:
        raise Http404("no such package in scope")
    if request.method != "POST":
        return _page(request, contents)
    try:
        reason = exports.checked_reason(request.POST.get("reason", "")) if contents.holds_personal else ""
        return _download(request, contents, reason)
    except Refused as refused:
        return _page(request, contents, str(refused))


def _page(request: HttpRequest, contents: Contents, refusal: str = "") -> HttpResponse:
    context = {
        "nav": "campaigns",
        "contents": contents,
        "due": windows.moment(contents.due_at),
        "papers": package.papers(contents),
        "lacking": package.lacking(contents),
        "why_not": package.why_not(contents),
        "refusal": refusal,
        "typed": request.POST.get("reason", ""),
    }
    return render(request, "desk/package.html", context, status=422 if refusal else 200)


def _download(request: HttpRequest, contents: Contents, reason: str) -> FileResponse:
    file = package.scratch()
    try:
        package.write(contents, file, by=request.user, at=timezone.now(), base=addresses.base(request))
    except Exception as error:
        file.close()
        if isinstance(error, OSError) and error.errno in attachments.FULL:
            raise Refused(DISK_FULL) from None
        raise
    file.seek(0)
    _note(request.user, contents, reason)
    name = package.file_name(contents)
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


def _note(user: User, contents: Contents, reason: str) -> None:
    """Write down who took what out, like an export of the administration: in both logs or in none."""
    held = f"{len(contents.items)}份表格、{contents.files}个附件"
    personal = f"，含个人信息，事由：{reason}" if contents.holds_personal else ""
    entry = LogEntry(
        user=user,
        content_type=ContentType.objects.get_for_model(Campaign),
        object_id=str(contents.campaign.pk),
        object_repr=str(contents.campaign),
        action_flag=CHANGE,
        change_message=f"下载{contents.organisation}的报送材料包：{held}{personal}",
    )
    kind = contents.record_type
    entry.phones = [said for item in contents.forms for said in access_log.phones_sent(kind, item.sent)]
    entry.phones += [file.name for item in contents.items for file in item.files]
    with transaction.atomic():
        entry.save()
