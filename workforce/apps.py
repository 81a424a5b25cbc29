"""App of its record types."""

from django.apps import AppConfig


class WorkforceConfig(AppConfig):
    """Registers how its targets are counted and what is verified of it."""

    name = "workforce"
    verbose_name = "劳务品牌与培训"

    def ready(self) -> None:
        from workforce import coverage, key_brands, reports, targets  # noqa: F401 -- register themselves
