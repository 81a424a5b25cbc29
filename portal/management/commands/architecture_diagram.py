"""``manage.py architecture_diagram``: the code as a picture, drawn from its import contracts."""

import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from operator import methodcaller

from django.apps import apps
from django.conf import settings
from django.core.management import BaseCommand

from portal import registry

# What a row of layers is for, under the first module of its topmost layer; in between nothing is skipped.
BANDS = {
    "urls": "ways in",
    "tasks": "what a worker does",
    "backups": "what one page or command reads",
    "wording": "forms, sheets, paper, files",
    "workflow": "the writers, each of its own rows",
    "actions": "the policy, messages, mail",
    "target_report": "reports",
    "accounts": "people, reads and rules",
    "rollups": "what stood when, who asked",
    "models": "tables, scope, measured files",
    "registry": "leaves, which import nothing of ours",
}
NAMED = 10  # so many modules of a band are named, first those that the contract does not bracket
# Who comes in, and what stands outside: name → (a module of its band, whether the arrow leads there).
OUTSIDE = {
    "browsers, programs": ("urls", False),
    "worker and beat": ("tasks", False),
    "SQLite or PostgreSQL": ("models", True),
    "RabbitMQ, Redis or a folder": ("queueing", True),
    "var/media or an S3 store": ("stores", True),
}


BRACKETED = methodcaller("startswith", "(")


class Command(BaseCommand):
    """Prints what ``docs/architecture.md`` shows between its marks; a test compares the two."""

    help = "Prints the architecture as a Mermaid flowchart."

    def handle(self, **options) -> None:
        """Print the diagram."""
        self.stdout.write(diagram(), ending="")


def diagram() -> str:
    """Return the Mermaid text: apps with their record types, the bands of the core, what stands outside."""
    packages, core = _contracts()
    bands = _bands(core["layers"])
    lines = ["flowchart TB", *_apps(packages["layers"]), "    subgraph portal"]
    lines += [f'        {_key(band)}["{_words(band, modules)}"]' for band, modules in bands.items()]
    lines += [f"        {' --> '.join(map(_key, bands))}", "    end", *_outside(bands)]
    return "\n".join(lines) + "\n"


def _contracts() -> tuple[dict, dict]:
    """Return the contract of the packages and that of the core, as ``lint-imports`` reads them."""
    text = (settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    packages, core = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    return packages, core


def _bands(layers: list[str]) -> dict[str, list[str]]:
    """Return band → its modules, those without brackets first, else in the order of the contract."""
    bands: dict[str, list[str]] = {}
    band = ""
    for modules in (re.findall(r"\(?\w+", layer) for layer in layers):
        band = BANDS.get(modules[0].strip("("), band)
        bands.setdefault(band, []).extend(modules)
    return {band: [m.strip("(") for m in sorted(found, key=BRACKETED)] for band, found in bands.items()}


def _apps(layers: list[str]) -> Iterator[str]:
    """Yield a box for each app of record types, and the arrows of the contract from layer to layer."""
    rows = [re.findall(r"\w+", layer) for layer in layers]
    for app in (app for row in rows[:-1] for app in row):
        models = set(apps.get_app_config(app).get_models())
        slugs = [kind.slug for kind in registry.all_types() if kind.model in models]
        yield f'    {app}["<b>{app}</b><br>{"<br>".join(slugs)}"]'
    for above, below in pairwise(rows):
        yield from (f"    {app} --> {other}" for app in above for other in below)


def _words(band: str, modules: list[str]) -> str:
    return f"<b>{band}</b><br>{' · '.join(modules[:NAMED])}{' · …' if len(modules) > NAMED else ''}"


def _key(band: str) -> str:
    return re.sub(r"\W+", "_", band)


def _outside(bands: dict[str, list[str]]) -> Iterator[str]:
    """Yield a rounded box for each part outside, and its arrow to or from the band of its module."""
    for name, (module, leads_out) in OUTSIDE.items():
        (inside,) = (_key(band) for band, modules in bands.items() if module in modules)
        box = f'{_key(name)}(["{name}"])'
        yield f"    {inside} --> {box}" if leads_out else f"    {box} --> {inside}"
