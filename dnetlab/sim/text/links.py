"""`ip addr`, `ip link`, `ip route` and `ip neigh` as text: iproute2 6.1 at the host, busybox 1.35 in containers.

Formats recorded from both tools on Debian 12 in a network namespace of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface
from types import MappingProxyType
from typing import Any

from dnetlab.model import Address, Interface, LinkKind, Namespace, Neighbour, Route, Vxlan, Where
from dnetlab.model.changed import replace
from dnetlab.model.route import Hop
from dnetlab.sim.netnames import called
from dnetlab.sim.world import World

_FINE: Mapping[str, tuple[str, ...]] = MappingProxyType({})  # nothing is wrong with any link
FOREVER = "       valid_lft forever preferred_lft forever"


@dataclass(frozen=True)
class LinkView:
    """One link as a tool sees it from its namespace: the other end's name, the flags and the state are worked out.

    other      what stands behind '@', '' without; peer_down: its own end is down (M-DOWN)
    netnsid    number of the namespace the other end is in, None when it is in this one; netns: what /run/netns calls it
    """

    interface: Interface
    other: str
    peer_down: bool
    netnsid: int | None
    state: str
    qdisc: str
    netns: str = ""

    @property
    def name(self) -> str:
        return f"{self.interface.name}@{self.other}" if self.other else self.interface.name

    def flags(self, busybox: bool = False) -> list[str]:
        """The words between < and >, in the tool's order. busybox prints the flags it doesn't know in hex."""
        link = self.interface
        found = ["NO-CARRIER"] if link.up and not link.carrier else []
        found += ["LOOPBACK"] if link.kind is LinkKind.LOOPBACK else ["BROADCAST", "MULTICAST"]
        if link.kind is LinkKind.IPVLAN and link.mode != "l2" and not busybox:
            found.append("NOARP")
        known = (["UP"] if link.up else []) + (["LOWER_UP"] if link.up and link.carrier else [])
        if link.promiscuous and not busybox:
            found.append("PROMISC")
        found += known
        if link.promiscuous and busybox:
            found[-1] += "100"
        return found + (["M-DOWN"] if self.peer_down else [])


def view(world: World, where: Where, interface: Interface, busybox: bool = False) -> LinkView:
    """How this link looks from its namespace."""
    host, space = where.host, world.namespace(where)
    other, peer_down, netnsid = _other_end(world, host, space, interface, busybox)
    qdisc = "fq_codel" if interface.kind is LinkKind.PHYSICAL else "noqueue"
    if interface.fresh:
        qdisc = "noop"
    elsewhere = interface.peer.namespace if interface.peer else interface.parent_namespace
    netns = "" if netnsid is None or elsewhere is None else called(world, host, elsewhere)
    return LinkView(interface, other, peer_down, netnsid, _state(space, interface), qdisc, netns)


def _state(space: Namespace, interface: Interface) -> str:
    if not interface.up:
        return "DOWN"
    if interface.kind is LinkKind.LOOPBACK:
        return "UNKNOWN"
    if interface.kind is LinkKind.VXLAN:
        return "UNKNOWN"  # it has no link state of its own (observed)
    if interface.carrier:
        bare = interface.kind is LinkKind.BRIDGE and not space.ports_of(interface.name)
        return "UNKNOWN" if bare else "UP"
    if interface.peer is not None and interface.peer.namespace != space.name:
        # Linux 6.18 (default_operstate) looks the index of the other end up here, where another link may have it
        namesake = space.by_index(interface.peer.index)
        return "DOWN" if namesake is None or namesake.carrier else "LOWERLAYERDOWN"
    below = interface.kind in (LinkKind.VETH, LinkKind.MACVLAN, LinkKind.IPVLAN, LinkKind.VLAN)
    return "LOWERLAYERDOWN" if below else "DOWN"


def _other_end(
    world: World, host: str, space: Namespace, interface: Interface, busybox: bool
) -> tuple[str, bool, int | None]:
    """(text behind @, M-DOWN, namespace id). busybox looks every index up in its own namespace, which is its bug."""
    if interface.peer is not None:
        where, index = interface.peer.namespace, interface.peer.index
    elif interface.parent is not None:
        where = interface.parent_namespace or space.name
        lower = world.hosts[host].namespaces.get(where)
        parent = lower.interface(interface.parent) if lower else None
        if parent is None:
            return "", False, None
        index = parent.index
    else:
        return "", False, None
    local = space.by_index(index) if where == space.name or busybox else None
    if local is not None:
        return local.name, not local.up, None
    return f"if{index}", busybox, None if where == space.name else number_of(space, where)


def number_of(space: Namespace, where: str) -> int:
    """The kernel numbers the other namespaces from 0 in the order it first had to speak of them."""
    known: list[str] = []
    for interface in space.interfaces:
        peer = interface.peer.namespace if interface.peer else interface.parent_namespace
        if peer is not None and peer != space.name and peer not in known:
            known.append(peer)
    return known.index(where) if where in known else 0


# -- iproute2: links and addresses ------------------------------------------------------------------------------------


def head(row: LinkView, *, mode: bool, family: int = 0) -> str:
    """The first line of a link in `ip link` (mode) and `ip addr`; family 6 leaves what IPv6 doesn't tell out."""
    link = row.interface
    words = [f"{link.index}: {row.name}: <{','.join(row.flags())}> mtu {link.mtu}"]
    if family != 6:
        words.append(f"qdisc {row.qdisc}")
    if link.master and family != 6:
        words.append(f"master {link.master}")
    words.append(f"state {row.state}")
    if mode:
        words.append("mode DEFAULT")
    if family != 6:
        words.append("group default")
    words.append(f"qlen {link.txqlen}" if link.txqlen else "")
    return " ".join(words)


