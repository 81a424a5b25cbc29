"""What a print of a submitted version carries to be checked by: the code, the address, its QR code."""

import io
from dataclasses import dataclass
from functools import lru_cache

import segno

QUIET = 4  # modules that stay white around a QR code (ISO/IEC 18004 6.3.8)
PIXELS = 10  # of a module where a picture must have some


@dataclass(frozen=True)
class Check:
    """The check code of a version, the address where it is typed and the one that answers it.

    A QR code needs an address with a host.
    """

    code: str
    page: str
    address: str

    @property
    def lines(self) -> tuple[str, str]:
        """What is printed, as two lines."""
        return f"校验码 {self.code}", f"核验网址 {self.page}"

    @property
    def svg(self) -> str:
        """The QR code as SVG, empty without a host in the address."""
        return _svg(self.address) if self._has_host else ""

    @property
    def png(self) -> bytes:
        """The QR code as PNG, empty without a host in the address."""
        return _png(self.address) if self._has_host else b""

    @property
    def _has_host(self) -> bool:
        return "://" in self.address


def made(address: str) -> segno.QRCode:
    """Return the QR code of an address; a seventh of it may be lost (level M)."""
    return segno.make(address, error="m", micro=False)


@lru_cache(maxsize=64)
def _svg(address: str) -> str:
    file = io.BytesIO()
    made(address).save(file, kind="svg", border=QUIET, xmldecl=False)
    return file.getvalue().decode()


@lru_cache(maxsize=64)
def _png(address: str) -> bytes:
    file = io.BytesIO()
    made(address).save(file, kind="png", border=QUIET, scale=PIXELS)
    return file.getvalue()
