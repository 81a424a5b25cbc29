"""Where a request comes from: the connection, and the word of declared proxies alone."""

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from portal.networks import address_of, network_of

VISITOR, FORGED, PROXY, INNER = "203.0.113.9", "10.8.0.7", "192.0.2.1", "192.0.2.77"
FORWARDED = "X-Forwarded-For"
SHAPES = {
    "nothing said": ({}, PROXY),
    "one address": ({FORWARDED: VISITOR}, VISITOR),
    "one that the visitor wrote before": ({FORWARDED: f"{FORGED}, {VISITOR}"}, VISITOR),
    "many that the visitor wrote before": ({FORWARDED: f"{FORGED},{PROXY},{FORGED},{VISITOR}"}, VISITOR),
    "two declared proxies": ({FORWARDED: f"{FORGED}, {VISITOR}, {INNER}"}, VISITOR),
    "spaces and tabs": ({FORWARDED: f"{FORGED} ,\t {VISITOR}  "}, VISITOR),
    "an empty end": ({FORWARDED: f"{FORGED}, "}, PROXY),
    "no address at the end": ({FORWARDED: f"{FORGED}, unknown"}, PROXY),
    "with a port": ({FORWARDED: f"{VISITOR}:4711"}, PROXY),
    "IPv4 in IPv6": ({FORWARDED: f"::ffff:{VISITOR}"}, VISITOR),
    "IPv6": ({FORWARDED: f"{FORGED}, 2001:DB8::9"}, "2001:db8::9"),
    "IPv6 with a zone": ({FORWARDED: "fe80::1%a"}, PROXY),
    "Forwarded of RFC 7239": ({"Forwarded": f"for={FORGED}"}, PROXY),
    "X-Real-IP": ({"X-Real-IP": FORGED}, PROXY),
    "names of other proxies": ({"True-Client-IP": FORGED, "CF-Connecting-IP": FORGED}, PROXY),
    "a connection that is claimed": ({"Remote-Addr": FORGED, "X-Remote-Addr": FORGED}, PROXY),
}


@override_settings(TRUSTED_PROXIES=[f"{PROXY}/32", INNER])
@pytest.mark.parametrize("shape", SHAPES)
def test_of_a_declared_proxy_the_end_of_its_list_counts(rf, shape):
    said, address = SHAPES[shape]

    assert address_of(rf.get("/", REMOTE_ADDR=PROXY, headers=said)) == address


@pytest.mark.parametrize("declared", [[], [INNER]])
@pytest.mark.parametrize("shape", SHAPES)
def test_of_whoever_is_no_declared_proxy_no_header_counts(rf, settings, declared, shape):
    settings.TRUSTED_PROXIES = declared

    assert address_of(rf.get("/", REMOTE_ADDR=VISITOR, headers=SHAPES[shape][0])) == VISITOR


@pytest.mark.parametrize(
    ("connection", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3::9", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_a_household_of_ipv6_is_one_network(rf, connection, network):
    assert network_of(rf.get("/", REMOTE_ADDR=connection)) == network


@override_settings(ADMIN_NETWORKS=["10.8.0.0/16", "10.8.0.1/16"], TRUSTED_PROXIES=["proxy", PROXY])
def test_a_setting_that_names_no_network_is_refused_at_the_start():
    found = [error.msg for error in run_checks() if error.id == "portal.E004"]

    assert found == [
        "PORTAL_ADMIN_NETWORKS names “10.8.0.1/16”, which is no network.",
        "PORTAL_TRUSTED_PROXIES names “proxy”, which is no network.",
    ]