def ether(row: LinkView, details: Namespace | None = None, mode: bool = False) -> str:
    """The line `link/ether MAC brd …`; details: the namespace it is in, for the lines that -d adds."""
    link = row.interface
    loop = link.kind is LinkKind.LOOPBACK
    broadcast = "00:00:00:00:00:00" if loop else "ff:ff:ff:ff:ff:ff"
    text = f"    link/{'loopback' if loop else 'ether'} {link.mac} brd {broadcast}"
    if row.netnsid is not None:
        text += f" link-netns {row.netns}" if row.netns else f" link-netnsid {row.netnsid}"
    return text + (_details(row, details, mode) if details else "")


_BRIDGE = (
    "bridge forward_delay 1500 hello_time 200 max_age 2000 ageing_time 30000 stp_state 0 priority 32768 "
    "vlan_filtering 0 bridge_id 8000.{mac} designated_root 8000.{mac} root_port 0 root_path_cost 0 topology_change 0 "
    "topology_change_detected 0 hello_timer    0.00 tcn_timer    0.00 topology_change_timer    0.00 gc_timer    0.00 "
    "group_fwd_mask 0 group_address 01:80:c2:00:00:00 mcast_snooping 1 no_linklocal_learn 0 mcast_vlan_snooping 0 "
    "mcast_router 1 mcast_query_use_ifaddr 0 mcast_querier 0 mcast_hash_elasticity 16 mcast_hash_max 4096 "
    "mcast_last_member_count 2 mcast_startup_query_count 2 mcast_last_member_interval 100 "
    "mcast_membership_interval 26000 mcast_querier_interval 25500 mcast_query_interval 12500 "
    "mcast_query_response_interval 1000 mcast_startup_query_interval 3124 mcast_stats_enabled 0 mcast_igmp_version 2 "
    "mcast_mld_version 1 nf_call_iptables 0 nf_call_ip6tables 0 nf_call_arptables 0 "
)
_SLAVE = (
    "bridge_slave state {state} priority {priority} cost {cost} hairpin {hairpin} guard {guard} "
    "root_block {root_block} fastleave {fastleave} learning {learning} flood {flood} port_id {port} "
    "port_no {number} designated_port {designated} designated_cost 0 "
    "designated_bridge 8000.{mac} designated_root 8000.{mac} hold_timer    0.00 message_age_timer    0.00 "
    "forward_delay_timer    0.00 topology_change_ack 0 config_pending 0 proxy_arp off proxy_arp_wifi off "
    "mcast_router 1 mcast_fast_leave {fastleave} mcast_flood {mcast_flood} bcast_flood {bcast_flood} "
    "mcast_to_unicast {mcast_to_unicast} neigh_suppress {neigh_suppress} group_fwd_mask 0 "
    "group_fwd_mask_str 0x0 vlan_tunnel off isolated {isolated} locked {locked} "
)
_QUEUES = (
    "numtxqueues {0} numrxqueues {0} gso_max_size 65536 gso_max_segs 65535 tso_max_size 524280 tso_max_segs 65535 "
    "gro_max_size 65536 "
)


