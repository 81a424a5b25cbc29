"""Record types of the workforce, by registry."""

from workforce.models.handicraft import HandicraftTrainingProject
from workforce.models.ich import CraftWorkshop, IchItem
from workforce.models.key_brands import KeyBrand
from workforce.models.labour import AnnualPerformance, BuildingUnit, LabourBrand
from workforce.models.project_training import ProjectTrainingReturn, ProjectTrainingRow
from workforce.models.subsidy import SubsidyStandardItem, SubsidyStandardReview

__all__ = [
    "AnnualPerformance",
    "BuildingUnit",
    "CraftWorkshop",
    "HandicraftTrainingProject",
    "IchItem",
    "KeyBrand",
    "LabourBrand",
    "ProjectTrainingReturn",
    "ProjectTrainingRow",
    "SubsidyStandardItem",
    "SubsidyStandardReview",
]
