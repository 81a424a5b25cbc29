"""Record types of the workforce, by registry."""

from workforce.models.handicraft import HandicraftTrainingProject
from workforce.models.labour import AnnualPerformance, BuildingUnit, LabourBrand

__all__ = ["AnnualPerformance", "BuildingUnit", "HandicraftTrainingProject", "LabourBrand"]
