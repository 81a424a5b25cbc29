"""App of its record types."""

from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    """Nothing to start."""

    name = "assessments"
    verbose_name = "考核项目与机构"