def _unpadded(mac: str) -> str:
    """A MAC in a bridge's id, without leading zeros: 2:42:ac:11:0:2 (ether_ntoa; observed with iproute2 6.1)."""
    return ":".join(f"{int(part, 16):x}" for part in mac.split(":"))


def _vxlan(settings: Vxlan) -> str:
    """Observed with iproute2 6.1 (vxlan_print_opt)."""
    words = [f"vxlan id {settings.vni}"]
    if settings.remote is not None:
        words.append(f"{'group' if settings.remote.is_multicast else 'remote'} {settings.remote}")
    words += [f"local {settings.local}"] if settings.local else []
    words += [f"dev {settings.dev}"] if settings.dev else []
    words.append(f"srcport 0 0 dstport {settings.port}")
    words += [] if settings.learning else ["nolearning"]
    return " ".join([*words, "ttl auto ageing 300 udpcsum noudp6zerocsumtx noudp6zerocsumrx "])


def port_state(port: Interface) -> str:
    """The state of a bridge's port: what somebody set, else what its link allows."""
    return port.port.state or ("forwarding" if port.up and port.carrier else "disabled")


PORT_SWITCHES = ("hairpin", "guard", "root_block", "fastleave", "learning", "flood", "mcast_flood", "bcast_flood",
                 "mcast_to_unicast", "neigh_suppress", "isolated", "locked")  # fmt: skip


def port_switches(port: Interface) -> dict[str, str]:
    """The switches of a bridge's port, 'on' or 'off', in the order of `bridge -d link`."""
    on = {name: port.hairpin if name == "hairpin" else getattr(port.port, name) for name in PORT_SWITCHES}
    return {name: "on" if is_on else "off" for name, is_on in on.items()}


def _details(row: LinkView, space: Namespace, mode: bool) -> str:
    """What -d adds: promiscuity, the kind with its settings, its place in a bridge. Timers stand at 0.00."""
    link = row.interface
    limits = "minmtu 0 maxmtu 0" if link.kind is LinkKind.LOOPBACK else "minmtu 68 maxmtu 65535"
    promiscuity = int(link.promiscuous) + int(link.master is not None)
    text = f" promiscuity {promiscuity}  allmulti {int(link.master is not None)} {limits} "
    kind = {
        LinkKind.VETH: "veth ",
        LinkKind.BRIDGE: _BRIDGE.format(mac=_unpadded(link.mac)),
        LinkKind.MACVLAN: f"macvlan mode {link.mode or 'bridge'} bcqueuelen 1000 usedbcqueuelen 1000 ",
        LinkKind.IPVLAN: f"ipvlan  mode {link.mode} bridge ",
        LinkKind.VXLAN: _vxlan(link.vxlan) if link.vxlan else "vxlan ",
        LinkKind.VLAN: f"vlan protocol 802.1Q id {link.vlan_id} <REORDER_HDR> ",
    }.get(link.kind, "")
    text += f"\n    {kind}" if kind else ""
    master = space.interface(link.master) if link.master else None
    if master is not None:
        number = [port.name for port in space.ports_of(master.name)].index(link.name) + 1
        place = link.port.priority << 10 | number
        text += "\n    " + _SLAVE.format(
            state=port_state(link), priority=link.port.priority, cost=link.port.cost, **port_switches(link),
            port=hex(place), number=hex(number), designated=place, mac=_unpadded(master.mac),
        )  # fmt: skip
    return text + ("addrgenmode eui64 " if mode else "") + _QUEUES.format(2 if link.kind is LinkKind.VETH else 1)


def flags6(address: Address, now: float, busybox: bool = False) -> tuple[str, ...]:
    """What follows the scope of an IPv6 address; busybox has no word for `nodad` (IFA_F_NODAD, 2)."""
    found = ("flags 02" if busybox else "nodad",) if address.nodad else ()
    return (*found, "tentative") if address.tentative > now else found


def address_line(address: Address, name: str, flags: tuple[str, ...] = ()) -> str:
    """One `inet` or `inet6` line without its lifetimes. flags: of IPv6, as `flags6` has them."""
    if isinstance(address.interface, IPv6Interface):
        return " ".join([f"    inet6 {address.interface} scope {address.scope}", *flags, ""])
    words = [f"    inet {address.interface}"]
    if address.broadcast is not None:
        words.append(f"brd {address.broadcast}")
    words.append(f"scope {address.scope}")
    if address.secondary:
        words.append("secondary")
    return " ".join([*words, name])


