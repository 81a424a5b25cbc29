"""Model fields whose values the database keeps sealed (``sealing``); in Python they are plain.

A value is sealed on its way into the database, whichever way that is: what prepares values asks a field's
``get_db_prep_save``. Nothing may be looked up by a sealed value but whether it is empty.
"""

import json
from typing import Any

from django.core.exceptions import FieldError
from django.db import models

from portal import registry, sealing

SEALED = "sealed"


class Sealed:
    """A column of sealed text; ``place`` is what its values are bound to."""

    @property
    def place(self) -> str:
        """The table and column its values are sealed for."""
        return f"{self.model._meta.db_table}.{self.column}"

    def db_type(self, connection) -> str:
        """Return the type of a text without limit: what is sealed is longer than what is said."""
        return "text"

    def db_parameters(self, connection) -> dict:
        """Return the same without the check that a JSON column has."""
        return {"type": self.db_type(connection), "check": None}

    def packed(self, value: Any) -> str:
        """Return a value as the text that is sealed."""
        return str(value)

    def unpacked(self, said: str) -> Any:
        """Return the value of an opened text."""
        return said

    def get_db_prep_save(self, value: Any, connection) -> Any:
        """Return the value sealed, as the database keeps it."""
        return value if value is None else sealing.seal(self.packed(value), self.place)

    def get_db_prep_value(self, value: Any, connection, prepared: bool = False) -> Any:
        """Return what a column is compared with: only emptiness can be."""
        if value not in (None, ""):
            raise FieldError(f"{self.place} is sealed: nothing is looked up by it.")
        return value

    def from_db_value(self, value: str | None, expression, connection) -> Any:
        """Return the value as it was said. Raises ``sealing.Unreadable``."""
        return value if value is None else self.unpacked(sealing.open(value, self.place))

    def get_lookup(self, name: str):
        """Return the lookups that a sealed column answers; the others are unknown to it."""
        return super().get_lookup(name) if name in ("exact", "isnull") else None


class SealedCharField(Sealed, models.CharField):
    """A short text of personal data; ``max_length`` is of what is said."""


class SealedTextField(Sealed, models.TextField):
    """A text of personal data."""


class SealedJSONField(Sealed, models.JSONField):
    """JSON that is sealed as a whole."""

    def packed(self, value: Any) -> str:
        """Return the JSON text of a value."""
        return json.dumps(value, ensure_ascii=False)

    def unpacked(self, said: str) -> Any:
        """Return the value of a JSON text."""
        return json.loads(said)

    def get_lookup(self, name: str):
        """Return the only lookup: JSON is never empty."""
        return super().get_lookup(name) if name == "isnull" else None

    def get_transform(self, name: str):
        """Return nothing: what is sealed has no keys to look into."""
        return None


class SnapshotField(models.JSONField):
    """The snapshot of a filing; what its type tags as personal is sealed together under one key of its own.

    The rest stays JSON that the database can look into. Its SHA-256 is that of the clear snapshot.
    """

    @property
    def place(self) -> str:
        """The table and column its values are sealed for."""
        return f"{self.model._meta.db_table}.{self.column}"

    def get_db_prep_save(self, value: Any, connection) -> Any:
        """Return the snapshot as the database keeps it."""
        return super().get_db_prep_save(self.shut(value), connection)

    def from_db_value(self, value: Any, expression, connection) -> Any:
        """Return the snapshot as it was taken. Raises ``sealing.Unreadable``."""
        return self.opened(super().from_db_value(value, expression, connection))

    def shut(self, taken: Any) -> Any:
        """Return a copy of a snapshot whose personal values are sealed; one without them as it is."""
        held = personal_of(taken)
        if not any(held.values()):
            return taken
        told = {value for part in held.values() for value in part.values()}
        said = (
            sealing.ERASED_WORDS if told == {sealing.ERASED_WORDS} else json.dumps(held, ensure_ascii=False)
        )
        return _filled(taken, _emptied(held)) | {SEALED: sealing.seal(said, self.place)}

    def opened(self, stored: Any) -> Any:
        """Return the snapshot that was stored, whole. Raises ``sealing.Unreadable``."""
        if not isinstance(stored, dict) or SEALED not in stored:
            return stored
        rest = {name: part for name, part in stored.items() if name != SEALED}
        if stored[SEALED] == sealing.ERASED:
            return _filled(rest, _erased(rest))
        return _filled(rest, json.loads(sealing.open(stored[SEALED], self.place)))


def personal_of(taken: Any) -> dict[str, dict[str, Any]]:
    """Return what is personal in a snapshot: the raw ``values`` and the ``texts`` shown, by field."""
    if not isinstance(taken, dict) or "type" not in taken:
        return {}
    names = set(registry.get(taken["type"]).personal)
    values = {name: said for name, said in taken.get("values", {}).items() if name in names and said}
    fields = (field for part in taken.get("sections", ()) for field in part["fields"])
    return {
        "values": values,
        "texts": {f["name"]: f["text"] for f in fields if f["name"] in names and f["text"]},
    }


def _emptied(held: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {"values": dict.fromkeys(held["values"]), "texts": dict.fromkeys(held["texts"], "")}


def _erased(rest: dict) -> dict[str, dict[str, Any]]:
    """Return the marker for each value that was sealed; what was never typed stays empty."""
    names = set(registry.get(rest["type"]).personal)
    gone = [name for name, value in rest["values"].items() if name in names and value is None]
    words = dict.fromkeys(gone, sealing.ERASED_WORDS)
    return {"values": words, "texts": words}


def _filled(taken: dict, said: dict[str, dict[str, Any]]) -> dict:
    """Return a copy of a snapshot in which these values and texts stand; the rest is shared."""
    texts = said["texts"]
    sections = [
        part
        | {"fields": [f | {"text": texts[f["name"]]} if f["name"] in texts else f for f in part["fields"]]}
        for part in taken["sections"]
    ]
    return taken | {"values": taken["values"] | said["values"], "sections": sections}
