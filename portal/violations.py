"""What browsers report of the content security policy: read, counted and logged without anybody's data.

A report says that a page tried what the policy forbids: a fault of ours, or somebody's script that was kept
from running. Anybody may send one, so nothing in it is believed, and of its addresses only the route is kept.
"""

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

from portal import metrics

LONGEST, MOST = 16 * 1024, 20  # bytes of a body, reports in it
TYPES = ("application/csp-report", "application/reports+json", "application/json")
DIRECTIVES = (
    *("default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem"),
    *("style-src-attr", "img-src", "font-src", "connect-src", "media-src", "object-src", "frame-src"),
    *("child-src", "worker-src", "manifest-src", "base-uri", "form-action", "frame-ancestors"),
)
OTHER = "other"

logger = logging.getLogger(__name__)


class Unreadable(Exception):
    """What was sent is no report."""


def take(body: bytes) -> int:
    """Count and log the reports in ``body`` and return how many; raises ``Unreadable``.

    A line names the directive, the route of the page and what kind of thing was kept out (CSP 3, 5.3).
    """
    reports = list(_reports(_read(body)))[:MOST]
    for report in reports:
        directive = _directive(report)
        metrics.counters.violation(directive)
        logger.warning("policy %s on %s: %s", directive, _route(report), _blocked(report))
    return len(reports)


def _read(body: bytes) -> list:
    try:
        said = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise Unreadable from None
    return said if isinstance(said, list) else [said]


def _reports(said: list) -> Iterator[dict[str, Any]]:
    """Yield the facts of each report, those of the older form and those of the Reporting API."""
    for one in said:
        facts = one.get("csp-report", one.get("body")) if isinstance(one, dict) else None
        if not isinstance(facts, dict):
            raise Unreadable
        yield facts


def _text(report: dict, *names: str) -> str:
    found = next((report[name] for name in names if isinstance(report.get(name), str)), "")
    return found[:2000]


def _directive(report: dict) -> str:
    said = _text(report, "effective-directive", "effectiveDirective", "violated-directive").partition(" ")[0]
    return said if said in DIRECTIVES else OTHER


def _route(report: dict) -> str:
    """Return the name of the route of the page: an address may hold a name, a number or a token."""
    try:
        return resolve(urlsplit(_text(report, "document-uri", "documentURL")).path).view_name or OTHER
    except (Resolver404, ValueError):
        return OTHER


def _blocked(report: dict) -> str:
    """Return what was kept out: a keyword, or the scheme of an address."""
    said = _text(report, "blocked-uri", "blockedURL")
    if said in ("inline", "eval", "self"):
        return said
    try:
        scheme = urlsplit(said).scheme
    except ValueError:
        return OTHER
    return scheme if scheme in ("http", "https", "data", "blob") else OTHER
