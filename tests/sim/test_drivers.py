"""What stands behind a network: pools that two networks share, parents of macvlan networks, one MAC twice.

The daemon's words are those of 20.10.24, 26.1.5 and 28.5.2 in `docker network …` and `docker run` on lab hosts.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from dnetlab.model import Interface, LinkKind, Netfilter, PortBinding, Protocol, Where
from dnetlab.sim.dockerd import create as creating
from dnetlab.sim.dockerd import endpoints, networks
from dnetlab.sim.dockerd.addressset import AddressSet
from dnetlab.sim.dockerd.config import ContainerConfig, NetworkAttachment
from dnetlab.sim.dockerd.drivers.table import DRIVERS, driver_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.firewall import NetworkConfig, firewaller
from dnetlab.sim.dockerd.inspect import network_settings
from dnetlab.sim.dockerd.ipam import PoolRequest
from dnetlab.sim.lab import new_world
from dnetlab.sim.world import World

from .daemonlab import HOST, address, container, run

RELEASES = ("20.10", "26.1", "28.5", "29.7")


def said(call: object, *arguments: object, **more: object) -> str:
    """The sentence of the ApiError; '' when there was none."""
    try:
        call(*arguments, **more)  # type: ignore[operator]
    except ApiError as error:
        return error.message
    return ""


def macvlan(world: World, name: str, *pools: PoolRequest, parent: str = "enp7s0", mode: str = "bridge") -> str:
    options = {"parent": parent, "macvlan_mode": mode}
    return networks.create(world, HOST, name, driver="macvlan", pools=pools, options=options)


def with_link(world: World, **changes: object) -> None:
    """enp7s0 of the host with these fields changed."""
    link = world.namespace(Where(HOST)).interface("enp7s0")
    assert link is not None
    world.put_interface(Where(HOST), replace(link, **changes))  # type: ignore[arg-type]


# -- every driver ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
def test_each_driver_says_what_its_networks_are_like(release: str) -> None:
    # Given the networks of a fresh host, then their drivers tell apart who has addresses, and who publishes ports.
    world = new_world(release)

    found = {n.name: driver_of(n) for n in world.hosts[HOST].networks}

    assert {name: (d.needs_address, d.publishes, d.shares_host, d.isolates) for name, d in found.items()} == {
        "bridge": (True, True, False, False),
        "host": (False, False, True, False),
        "none": (False, False, False, True),
    }
    assert sorted(DRIVERS) == ["bridge", "host", "ipvlan", "macvlan", "null", "overlay"]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("internal", [False, True])
@pytest.mark.parametrize("icc", [False, True])
def test_what_a_firewall_backend_adds_it_takes_away_again(release: str, internal: bool, icc: bool) -> None:
    # Given the rules of a fresh host, when a network, an address and two ports come and go, then they are as before.
    world = new_world(release)
    rules = firewaller(world, HOST)
    network = NetworkConfig("br-x", IPv4Network("10.8.0.0/24"), internal, icc)
    web = IPv4Address("10.8.0.2")
    ports = [PortBinding(80, Protocol.TCP, IPv4Address(at), 8080) for at in ("0.0.0.0", "127.0.0.1")]
    before = world.namespace(Where(HOST)).netfilter

    rules.add_network(network)
    rules.add_endpoint(network, web)
    rules.add_ports(network, web, ports)
    between = world.namespace(Where(HOST)).netfilter
    rules.remove_ports(network, web, ports)
    rules.remove_endpoint(network, web)
    rules.remove_network(network)

    assert between != before
    assert _listed(world.namespace(Where(HOST)).netfilter) == _listed(before)


def _listed(netfilter: Netfilter) -> dict[tuple[str, str], tuple[str, ...]]:
    """(table, chain) -> the texts of its rules; chains without any left out."""
    return {(t.name, c.name): tuple(r.text for r in c.rules) for t in netfilter.tables for c in t.chains if c.rules}


# -- pools ----------------------------------------------------------------------------------------------------------


def test_a_macvlan_network_has_all_its_subnets() -> None:
    # Given two --subnet, then an address of either can be had, and the first one gives those that nobody asked for
    # (20.10.24: 10.2.0.2, and with --ip 10.3.0.9 that one with its /24).
    world = new_world("20.10")
    macvlan(world, "mv3", PoolRequest("10.2.0.0/24"), PoolRequest("10.3.0.0/24"))

    run(world, "c1", "mv3")
    second = run(world, "c2", "mv3", ip="10.3.0.9")

    link = world.namespace(Where(HOST, second.short_id)).interface("eth0")
    assert link is not None
    assert (address(world, "c1", "mv3"), str(link.ipv4[0])) == ("10.2.0.2", "10.3.0.9/24")


@pytest.mark.parametrize(
    ("release", "overlaps"),
    [
        ("20.10", "Pool overlaps with other one on this address space"),
        ("28.5", "invalid pool request: Pool overlaps with other one on this address space"),
    ],
)
def test_two_networks_share_a_subnet_when_the_second_has_a_range_of_its_own(release: str, overlaps: str) -> None:
    # Given a macvlan network with an ip-range, when others want its subnet, then one without a range overlaps, one
    # with the same gateway can't have it, and one with both of its own is made (20.10.24, 28.5.2); no address is given
    # twice.
    world = new_world(release)
    macvlan(world, "eth0-test", PoolRequest("192.168.34.0/24", "192.168.34.2/32", "192.168.34.1"), parent="eth0")

    plain = said(macvlan, world, "p", PoolRequest("192.168.34.0/24"))
    same = said(macvlan, world, "s", PoolRequest("192.168.34.0/24", "192.168.34.3/32", "192.168.34.1"))
    macvlan(world, "eth2-test", PoolRequest("192.168.34.0/24", "192.168.34.3/32", "192.168.34.254"))
    run(world, "aa", "eth0-test")
    run(world, "bb", "eth2-test")

    assert plain == overlaps
    assert same == "failed to allocate gateway (192.168.34.1): Address already in use"
    assert (address(world, "aa", "eth0-test"), address(world, "bb", "eth2-test")) == ("192.168.34.2", "192.168.34.3")
    assert "Address already in use" in said(run, world, "cc", "eth2-test", ip="192.168.34.2")


def test_a_shared_subnet_outlives_one_of_its_networks() -> None:
    # Given two networks on one subnet, when the first goes, then its gateway is free and the other's addresses are not.
    world = new_world("28.5")
    macvlan(world, "one", PoolRequest("10.8.0.0/24", "10.8.0.16/28", "10.8.0.1"), parent="eth0")
    macvlan(world, "two", PoolRequest("10.8.0.0/24", "10.8.0.32/28", "10.8.0.2"))
    run(world, "aa", "two")

    networks.remove(world, HOST, "one")

    run(world, "bb", "two", ip="10.8.0.1")
    assert "Address already in use" in said(run, world, "cc", "two", ip="10.8.0.32")


def test_a_set_of_addresses_knows_its_lowest_gap() -> None:
    # Given some of a /29, then the lowest missing one is found from any start, and None when the rest is full.
    first, last = IPv4Address("10.0.0.0"), IPv4Address("10.0.0.7")
    some = AddressSet()
    for number in (0, 1, 2, 5, 7):
        some = some.adding(first + number)

    assert [str(some.lowest_missing(first + n, last)) for n in (0, 5, 7)] == ["10.0.0.3", "10.0.0.6", "None"]
    assert (first + 5 in some, first + 4 in some, len(some)) == (True, False, 5)
    assert some.adding(first + 3).adding(first + 4).adding(first + 6).runs == ((int(first), int(last)),)
    assert some.without(first + 1).lowest_missing(first, last) == first + 1
    assert some.without(first + 4) == some


# -- bridges --------------------------------------------------------------------------------------------------------


def test_only_20_10_lends_docker0_to_another_network() -> None:
    # Given a network that names docker0 as its bridge, then 20.10.24 makes it and 26.1.5 sees the conflict.
    name = {"com.docker.network.bridge.name": "docker0"}
    old, new = new_world("20.10"), new_world("26.1")

    networks.create(old, HOST, "dd", options=name)
    words = said(networks.create, new, HOST, "dd", options=name)

    assert words.endswith(" (docker0): networks have same bridge name")


def test_a_gateway_mode_means_something_from_27_on() -> None:
    # Given a mode that nobody knows, then 20.10.24 takes the option for any other and 28.5.2 can't parse it.
    mode = {"com.docker.network.bridge.gateway_mode_ipv4": "bogus"}

    assert said(networks.create, new_world("20.10"), HOST, "x", options=mode) == ""
    assert said(networks.create, new_world("28.5"), HOST, "x", options=mode) == (
        "failed to parse com.docker.network.bridge.gateway_mode_ipv4 value: bogus (unknown gateway mode bogus)"
    )


def test_no_link_has_the_mac_of_a_group() -> None:
    # Given --mac-address 01:42:ac:11:00:99, then the container doesn't start and its address is free again.
    world = new_world("28.5")

    words = said(run, world, "m3", mac_address="01:42:ac:11:00:99")

    assert words.startswith("failed to set up container networking: failed to add interface veth")
    assert words.endswith(' MAC to "01:42:ac:11:00:99": cannot assign requested address')
    run(world, "m4")
    assert address(world, "m4") == "172.17.0.2"


@pytest.mark.parametrize(
    ("release", "end"), [("26.1", ": unknown"), ("28.5", "")]
)
def test_the_hosts_own_settings_are_not_a_containers_to_set(release: str, end: str) -> None:
    # Given --network host --sysctl net.ipv4.ip_forward=1, then runc doesn't make the container.
    words = said(run, new_world(release), "s1", "host", sysctls={"net.ipv4.ip_forward": "1"})

    assert words == (
        "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create "
        f'failed: sysctl "net.ipv4.ip_forward" not allowed in host network namespace{end}'
    )


# -- parents of macvlan networks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", ["20.10", "28.5"])
@pytest.mark.parametrize(
    ("parent", "words"),
    [
        ("enp7s0.", "unable to parse a valid vlan id from:  (ex. eth0.10 for vlan 10)"),
        ("enp7s0.x", "unable to parse a valid vlan id from: x (ex. eth0.10 for vlan 10)"),
        ("enp7s0.1.2", "required interface name format is: name.vlan_id, ex. eth0.10 for vlan 10, instead received "
                       "enp7s0.1.2"),
        ("enp9s0", "invalid subinterface vlan name enp9s0, example formatting is eth0.10"),
    ],
)  # fmt: skip
def test_a_parent_that_cannot_be_made_is_named_as_docker_does(release: str, parent: str, words: str) -> None:
    assert said(macvlan, new_world(release), "mv", parent=parent) == words


@pytest.mark.parametrize(
    ("release", "prefix"), [("20.10", ""), ("28.5", "failed to set up container networking: ")]
)
def test_a_container_needs_its_parent_there_and_free(release: str, prefix: str) -> None:
    # Given macvlan networks on a link that went and on one that became a bridge's port, then no container starts.
    world = new_world(release)
    macvlan(world, "gone", parent="enp7s0.11")
    world.change_namespace(Where(HOST), lambda stack: stack.without_interface("enp7s0.11"))
    macvlan(world, "busy")
    with_link(world, master="docker0")

    first = said(run, world, "s1", "gone")
    second = said(run, world, "s2", "busy")

    assert first == prefix + "the requested parent interface enp7s0.11 was not found on the Docker host"
    assert second == prefix + "failed to create the macvlan port: device or resource busy"


def test_a_passthru_parent_carries_one_container() -> None:
    world = new_world("28.5")
    macvlan(world, "pt", mode="passthru")
    run(world, "s1", "pt")

    words = said(run, world, "s2", "pt")

    assert words == "failed to set up container networking: failed to create the macvlan port: invalid argument"


def test_a_parent_that_the_user_made_stays() -> None:
    # Given a VLAN link made by hand, when the macvlan network on it goes, then the link is still there.
    world = new_world("28.5")
    world.put_interface(Where(HOST), Interface("enp7s0.20", 20, LinkKind.VLAN, "02:00:00:00:00:20", parent="enp7s0"))
    macvlan(world, "v20", parent="enp7s0.20")

    networks.remove(world, HOST, "v20")

    assert world.namespace(Where(HOST)).interface("enp7s0.20") is not None


def test_two_links_of_one_parent_have_two_macs() -> None:
    # Given a container with a MAC on enp7s0, when a second one wants it, then Linux doesn't set that link up.
    world = new_world("28.5")
    macvlan(world, "mv")
    asked = (NetworkAttachment("mv", mac="02:42:0a:09:00:99"),)
    run(world, "s1", "mv", networks=asked)

    words = said(run, world, "s2", "mv", networks=asked)

    assert words.startswith("failed to set up container networking: failed to add interface veth")
    assert words.endswith(" to sandbox: failed to set link up: address already in use")


# -- connect, disconnect, create ------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5"])
def test_forcing_an_unknown_container_out_asks_for_its_endpoint(release: str) -> None:
    world = new_world(release)
    networks.create(world, HOST, "lager")

    assert said(endpoints.disconnect, world, HOST, "lager", "nosuch", force=True) == "endpoint nosuch not found"
    assert said(endpoints.disconnect, world, HOST, "lager", "nosuch") == "No such container: nosuch"


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5"])
def test_the_default_bridge_fills_the_old_fields_also_when_it_came_second(release: str) -> None:
    # Given a container run on n1 and then connected to bridge, then .NetworkSettings.IPAddress and .Gateway are those
    # of bridge (20.10.24, 26.1.5, 28.5.2).
    world = new_world(release)
    networks.create(world, HOST, "n1")
    run(world, "web1", "n1")

    networks.connect(world, HOST, "bridge", "web1")

    found = network_settings(world, HOST, container(world, "web1"))
    assert (found["IPAddress"], found["Gateway"], found["IPPrefixLen"]) == ("172.17.0.2", "172.17.0.1", 16)


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5"])
def test_a_range_of_host_ports_that_is_full_says_so(release: str) -> None:
    # Given -p 8000-8002:80 three times, then the fourth container hears that all ports are allocated.
    world = new_world(release)
    for name in ("r1", "r2", "r3"):
        run(world, name, ports=("8000-8002:80",))

    assert said(run, world, "r4", ports=("8000-8002:80",)).endswith("): all ports are allocated")


def test_later_daemons_look_once_whether_forwarding_is_on() -> None:
    # Given a daemon that has made a container while ip_forward was on, when it is switched off, then it doesn't notice
    world = new_world("28.5")
    creating.create(world, HOST, ContainerConfig("nginx"))
    world.change_namespace(Where(HOST), lambda ns: replace(ns, sysctls={**ns.sysctls, "net.ipv4.ip_forward": "0"}))

    assert creating.create(world, HOST, ContainerConfig("nginx")).warnings == ()


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5"])
def test_a_daemon_warns_of_missing_forwarding_only_where_it_matters(release: str) -> None:
    # Given ip_forward=0, then a container of a bridge is made with a warning, one of host or none without.
    world = new_world(release)
    world.change_namespace(Where(HOST), lambda ns: replace(ns, sysctls={**ns.sysctls, "net.ipv4.ip_forward": "0"}))

    made = {mode: creating.create(world, HOST, ContainerConfig("nginx", network_mode=mode))
            for mode in ("default", "host", "none")}  # fmt: skip

    assert {mode: one.warnings for mode, one in made.items()} == {
        "default": ("IPv4 forwarding is disabled. Networking will not work.",), "host": (), "none": (),
    }  # fmt: skip
