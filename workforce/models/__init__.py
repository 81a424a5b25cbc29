"""Record types of the workforce, by registry."""

from workforce.models.handicraft import HandicraftTrainingProject
from workforce.models.labour import AnnualPerformance, BuildingUnit, LabourBrand
from workforce.models.project_training import ProjectTrainingReturn, ProjectTrainingRow
from workforce.models.subsidy import SubsidyStandardItem, SubsidyStandardReview

__all__ = [
    "AnnualPerformance",
    "BuildingUnit",
    "HandicraftTrainingProject",
    "LabourBrand",
    "ProjectTrainingReturn",
    "ProjectTrainingRow",
    "SubsidyStandardItem",
    "SubsidyStandardReview",
]
