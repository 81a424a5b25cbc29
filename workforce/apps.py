"""App of its record types."""

from django.apps import AppConfig


class WorkforceConfig(AppConfig):
    """Nothing to start."""

    name = "workforce"
    verbose_name = "劳务品牌与培训"
