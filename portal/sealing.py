"""Values that the database keeps and cannot read: sealed and opened with keys that lie elsewhere.

AES-256-GCM, or SM4-GCM where the law asks for it (GB/T 39786-2021); GB/T 22239-2019 8.1.4.8 b asks for stored
personal data to stay secret. What is sealed says its cipher and key and is bound to its place (table and
column), so that it opens nowhere else. Nothing is looked up by what is sealed: the same value never looks the
same twice.
"""

import binascii
import hmac
import os
from collections.abc import Callable
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from portal.refusals import Refused

NONCE, TAG = 12, 16
#: What stands in place of a value whose term has ended, in the database and as it is shown (``purging``).
ERASED, ERASED_WORDS = "erased", "已按期清除"
NO_KEY = (
    "联系人等个人信息暂时不能显示：本系统没有加密它的密钥（标识 {}）。数据没有丢失，"
    "请联系系统管理员，把这个密钥补进 PORTAL_FIELD_KEYS。"
)
NO_KEYS = "联系人等个人信息不能保存：本系统没有设置加密密钥。请联系系统管理员设置 PORTAL_FIELD_KEYS。"
ALTERED = (
    "有一项个人信息的密文已被改动或放错了地方，不能显示。请联系系统管理员，执行 manage.py verify 查明位置。"
)


class Unreadable(Refused):
    """What is sealed cannot be opened or nothing can be sealed; the text is a sentence without the value."""


class Sm4Gcm:
    """SM4 (GB/T 32907-2016) in the shape of the library's AES-GCM."""

    def __init__(self, key: bytes):
        self.cipher = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, said: bytes, place: bytes) -> bytes:
        """Return the cipher text with its tag behind it."""
        work = Cipher(self.cipher, modes.GCM(nonce)).encryptor()
        work.authenticate_additional_data(place)
        return work.update(said) + work.finalize() + work.tag

    def decrypt(self, nonce: bytes, sealed: bytes, place: bytes) -> bytes:
        """Return the clear text; raise ``InvalidTag`` when anything is not as it was sealed."""
        if len(sealed) < TAG:
            raise InvalidTag
        work = Cipher(self.cipher, modes.GCM(nonce, sealed[-TAG:])).decryptor()
        work.authenticate_additional_data(place)
        return work.update(sealed[:-TAG]) + work.finalize()


CIPHERS: dict[str, tuple[Callable[[bytes], AESGCM | Sm4Gcm], int]] = {
    "aes": (AESGCM, 32),
    "sm4": (Sm4Gcm, 16),
}


@cache
def key_id(secret: str) -> str:
    """Return what tells a key from others and gives away nothing of it."""
    return hmac.digest(secret.encode(), b"portal field key: id", "sha256").hex()[:8]


@cache
def _work(secret: str, cipher: str) -> AESGCM | Sm4Gcm:
    make, size = CIPHERS[cipher]
    return make(hmac.digest(secret.encode(), b"portal field key: " + cipher.encode(), "sha256")[:size])


@cache
def _held(keys: tuple[str, ...]) -> dict[str, str]:
    return {f"{cipher}:{key_id(secret)}": secret for secret in keys for cipher in CIPHERS}


def key_ids() -> list[str]:
    """Return what the keys at hand are called, the one that seals first."""
    return [key_id(secret) for secret in settings.FIELD_KEYS]


def mark() -> str:
    """Return what begins each value sealed now: cipher and newest key. Raises ``Unreadable`` without one."""
    if not settings.FIELD_KEYS:
        raise Unreadable(NO_KEYS)
    return f"{settings.FIELD_CIPHER}:{key_id(settings.FIELD_KEYS[0])}"


def seal(said: str, place: str) -> str:
    """Return ``said`` sealed for ``place``: “cipher:key:text”; what is empty or erased stays so.

    Raises ``Unreadable`` when there is no key.
    """
    if not said:
        return said
    if said == ERASED_WORDS:
        return ERASED
    begins, nonce = mark(), os.urandom(NONCE)
    work = _work(settings.FIELD_KEYS[0], settings.FIELD_CIPHER)
    sealed = work.encrypt(nonce, said.encode(), f"{begins}:{place}".encode())
    return f"{begins}:{binascii.b2a_base64(nonce + sealed, newline=False).decode()}"


def open(sealed: str, place: str) -> str:
    """Return what was sealed for ``place``.

    Raises ``Unreadable`` when the key is not at hand, when it was altered, belongs elsewhere or is clear.
    """
    if not sealed:
        return sealed
    if sealed == ERASED:
        return ERASED_WORDS
    begins, _, text = sealed.rpartition(":")
    if (secret := _held(tuple(settings.FIELD_KEYS)).get(begins)) is None:
        raise Unreadable(_missing(begins))
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
        work = _work(secret, begins[:3])
        return work.decrypt(raw[:NONCE], raw[NONCE:], f"{begins}:{place}".encode()).decode()
    except (InvalidTag, ValueError):
        raise Unreadable(ALTERED) from None


def is_sealed(stored: str) -> bool:
    """Say whether a stored text looks like a sealed one, whoever's key that was."""
    cipher, _, rest = stored.partition(":")
    number, colon, _ = rest.partition(":")
    return cipher in CIPHERS and bool(colon) and len(number) == 8


def _missing(begins: str) -> str:
    return NO_KEY.format(begins[4:]) if is_sealed(f"{begins}:") else ALTERED
