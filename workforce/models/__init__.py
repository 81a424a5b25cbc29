"""Record types of the workforce, by registry."""

from workforce.models.handicraft import HandicraftTrainingProject
from workforce.models.labour import AnnualPerformance, BuildingUnit, LabourBrand
from workforce.models.project_training import ProjectTrainingReturn, ProjectTrainingRow

__all__ = [
    "AnnualPerformance",
    "BuildingUnit",
    "HandicraftTrainingProject",
    "LabourBrand",
    "ProjectTrainingReturn",
    "ProjectTrainingRow",
]
