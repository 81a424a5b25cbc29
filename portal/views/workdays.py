"""Working days at the desk: what is entered, and entering a year from its notice."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal import inbox, workdays
from portal.models import Workday
from portal.views.desk import page_of
from portal.workflow import Refused

MOST_BYTES = 64 * 1024
TOO_BIG = "文件超过 64 KB，不像一年的放假安排，没有读取。"
NOT_TEXT = "文件不是 CSV 文本（UTF-8 或 GBK 编码），没有读取。"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The days entered, newest first; POST enters more, from a file or from lines."""
    if not workdays.may_keep(request.user):
        raise Http404("keeps no working days")
    refusal = ""
    if request.method == "POST":
        try:
            kept = workdays.keep(_lines(request), source=request.POST.get("source", ""), by=request.user)
        except Refused as refused:
            refusal = str(refused)
        else:
            messages.success(request, f"已录入 {kept} 天，以后推算的日期照此计算。")
            return redirect("workdays")
    context = {
        "nav": "notices",
        "page": page_of(request, Workday.objects.order_by("-day")),
        "params": inbox.as_params(),
        "typed": request.POST,
        "refusal": refusal,
    }
    return render(request, "desk/workdays.html", context, status=422 if refusal else 200)


def _lines(request: HttpRequest) -> str:
    """Return the lines of the file, else those that were typed."""
    file = request.FILES.get("file")
    if file is None:
        return request.POST.get("lines", "")
    if file.size > MOST_BYTES:
        raise Refused(TOO_BIG)
    data = file.read()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused(NOT_TEXT)
