"""The numbers the notices set that rest on published entries, and where those stand on a day."""

from django.http import HttpRequest
from django.urls import reverse
from ninja import Query, Router, Schema
from pydantic import Field

from portal import progress
from portal.api import schemas
from portal.api.entries import day_of


class Day(Schema):
    """The day that is asked about."""

    on: str = Field("", pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", description="某一天的进度，不写为今天")


def register(router: Router) -> None:
    """Give ``router`` the route of the targets."""
    router.get(
        "/targets",
        response={200: schemas.TargetList, 422: schemas.Failure},
        operation_id="targets",
        summary="政策目标和进度",
    )(_targets)


def _targets(request: HttpRequest, day: Query[Day]) -> dict:
    return {"items": [_answer(request, found) for found in progress.overview(day_of(day.on))]}


def _answer(request: HttpRequest, found: progress.Progress) -> dict:
    target = found.target
    return {
        "slug": target.slug,
        "label": target.label,
        "unit": target.unit,
        "operator": {"value": target.operator, "label": target.get_operator_display()},
        "number": target.number,
        "most": target.most,
        "scope": {"value": target.scope, "label": target.get_scope_display()},
        "due_on": found.due_on,
        "document_number": target.document_number,
        "clause": target.clause,
        "sentence": target.sentence,
        "value": found.number,
        "of": found.of,
        "cities": [
            {"region": {"code": place.code, "name": place.name}, "value": place.number}
            for place in found.places
        ],
        "url": request.build_absolute_uri(reverse("target", args=[target.slug])),
    }
