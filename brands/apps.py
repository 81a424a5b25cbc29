"""App of its record types."""

from django.apps import AppConfig


class BrandsConfig(AppConfig):
    """Nothing to start."""

    name = "brands"
    verbose_name = "技能品牌"
