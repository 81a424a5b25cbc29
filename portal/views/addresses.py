"""Absolute addresses of public pages: under the site's own domain where it is known."""

from django.http import HttpRequest

from portal import site


def base(request: HttpRequest) -> str:
    """Return scheme and host: PORTAL_SITE_DOMAIN, else the host that was asked."""
    return site.base() or f"{request.scheme}://{request.get_host()}"


def absolute(request: HttpRequest, path: str) -> str:
    """Return ``path`` with scheme and host: PORTAL_SITE_DOMAIN, else the host that was asked."""
    return site.base() + path if site.base() else request.build_absolute_uri(path)
