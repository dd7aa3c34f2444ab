"""Networks: creating, connecting, disconnecting, removing; what stands in the container's namespace for each."""

from __future__ import annotations

import pytest

from dnetlab.model import Interface, LinkKind, Where
from dnetlab.sim.dockerd import containers, lifecycle, networks, system
from dnetlab.sim.dockerd.api.networks import network_prune
from dnetlab.sim.dockerd.books import daemon
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.ipam import PoolRequest
from dnetlab.sim.lab import new_world
from dnetlab.sim.world import World

from .daemonlab import HOST, container, run

OLD, NEW = ("20.10", "26.1"), ("28.5", "29.7")
ALL = OLD + NEW


def links(world: World, name: str) -> list[str]:
    """'2: eth0 172.18.0.2/16' for each link of a container but lo."""
    stack = world.namespace(Where(HOST, container(world, name).namespace or ""))
    return [f"{i.index}: {i.name} {i.ipv4[0]}" for i in stack.interfaces if i.kind is not LinkKind.LOOPBACK]


def routes(world: World, name: str) -> list[str]:
    stack = world.namespace(Where(HOST, container(world, name).namespace or ""))
    return [
        f"default via {r.via} dev {r.dev}" if r.is_default else f"{r.destination} dev {r.dev} src {r.src}"
        for r in stack.routes
    ]


def said(world: World, action: object, *arguments: object, **more: object) -> str:
    with pytest.raises(ApiError) as failure:
        action(world, HOST, *arguments, **more)  # type: ignore[operator]
    return failure.value.message


def veth_pairs_match(world: World) -> bool:
    """Has every veth end a peer that names it back?"""
    spaces = world.hosts[HOST].namespaces
    ends = [(name, link) for name, stack in spaces.items() for link in stack.interfaces if link.kind is LinkKind.VETH]
    for name, link in ends:
        assert link.peer is not None
        other = spaces[link.peer.namespace].by_index(link.peer.index)
        if other is None or other.peer is None or (other.peer.namespace, other.peer.index) != (name, link.index):
            return False
    return True


def test_a_new_bridge_is_a_link_without_carrier() -> None:
    # Given a lab on 28.5, when a network is made, then br-<id> has the gateway's address and no carrier; with a
    # container on it, it has carrier and a link-local address, and without one again no carrier.
    world = new_world("28.5")
    network_id = networks.create(world, HOST, "n1")
    name = f"br-{network_id[:12]}"

    def bridge() -> tuple[bool, list[str]]:
        link = world.namespace(Where(HOST)).interface(name)
        assert link is not None
        return link.carrier, [str(a.interface) for a in link.addresses]

    assert bridge() == (False, ["172.18.0.1/16"])
    run(world, "web1", "n1")
    carrier, addresses = bridge()
    assert (carrier, addresses[0], addresses[1][:6]) == (True, "172.18.0.1/16", "fe80::")
    lifecycle.stop(world, HOST, "web1")
    assert bridge()[0] is False


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("20.10", ["8: eth0 172.19.0.2/16", "10: eth1 172.18.0.2/16"]),
        ("26.1", ["8: eth0 172.19.0.2/16", "10: eth1 172.18.0.2/16"]),
        ("28.5", ["2: eth0 172.18.0.2/16", "3: eth1 172.19.0.2/16"]),
    ],
)
def test_a_container_of_two_networks_has_the_real_indexes_and_names(release: str, expected: list[str]) -> None:
    # Given three networks and a stopped container of n1 and a2, when it starts, then links are named and numbered as
    # on 20.10.24 (the gateway's network first, both ends on the host) and 28.5.2 (as connected, counted inside).
    world = new_world(release)
    networks.create(world, HOST, "n1")
    networks.create(world, HOST, "a2")
    networks.create(world, HOST, "inner", internal=True)
    run(world, "s1", "n1")
    lifecycle.stop(world, HOST, "s1")
    world.change_namespace(Where(HOST), lambda stack: stack.numbered(7))
    networks.connect(world, HOST, "a2", "s1")

    lifecycle.start(world, HOST, "s1")

    assert links(world, "s1") == expected
    assert routes(world, "s1")[0].startswith("default via 172.19.0.1 ")
    assert veth_pairs_match(world)


