"""App of its record types."""

from django.apps import AppConfig


class BrandsConfig(AppConfig):
    """Registers how its targets are counted and what its reports are."""

    name = "brands"
    verbose_name = "技能品牌"

    def ready(self) -> None:
        from brands import reports, targets  # noqa: F401 -- they register themselves
