"""The interface under requests made up from its own description: never a fault, never anything unpublished.

``PORTAL_FUZZ_REQUESTS`` says how many requests one run makes: few in the suite, 20,000 before a release.
"""

import json
import os
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from schemathesis import GenerationMode

from portal import registry
from portal.models import CatalogueEntry
from portal.vocabulary import State
from tests.factories import entry, filing
from tests.public import leave

pytestmark = pytest.mark.django_db
REQUESTS = int(os.environ.get("PORTAL_FUZZ_REQUESTS", "600"))
CANARY = "金丝雀"
ANSWERS = {200, 304, 404, 405, 406, 422}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE")


def plant() -> None:
    """Publish a little of several catalogues, one of it exited, beside canaries that nobody may read."""
    for kind in ("exam-projects", "skill-brands", "labour-brands", "building-units"):
        leave(entry(kind))
        entry(kind)
        for state in (State.DRAFT, State.APPROVED):
            filing(kind, state, name=f"潍坊{CANARY}{state}")
    filing("exam-institutions", State.APPROVED, name=f"{CANARY}机构", contact_name=f"{CANARY}联系人")


def test_no_request_is_a_fault_and_no_answer_tells_what_is_not_published(client):
    plant()
    described = json.loads(client.get("/api/v1/openapi.json").content)
    operations = [found.ok() for found in schemathesis.openapi.from_dict(described).get_all_operations()]
    counts = {
        operation.label: ask(client, operation, described, REQUESTS // len(operations))
        for operation in operations
    }

    assert min(counts.values()) > 0
    assert sum(counts.values()) >= REQUESTS * 4 // 5


def ask(client, operation, described: dict, number: int) -> int:
    """Send up to ``number`` requests for one operation, sound ones and unsound ones, and return how many."""
    modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
    validators = {
        int(status): Draft202012Validator({**content["schema"], "components": described["components"]})
        for status, answer in operation.definition.raw["responses"].items()
        if (content := answer.get("content", {}).get("application/json"))
    }
    codes = CatalogueEntry.objects.order_by("code").values_list("code", flat=True)
    known = {"code": list(codes), "kind": [t.slug for t in registry.all_types()], "number": [1, 2]}
    sent = 0

    @seed(20241107)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of(*modes),
        method=st.sampled_from(["GET"] * 20 + list(METHODS)),
        place=st.integers(0, 40),
    )
    def one(case, method, place) -> None:
        nonlocal sent
        sent += 1
        for name, values in known.items():
            if name in (case.path_parameters or {}) and place < len(values):
                case.path_parameters[name] = values[place]
        check(client, case, method, validators)

    one()
    return sent


def check(client, case, method: str, validators: dict) -> None:
    """Send one request and hold the answer against the description."""
    parts = case.as_transport_kwargs(base_url="http://testserver/api/v1")
    address = parts["url"].removeprefix("http://testserver").replace("/api/v1/api/v1", "/api/v1")
    query = {name: value for name, value in (parts.get("params") or {}).items() if value is not None}
    answer = client.generic(method, address, QUERY_STRING=encoded(query))
    assert answer.status_code in ANSWERS, (method, address, query, answer.status_code)
    assert CANARY not in answer.content.decode(), (method, address, query)
    if method == "GET" and answer.status_code in validators:
        validators[answer.status_code].validate(json.loads(answer.content))


def encoded(query: dict) -> str:
    """Return a query string; characters that no text can hold become question marks."""
    return urlencode(query, doseq=True, errors="replace")