@pytest.mark.parametrize(
    ("release", "expected"),
    [("20.10", ["eth0", "eth2", "eth3"]), ("26.1", ["eth0", "eth2", "eth3"]), ("28.5", ["eth1", "eth0", "eth2"])],
)
def test_numbers_of_ethn_are_used_again_only_since_28(release: str, expected: list[str]) -> None:
    # Given a container of a2 and n1, when n1 goes and inner and n1 come, then the names are those of 20.10.24, 28.5.2.
    world = new_world(release)
    networks.create(world, HOST, "n1")
    networks.create(world, HOST, "a2")
    networks.create(world, HOST, "inner", internal=True)
    run(world, "s1", "n1")
    lifecycle.stop(world, HOST, "s1")
    networks.connect(world, HOST, "a2", "s1")
    lifecycle.start(world, HOST, "s1")

    networks.disconnect(world, HOST, "n1", "s1")
    networks.connect(world, HOST, "inner", "s1")
    networks.connect(world, HOST, "n1", "s1")

    assert [line.split()[1] for line in links(world, "s1")] == expected


@pytest.mark.parametrize("release", ALL)
def test_the_default_route_follows_the_alphabet(release: str) -> None:
    # Given a container on n1, when a2, bridge and inner are connected, then a2 gives the default route; when a2 goes,
    # bridge does; an internal network never does while another is there (20.10.24, 28.5.2).
    world = new_world(release)
    networks.create(world, HOST, "n1")
    networks.create(world, HOST, "a2")
    networks.create(world, HOST, "a1inner", internal=True)
    run(world, "s1", "n1")
    assert routes(world, "s1")[0] == "default via 172.18.0.1 dev eth0"

    networks.connect(world, HOST, "a2", "s1")
    assert routes(world, "s1")[0] == "default via 172.19.0.1 dev eth1"
    networks.connect(world, HOST, "bridge", "s1")
    networks.connect(world, HOST, "a1inner", "s1")
    assert routes(world, "s1")[0] == "default via 172.19.0.1 dev eth1"
    networks.disconnect(world, HOST, "a2", "s1")

    assert routes(world, "s1")[0] == "default via 172.17.0.1 dev eth2"


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("20.10", ["default via 172.18.0.1 dev eth0", "172.18.0.0/16 dev eth0 src 172.18.0.2"]),
        ("26.1", ["172.18.0.0/16 dev eth0 src 172.18.0.2"]),
        ("28.5", ["172.18.0.0/16 dev eth0 src 172.18.0.2"]),
        ("29.7", ["172.18.0.0/16 dev eth0 src 172.18.0.2"]),
    ],
)
def test_an_internal_network_gives_no_default_route_since_25(release: str, expected: list[str]) -> None:
    # Given a container on an internal network, then its routes are those of 20.10.24, 26.1.5, 28.5.2, 29.7.2.
    world = new_world(release)
    networks.create(world, HOST, "inner", internal=True)

    run(world, "in1", "inner")

    assert routes(world, "in1") == expected


@pytest.mark.parametrize("release", ALL)
def test_disconnected_from_everything_only_lo_is_left(release: str) -> None:
    # Given a container whose last network is disconnected, then it has lo, no routes, and starts again like that.
    world = new_world(release)
    run(world, "web1")

    networks.disconnect(world, HOST, "bridge", "web1")
    assert (links(world, "web1"), routes(world, "web1")) == ([], [])
    lifecycle.restart(world, HOST, "web1")

    assert (links(world, "web1"), routes(world, "web1")) == ([], [])


