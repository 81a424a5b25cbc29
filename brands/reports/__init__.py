"""The roll-up reports of the brands: R1 专项职业能力品牌, R2 “一市一品牌”; each registers itself."""

from brands.reports import city_training, skill

__all__ = ["city_training", "skill"]
