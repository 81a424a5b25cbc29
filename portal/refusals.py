"""The three ways in which an act is not done, for those who refuse and those who answer."""

from typing import Any

from portal.registry import Problem


class Refused(Exception):
    """The act is closed; the text says why, in a sentence for the page."""


class Conflict(Exception):
    """Somebody else acted first."""

    def __init__(self, filing: Any, event: Any = None):
        self.filing, self._event = filing, event
        super().__init__("这件填报刚刚已由他人处理")

    @property
    def event(self) -> Any:
        """The latest act on the filing; looked up when asked for, after what failed was rolled back."""
        if self._event is None:
            self._event = self.filing.events.order_by("-number").first()
        return self._event


class Invalid(Exception):
    """The filing may not be submitted; ``problems`` says what is missing or wrong."""

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        super().__init__("；".join(problem.text for problem in problems))