def of_family(addresses: Iterable[Address], family: int) -> list[Address]:
    """Those of IPv4 (4), IPv6 (6) or all (0), IPv4 first."""
    found = [a for a in addresses if family in (0, a.ip.version)]
    return sorted(found, key=lambda a: a.ip.version)


def brief_link(row: LinkView) -> str:
    return f"{row.name:<16} {row.state:<14} {row.interface.mac} <{','.join(row.flags())}> \n"


def brief_addresses(row: LinkView, addresses: list[Address]) -> str:
    return f"{row.name:<16} {row.state:<14} " + "".join(f"{a.interface} " for a in addresses) + "\n"


# -- busybox ----------------------------------------------------------------------------------------------------------


def busybox_head(row: LinkView, family: int = 0) -> str:
    """The first line of a link; a container's veth has no queue length, so the line ends with a space."""
    link = row.interface
    flags = row.flags(busybox=True)
    words = [f"{link.index}: {row.name}: <{','.join(flags)}> mtu {link.mtu}"]
    if family != 6:
        words.append(f"qdisc {row.qdisc}")
    if link.master and family != 6:
        words.append(f"master {link.master}")
    words.append(f"qlen {link.txqlen}" if link.txqlen else "")
    return " ".join(words)


def busybox_ether(row: LinkView) -> str:
    link = row.interface
    loop = link.kind is LinkKind.LOOPBACK
    broadcast = "00:00:00:00:00:00" if loop else "ff:ff:ff:ff:ff:ff"
    return f"    link/{'loopback' if loop else 'ether'} {link.mac} brd {broadcast}"


# -- routes -----------------------------------------------------------------------------------------------------------


def destination(route: Route) -> str:
    if route.is_default:
        return "default"
    whole = route.destination.prefixlen == route.destination.max_prefixlen
    return str(route.destination.network_address if whole else route.destination)


def route_line(
    route: Route, *, linkdown: bool = False, hide: frozenset[str] = frozenset(), table: str = "",
    states: Mapping[str, tuple[str, ...]] = _FINE, details: bool = False,
) -> str:  # fmt: skip
    """One line of `ip route`, and one for each of several next hops; hide: the words a filter already said ('dev',
    'via', 'proto'); table: its name, if it is said; states: what is wrong with the links of next hops; details: -d."""
    plain = route.kind == "unicast" and not details
    words = [destination(route)] if plain else [f"{route.kind} {destination(route)}"]
    if route.via is not None and "via" not in hide:
        words.append(f"via {route.via}")
    if route.dev is not None and "dev" not in hide:
        words.append(f"dev {route.dev}")
    if table:
        words.append(f"table {table}")
    if (route.protocol != "boot" or details) and "proto" not in hide:
        words.append(f"proto {route.protocol}")
    if _scope(route) != "global" or details:
        words.append(f"scope {_scope(route)}")
    if route.src is not None:
        words.append(f"src {route.src}")
    if route.metric or route.destination.version == 6:
        words.append(f"metric {route.metric}")
    if route.onlink:
        words.append("onlink")
    if linkdown:
        words.append("linkdown")
    if route.mtu:
        words.append(f"mtu {route.mtu}")
    if route.destination.version == 6:
        return " ".join([*words, "pref medium"])
    return " ".join(words) + " " + ("" if route.dev else "".join(_hop_line(hop, states) for hop in route.hops))


def _hop_line(hop: Hop, states: Mapping[str, tuple[str, ...]]) -> str:
    flags = [*(["onlink"] if hop.onlink else []), *states.get(hop.dev or "", ())]
    return f"\n\t{hop} weight {hop.weight} " + "".join(f"{flag} " for flag in flags)


def _scope(route: Route) -> str:
    narrow = route.via is None and not route.hops and route.kind in ("unicast", "local", "broadcast")
    return route.scope if narrow and route.destination.version == 4 else "global"


def busybox_route_line(route: Route, *, hide: frozenset[str] = frozenset()) -> str:
    """busybox leaves `proto` out and puts two spaces before `src`."""
    words = [destination(route)] if route.kind == "unicast" else [f"{route.kind} {destination(route)}"]
    if route.via is not None:
        words.append(f"via {route.via}")
    if route.dev is not None and "dev" not in hide:
        words.append(f"dev {route.dev}")
    if _scope(route) != "global":
        words.append(f"scope {_scope(route)}")
    if route.src is not None:
        words.append(f" src {route.src}")
    if route.metric:
        words.append(f" metric {route.metric}")
    return " ".join(words) + " "


