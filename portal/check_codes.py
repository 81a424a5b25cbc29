"""The check code of a submitted version: what is printed on every sheet of it and typed at ``/verify/``.

Nothing is stored and nothing is secret. A code is the number of the version's row, veiled, and a seal: bits
of SHA-256 over the filing, the number of the version and the hash of its content. It cannot be guessed
without that hash, is the same on every print, and survives a restore. The veil, made of the seal, keeps codes
printed one after the other from showing how many there are; whoever reads this file can lift it, and learns a
row number, nothing of what the sheet says.
"""

import hashlib
import hmac
import unicodedata

from django.urls import reverse

from portal import asking, text
from portal.models import FilingVersion

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no letter that looks like a digit or another
LOOK_ALIKES = str.maketrans("OIL", "011")
NUMBER_BITS, SEAL_BITS = 40, 60  # a million million versions; a million million million guesses
LENGTH, GROUP = 20, 4
LONGEST_TYPED = 100  # with whatever dashes and blanks somebody types between


def code_of(version: FilingVersion) -> str:
    """Return the check code of a submitted version, e.g. ``7K3M-09QX-4D2R-ZB81-HW5T``."""
    seal = _seal(version)
    value = (version.pk ^ _veil(seal)) << SEAL_BITS | seal
    signs = [ALPHABET[value >> 5 * place & 31] for place in reversed(range(LENGTH))]
    return "-".join("".join(signs[i : i + GROUP]) for i in range(0, LENGTH, GROUP))


@asking.for_the_house()
def find(code: str) -> FilingVersion | None:
    """Return the version a typed code belongs to, None for any other; one query by primary key.

    Lower case, missing or odd dashes, blanks and full-width signs are taken, and O for 0, I and L for 1.
    A code that is none asks the database like one that fits no version.
    """
    value = _value(code)
    seal = value & (1 << SEAL_BITS) - 1
    number = (value >> SEAL_BITS) ^ _veil(seal)
    found = FilingVersion.objects.select_related("filing__organisation__region")
    version = found.filter(pk=number).first()
    if version is None or not value:
        return None
    return version if hmac.compare_digest(_bytes(_seal(version)), _bytes(seal)) else None


def path_of(code: str = "") -> str:
    """Return the path of the page that says whether a sheet with this code is genuine, or asks for a code."""
    return reverse("verify-sheet", args=[code]) if code else reverse("verify")


def _value(typed: str) -> int:
    """Return the number that a typed code spells, 0 when it is no code."""
    if len(typed) > LONGEST_TYPED:
        return 0
    plain = unicodedata.normalize("NFKC", text.clean(typed)).upper().translate(LOOK_ALIKES)
    signs = "".join(c for c in plain if not c.isspace() and unicodedata.category(c) != "Pd")
    if len(signs) != LENGTH or set(signs) - set(ALPHABET):
        return 0
    value = 0
    for sign in signs:
        value = value << 5 | ALPHABET.index(sign)
    return value


def _seal(version: FilingVersion) -> int:
    said = f"check code 1|{version.filing_id}|{version.number}|{version.sha256}"
    return int.from_bytes(hashlib.sha256(said.encode()).digest(), "big") >> 256 - SEAL_BITS


def _veil(seal: int) -> int:
    digest = hashlib.sha256(b"veil 1|" + _bytes(seal)).digest()
    return int.from_bytes(digest, "big") >> 256 - NUMBER_BITS


def _bytes(seal: int) -> bytes:
    return seal.to_bytes(8, "big")