@pytest.mark.parametrize("release", ALL)
def test_nothing_is_left_after_containers_and_networks_are_removed(release: str) -> None:
    # Given a lab, when networks and containers came, were connected, disconnected and removed, then the host's links,
    # routes, rules, sockets, processes and the daemon's addresses are as at the start.
    world = new_world(release)
    start = world.hosts[HOST]
    stack = start.stack
    allocated = daemon(world, HOST).allocated
    for name in ("n1", "a2"):
        networks.create(world, HOST, name)
    networks.create(world, HOST, "inner", internal=True)
    run(world, "web1", "n1", ports=("8080:80", "127.0.0.1:8443:443"))
    run(world, "web2", "inner")
    networks.connect(world, HOST, "a2", "web1")
    networks.connect(world, HOST, "n1", "web2")
    networks.disconnect(world, HOST, "n1", "web1")
    for name in ("web1", "web2"):
        containers.remove(world, HOST, name, force=True)
    assert network_prune(world, HOST)["NetworksDeleted"] == ["a2", "inner", "n1"]

    end = world.hosts[HOST]
    assert [(i.name, i.index) for i in end.stack.interfaces] == [(i.name, i.index) for i in stack.interfaces]
    assert end.stack.routes == stack.routes
    assert [(t.name, c.name, r.text) for t in end.stack.netfilter.tables for c in t.chains for r in c.rules] == [
        (t.name, c.name, r.text) for t in stack.netfilter.tables for c in t.chains for r in c.rules
    ]
    assert (end.stack.sockets, end.processes, list(end.namespaces)) == ((), start.processes, ["host"])
    assert daemon(world, HOST).allocated == allocated


@pytest.mark.parametrize("release", OLD)
def test_a_mac_is_the_address_up_to_27(release: str) -> None:
    # Given 172.17.0.2, then the MAC is 02:42:ac:11:00:02; --mac-address is honoured instead.
    world = new_world(release)
    run(world, "web1")
    run(world, "web2", mac_address="02:aa:bb:cc:dd:ee")

    assert container(world, "web1").endpoints[0].mac == "02:42:ac:11:00:02"
    assert container(world, "web2").endpoints[0].mac == "02:aa:bb:cc:dd:ee"


@pytest.mark.parametrize("release", NEW)
def test_a_mac_is_new_at_every_start_since_28(release: str) -> None:
    # Given a container that restarts, then its MAC has changed and is a local unicast one.
    world = new_world(release)
    first = run(world, "web1").endpoints[0].mac
    lifecycle.restart(world, HOST, "web1")
    second = container(world, "web1").endpoints[0].mac

    assert first != second
    assert int(second[:2], 16) & 3 == 2


def test_a_joined_container_shares_the_namespace_and_keeps_only_lo_at_the_end_of_the_other() -> None:
    # Given j2 in j1's namespace, then it has j1's eth0; when j1 stops, only lo is left, also after j1 starts again;
    # when j2 restarts, it has eth0 again (20.10.24, 28.5.2).
    world = new_world("28.5")
    run(world, "j1")
    run(world, "j2", "container:j1")
    assert links(world, "j2") == ["2: eth0 172.17.0.2/16"]

    lifecycle.stop(world, HOST, "j1")
    assert links(world, "j2") == []
    lifecycle.start(world, HOST, "j1")
    assert (links(world, "j1"), links(world, "j2")) == (["2: eth0 172.17.0.2/16"], [])
    lifecycle.restart(world, HOST, "j2")

    assert links(world, "j2") == ["2: eth0 172.17.0.2/16"]
    assert sorted(world.hosts[HOST].namespaces) == sorted(["host", container(world, "j1").short_id])


@pytest.mark.parametrize(
    ("release", "unknown", "stopped"),
    [
        ("20.10", "No such container: nosuch", "cannot join network of a non running container: {id}"),
        ("26.1", "No such container: nosuch", "cannot join network of a non running container: {id}"),
        ("28.5", "joining network namespace of container: No such container: nosuch",
         "cannot join network namespace of a non running container: container web2 is exited"),
    ],
)  # fmt: skip
def test_joining_needs_a_running_container(release: str, unknown: str, stopped: str) -> None:
    # Given no container of that name, or one that doesn't run, then the start fails in the release's words.
    world = new_world(release)
    other = run(world, "web2")
    lifecycle.stop(world, HOST, "web2")

    def join(_world: World, _host: str, name: str, target: str) -> None:
        run(world, name, f"container:{target}")

    assert said(world, join, "jj1", "nosuch") == unknown
    assert said(world, join, "jj2", "web2") == stopped.format(id=other.id)


