"""What a Linux network namespace holds: interfaces, addresses, routes, neighbours, sockets.

Words are those of iproute2: dev, via, master, scope, link, peer. Index and flags are what `ip link` shows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from ipaddress import IPv4Interface, IPv6Interface

from dnetlab.model.bridgeport import AS_MADE, BridgePort
from dnetlab.model.changed import quick, replace
from dnetlab.model.frame import Capture
from dnetlab.model.indexes import followed, index
from dnetlab.model.ip import IpAddress, IpInterface, IpNetwork, in_zone, is_link_local, zone_of
from dnetlab.model.ipset import IpSet
from dnetlab.model.logged import Logged
from dnetlab.model.netfilter import Netfilter
from dnetlab.model.nftables import Nftables
from dnetlab.model.packet import Connection, Protocol
from dnetlab.model.route import DEFAULT_RULES, MAIN, PolicyRule, Route
from dnetlab.model.rows import staying, with_row, without_rows


class LinkKind(Enum):
    """The kinds of `ip -d link` that the lab knows."""

    LOOPBACK = "loopback"
    PHYSICAL = "physical"  # a NIC plugged into a switch of the lab
    BRIDGE = "bridge"
    VETH = "veth"
    MACVLAN = "macvlan"
    IPVLAN = "ipvlan"
    VLAN = "vlan"
    VXLAN = "vxlan"
    DUMMY = "dummy"
    OTHER = "other"


@quick
@dataclass(frozen=True)
class Address:
    """An address on an interface, as one `inet` line of `ip addr`.

    `broadcast` is None when none was configured (`ip addr add` without brd). scope: 'global', 'link' or 'host'.
    nodad: nobody is asked whether the address is his already (RFC 4862, duplicate address detection). tentative: the
    lab's clock when that question is answered; until then `ip` calls the address so. IPv6 only.
    """

    interface: IpInterface
    broadcast: IpAddress | None = None
    scope: str = "global"
    secondary: bool = False
    nodad: bool = False
    tentative: float = field(default=0.0, compare=False)

    @cached_property
    def ip(self) -> IpAddress:
        return self.interface.ip

    @property
    def network(self) -> IpNetwork:
        return self.interface.network

    def __str__(self) -> str:
        return str(self.interface)


@quick
@dataclass(frozen=True)
class PeerEnd:
    """The other end of a veth pair: the name of its namespace (on the same host) and its index there."""

    namespace: str
    index: int


@dataclass(frozen=True)
class Vxlan:
    """What makes a link a VXLAN tunnel end: frames travel inside UDP from this host to others (RFC 7348).

    vni       the network's number, 0 to 2^24-1
    remote    where frames for everybody go; None when only the forwarding table says it
    local     the address it speaks from, None: whatever the route says
    dev       the link it leaves through, '' when the route says it
    port      UDP, 4789 by IANA
    learning  whether it learns behind which address a MAC is
    underlay  the namespace whose routes and rules the outer packets meet, None: the link's own. A link that was moved
              keeps the one that it was made in
    proxy     whether it answers questions for an address itself, from its own neighbour table, and floods none
    """

    vni: int
    remote: IpAddress | None = None
    local: IpAddress | None = None
    dev: str = ""
    port: int = 4789
    learning: bool = True
    underlay: str | None = None
    proxy: bool = False


@quick
@dataclass(frozen=True)
class Interface:
    """One link.

    peer      veth: the other end. macvlan and vlan in a container: None (see `parent`)
    master    name of the bridge (same namespace) it is a port of
    parent    macvlan, ipvlan, vlan: name of the lower link, in `parent_namespace` (None: the same namespace)
    segment   physical: name of the switch it is plugged into ('lan', 'trunk'); None when unplugged
    up        administratively up (`ip link set … up`); `carrier` is LOWER_UP: something answers at the other end
    mode      macvlan ('bridge', 'private', 'vepa', 'passthru') and ipvlan ('l2', 'l3', 'l3s'), else ''
    vlan_id   vlan: its tag, else None
    vxlan     vxlan: its settings, else None
    port      port of a bridge: its settings there
    fresh     made and never up since: its queueing discipline is still 'noop'
    auto_mac  bridge: nobody set its MAC, so it wears the smallest of its ports'; auto_mtu: and so with its MTU
    stp       bridge: spanning tree was switched on
    The last three are known in the simulator only; a real engine's links have the defaults.
    """

    name: str
    index: int
    kind: LinkKind
    mac: str
    addresses: tuple[Address, ...] = ()
    mtu: int = 1500
    up: bool = True
    carrier: bool = True
    promiscuous: bool = False
    peer: PeerEnd | None = None
    master: str | None = None
    parent: str | None = None
    parent_namespace: str | None = None
    segment: str | None = None
    mode: str = ""
    vlan_id: int | None = None
    hairpin: bool = False
    port: BridgePort = AS_MADE
    txqlen: int = 1000
    fresh: bool = False
    auto_mac: bool = False
    auto_mtu: bool = False
    stp: bool = False
    vxlan: Vxlan | None = None

    @cached_property
    def ipv4(self) -> tuple[IpInterface, ...]:
        """Its IPv4 addresses with their prefix, in the kernel's order; () when it has none."""
        return tuple(a.interface for a in self.addresses if isinstance(a.interface, IPv4Interface))

    @cached_property
    def ipv6(self) -> tuple[IpInterface, ...]:
        """Its IPv6 addresses with their prefix, in the kernel's order; () when it has none."""
        return tuple(a.interface for a in self.addresses if isinstance(a.interface, IPv6Interface))

    @cached_property
    def routed(self) -> tuple[IpInterface, ...]:
        """Its addresses of both families that somebody beyond the link can ask: all but the link-local ones of IPv6."""
        return (*self.ipv4, *(own for own in self.ipv6 if not is_link_local(own.ip)))

    @cached_property
    def is_near(self) -> bool:
        """Is it up, and has it a link-local address of IPv6? Then a row fe80::/64 leads there."""
        return self.up and any(is_link_local(own.ip) for own in self.ipv6)

    def of_family(self, version: int) -> tuple[IpInterface, ...]:
        """Its addresses of IPv4 (4) or IPv6 (6)."""
        return self.ipv4 if version == 4 else self.ipv6

    def has_ip(self, ip: IpAddress) -> bool:
        """Has it this very address? One with a zone only, when that is this link's."""
        return zone_of(ip) in ("", self.name) and int(ip) in [int(own) for own in self.of_family(ip.version)]


