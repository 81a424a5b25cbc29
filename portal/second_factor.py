"""The second step of signing in: codes of an authenticator (RFC 6238) and recovery codes, each good once.

The key of an authenticator is worked out of a salt in the database and the key of the installation: whoever
has the database alone has no codes. SHA-1, six digits, 30 seconds: what every authenticator understands.
"""

import base64
import hashlib
import hmac
import re
import secrets
import struct
import time
from urllib.parse import quote, urlencode

import segno
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from portal import access_log, text
from portal.models import Act, RecoveryCode, SecondFactor, User
from portal.vocabulary import ADMIN_ROLES, Level

STEP, DIGITS, DRIFT = 30, 6, 1  # a clock may be one step off (RFC 6238, 5.2)
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_salt() -> str:
    """Return the salt of an authenticator that is about to be set up."""
    return secrets.token_hex(16)


def key_of(user: User, salt: str) -> bytes:
    """Return the shared key of 160 bits (RFC 4226, 4)."""
    return salted_hmac("portal.second_factor", f"{user.pk} {salt}", algorithm="sha1").digest()


def code_at(key: bytes, step: int) -> str:
    """Return the code of one step of time (RFC 4226, 5.3)."""
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    place = digest[-1] & 15
    number = struct.unpack(">I", digest[place : place + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(key: bytes, typed: str, after: int = 0) -> int | None:
    """Return the step a typed code belongs to, None for a wrong one and for one not newer than ``after``."""
    now, code = int(time.time()) // STEP, text.digits(typed)
    for step in range(now - DRIFT, now + DRIFT + 1):
        if step > after and hmac.compare_digest(code_at(key, step).encode(), code.encode()):
            return step
    return None


def is_wanted(user: User) -> bool:
    """Say whether the posts of a person demand a second step: at the province, and the administrators'.

    GB/T 22239-2019 8.1.4.1 d, with PORTAL_MFA_REQUIRED.
    """
    posts = user.posts
    return settings.MFA_REQUIRED and any(
        post.role in ADMIN_ROLES or post.organisation.region.level == Level.PROVINCE for post in posts
    )


def is_set_up(user: User) -> bool:
    """Say whether the person has an authenticator."""
    return SecondFactor.objects.filter(user=user).exists()


@transaction.atomic
def set_up(user: User, salt: str, typed: str) -> list[str] | None:
    """Store the authenticator once a code of it was typed; return new recovery codes, None if it is wrong."""
    step = step_of(key_of(user, salt), typed)
    if step is None:
        return None
    SecondFactor.objects.update_or_create(
        user=user, defaults={"salt": salt, "since": timezone.now(), "last_step": step}
    )
    access_log.record(Act.ACCOUNT, by=user, about=user, details={"said": "启用两步验证"})
    return new_recovery_codes(user)


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Replace the recovery codes of a person and return the new ones, to be told once."""
    codes = [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2))
        for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(user, code)) for code in codes)
    return codes


def is_right(user: User, typed: str) -> bool:
    """Use up a code and say whether it was one; of two requests with the same code one goes through."""
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None:
        return False
    if step := step_of(key_of(user, factor.salt), typed, after=factor.last_step):
        newer = SecondFactor.objects.filter(pk=factor.pk, salt=factor.salt, last_step__lt=step)
        return newer.update(last_step=step) == 1
    unused = RecoveryCode.objects.filter(user=user, digest=_digest(user, typed), used_at=None)
    return unused.update(used_at=timezone.now()) == 1


def left(user: User) -> int:
    """Return how many recovery codes a person has left."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def remove(user: User) -> None:
    """Take the authenticator and the recovery codes of a person away."""
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


def address(user: User, salt: str) -> str:
    """Return what the authenticator reads out of the picture (``otpauth://``)."""
    issuer = settings.SITE["name"]
    label = quote(f"{issuer}:{user.username}")
    return f"otpauth://totp/{label}?" + urlencode({"secret": typed_key(user, salt), "issuer": issuer})


def typed_key(user: User, salt: str) -> str:
    """Return the key as it is typed where no picture can be read (base 32)."""
    return base64.b32encode(key_of(user, salt)).decode()


def picture(user: User, salt: str) -> str:
    """Return the address as a picture: SVG without a style attribute, for the strict policy of the pages."""
    made = segno.make(address(user, salt), error="l", micro=False)
    return made.svg_inline(scale=4, border=4, dark="#000", light="#fff", title="两步验证二维码")


def _digest(user: User, typed: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", text.key(typed))
    return salted_hmac("portal.recovery_code", f"{user.pk} {plain}", algorithm="sha256").hexdigest()