@pytest.mark.parametrize(
    ("release", "host_text", "off_text"),
    [
        ("20.10", "container cannot be disconnected from host network or connected to host network",
         "container cannot be disconnected from host network or connected to host network"),
        ("28.5", "cannot connect container to host network - container must be created in host network mode",
         "cannot disconnect container from host network - container was created in host network mode"),
    ],
)  # fmt: skip
def test_connect_and_disconnect_say_no_in_the_releases_words(release: str, host_text: str, off_text: str) -> None:
    # Given a container on n1, one in host mode and one without a network, then each impossible wish is told so
    # (20.10.24, 28.5.2).
    world = new_world(release)
    networks.create(world, HOST, "n1")
    networks.create(world, HOST, "n2")
    web = run(world, "web1", "n1")
    run(world, "hosty", "host")
    run(world, "nony", "none")
    shared = (
        "container sharing network namespace with another container or host cannot be connected to any other network"
    )
    private = "container cannot be connected to multiple networks with one of the networks in private (none) mode"

    assert said(world, networks.connect, "n1", "web1") == "endpoint with name web1 already exists in network n1"
    assert said(world, networks.connect, "nosuch", "web1") == "network nosuch not found"
    assert said(world, networks.connect, "n1", "nosuch") == "No such container: nosuch"
    assert said(world, networks.connect, "host", "web1") == host_text
    assert said(world, networks.connect, "none", "web1") == private
    assert said(world, networks.connect, "n1", "nony") == private
    assert said(world, networks.connect, "n1", "hosty") == shared
    assert said(world, networks.disconnect, "host", "hosty") == off_text
    assert said(world, networks.disconnect, "n2", "web1") == f"container {web.id} is not connected to network n2"
    lifecycle.stop(world, HOST, "web1")
    assert said(world, networks.disconnect, "n2", "web1") == f"container {web.id} is not connected to the network n2"


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5", "29.7"])
def test_a_network_in_use_cannot_be_removed_and_its_namesake_is_another(release: str) -> None:
    # Given a running container, then its network stays; stopped, the network may go, and then the container can't
    # start, though a network of the same name is there again.
    world = new_world(release)
    old = networks.create(world, HOST, "n1")
    web = run(world, "web1", "n1")
    short = web.endpoints[0].endpoint_id[:12]

    words = said(world, networks.remove, "n1")
    if release in OLD:
        assert words == f"error while removing network: network n1 id {old} has active endpoints"
    else:
        assert words == f'error while removing network: network n1 has active endpoints (name:"web1" id:"{short}")'
    lifecycle.stop(world, HOST, "web1")
    networks.remove(world, HOST, "n1")
    networks.create(world, HOST, "n1")

    prefix = "" if release in OLD else "failed to set up container networking: "
    assert said(world, lifecycle.start, "web1") == f"{prefix}network {old} not found"


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("bridge", {}, "operation is not permitted on predefined bridge network"),
        ("host", {}, "operation is not permitted on predefined host network"),
        ("default", {}, "operation is not permitted on predefined default network"),
        ("n1", {}, "network with name n1 already exists"),
        ("", {}, "invalid name: name is empty"),
        ("ov", {"driver": "nosuch"}, 'plugin "nosuch" not found'),
        ("ov", {"driver": "host"}, 'only one instance of "host" network is allowed'),
        ("ov", {"driver": "null"}, 'only one instance of "null" network is allowed'),
        ("ov", {"scope": "swarm"}, "cannot create a swarm scoped network when swarm is not active"),
        ("ov", {"pools": (PoolRequest("10.8.0.0/16"), PoolRequest("10.9.0.0/16"))},
         "bridge driver doesn't support multiple subnets"),
        ("ov", {"options": {"com.docker.network.bridge.enable_icc": "foo"}},
         "failed to parse com.docker.network.bridge.enable_icc value: foo "
         '(strconv.ParseBool: parsing "foo": invalid syntax)'),
        ("ov", {"options": {"com.docker.network.driver.mtu": "foo"}},
         'failed to parse com.docker.network.driver.mtu value: foo (strconv.Atoi: parsing "foo": invalid syntax)'),
        ("mv", {"driver": "macvlan", "options": {"parent": "lo"}},
         "loopback interface is not a valid macvlan parent link"),
        ("mv", {"driver": "macvlan", "options": {"parent": "nosuch0"}},
         "invalid subinterface vlan name nosuch0, example formatting is eth0.10"),
        ("mv", {"driver": "macvlan", "options": {"parent": "nosuch0.10"}},
         "-o parent interface was not found on the host: nosuch0"),
        ("mv", {"driver": "macvlan", "options": {"parent": "enp7s0", "macvlan_mode": "foo"}},
         "requested macvlan mode 'foo' is not valid, 'bridge' mode is the macvlan driver default"),
    ],
)  # fmt: skip
def test_a_network_that_cannot_be_made_is_refused_in_the_words_of_28_5(name: str, more: dict, words: str) -> None:
    # Given a network n1, when another is asked for that can't be, then the daemon says what 28.5.2 says and nothing
    # has changed.
    world = new_world("28.5")
    networks.create(world, HOST, "n1")
    before = (world.hosts[HOST].networks, world.namespace(Where(HOST)), daemon(world, HOST).allocated)

    assert said(world, networks.create, name, **more) == words
    assert (world.hosts[HOST].networks, world.namespace(Where(HOST)), daemon(world, HOST).allocated) == before


