"""The numbers the notices set, and where the published entries stand."""

from django.http import HttpRequest
from ninja import Router

from portal.api import schemas
from portal.models import PolicyTarget


def register(router: Router) -> None:
    """Give ``router`` the route of the targets."""
    router.get("/targets", response=schemas.TargetList, operation_id="targets", summary="政策目标和进度")(
        _targets
    )


def _targets(request: HttpRequest) -> dict:
    return {"items": [_answer(target) for target in PolicyTarget.objects.all()]}


def _answer(target: PolicyTarget) -> dict:
    return {
        "slug": target.slug,
        "label": target.label,
        "unit": target.unit,
        "operator": {"value": target.operator, "label": target.get_operator_display()},
        "number": target.number,
        "most": target.most,
        "scope": {"value": target.scope, "label": target.get_scope_display()},
        "due_on": target.due_on,
        "document_number": target.document_number,
        "clause": target.clause,
        "sentence": target.sentence,
        "value": 0,
    }