@quick
@dataclass(frozen=True)
class Traffic:
    """What an interface has received and sent, as `ip -s link` counts it: packets, and bytes with their frames' heads.

    In the simulator packets and the questions for a MAC count; what a kernel says by IPv6 of its own accord does not.
    """

    rx_packets: int = 0
    rx_bytes: int = 0
    tx_packets: int = 0
    tx_bytes: int = 0

    def more(self, rx_packets: int, rx_bytes: int, tx_packets: int, tx_bytes: int) -> Traffic:
        """The counters, moved on by so much."""
        return Traffic(self.rx_packets + rx_packets, self.rx_bytes + rx_bytes,
                       self.tx_packets + tx_packets, self.tx_bytes + tx_bytes)  # fmt: skip


FORWARD6 = "net.ipv6.conf.all.forwarding"

# linux net/ipv4/arp.c arp_tbl: base_reachable_time 30 s (each entry takes half to one and a half of it), then
# delay_probe_time 5 s and three probes a second apart
REACHABLE_SECONDS, DELAY_SECONDS, PROBE_SECONDS = 30.0, 5.0, 3.0
ARP_SECONDS = 3.06  # three questions, a second apart (net/core/neighbour.c mcast_solicit; observed 3.058 s)


@quick
@dataclass(frozen=True)
class Neighbour:
    """One row of `ip neigh`. mac is None while unresolved. state: REACHABLE STALE DELAY FAILED INCOMPLETE PERMANENT.

    since: the lab's clock when he was last heard of, or was asked for in vain, None when nobody knows (a real engine).
    answers: of DELAY, whether he was there to answer when the kernel would ask him whether he still is. router: he
    said, in a neighbour advertisement of IPv6, that he passes packets on.
    """

    address: IpAddress
    dev: str
    mac: str | None
    state: str = "REACHABLE"
    since: float | None = field(default=None, compare=False)
    router: bool = field(default=False, compare=False)
    answers: bool = field(default=False, compare=False)

    def age_at(self, now: float) -> float:
        """The seconds since he was last heard of; the answer to the question that ends a DELAY counts."""
        age = now - self.since if self.since is not None else 0.0
        return age - DELAY_SECONDS if self.state == "DELAY" and self.answers and age >= DELAY_SECONDS else age

    def state_at(self, now: float) -> str:
        """What the clock has made of it: REACHABLE becomes STALE; DELAY becomes PROBE, and that REACHABLE or FAILED;
        what failed was INCOMPLETE while it was asked for."""
        age = now - self.since if self.since is not None else 0.0
        if self.state == "REACHABLE" or self.state == "DELAY" and self.answers and age >= DELAY_SECONDS:
            return "REACHABLE" if self.age_at(now) <= REACHABLE_SECONDS else "STALE"
        if self.state == "DELAY" and age >= DELAY_SECONDS:
            return "PROBE" if age < DELAY_SECONDS + PROBE_SECONDS else "FAILED"
        asking = self.state == "FAILED" and self.mac is None and self.since is not None and age < ARP_SECONDS
        return "INCOMPLETE" if asking else self.state


