"""Record types of the brands, by registry."""

from brands.models.city_training import CITY_TRAINING_FORM, CityTrainingBrand
from brands.models.skill import BRAND_FORM, SkillBrand

__all__ = ["BRAND_FORM", "CITY_TRAINING_FORM", "CityTrainingBrand", "SkillBrand"]
