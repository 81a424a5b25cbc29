"""Published notices: 公示 and 公布, also after they ended. Objections and who made them are nowhere here."""

from typing import Literal

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Path, Query, Router
from pydantic import Field

from portal.api import paging, schemas
from portal.models import PublicNotice
from portal.vocabulary import NoticeKind

FAILURES = {404: schemas.Failure, 422: schemas.Failure}
STATUS = {"running": "公示中", "ended": "公示已结束", "withdrawn": "已撤销", "final": "已公布"}
LARGEST = 2**31 - 1


class Wish(schemas.Paged):
    """What the list of notices may be narrowed to."""

    kind: Literal["", "publicity", "announcement"] = Field("", description="公示或公布")


def register(router: Router) -> None:
    """Give ``router`` the routes of notices."""
    router.get(
        "/notices",
        response={200: schemas.NoticeList, **FAILURES},
        operation_id="notices",
        summary="公示公告",
    )(_list)
    router.get(
        "/notices/{number}",
        response={200: schemas.NoticeOut, **FAILURES},
        operation_id="notice",
        summary="一份公示或公告",
    )(_one)


def _published():
    return PublicNotice.objects.published().select_related("organisation").prefetch_related("items")


def _list(request: HttpRequest, wish: Query[Wish]) -> dict:
    found = _published().filter(kind=wish.kind) if wish.kind else _published()
    ordered = paging.after(found, wish.cursor, "pk", descending=True)
    shown, following = paging.page(request, ordered, wish.limit, "pk")
    return {"items": [_answer(request, notice) for notice in shown], "next": following}


def _one(request: HttpRequest, number: int = Path(..., ge=1, le=LARGEST)) -> dict:
    notice = _published().filter(pk=number).first()
    if notice is None:
        raise Http404("no such notice")
    return _answer(request, notice)


def status_of(notice: PublicNotice) -> str:
    """Return where a published notice stands today: running, ended, withdrawn, or final (公布)."""
    if notice.withdrawn_at:
        return "withdrawn"
    if notice.kind == NoticeKind.ANNOUNCEMENT:
        return "final"
    return "running" if notice.ends_on >= timezone.localdate() else "ended"


def _answer(request: HttpRequest, notice: PublicNotice) -> dict:
    status = status_of(notice)
    return {
        "id": notice.pk,
        "kind": {"value": notice.kind, "label": notice.get_kind_display()},
        "record_kind": notice.record_kind,
        "title": notice.title,
        "organisation": notice.organisation.name,
        "document_number": notice.document_number,
        "basis": notice.basis,
        "body": notice.body,
        "starts_on": notice.starts_on,
        "ends_on": notice.ends_on,
        "working_days": notice.working_days,
        "status": {"value": status, "label": STATUS[status]},
        "how_to_object": notice.how_to_object,
        "is_demo": notice.is_demo,
        "url": request.build_absolute_uri(reverse("notice", args=[notice.pk])),
        "items": [
            {"title": item.title, "organisation_name": item.organisation_name} for item in notice.items.all()
        ],
    }
