"""Each way a packet's journey can end, and what the asker is told."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from dnetlab.explain.sentences import remedy, words
from dnetlab.model import Disposition, Host, IcmpType, LinkKind, Neighbour, Protocol, Route, Snapshot, StepKind, Where
from tests import builder as b


@pytest.fixture
def lab() -> Snapshot:
    return b.docker_lab()


def test_a_ping_is_answered_with_a_fresh_ttl(lab: Snapshot) -> None:
    exchange = b.ping(lab, "peer", "172.20.0.2")

    assert exchange.answered
    assert exchange.reply.final.ttl == 64, "same bridge: no router in between"


def test_a_router_on_the_way_takes_one_off_the_ttl(lab: Snapshot) -> None:
    exchange = b.ping(lab, "peer", "10.33.0.2")

    assert exchange.answered
    assert exchange.reply.final.ttl == 63


def test_a_machine_reaches_itself_over_lo(lab: Snapshot) -> None:
    exchange = b.ping(lab, "peer", "172.20.0.3")

    assert exchange.answered
    assert [hop.where.namespace for hop in exchange.request.hops] == ["peer"]
    assert {step.interface for step in exchange.request.steps} == {"lo"}


def test_no_route_is_known_at_once_and_nothing_is_sent(lab: Snapshot) -> None:
    exchange = b.ping(lab, "ext", "172.20.0.2")

    assert exchange.request.disposition is Disposition.NO_ROUTE
    assert exchange.reply is None
    assert exchange.seconds == 0.0
    assert "no default route" in words(exchange.request.because)


def test_a_router_without_a_route_says_network_unreachable(lab: Snapshot) -> None:
    exchange = b.ping(lab, "peer", "192.0.2.53")

    assert exchange.request.disposition is Disposition.NO_ROUTE
    assert exchange.reply.final.icmp is IcmpType.NETWORK_UNREACHABLE
    assert exchange.reply.final.source == IPv4Address("172.20.0.1")
    assert not exchange.answered


def test_nobody_at_the_address_is_host_unreachable_after_three_questions(lab: Snapshot) -> None:
    exchange = b.ping(lab, "peer", "172.20.0.99")

    assert exchange.request.disposition is Disposition.NO_NEIGHBOUR
    assert exchange.reply.final.icmp is IcmpType.HOST_UNREACHABLE
    assert exchange.reply.final.source == IPv4Address("172.20.0.3"), "the asker's own stack says so"
    assert exchange.seconds == pytest.approx(3.06)
    failed = exchange.after.namespace("dock", "peer").neighbours[-1]
    assert (str(failed.address), failed.mac, failed.state) == ("172.20.0.99", None, "FAILED")


def test_a_router_that_finds_nobody_tells_the_asker(lab: Snapshot) -> None:
    exchange = b.ping(lab, "peer", "10.33.0.77")

    assert exchange.request.disposition is Disposition.NO_NEIGHBOUR
    assert exchange.reply.final.icmp is IcmpType.HOST_UNREACHABLE
    assert exchange.reply.final.source == IPv4Address("10.33.0.1"), "it had been masqueraded (observed on 28.5.2)"
    assert exchange.reply.final.destination == IPv4Address("172.20.0.3"), "undone in the error"


def test_no_listener_is_refused_with_a_reset(lab: Snapshot) -> None:
    exchange = b.tcp(lab, "peer", "172.20.0.2", 81)

    assert exchange.request.disposition is Disposition.NO_LISTENER
    assert exchange.reply.final.flags == "RA"
    assert "It listens on 0.0.0.0:80." in words(exchange.request.because)


def test_a_datagram_for_a_closed_port_is_answered_port_unreachable(lab: Snapshot) -> None:
    exchange = b.tcp(lab, "peer", "172.20.0.2", 53, Protocol.UDP)

    assert exchange.request.disposition is Disposition.NO_LISTENER
    assert exchange.reply.final.icmp is IcmpType.PORT_UNREACHABLE
    assert b.outcome(exchange) == "refused"


def test_a_datagram_for_an_open_port_is_answered(lab: Snapshot) -> None:
    socket = b.listening(53, program="named", protocol=Protocol.UDP)
    lab = b.change(lab, "web1", lambda ns: replace(ns, sockets=(socket,)))

    assert b.outcome(b.tcp(lab, "peer", "172.20.0.2", 53, Protocol.UDP)) == "ok 172.20.0.3"


@pytest.mark.parametrize(
    ("address", "to", "expected"),
    [
        ("127.0.0.1", "172.20.0.2", "refused"),
        ("127.0.0.1", "127.0.0.1", "ok 127.0.0.1"),
        ("172.20.0.2", "172.20.0.2", "ok 172.20.0.2"),
        ("172.20.0.2", "127.0.0.1", "refused"),
        ("::", "172.20.0.2", "ok 172.20.0.2"),
        ("::", "127.0.0.1", "ok 127.0.0.1"),
        ("::1", "127.0.0.1", "refused"),
    ],
)
def test_a_socket_hears_only_the_address_it_is_bound_to(lab: Snapshot, address: str, to: str, expected: str) -> None:
    lab = b.change(lab, "web1", lambda ns: replace(ns, sockets=(b.listening(80, address),)))

    assert b.outcome(b.tcp(lab, "web1", to, 80)) == expected


def test_the_ttl_runs_out_at_the_router_which_says_so(lab: Snapshot) -> None:
    exchange = b.ping(lab, "peer", "10.33.0.2", ttl=1)

    assert exchange.request.disposition is Disposition.TTL_EXPIRED
    assert exchange.reply.final.icmp is IcmpType.TIME_EXCEEDED
    assert exchange.reply.final.source == IPv4Address("172.20.0.1")


def test_two_routers_that_point_at_each_other_use_the_ttl_up(lab: Snapshot) -> None:
    nowhere = Route(IPv4Network("198.51.100.0/24"), "eth0", via=IPv4Address("10.33.0.2"))
    back = Route(IPv4Network("0.0.0.0/0"), "eth0", via=IPv4Address("10.33.0.1"))
    lab = b.change(lab, "host", lambda ns: replace(ns, routes=(*ns.routes, nowhere)))
    lab = b.change(lab, "ext", lambda ns: replace(ns, routes=(*ns.routes, back), sysctls={"net.ipv4.ip_forward": "1"}))
    lab = b.with_rules(b.flushed(lab, "nat"), "host", "filter", "-P FORWARD ACCEPT")

    assert b.ping(lab, "peer", "198.51.100.7").request.disposition is Disposition.TTL_EXPIRED


def test_forwarding_off_drops_silently(lab: Snapshot) -> None:
    exchange = b.ping(b.sysctl(lab, "host", "net.ipv4.ip_forward", "0"), "peer", "10.33.0.2")

    assert exchange.request.disposition is Disposition.FORWARDING_OFF
    assert exchange.reply is None
    assert exchange.seconds == float("inf")
    assert remedy(exchange.request.because) == "sysctl -w net.ipv4.ip_forward=1"


def test_a_link_without_carrier_cannot_carry_a_frame(lab: Snapshot) -> None:
    def unplug(ns):
        return ns.with_interface(replace(ns.interface("eth0"), segment=None, carrier=False))

    exchange = b.ping(b.change(lab, "ext", unplug), "ext", "10.33.0.1")

    assert exchange.request.disposition is Disposition.LINK_DOWN
    assert b.outcome(exchange) == "unreachable"


def test_a_port_that_is_down_leaves_its_container_alone(lab: Snapshot) -> None:
    lab = b.change(lab, "host", lambda ns: ns.with_interface(replace(ns.interface("veth10"), up=False)))

    exchange = b.ping(lab, "peer", "172.20.0.2")

    assert exchange.request.disposition is Disposition.NO_NEIGHBOUR


def test_two_bridges_joined_twice_are_a_loop() -> None:
    left = [b.link("br0", 2, LinkKind.BRIDGE, "10.0.0.1/24"), b.link("br1", 3, LinkKind.BRIDGE)]
    pairs = [
        replace(end, master=master)
        for n, index in enumerate((10, 20))
        for end, master in zip(b.pair(index, None, "host", "10.9.0.1/24", f"in{n}"), ("br0", "br1"), strict=True)
    ]
    cleared = [replace(i, addresses=()) for i in pairs]
    lab = Snapshot({"h": Host("h", {"host": b.namespace("host", *left, *cleared)})})

    exchange = b.ping(lab, "h", "10.0.0.9")

    assert exchange.request.disposition is Disposition.LOOP


def test_reject_tells_the_asker_what_the_rule_says(lab: Snapshot) -> None:
    cases = {
        "": IcmpType.PORT_UNREACHABLE,
        "--reject-with icmp-host-prohibited": IcmpType.HOST_PROHIBITED,
        "--reject-with icmp-admin-prohibited": IcmpType.ADMINISTRATIVELY_PROHIBITED,
    }
    for how, expected in cases.items():
        rejecting = b.with_rules(lab, "host", "filter", f"-A INPUT -p icmp -j REJECT {how}".strip())
        exchange = b.ping(rejecting, "ext", "10.33.0.1")
        assert exchange.request.disposition is Disposition.REJECTED
        assert exchange.reply.final.icmp is expected


def test_reject_with_tcp_reset_looks_like_a_closed_port(lab: Snapshot) -> None:
    rule = "-A DOCKER-USER -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset"
    lab = b.with_rules(lab, "host", "filter", rule, first=True)

    exchange = b.tcp(lab, "ext", "10.33.0.1", 8081)

    assert exchange.reply.final.flags == "RA"
    assert exchange.reply.final.source == IPv4Address("10.33.0.1"), "undone: the asker spoke to the host"
    assert b.outcome(exchange) == "refused"


def test_a_drop_on_the_way_back_is_the_answers_end_not_the_questions(lab: Snapshot) -> None:
    lab = b.with_rules(lab, "web1", "filter", "-P OUTPUT DROP")

    exchange = b.ping(lab, "peer", "172.20.0.2")

    assert exchange.request.disposition is Disposition.DELIVERED
    assert exchange.reply.disposition is Disposition.DROPPED
    assert not exchange.answered


def test_pings_can_be_switched_off(lab: Snapshot) -> None:
    exchange = b.ping(b.sysctl(lab, "web1", "net.ipv4.icmp_echo_ignore_all", "1"), "peer", "172.20.0.2")

    assert exchange.request.disposition is Disposition.DROPPED


def test_every_address_of_a_machine_answers_on_every_interface(lab: Snapshot) -> None:
    assert b.outcome(b.ping(lab, "oth", "10.33.0.1")) == "ok 172.21.0.2"
    assert b.outcome(b.ping(lab, "oth", "172.20.0.1")) == "ok 172.21.0.2"


def test_loopback_addresses_do_not_come_in_from_a_wire(lab: Snapshot) -> None:
    route = Route(IPv4Network("127.0.0.0/8"), "eth0", via=IPv4Address("10.33.0.1"))
    no_lo = b.change(lab, "ext", lambda ns: replace(ns, interfaces=ns.interfaces[1:], routes=(*ns.routes, route)))

    exchange = b.ping(no_lo, "ext", "127.0.0.1", source="10.33.0.2")

    assert exchange.request.disposition is Disposition.DROPPED
    assert "martian" in words(exchange.request.because)


# -- what remains


def test_bridges_and_neighbours_learn_from_a_ping(lab: Snapshot) -> None:
    after = b.ping(lab, "peer", "172.20.0.2").after

    fdb = {(f.bridge, f.mac): f.port for f in after.namespace("dock").fdb}
    assert fdb == {("br-n1", "0a:00:00:00:00:0a"): "veth10", ("br-n1", "0a:00:00:00:00:0c"): "veth12"}
    assert [(str(n.address), n.mac) for n in after.namespace("dock", "web1").neighbours] == [
        ("172.20.0.3", "0a:00:00:00:00:0c")
    ]


def test_rules_count_packets_and_bytes_and_policies_do_not(lab: Snapshot) -> None:
    after = b.ping(lab, "peer", "172.20.0.2").after

    forward = after.namespace("dock").netfilter.table("filter").chain("FORWARD")
    assert [rule.packets for rule in forward.rules] == [2, 2, 0, 0, 0, 0, 1, 1, 0, 1]
    assert forward.rules[0].bytes == 168
    nat = after.namespace("dock").netfilter.table("nat")
    assert nat.chain("PREROUTING").packets == 0, "iptables-nft 1.8.9 makes base chains without a counter"


def test_the_snapshot_itself_is_left_as_it_was(lab: Snapshot) -> None:
    b.ping(lab, "peer", "172.20.0.2")

    assert lab == b.docker_lab()


def test_the_same_packet_gives_the_same_exchange(lab: Snapshot) -> None:
    assert b.tcp(lab, "ext", "10.33.0.1", 8081) == b.tcp(lab, "ext", "10.33.0.1", 8081)


def test_a_second_ping_finds_the_connection_established(lab: Snapshot) -> None:
    once = b.ping(lab, "peer", "10.33.0.2")
    again = b.ping(once.after, "peer", "10.33.0.2")

    connection = once.after.namespace("dock").connections[0]
    assert connection.reply.destination == IPv4Address("10.33.0.1")
    assert again.answered
    assert len(again.after.namespace("dock").connections) == 1


def test_two_containers_with_the_same_identifier_are_told_apart(lab: Snapshot) -> None:
    first = b.ping(lab, "peer", "10.33.0.2")
    second = b.ping(first.after, "web1", "10.33.0.2")

    assert second.answered
    ids = [c.reply.sport for c in second.after.namespace("dock").connections]
    assert ids == [7, 8]
    assert second.reply.final.sport == 7


def test_each_rewrite_shows_the_packet_before_and_after(lab: Snapshot) -> None:
    exchange = b.tcp(lab, "ext", "10.33.0.1", 8081)

    rewrites = [s for s in exchange.request.steps if s.kind is StepKind.REWRITTEN]
    assert [(str(s.before.destination), s.before.dport, str(s.after.destination), s.after.dport) for s in rewrites] == [
        ("10.33.0.1", 8081, "172.20.0.2", 80)
    ]
    assert rewrites[0].chain == "DOCKER"
    undone = [s for s in exchange.reply.steps if s.kind is StepKind.REWRITTEN]
    assert [words(s.fact, "en").partition(":")[0] for s in (*rewrites, *undone)] == ["DNAT", "conntrack undoes it"]


# -- other links


def macvlan_lab(mode: str = "bridge") -> Snapshot:
    """h1 with two macvlan containers on eth0, and h2 on the same switch."""
    inner = {
        name: b.namespace(
            name, b.link("eth0", index, LinkKind.MACVLAN, ip, parent="eth0", parent_namespace="host", mode=mode)
        )
        for name, index, ip in (("m1", 20, "10.0.0.11/24"), ("m2", 21, "10.0.0.12/24"))
    }
    h1 = b.namespace(
        "host", b.link("eth0", 2, LinkKind.PHYSICAL, "10.0.0.1/24", segment="lan", mac="0a:00:00:00:01:02")
    )
    h2 = b.namespace(
        "host", b.link("eth0", 2, LinkKind.PHYSICAL, "10.0.0.2/24", segment="lan", mac="0a:00:00:00:02:02")
    )
    return Snapshot({"h1": Host("h1", {"host": h1, **inner}), "h2": Host("h2", {"host": h2})})


@pytest.mark.parametrize(
    ("mode", "peers"), [("bridge", "ok 10.0.0.11"), ("private", "unreachable"), ("vepa", "unreachable")]
)
def test_macvlan_peers_talk_in_bridge_mode_only(mode: str, peers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(b.WHERE, "m1", Where("h1", "m1"))

    assert b.outcome(b.ping(macvlan_lab(mode), "m1", "10.0.0.12")) == peers
    assert b.outcome(b.ping(macvlan_lab(mode), "m1", "10.0.0.2")) == "ok 10.0.0.11"


def test_a_host_and_its_own_macvlan_containers_never_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(b.WHERE, "m1", Where("h1", "m1"))

    assert b.outcome(b.ping(macvlan_lab(), "m1", "10.0.0.1")) == "unreachable"
    assert b.outcome(b.ping(macvlan_lab(), "h1", "10.0.0.11")) == "unreachable"
    assert b.outcome(b.ping(macvlan_lab(), "h2", "10.0.0.11")) == "ok 10.0.0.2"


def test_vlan_interfaces_meet_when_their_tags_are_equal() -> None:
    def host(name: str, tag: int, ip: str) -> Host:
        mac = f"0a:00:00:00:{name[-1]}0:02"
        trunk = b.link("enp7s0", 2, LinkKind.PHYSICAL, segment="trunk", mac=mac)
        return Host(
            name,
            {
                "host": b.namespace(
                    "host", trunk, b.link(f"enp7s0.{tag}", 3, LinkKind.VLAN, ip, parent="enp7s0", vlan_id=tag, mac=mac)
                )
            },
        )

    same = Snapshot({"h1": host("h1", 10, "10.0.0.1/24"), "h2": host("h2", 10, "10.0.0.2/24")})
    other = Snapshot({"h1": host("h1", 10, "10.0.0.1/24"), "h2": host("h2", 20, "10.0.0.2/24")})

    assert b.outcome(b.ping(same, "h1", "10.0.0.2")) == "ok 10.0.0.1"
    assert b.outcome(b.ping(other, "h1", "10.0.0.2")) == "unreachable"


def test_the_embedded_dns_server_is_reached_through_the_namespaces_own_nat(lab: Snapshot) -> None:
    rules = """
        -A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT
        -A POSTROUTING -d 127.0.0.11/32 -j DOCKER_POSTROUTING
        -A DOCKER_OUTPUT -d 127.0.0.11/32 -p udp -m udp --dport 53 -j DNAT --to-destination 127.0.0.11:41234
        -A DOCKER_POSTROUTING -s 127.0.0.11/32 -p udp -m udp --sport 41234 -j SNAT --to-source :53
    """
    socket = b.listening(41234, "127.0.0.11", "dockerd", 9, Protocol.UDP)
    lab = b.change(lab, "peer", lambda ns: replace(ns, netfilter=b.netfilter(nat=rules), sockets=(socket,)))

    exchange = b.tcp(lab, "peer", "127.0.0.11", 53, Protocol.UDP)

    assert exchange.answered, b.story(exchange)
    assert exchange.listener == (("dock", "peer"), 9)


def test_frames_still_go_to_somebody_who_has_just_gone(lab: Snapshot) -> None:
    known = b.ping(lab, "peer", "172.20.0.2").after
    gone = b.change(known, "web1", lambda ns: replace(ns, interfaces=ns.interfaces[:1]))

    at_once = b.ping(gone, "peer", "172.20.0.2")
    stale = b.ping(replace(gone, clock=60.0), "peer", "172.20.0.2")
    later = b.ping(replace(stale.after, clock=68.1), "peer", "172.20.0.2")

    assert at_once.request.disposition is Disposition.NO_NEIGHBOUR
    assert at_once.reply is None, "nobody tells the asker: the entry is still believed"
    assert stale.reply is None, "the entry is in doubt, but used for 5 s, and for three probes"
    assert later.reply.final.icmp is IcmpType.HOST_UNREACHABLE


def test_an_entry_ages_by_the_clock() -> None:
    heard = Neighbour(IPv4Address("10.0.0.1"), "eth0", "02:00:00:00:00:01", since=100.0)
    doubted = replace(heard, state="DELAY")

    assert [heard.state_at(100.0 + age) for age in (0, 30, 31, 900)] == ["REACHABLE", "REACHABLE", "STALE", "STALE"]
    assert [doubted.state_at(100.0 + age) for age in (0, 5, 8)] == ["DELAY", "PROBE", "FAILED"]
    assert replace(heard, state="PERMANENT").state_at(9999.0) == "PERMANENT"


def test_one_who_answers_when_the_kernel_asks_again_is_reachable_again() -> None:
    address = IPv4Address("10.0.0.1")
    there = Neighbour(address, "eth0", "02:00:00:00:00:01", "DELAY", since=100.0, answers=True)

    aged = [there.state_at(100.0 + age) for age in (0, 4.9, 5, 35, 36)]

    assert aged == ["DELAY", "DELAY", "REACHABLE", "REACHABLE", "STALE"]


def test_one_who_is_asked_for_in_vain_has_failed_after_three_questions() -> None:
    nobody = Neighbour(IPv4Address("10.0.0.9"), "eth0", None, "FAILED", since=100.0)

    assert [nobody.state_at(100.0 + age) for age in (0, 3.0, 3.1)] == ["INCOMPLETE", "INCOMPLETE", "FAILED"]


def test_an_echo_leaves_the_asker_sure_and_the_one_asked_in_doubt(lab: Snapshot) -> None:
    """He who asked was answered; who was asked knows only who asked, and has used that at once (arp_process)."""
    host = b.ping(lab, "peer", "172.20.0.2").after.hosts["dock"]

    states = {name: [n.state for n in host.namespaces[name].neighbours] for name in ("peer", "web1")}

    assert states == {"peer": ["REACHABLE"], "web1": ["DELAY"]}


def test_an_entry_misleads_though_somebody_else_has_the_address_now(lab: Snapshot) -> None:
    """As with random MACs: peer knows web1's, web1 goes, and another takes its address without a word."""
    known = b.ping(lab, "peer", "172.20.0.2").after
    other = b.change(known, "web1", lambda ns: replace(ns, interfaces=(ns.interfaces[0], *(
        replace(i, mac="02:00:00:00:00:99") for i in ns.interfaces[1:]))))  # fmt: skip

    at_once = b.ping(other, "peer", "172.20.0.2")
    in_doubt = b.ping(replace(at_once.after, clock=60.0), "peer", "172.20.0.2")
    later = b.ping(replace(in_doubt.after, clock=68.1), "peer", "172.20.0.2")

    assert at_once.request.disposition is Disposition.NO_NEIGHBOUR
    assert not in_doubt.answered
    assert later.answered, b.story(later)


def test_two_with_one_mac_on_a_bridge_do_not_find_each_other(lab: Snapshot) -> None:
    """Recorded on 20.10.24 and 28.5.2 (--mac-address twice): the host reaches both, they don't reach each other."""
    mac = lab.at(b.WHERE["peer"]).interfaces[1].mac
    twice = b.change(lab, "web1", lambda ns: replace(ns, interfaces=(ns.interfaces[0], *(
        replace(i, mac=mac) for i in ns.interfaces[1:]))))  # fmt: skip

    assert not b.ping(twice, "peer", "172.20.0.2").answered
    assert b.ping(twice, "dock", "172.20.0.2").answered
    assert b.ping(twice, "dock", "172.20.0.3").answered