@pytest.mark.parametrize(
    ("release", "gateway", "first"),
    [("20.10", "10.0.0.1", "10.0.0.2"), ("28.5", "10.0.0.1", "10.0.0.2"), ("29.7", "None", "10.0.0.1")],
)
def test_a_macvlan_container_hangs_on_its_parent(release: str, gateway: str, first: str) -> None:
    # Given a macvlan network on enp7s0 without --gateway, then nothing is made on the host; a container has a macvlan
    # numbered on the host and, up to 28, a route to a gateway that nobody is (20.10.24, 28.5.2, 29.7.2).
    world = new_world(release)
    before = world.namespace(Where(HOST))
    pools = (PoolRequest("10.0.0.0/24"),)
    networks.create(world, HOST, "mv", driver="macvlan", pools=pools, options={"parent": "enp7s0"})
    assert world.namespace(Where(HOST)) == before

    web = run(world, "web1", "mv", ports=("80:80",))

    link = world.namespace(Where(HOST, web.short_id)).interface("eth0")
    assert link is not None
    assert (link.kind, link.parent, link.parent_namespace, link.index) == (LinkKind.MACVLAN, "enp7s0", "host", 5)
    assert (str(link.ipv4[0]), str(web.endpoints[0].gateway), web.ports) == (f"{first}/24", gateway, ())
    assert world.namespace(Where(HOST)).netfilter == before.netfilter


def test_a_sub_interface_made_for_macvlan_goes_with_its_network() -> None:
    # Given parent enp7s0.10, then Docker makes the link with tag 10 and removes it with the network.
    world = new_world("28.5")
    networks.create(world, HOST, "v10", driver="macvlan", options={"parent": "enp7s0.10"})
    link = world.namespace(Where(HOST)).interface("enp7s0.10")
    assert link is not None
    assert (link.kind, link.vlan_id, link.parent) == (LinkKind.VLAN, 10, "enp7s0")

    networks.remove(world, HOST, "v10")

    assert world.namespace(Where(HOST)).interface("enp7s0.10") is None


