"""``manage.py workflow_diagram``: the workflow as a Mermaid diagram, drawn from ``ACTIONS`` alone."""

from django.core.management import BaseCommand

from portal.actions import ACTIONS, EVERY_ROUTE, FILER_DESK, Action
from portal.vocabulary import Level, Role, State

DESKS = {FILER_DESK: "filing bureau", Level.CITY: "city", Level.PROVINCE: "province"}


class Command(BaseCommand):
    """Prints what ``docs/workflow.md`` shows between its marks; a test compares the two."""

    help = "Prints the workflow as a Mermaid state diagram."

    def handle(self, **options) -> None:
        """Print the diagram."""
        self.stdout.write(diagram(), ending="")


def diagram() -> str:
    """Return the Mermaid text: a line for each state and one for each way an action leads."""
    states = [f"    {state.value} : {state.value} {state.label}" for state in State]
    ways = [
        f"    {source} --> {action.target} : {_words(action)}"
        for action in ACTIONS
        for source in action.sources
    ]
    lines = ["stateDiagram-v2", "    [*] --> draft", *states, *dict.fromkeys(ways)]
    return "\n".join(lines) + "\n"


def _words(action: Action) -> str:
    """Say who does it: action, label, desk and roles, and what is particular about it."""
    roles = "/".join(Role(role).value for role in action.roles)
    said = {
        f"{DESKS[action.desk]} {roles}": True,
        f"{'/'.join(action.routes)} route": action.routes != EVERY_ROUTE,
        "province's own": action.at == (Level.PROVINCE,),
        "before acceptance": action.unaccepted,
        "before publication": action.unpublished,
        "with comment": action.needs_comment,
    }
    notes = ", ".join(note for note, holds in said.items() if holds)
    return f"{action.name} {action.label} ({notes})"
