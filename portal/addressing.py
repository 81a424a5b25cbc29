"""Addresses that never change while a process lives, worked out once: of pages and of static files.

Leaf module: imports nothing of ours. A page of the desk asks for a hundred of them.
"""

from functools import cached_property, lru_cache

from django.urls import reverse
from whitenoise.storage import CompressedManifestStaticFilesStorage

MOST = 8192  # addresses kept by a process, a few hundred bytes each


@lru_cache(MOST, typed=True)
def address(view: str, *args: int | str, **kwargs: int | str) -> str:
    """Return the address of a page as ``reverse`` does, from words and numbers; raises what that does."""
    return reverse(view, args=args, kwargs=kwargs)


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Static files under names with their hash, which are looked up once: a new release is a new process."""

    @cached_property
    def _addresses(self) -> dict[tuple[str, bool], str]:
        return {}

    def url(self, name: str, force: bool = False) -> str:
        """Return the address of a file; raises ``ValueError`` for one that was not collected."""
        if (found := self._addresses.get((name, force))) is None:
            found = self._addresses[name, force] = super().url(name, force)
        return found