# -- neighbours -------------------------------------------------------------------------------------------------------


def aged(space: Namespace, now: float) -> list[Neighbour]:
    """The neighbours of a place with the states that the clock has made of them."""
    return [replace(n, state=n.state_at(now)) for n in space.neighbours]


def neighbour_line(entry: Neighbour, hide_dev: bool = False) -> str:
    words = [str(entry.address)] + ([] if hide_dev else [f"dev {entry.dev}"])
    if entry.mac is not None:
        words.append(f"lladdr {entry.mac}")
    words += ["router"] if entry.router else []
    return " ".join([*words, entry.state]) + " "


def busybox_neighbour_line(entry: Neighbour, hide_dev: bool = False) -> str:
    words = [str(entry.address)] + ([] if hide_dev else [f"dev {entry.dev}"])
    if entry.mac is not None:
        words.append(f"lladdr {entry.mac}")
    words += ["router"] if entry.router else []
    if entry.state in ("REACHABLE", "DELAY", "PROBE"):
        words.append("ref 1")
    probes = {"REACHABLE": 1, "FAILED": 6, "INCOMPLETE": 1}.get(entry.state, 0)
    return " ".join([*words, "used 0/0/0", f"probes {probes}", entry.state])


# -- JSON (-j) --------------------------------------------------------------------------------------------------------


def link_json(row: LinkView, mode: bool) -> dict[str, Any]:
    """One object of `ip -j link` (mode) or the first half of one of `ip -j addr`, keys in iproute2's order."""
    link = row.interface
    loop = link.kind is LinkKind.LOOPBACK
    found: dict[str, Any] = {"ifindex": link.index}
    if row.other and row.netnsid is None:
        found["link"] = row.other
    elif row.other:
        found["link_index"] = int(row.other.removeprefix("if"))
    found |= {"ifname": link.name, "flags": [f for f in row.flags() if f != "M-DOWN"], "mtu": link.mtu,
              "qdisc": row.qdisc}
    if link.master:
        found["master"] = link.master
    found["operstate"] = row.state
    if mode:
        found["linkmode"] = "DEFAULT"
    found["group"] = "default"
    if link.txqlen:
        found["txqlen"] = link.txqlen
    found |= {"link_type": "loopback" if loop else "ether", "address": link.mac,
              "broadcast": "00:00:00:00:00:00" if loop else "ff:ff:ff:ff:ff:ff"}
    if row.netnsid is not None:
        found["link_netnsid"] = row.netnsid
    return found


def address_json(address: Address, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "family": "inet" if isinstance(address.interface, IPv4Interface) else "inet6",
        "local": str(address.ip),
        "prefixlen": address.network.prefixlen,
    }
    if address.broadcast is not None:
        found["broadcast"] = str(address.broadcast)
    found["scope"] = address.scope
    if address.secondary:
        found["secondary"] = True
    if isinstance(address.ip, IPv4Address):
        found["label"] = name
    return found | {"valid_life_time": 4294967295, "preferred_life_time": 4294967295}


def _hop_json(hop: Hop, states: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    via = {} if hop.via is None else {"gateway": str(hop.via)}
    flags = [*(["onlink"] if hop.onlink else []), *states.get(hop.dev or "", ())]
    return via | {"dev": hop.dev, "weight": hop.weight, "flags": flags}


def route_json(
    route: Route, linkdown: bool = False, table: str = "", states: Mapping[str, tuple[str, ...]] = _FINE,
    details: bool = False,
) -> dict[str, Any]:  # fmt: skip
    found: dict[str, Any] = {} if route.kind == "unicast" and not details else {"type": route.kind}
    found["dst"] = destination(route)
    if route.via is not None:
        found["gateway"] = str(route.via)
    if route.dev is not None:
        found["dev"] = route.dev
    if table:
        found["table"] = table
    if route.protocol != "boot" or details:
        found["protocol"] = route.protocol
    if _scope(route) != "global" or details:
        found["scope"] = _scope(route)
    if route.src is not None:
        found["prefsrc"] = str(route.src)
    six = route.destination.version == 6
    if route.metric or six:
        found["metric"] = route.metric
    found |= {"flags": ["onlink"] * route.onlink + ["linkdown"] * linkdown}
    found |= {"metrics": [{"mtu": route.mtu}]} if route.mtu else {}
    found |= {"nexthops": [_hop_json(hop, states) for hop in route.hops]} if route.hops else {}
    return found | ({"pref": "medium"} if six else {})
