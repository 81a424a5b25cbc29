"""Reports of the content security policy: counted, logged without anybody's data, and no way to do harm."""

import json
import logging

import pytest
from django.core.cache import cache
from django.test import Client

from portal import metrics, violations

pytestmark = pytest.mark.django_db
ADDRESS = "/csp-reports/"
PHONE = "13800003707"
REPORT = {
    "document-uri": f"https://portal.example/activate/MQ/secret-token/?phone={PHONE}",
    "effective-directive": "script-src-elem",
    "blocked-uri": f"https://evil.example/{PHONE}.js",
    "script-sample": f"alert('{PHONE}')",
    "referrer": f"https://portal.example/{PHONE}",
}


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()
    yield
    cache.clear()


def send(body, content_type="application/csp-report") -> int:
    said = body if isinstance(body, bytes) else json.dumps(body)
    return Client(enforce_csrf_checks=True).post(ADDRESS, said, content_type=content_type).status_code


def noted(caplog) -> list[str]:
    """Return the lines about reports."""
    return [line.getMessage() for line in caplog.records if line.name == "portal.violations"]


@pytest.mark.parametrize(
    "body",
    [
        {"csp-report": REPORT},
        [
            {
                "type": "csp-violation",
                "body": {"effectiveDirective": "script-src-elem", "blockedURL": "inline"},
            }
        ],
    ],
    ids=["older", "newer"],
)
def test_a_report_is_counted_by_its_directive(body):
    before = metrics.counters.violations["script-src-elem"]

    status = send(body, "application/reports+json" if isinstance(body, list) else "application/csp-report")

    assert status == 204
    assert metrics.counters.violations["script-src-elem"] - before == 1
    assert any('directive="script-src-elem"' in line for line in metrics.counters.lines())


def test_a_line_of_the_log_names_the_route_and_nobody(caplog):
    with caplog.at_level(logging.WARNING, "portal.violations"):
        send({"csp-report": REPORT})

    assert noted(caplog) == ["policy script-src-elem on activate: https"]


def test_a_directive_that_somebody_made_up_makes_no_name_of_a_figure(caplog):
    send(
        {"csp-report": {"effective-directive": 'x"} 1\nfaked 2', "document-uri": "//[", "blocked-uri": "//["}}
    )

    assert noted(caplog) == ["policy other on other: other"]


@pytest.mark.parametrize(
    "body",
    [b" ", b"{", b"\xff", b"[" * 15_000, b"null", b"7", b'"x"', b"{}", b"[1]", b'{"csp-report": 1}'],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_report_is_refused(body, caplog):
    assert (send(body), noted(caplog)) == (400, [])


def test_another_type_a_long_body_and_another_method_are_refused():
    long = json.dumps({"csp-report": REPORT | {"x": "y" * violations.LONGEST}}).encode()

    assert send({"csp-report": REPORT}, "text/plain") == 415
    assert send(long) == 413
    assert Client().get(ADDRESS).status_code == 405


def test_one_body_counts_for_so_many_reports_and_no_more():
    assert (
        violations.take(json.dumps([{"csp-report": {}}] * (violations.MOST + 5)).encode()) == violations.MOST
    )


def test_an_address_that_reports_without_end_is_stopped():
    answers = [send({"csp-report": REPORT}) for _ in range(62)]

    assert answers == [204] * 60 + [429] * 2


def test_the_policy_of_a_page_says_where_to_report(client):
    assert "report-uri /csp-reports/" in client.get("/")["Content-Security-Policy"]
