"""App of its record types."""

from django.apps import AppConfig


class BrandsConfig(AppConfig):
    """Registers how its targets are counted."""

    name = "brands"
    verbose_name = "技能品牌"

    def ready(self) -> None:
        from brands import targets  # noqa: F401 -- registers itself
