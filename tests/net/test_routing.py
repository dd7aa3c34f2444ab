"""One lookup for packets and for `ip route get`: first the local table, then the main one."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest

import tests.builder as b
from dnetlab.model import Address, LinkKind, Route
from dnetlab.net.routing import is_local, lookup, main_route, source_for

ETH0 = b.link("eth0", 2, LinkKind.PHYSICAL, "172.25.254.1/24")
SPACE = b.namespace("host", ETH0, gateway="172.25.254.254")


def way(space, ip):
    found = lookup(space, IPv4Address(ip))
    return (found.kind, found.dev, str(found.via), str(found.src), found.flags) if found else None


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("172.25.254.1", ("local", "lo", "None", "172.25.254.1", ("local",))),
        ("127.0.0.1", ("local", "lo", "None", "127.0.0.1", ("local",))),
        ("127.3.2.1", ("local", "lo", "None", "127.0.0.1", ("local",))),
        ("127.255.255.255", ("broadcast", "lo", "None", "127.0.0.1", ("local", "brd"))),
        ("172.25.254.255", ("broadcast", "eth0", "None", "172.25.254.1", ("local", "brd"))),
        ("172.25.254.9", ("unicast", "eth0", "None", "172.25.254.1", ())),
        ("10.0.0.1", ("unicast", "eth0", "172.25.254.254", "172.25.254.1", ())),
        ("255.255.255.255", ("broadcast", "eth0", "None", "172.25.254.1", ("local", "brd"))),
        ("224.0.0.1", ("multicast", "eth0", "None", "172.25.254.1", ("mc",))),
    ],
)
def test_a_lookup_says_kind_device_gateway_and_source(ip, expected):
    assert way(SPACE, ip) == expected


def test_without_a_route_there_is_no_way():
    assert way(b.namespace("host", ETH0), "10.0.0.1") is None


def test_a_link_that_is_down_keeps_its_address_but_loses_its_broadcast():
    down = b.namespace("host", replace(ETH0, up=False))

    assert way(down, "172.25.254.1") == ("local", "lo", "None", "172.25.254.1", ("local",))
    assert way(down, "172.25.254.255") is None


def test_a_network_of_two_addresses_has_no_broadcast():
    pair = b.namespace("host", replace(ETH0, addresses=(Address(IPv4Interface("10.0.0.0/31")),)))

    assert way(pair, "10.0.0.1") == ("unicast", "eth0", "None", "10.0.0.0", ())


def test_an_address_given_with_brd_is_for_everybody_too():
    odd = replace(ETH0, addresses=(Address(IPv4Interface("10.0.0.1/24"), IPv4Address("10.0.0.77")),))

    assert way(b.namespace("host", odd), "10.0.0.77")[0] == "broadcast"


def test_every_network_of_lo_is_ours():
    lo = replace(b.lo(), addresses=(*b.lo().addresses, Address(IPv4Interface("10.9.9.1/24"))))
    space = b.namespace("host", ETH0)
    space = replace(space, interfaces=(lo, *space.interfaces[1:]))

    assert way(space, "10.9.9.7") == ("local", "lo", "None", "10.9.9.1", ("local",))
    assert is_local(space, IPv4Address("10.9.9.7"))
    assert not is_local(space, IPv4Address("10.9.9.255"))


@pytest.mark.parametrize("kind", ["unreachable", "prohibit", "blackhole"])
def test_a_route_that_refuses_says_so_by_its_kind(kind):
    refusing = Route(IPv4Network("10.0.0.0/8"), None, kind=kind, scope="global")
    space = replace(SPACE, routes=(*SPACE.routes, refusing))
    found = lookup(space, IPv4Address("10.0.0.1"))

    assert (found.kind, found.dev, found.route, found.leads_on) == (kind, None, refusing, False)
    assert source_for(space, IPv4Address("10.0.0.1")) is None
    assert main_route(space, IPv4Address("10.0.0.1")) is refusing
