"""How the settings read the environment: switches, lists, TLS, the store of files, the mail server."""

import os
import ssl
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

#: What an address of PostgreSQL may ask of libpq beside where the server is.
OF_LIBPQ = {"sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "connect_timeout"}


def env_bool(name: str, default: bool) -> bool:
    """Read a switch from the environment: 1, true, yes and on are true, anything else is false."""
    return os.environ.get(name, str(default)).strip().lower() in ("1", "true", "yes", "on")


def env_list(name: str, default: str) -> list[str]:
    """Read a comma-separated list from the environment, empty parts left out."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def libpq(query: dict[str, list[str]]) -> dict[str, str]:
    """Return what the query of a PostgreSQL address asks of libpq, ``sslmode=verify-full`` above all.

    Raises ``ImproperlyConfigured`` for any other word: a misspelt one would leave everything in the clear.
    """
    if others := query.keys() - OF_LIBPQ - {"host", "port"}:
        known = ", ".join(sorted(OF_LIBPQ))
        raise ImproperlyConfigured(f"DATABASE_URL: unknown {', '.join(sorted(others))}; known are {known}.")
    return {name: values[0] for name, values in query.items() if name in OF_LIBPQ}


def broker_tls(url: str, authorities: str) -> dict | None:
    """Return what Celery is told of TLS for ``amqps://`` and ``rediss://``, None for any other broker.

    The certificate is always checked, and that it names the host, against the file ``authorities`` or what
    the system trusts when it is empty.
    """
    parts, found = urlsplit(url), {"ca_certs": authorities or None}
    if parts.scheme == "amqps":
        return found | {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": parts.hostname}
    if parts.scheme == "rediss":
        checked = found | {"cert_reqs": "required", "check_hostname": True}
        return {f"ssl_{name}": value for name, value in checked.items()}
    return None


def store(bucket: str) -> dict:
    """Return Django's description of where files lie: ``var/media``, or ``bucket`` of an S3 store."""
    if not bucket:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    from botocore.config import Config  # installed in production alone

    client = Config(
        s3={"addressing_style": "path"},  # a store of one's own has no host name for every bucket
        signature_version="s3v4",
        connect_timeout=5,
        read_timeout=60,
        request_checksum_calculation="when_required",  # what only Amazon's own store knows is not asked for
        response_checksum_validation="when_required",
    )
    options = {
        "bucket_name": bucket,
        "endpoint_url": os.environ.get("PORTAL_S3_ENDPOINT") or None,
        "region_name": os.environ.get("PORTAL_S3_REGION", "us-east-1"),
        "access_key": os.environ.get("PORTAL_S3_ACCESS_KEY"),
        "secret_key": os.environ.get("PORTAL_S3_SECRET_KEY"),
        "client_config": client,
        "default_acl": None,
        "file_overwrite": False,
        "max_memory_size": 2**20,  # what is longer is read through a file, as a video is
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def mail_server(url: str) -> tuple[str, int, str, str, bool, bool]:
    """Return host, port, user, password, STARTTLS and TLS of ``smtp://user:password@host:port``.

    ``smtp+tls://`` begins in the open and goes over to TLS, ``smtps://`` is TLS from the beginning.
    """
    parts = urlsplit(url or "smtp://localhost")
    port = {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    starts_tls, is_tls = parts.scheme == "smtp+tls", parts.scheme == "smtps"
    return parts.hostname or "localhost", parts.port or port, user, password, starts_tls, is_tls


def scanner(place: str) -> str | tuple[str, int]:
    """Return where the virus scanner is asked: a path of a socket, (host, port), or empty for none."""
    if not place or place.startswith("/"):
        return place
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal():
        raise ImproperlyConfigured(f"PORTAL_SCANNER={place}: give host:port, or the path of a socket.")
    return host.strip("[]"), int(port)
