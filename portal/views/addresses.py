"""Absolute addresses of public pages: under the site's own domain where it is known."""

from django.conf import settings
from django.http import HttpRequest


def absolute(request: HttpRequest, path: str) -> str:
    """Return ``path`` with scheme and host: PORTAL_SITE_DOMAIN, else the host that was asked."""
    if domain := settings.SITE["domain"]:
        return f"{'https' if settings.HTTPS else 'http'}://{domain}{path}"
    return request.build_absolute_uri(path)
