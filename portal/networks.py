"""Where a request comes from, and what may be reached from there."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(request: HttpRequest) -> str:
    """Return the address a request came from, "" when the server knows none; the one place that says so.

    ``X-Forwarded-For`` counts only when a declared proxy says it (PORTAL_TRUSTED_PROXIES), and is read from
    its end: what stands before the first address that is no declared proxy, the visitor may have written
    himself (ASVS 5.0, 4.1.3 and 15.3.4). No other header is looked at.
    """
    came_from = _read(request.META.get("REMOTE_ADDR", ""))
    for named in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not _is_within(came_from, tuple(settings.TRUSTED_PROXIES)) or not (before := _read(named)):
            break
        came_from = before
    return str(came_from or "")


def network_of(request: HttpRequest) -> str:
    """Return the network a request comes from: the address itself, of IPv6 the 64 bits of a household."""
    address = _read(address_of(request))
    if address and address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address or "")


def is_allowed(request: HttpRequest) -> bool:
    """Say whether a request comes from where administrators sit; from anywhere when no network is named.

    GB/T 22239-2019 8.1.4.4 c.
    """
    return not settings.ADMIN_NETWORKS or _is_within(
        _read(address_of(request)), tuple(settings.ADMIN_NETWORKS)
    )


def is_from_a_proxy(request: HttpRequest) -> bool:
    """Say whether a request comes from a declared proxy, whose headers are believed."""
    return _is_within(_read(request.META.get("REMOTE_ADDR", "")), tuple(settings.TRUSTED_PROXIES))


def is_network(named: str) -> bool:
    """Say whether a word of a setting is a network: ``10.8.0.0/16``, ``fd00::/8``, one address."""
    try:
        return bool(ipaddress.ip_network(named))
    except ValueError:
        return False


def _read(said: str) -> Address | None:
    """Return an address as it is written in headers, IPv4 within IPv6 as IPv4; None for anything else."""
    try:
        found = ipaddress.ip_address(said.strip())
    except ValueError:
        return None
    return None if getattr(found, "scope_id", None) else getattr(found, "ipv4_mapped", None) or found


def _is_within(address: Address | None, networks: tuple[str, ...]) -> bool:
    return address is not None and any(address in network for network in _networks(networks))


@lru_cache(maxsize=8)
def _networks(networks: tuple[str, ...]) -> list[Network]:
    return [ipaddress.ip_network(network) for network in networks]
