"""The roll-up reports of the workforce: R3 project training, R4 labour brands, R7 subsidy standards."""

from workforce.reports import labour_brands, project_training, subsidies

__all__ = ["labour_brands", "project_training", "subsidies"]
