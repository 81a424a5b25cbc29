"""What the notices set as targets for brands, counted from the catalogue."""

from portal import targets
from portal.targets import Asked, Count
from portal.vocabulary import BrandLevel


@targets.counted("provincial-skill-brands", public=True)
def provincial_skill_brands(asked: Asked) -> Count:
    """Count the provincial skill brands in force (鲁人社字〔2024〕95号 一)."""
    return targets.entries_counted(asked, "skill-brands", BrandLevel.PROVINCIAL)


@targets.counted("city-training-brands", public=True)
def city_training_brands(asked: Asked) -> Count:
    """Count the published training brands of each city (鲁人社字〔2021〕32号 二（二）)."""
    return targets.entries_counted(asked, "city-training-brands")
