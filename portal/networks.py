"""From where the administration may be reached: an allow-list of networks (GB/T 22239-2019 8.1.4.4 c)."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

from portal.limiter import address_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_allowed(request: HttpRequest) -> bool:
    """Say whether a request comes from where administrators sit; from anywhere when no network is named."""
    return not settings.ADMIN_NETWORKS or _is_within(address_of(request), tuple(settings.ADMIN_NETWORKS))


def _is_within(address: str, networks: tuple[str, ...]) -> bool:
    """Say whether an address lies in one of ``networks``; what is no address lies nowhere."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in _read(networks))


@lru_cache(maxsize=8)
def _read(networks: tuple[str, ...]) -> list[Network]:
    return [ipaddress.ip_network(network) for network in networks]
