"""App of its record types."""

from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    """Registers how its targets are counted and what its report is."""

    name = "assessments"
    verbose_name = "考核项目与机构"

    def ready(self) -> None:
        from assessments import reports, targets  # noqa: F401 -- they register themselves
