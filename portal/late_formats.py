"""A format of tablib that is there at once and loaded by whoever reads or writes it.

The administration of import-export asks each format whether it is there, which for workbooks loads openpyxl
and Pillow: a tenth of the start and of the memory of every process, of which few ever open a workbook.
"""

from typing import Any

from tablib.formats import load_format_class, registry

WORKBOOK = "tablib.formats._xlsx.XLSXFormat"


class Late:
    """Stands for the format at ``path``: says its name, and hands on all else that it is asked for."""

    def __init__(self, path: str, name: str):
        self.path, self.title, self.extensions = path, name, (name,)

    def __getattr__(self, name: str) -> Any:
        return getattr(load_format_class(self.path), name)


def register() -> None:
    """Let tablib take the late format of workbooks for its own."""
    registry.register("xlsx", Late(WORKBOOK, "xlsx"))