@pytest.mark.parametrize("release", ["20.10", "26.1"])
def test_up_to_26_a_parent_has_one_macvlan_network(release: str) -> None:
    # Given mv1 on enp7s0, when mv2 is made there, then the odd name in the error is mv1's (20.10.24, 26.1.5).
    world = new_world(release)
    first = networks.create(world, HOST, "mv1", driver="macvlan", options={"parent": "enp7s0"})

    words = said(world, networks.create, "mv2", driver="macvlan", options={"parent": "enp7s0"})

    assert words == f"network dm-{first[:12]} is already using parent interface enp7s0"


@pytest.mark.parametrize(
    ("release", "network", "ip", "words"),
    [
        ("20.10", "default", "172.17.0.50", "user specified IP address is supported on user defined networks only"),
        ("20.10", "n1", "172.18.0.50", "user specified IP address is supported only when connecting to networks with "
                                       "user configured subnets"),
        ("20.10", "s1", "10.6.0.10", "Invalid address 10.6.0.10: It does not belong to any of this network's subnets"),
        ("26.1", "n1", "172.18.0.50", "invalid config for network n1: invalid endpoint settings:\n"
         "user specified IP address is supported only when connecting to networks with user configured subnets"),
        ("28.5", "default", "172.17.0.50", "invalid config for network bridge: invalid endpoint settings:\n"
         "* user specified IP address is supported on user defined networks only\n"
         "* user specified IP address is supported only when connecting to networks with user configured subnets"),
        ("28.5", "s1", "10.6.0.10", "invalid config for network s1: invalid endpoint settings:\n"
         "no configured subnet or ip-range contain the IP address 10.6.0.10"),
        ("28.5", "host", "1.2.3.4", "invalid config for network host: invalid endpoint settings:\n"
         "* user specified IP address is supported on user defined networks only\n"
         "* user specified IP address is supported only when connecting to networks with user configured subnets"),
        ("29.7", "default", "172.17.0.50", "invalid config for network bridge: invalid endpoint settings:\n"
         "user-specified IP address is supported on user-defined networks only"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_asked_for_is_refused(release: str, network: str, ip: str, words: str) -> None:
    # Given networks with and without --subnet, when a container asks for an address there, then the daemon says no as
    # 20.10.24, 26.1.5, 28.5.2 and the recording of 29.7.2 do.
    world = new_world(release)
    networks.create(world, HOST, "n1")
    networks.create(world, HOST, "s1", pools=(PoolRequest("10.5.0.0/24"),))

    def ask(_world: World, _host: str) -> None:
        run(world, "c1", network, ip=ip)

    assert said(world, ask) == words


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("20.10", "could not find bridge docker0: route ip+net: no such network interface"),
        ("26.1", "Device does not exist"),
        ("28.5", "Device does not exist"),
    ],
)
def test_without_its_bridge_a_container_cannot_start_until_the_daemon_restarts(release: str, words: str) -> None:
    # Given docker0 deleted by hand, when a container starts, then it fails as on 20.10.24, 26.1.5 and 28.5.2; after a
    # restart of the daemon docker0 is there again.
    world = new_world(release)
    world.change_namespace(Where(HOST), lambda stack: stack.without_interface("docker0"))

    def start(_world: World, _host: str) -> None:
        run(world, "web1")

    text = said(world, start)
    assert "failed to create endpoint web1 on network bridge: adding interface veth" in text
    assert text.endswith(f" to bridge docker0 failed: {words}")
    system.restart_daemon(world, HOST)
    lifecycle.start(world, HOST, "web1")
    assert container(world, "web1").is_running


def test_a_bridge_of_the_hosts_outlives_the_network_that_took_it() -> None:
    # Given a bridge made by hand, when a network takes it by name and is removed, then the bridge is still there.
    world = new_world("28.5")
    world.put_interface(Where(HOST), Interface("mybr", 9, LinkKind.BRIDGE, "02:00:00:00:00:09"))
    networks.create(world, HOST, "mynet", options={"com.docker.network.bridge.name": "mybr"})

    networks.remove(world, HOST, "mynet")

    assert world.namespace(Where(HOST)).interface("mybr") is not None
