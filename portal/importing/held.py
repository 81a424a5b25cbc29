"""What a bureau holds already, by name: names are compared as people read them (``text.key``).

So blanks, width and case are forgiven, as everywhere else; the database alone compares names as they stand.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from portal import text
from portal.models import Filing
from portal.vocabulary import EDITABLE, ENDED, IN_REVIEW

SUBMITTED, PUBLISHED, APPROVED = "已提交，未改动。", "已公布，未改动。", "审核通过，未改动。"


@dataclass(frozen=True)
class Known:
    """A live filing that holds its name in its bureau, as an import meets it."""

    title: str
    pk: int
    state: str
    version: int
    revision: int
    is_published: bool

    @property
    def is_editable(self) -> bool:
        """Whether its bureau may change it."""
        return self.state in EDITABLE

    @property
    def note(self) -> str:
        """Why it is left alone, in a sentence; empty when it need not be."""
        if self.is_editable:
            return ""
        if self.state in IN_REVIEW:
            return SUBMITTED
        return PUBLISHED if self.is_published else APPROVED


class Held:
    """The live filings of a type by bureau and name.

    Names as they stand are asked for when they are wanted; all names of a bureau are read once, and only
    when one is wanted that it does not hold as it stands.
    """

    def __init__(self, slug: str):
        self.slug = slug
        self._alike: dict[int, dict[str, list[str]]] = {}

    def find(self, bureau: int, titles: list[str]) -> dict[str, Known]:
        """Return title → the live filing of a bureau that is called so, or alike; three queries at most."""
        found = self._known(bureau, titles)
        spelled = {one: alike[0] for one in titles if one not in found and (alike := self.alike(bureau, one))}
        others = self._known(bureau, list(spelled.values())) if spelled else {}
        return found | {one: others[stored] for one, stored in spelled.items() if stored in others}

    def _known(self, bureau: int, titles: list[str]) -> dict[str, Known]:
        live = self._live([bureau]).filter(title__in=titles).exclude(title="")
        found = live.values_list("title", "pk", "state", "version", "revision", "entry")
        return {title: Known(title, *facts, entry is not None) for title, *facts, entry in found}

    def alike(self, bureau: int, title: str) -> list[str]:
        """Return the names that a bureau holds and that read like ``title``, as they stand, oldest first."""
        if bureau not in self._alike:
            self.load([bureau])
        return self._alike[bureau].get(text.key(title), [])

    def known_as(self, bureau: int, title: str) -> tuple[bool, str]:
        """Return what is equal for the names of a file that mean one filing of a bureau.

        They do when they read alike; but where it holds several that do, each as it stands is one of its own.
        """
        alike, name = self.alike(bureau, title), text.clean(title)
        return (True, name) if len(alike) > 1 and name in alike else (False, text.key(title))

    def load(self, bureaus: Iterable[int]) -> None:
        """Read the names of those bureaus that were not read yet; one query."""
        new = {bureau for bureau in bureaus if bureau not in self._alike}
        self._alike.update({bureau: {} for bureau in new})
        live = self._live(new).exclude(title="").order_by("pk") if new else Filing.objects.none()
        for bureau, title in live.values_list("organisation_id", "title").iterator():
            self._alike[bureau].setdefault(text.key(title), []).append(title)

    def _live(self, bureaus: Iterable[int]) -> QuerySet:
        live = Filing.objects.filter(kind=self.slug, organisation__in=bureaus, holds_name=True)
        return live.exclude(state__in=ENDED)
