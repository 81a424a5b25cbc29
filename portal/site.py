"""Where the portal stands on the net, for what is written outside of a request."""

from django.conf import settings


def base() -> str:
    """Return scheme and host of the portal where it knows its own (PORTAL_SITE_DOMAIN), else nothing."""
    domain = settings.SITE["domain"]
    return f"{'https' if settings.HTTPS else 'http'}://{domain}" if domain else ""