@quick
@dataclass(frozen=True)
class FdbEntry:
    """What a bridge learned: frames for `mac` leave through `port`. permanent: the port's own address.

    A VXLAN keeps such a table too: bridge is '', port the VXLAN, and dst the address that the frame is sent to, through
    `via` ('' when the route says it); the MAC 00:00:00:00:00:00 stands for everybody.
    """

    bridge: str
    mac: str
    port: str
    permanent: bool = False
    dst: IpAddress | None = None
    via: str = ""


EVERYBODY = "00:00:00:00:00:00"  # the MAC of a VXLAN's table that stands for frames nobody else takes


class SocketState(Enum):
    LISTEN = "LISTEN"
    ESTABLISHED = "ESTABLISHED"
    TIME_WAIT = "TIME_WAIT"
    UNCONNECTED = "UNCONN"  # a bound UDP socket


@quick
@dataclass(frozen=True)
class Socket:
    """One row of `ss -anp`. local_address '0.0.0.0' or '::' is every address ('::' also takes IPv4, as Linux does)."""

    protocol: Protocol
    local_address: IpAddress
    local_port: int
    state: SocketState
    pid: int | None = None
    program: str = ""
    remote_address: IpAddress | None = None
    remote_port: int | None = None
    backlog: int = 0
    v6only: bool = False


@dataclass(frozen=True)
class VirtualServer:
    """A service of IPVS: packets with this firewall mark are shared out among the servers (`ipvsadm -Ln`)."""

    mark: int
    servers: tuple[IpAddress, ...] = ()


