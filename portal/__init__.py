"""The portal's one core app; it knows no record type."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
