"""The 操作手册 as data: chapters, their sections, and the pictures a section shows. Pure reads of files.

The words stand in ``fixtures/manual/``, one file a chapter; the pictures and their sizes beside the other
static files, made by ``./bin/screenshots``.
"""

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from portal.vocabulary import Role

WORDS = settings.BASE_DIR / "fixtures" / "manual"
PICTURES = Path(__file__).parent / "static" / "portal" / "help"
CHAPTERS = ("filer", "reviewer", "publisher", "administrator", "citizen")
# What somebody who holds one of these posts reads first, in this order.
_FOR = {
    "filer": (Role.FILER,),
    "reviewer": (Role.REVIEWER, Role.APPROVER, Role.JOINT_REVIEWER),
    "publisher": (Role.PUBLISHER,),
    "administrator": (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR),
}
Told = tuple[tuple[str, bool], ...]
_PRESSED = re.compile(r"\[([^\]]+)\]")


@dataclass(frozen=True)
class Picture:
    """A picture of the running portal: its static address, size in pixels, and what it shows in words."""

    path: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Section:
    """One piece of work: numbered ``steps``, ``notes`` below them; ``id`` is its anchor.

    Both are pieces of text, (words, is_pressed): what is pressed is named as the portal names it.
    """

    id: str
    title: str
    steps: tuple[Told, ...]
    notes: tuple[Told, ...]
    picture_name: str
    alt: str

    @property
    def picture(self) -> Picture | None:
        """The picture, where the section has one and it was taken."""
        size = sizes().get(self.picture_name)
        return Picture(f"portal/help/{self.picture_name}.webp", *size, self.alt) if size else None


@dataclass(frozen=True)
class Chapter:
    """The manual of one kind of reader; ``tour`` are the three sections to begin with."""

    slug: str
    title: str
    about: str
    sections: tuple[Section, ...]
    tour: tuple[Section, ...]


@cache
def chapters() -> dict[str, Chapter]:
    """Return slug → chapter in the order of the index."""
    return {slug: _chapter(slug) for slug in CHAPTERS}


def chapter_for(user) -> Chapter:
    """Return the chapter for the first post of ``user``; who has none reads as a visitor does."""
    held = next((slug for slug, roles in _FOR.items() if user.has_role(*roles)), "citizen")
    return chapters()[held]


@cache
def sizes() -> dict[str, list[int]]:
    """Return name → (width, height) of every picture that was taken."""
    return json.loads((PICTURES / "pictures.json").read_text())


def pressed(text: str) -> list[str]:
    """Return what ``text`` tells the reader to press."""
    return _PRESSED.findall(text)


def _chapter(slug: str) -> Chapter:
    told = tomllib.loads((WORDS / f"{slug}.toml").read_text(encoding="utf-8"))
    sections = {section.id: section for section in map(_section, told["sections"])}
    tour = tuple(sections[name] for name in told.get("tour", ()))
    return Chapter(slug, told["title"], told["about"], tuple(sections.values()), tour)


def _section(told: dict) -> Section:
    steps, notes = (tuple(map(_pieces, told.get(kind, ()))) for kind in ("steps", "notes"))
    picture = told.get("picture", "")
    return Section(told["id"], told["title"], steps, notes, picture, told.get("alt", ""))


def _pieces(step: str) -> Told:
    """Return a step as (words, is_pressed): every second piece stood in brackets."""
    pieces = ((words, bool(place % 2)) for place, words in enumerate(_PRESSED.split(step)))
    return tuple(piece for piece in pieces if piece[0])