@quick
@dataclass(frozen=True)
class Namespace:
    """A network namespace: a whole network stack of its own.

    name is 'host' for the host's own, else the 12-hex short id of the container that made it (containers that joined
    it with `--network container:X` name the same one).
    netfilter, netfilter6: the tables of `iptables` and of `ip6tables`; see `filters`. nftables: those of `nft`.
    path_mtus: by destination, what a 'fragmentation needed' from the way there said would fit.
    virtual: the services that IPVS balances here.
    last_index: the highest interface index given out here (simulator only); it is never given out again.
    near: the indexes of the links with a row fe80::/64, in the order in which they got it (simulator only); those that
    had it when the host came up are not among them.
    captures: the packet sockets that are open here, as tcpdump opens them (simulator only).
    sets: of `ipset`, in the order in which they were made.
    logged: what LOG rules have written into the kernel's log, the last of it (simulator only, and of the host's own
    namespace only: the kernel says nothing of others' while net.netfilter.nf_log_all_netns is 0).
    rules: of `ip rule`, both families, by their priority. tables_made: number and family of the routing tables that
    have ever been written into: an empty one is still there (simulator only).
    traffic: by interface index, what each has counted. They stand here and not in the Interface, because they change
    with every packet and an Interface only when somebody changes it.
    """

    name: str
    interfaces: Sequence[Interface] = ()
    routes: tuple[Route, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    fdb: Sequence[FdbEntry] = ()
    netfilter: Netfilter = field(default_factory=Netfilter)
    connections: tuple[Connection, ...] = ()
    sockets: Sequence[Socket] = ()
    sysctls: dict[str, str] = field(default_factory=dict)  # 'net.ipv4.ip_forward' -> '1'
    virtual: tuple[VirtualServer, ...] = ()
    last_index: int = field(default=0, compare=False)
    near: tuple[int, ...] = field(default=(), compare=False)
    path_mtus: dict[IpAddress, int] = field(default_factory=dict, compare=False)
    traffic: dict[int, Traffic] = field(default_factory=dict, compare=False)
    captures: tuple[Capture, ...] = field(default=(), compare=False)
    logged: tuple[Logged, ...] = field(default=(), compare=False)
    sets: tuple[IpSet, ...] = ()
    netfilter6: Netfilter = field(default_factory=Netfilter)
    nftables: Nftables = field(default_factory=Nftables)
    rules: tuple[PolicyRule, ...] = DEFAULT_RULES
    tables_made: frozenset[tuple[int, int]] = field(default=frozenset(), compare=False)

    def ipset(self, name: str) -> IpSet | None:
        """The set of that name, None without one."""
        return next((one for one in self.sets if one.name == name), None)

    def filters(self, version: int) -> Netfilter:
        """The tables that packets of that family meet."""
        return self.netfilter if version == 4 else self.netfilter6

    def with_filters(self, version: int, tables: Netfilter) -> Namespace:
        """With other tables for packets of that family."""
        tables, made = tables.numbered(self.nftables.made)
        nft = self.nftables if made == self.nftables.made else replace(self.nftables, made=made)
        if version == 4:
            return replace(self, netfilter=tables, nftables=nft)
        return replace(self, netfilter6=tables, nftables=nft)

    def with_nftables(self, tables: Nftables) -> Namespace:
        """With other tables of nft's own."""
        return replace(self, nftables=tables)

    def routes_of(self, version: int) -> tuple[Route, ...]:
        """The rows of `ip route` (4) or of `ip -6 route` (6), the table main, those of link-local networks not among
        them: each link with a link-local address has one (`net.routing.link_local_routes`)."""
        found = index(self, "_routes_of", self.routes, _by_family)
        return found[version]

    def neighbours_of(self, version: int) -> tuple[Neighbour, ...]:
        """The rows of `ip -4 neigh` or `ip -6 neigh`."""
        return tuple(n for n in self.neighbours if n.address.version == version)

    def traffic_of(self, interface: Interface) -> Traffic:
        """The counters of an interface of ours; zeros when nothing went through it yet."""
        return self.traffic.get(interface.index, Traffic())

    def interface(self, name: str) -> Interface | None:
        return index(self, "_by_name", self.interfaces, _by_name).get(name)

    def by_index(self, index: int) -> Interface | None:
        at = _place(self.interfaces, index)
        return self.interfaces[at] if at < len(self.interfaces) and self.interfaces[at].index == index else None

    def owner_of(self, ip: IpAddress) -> Interface | None:
        """The interface that carries this address (all of 127.0.0.0/8 is lo's), None when it isn't ours."""
        if ip.is_loopback and ip.version == 4:
            return next((i for i in self.interfaces if i.kind is LinkKind.LOOPBACK), None)
        return next((i for i in self.interfaces if i.has_ip(ip)), None)

    @property
    def own_addresses(self) -> dict[IpAddress, Interface]:
        """Every IPv4 address of ours and its interface, which may be down: the kernel keeps the local route
        (fib_sync_down_dev; observed: after `ip link set docker0 down` a host still answers at 172.17.0.1)."""
        return index(self, "_own_addresses", self.interfaces, _own_addresses)

    @property
    def own_ipv6(self) -> dict[IpAddress, Interface]:
        """Every IPv6 address of ours and its interface; a link-local one with its zone."""
        return index(self, "_own_ipv6", self.interfaces, _own_ipv6)

    @property
    def broadcast_addresses(self) -> dict[IpAddress, Interface]:
        """The broadcast address of each network of ours, and each given by `brd`, with its interface, up or down."""
        return index(self, "_broadcast_addresses", self.interfaces, _broadcast_addresses)

    @property
    def on_a_parent(self) -> tuple[Interface, ...]:
        """The links that stand on a lower one, here or elsewhere on the host, and VXLANs, which leave by one."""
        return index(self, "_on_a_parent", self.interfaces, _on_a_parent)

    @property
    def neighbour_at(self) -> dict[tuple[IpAddress, str], Neighbour]:
        """The row of `ip neigh` for an address on a dev."""
        return index(self, "_neighbour_at", self.neighbours, _neighbour_at)

    @property
    def learned_port(self) -> dict[tuple[str, str], str]:
        """The port that a bridge has learned for a MAC: (bridge, mac) -> port."""
        return index(self, "_learned_port", self.fdb, _learned_port)

    def tunnel_ends(self, vxlan: str, mac: str | None) -> list[IpAddress]:
        """Where a VXLAN sends a frame: to whoever has the MAC, else to each that gets what is for everybody."""
        table = [f for f in self.fdb if f.port == vxlan and f.dst is not None]
        known = [f.dst for f in table if f.mac == mac and f.dst is not None]
        return known or [f.dst for f in table if f.mac == EVERYBODY and f.dst is not None]

    @property
    def sockets_on(self) -> dict[int, list[Socket]]:
        """The sockets by their local port."""
        return index(self, "_sockets_on", self.sockets, _sockets_on)

    def ports_of(self, bridge: str) -> tuple[Interface, ...]:
        return tuple([i for i in self.interfaces if i.master == bridge])

    def sysctl(self, key: str, default: str = "0") -> str:
        return self.sysctls.get(key, default)

    @property
    def forwards(self) -> bool:
        """Is net.ipv4.ip_forward on?"""
        return self.sysctl("net.ipv4.ip_forward") == "1"

    def forwards_from(self, dev: str, version: int) -> bool:
        """Are packets of that family which come in by this link passed on? IPv6 has one switch for all of them
        (net/ipv6/ip6_output.c, ip6_forward)."""
        if version == 6:
            return self.sysctl(FORWARD6) == "1"
        return self.sysctl(f"net.ipv4.conf.{dev}.forwarding", self.sysctl("net.ipv4.ip_forward")) == "1"

    def with_interface(self, interface: Interface) -> Namespace:
        """Replace the interface of the same index, or add it; kept in index order as the kernel lists them."""
        old = self.interfaces
        at = _place(old, interface.index)
        gone = [old[at]] if at < len(old) and old[at].index == interface.index else []
        stays = bool(gone) and _stays_near(gone[0], interface)
        near = self.near if stays or interface.is_near is _was_near(gone) else self._with_near(interface)
        made = replace(self, interfaces=with_row(old, at, interface, instead=bool(gone)), near=near)
        names = followed(made, "_by_name", old, made.interfaces)
        if names is not None:
            for link in gone:
                names.pop(link.name, None)
            names[interface.name] = interface
        if not any(map(_leans, (interface, *gone))):
            followed(made, "_on_a_parent", old, made.interfaces)
        return made

    def _with_near(self, link: Interface) -> tuple[int, ...]:
        """The links with a row fe80::/64, now that this one has got or lost it."""
        others = _without_number(self.near, link.index)
        return (*others, link.index) if link.is_near else others

    def with_learned(self, entry: FdbEntry) -> Namespace:
        """With one more row in the bridge's table, which has none for that MAC yet."""
        made = replace(self, fdb=with_row(self.fdb, len(self.fdb), entry))
        ports = followed(made, "_learned_port", self.fdb, made.fdb)
        if ports is not None:
            ports[entry.bridge, entry.mac] = entry.port
        return made

    def with_sockets(self, sockets: Iterable[Socket]) -> Namespace:
        """With these sockets too."""
        rows, new = self.sockets, tuple(sockets)
        for socket in new:
            rows = with_row(rows, len(rows), socket)
        made = replace(self, sockets=rows)
        by_port = followed(made, "_sockets_on", self.sockets, made.sockets)
        if by_port is not None:
            for socket in new:
                by_port.setdefault(socket.local_port, []).append(socket)
        return made

    def numbered(self, index: int) -> Namespace:
        """With the memory that this interface index was given out."""
        return replace(self, last_index=index)

    def without_interface(self, name: str) -> Namespace:
        """Remove a link, its routes, neighbours and learned addresses (what the kernel does on `ip link del`)."""
        old, gone = self.interfaces, self.interface(name)
        links = without_rows(old, [] if gone is None else [_place(old, gone.index)])
        freed = [i for i in links if i.master == name] if gone is not None and gone.kind is LinkKind.BRIDGE else []
        if freed:
            links = tuple([replace(i, master=None) if i.master == name else i for i in links])
        forgotten = [at for at, f in enumerate(self.fdb) if f.port == name or f.bridge == name]
        made = replace(
            self,
            interfaces=links,
            routes=staying(self.routes, lambda route: not route.leaves_by(name)),
            neighbours=staying(self.neighbours, lambda neighbour: neighbour.dev != name),
            fdb=without_rows(self.fdb, forgotten),
            near=self.near if gone is None else _without_number(self.near, gone.index),
        )
        if gone is not None and not freed:
            names = followed(made, "_by_name", old, made.interfaces)
            if names is not None:
                names.pop(name, None)
            if not any(i.name == name for i in self.on_a_parent):
                followed(made, "_on_a_parent", old, made.interfaces)
        return made


def _place(links: Sequence[Interface], index: int) -> int:
    """Where the link of that index stands, or would stand: most asked for are the newest."""
    if not links or links[-1].index < index:
        return len(links)
    return len(links) - 1 if links[-1].index == index else bisect_left(links, index, key=_index)


def _index(link: Interface) -> int:
    return link.index


def _by_name(links: Sequence[Interface]) -> dict[str, Interface]:
    return {i.name: i for i in reversed(links)}


def _own_addresses(links: Sequence[Interface]) -> dict[IpAddress, Interface]:
    return {own.ip: i for i in reversed(links) for own in i.ipv4}


def _own_ipv6(links: Sequence[Interface]) -> dict[IpAddress, Interface]:
    return {in_zone(own.ip, i.name): i for i in reversed(links) for own in i.ipv6}


def _by_family(routes: tuple[Route, ...]) -> dict[int, tuple[Route, ...]]:
    main = tuple([r for r in routes if r.table == MAIN])
    six = tuple([r for r in main if r.destination.version == 6])
    return {4: tuple([r for r in main if r.destination.version == 4]) if six else main, 6: six}


def _broadcast_addresses(links: Sequence[Interface]) -> dict[IpAddress, Interface]:
    found: dict[IpAddress, Interface] = {}
    for interface in links:
        for own in interface.ipv4:
            if own.network.prefixlen < 31:
                found.setdefault(own.network.broadcast_address, interface)
        for address in interface.addresses:
            if address.broadcast is not None:
                found.setdefault(address.broadcast, interface)
    return found


def _on_a_parent(links: Sequence[Interface]) -> tuple[Interface, ...]:
    return tuple(i for i in links if _leans(i))


def _stays_near(old: Interface, new: Interface) -> bool:
    """Most changes of a link touch neither its state nor its addresses, on which its row fe80::/64 hangs."""
    return old.up is new.up and old.addresses is new.addresses


def _without_number(numbers: tuple[int, ...], number: int) -> tuple[int, ...]:
    if number not in numbers:
        return numbers
    at = numbers.index(number)
    return numbers[:at] + numbers[at + 1 :]


def _was_near(gone: list[Interface]) -> bool:
    return bool(gone) and gone[0].is_near


def _leans(link: Interface) -> bool:
    return link.parent is not None or link.vxlan is not None


def _neighbour_at(neighbours: tuple[Neighbour, ...]) -> dict[tuple[IpAddress, str], Neighbour]:
    return {(n.address, n.dev): n for n in reversed(neighbours)}


def _learned_port(fdb: Sequence[FdbEntry]) -> dict[tuple[str, str], str]:
    return {(f.bridge, f.mac): f.port for f in reversed(fdb)}


def _sockets_on(sockets: Sequence[Socket]) -> dict[int, list[Socket]]:
    found: dict[int, list[Socket]] = {}
    for socket in sockets:
        found.setdefault(socket.local_port, []).append(socket)
    return found
