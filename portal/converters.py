"""URL parts that become objects, or a 404 before a view runs."""

from datetime import date

from django.urls.converters import StringConverter

from portal import registry


class RecordTypeConverter(StringConverter):
    """A slug such as ``skill-brands`` is the ``RecordType`` of that name."""

    regex = "[a-z-]{1,40}"

    def to_python(self, value: str) -> registry.RecordType:
        try:
            return registry.get(value)
        except KeyError:
            raise ValueError(value) from None

    def to_url(self, value: registry.RecordType | str) -> str:
        return value if isinstance(value, str) else value.slug


class FilingNumberConverter:
    """A primary key that fits the database on both engines."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class CodeConverter(StringConverter):
    """A public code such as ``SB-3707-0003``."""

    regex = "[A-Z]{2}-[0-9A-Z]{4}-[0-9]{4,8}"


class PaperConverter(StringConverter):
    """The file type of a printed form."""

    regex = "docx|pdf|xlsx"


class RegionConverter(StringConverter):
    """The path of a region such as ``3707``, ``370705`` or ``3707Z01``."""

    regex = "[0-9]{2}(?:[0-9]{2}(?:[0-9]{2}|Z[0-9]{2})?)?"


class DayConverter:
    """A day such as ``2024-06-01``."""

    regex = "20[0-9]{2}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        return str(value)


class DownloadConverter(StringConverter):
    """The file type of a table to take away."""

    regex = "xlsx|csv|json"
