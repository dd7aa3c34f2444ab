"""Pools and addresses: which subnet a network gets, which address a container gets, and when they come back."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest

from dnetlab.model import Address, Interface, LinkKind, Route, Where
from dnetlab.sim.dockerd import containers, lifecycle, networks, system
from dnetlab.sim.dockerd.books import daemon
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.ipam import PoolRequest
from dnetlab.sim.lab import new_world
from dnetlab.sim.world import World

from .daemonlab import HOST, address, run

CURSOR, LOWEST = ("20.10", "26.1"), ("28.5", "29.7")
ALL = CURSOR + LOWEST


def subnet(world: World, name: str) -> str:
    network = world.hosts[HOST].network(name)
    assert network is not None
    return str(network.subnets[0].subnet)


def gateway(world: World, name: str) -> str:
    network = world.hosts[HOST].network(name)
    assert network is not None
    return str(network.subnets[0].gateway)


@pytest.mark.parametrize(
    ("release", "expected"), [(r, "172.19.0.0/16") for r in CURSOR] + [(r, "172.18.0.0/16") for r in LOWEST]
)
def test_a_freed_pool_is_taken_again_at_once_only_since_27(release: str, expected: str) -> None:
    # Given the first network made and removed, when a second is made,
    # then up to 26 it gets the next pool and later the same one (20.10.24, 25.0.13, 27.5.1, 28.5.2).
    world = new_world(release)
    networks.create(world, HOST, "n1")
    networks.remove(world, HOST, "n1")

    networks.create(world, HOST, "p1")

    assert subnet(world, "p1") == expected


@pytest.mark.parametrize("release", CURSOR)
def test_a_daemon_restart_sets_the_pool_cursor_back(release: str) -> None:
    # Given a cursor that has moved on, when the daemon restarts, then the lowest pool is next again (20.10.24).
    world = new_world(release)
    networks.create(world, HOST, "n1")
    networks.remove(world, HOST, "n1")
    system.restart_daemon(world, HOST)

    networks.create(world, HOST, "p1")

    assert subnet(world, "p1") == "172.18.0.0/16"


@pytest.mark.parametrize(
    ("release", "words"),
    [(r, "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network")
     for r in CURSOR] + [(r, "all predefined address pools have been fully subnetted") for r in LOWEST],
)  # fmt: skip
def test_thirty_networks_fit_and_the_next_is_refused(release: str, words: str) -> None:
    # Given docker0 on the first of 31 pools, when 31 networks are made, then 30 get one and the last is refused.
    # The lab's own LAN, 172.25.254.0/24, lies in one pool, so here it is 29.
    world = new_world(release)
    for number in range(29):
        networks.create(world, HOST, f"n{number}")

    with pytest.raises(ApiError) as failure:
        networks.create(world, HOST, "n29")

    assert failure.value.message == words
    assert subnet(world, "n28") == "192.168.240.0/20"
    assert subnet(world, "n6") == "172.24.0.0/16"
    assert subnet(world, "n7") == "172.26.0.0/16"


@pytest.mark.parametrize("release", ALL)
def test_a_pool_that_a_host_route_overlaps_is_left_out(release: str) -> None:
    # Given a bridge of the host's with 172.18.5.1/24, when a network is made, then it gets 172.19.0.0/16 (20.10.24).
    world = new_world(release)
    link = Interface("mybr", 50, LinkKind.BRIDGE, "02:00:00:00:00:50",
                     (Address(IPv4Interface("172.18.5.1/24")),))  # fmt: skip
    world.put_interface(Where(HOST), link)
    route = Route(IPv4Network("172.18.5.0/24"), "mybr", src=IPv4Address("172.18.5.1"))
    world.change_namespace(Where(HOST), lambda stack: replace(stack, routes=(*stack.routes, route)))

    networks.create(world, HOST, "n1")

    assert subnet(world, "n1") == "172.19.0.0/16"


@pytest.mark.parametrize("release", ALL)
@pytest.mark.parametrize("network", ["default", "n1"])
def test_containers_get_the_lowest_free_address(release: str, network: str) -> None:
    # Given three containers, when they are removed, stopped, started and restarted as in the notes (2.2),
    # then each gets the lowest free address, as on 20.10.24, 25.0.13, 27.5.1, 28.5.2 and 29.7.2.
    world = new_world(release)
    networks.create(world, HOST, "n1")
    name = "bridge" if network == "default" else network
    prefix = "172.17.0." if network == "default" else "172.18.0."

    for container in ("c1", "c2", "c3"):
        run(world, container, network)
    containers.remove(world, HOST, "c1", force=True)
    run(world, "c4", network)
    lifecycle.stop(world, HOST, "c2")
    run(world, "c5", network)
    lifecycle.start(world, HOST, "c2")
    lifecycle.restart(world, HOST, "c3")

    found = {c: address(world, c, name) for c in ("c2", "c3", "c4", "c5")}
    assert found == {"c4": prefix + "2", "c5": prefix + "3", "c3": prefix + "4", "c2": prefix + "5"}


@pytest.mark.parametrize("release", ALL)
def test_with_a_range_the_gateway_is_the_ranges_first_address(release: str) -> None:
    # Given --subnet 10.5.0.0/16 --ip-range 10.5.4.0/24, then the gateway is 10.5.4.0 and containers follow (20.10.24
    # to 29.7.2); an address of the subnet outside the range may be asked for.
    world = new_world(release)
    networks.create(world, HOST, "rng", pools=(PoolRequest("10.5.0.0/16", "10.5.4.0/24"),))

    run(world, "c1", "rng")
    run(world, "c2", "rng", ip="10.5.9.9")

    assert gateway(world, "rng") == "10.5.4.0"
    assert (address(world, "c1", "rng"), address(world, "c2", "rng")) == ("10.5.4.1", "10.5.9.9")


@pytest.mark.parametrize("release", ALL)
@pytest.mark.parametrize("taken", ["10.5.0.0", "10.5.0.1", "10.5.0.7", "10.5.0.255"])
def test_reserved_addresses_are_in_use(release: str, taken: str) -> None:
    # Given a /24 with an auxiliary address, when a container asks for the network's, the gateway's, the auxiliary or
    # the broadcast address, then it hears that it is in use (20.10.24, 28.5.2).
    world = new_world(release)
    networks.create(world, HOST, "s1", pools=(PoolRequest("10.5.0.0/24", aux_addresses={"router": "10.5.0.7"}),))

    with pytest.raises(ApiError) as failure:
        run(world, "c1", "s1", ip=taken)

    prefix = "" if release in CURSOR else "failed to set up container networking: "
    assert failure.value.message == prefix + "Address already in use"


@pytest.mark.parametrize("release", ALL)
def test_a_small_subnet_is_full_after_one_container(release: str) -> None:
    # Given a /30, when a second container starts, then no address is left, and the first one's comes back at its end.
    world = new_world(release)
    network_id = networks.create(world, HOST, "sl30", pools=(PoolRequest("10.8.2.0/30"),))
    run(world, "one", "sl30")

    with pytest.raises(ApiError) as failure:
        run(world, "two", "sl30")

    prefix = "" if release in CURSOR else "failed to set up container networking: "
    words = f"no available IPv4 addresses on this network's address pools: sl30 ({network_id})"
    assert failure.value.message == prefix + words
    containers.remove(world, HOST, "one", force=True)
    lifecycle.start(world, HOST, "two")
    assert address(world, "two", "sl30") == "10.8.2.2"


@pytest.mark.parametrize(
    ("release", "request_", "words"),
    [
        ("20.10", PoolRequest("foo"), "Invalid subnet foo : invalid CIDR address: foo"),
        ("28.5", PoolRequest("foo"), "invalid network config:\ninvalid subnet foo: invalid CIDR block notation"),
        ("29.7", PoolRequest("foo"), "invalid JSON: netip.ParsePrefix(\"foo\"): no '/'"),
        ("28.5", PoolRequest("10.7.0.1/16"),
         "invalid network config:\ninvalid subnet 10.7.0.1/16: it should be 10.7.0.0/16"),
        ("20.10", PoolRequest("172.17.0.0/24"), "Pool overlaps with other one on this address space"),
        ("20.10", PoolRequest("0.0.0.0/0"), "Pool overlaps with other one on this address space"),
        ("28.5", PoolRequest("172.17.0.0/24"),
         "invalid pool request: Pool overlaps with other one on this address space"),
        ("28.5", PoolRequest("10.8.0.0/16", gateway="10.8.0.0"),
         "failed to allocate gateway (10.8.0.0): Address already in use"),
        ("28.5", PoolRequest("10.8.0.0/16", gateway="10.8.255.255"),
         "failed to allocate gateway (10.8.255.255): Address already in use"),
        ("28.5", PoolRequest("10.8.0.0/16", gateway="10.8.0.1", aux_addresses={"x": "10.8.0.1"}),
         "failed to allocate secondary ip address (x:10.8.0.1): Address already in use"),
        ("20.10", PoolRequest("10.8.0.0/31"), "failed to allocate gateway (): No available addresses on this pool"),
        ("20.10", PoolRequest("10.8.0.0/32"), "failed to allocate gateway (): No available addresses on this pool"),
    ],
)  # fmt: skip
def test_a_bad_pool_is_refused_in_the_daemons_words(release: str, request_: PoolRequest, words: str) -> None:
    # Given a subnet that can't be had, when the network is made, then the daemon says so (20.10.24, 28.5.2; 29.7.2
    # from its recording) and no network, link or address stays.
    world = new_world(release)

    with pytest.raises(ApiError) as failure:
        networks.create(world, HOST, "ov", pools=(request_,))

    assert failure.value.message == words
    assert len(world.namespace(Where(HOST)).interfaces) == 4
    assert len(daemon(world, HOST).allocated) == 1


def test_a_range_wider_than_its_subnet_gives_no_address_outside_it() -> None:
    # Given a /30 with the range /29, which 20.10.24 takes (28.5.2 doesn't), when a second container starts,
    # then there is no address for it (dockerd 20.10.24, client 28.2.2).
    world = new_world("20.10")
    network_id = networks.create(
        world, HOST, "net2", pools=(PoolRequest("10.26.3.0/30", ip_range="10.26.3.0/29", gateway="10.26.3.2"),)
    )
    run(world, "web2", "net2")

    with pytest.raises(ApiError) as failure:
        run(world, "web6", "net2")

    assert address(world, "web2", "net2") == "10.26.3.1"
    assert failure.value.message.endswith(
        f"no available IPv4 addresses on this network's address pools: net2 ({network_id})"
    )
